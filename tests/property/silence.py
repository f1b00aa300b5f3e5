#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""silence.py --hark BINARY

Behind a silence, however long, a capture says what it says alone: its first packets are of the time that they are stamped with,
though it takes several to believe such a jump. So does a saved copy of its connections."""
import argparse
import json
import os
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
sys.path.insert(0, os.path.join(HERE, "..", "..", "pcaps"))
import harness  # noqa: E402
from rewriting import capfile  # noqa: E402

BEFORE = "browser.pcap"
# Handshakes and whole connections, connections that were open before, heads in many packets, TCP options, fragments, tunnels.
BEHIND = ["keepalive.pcap", "tiny.pcap", "continue.pcap", "pipelining.pcap", "ipv6.pcap", "damage-midstream.pcap", "tcp-sevens.pcap",
          "damage-onesided-client.pcap", "fragments-ipv4.pcap", "wrap-vlan.pcap"]
SECONDS = [50, 70, 601, 100000]


def later(path, start_ns, target):
    """The same capture, begun at that time."""
    capture = capfile.read(path)
    shift = start_ns - capture.frames[0].time
    for frame in capture.frames:
        frame.time += shift
    capfile.write(target, capture, capfile.Format(nano=True))


class Silence:
    def __init__(self, hark, work):
        self.hark = hark
        self.work = work
        self.failed = 0

    def records(self, arguments, what):
        run = harness.run_hark(self.hark, ["-q", "--stats", *arguments], timeout=60)
        if run.trouble or run.status:
            self.failed += 1
            print(f"FAILED {what}: {run.trouble or run.status}")
            return []
        return run.out.splitlines()

    def same(self, got, wanted, what):
        if got == wanted:
            return
        self.failed += 1
        differ = next((pair for pair in zip(got, wanted) if pair[0] != pair[1]), (b"", b""))
        print(f"FAILED {what}: {len(got)} records of {len(wanted)}\n  got    {differ[0][:2000]}\n  wanted {differ[1][:2000]}")

    def check(self, name, seconds, before, end_ns):
        what = f"{name} behind {seconds} s"
        moved = os.path.join(self.work, name)
        later(os.path.join(harness.PCAPS, name), end_ns + seconds * 10**9, moved)
        alone = self.records(["-r", moved], f"{name} alone")
        first = self.records(["-r", before], BEFORE)
        for jobs in ("1", "2"):
            both = self.records(["-j", jobs, "-r", before, "-r", moved], f"{what}, -j {jobs}")
            self.same(sorted(both), sorted(first + alone), f"{what}, -j {jobs}")
        saved = os.path.join(self.work, "saved.pcap")
        self.records(["-r", before, "-r", moved, "-w", saved, "--save=all"], f"{what}, saved")
        again = [without_frames(line) for line in self.records(["-r", saved], f"{what}, read again")]
        self.same(sorted(again), sorted(without_frames(line) for line in first + alone), f"{what}, read again")


def without_frames(line):
    """A saved copy has other frame numbers and another name."""
    record = json.loads(line)
    for side in ("request", "response"):
        record["capture"].pop(side, None)
    return json.dumps(record, sort_keys=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    arguments = parser.parse_args()
    before = os.path.join(harness.PCAPS, BEFORE)
    end_ns = max(frame.time for frame in capfile.read(before).frames)
    with tempfile.TemporaryDirectory() as work:
        silence = Silence(os.path.abspath(arguments.hark), work)
        for name in BEHIND:
            for seconds in SECONDS:
                silence.check(name, seconds, before, end_ns)
    print(f"{len(BEHIND)} captures behind {len(SECONDS)} silences: {silence.failed} failures")
    return 1 if silence.failed else 0


if __name__ == "__main__":
    sys.exit(main())
