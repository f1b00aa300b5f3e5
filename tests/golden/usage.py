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
import signal
import struct
import subprocess
import sys
import tempfile
import time

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
        self.refused("a wrong part", ["-r", self.capture, "--omit=tcp,semantic"], 2, "'semantic'", "'semantics'?")
        self.refused("a part that stays", ["-r", self.capture, "--omit=capture.complete"], 2, "stays in every record")
        self.refused("parts of lines for people", ["-r", self.capture, "--omit=tcp", "--format=text"], 2, "--omit", "--format=text")
        self.refused("nothing to read", [], 2, "-r")
        self.refused("a file and an interface", ["-r", self.capture, "-i", "lo"], 2, "-i")
        self.refused("an output that cannot be made", ["-r", self.capture, "-o", "nowhere/out"], 1, "nowhere/out")
        self.refused_keys()
        self.refused_saving()
        done = self.run(["-r", self.capture, "-o", "/dev/full"])
        self.check(done.status == 1 and b"/dev/full" in done.err, f"a full disk: exit status {done.status}: {done.err!r}")

    def refused_saving(self):
        copy = self.write("copy.pcap", self.bytes)
        self.refused("packets in place of the input", ["-r", copy, "-w", copy], 2, "copy.pcap", "-w")
        self.refused("packets and records in one place", ["-r", copy, "-w", "-"], 2, "standard output", "-w")
        self.refused("one place by two names", ["-r", copy, "-o", "both", "-w", "./both"], 2, "both", "-w")
        self.refused("one place by one name", ["-r", copy, "-o", "one", "-w", "one"], 2, "one", "-w")
        self.check(self.run(["-r", copy, "-o", "/dev/null", "-w", "/dev/null"]).status == 0, "/dev/null does not take both")
        self.refused("a choice of nothing", ["-r", copy, "--save=failures"], 2, "--save", "-w FILE")
        self.refused("a wrong choice to save", ["-r", copy, "-w", "x", "--save=most"], 2, "most", "failures")
        self.refused("no room for the buffer", ["-r", "-", "-w", "x", "--max-memory=128M"], 2, "--save-buffer", "--max-memory")
        self.refused("a place that is not there", ["-r", copy, "-w", "nowhere/x"], 1, "nowhere/x")
        with open(copy, "rb") as file:
            self.check(file.read() == self.bytes, "a refused run changes its input")

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


    def saved(self, what, arguments, stdin=subprocess.DEVNULL):
        """-w with these arguments: the records are as ever but for what they say of it, and so are those of the saved file."""
        done = self.run([*arguments, "-w", "saved.pcapng", "-q"], stdin=stdin)
        self.check(done.status == 0 and done.err == b"", f"{what}: exit status {done.status}: {done.err!r}")
        self.check(done.out.count(b'"saved":"connection"') == self.plain.count(b"\n"), f"{what}: not all is saved: {done.out[:300]!r}")
        self.same(what, done.out.replace(b',"saved":"connection"', b""))
        self.same(f"{what}, read again", self.run(["-r", "saved.pcapng"]).out)
        with open(os.path.join(self.work, "saved.pcapng"), "rb") as file:
            return file.read()

    def saving(self):
        first = self.saved("saving", ["-r", self.capture])
        self.check(self.saved("saving with threads", ["-r", self.capture, "-j", "4"]) == first, "with threads something else is saved")
        self.check(self.saved("saving what is compressed", ["-r", self.write("s.pcap.gz", gzip.compress(self.bytes))]) == first,
                   "of a compressed file something else is saved")
        with open(self.capture, "rb") as file:
            self.saved("saving what a pipe brings", ["-r", "-"], file)
        ids = [record["event"]["id"].encode() for record in self.run(["-r", self.capture]).records()]
        self.check(all(first.count(b"hark event.id " + each) == 1 for each in ids), "the saved packets do not name their transactions")
        alone = self.run(["-r", self.capture, "-w", "alone.pcapng", "--save-slower=500us", "--save-from=transaction"]).records()
        again = self.run(["-r", "alone.pcapng"]).records()
        self.check([r["capture"].get("saved") for r in alone] == [None] * (len(alone) - 1) + ["transaction"], "not the slow transaction alone is saved")
        self.check(len(again) == 1 and again[0]["http"] == alone[-1]["http"] and again[0]["capture"]["midstream"], f"a transaction alone becomes {again}")
        done = self.run(["-r", self.capture, "-w", "loud.pcapng"])
        self.check(b"secrets" in done.err and b"packets saved to loud.pcapng" in done.err, f"saving says nothing: {done.err!r}")
        key = harness.write_key(self.work)
        self.run(["-r", self.capture, "-w", "other.pcapng", "--anonymize-ip", "--secrets-key", key])
        with open(os.path.join(self.work, "other.pcapng"), "rb") as file:
            self.check(b"event.id" not in file.read(), "ids beside the addresses that were to be hidden")
        done = self.run(["-r", self.capture, "-w", "none.pcapng", "--save-slower=1h"])
        self.check(done.status == 0 and done.out == self.run(["-r", self.capture]).out, "a transaction that nobody wants saved says more than ever")
        self.check(self.run(["-r", "none.pcapng"]).status == 0, "a saved file without packets is no capture")
        for where in ([], ["-j", "2"]):
            done = self.run(["-r", self.capture, "-w", "/dev/full", *where])
            self.check(done.status == 1 and b"/dev/full" in done.err and b"No space" in done.err, f"packets for a full disk: {done.status}: {done.err!r}")
            self.check(done.out.count(b"\n") == self.plain.count(b"\n"), "with a full disk for packets records are missing")
        with open(self.capture, "rb") as file:
            done = self.run(["-r", "-", "-w", "/dev/full"], stdin=file)
        self.check(done.err.count(b"No space") == 1, f"packets of a pipe for a full disk: {done.err!r}")
        self.check(done.status == 1 and done.out.count(b'"saved":"none"') == self.plain.count(b"\n"),
                   f"packets of a pipe for a full disk: {done.status}, {done.out[-300:]!r}")

    def overrun(self):
        """A pipe whose connection is longer than the buffer: what is gone is said to be, and what is said to be there is."""
        frames, head = [], self.bytes[:24]
        at = 24
        while at < len(self.bytes):
            length = struct.unpack_from("<I", self.bytes, at + 8)[0]
            frames.append(self.bytes[at:at + 16 + length])
            at += 16 + length

        def noise(number):  # a packet of another connection, with 60,000 bytes of payload
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 60040, number, 0, 64, 6, 0, bytes((192, 0, 2, 77)), bytes((192, 0, 2, 78)))
            tcp = struct.pack(">HHIIBBHHH", 4000, 4001, 1 + number * 60000, 1, 0x50, 0x10, 1000, 0, 0)
            bytes_ = b"\0" * 12 + b"\x08\0" + ip + tcp + b"x" * 60000
            return frames[0][:8] + struct.pack("<II", len(bytes_), len(bytes_)) + bytes_

        flood = [noise(number) for number in range(40)]
        mixed = self.write("overrun.pcap", head + b"".join(frames[:30] + flood + frames[30:]))
        for jobs in ("1", "3"):
            with open(mixed, "rb") as file:
                done = self.run(["-r", "-", "-w", "part.pcapng", "--save-buffer=1M", "-q", "-j", jobs], stdin=file)
            told = [record["capture"]["saved"] for record in done.records()]
            self.check(done.status == 0 and told and set(told[:-1]) <= {"connection", "transaction", "part", "none"}, f"an overrun buffer: {told}")
            self.check(told[-1] == "part" and b"--save-buffer" in done.err, f"an overrun buffer: {told}, {done.err!r}")
            if jobs == "1":
                self.check(told[:-1] == ["connection"] * (len(told) - 1), f"an overrun buffer: {told}")
        done = self.run(["-r", mixed, "-w", "part.pcapng", "-q", "--save-buffer=1M"])
        self.check(b'"saved":"part"' not in done.out and done.err == b"", f"a file needs no buffer: {done.err!r}")


    def interrupted(self):
        """SIGINT amid the first reading: what was read is finished, and its packets are saved."""
        many, at = [self.bytes[:24]], 24
        frames = []
        for _ in range(17):
            length = struct.unpack_from("<I", self.bytes, at + 8)[0]
            frames.append(self.bytes[at:at + 16 + length])
            at += 16 + length
        client = frames[0][16 + 34:16 + 36]
        for copy in range(3000):
            port = struct.pack(">H", 10000 + copy)
            for frame in frames:
                side = 16 + (34 if frame[16 + 34:16 + 36] == client else 36)
                many.append(frame[:side] + port + frame[side + 2:])
        self.write("many.pcap", b"".join(many))
        for wait in (0.05, 0.3, 0.8):
            process = subprocess.Popen([self.hark, "-r", "many.pcap", "-w", "part.pcapng", "-o", "part.json", "-q"], cwd=self.work,
                                       stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=harness.ENVIRONMENT)
            time.sleep(wait)
            process.send_signal(signal.SIGINT)
            err = process.communicate(timeout=60)[1]
            if process.returncode == -signal.SIGINT or b"interrupted" in err:  # before hark listened to it, or amid the second reading
                continue
            self.check(process.returncode == 0 and err == b"", f"SIGINT while saving: {process.returncode}: {err!r}")
            with open(os.path.join(self.work, "part.json"), "rb") as file:
                ids = sorted(re.findall(rb'"id":"([0-9a-f]{32})"', file.read()))
            again = sorted(re.findall(rb'"id":"([0-9a-f]{32})"', self.run(["-r", "part.pcapng"]).out))
            self.check(ids == again, f"SIGINT after {wait} s: {len(ids)} records, and {len(again)} of what is saved")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hark-usage.") as work:
        usage = Usage(os.path.abspath(arguments.hark), work)
        for part in (usage.refusals, usage.damaged, usage.ways_in, usage.ways_out, usage.saving, usage.overrun, usage.interrupted):
            part()
    print(f"usage: {usage.checks} checks, {len(usage.faults)} faults")
    return 1 if usage.faults else 0


if __name__ == "__main__":
    sys.exit(main())
