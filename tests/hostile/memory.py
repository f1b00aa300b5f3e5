#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""memory.py --hark HARK --tools FOLDER

--max-memory bounds what the system says that hark has, not what hark thinks: floods that reach the budget of the least that may
be given, through a pipe, with one worker and many, and with a reader of the output that is slower than hark. The resident memory
at its highest stays within a tenth of the bound; that it came near tells that the bound was what held it. HARK is an optimised
build: a sanitizer has memory of its own.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time

MIB = 1 << 20
BOUND = 128 * MIB
SLACK = 1.1
# attack, its size, workers, what the output's reader takes in a second (0: there is none), least MiB that it must come to
CASES = (
    ("syn-flood", 700_000, 1, 0, 70),
    ("handshakes", 150_000, 1, 0, 70),
    ("half-open", 50_000, 1, 0, 70),  # each in a request's head
    ("endless-headers", 40_000_000, 2, 0, 0),
    ("holes", 16_000, 1, 0, 70),
    ("far-ahead", 30_000, 8, 0, 70),
    ("fragments-incomplete", 200_000, 2, 0, 0),
    ("hash-collision", 200_000, 1, 0, 70),
    ("request-flood", 150_000, 8, 0, 90),
    ("pipelines", 8_000, 8, 0, 90),
    ("all-at-once", 150_000, 8, 0, 90),
    ("request-flood", 70_000, 2, 40 * MIB, 90),
)


def read_slowly(pipe, rate):
    began, taken = time.monotonic(), 0
    while True:
        bytes_ = os.read(pipe.fileno(), 1 << 16)
        if not bytes_:
            return
        taken += len(bytes_)
        time.sleep(max(0.0, min(0.2, taken / rate - (time.monotonic() - began))))


def run(options, case, folder):
    attack, size, jobs, rate, _ = case
    report, said = os.path.join(folder, "report"), os.path.join(folder, "said")
    with open(said, "wb") as errors:
        traffic = subprocess.Popen([os.path.join(options.tools, "hostile_traffic"), attack, f"size={size}"], stdout=subprocess.PIPE)
        hark = subprocess.Popen([os.path.join(options.tools, "hostile_measure"), report, options.hark, "-r", "-", "--stats", f"-j{jobs}", f"--max-memory={BOUND // MIB}M",
                                 *([] if rate else ["-o", "/dev/null"])],
                                stdin=traffic.stdout, stdout=subprocess.PIPE if rate else subprocess.DEVNULL, stderr=errors)
        traffic.stdout.close()
        if rate:
            read_slowly(hark.stdout, rate)
        hark.wait()
        traffic.wait()
    with open(report, encoding="ascii") as file:
        status, kib, _ = file.read().split()
    with open(said, encoding="utf-8") as file:
        return int(status), int(kib) * 1024, "The ledger balances." in file.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--tools", required=True)
    options = parser.parse_args()
    wrong = 0
    for case in CASES:
        with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
            status, rss, balances = run(options, case, folder)
        attack, size, jobs, rate, least = case
        faults = [text for text, is_so in (
            (f"exit status {status}", status != 0),
            ("the ledger does not balance", not balances),
            (f"more than {BOUND * SLACK / MIB:.0f} MiB", rss > BOUND * SLACK),
            (f"less than {least} MiB: the bound was not reached", rss < least * MIB),
        ) if is_so]
        wrong += bool(faults)
        print(f"{attack:22} {size:>10,} -j{jobs}{' slow reader' if rate else '':12} {rss / MIB:6.1f} MiB  {'; '.join(faults) or 'ok'}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
