#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""truth.py --hark BINARY

While a capture of pcaps/ was made, its servers kept their own logs (pcaps/truth/NAME.tsv). Each line there is a request that a
server answered: method, target and status must be in a record, and no record may pair a request with a response that no server
gave. What differs has its line in tests/golden/truth_differences.tsv, with the reason."""
import argparse
import collections
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402


def unescape(text):
    """nginx writes bytes that it does not like as \\xHH."""
    raw = re.sub(rb"\\x([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m.group(1).decode()), text.encode("utf-8"))
    return raw.decode("utf-8", "replace")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    hark = os.path.abspath(parser.parse_args().hark)
    known = harness.Known(os.path.join(HERE, "truth_differences.tsv"))
    faults, found, wanted, seen = [], 0, 0, []
    for capture in harness.captures():
        log = os.path.join(harness.PCAPS, "truth", capture + ".tsv")
        if not os.path.exists(log):
            continue
        seen.append(capture)
        with open(log, encoding="utf-8") as file:
            rows = [line.rstrip("\n").split("\t") for line in file][1:]
        truth = collections.Counter((row[1], unescape(row[2]), row[4]) for row in rows)
        done = harness.run_hark(hark, ["-r", capture, "--secrets=keep"], cwd=harness.PCAPS)
        records = collections.Counter()
        for record in done.records():
            if harness.get(record, "hark.type") == "transaction":
                records[(harness.get(record, "http.request.method"), harness.get(record, "http.request.target"),
                         str(harness.get(record, "http.response.status_code")))] += 1
        wanted += sum(truth.values())
        found += sum((truth & records).values())
        # A proxy's log says what it answered, and each of its exchanges is twice on the wire.
        differences = [("server only", d) for d in (truth - records).elements()] + [("record only", d) for d in (records - truth).elements()]
        for side, (method, target, status) in differences:
            what = f"{side}: {method} {target} {status}"
            if known.reason(capture, what) is None:
                faults.append(f"{capture}\t{what}")
    faults += [f"truth_differences.tsv: no longer occurs: {row['file']}\t{row['what']}" for row in known.unused(seen)]
    for fault in faults:
        print("FAULT", fault)
    print(f"truth: {found} of the {wanted} requests that servers logged, in {len(seen)} captures; {len(faults)} faults")
    return 1 if faults or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
