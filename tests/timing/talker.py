#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""talker.py ADDRESS PORT < STEPS: a client that does what curl can't. Each line of STEPS is JSON: ["send", TEXT], ["sleep", SECONDS], or
["answers", COUNT]: waits until that many 200 or 413 responses have come in all, or the connection is closed. Prints how many
seconds it took."""
import json
import socket
import sys
import time


def main():
    heard = b""
    began = time.monotonic()
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for line in sys.stdin:
            step, value = json.loads(line)
            if step == "send":
                connection.sendall(value.encode())
            elif step == "sleep":
                time.sleep(value)
            else:
                while heard.count(b"HTTP/1.1 200 ") + heard.count(b"HTTP/1.1 413 ") < value or not heard.endswith(b"x" * 10):
                    got = connection.recv(65536)
                    if not got:
                        break
                    heard += got
    print(time.monotonic() - began)


if __name__ == "__main__":
    main()
