#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Types lines into telnet on a terminal: typist.py [--lines] HOST PORT LINE...

Without --lines the terminal is told after each key to hand over what it has (its end-of-file key does that in the middle of
a line), so that every key travels alone. With --lines a whole line travels when return is pressed.
"""

import os
import pty
import select
import sys
import time

RETURN, HAND_OVER = 0x0D, b"\x04"


def main():
    words = sys.argv[1:]
    by_line = words[0] == "--lines"
    host, port, *lines = words[1:] if by_line else words
    child, terminal = pty.fork()
    if child == 0:
        os.execvp("telnet", ["telnet", "-E", host, port])

    def drain(seconds):
        got, end = b"", time.time() + seconds
        while (left := end - time.time()) > 0:
            if select.select([terminal], [], [], left)[0]:
                try:
                    more = os.read(terminal, 65536)
                except OSError:
                    break
                if not more:
                    break
                got += more
        return got

    def type_keys(text):
        for key in text:
            os.write(terminal, bytes([key]))
            if not by_line and key != RETURN:
                time.sleep(0.002)
                os.write(terminal, HAND_OVER)
            time.sleep(0.008)

    drain(0.3)
    for line in lines:
        type_keys(line.encode() + b"\r")
        drain(0.05)
    drain(0.8)
    os.close(terminal)
    os.waitpid(child, 0)


main()
