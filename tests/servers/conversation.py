# SPDX-License-Identifier: Apache-2.0
"""Writes what two ends say to each other as a capture: one TCP connection, a packet each time somebody speaks."""
import json  # noqa: F401 (its users read records)
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "pcaps"))
from rewriting.packet import checksum  # noqa: E402

ADDRESSES = {"client": (bytes([192, 0, 2, 10]), 40000), "server": (bytes([192, 0, 2, 20]), 80)}
FIN, SYN, PSH, ACK = 1, 2, 8, 16


def packet(speaker, numbers, flags, payload=b""):
    other = "server" if speaker == "client" else "client"
    (source, source_port), (target, target_port) = ADDRESSES[speaker], ADDRESSES[other]
    ack = numbers[other] if flags & ACK else 0
    tcp = struct.pack(">HHIIBBHHH", source_port, target_port, numbers[speaker] & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 65535, 0, 0)
    pseudo = source + target + struct.pack(">BBH", 0, 6, len(tcp) + len(payload))
    tcp = tcp[:16] + struct.pack(">H", checksum(pseudo, tcp, payload)) + tcp[18:]
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0x4000, 64, 6, 0, source, target)
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    numbers[speaker] += len(payload) + (1 if flags & (SYN | FIN) else 0)
    return b"\x00\x00\x5e\x00\x53\x20\x00\x00\x5e\x00\x53\x10\x08\x00" + ip + tcp + payload


def write(path, turns):
    """`turns`: ("client" or "server", bytes), in order; each has seen all that came before. Both ends close."""
    numbers = {"client": 1000, "server": 5000}
    frames = [packet("client", numbers, SYN), packet("server", numbers, SYN | ACK), packet("client", numbers, ACK)]
    frames += [packet(speaker, numbers, PSH | ACK, data) for speaker, data in turns]
    frames += [packet("server", numbers, FIN | ACK), packet("client", numbers, FIN | ACK), packet("server", numbers, ACK)]
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number, frame in enumerate(frames):
            file.write(struct.pack("<IIII", 1700000000, number * 1000, len(frame), len(frame)) + frame)
