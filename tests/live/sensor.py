#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sensor.py --hark BINARY

Where the parts of a sensor meet: rotation, SIGHUP and the pid file after root became somebody else, and the memory that the process takes as the
kernel measures it, its capture buffer included, under a flood of connections.

Needs what live.py needs; is skipped where that is missing. Ends only processes that it started."""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import live  # noqa: E402
from live import CLIENT, SERVER, harness  # noqa: E402

NOBODY = 65534
# Connections, each of a SYN and a request, as fast as it goes; prints how many.
FLOOD = """
import socket, struct, sys, time
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("eth0", 0))
request = b"GET /flood HTTP/1.1\\r\\nHost: a\\r\\nX-Long: " + b"a" * 300 + b"\\r\\n\\r\\n"
end, n = time.monotonic() + float(sys.argv[1]), 0
ethernet = b"\\xff" * 6 + b"\\2" + bytes(5) + b"\\x08\\x00"
while time.monotonic() < end:
    for flags, seq, payload in ((2, 1000, b""), (24, 1001, request)):
        tcp = struct.pack("!HHIIBBHHH", 1024 + n % 60000, 80, seq, 0 if flags == 2 else 1, 0x50, flags, 65535, 0, 0)
        ip = struct.pack("!BBHHHBBHII", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0, 0x0a000000 + n // 60000, 0xc0000263)
        try:
            out.send(ethernet + ip + tcp + payload)
        except OSError:
            pass  # the queue is full
    n += 1
print(n)
"""


def ledger(text, name):
    found = re.search(rf"^ *{re.escape(name)}  +([\d ]+)$", text, re.MULTILINE)
    return int(found.group(1).replace(" ", "")) if found else 0


class Sensor:
    def __init__(self, test):
        self.test = test
        self.check = test.check

    def folder(self, name, owner=0):
        """Nobody but the owner may make files in it, nor search what is above."""
        above = os.path.join(self.test.work, name)
        os.mkdir(above, 0o700)
        path = os.path.join(above, "records")
        os.mkdir(path, 0o755)
        os.chown(path, owner, -1)
        return path

    def ask(self, target):
        _, done = self.test.curl(f"http://192.0.2.20/small.txt?{target}")
        self.check(done.returncode == 0, f"curl says {done.stderr}")

    def targets(self, *paths):
        found = []
        for path in paths:
            with open(path, "rb") as file:
                found += [record["http"]["request"]["target"].partition("?")[2] for record in map(json.loads, file.read().splitlines()) if "http" in record]
        return found

    def refused_at_the_start(self):
        """Rotation in a folder that is root's alone can't work: nothing is captured that would be lost."""
        folder = self.folder("roots")
        arguments = ["ip", "netns", "exec", SERVER, self.test.hark, "-i", "eth0", "-q", "-o", f"{folder}/x", "--rotate-size=1M"]
        done = subprocess.run(arguments, capture_output=True, text=True, env=harness.ENVIRONMENT, check=False, timeout=20)
        self.check(done.returncode == 1 and re.fullmatch(rf"hark: user nobody may not make files in {folder}, [^\n]*--user\n", done.stderr) is not None,
                   f"rotation that can't be: {done.returncode} {done.stderr}")
        self.check(os.listdir(folder) == [], f"rotation that can't be made {os.listdir(folder)}")
        done = subprocess.run([*arguments, "--check"], capture_output=True, text=True, env=harness.ENVIRONMENT, check=False, timeout=20)
        self.check(done.returncode == 1 and f"missing: user nobody may not make files in {folder}" in done.stdout, f"--check of it: {done.returncode} {done.stdout}")

    def hangup_in_roots_folder(self):
        """The file goes on where it can't be opened again, which was told at the start; where logrotate made the new one, it is taken."""
        folder = self.folder("hangup")
        path = f"{folder}/x"
        pid_file = f"{folder}/pid"
        listener = live.Listener(self.test.hark, ["-i", "eth0", "-q", "--stats", "-o", path, f"--pidfile={pid_file}"])
        self.ask("one")
        time.sleep(1.5)
        os.rename(path, f"{path}.1")
        listener.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        self.ask("two")
        time.sleep(1.5)
        with open(path, "wb") as file:
            os.fchown(file.fileno(), NOBODY, -1)
        listener.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        self.ask("three")
        with open(pid_file, "rb") as file:
            self.check(file.read() == b"%d\n" % listener.process.pid, "the pid file does not name the process")
        checked = subprocess.run(["ip", "netns", "exec", SERVER, self.test.hark, "-i", "eth0", f"--pidfile={pid_file}", "--check"], capture_output=True, text=True,
                                 env=harness.ENVIRONMENT, check=False, timeout=20)
        self.check(checked.returncode == 0, f"--check beside a run: {checked.returncode} {checked.stderr}")
        self.test.sound(listener, listener.finish(), "hangup")
        said = [line for line in listener.err.decode().splitlines() if line.startswith("hark: ")]
        self.check(len(said) == 2 and "user nobody may not make files in" in said[0] and "the old file goes on" in said[1], f"hangup: {said}")
        self.check(self.targets(f"{path}.1") == ["one", "two"] and self.targets(path) == ["three"], f"hangup: {self.targets(f'{path}.1')}, {self.targets(path)}")
        # It can't be removed any more; the next run takes it.
        self.check(os.stat(pid_file).st_size == 0, "the pid file still names somebody")

    def rotated_in_own_folder(self):
        """Files of earlier runs, root's too, are removed by who hark has become."""
        folder = self.folder("own", NOBODY)
        for number in (1, 2, 3):
            with open(f"{folder}/x.000{number}", "wb"):
                pass
        for jobs in ("1", "2"):
            listener = live.Listener(self.test.hark, ["-i", "eth0", "-q", "--stats", "-j", jobs, "-o", f"{folder}/x", "--rotate-size=4K", "--rotate-keep=3"])
            for n in range(9):
                self.ask(n)
            time.sleep(1.5)
            listener.process.send_signal(signal.SIGHUP)
            time.sleep(0.2)
            self.ask("last")
            time.sleep(1.5)
            self.test.sound(listener, listener.finish(), f"rotated, -j {jobs}")
            names = sorted(glob.glob(f"{folder}/*"))
            targets = self.targets(*names)
            self.check(len(names) == 3 and 2 < len(targets) < 9 and targets == [*map(str, range(10 - len(targets), 9)), "last"] and self.targets(names[-1]) == ["last"],
                       f"rotated, -j {jobs}: {targets} in {names}")
            self.check(not [line for line in listener.err.splitlines() if line.startswith(b"hark: ")], f"rotated: {listener.err[:300]!r}")

    def beside_a_link(self):
        """Files of a series are beside the name that -o gives, which may be somebody else's link."""
        folder = self.folder("links", NOBODY)
        os.symlink("../elsewhere", f"{folder}/x")
        with open(os.path.join(folder, "..", "elsewhere"), "wb"):
            pass
        listener = live.Listener(self.test.hark, ["-i", "eth0", "-q", "--stats", "-o", f"{folder}/x", "--rotate-interval=1d"])
        self.ask("beside")
        time.sleep(1.5)
        self.test.sound(listener, listener.finish(), "beside a link")
        self.check(self.targets(f"{folder}/x.0001") == ["beside"] and os.stat(f"{folder}/x").st_size == 0, f"beside a link: {os.listdir(folder)}")

    def unit_file(self):
        """The options of docs/hark.service, for who has what it gives: CAP_NET_RAW alone, of the bounding set as well."""
        with open(os.path.join(HERE, "..", "..", "docs", "hark.service"), encoding="utf-8") as file:
            unit = [line.strip().partition("=")[::2] for line in file if "=" in line and not line.startswith("#")]
        settings = dict(unit)
        allowed = " ".join(value for name, value in unit if name == "SystemCallFilter")
        for call in ("seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"):
            self.check(re.search(rf"(^| ){call}( |$)", allowed), f"hark.service: its own sandbox may not call {call}")
        self.check(settings["AmbientCapabilities"] == settings["CapabilityBoundingSet"] == "CAP_NET_RAW", "hark.service: other capabilities")
        with tempfile.TemporaryDirectory() as place:  # where everybody may look
            os.chmod(place, 0o755)
            copy = shutil.copy(self.test.hark, place)
            os.chmod(copy, 0o755)
            folder = os.path.join(place, "log", "hark")
            os.makedirs(folder)
            os.chown(folder, NOBODY, NOBODY)
            os.chmod(folder, int(settings["LogsDirectoryMode"], 8))
            arguments = settings["ExecStart"].replace("/var/log/hark", folder).split()[1:]
            self.check(f"{folder}/records.ndjson" in arguments and settings["LogsDirectory"] == "hark", f"hark.service: {arguments}")
            listener = live.Listener("setpriv", [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs", "--inh-caps=-all,+net_raw",
                                                 "--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw", copy, *arguments, "--stats"])
            promiscuous = subprocess.run(["ip", "-d", "-n", SERVER, "link", "show", "eth0"], capture_output=True, text=True, check=True).stdout
            self.check("promiscuity 1" in promiscuous, f"hark.service: not promiscuous: {promiscuous}")
            self.ask("unit")
            time.sleep(1.5)
            self.check(self.targets(f"{folder}/records.ndjson.0001") == ["unit"], f"hark.service: {os.listdir(folder)}")
            self.test.sound(listener, listener.finish(), "hark.service")

    def memory(self):
        """As the kernel measures it. A sanitizer's shadow is no part of the promise."""
        with open(self.test.hark, "rb") as file:
            if b"__asan_init" in file.read():
                print("memory: left out, a build with a sanitizer")
                return
        most = 128 << 20
        for jobs in ("1", "2"):
            listener = live.Listener(self.test.hark, ["-i", "eth0", "--stats", "-j", jobs, "-o", os.devnull, "--max-memory=128M"])
            flood = subprocess.run(["ip", "netns", "exec", CLIENT, sys.executable, "-c", FLOOD, "6"], capture_output=True, text=True, check=True)
            with open(f"/proc/{listener.process.pid}/status", encoding="ascii") as file:
                status = {name: value.split() for name, value in (line.split(":", 1) for line in file)}
            self.test.sound(listener, listener.finish(), f"memory, -j {jobs}")
            text = listener.err.decode()
            peak = int(status["VmHWM"][0]) << 10
            buffer = ledger(text, "bytes of its capture buffer")
            print(f"memory, -j {jobs}: {int(flood.stdout)} connections, {peak >> 10} KiB at most, {buffer >> 10} KiB of them the capture buffer")
            self.check(peak <= most * 11 // 10, f"memory, -j {jobs}: {peak} bytes")
            self.check(0 < buffer <= 32 << 20 and int(status["RssFile"][0]) << 10 >= buffer, f"memory, -j {jobs}: a buffer of {buffer} bytes in {status['RssFile']}")
            self.check("ended: evicted" in text and ledger(text, "ended: evicted") > 0, f"memory, -j {jobs}: the flood did not fill it: {text[-900:]}")
            self.check("the kernel's capture buffer is 32M" in text, f"memory, -j {jobs}: the smaller buffer is not told: {text[:300]}")


def parts_of(test):
    sensor = Sensor(test)
    return sensor.refused_at_the_start, sensor.hangup_in_roots_folder, sensor.rotated_in_own_folder, sensor.beside_a_link, sensor.unit_file, sensor.memory


if __name__ == "__main__":
    sys.exit(live.main(parts_of, "sensor", __doc__))
