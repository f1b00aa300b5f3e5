#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""self_test.py --work DIR --hark BINARY --degrade BINARY --oracle BINARY

The judge must find what is wrong: true records of the undamaged capture, each time with one lie in them, or held against a capture
that lost packets. And the same seed must make the same capture. Skipped (77) where there is no traffic."""
import argparse
import copy
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import ground  # noqa: E402
import harness  # noqa: E402
import judge  # noqa: E402
import truth  # noqa: E402


def swap(pipelined):
    """Two answers on one connection change places, of a client that pipelines or of one that waits."""
    def lie(entries, known):
        on = {}
        for entry in entries:
            other = on.setdefault(entry.request.connection, entry)
            if other is not entry and known.pipelines(entry.request.connection) == pipelined:
                entry.response, other.response = other.response, entry.response
                return
    return lie


def change(part, name, value):
    def lie(entries, _known):
        entry = next(e for e in entries if e.complete)
        setattr(getattr(entry, part), name, value)
    return lie


def forge(entries, _known):
    entry = next(e for e in entries if e.complete)
    entry.request.id = entry.response.id = "forged-1"


def untold(entries, _known):
    del entries[0]


def twice(entries, _known):
    entries.append(entries[0])


LIES = ((swap(False), judge.PAIR), (swap(True), judge.MISLED), (untold, judge.HEAD), (twice, judge.TWICE), (forge, judge.FORGERY), (change("response", "status", 599), judge.VALUE),
        (change("request", "second", "/elsewhere"), judge.VALUE), (change("request", "first", "BREW"), judge.VALUE),
        (change("request", "fields", 1), judge.VALUE), (change("response", "fields", 1), judge.VALUE), (change("request", "size", 1), judge.VALUE),
        (change("response", "body", 1), judge.VALUE), (change("request", "connection", ("192.0.2.10", 1, "192.0.2.20")), judge.VALUE))


def verdict(known, entries):
    row = judge.Row("")
    court = judge.Judge(known, row)
    for entry in entries:
        court.hear(entry)
    return court.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--work", "--hark", "--degrade", "--oracle"):
        parser.add_argument(name, required=True)
    arguments = parser.parse_args()
    pristine = os.path.join(arguments.work, "pristine.pcap")
    if not os.path.exists(pristine):
        print("SKIPPED: there is no traffic (truth.py make)")
        return harness.SKIPPED
    faults = []
    known = ground.Ground(arguments.work, arguments.oracle)
    known.cover(pristine)
    run = harness.run_hark(arguments.hark, ["-r", pristine, "--secrets=keep"], timeout=120)
    entries = list(truth.hark_entries(run.out.splitlines()))
    if any(verdict(known, entries).faults.values()):
        faults.append("the truth is not believed")
    for lie, kind in LIES:
        told = copy.deepcopy(entries)
        lie(told, known)
        found = verdict(known, told).faults
        if not found.get(kind):
            faults.append(f"not found: {kind}; found {dict(found)}")
    captures = [os.path.join(arguments.work, f"self-{n}.pcap") for n in (1, 2, 3)]
    for capture, seed in zip(captures, (1, 1, 2)):
        subprocess.run([arguments.degrade, pristine, capture, f"seed={seed}", "loss=0.05", "duplicate=0.1:any", "reorder=0.1:1-9"], check=True,
                       stdout=subprocess.DEVNULL)
    contents = []
    for capture in captures:
        with open(capture, "rb") as file:
            contents.append(file.read())
    if contents[0] != contents[1] or contents[0] == contents[2]:
        faults.append("the same seed makes another capture, or another seed the same")
    known.cover(captures[0])
    row = verdict(known, entries)
    if not row.faults[judge.CLAIM] or row.provable >= row.log or row.faults[judge.HEAD]:
        faults.append(f"records of the whole capture pass for those of a damaged one: {len(row.faults[judge.CLAIM])} false claims, {row.provable} pairs")
    for capture in captures:
        os.unlink(capture)
    print(*faults, f"truth: {len(LIES)} lies, {len(faults)} faults", sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
