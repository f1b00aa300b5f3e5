#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scaling.py --hark BINARY --tools DIR [--captures DIR] [--only PART,...] [--quick]

How hark's cost grows, each part a table in Markdown:

  memory    bytes a connection by what it stands at: the process's memory while it waits for more packets
  packets   CPU a packet of exchanges on 1,000 to 1,000,000 open connections, at random
  many      10 million connections that are left open: memory stays below its bound, every transaction is told
  size      CPU and memory for 1, 10 and 30 GB: a capture again and again with other addresses, through a pipe

--quick: a tenth of it. scaling.sh calls this."""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

PARTS = ("memory", "packets", "many", "size")
SETTLED = 0.4  # seconds without work
ROOMY = ("--max-memory=12G", "--max-flows=2000000")


class Watched:
    """hark reading from `crowd`, which waits where it is told to."""

    def __init__(self, tools, hark, words, options, cpu):
        self.crowd = subprocess.Popen([os.path.join(tools, "bench_crowd"), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.hark = subprocess.Popen(["taskset", "-c", str(cpu), hark, "-r", "-", "-o", "/dev/null", "--stats", *options], stdin=self.crowd.stdout, stderr=subprocess.PIPE, text=True)
        self.crowd.stdout.close()

    def cpu_ns(self):
        with open(f"/proc/{self.hark.pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[0])

    def rss(self, field="VmRSS"):
        with open(f"/proc/{self.hark.pid}/status", encoding="ascii") as file:
            return int(re.search(rf"^{field}:\s+(\d+) kB", file.read(), re.MULTILINE).group(1)) * 1024

    def settle(self):
        """Waits until crowd has written what it has to and hark has nothing to do; how many packets that were."""
        line = self.crowd.stderr.readline()
        if not line.startswith("ready "):
            raise SystemExit(f"crowd: {line}")
        spent = -1
        while spent != self.cpu_ns():
            spent = self.cpu_ns()
            time.sleep(SETTLED)
            # What is due every tenth of a second on a silent pipe is no work.
            if self.cpu_ns() - spent < 2_000_000:
                break
        return int(line.split()[1])

    def go_on(self):
        self.crowd.stdin.write("\n")
        self.crowd.stdin.flush()

    def end(self):
        """What hark says of the run."""
        self.crowd.stdin.close()
        self.crowd.wait()
        said = self.hark.stderr.read()
        if self.hark.wait() != 0 or "The ledger balances." not in said:
            raise SystemExit(f"hark: exit status {self.hark.returncode}: {said[-2000:]}")
        return said


def told(said, line):
    found = re.search(rf"^\s*{line}\s+([\d ]+)$", said, re.MULTILINE)
    return int(found.group(1).replace(" ", "")) if found else 0


class Scaling:
    def __init__(self, arguments):
        self.hark = os.path.abspath(arguments.hark)
        self.tools = arguments.tools
        self.captures = arguments.captures
        self.divide = 10 if arguments.quick else 1
        self.cpu = max(os.sched_getaffinity(0))

    def watch(self, *words, options=ROOMY):
        return Watched(self.tools, self.hark, [str(word) for word in words], options, self.cpu)

    def memory_of(self, state, count):
        watched = self.watch(state, count)
        watched.settle()
        rss = watched.rss()
        watched.end()
        return rss

    def memory(self):
        few, many = 1000, 200_000 // self.divide
        states = (("syn", "a bare SYN", ""), ("open", "idle after its handshake", ""), ("idle", "idle after an exchange", "≤ 400"),
                  ("head", "in a request's head", ""), ("body", "in a response's body", ""))
        yield f"| connections ({many:,}) | bytes each | target | |"
        yield "|---|--:|--:|---|"
        for state, name, target in states:
            each = (self.memory_of(state, many) - self.memory_of(state, few)) / (many - few)
            met = "" if not target else "met" if each <= 400 else "**not met**"
            yield f"| {name} | {each:.0f} | {target} | {met} |"
        all_of_them = 1_000_000 // self.divide
        mib = self.memory_of("idle", all_of_them) / 1048576
        yield f"| {all_of_them:,} idle after an exchange: all of hark, MiB | {mib:.0f} | ≤ {1024 // self.divide} | {'met' if mib <= 1024 / self.divide else '**not met**'} |"

    def packets(self):
        exchanges = 500_000 // self.divide
        yield "| open connections | ns a packet | to the first | target | |"
        yield "|--:|--:|--:|--:|---|"
        first = None
        for count in (1000, 10_000, 100_000, 1_000_000):
            if self.divide > 1 and count > 100_000:
                continue
            watched = self.watch("idle", count, exchanges)
            opened, spent = watched.settle(), watched.cpu_ns()
            watched.go_on()
            packets = watched.settle() - opened
            each = (watched.cpu_ns() - spent) / packets
            watched.end()
            first = first or each
            met = "met" if each / first <= 1.5 else "**not met**"
            yield f"| {count:,} | {each:.0f} | {each / first:.2f} | ≤ 1.50 | {met} |"

    def many(self):
        count = 10_000_000 // self.divide
        watched = self.watch("left", count, options=())
        packets = watched.settle()
        spent, peak = watched.cpu_ns(), watched.rss("VmHWM")
        said = watched.end()
        yield "| connections, never closed | packets | CPU s | µs a connection | peak RSS MiB (bound: 1024) | transactions told | connections evicted |"
        yield "|--:|--:|--:|--:|--:|--:|--:|"
        evicted = told(said, "ended: evicted")
        yield f"| {count:,} | {packets:,} | {spent / 1e9:.1f} | {spent / 1e3 / count:.1f} | {peak / 1048576:.0f} | {told(said, 'request and response'):,} | {evicted:,} |"

    def size(self):
        capture = os.path.join(self.captures, "web.pcap")
        if not os.path.exists(capture):
            raise SystemExit(f"{capture} is not there: bench/run.sh makes it")
        yield "| web, GB | CPU s | CPU s a GB | peak RSS MiB |"
        yield "|--:|--:|--:|--:|"
        for gigabytes in (1, 10, 30):
            with tempfile.TemporaryDirectory(prefix="hark-bench.") as work:
                grow = subprocess.Popen([os.path.join(self.tools, "bench_grow"), capture, str(gigabytes / self.divide)], stdout=subprocess.PIPE)
                done = subprocess.run([os.path.join(self.tools, "bench_measure"), str(self.cpu), os.path.join(work, "out"), self.hark, "-q", "-r", "-", "-o", "/dev/null"],
                                      stdin=grow.stdout, capture_output=True, text=True, check=True)
                grow.stdout.close()
                grow.wait()
            _, user, system, rss, status = done.stdout.split()
            if status != "0":
                raise SystemExit(f"hark: exit status {status}")
            cpu = float(user) + float(system)
            yield f"| {gigabytes / self.divide:g} | {cpu:.2f} | {cpu / gigabytes * self.divide:.2f} | {int(rss) / 1024:.0f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--tools", required=True)
    parser.add_argument("--captures", default=".")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    scaling = Scaling(arguments)
    for part in arguments.only.split(","):
        if part not in PARTS:
            raise SystemExit(f"no part is named {part}; there are: {', '.join(PARTS)}")
        for line in getattr(scaling, part)():
            print(line, flush=True)
        print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
