#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# HTTP/0.9 and 1.0, requests typed by hand, answers in unusual shape.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
lan_up
nginx_start
node_start
odd_start
www=http://www.example.com

make_http10() {
    tap http10.pcap server
    on client ab -q -n 5 -c 2 $www/small.txt >/dev/null
    on client ab -q -k -n 4 -c 1 $www/style.css >/dev/null
    get --http1.0 $www/small.txt
    get --http1.0 http://www.example.com:3000/until-close
    get --http1.0 -I $www/small.txt
    get http://www.example.com:9000/old
    on client wget -q -O /dev/null $www/small.txt $www/medium.txt
    tap_off
}

make_http09() {
    tap http09.pcap server
    printf 'GET /small.txt\r\n' | on client nc -w 3 192.0.2.20 80 >/dev/null
    printf 'GET /medium.txt\r\n' | on client nc -w 3 192.0.2.20 80 >/dev/null
    get --http0.9 http://www.example.com:9000/nine
    tap_off
}

make_telnet() {
    # Typed by hand: a byte a packet first, then a line a packet.
    tap telnet.pcap server
    on client /usr/bin/python3 "$scripts/typist.py" 192.0.2.20 80 'GET /small.txt HTTP/1.1' 'Host: www.example.com' '' \
        'HEAD /data.bin HTTP/1.0' ''
    on client /usr/bin/python3 "$scripts/typist.py" --lines 192.0.2.20 80 'GET / HTTP/1.1' 'Host: www.example.com' \
        'Connection: close' ''
    tap_off
}

make_typed_bytes() {
    tap typed-bytes.pcap server
    wire 192.0.2.20 80 option nodelay 1 drip 4 'POST /echo HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 6\r\n\r\nabcdef' \
        read 0.3 drip 4 '\r\nGET /small.txt HTTP/1.1\r\nHost: www.example.com\r\n\r\n' read 0.3
    get http://www.example.com:9000/dripped http://www.example.com:3000/drip
    tap_off
}

make_odd_syntax() {
    local odd=http://www.example.com:9000
    tap odd-syntax.pcap server
    get $odd/folded $odd/bare-lf $odd/no-reason $odd/empty-reason $odd/latin1 $odd/extensions $odd/chunk-case $odd/204-length \
        $odd/304-length $odd/zero
    get $odd/twice || true
    wire 192.0.2.20 80 send '\r\n\r\nGET /small.txt HTTP/1.0\nHost: bare\n\n' eof
    wire 192.0.2.20 80 send 'GET   /small.txt   HTTP/1.1\r\nHost: spaces\r\nX-Folded: one\r\n two\r\nConnection: close\r\n\r\n' eof
    wire 192.0.2.20 80 send 'GET /caf\xc3\xa9?q=\xff%ff HTTP/1.1\r\nHost: www.example.com\r\nX-Bytes: \xff\xfe\r\nConnection: close\r\n\r\n' eof
    wire 192.0.2.20 80 send 'get /small.txt HTTP/1.1\r\nHost: lower-case\r\n\r\n' eof
    wire 192.0.2.20 80 send 'GET /small.txt HTTP/1.1\r\n\r\n' eof
    wire 192.0.2.20 80 send 'GET /small.txt HTTP/2.5\r\nHost: version\r\n\r\n' eof
    wire 192.0.2.20 80 send 'GET http://other.example.com/small.txt?a=b#f HTTP/1.1\r\nHost: ignored\r\nConnection: close\r\n\r\n' eof
    wire 192.0.2.20 80 send 'nonsense\r\n\r\n' eof
    get "$www/$(printf 'long/%.0s' $(seq 1700))small.txt"
    get -H "X-Padding: $(printf 'p%.0s' $(seq 5000))" $www/small.txt
    tap_off
}

run_cases "$@"
