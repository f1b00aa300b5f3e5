#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""processes.py --hark BINARY

hark among other processes: signals, pipes that fall silent, readers that go away, full disks, terminals; and what its options do to
a run. Captures are made here."""
import argparse
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402

PATIENCE = 20  # seconds until something that does not happen is a fault
START = 1_700_000_000


class Capture:
    """A pcap file of HTTP over raw IPv4, put together packet by packet."""

    def __init__(self, link_type=101):
        self.bytes = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link_type)
        self.now = float(START)

    def frame(self, data, seconds=0.001):
        self.now += seconds
        self.bytes += struct.pack("<IIII", int(self.now), round(self.now % 1 * 1_000_000), len(data), len(data)) + data

    def packet(self, client, seq, ack, flags, payload=b"", from_server=False, seconds=0.001, checksum=0):
        ends = [(bytes([10, 0, 0, 1]), 10000 + client), (bytes([10, 0, 0, 2]), 80)]
        (source, sport), (target, dport) = ends[::-1] if from_server else ends
        tcp = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 65535, checksum, 0)
        address = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0) + source + target
        self.frame(address + tcp + payload, seconds)

    def exchange(self, client, count=1, close=True):
        """A whole connection with so many requests."""
        mine, theirs = 1000, 5000
        self.packet(client, mine, 0, 2)
        self.packet(client, theirs, mine + 1, 0x12, from_server=True)
        mine, theirs = mine + 1, theirs + 1
        self.packet(client, mine, theirs, 0x10)
        for number in range(count):
            request = b"GET /%d/%d HTTP/1.1\r\nHost: a.example\r\n\r\n" % (client, number)
            response = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
            self.packet(client, mine, theirs, 0x18, request)
            mine += len(request)
            self.packet(client, theirs, mine, 0x18, response, from_server=True)
            theirs += len(response)
        self.packet(client, mine, theirs, 0x10)
        if close:
            self.packet(client, mine, theirs, 0x11)
            self.packet(client, theirs, mine + 1, 0x11, from_server=True)
            self.packet(client, mine + 1, theirs + 1, 0x10)

    def question(self, client):
        """A request that nobody answers."""
        self.packet(client, 1000, 0, 2)
        self.packet(client, 5000, 1001, 0x12, from_server=True)
        self.packet(client, 1001, 5001, 0x18, b"GET /open/%d HTTP/1.1\r\nHost: a.example\r\n\r\n" % client)


class Processes:
    def __init__(self, hark, work):
        self.hark = hark
        self.work = work
        self.checks = 0
        self.faults = 0

    def check(self, holds, what):
        self.checks += 1
        if not holds:
            self.faults += 1
            print("FAULT", what, flush=True)

    def write(self, name, capture):
        path = os.path.join(self.work, name)
        with open(path, "wb") as file:
            file.write(capture.bytes)
        return path

    def start(self, arguments, **more):
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": harness.ENVIRONMENT, "cwd": self.work}
        options.update(more)
        return subprocess.Popen([self.hark, *arguments], **options)

    def run(self, *arguments):
        return harness.run_hark(self.hark, list(arguments), cwd=self.work)

    def lines_within(self, stream, count, seconds):
        """Reads until there are so many lines, or time is over."""
        got, deadline = b"", time.monotonic() + seconds
        while got.count(b"\n") < count and time.monotonic() < deadline:
            if select.select([stream], [], [], 0.1)[0]:
                data = os.read(stream.fileno(), 65536)
                if not data:
                    break
                got += data
        return got

    def ends(self, process, what, status, patience=PATIENCE):
        try:
            out, err = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            self.check(False, f"{what}: does not end")
            return out, err
        self.check(process.returncode == status, f"{what}: status {process.returncode} instead of {status}: {err[-300:]!r}")
        self.check(b"anitizer" not in err and b"runtime error" not in err, f"{what}: {err[-2000:]!r}")
        return out, err

    def signals(self):
        """A pipe that falls silent: what it gave is written soon; a signal ends the run in good order, open transactions included."""
        capture = Capture()
        for client in range(3):
            capture.exchange(client)
        capture.question(9)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            for jobs in ("1", "4"):
                what = f"{number.name} -j{jobs} on a silent pipe"
                process = self.start(["-r", "-", "-j", jobs, "--stats"])
                process.stdin.write(capture.bytes)
                process.stdin.flush()
                early = self.lines_within(process.stdout, 3, PATIENCE)
                self.check(early.count(b"\n") == 3, f"{what}: {early.count(bytes([10]))} of 3 records while the pipe is silent")
                process.send_signal(number)
                process.stdin, pipe = None, process.stdin
                out, err = self.ends(process, what, 0)
                pipe.close()
                self.check(out.count(b"\n") == 1 and b'"orphan_request"' in out and b"capture_ended" in out, f"{what}: the open request is not written: {out[:200]!r}")
                self.check(b"The ledger balances" in err, f"{what}: {err!r}")

    def trickle(self):
        """A pipe that is never silent for long, and never gives much: records are written within the interval all the same."""
        for jobs in ("1", "4"):
            capture = Capture()
            capture.exchange(1)
            process = self.start(["-r", "-", "-j", jobs])
            process.stdin.write(capture.bytes)
            process.stdin.flush()
            first, got, started = None, b"", time.monotonic()
            while first is None and time.monotonic() - started < PATIENCE:
                capture.bytes = b""
                capture.frame(b"\x45" + b"\0" * 30, 0.02)
                process.stdin.write(capture.bytes)
                process.stdin.flush()
                if select.select([process.stdout], [], [], 0.02)[0]:
                    got += os.read(process.stdout.fileno(), 65536)
                    first = time.monotonic() - started
            self.check(first is not None and first < 5 and got.count(b"\n") == 1, f"a trickling pipe, -j{jobs}: the record came after {first} s")
            self.ends(process, "a trickling pipe", 0)

    def signal_before_anything(self):
        process = self.start(["-r", "-"])
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        process.stdin, pipe = None, process.stdin
        out, _ = self.ends(process, "SIGTERM on a pipe that never gave anything", 0)
        pipe.close()
        self.check(out == b"", "records of nothing")

    def second_signal(self):
        """The output's reader has stalled: the first signal can't end the run in good order, the second ends it."""
        capture = Capture()
        for client in range(400):
            capture.exchange(client, 4)
        path = self.write("much.pcap", capture)
        for jobs in ("1", "4"):
            process = self.start(["-r", path, "-j", jobs])
            time.sleep(1.5)
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)
            self.check(process.poll() is None, f"-j{jobs}: the run ended though nobody reads what it writes")
            process.send_signal(signal.SIGINT)
            try:
                self.check(process.wait(PATIENCE) == -signal.SIGINT, f"-j{jobs}: the second SIGINT: status {process.returncode}")
            except subprocess.TimeoutExpired:
                process.kill()
                self.check(False, f"-j{jobs}: the second SIGINT does not end it")
            process.communicate()

    def readers_that_go(self):
        capture = Capture()
        for client in range(400):
            capture.exchange(client, 4)
        path = self.write("much.pcap", capture)
        for jobs in ("1", "4"):
            process = self.start(["-r", path, "-j", jobs, "--stats"])
            self.lines_within(process.stdout, 1, PATIENCE)
            process.stdout.close()
            process.stdout = None
            _, err = self.ends(process, f"a reader that goes away, -j{jobs}", 0)
            self.check(b"does not balance" not in err and b"hark:" not in err, f"a reader that goes away, -j{jobs}: {err!r}")
        closed = subprocess.run(["bash", "-c", '"$1" -r "$2" >&-; echo $?', "_", self.hark, path], capture_output=True, text=True, check=False, env=harness.ENVIRONMENT)
        self.check(closed.stdout == "1\n" and re.fullmatch(r"hark: [^\n]+\n", closed.stderr), f"a closed standard output: {closed.stdout!r} {closed.stderr!r}")

    def full_disk(self):
        capture = Capture()
        capture.exchange(1, 5)
        path = self.write("some.pcap", capture)
        for jobs in ("1", "2"):
            with open("/dev/full", "wb") as full:
                process = self.start(["-r", path, "-j", jobs, "--stats"], stdout=full)
            _, err = self.ends(process, "a full disk", 1)
            self.check(re.search(rb"^hark: writing to standard output failed[^\n]*No space left[^\n]*5 records were not written$", err, re.MULTILINE)
                       and b"does not balance" not in err, f"a full disk: {err!r}")
        for arguments in (["--help"], ["--version"], ["-D"]):
            with open("/dev/full", "wb") as full:
                process = self.start(arguments, stdout=full)
            _, err = self.ends(process, f"{arguments[0]} onto a full disk", 1)
            self.check(err.startswith(b"hark: "), f"{arguments[0]} onto a full disk: {err!r}")

    def messages(self):
        capture = Capture()
        capture.exchange(1)
        self.write("some.pcap", capture)
        self.write("other.pcap", capture)

        def says(status, text, *arguments):
            done = self.run(*arguments)
            err = done.err.decode()
            self.check(done.status == status, f"{arguments}: status {done.status} instead of {status}: {err}")
            self.check(re.fullmatch(r"hark: [^\n]+\n", err) is not None and text in err, f"{arguments}: {err!r} lacks {text!r}")
            return done

        says(2, "hark -r some.pcap", "some.pcap")
        says(2, "'other.pcap' is a file: give each file a -r of its own", "-r", "some.pcap", "other.pcap")
        says(2, "input and output at once", "-r", "some.pcap", "-o", "some.pcap")
        with open(os.path.join(self.work, "some.pcap"), "rb") as file:
            self.check(file.read() == capture.bytes, "-o overwrote its own input")
        done = says(0, "'--buffer-size' has no effect on files", "-r", "some.pcap", "-B", "1M")
        self.check(done.out.count(b"\n") == 1, "a warning takes the records away")
        done = says(0, "'port 80 or (vlan and (port 80))'", "-r", "some.pcap", "port", "80")
        self.check(done.out.count(b"\n") == 1, "the filter takes the records away")
        foreign = Capture(147)
        for _ in range(3):
            foreign.frame(b"x" * 60)
        self.write("foreign.pcap", foreign)
        done = says(1, "foreign.pcap: link type 147 is not supported; its 3 frames were not analyzed", "-r", "foreign.pcap", "-r", "some.pcap")
        self.check(done.out.count(b"\n") == 1, "the file behind one of an unsupported link type is not read")
        foreign = Capture(189)
        foreign.frame(b"x" * 60)
        self.write("usb.pcap", foreign)
        says(1, "usb.pcap: link type 189 (USB_LINUX) is not supported; its 1 frames", "-r", "usb.pcap")
        says(1, "no-such-interface", "-i", "no-such-interface")

    def options(self):
        """What the options change in a run."""
        capture = Capture()
        capture.question(1)
        capture.exchange(2)
        capture.frame(b"\x45" + b"\0" * 30, 30)  # no TCP, but time passes
        capture.exchange(3)
        capture.exchange(1)  # the same ports as the question: too late with a short time-out
        self.write("idle.pcap", capture)
        done = self.run("-r", "idle.pcap")
        self.check(b'"idle"' not in done.out, "a connection is idle too soon")
        done = self.run("-r", "idle.pcap", "--flow-timeout", "10s")
        self.check(b'"reason":"idle"' in done.out, "--flow-timeout does nothing")
        many = Capture()
        for client in range(2000):
            many.question(client)
        self.write("many.pcap", many)
        done = self.run("-r", "many.pcap")
        self.check(b"evicted" not in done.out, "connections are evicted too soon")
        done = self.run("-r", "many.pcap", "--max-flows", "640")
        self.check(1000 < done.out.count(b'"reason":"evicted"') < 1990 and done.out.count(b"\n") == 2000, "--max-flows does nothing")
        done = self.run("-r", "many.pcap", "-c", "300")
        self.check(done.out.count(b"\n") == 100, f"-c: {done.out.count(bytes([10]))} records instead of 100")
        done = self.run("-r", "many.pcap", "--checksums", "verify", "--stats")
        self.check(done.out == b"" and b"checksum" in done.err, "--checksums=verify takes wrong ones")
        done = self.run("-r", "idle.pcap", "--format", "text", "--color", "always")
        self.check(b"\x1b[" in done.out, "--color=always has no colour")
        for jobs in ("0", "1", "64"):
            done = self.run("-r", "many.pcap", "-j", jobs, "-q")
            self.check(done.status == 0 and done.out.count(b"\n") == 2000 and done.err == b"", f"-j {jobs}: {done.status} {done.err!r}")

    def little_memory(self):
        """Under a limit of memory it either refuses, or says that something is missing: never a quiet loss."""
        if self.sanitized():
            print("skipped: a sanitizer needs its memory")
            return
        capture = Capture()
        for client in range(20000):
            capture.question(client)
        path = self.write("flows.pcap", capture)
        missing = 0
        for kilobytes in (14000, 16000, 20000, 24000, 32000):
            done = subprocess.run(["bash", "-c", 'ulimit -v "$0"; exec "$@"', str(kilobytes), self.hark, "-r", path], capture_output=True, check=False,
                                  env=harness.ENVIRONMENT, timeout=PATIENCE)
            whole = done.returncode == 0 and done.stdout.count(b"\n") == 20000
            said = done.returncode == 1 and re.search(rb"^hark: [^\n]*memory", done.stderr) is not None
            missing += said
            self.check(whole or said, f"{kilobytes} KB: status {done.returncode}, {done.stdout.count(bytes([10]))} records, {done.stderr[:300]!r}")
            self.check(not done.stdout or done.stdout.endswith(b"\n"), f"{kilobytes} KB: a torn line")
        self.check(missing > 0, "memory was never short: does this test still see it?")

    def sanitized(self, which=b"[at]"):
        with open(self.hark, "rb") as file:
            return re.search(rb"__" + which + rb"san_init", file.read()) is not None

    def on_terminal(self, arguments, stdout=None, environment=None, stdin=None):
        """A run whose standard error (and output, where none is given) is a terminal: status and what the terminal got."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
        process = subprocess.Popen([self.hark, *arguments], stdin=stdin or subprocess.DEVNULL, stdout=stdout or slave, stderr=slave, cwd=self.work,
                                   env=environment or dict(harness.ENVIRONMENT, TERM="xterm"))
        os.close(slave)
        shown, deadline = b"", time.monotonic() + 4 * PATIENCE
        while time.monotonic() < deadline:
            try:
                data = os.read(master, 65536) if select.select([master], [], [], 0.2)[0] else b""
            except OSError:  # the last holder of the terminal has gone
                break
            shown += data
        os.close(master)
        if process.poll() is None and time.monotonic() >= deadline:
            process.kill()
        return process.wait(), shown

    def terminals(self):
        capture = Capture()
        capture.exchange(1)
        self.write("some.pcap", capture)
        with open(os.devnull, "wb") as nowhere:
            status, shown = self.on_terminal(["-r", "some.pcap"], nowhere)
            self.check(status == 0 and b"1" in shown and shown.count(b"\n") <= 3, f"the summary on a terminal: {status} {shown!r}")
            for arguments in (["-r", "some.pcap", "-q"], ["-q", "-r", "some.pcap", "-j", "2"]):
                _, shown = self.on_terminal(arguments, nowhere)
                self.check(shown == b"", f"-q on a terminal: {shown!r}")
        colour = dict(harness.ENVIRONMENT, TERM="xterm")
        del colour["NO_COLOR"]
        for environment, arguments, coloured in ((colour, [], True), (dict(colour, NO_COLOR="1"), [], False), (dict(colour, NO_COLOR=""), [], True),
                                                 (dict(colour, TERM="dumb"), [], False), (colour, ["--color", "never"], False),
                                                 (dict(colour, NO_COLOR="1"), ["--color", "always"], True)):
            _, shown = self.on_terminal(["-q", "-r", "some.pcap", "--format", "text", *arguments], environment=environment)
            self.check((b"\x1b[" in shown) == coloured, f"colour with {arguments}, NO_COLOR={environment.get('NO_COLOR')}, TERM={environment['TERM']}: {shown!r}")

    def progress(self):
        """A pipe that a slow writer fills, and a terminal for standard error: the line comes, and is taken away."""
        capture = Capture()
        for client in range(800):
            capture.exchange(client, 2)
        path = self.write("slow.pcap", capture)
        feed = 'for i in 1 2 3 4 5 6; do tail -c +$((i * 40000 - 39999)) "$0" | head -c 40000; sleep 0.5; done; tail -c +240001 "$0"'
        for quiet in (False, True):
            with open(os.devnull, "wb") as nowhere:
                feeder = subprocess.Popen(["bash", "-c", feed, path], stdout=subprocess.PIPE)
                status, shown = self.on_terminal(["-r", "-", *(["-q"] if quiet else [])], nowhere, stdin=feeder.stdout)
                feeder.stdout.close()
                feeder.wait()
            if quiet:
                self.check(status == 0 and shown == b"", f"-q and progress: {shown!r}")
                continue
            self.check(status == 0 and re.search(rb"[\d.]+ [kM]?B read, [\d.]+ [kM]?B/s, \d+ transactions", shown), f"no progress: {shown!r}")
            last = shown.rsplit(b"transactions\r", 1)[-1] if b"transactions\r" in shown else b""
            self.check(b"\r\x1b[K" in shown and last.count(b"read,") == 0, f"the progress line stays: {shown[-300:]!r}")

    def unprivileged(self):
        if os.geteuid() != 0 or not shutil.which("setpriv"):
            print("skipped: needs root and setpriv")
            return
        self.check(True, "")
        with tempfile.TemporaryDirectory() as place:  # where everybody may look
            os.chmod(place, 0o755)
            copy = shutil.copy(self.hark, place)
            os.chmod(copy, 0o755)
            done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", copy, "-i", "lo"],
                                  capture_output=True, text=True, check=False, timeout=PATIENCE, env=harness.ENVIRONMENT)
            self.check(done.returncode == 1 and re.fullmatch(r"hark: lo: no permission[^\n]*(root|setcap)[^\n]*\n", done.stderr), f"without rights: {done.returncode} {done.stderr!r}")
            hidden = os.path.join(place, "hidden.pcap")
            with open(hidden, "wb") as file:
                file.write(Capture().bytes)
            os.chmod(hidden, 0o600)
            done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy, "-r", hidden], capture_output=True, text=True,
                                  check=False, timeout=PATIENCE, env=harness.ENVIRONMENT)
            self.check(done.returncode == 1 and re.fullmatch(r"hark: [^\n]*hidden.pcap[^\n]*\n", done.stderr), f"a file of another: {done.returncode} {done.stderr!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hark-processes.") as work:
        tests = Processes(os.path.abspath(arguments.hark), work)
        for part in (tests.signals, tests.trickle, tests.signal_before_anything, tests.second_signal, tests.readers_that_go, tests.full_disk, tests.messages,
                     tests.options, tests.little_memory, tests.terminals, tests.progress, tests.unprivileged):
            if arguments.only in part.__name__:
                part()
    print(f"processes: {tests.checks} checks, {tests.faults} faults")
    return 1 if tests.faults or not tests.checks else 0


if __name__ == "__main__":
    sys.exit(main())
