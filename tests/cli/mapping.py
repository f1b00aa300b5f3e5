#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mapping.py --hark BINARY

A capture is mapped (capture/source_map.h) where nobody can let hark wait, and read elsewhere; the records are the same, sandbox or not, with
bytes that wait in the capture or in copies. Who wants to write a capture that is mapped gets it soon."""
import argparse
import fcntl
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402

PATIENCE = 60
CAPTURE_BYTES = 12 << 20
HEADER_BYTES = 24


def later(records, seconds, lost):
    """The same frames, so much later, but for every eleventh from number `lost` on."""
    moved, at, number = bytearray(), 0, 0
    while at < len(records):
        second, rest, captured, length = struct.unpack_from("<IIII", records, at)
        if number % 11 != lost:
            moved += struct.pack("<IIII", second + seconds, rest, captured, length) + records[at + 16 : at + 16 + captured]
        at += 16 + captured
        number += 1
    return moved


def make_capture(path):
    """Connections that come again and again, each with other packets missing, so that what follows them waits."""
    with open(os.path.join(harness.PCAPS, "keepalive.pcap"), "rb") as file:
        once = file.read()
    with open(path, "wb") as file:
        file.write(once[:HEADER_BYTES])
        for turn in range(CAPTURE_BYTES // (len(once) - HEADER_BYTES)):
            file.write(later(once[HEADER_BYTES:], turn * 600, turn % 12))


def gives_leases(path):
    with open(path, "rb") as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError:
            return False
    return True


class Mapping:
    def __init__(self, hark, work):
        self.hark = hark
        self.capture = os.path.join(work, "big.pcap")
        self.output = os.path.join(work, "records")
        self.faults = 0
        make_capture(self.capture)

    def check(self, holds, what):
        if not holds:
            self.faults += 1
            print("FAULT", what, flush=True)

    def start(self, output, *more):
        with open(output, "wb") as stdout:
            return subprocess.Popen([self.hark, "-q", "-r", self.capture, *more], stdin=subprocess.DEVNULL, stdout=stdout, env=harness.ENVIRONMENT)

    def is_mapped(self, hark):
        """Is it, while it runs? Seen again and again, until it is or hark has ended."""
        while hark.poll() is None:
            if self.seen_now(hark):
                return True
        return False

    def records(self, hark, what):
        self.check(hark.wait(PATIENCE) == 0, f"{what}: exit status {hark.returncode}")
        with open(self.output, "rb") as file:
            return file.read()

    def piped(self, *more):
        return subprocess.run([self.hark, "-q", "-r", self.capture, *more], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=harness.ENVIRONMENT, check=True).stdout

    def mapped_or_read(self):
        with subprocess.Popen([self.hark, "-q", "-r", self.capture], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=harness.ENVIRONMENT) as hark:
            hark.stdout.peek(1)
            self.check(not self.seen_now(hark), "a capture is mapped although its records go through a pipe")
            expected = hark.stdout.read()
        self.check(len(expected) > 1 << 20, f"{len(expected)} bytes of records")
        for more in ((), ("-j", "3"), ("--no-sandbox",), ("-r", self.capture), ("-r", self.capture, "-j", "3")):
            hark = self.start(self.output, *more)
            self.check(self.is_mapped(hark), f"{more}: the capture is not mapped")
            same = self.piped(*more) if "-r" in more else expected
            self.check(self.records(hark, more) == same, f"{more}: other records than through a pipe")
        with open(self.capture, "r+b"):
            hark = self.start(self.output)
            self.check(not self.is_mapped(hark), "a capture is mapped although somebody has it open for writing")
            self.check(self.records(hark, "open for writing") == expected, "open for writing: other records")

    def seen_now(self, hark):
        try:
            with open(f"/proc/{hark.pid}/maps", encoding="utf-8", errors="replace") as file:
                return self.capture in file.read()
        except ProcessLookupError:  # it ended just now
            return False

    def writer(self):
        """It waits, but not for the end of the run, which has all frames that were there. Who looks late, on a busy machine, asks once more."""
        expected = self.records(self.start(self.output), "alone")
        for jobs in ("1", "3"):
            for last in (False, False, True):
                hark = self.start(self.output, "-j", jobs)
                self.check(self.is_mapped(hark), f"-j {jobs}: the capture is not mapped")
                begun = time.monotonic()
                with open(self.capture, "r+b"):
                    waited, written = time.monotonic() - begun, os.path.getsize(self.output)
                    soon = written < len(expected) / 2
                    self.check(soon or not last, f"-j {jobs}: {waited:.3f} s until the writer had it, and {written} of {len(expected)} bytes of records were there")
                    self.check(not self.seen_now(hark), f"-j {jobs}: a capture is mapped although somebody has it open for writing now")
                self.check(self.records(hark, f"-j {jobs}, with a writer") == expected, f"-j {jobs}, with a writer: other records")
                if soon:
                    break

    def gets_it(self, seconds):
        """Can somebody have the capture for writing within so long?"""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                os.close(os.open(self.capture, os.O_RDWR | os.O_NONBLOCK))
                return True
            except BlockingIOError:
                time.sleep(0.02)
        return False

    def writer_behind(self):
        """What workers hold of it is let go of, though nothing follows for them: a pipe with frames that are no TCP."""
        pipe = os.path.join(os.path.dirname(self.capture), "pipe")
        os.mkfifo(pipe)
        frame = bytes(12) + b"\x08\x06" + bytes(46)
        for jobs in ("1", "3"):
            hark = self.start(self.output, "-r", pipe, "-j", jobs)
            self.check(self.is_mapped(hark), f"-j {jobs}: the capture is not mapped")
            with open(pipe, "wb", buffering=0) as feed:  # which waits for hark to open it
                stop = threading.Event()

                def talk(feed=feed, stop=stop):
                    feed.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
                    while not stop.is_set():
                        feed.write(struct.pack("<IIII", 2000000000, 0, len(frame), len(frame)) + frame)
                        time.sleep(0.005)

                talker = threading.Thread(target=talk)
                talker.start()
                self.check(self.gets_it(10), f"-j {jobs}: nobody gets the capture while the next one is read")
                stop.set()
                talker.join()
            self.check(hark.wait(PATIENCE) == 0, f"-j {jobs}: exit status {hark.returncode}")

    def other_outputs(self):
        """Rotated files have no reader; saved packets may have one."""
        work = os.path.dirname(self.capture)
        hark = self.start(self.output, "-o", os.path.join(work, "rotated.ndjson"), "--rotate-size", "1G")
        self.check(self.is_mapped(hark), "the capture is not mapped with rotated files")
        self.check(hark.wait(PATIENCE) == 0, f"rotated: exit status {hark.returncode}")
        words = [self.hark, "-q", "-r", self.capture, "-o", os.path.join(work, "beside.ndjson"), "-w", "-"]
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=harness.ENVIRONMENT) as hark:
            hark.stdout.peek(1)
            self.check(not self.seen_now(hark), "a capture is mapped although its packets go to a pipe")
            while hark.stdout.read(1 << 20):
                pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hark-mapping.") as work:
        mapping = Mapping(os.path.abspath(arguments.hark), work)
        if not gives_leases(mapping.capture):
            print(f"SKIP: no leases on files in {work}, so captures are read there")
            return 77
        mapping.mapped_or_read()
        mapping.writer()
        mapping.writer_behind()
        mapping.other_outputs()
    print(f"{mapping.faults} faults")
    return 1 if mapping.faults else 0


if __name__ == "__main__":
    sys.exit(main())
