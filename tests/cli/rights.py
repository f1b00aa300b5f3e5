#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rights.py --hark BINARY

A run that has given up its rights does what it did with them, whatever it reads and writes: nothing is opened, looked up or loaded late.
And --check tells what is true. What is refused afterwards, tests/unit/test_rights.c tries; tests/live/rights.py looks at a live run."""
import argparse
import gzip
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402

PATIENCE = 60
NOBODY = 65534
CAPTURE = os.path.join(harness.PCAPS, "keepalive.pcap")


def unnamed(lines):
    """Records without the name of their file."""
    return re.sub(rb'"file":"[^"]*"', b'"file":""', lines)


class Rights:
    def __init__(self, hark, work):
        self.hark = hark
        self.work = work
        self.checks = 0
        self.faults = 0

    def check(self, holds, what):
        self.checks += 1
        if not holds:
            self.faults += 1
            print("FAULT", what, flush=True)

    def run(self, *arguments, **more):
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, "cwd": self.work, "env": harness.ENVIRONMENT, "timeout": PATIENCE, "check": False}
        options.update(more)
        return subprocess.run([self.hark, *arguments], **options)

    def same(self, *arguments, **more):
        """With and without its sandbox the output is the same, and so is what is said."""
        with_it, without = self.run(*arguments, **more), self.run("--no-sandbox", *arguments, **more)
        said = without.stderr.replace(b"hark: running without its sandbox (--no-sandbox)\n", b"")
        self.check(said != without.stderr or "-q" in arguments, f"{arguments}: nothing says that the sandbox is off")
        self.check((with_it.returncode, with_it.stdout, with_it.stderr) == (without.returncode, without.stdout, said),
                   f"{arguments}: {with_it.returncode} {len(with_it.stdout)} bytes {with_it.stderr[-300:]!r}, not {without.returncode} {len(without.stdout)} bytes {said[-300:]!r}")
        self.check(with_it.returncode == 0 and with_it.stdout, f"{arguments}: {with_it.returncode} {with_it.stderr[-300:]!r}")

    def nothing_is_needed_late(self):
        """Libraries have files that they open when they are first used: locale, time zone, services, configuration, modules."""
        key = harness.write_key(self.work)
        packed = os.path.join(self.work, "packed.pcap.gz")
        path = CAPTURE
        with open(path, "rb") as file, gzip.open(packed, "wb") as to:
            to.write(file.read())
        abroad = dict(harness.ENVIRONMENT, LC_ALL="de_DE.UTF-8", LANGUAGE="de", TZ="Europe/Berlin", TERM="xterm")
        hide = ["--secrets=hash", "--anonymize-ip", "--secrets-key", key]
        for jobs in ("1", "3"):
            for more in ([], ["--format", "text", "--color", "always"], hide, ["--max-memory", "128M"], ["-q"]):
                self.same("-r", path, "-j", jobs, *more, env=abroad)
            self.same("-r", packed, "-r", path, "-j", jobs)
            self.same("-r", path, "-j", jobs, "tcp port http or tcp port https or portrange 1000-65535 or ip proto ospf or ether host 0:1:2:3:4:5")
            with open(path, "rb") as file:
                capture = file.read()
            for filter_words in ([], ["tcp port http or tcp portrange 1-65535"]):
                self.same("-r", "-", "-j", jobs, *filter_words, input=capture, stdin=None)

    def saved(self, *arguments, status=0, **more):
        """The records and the saved packets of a run."""
        path = os.path.join(self.work, "saved.pcapng")
        done = self.run(*arguments, "-w", path, **more)
        self.check(done.returncode == status, f"-w {arguments}: {done.returncode} {done.stderr[-300:]!r}")
        with open(path, "rb") as file:
            packets = file.read()
        os.unlink(path)
        return done.stdout, packets

    def what_is_saved(self):
        """Files are read once and twice more when the rights are gone, with filters whose names were looked up before."""
        key = harness.write_key(self.work)
        fragments = os.path.join(harness.PCAPS, "fragments-ipv4.pcap")
        packed = os.path.join(self.work, "packed.pcap.gz")
        for jobs in ("1", "3"):
            for words in (["-r", CAPTURE], ["-r", fragments], ["-r", packed, "-r", CAPTURE, "tcp port http or portrange 1-65535 or host localhost"],
                          ["-r", fragments, "-r", CAPTURE, "--save-from=transaction"], ["-r", CAPTURE, "--anonymize-ip", "--secrets-key", key]):
                records, packets = self.saved(*words, "-j", jobs)
                self.check((records, packets) == self.saved("--no-sandbox", *words, "-j", jobs), f"-w {words} -j {jobs}: not the same as without the sandbox")
                self.check(records and len(packets) > 1000, f"-w {words} -j {jobs}: {len(records)} and {len(packets)} bytes")
            with open(CAPTURE, "rb") as file:
                capture = file.read()
            piped = {"input": capture, "stdin": None}
            got = self.saved("-r", "-", "-j", jobs, **piped)
            self.check(got[0] and len(got[1]) > 1000 and got == self.saved("--no-sandbox", "-r", "-", "-j", jobs, **piped), f"-w of a pipe -j {jobs}: not the same as without the sandbox")
        many = [word for _ in range(80) for word in ("-r", CAPTURE)]
        whole = self.saved(*many)
        for most in (48, 150, 300):
            few = self.saved(*many, preexec_fn=lambda most=most: resource.setrlimit(resource.RLIMIT_NOFILE, (48, most)))
            self.check(few == whole, f"-w of 80 files with {most} descriptors: not the same")

    def names_that_go(self):
        """The second reading is of the files that were read first, whatever has their names by then."""
        good = self.saved("-r", CAPTURE)
        capture, output, path = (os.path.join(self.work, name) for name in ("going.pcap", "going", "going.pcapng"))
        shutil.copy(CAPTURE, capture)
        os.mkfifo(output)
        hark = subprocess.Popen([self.hark, "-q", "-r", capture, "-o", output, "-w", path], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=harness.ENVIRONMENT)
        held, deadline = 0, time.monotonic() + PATIENCE
        while held < 3 and time.monotonic() < deadline:  # then it waits for who reads the output
            time.sleep(0.02)
            held = sum(os.readlink(f"/proc/{hark.pid}/fd/{fd}") == capture for fd in os.listdir(f"/proc/{hark.pid}/fd"))
        self.check(held == 3, f"the input is held open {held} times instead of 3")
        os.unlink(capture)
        with open(capture, "wb") as file:
            file.write(b"another")
        with open(output, "rb") as file:
            records = file.read()
        said = hark.stderr.read()
        self.check(hark.wait(PATIENCE) == 0 and said == b"", f"a file that went: {hark.returncode} {said!r}")
        with open(path, "rb") as file:
            self.check((unnamed(records), file.read()) == (unnamed(good[0]), good[1]), "a file that went: not the same records and packets")

    def ways_in(self):
        """Names that mean open descriptors; pipes with names; more files than descriptors."""
        path = CAPTURE
        good = self.run("-r", path).stdout
        for words in ("-r <(cat \"$1\")", "-r /dev/stdin < \"$1\"", "-r \"$1\" -o /dev/stdout", "-r \"$1\" -o >(cat; sleep 0.1)", "-r /dev/fd/7 7< \"$1\"",
                      "-r \"$1\" -o /dev/fd/8 8>&1"):
            done = subprocess.run(["bash", "-c", f"\"$0\" {words}; s=$?; wait; exit $s", self.hark, path], capture_output=True, env=harness.ENVIRONMENT, timeout=PATIENCE, check=False)
            self.check(done.returncode == 0 and unnamed(done.stdout) == unnamed(good) and done.stderr == b"", f"{words}: {done.returncode} {len(done.stdout)} of {len(good)} bytes {done.stderr[-300:]!r}")
        pipe = os.path.join(self.work, "pipe")
        os.mkfifo(pipe, 0o600)
        with open(path, "rb") as file:
            capture = file.read()

        def feed():
            with open(pipe, "wb") as to:
                to.write(capture)

        for owner in (os.geteuid(), NOBODY) if os.geteuid() == 0 else (os.geteuid(),):
            os.chown(pipe, owner, -1)
            feeder = threading.Thread(target=feed)
            feeder.start()
            done = self.run("-r", pipe)
            feeder.join()
            self.check(done.returncode == 0 and unnamed(done.stdout) == unnamed(good), f"a pipe with a name: {done.returncode} {done.stderr[-300:]!r}")
        many = [word for _ in range(80) for word in ("-r", path)]
        whole = self.run(*many)
        self.check(whole.returncode == 0 and whole.stdout, f"80 files: {whole.returncode} {whole.stderr[-300:]!r}")
        few = self.run(*many, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48)))
        self.check((few.returncode, few.stdout, few.stderr) == (0, whole.stdout, b""), f"80 files, 48 descriptors: {few.returncode} {few.stderr[-300:]!r}")

        more = self.run(*many, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (48, 300)))
        self.check((more.returncode, more.stdout, more.stderr) == (0, whole.stdout, b""), f"80 files, 48 descriptors that may be 300: {more.returncode} {more.stderr[-300:]!r}")
        limits = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (48, 300))}
        self.check(f"read {CAPTURE}" not in self.told(*many, **limits).get("path", []), "files wait to be opened though there may be descriptors for them")
        limits = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))}
        self.check(f"read {CAPTURE}" in self.told(*many, **limits)["path"], "no files wait to be opened")

    def told(self, *arguments, status=0, **more):
        """What --check prints, as {name: [values]}."""
        done = self.run("--check", *arguments, **more)
        self.check(done.returncode == status, f"--check {arguments}: {done.returncode} instead of {status}: {done.stdout.decode()} {done.stderr[-300:]!r}")
        facts = {}
        for line in done.stdout.decode().splitlines():
            facts.setdefault(line[:16].strip(), []).append(line[16:])
        return facts

    def check_tells_the_truth(self):
        path = CAPTURE
        output = os.path.join(self.work, "records")
        facts = self.told("-r", path, "-o", output)
        self.check(not os.path.exists(output), "--check makes the output")
        with open(output, "w", encoding="ascii") as file:
            file.write("before")
        facts = self.told("-r", path, "-o", output)
        with open(output, encoding="ascii") as file:
            self.check(file.read() == "before", "--check writes to the output")
        self.check(facts["user"][0].endswith(", as it was started") and f"user ids {os.geteuid()} " in facts["user"][0], f"{facts}")
        self.check(facts["capabilities"][0].startswith("none ("), f"{facts}")
        self.check(facts["new privileges"] == ["never (no_new_privs 1)"], f"{facts}")
        self.check(re.fullmatch(r"seccomp mode 2: \d\d+ calls allowed, others fail with EPERM", facts["system calls"][0]), f"{facts}")
        self.check(f"make, write, remove files in {self.work}" in facts["path"], f"{facts}")
        opened = "\n".join(facts["open"])
        for words in (f"packets ({path})", f"records ({output})", "wakes the reader (", "0 standard input ("):
            self.check(words in opened, f"--check does not say '{words}': {opened}")
        self.check([line.rsplit(": ", 1)[0] for line in facts["tried"]] ==
                   ["opening another file", "a packet socket", "an internet socket", "executing a program"], f"{facts}")
        self.check(all(line.endswith(("not permitted", "denied")) for line in facts["tried"]), f"{facts}")
        self.check(facts["memory"] == ["1G at most, 1048576 connections"], f"{facts}")
        self.check(self.told("-r", path, "--max-memory", "300M")["memory"][0].startswith("300M at most"), "--check: memory")
        saved = os.path.join(self.work, "to-be-saved")
        facts = self.told("-r", path, "-w", saved)
        self.check(not os.path.exists(saved) and f"read {path}" not in facts.get("path", []) and len([line for line in facts["open"] if f" packets ({path})" in line]) == 3, f"-w: {facts}")
        with open(saved, "w", encoding="ascii") as file:
            file.write("before")
        facts = self.told("-r", path, "-w", saved)
        self.check(any(line.endswith(f" saved packets ({saved})") for line in facts["open"]) and os.path.getsize(saved) == 6, f"-w: {facts}")
        for option in ("-o", "-w"):
            refused = self.told("-r", path, option, os.path.join(self.work, "no-folder", "file"), status=1)
            self.check("no-folder" in "".join(refused["output" if option == "-o" else "saved packets"]), f"{option} in no folder: {refused}")
        self.check(self.run("--check", "-r", path, "-w", path).returncode == 2, "--check takes an input for -w")
        facts = self.told("-r", path, "--no-sandbox")
        self.check("--no-sandbox" in facts["files"][0] and "--no-sandbox" in facts["system calls"][0] and "--no-sandbox" in facts["new privileges"][0], f"{facts}")
        with open(os.devnull, "wb") as other:
            facts = self.told("-r", path, pass_fds=[other.fileno()])
            self.check(any(line.startswith(f"{other.fileno()} inherited: not hark's (/dev/null)") for line in facts["open"]), f"{facts}")
        refused = self.run("--check", "-r", path, "--user", "hark-nobody-here")
        self.check(refused.returncode == 2 and b"there is no user hark-nobody-here" in refused.stderr, f"{refused.stderr!r}")
        refused = self.run("--check", "-r", os.path.join(self.work, "nothing"))
        self.check(refused.returncode == 1 and re.fullmatch(rb"hark: [^\n]+\n", refused.stderr), f"{refused.stderr!r}")
        refused = self.run("--check")
        self.check(refused.returncode == 2, f"--check alone: {refused.returncode} {refused.stderr!r}")

    def users(self):
        path = CAPTURE
        if os.geteuid() != 0:
            refused = self.run("-r", path, "--user", "root")
            self.check(refused.returncode == 1 and re.fullmatch(rb"hark: can't become user root [^\n]*\n", refused.stderr), f"{refused.stderr!r}")
            return
        os.chmod(self.work, 0o755)
        output = os.path.join(self.work, "given")
        done = self.run("-r", path, "-o", output, "--user", "nobody")
        self.check(done.returncode == 0 and os.stat(output).st_uid == NOBODY and os.path.getsize(output) > 0, f"--user nobody: {done.returncode} {done.stderr!r}")
        facts = self.told("-r", path, "--user", "nobody")
        self.check(facts["user"][0].startswith("nobody, group nogroup (user ids 65534 65534 65534 65534)") and facts["groups"] == ["no others"], f"{facts}")
        mine, saved = os.path.join(self.work, "mine.pcap"), os.path.join(self.work, "given.pcapng")
        shutil.copy(path, mine)
        os.chmod(mine, 0o600)
        done = self.run("-q", "-r", mine, "-o", output, "-w", saved, "--user", "nobody")
        self.check(done.returncode == 0 and done.stderr == b"" and os.stat(saved).st_uid == NOBODY, f"-w as nobody: {done.returncode} {done.stderr!r}")
        with open(saved, "rb") as file:
            self.check(file.read() == self.saved("-r", mine)[1], "-w as nobody: other packets than root's")
        kept = os.path.join(self.work, "kept")
        done = self.run("-r", path, "-o", kept)
        self.check(done.returncode == 0 and os.stat(kept).st_uid == 0, "root's own output has another owner")
        if not shutil.which("setpriv"):
            print("skipped: needs setpriv")
            return
        with tempfile.TemporaryDirectory() as place:  # where everybody may look
            os.chmod(place, 0o777)
            copy, capture = shutil.copy(self.hark, place), shutil.copy(path, place)
            os.chmod(copy, 0o755)
            os.chmod(capture, 0o644)
            stranger = ["setpriv", "--reuid=65534", "--regid=65534", "--groups=100,101", copy]
            done = subprocess.run([*stranger, "-r", capture, "-o", os.path.join(place, "records")], capture_output=True, cwd=place, env=harness.ENVIRONMENT, timeout=PATIENCE, check=False)
            self.check(done.returncode == 0 and done.stderr == b"" and os.path.getsize(os.path.join(place, "records")) > 0, f"without rights: {done.returncode} {done.stderr!r}")
            done = subprocess.run([*stranger, "-r", capture, "--check"], capture_output=True, text=True, cwd=place, env=harness.ENVIRONMENT, timeout=PATIENCE, check=False)
            self.check(done.returncode == 0 and "groups          100 101, as it was started" in done.stdout, f"--check without rights: {done.returncode} {done.stdout} {done.stderr!r}")
            done = subprocess.run([*stranger, "-r", capture, "--user", "root"], capture_output=True, text=True, env=harness.ENVIRONMENT, timeout=PATIENCE, check=False)
            self.check(done.returncode == 1 and re.fullmatch(r"hark: can't become user root [^\n]*\n", done.stderr), f"--user root: {done.returncode} {done.stderr!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hark-rights.") as work:
        tests = Rights(os.path.abspath(arguments.hark), work)
        for part in (tests.nothing_is_needed_late, tests.what_is_saved, tests.names_that_go, tests.ways_in, tests.check_tells_the_truth, tests.users):
            part()
    print(f"rights: {tests.checks} checks, {tests.faults} faults")
    return 1 if tests.faults or not tests.checks else 0


if __name__ == "__main__":
    sys.exit(main())
