#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# machine.sh: what the figures were measured on, as a table in Markdown.
set -euo pipefail

row() { printf '| %s | %s |\n' "$1" "${2:-unknown}"; }
field() { LC_ALL=C lscpu | sed -n "s/^ *$1: *//p" | head -n 1; }
virtual=$(field 'Hypervisor vendor')
printf '| | |\n|---|---|\n'
row processor "$(field 'Model name'), $(nproc) threads${virtual:+, a virtual machine ($virtual)}"
row caches "L2 $(field 'L2 cache'), L3 $(field 'L3 cache')"
row memory "$(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)"
row system "$(. /etc/os-release && echo "$PRETTY_NAME"), Linux $(uname -r)"
row compiler "$(gcc --version | head -n 1), $(sed -n 's/^CMAKE_C_FLAGS_RELEASE:STRING=//p' "$(dirname "${BASH_SOURCE[0]}")/../build/bench/CMakeCache.txt" 2>/dev/null || true)"
row libraries "glibc $(getconf GNU_LIBC_VERSION | cut -d ' ' -f 2), libpcap $(dpkg-query -W -f '${Version}' libpcap0.8 2>/dev/null || true)"
row peers "$(for name in tcpdump httpry dsniff ngrep tshark; do dpkg-query -W -f '${db:Status-Abbrev}${Package} ${Version}\n' "$name" 2>/dev/null; done | sed -n 's/^ii *//p' | paste -s -d , | sed 's/,/, /g')"
row day "$(date -u +%F)"
