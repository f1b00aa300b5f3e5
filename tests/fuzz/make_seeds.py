#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_seeds.py: takes the seeds of fuzz_decode from the captures of pcaps/: of each link type, tag and tunnel the first frames,
in the form that the harness reads."""
import glob
import os
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


def main():
    folder = os.path.join(HERE, "corpus", "decode")
    os.makedirs(folder, exist_ok=True)
    written = 0
    for path in sorted(glob.glob(os.path.join(HERE, "..", "..", "pcaps", "*.pcap"))):
        name = os.path.basename(path)
        if not name.startswith(("wrap-", "link-", "frag", "ipv6", "tiny")):
            continue
        link_type, found = frames(path)
        if link_type not in LINK_TYPES:
            continue
        seed = bytes([LINK_TYPES.index(link_type), 0]) + b"".join(struct.pack(">HB", len(f), 0) + f for f in found if len(f) < 1600)
        with open(os.path.join(folder, name[:-len(".pcap")]), "wb") as file:
            file.write(seed)
        written += 1
    print(f"{written} seeds in {os.path.relpath(folder)}")


if __name__ == "__main__":
    main()
