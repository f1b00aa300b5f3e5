#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""documents.py --hark BINARY --document HARK_DOCUMENT

docs/hark.1, docs/notes.md and scripts/completions/hark.bash are what their tables give, the man page is sound roff, and the
completion completes."""
import argparse
import os
import shutil
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
COMPLETION = os.path.join(ROOT, "scripts", "completions", "hark.bash")


class Documents:
    def __init__(self, hark, document):
        self.hark = hark
        self.document = document
        self.checks = 0
        self.faults = 0

    def check(self, holds, what):
        self.checks += 1
        if not holds:
            self.faults += 1
            print("FAULT", what)

    def up_to_date(self):
        for kind, name in (("manual", "docs/hark.1"), ("bash", "scripts/completions/hark.bash"), ("notes", "docs/notes.md")):
            made = subprocess.run([self.document, kind], capture_output=True, check=True).stdout
            with open(os.path.join(ROOT, name), "rb") as file:
                self.check(file.read() == made, f"{name} is not what its table gives: build the target `document`, commit the file")
        self.check(subprocess.run([self.document], capture_output=True, check=False).returncode == 2, "the tool without an argument")

    def roff(self):
        page = os.path.join(ROOT, "docs", "hark.1")
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", page], capture_output=True, text=True, check=False)
            self.check(done.returncode == 0 and done.stderr == "", f"groff: {done.stderr[:300]}")
            shown = subprocess.run(["groff", "-man", "-Tascii", "-P-cbou", "-rLL=200n", page], capture_output=True, text=True, check=True).stdout
            text = subprocess.run([self.hark, "--help"], capture_output=True, text=True, check=True).stdout
            for word in [w.split("=")[0] for w in text.split() if w.startswith("--") and len(w) > 2]:
                self.check(word in shown, f"the man page does not show {word}")

    def complete(self, *words):
        """What bash offers for the last of these words."""
        script = f'source "{COMPLETION}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() {{ :; }}; _hark; printf "%s\\n" "${{COMPREPLY[@]}}"'
        environment = dict(os.environ, PATH=os.path.dirname(self.hark) + ":" + os.environ["PATH"])
        done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, check=False, env=environment, cwd=ROOT)
        self.check(done.returncode == 0 and done.stderr == "", f"completion of {words}: {done.stderr}")
        return done.stdout.split()

    def completion(self):
        for words, wanted in ((("hark", "--for"), ["--format"]), (("hark", "--sk"), ["--skew"]), (("hark", "--format", "=", ""), ["ndjson", "text"]),
                              (("hark", "--format", "="), ["ndjson", "text"]), (("hark", "--secrets", "k"), ["keep"]), (("hark", "--skew", ""), []),
                              (("hark", "-r", "CMakeL"), ["CMakeLists.txt"]), (("hark", "--output", "CMakeL"), ["CMakeLists.txt"])):
            got = self.complete(*words)
            self.check(got == wanted, f"completion of {words} gives {got}, not {wanted}")
        got = self.complete("hark", "-")
        for word in ("-r", "-i", "--stats", "--no-promiscuous-mode", "-V"):
            self.check(word in got, f"completion of - lacks {word}")
        self.check("lo" in self.complete("hark", "-i", ""), "completion of -i lacks lo")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--document", required=True)
    arguments = parser.parse_args()
    documents = Documents(os.path.abspath(arguments.hark), os.path.abspath(arguments.document))
    for part in (documents.up_to_date, documents.roff, documents.completion):
        part()
    print(f"documents: {documents.checks} checks, {documents.faults} faults")
    return 1 if documents.faults else 0


if __name__ == "__main__":
    sys.exit(main())
