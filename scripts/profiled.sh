#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# profiled.sh [CAPTURE...]: installs what is missing and builds build/profiled/hark by profile, which takes a sixth less
# time: a first build counts what its code does with the captures (those of pcaps/ without arguments; best are some of the
# traffic that it is for), a second one is laid out by these counts. What it writes is the same. gcc only; some minutes.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

install_packages "${packages_run[@]}"
trap give_back EXIT
folder="$root/build/profiled"
captures=("$@")
((${#captures[@]})) || captures=("$root"/pcaps/*.pcap*)
if [[ -d $folder ]]; then
    find "$folder" -name '*.gcda' -delete # counts of other sources, perhaps
fi

say "1/3 the build that counts"
build release profiled hark -- -DHARK_TESTS=OFF -DHARK_PROFILE=record
say "2/3 ${#captures[@]} captures"
read_all() {
    local capture
    for capture in "${captures[@]}"; do
        # Some captures are damaged, which is worth an error. The counts are written at the end, outside of a sandbox.
        "$folder/hark" -q --no-sandbox -r "$capture" -o /dev/null "$@" 2>>"$root/build/profiled.log" || true
    done
}
read_all
read_all -j2
[[ -n $(find "$folder" -name 'native.c.gcda') ]] || die "nothing was counted; see build/profiled.log"
say "3/3 the build by these counts"
build release profiled hark -- -DHARK_TESTS=OFF -DHARK_PROFILE=use
say "build/profiled/hark is ready"
