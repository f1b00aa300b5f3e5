#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Answers that ordinary servers do not give, as raw bytes: odd_server.py PORT LOGFILE

The path of the first line names the answer. Connections stay open unless the answer says close.
"""

import socket
import sys
import threading
import time

ANSWERS = {
    b"/folded": b"HTTP/1.1 200 OK\r\nX-Long: first part\r\n  second part\r\n\tthird part\r\nContent-Length: 3\r\n\r\nok\n",
    b"/bare-lf": b"HTTP/1.1 200 OK\nContent-Length: 3\nX-Ends: bare line feeds\n\nok\n",
    b"/no-reason": b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
    b"/empty-reason": b"HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n",
    b"/latin1": b"HTTP/1.1 200 D'accord\r\nX-Name: caf\xe9 \xff\xfe\r\nX-Empty:\r\nX-Tab:\tvalue\t\r\nContent-Length: 0\r\n\r\n",
    b"/extensions": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;name=value\r\nhello\r\n6 ; q=\"a;b\"\r\n world\r\n000;last\r\nX-After: trailer\r\n\r\n",
    b"/chunk-case": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0000A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
    b"/twice": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2, 2\r\n\r\nok",
    b"/204-length": b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
    b"/304-length": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: \"x\"\r\n\r\n",
    b"/zero": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"/dripped": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Slow: yes\r\n\r\nok\n",
    b"/old": b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nends with the connection\n",
    # Ends in doubt: each answer is followed by its connection's end.
    b"/te-and-length": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nZ\r\n0\r\n\r\n",
    b"/te-old": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nZ\r\n0\r\n\r\n",
    b"/te-other": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: xchunked\r\n\r\n1\r\nZ\r\n0\r\n\r\n",
    b"/lengths-differ": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 6\r\n\r\nZZZZZZ",
    b"/length-plus": b"HTTP/1.1 200 OK\r\nContent-Length: +4\r\n\r\nZZZZZZ",
    b"/length-overflow": b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551620\r\n\r\nZZZZZZ",
    b"/nothing-with-length": b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nZZZZ",
    b"/nothing-with-chunks": b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nZ\r\n0\r\n\r\n",
    b"/spaced-te": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding : chunked\r\n\r\n1\r\nZ\r\n0\r\n\r\n",
    b"/folded-te": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding:\r\n chunked\r\n\r\n1\r\nZ\r\n0\r\n\r\n",
    b"/nul-value": b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 4\r\n\r\nZZZZ",
    b"/control-reason": b"HTTP/1.1 200 O\x01K\x7f\r\nX: \x1b[2J\x80\r\nContent-Length: 4\r\n\r\nZZZZ",
    b"/chunk-overflow": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000001\r\nZ\r\n0\r\n\r\n",
    b"/chunk-bare-lf": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\nZ\n0\n\n",
    b"/nine": b"no status line at all, as in 1991\n",
}
IN_DOUBT = {path for path, answer in ANSWERS.items() if b"Z" in answer}
CLOSES = {b"/old", b"/nine"} | IN_DOUBT


def head_of(stream):
    """One request's head; its body, when it has one, is never sent to this server."""
    head = b""
    while not head.endswith((b"\r\n\r\n", b"\n\n")):
        byte = stream.read(1)
        if not byte:
            return None
        head += byte
    return head


def note(words, answer):
    """One line of the log that goes with the capture; a hyphen for an answer without status line."""
    status = answer.split()[1] if answer.startswith(b"HTTP/1.") else b"-"
    with open(sys.argv[2], "ab") as log:
        log.write(b"\t".join([b"odd", *words[:3], status]) + b"\n")


def serve(client):
    stream = client.makefile("rb")
    while (head := head_of(stream)) is not None:
        words = head.split()
        path = words[1] if len(words) > 1 else b""
        answer = ANSWERS.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        pieces = [bytes([byte]) for byte in answer] if path == b"/dripped" else [answer]
        for piece in pieces:
            client.sendall(piece)
            time.sleep(0.005 if len(pieces) > 1 else 0)
        note(words, answer)
        if path in CLOSES:
            break
    client.close()


def main():
    listener = socket.create_server(("", int(sys.argv[1])), reuse_port=False)
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(client,), daemon=True).start()


main()
