#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh [SECONDS [WHAT...]]: builds the fuzz harnesses and lets each (or the named ones: h1, stream, decode, pipeline) search
# for SECONDS (600). What they learn is kept in build/fuzz-corpus and built upon by the next run; inputs that break something
# go to tests/fuzz/crashes, where every run of the tests replays them.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
seconds=${1:-600}
[[ $seconds =~ ^[0-9]+$ ]] || die "SECONDS is a number, not $seconds"
shift || true
install_packages "${packages_run[@]}" "${packages_test[@]}"
build fuzz fuzz
status=0
if (($# == 0)); then
    for harness in "$root"/tests/fuzz/fuzz_*.c; do
        name=${harness##*/fuzz_}
        set -- "$@" "${name%.c}"
    done
fi
for what in "$@"; do
    program=$root/build/fuzz/tests/fuzz/fuzz_$what
    [[ -x $program ]] || die "no harness is named $what"
    say "$what for $seconds s"
    HARK_FUZZ_CORPUS="$root/build/fuzz-corpus/$what" "$root/tests/fuzz/run.sh" "$program" "$what" "$seconds" || status=$?
done
give_back
exit "$status"
