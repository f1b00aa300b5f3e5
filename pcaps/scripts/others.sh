#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Traffic that is not HTTP, on HTTP's ports and others, with some HTTP among it.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
lan_up
nginx_start
start server redis-server --port 6379 --bind 192.0.2.20 --save '' --appendonly no --protected-mode no --dir "$work"
wait_port server 192.0.2.20 6379

# speaks PORT TEXT: a server that says its line first
speaks() {
    ip netns exec "$ns-server" bash -c "printf '$2' | nc -l -w 3 -q 1 192.0.2.20 $1" >/dev/null 2>&1 &
    pids+=($!)
    sleep 0.3
}

make_not_http() {
    tap not-http.pcap server
    get --cacert "$work/cert.pem" https://secure.example.com/ https://secure.example.com/small.txt
    on client redis-cli -h 192.0.2.20 set key 'GET / HTTP/1.1' >/dev/null
    on client redis-cli -h 192.0.2.20 get key >/dev/null
    speaks 25 '220 mail.example.com ESMTP\r\n'
    wire 192.0.2.20 25 read 0.2 send 'EHLO client.example.com\r\n' read 0.2
    speaks 8081 'SSH-2.0-Example_1.0\r\n'
    wire 192.0.2.20 8081 send 'SSH-2.0-Client_1.0\r\n' read 0.2
    # TLS to the port of clear HTTP, and the other way about.
    on client curl -q -sS -m 3 https://www.example.com:80/ >/dev/null 2>&1 || true
    get http://secure.example.com:443/
    get http://www.example.com/small.txt
    tap_off
}

make_h2_prior() {
    tap h2-prior.pcap server
    get --http2-prior-knowledge http://www.example.com:8082/small.txt
    get --http2-prior-knowledge http://www.example.com:8082/medium.txt
    get http://www.example.com/small.txt
    tap_off
}

run_cases "$@"
