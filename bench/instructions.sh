#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# instructions.sh [--accept] [--make]: counts the instructions that hark needs for the captures in bench/instructions, and compares with
# bench/instructions.tsv (the test bench.instructions does the same). --accept writes the counts of now; --make makes the
# captures again first.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
source "$here/../scripts/lib/common.sh"

install_packages "${packages_run[@]}" "${packages_test[@]}"
trap give_back EXIT
# The test's own flavour: by profile, the counts would depend on the captures of pcaps/ as well.
build release plain hark -- -DHARK_TESTS=OFF -DHARK_PROFILE=OFF
build release bench bench_degrade -- -DHARK_TESTS=OFF -DHARK_BENCH=ON
/usr/bin/python3 "$here/instructions.py" --hark "$root/build/plain/hark" --degrade "$root/build/bench/bench/bench_degrade" "$@"
