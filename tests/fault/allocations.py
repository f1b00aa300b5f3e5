#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""allocations.py --fault HARK_FAULT [--quick] [--case NAME] [--first N] [--step N] [--trace N]

Memory that is refused: the n-th allocation of a run fails, for each n (alone, then with all after it), whoever asks: hark, libpcap, the
libraries for compressed files and hashes, libc. Each run must end by itself, without a crash, a leak or a sanitizer's report (libpcap's
compiler of filters and libseccomp's crash by themselves, or end the process: nothing was read yet, and hark can't help it). Either its output is what it would have been, or the exit status is 1, standard error says so, the ledger balances, and each line is a whole valid
record that tells nothing false: the same, or one that says itself that it is incomplete or alone, never another pair."""
import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import material  # noqa: E402
from material import harness  # noqa: E402

ALL = 1 << 40
SHOWN = 20  # faults of one case

CUT = {"line_too_long", "head_too_large"}  # notes: something of a head was not stored

Case = collections.namedtuple("Case", "name arguments kind mode sample", defaults=("malloc", "once", 7))


def cases():
    """`sample`: with --quick, each so-many-th n."""
    stats = ["--stats", "--no-sandbox", "-q"]  # most allocations of a short run would be the sandbox's
    yield Case("sandbox-once", ["-r", "one.pcap.gz", "--stats"], mode="once", sample=131)
    for mode in ("once", "onward"):
        yield Case(f"j1-{mode}", ["-r", "all.pcap", *stats], mode=mode, sample=1 if mode == "once" else 7)
        yield Case(f"j2-{mode}", ["-r", "all.pcap", "-j", "2", *stats], mode=mode)
        yield Case(f"text-{mode}", ["-r", "all.pcap", "--format", "text", *stats], mode=mode)
        yield Case(f"files-{mode}", ["-r", "one.pcap.gz", "-r", "two.pcap.zst", "-r", "three.pcapng", "-o", "/proc/self/fd/1", *stats, "tcp or udp"], mode=mode)
        yield Case(f"start-{mode}", ["-r", "one.pcap.gz", "-j", "2", *stats], mode=mode, sample=97)
        # What waits in the first file is copied when the second begins.
        yield Case(f"mapped-{mode}", ["-r", "waiting.pcap", "-r", "three.pcapng", "-o", "/proc/self/fd/1", *stats], mode=mode)
    for mode in ("once", "onward"):
        yield Case(f"threads-{mode}", ["-r", "all.pcap", "-j", "3", *stats], kind="thread", mode=mode, sample=1)


Outcome = collections.namedtuple("Outcome", "number failures calls status out err")


def outcomes(fault, case, work, first=1, step=1, last=ALL, trace=False):
    """Each run as hark_fault tells it."""
    words = ["trace"] if trace else []
    command = [fault, case.kind, case.mode, str(first), str(step), str(last), *words, "--", *case.arguments]
    # What tells a call stack leaks.
    environment = dict(harness.ENVIRONMENT, ASAN_OPTIONS="detect_leaks=0") if trace else harness.ENVIRONMENT
    with subprocess.Popen(command, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment) as server:
        while True:
            line = server.stdout.readline()
            if not line:
                break
            number, failures, calls, status, out, err = (int(word) for word in line.split())
            yield Outcome(number, failures, calls, status, server.stdout.read(out), server.stdout.read(err))
    if server.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit status {server.returncode}")


# Where another library ends the process (libseccomp hangs, leaks, or makes a filter that forbids what it was told to allow) when it is refused memory, always before the first record.
FOREIGN = re.compile(r"libpcap[^\n]*\(pcap_compile\+")
FOREIGN_IN_ANY_WAY = re.compile(r"libseccomp[^\n]*\(seccomp_load\+")
SANITIZER = b"AddressSanitizer: CHECK failed"  # it needs memory to start a thread


def is_foreign(fault, case, work, outcome):
    """The run ended inside a library that was refused memory, and nothing was written."""
    if SANITIZER in outcome.err:
        return True
    ended = outcome.status < 0 or b"out of dynamic memory in yy" in outcome.err or b"AddressSanitizer: SEGV" in outcome.err
    if outcome.out or not (ended or outcome.status in (1, harness.SANITIZER_EXIT)):
        return False
    traced = list(outcomes(fault, case, work, first=outcome.number, last=outcome.number, trace=True))[0]
    stack = traced.err.decode("utf-8", "replace").split("\n\n")[0]
    return (ended and FOREIGN.search(stack) is not None) or FOREIGN_IN_ANY_WAY.search(stack) is not None


def ends(record):
    """The first frames of a record's two messages, in their files; None for one that is not there."""
    capture = record["capture"]
    return tuple((capture[m]["file"], capture[m]["first_frame"]) if m in capture else None for m in ("request", "response"))


def difference(ours, theirs, path=""):
    """The first place where two values differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in {**theirs, **ours}:
            if ours.get(key) != theirs.get(key):
                return difference(ours.get(key), theirs.get(key), f"{path}.{key}")
    return f"{path}: {ours!r:.150} instead of {theirs!r:.150}"


class Judge:
    """`counts`: runs that were whole, less, ended by a library; odd records that were incomplete, cut, or changed in what a missing
    packet changes (times, counts of packets)."""

    def __init__(self, case, good):
        self.case = case
        self.json = "text" not in case.arguments
        self.good = good.out
        self.lines = set(good.out.splitlines(keepends=True))
        self.odd = set()  # lines that the good output has not
        self.counts = collections.Counter()
        if self.json:
            records = [json.loads(line) for line in self.lines]
            self.records = collections.defaultdict(list)
            for record in records:
                self.records[ends(record)].append(record)

    def trouble(self, outcome):
        """What is wrong with this run, "" for nothing."""
        err = outcome.err.decode("utf-8", "replace")
        unsound = harness.Run(outcome.status, outcome.out, outcome.err).trouble
        if unsound:
            return unsound
        if "out of memory" in err or "memory" in err:
            self.counts["told"] += 1
        if outcome.out == self.good:
            self.counts["whole"] += 1
            return ""
        self.counts["less"] += 1
        if outcome.status != 1:
            return "something is missing, but the exit status is 0"
        if not re.search(r"^hark: [^\n]*(memory|thread)", err, re.MULTILINE):
            return f"something is missing, but nothing says that memory was out: {err[:200]!r}"
        return next(filter(None, map(self.line_trouble, outcome.out.splitlines(keepends=True))), "")

    def line_trouble(self, line):
        if line in self.lines or line in self.odd:
            return ""
        self.odd.add(line)
        return self.record_trouble(line) if self.json else ""

    def record_trouble(self, line):
        try:
            record = json.loads(line)
        except ValueError as error:
            return f"no JSON: {error}: {line[:200]!r}"
        request, response = ends(record)
        alike = self.records.get((request, response), [])
        if request and response and not alike:
            return f"another pair: {request} {response}"
        if not record["capture"].get("complete"):
            self.counts["incomplete"] += 1
            return ""
        if CUT & {note["id"] for note in record["notes"]}:
            self.counts["cut"] += 1
            return ""
        if not any(all(record.get(part) == good.get(part) for part in ("http", "url", "user_agent")) for good in alike):
            return f"a complete record tells something else: {difference(record, alike[0])}"
        self.counts["changed"] += 1
        return ""


def run_case(fault, case, work, arguments):
    good = next(outcomes(fault, case, work, first=ALL))
    if good.status != 0 or not good.out:
        print(f"FAULT {case.name}: the run without failures: {good}")
        return 1
    judge = Judge(case, good)
    faults, runs, started = 0, 0, time.monotonic()
    step = arguments.step if not arguments.quick else case.sample
    for outcome in outcomes(fault, case, work, first=arguments.first, step=step):
        runs += 1
        trouble = judge.trouble(outcome)
        if not outcome.failures:
            if outcome.out != good.out or outcome.status != 0:
                trouble = trouble or "the run without failures differs from the first"
        if trouble and is_foreign(fault, case, work, outcome):
            judge.counts["library"] += 1
        elif trouble:
            faults += 1
            if faults <= SHOWN:
                print(f"FAULT {case.name} n={outcome.number}: {trouble}", flush=True)
                if arguments.verbose:
                    print(outcome.err.decode("utf-8", "replace")[:4000])
    if judge.json and judge.odd:
        wrong = harness.validate(b"".join(sorted(judge.odd)))
        if wrong:
            faults += 1
            print(f"FAULT {case.name}: records that are not valid: {wrong[:2000]}")
    print(f"{case.name}: {good.calls} calls, {runs} runs, {dict(judge.counts)}, {faults} faults, {time.monotonic() - started:.1f} s", flush=True)
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fault", required=True, help="the hark_fault of a build")
    parser.add_argument("--case", action="append", help="only cases whose name begins so")
    parser.add_argument("--quick", action="store_true", help="each n in one case only, a sample of them in the others")
    parser.add_argument("--first", type=int, default=1, help="the first n")
    parser.add_argument("--step", type=int, default=1, help="each so-many-th n")
    parser.add_argument("--trace", type=int, help="one run, with the call stack of each failure")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    fault = os.path.abspath(arguments.fault)
    faults, ran = 0, 0
    with tempfile.TemporaryDirectory() as work:
        material.features(os.path.join(work, "all.pcap"))
        material.waiting(os.path.join(work, "waiting.pcap"))
        material.write(os.path.join(work, "one.pcap.gz"), material.merged(["tiny.pcap"]))
        material.write(os.path.join(work, "two.pcap.zst"), material.merged(["pipelining.pcap"]))
        material.write(os.path.join(work, "three.pcapng"), material.merged(["mix.pcap"]), pcapng=True)
        for case in cases():
            if arguments.case and not any(case.name.startswith(name) for name in arguments.case):
                continue
            ran += 1
            if arguments.trace:
                for outcome in outcomes(fault, case, work, first=arguments.trace, last=arguments.trace, trace=True):
                    print(outcome.err.decode("utf-8", "replace"))
                continue
            faults += run_case(fault, case, work, arguments)
    if not ran:
        raise SystemExit("no such case")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
