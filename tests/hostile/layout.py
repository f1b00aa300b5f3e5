#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""layout.py --hark BINARY --tools DIRECTORY

The same records in the same order wherever the system puts hark's stack and memory: under a cap that evicts, what a connection is held to cost
decides who goes, and no address may have a part in that. A flood at a small --max-memory, with addresses as they come and with
fixed ones (setarch -R) behind an environment of growing length, which moves the stack by sixteen bytes at a time; one and several threads."""
import argparse
import hashlib
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402

CAPTURE_BYTES = 60_000_000
STACK_STEPS = 16


def records_of(command, capture, environment):
    run = subprocess.run([*command, "-q", "--max-memory=128M", "-r", capture], capture_output=True, env=environment, timeout=120, check=False)
    # The capture is cut amid a frame, of which hark complains.
    return hashlib.md5(run.stdout).hexdigest(), run.stdout.count(b"\n"), run.stderr.decode("utf-8", "replace")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--tools", required=True)
    arguments = parser.parse_args()
    fixed = subprocess.run(["setarch", "-R", "true"], capture_output=True, check=False).returncode == 0
    with tempfile.TemporaryDirectory(prefix="hark-layout.") as work:
        capture = os.path.join(work, "flood.pcap")
        with open(capture, "wb") as file, subprocess.Popen([os.path.join(arguments.tools, "hostile_traffic"), "all-at-once", "size=30000"],
                                                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as flood:
            file.write(flood.stdout.read(CAPTURE_BYTES))
            flood.kill()
        ways = [([arguments.hark, "-j", jobs], {}) for jobs in ("1", "2", "1")]
        if fixed:
            ways += [(["setarch", "-R", arguments.hark], {"PAD": "x" * 16 * step}) for step in range(STACK_STEPS)]
        told = {}
        for command, more in ways:
            digest, count, said = records_of(command, capture, dict(harness.ENVIRONMENT, **more))
            if count < 1000:
                print(f"FAULT {command}: {count} records: {said[-300:]}")
                return 1
            told.setdefault((digest, count), []).append((command[:2], len(more.get("PAD", ""))))
    print(f"layout: {len(ways)} runs, {len(told)} different outputs{'' if fixed else ' (addresses could not be fixed)'}")
    for (digest, count), ways_of in told.items():
        print(f"  {digest}, {count} records: {ways_of}")
    return 0 if len(told) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
