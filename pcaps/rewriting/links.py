# SPDX-License-Identifier: Apache-2.0
"""Other link types than Ethernet around the same packets."""

import struct

from .capfile import ETHERNET, RAW, CaptureError
from .packet import IPV4, IPV6, LOOP, NULL, PPP, RADIOTAP, SLL, SLL2, ip_offset
from .wraps import Wrapper

PPP_PROTOCOL = {IPV4: 0x0021, IPV6: 0x0057}
# Address families of IPv6 in BSD's null header differ: 24 NetBSD, 28 FreeBSD, 30 macOS.
FAMILY_IPV4, FAMILY_IPV6 = 2, 30
USER0, DLT_IEEE802_11, DLT_PPP_HDLC, DLT_IPV4, DLT_IPV6 = 147, 105, 50, 228, 229


def carried_ip(frame):
    at, kind = ip_offset(ETHERNET, frame.data)
    return (None, 0) if at is None else (frame.data[at:], kind)


def cooked_v1(frame, way):
    head = struct.pack(">HHH", 4 if way else 0, 1, 6) + frame.data[6:12] + bytes(2)
    return head + frame.data[12:]


def cooked_v2(frame, way):
    return frame.data[12:14] + struct.pack(">HIHBB", 0, 2, 1, 4 if way else 0, 6) + frame.data[6:12] + bytes(2) + frame.data[14:]


def raw(frame, _):
    return carried_ip(frame)[0]


def null(frame, _):
    carried, kind = carried_ip(frame)
    return carried and struct.pack("<I", FAMILY_IPV4 if kind == IPV4 else FAMILY_IPV6) + carried


def null_big_endian(frame, _):
    carried, kind = carried_ip(frame)
    return carried and struct.pack(">I", FAMILY_IPV4 if kind == IPV4 else FAMILY_IPV6) + carried


def ppp(frame, _):
    carried, kind = carried_ip(frame)
    return carried and struct.pack(">H", PPP_PROTOCOL[kind]) + carried


def ppp_hdlc(frame, way):
    carried = ppp(frame, way)
    return carried and b"\xff\x03" + carried


def wifi(frame, way):
    """An 802.11 QoS data frame: to the access point from the client, from it to the client; LLC/SNAP within."""
    target, source, access_point = frame.data[:6], frame.data[6:12], bytes.fromhex("00005e0053c1")
    control = 0x0288 if way else 0x0188
    addresses = target + access_point + source if way else access_point + source + target
    head = struct.pack(">H", control << 8 & 0xFF00 | control >> 8) + bytes(2) + addresses + bytes(2) + bytes(2)
    return head + b"\xaa\xaa\x03\0\0\0" + frame.data[12:]


def radiotap(frame, way):
    """A radiotap header with flags, rate and channel before the 802.11 frame."""
    fields = struct.pack("<BBHH", 0, 12, 2437, 0x00C0)
    return struct.pack("<BBHI", 0, 0, 8 + len(fields), 0b1110) + fields + wifi(frame, way)


def radiotap_fcs(frame, way):
    """The same, with the header's flag and the four bytes of check sequence at the end."""
    fields = struct.pack("<BBHH", 0x10, 12, 2437, 0x00C0)
    return struct.pack("<BBHI", 0, 0, 8 + len(fields), 0b1110) + fields + wifi(frame, way) + b"\xde\xad\xbe\xef"


def unchanged(frame, _):
    return frame.data


TYPES = {
    "sll": (SLL, cooked_v1),
    "sll2": (SLL2, cooked_v2),
    "raw": (RAW, raw),
    "ipv4": (DLT_IPV4, raw),
    "ipv6": (DLT_IPV6, raw),
    "null": (NULL, null),
    "null-be": (NULL, null_big_endian),
    "loop": (LOOP, null_big_endian),
    "ppp": (PPP, ppp),
    "ppp-hdlc": (DLT_PPP_HDLC, ppp_hdlc),
    "80211": (DLT_IEEE802_11, wifi),
    "radiotap": (RADIOTAP, radiotap),
    "radiotap-fcs": (RADIOTAP, radiotap_fcs),
    "user0": (USER0, unchanged),
}


def link(capture, options):
    """link:type=sll|sll2|raw|ipv4|ipv6|null|null-be|loop|ppp|ppp-hdlc|80211|radiotap|radiotap-fcs|user0

    Frames that the link type cannot carry (ARP on a raw IP link) are left out. user0 is a link type that nobody reads.
    """
    name = options.get("type")
    if name not in TYPES:
        raise CaptureError(f"link: type={name} is not known; one of {', '.join(TYPES)}")
    number, change = TYPES[name]
    wrapper = Wrapper(capture, options)
    frames = []
    for frame in capture.frames:
        data = change(frame, wrapper.way(frame))
        if data:
            frames.append(frame.with_data(data))
    capture.link, capture.frames = number, frames


OPERATIONS = {"link": link}
