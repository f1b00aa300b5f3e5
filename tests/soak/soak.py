#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""soak.py --hark BINARY [--minutes N] [--pause MS] [--jobs N] [--write]

hark listens to a veth pair while wrk asks nginx at a steady rate, for N minutes. Every request has an id of its own, which nginx logs and
hark's record shows: both must have the same ones, each once, with the same status. hark's memory must not grow after its first quarter, and the
kernel must not drop a packet for it. Prints a table in Markdown; --write puts it into docs/performance.md.

Needs root, iproute2, nginx and wrk; exits with 77 where one is missing. Ends only processes that it started."""
import argparse
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
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
sys.path.insert(0, os.path.join(HERE, "..", "..", "bench"))
sys.path.insert(0, os.path.join(HERE, "..", "live"))  # before bench, which has a live.py too
import document  # noqa: E402
import harness  # noqa: E402
import live  # noqa: E402
from live import CLIENT, SERVER  # noqa: E402

GROWTH = 1.03  # memory at the end, to that after the first quarter
GROWTH_MIB = 2  # pages that a quiet quarter did not need
WARM = 45  # seconds until connections that ended are forgotten as fast as others end: a quarter shorter than that
GROWTH_COLD_MIB = 5  # may grow by so much
CONNECTIONS = 64
NGINX = """daemon off;
worker_processes 1;
user root;
pid {work}/nginx.pid;
error_log {work}/error.log;
events {{ worker_connections 1024; }}
http {{
    log_format ids '$status $msec $request_uri';
    access_log {work}/access.log ids buffer=64k flush=1s;
    keepalive_requests 500;
    client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3; uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5;
    server {{
        listen 192.0.2.20:80;
        root {work}/site;
        location /take {{ return 204; }}
    }}
}}
"""
Sample = collections.namedtuple("Sample", "seconds records rss_mib")
ID = re.compile(rb'"target":"[^"?]*\?id=([0-9-]+)"')
STATUS = re.compile(rb'"status_code":(\d+)')


class Listener:
    """A running hark: counts its records by id while they come."""

    def __init__(self, hark, jobs, options=()):
        self.ids = {}  # id: status
        self.twice = self.lines = 0
        # ip-netns(8) execs hark: the process is hark itself.
        self.process = subprocess.Popen(["ip", "netns", "exec", SERVER, hark, "--stats", "-i", "eth0", "-j", str(jobs), *options], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=harness.ENVIRONMENT)
        self.err = b""
        self.threads = [threading.Thread(target=self.read_out), threading.Thread(target=self.read_err)]
        for thread in self.threads:
            thread.start()
        time.sleep(2)

    def read_out(self):
        for line in self.process.stdout:
            self.lines += 1
            found, status = ID.search(line), STATUS.search(line)
            if found:
                self.twice += found.group(1) in self.ids
                self.ids[found.group(1)] = status.group(1) if status else None

    def read_err(self):
        self.err = self.process.stderr.read()

    def rss_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) / 1024

    def finish(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        for thread in self.threads:
            thread.join()
        return status


def start_nginx(work):
    os.mkdir(os.path.join(work, "site"))
    for name, size in (("small", 200), ("middle", 3000), ("large", 60000)):
        with open(os.path.join(work, "site", name + ".bin"), "wb") as file:
            file.write(b"0123456789" * (size // 10))
    with open(os.path.join(work, "nginx.conf"), "w", encoding="utf-8") as file:
        file.write(NGINX.format(work=work))
    server = subprocess.Popen(["ip", "netns", "exec", SERVER, "nginx", "-p", work, "-c", os.path.join(work, "nginx.conf"), "-e", os.path.join(work, "error.log")],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    if server.poll() is not None:
        raise SystemExit("nginx did not start")
    return server


def load(seconds, pause):
    return subprocess.Popen(["ip", "netns", "exec", CLIENT, "wrk", "-t", "2", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "--timeout", "30s",
                             "-s", os.path.join(HERE, "load.lua"), "http://192.0.2.20/", "--", "1", str(pause)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def logged(work):
    """id: (status, when it was logged), of nginx's log, without those that nginx could not read to their end (its 400)."""
    found = {}
    with open(os.path.join(work, "access.log"), "rb") as file:
        for line in file:
            status, moment, target = line.split(b" ", 2)
            if b"?id=" in target:
                found[target.split(b"?id=")[1].strip()] = (status, float(moment))
    return found


class Soak:
    def __init__(self, arguments, work):
        self.seconds = round(arguments.minutes * 60)
        self.arguments, self.work = arguments, work
        self.samples, self.faults = [], []

    def check(self, holds, what):
        if not holds:
            self.faults.append(what)

    def watch(self, listener):
        """Samples memory eight times while wrk asks."""
        begin = time.monotonic()
        asking = load(self.seconds, self.arguments.pause)
        for part in range(1, 9):
            time.sleep(max(0.0, begin + part * self.seconds / 8 - time.monotonic() - (0.5 if part == 8 else 0)))
            if listener.process.poll() is not None:
                break
            self.samples.append(Sample(time.monotonic() - begin, listener.lines, listener.rss_mib()))
            print(f"{self.samples[-1].seconds:.0f} s: {listener.lines} records, {self.samples[-1].rss_mib:.1f} MiB", file=sys.stderr, flush=True)
        asking.wait(60)

    def judge(self, listener, status, server_log):
        text = listener.err.decode("utf-8", "replace")
        dropped = sum(int(n.replace(" ", "")) for n in re.findall(r"^ *(?:DROPPED by the (?:kernel|interface)|shed)\b.*?  +(\d[\d ]*)$", text, re.M))
        self.check(status == 0 and "The ledger balances." in text, f"exit status {status}: {text[-400:]}")
        self.check(dropped == 0, f"{dropped} packets were dropped")
        self.check(server_log and listener.ids.keys() == server_log.keys() and not listener.twice,
                   f"{len(server_log.keys() - listener.ids.keys())} of nginx's {len(server_log)} transactions are not told, "
                   f"{len(listener.ids.keys() - server_log.keys())} others are, {listener.twice} twice")
        wrong = [key for key, (value, _) in server_log.items() if value != b"499" and listener.ids.get(key, value) != value]
        self.check(len(wrong) <= CONNECTIONS, f"{len(wrong)} records have another status than nginx's log")  # those that wrk broke off
        if len(self.samples) == 8:
            first, last = self.samples[1].rss_mib, self.samples[7].rss_mib
            spare = GROWTH_MIB if self.samples[1].seconds >= WARM else GROWTH_COLD_MIB
            self.check(last <= max(first * GROWTH, first + spare), f"memory grew from {first:.1f} to {last:.1f} MiB")
        return dropped

    def run(self):
        live.namespaces()
        subprocess.run(["ip", "netns", "exec", CLIENT, "sysctl", "-q", "-w", "net.ipv4.ip_local_port_range=1024 65535"], check=True)
        server = start_nginx(self.work)
        listener = None
        try:
            listener = Listener(self.arguments.hark, self.arguments.jobs)
            self.watch(listener)
            time.sleep(2)
        finally:
            status = listener.finish() if listener else None
            server.send_signal(signal.SIGQUIT)
            server.wait(60)
        server_log = logged(self.work)
        dropped = self.judge(listener, status, server_log)
        yield "| after | transactions told | a second | memory (RSS), MiB |"
        yield "|--:|--:|--:|--:|"
        before = Sample(0, 0, 0)
        for sample in self.samples:
            rate = (sample.records - before.records) / (sample.seconds - before.seconds)
            yield f"| {sample.seconds / 60:.1f} min | {sample.records} | {rate:.0f} | {sample.rss_mib:.1f} |"
            before = sample
        yield ""
        yield (f"{len(server_log)} transactions in nginx's log, {len(listener.ids)} told, {len(server_log.keys() ^ listener.ids.keys())} of them unlike, "
               f"{dropped} packets dropped, `-j {self.arguments.jobs}`.")


def conclude(test, block, write):
    """Runs it in the namespaces that it makes, prints what it yields and which faults it found; without any, the text may go into docs/performance.md. Returns the exit status."""
    try:
        text = "\n".join(test.run())
    finally:
        for name in (CLIENT, SERVER):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
    print(text)
    for fault in test.faults:
        print("FAULT", fault)
    if write and not test.faults:
        document.put(block, text)
    return 1 if test.faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--pause", type=int, default=60, help="milliseconds that each of 64 connections waits between requests, on average")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    arguments = parser.parse_args()
    arguments.hark = os.path.abspath(arguments.hark)
    if harness.lacks_network(("ip", "nginx", "wrk")):
        return harness.SKIPPED
    with tempfile.TemporaryDirectory(prefix="hark-soak.") as work:
        return conclude(Soak(arguments, work), "soak", arguments.write)


if __name__ == "__main__":
    sys.exit(main())
