#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# soak.sh [ARGUMENTS OF tests/soak/soak.py]: hark beside a steady load of real traffic, 20 minutes long or as --minutes says: every transaction
# of nginx's log told once, memory that does not grow, no packet dropped. --write puts the table into docs/performance.md. Needs root.
#
#   SOAK_HARK=BINARY    this one, instead of build/release/hark
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

[[ $(id -u) == 0 ]] || die "needs root: it makes network namespaces"
install_packages "${packages_run[@]}" "${packages_test[@]}"
[[ -n ${SOAK_HARK:-} ]] || build release release hark -- -DHARK_TESTS=OFF
give_back
exec /usr/bin/python3 "$root/tests/soak/soak.py" --hark "${SOAK_HARK:-$root/build/release/hark}" "$@"
