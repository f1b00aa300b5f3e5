#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""requirements.py [--write | --check]

Makes docs/requirements.md from docs/requirements.tsv: every rule that RFC 9110, 9111 and 9112 have for senders, the notes that
tell when one is broken, and a test that shows each note. A row of the table: section, who is bound, the rule, its notes ("-" where
the wire does not show it), a remark (there: why not). --check fails when the page is not what the table gives, when a note is
not in the registry, or when no test shows it."""

import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEAD = """# What RFC 9110, 9111 and 9112 require of senders

Every MUST and MUST NOT that binds whoever sends a message, in short words of our own, with the [notes](notes.md) that say in a
record when one was broken. "Not observable on the wire" is what one connection's heads and counted bytes can't show; the remark
says why. Where a remark stands beside a note, it says how far the note reaches. This page is made from `requirements.tsv` by
`scripts/requirements.py --write`; a test holds it against the registry of notes and against the tests.

{rows} rules: {seen} seen by notes, {hidden} not observable on the wire.
"""


def rules():
    for number, line in enumerate((ROOT / "docs/requirements.tsv").read_text().splitlines(), 1):
        fields = line.split("\t")
        if len(fields) != 5:
            sys.exit(f"docs/requirements.tsv:{number}: {len(fields)} fields instead of 5")
        yield fields


def registry():
    names = re.findall(r'^\s*(?:\[NOTE_\w+\] =)?\s*\{"([a-z_0-9]+)", NOTE_(?:INFO|WARNING|ERROR)', notes_text(), re.M)
    return set(names)


def notes_text():
    text = (ROOT / "analyzer/notes.c").read_text()
    return re.sub(r"=\s*\{", "= {", text).replace("] = {", "] =\n{")


def unit_tests():
    """(test, its text) of every test function."""
    for path in sorted((ROOT / "tests/unit").glob("test_*.c")):
        for function in re.finditer(r"^static void (\w+)\(.*?^}", path.read_text(), re.M | re.S):
            yield f"`{path.stem}`: {function.group(1)}", function.group(0).replace("\\n", " ")


def shows():
    """The first test that shows a note: a unit test that names it, or else a golden record that has it."""
    found = {}
    tests = list(unit_tests())
    for name in registry():
        word = re.compile(rf'(?<![a-z_0-9])(?:{name}|NOTE_{name.upper()})(?![a-zA-Z_0-9])')
        for test, text in tests:
            if word.search(text):
                found[name] = test
                break
    for path in sorted((ROOT / "tests/golden/expected").glob("*.ndjson")):
        for name in re.findall(r'\{"id":"([a-z_0-9]+)","severity"', path.read_text()):
            found.setdefault(name, f"golden: {path.name.removesuffix('.ndjson')}")
    return found


def page(faults):
    known, tests = registry(), shows()
    lines, seen, section = [], 0, None
    for where, who, rule, notes, remark in rules():
        if where.split()[1] != section:
            section = where.split()[1]
            lines += ["", f"## RFC {section}", "", "| section | who | rule | note | test | remark |", "|---|---|---|---|---|---|"]
        names = [] if notes == "-" else notes.split()
        for name in names:
            if name not in known:
                faults.append(f"{where}: {name} is no note")
            elif name not in tests:
                faults.append(f"{where}: no test shows {name}")
        seen += bool(names)
        marks = ", ".join(f"`{name}`" for name in names) or "not observable on the wire"
        shown = "; ".join(dict.fromkeys(tests[name] for name in names if name in tests))
        lines.append(f"| {where.split()[2]} | {who} | {rule} | {marks} | {shown} | {remark} |")
    total = sum(1 for _ in rules())
    return HEAD.format(rows=total, seen=seen, hidden=total - seen) + "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true")
    action.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    faults, path = [], ROOT / "docs/requirements.md"
    text = page(faults)
    if arguments.write:
        path.write_text(text)
    elif path.read_text() != text:
        faults.append("docs/requirements.md is not what its table gives: scripts/requirements.py --write")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
