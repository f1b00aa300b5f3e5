#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test.sh [CTEST ARGUMENTS]: installs what is missing, builds every flavour of hark and runs every test.
#
#   build/release  gcc, optimised by profile: what users run
#   build/plain    the same without the profile: its instructions are counted
#   build/dev      gcc, AddressSanitizer and UndefinedBehaviorSanitizer; its ctest is the one that runs
#   build/tsan     gcc, ThreadSanitizer: for the tests with workers
#   build/fuzz     clang, libFuzzer; all sources, so that clang's warnings count as well
#
# Tests in build/dev that need another flavour are told where it is (HARK_TEST_RELEASE and so on), so that one run of
# ctest and one summary counts them all. Some tests need root (network namespaces): without it they are skipped.
# Arguments go to ctest, for example: scripts/test.sh -R golden
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

say "1/3 packages"
install_packages "${packages_run[@]}" "${packages_test[@]}"
say "2/3 builds: release, plain, tsan, fuzz, dev (some minutes)"
trap give_back EXIT
build release release hark test_rights test_schedules test_jobs -- -DHARK_TESTS=ON
build release plain hark -- -DHARK_TESTS=OFF -DHARK_PROFILE=OFF
build tsan tsan hark test_merge test_pipeline test_jobs
build fuzz fuzz
build dev dev -- -DHARK_BENCH=ON -DHARK_TEST_PLACES=2 "-DHARK_TEST_RELEASE=$root/build/release" "-DHARK_TEST_PLAIN=$root/build/plain" "-DHARK_TEST_TSAN=$root/build/tsan" "-DHARK_TEST_FUZZ=$root/build/fuzz"
say "3/3 tests (build/dev), after $SECONDS s"
ctest --test-dir "$root/build/dev" --output-on-failure --no-tests=error -j "$((2 * $(nproc)))" "$@"
