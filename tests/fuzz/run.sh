#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh PROGRAM WHAT SECONDS: lets a libFuzzer harness search for so long, from the inputs in corpus/WHAT, the small captures of
# pcaps/ where it reads captures, and the inputs that once broke it; prints one line of figures. What it learns goes into a
# folder that is thrown away, or into HARK_FUZZ_CORPUS (scripts/fuzz.sh); HARK_FUZZ_PROCESSES search together. The tests search the same
# way each time, so that a red run says something of the change; scripts/fuzz.sh goes another way each time (HARK_FUZZ_SEED=0). An
# input that breaks it is kept in tests/fuzz/crashes/WHAT: commit it with the repair.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$1 what=$2 seconds=$3
processes=${HARK_FUZZ_PROCESSES:-1}
corpus=${HARK_FUZZ_CORPUS:-}
if [[ -z $corpus ]]; then
    corpus=$(mktemp -d)
    trap 'rm -rf "$corpus" "$corpus.log"' EXIT
fi
mkdir -p "$corpus" "$here/crashes/$what"
seeds=()
for folder in "$here/corpus/$what" "$here/crashes/$what"; do
    if [[ -d $folder ]]; then seeds+=("$folder"); fi
done
# Longest input: as many steps as the harness takes. Captures may be long, but mutations of a large one teach little for their time.
case $what in
    pipeline)
        length=65536
        mkdir -p "$corpus/seeds"
        find "$here/../../pcaps" -maxdepth 1 -name '*.pcap*' -size -16k -exec cp -t "$corpus/seeds" {} +
        seeds+=("$corpus/seeds")
        ;;
    stream | capture_file) length=4096 ;;
    defrag | conversation) length=1024 ;;
    *) length=2048 ;;
esac
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
options=(-seed="${HARK_FUZZ_SEED:-1}" -max_total_time="$seconds" -max_len="$length" -len_control=20 -timeout=20 -rss_limit_mb=4096 -print_final_stats=1)
if [[ -f $here/$what.dict ]]; then options+=(-dict="$here/$what.dict"); fi
if ((processes > 1)); then options+=(-fork="$processes"); fi
status=0
started=$SECONDS
"$program" "${options[@]}" -artifact_prefix="$here/crashes/$what/" "$corpus" "${seeds[@]}" >"$corpus.log" 2>&1 </dev/null || status=$?
if ((status)); then
    tail -n 80 "$corpus.log"
    echo "fuzz $what: broken; the input is in tests/fuzz/crashes/$what"
else
    # The last line of progress: "#RUNS DONE cov: EDGES ft: FEATURES corp: INPUTS/BYTES ..."
    awk -v what="$what" -v seconds=$((SECONDS - started)) '
        /^#[0-9]+.* cov: / { split($0, part, /[# :\t]+/); runs = part[2]
            for (i = 3; i in part; i++) {
                if (part[i] == "cov") edges = part[i + 1]
                if (part[i] == "ft") features = part[i + 1]
                if (part[i] == "corp") inputs = part[i + 1] } }
        /^stat::number_of_executed_units:/ { runs = $2 }
        END { sub(/\/.*/, "", inputs)
            printf "fuzz %s: %d executions in %d s, %d edges, %d features, %d inputs kept, nothing found\n",
                what, runs, seconds, edges, features, inputs }' "$corpus.log"
fi
rmdir "$here/crashes/$what" "$here/crashes" 2>/dev/null || true
exit "$status"
