# SPDX-License-Identifier: Apache-2.0
"""Tags and tunnels around each frame of an Ethernet capture."""

import ipaddress
import struct

from .capfile import ETHERNET, CaptureError
from .packet import (
    IPV4,
    IPV6,
    UDP,
    Ip,
    Segment,
    checksum,
    client_ends,
    direction_of,
    ip_offset,
    ip_packet,
    udp,
)

OUTER_MACS = (bytes.fromhex("00005e0053b1"), bytes.fromhex("00005e0053b2"))
OUTER_4 = ("203.0.113.1", "203.0.113.2")
OUTER_6 = ("2001:db8:ffff::1", "2001:db8:ffff::2")
GRE_PROTOCOL, IPIP_PROTOCOL, SIX_PROTOCOL = 47, 4, 41
ERSPAN_2, ERSPAN_3, TRANSPARENT_ETHERNET = 0x88BE, 0x22EB, 0x6558
MPLS_UNICAST, PPPOE_SESSION = 0x8847, 0x8864


class Wrapper:
    """Goes over a capture frame by frame and knows which way each one runs."""

    def __init__(self, capture, options):
        if capture.link != ETHERNET:
            raise CaptureError("tags and tunnels are put around Ethernet frames: wrap before changing the link type")
        self.capture = capture
        self.options = options
        self.clients = client_ends(capture)
        self.number = 0
        self.first_mac = next((frame.data[6:12] for frame in capture.frames if self.way_by_tcp(frame) == 0), b"")

    def way_by_tcp(self, frame):
        segment = Segment.parse(self.capture.link, frame)
        return None if segment is None else int(direction_of(self.clients, segment) == "s2c")

    def way(self, frame):
        """0 from the client, 1 to the client; where there is no TCP (any more), by the MAC address."""
        known = self.way_by_tcp(frame)
        return int(frame.data[6:12] not in (self.first_mac, OUTER_MACS[0])) if known is None else known

    def each(self, change, only_ip=False):
        """Replaces every frame by change(frame, way); with only_ip, frames that are not IP are left as they are."""
        frames = []
        for frame in self.capture.frames:
            self.number += 1
            at, _ = ip_offset(ETHERNET, frame.data)
            if only_ip and at is None:
                frames.append(frame)
            else:
                frames.append(frame.with_data(change(frame, self.way(frame))))
        self.capture.frames = frames

    def outer(self, way, protocol, payload):
        """An outer Ethernet and IP packet; for UDP the payload is made by the caller's function of both addresses."""
        pair = OUTER_6 if self.options.get("outer") == "6" else OUTER_4
        source, target = pair[way], pair[1 - way]
        if callable(payload):
            payload = payload(ipaddress.ip_address(source).packed, ipaddress.ip_address(target).packed)
        kind = IPV6 if pair is OUTER_6 else IPV4
        ethernet = OUTER_MACS[1 - way] + OUTER_MACS[way] + struct.pack(">H", kind)
        return ethernet + ip_packet(source, target, protocol, payload, self.number)

    def number_of(self, name, default):
        return int(self.options.get(name, default), 0)


def inner_ip(frame):
    at, kind = ip_offset(ETHERNET, frame.data)
    return frame.data[at:], kind


def tag(data, tpid, identifier, priority=0):
    return data[:12] + struct.pack(">HH", tpid, priority << 13 | identifier) + data[12:]


def vlan(wrapper):
    """vlan[:id=10,reply_id=ID,tpid=0x8100,pcp=0]   802.1Q tag; reply_id: another tag on the way to the client"""
    there = wrapper.number_of("id", "10")
    back = wrapper.number_of("reply_id", str(there))
    tpid, priority = wrapper.number_of("tpid", "0x8100"), wrapper.number_of("pcp", "0")
    wrapper.each(lambda frame, way: tag(frame.data, tpid, back if way else there, priority))


def qinq(wrapper):
    """qinq[:outer=100,inner=10,tpid=0x88a8]   802.1ad outer tag around an 802.1Q tag"""
    outer, inner = wrapper.number_of("outer", "100"), wrapper.number_of("inner", "10")
    tpid = wrapper.number_of("tpid", "0x88a8")
    wrapper.each(lambda frame, _: tag(tag(frame.data, 0x8100, inner), tpid, outer))


def mpls(wrapper):
    """mpls[:labels=16+17,ethernet=1]   label stack over IP; ethernet=1: pseudowire with control word around the frame"""
    labels = [int(text) for text in wrapper.options.get("labels", "16+17").split("+")]
    last = len(labels) - 1
    stack = b"".join(struct.pack(">I", label << 12 | (i == last) << 8 | 64) for i, label in enumerate(labels))

    def change(frame, way):
        if wrapper.options.get("ethernet") == "1":
            addresses, carried = OUTER_MACS[1 - way] + OUTER_MACS[way], bytes(4) + frame.data
        else:
            addresses, carried = frame.data[:12], inner_ip(frame)[0]
        return addresses + struct.pack(">H", MPLS_UNICAST) + stack + carried

    wrapper.each(change, only_ip=wrapper.options.get("ethernet") != "1")


def pppoe(wrapper):
    """pppoe[:session=7]   PPPoE session, PPP within"""
    session = wrapper.number_of("session", "7")

    def change(frame, _):
        carried, kind = inner_ip(frame)
        ppp = struct.pack(">H", 0x0021 if kind == IPV4 else 0x0057) + carried
        return frame.data[:12] + struct.pack(">HBBHH", PPPOE_SESSION, 0x11, 0, session, len(ppp)) + ppp

    wrapper.each(change, only_ip=True)


def gre(wrapper):
    """gre[:key=N,seq=1,csum=1,ethernet=1,outer=6]   GRE with IP (or Ethernet) within and the optional fields asked for"""
    options, ethernet = wrapper.options, wrapper.options.get("ethernet") == "1"
    has_checksum, has_sequence = options.get("csum") == "1", options.get("seq") == "1"

    def change(frame, way):
        carried, kind = (frame.data, TRANSPARENT_ETHERNET) if ethernet else inner_ip(frame)
        flags = has_checksum << 15 | ("key" in options) << 13 | has_sequence << 12
        fields = struct.pack(">I", int(options["key"], 0)) if "key" in options else b""
        fields += struct.pack(">I", wrapper.number) if has_sequence else b""
        head = struct.pack(">HH", flags, kind)
        if has_checksum:
            head += struct.pack(">HH", checksum(head, bytes(4), fields, carried), 0)
        return wrapper.outer(way, GRE_PROTOCOL, head + fields + carried)

    wrapper.each(change, only_ip=not ethernet)


def erspan2(wrapper):
    """erspan2[:session=11,vlan=0]   ERSPAN type II: GRE with sequence number, 8-byte header, the mirrored frame"""
    session, mirrored = wrapper.number_of("session", "11"), wrapper.number_of("vlan", "0")

    def change(frame, _):
        head = struct.pack(">HHI", 0x1000, ERSPAN_2, wrapper.number)
        head += struct.pack(">HHI", 1 << 12 | mirrored, 3 << 11 | session, 5)
        return wrapper.outer(0, GRE_PROTOCOL, head + frame.data)

    wrapper.each(change)


def erspan3(wrapper):
    """erspan3[:session=12,sub=1]   ERSPAN type III: 12-byte header; sub=1 adds the platform sub-header"""
    session, sub = wrapper.number_of("session", "12"), wrapper.options.get("sub") == "1"

    def change(frame, _):
        head = struct.pack(">HHI", 0x1000, ERSPAN_3, wrapper.number)
        head += struct.pack(">HHIHH", 2 << 12, session, frame.time // 100 & 0xFFFFFFFF, 0, sub)
        head += struct.pack(">II", 3 << 26, 0) if sub else b""
        return wrapper.outer(0, GRE_PROTOCOL, head + frame.data)

    wrapper.each(change)


def ipip(wrapper):
    """ipip[:outer=6]   the IP packet straight within another one (4in4, 6in4; with outer=6 4in6, 6in6)"""

    def change(frame, way):
        carried, kind = inner_ip(frame)
        return wrapper.outer(way, IPIP_PROTOCOL if kind == IPV4 else SIX_PROTOCOL, carried)

    wrapper.each(change, only_ip=True)


def source_port(frame):
    """Tunnels over UDP take the source port from the flow; here from the inner ports."""
    segment = Segment.parse(ETHERNET, frame)
    return 49152 + ((segment.source_port + segment.target_port) % 16384 if segment else 0)


def vxlan(wrapper):
    """vxlan[:vni=42,port=4789,outer=6]"""
    head = struct.pack(">II", 0x08000000, wrapper.number_of("vni", "42") << 8)
    port = wrapper.number_of("port", "4789")
    wrapper.each(
        lambda frame, way: wrapper.outer(way, UDP, lambda a, b: udp(a, b, source_port(frame), port, head + frame.data))
    )


def geneve(wrapper):
    """geneve[:vni=42,options=1,ip=1,outer=6]   options=1: two tunnel options; ip=1: IP within instead of Ethernet"""
    extra = b""
    if wrapper.options.get("options") == "1":
        extra = struct.pack(">HBBI", 0x0102, 0x80, 1, 0xAABBCCDD) + struct.pack(">HBBII", 0x0103, 1, 2, 1, 2)
    bare, vni = wrapper.options.get("ip") == "1", wrapper.number_of("vni", "42")

    def change(frame, way):
        carried, kind = inner_ip(frame) if bare else (frame.data, TRANSPARENT_ETHERNET)
        head = struct.pack(">BBHI", len(extra) // 4, 0x40 if extra else 0, kind, vni << 8) + extra
        return wrapper.outer(way, UDP, lambda a, b: udp(a, b, source_port(frame), 6081, head + carried))

    wrapper.each(change, only_ip=bare)


def gtpu(wrapper):
    """gtpu[:teid=1000,reply_teid=2000,ext=1]   GTP-U G-PDU; ext=1: sequence number and a PDU session extension header"""
    teids = (wrapper.number_of("teid", "1000"), wrapper.number_of("reply_teid", "2000"))
    extended = wrapper.options.get("ext") == "1"

    def change(frame, way):
        carried, _ = inner_ip(frame)
        # Sequence number, N-PDU number, next extension 0x85; then its 4 bytes, whose last says that none follows.
        optional = struct.pack(">HBBBBBB", wrapper.number & 0xFFFF, 0, 0x85, 1, 0x10, 9, 0) if extended else b""
        head = struct.pack(">BBHI", 0x36 if extended else 0x30, 255, len(optional) + len(carried), teids[way])
        return wrapper.outer(way, UDP, lambda a, b: udp(a, b, 2152, 2152, head + optional + carried))

    wrapper.each(change, only_ip=True)


def pad(wrapper):
    """pad[:min=60,fcs=1]   Ethernet's least length, filled with zeros after the IP packet; fcs=1: four bytes of check sequence"""
    least, check = wrapper.number_of("min", "60"), wrapper.options.get("fcs") == "1"

    def change(frame, _):
        data = frame.data + bytes(max(0, least - len(frame.data)))
        return data + (b"\xde\xad\xbe\xef" if check else b"")

    wrapper.each(change)


def arrives_with(wrapper):
    """hops[:by=-1]   the IP packet as a later router would see it"""
    by = wrapper.number_of("by", "-1")

    def change(frame, _):
        at, _ = ip_offset(ETHERNET, frame.data)
        ip = Ip.parse(frame.data[at:])
        ip.set_hops(max(1, ip.hops() + by))
        return frame.data[:at] + ip.bytes()

    wrapper.each(change, only_ip=True)


OPERATIONS = {
    "vlan": vlan,
    "qinq": qinq,
    "mpls": mpls,
    "pppoe": pppoe,
    "gre": gre,
    "erspan2": erspan2,
    "erspan3": erspan3,
    "ipip": ipip,
    "vxlan": vxlan,
    "geneve": geneve,
    "gtpu": gtpu,
    "pad": pad,
    "hops": arrives_with,
}
