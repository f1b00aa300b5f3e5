#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One side of a simultaneous open: both_connect.py asks|answers OWN:PORT PEER:PORT. Neither side listens."""

import socket
import sys


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def main():
    role, own, peer = sys.argv[1], address(sys.argv[2]), address(sys.argv[3])
    sock = socket.socket()
    sock.settimeout(10)
    sock.bind(own)
    sock.connect(peer)
    if role == "asks":
        for path in ("one", "two"):
            sock.sendall(f"GET /{path} HTTP/1.1\r\nHost: peer\r\n\r\n".encode())
            while b"\r\n\r\n" not in sock.recv(4096):
                pass
    else:
        for _ in range(2):
            while b"\r\n\r\n" not in sock.recv(4096):
                pass
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")
        sock.recv(1)
    sock.close()


main()
