#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the captures of this folder again: make.sh [--install] [CAPTURE...]
#
#   make.sh                    all of them (about three minutes)
#   make.sh keepalive wrap-vlan   only these
#   make.sh derived            only the rewritten ones (no root needed)
#   make.sh --install ...      first installs what the scripts need, from Debian
#
# The captures that come from real programs need root: they run in network namespaces that this script makes and removes.
# Tests use the committed files; nothing but a wish for other captures calls for running this.
set -euo pipefail
cd "$(dirname "$0")"

packages=(apache2 apache2-utils caddy chromium curl ethtool gzip iproute2 netcat-openbsd nginx nodejs openssl procps python3 redis-server
    redis-tools squid tcpdump telnet tshark websocketd wget wireshark-common zstd)
topics=(basics old answers framing proxy connections networks others browser)

if [[ ${1:-} == --install ]]; then
    shift
    echo "installs from Debian: ${packages[*]}"
    export DEBIAN_FRONTEND=noninteractive
    # A web server or a proxy that starts by itself would take ports of this machine: forbid it while installing.
    if [[ ! -e /usr/sbin/policy-rc.d ]]; then
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    apt-get update
    apt-get install -y --no-install-recommends "${packages[@]}"
fi

# real NAME...: captures of real programs, all or the named ones; tells whether a name was known
real() {
    local topic name
    if (($# == 0)); then
        for topic in "${topics[@]}"; do bash "scripts/$topic.sh"; done
        return
    fi
    for name in "$@"; do
        for topic in "${topics[@]}"; do
            if grep -q "^make_${name//-/_}()" "scripts/$topic.sh"; then
                bash "scripts/$topic.sh" "$name"
                continue 2
            fi
        done
        echo "no script makes a capture named $name; LIST.tsv has their names" >&2
        exit 2
    done
}

if (($# == 0)); then
    real
    python3 scripts/captures.py derive
elif [[ $1 == derived ]]; then
    python3 scripts/captures.py derive
else
    for name in "$@"; do
        name=${name%.pcap*}
        if file=$(awk -F'\t' -v name="$name" '$2 ~ /^rewrite/ && ($1 == name || index($1, name ".") == 1) { print $1 }' LIST.tsv) \
            && [[ -n $file ]]; then
            # shellcheck disable=SC2086 # one name a word
            python3 scripts/captures.py derive $file
        else
            real "$name"
        fi
    done
fi
python3 scripts/captures.py count
python3 scripts/captures.py check
