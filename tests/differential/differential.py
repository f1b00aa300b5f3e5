#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""differential.py --hark BINARY

hark and tshark look at every capture of pcaps/; both tell requests (method, target, host), responses (status) and which request
each response answers. They must agree, connection by connection, but for what known_differences.tsv explains."""
import argparse
import collections
import concurrent.futures
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402


def compare_pairs(ours, theirs):
    """tshark's request_in against the frames of the request in the record that holds the response."""
    by_place = collections.defaultdict(list)
    for message in ours:
        if message.kind == "response" and message.frames:
            by_place[(message.connection(), message.status)].append(message)
    differences, compared = [], 0
    for message in theirs:
        if message.kind != "response" or message.request_frames is None:
            continue
        frame = message.frames[0]
        matches = [m for m in by_place[(message.connection(), message.status)] if min(m.frames) <= frame <= max(m.frames)]
        if not matches:
            continue  # a message that one of them does not have is a difference already
        compared += 1
        wanted = message.request_frames[0]
        if not any(m.request_frames and min(m.request_frames) <= wanted <= max(m.request_frames) for m in matches):
            got = matches[0].request_frames
            differences.append(f"pairing: response {message.status} in frame {frame}: request in frame {wanted}, hark says {got}")
    return differences, compared


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    hark = os.path.abspath(arguments.hark)
    known = harness.Known(os.path.join(HERE, "known_differences.tsv"))
    names = harness.captures()

    def look(name):
        run = harness.run_hark(hark, ["-r", name, "--secrets=keep"], cwd=harness.PCAPS)
        theirs, further = harness.tshark_messages(os.path.join(harness.PCAPS, name))
        return name, run, theirs, further

    faults, explained, messages, pairs = [], 0, 0, 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for name, run, theirs, further in pool.map(look, names):
            if run.trouble:
                faults.append(f"{name}\t{run.trouble}")
                continue
            ours = harness.hark_messages(run.records())
            differences, compared = compare_pairs(ours, theirs)
            messages += len(theirs)
            pairs += compared
            for difference in harness.compare_messages(ours, theirs, further) + differences:
                if known.reason(name, difference) is None:
                    faults.append(f"{name}\t{difference}")
                else:
                    explained += 1
    faults += [f"known_differences.tsv: no longer occurs: {row['file']}\t{row['what']}" for row in known.unused(names)]
    for fault in faults:
        print("FAULT", fault)
    print(f"differential: {len(names)} captures, {messages} messages and {pairs} pairs of tshark compared, "
          f"{explained} differences explained, {len(faults)} not")
    return 1 if faults or not messages or not pairs else 0


if __name__ == "__main__":
    sys.exit(main())
