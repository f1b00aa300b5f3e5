#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""life.py --hark BINARY [--only PART]

A sensor beside nginx and its clients, in network namespaces of its own: under steady traffic each record is in the output within the flush
interval, whatever the workers and the output; connections end by the clock though no packet comes; outputs are rotated, and hark is killed, under
load, with no line lost or torn; statistics and the service manager's signs are those of a run that captures.

Needs root, iproute2, nginx and curl; is skipped where one is missing. Ends only processes that it started."""
import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from live import CLIENT, PREFIX, SERVER, Listener, Live, harness, namespaces, start_nginx  # noqa: E402

LATE = 1.0  # seconds beyond the interval that a busy machine may take
# Asks on a connection that stays, at a steady pace, and says when each answer was there.
ASKER = """
import http.client, sys, time
end, pause = time.monotonic() + float(sys.argv[1]), float(sys.argv[2])
connection, number = http.client.HTTPConnection("192.0.2.20", timeout=10), 0
while time.monotonic() < end:
    target = "/%s?%d" % (sys.argv[3], number)
    connection.request("GET", target)
    connection.getresponse().read()
    print(target, time.monotonic(), flush=True)
    number += 1
    time.sleep(pause)
"""
MUTE = """
import socket, sys
server = socket.create_server(("192.0.2.20", 81))
print("listens", flush=True)
accepted, _ = server.accept()
accepted.recv(4096)
sys.stdin.read()
"""


class Watcher:
    """The lines of a file that grows, with the moment each was seen."""

    def __init__(self, path):
        self.path, self.seen, self.ended = path, {}, threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        rest, file = b"", None
        while not self.ended.is_set():
            if file is None and os.path.exists(self.path):
                file = open(self.path, "rb")
            got = file.read() if file else b""
            now = time.monotonic()
            *lines, rest = (rest + got).split(b"\n")
            for line in lines:
                self.seen.setdefault(harness.get(json.loads(line), "http.request.target"), now)
            time.sleep(0.01)
        if file:
            file.close()

    def finish(self):
        self.ended.set()
        self.thread.join()
        return self.seen


class Life(Live):
    def folder(self):
        """For who hark becomes: files are made in it after the start."""
        path = tempfile.mkdtemp(dir=self.work)
        os.chown(path, 65534, 65534)
        return path

    def ask(self, seconds, pause, name="small.txt", wait=True):
        process = subprocess.Popen(["ip", "netns", "exec", CLIENT, sys.executable, "-c", ASKER, str(seconds), str(pause), name],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        return self.asked(process) if wait else process

    def asked(self, process):
        """target -> when its answer was there"""
        out, _ = process.communicate(timeout=60)
        self.check(process.returncode == 0, "the asking client failed")
        return {target: float(moment) for target, moment in (line.split() for line in out.splitlines())}

    def steady(self):
        for jobs in ("1", "2"):
            for where in ("file", "pipe"):
                for interval in (1.0, 0.3):
                    what = f"steady traffic, -j {jobs}, {where}, {interval} s"
                    target = os.path.join(self.folder(), "out")
                    listener = Listener(self.hark, ["-i", "eth0", "-j", jobs, f"--flush-interval={interval}", *(["-o", target] if where == "file" else [])])
                    watcher = Watcher(target)
                    asked = self.ask(4, 0.02)
                    time.sleep(interval + LATE)
                    seen = watcher.finish() if where == "file" else {harness.get(record, "http.request.target"): moment
                                                                     for moment, record in listener.records()}
                    watcher.finish()
                    missing = [t for t in asked if t not in seen]
                    late = [seen[t] - asked[t] for t in asked if t in seen]
                    self.check(len(asked) > 30, f"{what}: only {len(asked)} exchanges")
                    self.check(not missing, f"{what}: {len(missing)} of {len(asked)} records are not there in time")
                    self.check(not late or max(late) <= interval + LATE, f"{what}: a record came after {max(late):.2f} s")
                    self.worst = max(self.worst, max(late, default=0))
                    self.sound(listener, listener.finish(), what)
                    print(f"{what}: {len(asked)} exchanges, the latest record after {max(late, default=0):.2f} s")

    def idle(self):
        """The client asked, nobody answers, nothing comes any more."""
        for jobs in ("1", "2"):
            what = f"silence, -j {jobs}"
            server = subprocess.Popen(["ip", "netns", "exec", SERVER, sys.executable, "-c", MUTE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            server.stdout.readline()
            listener = Listener(self.hark, ["-i", "eth0", "-j", jobs, "--flow-timeout=2s", "tcp", "port", "81"])
            client = subprocess.Popen(["ip", "netns", "exec", CLIENT, "curl", "-q", "-s", "--no-keepalive", "-o", os.devnull, "http://192.0.2.20:81/mute"])
            began = time.monotonic()
            got = listener.wait_for("/mute", 8)
            took = time.monotonic() - began
            self.check(client.poll() is None, f"{what}: the connection ended")
            self.check(got is not None and harness.get(got[1], "pairing.reason") == "idle", f"{what}: {got}")
            self.check(1.5 <= took <= 2 + 1 + 2 * LATE, f"{what}: the record came after {took:.1f} s")
            for process in (client, server):
                process.kill()
                process.communicate()
            self.sound(listener, listener.finish(), what)

    def records_of(self, folder):
        """The targets of all files' records; the last file's last line may be torn."""
        names = sorted(os.listdir(folder), key=lambda name: os.stat(os.path.join(folder, name)).st_mtime_ns)
        targets, torn = [], []
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                blob = file.read()
            lines = blob.splitlines(keepends=True)
            for line in lines:
                if line.endswith(b"\n"):
                    targets.append(harness.get(json.loads(line), "http.request.target"))
                else:
                    torn.append(name)
        return names, targets, torn

    def rotated(self):
        for jobs in ("1", "2"):
            for how in ("SIGHUP", "interval", "size"):
                what = f"rotation by {how}, -j {jobs}"
                folder = self.folder()
                target = os.path.join(folder, "out")
                options = {"SIGHUP": [], "interval": ["--rotate-interval=1s"], "size": ["--rotate-size=64K"]}[how]
                listener = Listener(self.hark, ["-i", "eth0", "-j", jobs, "--stats", "-o", target, *options])
                client = self.ask(4, 0.005, wait=False)
                for number in range(8 if how == "SIGHUP" else 0):
                    time.sleep(0.4)
                    os.rename(target, f"{target}.{number}")
                    listener.process.send_signal(signal.SIGHUP)
                    deadline = time.monotonic() + 10
                    while not os.path.exists(target) and time.monotonic() < deadline:
                        time.sleep(0.01)
                asked = self.asked(client)
                time.sleep(1)
                self.sound(listener, listener.finish(), what)
                names, targets, torn = self.records_of(folder)
                self.check(sorted(targets) == sorted(asked), f"{what}: {len(targets)} records of {len(asked)} exchanges")
                self.check(not torn, f"{what}: torn lines in {torn}")
                self.check(len(names) >= 4, f"{what}: {names}")
                print(f"{what}: {len(asked)} exchanges, {len(targets)} records in {len(names)} files")

    def killed(self):
        for jobs in ("1", "2"):
            for options in ([], ["--rotate-size=64K"]):
                what = f"SIGKILL under load, -j {jobs} {options}"
                folder = self.folder()
                listener = Listener(self.hark, ["-i", "eth0", "-j", jobs, "--flush-interval=100ms", "-o", os.path.join(folder, "out"), *options])
                client = self.ask(3, 0.002, wait=False)
                time.sleep(2)
                listener.finish(signal.SIGKILL)
                asked = self.asked(client)
                names, targets, torn = self.records_of(folder)
                self.check(len(torn) <= 1 and (not torn or torn[0] == names[-1]), f"{what}: torn lines in {torn} of {names}")
                self.check(len(targets) > 20 and targets == list(asked)[:len(targets)], f"{what}: {len(targets)} records are not the first of {len(asked)}")
                print(f"{what}: {len(targets)} records of {len(asked)} exchanges, {len(torn)} torn lines")

    def statistics(self):
        for jobs in ("1", "2"):
            what = f"statistics, -j {jobs}"
            listener = Listener(self.hark, ["-i", "eth0", "-j", jobs, "--stats-interval=1s", "--stats"])
            asked = self.ask(3, 0.01)
            time.sleep(1.5)
            self.sound(listener, listener.finish(), what)
            stats = [r["hark"]["stats"] for _, r in listener.records() if r["hark"]["type"] == "stats"]
            self.check(4 <= len(stats) <= 9, f"{what}: {len(stats)} records")
            self.check(listener.err.count(b"MiB of memory") == len(stats), f"{what}: {listener.err[:500]!r}")
            self.check([s["last"] for s in stats] == [False] * (len(stats) - 1) + [True], f"{what}: {[s['last'] for s in stats]}")
            self.check(stats[-1]["transactions"]["paired"]["ack"] == len(asked), f"{what}: {stats[-1]['transactions']} of {len(asked)}")
            self.check(stats[-1]["kernel"]["received"] >= stats[-1]["frames"]["read"] > 0, f"{what}: {stats[-1]['kernel']}")
            self.check(all(0 < s["process"]["resident"] < 4 << 30 for s in stats), f"{what}: {[s['process'] for s in stats]}")
            self.check(any(s["rates"]["transactions"] > 5 for s in stats), f"{what}: {[s['rates'] for s in stats]}")
            self.check(all(0 <= s["process"]["lag"] < 10**10 for s in stats[1:3]), f"{what}: {[s['process'] for s in stats]}")

    def service(self):
        """READY=1: what happens from now on is captured."""
        name = f"@{PREFIX}-notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            # An abstract name belongs to its network namespace; a path does not.
            name = os.path.join(self.work, "notify")
            manager.bind(name)
            manager.settimeout(20)
            os.environ["NOTIFY_SOCKET"] = harness.ENVIRONMENT["NOTIFY_SOCKET"] = name
            try:
                process = subprocess.Popen(["ip", "netns", "exec", SERVER, self.hark, "-i", "eth0", "-q"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                           env=dict(harness.ENVIRONMENT))
            finally:
                del os.environ["NOTIFY_SOCKET"], harness.ENVIRONMENT["NOTIFY_SOCKET"]
            got = manager.recv(4096)
            self.check(got == b"READY=1\n", f"service: {got!r}")
            self.curl("http://192.0.2.20/small.txt?ready")
            time.sleep(1.5)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=20)
            self.check(out.count(b"small.txt?ready") >= 1 and process.returncode == 0, f"service: what came behind READY=1 is not there: {err!r}")
            manager.settimeout(1)
            last = b""
            try:
                while True:
                    last = manager.recv(4096)
            except TimeoutError:
                pass
            self.check(last == b"STOPPING=1\n", f"service: {last!r} at the end")

    PARTS = ("steady", "idle", "rotated", "killed", "statistics", "service")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--only", action="append", choices=Life.PARTS)
    parser.add_argument("--without", action="append", choices=Life.PARTS, default=[])
    arguments = parser.parse_args()
    if harness.lacks_network(("ip", "nginx", "curl")):
        return harness.SKIPPED
    server = None
    with tempfile.TemporaryDirectory(prefix="hark-live-life.") as work:
        life = Life(os.path.abspath(arguments.hark), work)
        try:
            namespaces()
            server = start_nginx(work)
            for part in arguments.only or Life.PARTS:
                if part not in arguments.without:
                    getattr(life, part)()
        finally:
            if server is not None:
                server.terminate()
                server.wait()
            for name in (CLIENT, SERVER):
                subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        print(f"life: {life.checks} checks, {len(life.faults)} faults")
        return 1 if life.faults or not life.checks else 0


if __name__ == "__main__":
    sys.exit(main())
