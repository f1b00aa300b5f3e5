#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""arguments.py --hark BINARY

Arguments that can't work: each is refused with one line that says how to mend it, and the files they name stay as they are."""
import argparse
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from processes import PATIENCE, Capture, Processes, harness  # noqa: E402

KEY = b"0123456789abcdef0123456789abcdef\n"


class Arguments(Processes):
    def __init__(self, hark, work):
        super().__init__(hark, work)
        self.capture = Capture()
        self.capture.exchange(1, 3)
        self.write("in.pcap", self.capture)

    def put(self, name, content):
        path = os.path.join(self.work, name)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, 0o600)

    def files(self):
        """What there is: names, whither links lead, contents."""
        found = {}
        for name in os.listdir(self.work):
            path = os.path.join(self.work, name)
            if os.path.islink(path):
                found[name] = os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    found[name] = file.read()
        return found

    def shell(self, words):
        """A run with redirections; "hark" stands for it."""
        return subprocess.run(["bash", "-c", words.replace("hark", '"$0"', 1), self.hark], capture_output=True, cwd=self.work, env=harness.ENVIRONMENT, timeout=PATIENCE, check=False)

    def one_line(self, done, status, text, what):
        err = done.stderr.decode(errors="replace")
        self.check(done.returncode == status, f"{what}: status {done.returncode} instead of {status}: {err[:300]!r}")
        self.check(re.fullmatch(r"hark: [^\x00-\x1f\x7f]+\n", err) is not None and text in err, f"{what}: {err[:600]!r} lacks {text!r}")

    def contradictions(self):
        """One file for two uses: nothing is written, emptied or removed, by whatever names it goes."""
        self.put("key", KEY)
        self.put("digits", b"1234567890123456\n")  # as a pid file may be
        self.put("there", b"17\n")
        os.symlink("in.pcap", os.path.join(self.work, "link"))
        os.link(os.path.join(self.work, "key"), os.path.join(self.work, "hard"))
        os.symlink("later", os.path.join(self.work, "dangling"))
        os.mkfifo(os.path.join(self.work, "fifo"))
        before = self.files()
        hashed = "--secrets hash --secrets-key"
        for words, text in ((f"-o key {hashed} key", "'key' is key file and output at once; give another file to -o"),
                            (f"-w ./key {hashed} key", "'./key' is key file and output at once; give another file to -w"),
                            (f"-o hard {hashed} key", "'hard' is key file and output at once"),
                            (f"--pidfile digits {hashed} digits", "'digits' is key file and pid file at once; give another file to --pidfile"),
                            (f"{hashed} key >> key", "'key' is key file and output at once"),
                            ("-o in.pcap", "'in.pcap' is input and output at once; give another file to -o"),
                            ("-w link", "'link' is input and output at once; give another file to -w"),
                            (">> in.pcap", "'in.pcap' is input and output at once"),
                            ("-r - -o in.pcap < in.pcap", "'in.pcap' is input and output at once"),
                            ("--pidfile in.pcap", "'in.pcap' is input and pid file at once; give another file to --pidfile"),
                            ("-o x --pidfile x", "records and the process id both go to x; give another file to --pidfile"),
                            ("-o ./x --pidfile x", "records and the process id both go to ./x"),
                            ("-o there --pidfile there", "records and the process id both go to there"),
                            ("--pidfile there >> there", "records and the process id both go to standard output"),
                            ("-w y --pidfile y", "packets and the process id both go to y; give another file to --pidfile"),
                            (f"-w {self.work}/y --pidfile y", "packets and the process id both go to"),
                            ("-o dangling --pidfile later", "records and the process id both go to dangling"),
                            ("-o x -w x", "records and packets both go to x; give another file to -w"),
                            ("-o x -w ./x", "records and packets both go to x"),
                            ("-o fifo -w fifo", "records and packets both go to fifo"),
                            ("-w -", "records and packets both go to standard output; give another file to -w"),
                            ("-w - > /dev/null", "records and packets both go to standard output"),
                            ("-w /dev/stdout", "records and packets both go to standard output"),
                            ("-w /dev/fd/1 >> there", "records and packets both go to standard output"),
                            ("-w /proc/self/fd/1 >> there", "records and packets both go to standard output"),
                            ("-o /dev/stdout -w - >> there", "records and packets both go to /dev/stdout"),
                            ("-o /dev/fd/7 -w /dev/fd/8 7>> there 8>> there", "records and packets both go to /dev/fd/7")):
            for more in ("", "--check "):
                if "dangling" in words and more:
                    continue  # that it leads to the same file shows when that is there
                input_file = "" if words.startswith("-r") else "-r in.pcap "
                done = self.shell(f"hark {input_file}{more}{words}")
                self.one_line(done, 2, text, f"{more}{words}")
                self.check(done.stdout == b"" and self.files() == before, f"{more}{words}: files changed: {sorted(self.files())}, {done.stdout[:100]!r}")
        records = self.run("-r", "in.pcap").out
        for words in ("-o /dev/null -w /dev/null", "-w /dev/stdout > /dev/null", f"-o x -w y --pidfile z {hashed} key", "-o x.%Y --rotate-size 4K -w x --pidfile x.1"):
            done = self.shell(f"hark -q -r in.pcap {words}")
            self.check(done.returncode == 0 and done.stderr == b"", f"{words}: {done.returncode} {done.stderr!r}")
        done = self.shell("hark -q -r in.pcap -w - -o x | cat > y")
        self.check(done.returncode == 0 and self.files()["x"].count(b"\n") == records.count(b"\n") > 0 and self.files()["y"].startswith(b"\n\r\r\n"), f"records and packets apart: {done.stderr!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    arguments = parser.parse_args()
    checks = faults = 0
    for part in (Arguments.contradictions,):
        with tempfile.TemporaryDirectory(prefix="hark-arguments.") as work:
            tests = Arguments(os.path.abspath(arguments.hark), work)
            part(tests)
            checks, faults = checks + tests.checks, faults + tests.faults
    print(f"arguments: {checks} checks, {faults} faults")
    return 1 if faults or not checks else 0


if __name__ == "__main__":
    sys.exit(main())
