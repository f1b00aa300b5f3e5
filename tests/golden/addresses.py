#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""addresses.py --hark BINARY

--anonymize-ip on every capture of pcaps/: no address of its hosts is in any output; every address is changed as Crypto-PAn changes it
(computed here once more, with openssl(1)), nothing else but ids and MAC addresses changes, community ids are those of the new addresses, and
event ids those of a capture that had the new addresses in its packets."""
import argparse
import base64
import hashlib
import hmac
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
sys.path.insert(0, os.path.join(HERE, "..", "..", "pcaps"))
sys.dont_write_bytecode = True
import harness  # noqa: E402
from rewriting import capfile  # noqa: E402

KEY = b"0123456789abcdef0123456789abcdef"
REWRITTEN = ["keepalive.pcap", "port-reuse.pcap", "ipv6.pcap", "proxy-connect.pcap"]
ETHERNET_BYTES = 14
# The addresses at fixed places behind the Ethernet header, by its type.
PLACES = {b"\x08\x00": (4, (12, 16)), b"\x86\xdd": (16, (8, 24))}


def encrypt(key, blocks):
    done = subprocess.run(["openssl", "enc", "-aes-128-ecb", "-K", key.hex(), "-nopad"], input=blocks, capture_output=True, check=True)
    return done.stdout


def crypto_pan(addresses):
    """What each of these (ipaddress objects) becomes: {from: to}."""
    key = hmac.new(KEY, b"hark addresses 1", hashlib.sha256).digest()
    pad = int.from_bytes(encrypt(key[:16], key[16:]), "big")
    addresses = sorted(addresses, key=str)
    blocks = []
    for address in addresses:
        front = int(address) << (128 - address.max_prefixlen)
        for bits in range(address.max_prefixlen):
            keep = ((1 << bits) - 1) << (128 - bits)
            blocks.append(((front & keep) | (pad & ~keep & ((1 << 128) - 1))).to_bytes(16, "big"))
    out = encrypt(key[:16], b"".join(blocks))
    first_bits = iter(out[at] >> 7 for at in range(0, len(out), 16))
    return {a: type(a)(int(a) ^ int("".join(str(next(first_bits)) for _ in range(a.max_prefixlen)), 2)) for a in addresses}


def community_id(record):
    """Version 1, seed 0."""
    ends = sorted((ipaddress.ip_address(record[side]["ip"]).packed, record[side]["port"].to_bytes(2, "big")) for side in ("client", "server"))
    message = b"\0\0" + ends[0][0] + ends[1][0] + b"\x06\0" + ends[0][1] + ends[1][1]
    return "1:" + base64.b64encode(hashlib.sha1(message).digest()).decode()


def record_addresses(record):
    yield from (record[side]["ip"] for side in ("client", "server"))
    for tunnel in record["hark"].get("tunnel", []):
        yield from (tunnel[end]["ip"] for end in ("source", "destination") if end in tunnel)
    for value in harness.header_values(record, "request", "forwarded"):
        yield from re.findall(r"(?<![0-9.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9.])", value)


def pattern(texts):
    """Any of the addresses, where it is not a part of something longer."""
    return re.compile(r"(?<![0-9A-Za-z.:])(" + "|".join(re.escape(t) for t in sorted(texts, key=len, reverse=True)) + r")(?![0-9A-Za-z]|\.[0-9])")


class Addresses:
    def __init__(self, hark, work):
        self.hark = hark
        self.key = harness.write_key(work, KEY.decode() + "\n")
        self.work = work
        self.faults = 0
        self.seen = 0

    def fault(self, what):
        self.faults += 1
        print("FAULT", what)

    def run(self, capture, *arguments):
        done = harness.run_hark(self.hark, ["-r", capture, *arguments], cwd=harness.PCAPS)
        if done.trouble:
            self.fault(f"{capture} {arguments}: {done.trouble}")
        return done

    def capture(self, capture):
        plain = self.run(capture)
        option = ["--anonymize-ip", "--secrets-key", self.key, "--stats"]
        hidden = self.run(capture, *option)
        if self.run(capture, *option, "-j", "2").out != hidden.out:
            self.fault(f"{capture}: -j 2 writes other records")
        text = self.run(capture, *option, "--format", "text")
        originals = {a for record in plain.records() for a in record_addresses(record)}
        if not originals:
            return
        self.seen += len(originals)
        places = pattern(originals)
        for name, out in (("records", hidden.out), ("text", text.out), ("diagnostics", hidden.err)):
            for found in list(places.finditer(out.decode("utf-8", "replace")))[:2]:
                self.fault(f"{capture}: the {name} show {found.group()}: {found.string[max(0, found.start() - 60):found.end() + 20]!r}")
        self.changed(capture, plain, hidden, originals, places)

    def changed(self, capture, plain, hidden, originals, places):
        """Nothing but what should."""
        became = {str(a): str(b) for a, b in crypto_pan({ipaddress.ip_address(t) for t in originals}).items()}
        for line, shown in zip(plain.out.decode().splitlines(), hidden.records()):
            wanted = json.loads(places.sub(lambda m: became[m.group()], line))
            for record in (wanted, shown):
                record["event"].pop("id")
                record["hark"].pop("parent", None)
            wanted["hark"]["addresses"] = "anonymized"
            for side in ("client", "server"):
                wanted[side].pop("mac", None)
            wanted["network"]["community_id"] = community_id(wanted)
            if wanted != shown:
                self.fault(f"{capture}: is not what it should be:\n{json.dumps(wanted)}\n{json.dumps(shown)}")
                return
        if plain.out.count(b"\n") != hidden.out.count(b"\n"):
            self.fault(f"{capture}: other records")

    def rewritten(self, capture):
        """Ids are those of the new addresses."""
        whole = capfile.read(os.path.join(harness.PCAPS, capture))
        places = [(f.data[12:14], f.data) for f in whole.frames if f.data[12:14] in PLACES]
        found = {ipaddress.ip_address(d[ETHERNET_BYTES + at:][:PLACES[t][0]]) for t, d in places for at in PLACES[t][1]}
        became = {a.packed: b.packed for a, b in crypto_pan(found).items()}
        for frame in whole.frames:
            size, offsets = PLACES.get(frame.data[12:14], (0, ()))
            for at in (ETHERNET_BYTES + offset for offset in offsets):
                frame.data = frame.data[:at] + became[frame.data[at:at + size]] + frame.data[at + size:]
        path = os.path.join(self.work, capture)
        capfile.write(path, whole, capfile.Format())
        ids = []
        for done in (self.run(path), self.run(capture, "--anonymize-ip", "--secrets-key", self.key)):
            ids.append([(r["event"]["id"], r["hark"].get("parent"), r["network"]["community_id"], r["client"]["ip"], r["server"]["ip"])
                        for r in done.records()])
        if ids[0] != ids[1] or not ids[0]:
            self.fault(f"{capture}: ids are not those of a capture with other addresses: {ids[0][:1]}, {ids[1][:1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    hark = os.path.abspath(parser.parse_args().hark)
    if not shutil.which("openssl"):
        print("needs openssl(1)")
        return harness.SKIPPED
    with tempfile.TemporaryDirectory() as work:
        addresses = Addresses(hark, work)
        for capture in harness.captures():
            addresses.capture(capture)
        for capture in REWRITTEN:
            addresses.rewritten(capture)
    if addresses.seen < 100:
        addresses.fault(f"only {addresses.seen} addresses: does this test still see them?")
    print(f"addresses: {addresses.seen} in {len(harness.captures())} captures, {addresses.faults} faults")
    return 1 if addresses.faults else 0


if __name__ == "__main__":
    sys.exit(main())
