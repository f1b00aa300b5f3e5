#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""instructions.py --hark BINARY --degrade BINARY [--accept] [--make]

How many instructions hark needs for a few small captures, counted by valgrind, against bench/instructions.tsv. Unlike seconds they are
the same on every run and on a busy machine, so that a change that costs something is seen in the commit that makes it. What
the program needs to start (an empty capture) is a row of its own and taken off the others.

Exit status 1 when one has grown by more than LIMIT_PERCENT; 77 where the counts would mean nothing (another compiler or processor).
--accept writes the counts of now; --make makes the captures again (root), which calls for --accept."""
import argparse
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BASELINE = os.path.join(HERE, "instructions.tsv")
CAPTURES = os.path.join(HERE, "instructions")
LIMIT_PERCENT = 3
SKIPPED = 77
START = "start"
# Name, workload and its scale, and why it is there. `lossy` is made of web whenever it is needed.
KEPT = (("web", 0.0026, "long heads, 22 packets a transaction, chunks and uploads: what a packet costs in a body, and browsers' heads"),
        ("small", 0.0012, "two packets a transaction on kept connections: heads, pairing and writing of records"),
        ("manyflows", 0.0016, "a connection for each transaction: opening and closing them"))
DERIVED = (("lossy", "web with 1 % of its packets lost and 1 % late: holding, gaps, finding the next message"),)
EMPTY_PCAP = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)


def machine(hark):
    """What the counts depend on beside hark's source."""
    with open(hark, "rb") as file:
        compilers = set(re.findall(rb"GCC: \([^)]*\) ([0-9.]+)|clang version ([0-9.]+)", file.read()))
    names = sorted({(b"gcc " + gcc if gcc else b"clang " + clang).decode() for gcc, clang in compilers})
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = re.search(r"^flags\s*:(.*)$", file.read(), re.MULTILINE)
    return f"{os.uname().machine} {'with' if flags and 'avx2' in flags.group(1).split() else 'without'} AVX2, {' and '.join(names) or 'unknown compiler'}"


def count(hark, capture, work):
    """Of one run, and the functions that have most of them. The sandbox would be valgrind's as well, and it opens files at the end."""
    out = os.path.join(work, "callgrind")
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, hark, "-q", "--no-sandbox", "-r", capture, "-o", os.path.join(work, "records")],
                          capture_output=True, text=True, check=False)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not collected:
        raise SystemExit(f"{capture}: {done.stderr[-1000:]}")
    annotated = subprocess.run(["callgrind_annotate", "--auto=no", out], capture_output=True, text=True, check=True).stdout
    functions = re.findall(r"^\s*([\d,]+) \([^)]*\)\s+\S*?:(\S+) ", annotated, re.MULTILINE)
    return int(collected.group(1)), functions


def count_all(hark, degrade, work):
    """{name: (instructions, functions)}, those of the start taken off."""
    path = {name: os.path.join(work, name + ".pcap") for name in (START, *(name for name, *_ in (*KEPT, *DERIVED)))}
    with open(path[START], "wb") as file:
        file.write(EMPTY_PCAP)
    for name, *_ in KEPT:
        subprocess.run(["zstd", "-q", "-d", "-o", path[name], os.path.join(CAPTURES, name + ".pcap.zst")], check=True)
    subprocess.run([degrade, path["web"], path["lossy"], "seed=42", "loss=0.01", "reorder=0.01:1-40"], check=True, stdout=subprocess.DEVNULL)
    counts = {name: count(hark, file, work) for name, file in path.items()}
    start = counts[START][0]
    return {name: (total - start if name != START else total, functions) for name, (total, functions) in counts.items()}


def make_captures(degrade):
    with tempfile.TemporaryDirectory(prefix="hark-bench.") as work:
        for name, scale, _ in KEPT:
            subprocess.run([sys.executable, os.path.join(HERE, "workloads", "make.py"), "--captures", work, "--degrade", degrade, "--flat", "--scale", str(scale), name],
                           check=True)
            subprocess.run(["zstd", "-q", "-f", "--ultra", "-22", "-o", os.path.join(CAPTURES, name + ".pcap.zst"), os.path.join(work, name + ".pcap")], check=True)


def read_baseline():
    with open(BASELINE, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    of = next(line[len("# of: "):] for line in lines if line.startswith("# of: "))
    return of, {name: int(number) for name, number, _ in (line.split("\t") for line in lines[1:] if line and not line.startswith("#"))}


def write_baseline(of, counts):
    why = {START: "an empty capture", **{name: text for name, _, text in KEPT}, **dict(DERIVED)}
    with open(BASELINE, "w", encoding="utf-8") as file:
        file.write(f"capture\tinstructions\twhy it is there\n# of: {of}\n# Written by bench/instructions.sh --accept; say in the commit why a number grew.\n")
        file.writelines(f"{name}\t{number}\t{why[name]}\n" for name, (number, _) in counts.items())


def compare(counts, known):
    """Prints a line a capture; how many have grown too much."""
    grown = 0
    for name, (now, functions) in counts.items():
        change = 100 * (now / known[name] - 1)
        verdict = ""
        if change > LIMIT_PERCENT:
            grown += 1
            verdict = f": grown by more than {LIMIT_PERCENT} %"
        elif change < -LIMIT_PERCENT:
            verdict = ": less, well done; bench/instructions.sh --accept keeps it so"
        print(f"{name:10} {now:>12,} instructions, {change:+.2f} % to {known[name]:,}{verdict}")
        if change > LIMIT_PERCENT:
            print("           most are in: " + ", ".join(f"{function} {number}" for number, function in functions[:10]))
    if grown:
        print("If this must be: bench/instructions.sh --accept, and say why in the commit.")
    return grown


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--degrade", required=True, help="tests/truth/degrade.c, built")
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("--make", action="store_true")
    arguments = parser.parse_args()
    if not shutil.which("valgrind"):
        print("valgrind is not installed")
        return SKIPPED
    if arguments.make:
        make_captures(arguments.degrade)
    of = machine(arguments.hark)
    if not arguments.accept:
        known_of, known = read_baseline()
        if of != known_of:
            print(f"the counts in instructions.tsv are of {known_of}; this is {of}")
            return SKIPPED
    with tempfile.TemporaryDirectory(prefix="hark-bench.") as work:
        counts = count_all(os.path.abspath(arguments.hark), arguments.degrade, work)
    if arguments.accept:
        if os.path.exists(BASELINE):
            compare(counts, {**{name: number for name, (number, _) in counts.items()}, **read_baseline()[1]})
        write_baseline(of, counts)
        return 0
    return 1 if compare(counts, known) else 0


if __name__ == "__main__":
    sys.exit(main())
