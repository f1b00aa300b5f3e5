#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# incidents.sh [--write]: hark beside a load of real traffic while its interface goes and returns, and while it is killed: which transactions of
# nginx's log are told, which lines of the output are whole. --write puts the tables into docs/performance.md. Needs root; takes a minute and a half.
#
#   SOAK_HARK=BINARY    this one, instead of build/release/hark
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

[[ $(id -u) == 0 ]] || die "needs root: it makes network namespaces"
install_packages "${packages_run[@]}" "${packages_test[@]}"
[[ -n ${SOAK_HARK:-} ]] || build release release hark -- -DHARK_TESTS=OFF
give_back
exec /usr/bin/python3 "$root/tests/soak/incidents.py" --hark "${SOAK_HARK:-$root/build/release/hark}" "$@"
