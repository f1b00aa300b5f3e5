#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What TCP does beneath HTTP: port reuse, half close, probes, zero window, loss with retransmission, unusual handshakes.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
lan_up
nginx_start
node_start
www=http://www.example.com

make_parallel() {
    tap parallel.pcap server --time-stamp-precision=nano
    get -Z --parallel-immediate --parallel-max 6 "$www/images/[1-8].png" "$www/zip/medium.txt?[1-4]" http://www.example.com:3000/wait
    tap_off
}

make_port_reuse() {
    local from=192.0.2.10:40000
    tap port-reuse.pcap server
    # The same four numbers five times: ended by the client's reset, by the server's FIN, in the middle of an answer, again.
    wire -s $from 192.0.2.20 80 send 'GET /small.txt HTTP/1.1\r\nHost: one\r\n\r\n' read 0.1 rst
    wire -s $from 192.0.2.20 80 send 'GET /style.css HTTP/1.1\r\nHost: two\r\nConnection: close\r\n\r\n' eof
    wire -s $from 192.0.2.20 80 send 'GET /slow/medium.txt HTTP/1.1\r\nHost: three\r\n\r\n' until 'quick' rst
    wire -s $from 192.0.2.20 80 send 'GET /icon.png HTTP/1.1\r\nHost: four\r\nConnection: close\r\n\r\n' eof
    wire -s $from 192.0.2.20 80 send 'HEAD /icon.png HTTP/1.1\r\nHost: five\r\n\r\n' read 0.1
    tap_off
}

make_half_close() {
    tap half-close.pcap server
    printf 'GET /medium.txt HTTP/1.1\r\nHost: a\r\n\r\n' | on client nc -N -w 3 192.0.2.20 80 >/dev/null
    # The answer comes 400 ms after the client's FIN.
    printf 'GET /wait HTTP/1.0\r\nHost: a\r\n\r\n' | on client nc -N -w 3 192.0.2.20 3000 >/dev/null
    tap_off
}

make_probes() {
    tap probes.pcap server
    # Keep-alive probes while idle: one byte before the next sequence number, or none, between two requests.
    wire 192.0.2.20 80 option keepidle 1 send 'GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n' pause 3.5 \
        send 'GET /style.css HTTP/1.1\r\nHost: a\r\n\r\n' read 0.2
    tap_off
}

make_zero_window() {
    tap zero-window.pcap server
    wire 192.0.2.20 80 option rcvbuf 4096 send 'GET /data.bin HTTP/1.1\r\nHost: a\r\n\r\n' pause 1.2 slowly 1500 20
    tap_off
}

make_fast_open() {
    on client sysctl -qw net.ipv4.tcp_fastopen=3
    on server sysctl -qw net.ipv4.tcp_fastopen=3
    tap fast-open.pcap server
    get --tcp-fastopen $www/small.txt
    get --tcp-fastopen $www/style.css
    get --tcp-fastopen $www/api/items
    tap_off
}

make_simultaneous_open() {
    on client ip neigh replace 192.0.2.20 lladdr 00:00:5e:00:53:20 dev eth0 nud permanent
    on server ip neigh replace 192.0.2.10 lladdr 00:00:5e:00:53:10 dev eth0 nud permanent
    tap simultaneous-open.pcap client
    # The first SYN is lost on its way, so that both sides have asked before either has heard.
    on lan ip link set server nomaster
    ip netns exec "$ns-client" /usr/bin/python3 "$scripts/both_connect.py" asks 192.0.2.10:40001 192.0.2.20:31338 &
    local asking=$!
    pids+=("$asking")
    sleep 0.3
    on lan ip link set server master br0
    on server /usr/bin/python3 "$scripts/both_connect.py" answers 192.0.2.20:31338 192.0.2.10:40001
    wait "$asking"
    tap_off
}

# A narrow link with a short queue on the way to the client: real loss, real recovery.
narrow() {
    on lan tc qdisc "$1" dev client root ${2:+tbf rate 4mbit burst 4kb limit "$2"}
}

make_real_loss_before() {
    narrow add 9000
    tap real-loss-before.pcap server
    get -Z --parallel-max 3 "$www/data.bin?[1-3]" "$www/small.txt?[1-3]"
    tap_off
    narrow del
}

make_real_loss_after() {
    narrow add 9000
    tap real-loss-after.pcap client
    get -Z --parallel-max 3 "$www/data.bin?[1-3]" "$www/small.txt?[1-3]"
    tap_off
    narrow del
}

run_cases "$@"
