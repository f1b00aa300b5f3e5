#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh PROGRAM WHAT SECONDS: lets a libFuzzer harness search for so long, from the seeds in corpus/WHAT, all the captures of
# pcaps/ where it reads captures, and the inputs that once broke it. What it learns goes into a folder that is thrown away
# (scripts/fuzz.sh keeps it). An input that breaks it is kept in tests/fuzz/crashes/WHAT: commit it with the repair.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$1 what=$2 seconds=$3
corpus=${HARK_FUZZ_CORPUS:-}
if [[ -z $corpus ]]; then
    corpus=$(mktemp -d)
    trap 'rm -rf "$corpus"' EXIT
fi
mkdir -p "$corpus" "$here/crashes/$what"
seeds=()
for folder in "$here/corpus/$what" "$here/crashes/$what"; do
    if [[ -d $folder ]]; then seeds+=("$folder"); fi
done
if [[ $what == pipeline ]]; then
    # Small ones: mutations of a large capture teach little for their time.
    mkdir -p "$corpus/seeds"
    find "$here/../../pcaps" -maxdepth 1 -name '*.pcap*' -size -16k -exec cp -t "$corpus/seeds" {} +
    seeds+=("$corpus/seeds")
fi
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
dictionary=()
if [[ -f $here/$what.dict ]]; then dictionary=(-dict="$here/$what.dict"); fi
status=0
"$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -max_len=65536 -print_final_stats=1 -verbosity=1 \
    "${dictionary[@]}" -artifact_prefix="$here/crashes/$what/" "$corpus" "${seeds[@]}" >"$corpus.log" 2>&1 </dev/null || status=$?
if ((status)); then
    tail -n 80 "$corpus.log"
    echo "fuzz $what: broken; the input is in tests/fuzz/crashes/$what"
else
    grep -E '^Done|stat::number_of_executed_units|stat::new_units_added|stat::peak_rss_mb' "$corpus.log"
fi
rm -f "$corpus.log"
rmdir "$here/crashes/$what" "$here/crashes" 2>/dev/null || true
exit "$status"
