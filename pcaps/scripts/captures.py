#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps LIST.tsv and the captures in step.

  captures.py derive [NAME...]   makes the rewritten captures (rows whose made_by begins with rewrite.py)
  captures.py count              fills in the counts of every row that is not counted by hand
  captures.py check              complains about files without a row, rows without a file, wrong counts, large files and
                                 anything of the machine that made them
"""

import csv
import os
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(HOME, "scripts"))
sys.path.insert(0, HOME)
import proved  # noqa: E402

LIST = os.path.join(HOME, "LIST.tsv")
COLUMNS = ["file", "made_by", "exit", "requests", "responses", "interim", "transactions", "counted_by", "why"]
COUNTS = COLUMNS[3:7]
SUFFIXES = (".pcap", ".pcapng", ".pcap.gz", ".pcap.zst")
LARGEST = 1_000_000
# What would tell of the machine or the working directory.
FOREIGN = [b"/tmp/", b"hark-pcaps", b"harness", b"/work", b"/root", b"/home/"]
# tshark must look where it does not by itself: http on ports that others claim, and order segments that came disordered.
TSHARK = ["tshark", "-n", "-o", "tcp.reassemble_out_of_order:TRUE", "-d", "tcp.port==3128,http", "-d", "tcp.port==9000,http"]
TSHARK += ["-d", "tcp.port==31337-31338,http", "-d", "tcp.port==3000-3001,http", "-d", "tcp.port==8080,http"]


def rows():
    with open(LIST, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def save(table):
    with open(LIST, "w", encoding="utf-8") as file:
        file.write("\t".join(COLUMNS) + "\n")
        for row in table:
            file.write("\t".join(row[column] for column in COLUMNS) + "\n")


def path_of(name):
    return os.path.join(HOME, name)


def base_of(row):
    words = row["made_by"].split()
    return words[1] if words[0] == "rewrite.py" else None


def derive(table, names):
    for row in table:
        base = base_of(row)
        if base is None or (names and row["file"] not in names):
            continue
        target = path_of(row["file"])
        plain, packed = os.path.splitext(target) if target.endswith((".gz", ".zst")) else (target, "")
        words = shlex.split(row["made_by"])[2:]
        subprocess.run([sys.executable, path_of("rewrite.py"), path_of(base), plain, *words], check=True)
        if packed == ".gz":
            subprocess.run(["gzip", "-n", "-f", plain], check=True)
        elif packed == ".zst":
            subprocess.run(["zstd", "-q", "-f", "--rm", plain, "-o", target], check=True)
        if row["counted_by"] == "proved":
            proved.write_truth(path_of(base), target, path_of(f"truth/{row['file']}.tsv"))


def by_tshark(name):
    """(requests, final responses, interim responses) as tshark finds them."""
    command = TSHARK + ["-r", path_of(name), "-Y", "http.request.method or http.response.code", "-T", "fields"]
    command += ["-e", "http.request.method", "-e", "http.response.code", "-E", "occurrence=a", "-E", "aggregator=/s"]
    out = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    requests = responses = interim = 0
    for line in out.splitlines():
        methods, _, codes = line.partition("\t")
        requests += len(methods.split())
        for code in codes.split():
            if code.startswith("1") and code != "101":
                interim += 1
            else:
                responses += 1
    return requests, responses, interim


def counts_of(row, table):
    """The four counts of a row as texts."""
    if row["counted_by"] == "hand":
        return [row[column] for column in COUNTS]
    if row["counted_by"] == "base":
        return [next(other for other in table if other["file"] == base_of(row))[column] for column in COUNTS]
    if row["counted_by"] == "proved":
        numbers = proved.counts(path_of(base_of(row)), path_of(row["file"]))
    else:
        requests, responses, interim = by_tshark(row["file"])
        numbers = requests, responses, interim, min(requests, responses)
    return [str(number) for number in numbers]


def unpacked(path):
    if path.endswith(".gz"):
        return subprocess.run(["gzip", "-dc", path], check=True, capture_output=True).stdout
    if path.endswith(".zst"):
        return subprocess.run(["zstd", "-qdc", path], check=True, capture_output=True).stdout
    with open(path, "rb") as file:
        return file.read()


def remade_alike(row):
    """A rewritten capture is byte for byte what its command makes (packed ones are left out)."""
    if row["file"].endswith((".gz", ".zst")):
        return True
    with tempfile.TemporaryDirectory() as folder:
        again = os.path.join(folder, row["file"])
        words = shlex.split(row["made_by"])[2:]
        subprocess.run([sys.executable, path_of("rewrite.py"), path_of(base_of(row)), again, *words], check=True)
        return unpacked(again) == unpacked(path_of(row["file"]))


def complaints(table):
    listed = [row["file"] for row in table]
    present = sorted(name for name in os.listdir(HOME) if name.endswith(SUFFIXES))
    for name in sorted(set(present) ^ set(listed)) + [name for name in set(listed) if listed.count(name) > 1]:
        yield f"{name}: in LIST.tsv and in the folder, once each, is what it should be"
    machine = [text.encode() for text in (os.uname().nodename, os.uname().release) if len(text) > 3]
    for row in table:
        if row["file"] not in present:
            continue
        content = unpacked(path_of(row["file"]))
        if os.path.getsize(path_of(row["file"])) > LARGEST:
            yield f"{row['file']}: more than {LARGEST} bytes"
        for text in FOREIGN + machine:
            if text in content:
                yield f"{row['file']}: contains {text.decode()}"
        if not row["why"]:
            yield f"{row['file']}: nothing says why it is there"
        if base_of(row) and not remade_alike(row):
            yield f"{row['file']}: its command makes another file"
        wanted = [row[column] for column in COUNTS]
        found = counts_of(row, table)
        if wanted != found:
            yield f"{row['file']}: {', '.join(COUNTS)} are {'/'.join(found)}, listed {'/'.join(wanted)}"


def main():
    words = sys.argv[1:]
    table = rows()
    if words[:1] == ["derive"]:
        derive(table, set(words[1:]))
    elif words == ["count"]:
        for row in table:
            row.update(zip(COUNTS, counts_of(row, table)))
        save(table)
    elif words == ["check"]:
        found = list(complaints(table))
        print("\n".join(found) if found else f"{len(table)} captures: all in order")
        sys.exit(1 if found else 0)
    else:
        sys.exit(__doc__)


main()
