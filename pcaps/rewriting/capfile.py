# SPDX-License-Identifier: Apache-2.0
"""Capture files: pcap and simple pcapng, read into frames and written from them. Times are integers in nanoseconds."""

import dataclasses
import struct

PCAP_MICRO, PCAP_NANO, PCAPNG_SECTION = 0xA1B2C3D4, 0xA1B23C4D, 0x0A0D0D0A
INTERFACE_BLOCK, ENHANCED_PACKET_BLOCK = 1, 6
BYTE_ORDER_MAGIC = 0x1A2B3C4D
OPT_SHB_HARDWARE, OPT_SHB_OS, OPT_SHB_USERAPPL = 2, 3, 4
OPT_IF_NAME, OPT_IF_TSRESOL, OPT_IF_OS, OPT_IF_HARDWARE = 2, 9, 12, 15

ETHERNET, RAW = 1, 101


class CaptureError(Exception):
    """A file or an option that cannot be used; its text is for the user."""


@dataclasses.dataclass
class Frame:
    """One captured frame. `wire` is its length on the wire, which is more than len(data) where a snaplen cut it."""

    time: int
    data: bytes
    wire: int = -1

    def __post_init__(self):
        if self.wire < 0:
            self.wire = len(self.data)

    def with_data(self, data):
        """The same moment and the same cut-off, other bytes."""
        return Frame(self.time, data, len(data) + max(0, self.wire - len(self.data)))


@dataclasses.dataclass
class Capture:
    link: int
    frames: list
    snaplen: int = 262144


@dataclasses.dataclass
class Format:
    """How a capture is written. `resolutions` are pcapng's if_tsresol bytes, one interface each, used in turn."""

    pcapng: bool = False
    nano: bool = False
    big_endian: bool = False
    resolutions: tuple = (6,)


def read(path):
    with open(path, "rb") as file:
        blob = file.read()
    if len(blob) < 24:
        raise CaptureError(f"{path}: too short for a capture file")
    for order in "<>":
        magic = struct.unpack(order + "I", blob[:4])[0]
        if magic in (PCAP_MICRO, PCAP_NANO):
            return read_pcap(blob, order, 1 if magic == PCAP_NANO else 1000)
    if struct.unpack("<I", blob[:4])[0] == PCAPNG_SECTION:
        return read_pcapng(blob, path)
    raise CaptureError(f"{path}: neither pcap nor pcapng")


def read_pcap(blob, order, unit):
    snaplen, link = struct.unpack(order + "II", blob[16:24])
    frames, at = [], 24
    while at + 16 <= len(blob):
        seconds, fraction, length, wire = struct.unpack(order + "IIII", blob[at : at + 16])
        at += 16
        if at + length > len(blob):
            break
        frames.append(Frame(seconds * 10**9 + fraction * unit, blob[at : at + length], wire))
        at += length
    return Capture(link, frames, snaplen)


def blocks_of(blob):
    """Yields (byte order, type, body) of each pcapng block."""
    order, at = "<", 0
    while at + 12 <= len(blob):
        if struct.unpack("<I", blob[at : at + 4])[0] == PCAPNG_SECTION:
            order = "<" if struct.unpack("<I", blob[at + 8 : at + 12])[0] == BYTE_ORDER_MAGIC else ">"
        kind, length = struct.unpack(order + "II", blob[at : at + 8])
        if length < 12 or at + length > len(blob):
            return
        yield order, kind, blob[at + 8 : at + length - 4]
        at += length


def options_of(order, body):
    at = 0
    while at + 4 <= len(body):
        code, length = struct.unpack(order + "HH", body[at : at + 4])
        if code == 0:
            return
        yield code, body[at + 4 : at + 4 + length]
        at += 4 + (length + 3) // 4 * 4


def ticks_a_second(resolution):
    return 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution


def read_pcapng(blob, path):
    interfaces, frames, links = [], [], set()
    for order, kind, body in blocks_of(blob):
        if kind == PCAPNG_SECTION:
            interfaces = []
        elif kind == INTERFACE_BLOCK:
            resolution = 6
            for code, value in options_of(order, body[8:]):
                if code == OPT_IF_TSRESOL:
                    resolution = value[0]
            links.add(struct.unpack(order + "H", body[:2])[0])
            interfaces.append(ticks_a_second(resolution))
        elif kind == ENHANCED_PACKET_BLOCK:
            number, high, low, length, wire = struct.unpack(order + "IIIII", body[:20])
            time = ((high << 32 | low) * 10**9) // interfaces[number]
            frames.append(Frame(time, body[20 : 20 + length], wire))
    if len(links) != 1:
        raise CaptureError(f"{path}: {len(links)} link types in one file; only one is handled")
    return Capture(links.pop(), frames)


def write(path, capture, form):
    blob = pcapng_bytes(capture, form) if form.pcapng else pcap_bytes(capture, form)
    with open(path, "wb") as file:
        file.write(blob)


def pcap_bytes(capture, form):
    order = ">" if form.big_endian else "<"
    magic, unit = (PCAP_NANO, 1) if form.nano else (PCAP_MICRO, 1000)
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, capture.snaplen, capture.link)]
    for frame in capture.frames:
        seconds, rest = divmod(frame.time, 10**9)
        out.append(struct.pack(order + "IIII", seconds, rest // unit, len(frame.data), frame.wire) + frame.data)
    return b"".join(out)


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def pcapng_bytes(capture, form):
    order = ">" if form.big_endian else "<"
    resolutions = (9,) if form.nano and form.resolutions == (6,) else form.resolutions
    out = [section_block(order, option(order, OPT_SHB_USERAPPL, b"rewrite.py"))]
    for number, resolution in enumerate(resolutions):
        options = option(order, OPT_IF_NAME, b"tap%d" % number) + option(order, OPT_IF_TSRESOL, bytes([resolution]))
        body = struct.pack(order + "HHI", capture.link, 0, capture.snaplen) + options + bytes(4)
        out.append(block(order, INTERFACE_BLOCK, body))
    for number, frame in enumerate(capture.frames):
        interface = number % len(resolutions)
        ticks = frame.time * ticks_a_second(resolutions[interface]) // 10**9
        head = struct.pack(order + "IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(frame.data), frame.wire)
        out.append(block(order, ENHANCED_PACKET_BLOCK, head + frame.data))
    return b"".join(out)


def section_block(order, options):
    head = struct.pack(order + "IHHq", BYTE_ORDER_MAGIC, 1, 0, -1)
    return block(order, PCAPNG_SECTION, head + options + (bytes(4) if options else b""))


def strip_host(blob, path):
    """A pcapng file without what its writer told of the machine; all else is kept as it was."""
    if struct.unpack("<I", blob[:4])[0] != PCAPNG_SECTION:
        raise CaptureError(f"{path}: --strip-host is for pcapng files")
    out = []
    for order, kind, body in blocks_of(blob):
        if kind == PCAPNG_SECTION:
            out.append(section_block(order, kept_options(order, body[16:], {OPT_SHB_HARDWARE, OPT_SHB_OS})))
        elif kind == INTERFACE_BLOCK:
            options = kept_options(order, body[8:], {OPT_IF_OS, OPT_IF_HARDWARE})
            out.append(block(order, kind, body[:8] + options + (bytes(4) if options else b"")))
        else:
            out.append(block(order, kind, body))
    return b"".join(out)


def kept_options(order, body, unwanted):
    return b"".join(option(order, code, value) for code, value in options_of(order, body) if code not in unwanted)
