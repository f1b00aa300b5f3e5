#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A TCP client that does to the letter what it is told: wire.py [-s ADDR:PORT] HOST PORT STEP...

Steps, in order:
  send TEXT        one write; \\r \\n \\xHH escapes
  drip MS TEXT     one byte a write, MS milliseconds apart
  body N           one write of N bytes
  pour N MS        N bytes in writes of 1000, MS milliseconds apart; ends early when the peer stops taking
  read SECONDS     reads until nothing came for that long
  until TEXT       reads until TEXT came
  slowly N MS      reads in steps of N bytes, MS milliseconds apart, until nothing comes
  eof              reads until the server closes
  pause SECONDS
  fin              closes the sending half
  rst              closes with a reset
  option NAME N    before connecting: rcvbuf, keepidle, nodelay, reuse
"""

import re
import socket
import struct
import sys
import time


def unescape(text):
    table = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}

    def one(match):
        code = match.group(1)
        return bytes([int(code[1:], 16)]) if code[0] == 0x78 else table[code.decode()]

    return re.sub(rb"\\(x[0-9a-fA-F]{2}|[rnt0\\])", one, text.encode())


class Wire:
    def __init__(self, host, port, source, options):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        for name, value in options:
            self.option(name, value)
        if source:
            address, source_port = source.rsplit(":", 1)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.sock.bind((address, int(source_port)))
        self.sock.settimeout(15)
        self.sock.connect((host, port))

    def option(self, name, value):
        tcp = socket.IPPROTO_TCP
        if name == "rcvbuf":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, value)
        elif name == "nodelay":
            self.sock.setsockopt(tcp, socket.TCP_NODELAY, value)
        elif name == "keepidle":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self.sock.setsockopt(tcp, socket.TCP_KEEPIDLE, value)
            self.sock.setsockopt(tcp, socket.TCP_KEEPINTVL, value)
        else:
            sys.exit(f"wire.py: no option {name}")

    def receive(self, seconds, step=65536):
        self.sock.settimeout(seconds)
        try:
            return self.sock.recv(step)
        except (TimeoutError, ConnectionResetError):
            return b""

    def run(self, word, take):
        if word == "send":
            self.sock.sendall(unescape(take()))
        elif word == "drip":
            wait = int(take()) / 1000
            for byte in unescape(take()):
                self.sock.sendall(bytes([byte]))
                time.sleep(wait)
        elif word == "body":
            self.sock.sendall(b"b" * int(take()))
        elif word == "pour":
            left, wait = int(take()), int(take()) / 1000
            try:
                while left > 0:
                    self.sock.sendall(b"p" * min(left, 1000))
                    left -= 1000
                    time.sleep(wait)
            except (BrokenPipeError, ConnectionResetError, TimeoutError):
                pass
        elif word == "read":
            seconds = float(take())
            while self.receive(seconds):
                pass
        elif word == "until":
            wanted, got = unescape(take()), b""
            while wanted not in got:
                more = self.receive(10)
                if not more:
                    sys.exit(f"wire.py: the server closed before {wanted!r}")
                got += more
        elif word == "slowly":
            step, wait = int(take()), int(take()) / 1000
            while self.receive(1.5, step):
                time.sleep(wait)
        elif word == "eof":
            while self.receive(15):
                pass
        elif word == "pause":
            time.sleep(float(take()))
        elif word == "fin":
            self.sock.shutdown(socket.SHUT_WR)
        elif word == "rst":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.sock.close()
        else:
            sys.exit(f"wire.py: no step {word}")


def main():
    words = sys.argv[1:]
    if len(words) < 2:
        sys.exit(__doc__)
    source, options = None, []
    take = lambda: words.pop(0)
    if words[0] == "-s":
        take()
        source = take()
    host, port = take(), int(take())
    while words and words[0] == "option":
        take()
        options.append((take(), int(take())))
    wire = Wire(host, port, source, options)
    while words:
        wire.run(take(), take)
    wire.sock.close()


main()
