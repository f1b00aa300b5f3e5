#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""incidents.py --hark BINARY [--write]

Two bad days of a sensor, under the load of the soak: the interface that hark listens to goes down, comes up, is removed and made again while
wrk asks nginx; and hark is killed with SIGKILL while it writes. Of the first, nginx's log and hark's records must have the same
transactions, before, between and afterwards; of the second, each line of the output must parse but for at most the last one of the last
file. Prints both in Markdown; --write puts them into docs/performance.md.

Needs root, iproute2, nginx and wrk; exits with 77 where one is missing. Ends only processes that it started."""
import argparse
import collections
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import soak  # noqa: E402
from soak import CLIENT, SERVER, harness, live  # noqa: E402

OUTAGES = (("down", "up"), ("removed", "made again"))
BETWEEN = 4.0  # seconds that the interface is there
AWAY = 2.0
SETTLED = 6.0  # what was lost with the interface has been sent again
Phase = collections.namedtuple("Phase", "name begin")


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def change(how):
    if how in ("down", "up"):
        ip("-n", SERVER, "link", "set", "eth0", how)
    elif how == "removed":
        ip("-n", SERVER, "link", "del", "eth0")
    else:
        live.link()


class Incidents:
    def __init__(self, hark, work):
        self.hark, self.work, self.faults = hark, work, []

    def check(self, holds, what):
        if not holds:
            self.faults.append(what)

    def outages(self):
        """The interface goes and returns, twice."""
        seconds = sum((BETWEEN + AWAY) for _ in OUTAGES) + SETTLED
        listener = soak.Listener(self.hark, 1)
        asking = soak.load(round(seconds), 40)
        phases = [Phase("from the start", time.time())]
        for gone, back in OUTAGES:
            for wait, how in ((BETWEEN, gone), (AWAY, back)):
                time.sleep(wait)
                change(how)
                phases.append(Phase(how, time.time()))
        asking.wait(60)
        time.sleep(2)
        status = listener.finish()
        said = listener.err.decode("utf-8", "replace")
        self.check(status == 0 and "The ledger balances." in said, f"exit status {status}: {said[-400:]}")
        log = soak.logged(self.work)
        yield "| interface | seconds | transactions in nginx's log | of these told |"
        yield "|---|--:|--:|--:|"
        for phase, end in zip(phases, [*(p.begin for p in phases[1:]), time.time()]):
            logged = [key for key, (_, moment) in log.items() if phase.begin <= moment < end]
            told = sum(key in listener.ids for key in logged)
            self.check(told == len(logged), f"{phase.name}: {told} told of {len(logged)}")
            self.check(logged or phase.name in ("down", "removed"), f"{phase.name}: nothing was asked")
            yield f"| {phase.name} | {end - phase.begin:.1f} | {len(logged)} | {told} |"
        self.check(not listener.twice, f"{listener.twice} told twice")
        lines = [line for line in said.splitlines() if "the interface is" in line or "; waiting" in line]
        self.check(len(lines) == 2 * len(OUTAGES), f"said {lines}")
        yield ""
        yield "On standard error, meanwhile:"
        yield ""
        yield "```"
        yield from lines
        yield "```"

    def killed(self, jobs, options, seconds):
        """SIGKILL after some seconds. Yields the row."""
        folder = tempfile.mkdtemp(dir=self.work)
        shutil.chown(folder, 65534, 65534)  # for who hark becomes
        target = os.path.join(folder, "records")
        process = subprocess.Popen(["ip", "netns", "exec", SERVER, self.hark, "-q", "-i", "eth0", "-j", str(jobs), "-o", target, *options],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=harness.ENVIRONMENT)
        time.sleep(1)
        asking = soak.load(seconds + 1, 4)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        asking.wait(60)
        names = sorted(os.listdir(folder), key=lambda name: os.stat(os.path.join(folder, name)).st_mtime_ns)
        records, torn = 0, []
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                for line in file:
                    try:
                        records += json.loads(line)["hark"]["type"] == "transaction"
                    except ValueError:
                        torn.append((name, line.endswith(b"\n"), file.read(1) == b""))
        what = f"-j {jobs} {' '.join(options)}".strip()
        self.check(records > 1000, f"{what}: only {records} records")
        self.check(len(torn) <= 1 and all(name == names[-1] and not whole and last for name, whole, last in torn), f"{what}: torn: {torn}")
        return f"| `{what}` | {len(names)} | {records} | {len(torn)} |"

    def kills(self):
        yield "| hark | files | lines that parse | other lines: the last one, torn |"
        yield "|---|--:|--:|--:|"
        for jobs in (1, 2):
            for options in ((), ("--rotate-size=1M",)):
                for _ in range(2):
                    yield self.killed(jobs, options, 3)

    def run(self):
        live.namespaces()
        subprocess.run(["ip", "netns", "exec", CLIENT, "sysctl", "-q", "-w", "net.ipv4.ip_local_port_range=1024 65535"], check=True)
        server = soak.start_nginx(self.work)
        try:
            yield from self.outages()
            yield ""
            yield from self.kills()
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(60)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    arguments = parser.parse_args()
    if harness.lacks_network(("ip", "nginx", "wrk")):
        return harness.SKIPPED
    with tempfile.TemporaryDirectory(prefix="hark-incidents.") as work:
        os.chmod(work, 0o755)
        return soak.conclude(Incidents(os.path.abspath(arguments.hark), work), "incidents", arguments.write)


if __name__ == "__main__":
    sys.exit(main())
