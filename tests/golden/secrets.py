#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""secrets.py --hark BINARY

Captures of pcaps/ carry planted secrets (the word below and a number), wherever HTTP may carry a credential. No output of hark
on any capture may hold one: records, text, ledger, diagnostics; neither plain nor percent-encoded, in hexadecimal or inside
base64, in whatever way secrets are hidden. With --secrets=keep each one that stands in a head must be there, or the search
itself would prove nothing; with the fields and parameters that hold them redacted, they are not. --secrets=hash writes the hashes
that docs/record.md promises, so that equal secrets are known as equal."""
import argparse
import base64
import hashlib
import hmac
import os
import re
import sys
import tempfile
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402

MARK = b"PLANTEDSECRET"
KEY = b"0123456789abcdef0123456789abcdef"
HASHED = re.compile(r"\*\*\*([0-9a-f]{32})")


def disguises():
    """The mark as base64 shows it at each of the three alignments, in hexadecimal, percent-encoded, and reversed."""
    forms = {"plain": MARK, "hexadecimal": MARK.hex().encode(), "percent": b"%" + MARK.hex("%").encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + MARK)
        first = -(-shift * 8 // 6)  # characters that the bytes before it take part in
        last = (shift + len(MARK)) * 8 // 6
        forms[f"base64 at {shift}"] = encoded[first:last]
    return {name: re.compile(re.escape(form), re.IGNORECASE if not name.startswith("base64") else 0) for name, form in forms.items()}


def hash_of(secret):
    """As docs/record.md describes it."""
    secret = secret.strip("".join(map(chr, (*range(0x21), 0x7F))))
    if len(secret) > 1 and secret[0] == secret[-1] == '"':
        secret = secret[1:-1]
    key = hmac.new(KEY, b"hark secrets 1", hashlib.sha256).digest()
    return hmac.new(key, urllib.parse.unquote_to_bytes(secret), hashlib.sha256).hexdigest()[:32]


def fields(record):
    """(where, text) of all that may hold a secret; the text is "" where it is no UTF-8 and so not told exactly."""
    for message in ("request", "response"):
        http = harness.get(record, f"http.{message}") or {}
        lists = [http.get("headers", []), http.get("trailers", []), *(interim["headers"] for interim in http.get("interim", []))]
        yield from ((header["name"], "" if "raw" in header else header["value"]) for headers in lists for header in headers)
        yield from ((key, "" if key + "_raw" in http else http[key]) for key in ("target", "reason", "referrer") if key in http)
    yield from ((key, text) for key, text in record.get("url", {}).items() if isinstance(text, str))


def wrong_hashes(kept, hashed):
    """Faults, and how many hashes were compared. What stands around the hashes tells what they are hashes of."""
    wrong, compared = [], 0
    for clear, hidden in zip(kept.records(), hashed.records()):
        for (name, secret), (_, text) in zip(fields(clear), fields(hidden)):
            hashes = HASHED.findall(text) if secret else []
            around = "(.*)".join(re.escape(part) for part in HASHED.split(text)[::2])
            found = re.fullmatch(around, secret, re.DOTALL)
            if secret and (not found or any(hash_of(part) != value for part, value in zip(found.groups(), hashes))):
                wrong.append(f"{name}: {secret!r} became {text!r}")
            compared += len(hashes)
    return wrong, compared


def redactions(kept):
    """Options that hide all fields and parameters that show a secret."""
    names = set()
    for record in kept.records():
        for name, text in fields(record):
            if MARK.decode() in text and re.fullmatch(r"[A-Za-z0-9-]+", name) and name not in record.get("url", {}):
                names.add(f"--redact-header={name}")
            names.update(f"--redact-query={p}" for p in re.findall(r"[?&]([\w-]+)=" + MARK.decode(), text))
    return sorted(names)


def main():
    with tempfile.TemporaryDirectory() as work:
        return judge(["--secrets-key", harness.write_key(work, KEY.decode() + "\n")])


def judge(key):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    hark = os.path.abspath(parser.parse_args().hark)
    forms = disguises()
    faults, planted_captures, kept_secrets, hashes = [], 0, 0, 0
    modes = (["--stats"], ["--format", "text", "--stats"], ["-j", "2"], ["--secrets=hash", *key, "--stats"],
             ["--secrets=hash", "--anonymize-ip", *key, "-j", "2"], ["--secrets=hash", "--format", "text", *key],
             ["--redact-header=Host", "--redact-header=Accept", "--redact-query=page"])

    def leaks(text):
        return [f"{name}: ...{text[max(0, m.start() - 60):m.end() + 20]!r}" for name, form in forms.items() for m in form.finditer(text)][:2]

    for capture in harness.captures():
        for arguments in modes:
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
        wrong, compared = wrong_hashes(kept, harness.run_hark(hark, ["-r", capture, "--secrets=hash", *key], cwd=harness.PCAPS))
        faults += [f"{capture}: {fault}" for fault in wrong[:3]]
        hashes += compared
        redacted = harness.run_hark(hark, ["-r", capture, "--secrets=keep", *redactions(kept)], cwd=harness.PCAPS)
        # What is left stands where no name says so: userinfo in the target.
        left = re.sub(rb'"(target|full)":"[a-z]*(://)?[^/"]*@', b"", redacted.out)
        faults += [f"{capture}: redaction leaves ...{left[max(0, m.start() - 60):m.end() + 20]!r}" for m in list(re.finditer(MARK, left))[:3]]
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
    if hashes < 10:
        faults.append(f"only {hashes} hashes: does this test still see them?")
    for fault in faults:
        print("FAULT", fault)
    print(f"secrets: {kept_secrets} secrets in {planted_captures} captures, {hashes} hashes, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
