#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ordinary HTTP/1.1 between curl and nginx.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
lan_up
nginx_start
www=http://www.example.com

make_keepalive() {
    tap keepalive.pcap server
    get $www/ $www/style.css $www/api/items $www/missing $www/empty $www/small.txt $www/data.bin
    tap_off
}

make_pipelining() {
    local request='Host: www.example.com\r\n'
    tap pipelining.pcap server --time-stamp-precision=nano
    # Eight requests in one write, HEAD and 304 among them; then four more split in the middle of a line.
    wire 192.0.2.20 80 \
        send "GET /small.txt HTTP/1.1\r\n$request\r\nHEAD /data.bin HTTP/1.1\r\n$request\r\nGET /missing HTTP/1.1\r\n$request\r\nGET /medium.txt HTTP/1.1\r\n$request\r\nGET /small.txt HTTP/1.1\r\n${request}If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n\r\nPOST /echo HTTP/1.1\r\n${request}Content-Length: 11\r\n\r\nhello worldGET /empty HTTP/1.1\r\n$request\r\nGET /style.css HTTP/1.1\r\n$request\r\n" \
        read 0.3 \
        send "GET /a HTTP/1.1\r\n$request\r\nGET /b HT" pause 0.05 send "TP/1.1\r\nHo" pause 0.05 \
        send "st: www.example.com\r\n\r\nGET /small.txt HTTP/1.1\r\n$request\r\nGET /icon.png HTTP/1.1\r\n$request" \
        pause 0.05 send "\r\n" read 0.3
    tap_off
}

make_conditional() {
    tap conditional.pcap server
    get -I $www/data.bin
    get -z 'Tue, 14 Nov 2023 22:13:20 GMT' $www/small.txt
    get -H 'If-None-Match: *' -H 'If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT' $www/small.txt $www/style.css
    get -r 0-9,100-109,39990- $www/data.bin
    get -r 999999- $www/data.bin
    get -H 'If-Unmodified-Since: Mon, 01 Jan 2001 00:00:00 GMT' $www/small.txt
    get -L $www/moved/301
    get -L $www/moved/302
    get $www/gone $www/fail
    tap_off
}

make_gzip_chunked() {
    tap gzip-chunked.pcap server
    get --compressed $www/zip/medium.txt $www/zip/style.css
    get $www/ssi/page.shtml $www/zip/small.txt
    get -I --compressed $www/zip/medium.txt
    tap_off
}

make_bodies() {
    tap bodies.pcap server
    get -d 'name=value&other=two' $www/echo
    get -H 'Content-Type: application/json' -d '{"a":[1,2,3]}' $www/echo
    get -F 'field=text' -F "file=@$work/site/small.txt" $www/echo
    get -X PUT -T "$work/site/medium.txt" $www/dav/medium.txt
    get -H 'Transfer-Encoding: chunked' -T "$work/site/small.txt" $www/dav/chunked.txt
    get -H 'Expect:' -T - $www/dav/stdin.txt <"$work/site/medium.txt"
    get -X DELETE $www/dav/chunked.txt
    get -X POST -H 'Content-Length: 0' $www/echo
    get -X GET -d 'a body on GET' $www/echo
    tap_off
}

make_large_upload() {
    tap large-upload.pcap server
    get -H 'Expect:' -T "$work/site/large.bin" $www/dav/large.bin $www/small.txt
    tap_off
}

make_large_offload() {
    # Generic segmentation offload stays on: packets of tens of kilobytes whose checksums were never finished.
    offloads client eth0 on
    offloads server eth0 on
    offloads lan client on
    offloads lan server on
    tap large-offload.pcap server
    get $www/large.bin $www/small.txt
    tap_off
    offloads client eth0 off
    offloads server eth0 off
    offloads lan client off
    offloads lan server off
}

make_unusual_port() {
    tap unusual-port.pcap server
    get $www:31337/ $www:31337/api/items --next -d posted $www:31337/echo
    tap_off
}

make_ipv6() {
    tap ipv6.pcap server
    get -g "http://[2001:db8::20]/" "http://[2001:db8::20]/medium.txt" "http://[2001:db8::20]:31337/api/items"
    get -6 http://ipv6.example.com/zip/style.css --compressed
    tap_off
}

make_mix() {
    # The base of most rewritten captures: little of much, so that each of them stays small.
    tap mix.pcap server
    get $www/ $www/style.css --next -d 'k=v' $www/echo
    get -I $www/small.txt
    get --compressed $www/zip/medium.txt
    get -H 'If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT' $www/small.txt $www/icon.png
    wire 192.0.2.20 80 send 'GET /small.txt HTTP/1.1\r\nHost: www.example.com\r\n\r\nGET /missing HTTP/1.1\r\nHost: www.example.com\r\n\r\nGET /style.css HTTP/1.1\r\nHost: www.example.com\r\n\r\n' read 0.2
    get -T "$work/site/medium.txt" $www/dav/mix.txt
    tap_off
}

make_tiny() {
    # The base of captures with a byte a packet.
    tap tiny.pcap server
    get $www/empty $www/small.txt --next -d 'k=v' $www/echo
    wire 192.0.2.20 80 send 'HEAD /small.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /ssi/page.shtml HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' eof
    tap_off
}

run_cases "$@"
