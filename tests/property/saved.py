# SPDX-License-Identifier: Apache-2.0
"""saved.py --hark BINARY

What -w saves is enough: hark makes of the saved file the records that it made of the capture, for every transaction that was to be
saved. On every capture of pcaps/, and of ../shared/pcaps where that is there, as many as the time allows. Also: a file is the same
for any -j, a pipe gives the same packets as a file, each frame is one of the capture's and stands there once, other tools read the file."""
import argparse
import collections
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402

SHARED = os.path.join(harness.ROOT, "..", "shared", "pcaps")
RULES = (["--save=failures"], ["--save-slower=1ms"], ["--save=slow,failures", "--save-slower=50ms"], [])
LARGEST = 1_500_000
# What only the passing of time tells, which a saved file ends before.
IN_TIME = {"idle", "response_late", "request_late", "capture_ended", "connection_closed"}


def shown(record):
    """The record without what is the capture file's own."""
    capture = {key: value for key, value in record["capture"].items() if key not in ("saved", "request", "response")}
    return dict(record, capture=capture)


def timeout_aside(record):
    """Later packets of other connections may be what showed that the connection had timed out."""
    tcp = record.get("tcp") or {}
    return dict(record, tcp={key: value for key, value in tcp.items() if key != "end" or value != "timeout"})


def reason_aside(record):
    """An orphan without what time made of it."""
    pairing = dict(record.get("pairing") or {}, reason="")
    return dict(record, pairing=pairing, tcp=None)


class Saved:
    def __init__(self, hark, work):
        self.hark = hark
        self.work = work
        self.faults = []
        self.records = 0
        self.read = 0

    def fault(self, what):
        self.faults.append(what)
        print("FAULT", what)

    def run(self, arguments, **more):
        done = harness.run_hark(self.hark, ["-q", *arguments], cwd=self.work, **more)
        if any(word in done.trouble for word in ("anitizer", "signal", "timed")):
            self.fault(f"{' '.join(arguments)}: {done.trouble}")
        return done

    def frames(self, path):
        """Times and lengths, as tshark reads them; None where it can't."""
        done = subprocess.run(["tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len"],
                              capture_output=True, env=harness.ENVIRONMENT, check=False)
        return collections.Counter(done.stdout.splitlines()) if done.returncode == 0 else None

    def same_records(self, path, rule, first):
        wanted = [record for record in first if "saved" in record["capture"]]
        for record in wanted:
            if record["capture"]["saved"] != "connection":
                self.fault(f"{path} {rule}: capture.saved is {record['capture']['saved']}")
        again = self.run(["-r", "saved.pcapng"]).records()
        found = {(record["event"]["id"], record["hark"]["type"]): shown(record) for record in again}
        for record in wanted:
            self.records += 1
            got = found.get((record["event"]["id"], record["hark"]["type"]))
            expected = shown(record)
            if got is None:
                self.fault(f"{path} {rule}: no {record['hark']['type']} {record['event']['id']} of the saved packets")
            elif got != expected:
                timed = expected["pairing"].get("reason") in IN_TIME and reason_aside(got) == reason_aside(expected)
                timed = timed or timeout_aside(got) == timeout_aside(expected)
                differing = [key for key in expected if got.get(key) != expected[key]]
                if not timed:
                    self.fault(f"{path} {rule}: {record['event']['id']} differs in {differing}")

    def one(self, path, rule, looks):
        plain = ["-r", path, *rule]
        first = self.run([*plain, "-w", "saved.pcapng"])
        if first.status not in (0, 1):
            self.fault(f"{path} {rule}: exit status {first.status}: {first.err[-300:]}")
            return
        records = first.records()
        if not rule and any("saved" not in record["capture"] for record in records):
            self.fault(f"{path}: a record without capture.saved though all are saved")
        self.same_records(path, rule, records)
        self.read += 1
        if looks:
            self.looks(path, rule, first)

    def looks(self, path, rule, first):
        """By the schema; and once more, with other workers, from a pipe, and for another reader."""
        wrong = harness.validate(first.out)
        if wrong:
            self.fault(f"{path} {rule}: {wrong[:300]}")
        threads = self.run(["-r", path, *rule, "-w", "threads.pcapng", "-j", "3"])
        if threads.out != first.out or self.bytes("threads.pcapng") != self.bytes("saved.pcapng"):
            self.fault(f"{path} {rule}: -j 3 saves or writes something else")
        with open(path, "rb") as file:
            pipe = subprocess.run(["cat"], stdin=file, capture_output=True, check=True).stdout
        if len(pipe) < 60_000:
            read, write = os.pipe()
            os.write(write, pipe)
            os.close(write)
            self.run(["-r", "-", *rule, "-w", "pipe.pcapng"], stdin=read)
            os.close(read)
            self.compare(path, rule, "pipe.pcapng")
        if shutil.which("tshark"):
            whole, part = self.frames(path), self.frames(os.path.join(self.work, "saved.pcapng"))
            if part is None or (whole is not None and part - whole):
                self.fault(f"{path} {rule}: tshark finds frames in the saved file that are not the capture's, or can't read it")

    def compare(self, path, rule, other):
        if shutil.which("tshark"):
            ours, theirs = (self.frames(os.path.join(self.work, name)) for name in ("saved.pcapng", other))
            if ours != theirs:
                self.fault(f"{path} {rule}: from a pipe {sum((theirs or {}).values())} packets are saved, from the file {sum((ours or {}).values())}")

    def bytes(self, name):
        with open(os.path.join(self.work, name), "rb") as file:
            return file.read()


def all_captures():
    ours = [os.path.join(harness.PCAPS, name) for name in harness.captures()]
    theirs = []
    for folder, _, names in os.walk(SHARED):
        theirs += [os.path.join(folder, name) for name in names if name.endswith((".pcap", ".pcapng", ".cap"))]
    return ours, sorted(theirs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--seconds", type=float, default=30, help="start no capture after so much time (default 30)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="the one capture whose path ends so")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    ours, theirs = all_captures()
    with tempfile.TemporaryDirectory(prefix="hark-saved.") as work:
        saved = Saved(os.path.abspath(args.hark), work)
        cases = [(path, []) for path in ours] + [(path, RULES[n % len(RULES)]) for n, path in enumerate(ours + theirs)]
        if args.only:
            cases = [(path, rule) for path in ours + theirs for rule in RULES if path.endswith(args.only)]
        else:
            rng.shuffle(cases)
        deadline = time.monotonic() + args.seconds
        for number, (path, rule) in enumerate(cases):
            if time.monotonic() > deadline:
                break
            if os.path.getsize(path) <= LARGEST:
                saved.one(path, rule, number % 16 == 0)
        print(f"saved: {saved.read} captures, {saved.records} records, {len(saved.faults)} faults")
        return 1 if saved.faults or not saved.records else 0


if __name__ == "__main__":
    sys.exit(main())
