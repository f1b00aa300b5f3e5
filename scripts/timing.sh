#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# timing.sh [ARGUMENTS OF tests/timing/timing.py]: holds hark's times against a real nginx, a server that sleeps on demand and a line with
# set delays and losses; prints the tables and puts them into docs/timing.md. Needs root, and two minutes.
#
#   TIMING_HARK=BINARY    this one, instead of build/release/hark
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

[[ $(id -u) == 0 ]] || die "needs root: it makes network namespaces"
install_packages "${packages_run[@]}" "${packages_test[@]}"
[[ -n ${TIMING_HARK:-} ]] || build release release hark -- -DHARK_TESTS=OFF
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -std=c17 -O2 -D_GNU_SOURCE -o "$work/link" "$root/tests/timing/link.c"
/usr/bin/python3 "$root/tests/timing/timing.py" --hark "${TIMING_HARK:-$root/build/release/hark}" --link "$work/link" \
    --document "$root/docs/timing.md" "$@"
