#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The ways a capture is taken and what packets travel in: VXLAN, real fragments, cooked captures, loopback.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
lan_up
# Listening sockets inherit it: packets without "don't fragment", so that a router may.
on server sysctl -qw net.ipv4.ip_no_pmtu_disc=1
nginx_start
www=http://www.example.com

# overlay NAME ID CLIENT-UNDERLAY SERVER-UNDERLAY CLIENT-ADDRESS SERVER-ADDRESS MTU
overlay() {
    on client ip link add "$1" address 00:00:5e:00:53:a1 mtu "$7" type vxlan id "$2" local "$3" remote "$4" dstport 4789
    on server ip link add "$1" address 00:00:5e:00:53:a2 mtu "$7" type vxlan id "$2" local "$4" remote "$3" dstport 4789
    on client ip addr add "$5/24" dev "$1"
    on server ip addr add "$6/24" dev "$1"
    local host
    for host in client server; do
        offloads $host "$1" off
        on $host ip link set "$1" up
    done
}

overlay_down() {
    on client ip link del "$1"
    on server ip link del "$1"
}

make_vxlan() {
    overlay vx0 42 192.0.2.10 192.0.2.20 198.51.100.10 198.51.100.20 1450
    tap vxlan.pcap server
    get http://198.51.100.20/ http://198.51.100.20/medium.txt http://198.51.100.20/missing
    tap_off
    overlay_down vx0
}

make_vxlan_twins() {
    # Two networks with the same inner addresses and ports: only the network id tells them apart.
    local vni
    tap vxlan-twins.pcap server
    for vni in 42 43; do
        overlay vx0 $vni 192.0.2.10 192.0.2.20 198.51.100.10 198.51.100.20 1450
        wire -s 198.51.100.10:40000 198.51.100.20 80 send "GET /small.txt?network=$vni HTTP/1.1\r\nHost: net$vni\r\n\r\n" read 0.1 rst
        overlay_down vx0
    done
    tap_off
}

make_vxlan_nested() {
    overlay vx0 42 192.0.2.10 192.0.2.20 198.51.100.10 198.51.100.20 1450
    overlay vx1 77 198.51.100.10 198.51.100.20 203.0.113.10 203.0.113.20 1400
    tap vxlan-nested.pcap server
    get http://203.0.113.20/ http://203.0.113.20/medium.txt
    tap_off
    overlay_down vx1
    overlay_down vx0
}

make_vxlan_fragments() {
    # The overlay's packets are as long as the underlay's limit: the kernel cuts the outer ones in two.
    overlay vx0 42 192.0.2.10 192.0.2.20 198.51.100.10 198.51.100.20 1500
    tap vxlan-fragments.pcap server
    get http://198.51.100.20/medium.txt http://198.51.100.20/data.bin
    tap_off
    overlay_down vx0
}

make_vxlan6() {
    overlay vx0 42 2001:db8::10 2001:db8::20 198.51.100.10 198.51.100.20 1500
    tap vxlan6.pcap server
    get http://198.51.100.20/medium.txt http://198.51.100.20/data.bin
    tap_off
    overlay_down vx0
}

make_fragments_router() {
    # A router with a narrow link on the client's side: what the server sends (see the top) is fragmented there.
    host_new router
    cable client eth1 00:00:5e:00:53:11 router eth0 00:00:5e:00:53:41
    cable server eth1 00:00:5e:00:53:21 router eth1 00:00:5e:00:53:42
    on client ip addr add 198.51.100.130/25 dev eth1
    on router ip addr add 198.51.100.129/25 dev eth0
    on router ip addr add 203.0.113.129/25 dev eth1
    on server ip addr add 203.0.113.130/25 dev eth1
    on router ip link set eth0 mtu 620
    on router sysctl -qw net.ipv4.ip_forward=1
    on client ip route add 203.0.113.128/25 via 198.51.100.129
    on server ip route add 198.51.100.128/25 via 203.0.113.129
    tap fragments-router.pcap client -i eth1
    get http://203.0.113.130/medium.txt http://203.0.113.130/small.txt http://203.0.113.130/zip/data.bin
    tap_off
}

make_cooked_v1() {
    tap cooked-v1.pcap server -i any -y LINUX_SLL
    get $www/ $www/small.txt --next -d 'k=v' $www/echo
    get -g 'http://[2001:db8::20]/style.css'
    tap_off
}

make_cooked_v2() {
    tap cooked-v2.pcap server -i any -y LINUX_SLL2
    get $www/ $www/small.txt --next -d 'k=v' $www/echo
    get -g 'http://[2001:db8::20]/style.css'
    tap_off
}

make_any_duplicates() {
    # "any" on a bridge's host: each packet comes by two ports and the bridge, up to three times.
    tap any-duplicates.pcap lan -i any -y LINUX_SLL2 -B 8192
    get $www/ $www/small.txt $www/medium.txt
    tap_off
}

make_loopback() {
    tap loopback.pcap server -i lo
    on server curl -q -sS http://127.0.0.1/small.txt http://127.0.0.1/data.bin 'http://[::1]/style.css' -g >/dev/null
    tap_off
}

make_dumpcap() {
    # As Wireshark's own capture tool writes it: interface description, statistics, filter.
    tap dumpcap.pcapng server -f 'tcp port 80'
    get $www/ $www/small.txt $www/style.css
    tap_off
}

run_cases "$@"
