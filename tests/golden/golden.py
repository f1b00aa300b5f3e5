#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""golden.py --hark BINARY [--jobs 1,2,8] [--accept] [CAPTURE...]

Runs hark on every capture of pcaps/ and holds what it writes against tests/golden/expected/, byte for byte, whatever the
number of workers: NAME.ndjson always, NAME.text where it is there (--format text), NAME.MODE.ndjson for what is to be hidden
otherwise than by default. Every record is held against the published
schema, the ledger must balance and count what the records are, and the exit status must be the one of pcaps/LIST.tsv.

--accept writes what hark says now as the expectation: by hand only, and read the diff before it is committed."""
import argparse
import collections
import difflib
import json
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402

EXPECTED = os.path.join(HERE, "expected")
TEXT = ["keepalive.pcap", "pipelining.pcap", "secrets.pcap", "ipv6.pcap"]
# What is hidden: options, and the captures that show it.
MODES = {
    "hashed": (["--secrets=hash"], ["secrets.pcap", "secret-pairs.pcap", "proxy-secrets.pcap"]),
    "redacted": (["--secrets=keep", "--redact-header=Referer", "--redact-header=set-cookie", "--redact-header=user_agent",
                  "--redact-header=Host", "--redact-query=page", "--redact-query=api-key"], ["secrets.pcap"]),
    "anonymized": (["--anonymize-ip"], ["ipv6.pcap", "proxy-secrets.pcap", "vxlan.pcap", "wrap-6in4.pcap"]),
    "private": (["--anonymize-ip", "--secrets=hash", "--redact-header=Host", "--redact-query=page"], ["secrets.pcap"]),
}


def readable(data):
    """Lines to compare by eye: records laid out a key a line."""
    lines = []
    for line in data.decode("utf-8", "replace").splitlines():
        try:
            lines += json.dumps(json.loads(line), indent=1, ensure_ascii=False).splitlines()
        except ValueError:
            lines.append(line)
    return lines


def difference(expected, got):
    lines = list(difflib.unified_diff(readable(expected), readable(got), "expected", "hark", lineterm="", n=4))
    return "\n".join(lines[:60] + ([f"... and {len(lines) - 60} lines more"] if len(lines) > 60 else [])) or "they differ in layout only"


BY = {"ack": "paired by acknowledgement", "order": "paired by order"}
# Lines of the ledger, by the records that they count.
LINES = {"transaction": "request and response", "orphan_request": "requests without a response", "orphan_response": "responses without a request",
         "tunnel": "tunnels (CONNECT, Upgrade)", "surplus": "surplus bytes between messages"}
INCOMPLETE = "incomplete ones among all of these"


def counted(lines, ledger):
    """What the ledger's part TRANSACTIONS has to say of these records: (line, line below it) -> number."""
    above = ledger.partition(INCOMPLETE)[0]
    counts = collections.Counter({(LINES[kind], ""): 0 for kind in ("transaction", "orphan_request", "orphan_response")})
    for record in map(json.loads, lines):
        kind, pairing = record["hark"]["type"], record.get("pairing", {})
        counts[LINES[kind], ""] += 1
        if pairing:
            counts[LINES[kind], BY.get(pairing["by"], pairing.get("reason", "").replace("_", " "))] += 1
        counts[INCOMPLETE, ""] += LINES[kind] in above and not record["capture"]["complete"]
    return {key: count for key, count in counts.items() if count or key[0] in list(LINES.values())[:3]}


def told(ledger):
    """The same, as the ledger says it."""
    counts, line = {}, ""
    part = ledger.partition("\nTRANSACTIONS\n")[2].partition("\n\n")[0]
    for indent, name, number in re.findall(r"^( +)(.*?)  +([\d ]+)$", part, re.MULTILINE):
        line = name if len(indent) == 2 else line
        counts[line, "" if len(indent) == 2 else name] = int(number.replace(" ", ""))
    return counts


class Golden:
    def __init__(self, hark, jobs, accept, key):
        self.key = key
        self.hark = os.path.abspath(hark)
        self.jobs = jobs
        self.accept = accept
        self.rows = {row["file"]: row for row in harness.capture_rows()}
        self.faults = 0

    def fault(self, capture, what):
        self.faults += 1
        print(f"FAULT {capture}: {what}")

    def run(self, capture, arguments):
        done = harness.run_hark(self.hark, ["-r", capture, *arguments], cwd=harness.PCAPS)
        if done.trouble:
            self.fault(capture, f"{' '.join(arguments)}: {done.trouble}")
        wanted = int(self.rows[capture]["exit"])
        if done.status != wanted:
            self.fault(capture, f"{' '.join(arguments)}: exit status {done.status} instead of {wanted}: {done.err.decode('utf-8', 'replace').strip()[:300]}")
        return done

    def compare(self, capture, arguments, got, name):
        path = os.path.join(EXPECTED, name)
        if self.accept:
            with open(path, "wb") as file:
                file.write(got)
            return
        if not os.path.exists(path):
            self.fault(capture, f"has no expectation {name}: look at its records, then golden.py --accept {capture}")
            return
        with open(path, "rb") as file:
            expected = file.read()
        if expected != got:
            self.fault(capture, f"{' '.join(arguments)} differs from {name}:\n{difference(expected, got)}")

    def records(self, capture, options, name):
        """The records with these options, the same for any number of workers."""
        written = []
        for count in self.jobs:
            arguments = [*options, "--stats", "-j", str(count)]
            done = self.run(capture, arguments)
            if b"\nThe ledger balances.\n" not in done.err:
                self.fault(capture, "--stats prints no ledger that balances")
            ledger = done.err.decode()
            wanted, got = counted(done.out.splitlines(), ledger), told(ledger)
            if wanted != got:
                self.fault(capture, f"{' '.join(arguments)}: the records are {wanted}, the ledger says {got}")
            if not written or not self.accept:
                self.compare(capture, arguments, done.out, name)
            elif written[0] != done.out:
                self.fault(capture, f"-j {count} does not write what -j {self.jobs[0]} writes:\n{difference(written[0], done.out)}")
            written.append(done.out)
        return written[0]

    def capture(self, capture):
        written = [self.records(capture, [], capture + ".ndjson")]
        for mode, (options, captures) in MODES.items():
            if capture in captures:
                key = ["--secrets-key", self.key] if mode != "redacted" else []
                written.append(self.records(capture, options + key, f"{capture}.{mode}.ndjson"))
        if capture in TEXT:
            done = self.run(capture, ["--format", "text"])
            self.compare(capture, ["--format", "text"], done.out, capture + ".text")
        return b"".join(written)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--jobs", default="1,2,8")
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("captures", nargs="*")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        key = harness.write_key(work)
        return judge(Golden(arguments.hark, [int(n) for n in arguments.jobs.split(",")], arguments.accept, key), arguments)


def judge(golden, arguments):
    names = arguments.captures or harness.captures()
    if not names:
        golden.fault("pcaps/LIST.tsv", "lists no capture")
    everything = b"".join(golden.capture(name) for name in names)
    wrong = harness.validate(everything)
    if wrong:
        golden.fault("all captures", "records that docs/record.schema.json does not allow:\n" + wrong[:3000])
    if not arguments.captures:
        kept = {name for name in os.listdir(EXPECTED)} - {n + ".ndjson" for n in names} - {n + ".text" for n in TEXT}
        kept -= {f"{n}.{mode}.ndjson" for mode, (_, captures) in MODES.items() for n in captures}
        for name in sorted(kept):
            golden.fault(name, "an expectation without a capture")
    records = everything.count(b"\n")
    print(f"golden: {len(names)} captures, {records} records, {golden.faults} faults (-j {arguments.jobs})")
    return 1 if golden.faults or not records else 0


if __name__ == "__main__":
    sys.exit(main())
