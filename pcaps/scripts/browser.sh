#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A real browser: parallel connections of a page load, WebSocket.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
lan_up
nginx_start
start server websocketd --port=3001 --loglevel=error cat
wait_port server 127.0.0.1 3001

# browse URL MILLISECONDS
browse() {
    local profile
    profile=$(mktemp -d "$work/profile.XXXX")
    on client timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage \
        --disable-background-networking --disable-component-update --disable-sync --disable-default-apps --disable-extensions \
        --disable-features=OptimizationHints,Translate,MediaRouter,HttpsUpgrades --no-pings --user-data-dir="$profile" \
        --timeout="$2" --dump-dom "$1" >"$work/browser.out" 2>"$work/browser.err" || true
}

make_browser() {
    tap browser.pcap server
    browse http://www.example.com/ 3000
    tap_off
}

make_websocket() {
    tap websocket.pcap server
    browse http://www.example.com/websocket.html 3000
    # An upgrade that the server does not know: an ordinary answer, the connection stays HTTP.
    get -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
        -H 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' http://www.example.com/small.txt http://www.example.com/style.css
    tap_off
}

run_cases "$@"
