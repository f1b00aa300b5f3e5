# SPDX-License-Identifier: Apache-2.0
"""What other tools tell of the same captures, as far as each can say it, judged by the same rules as hark. None claims to be complete."""
import collections
import json
import os
import subprocess
import tempfile
import zlib

import judge

LIMIT = 3600  # seconds


def split_fields(text):
    """Header lines as tshark prints them, one after the other with their line ends written out."""
    return [line for line in text.replace("\\r\\n", "\n").split("\n") if line]


def id_of(lines):
    return next((line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("x-truth-id:")), "")


class Tshark:
    """Heads, and the frame of the request that a response answers."""
    name = "tshark"
    command = ["tshark", "-n", "-2", "-Y", "http.request || http.response", "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=|"]
    preferences = ()
    columns = ("frame.number", "ip.src", "ip.dst", "tcp.srcport", "tcp.dstport", "http.request.method", "http.request.uri", "http.request.line",
               "http.response.code", "http.response.line", "http.request_in")

    def judge(self, truth, row, capture):
        fields = [word for column in self.columns for word in ("-e", column)]
        done = subprocess.run([*self.command, *self.preferences, *fields, "-r", capture], capture_output=True, text=True, errors="replace", timeout=LIMIT, check=False,
                              env=dict(os.environ, HOME="/nonexistent", LC_ALL="C.UTF-8"))
        requests = collections.defaultdict(list)  # frame: those told there
        responses = []
        for line in done.stdout.splitlines():
            said = dict(zip(self.columns, line.split("\t")))
            frame = int(said["frame.number"])
            methods = [m for m in said["http.request.method"].split("|") if m]
            codes = [c for c in said["http.response.code"].split("|") if c]
            if methods:
                connection = (said["ip.src"].split("|")[0], int(said["tcp.srcport"]), said["ip.dst"].split("|")[0])
                for method, uri, number in zip(methods, said["http.request.uri"].split("|"), self.ids(said["http.request.line"], len(methods))):
                    requests[frame].append(judge.Told("request", connection, number, frame, method, uri))
            if codes:
                connection = (said["ip.dst"].split("|")[0], int(said["tcp.dstport"]), said["ip.src"].split("|")[0])
                of = [int(n) for n in said["http.request_in"].split("|") if n]
                of = of if len(of) == len(codes) else of * len(codes) if len(of) == 1 else [None] * len(codes)
                final = [(int(code), frame_of) for code, frame_of in zip(codes, of) if int(code) >= 200]
                for (code, frame_of), number in zip(final, self.ids(said["http.response.line"], len(final))):
                    responses.append((judge.Told("response", connection, number, frame, status=code), frame_of))
        court = judge.Judge(truth, row)
        answered = set()
        for told, frame in responses:
            asked = [request for request in requests.get(frame, ()) if request.connection == told.connection and id(request) not in answered]
            # Several requests in one frame: its number does not say which; the right one is granted.
            request = next((r for r in asked if r.id == told.id), asked[0] if asked else None)
            if request:
                answered.add(id(request))
            court.hear(judge.Entry(request, told))
        for request in (r for told in requests.values() for r in told):
            if id(request) not in answered:
                court.hear(judge.Entry(request, None))
        return court.finish()

    @staticmethod
    def ids(text, count):
        """Of each of a frame's messages; the fields of all of them are in one list."""
        found = [line.split(":", 1)[1].strip() for part in text.split("|") for line in split_fields(part) if line.lower().startswith("x-truth-id:")]
        return (found + [""] * count)[:count]


class TsharkInOrder(Tshark):
    """Segments put in order before they are dissected: right for reordering, but it waits for a lost segment for ever."""
    name = "tshark-in-order"
    preferences = ("-o", "tcp.reassemble_out_of_order:TRUE")


class Httpry:
    """Heads in a packet's first bytes, packet by packet, unpaired."""
    name = "httpry"

    def judge(self, truth, row, capture):
        with tempfile.TemporaryDirectory(prefix="hark-truth.") as folder:
            out = os.path.join(folder, "httpry")
            subprocess.run(["httpry", "-q", "-r", capture, "-o", out, "-f", "source-ip,source-port,dest-ip,dest-port,direction,method,request-uri,status-code,x-truth-id"],
                           capture_output=True, timeout=LIMIT, check=False)
            with open(out, encoding="utf-8", errors="replace") as file:
                lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
        row.pairs = False
        court = judge.Judge(truth, row)
        for source, source_port, target, target_port, direction, method, uri, status, number in (line for line in lines if len(line) == 9):
            number = "" if number == "-" else number
            if direction == ">":
                court.hear(judge.Entry(judge.Told("request", (source, int(source_port), target), number, None, method, uri), None))
            elif status.isdigit() and int(status) >= 200:
                court.hear(judge.Entry(None, judge.Told("response", (target, int(target_port), source), number, None, status=int(status))))
        return court.finish()


class Urlsnarf:
    """Requests alone, without port and id: as many of them as the client sent with this method and URL are granted."""
    name = "urlsnarf"

    def judge(self, truth, row, capture):
        done = subprocess.run(["urlsnarf", "-n", "-p", capture], capture_output=True, text=True, errors="replace", timeout=LIMIT, check=False)
        row.pairs = False
        told = collections.Counter()
        for line in done.stdout.splitlines():
            part = line.split('"')
            words = part[1].split(" ") if len(part) > 2 else ()
            if len(words) == 3 and words[1].startswith("http://"):
                _, _, path = words[1][len("http://"):].partition("/")
                told[(words[0], "/" + path)] += 1
        for number in truth.log:
            request = truth.by_id["request"][number]
            row.log += 1
            key = (request.first, request.second)
            if told[key]:
                told[key] -= 1
                row.found += 1
            elif request.head_whole:
                row.missing += 1
                row.fault(judge.HEAD, request.text())
            else:
                row.lost += 1
        row.incomplete = row.found
        for key, count in told.items():
            for _ in range(count):
                row.fault(judge.FORGERY if key[1].startswith("/forged/") else judge.TWICE, str(key))
        return row


PEERS = {peer.name: peer for peer in (Tshark(), TsharkInOrder(), Httpry(), Urlsnarf())}


def answer(name, truth, row, capture, how):
    """The peer's row; kept beside the traffic, because peers are slow and do not change. `how` says what was done to the capture."""
    kept = os.path.join(truth.work, f"{name}-{zlib.crc32(repr(how).encode()):08x}.json")
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as file:
            return row.load(json.load(file))
    row = PEERS[name].judge(truth, row, capture)
    with open(kept, "w", encoding="utf-8") as file:
        json.dump(row.dump(), file)
    return row
