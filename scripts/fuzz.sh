#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh [-j N] [SECONDS [WHAT...]] or fuzz.sh --coverage|--minimise [WHAT...]: builds the fuzz harnesses and lets each (or the
# named ones: h1, stream, defrag, decode, conversation, pipeline, capture_file) search for SECONDS (600). What they learn is kept in
# build/fuzz-corpus and built upon by the next run; inputs that break something go to tests/fuzz/crashes, where every run of the
# tests replays them.
#
#   -j N         so many processes in all (default: one a processor); several search together where harnesses are fewer
#   --coverage   no search: which part of each folder's lines all inputs kept so far reach
#   --minimise   no search: of the inputs kept so far, those that reach something of their own become tests/fuzz/corpus
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

jobs=$(nproc) mode=search
while (($#)); do
    case $1 in
        -j) jobs=${2:?fuzz.sh: -j wants a number}; shift ;;
        --coverage) mode=coverage ;;
        --minimise) mode=minimise ;;
        -*) die "no option is named $1; the first lines of scripts/fuzz.sh tell which there are" ;;
        *) break ;;
    esac
    shift
done
seconds=600
if [[ $mode == search ]] && (($#)); then
    seconds=$1
    shift
    [[ $seconds =~ ^[0-9]+$ ]] || die "SECONDS is a number, not $seconds"
fi
[[ $jobs =~ ^[1-9][0-9]*$ ]] || die "-j wants a number, not $jobs"
harnesses=("$@")
if ((${#harnesses[@]} == 0)); then
    for harness in "$root"/tests/fuzz/fuzz_*.c; do
        name=${harness##*/fuzz_}
        harnesses+=("${name%.c}")
    done
fi
for what in "${harnesses[@]}"; do
    [[ -f $root/tests/fuzz/fuzz_$what.c ]] || die "no harness is named $what"
done
learned=$root/build/fuzz-corpus

search() {
    local what running=0 status=0 share=$((jobs / ${#harnesses[@]}))
    for what in "${harnesses[@]}"; do
        if ((running == jobs)); then
            wait -n || status=$?
            running=$((running - 1))
        fi
        HARK_FUZZ_SEED=0 HARK_FUZZ_CORPUS="$learned/$what" HARK_FUZZ_PROCESSES=$((share > 1 ? share : 1)) \
            "$root/tests/fuzz/run.sh" "$root/build/fuzz/tests/fuzz/fuzz_$what" "$what" "$seconds" &
        running=$((running + 1))
    done
    while ((running--)); do wait -n || status=$?; done
    return "$status"
}

# Of many inputs that reach the same the shortest stays. How often a line is reached does not count: the corpus stays small.
minimise() {
    local what kept
    for what in "${harnesses[@]}"; do
        kept=$(mktemp -d)
        local folders=("$root/tests/fuzz/corpus/$what")
        if [[ -d $learned/$what ]]; then folders+=("$learned/$what"); fi
        mkdir -p "${folders[0]}"
        "$root/build/fuzz/tests/fuzz/fuzz_$what" -merge=1 -use_counters=0 -max_len=4096 "$kept" "${folders[@]}" >"$kept.log" 2>&1 ||
            { tail -n 20 "$kept.log"; die "$what: could not be minimised"; }
        rm -f "${folders[0]:?}"/* "$kept.log"
        find "$kept" -type f -exec mv -t "${folders[0]}" {} +
        rmdir "$kept"
        say "$what: $(find "${folders[0]}" -type f | wc -l) inputs, $(du -bs "${folders[0]}" | cut -f 1) bytes"
    done
}

coverage() {
    local what objects=() folder inputs
    install_packages llvm
    build dev coverage "${harnesses[@]/#/fuzz_}" -- -DCMAKE_C_COMPILER=clang -DHARK_SANITIZE=OFF \
        "-DCMAKE_C_FLAGS=-O1 -fprofile-instr-generate -fcoverage-mapping"
    folder=$(mktemp -d)
    for what in "${harnesses[@]}"; do
        inputs=("$root/tests/fuzz/corpus/$what" "$root/tests/fuzz/crashes/$what" "$learned/$what")
        if [[ $what == pipeline || $what == capture_file ]]; then inputs+=("$root/pcaps"); fi
        LLVM_PROFILE_FILE="$folder/$what.profraw" "$root/build/coverage/tests/fuzz/fuzz_$what" "${inputs[@]}" >/dev/null ||
            die "$what: an input is broken; run the tests"
        objects+=(-object "$root/build/coverage/tests/fuzz/fuzz_$what")
    done
    llvm-profdata merge -o "$folder/all" "$folder"/*.profraw
    # Per file: regions, functions, lines, branches; of each how many, how many missed, the share.
    llvm-cov export -summary-only -instr-profile "$folder/all" "${objects[@]:1}" >"$folder/summary.json"
    python3 - "$folder/summary.json" "$root" <<'PYTHON'
import collections
import json
import os
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    files = json.load(file)["data"][0]["files"]
sums = collections.OrderedDict((folder, collections.Counter()) for folder in ("capture", "reassembly", "analyzer", "output", "cli"))
for entry in files:
    folder = os.path.relpath(entry["filename"], sys.argv[2]).split(os.sep)[0]
    if folder in sums:
        for kind in ("lines", "branches"):
            sums[folder][kind] += entry["summary"][kind]["count"]
            sums[folder][kind + " reached"] += entry["summary"][kind]["covered"]
for folder, sum in sums.items():
    print(f"{folder:12}" + "".join(f"{kind}: {sum[kind + ' reached']:6} of {sum[kind]:6} ({100 * sum[kind + ' reached'] / max(1, sum[kind]):5.1f} %)   "
                                   for kind in ("lines", "branches")))
PYTHON
    rm -rf "$folder"
}

install_packages "${packages_run[@]}" "${packages_test[@]}"
trap give_back EXIT
if [[ $mode != coverage ]]; then build fuzz fuzz "${harnesses[@]/#/fuzz_}"; fi
"$mode"
