#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""keys.py

The record's three descriptions can't drift: every key of docs/record.schema.json is explained in docs/record.md, every
`semantics`, `timing` and `tcp` key there is in the schema, and every key that a golden record has is in both (the schema's part of
that is golden.py's)."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PREFIXES = ("semantics", "timing", "tcp", "pairing", "capture")


def paths(schema, prefix=""):
    """Dotted paths of all properties, lists passed through."""
    for key, value in schema.get("properties", {}).items():
        path = f"{prefix}.{key}" if prefix else key
        yield path
        yield from paths(value, path)
    if isinstance(schema.get("items"), dict):
        yield from paths(schema["items"], prefix)


def main():
    text = re.sub(r"^```.*?^```", "", (ROOT / "docs/record.md").read_text(), flags=re.M | re.S)  # the sample explains nothing
    schema = json.loads((ROOT / "docs/record.schema.json").read_text())
    known = set(paths(schema))
    words = set(re.findall(r"[A-Za-z_@][A-Za-z0-9_@]*", " ".join(re.findall(r"`([^`]+)`", text))))
    faults = [f"docs/record.md does not explain {path}" for path in sorted(known) if path.split(".")[-1] not in words]
    for path in set(re.findall(r"`((?:%s)(?:\.[a-z_0-9]+)+)`" % "|".join(PREFIXES), text)):
        if path not in known:
            faults.append(f"docs/record.md explains {path}, which the schema does not have")
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(known)} keys, {len(faults)} faults")
    return 1 if faults or len(known) < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
