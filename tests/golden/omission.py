#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""omission.py --hark BINARY [--seed N]

--omit: over all captures of pcaps/ the records without a part are the full records less that part, key for key and in order, and
hark.omitted says so. Each part alone, chosen and random sets of them, whatever is hidden besides, and for any number of workers."""
import argparse
import json
import os
import random
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("tools", "fault"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
import harness  # noqa: E402
import steady  # noqa: E402
from material import capfile, write  # noqa: E402

SETS = 6
# Fields whose parts no capture of pcaps/ has.
REQUEST = (b"GET /rare HTTP/1.1\r\nHost: example.org\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
           b"Priority: u=1\r\nTE: trailers\r\n\r\n")
RESPONSE = (b"HTTP/1.1 200 OK\r\nCache-Status: edge; hit; ttl=30\r\nAge: 10\r\nLink: </style.css>; rel=preload\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nServer-Timing: db\r\n\r\n")
MANY = ["semantics", "http.request.headers", "http.response.headers", "tcp", "network", "url.full", "user_agent", "client.mac", "server.mac",
        "capture.request", "capture.response", "timing.share"]


def known_parts():
    """In the record's order, as the schema lists them."""
    with open(os.path.join(harness.ROOT, "docs", "record.schema.json"), encoding="utf-8") as file:
        return json.load(file)["properties"]["hark"]["properties"]["omitted"]["items"]["enum"]


def remove(record, path):
    """True where it was there. The objects on the way are copied, so that who shares them keeps it."""
    *outer, last = path.split(".")
    for key in outer:
        if key not in record:
            return False
        record[key] = record = dict(record[key])
    return record.pop(last, None) is not None


def less(record, parts, listed):
    """What the record must be without them; what is left empty where nothing may be is not there either."""
    record = dict(record, hark=dict(record["hark"]))
    for part in parts:
        remove(record, part)
    for outer, inner in ((record, "semantics"), (record.get("http", {}), "response")):
        if outer.get(inner) == {}:
            del outer[inner]
    hark = record["hark"]
    behind = {key: hark.pop(key) for key in list(hark) if key not in ("version", "type", "addresses")}
    hark.update(omitted=listed, **behind)
    return record


class Omission:
    def __init__(self, hark, seed, work):
        self.hark = os.path.abspath(hark)
        frames = []
        talk = steady.Talk(frames, 1024)
        talk.packet(0, steady.ACK, REQUEST)
        talk.packet(1, steady.ACK, RESPONSE)
        talk.end()
        self.rare = write(os.path.join(work, "rare.pcap"), capfile.Capture(capfile.ETHERNET, frames))
        self.chance = random.Random(seed)
        self.parts = known_parts()
        self.faults = 0
        self.checks = 0

    def check(self, holds, what):
        self.checks += 1
        if not holds:
            self.faults += 1
            print("FAULT", what)

    def run(self, *options):
        """All captures at once: one after the other they are one stream, and as good as any."""
        files = [word for name in [*harness.captures(), self.rare] for word in ("-r", name)]
        done = harness.run_hark(self.hark, [*files, *options], cwd=harness.PCAPS, timeout=120)
        self.check(not done.trouble, f"{' '.join(options)}: {done.trouble}")
        return done

    def listed(self, parts):
        """The names in hark.omitted: in the record's order, and none within another."""
        return [part for part in self.parts if part in parts and not any(part.startswith(other + ".") for other in parts)]

    def compare(self, full, parts, *options):
        done = self.run(f"--omit={','.join(parts)}", *options)
        got = done.records()
        self.check(len(got) == len(full), f"without {parts}: {len(got)} records, not {len(full)}")
        for number, (record, whole) in enumerate(zip(got, full)):
            wanted = less(whole, parts, self.listed(parts))
            if record != wanted or list(record) != list(wanted) or list(record["hark"]) != list(wanted["hark"]):
                self.check(False, f"without {parts} {' '.join(options)}, record {number}: {json.dumps(record)[:1500]}\nwanted {json.dumps(wanted)[:1500]}")
                return done
        return done

    def each(self, full):
        for part in self.parts:
            self.check(any(remove(dict(record), part) for record in full), f"{part} is in no record of any capture: its omission shows nothing")
            self.compare(full, [part])

    def together(self, full):
        self.compare(full, self.parts)
        for _ in range(SETS):
            self.compare(full, self.chance.sample(self.parts, self.chance.randint(2, len(self.parts) - 1)))
        # In any order, more than once, within each other: it is the set that counts.
        one = self.compare(full, ["tcp", "semantics.trace", "semantics", "url"])
        other = self.run("--omit", "url,semantics,url", "--omit=tcp", "--omit", "tcp.client,semantics")
        self.check(one.out == other.out and one.out, "the same set, said otherwise, gives other records")

    def workers(self, full):
        one = self.compare(full, MANY)
        for jobs in ("2", "8"):
            self.check(self.run(f"--omit={','.join(MANY)}", "-j", jobs).out == one.out, f"-j {jobs} writes other records than -j 1")
        wrong = harness.validate(one.out)
        self.check(not wrong, f"records that docs/record.schema.json does not allow: {wrong[:2000]}")
        said = self.run(f"--omit={','.join(MANY)}", "--stats").err
        self.check(b"\nThe ledger balances.\n" in said, "--stats prints no ledger that balances")
        self.check(f"Left out of the records (--omit): {', '.join(self.listed(MANY))}\n".encode() in said, f"--stats does not say what was left out: {said[-600:]}")
        self.check(b"Left out" not in self.run("--stats").err, "--stats says that something was left out, and nothing was")

    def hidden(self, key):
        for hiding in (["--secrets=hash", "--anonymize-ip", "--secrets-key", key], ["--secrets=keep", "--redact-header=Host", "--redact-header=Set-Cookie"]):
            full = self.run(*hiding).records()
            for parts in (["semantics"], ["semantics.cookies", "client", "url.full"], MANY, self.chance.sample(self.parts, 12)):
                done = self.compare(full, parts, *hiding)
                wrong = harness.validate(done.out)
                self.check(not wrong, f"{hiding[0]}, without {parts}: records that docs/record.schema.json does not allow: {wrong[:2000]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        omission = Omission(arguments.hark, arguments.seed, work)
        full = omission.run().records()
        for part in (omission.each, omission.together, omission.workers):
            part(full)
        omission.hidden(harness.write_key(work))
    print(f"omission: {len(full)} records, {len(omission.parts)} parts, {omission.checks} checks, {omission.faults} faults (seed {arguments.seed})")
    return 1 if omission.faults or not full else 0


if __name__ == "__main__":
    sys.exit(main())
