#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""differential.py --hark BINARY

hark and tshark look at every capture of pcaps/; both tell requests (method, target, host), responses (status) and which request
each response answers. They must agree, connection by connection, but for what known_differences.tsv explains."""
import argparse
import concurrent.futures
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402


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
        path = os.path.join(harness.PCAPS, name)
        theirs = harness.tshark_messages(path)
        ours = [] if run.trouble else harness.hark_messages(run.records())
        further = harness.tshark_further(path, theirs) if harness.compare_messages(ours, theirs) else []
        return name, run, ours, theirs, further

    faults, explained, messages, pairs = [], 0, 0, 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for name, run, ours, theirs, further in pool.map(look, names):
            if run.trouble:
                faults.append(f"{name}\t{run.trouble}")
                continue
            lost = harness.compare_messages(ours, theirs, further)
            # A response that hark does not have is a difference already; one that it pairs otherwise is another.
            wanted, have = harness.pairs(theirs), harness.pairs(ours)
            messages += len(theirs)
            pairs += sum(wanted.values())
            for difference in [*lost, *(f"pairing: {text}" for text in (wanted - have).elements())]:
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
