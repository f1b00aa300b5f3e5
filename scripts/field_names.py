#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""field_names.py: writes analyzer/field_name_table.h, by which a field's name is found with one look: a hash of its
first and last bytes that no two of the names in analyzer/field_name.c share. To be run when one was added; the test
unit.test_field_name says so."""
import os
import random
import re
import struct

ANALYZER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "analyzer")
BITS = 11
MASK = (1 << 64) - 1
LOWER = 0x2020202020202020


def words(name):
    """As field_name.c takes them."""
    if len(name) >= 8:
        front, back = struct.unpack("<Q", name[:8])[0], struct.unpack("<Q", name[-8:])[0]
    elif len(name) >= 4:
        front, back = struct.unpack("<I", name[:4])[0], struct.unpack("<I", name[-4:])[0]
    else:
        front, back = name[0] | name[len(name) // 2] << 8, name[-1]
    return front | LOWER, (back | LOWER) + len(name)


def hashes(keys, a, b):
    return [((front * a & MASK) ^ (back * b & MASK)) >> (64 - BITS) for front, back in keys]


def main():
    with open(os.path.join(ANALYZER, "field_name.c"), encoding="utf-8") as file:
        names = re.findall(r'\[(FIELD_NAME_\w+)\] = NAME\("([^"]+)"\)', file.read())
    keys = [words(text.encode()) for _, text in names]
    dice = random.Random(1)
    places = []
    while len(set(places)) != len(names):
        a, b = dice.getrandbits(64) | 1, dice.getrandbits(64) | 1
        places = hashes(keys, a, b)
    with open(os.path.join(ANALYZER, "field_name_table.h"), "w", encoding="utf-8") as file:
        file.write("/* SPDX-License-Identifier: Apache-2.0 */\n/* Written by scripts/field_names.py. Private to field_name.c. */\n"
                   "#ifndef HARK_ANALYZER_FIELD_NAME_TABLE_H\n#define HARK_ANALYZER_FIELD_NAME_TABLE_H\n\n"
                   '#include "analyzer/field_name.h"\n\n'
                   f"enum {{ NAME_HASH_BITS = {BITS} }};\n#define NAME_HASH_FRONT UINT64_C(0x{a:016x})\n#define NAME_HASH_BACK  UINT64_C(0x{b:016x})\n\n"
                   "/* By hash; FIELD_NAME_OTHER where no name has it. */\n"
                   "static const uint8_t name_by_hash[1 << NAME_HASH_BITS] = {\n")
        file.writelines(f"    [{place}] = {name},\n" for place, (name, _) in sorted(zip(places, names)))
        file.write("};\n\n#endif\n")


if __name__ == "__main__":
    main()
