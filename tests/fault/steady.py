#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""steady.py --fault HARK_FAULT

Under a steady load a transaction allocates nothing: with twice as many on its connections, hark makes as many calls of the allocator,
whoever in the process makes them."""
import argparse
import os
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import material  # noqa: E402
from material import capfile, harness  # noqa: E402

NEVER = 1 << 60  # the number of the call that fails
MANY = 2000  # transactions that certainly make it steady
CONNECTIONS = 4
SYN, ACK, FIN = 0x02, 0x10, 0x01


def messages(number):
    """A request and its response, each as the packets it comes in: all that has memory of its own on the way."""
    fields = b"".join(b"X-Field-%d: value %d\r\n" % (i, number) for i in range(40))
    cookie = b"Cookie: " + b"session=" + b"a%d" % number * 300 + b"\r\n"
    get = b"GET /path/%d?query=%d&token=%%41%d HTTP/1.1\r\nHost: 192.0.2.%d\r\nUser-Agent: steady\r\n" % (number, number, number, number % 256)
    post = b"POST /path/%d HTTP/1.1\r\nHost: example.org\r\nContent-Length: 10\r\n\r\n0123456789" % number
    ok = b"HTTP/1.1 200 OK\r\nServer: test\r\nContent-Type: text/plain\r\n"
    length = ok + b"Content-Length: 5\r\n\r\nhello"
    chunked = ok + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nTrailer: %d\r\n\r\n" % number
    return [
        ([get + b"\r\n"], [length]),
        ([post], [chunked]),
        ([get + b"\r\n"], [ok + fields + b"Content-Length: 0\r\n\r\n"]),
        ([get + cookie + b"\r\n"], [length]),
        ([get[:50], get[50:] + b"\r\n"], [length[:37], length[37:72], length[72:]]),
        ([get + b"Folded: a\r\n b\r\nNo token : c\r\n\r\n"], [ok + b"ETag: \"" + b"e" * 1500 + b"\"\r\nContent-Length: 0\r\n\r\n"]),
        ([get + b"Expect: 100-continue\r\n\r\n"], [b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n", length]),
    ][number % 7]


class Talk:
    """The packets of one connection."""

    def __init__(self, capture, port):
        self.frames = capture
        self.port = port
        self.sent = [1000, 5000]
        self.packet(0, SYN)
        self.packet(1, SYN | ACK)
        self.packet(0, ACK)

    def packet(self, side, flags, payload=b""):
        ports = [self.port, 80]
        addresses = [b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"]
        tcp = struct.pack("!HHIIBBHHH", ports[side], ports[1 - side], self.sent[side], self.sent[1 - side] if flags & ACK else 0, 0x50, flags, 65535, 0, 0)
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), len(self.frames) & 0xffff, 0x4000, 64, 6, 0, addresses[side], addresses[1 - side])
        time = 1_700_000_000_000_000_000 + len(self.frames) * 1_000_000
        data = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\x00" + ip + tcp + payload
        self.frames.append(capfile.Frame(time, data, len(data)))
        self.sent[side] += len(payload) + (1 if flags & (SYN | FIN) else 0)

    def transaction(self, number):
        for side, packets in enumerate(messages(number)):
            for payload in packets:
                self.packet(side, ACK, payload)
                self.packet(1 - side, ACK)

    def end(self):
        self.packet(0, FIN | ACK)
        self.packet(1, FIN | ACK)
        self.packet(0, ACK)


def write(path, transactions):
    frames = []
    talks = [Talk(frames, 1024 + i) for i in range(CONNECTIONS)]
    for number in range(transactions):
        talks[number % CONNECTIONS].transaction(number)
    for talk in talks:
        talk.end()
    return material.write(path, capfile.Capture(capfile.ETHERNET, frames))


def calls(fault, path, transactions, options):
    """How many calls of the allocator a run makes."""
    command = [fault, "malloc", "once", str(NEVER), "1", str(NEVER), "--", "-r", path, *options]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=harness.ENVIRONMENT, check=True)
    line, output = done.stdout.split(b"\n", 1)
    _, _, count, status, out, _ = (int(word) for word in line.split())
    records = output[:out].count(b"\n")
    assert status == 0 and records == transactions, f"{path}: exit status {status}, {records} records"
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fault", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        hiding = ["--secrets=hash", "--anonymize-ip", "--redact-header=ETag", "--redact-query=query", "--secrets-key", harness.write_key(work)]
        grew = False
        less = ["--omit=semantics,network,client.mac,url.full,http.request.headers,timing.share,tcp.server,capture.request"]
        for options in ([], hiding, less):
            counts = [calls(arguments.fault, write(os.path.join(work, "steady.pcap"), many), many, options) for many in (MANY, 2 * MANY)]
            grew = grew or counts[0] != counts[1]
            print(f"{' '.join(options[:4])}: {counts[0]} allocations for {MANY} transactions, {counts[1]} for {2 * MANY}")
    return 1 if grew else 0


if __name__ == "__main__":
    sys.exit(main())
