#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""life.py --hark BINARY [--only PART]

A run that lasts: outputs that are rotated, by hark or by others, with no line lost or torn; the ledger and statistics while it goes on;
the pid file; the service manager, which is a socket here."""
import argparse
import fcntl
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from processes import PATIENCE, Capture, Processes, harness  # noqa: E402

JOBS = ("1", "2")


class Life(Processes):
    def __init__(self, hark, work):
        super().__init__(hark, work)
        capture = Capture()
        for client in range(400):
            if client % 50 == 49:
                capture.now += 1000  # several hours in all
            capture.exchange(client, count=1 + client % 4)
        capture.question(5000)
        self.long = self.write("long.pcap", capture)
        with open(self.long, "rb") as file:
            self.long_bytes = file.read()
        self.good = self.run("-r", "long.pcap").out

    def read(self, name):
        with open(os.path.join(self.work, name), "rb") as file:
            return file.read()

    def folder(self):
        return tempfile.mkdtemp(dir=self.work)

    def wait_for(self, holds, what):
        """Does it hold in time? If not, that is a fault."""
        deadline = time.monotonic() + PATIENCE
        while not holds() and time.monotonic() < deadline:
            time.sleep(0.02)
        held = holds()
        self.check(held, what)
        return held

    def all_was_read(self, process):
        """Nothing that was fed is still in the pipe."""
        return fcntl.ioctl(process.stdin, termios.FIONREAD, bytes(4)) == bytes(4)

    # ---- rotation ----

    def files_of(self, folder, what, most=None):
        """The files' bytes behind each other, in the order of their names; each is made of whole lines."""
        everything, names = b"", sorted(os.listdir(os.path.join(self.work, folder)))
        for name in names:
            got = self.read(os.path.join(folder, name))
            self.check(got.endswith(b"\n"), f"{what}: {name} does not end with a line")
            self.check(most is None or len(got) <= most, f"{what}: {name} has {len(got)} bytes")
            everything += got
        return everything, names

    def rotated_by_size(self):
        for form in ("ndjson", "text"):
            good = self.run("-r", "long.pcap", "--format", form).out
            before = None
            for jobs in (*JOBS, "3"):
                for most in (4096, 65536, 400_000, 10**9):
                    what = f"{form}, files of {most} bytes, -j{jobs}"
                    folder = self.folder()
                    done = self.run("-r", "long.pcap", "--format", form, "-j", jobs, "-o", os.path.join(folder, "out"), "--rotate-size", str(most))
                    self.check(done.status == 0 and not done.trouble and not done.out, f"{what}: {done.trouble} {done.err!r}")
                    got, names = self.files_of(folder, what, most)
                    self.check(got == good, f"{what}: not the same output in {len(names)} files")
                    self.check(names == [f"out.{n + 1:04}" for n in range(len(names))] and len(names) >= len(good) // most, f"{what}: {names[:5]}")
                    if most == 4096:
                        sizes = [os.path.getsize(os.path.join(folder, name)) for name in names]
                        self.check(before in (None, sizes), f"{what}: other files than with fewer workers")
                        before = sizes

    def rotated_by_time(self):
        for jobs in JOBS:
            what = f"a file an hour, -j{jobs}"
            folder = self.folder()
            done = self.run("-r", "long.pcap", "-j", jobs, "-o", os.path.join(folder, "at-%Y%m%d-%H%M%S.log"), "--rotate-interval", "1h")
            self.check(done.status == 0 and not done.trouble, f"{what}: {done.trouble} {done.err!r}")
            got, names = self.files_of(folder, what)
            self.check(got == self.good, f"{what}: not the same output")
            self.check(len(names) == 3, f"{what}: {names}")
            for name in names:
                begin = time.strptime(name, "at-%Y%m%d-%H%M%S.log")
                self.check(begin.tm_min == begin.tm_sec == 0, f"{what}: {name} is not aligned")
                hours = [json.loads(line)["@timestamp"][:13] for line in self.read(os.path.join(folder, name)).splitlines()]
                # A record is written when it is finished, and its connection may have begun before.
                self.check(max(hours) == time.strftime("%Y-%m-%dT%H", begin), f"{what}: {name} has {sorted(set(hours))}")
            folder = self.folder()
            done = self.run("-r", "long.pcap", "-j", jobs, "-o", os.path.join(folder, "%d%H.log"), "--rotate-interval", "1h", "--rotate-size", "64K")
            got = b"".join(self.read(os.path.join(folder, name)) for name in
                           sorted(os.listdir(folder), key=lambda name: [int(part) for part in re.findall(r"\d+", name)]))
            self.check(got == self.good and len(os.listdir(folder)) > 6, f"{what} and 64K: {len(os.listdir(folder))} files, not the same output")

    def kept(self):
        folder = self.folder()
        for runs in (1, 2):
            done = self.run("-r", "long.pcap", "-o", os.path.join(folder, "out"), "--rotate-size", "64K", "--rotate-keep", "3")
            names = sorted(os.listdir(folder))
            self.check(done.status == 0 and len(names) == 3, f"kept, run {runs}: {names}")
            last = b"".join(self.read(os.path.join(folder, name)) for name in names)
            self.check(self.good.endswith(last), f"kept, run {runs}: not the last files")
            self.check(int(names[0][-4:]) > 3 * runs, f"kept, run {runs}: {names}: numbers do not go on")
        done = self.run("-r", "long.pcap", "-o", os.path.join(folder, "missing", "out"), "--rotate-size", "64K")
        self.check(done.status == 1 and b"missing/out: No such file" in done.err, f"no directory: {done.status} {done.err!r}")
        empty = self.write("empty.pcap", Capture())
        done = self.run("-r", empty, "-o", os.path.join(self.folder(), "out"), "--rotate-size", "64K", "--format", "text", "--stats-interval", "1s")
        self.check(done.status == 0 and done.err == b"", f"no packets: {done.status} {done.err!r}")

    def no_next_file(self):
        """A file system of three files: where there is no next one, the third goes on, and hark says so once."""
        if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0:
            print("not checked: no next file (no mount namespace)")
            return
        for jobs in JOBS:
            what = f"no next file, -j{jobs}"
            folder = self.folder()
            script = 'mount -t tmpfs -o nr_inodes=4 none "$1" && "$2" -r long.pcap -j "$3" -o "$1/out" --rotate-size 64K && wc -c "$1"/* >&2 && cat "$1"/*'
            done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", folder, self.hark, jobs], capture_output=True, cwd=self.work, timeout=60,
                                  check=False, env=harness.ENVIRONMENT)
            err = done.stderr.decode()
            self.check(done.returncode == 0 and done.stdout == self.good, f"{what}: {done.returncode}, not the same output: {err[-500:]}")
            self.check(err.count("hark: ") == 1 and "begin the file after" in err and "out.0003: No space left" in err and "the file before" in err, f"{what}: {err}")
            self.check(err.count("/out.000") == 4, f"{what}: {err}")

    # ---- signals ----

    def begin(self, process):
        """The capture's head, and nothing more for now."""
        process.stdin.write(self.long_bytes[:24])
        process.stdin.flush()
        time.sleep(0.5)

    def feed(self, process, pause=0.002, between=None):
        """Gives the capture to a pipe bit by bit; `between` is called with the step's number."""
        view, step = memoryview(self.long_bytes), 0
        for start in range(0, len(view), 4096):
            process.stdin.write(view[start:start + 4096])
            process.stdin.flush()
            if between:
                between(step)
            step += 1
            time.sleep(pause)
        process.stdin.close()
        process.stdin = None

    def renamed(self):
        """logrotate(8): the file gets another name, then hark a SIGHUP."""
        threads_checked = self.sanitized(b"t")
        for jobs in JOBS:
            what = f"SIGHUP, -j{jobs}"
            folder, done = self.folder(), []
            target = os.path.join(folder, "out")
            process = self.start(["-r", "-", "-j", jobs, "-o", target, "--stats"])

            def rotate(step):
                if step % 7 == 6:
                    # ThreadSanitizer of gcc 12 loses a signal that comes in the first call that may wait, where it makes what it keeps signals in.
                    if threads_checked:
                        self.wait_for(lambda: self.all_was_read(process), f"{what}: the pipe is not read")
                    os.rename(target, f"{target}.{len(done):03}")
                    done.append(step)
                    process.send_signal(signal.SIGHUP)
                    if not self.wait_for(lambda: os.path.exists(target), f"{what}: no new file"):
                        process.kill()
                        raise RuntimeError(f"{what}: {process.stderr.read().decode(errors='replace')}")

            self.wait_for(lambda target=target: os.path.exists(target), f"{what}: no file")
            self.feed(process, between=rotate)
            _, err = self.ends(process, what, 0)
            self.check(b"The ledger balances" in err, f"{what}: {err[-300:]!r}")
            names = sorted(name for name in os.listdir(folder) if name != "out") + ["out"]
            parts = [self.read(os.path.join(folder, name)) for name in names]
            self.check(len(parts) > 5 and sum(1 for part in parts if part) > 3, f"{what}: {[len(part) for part in parts]}")
            self.check(all(part.endswith(b"\n") for part in parts if part), f"{what}: a torn line")
            self.check(b"".join(parts).replace(b'"file":"-"', b'"file":"long.pcap"') == self.good, f"{what}: not the same output")

    def not_reopened(self):
        for jobs in JOBS:
            what = f"SIGHUP without a new file, -j{jobs}"
            folder = self.folder()
            target, moved = os.path.join(folder, "out"), os.path.join(folder, "moved")
            process = self.start(["-r", "-", "-j", jobs, "-o", target])
            self.wait_for(lambda target=target: os.path.exists(target), f"{what}: no file")
            os.rename(target, moved)
            os.mkdir(target)
            process.send_signal(signal.SIGHUP)
            said = self.lines_within(process.stderr, 1, PATIENCE)
            self.check(b"out: Is a directory" in said and b"the old file goes on" in said, f"{what}: {said!r}")
            self.feed(process)
            self.ends(process, what, 0)
            self.check(self.read(moved).replace(b'"file":"-"', b'"file":"long.pcap"') == self.good, f"{what}: not the same output")
        process = self.start(["-r", "-", "-o", os.path.join(self.folder(), "out")], preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        time.sleep(0.5)
        process.send_signal(signal.SIGHUP)
        self.feed(process)
        self.ends(process, "nohup with a file", 0)

    def ledger_on_demand(self):
        for jobs in (*JOBS, "4"):
            what = f"SIGUSR1, -j{jobs}"
            target = os.path.join(self.folder(), "asked")
            process = self.start(["-r", "-", "-j", jobs, "-o", target])
            self.wait_for(lambda target=target: os.path.exists(target), f"{what}: no file")
            got = []
            reader = threading.Thread(target=lambda process=process, got=got: got.append(process.stderr.read()))
            reader.start()
            self.feed(process, between=lambda step, process=process: process.send_signal(signal.SIGUSR1) if step % 5 == 0 else None)
            status = process.wait(PATIENCE)
            reader.join()
            text = got[0].decode()
            self.check(status == 0 and "NOT balance" not in text and "anitizer" not in text, f"{what}: {status} {text[-600:]}")
            self.check(text.count("The ledger balances.") == text.count("FRAMES\n") > 5, f"{what}: {text.count('The ledger balances.')} ledgers")
            read = [int(number.replace(" ", "")) for number in re.findall(r"^FRAMES\n  read +([\d ]+)$", text, re.MULTILINE)]
            self.check(read == sorted(read) and read[0] < read[-1], f"{what}: {read}")
            self.check(self.read(target).replace(b'"file":"-"', b'"file":"long.pcap"') == self.good, f"{what}: not the same output")

    # ---- statistics ----

    def statistics(self):
        outs = {}
        for jobs in (*JOBS, "5"):
            what = f"statistics, -j{jobs}"
            done = self.run("-r", "long.pcap", "-j", jobs, "--stats-interval", "10m")
            self.check(done.status == 0 and not done.trouble, f"{what}: {done.trouble} {done.err!r}")
            outs[jobs] = done.out
            lines = done.out.splitlines(keepends=True)
            plain = b"".join(line for line in lines if b'"type":"stats"' not in line)
            self.check(plain == self.good, f"{what}: the other records are not the same")
            wrong = harness.validate(done.out) if jobs == "1" else ""  # the others are the same
            self.check(not wrong, f"{what}: {wrong[:600]}")
            seen, written = 0, 0
            records = [json.loads(line) for line in lines]
            for record in records:
                if record["hark"]["type"] != "stats":
                    seen += 1
                    continue
                written += 1
                stats = record["hark"]["stats"]
                self.check(sum(stats["records"]["written"].values()) == seen, f"{what}: {stats['records']} behind {seen} records")
                self.check("kernel" not in stats and "process" not in stats, f"{what}: the machine's own in a file's statistics")
            self.check(written > 5 and done.err.count(b" transactions") == written, f"{what}: {written} records, {done.err[:300]!r}")
            last = records[-1]["hark"]
            self.check(last["type"] == "stats" and last["stats"]["last"] and last["stats"]["transactions"]["open"] == 0, f"{what}: the last is {last}")
            self.check(sum(r["hark"]["type"] == "stats" and r["hark"]["stats"]["last"] for r in records) == 1, f"{what}: several last ones")
            before = 0
            for stats in (record["hark"]["stats"] for record in records if record["hark"]["type"] == "stats"):
                if "rates" in stats:
                    self.check(stats["rates"]["frames"] == (stats["frames"]["read"] - before) * 10**9 // stats["interval"], f"{what}: {stats['rates']}")
                before = stats["frames"]["read"]
        self.check(len(set(outs.values())) == 1, "statistics: other bytes for other -j")
        done = self.run("-r", "long.pcap", "--format", "text", "--stats-interval", "10m")
        self.check(b"stats" not in done.out and done.err.count(b" a second)") > 5, f"statistics beside text: {done.err[:300]!r}")
        folder = self.folder()
        done = self.run("-r", "long.pcap", "-j", "2", "--stats-interval", "10m", "--rotate-interval", "1h", "-o", os.path.join(folder, "out"))
        got, _ = self.files_of(folder, "statistics in files")
        self.check(got == outs["1"], "statistics in files: not the same output")

    # ---- the pid file ----

    def pid_file(self):
        path = os.path.join(self.folder(), "pid")
        target = os.path.join(self.work, "first")
        process = self.start(["-r", "-", "--pidfile", path, "-o", target])
        self.wait_for(lambda: os.path.exists(target), "pid file: the first run does not begin")
        self.check(self.read(path) == b"%d\n" % process.pid, f"pid file: {self.read(path)!r}")
        second = self.run("-r", "long.pcap", "--pidfile", path, "-o", target)
        self.check(second.status == 1 and second.err == b"hark: --pidfile: %s: hark runs already, with process id %d\n" % (path.encode(), process.pid),
                   f"a second run: {second.status} {second.err!r}")
        self.feed(process)
        self.ends(process, "the first run", 0)
        self.check(self.read("first").count(b"\n") == self.good.count(b"\n"), "the second run touched the first one's output")
        self.check(not os.path.exists(path), "pid file: it stays")
        process = self.start(["-r", "-", "--pidfile", path])
        self.wait_for(lambda: os.path.exists(path) and self.read(path), "pid file: none")
        process.kill()
        self.ends(process, "killed", -signal.SIGKILL)
        self.check(os.path.exists(path), "pid file: gone though nobody removed it")
        process = self.start(["-r", "-", "--pidfile", path])
        self.wait_for(lambda: self.read(path) == b"%d\n" % process.pid, "pid file: a dead one's is not taken over")
        self.begin(process)
        os.unlink(path)
        with open(path, "wb") as file:
            file.write(b"17\n")
        process.send_signal(signal.SIGTERM)
        self.ends(process, "another's pid file", 0)
        self.check(self.read(path) == b"17\n", "pid file: another's was removed")
        for content, name in ((b"root:x:0:0\n", "is no pid file"), (b"1" * 40, "is no pid file")):
            with open(path, "wb") as file:
                file.write(content)
            done = self.run("-r", "long.pcap", "--pidfile", path)
            self.check(done.status == 1 and name.encode() in done.err and self.read(path) == content, f"{content!r} as pid file: {done.status} {done.err!r}")
        os.unlink(path)
        with open(target, "wb") as file:
            file.write(b"17\n")
        os.symlink(target, path)
        done = self.run("-r", "long.pcap", "--pidfile", path)
        self.check(done.status == 1 and done.err.count(b"\n") == 1 and self.read("first") == b"17\n", f"a link as pid file: {done.err!r}")
        self.check(b"is a symbolic link; name the file itself" in done.err, f"a link as pid file: {done.err!r}")
        os.unlink(path)
        for more in ([], ["-o", os.path.join(self.folder(), "elsewhere")], ["-w", os.path.join(self.folder(), "saved")], ["--no-sandbox"]):
            done = self.run("-q", "-r", "long.pcap", "--pidfile", path, *more)
            self.check(done.status == 0 and not os.path.exists(path) and done.err == b"", f"pid file, {more}: it stays: {done.err!r}")

    def pid_file_refused(self):
        """What is wrong with a pid file is said with its remedy, by --check too, which makes and takes none."""
        folder = self.folder()
        path = os.path.join(folder, "pid")
        self.put(os.path.join(folder, "records"), b"{}\n")
        os.symlink("records", os.path.join(folder, "link"))
        for name, text in (("missing/pid", "No such file or directory; create the directory first"), ("records/pid", "Not a directory; choose another place"),
                           ("", "Is a directory; name a file in it"), (".", "Is a directory; name a file in it"), ("records", "is there, and is no pid file; remove it"),
                           ("link", "is a symbolic link; name the file itself"), ("x" * 300, "File name too long; choose a shorter name")):
            done = self.run("-r", "long.pcap", "--pidfile", os.path.join(folder, name))
            self.check(done.status == 1 and text in done.err.decode() and done.err.count(b"\n") == 1, f"pid file {name}: {done.status} {done.err!r}")
            done = self.run("-r", "long.pcap", "--check", "--pidfile", os.path.join(folder, name))
            told = [line for line in done.out.decode().splitlines() if line.startswith("pid file ")]
            self.check(done.status == 1 and len(told) == 1 and "missing: --pidfile: " in told[0] and text in told[0], f"--check, pid file {name}: {done.status} {told} {done.err!r}")
        self.check(sorted(os.listdir(folder)) == ["link", "records"] and self.read(os.path.join(folder, "records")) == b"{}\n", f"refused pid files: {os.listdir(folder)}")
        for content in (None, b"", b"17\n"):
            if content is not None:
                self.put(path, content)
            done = self.run("-r", "long.pcap", "--check", "--pidfile", path)
            self.check(done.status == 0 and b"pid file" not in done.out and f"remove files in {folder}\n".encode() in done.out, f"--check, {content}: {done.status} {done.out!r}")
            self.check((self.read(path) if os.path.exists(path) else None) == content, f"--check changed the pid file {content}")
        done = self.limited("ulimit -f 0", "--pidfile", path)
        self.check(done.returncode == 1 and b"File too large; the file size limit (ulimit -f) is reached" in done.stderr, f"no room for a pid file: {done.returncode} {done.stderr!r}")
        if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0:
            print("not checked: pid files on a full disk and where nothing may be made (no mount namespace)")
            return
        done = self.limited(f"mount -t tmpfs -o size=4k none {folder} && head -c 4096 /dev/zero > {folder}/full", "--pidfile", path)
        self.check(done.returncode == 1 and b"No space left on device; free some space or choose another place" in done.stderr, f"a pid file on a full disk: {done.returncode} {done.stderr!r}")
        for more in ([], ["--check"]):
            done = self.limited(f"mount -t tmpfs -o ro none {folder}", "--pidfile", path, *more)
            self.check(done.returncode == 1 and b"Read-only file system; choose another place" in (done.stdout if more else done.stderr), f"read-only, {more}: {done.returncode} {done.stderr!r}")

    def limited(self, words, *arguments):
        """A run of the long capture behind these words of a shell, in a mount namespace where there can be one."""
        apart = ["unshare", "-m"] if words.startswith("mount") else []
        return subprocess.run([*apart, "sh", "-c", f'{words} && "$0" "$@"', self.hark, "-r", "long.pcap", *arguments], capture_output=True, cwd=self.work, timeout=60, check=False,
                              env=harness.ENVIRONMENT)

    def put(self, path, content):
        with open(path, "wb") as file:
            file.write(content)

    # ---- the service manager ----

    def manager(self, name):
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listening.bind("\0" + name[1:] if name.startswith("@") else name)
        return listening

    def heard(self, listening, seconds, until=None):
        """The datagrams of so many seconds, or up to one with these words."""
        got, deadline = [], time.monotonic() + seconds
        while time.monotonic() < deadline and not (until and got and until in got[-1]):
            if select.select([listening], [], [], 0.05)[0]:
                got.append(listening.recv(4096).decode())
        return got

    def service(self):
        for number, jobs in enumerate(JOBS):
            name = (os.path.join(self.folder(), "notify"), f"@hark-life-{os.getpid()}")[number]
            with self.manager(name) as listening:
                what = f"service, -j{jobs}, {name[0]}"
                folder = self.folder()
                target = os.path.join(folder, "out")
                environment = dict(harness.ENVIRONMENT, NOTIFY_SOCKET=name, WATCHDOG_USEC="400000")
                process = self.start(["-r", "-", "-j", jobs, "-o", target], env=environment)
                got = self.heard(listening, PATIENCE, "READY=1")
                self.check(got[-1:] == ["READY=1\n"] and os.path.exists(target), f"{what}: {got}")
                got = self.heard(listening, 2.0)
                alive = sum("WATCHDOG=1" in lines for lines in got)
                self.check(6 <= alive <= 12, f"{what}: {alive} times alive in two seconds, not ten")
                self.check(any(lines.startswith("STATUS=0 packets, 0 dropped, 0 records") for lines in got), f"{what}: {got}")
                os.rename(target, target + ".1")
                process.send_signal(signal.SIGHUP)
                got = self.heard(listening, PATIENCE, "READY=1")
                reloading = [lines for lines in got if "RELOADING=1" in lines]
                stamp = re.search(r"^MONOTONIC_USEC=(\d+)$", reloading[0], re.MULTILINE) if reloading else None
                self.check(stamp is not None and abs(time.monotonic() - int(stamp.group(1)) / 1e6) < PATIENCE, f"{what}: {got}")
                self.check(os.path.exists(target), f"{what}: ready, and no new file")
                self.feed(process)
                got = self.heard(listening, PATIENCE, "STOPPING=1")
                self.check(got[-1:] == ["STOPPING=1\n"], f"{what}: {got}")
                self.ends(process, what, 0)
        environment = dict(harness.ENVIRONMENT, NOTIFY_SOCKET="/nowhere/notify", WATCHDOG_USEC="x")
        self.ends(self.start(["-r", "long.pcap"], env=environment), "no such socket", 0)

    def stuck(self):
        """Nobody reads the output: a run that waits for it says no more that it is alive, until it goes on."""
        for jobs in (*JOBS, "3"):
            name = os.path.join(self.folder(), "notify")
            with self.manager(name) as listening:
                what = f"stuck, -j{jobs}"
                environment = dict(harness.ENVIRONMENT, NOTIFY_SOCKET=name, WATCHDOG_USEC="400000")
                process = self.start(["-r", "-", "-j", jobs], env=environment)
                self.heard(listening, PATIENCE, "READY=1")
                view = memoryview(self.long_bytes)
                writer = threading.Thread(target=lambda process=process, view=view: process.stdin.write(view[:len(view) // 2]))
                writer.start()
                self.heard(listening, 1.5)
                got = self.heard(listening, 1.5)
                self.check(not any("WATCHDOG" in lines for lines in got), f"{what}: it says that it is alive: {got}")
                out = []
                reader = threading.Thread(target=lambda process=process, out=out: out.append(process.stdout.read()))
                reader.start()
                got = self.heard(listening, PATIENCE, "WATCHDOG=1")
                self.check(any("WATCHDOG=1" in lines for lines in got), f"{what}: it goes on, and does not say so: {got}")
                writer.join(PATIENCE)
                process.stdin.write(view[len(view) // 2:])
                process.stdin.close()
                process.wait(PATIENCE)
                reader.join(PATIENCE)
                process.stdout.close()
                process.stderr.close()
                self.check(out[0].replace(b'"file":"-"', b'"file":"long.pcap"') == self.good, f"{what}: not the same output")

    def other_watchdog(self):
        """The watchdog is another process's."""
        name = os.path.join(self.folder(), "notify")
        with self.manager(name) as listening:
            process = self.start(["-r", "-"], env=dict(harness.ENVIRONMENT, NOTIFY_SOCKET=name, WATCHDOG_USEC="200000", WATCHDOG_PID="1"))
            self.begin(process)
            got = self.heard(listening, 1.5)
            process.send_signal(signal.SIGTERM)
            self.ends(process, "another's watchdog", 0)
            self.check("READY=1\n" in got and not any("WATCHDOG" in lines for lines in got), f"another's watchdog: {got}")

    def unit(self):
        """docs/hark.service: systemd-analyze takes it where that is installed, and hark its command line."""
        path = os.path.join(harness.ROOT, "docs", "hark.service")
        with open(path, encoding="ascii") as file:
            settings = re.findall(r"^(\w+)=(.*)$", file.read(), re.MULTILINE)
        command = dict(settings)["ExecStart"].split()
        self.check(command[0].endswith("/hark") and ("Type", "notify") in settings and any(key == "WatchdogSec" for key, _ in settings), f"unit: {settings[:6]}")
        folder = self.folder()
        arguments = [word.replace("/var/log/hark", folder) for word in command[1:]]
        at = arguments.index("-i")
        arguments[at:at + 2] = ["-r", "long.pcap"]
        done = self.run(*arguments)
        got, _ = self.files_of(folder, "unit")
        self.check(done.status == 0 and b"".join(line for line in got.splitlines(keepends=True) if b'"type":"stats"' not in line) == self.good,
                   f"unit: {done.status} {done.err[-300:]!r}")
        if shutil.which("systemd-analyze"):
            # It wants the program of ExecStart to be there.
            copy = os.path.join(self.work, "hark.service")
            with open(path, encoding="ascii") as source, open(copy, "w", encoding="ascii") as target:
                target.write(source.read().replace("/usr/bin/hark", self.hark))
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, check=False)
            self.check(done.returncode == 0 and "hark.service" not in done.stderr, f"unit: {done.stderr}")

    PARTS = ("unit", "rotated_by_size", "rotated_by_time", "kept", "no_next_file", "renamed", "not_reopened", "ledger_on_demand", "statistics", "pid_file", "pid_file_refused", "service", "stuck",
             "other_watchdog")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--only", action="append", choices=Life.PARTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hark-life.") as work:
        tests = Life(os.path.abspath(arguments.hark), work)
        for part in arguments.only or Life.PARTS:
            started, checks = time.monotonic(), tests.checks
            getattr(tests, part)()
            print(f"{part}: {tests.checks - checks} checks, {time.monotonic() - started:.1f} s", flush=True)
    print(f"life: {tests.checks} checks, {tests.faults} faults")
    return 1 if tests.faults or not tests.checks else 0


if __name__ == "__main__":
    sys.exit(main())
