#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Messages whose end is in doubt, to servers that refuse them, take them one way, and take them the other way.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
lan_up
nginx_start
apache_start
node_start
odd_start

caddy_start() {
    printf '{\n admin off\n auto_https off\n}\nhttp://:8081 {\n respond "{http.request.method} {http.request.uri}\\n"\n}\n' >"$work/Caddyfile"
    start server caddy run --adapter caddyfile --config "$work/Caddyfile"
    wait_port server 127.0.0.1 8081
}
caddy_start

nginx='192.0.2.20 80'
caddy='192.0.2.20 8081'
apache='192.0.2.20 8080'
inner='GET /inner HTTP/1.1\r\nHost: www.example.com\r\n\r\n'
after='GET /after HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n'
chunks='1\r\nZ\r\n0\r\n\r\n'

# post VERSION FIELDS BODY: the head and what follows
post() {
    printf '%s' "POST /outer HTTP/$1\r\nHost: www.example.com\r\n$2\r\n$3"
}

make_framing_requests() {
    local two='Content-Length: 57\r\nTransfer-Encoding: chunked\r\n'
    tap framing-requests.pcap server
    # Chunks and a length over more than them: refused, then read by the chunks.
    # shellcheck disable=SC2086 # address and port
    {
        wire $nginx send "$(post 1.1 "$two" "$chunks$inner")" eof
        wire $apache send "$(post 1.1 "$two" "$chunks$inner$after")" eof
        wire $caddy send "$(post 1.1 "$two" "$chunks$inner$after")" eof
        # To Go a message of HTTP/1.0 has no chunks: the length counts, and the request inside is content.
        wire $caddy send "$(post 1.0 "${two}Connection: keep-alive\r\n" "$chunks$inner")" read 0.3 send "$after" eof
        wire $caddy send "$(post 1.0 "${two}Connection: keep-alive\r\n" "$chunks$inner$after")" eof
        # Folded, with a space before the colon, behind odd bytes.
        wire $apache send "$(post 1.1 'Content-Length: 57\r\nTransfer-Encoding:\r\n chunked\r\n' "$chunks$inner$after")" eof
        wire $nginx send "$(post 1.1 'Transfer-Encoding : chunked\r\n' "$chunks")" eof
        wire $nginx send "$(post 1.1 'Transfer-Encoding\x0b: chunked\r\nContent-Length: 11\r\n' "$chunks")" eof
        wire $apache send "$(post 1.1 'Transfer-Encoding: \x0bchunked\r\nContent-Length: 11\r\n' "$chunks")" eof
        # Lengths that differ, that are none.
        wire $nginx send "$(post 1.1 'Content-Length: 46\r\nContent-Length: 92\r\n' "$inner$inner")" eof
        wire $apache send "$(post 1.1 'Content-Length: +46\r\n' "$inner")" eof
        wire $caddy send "$(post 1.1 'Content-Length:\r\n' "$inner$after")" eof
        # Chunk lines.
        wire $nginx send "$(post 1.1 'Transfer-Encoding: chunked\r\n' '1;\x01\x80\nZ\r\n0\n\n')" read 0.3 send "$after" eof
        wire $caddy send "$(post 1.1 'Transfer-Encoding: chunked\r\n' '0x1\r\nZ\r\n0\r\n\r\n')" eof
        wire $apache send "$(post 1.1 'Transfer-Encoding: chunked\r\n' '10000000000000001\r\nZ\r\n0\r\n\r\n')" eof
        # NUL and control bytes.
        wire $apache send 'GET /small.txt HTTP/1.1\r\nHost: www.example.com\r\nX: a\0b\r\n\r\n' eof
        wire $nginx send 'GET /small.txt?\x01 HTTP/1.1\r\nHost: www.example.com\r\n\r\n' eof
        wire $nginx send 'GET /small.txt HTTP/1.1\r\nHost: www.example.com\r\nX: a\x01b\x7f\r\nConnection: close\r\n\r\n' eof
        wire $apache send 'GET /small.txt HTTP/1.1\r\nHost: www.example.com\r\nX: a\rTransfer-Encoding: chunked\r\n\r\n' eof
    }
    tap_off
}

make_framing_responses() {
    local odd=http://www.example.com:9000 path
    tap framing-responses.pcap server
    for path in te-and-length te-old te-other lengths-differ length-plus length-overflow nothing-with-length nothing-with-chunks \
        spaced-te folded-te nul-value control-reason chunk-overflow chunk-bare-lf; do
        get "$odd/$path" || true
    done
    tap_off
}

run_cases "$@"
