# SPDX-License-Identifier: Apache-2.0
"""Two origins in one: behind a proxy it tells what the proxy passed on; asked for a response case it answers with its raw bytes.

What was taken stands in the answer: `X-Took: METHOD TARGET BODY-BYTES HOST`.
"""
import re
import socket
import socketserver
import threading

import cases

ANSWERS = {b"/raw/" + case.name.encode(): case.data for case in cases.RESPONSES}


def read_chunks(stream):
    total = 0
    while size := int(stream.readline().split(b";")[0], 16):
        total += len(stream.read(size))
        stream.readline()
    while stream.readline().strip():
        pass
    return total


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while self.one():
                pass
        except (OSError, ValueError):
            pass

    def one(self):
        lines = []
        while (line := self.rfile.readline()).strip() or (line and not lines):
            lines.append(line)
        if not lines or not line:
            return False
        words = lines[0].split()
        path = re.sub(rb"^https?://[^/]*", b"", words[1])
        if path in ANSWERS:
            self.wfile.write(ANSWERS[path])
            self.connection.shutdown(socket.SHUT_WR)
            return False
        fields = {}
        for field in lines[1:]:
            name, _, value = field.partition(b":")
            fields.setdefault(name.strip().lower(), value.strip())
        if b"chunked" in fields.get(b"transfer-encoding", b"").lower():
            body = read_chunks(self.rfile)
        else:
            body = len(self.rfile.read(int(fields.get(b"content-length", b"0"))))
        took = b"%s %s %d %s" % (words[0], words[1], body, fields.get(b"host", b"-").split(b":")[0])
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Took: %s\r\nContent-Length: 0\r\n\r\n" % took)
        return True


class Recorder(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def start():
    server = Recorder(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]
