# SPDX-License-Identifier: Apache-2.0
"""However the same traffic was cut, delayed, copied or wrapped, its records say the same.

Takes captures of pcaps/, rewrites each at random in ways that do not change what was said, and compares hark's records of both on
the keys that the schema marks x-invariant; order does not count. Equal records match as they are, the rest by event.id where
neither sequence numbers nor the network id were changed, else by content within the same connection. On each variant one and
three workers must write the same bytes, and the ledger must balance. A failing case is made smaller before it is reported."""
import argparse
import os
import random
import shlex
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "tools"))

import harness  # noqa: E402
import invariants  # noqa: E402
import variants  # noqa: E402
from rewriting import capfile  # noqa: E402

# Captures whose packets stay in their order, with the reason.
IN_ORDER = {
    "port-reuse.pcap": "the same ports five times in 0.3 s: packets displaced by more than a connection lasted do not always find their own",
}
LARGEST_BASE = 150_000


class Case:
    """A capture (or the frames of it that `keep` names, from 0), the words that rewrite it, and what they draw from."""

    def __init__(self, base, words, seed, keep=None):
        self.base = base
        self.words = words
        self.seed = seed
        self.keep = keep

    def capture(self):
        whole = capfile.read(os.path.join(harness.PCAPS, self.base))
        if self.keep is not None:
            whole.frames = [whole.frames[index] for index in self.keep]
        return whole

    def command(self, hark):
        keep = f" --keep {ranges(self.keep)}" if self.keep is not None else ""
        return f"/usr/bin/python3 tests/property/captures.py --hark {shlex.quote(hark)} --base {self.base} --seed {self.seed}{keep} --do {shlex.quote(' '.join(self.words))}"


def ranges(numbers):
    """0 1 2 5 as "0-2+5"."""
    parts = []
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return "+".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def numbers_of(text):
    found = []
    for part in text.split("+"):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


class Judge:
    """Runs hark on both sides of a case."""

    def __init__(self, hark, folder):
        self.hark = hark
        self.folder = folder
        self.rules = invariants.Invariants()
        self.bases = {}
        self.compared = 0

    def run(self, capture, name, form, jobs):
        path = os.path.join(self.folder, name)
        capfile.write(path, capture, form)
        return harness.run_hark(self.hark, ["-r", name, "-j", str(jobs), "--stats"], cwd=self.folder)

    def base(self, case):
        key = (case.base, None if case.keep is None else tuple(case.keep))
        if key not in self.bases:
            self.bases = {} if case.keep is not None and len(self.bases) > 500 else self.bases
            self.bases[key] = self.run(case.capture(), "base.pcap", capfile.Format(nano=True), 1)
        return self.bases[key]

    def differences(self, case):
        """[(kind, text)]; nothing when the case holds."""
        base = self.base(case)
        if base.trouble:
            return [("trouble", f"the base itself: {base.trouble}")]
        changed = variants.apply(case.capture(), case.words, case.seed)
        chance = random.Random(case.seed)
        form = capfile.Format(pcapng=chance.random() < 0.3, nano=True, big_endian=chance.random() < 0.3)
        one, many = (self.run(changed, "variant.pcap", form, jobs) for jobs in (1, 3))
        for run in (one, many):
            if run.trouble:
                return [("trouble", run.trouble)]
        if one.out != many.out:
            return [("workers", "one and three workers write different bytes")]
        with_ids = variants.keeps_ids(case.words)
        sides = [[self.rules.of(record, with_ids) for record in run.records()] for run in (base, one)]
        self.compared += len(sides[0])
        return invariants.compare(*sides, with_ids)


class Shrinker:
    """Makes a failing case smaller as long as it fails, and in no other way than it did."""

    def __init__(self, judge, case, kinds, seconds):
        self.judge = judge
        self.case = case
        self.kinds = kinds
        self.until = time.monotonic() + seconds

    def fails(self, case):
        if time.monotonic() > self.until:
            return False
        try:
            sound = variants.is_sound(case.capture(), case.words, case.seed)
            found = self.judge.differences(case) if sound else []
        except (capfile.CaptureError, ValueError):
            return False
        kinds = {kind for kind, _ in found}
        if not kinds or not kinds <= self.kinds:
            return False
        self.case = case
        return True

    def with_words(self, words):
        return Case(self.case.base, words, self.case.seed, self.case.keep)

    def drop_words(self):
        index = 0
        while index < len(self.case.words):
            words = self.case.words
            if not self.fails(self.with_words(words[:index] + words[index + 1:])):
                index += 1

    def simplify_words(self):
        for index in range(len(self.case.words)):
            again = True
            while again:
                words = self.case.words
                again = any(self.fails(self.with_words(words[:index] + [word] + words[index + 1:]))
                            for word in variants.smaller(words[index]))

    def drop_groups(self, groups):
        """Leaves out whole groups of frames, many at once first. Words that name frames by number would mean others then."""
        size = max(1, len(groups) // 2)
        while True:
            at = 0
            while at < len(groups):
                rest = groups[:at] + groups[at + size:]
                keep = sorted(index for group in rest for index in group)
                if keep and self.fails(Case(self.case.base, self.case.words, self.case.seed, keep)):
                    groups = rest
                else:
                    at += size
            if size == 1:
                return
            size //= 2

    def kept(self):
        return self.case.keep if self.case.keep is not None else list(range(len(self.case.capture().frames)))

    def run(self):
        self.drop_words()
        self.simplify_words()
        kept = self.kept()
        self.drop_groups([[kept[index] for index in group] for group in variants.connections(self.case.capture())])
        self.drop_groups([[index] for index in self.kept()])
        self.drop_words()
        self.simplify_words()
        return self.case


def bases():
    """The captures as they were taken, not those that are rewrites themselves."""
    found = []
    for row in harness.capture_rows():
        path = os.path.join(harness.PCAPS, row["file"])
        taken = row["made_by"].startswith("scripts/")
        if taken and row["exit"] == "0" and os.path.getsize(path) <= LARGEST_BASE:
            found.append(row["file"])
    return found


def report(judge, case, found, hark, shrink_seconds):
    print(f"FAILED: {case.command(hark)}")
    for _, text in found[:10]:
        print("   ", text)
    if shrink_seconds:
        case = Shrinker(judge, case, {kind for kind, _ in found}, shrink_seconds).run()
        print(f"smallest: {case.command(hark)}")
        for _, text in judge.differences(case)[:10]:
            print("   ", text)
    sys.stdout.flush()


def one_case(judge, args):
    case = Case(args.base, args.do.split(), args.seed, numbers_of(args.keep) if args.keep else None)
    found = judge.differences(case)
    if args.write:
        changed = variants.apply(case.capture(), case.words, case.seed)
        capfile.write(args.write + ".base.pcap", case.capture(), capfile.Format(nano=True))
        capfile.write(args.write + ".variant.pcap", changed, capfile.Format(nano=True))
    if found:
        report(judge, case, found, args.hark, args.shrink)
    return len(found) > 0


def many_cases(judge, args):
    start, runs, failed = time.monotonic(), 0, 0
    names = [args.base] if args.base else bases()
    while runs < args.runs and time.monotonic() - start < args.seconds and failed < args.failures:
        seed = args.seed + runs
        chance = random.Random(seed)
        # Every base has its turn, whatever the number of runs.
        name = names[seed % len(names)]
        whole = Case(name, [], seed).capture()
        case = Case(name, variants.Chooser(chance, whole, name in IN_ORDER).words(seed), seed)
        found = judge.differences(case)
        if found:
            failed += 1
            report(judge, case, found, args.hark, args.shrink)
        runs += 1
    print(f"seeds {args.seed} to {args.seed + runs - 1}: {runs} variants of {min(runs, len(names))} captures, "
          f"{judge.compared} records compared, {failed} failed, {time.monotonic() - start:.0f} s")
    return failed > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--runs", type=int, default=10**9, help="so many variants at most")
    parser.add_argument("--seconds", type=float, default=45, help="start no variant after so much time (default 45)")
    parser.add_argument("--seed", type=int, default=1, help="of the first variant; each next one adds 1 (default 1)")
    parser.add_argument("--failures", type=int, default=1, help="stop after so many (default 1)")
    parser.add_argument("--shrink", type=float, default=60, help="seconds to make a failing case smaller, 0 for not at all (default 60)")
    parser.add_argument("--base", help="only this capture of pcaps/")
    parser.add_argument("--do", metavar="WORDS", help="with --base: these operations of pcaps/rewrite.py instead of random ones")
    parser.add_argument("--keep", metavar="N-N+N", help="with --do: only these frames of the base, counted from 0")
    parser.add_argument("--write", metavar="PATH", help="with --do: leave both captures at PATH.base.pcap and PATH.variant.pcap")
    args = parser.parse_args()
    args.hark = os.path.abspath(args.hark)
    with tempfile.TemporaryDirectory() as folder:
        judge = Judge(args.hark, folder)
        return one_case(judge, args) if args.do is not None else many_cases(judge, args)


if __name__ == "__main__":
    sys.exit(main())
