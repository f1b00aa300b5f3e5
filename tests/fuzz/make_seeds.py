#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_seeds.py: first inputs for the fuzz harnesses, in the form that each reads. For decode the first frames of each link
type, tag and tunnel in the captures of pcaps/, and frames made by its grammar; for conversation and h1 some hundred steps of
their grammars, chosen at random from a fixed seed; for capture_file small files of every form, in both byte orders. They go to corpus/<what>, which `scripts/fuzz.sh --minimise` then thins out."""
import glob
import os
import random
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
# As link_types of fuzz_decode.c: the number that a capture file has for each, in its order.
LINK_TYPES = [1, 113, 276, 101, 0, 108, 9, 105, 127, 228, 229, 50]
FRAMES = 5


def frames(path):
    with open(path, "rb") as file:
        data = file.read()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}.get(data[:4])
    if order is None:
        return None, []
    link_type, at, found = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF, 24, []
    while at + 16 <= len(data) and len(found) < FRAMES:
        length = struct.unpack_from(order + "I", data, at + 8)[0]
        found.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return link_type, found


def save(what, name, content):
    folder = os.path.join(HERE, "corpus", what)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)


def captured_frames():
    for path in sorted(glob.glob(os.path.join(HERE, "..", "..", "pcaps", "*.pcap"))):
        name = os.path.basename(path)
        if not name.startswith(("wrap-", "link-", "frag", "ipv6", "tiny")):
            continue
        link_type, found = frames(path)
        if link_type in LINK_TYPES:
            save("decode", name[:-len(".pcap")],
                 bytes([LINK_TYPES.index(link_type), 0]) + b"".join(struct.pack(">HB", len(f), 0) + f for f in found if len(f) < 1600))


def some_bytes(chance, count):
    return bytes(chance.randrange(256) for _ in range(count))


def made_frames(chance):
    for number in range(40):
        seed = bytes([0, 16 | chance.choice([0, 0, 1, 2, 3, 4])])
        for _ in range(chance.randint(1, 6)):
            layers = chance.randint(0, 8)
            seed += bytes([chance.choice([0, 0, 0, 1, 2, 12, 132]), layers]) + some_bytes(chance, 13 + 4 * layers)
        save("decode", f"made-{number}", seed)


# Steps of conversation.c: code, bytes that follow, how often.
STEPS = {"exchange": (0, 2, 8), "request": (1, 1, 4), "response": (2, 1, 4), "handshake": (3, 0, 2), "fault": (4, 2, 6), "time": (5, 1, 3),
         "fin": (6, 1, 1), "ack": (7, 1, 2), "repeat": (8, 4, 3), "reset": (9, 1, 1), "syntax": (10, 12, 1), "forged": (11, 4, 1),
         "link": (12, 1, 1), "wrap": (13, 0, 1), "pause": (14, 1, 1), "interim": (15, 1, 2)}


def conversations(chance):
    honest = [step for name, step in STEPS.items() if name not in ("syntax", "forged")]
    for number in range(120):
        steps = list(STEPS.values()) if number % 4 == 0 else honest
        seed = bytes([chance.choice([0, 0, 1, 3])])
        for code, follow, _ in chance.choices(steps, [step[2] for step in steps], k=chance.randint(4, 40)):
            seed += bytes([code | chance.choice([0, 0, 0, 16, 32])]) + some_bytes(chance, follow)
        save("conversation", f"made-{number}", seed)


def lexer_grammar(chance):
    for number in range(60):
        pieces = bytes([chance.choice([8, 9, 10, 13]), 2]) + some_bytes(chance, 2)
        for _ in range(chance.randint(2, 14)):
            pieces += bytes([chance.choice([0, 1, 2, 3, 4, 5, 5, 7, 7, 8, 8, 9, 12, 13, 13, 14, 15]) | 32 * chance.choice([0, 0, 0, 3, 7, 1, 2])])
            pieces += some_bytes(chance, chance.randint(1, 2))
        save("h1", f"made-{number}", pieces)


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def pcapng(order, link_types=(1,), options=b"", snapshot=0):
    section = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    return section + b"".join(block(order, 1, struct.pack(order + "HHI", kind, 0, snapshot) + options) for kind in link_types)


def packet(order, interface, ticks, data, old=False):
    head = struct.pack(order + "HH", interface, 3) if old else struct.pack(order + "I", interface)
    return block(order, 2 if old else 6, head + struct.pack(order + "IIII", ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data) + 5) + data)


def capture_files():
    data = bytes(range(1, 31))
    for order, name in (("<", "little"), (">", "big")):
        for magic in (0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34):
            for version in ((2, 4), (2, 3), (2, 2), (543, 0)):
                head = struct.pack(order + "IHHIIII", magic, *version, 0, 0, 65535, 1 if version[1] else 101)
                lengths = (30, 40) if version[1] > 2 else (40, 30)
                record = struct.pack(order + "IIII", 1700000000, 999999, *lengths) + (b"\0" * 8 if magic == 0xA1B2CD34 else b"") + data
                save("capture_file", f"pcap-{magic:x}-{version[0]}.{version[1]}-{name}", head + 2 * record)
        for resolution in (0, 3, 9, 12, 19, 0x80, 0x94, 0xA8, 0xBF):
            options = option(order, 9, bytes([resolution])) + option(order, 14, struct.pack(order + "q", -7)) + option(order, 0, b"")
            save("capture_file", f"clock-{resolution:x}-{name}", pcapng(order, options=options) + packet(order, 0, 1 << 60 | 12345, data))
        every = pcapng(order, snapshot=20) + packet(order, 0, 1, data[:20]) + packet(order, 0, 2, data[:19], old=True)
        every += block(order, 3, struct.pack(order + "I", 30) + data[:20])
        for kind in (4, 5, 9, 10, 0xBAD, 0x40000BAD, 0x204, 0x7777):
            every += block(order, kind, data)
        save("capture_file", f"every-{name}", every)
        mixed = pcapng(order, (1, 101, 113)) + b"".join(packet(order, i % 3, i, data) for i in range(5))
        save("capture_file", f"mixed-{name}", mixed)
        other = "<" if order == ">" else ">"
        save("capture_file", f"sections-{name}", mixed + pcapng(other, (101,)) + packet(other, 0, 9, data) + pcapng(order) + packet(order, 0, 9, data))


def main():
    capture_files()
    captured_frames()
    made_frames(random.Random(1))
    conversations(random.Random(2))
    lexer_grammar(random.Random(3))


if __name__ == "__main__":
    main()
