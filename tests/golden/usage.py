#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage.py --hark BINARY

hark as its users meet it: what it says to bad input (one line: what, where, how to mend it, and the right exit status), and that
all ways into and out of it give the same records: pipes, compressed files, rotated files, -o, a reader that goes away."""
import argparse
import gzip
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402

CAPTURE = "keepalive.pcap"


class Usage:
    def __init__(self, hark, work):
        self.hark = hark
        self.work = work
        self.faults = []
        self.checks = 0
        self.capture = os.path.join(harness.PCAPS, CAPTURE)
        with open(self.capture, "rb") as file:
            self.bytes = file.read()
        self.plain = self.run(["-r", CAPTURE], harness.PCAPS).out

    def check(self, holds, what):
        self.checks += 1
        if not holds:
            self.faults.append(what)
            print("FAULT", what)

    def run(self, arguments, cwd=None, stdin=subprocess.DEVNULL):
        done = harness.run_hark(self.hark, arguments, cwd=cwd or self.work, stdin=stdin)
        if "anitizer" in done.trouble or "signal" in done.trouble or "timed" in done.trouble:
            self.check(False, f"{' '.join(arguments)}: {done.trouble}")
        return done

    def write(self, name, data):
        path = os.path.join(self.work, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def refused(self, what, arguments, status, *words):
        done = self.run(arguments)
        text = done.err.decode("utf-8", "replace")
        self.check(done.status == status, f"{what}: exit status {done.status} instead of {status}: {text}")
        self.check(re.fullmatch(r"hark: [^\n]{10,}\n", text) is not None, f"{what}: not one line that starts with its name: {text!r}")
        self.check(all(word in text for word in words), f"{what}: does not say {words}: {text!r}")
        self.check(done.out == b"", f"{what}: writes records all the same")

    def refusals(self):
        self.write("words.txt", b"this is a letter, not a capture of packets\n" * 4)
        self.write("empty.pcap", b"")
        os.mkdir(os.path.join(self.work, "folder"))
        self.refused("a missing file", ["-r", "nowhere.pcap"], 1, "nowhere.pcap")
        self.refused("a directory", ["-r", "folder"], 1, "folder")
        self.refused("a text file", ["-r", "words.txt"], 1, "words.txt")
        self.refused("an empty file", ["-r", "empty.pcap"], 1, "empty.pcap")
        self.refused("an unknown option", ["--reed", "x"], 2, "--reed", "--read")
        self.refused("an unknown letter", ["-Z"], 2, "-Z")
        self.refused("a missing argument", ["-r"], 2, "-r")
        self.refused("a wrong number", ["-r", self.capture, "-j", "many"], 2, "many")
        self.refused("a wrong choice", ["-r", self.capture, "--format", "xml"], 2, "xml", "ndjson")
        self.refused("a wrong filter", ["-r", self.capture, "prot", "80"], 2, "prot 80")
        self.refused("nothing to read", [], 2, "-r")
        self.refused("a file and an interface", ["-r", self.capture, "-i", "lo"], 2, "-i")
        self.refused("an output that cannot be made", ["-r", self.capture, "-o", "nowhere/out"], 1, "nowhere/out")
        self.refused_keys()
        done = self.run(["-r", self.capture, "-o", "/dev/full"])
        self.check(done.status == 1 and b"/dev/full" in done.err, f"a full disk: exit status {done.status}: {done.err!r}")

    def refused_keys(self):
        """Of a key that is no key nothing is hashed, and nothing shown."""
        hashed = ["-r", self.capture, "--secrets=hash"]
        self.refused("hashes without a key", hashed, 2, "--secrets=hash", "--secrets-key")
        self.refused("addresses without a key", ["-r", self.capture, "--anonymize-ip"], 2, "--anonymize-ip", "--secrets-key")
        self.refused("a missing key", [*hashed, "--secrets-key", "nokey"], 1, "nokey", "No such file")
        for name, data, mode, word in (("emptykey", b"\n", 0o600, "is empty"), ("shortkey", b"secret\n", 0o600, "16 bytes"),
                                       ("longkey", b"k" * 5000, 0o600, "4096"), ("openkey", b"k" * 32, 0o644, "chmod"), ("folder", None, 0, "directory")):
            if data is not None:
                os.chmod(self.write(name, data), mode)
            self.refused(f"the key {name}", [*hashed, "--secrets-key", name], 1, name, word)
        self.refused("a field's line for its name", ["-r", self.capture, "--redact-header", "Cookie: a"], 2, "--redact-header", "Cookie: a")
        os.chmod(self.write("key", b"k" * 32 + b"\n"), 0o600)
        done = self.run(["-r", self.capture, "--secrets-key", "key"])
        self.check(done.status == 0 and b"--secrets-key" in done.err, f"a key without use: {done.status}: {done.err!r}")
        self.same("a key without use", done.out)
        piped = subprocess.run(["bash", "-c", 'exec "$0" -r "$1" -q --anonymize-ip --secrets-key <(cat key)', self.hark, self.capture], cwd=self.work,
                               capture_output=True, check=False, env=harness.ENVIRONMENT)
        wanted = self.run(["-r", self.capture, "-q", "--anonymize-ip", "--secrets-key", "key"])
        self.check(piped.stdout == wanted.out and wanted.out and piped.returncode == 0, f"a key from a pipe: {piped.stderr!r}")

    def damaged(self):
        """What was readable is written; one line says what happened and where; exit status 1."""
        self.write("cut.pcap", self.bytes[:-7])
        done = self.run(["-r", "cut.pcap"])
        text = done.err.decode("utf-8", "replace")
        self.check(done.status == 1 and "cut.pcap" in text, f"a truncated file: exit status {done.status}: {text!r}")
        self.check(done.out.count(b"\n") >= self.plain.count(b"\n") - 1 > 0, "a truncated file: its records are not written")
        self.write("foreign.pcap", self.bytes[:20] + struct.pack("<I", 147) + self.bytes[24:])
        done = self.run(["-r", "foreign.pcap", "--stats"])
        self.check(done.status == 1 and b"link" in done.err and b"147" in done.err, f"an unknown link type: {done.status}: {done.err!r}")
        done = self.run(["-r", "cut.pcap", "-r", self.capture])
        self.check(done.status == 1 and done.out.count(b"\n") >= self.plain.count(b"\n"), "the file after a damaged one is not read")

    def same(self, what, out):
        """File names apart, the records are those of the plain file."""
        def neutral(data):
            return re.sub(rb'"file":"[^"]*"', b'"file":""', data)

        self.check(neutral(out) == neutral(self.plain) and out, f"{what}: other records")

    def ways_in(self):
        with open(self.capture, "rb") as file:
            done = self.run(["-r", "-"], stdin=file)
        self.same("-r - from a file", done.out)
        piped = subprocess.run([self.hark, "-r", "-"], input=self.bytes, capture_output=True, check=False, env=harness.ENVIRONMENT)
        self.same("-r - from a pipe", piped.stdout)
        self.same("gzip", self.run(["-r", self.write("a.pcap.gz", gzip.compress(self.bytes))]).out)
        if shutil.which("zstd"):
            packed = subprocess.run(["zstd", "-q", "-c", self.capture], capture_output=True, check=True).stdout
            self.same("zstd", self.run(["-r", self.write("a.pcap.zst", packed)]).out)
            piped = subprocess.run([self.hark, "-r", "-"], input=packed, capture_output=True, check=False, env=harness.ENVIRONMENT)
            self.same("zstd from a pipe", piped.stdout)
        # Rotated: the same packets in two files, parted amid a connection, are one capture.
        at, records = 24, 0
        while records < 30:
            at += 16 + struct.unpack_from("<I", self.bytes, at + 8)[0]
            records += 1
        self.write("part1", self.bytes[:at])
        self.write("part2", self.bytes[:24] + self.bytes[at:])
        done = self.run(["-r", "part1", "-r", "part2"])
        pointers = re.compile(rb',?"(first_frame|last_frame|file|last_file)":("[^"]*"|\d+)')
        self.check(done.status == 0 and pointers.sub(b"", done.out) == pointers.sub(b"", self.plain), "rotated files are not one capture")

    def ways_out(self):
        done = self.run(["-r", CAPTURE, "-o", os.path.join(self.work, "out")], harness.PCAPS)
        with open(os.path.join(self.work, "out"), "rb") as file:
            self.check(file.read() == self.plain and done.out == b"", "-o writes other bytes")
        first = subprocess.run(["bash", "-c", 'set -o pipefail; "$1" -r "$2" | head -n 1; echo "${PIPESTATUS[0]}"', "_", self.hark,
                                os.path.join(harness.PCAPS, "parallel.pcap")], capture_output=True, text=True, check=False, env=harness.ENVIRONMENT)
        self.check(first.stderr == "" and first.stdout.splitlines()[-1] == "0", f"| head: {first.stdout[-80:]!r} {first.stderr!r}")
        for arguments, words in ((["--help"], "--read"), (["--version"], "libpcap")):
            done = self.run(arguments)
            self.check(done.status == 0 and words.encode() in done.out, f"{arguments[0]}: {done.status} {done.out[:200]!r}")
        done = self.run(["-r", CAPTURE, "-q"], harness.PCAPS)
        self.check(done.err == b"" and done.out == self.plain, f"-q is not quiet: {done.err!r}")
        done = self.run(["-r", CAPTURE, "--format", "text", "--color", "always"], harness.PCAPS)
        self.check(b"\x1b[" in done.out, "--color always has no colour")
        done = self.run(["-r", CAPTURE, "--format", "text"], harness.PCAPS)
        self.check(b"\x1b[" not in done.out and done.out.count(b"\n") >= self.plain.count(b"\n"), "text into a pipe has colour, or too few lines")
        for arguments, least in ((["-c", "5"], 5), (["-s", "60"], 1)):
            done = self.run(["-r", CAPTURE, "--stats", *arguments], harness.PCAPS)
            self.check(done.status == 0 and b"The ledger balances." in done.err and done.out != self.plain and least, f"{arguments}: no effect")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hark-usage.") as work:
        usage = Usage(os.path.abspath(arguments.hark), work)
        for part in (usage.refusals, usage.damaged, usage.ways_in, usage.ways_out):
            part()
    print(f"usage: {usage.checks} checks, {len(usage.faults)} faults")
    return 1 if usage.faults else 0


if __name__ == "__main__":
    sys.exit(main())
