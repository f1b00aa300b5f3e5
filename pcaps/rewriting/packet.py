# SPDX-License-Identifier: Apache-2.0
"""A frame taken apart into link, IP and TCP, and put together again with right lengths and checksums."""

import dataclasses
import ipaddress
import struct

from .capfile import ETHERNET, RAW

SLL, SLL2, NULL, LOOP, PPP, RADIOTAP = 113, 276, 0, 108, 9, 127
IPV4, IPV6, VLAN, QINQ = 0x0800, 0x86DD, 0x8100, 0x88A8
TCP, UDP, FRAGMENT = 6, 17, 44
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def checksum(*parts):
    data = b"".join(parts)
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip_offset(link, data):
    """Where the IP header starts and its ethertype; (None, 0) for anything else."""
    if link == ETHERNET and len(data) >= 14:
        at, kind = 14, struct.unpack(">H", data[12:14])[0]
        while kind in (VLAN, QINQ) and len(data) >= at + 4:
            kind = struct.unpack(">H", data[at + 2 : at + 4])[0]
            at += 4
    elif link == SLL and len(data) >= 16:
        at, kind = 16, struct.unpack(">H", data[14:16])[0]
    elif link == SLL2 and len(data) >= 20:
        at, kind = 20, struct.unpack(">H", data[:2])[0]
    elif link == RAW and data:
        at, kind = 0, {4: IPV4, 6: IPV6}.get(data[0] >> 4, 0)
    else:
        return None, 0
    return (at, kind) if kind in (IPV4, IPV6) else (None, 0)


@dataclasses.dataclass
class Ip:
    """An IP packet without extension headers (IPv6) or with its options untouched (IPv4)."""

    version: int
    header: bytes
    source: bytes
    target: bytes
    protocol: int
    payload: bytes
    padding: bytes
    is_fragment: bool

    @staticmethod
    def parse(data):
        if len(data) >= 20 and data[0] >> 4 == 4:
            size, total = (data[0] & 15) * 4, struct.unpack(">H", data[2:4])[0]
            total = total if size <= total <= len(data) else len(data)
            fragment = struct.unpack(">H", data[6:8])[0] & 0x3FFF != 0
            return Ip(4, data[:size], data[12:16], data[16:20], data[9], data[size:total], data[total:], fragment)
        if len(data) >= 40 and data[0] >> 4 == 6:
            total = 40 + struct.unpack(">H", data[4:6])[0]
            total = total if total <= len(data) else len(data)
            return Ip(6, data[:40], data[8:24], data[24:40], data[6], data[40:total], data[total:], data[6] == FRAGMENT)
        return None

    def pseudo_header(self, length):
        if self.version == 4:
            return self.source + self.target + struct.pack(">BBH", 0, self.protocol, length)
        return self.source + self.target + struct.pack(">II", length, self.protocol)

    def bytes(self):
        """The packet with its length and, for IPv4, its header checksum made right."""
        head = bytearray(self.header)
        if self.version == 4:
            head[2:4] = struct.pack(">H", len(head) + len(self.payload))
            head[10:12] = bytes(2)
            head[10:12] = struct.pack(">H", checksum(bytes(head)))
        else:
            head[4:6] = struct.pack(">H", len(self.payload))
        return bytes(head) + self.payload + self.padding

    def identification(self):
        return struct.unpack(">H", self.header[4:6])[0]

    def set_identification(self, value):
        if self.version == 4:
            self.header = self.header[:4] + struct.pack(">H", value & 0xFFFF) + self.header[6:]

    def set_hops(self, value):
        at = 8 if self.version == 4 else 7
        self.header = self.header[:at] + bytes([value]) + self.header[at + 1 :]

    def hops(self):
        return self.header[8 if self.version == 4 else 7]


@dataclasses.dataclass
class Segment:
    """A TCP segment within its frame."""

    link: int
    before: bytes
    ip: Ip
    source_port: int
    target_port: int
    seq: int
    ack: int
    flags: int
    rest: bytes  # window, checksum, urgent pointer
    options: bytes
    payload: bytes
    cut: int  # bytes that the snaplen took

    @staticmethod
    def parse(link, frame):
        """The segment in a frame, or None when there is no whole TCP header in it."""
        at, _ = ip_offset(link, frame.data)
        ip = Ip.parse(frame.data[at:]) if at is not None else None
        if ip is None or ip.protocol != TCP or ip.is_fragment or len(ip.payload) < 20:
            return None
        data = ip.payload
        source, target, seq, ack, offset, flags = struct.unpack(">HHIIBB", data[:14])
        size = (offset >> 4) * 4
        if not 20 <= size <= len(data):
            return None
        cut = frame.wire - len(frame.data)
        return Segment(link, frame.data[:at], ip, source, target, seq, ack, flags, data[14:20], data[20:size], data[size:], cut)

    def flow(self):
        """(source, target) ends of this segment."""
        return (self.ip.source, self.source_port), (self.ip.target, self.target_port)

    def span(self):
        """Sequence numbers that the segment takes."""
        return len(self.payload) + self.cut + (1 if self.flags & SYN else 0) + (1 if self.flags & FIN else 0)

    def bytes(self):
        """The frame's bytes; the TCP checksum is made right unless bytes are missing."""
        size = 20 + len(self.options)
        head = struct.pack(">HHIIBB", self.source_port, self.target_port, self.seq, self.ack, size // 4 << 4, self.flags)
        tcp = head + self.rest + self.options + self.payload
        if not self.cut:
            tcp = tcp[:16] + bytes(2) + tcp[18:]
            tcp = tcp[:16] + struct.pack(">H", checksum(self.ip.pseudo_header(len(tcp)), tcp)) + tcp[18:]
        return self.before + dataclasses.replace(self.ip, payload=tcp).bytes()


def client_ends(capture):
    """{frozenset of the two ends: the client's end} for each TCP connection of the capture.

    The client is who sent a SYN without ACK; where the handshake is missing, who has the higher port.
    """
    clients = {}
    guesses = {}
    for frame in capture.frames:
        segment = Segment.parse(capture.link, frame)
        if segment is None:
            continue
        source, target = segment.flow()
        key = frozenset((source, target))
        if segment.flags & (SYN | ACK) == SYN:
            clients.setdefault(key, source)
        guesses.setdefault(key, source if source[1] > target[1] else target)
    return {**guesses, **clients}


def direction_of(clients, segment):
    """'c2s' or 's2c'."""
    source, target = segment.flow()
    return "c2s" if clients[frozenset((source, target))] == source else "s2c"


def udp(source_ip, target_ip, source_port, target_port, payload):
    """A UDP datagram; over IPv6 with checksum, over IPv4 without, as tunnels send it."""
    head = struct.pack(">HHHH", source_port, target_port, 8 + len(payload), 0)
    if len(source_ip) == 4:
        return head + payload
    pseudo = source_ip + target_ip + struct.pack(">II", 8 + len(payload), UDP)
    return head[:6] + struct.pack(">H", checksum(pseudo, head, payload) or 0xFFFF) + payload


def ip_packet(source, target, protocol, payload, identification=0):
    """An IP packet between two textual addresses of one family."""
    one, other = ipaddress.ip_address(source).packed, ipaddress.ip_address(target).packed
    if len(one) == 4:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 0, identification & 0xFFFF, 0, 64, protocol, 0) + one + other
        return Ip(4, head, one, other, protocol, payload, b"", False).bytes()
    head = struct.pack(">IHBB", 6 << 28, 0, protocol, 64) + one + other
    return Ip(6, head, one, other, protocol, payload, b"", False).bytes()
