# SPDX-License-Identifier: Apache-2.0
"""The truth of one capture, from two witnesses that know nothing of hark: the server's log and the oracle's index of the undamaged
capture. And what a degraded copy still proves of it."""
import collections
import ipaddress
import subprocess
import zlib

SIDES = {"c": "request", "s": "response"}


def fields_checksum(fields):
    """Of (name, value) pairs, as read_field() in messages.c."""
    return zlib.crc32("".join(f"{name}:{value}\n" for name, value in fields).encode())


class Message:
    """One that was sent, and how much of it is in the degraded capture."""

    def __init__(self, connection, reset, columns):
        (_, side, index, self.id, start, head_end, end, ended, by_close, status, interim, body, fields, self.field_count, self.first,
         self.second) = columns
        self.connection = connection
        self.reset = reset  # its connection was, in the end
        self.kind = SIDES[side]
        self.index = int(index)
        self.bytes = int(end) - int(start)
        self.head_bytes = int(head_end) - int(start)
        self.ended = ended == "1"
        self.by_close = by_close == "1"
        self.status = int(status)
        self.interim = int(interim)
        self.body = int(body)
        self.fields = int(fields)
        self.counterpart = None
        self.head_whole = self.whole = False
        self.frames = ()

    def text(self):
        return f"{self.kind} {self.id} of {self.connection}, {self.first} {self.second}"


class Ground:
    def __init__(self, work, oracle):
        self.oracle = oracle
        self.work = work
        self.messages = []  # as the index has them
        self.by_id = {"request": {}, "response": {}}
        self.by_frame = collections.defaultdict(list)  # (connection, kind, frame): those that start there
        self.by_connection = {}  # (connection, kind): its messages in order
        self.log = {}
        self.read_index()
        self.read_log()
        self.cover(f"{work}/pristine.pcap")
        self.pipelining = set(self.find_pipelining())

    def read_index(self):
        with open(f"{self.work}/index.tsv", "wb") as file:
            subprocess.run([self.oracle, "index", f"{self.work}/pristine.pcap"], stdout=file, check=True)
        queues, reset = {}, False
        with open(f"{self.work}/index.tsv", encoding="utf-8") as file:
            for line in file:
                columns = line.rstrip("\n").split("\t")
                if columns[0] == "C":
                    connection = (str(ipaddress.ip_address(int(columns[1]))), int(columns[2]), str(ipaddress.ip_address(int(columns[3]))))
                    reset = columns[8] == "1"
                    queues = {}
                    continue
                message = Message(connection, reset, columns)
                self.messages.append(message)
                self.by_connection.setdefault((connection, message.kind), []).append(message)
                if message.kind == "request":
                    queues[message.index] = message
                else:
                    message.counterpart = queues.get(message.index)
                    if message.counterpart:
                        message.counterpart.counterpart = message
                if message.id in self.by_id[message.kind]:
                    raise SystemExit(f"two with one id: {message.text()}")
                self.by_id[message.kind][message.id] = message

    def read_log(self):
        with open(f"{self.work}/access.log", encoding="utf-8") as file:
            for line in file:
                row = dict(zip(("id", "client", "port", "server", "method", "target", "status", "request_bytes", "response_bytes", "ended", "connection",
                                "number", "echo"), line.rstrip("\n").split("\t")))
                if row["id"] in self.log:
                    raise SystemExit(f"the log has {row['id']} twice")
                self.log[row["id"]] = row

    def find_pipelining(self):
        """Connections whose client sent a request before the answer to the one before it began. Of the whole capture."""
        for (connection, kind), requests in self.by_connection.items():
            for request, following in zip(requests, requests[1:]):
                answer = request.counterpart
                if kind == "request" and answer and answer.frames and following.frames and following.frames[0] < answer.frames[0]:
                    yield connection
                    break

    def pipelines(self, connection):
        return connection in self.pipelining

    def contradictions(self):
        """Where log and index differ: then neither can be believed."""
        found = []
        for number, row in self.log.items():
            request, response = (self.by_id[kind].get(number) for kind in ("request", "response"))
            where = (row["client"], int(row["port"]), row["server"])
            # What nginx gave the kernel is not sent when the client resets the connection.
            if not request or (not response and row["ended"] == "OK" and not request.reset):
                found.append(f"{number}: in the log, not in the capture")
                continue
            told = (request.connection, request.first, request.second)
            if told != (where, row["method"], row["target"]):
                found.append(f"{number}: the log says {where} {row['method']} {row['target']}, the capture {told}")
            if response and (response.counterpart is not request or row["echo"] != number):
                found.append(f"{number}: the server's answer is not that of the capture")
            sent = int(row["response_bytes"])
            if response and row["ended"] == "OK":
                # nginx counts the 100s (25 bytes) with what it sent; "sent" is what it gave the kernel, more than a client took that gave up.
                seen = response.bytes + 25 * response.interim
                if response.status != int(row["status"]) or (seen != sent if response.ended or not response.reset else seen > sent):
                    found.append(f"{number}: the log says status {row['status']}, {sent} bytes, the capture {response.status}, {seen} bytes")
                # A body that it throws away it miscounts; those answered 201 are read.
                if (request.body == 0 and request.head_bytes == request.bytes or response.status == 201) and int(row["request_bytes"]) != request.bytes:
                    found.append(f"{number}: the log says {row['request_bytes']} bytes of request, the capture {request.bytes}")
        for kind in ("request", "response"):
            for number, message in self.by_id[kind].items():
                if number not in self.log and message.kind == "response":
                    found.append(f"{number}: in the capture, not in the log")
        return found

    def cover(self, capture):
        """Sets what this copy of the capture still holds."""
        done = subprocess.run([self.oracle, "cover", f"{self.work}/index.tsv", capture], stdout=subprocess.PIPE, check=True, text=True)
        lines = done.stdout.splitlines()
        if len(lines) != len(self.messages):
            raise SystemExit("the oracle lost count")
        self.by_frame.clear()
        for message, line in zip(self.messages, lines):
            head, whole, _, frames = line.split("\t")
            message.head_whole = head == "1"
            message.whole = whole == "1" and message.ended
            message.frames = tuple(int(frame) for frame in frames.split(",") if frame)
            for frame in message.frames:
                self.by_frame[(message.connection, message.kind, frame)].append(message)
