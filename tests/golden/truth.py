#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""truth.py --hark BINARY

What is known of the captures of pcaps/ from elsewhere, held against hark's records:

  - While a capture was made, its servers kept their own logs (pcaps/truth/NAME.tsv). Each line there is a request that a server
    answered: method, target and status must be in a record, and no record may pair a request with a response that none gave.
  - Of a capture that was damaged afterwards, the same table says which heads are still whole in it ("proved", a hyphen where
    one side is not): these must be paired, and what has lost its other half must be an orphan.
  - pcaps/LIST.tsv counts requests, final and interim responses, and transactions.

What differs has its line in tests/golden/truth_differences.tsv, with the reason."""
import argparse
import collections
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402
from harness import get  # noqa: E402

COUNTS = ("requests", "responses", "interim", "transactions")


def unescape(text):
    """nginx writes bytes that it does not like as \\xHH."""
    raw = re.sub(rb"\\x([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m.group(1).decode()), text.encode("utf-8"))
    return raw.decode("utf-8", "replace")


def exchange(record):
    """(method, target, status), a hyphen for what is not there, or None for what is no exchange."""
    if get(record, "hark.type") == "tunnel" or get(record, "http") is None:
        return None
    status = get(record, "http.response.status_code") or ("0.9" if get(record, "http.response") and get(record, "http.version") == "0.9" else "-")
    return get(record, "http.request.method") or "-", get(record, "http.request.target") or "-", str(status)


def count(records):
    exchanges = [e for e in map(exchange, records) if e]
    return {"requests": sum(1 for e in exchanges if e[0] != "-"), "responses": sum(1 for e in exchanges if e[2] != "-"),
            "interim": sum(len(get(r, "http.response.interim") or []) for r in records),
            "transactions": sum(1 for r in records if get(r, "hark.type") == "transaction")}


def compare_log(path, records):
    """Differences, and (found, wanted)."""
    with open(path, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    # An answer without status line (HTTP/0.9) has no status on the wire, whatever its server logs.
    truth = collections.Counter((row[1], unescape(row[2]), "0.9" if row[3] == "-" and row[1] != "-" else row[4]) for row in rows)
    proved = any(row[0] == "proved" for row in rows)
    seen = collections.Counter(e for e in map(exchange, records) if e and (proved or "-" not in e))
    differences = [f"server only: {' '.join(d)}" for d in (truth - seen).elements()]
    differences += [f"record only: {' '.join(d)}" for d in (seen - truth).elements()]
    return differences, sum((truth & seen).values()), sum(truth.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    hark = os.path.abspath(parser.parse_args().hark)
    known = harness.Known(os.path.join(HERE, "truth_differences.tsv"))
    faults, found, wanted, explained, names = [], 0, 0, 0, []
    for row in harness.capture_rows():
        name = row["file"]
        names.append(name)
        records = harness.run_hark(hark, ["-r", name, "--secrets=keep"], cwd=harness.PCAPS).records()
        have = count(records)
        differences = [f"counts: {have[c]} {c} instead of {row[c]}" for c in COUNTS if row[c] != "-" and str(have[c]) != row[c]]
        log = os.path.join(harness.PCAPS, "truth", name + ".tsv")
        if os.path.exists(log):
            more, right, of = compare_log(log, records)
            differences += more
            found += right
            wanted += of
        for difference in differences:
            if known.reason(name, difference) is None:
                faults.append(f"{name}\t{difference}")
            else:
                explained += 1
    faults += [f"truth_differences.tsv: no longer occurs: {row['file']}\t{row['what']}" for row in known.unused(names)]
    for fault in faults:
        print("FAULT", fault)
    print(f"truth: {len(names)} captures; {found} of {wanted} exchanges that servers logged or damage left whole; "
          f"{explained} differences explained, {len(faults)} not")
    return 1 if faults or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
