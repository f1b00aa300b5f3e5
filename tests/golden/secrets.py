#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""secrets.py --hark BINARY

Captures of pcaps/ carry planted secrets (the word below and a number), wherever HTTP may carry a credential. No output of hark
on any capture may hold one: records, text, ledger, diagnostics; neither plain nor percent-encoded, in hexadecimal or inside
base64. With --secrets=keep each one that stands in a head must be there, or the search itself would prove nothing."""
import argparse
import base64
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402

MARK = b"PLANTEDSECRET"


def disguises():
    """The mark as base64 shows it at each of the three alignments, in hexadecimal, percent-encoded, and reversed."""
    forms = {"plain": MARK, "hexadecimal": MARK.hex().encode(), "percent": b"%" + MARK.hex("%").encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + MARK)
        first = -(-shift * 8 // 6)  # characters that the bytes before it take part in
        last = (shift + len(MARK)) * 8 // 6
        forms[f"base64 at {shift}"] = encoded[first:last]
    return {name: re.compile(re.escape(form), re.IGNORECASE if not name.startswith("base64") else 0) for name, form in forms.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    hark = os.path.abspath(parser.parse_args().hark)
    forms = disguises()
    faults, planted_captures, kept_secrets = [], 0, 0

    def leaks(text):
        return [f"{name}: ...{text[max(0, m.start() - 60):m.end() + 20]!r}" for name, form in forms.items() for m in form.finditer(text)][:2]

    for capture in harness.captures():
        for arguments in (["--stats"], ["--format", "text", "--stats"], ["-j", "2"]):
            done = harness.run_hark(hark, ["-r", capture, *arguments], cwd=harness.PCAPS)
            if done.trouble:
                faults.append(f"{capture} {arguments}: {done.trouble}")
            for stream, text in (("standard output", done.out), ("standard error", done.err)):
                faults += [f"{capture} {' '.join(arguments)}: {stream} leaks, {leak}" for leak in leaks(text)]
        with open(os.path.join(harness.PCAPS, capture), "rb") as file:
            planted = set(re.findall(MARK + rb"\d+", file.read()))
        if not planted:
            continue
        planted_captures += 1
        kept = harness.run_hark(hark, ["-r", capture, "--secrets=keep"], cwd=harness.PCAPS)
        shown = set(re.findall(MARK + rb"\d+", kept.out))
        kept_secrets += len(shown)
        unknown = planted - shown
        # One that travels in a body is in no record at all, masked or not.
        with open(os.path.join(harness.PCAPS, capture), "rb") as file:
            heads = {secret for secret in unknown if re.search(rb"(?i)(HTTP/1|: |\?|&|@)[^\r\n]*" + secret + rb"(?!\d)", file.read())}
        if heads:
            faults.append(f"{capture}: --secrets=keep does not show {sorted(heads)}")
    if planted_captures < 1 or kept_secrets < 10:
        faults.append(f"only {planted_captures} captures with planted secrets, {kept_secrets} shown with --secrets=keep: does this test still see them?")
    for fault in faults:
        print("FAULT", fault)
    print(f"secrets: {kept_secrets} secrets in {planted_captures} captures, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
