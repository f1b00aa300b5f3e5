#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""live.py --captures DIR --hark BINARY [--workloads NAME,...] [--only NAME,...] [--seconds N] [--rounds N] [--write]

Looks for the highest rate at which each program listens to an interface without losing a packet. tcpreplay sends a workload over a
veth pair, again and again with other addresses, from one processor; the program listens at the other end, on the other processors.
First as fast as tcpreplay can; where something is lost, the rate is halved between the highest without and the lowest with loss until
they are 5 % apart. Lost is what the program says that the kernel dropped for it, and what hark says that it left out. A program that
puts packets by (tshark does, in a file of any size) has not kept up with a rate when it is still busy some seconds after the last one.
live.sh calls this.

Needs root, iproute2 and tcpreplay. Ends only processes that it started."""
import argparse
import collections
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import document
from peers import TSHARK_FIELDS, chosen, lines_of

PREFIX = f"hkb{os.getpid()}"
SENDER, LISTENER = PREFIX + "a", PREFIX + "b"
DEVICE = "tap0"
BUFFER_MIB = 64
APART = 0.05  # of the rate
LEAST = 1000  # packets a second: below, no rate is looked for
BEHIND = 2.0  # seconds that a program may go on after the last packet

Attempt = collections.namedtuple("Attempt", "sent rate mbit lost behind told cpu")


def number(pattern, text):
    found = re.search(pattern, text)
    return int(found.group(1)) if found else None


class Program:
    """`lost` finds in what the program said at its end how many packets it did not see, `told` counts its output's lines."""

    def __init__(self, name, command, lost, told=None, counted="out", workers=1):
        self.name, self.command, self.lost, self.told, self.counted, self.workers = name, command, lost, told, counted, workers

    def words(self, out):
        return [word.format(device=DEVICE, out=out) for word in self.command]


def lost_hark(text):
    """The ledger leaves out what is zero."""
    if not re.search(r"received by the kernel +\d[\d ]*$", text, re.M):
        return None
    lost = re.findall(r"^ *(?:DROPPED by the (?:kernel|interface)|shed)\b.*?  +(\d[\d ]*)$", text, re.M)
    return sum(int(found.replace(" ", "")) for found in lost)


def count_lines(path):
    return sum(1 for line in lines_of(path) if not line.startswith(b"#"))


def programs_of(hark):
    fields = [word for field in TSHARK_FIELDS for word in ("-e", field)]
    kib = str(BUFFER_MIB * 1024)

    def dropped(text):
        return number(r"(\d+) packets? dropped by kernel", text)

    return [Program("tcpdump", ("tcpdump", "-n", "-i", "{device}", "-B", kib, "-s", "0", "-w", "/dev/null"), dropped),
            Program("hark", (hark, "--stats", "-i", "{device}", "-B", f"{BUFFER_MIB}M", "-o", "{out}"), lost_hark, count_lines),
            Program("hark -j2", (hark, "--stats", "-j", "2", "-i", "{device}", "-B", f"{BUFFER_MIB}M", "-o", "{out}"), lost_hark, count_lines, workers=2),
            Program("httpry", ("httpry", "-i", "{device}", "-o", "{out}"), lambda text: number(r"(\d+) packets dropped", text), count_lines),
            Program("tshark", ("tshark", "-n", "-l", "-i", "{device}", "-B", str(BUFFER_MIB), "-Y", "http", "-T", "fields", *fields),
                    lambda text: number(r"(\d+) packets? dropped", text) or 0, count_lines, "stdout")]


class Line:
    """Two namespaces and the pair of devices between them."""

    def __enter__(self):
        for name in (SENDER, LISTENER):
            subprocess.run(["ip", "netns", "add", name], check=True)
        subprocess.run(["ip", "link", "add", DEVICE, "netns", SENDER, "type", "veth", "peer", "name", DEVICE, "netns", LISTENER], check=True)
        for name in (SENDER, LISTENER):
            # No addresses, no neighbours' chatter: nothing but what is sent.
            subprocess.run(["ip", "netns", "exec", name, "sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=1"], check=True)
            subprocess.run(["ip", "-n", name, "link", "set", DEVICE, "mtu", "9000", "up", "arp", "off"], check=True)
        return self

    def __exit__(self, *_):
        for name in (SENDER, LISTENER):
            subprocess.run(["ip", "netns", "del", name], check=False)


class Bench:
    def __init__(self, captures, seconds, work):
        self.captures, self.seconds, self.work = captures, seconds, work
        cpus = sorted(os.sched_getaffinity(0))
        self.sender_cpu = cpus[0]
        self.cpus = cpus[1:] or cpus

    def listens(self):
        sockets = subprocess.run(["ip", "netns", "exec", LISTENER, "cat", "/proc/net/packet"], capture_output=True, text=True, check=True)
        return any(line.split()[3] != "0000" for line in sockets.stdout.splitlines()[1:])

    def start(self, program, out, stdout, stderr):
        cpus = self.cpus if program.workers == 1 else [self.sender_cpu, *self.cpus]
        process = subprocess.Popen(["ip", "netns", "exec", LISTENER, "taskset", "-c", ",".join(map(str, cpus)), *program.words(out)],
                                   stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        deadline = time.monotonic() + 15
        while not self.listens():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{program.name} does not listen")
            time.sleep(0.05)
        time.sleep(0.5)
        return process

    def send(self, workload, rate):
        """At `rate` packets a second, None: as fast as it goes. (packets sent, their rate, Mbit/s)"""
        pace = ["--topspeed"] if rate is None else [f"--pps={rate:.0f}"]
        sent = subprocess.run(["ip", "netns", "exec", SENDER, "taskset", "-c", str(self.sender_cpu), "tcpreplay", "-q", "-K", "-i", DEVICE, *pace,
                               "--loop=100000", "--unique-ip", "--no-flow-stats", f"--duration={self.seconds}", os.path.join(self.captures, workload + ".pcap")],
                              capture_output=True, text=True, check=False)
        packets = number(r"Actual: (\d+) packets", sent.stdout)
        rated = re.search(r"Rated: [\d.]+ Bps, ([\d.]+) Mbps, ([\d.]+) pps", sent.stdout)
        if not packets or not rated:
            raise SystemExit(f"tcpreplay: {sent.stdout[-300:]} {sent.stderr[-300:]}")
        return packets, float(rated.group(2)), float(rated.group(1))

    def attempt(self, program, workload, rate):
        out, said = os.path.join(self.work, "out"), os.path.join(self.work, "said")
        counted = out if program.counted == "out" else os.path.join(self.work, "stdout")
        with open(os.path.join(self.work, "stdout"), "wb") as stdout, open(said, "wb") as stderr:
            process = self.start(program, out, stdout, stderr)
            sent, rated, mbit = self.send(workload, rate)
            cpu, behind = self.drain(process)
            process.send_signal(signal.SIGINT)
            process.wait(120)
        with open(said, encoding="utf-8", errors="replace") as file:
            text = file.read()
        lost = program.lost(text)
        if lost is None:
            raise SystemExit(f"{program.name} does not say what it lost: {text[-400:]}")
        told = program.told(counted) if program.told else None
        for path in (out, counted):
            if os.path.exists(path):
                os.unlink(path)
        return Attempt(sent, rated, mbit, lost, behind, told, cpu)

    @staticmethod
    def cpu_of(process):
        """Seconds of processor of all its children and itself: what ip and taskset exec is the program."""
        with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def drain(self, process):
        """Until what was put by is worked off and the program is idle. (its seconds of processor, how long it took)"""
        begin = idle_since = time.monotonic()
        before = self.cpu_of(process)
        while idle_since - begin < 120:
            time.sleep(0.5)
            now = self.cpu_of(process)
            if now - before < 0.03:
                break
            before, idle_since = now, time.monotonic()
        return before, idle_since - begin

    def highest(self, program, workload):
        """The best attempt without loss, and whether the sender was the limit."""
        best, low, high = None, 0.0, None
        rate = None
        while True:
            attempt = self.attempt(program, workload, rate)
            print(f"{workload}: {program.name}: {attempt.rate:.0f} packets/s, {attempt.lost} of {attempt.sent} lost, {attempt.behind:.1f} s behind", file=sys.stderr, flush=True)
            if attempt.lost == 0 and attempt.behind <= BEHIND:
                best, low = attempt, attempt.rate
                if rate is None:
                    return best, True
            else:
                high = attempt.rate if high is None else min(high, attempt.rate)
            if high - low < APART * high or high < LEAST:
                return best, False
            rate = (low + high) / 2 if low else high / 2


def rows(bench, programs, workloads, rounds):
    yield "| workload | program | highest rate without loss: thousand packets/s | Gbit/s | limit | lines told | CPU s of that attempt |"
    yield "|---|---|--:|--:|---|--:|--:|"
    for workload in workloads:
        for program in programs:
            tries = [bench.highest(program, workload) for _ in range(rounds)]
            best, at_most = max(tries, key=lambda found: found[0].rate if found[0] else 0)
            if not best:
                yield f"| {workload} | {program.name} | - | - | itself | - | - |"
                continue
            yield (f"| {workload} | {program.name} | {best.rate / 1e3:.0f} | {best.mbit / 1e3:.2f} | {'the sender' if at_most else 'itself'} | "
                   f"{'-' if best.told is None else best.told} | {best.cpu:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captures", required=True)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--workloads", default="web,small")
    parser.add_argument("--only", default="", help="programs, comma-separated")
    parser.add_argument("--seconds", type=int, default=5, help="how long one attempt sends")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    arguments = parser.parse_args()
    programs = programs_of(os.path.abspath(arguments.hark))
    only = chosen(arguments.only, [program.name for program in programs], "program")
    programs = [program for program in programs if (not only or program.name in only) and shutil.which(program.command[0])]
    workloads = chosen(arguments.workloads, ("web", "small", "bulk", "manyflows", "lossy"), "workload")
    with tempfile.TemporaryDirectory(prefix="hark-live.") as work, Line():
        text = "\n".join(rows(Bench(arguments.captures, arguments.seconds, work), programs, workloads, arguments.rounds))
    print(text)
    if arguments.write:
        document.put("live", text)


if __name__ == "__main__":
    main()
