# SPDX-License-Identifier: Apache-2.0
"""Rewrites of TCP itself: sequence numbers, segment sizes, IP fragments. Checksums are right afterwards."""

import dataclasses
import struct

from .capfile import CaptureError, Frame
from .packet import ACK, FIN, FRAGMENT, PSH, SYN, Ip, Segment, client_ends, direction_of, ip_offset

OPTION_END, OPTION_NOP, OPTION_SACK = 0, 1, 5
DONT_FRAGMENT, MORE_FRAGMENTS = 0x4000, 0x2000


def shifted_sack(options, by):
    """TCP options with every SACK edge moved."""
    out, at = bytearray(options), 0
    while at < len(options) and options[at] != OPTION_END:
        if options[at] == OPTION_NOP:
            at += 1
            continue
        length = options[at + 1] if at + 1 < len(options) else 0
        if length < 2:
            break
        if options[at] == OPTION_SACK:
            for edge in range(at + 2, at + length, 4):
                value = struct.unpack(">I", options[edge : edge + 4])[0]
                out[edge : edge + 4] = struct.pack(">I", (value + by) & 0xFFFFFFFF)
        at += length
    return bytes(out)


def first_sequences(capture, clients):
    """{(connection, direction): the first sequence number seen}"""
    first = {}
    for frame in capture.frames:
        segment = Segment.parse(capture.link, frame)
        if segment:
            key = frozenset(segment.flow()), direction_of(clients, segment)
            first.setdefault(key, segment.seq)
    return first


def seqshift(capture, options):
    """seqshift:c2s=0xffffff80,s2c=0xfffffff0   first sequence number of each direction; acks and SACK move along"""
    clients = client_ends(capture)
    first = first_sequences(capture, clients)
    starts = {way: int(options[way], 0) for way in ("c2s", "s2c") if way in options}
    if not starts:
        raise CaptureError("seqshift: give c2s= or s2c= (or both)")

    def move(connection, way):
        return starts[way] - first[connection, way] if way in starts and (connection, way) in first else 0

    for number, frame in enumerate(capture.frames):
        segment = Segment.parse(capture.link, frame)
        if segment is None:
            continue
        connection, way = frozenset(segment.flow()), direction_of(clients, segment)
        back = move(connection, "s2c" if way == "c2s" else "c2s")
        segment.seq = (segment.seq + move(connection, way)) & 0xFFFFFFFF
        if segment.flags & ACK:
            segment.ack = (segment.ack + back) & 0xFFFFFFFF
        segment.options = shifted_sack(segment.options, back)
        capture.frames[number] = dataclasses.replace(frame, data=segment.bytes())


def spaced(frames, index, datas):
    """Frames in place of frames[index]: 100 ns apart, closer where the next frame leaves less room."""
    frame = frames[index]
    room = frames[index + 1].time - frame.time if index + 1 < len(frames) else 10**9
    step = max(0, min(100, room // len(datas)))
    return [Frame(frame.time + number * step, data) for number, data in enumerate(datas)]


def resegment(capture, options):
    """resegment:size=1[,dir=c2s,overlap=N,garbage=1]   cuts TCP payloads into segments of at most that many bytes

    overlap=N: each segment but a packet's first repeats the N bytes before it; garbage=1: with other bytes than the first time.
    """
    size, overlap = int(options.get("size", "0"), 0), int(options.get("overlap", "0"), 0)
    only, garbage = options.get("dir"), options.get("garbage") == "1"
    if size < 1 or overlap < 0:
        raise CaptureError("resegment: size= must be 1 or more, overlap= 0 or more")
    clients = client_ends(capture)
    frames = []
    for index, frame in enumerate(capture.frames):
        segment = Segment.parse(capture.link, frame)
        whole = segment is None or segment.cut or len(segment.payload) <= size or segment.flags & SYN
        if whole or (only and direction_of(clients, segment) != only):
            frames.append(frame)
            continue
        datas = []
        for number, (start, data, more) in enumerate(pieces_of(segment.payload, size, overlap, garbage)):
            piece = dataclasses.replace(segment, ip=dataclasses.replace(segment.ip))
            piece.payload = data
            piece.seq = (segment.seq + start) & 0xFFFFFFFF
            if more:
                piece.flags &= ~(FIN | PSH)
            piece.ip.set_identification(segment.ip.identification() + number)
            datas.append(piece.bytes())
        frames += spaced(capture.frames, index, datas)
    capture.frames = frames


def badsum(capture, options):
    """badsum[:zero=1]   TCP checksums as offload leaves them: wrong in every packet (or zero)"""
    for number, frame in enumerate(capture.frames):
        segment = Segment.parse(capture.link, frame)
        if segment is None:
            continue
        at = len(segment.before) + len(segment.ip.header) + 16
        right = struct.unpack(">H", frame.data[at : at + 2])[0]
        wrong = 0 if options.get("zero") == "1" else right ^ 0x5A5A
        capture.frames[number] = dataclasses.replace(frame, data=frame.data[:at] + struct.pack(">H", wrong) + frame.data[at + 2 :])


def pieces_of(payload, size, overlap, garbage):
    """[(offset, bytes, more)]: parts of at most `size` bytes; each but the first reaches `overlap` bytes back."""
    parts = []
    for at in range(0, len(payload), size):
        start = max(0, at - overlap)
        data = payload[start : at + size]
        if garbage and start < at:
            data = bytes(byte ^ 0xFF for byte in data[: at - start]) + data[at - start :]
        parts.append((start, data, at + size < len(payload)))
    return parts


def fragment_4(ip, part, identification):
    start, data, more = part
    head = bytearray(ip.header)
    head[4:6] = struct.pack(">H", identification)
    head[6:8] = struct.pack(">H", (MORE_FRAGMENTS if more else 0) | start // 8)
    return dataclasses.replace(ip, header=bytes(head), payload=data, padding=b"").bytes()


def fragment_6(ip, part, identification):
    start, data, more = part
    extension = struct.pack(">BBHI", ip.protocol, 0, start | more, identification)
    head = ip.header[:6] + bytes([FRAGMENT]) + ip.header[7:]
    return dataclasses.replace(ip, header=head, payload=extension + data, padding=b"").bytes()


def frag(capture, options, random):
    """frag:size=400[,order=reverse|shuffle,overlap=8,garbage=1,twice=1]   IP fragments of the outermost IP packets

    size and overlap are in bytes and multiples of 8; garbage=1: the overlapping bytes differ from the first ones;
    twice=1: every fragment comes two times.
    """
    size, overlap = int(options.get("size", "0"), 0), int(options.get("overlap", "0"), 0)
    order, garbage = options.get("order", ""), options.get("garbage") == "1"
    if size < 8 or size % 8 or overlap % 8 or not 0 <= overlap < size or order not in ("", "reverse", "shuffle"):
        raise CaptureError("frag: size= and overlap= are multiples of 8, overlap less than size, order=reverse or shuffle")
    frames, identification = [], 0x4000
    for index, frame in enumerate(capture.frames):
        at, _ = ip_offset(capture.link, frame.data)
        ip = Ip.parse(frame.data[at:]) if at is not None else None
        if ip is None or ip.is_fragment or len(ip.payload) <= size or frame.wire > len(frame.data):
            frames.append(frame)
            continue
        identification = (identification + 1) & 0xFFFF
        cut = fragment_4 if ip.version == 4 else fragment_6
        parts = [cut(ip, part, identification) for part in pieces_of(ip.payload, size, overlap, garbage)]
        if order == "reverse":
            parts.reverse()
        elif order == "shuffle":
            random.shuffle(parts)
        if options.get("twice") == "1":
            parts = [part for part in parts for _ in range(2)]
        frames += spaced(capture.frames, index, [frame.data[:at] + part for part in parts])
    capture.frames = frames


OPERATIONS = {"seqshift": seqshift, "resegment": resegment, "badsum": badsum}
RANDOM_OPERATIONS = {"frag": frag}
