#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""streams.py --fault HARK_FAULT --hark BINARY [--only PART] [--step N]

Files and pipes that fail: disks that fill, quotas, limits of size, errors at closing, interrupted and partial reads and writes, slow
readers, pipes that do not block; captures that grow, shrink, are replaced or damaged while they are read. What can't be written is counted
and said in one line, and what was written are whole lines but for the last; what can be read before the damage is analyzed."""
import argparse
import errno
import fcntl
import gzip
import os
import re
import resource
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import allocations  # noqa: E402
import material  # noqa: E402
from bench import JOBS, PATIENCE, Bench  # noqa: E402
from material import capfile, harness  # noqa: E402

RECORDS_LOST = re.compile(rb"^hark: writing to [^\n]* failed after (\d+) bytes: [^\n]*; (\d+) records were not written(, and the rest of the input was not read)?$",
                          re.MULTILINE)


def few_descriptors():
    """So few that a file is opened on its turn, not held open until then."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))


class Streams(Bench):
    def __init__(self, hark, fault, work, step):
        super().__init__(hark, work)
        self.fault = fault
        self.step = step
        self.good = self.run("-r", "all.pcap").out
        assert len(self.good) > 200_000

    def finish(self, process, what):
        """Status, and what `end` gives."""
        out, err = self.end(process, what)
        return process.returncode, out, err

    # ---- output ----

    def told(self, what, status, out, err, reason):
        """A failed output: exit 1, one line with the reason and a true count, and the beginning of the good output."""
        said = RECORDS_LOST.search(err)
        if not self.check(status == 1 and said is not None and reason.encode() in err and err.count(b"hark: ") == 1, f"{what}: {status} {err[-500:]!r}"):
            return
        self.check(self.good.startswith(out), f"{what}: what was written is not the beginning of the output")
        missing = self.good.count(b"\n") - out.count(b"\n")
        self.check(int(said.group(2)) == missing or (said.group(3) and int(said.group(2)) < missing),
                   f"{what}: {missing} records are missing, {int(said.group(2))} are said to be")
        written = re.search(rb"^RECORDS\n(?:.*\n)*?  written +([\d ]+)$", err, re.MULTILINE)
        self.check(written is not None and int(written.group(1).replace(b" ", b"")) == out.count(b"\n"), f"{what}: the ledger tells another number of written records")
        self.check(int(said.group(1)) == len(out), f"{what}: {len(out)} bytes are there, {int(said.group(1))} are said to be")
        self.check(b"The ledger balances" in err, f"{what}: the ledger: {err[-300:]!r}")

    def fault_runs(self, kind, mode, *arguments, step=None):
        case = allocations.Case("", ["-r", "all.pcap", *arguments], kind=kind, mode=mode)
        for outcome in allocations.outcomes(self.fault, case, self.work, step=step or self.step):
            trouble = harness.Run(outcome.status, b"", outcome.err).trouble
            if self.check(not trouble, f"{kind} {mode} {arguments} n={outcome.number}: {trouble}"):
                yield f"{kind} {mode} {' '.join(arguments)} n={outcome.number}", outcome

    def writes(self):
        """Each write in turn fails, is interrupted, finds no room for now, or takes only a part."""
        for jobs in JOBS:
            for error in (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG):
                for what, outcome in self.fault_runs(f"write={error}", "once", "-j", jobs, "--stats"):
                    if outcome.failures:
                        self.told(what, outcome.status, outcome.out, outcome.err, os.strerror(error))
                    else:
                        self.check(outcome.out == self.good and outcome.status == 0, f"{what}: without a failure")
            for kind in (f"write={errno.EINTR}", f"write={errno.EAGAIN}", "write/1", "write/7", "write/4096"):
                for what, outcome in self.fault_runs(kind, "once", "-j", jobs, step=1 if "/" in kind else None):
                    self.check(outcome.out == self.good and outcome.status == 0, f"{what}: {outcome.status} {outcome.err[-300:]!r}")
            for what, outcome in self.fault_runs(f"write={errno.EPIPE}", "onward", "-j", jobs, "--stats"):
                quiet = outcome.status == 0 and b"hark:" not in outcome.err and b"The ledger balances" in outcome.err
                self.check(quiet and self.good.startswith(outcome.out), f"{what}: {outcome.status} {outcome.err[-300:]!r}")

    def closes(self):
        """Each descriptor in turn says at its closing that something was lost: only the output's counts."""
        for arguments in ([], ["-o", "/proc/self/fd/1"]):
            for error in (errno.EIO, errno.ENOSPC, errno.EDQUOT):
                said = 0
                for what, outcome in self.fault_runs(f"close={error}", "once", *arguments, step=1):
                    self.check(outcome.out == self.good, f"{what}: the output differs")
                    if outcome.status == 1:
                        said += 1
                        self.check(os.strerror(error).encode() in outcome.err and outcome.err.count(b"\n") == 1, f"{what}: {outcome.err!r}")
                self.check(said == 1, f"close={error} {arguments}: {said} closings made the run fail")

    def full_disk(self):
        """A file system that fills in the middle."""
        script = 'mount -t tmpfs -o size="$1" none "$2" || exit 77; shift; d=$1; shift; "$@"; s=$?; cat "$d/out" >&3; exit $s'
        target = os.path.join(self.work, "disk")
        os.makedirs(target, exist_ok=True)
        for jobs in JOBS:
            for size in ("4k", "64k", "200k"):
                what = f"a disk of {size}, -j{jobs}"
                result = os.path.join(self.work, "copy")
                with open(result, "wb") as copy:
                    done = subprocess.run(["unshare", "-m", "bash", "-c", f"exec 3>&1 >/dev/null; {script}", "_", size, target, self.hark, "-r", "all.pcap", "-j", jobs,
                                           "-o", os.path.join(target, "out"), "--stats"], stdout=copy, stderr=subprocess.PIPE, env=harness.ENVIRONMENT, cwd=self.work,
                                          check=False, timeout=PATIENCE)
                if done.returncode in (1, 77) and b"hark" not in done.stderr:
                    print("skipped: no mount namespace")
                    return
                with open(result, "rb") as copy:
                    self.told(what, done.returncode, copy.read(), done.stderr, "No space left")

    def size_limit(self):
        """ulimit -f: the signal of it must not end the run."""
        path = os.path.join(self.work, "limited")
        for jobs in JOBS:
            process = self.start("-r", "all.pcap", "-o", path, "-j", jobs, "--stats", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)))
            status, _, err = self.finish(process, "a limit of file size")
            with open(path, "rb") as file:
                self.told(f"a limit of file size, -j{jobs}", status, file.read(), err, "File too large")

    def slow_readers(self):
        """Nothing is lost when the reader is slow, and whether the pipe blocks or not."""
        for jobs in JOBS:
            for blocking in (True, False):
                for pauses in (0.002, 0.15):
                    read_end, write_end = os.pipe()
                    os.set_blocking(write_end, blocking)
                    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
                    process = self.start("-r", "all.pcap", "-j", jobs, stdout=write_end)
                    os.close(write_end)
                    got = b""
                    while True:
                        time.sleep(pauses if len(got) < 20_000 else 0)
                        data = os.read(read_end, 16384)
                        if not data:
                            break
                        got += data
                    os.close(read_end)
                    what = f"a slow reader, -j{jobs} blocking={blocking}"
                    status, _, err = self.finish(process, what)
                    self.check(status == 0 and got == self.good and err == b"", f"{what}: {status} {len(got)} of {len(self.good)} bytes, {err!r}")

    def readers_that_go(self):
        """A FIFO, standard output: whoever reads goes away after some lines."""
        fifo = os.path.join(self.work, "fifo")
        os.mkfifo(fifo)
        for jobs in JOBS:
            for bytes_read in (0, 1, 5000, 150_000):
                process = self.start("-r", "all.pcap", "-j", jobs, "-o", fifo, "--stats")
                with open(fifo, "rb", buffering=0) as reader:
                    got = b""
                    while len(got) < bytes_read:
                        got += reader.read(min(4096, bytes_read - len(got)))
                what = f"a reader of {bytes_read} bytes of a FIFO, -j{jobs}"
                status, _, err = self.finish(process, what)
                unwritten = re.search(rb"NOT written: the output failed or closed +([\d ]+)\n", err)
                self.check(status == 0 and b"hark:" not in err and b"The ledger balances" in err and unwritten is not None and self.good.startswith(got),
                           f"{what}: {status} {err[-400:]!r}")

    # ---- input ----

    def reads(self):
        """Each read in turn fails, is interrupted, or gives only a part."""
        with open(self.all, "rb") as plain, gzip.open(os.path.join(self.work, "all.pcap.gz"), "wb", compresslevel=1) as packed:
            packed.write(plain.read())
        good_packed = self.run("-r", "all.pcap.gz").out
        for path, good in (("all.pcap", self.good), ("all.pcap.gz", good_packed)):
            for kind in (f"read={errno.EINTR}", f"read={errno.EAGAIN}", "read/1", "read/7", "read/1000"):
                for what, outcome in self.reading(path, kind):
                    self.check(outcome.out == good and outcome.status == 0, f"{what}: {outcome.status} {outcome.err[-300:]!r}")
            for kind in (f"read={errno.EIO}", f"read={errno.ESTALE}"):
                for what, outcome in self.reading(path, kind):
                    if outcome.failures:
                        told = outcome.status == 1 and re.fullmatch(rb"hark: " + path.encode() + rb": [^\n]*(Input/output error|Stale file handle)[^\n]*\n", outcome.err)
                        self.check(told or (outcome.status == 0 and outcome.out == good), f"{what}: {outcome.status} {outcome.err[-300:]!r}")
                        self.check(self.is_beginning(outcome.out, good), f"{what}: records that are neither whole nor open")
                    else:
                        self.check(outcome.out == good and outcome.status == 0, f"{what}: without a failure")

    def reading(self, path, kind):
        case = allocations.Case("", ["-r", path], kind=kind)
        for outcome in allocations.outcomes(self.fault, case, self.work):
            yield f"{kind} of {path} n={outcome.number}", outcome

    def is_beginning(self, out, good):
        """The records of a capture that ended too early: those finished before, then those that the end left open."""
        lines, good_lines = out.splitlines(keepends=True), good.splitlines(keepends=True)
        same = 0
        while same < len(lines) and same < len(good_lines) and lines[same] == good_lines[same]:
            same += 1
        odd = [line for line in lines[same:] if b'"complete":false' not in line and line not in good_lines and b'"type":"tunnel"' not in line]
        for line in odd:
            print("    odd:", line[:1500])
        return not odd

    def cut_at(self, name, blob, frames):
        """What hark says of the first bytes, and what of the frames that are whole in them."""
        with open(os.path.join(self.work, name), "wb") as file:
            file.write(blob)
        material.write(os.path.join(self.work, "whole.pcap"), capfile.Capture(capfile.ETHERNET, self.capture.frames[:frames]))
        return self.run("-r", name), self.run("-r", "whole.pcap").out.replace(b'"file":"whole.pcap"', b'"file":"%s"' % name.encode())

    def damaged(self):
        """A file that ends, or is damaged, anywhere: one line, and all frames before it are analyzed."""
        with open(self.all, "rb") as file:
            blob = file.read()
        offsets, at = [24], 24
        for frame in self.capture.frames:
            at += 16 + len(frame.data)
            offsets.append(at)
        last = len(self.capture.frames)
        for frames in (0, 1, 7, 400, last - 1):
            start = offsets[frames]
            for extra in (1, 15, 16, 17, 30):
                done, good = self.cut_at("cut.pcap", blob[:start + extra], frames)
                self.check(done.status == 1 and done.out == good and re.fullmatch(rb"hark: cut\.pcap: [^\n]*frame[^\n]*\n", done.err),
                           f"cut {extra} bytes into frame {frames + 1}: {done.status} {done.err!r}")
            done, good = self.cut_at("cut.pcap", blob[:start], frames)
            self.check(done.status == 0 and done.out == good and done.err == b"", f"cut behind frame {frames}: {done.status} {done.err!r}")
            for length in (0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 300_000_000):
                damaged = bytearray(blob)
                damaged[start + 8:start + 12] = struct.pack("<I", length)
                done, good = self.cut_at("cut.pcap", damaged, frames)
                self.check(done.status == 1 and done.out == good and re.fullmatch(rb"hark: cut\.pcap: [^\n]*frame[^\n]*\n", done.err),
                           f"length {length} of frame {frames + 1}: {done.status} {done.err!r}")
        for stamp in ((0xFFFFFFFF, 0), (0x80000000, 0xFFFFFFFF), (0, 0)):
            damaged = bytearray(blob)
            damaged[offsets[400]:offsets[400] + 8] = struct.pack("<II", *stamp)
            done, _ = self.cut_at("cut.pcap", damaged, last)
            self.check(done.status == 0 and not done.trouble and done.out.count(b"\n") >= self.good.count(b"\n") - 2, f"time {stamp}: {done.status} {done.err!r} {done.trouble}")
        self.damaged_packed(blob)

    def damaged_packed(self, blob):
        """Compressed data that are cut or damaged in the middle: what could be unpacked before is analyzed."""
        packers = {"gz": lambda data: gzip.compress(data, 6, mtime=0),
                   "zst": lambda data: subprocess.run(["zstd", "-q", "-c", "--no-check"], input=data, stdout=subprocess.PIPE, check=True).stdout}
        for suffix, pack in packers.items():
            packed = pack(blob)
            for part in (0.3, 0.7, 0.999):
                for what in ("cut", "damaged"):
                    at = int(len(packed) * part)
                    data = bytearray(packed[:at] if what == "cut" else packed)
                    if what == "damaged":
                        data[at - 40:at] = b"\xff" * 40
                    name = f"broken.pcap.{suffix}"
                    with open(os.path.join(self.work, name), "wb") as file:
                        file.write(data)
                    done = self.run("-r", name)
                    said = re.fullmatch(rb"hark: " + name.encode() + rb": [^\n]*\n", done.err)
                    good = self.good.replace(b'"file":"all.pcap"', b'"file":"%s"' % name.encode())
                    self.check(done.status == 1 and said and not done.trouble, f"{name} {what} at {part}: {done.status} {done.err!r} {done.trouble}")
                    self.check(what == "damaged" or self.is_beginning(done.out, good), f"{name} {what} at {part}: records that are not of the beginning")
                    self.check(part < 0.5 or done.out.count(b"\n") > 20, f"{name} {what} at {part}: {done.out.count(10)} records")

    def stalled(self, *arguments, **more):
        """hark on a capture, in the midst of it because nobody reads what it writes yet."""
        read_end, write_end = os.pipe()
        fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
        process = self.start(*arguments, "--stats", stdout=write_end, **more)
        os.close(write_end)
        select.select([read_end], [], [], PATIENCE)
        time.sleep(0.3)
        return process, read_end

    def drain(self, process, read_end, what):
        got = b""
        while True:
            data = os.read(read_end, 65536)
            if not data:
                break
            got += data
        os.close(read_end)
        status, _, err = self.finish(process, what)
        self.check(b"The ledger balances" in err and b"anitizer" not in err, f"{what}: {err[-400:]!r}")
        return status, got, err

    def changing(self):
        """A capture that shrinks, grows, goes away or is another while hark is in the midst of it."""
        frames = []
        for copy in range(24):  # more than what waits between hark's threads
            frames += [capfile.Frame(frame.time + copy * 100 * 10**9, frame.data, frame.wire) for frame in self.capture.frames]
        path, whole = (os.path.join(self.work, name) for name in ("long.pcap", "whole.pcap"))
        material.write(whole, capfile.Capture(capfile.ETHERNET, frames))
        boundary = 24 + sum(16 + len(frame.data) for frame in frames[:len(frames) * 9 // 10])
        shutil.copy(whole, path)
        good = self.run("-r", "long.pcap").out
        for jobs in JOBS:
            for extra in (0, 5, 20):
                shutil.copy(whole, path)
                process, out = self.stalled("-r", "long.pcap", "-j", jobs)
                os.truncate(path, boundary + extra)
                what = f"a file cut at a frame + {extra} while it is read, -j{jobs}"
                status, got, err = self.drain(process, out, what)
                self.check(status == 1 and b"it became shorter while it was read" in err, f"{what}: {status} {err[:300]!r}")
                self.check(self.is_beginning(got, good), f"{what}: records that are not of the beginning")
            os.truncate(path, boundary)
            process, out = self.stalled("-r", "long.pcap", "-j", jobs)
            with open(whole, "rb") as more, open(path, "ab") as file:
                more.seek(boundary)
                file.write(more.read())
            what = f"a file that grows while it is read, -j{jobs}"
            status, got, err = self.drain(process, out, what)
            self.check(status == 0 and got == good, f"{what}: {status} {len(got)} of {len(good)} bytes {err[:300]!r}")
            shutil.copy(self.all, os.path.join(self.work, "second.pcap"))
            process, out = self.stalled("-r", "long.pcap", "-r", "second.pcap", "-j", jobs, preexec_fn=few_descriptors)
            os.unlink(path)
            os.unlink(os.path.join(self.work, "second.pcap"))
            what = f"files that are removed while they are read, -j{jobs}"
            status, got, err = self.drain(process, out, what)
            self.check(status == 1 and got.startswith(good[:len(good) // 2]) and b"hark: second.pcap: No such file" in err and err.count(b"hark: ") == 1, f"{what}: {status} {err[:300]!r}")
            shutil.copy(whole, path)
            shutil.copy(self.all, os.path.join(self.work, "second.pcap"))
            process, out = self.stalled("-r", "long.pcap", "-r", "second.pcap", "-r", "all.pcap", "-j", jobs, preexec_fn=few_descriptors)
            os.unlink(os.path.join(self.work, "second.pcap"))
            os.mkdir(os.path.join(self.work, "second.pcap"))
            what = f"a file that becomes a directory, -j{jobs}"
            status, got, err = self.drain(process, out, what)
            os.rmdir(os.path.join(self.work, "second.pcap"))
            said = re.search(rb"hark: second\.pcap: (Is a directory|Permission denied; hark gave up)", err)
            self.check(status == 1 and said and b'"file":"all.pcap"' in got, f"{what}: {status} {err[:300]!r}")

    PARTS = ("writes", "closes", "full_disk", "size_limit", "slow_readers", "readers_that_go", "reads", "damaged", "changing")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fault", required=True, help="the hark_fault of a build")
    parser.add_argument("--hark", required=True)
    parser.add_argument("--only", action="append", choices=Streams.PARTS)
    parser.add_argument("--step", type=int, default=1, help="each so-many-th write")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        streams = Streams(os.path.abspath(arguments.hark), os.path.abspath(arguments.fault), work, arguments.step)
        for part in arguments.only or Streams.PARTS:
            started, cases = time.monotonic(), streams.cases
            getattr(streams, part)()
            print(f"{part}: {streams.cases - cases} checks, {time.monotonic() - started:.1f} s", flush=True)
        print(f"{streams.cases} checks, {streams.faults} faults")
    return 1 if streams.faults else 0


if __name__ == "__main__":
    sys.exit(main())
