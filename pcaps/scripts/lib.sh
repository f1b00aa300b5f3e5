# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2119,SC2120
#
# What every topic script shares: three hosts on a bridge, servers on them, a tap, and the clean-up.
#
#   lan_up                     client 192.0.2.10, server 192.0.2.20, proxy 192.0.2.30 (2001:db8::10 ...)
#   on HOST COMMAND...         runs a command on a host
#   start HOST COMMAND...      the same in the background; ended by clean-up
#   wait_port HOST ADDR PORT   until something listens there
#   tap NAME HOST [tcpdump options]    starts to capture into pcaps/NAME
#   tap_off                    ends it, strips this machine's description, keeps the servers' own log
#
# Every namespace carries this process's number in its name; only processes started here are ended, by their id.

set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pcaps=$(cd "$scripts/.." && pwd)
rewrite=(/usr/bin/python3 "$pcaps/rewrite.py")

if [[ $(id -u) != 0 ]]; then
    echo "$0: needs root (network namespaces); run it with sudo" >&2
    exit 1
fi
# Servers and capture tools must not learn this machine's name.
if [[ ${HARK_PCAPS_UTS:-} != 1 ]]; then
    export HARK_PCAPS_UTS=1
    exec unshare --uts -- bash -c 'hostname harness.example.com; exec bash "$@"' _ "$0" "$@"
fi

ns=hkp$$
work=$(mktemp -d "/tmp/hark-pcaps.XXXXXX")
chmod 755 "$work"
export TZ=UTC LC_ALL=C.UTF-8 HOME="$work"
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY all_proxy
declare -a hosts=() pids=()
tap_pid='' tap_name='' tap_file=''

cleanup() {
    local pid host
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    for host in "${hosts[@]}"; do
        ip netns del "$ns-$host" 2>/dev/null || true
        rm -rf "/etc/netns/$ns-$host"
    done
    rmdir /etc/netns 2>/dev/null || true
    if [[ ${HARK_PCAPS_KEEP_WORK:-} == 1 ]]; then echo "kept $work" >&2; else rm -rf "$work"; fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

on() {
    local host=$1
    shift
    ip netns exec "$ns-$host" "$@"
}

start() {
    local host=$1
    shift
    ip netns exec "$ns-$host" "$@" >>"$work/$host.out" 2>&1 </dev/null &
    pids+=($!)
}

host_new() {
    local host=$1
    ip netns add "$ns-$host"
    hosts+=("$host")
    on "$host" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
        net.ipv6.conf.default.router_solicitations=0 net.ipv6.conf.default.accept_ra=0
    on "$host" ip link set lo up
    mkdir -p "/etc/netns/$ns-$host"
    cat >"/etc/netns/$ns-$host/hosts" <<HOSTS
127.0.0.1 localhost
192.0.2.20 www.example.com api.example.com secure.example.com static.example.com
192.0.2.30 proxy.example.com
2001:db8::20 ipv6.example.com
HOSTS
    : >"/etc/netns/$ns-$host/resolv.conf"
}

# Offloads make packets that no wire carries (and leave checksums unfinished); one capture keeps them on purpose.
offloads() {
    on "$1" ethtool -K "$2" tx "$3" rx "$3" tso "$3" gso "$3" gro "$3" >/dev/null 2>&1 || true
}

# A cable between two hosts: cable HOST1 IFACE1 MAC1 HOST2 IFACE2 MAC2
cable() {
    ip link add "$ns-x" type veth peer name "$ns-y"
    ip link set "$ns-x" netns "$ns-$1" name "$2" address "$3"
    ip link set "$ns-y" netns "$ns-$4" name "$5" address "$6"
    offloads "$1" "$2" off
    offloads "$4" "$5" off
    on "$1" ip link set "$2" up
    on "$4" ip link set "$5" up
}

lan_up() {
    local host number
    host_new lan
    on lan ip link add br0 type bridge
    on lan ip link set br0 up
    for host in client:10 server:20 proxy:30; do
        number=${host#*:}
        host=${host%:*}
        host_new "$host"
        cable "$host" eth0 "00:00:5e:00:53:$number" lan "$host" "00:00:5e:00:53:f${number:0:1}"
        on lan ip link set "$host" master br0
        on "$host" ip addr add "192.0.2.$number/24" dev eth0
        on "$host" ip addr add "2001:db8::$number/64" dev eth0 nodad
    done
}

wait_port() {
    local try
    for try in $(seq 100); do
        if on "$1" nc -z "$2" "$3" 2>/dev/null; then return 0; fi
        sleep 0.1
    done
    echo "nothing listens on $2 port $3 of $1 after $try tries:" >&2
    cat "$work"/*.out >&2
    return 1
}

# The servers' own logs: one line a request, the truth that a capture's records are compared with.
mkdir -p "$work/log"
chmod 1777 "$work/log"
for log in nginx apache squid node odd; do
    : >"$work/log/$log"
    chmod 666 "$work/log/$log"
done

site_new() {
    [[ -d $work/site ]] || /usr/bin/python3 "$scripts/site.py" "$work/site"
    chown -R www-data: "$work/site/dav"
    mkdir -p "$work/dav-locks"
    chown www-data: "$work/dav-locks"
    printf 'alice:%s\n' "$(openssl passwd -apr1 PLANTEDSECRET1)" >"$work/site/users"
}

nginx_start() {
    site_new
    if [[ ! -e $work/cert.pem ]]; then
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=secure.example.com \
            -addext subjectAltName=DNS:secure.example.com -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
    fi
    sed "s|@WORK@|$work|g" "$scripts/nginx.conf" >"$work/nginx.conf"
    start server nginx -p "$work" -c "$work/nginx.conf"
    wait_port server 127.0.0.1 80
}

apache_start() {
    site_new
    sed "s|@WORK@|$work|g" "$scripts/apache.conf" >"$work/apache.conf"
    start server apache2 -d "$work" -f "$work/apache.conf" -DFOREGROUND
    wait_port server 127.0.0.1 8080
}

squid_start() {
    sed "s|@WORK@|$work|g" "$scripts/squid.conf" >"$work/squid.conf"
    start proxy squid -N -f "$work/squid.conf"
    wait_port proxy 192.0.2.30 3128
}

node_start() {
    start server node "$scripts/node_server.js" 3000 "$work/log/node"
    wait_port server 127.0.0.1 3000
}

odd_start() {
    start server /usr/bin/python3 "$scripts/odd_server.py" 9000 "$work/log/odd"
    wait_port server 127.0.0.1 9000
}

tap() {
    local name=$1 host=$2 try log
    shift 2
    for log in "$work"/log/*; do : >"$log"; done
    tap_name=$name
    tap_file=$work/tap
    rm -f "$tap_file"
    : >"$work/tap.err"
    case " $* " in *' -i '*) ;; *) set -- -i eth0 "$@" ;; esac
    if [[ $name == *.pcapng ]]; then
        # dumpcap drops to a user who cannot enter the working directory's parent on every system: give it a file.
        ip netns exec "$ns-$host" dumpcap -q "$@" -w "$tap_file" >"$work/tap.err" 2>&1 &
    else
        ip netns exec "$ns-$host" tcpdump -Z root -n -U --immediate-mode "$@" -w "$tap_file" 2>"$work/tap.err" &
    fi
    tap_pid=$!
    pids+=("$tap_pid")
    for try in $(seq 100); do
        if grep -qE 'listening on|^File:' "$work/tap.err"; then return 0; fi
        sleep 0.05
    done
    echo "the tap for $name did not start after $try tries:" >&2
    cat "$work/tap.err" >&2
    return 1
}

tap_off() {
    sleep "${1:-0.4}"
    kill -TERM "$tap_pid"
    wait "$tap_pid" || true
    if [[ $tap_name == *.pcapng ]]; then
        "${rewrite[@]}" --strip-host "$tap_file" "$pcaps/$tap_name"
    else
        cp "$tap_file" "$pcaps/$tap_name"
    fi
    chmod 644 "$pcaps/$tap_name"
    truth_keep "$tap_name"
    printf '%-36s %8d bytes %6d packets\n' "$tap_name" "$(stat -c %s "$pcaps/$tap_name")" \
        "$(tshark -n -r "$pcaps/$tap_name" 2>/dev/null | wc -l)"
}

truth_keep() {
    local log
    mkdir -p "$pcaps/truth"
    rm -f "$pcaps/truth/$1.tsv"
    sed '/^apache /y/ /\t/' "$work"/log/* >"$work/truth"
    if [[ -s $work/truth ]]; then
        { printf 'server\tmethod\ttarget\tversion\tstatus\n' && cat "$work/truth"; } >"$pcaps/truth/$1.tsv"
    fi
    for log in "$work"/log/*; do : >"$log"; done
}

wire() {
    on client /usr/bin/python3 "$scripts/wire.py" "$@"
}

# curl without what a user's own configuration would add
get() {
    on client curl -q -sS --no-progress-meter --max-time 20 "$@" >/dev/null
}

# Last line of a topic script: runs its make_NAME functions, all or the named ones.
run_cases() {
    local name
    if (($# == 0)); then
        while read -r _ _ name; do
            if [[ $name == make_* ]]; then set -- "$@" "${name#make_}"; fi
        done < <(declare -F)
    fi
    for name in "$@"; do
        if ! declare -F "make_${name//-/_}" >/dev/null; then
            echo "$0: makes no capture named $name" >&2
            exit 2
        fi
        "make_${name//-/_}"
    done
}
