#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""arguments.py --hark BINARY [--only PART]

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
                            ("-o fifo --rotate-size 4K", "rotation needs a file, and 'fifo' is none; give one to -o"),
                            ("-o /dev/null --rotate-interval 1h", "rotation needs a file, and '/dev/null' is none"),
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

    def echoes(self):
        """Whatever stands in an argument, what is said about it is one line, of bounded length, with the remedy at its end."""
        self.put("key", b"short\n")
        self.put("wo\nrd", b"")
        self.put("wo\nrd.pcap", b"no capture\n")
        os.mkdir(os.path.join(self.work, "fol\nder"))
        long = "x" * 30000
        reading = ["-r", "in.pcap"]
        for arguments, status, text in ((["--fo\no"], 2, "unknown option '--fo?o'"),
                                        (["--" + long], 2, "x...' (hark --help lists all)"),
                                        (["--outpu\n"], 2, "did you mean '--output'?"),
                                        (["-\n"], 2, "unknown option '-?'"),
                                        (["--skew=1\n2"], 2, "'1?2' is not a time"),
                                        (["--skew=" + long], 2, "x...' is not a time such as 500ms, 1s or 2m, from"),
                                        (["--format=a\x1bb"], 2, "'a?b' is not one of ndjson, text"),
                                        (["--max-flows", long], 2, "x...' is not a whole number"),
                                        (["--quiet=a\nb"], 2, "was given 'a?b'"),
                                        (["-o", "a\nb", "-o", long], 2, "x...'; give it once"),
                                        (["-o", "nodir\n/x"], 1, "can't write to nodir?/x: No such file or directory; create the directory first"),
                                        (["-o", "fol\nder"], 1, "can't write to fol?der: Is a directory; name a file in it"),
                                        (["-o", long], 1, "x...: File name too long; choose a shorter name"),
                                        (["-o", "no\ndir/x", "--rotate-size", "4K"], 1, "can't write to no?dir/x: No such"),
                                        (["-o", "a%\nb/x", "--rotate-size", "4K"], 2, "'a%?b/x': only the file's name"),
                                        (["-w", "nodir\n/x"], 1, "can't write to nodir?/x: No such"),
                                        (["-o", "a\nb", "-w", "a\nb"], 2, "both go to a?b; give another file to -w"),
                                        (["--save=a\nb", "-w", "x"], 2, "'a?b' is not one of all, failures, slow"),
                                        (["--omit=a\nb"], 2, "'a?b' is no part that can be left out"),
                                        (["--omit=" + long], 2, "x...' is no part that can be left out; hark(1) lists the parts"),
                                        (["--redact-header", "a\nb"], 2, "'a?b' is no field's name"),
                                        (["--redact-header", long], 2, "x...' is no field's name"),
                                        (["--redact-query", long], 2, "x...' is no parameter's name"),
                                        (["--secrets-key", "k\ney"], 1, "key file 'k?ey': No such"),
                                        (["--secrets-key", "fol\nder"], 1, "key file 'fol?der' is a directory"),
                                        (["--secrets-key", long], 1, "x...': File name too long"),
                                        (["--pidfile", "nodir\n/x"], 1, "--pidfile: nodir?/x: No such"),
                                        (["--pidfile", long], 1, "x...: File name too long"),
                                        (["-r", "nosuch\n"], 1, "nosuch?: No such file or directory; check the name"),
                                        (["-r", "fol\nder"], 1, "fol?der: is a directory; give the capture files in it, each with -r"),
                                        (["-r", "wo\nrd.pcap"], 1, "wo?rd.pcap: is not a capture file"),
                                        (["-r", long], 1, "x...: File name too long"),
                                        (["tcp\nprot 80"], 2, 'filter "tcp?prot 80": '),
                                        (["wo\nrd"], 2, "'wo?rd' is a file: give each file a -r of its own"),
                                        ([" or ".join(["tcp"] * 6000) + " prot"], 2, 'tcp or tcp or..."'),
                                        (["\u00e9" * 15000], 2, '\u00e9..."'),
                                        (["-i", "\n"], 2, "-r in.pcap and -i ? exclude each other"),
                                        (["-i", long], 2, "x... exclude each other: read files, or capture from an interface")):
            what = str(arguments)[:60]
            done = self.plain(reading + arguments)
            self.one_line(done, status, text, what)
            self.check(len(done.stderr) < 1024, f"{what}: a line of {len(done.stderr)} bytes")
            self.check("\ufffd" not in done.stderr.decode(errors="replace"), f"{what}: cut within a character: {done.stderr[-100:]!r}")
        done = self.plain(["wo\nrd.pcap"])
        self.one_line(done, 2, "'wo?rd.pcap' is a file; to read it, write: hark -r wo?rd.pcap", "no -r")
        for words, text in (("tcp\nport 80", "the filter 'tcp?port 80' misses packets with VLAN tags, in tunnels and in fragments; write 'FILTER or (vlan and (FILTER))'"),
                            (" or ".join(["tcp port 80"] * 2500), "tcp port...' misses packets with VLAN tags, in tunnels and in fragments; write 'FILTER or (vlan and (FILTER))'"),
                            ("tcp port 80", "write 'tcp port 80 or (vlan and (tcp port 80))'")):
            done = self.plain([*reading, words])
            self.one_line(done, 0, text, words[:60])
            self.check(done.stdout.count(b"\n") == 3 and len(done.stderr) < 1024, f"{words[:60]}: {done.stdout.count(bytes([10]))} records, {len(done.stderr)} bytes")
        told = self.plain([*reading, "--check", "-o", "nodir\n/x", "-w", "fol\nder"]).stdout.decode()
        self.check("output          missing: nodir?/x: No such" in told and "saved packets   missing: fol?der: Is a directory" in told, f"--check: {told}")
        self.check(all(re.match(r"[a-z ]{15} \S", line) for line in told.splitlines()), f"--check: {told}")

    def without_effect(self):
        """Options that say something about -w, without it."""
        for option in ("--save=all", "--save-slower=1s", "--save-from=connection", "--save-from=transaction", "--save-buffer=64M"):
            self.one_line(self.plain(["-r", "in.pcap", option]), 2, f"{option.split('=')[0]} needs a file to save packets to: -w FILE", option)
            done = self.plain(["-q", "-r", "in.pcap", "-w", "out.pcapng", option])
            self.check(done.returncode == 0 and done.stderr == b"", f"{option} with -w: {done.returncode} {done.stderr!r}")

    def wrong_options(self):
        """What is wrong with the command line, not with a file, is known before a file is touched."""
        self.put("out", b"before\n")
        before = self.files()
        for user, text in (("nosuch", "there is no user nosuch; make one: adduser --system --group nosuch"),
                           (":nogroup", "it names no user; write --user NAME[:GROUP]"),
                           ("nobody:", "no group follows the colon; name one, or leave the colon out"),
                           ("nobody:nosuch", "there is no group nosuch; make it (addgroup --system), or name another"),
                           ("123456:", "no group follows the colon"),
                           ("123456", "no user has this number; give it a group too: --user 123456:GROUP"),
                           ("no\nsuch", "there is no user no?such"),
                           ("nobody:" + "x" * 3000, "x...; make it"),
                           ("x" * 3000, "x...: there is no user with so long a name")):
            for more in ([], ["--check"]):
                what = f"--user {user[:40]} {more}"
                done = self.plain(["-r", "in.pcap", "-o", "out", "--pidfile", "pid", "--user", user, *more])
                self.one_line(done, 2, text, what)
                self.check(done.stdout == b"" and self.files() == before, f"{what}: files changed: {sorted(self.files())}")
        self.one_line(self.shell("hark -r - -r - < in.pcap"), 2, "standard input: is given twice, but can be read only once; give one -r -", "-r - twice")

    def longer_than_may_be(self):
        """With rotation the bytes that a message speaks of are those of the file that it names."""
        capture = Capture()
        capture.exchange(1)
        capture.now += 7200
        for client in range(100):
            capture.exchange(client + 2)
        self.write("hours.pcap", capture)
        done = self.shell("ulimit -f 16; hark -r hours.pcap -o out --rotate-interval 1h")
        size = {name: os.path.getsize(os.path.join(self.work, name)) for name in os.listdir(self.work) if name.startswith("out.")}
        self.one_line(done, 1, "writing to out.0002 failed after 16384 bytes: File too large", "a file that may not be so long")
        self.check(list(sorted(size)) == ["out.0001", "out.0002"] and 0 < size["out.0001"] < size["out.0002"] == 16384, f"files of {size} bytes")

    def plain(self, arguments):
        return subprocess.run([self.hark, *arguments], capture_output=True, stdin=subprocess.DEVNULL, cwd=self.work, env=harness.ENVIRONMENT, timeout=PATIENCE, check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    checks = faults = 0
    for part in (Arguments.contradictions, Arguments.echoes, Arguments.without_effect, Arguments.wrong_options, Arguments.longer_than_may_be):
        if arguments.only not in part.__name__:
            continue
        with tempfile.TemporaryDirectory(prefix="hark-arguments.") as work:
            tests = Arguments(os.path.abspath(arguments.hark), work)
            part(tests)
            checks, faults = checks + tests.checks, faults + tests.faults
    print(f"arguments: {checks} checks, {faults} faults")
    return 1 if faults or not checks else 0


if __name__ == "__main__":
    sys.exit(main())
