#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# train.sh HARK COUNTS CAPTURE...: runs HARK, which counts (cmake/profile.cmake), on each capture, and leaves its files of counts in the
# folder COUNTS, which is new and whole (it has a file `complete`) or what it was.
#
# Nothing of the machine, its paths or the hour gets into the counts, so that the same sources have the same ones: runs come one after the
# other (gcc keeps those values that came first), with one thread, whatever -j is (cmake/no_threads.c), and in a process that looks the
# same each time.
set -euo pipefail
hark=$(realpath "$1")
counts=$(realpath -m "$2")
shift 2
run_most=${HARK_TRAIN_SECONDS:-20} # it takes some hundredths
all_most=180
good=0

# A hark that is interrupted ends well, and bash would go on.
trap 'exit 130' INT TERM

fresh="$counts.fresh"
rm -rf "$fresh"
mkdir -p "$fresh"
cd "$fresh"
exec 3>&2 >"$counts.log" 2>&1
ln -s "$hark" hark
# Where a container forbids it, addresses on the stack differ, and what gcc concludes of their alignment might.
fixed=(setarch -R)
"${fixed[@]}" true || fixed=()
# Counts are added to those that are there, at the end and outside of a sandbox.
train() {
    timeout --foreground -k 5 "$run_most" "${fixed[@]}" env -i GCOV_PREFIX=. GCOV_PREFIX_STRIP=1000 ./hark -q --no-sandbox "$@" -o /dev/null 3>&-
}
for capture in "$@"; do
    if ((SECONDS >= all_most)); then
        echo "train.sh: stops after $SECONDS s"
        break
    fi
    echo "$capture"
    ln -sf "$capture" capture
    # Some captures are damaged, which is an error.
    if train -r capture; then good=$((good + 1)); fi
    # What is packed here, to be small, is met as a plain file, which hark maps where it is large, and with threads.
    if [[ $capture == *.zst ]] && train -r capture -w plain; then
        for threads in 1 2; do
            train -j "$threads" -r plain || echo "train.sh: not with -j $threads"
        done
    fi
done
if ((good == 0)); then
    echo "train.sh: hark could read none of the captures; see $counts.log, or build without them: -DHARK_PROFILE=OFF" >&3
    exit 1
fi
rm -f hark capture plain
touch complete
rm -rf "$counts"
mv "$fresh" "$counts"
