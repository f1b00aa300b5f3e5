#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# table.sh [OUTPUT.md]: the truth table of the README, in full. Makes real web traffic (about 12,000 transactions, each with an id that the
# server logs), degrades the capture in every way of degradations.py, and asks hark and the peers that Debian has what they see.
# Needs root, and half an hour: tshark is slow. What is installed: the packages of the tests, httpry and dsniff.
#
#   TRUTH_TRANSACTIONS=40000 TRUTH_RATE=1gbit TRUTH_PEERS= tests/truth/table.sh    more, faster, hark alone
#   TRUTH_MANNER=odd         pipelining, early refusals, connections given up, bodies made of HTTP messages as well
#   TRUTH_HARK=BINARY        this one, instead of build/release/hark
#   TRUTH_WORK=DIR           where traffic and the peers' answers go; kept, and used again when they are there
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
source "$here/../../scripts/lib/common.sh"

output=${1:-truth-table.md}
transactions=${TRUTH_TRANSACTIONS:-11500}
others=$((transactions / 20))
peers=()
for peer in ${TRUTH_PEERS-tshark httpry urlsnarf}; do
    peers+=(--peer "$peer")
done
[[ $(id -u) == 0 ]] || die "needs root: it makes network namespaces"
install_packages "${packages_run[@]}" "${packages_test[@]}" "${packages_peers[@]}"
[[ -n ${TRUTH_HARK:-} ]] || build release release -- -DHARK_TESTS=OFF
hark=${TRUTH_HARK:-$root/build/release/hark}
work=${TRUTH_WORK:-$(mktemp -d)}
if [[ -z ${TRUTH_WORK:-} ]]; then trap 'rm -rf "$work"' EXIT; fi
mkdir -p "$work"
for tool in degrade "oracle messages"; do
    read -ra sources <<<"$tool"
    (cd "$here" && gcc -std=c17 -O2 -D_GNU_SOURCE -I"$root" -o "$work/${sources[0]}" "${sources[@]/%/.c}" frames.c)
done
truth=(/usr/bin/python3 "$here/truth.py")
if [[ ! -s $work/traffic/access.log ]]; then
    "${truth[@]}" make --work "$work/traffic" --transactions "$transactions" --others "$others" --manner "${TRUTH_MANNER:-plain}" \
        --rate "${TRUTH_RATE:-400mbit}" --objects 2000 --seed 7
fi
status=0
"${truth[@]}" check --work "$work/traffic" --hark "$hark" --degrade "$work/degrade" --oracle "$work/oracle" --table "$output" \
    "${peers[@]}" >&2 || status=$?
cat "$output"
exit "$status"
