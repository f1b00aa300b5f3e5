#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Trailers, 1xx, early answers, broken ends: node, curl, Apache httpd.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
lan_up
nginx_start
apache_start
node_start
www=http://www.example.com
apache=http://www.example.com:8080
node=http://www.example.com:3000

make_trailers() {
    tap trailers.pcap server
    on client node "$scripts/node_client.js" 192.0.2.20 3000
    get $node/trailers --next -d 'k=v' $node/sum
    tap_off
}

make_continue() {
    tap continue.pcap server
    # The server waits 60 ms before 100 Continue; then one that refuses; nginx and Apache answer at once.
    get -H 'Expect: 100-continue' -d 'first=body' $node/sum --next -H 'Expect: 100-continue' -d 'second=body' $node/sum
    get -H 'Expect: 100-continue' -d 'unwanted=body' $node/refuse
    get -H 'Expect: 100-continue' -T "$work/site/medium.txt" $www/dav/continued.txt
    get -H 'Expect: 100-continue' -T "$work/site/small.txt" $apache/dav/continued.txt
    get -H 'Expect: 100-continue' -T "$work/site/medium.txt" $www/narrow
    # A client that does not wait: its body is on the wire before the 100.
    wire 192.0.2.20 3000 send 'POST /sum HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody' read 0.3
    tap_off
}

make_early_hints() {
    tap early-hints.pcap server
    get $node/hints $node/wait $node/hints
    tap_off
}

make_early_response() {
    tap early-response.pcap server
    # 401 while the body is still coming; the server reads on and the connection is used again.
    wire 192.0.2.20 3000 send 'POST /early401 HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n' pour 20000 5 \
        send 'GET /wait HTTP/1.1\r\nHost: a\r\n\r\n' read 0.8
    # 413 with lingering close: the server answers and discards; then the client is reset.
    wire 192.0.2.20 80 send 'POST /narrow HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n' pour 50000 20
    get -H 'Expect:' -T "$work/site/data.bin" $www/narrow || true
    get -u alice:wrong -X POST -H 'Expect:' --data-binary "@$work/site/medium.txt" $www/private/report.txt || true
    tap_off
}

make_broken_ends() {
    tap broken-ends.pcap server
    get $node/short || true
    get $node/short-chunked || true
    get $node/reset || true
    get $www/vanish || true
    # The client goes away: in the answer's body, in its own body, with a reset, with a FIN; after the head's first half.
    wire 192.0.2.20 3000 send 'GET /hang HTTP/1.1\r\nHost: a\r\n\r\n' until 'yyyy' rst
    wire 192.0.2.20 80 send 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\npart' pause 0.1 rst
    wire 192.0.2.20 80 send 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\npart' pause 0.1 fin read 0.3
    wire 192.0.2.20 80 send 'GET /slow/medium.txt HTTP/1.1\r\nHost: a\r\n\r\n' until 'quick' rst
    wire 192.0.2.20 80 send 'GET /small.txt HTTP/1.1\r\nHo' pause 0.1 fin read 0.3
    tap_off
}

make_methods() {
    tap methods.pcap server
    get $apache/small.txt
    get -I $apache/small.txt
    get -d 'k=v' $apache/cgi/env.cgi
    get -T "$work/site/small.txt" $apache/dav/put.txt
    get -X DELETE $apache/dav/put.txt
    get -X OPTIONS $apache/small.txt
    get -X OPTIONS --request-target '*' $apache/
    get -X TRACE -H 'X-Traced: yes' $apache/small.txt
    get -X PATCH -d 'patch' $apache/small.txt
    wire 192.0.2.20 8080 send 'CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n' read 0.3
    get -X PURGE $apache/small.txt
    get -X 'M-SEARCH' $apache/small.txt
    tap_off
}

make_webdav() {
    local dav=$apache/dav token
    tap webdav.pcap server
    get -X PROPFIND -H 'Depth: 1' -H 'Content-Type: text/xml' \
        -d '<?xml version="1.0"?><propfind xmlns="DAV:"><allprop/></propfind>' $dav/
    get -X MKCOL $dav/folder/
    get -T "$work/site/small.txt" $dav/folder/one.txt
    get -X COPY -H "Destination: $dav/folder/two.txt" $dav/folder/one.txt
    get -X MOVE -H "Destination: $dav/folder/three.txt" $dav/folder/two.txt
    get -X PROPPATCH -H 'Content-Type: text/xml' \
        -d '<?xml version="1.0"?><D:propertyupdate xmlns:D="DAV:" xmlns:e="urn:e"><D:set><D:prop><e:author>A</e:author></D:prop></D:set></D:propertyupdate>' \
        $dav/folder/one.txt
    token=$(on client curl -q -sS -X LOCK -H 'Content-Type: text/xml' -D - -o /dev/null \
        -d '<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>' \
        $dav/folder/one.txt | sed -n 's/^Lock-Token: \(<.*>\).*/\1/p')
    get -T "$work/site/small.txt" $dav/folder/one.txt
    get -X UNLOCK -H "Lock-Token: $token" $dav/folder/one.txt
    get -X REPORT -d '<x/>' $dav/folder/one.txt
    get -X SEARCH -d '<x/>' $dav/folder/
    get -X DELETE $dav/folder/
    tap_off
}

make_cgi() {
    tap cgi.pcap server
    get $apache/cgi/env.cgi --next -d 'posted=1' $apache/cgi/env.cgi --next --compressed $apache/zip/medium.txt
    get --http1.0 $apache/cgi/env.cgi
    tap_off
}

make_h2c_upgrade() {
    tap h2c-upgrade.pcap server
    get --http2 $apache/small.txt $apache/medium.txt
    # A server that does not take the offer answers in HTTP/1.1.
    get --http2 $www/small.txt $www/style.css
    tap_off
}

make_secrets() {
    tap secrets.pcap server
    get -u alice:PLANTEDSECRET1 $www/private/report.txt
    get -H 'Authorization: Bearer PLANTEDSECRET2' $www/small.txt
    get -H 'Cookie: session=PLANTEDSECRET3; theme=dark' -H 'Cookie2: PLANTEDSECRET4' $www/small.txt
    get "$www/api/items?page=2&access_token=PLANTEDSECRET5&sig=PLANTEDSECRET6" "$www/small.txt?api_key=PLANTEDSECRET7&X-Amz-Signature=PLANTEDSECRET8"
    get -e "$www/start?token=PLANTEDSECRET9" $www/small.txt
    get $www/login
    get -H 'Proxy-Authorization: Basic UExBTlRFRFNFQ1JFVDEy' $www/small.txt
    get --request-target 'http://bob:PLANTEDSECRET13@www.example.com/small.txt?code=PLANTEDSECRET14' $www/
    # In the wrong place, in a folded header, in bytes that are not text, in a trailer, over a line that is no request.
    wire 192.0.2.20 3000 send 'GET /trailers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer\r\n PLANTEDSECRET15\r\nCookie: a=\xff\xfePLANTEDSECRET16\r\n\r\n' read 0.4
    wire 192.0.2.20 3000 send 'POST /sum HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n3\r\nabc\r\n0\r\nAuthorization: Bearer PLANTEDSECRET17\r\n\r\n' read 0.3
    wire 192.0.2.20 80 send 'GET /small.txt HTTP/1.1\r\nHost: a\r\nauthorization:Basic UExBTlRFRFNFQ1JFVDE4\r\nAUTHORIZATION: Digest username="u", response="PLANTEDSECRET19"\r\nConnection: close\r\n\r\n' eof
    wire 192.0.2.20 80 send 'GET /?password=PLANTEDSECRET20 HTTP/9.9\r\nAuthorization : Bearer PLANTEDSECRET21\r\n\r\n' eof
    tap_off
}

# Where a host stands in a pair; the last but one has no closing quote.
make_secret_pairs() {
    tap secret-pairs.pcap server
    get -H 'Forwarded: for=192.0.2.1;host=carol:PLANTEDSECRET40@inner.example;proto=http' $www/small.txt
    get -H 'Forwarded: for="192.0.2.1:80";host="carol:PLANTEDSECRET41;,PLANTEDSECRET42@inner.example", for=198.51.100.7' $www/small.txt
    get -H 'Alt-Svc: h3="carol:PLANTEDSECRET43@inner.example:443"; ma=60' -H 'X-Contact: by=mailto:dave@example.com' $www/small.txt
    get -H 'Forwarded: host="carol:PLANTEDSECRET44@inner.example' $www/small.txt
    get -H 'Forwarded: for="203.0.113.4' $www/small.txt
    tap_off
}

run_cases "$@"
