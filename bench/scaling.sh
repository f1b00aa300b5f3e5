#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scaling.sh [--captures DIR] [--only PART,...] [--quick] [--write]: how cost grows with connections and size. The parts:
#
#   memory    bytes a connection: a bare SYN, idle, in a head, in a body; all of a million
#   packets   CPU a packet, with 1,000 to 1,000,000 connections open
#   many      10 million connections that stay open, in bounded memory
#   size      1, 10 and 30 GB (of web, which bench/run.sh has made)
#
# Tables in Markdown; --write puts them into docs/performance.md. --quick: a tenth of it all.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
source "$here/../scripts/lib/common.sh"

captures=$here/data parts=memory,packets,many,size more=() write=no
while (($#)); do
    case $1 in
        --captures) captures=${2:?scaling.sh: --captures wants a folder}; shift ;;
        --only) parts=${2:?scaling.sh: --only wants names}; shift ;;
        --quick) more+=("$1") ;;
        --write) write=yes ;;
        *) die "no option is named $1; the first lines of bench/scaling.sh tell which there are" ;;
    esac
    shift
done
install_packages "${packages_run[@]}"
trap give_back EXIT
build release bench -- -DHARK_TESTS=OFF -DHARK_BENCH=ON
show() {
    local text
    text=$(cat)
    printf '%s\n\n' "$text"
    if [[ $write == yes ]]; then /usr/bin/python3 "$here/document.py" "$1" <<<"$text"; fi
}

for part in ${parts//,/ }; do
    /usr/bin/python3 "$here/scaling.py" --hark "$root/build/bench/hark" --tools "$root/build/bench/bench" --captures "$captures" --only "$part" "${more[@]}" |
        show "$part"
done
