#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""overload.py --hark BINARY

More connections than hark can report: tcpreplay sends them over a veth pair between two network namespaces of this test's own, and who
reads hark's records takes them slowly, so that hark is as slow on every machine. With --overload=none the kernel drops what it will.
With shed (the default) hark leaves out connections instead: few packets are dropped, or none; what is reported is whole; the ledger
balances, and counts what is missing; and when the flood is over, all connections are followed again.

Needs root, iproute2 and tcpreplay; is skipped where one is missing. Ends only processes that it started."""
import argparse
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402

PREFIX = f"hko{os.getpid()}"
SENDER, TAP = PREFIX + "c", PREFIX + "s"
CONNECTIONS = 40000
RATE = 40000  # packets a second: 5000 connections
WINDOW = 40  # connections that begin between two packets of one
TAKEN = 1_500_000  # bytes of records a second that the reader takes while the flood lasts: less than a thousand
BUFFER = "32M"  # four seconds of the flood
LATER = 60  # connections after the flood
ACK, SYN, FIN = 0x10, 0x02, 0x01


def frame(number, step):
    """One of the eight packets of a connection with one exchange, named in its target."""
    request = f"GET /{number:06d} HTTP/1.1\r\nHost: flood.example\r\n\r\n".encode()
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    client, server = 1000 + number, 900000 + number
    asked, answered = client + 1 + len(request), server + 1 + len(response)
    from_client, flags, seq, ack, payload = [(True, SYN, client, 0, b""), (False, SYN | ACK, server, client + 1, b""), (True, ACK, client + 1, server + 1, b""),
                                             (True, ACK, client + 1, server + 1, request), (False, ACK, server + 1, asked, response),
                                             (True, ACK | FIN, asked, answered, b""), (False, ACK | FIN, answered, asked + 1, b""),
                                             (True, ACK, asked + 1, answered + 1, b"")][step]
    ends = [(struct.pack("!I", 0xC6120000 + number // 50000), 10000 + number % 50000), (struct.pack("!I", 0xC6130001), 80)]
    source, target = ends if from_client else ends[::-1]
    tcp = struct.pack("!HHIIBBHHH", source[1], target[1], seq, ack, 0x50, flags, 65535, 0, 0) + payload
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + source[0] + target[0]
    return b"\x02\0\0\0\0\x02" + b"\x02\0\0\0\0\x01" + b"\x08\0" + ip + tcp


def write_capture(path, numbers):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        at = 0
        for turn in range(len(numbers) + 7 * WINDOW):
            for step in range(8):
                which = turn - step * WINDOW
                if 0 <= which < len(numbers):
                    bytes_ = frame(numbers[which], step)
                    file.write(struct.pack("<IIII", at // 1000000, at % 1000000, len(bytes_), len(bytes_)) + bytes_)
                    at += 1000000 // RATE


class Slow:
    """hark, with a reader who takes its time as long as `slow` is set."""

    def __init__(self, hark, arguments):
        self.output = bytearray()
        self.said = []
        self.slow = True
        self.process = subprocess.Popen(["ip", "netns", "exec", TAP, hark, "-i", "eth0", "-B", BUFFER, "--stats", *arguments], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=harness.ENVIRONMENT)
        self.threads = [threading.Thread(target=self.read_out), threading.Thread(target=self.read_err)]
        for thread in self.threads:
            thread.start()
        self.wait_for("listening on", 20)

    def read_out(self):
        while True:
            piece = os.read(self.process.stdout.fileno(), 16384)
            if not piece:
                return
            self.output += piece
            if self.slow:
                time.sleep(len(piece) / TAKEN)

    def read_err(self):
        for line in self.process.stderr:
            self.said.append(line.decode("utf-8", "replace"))

    def wait_for(self, words, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if any(words in line for line in list(self.said)):
                return True
            time.sleep(0.05)
        return False

    def finish(self):
        self.slow = False
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        for thread in self.threads:
            thread.join()
        return status

    def records(self):
        return [json.loads(line) for line in bytes(self.output).splitlines()]

    def count(self, name):
        """The ledger's number of that name, 0 where it has no line."""
        for line in self.said:
            found = re.fullmatch(r" *" + re.escape(name) + r" {2,}([\d ]+)\n", line)
            if found:
                return int(found.group(1).replace(" ", ""))
        return 0


class Overload:
    def __init__(self, hark, work):
        self.hark = hark
        self.work = work
        self.faults = 0
        self.checks = 0

    def check(self, holds, what):
        self.checks += 1
        if not holds:
            self.faults += 1
            print("FAULT", what)

    def send(self, name, rate):
        done = subprocess.run(["ip", "netns", "exec", SENDER, "tcpreplay", "-q", "-K", "-i", "eth0", f"--pps={rate}", os.path.join(self.work, name)],
                              capture_output=True, text=True, check=False, timeout=120)
        self.check(done.returncode == 0, f"tcpreplay says {done.stderr[-300:]}")

    def sound(self, hark, status, what):
        text = "".join(hark.said)
        self.check(status == 0, f"{what}: exit status {status}: {text[-600:]}")
        self.check("The ledger balances." in text and "Sanitizer" not in text and "runtime error" not in text, f"{what}: {text[-1500:]}")
        wrong = harness.validate(bytes(hark.output))
        self.check(not wrong, f"{what}: {wrong[:600]}")

    def ruined(self, hark):
        """Records of the flood that are not whole, and numbers of connections told by those that are."""
        whole, ruined = [], 0
        for record in hark.records():
            number = re.fullmatch(r"/(\d{6})", harness.get(record, "http.request.target") or "")
            is_whole = (number and harness.get(record, "hark.type") == "transaction" and harness.get(record, "capture.complete") is True
                        and harness.get(record, "http.response.status_code") == 200 and not harness.get(record, "capture.midstream"))
            if is_whole:
                whole.append(int(number.group(1)))
            else:
                ruined += 1
        return whole, ruined

    def without(self):
        hark = Slow(self.hark, ["--overload=none"])
        self.send("flood.pcap", RATE)
        self.sound(hark, hark.finish(), "none")
        dropped = hark.count("DROPPED by the kernel (a larger -B helps)")
        self.check(dropped > CONNECTIONS, f"none: the kernel dropped {dropped} packets only; this is no overload")
        self.check(hark.count("shed") == 0 and not any("overload" in line for line in hark.said), "none: something was left out")
        return dropped

    def shedding(self, threads, dropped_without, saves=False):
        what = f"shed {threads}"
        saved = os.path.join(self.work, "saved.pcapng")
        hark = Slow(self.hark, [threads, *(["-w", saved] if saves else [])])
        self.send("flood.pcap", RATE)
        hark.slow = False
        self.check(hark.wait_for("hark: overload", 5), f"{what}: overload is not told: {''.join(hark.said)}")
        # Each reader of --fanout has an overload of its own.
        for who in sorted({re.match("hark: overload(.*?): ", line).group(1) for line in list(hark.said) if re.match("hark: overload.*behind", line)}):
            self.check(hark.wait_for(f"overload{who} is over", 90), f"{what}: overload{who} does not end: {''.join(hark.said)}")
        self.send("later.pcap", 200)
        time.sleep(1.5)
        self.sound(hark, hark.finish(), what)
        whole, ruined = self.ruined(hark)
        dropped, left_out = hark.count("DROPPED by the kernel (a larger -B helps)"), hark.count("connections NOT followed")
        print(f"{what}: {dropped} packets dropped by the kernel instead of {dropped_without}, {left_out} connections left out, {len(whole)} whole, {ruined} not")
        self.check(dropped * 4 < dropped_without, f"{what}: the kernel dropped {dropped} packets, without shedding {dropped_without}")
        self.check(ruined <= dropped, f"{what}: {ruined} records are not whole, and the kernel dropped {dropped} packets")
        self.check(len(set(whole)) == len(whole), f"{what}: connections were told twice")
        self.check(left_out > CONNECTIONS // 4 and left_out <= hark.count("packets left out"), f"{what}: {left_out} connections left out")
        self.check(abs(CONNECTIONS + LATER - len(whole) - left_out) <= dropped, f"{what}: {len(whole)} whole and {left_out} left out are not all")
        self.check(all(number in whole for number in range(CONNECTIONS, CONNECTIONS + LATER)), f"{what}: after the overload connections are missing")
        if saves:
            self.saved(hark, saved, what)

    def saved(self, hark, path, what):
        """Of what is reported as saved the file gives the same connections, and of those left out none."""
        told = [record for record in hark.records() if harness.get(record, "capture.saved") == "connection"]
        done = harness.run_hark(self.hark, ["-q", "-r", path])
        wanted, got = (sorted(record["event"]["id"] for record in records) for records in (told, done.records()))
        self.check(done.status == 0 and len(told) > LATER, f"{what} -w: {len(told)} connections are saved: {done.err[-300:]}")
        others = {record["event"]["id"] for record in hark.records()}
        self.check(set(wanted) <= set(got) and set(got) <= others, f"{what} -w: {len(wanted)} connections are saved, and the file has {len(got)}")


def namespaces():
    def run(*command):
        subprocess.run(command, check=True)

    for name in (SENDER, TAP):
        run("ip", "netns", "add", name)
        # The kernel says nothing on its own on this cable.
        run("ip", "netns", "exec", name, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6")
    run("ip", "link", "add", "eth0", "netns", SENDER, "type", "veth", "peer", "name", "eth0", "netns", TAP)
    for name in (SENDER, TAP):
        run("ip", "-n", name, "link", "set", "eth0", "up")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    arguments = parser.parse_args()
    if harness.lacks_network(("ip", "tcpreplay")):
        return harness.SKIPPED
    with tempfile.TemporaryDirectory(prefix="hark-overload.") as work:
        overload = Overload(os.path.abspath(arguments.hark), work)
        write_capture(os.path.join(work, "flood.pcap"), range(CONNECTIONS))
        write_capture(os.path.join(work, "later.pcap"), range(CONNECTIONS, CONNECTIONS + LATER))
        try:
            namespaces()
            dropped = overload.without()
            for threads in ("-j1", "-j2", "--fanout=2"):
                overload.shedding(threads, dropped)
            overload.shedding("-j2", dropped, saves=True)
        finally:
            for name in (SENDER, TAP):
                subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        print(f"overload: {overload.checks} checks, {overload.faults} faults")
        return 1 if overload.faults else 0


if __name__ == "__main__":
    sys.exit(main())
