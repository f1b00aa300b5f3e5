#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# live.sh [OPTION...]: the highest rate at which hark, and the programs that Debian has for the same end, listen to an interface and lose
# nothing. tcpreplay sends a workload over a veth pair, each end in a namespace of its own. Prints a table in Markdown. Needs root.
#
#   --captures DIR         where the workloads are (bench/run.sh makes them; without one of them, it is made here)
#   --workloads NAME,...   of the workloads, these: web, small
#   --only NAME,...        of the programs, these: tcpdump, hark, hark -j2, httpry, tshark
#   --seconds N            how long one attempt sends (5)
#   --rounds N             how often each rate is looked for; the best counts (1)
#   --hark BINARY          this one, instead of build/bench/hark
#   --write                puts the table into docs/performance.md
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
source "$here/../scripts/lib/common.sh"

captures=$here/data hark='' workloads=web,small more=()
while (($#)); do
    case $1 in
        --captures) captures=${2:?live.sh: --captures wants a folder}; shift ;;
        --workloads) workloads=${2:?live.sh: --workloads wants names}; shift ;;
        --hark) hark=${2:?live.sh: --hark wants a program}; shift ;;
        --only | --seconds | --rounds) more+=("$1" "${2:?live.sh: $1 wants a value}"); shift ;;
        --write) more+=("$1") ;;
        *) die "no option is named $1; the first lines of bench/live.sh tell which there are" ;;
    esac
    shift
done
[[ $(id -u) == 0 ]] || die "needs root: it makes network namespaces and captures"
install_packages "${packages_run[@]}" "${packages_test[@]}" "${packages_peers[@]}" "${packages_bench[@]}"
trap give_back EXIT
if [[ -z $hark ]]; then build release bench -- -DHARK_TESTS=OFF -DHARK_BENCH=ON; fi
missing=()
for name in ${workloads//,/ }; do [[ -s $captures/$name.pcap ]] || missing+=("$name"); done
if ((${#missing[@]})); then
    say "makes ${missing[*]} in $captures"
    /usr/bin/python3 "$here/workloads/make.py" --captures "$captures" --degrade "$root/build/bench/bench/bench_degrade" --scale 0.25 "${missing[@]}"
fi
/usr/bin/python3 "$here/live.py" --captures "$captures" --hark "${hark:-$root/build/bench/hark}" --workloads "$workloads" "${more[@]}"
