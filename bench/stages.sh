#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# stages.sh [--captures DIR] [--workloads NAME,...] [--runs N] [--write]: what each stage between file and record costs, in ns a packet and
# a transaction and as a multiple of its own limit, for the workloads that bench/run.sh has made; then the parts on their own.
# Tables in Markdown; --write puts them into docs/performance.md.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
source "$here/../scripts/lib/common.sh"

captures=$here/data workloads=web,small,bulk,manyflows,lossy runs=5 write=no
while (($#)); do
    case $1 in
        --captures) captures=${2:?stages.sh: --captures wants a folder}; shift ;;
        --workloads) workloads=${2?stages.sh: --workloads wants names}; shift ;;
        --runs) runs=${2:?stages.sh: --runs wants a number}; shift ;;
        --write) write=yes ;;
        *) die "no option is named $1; the first lines of bench/stages.sh tell which there are" ;;
    esac
    shift
done
install_packages "${packages_run[@]}" "${packages_bench[@]}"
trap give_back EXIT
build release bench -- -DHARK_TESTS=OFF -DHARK_BENCH=ON
tools=$root/build/bench/bench cpu=$(($(nproc) - 1))
show() {
    local text
    text=$(cat)
    printf '%s\n\n' "$text"
    if [[ $write == yes ]]; then /usr/bin/python3 "$here/document.py" "$1" <<<"$text"; fi
}

stages() {
    local name
    for name in ${workloads//,/ }; do
        [[ -s $captures/$name.pcap ]] || die "$captures/$name.pcap is not there: bench/run.sh makes it"
        printf '**%s**: ' "$name"
        taskset -c "$cpu" "$tools/bench_stages" "$captures/$name.pcap" "$runs" "$captures/.records"
        rm -f "$captures/.records"
        echo
    done
}
if [[ -n $workloads ]]; then stages | show stages; fi
taskset -c "$cpu" "$tools/bench_micro" | show micro
