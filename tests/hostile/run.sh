#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh ATTACK [SIZE]       one attack, as large as a real one (or SIZE)
# run.sh all [update]        all of them, some twenty minutes; prints the table of docs/security.md, or writes it there
# run.sh list                what there is
#
# MAX_MEMORY=256M is what hark is given; it runs once (the tests of every build compare worker counts and sizes as well).
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/common.sh"

(($#)) || die "run.sh ATTACK [SIZE] | all [update] | list"
install_packages "${packages_run[@]}" "${packages_test[@]}"
trap give_back EXIT
build release release hark -- -DHARK_TESTS=OFF
build dev dev hostile_traffic hostile_measure
tools="$root/build/dev/tests/hostile"
driver=(/usr/bin/python3 "$root/tests/hostile/hostile.py" --hark "$root/build/release/hark" --tools "$tools"
    --max-memory "${MAX_MEMORY:-256M}" --whole --single)
case $1 in
list) exec "$tools/hostile_traffic" list ;;
all) "${driver[@]}" --markdown ${2:+--update} ;;
*) "${driver[@]}" ${2:+--size "$2"} "$1" ;;
esac
