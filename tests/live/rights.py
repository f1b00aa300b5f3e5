#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rights.py --hark BINARY

What a live run holds, as the kernel tells it, while it captures what curl asks nginx: user, groups, capabilities, no_new_privs and seccomp
of each of its threads; its sockets, of which none listens, is bound to a port or talks to anybody; who owns its output. It is started as root, and as
somebody who has but CAP_NET_RAW and CAP_NET_ADMIN.

Needs what live.py needs; is skipped where that is missing. Ends only processes that it started."""
import argparse
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
from live import harness  # noqa: E402

NOBODY = "65534"
STRANGER = "4711"
NONE = "0000000000000000"


def threads(pid):
    """The status of each thread as a dict."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii", errors="replace") as file:
            yield {name: value.split() for name, value in (line.split(":", 1) for line in file)}


def read(path):
    with open(path, "rb") as file:
        return file.read()


def sockets(pid):
    """Inodes of its sockets."""
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        match = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{fd}"))
        if match:
            found.append(match.group(1))
    return found


def inodes(pid, protocol):
    """Those that the kernel has of a protocol in the process's network namespace."""
    path = f"/proc/{pid}/net/{protocol}"
    if not os.path.exists(path):
        return set()
    with open(path, encoding="ascii", errors="replace") as file:
        return {word for line in file.readlines()[1:] for word in line.split()}


class Rights(live.Live):
    def holds(self, listener, what, user, jobs, bounding=NONE):
        pid = listener.process.pid
        found = list(threads(pid))
        self.check(len(found) >= jobs, f"{what}: {len(found)} threads instead of {jobs}")
        for status in found:
            wanted = {"Uid": [user] * 4, "Gid": [user] * 4, "Groups": [], "CapInh": [NONE], "CapPrm": [NONE], "CapEff": [NONE], "CapAmb": [NONE],
                      "NoNewPrivs": ["1"], "Seccomp": ["2"]}
            if bounding is not None:
                wanted["CapBnd"] = [bounding]
            for name, value in wanted.items():
                self.check(status.get(name) == value, f"{what}: {name} is {status.get(name)} instead of {value}")
        held = sockets(pid)
        packet = inodes(pid, "packet")
        self.check(set(held) & packet, f"{what}: none of its sockets {held} is a packet socket of {packet}")
        # The kernel lists sockets of these protocols once they are bound to a port or connected.
        for protocol in ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "icmp6", "unix", "netlink"):
            self.check(not set(held) & inodes(pid, protocol), f"{what}: it has a socket of {protocol}")

    def works(self, listener, what, output):
        for n in range(4):
            for name in ("small.txt", "large.bin"):
                _, done = self.curl(f"http://192.0.2.20/{name}?{n}")
                self.check(done.returncode == 0, f"{what}: curl says {done.stderr}")
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and read(output).count(b"\n") < 8:
            time.sleep(0.05)
        self.sound(listener, listener.finish(), what)
        lines = read(output)
        records = [json.loads(line) for line in lines.splitlines()]
        self.check(len(records) == 8 and all(harness.get(r, "capture.complete") and harness.get(r, "http.response.status_code") == 200 for r in records),
                   f"{what}: not 8 whole records, but {len(records)}")
        self.check(not harness.validate(lines), f"{what}: the output is not valid")
        text = listener.err.decode("utf-8", "replace")
        self.check("The ledger balances" in text, f"{what}: {text[-400:]}")

    def as_root(self):
        for jobs in (1, 2):
            what = f"as root, -j{jobs}"
            output = os.path.join(self.work, f"root{jobs}")
            listener = live.Listener(self.hark, ["-i", "eth0", "-j", str(jobs), "-o", output, "--stats"])
            # A sanitizer's own threads are beside those of -j.
            self.holds(listener, what, NOBODY, jobs)
            self.check(os.stat(output).st_uid == int(NOBODY), f"{what}: its output is not its own")
            self.works(listener, what, output)
        output = os.path.join(self.work, "stranger")
        listener = live.Listener(self.hark, ["-i", "eth0", "-o", output, "--stats", "--user", f"{STRANGER}:{STRANGER}"])
        self.holds(listener, "--user", STRANGER, 1)
        self.works(listener, "--user", output)

    def by_capability(self):
        """Somebody else with the right to capture: no user to become, but the capabilities go."""
        with tempfile.TemporaryDirectory() as place:  # where everybody may look
            os.chmod(place, 0o777)
            copy = shutil.copy(self.hark, place)
            os.chmod(copy, 0o755)
            for capabilities, more in (("+net_raw,+net_admin", []), ("+net_raw", ["-p"])):
                what = f"with {capabilities}"
                output = os.path.join(place, f"records{len(more)}")
                listener = live.Listener("setpriv", [f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", f"--inh-caps=-all,{capabilities}",
                                                     f"--ambient-caps=-all,{capabilities}", copy, "-i", "eth0", "-o", output, "--stats", *more])
                self.holds(listener, what, STRANGER, 1, bounding=None)
                self.works(listener, what, output)

    def told(self):
        def check(*arguments):
            return subprocess.run(["ip", "netns", "exec", live.SERVER, self.hark, "--check", *arguments], capture_output=True, text=True, env=harness.ENVIRONMENT, check=False)

        done = check("-i", "eth0", "-B", "3M")
        self.check(done.returncode == 0 and done.stderr == "", f"--check: {done.returncode} {done.stdout} {done.stderr}")
        for words in (f"user ids {NOBODY} {NOBODY} {NOBODY} {NOBODY})", "capabilities    none", "packets of eth0 (socket:", "3M of the kernel's for packets of eth0",
                      "seccomp mode 2", "a packet socket: Operation not permitted"):
            self.check(words in done.stdout, f"--check does not say '{words}': {done.stdout}")
        done = check("-i", "nowhere0")
        self.check(done.returncode == 1 and "no such interface" in done.stderr, f"--check of no interface: {done.returncode} {done.stderr}")

    def listens_nowhere(self):
        """Beside nginx, the namespace has no listening socket."""
        listener = live.Listener(self.hark, ["-i", "eth0"])
        shown = subprocess.run(["ip", "netns", "exec", live.SERVER, "ss", "-Hlntupw"], capture_output=True, text=True, check=True).stdout
        self.check("nginx" in shown and all("nginx" in line for line in shown.splitlines()), f"it listens: {shown}")
        self.sound(listener, listener.finish(signal.SIGINT), "listening")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    arguments = parser.parse_args()
    if harness.lacks_network(("ip", "ss", "nginx", "curl", "setpriv")):
        return harness.SKIPPED
    server = None
    with tempfile.TemporaryDirectory(prefix="hark-live.") as work:
        tests = Rights(os.path.abspath(arguments.hark), work)
        try:
            live.namespaces()
            server = live.start_nginx(work)
            for part in (tests.as_root, tests.by_capability, tests.told, tests.listens_nowhere):
                part()
        finally:
            if server is not None:
                server.terminate()
                server.wait()
            for name in (live.CLIENT, live.SERVER):
                subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        print(f"rights: {tests.checks} checks, {len(tests.faults)} faults")
        return 1 if tests.faults else 0


if __name__ == "__main__":
    sys.exit(main())
