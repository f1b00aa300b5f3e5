#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clients.py PATHS REQUESTS plain|odd SEED SERVER...

Sends about REQUESTS requests as browsers' load generators do not: small heads, HEAD, uploads with and without 100-continue, chunked uploads, pipelines,
bodies until close, refusals while the body is sent, connections given up, bodies made of HTTP messages. Each request has its id.
`plain` leaves it at what follows one after the other on kept connections: nothing pipelined, nothing forged."""
import os
import random
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import site_objects  # noqa: E402

THREADS = 6


class Closed(Exception):
    pass


class Ids:
    def __init__(self, quota):
        self.lock = threading.Lock()
        self.last = 0
        self.quota = quota

    def next(self):
        with self.lock:
            self.last += 1
            return self.last

    def spent(self):
        return self.last >= self.quota


class Connection:
    def __init__(self, server):
        self.socket = socket.create_connection((server, 80), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def fill(self):
        data = self.socket.recv(65536)
        if not data:
            raise Closed()
        self.buffer += data

    def take(self, count):
        while len(self.buffer) < count:
            self.fill()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def take_to(self, mark):
        while mark not in self.buffer:
            self.fill()
        return self.take(self.buffer.index(mark) + len(mark))

    def head(self):
        lines = self.take_to(b"\r\n\r\n").decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:] if line)}
        return int(lines[0].split()[1]), fields

    def response(self, method="GET"):
        """Reads one to its end; returns its status. Raises Closed behind one that ends with the connection."""
        status, fields = self.head()
        while status < 200:
            status, fields = self.head()
        if method == "HEAD" or status in (204, 304):
            pass
        elif fields.get("transfer-encoding") == "chunked":
            size = 1
            while size:
                size = int(self.take_to(b"\r\n"), 16)
                self.take(size + 2)
        elif "content-length" in fields:
            self.take(int(fields["content-length"]))
        else:
            while True:
                self.buffer = b""
                self.fill()
        if fields.get("connection") == "close":
            raise Closed()
        return status


class Client:
    def __init__(self, paths, ids, rng, server, odd):
        self.paths = paths
        self.ids = ids
        self.rng = rng
        self.server = server
        self.odd = odd

    def request(self, method, path, *fields, version="1.1"):
        lines = [f"{method} {path} HTTP/{version}", "Host: a.test", f"X-Truth-Id: {self.ids.next()}", *fields]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def path(self):
        return self.rng.choice(self.paths)

    def body(self):
        size = self.rng.choice((0, 10, 700, 5_000, 60_000))
        return site_objects.forged_text(size, self.rng, "requests") if self.odd and size and self.rng.random() < 0.4 else self.rng.randbytes(size)

    def simple(self):
        """A request without a body and its method."""
        text = f"/dialogue/{self.rng.randrange(12)}.txt" if self.odd else "/api/v1/items"
        method, path, fields = self.rng.choice((("GET", "/tiny", ()), ("GET", "/empty", ()), ("GET", "/missing", ()), ("HEAD", self.path(), ()),
                                                ("GET", self.path(), ()), ("GET", self.path(), ("Range: bytes=100-2000",)),
                                                ("GET", self.path(), ("If-Modified-Since: Thu, 31 Dec 2037 23:55:55 GMT",)),
                                                ("GET", self.path(), ("Accept-Encoding: gzip",)),
                                                ("GET", text, ())))
        return method, self.request(method, path, *fields)

    def chunked(self, body):
        out = []
        while body:
            size = self.rng.randint(1, 4000)
            out.append(b"%x\r\n%s\r\n" % (len(body[:size]), body[:size]))
            body = body[size:]
        return b"".join(out) + b"0\r\n" + self.rng.choice((b"", b"X-Trailer: at the end\r\n")) + b"\r\n"

    def upload(self, connection):
        method, path, body = self.rng.choice(("PUT", "POST")), self.rng.choice(("/upload/x", "/upload/y", "/private")), self.body()
        chunked = self.rng.random() < 0.4
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
        data = self.chunked(body) if chunked else body
        if self.rng.random() < 0.5:
            connection.send(self.request(method, path, framing, "Expect: 100-continue"))
            connection.fill()  # a 100 or the final answer: the body is sent all the same
            connection.send(data)
        elif self.rng.random() < 0.5:
            connection.send(self.request(method, path, framing) + data)
        else:
            connection.send(self.request(method, path, framing))
            for at in range(0, len(data), 9000):
                connection.send(data[at:at + 9000])
        connection.response(method)

    def keep_alive(self):
        connection = Connection(self.server)
        for _ in range(self.rng.randint(3, 25)):
            if self.rng.random() < 0.25:
                self.upload(connection)
            else:
                method, request = self.simple()
                connection.send(request)
                connection.response(method)
            if self.rng.random() < 0.1:
                time.sleep(self.rng.random() * 0.05)
        return connection

    def pipeline(self):
        """All at once, and then the answers."""
        connection = Connection(self.server)
        for _ in range(self.rng.randint(1, 6)):
            requests = [self.simple() for _ in range(self.rng.randint(2, 8))]
            connection.send(b"".join(request for _, request in requests))
            for method, _ in requests:
                connection.response(method)
        return connection

    def overlap(self):
        """The next request goes out while the answer comes in, each in a packet of its own."""
        connection = Connection(self.server)
        open_requests = []
        for _ in range(self.rng.randint(5, 20)):
            method, request = self.simple()
            connection.send(request)
            open_requests.append(method)
            if len(open_requests) > self.rng.randint(1, 3):
                connection.response(open_requests.pop(0))
        for method in open_requests:
            connection.response(method)
        return connection

    def until_close(self):
        connection = Connection(self.server)
        path = self.rng.choice([p for p in self.paths if p.startswith("/dyn/")] or self.paths)
        connection.send(self.request("GET", path, version="1.0"))
        connection.response()
        return connection

    def refused(self):
        connection = Connection(self.server)
        body = self.rng.randbytes(self.rng.choice((3_000, 200_000)))
        connection.send(self.request("PUT", "/limited/x", f"Content-Length: {len(body)}"))
        for at in range(0, len(body), 20_000):
            connection.send(body[at:at + 20_000])
            time.sleep(0.002)
        connection.response("PUT")
        return connection

    def given_up(self):
        connection = Connection(self.server)
        for _ in range(self.rng.randint(0, 3)):
            connection.send(self.request("GET", "/tiny"))
            connection.response()
        connection.send(self.request("GET", self.path()))
        connection.fill()
        return connection

    def run(self):
        kinds = [(self.keep_alive, 40), (self.pipeline, 20), (self.overlap, 12), (self.until_close, 12), (self.refused, 8), (self.given_up, 8)]
        if not self.odd:
            kinds = kinds[:1]
        while not self.ids.spent():
            kind = self.rng.choices([k for k, _ in kinds], [w for _, w in kinds])[0]
            try:
                kind().close()
            except (Closed, OSError):
                pass  # the server ended the connection, as it may
            time.sleep(self.rng.random() * 0.03)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        paths = file.read().split()
    ids = Ids(int(sys.argv[2]))
    odd, seed, servers = sys.argv[3] == "odd", int(sys.argv[4]), sys.argv[5:]
    clients = [Client(paths, ids, random.Random(seed * 100 + n), servers[n % len(servers)], odd) for n in range(THREADS)]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
