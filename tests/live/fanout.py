#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fanout.py --hark BINARY

Several readers of one interface (--fanout): every request that nginx logged is one whole record, whichever reader its connection came
to; those under way at the start are reported once; lines are whole, the heading comes once, the ledger balances and is the sum of all;
fragments come to one reader; traffic in tunnels is told of; the interface may go down and up. Statistics and SIGUSR1 tell of all readers, and
rotation loses and tears no line.

Needs what live.py needs."""
import collections
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402
import interfaces  # noqa: E402
import live  # noqa: E402
import outage  # noqa: E402

CLIENT, SERVER = live.CLIENT, live.SERVER
READERS = "3"


class Fanout:
    def __init__(self, test):
        self.test = test
        self.check = test.check
        interfaces.quiet(CLIENT)
        interfaces.quiet(SERVER)

    def listener(self, *arguments):
        listener = outage.Listener(self.test.hark, self.test.work, ["-i", "eth0", "--fanout", READERS, *arguments])
        self.check(listener.said.wait_for("listening", 1, 10), f"{arguments}: does not listen: {listener.said.lines('')}")
        return listener

    def ask(self, word, connections, each):
        """So many connections with so many requests each, four connections at once; returns the targets."""
        targets = [[f"/small.txt?{word}.{c}.{n}" for n in range(each)] for c in range(connections)]

        def run(first):
            for c in range(first, connections, 4):
                self.test.curl(*[item for target in targets[c] for item in ("-o", os.devnull, "http://192.0.2.20" + target)])

        threads = [threading.Thread(target=run, args=(first,)) for first in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [target for connection in targets for target in connection]

    def every_request(self, *arguments):
        what = f"requests {arguments}"
        listener = self.listener("--stats", *arguments)
        self.check(len(outage.packet_sockets()) == int(READERS), f"{what}: sockets {outage.packet_sockets()}")
        asked = self.ask("each", 60, 3)
        listener.wait_for(asked[-1], 5)
        time.sleep(1.2)
        self.test.sound(listener, listener.finish(), what)
        records = [record for _, record in listener.records()]
        got = collections.Counter(record["http"]["request"]["target"] for record in records if record["hark"]["type"] == "transaction")
        self.check(got == collections.Counter(asked), f"{what}: {sum(got.values())} records of {len(asked)} requests")
        self.check(len(records) == len(asked), f"{what}: {len(records)} records, orphans among them")
        self.check(all(record["capture"]["complete"] for record in records), f"{what}: some are not complete")
        text = listener.err.decode()
        read = interfaces.number(text, "read")[0]
        self.check(interfaces.number(text, "opened") == [60], f"{what}: {interfaces.number(text, 'opened')} connections opened")
        self.check(interfaces.number(text, "received by the kernel")[0] == read, f"{what}: not all that was received was read")
        # Each reader numbers its own frames: with all in one, the last number would be near to all.
        last = max(record["capture"]["response"]["last_frame"] for record in records)
        self.check(last < read * 0.7, f"{what}: one reader had {last} of {read} frames")
        return listener

    def whole_lines(self):
        path = os.path.join(self.test.work, "fanout.ndjson")
        listener = self.listener("-o", path)
        asked = self.ask("file" + "x" * 3000, 100, 4)
        time.sleep(1.2)
        self.test.sound(listener, listener.finish(), "-o")
        with open(path, encoding="utf-8") as file:
            got = [json.loads(line)["http"]["request"]["target"] for line in file]
        self.check(sorted(got) == sorted(asked), f"-o: {len(got)} records of {len(asked)}")
        listener = self.listener("--format", "text", "-o", path)
        self.ask("text", 6, 1)
        time.sleep(1.2)
        self.check(listener.finish() == 0, "text: exit status")
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.check(len(lines) == 7 and sum("text." in line for line in lines) == 6 and "text." not in lines[0], f"text: {lines}")

    def begins_once(self):
        """Connections are under way when hark starts: nothing is reported by two readers."""
        stop = threading.Event()
        asked = []

        def run(n):
            while not stop.is_set():
                self.test.curl(*[item for _ in range(20) for item in ("-o", os.devnull, f"http://192.0.2.20/small.txt?begin{n}")])
                asked.append(n)

        threads = [threading.Thread(target=run, args=(n,)) for n in range(2)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(4):
                listener = self.listener("--stats")
                time.sleep(0.5)
                self.test.sound(listener, listener.finish(), "beginning")
                ids = collections.Counter(record["event"]["id"] for _, record in listener.records())
                self.check(ids and max(ids.values()) == 1, f"beginning: {max(ids.values(), default=0)} records of one transaction, {len(ids)} transactions")
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def replay(self, capture, *arguments):
        path = os.path.join(harness.PCAPS, capture)
        expected = harness.run_hark(self.test.hark, ["-r", path, "-q"]).records()
        listener = self.listener("--stats", *arguments)
        for namespace in (CLIENT, SERVER):
            interfaces.ip("-n", namespace, "link", "set", "eth0", "mtu", "9000")
        subprocess.run(["ip", "netns", "exec", CLIENT, sys.executable, "-c", interfaces.SENDER, path, "80", "0", "eth0"], check=True)
        time.sleep(0.7)
        self.test.sound(listener, listener.finish(), capture)
        return [record for _, record in listener.records()], expected, listener.said

    def fragments(self):
        got, expected, _ = self.replay("fragments-ipv4.pcap", "--omit=semantics,tcp")
        self.check(got and all(r["hark"].get("omitted") == ["tcp", "semantics"] and not {"tcp", "semantics"} & r.keys() for r in got),
                   "--omit: a reader writes what was to be left out")
        self.check(sorted(r["event"]["id"] for r in got) == sorted(r["event"]["id"] for r in expected) and all(r["capture"]["complete"] for r in got),
                   f"fragments: {len(got)} records instead of {len(expected)}")

    def tunnels(self):
        _, _, said = self.replay("vxlan.pcap")
        self.check(len(said.lines("traffic in tunnels")) == 1, f"tunnels: said {said.lines('')}")
        _, _, said = self.replay("keepalive.pcap")
        self.check(not said.lines("traffic in tunnels"), "tunnels are told of where there are none")

    def outages(self):
        listener = self.listener("--stats")
        self.ask("before", 4, 1)
        interfaces.ip("-n", SERVER, "link", "set", "eth0", "down")
        self.check(listener.said.wait_for("the interface is down", 1, 3), f"down: {listener.said.lines('')}")
        time.sleep(0.5)
        interfaces.ip("-n", SERVER, "link", "set", "eth0", "up")
        self.check(listener.said.wait_for("the interface is back", 1, 3), f"up: {listener.said.lines('')}")
        asked = self.ask("after", 12, 1)
        for target in asked:
            self.check(listener.wait_for(target, 5) is not None, f"no record of {target} after the interface was down")
        self.test.sound(listener, listener.finish(), "outage")
        self.check(outage.ledger(listener, "outages of interfaces") == 1, f"{outage.ledger(listener, 'outages of interfaces')} outages counted")
        listener = self.listener()
        interfaces.ip("-n", SERVER, "link", "del", "eth0")
        time.sleep(0.3)
        live.link()
        status = listener.finish(None)
        self.check(status == 1 and len(listener.said.lines("removed and made anew")) == 1, f"removed: exit status {status}: {listener.said.lines('')}")

    def statistics(self):
        """--stats-interval and SIGUSR1 tell of all readers."""
        listener = self.listener("--stats-interval", "1s", "--stats")
        asked = self.ask("first", 40, 2)
        time.sleep(0.6)  # each reader leaves its counts ten times a second
        before = len(listener.said.lines("read"))
        listener.process.send_signal(signal.SIGUSR1)
        self.check(listener.said.wait_for("The ledger balances.", 1, 5), f"SIGUSR1: {listener.said.lines('')[before:]}")
        with open(listener.said.path, encoding="utf-8") as file:
            told = file.read()
        self.check(interfaces.number(told, "opened") == [40], f"SIGUSR1: {interfaces.number(told, 'opened')} connections opened")
        self.check(interfaces.number(told, "request and response") == [80], f"SIGUSR1: {interfaces.number(told, 'request and response')}")
        stop = time.monotonic() + 4
        rounds = 0
        while time.monotonic() < stop:  # under traffic, too, each balances
            asked += self.ask(f"more{rounds}", 8, 5)
            listener.process.send_signal(signal.SIGUSR1)
            rounds += 1
        time.sleep(1.2)
        self.test.sound(listener, listener.finish(), "statistics")
        records = [record for _, record in listener.records()]
        stats = [record["hark"]["stats"] for record in records if record["hark"]["type"] == "stats"]
        self.check(len(stats) >= 4 and [s["last"] for s in stats] == [False] * (len(stats) - 1) + [True], f"statistics: {[s['last'] for s in stats]}")
        self.check(records[-1]["hark"]["type"] == "stats", "statistics: a record stands behind the last of them")
        self.check(stats[-1]["transactions"]["paired"]["ack"] == len(asked), f"statistics: {stats[-1]['transactions']} of {len(asked)}")
        written = 0
        counted = iter(stats)
        for record in records:
            if record["hark"]["type"] == "stats":
                count = next(counted)["transactions"]["paired"]["ack"]
                self.check(count <= written, f"statistics: {count} counted before they are written ({written})")
            else:
                written += 1
        text = listener.err.decode()
        self.check(text.count("The ledger balances.") >= 3, f"SIGUSR1: {text.count('The ledger balances.')} ledgers for {rounds} signals")
        self.check(sum(interfaces.number(told, "read")[:1]) <= interfaces.number(text, "read")[-2], "SIGUSR1: more was read then than at the end")

    def rotated(self):
        for how, options in (("SIGHUP", []), ("interval", ["--rotate-interval=1s"]), ("size", ["--rotate-size=64K"])):
            what = f"rotation by {how}"
            folder = os.path.join(self.test.work, how)
            os.mkdir(folder)
            shutil.chown(folder, "nobody")  # whom hark is when it opens the next file
            target = os.path.join(folder, "out")
            listener = self.listener("--stats", "-o", target, *options)
            asked, stop, number = [], time.monotonic() + 3.5, 0
            while time.monotonic() < stop:
                if how == "SIGHUP":
                    os.rename(target, f"{target}.{number}")
                    listener.process.send_signal(signal.SIGHUP)
                asked += self.ask(f"{how}{number}", 16, 4)
                deadline = time.monotonic() + 5
                while how == "SIGHUP" and not os.path.exists(target) and time.monotonic() < deadline:
                    time.sleep(0.01)
                number += 1
            time.sleep(1.2)
            self.test.sound(listener, listener.finish(), what)
            got, names = [], os.listdir(folder)
            for name in names:
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    got += [json.loads(line)["http"]["request"]["target"] for line in file]
                self.check(how != "size" or os.stat(os.path.join(folder, name)).st_size <= 64 << 10, f"{what}: {name} is too long")
            self.check(sorted(got) == sorted(asked), f"{what}: {len(got)} records of {len(asked)}")
            self.check(len(names) >= 3, f"{what}: {names}")

    def checked(self):
        done = subprocess.run(["ip", "netns", "exec", SERVER, self.test.hark, "-i", "eth0", "--fanout", READERS, "--check"], capture_output=True, text=True,
                              check=False, timeout=30, env=harness.ENVIRONMENT)
        self.check(done.returncode == 0, f"--check: {done.returncode} {done.stdout}{done.stderr}")
        self.check(done.stdout.count("packets of eth0 (socket:") == int(READERS), f"--check: {done.stdout}")
        for line in ("readers         3 (--fanout), each with 358 MB, ", "buffers         3 of 22.4 MB of the kernel's for packets of eth0\n"):
            self.check(line in done.stdout, f"--check: no '{line}': {done.stdout}")

    def refused(self):
        for arguments, word in ((["-i", "eth0", "-j", "2"], "-j exclude"), (["-r", "x.pcap"], "live interface"), (["-i", "eth0", "-i", "lo"], "one -i"),
                                (["-i", "eth0", "-c", "3"], "-c exclude"), (["-i", "eth0", "--max-memory", "256M"], "--max-memory must be 384M")):
            done = subprocess.run([self.test.hark, "--fanout", READERS, *arguments], capture_output=True, text=True, check=False, timeout=20, env=harness.ENVIRONMENT)
            self.check(done.returncode == 2 and word in done.stderr, f"{arguments}: {done.returncode} {done.stderr}")

    def sigint(self):
        listener = self.listener("--stats")
        began = time.monotonic()
        listener.process.send_signal(signal.SIGINT)
        listener.process.wait(10)
        took = time.monotonic() - began
        self.test.sound(listener, listener.finish(None), "SIGINT")
        self.check(took < 2, f"SIGINT takes {took:.1f} s")


def parts_of(test):
    fanout = Fanout(test)
    return (fanout.every_request, lambda: fanout.every_request("tcp", "port", "80"), fanout.whole_lines, fanout.begins_once, fanout.fragments, fanout.tunnels,
            fanout.statistics, fanout.rotated, fanout.sigint, fanout.checked, fanout.refused, fanout.outages)


if __name__ == "__main__":
    sys.exit(live.main(parts_of, "fanout", __doc__))
