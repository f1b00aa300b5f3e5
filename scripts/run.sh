#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [HARK ARGUMENTS]: installs what is missing, builds hark and runs it.
# Without arguments it reads a capture of pcaps/, so that there is something to see.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

install_packages "${packages_run[@]}"
hark="$root/build/release/hark"
if [[ ! -x $hark ]]; then
    say "builds hark (build/release), a minute or two"
fi
build release release hark -- -DHARK_TESTS=OFF
give_back
if (($# == 0)); then
    capture=pcaps/pipelining.pcap
    say "no arguments: hark -r $capture (try: scripts/run.sh --help)"
    cd "$root"
    set -- -r "$capture"
fi
exec "$hark" "$@"
