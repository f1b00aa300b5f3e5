#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""origin.py PORT: a server that sleeps on demand, behind nginx. Answers on 127.0.0.1:

  /sleep?ms=M          after M ms
  /events?n=N&ms=M     N events of a text/event-stream, the first at once, M ms between them
  /bytes?n=N           N bytes at once
  everything else      at once, when the request's body is there"""
import socket
import sys
import threading
import time
import urllib.parse


def read_body(file, fields):
    if fields.get("transfer-encoding", "").lower() == "chunked":
        while (size := int(file.readline().split(b";")[0], 16)) > 0:
            file.read(size + 2)
        file.readline()
    else:
        file.read(int(fields.get("content-length", 0)))


def answer(connection, path, asked):
    def number(name):
        return int(asked.get(name, ["0"])[0])

    if path == "/events":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 0\n\n")
        began = time.monotonic()
        for event in range(1, number("n")):
            time.sleep(max(0, began + event * number("ms") / 1000 - time.monotonic()))
            connection.sendall(b"data: %d\n\n" % event)
        return False
    if path == "/sleep":
        time.sleep(number("ms") / 1000)
    body = b"x" * (number("n") if path == "/bytes" else 10)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    return True


def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb") as file:
        while line := file.readline():
            target = urllib.parse.urlsplit(line.split()[1].decode())
            fields = {}
            while (field := file.readline().decode().strip()) != "":
                name, value = field.split(":", 1)
                fields[name.lower()] = value.strip()
            read_body(file, fields)
            if not answer(connection, target.path, urllib.parse.parse_qs(target.query)):
                return


def main():
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
        print("ready", flush=True)
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    main()
