#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A forward proxy (squid) between client and server: absolute-form and CONNECT.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
lan_up
nginx_start
squid_start
www=http://www.example.com
proxy=http://proxy.example.com:3128

make_proxy_absolute() {
    # Taken at the proxy: each exchange is seen twice, client to proxy and proxy to server.
    tap proxy-absolute.pcap proxy
    get -x $proxy $www/ $www/small.txt "$www/api/items?page=1" $www/missing
    get -x $proxy -d 'k=v' $www:31337/echo
    get -x $proxy -I $www/data.bin
    get -x $proxy http://nowhere.example.com/
    tap_off
}

make_proxy_connect() {
    tap proxy-connect.pcap proxy
    get -x $proxy --cacert "$work/cert.pem" https://secure.example.com/ https://secure.example.com/small.txt
    # A tunnel that carries HTTP in clear, one that is refused, one with a request right behind it.
    get -x $proxy -p $www:31337/small.txt
    get -x $proxy -p http://www.example.com:1/ || true
    wire 192.0.2.30 3128 send 'CONNECT www.example.com:31337 HTTP/1.1\r\nHost: www.example.com:31337\r\n\r\n' until '\r\n\r\n' \
        send 'GET /small.txt HTTP/1.1\r\nHost: inner\r\n\r\nGET /style.css HTTP/1.1\r\nHost: inner\r\nConnection: close\r\n\r\n' eof
    tap_off
}

make_proxy_secrets() {
    tap proxy-secrets.pcap proxy
    get -x http://carol:PLANTEDSECRET30@proxy.example.com:3128 "http://dave:PLANTEDSECRET31@www.example.com/small.txt?access_token=PLANTEDSECRET32"
    get -x http://carol:PLANTEDSECRET33@proxy.example.com:3128 -p -H 'Cookie: sid=PLANTEDSECRET34' $www/small.txt
    tap_off
}

run_cases "$@"
