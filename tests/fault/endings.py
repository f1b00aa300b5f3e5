#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""endings.py --hark BINARY [--runs N] [--seed N] [--only PART]

Runs that are ended from outside, at any moment. After SIGINT, SIGTERM and, without an output file, SIGHUP the exit status is 0, the ledger balances, and the output
is, byte for byte, that of a capture which ends with the last frame that was read: what is open is written, marked unfinished. A second
signal ends a run whose output is stuck. After SIGKILL the file, or all files of a rotation, hold the beginning of the output: no torn line but
the last."""
import argparse
import fcntl
import json
import os
import random
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import material  # noqa: E402
from bench import JOBS, PATIENCE, Bench  # noqa: E402
from material import capfile  # noqa: E402

PROMPT = 3  # seconds in which a second signal must end the run
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
READ = re.compile(rb"^FRAMES\n  read +([\d ]+)$", re.MULTILINE)


class Endings(Bench):
    def __init__(self, hark, work, runs, seed):
        super().__init__(hark, work)
        self.runs = runs
        self.random = random.Random(seed)
        self.ends = {}
        frames = []
        for copy in range(8):
            frames += [capfile.Frame(frame.time + copy * 100 * 10**9, frame.data, frame.wire) for frame in self.capture.frames]
        self.long = material.write(os.path.join(work, "long.pcap"), capfile.Capture(capfile.ETHERNET, frames))
        started = time.monotonic()
        self.good = self.run("-r", "long.pcap").out
        self.length = time.monotonic() - started  # seconds of a whole run

    def until(self, path, frames):
        """The output for so many frames of the capture."""
        if (path, frames) not in self.ends:
            with open(os.path.join(self.work, path), "rb") as file:
                self.ends[path, frames] = self.run("-r", "-", "-c", str(frames), stdin=file).out if frames else b""
        return self.ends[path, frames]

    def in_good_order(self, what, status, out, err, path):
        self.check(status == 0 and b"hark: " not in err and b"anitizer" not in err, f"{what}: status {status} {err[-500:]!r}")
        self.check(b"The ledger balances" in err, f"{what}: {err[-500:]!r}")
        read = READ.search(err)
        if self.check(read is not None, f"{what}: no ledger"):
            frames = int(read.group(1).replace(b" ", b""))
            self.check(out.replace(b'"file":"%s"' % path.encode(), b'"file":"-"') == self.until(path, frames),
                       f"{what}: not the output of a capture of {frames} frames")

    # ---- at a known place ----

    def places(self):
        """So many frames come through a pipe, nothing more, then the signal."""
        with open(self.all, "rb") as file:
            blob = file.read()
        sizes = [16 + len(frame.data) for frame in self.capture.frames]
        places = [0, 1, 2, 5, 30, 100, len(sizes)] + [self.random.randrange(len(sizes)) for _ in range(self.runs // 10)]
        for number, frames in enumerate(places):
            for jobs in JOBS:
                kind = SIGNALS[number % len(SIGNALS)]
                extra = (0, 7, 20)[number % 3]  # bytes of the next frame
                what = f"{kind.name} behind frame {frames} and {extra} bytes, -j{jobs}"
                with open(os.path.join(self.work, "out"), "wb") as out:
                    process = self.start("-r", "-", "-j", jobs, "--stats", stdin=subprocess.PIPE, stdout=out)
                part = memoryview(blob)[:24 + sum(sizes[:frames]) + (extra if frames < len(sizes) else 0)]
                while part:
                    part = part[os.write(process.stdin.fileno(), part):]
                deadline = time.monotonic() + PATIENCE
                while struct.unpack("i", fcntl.ioctl(process.stdin.fileno(), 0x541B, b"\0" * 4))[0] and time.monotonic() < deadline:  # FIONREAD
                    time.sleep(0.005)
                time.sleep(0.05)
                process.send_signal(kind)
                pipe, process.stdin = process.stdin, None
                _, err = self.end(process, what)
                pipe.close()
                with open(os.path.join(self.work, "out"), "rb") as out:
                    self.in_good_order(what, process.returncode, out.read(), err, "all.pcap")

    # ---- anywhere ----

    def killed_at_random(self, kind, jobs):
        """Starts a run into a file and sends the signal at any moment: its status, output and standard error."""
        target = os.path.join(self.work, "out.ndjson")
        if os.path.exists(target):
            os.unlink(target)
        process = self.start("-r", "long.pcap", "-j", jobs, "-o", target, "--stats", stdout=subprocess.DEVNULL)
        time.sleep(self.random.random() * self.length * 1.1)
        process.send_signal(kind)
        _, err = self.end(process, kind.name)
        out = b""
        if os.path.exists(target):
            with open(target, "rb") as file:
                out = file.read()
        return process.returncode, out, err

    def anywhere(self):
        middles = 0
        for number in range(self.runs):
            jobs, kind = JOBS[number % 2], (signal.SIGINT, signal.SIGTERM)[number // 2 % 2]
            status, out, err = self.killed_at_random(kind, jobs)
            what = f"run {number}: {kind.name}, -j{jobs}"
            if status == -kind or (status == 0 and err == b""):  # before hark looked at signals, or before it opened anything
                self.check(out == b"", f"{what}: status {status} with output")
                continue
            middles += out != self.good
            self.in_good_order(what, status, out, err, "long.pcap")
        print(f"anywhere: {middles} of {self.runs} signals came in the midst of the run")
        self.check(middles * 4 > self.runs, "too few signals came in the midst of the run")

    def killed_in_rotation(self):
        """Every file is of whole lines but the last, whose last line may be torn."""
        middles = 0
        for number in range(self.runs):
            jobs, size = JOBS[number % 2], ("4K", "300K", "1M")[number % 3]
            what = f"run {number}: SIGKILL, -j{jobs}, files of {size}"
            with tempfile.TemporaryDirectory(dir=self.work) as folder:
                process = self.start("-r", "long.pcap", "-j", jobs, "-o", os.path.join(folder, "out"), "--rotate-size", size, stdout=subprocess.DEVNULL)
                time.sleep(self.random.random() * self.length * 1.1)
                process.kill()
                self.end(process, what)
                parts = []
                for name in sorted(os.listdir(folder)):
                    with open(os.path.join(folder, name), "rb") as file:
                        parts.append(file.read())
            out = b"".join(parts)
            middles += 0 < len(out) < len(self.good)
            self.check(self.good.startswith(out), f"{what}: {len(out)} bytes in {len(parts)} files are not the beginning of the output")
            self.check(all(part.endswith(b"\n") for part in parts[:-1]), f"{what}: a file in the midst ends with a torn line")
            for line in out.splitlines(keepends=True):
                self.check(not line.endswith(b"\n") or isinstance(json.loads(line), dict), f"{what}: {line[:200]!r}")
        print(f"killed in rotation: {middles} of {self.runs} outputs were cut in the midst")
        self.check(middles * 4 > self.runs, "too few were killed in the midst of the run")

    def killed(self):
        middles = 0
        for number in range(self.runs):
            jobs = JOBS[number % 2]
            _, out, _ = self.killed_at_random(signal.SIGKILL, jobs)
            middles += 0 < len(out) < len(self.good)
            self.check(self.good.startswith(out), f"run {number}: SIGKILL, -j{jobs}: {len(out)} bytes are not the beginning of the output")
        print(f"killed: {middles} of {self.runs} outputs were cut in the midst")

    # ---- a stuck output ----

    def stuck(self):
        """Nobody reads: the first signal waits for the output, which is whole when reading goes on; the second ends the run at once."""
        for jobs in JOBS:
            for kind in SIGNALS:
                for second in (False, True):
                    what = f"{kind.name} while the output is stuck, -j{jobs}"
                    read_end, write_end = os.pipe()
                    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
                    process = self.start("-r", "long.pcap", "-j", jobs, "--stats", stdout=write_end)
                    os.close(write_end)
                    select.select([read_end], [], [], PATIENCE)
                    time.sleep(0.2)
                    process.send_signal(kind)
                    time.sleep(0.1)
                    self.check(process.poll() is None, f"{what}: the run ended though nobody read")
                    got, sent = b"", time.monotonic()
                    if second:
                        process.send_signal(kind)
                        process.wait(PATIENCE)
                        self.check(process.returncode == -kind and time.monotonic() - sent < PROMPT, f"a second {what}: {process.returncode}")
                    while True:
                        data = os.read(read_end, 65536)
                        if not data:
                            break
                        got += data
                    os.close(read_end)
                    _, err = self.end(process, what)
                    if second:
                        self.check(self.good.startswith(got), f"a second {what}: the output is not the beginning")
                    else:
                        self.in_good_order(what, process.returncode, got, err, "long.pcap")

    def harmless(self):
        """Signals that end nothing: SIGPIPE, a stop and a continuation, in the midst of writing."""
        for jobs in JOBS:
            process = self.start("-r", "long.pcap", "-j", jobs)
            got = b""
            for kind in (signal.SIGPIPE, signal.SIGSTOP, signal.SIGCONT, signal.SIGWINCH):
                got += os.read(process.stdout.fileno(), 4096)
                process.send_signal(kind)
                time.sleep(0.05)
            out, err = self.end(process, "harmless signals")
            self.check(process.returncode == 0 and got + out == self.good and err == b"", f"harmless signals, -j{jobs}: {process.returncode} {err!r}")
        process = self.start("-r", "-", stdin=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        time.sleep(0.5)
        process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        self.check(process.poll() is None, "nohup: SIGHUP ends the run")
        process.send_signal(signal.SIGTERM)
        self.end(process, "nohup")

    def descriptors(self):
        """No descriptors left, for any number of them: one line and exit 1, or a whole run."""
        for limit in range(3, 12):
            process = self.start("-r", "all.pcap", "-o", os.path.join(self.work, "few"), "-j", "2",
                                 preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
            _, err = self.end(process, "few descriptors")
            if process.returncode == 127:  # not even its libraries could be opened
                continue
            self.check((process.returncode == 0 and err == b"") or (process.returncode == 1 and re.fullmatch(rb"hark: [^\n]+\n", err)),
                       f"{limit} descriptors: {process.returncode} {err[-300:]!r}")

    # ---- an interface ----

    def live(self):
        """On a loopback interface of a namespace: a request is open when the signal comes."""
        if not os.environ.get("HARK_IN_NAMESPACE"):
            done = subprocess.run(["unshare", "-n", sys.executable, os.path.abspath(__file__), "--hark", self.hark, "--only", "live"], check=False,
                                  env=dict(os.environ, HARK_IN_NAMESPACE="1"), capture_output=True, text=True, timeout=10 * PATIENCE)
            if "unshare failed" in done.stderr:
                print("skipped: no network namespace")
                return
            print(done.stdout, done.stderr, sep="", end="")
            self.check(done.returncode == 0, "on an interface")
            return
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        with socket.create_server(("127.0.0.1", 0)) as server:
            for kind in SIGNALS:
                for jobs in JOBS:
                    self.listen(server, kind, jobs)

    def listen(self, server, kind, jobs):
        what = f"{kind.name} on an interface, -j{jobs}"
        process = self.start("-i", "lo", "-j", jobs, "--stats")
        first = process.stderr.readline()
        self.check(b"listening on lo" in first, f"{what}: {first!r}")
        time.sleep(0.3)
        with socket.create_connection(server.getsockname()) as client:
            accepted, _ = server.accept()
            with accepted:
                for path in (b"/answered", b"/open"):
                    client.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    accepted.recv(65536)
                    if path == b"/answered":
                        accepted.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                        client.recv(65536)
                deadline = time.monotonic() + PATIENCE  # the record of the first says that frames have come
                got = b""
                while b"/answered" not in got and time.monotonic() < deadline:
                    if select.select([process.stdout], [], [], 0.1)[0]:
                        got += os.read(process.stdout.fileno(), 65536)
                time.sleep(0.3)
                process.send_signal(kind)
                out, err = self.end(process, what)
        out = got + out
        self.check(process.returncode == 0 and b"The ledger balances" in err, f"{what}: {process.returncode} {err[-300:]!r}")
        self.check(out.count(b"\n") == 2 and out.endswith(b"\n") and b"capture_ended" in out.splitlines()[1] and b"/open" in out.splitlines()[1], f"{what}: {out!r}")

    PARTS = ("places", "anywhere", "killed", "killed_in_rotation", "stuck", "harmless", "descriptors", "live")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--runs", type=int, default=40, help="runs that are ended at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=Endings.PARTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        endings = Endings(os.path.abspath(arguments.hark), work, arguments.runs, arguments.seed)
        for part in arguments.only or Endings.PARTS:
            started, cases = time.monotonic(), endings.cases
            getattr(endings, part)()
            print(f"{part}: {endings.cases - cases} checks, {time.monotonic() - started:.1f} s", flush=True)
        print(f"{endings.cases} checks, {endings.faults} faults")
    return 1 if endings.faults else 0


if __name__ == "__main__":
    sys.exit(main())
