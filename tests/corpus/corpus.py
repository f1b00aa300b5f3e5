#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""corpus.py --hark SANITIZED [--second RELEASE] [--shared DIR] [--differences FILE] [--only TEXT]

Captures of other projects, which this one does not carry (their licences differ): DIR/pcaps with its MANIFEST.tsv, where DIR is
--shared, $HARK_SHARED or ../shared beside the checkout. Without them the test is skipped.

Each capture is read twice: by the sanitized build with -j 1, and by the other one with -j 2. Both must end well (status 0, or 1
with a line that says why), write the same bytes, every line valid by the schema, and a ledger that balances. Then the records are
held against what others expect of the same capture (expectations.py). Others err too: every difference that was looked at has its
line, with the reason, in known_differences.tsv, and any other fails the test.

  found      transactions, messages and facts that are as expected
  explained  those that differ for a reason that is known
  open       the rest: the test fails"""
import argparse
import collections
import concurrent.futures
import csv
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
sys.path.insert(0, HERE)
import expectations  # noqa: E402
import harness  # noqa: E402


class Tally:
    def __init__(self):
        self.wanted = self.explained = self.open = self.extra = 0

    def add(self, wanted, explained, left, extra):
        self.wanted += wanted
        self.explained += explained
        self.open += left
        self.extra += extra

    def text(self):
        """Of what the capture proves, which is what is expected less what is explained, so much was found."""
        proved = self.wanted - self.explained
        if not self.wanted:
            return ""
        return f"{proved - self.open}/{proved}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--second")
    parser.add_argument("--shared", default=os.environ.get("HARK_SHARED") or os.path.join(harness.ROOT, "..", "shared"))
    parser.add_argument("--differences", help="write every difference that is not explained into this file")
    parser.add_argument("--only", default="", help="captures whose path or kind holds this text")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    folder = os.path.join(os.path.abspath(arguments.shared), "pcaps")
    manifest = os.path.join(folder, "MANIFEST.tsv")
    if not os.path.exists(manifest):
        print("SKIPPED: the captures of others are not here (HARK_SHARED names the folder that holds pcaps/MANIFEST.tsv)")
        return harness.SKIPPED
    with open(manifest, encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if arguments.only in r["file"] or arguments.only in r["primary"]]
    first = os.path.abspath(arguments.hark)
    second = os.path.abspath(arguments.second) if arguments.second else first
    sources = expectations.load_all(folder, rows)
    known = harness.Known(os.path.join(HERE, "known_differences.tsv"))
    started = time.monotonic()

    def read(row):
        options = ["-r", row["file"], "--stats", "--secrets=keep"]
        one = harness.run_hark(first, [*options, "-j", "1"], cwd=folder)
        two = harness.run_hark(second, [*options, "-j", "2"], cwd=folder)
        return row, one, two

    kinds = collections.defaultdict(lambda: collections.defaultdict(Tally))
    open_differences, everything = [], []

    def difference(file, what):
        reason = known.reason(file, what)
        if reason is None:
            open_differences.append(f"{file}\t{what}")
        return reason is not None

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for row, one, two in pool.map(read, rows):
            name, kind = row["file"], kinds[row["primary"] or "other"]
            troubles = ["runs: " + t for t in (one.trouble, two.trouble and "-j 2: " + two.trouble) if t]
            if not troubles and (one.out, one.status) != (two.out, two.status):
                troubles.append("runs: -j 2 writes other bytes, or ends otherwise, than -j 1")
            try:
                records = one.records()
            except ValueError as wrong:
                troubles.append(f"runs: a line is not JSON: {wrong}")
                records = []
            explained = sum(1 for t in troubles if difference(name, t))
            kind["runs"].add(1, min(explained, 1), 1 if len(troubles) > explained else 0, 0)
            everything.append(one.out)
            for source, checks in sources.items():
                for check in checks.get(name, []):
                    wanted, texts = check(records)
                    beyond = [t for t in texts if " extra: " in t]
                    for text in beyond:
                        difference(name, text)
                    lacking = [t for t in texts if " extra: " not in t]
                    explained = sum(1 for t in lacking if difference(name, t))
                    kind[source].add(wanted, explained, len(lacking) - explained, len(beyond))
    wrong = harness.validate(b"".join(everything))
    if wrong:
        open_differences.append("all captures\tschema: " + wrong[:2000])
    if not arguments.only:
        open_differences += [f"known_differences.tsv: no longer occurs: {r['file']}\t{r['what']}" for r in known.unused([r["file"] for r in rows])]
    report(kinds, ["runs", *sources])
    if arguments.differences:
        with open(arguments.differences, "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in open_differences))
    for line in open_differences[:60]:
        print("OPEN", line[:1200])
    if len(open_differences) > 60:
        print(f"... and {len(open_differences) - 60} more (--differences FILE writes all)")
    records = b"".join(everything).count(b"\n")
    print(f"corpus: {len(rows)} captures, {records} records, {len(open_differences)} differences not explained, {time.monotonic() - started:.0f} s")
    return 1 if open_differences or not rows else 0


def report(kinds, columns):
    print("what the captures prove, and of it found, by kind of capture (others' errors and later features taken off):")
    print(f"{'kind':26}" + "".join(f"{c:>14}" for c in columns))
    total = collections.defaultdict(Tally)
    for name in sorted(kinds):
        for column in columns:
            t = kinds[name][column]
            total[column].add(t.wanted, t.explained, t.open, t.extra)
        print(f"{name[:25]:26}" + "".join(f"{kinds[name][c].text():>14}" for c in columns))
    print(f"{'all':26}" + "".join(f"{total[c].text():>14}" for c in columns))
    print(f"{'explained':26}" + "".join(f"{total[c].explained:>14}" for c in columns))
    expected = [total[c] for c in columns if c != "runs"]
    proved = sum(t.wanted - t.explained for t in expected)
    missing = sum(t.open for t in expected)
    if proved:
        print(f"share of what the captures prove: {100 * (proved - missing) / proved:.2f} % ({proved - missing} of {proved}; "
              f"{sum(t.explained for t in expected)} more were expected, and are explained)")


if __name__ == "__main__":
    sys.exit(main())
