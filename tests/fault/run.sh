#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [RUNS]: every fault there is, against a release build and one with sanitizers, built apart from others
# (build/fault-release, build/fault-asan): each n-th call of each case, and RUNS (default 300) runs ended at random.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
runs="${1:-300}"
python=/usr/bin/python3

build() {
  cmake -S "$root" -B "$root/build/$1" -G Ninja "${@:2}" > /dev/null
  cmake --build "$root/build/$1" --target hark hark_fault > /dev/null
}

build fault-release -DCMAKE_BUILD_TYPE=Release
build fault-asan -DCMAKE_BUILD_TYPE=Debug -DHARK_SANITIZE=ON
status=0
for flavour in fault-release fault-asan; do
  echo "== $flavour"
  tree="$root/build/$flavour"
  "$python" "$here/allocations.py" --fault "$tree/tests/fault/hark_fault" || status=1
  "$python" "$here/streams.py" --fault "$tree/tests/fault/hark_fault" --hark "$tree/hark" || status=1
  "$python" "$here/endings.py" --hark "$tree/hark" --runs "$runs" --seed "$RANDOM" || status=1
done
exit "$status"
