#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""outage.py --hark BINARY

While hark listens, its interface goes down and comes up again; is removed and made again under the same name, with another number; and
is one of two, of which the other goes on. hark says each once, counts it, and reports what is asked before and afterwards. What is
under way when the interface goes has its record too. hark may have dropped its rights by then: it must keep the very socket that it
began with, and open no other.

Needs what live.py needs."""
import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import live  # noqa: E402

CLIENT, SERVER = live.CLIENT, live.SERVER


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def index_of(name):
    return json.loads(subprocess.run(["ip", "-j", "-n", SERVER, "link", "show", name], capture_output=True, check=True).stdout)[0]["ifindex"]


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return {name: value.split() for name, value in (line.split(":", 1) for line in file)}


def packet_sockets():
    """{inode: number of the interface} of the packet sockets in the server's namespace."""
    text = subprocess.run(["ip", "netns", "exec", SERVER, "cat", "/proc/net/packet"], capture_output=True, text=True, check=True).stdout
    return {line.split()[8]: int(line.split()[4]) for line in text.splitlines()[1:] if line.split()[2] == "3"}


class Said:
    """Standard error of a listener, while it runs."""

    def __init__(self, work):
        self.path = os.path.join(work, "stderr")
        self.file = open(self.path, "wb")

    def lines(self, word):
        with open(self.path, encoding="utf-8") as file:
            return [line for line in file if word in line]

    def wait_for(self, word, times, seconds):
        deadline = time.monotonic() + seconds
        while len(self.lines(word)) < times and time.monotonic() < deadline:
            time.sleep(0.02)
        return len(self.lines(word)) == times


class Listener(live.Listener):
    """One whose standard error can be read while it runs."""

    def __init__(self, hark, work, arguments):
        self.said = Said(work)
        super().__init__(hark, arguments, stderr=self.said.file)

    def read_err(self):
        self.process.wait()
        with open(self.said.path, "rb") as file:
            self.err = file.read()


def ledger(listener, name):
    """The number behind a name in what --stats says, the first of it."""
    found = re.search(rf"^ *{re.escape(name)}  +([\d ]+)$", listener.err.decode(), re.MULTILINE)
    return int(found.group(1).replace(" ", "")) if found else 0


class Outage:
    def __init__(self, test):
        self.test = test
        self.check = test.check

    def asked(self, listener, target, what):
        _, done = self.test.curl(f"http://192.0.2.20{target}")
        self.check(done.returncode == 0, f"{what}: curl says {done.stderr}")
        got = listener.wait_for(target, 5)
        self.check(got is not None, f"{what}: no record of {target}: {listener.said.lines('')}")
        if got:
            self.check(got[1]["capture"]["complete"] is True, f"{what}: {target} is not complete")

    def ended(self, listener, what, outages, least, most):
        self.test.sound(listener, listener.finish(), what)
        self.check(ledger(listener, "outages of interfaces") == outages, f"{what}: {ledger(listener, 'outages of interfaces')} outages counted")
        lasted = ledger(listener, "milliseconds together") / 1000
        self.check(least <= lasted <= most, f"{what}: the outages lasted {lasted} s by the ledger, not {least} to {most} s")

    def down_and_up(self, jobs):
        listener = Listener(self.test.hark, self.test.work, ["-i", "eth0", "--stats", "-j", jobs])
        self.asked(listener, "/small.txt?before", "before going down")
        for n in (1, 2):
            began = time.monotonic()
            ip("-n", SERVER, "link", "set", "eth0", "down")
            self.check(listener.said.wait_for("eth0: the interface is down; waiting", n, 3), f"down {n}: not said: {listener.said.lines('')}")
            self.check(time.monotonic() - began < 1, f"down {n}: said after {time.monotonic() - began:.1f} s")
            time.sleep(1)
            self.check(listener.process.poll() is None, "hark ended when the interface went down")
            ip("-n", SERVER, "link", "set", "eth0", "up")
            self.check(listener.said.wait_for("eth0: the interface is back", n, 3), f"up {n}: not said: {listener.said.lines('')}")
            self.asked(listener, f"/small.txt?after{n}", f"after coming up {n}")
        self.ended(listener, f"down and up -j {jobs}", 2, 1.8, 6)

    def removed_and_made_again(self):
        listener = Listener(self.test.hark, self.test.work, ["-i", "eth0", "--stats", "tcp", "port", "80"])
        before, sockets = index_of("eth0"), packet_sockets()
        status = status_of(listener.process.pid)
        self.check(status["CapEff"] == ["0000000000000000"] and status["Uid"][1] != "0", f"hark has its rights still: {status['CapEff']} {status['Uid']}")
        self.check(list(sockets.values()) == [before], f"sockets {sockets} instead of one on {before}")
        self.asked(listener, "/small.txt?first", "before it was removed")
        open_request = subprocess.Popen(["ip", "netns", "exec", CLIENT, "curl", "-q", "-s", "--max-time", "20", "-o", os.devnull,
                                         "http://192.0.2.20/slow/large.bin?cut"])
        time.sleep(0.5)
        for n in (1, 2, 3):
            ip("-n", SERVER, "link", "del", "eth0")
            self.check(listener.said.wait_for("; waiting for it", n, 3), f"removal {n}: not said: {listener.said.lines('')}")
            time.sleep(0.7)
            live.link()
            self.check(listener.said.wait_for("eth0: the interface is back", n, 3), f"return {n}: not said: {listener.said.lines('')}")
            self.check(index_of("eth0") != before, "the test made an interface with the same number")
            now = packet_sockets()
            self.check(now == {inode: index_of("eth0") for inode in sockets}, f"return {n}: sockets {now}; they were {sockets}")
            self.asked(listener, f"/small.txt?again{n}", f"after return {n}")
        # The filter is in force on the new one as well.
        subprocess.run(["ip", "netns", "exec", CLIENT, "ping", "-c", "2", "-i", "0.2", "192.0.2.20"], check=False, capture_output=True)
        open_request.kill()
        open_request.wait()
        promiscuous = subprocess.run(["ip", "-d", "-n", SERVER, "link", "show", "eth0"], capture_output=True, text=True, check=True).stdout
        self.check("promiscuity 1" in promiscuous, f"the new interface is not promiscuous: {promiscuous}")
        self.ended(listener, "removed and made again", 3, 2.0, 9)
        self.check(ledger(listener, "other protocol") == 0, "the filter lets ICMP through on the new interface")
        cut = [record for _, record in listener.records() if record["http"]["request"]["target"] == "/slow/large.bin?cut"]
        self.check(len(cut) == 1 and cut[0]["capture"]["complete"] is False, f"{len(cut)} records of what was under way when the interface went")

    def flush_goes_on(self):
        """Records that wait for time to pass come while the interface is away: the clock ticks on."""
        listener = Listener(self.test.hark, self.test.work, ["-i", "eth0", "--stats", "--flow-timeout", "2s"])
        asked = subprocess.Popen(["ip", "netns", "exec", CLIENT, "curl", "-q", "-s", "--max-time", "20", "-o", os.devnull,
                                  "http://192.0.2.20/slow/large.bin?idle"])
        time.sleep(0.5)
        ip("-n", SERVER, "link", "set", "eth0", "down")
        self.check(listener.wait_for("/slow/large.bin?idle", 5) is not None, "a connection does not time out while the interface is away")
        ip("-n", SERVER, "link", "set", "eth0", "up")
        asked.kill()
        asked.wait()
        self.ended(listener, "flush", 1, 1.0, 9)

    def ends_while_away(self):
        listener = Listener(self.test.hark, self.test.work, ["-i", "eth0", "--stats"])
        ip("-n", SERVER, "link", "del", "eth0")
        time.sleep(0.5)
        began = time.monotonic()
        self.ended(listener, "ended while away", 1, 0.2, 3)
        self.check(time.monotonic() - began < 2, "SIGTERM is not heard while the interface is away")
        live.link()

    def one_of_two(self):
        ip("-n", SERVER, "link", "add", "other0", "type", "veth", "peer", "name", "other1")
        ip("-n", SERVER, "link", "set", "other0", "up")
        listener = Listener(self.test.hark, self.test.work, ["-i", "other0", "-i", "eth0", "--stats"])
        ip("-n", SERVER, "link", "del", "other0")
        self.check(listener.said.wait_for("other0: the interface is", 1, 3), f"not said: {listener.said.lines('')}")
        for n in range(3):
            self.asked(listener, f"/small.txt?other{n}", "while another interface is away")
        self.ended(listener, "one of two", 1, 0.05, 9)


def parts_of(test):
    outage = Outage(test)
    return (lambda: outage.down_and_up("1"), lambda: outage.down_and_up("2"), outage.removed_and_made_again, outage.flush_goes_on,
            outage.ends_while_away, outage.one_of_two)


if __name__ == "__main__":
    sys.exit(live.main(parts_of, "outage", __doc__))
