#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bodies.py --hark BINARY

Overload by large frames: downloads in segments of 64 KiB, and a hark that is held up (stopped again and again, for some hundredths of a
second) while they come, so that its buffer of 4 MiB fills. The first step against that cuts frames short in the kernel. From then on no packet is dropped, no
connection is left out, each request that nginx logged is one record with whole heads, and its body is told to be as large as it was: what
was seen of it and what is missing. Bodies with a length are full of HTTP messages, which must fool nobody. When it is over frames are whole
again.

All ways to read do this at once, beside one with --overload=none: they see the same packets. The filters of their sockets, as the kernel
has them (ss), are cut, stay cut while the interface goes down and comes up, and are in the end what they were.

Needs what live.py needs."""
import collections
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402
import live  # noqa: E402
import outage  # noqa: E402

CLIENT, SERVER = live.CLIENT, live.SERVER
KEPT = 4352  # OVERLOAD_FRAME_BYTES
BUFFER = "4M"
LAG = "200ms"  # more than hark is held up, and not four times as much: frames stay cut while it is
STOPPED, STOPPED_MOST, RUNNING = 0.015, 0.06, 0.01  # seconds
LARGE, MIDDLE = 50 << 20, 4 << 20
MOST_CLIENTS = 10
ATTEMPTS = 5
DECOY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: decoy\r\n\r\nhelloGET /decoy HTTP/1.1\r\nHost: decoy.example\r\n\r\n" + 3000 * b"x"
NGINX = live.NGINX.replace("access_log off;", """log_format sizes '$status $body_bytes_sent $request_uri';
    access_log {work}/access.log sizes;
    sendfile on;
    sendfile_max_chunk 256k;""").replace("root {work}/site;", """root {work}/site;
        limit_rate 25m;
        location /chunked/ {{ alias {work}/site/; ssi on; ssi_types *; }}""")
WAYS = {
    "one reader": ["-i", "eth0"],
    "-j 2": ["-i", "eth0", "-j", "2", "--stats-interval=1s"],
    "-i any": ["-i", "any", "tcp", "port", "80"],
    "a filter": ["-i", "eth0", "not", "port", "81"],
    "--fanout 2": ["-i", "eth0", "--fanout", "2"],
}


def filters():
    """{inode: how many bytes its filter keeps at most, None without one} of the packet sockets in the server's namespace."""
    text = subprocess.run(["ip", "netns", "exec", SERVER, "ss", "--packet", "--bpf", "--extended", "--no-header"], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in text.replace("\n\t", " ").splitlines():
        program = re.search(r"bpf filter \(\d+\): +([^:]*)", line)
        returns = [int(k) for code, k in re.findall(r"(0x[0-9a-f]+) \d+ \d+ (\d+)", program.group(1)) if int(code, 16) == 6] if program else []
        found[re.search(r"\bino:(\d+)", line).group(1)] = max(returns) if returns else None
    return found


class Bodies:
    def __init__(self, test):
        self.test = test
        self.check = test.check
        for name, size, text in (("large.bin", LARGE, DECOY), ("middle.bin", MIDDLE, DECOY), ("lines.txt", MIDDLE, b"a line of a file\r\n")):
            with open(os.path.join(test.work, "site", name), "wb") as file:
                file.write((text * (size // len(text) + 1))[:size])
        self.running = {}
        self.calm = None
        self.stopped = STOPPED
        self.between = 2 * RUNNING  # seconds that hark runs between two stops, once frames are cut

    def start(self, name, arguments):
        folder = tempfile.mkdtemp(prefix="said.", dir=self.test.work)
        self.running[name] = outage.Listener(self.test.hark, folder, ["-B", BUFFER, "--stats", "--overload-lag", LAG, *arguments])
        self.check(self.running[name].said.wait_for("listening", 1, 10), f"{name}: does not listen: {self.running[name].said.lines('')}")

    def shedding(self):
        return {name: listener for name, listener in self.running.items() if name in WAYS}

    def hold_up(self, rounds, between=RUNNING):
        for _ in range(rounds):
            for how, seconds in ((signal.SIGSTOP, self.stopped), (signal.SIGCONT, between)):
                for listener in self.running.values():
                    listener.process.send_signal(how)
                time.sleep(seconds)

    def may_cut(self, name):
        """Does each reader of this way say that it cuts frames?"""
        said = self.running[name].said.lines("keeping")
        readers = int(WAYS[name][-1]) if "--fanout" in name else 0
        return all(any(f"of reader {n}:" in line for line in said) for n in range(1, readers + 1)) if readers else bool(said)

    def hold_up_until_cut(self, clients):
        """Longer and longer, until frames are cut. Two looks in a row must find the buffer full, and one that finds it empty is no sooner than
        after RUNNING. The kernel may have given all clients to one of the readers of --fanout: one more then, until each has enough."""
        began = time.monotonic()
        due = began + 0.7
        while time.monotonic() < began + 8 and not all(self.may_cut(name) for name in self.shedding()):
            self.stopped = min(1.15 * self.stopped, STOPPED_MOST)
            self.hold_up(5)
            if time.monotonic() > due and len(clients) < MOST_CLIENTS:
                clients.append(self.ask(f"/large.bin?{len(clients)}", f"/small.txt?{len(clients)}"))
                due = time.monotonic() + 0.4
        return time.monotonic() - began

    def ask(self, *words):
        """A client that asks on one connection for all of these, one after the other; to be joined."""
        thread = threading.Thread(target=self.test.curl, args=[item for word in words for item in ("-o", os.devnull, "http://192.0.2.20" + word)]
                                  + [item for n in range(30) for item in ("-H", f"X-Long-{n}: {100 * 'x'}")])
        thread.start()
        return thread

    def are_cut(self, what):
        """One socket of each way at least; of --fanout, a reader may have no traffic. That of "none" is not."""
        now = filters()
        cut = [inode for inode, kept in now.items() if kept == KEPT]
        self.check(len(cut) >= len(WAYS) and not set(cut) & self.uncut, f"{what}: not cut: {now}, {self.uncut}")

    def run(self):
        """The pressure is to be as much as the first step can take away. On a busy or slow machine it may be more: all who listen share its
        processors when they go on, and sanitizers take some of them. Then it is tried again, with twice the time between two stops."""
        for attempt in range(1, ATTEMPTS + 1):
            self.press()
            more = [name for name, listener in self.shedding().items() if listener.said.lines("of new connections, or more")]
            if not more or attempt == ATTEMPTS:
                break
            print(f"attempt {attempt}: {', '.join(more)} had to leave connections out; again")
            for listener in self.running.values():
                listener.finish()
            self.running, self.stopped, self.between = {}, STOPPED, 2 * self.between
            with open(os.path.join(self.test.work, "access.log"), "w", encoding="ascii"):
                pass
        self.judge()

    def press(self):
        self.start("none", ["-i", "eth0", "--overload=none"])
        self.uncut = set(filters())
        for name, arguments in WAYS.items():
            self.start(name, arguments)
        self.calm = filters()
        self.check(len(self.calm) == len(WAYS) + 2 and KEPT not in self.calm.values(), f"filters at the start: {self.calm}")
        # Nothing but bodies is under way while packets are dropped.
        clients = [self.ask(f"/large.bin?{n}", f"/small.txt?{n}") for n in range(4)]
        time.sleep(0.3)
        took = self.hold_up_until_cut(clients)
        self.are_cut(f"held up for {took:.1f} s, {self.stopped:.3f} s at a time")
        clients += [self.ask(f"/middle.bin?{n}", f"/small.txt?m{n}", f"/chunked/lines.txt?{n}", f"/small.txt?c{n}") for n in range(4)]
        self.stopped = STOPPED_MOST
        self.hold_up(int(1 / (self.stopped + self.between)), self.between)
        for how in ("down", "up"):
            outage.ip("-n", SERVER, "link", "set", "eth0", how)
        self.are_cut("after an outage")
        for client in clients:
            client.join()
        deadline = time.monotonic() + 20
        while filters() != self.calm and time.monotonic() < deadline:
            time.sleep(0.1)
        self.check(filters() == self.calm, f"afterwards filters are {filters()} and were {self.calm}")
        self.ask("/middle.bin?late", "/chunked/lines.txt?late").join()

    def judge(self):
        time.sleep(1.5)
        self.running["none"].finish()  # what it lost is no matter here
        for name, listener in self.shedding().items():
            self.test.sound(listener, listener.finish(), name)
        with open(os.path.join(self.test.work, "access.log"), encoding="ascii") as file:
            logged = [line.split() for line in file]
        sent = {target: int(size) for _, size, target in logged if "?" in target}
        dropped_without = outage.ledger(self.running["none"], "DROPPED by the kernel (a larger -B helps)")
        self.check(outage.ledger(self.running["none"], "frames cut short") == 0, "none: frames were cut")
        for name, listener in self.shedding().items():
            self.counts(name, listener, dropped_without)
            records = {harness.get(record, "http.request.target"): record for _, record in listener.records() if harness.get(record, "hark.type") == "transaction"}
            told = collections.Counter(harness.get(record, "hark.type") for _, record in listener.records() if harness.get(record, "hark.type") != "stats")
            self.check(sorted(records) == sorted(sent) and told == {"transaction": len(sent)},
                       f"{name}: {told}, nginx logged {len(sent)}; missing {set(sent) - set(records)}, more {set(records) - set(sent)}")
            for target in set(records) & set(sent):
                self.record(f"{name} {target}", records[target], sent[target], records)

    def counts(self, name, listener, dropped_without):
        dropped, cut = outage.ledger(listener, "DROPPED by the kernel (a larger -B helps)"), outage.ledger(listener, "frames cut short")
        off, captured = outage.ledger(listener, "bytes that were cut off"), outage.ledger(listener, "captured bytes")
        print(f"{name}: {dropped} packets dropped by the kernel, {dropped_without} without shedding; {cut} frames cut short, which took {off >> 20} of "
              f"{(off + captured) >> 20} MiB away; said {listener.said.lines('s behind, the')}")
        self.check(dropped * 2 < dropped_without, f"{name}: the kernel dropped {dropped} packets, and {dropped_without} without shedding")
        self.check(cut > 500 and off > cut * 10000, f"{name}: {cut} frames were cut, {off} bytes off")
        self.check(outage.ledger(listener, "connections NOT followed") == 0, f"{name}: connections were left out")
        self.check(all(f"keeping {KEPT} bytes of each frame" in line for line in listener.said.lines("s behind, the")), f"{name}: {listener.said.lines('behind')}")
        stats = [record["hark"]["stats"]["kernel"] for _, record in listener.records() if harness.get(record, "hark.type") == "stats"]
        self.check(not stats or (stats[-1]["cut"], stats[-1]["cut_bytes"]) == (cut, off), f"{name}: {stats[-1:]} in the last statistics")

    def record(self, what, record, size, records):
        """Heads are whole; the body's size is what the server says, or known to be unknown. Each reader of --fanout cuts frames by itself: one
        that has fewer of the connections may have no need to."""
        of_its_own = "--fanout" in what
        late = records.get(re.sub(r"\?.*", "?late", what.split(" ")[-1]), record)
        capture, body = record["capture"], record["http"]["response"]["body"]
        for side, field in (("request", "x-long-29"), ("response", "server")):
            names = [[header["name"] for header in r["http"][side]["headers"]] for r in (record, late)]
            self.check(names[0] == names[1] and len(harness.header_values(record, side, field)) == 1, f"{what}: the head of the {side} is {names[0]}")
        self.check(harness.get(record, "http.response.status_code") == 200 and record["pairing"]["by"] in ("ack", "order"), f"{what}: {record['pairing']}")
        if "late" in what or "small" in what:
            self.check(capture["complete"] and not capture["snaplen_cut"], f"{what}: {capture}, {body} of {size}")
            self.check(body["bytes"] == size or "chunked" in what, f"{what}: {body} of {size}")
        elif "chunked" in what and not (of_its_own and capture["complete"]):
            self.check(not capture["complete"] and body["bytes"] < size, f"{what}: {body} of {size}, {capture}")
        elif of_its_own and capture["complete"]:
            self.check((body["bytes"] == size or "chunked" in what) and not capture["snaplen_cut"], f"{what}: {capture}, {body} of {size}")
        else:
            self.check(body["bytes"] + body.get("missing_bytes", 0) == size, f"{what}: {body} of {size}")
            self.check(capture["snaplen_cut"] and not capture["complete"] and body["bytes"] < size, f"{what}: {capture}, {body}")


def parts_of(test):
    return (Bodies(test).run,)


if __name__ == "__main__":
    live.NGINX = NGINX
    sys.exit(live.main(parts_of, "bodies", __doc__, ("ss",)))
