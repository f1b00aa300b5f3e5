#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [OPTION...]: hark and the programs that Debian has for the same end, on the same captures of real traffic, in turn and
# several times: what each needs and finds, and how hark stands to its targets. Prints two tables in Markdown.
#
#   --captures DIR         workloads that are in DIR (NAME.pcap with the server's NAME.access.log) are taken, others are made there
#                          (bench/data); making them needs root
#   --scale S              size of those that are made: 1 (4 GB in all), 0.25 ...
#   --runs N               rounds (5)
#   --only NAME,...        of the programs, these: hark, hark -j2, hark twice at once, hark --omit (a part of
#                          each record), reader alone, tcpdump, httpry, urlsnarf, ngrep, tshark
#   --workloads NAME,...   of the workloads, these: web, small, bulk, manyflows, lossy
#   --slow                 ngrep and tshark as well, one round: minutes each
#   --hark BINARY          this one, instead of build/bench/hark
#   --write                puts the tables, and what this machine is, into docs/performance.md
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
source "$here/../scripts/lib/common.sh"

captures=$here/data scale=1 hark='' workloads=web,small,bulk,manyflows,lossy more=() write=no
while (($#)); do
    case $1 in
        --captures) captures=${2:?run.sh: --captures wants a folder}; shift ;;
        --scale) scale=${2:?run.sh: --scale wants a number}; shift ;;
        --hark) hark=${2:?run.sh: --hark wants a program}; shift ;;
        --workloads) workloads=${2:?run.sh: --workloads wants names}; shift ;;
        --runs | --only) more+=("$1" "${2:?run.sh: $1 wants a value}"); shift ;;
        --slow) more+=("$1") ;;
        --write) write=yes more+=("$1") ;;
        *) die "no option is named $1; the first lines of bench/run.sh tell which there are" ;;
    esac
    shift
done
install_packages "${packages_run[@]}" "${packages_test[@]}" "${packages_peers[@]}" "${packages_bench[@]}"
trap give_back EXIT
build release bench -- -DHARK_TESTS=OFF -DHARK_BENCH=ON
tools=$root/build/bench/bench
# lossy is made of web.
missing=()
for name in web small bulk manyflows lossy; do
    if [[ ,$workloads, == *,$name,* || $name == web && ,$workloads, == *,lossy,* ]] && [[ ! -s $captures/$name.pcap ]]; then missing+=("$name"); fi
done
if ((${#missing[@]})); then
    say "makes ${missing[*]} in $captures"
    /usr/bin/python3 "$here/workloads/make.py" --captures "$captures" --degrade "$tools/bench_degrade" --scale "$scale" "${missing[@]}"
fi
/usr/bin/python3 "$here/peers.py" --captures "$captures" --tools "$tools" --hark "${hark:-$root/build/bench/hark}" \
    --workloads "$workloads" --work "$captures" "${more[@]}"
if [[ $write == yes ]]; then "$here/machine.sh" | /usr/bin/python3 "$here/document.py" machine; fi
