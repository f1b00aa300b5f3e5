#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""lint.py CHECK [--root DIR] [--hark BINARY] [--write]

What the project asks of its own files, each a test of its own:

  includes  the folder rule: capture <- reassembly <- analyzer <- output <- cli
  format    clang-format finds nothing to change
  banned    functions that are not used here
  licence   the SPDX line comes first
  size      files and functions stay small enough to be read
  words     no unfinished work left behind
  paths     no paths of somebody's machine
  pcaps     each capture in pcaps/ has its line in LIST.tsv, is small, and the other way round
  readme    each option that README.md and docs/ name is in --help
  sample    README.md shows what hark really prints (--write puts it there)
  self      a small tree with every one of these faults in it: each check must find its own

Prints one line a finding, `file:line: what`; exit status 1 when there is one.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

FOLDERS = ["capture", "reassembly", "analyzer", "output", "cli"]
FILE_LINES = 600
FUNCTION_LINES = 60
TEST_FILE_LINES = 1200
PCAP_BYTES = 1_000_000
BANNED = ["strcpy", "sprintf", "vsprintf", "strcat", "strncat", "strtok", "atoi", "atol", "gets", "alloca", "gettimeofday"]
# Spelt so that this file does not find itself.
UNFINISHED = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
MACHINE_PATHS = [r"/wo" r"rk/", r"/ro" r"ot/", r"/ho" r"me/[a-z]", r"/tmp/br" r"ief"]
BINARY = (".pcap", ".pcapng", ".gz", ".zst", ".png", ".bin")


class Lint:
    def __init__(self, root, hark=None, write=False):
        self.root = root
        self.hark = hark
        self.write = write
        self.findings = []

    def found(self, path, line, what):
        self.findings.append(f"{path}:{line}: {what}")

    def files(self):
        """Files of the project: git's, or, in a tree without git, all but build/."""
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=self.root, capture_output=True, check=False) if os.path.exists(os.path.join(self.root, ".git")) else None
        if listed is not None and listed.returncode == 0:
            names = [n for n in listed.stdout.decode().split("\0") if n]
        else:
            names = []
            for folder, subfolders, entries in os.walk(self.root):
                subfolders[:] = sorted(s for s in subfolders if s not in ("build", ".git", "__pycache__"))
                names += [os.path.relpath(os.path.join(folder, e), self.root) for e in sorted(entries)]
        return sorted(n for n in names if os.path.isfile(os.path.join(self.root, n)))

    def lines(self, name):
        with open(os.path.join(self.root, name), encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()

    def c_files(self):
        return [n for n in self.files() if n.endswith((".c", ".h"))]

    def product_files(self):
        return [n for n in self.c_files() if n.split("/")[0] in FOLDERS]

    def text_files(self):
        """Files that people write: neither captures nor seeds of a fuzzer, nor answers that a tool gave."""
        return [n for n in self.files()
                if not n.endswith(BINARY) and "/corpus/" not in "/" + n.replace("tests/corpus/", "tests/", 1)
                and not n.startswith(("tests/golden/expected/", "pcaps/truth/")) and n != "LICENSE"]

    def includes(self):
        pattern = re.compile(r'\s*#\s*include\s+"([^"]+)"')
        for name in self.product_files():
            own = FOLDERS.index(name.split("/")[0])
            for number, line in enumerate(self.lines(name), 1):
                match = pattern.match(line)
                if not match:
                    continue
                folder = match.group(1).split("/")[0]
                if "/" not in match.group(1) or folder not in FOLDERS:
                    self.found(name, number, f'include "{match.group(1)}": write it from the root, and only of {", ".join(FOLDERS)}')
                elif FOLDERS.index(folder) > own:
                    self.found(name, number, f"{FOLDERS[own]}/ must not know {folder}/ (folder rule)")

    def format(self):
        names = self.c_files()
        for start in range(0, len(names), 50):
            done = subprocess.run(["clang-format", "--dry-run", "-Werror", "--ferror-limit=1", *names[start:start + 50]],
                                  cwd=self.root, capture_output=True, check=False, text=True)
            for line in done.stderr.splitlines():
                match = re.match(r"(.+?):(\d+):\d+: error:", line)
                if match:
                    self.found(match.group(1), match.group(2), "clang-format would change it: run scripts/format.sh")
            if done.returncode and not self.findings:
                self.found("clang-format", 0, done.stderr.strip()[:400])

    def banned(self):
        pattern = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
        for name in self.c_files():
            for number, line in enumerate(self.lines(name), 1):
                match = pattern.search(re.sub(r'"(\\.|[^"\\])*"', '""', line))
                if match and not line.lstrip().startswith(("*", "/*", "//")):
                    self.found(name, number, f"{match.group(1)} is banned")

    def licence(self):
        forms = {".c": "/* SPDX-License-Identifier: Apache-2.0 */", ".h": "/* SPDX-License-Identifier: Apache-2.0 */",
                 ".js": "SPDX-License-Identifier: Apache-2.0"}
        for name in self.files():
            extension = os.path.splitext(name)[1]
            base = os.path.basename(name)
            lines = None
            if extension in forms:
                lines = self.lines(name)[:2]
                good = any(forms[extension] in line for line in lines)
            elif extension in (".sh", ".py", ".cmake") or base == "CMakeLists.txt" or name == ".ci/run":
                lines = self.lines(name)[:2]
                good = "# SPDX-License-Identifier: Apache-2.0" in lines
            if lines is not None and not good:
                self.found(name, 1, "the SPDX line must come first (after a #! line)")

    def size(self):
        for name in self.c_files():
            lines = self.lines(name)
            product = name.split("/")[0] in (*FOLDERS, "bench")
            most = FILE_LINES if product else TEST_FILE_LINES
            if len(lines) > most:
                self.found(name, len(lines), f"{len(lines)} lines; {most} are the most: does it have two jobs?")
            start = None
            # clang-format leaves a function's last brace alone in the first column (a type's has a semicolon), and
            # indents all of its body but labels.
            for number, line in enumerate(lines, 1):
                if re.match(r"[A-Za-z_].*\(", line):
                    start = number
                elif line == "}" and start is not None:
                    if product and number - start + 1 > FUNCTION_LINES:
                        self.found(name, start, f"a function of {number - start + 1} lines; {FUNCTION_LINES} are the most")
                    start = None

    def words(self):
        pattern = re.compile(r"\b(" + "|".join(UNFINISHED) + r")\b")
        for name in self.text_files():
            for number, line in enumerate(self.lines(name), 1):
                if pattern.search(line):
                    self.found(name, number, "unfinished work: " + line.strip()[:80])

    def paths(self):
        pattern = re.compile("|".join(MACHINE_PATHS))
        for name in self.files():
            if name.endswith((".gz", ".zst")) or name == "LICENSE":
                continue
            for number, line in enumerate(self.lines(name), 1):
                match = pattern.search(line)
                if match:
                    self.found(name, number, f"a path of one machine: {match.group(0)}")

    def pcaps(self):
        folder = os.path.join(self.root, "pcaps")
        listed = {}
        for number, line in enumerate(self.lines("pcaps/LIST.tsv"), 1):
            if number == 1 or not line or line.startswith("#"):
                continue
            fields = line.split("\t")
            if fields[0] in listed:
                self.found("pcaps/LIST.tsv", number, f"{fields[0]} is there twice")
            listed[fields[0]] = number
            if len(fields) < 2 or not fields[1].strip() or not fields[-1].strip():
                self.found("pcaps/LIST.tsv", number, "a line says the file and, in its last column, why it is there")
            if not os.path.exists(os.path.join(folder, fields[0])):
                self.found("pcaps/LIST.tsv", number, f"{fields[0]} is not there")
        captures = [n[len("pcaps/"):] for n in self.files() if re.match(r"pcaps/[^/]+\.(pcap|pcapng)(\.gz|\.zst)?$", n)]
        for name in captures:
            if name not in listed:
                self.found("pcaps/" + name, 0, "has no line in pcaps/LIST.tsv")
            size = os.path.getsize(os.path.join(folder, name))
            if size >= PCAP_BYTES:
                self.found("pcaps/" + name, 0, f"{size} bytes; captures stay below {PCAP_BYTES}")

    def readme(self):
        help_text = subprocess.run([self.hark, "--help"], capture_output=True, text=True, check=True).stdout
        known = set(re.findall(r"(?<![\w-])(--?[a-zA-Z][\w-]*)", help_text))
        documents = [n for n in self.files() if n == "README.md" or (n.startswith("docs/") and n.endswith(".md"))]
        checked = 0
        for name in documents:
            for number, line in enumerate(self.lines(name), 1):
                # Options are written as code, in a line that speaks of hark and of no other tool.
                for code in re.findall(r"`([^`]+)`", line) + ([line] if re.match(r"\s*(sudo )?(\./)?(hark|build/release/hark|scripts/run\.sh)\b", line) else []):
                    words = code.split("#")[0].split()
                    if not words or not (words[0].startswith("-") or re.search(r"(^|/)(hark|run\.sh)$", words[0]) or words[0] == "sudo"):
                        continue
                    for option in re.findall(r"(?<![\w/-])(--[a-zA-Z][\w-]*|-[a-zA-Z])(?=[\s=,0-9]|$)", " ".join(words)):
                        checked += 1
                        if option not in known:
                            self.found(name, number, f"{option} is not in hark --help")
        if checked < 10:
            self.found("README.md", 0, f"only {checked} options found in the documents: does this check still see them?")

    def sample(self):
        """Blocks of README.md that follow a line <!-- hark ARGUMENTS [| first] -->: its output, with records laid out for people."""
        lines = self.lines("README.md")
        fresh, at, samples = [], 0, 0
        while at < len(lines):
            fresh.append(lines[at])
            match = re.fullmatch(r"<!-- hark (.+?)( \| first)? -->", lines[at])
            at += 1
            if not match:
                continue
            samples += 1
            end = at + 1
            while lines[end] != "```":
                end += 1
            out = subprocess.run([self.hark, *match.group(1).split()], cwd=os.path.join(self.root, "pcaps"), capture_output=True, text=True, check=True).stdout
            shown = [lay_out(json.loads(out.splitlines()[0]))] if match.group(2) else out.splitlines()
            fresh += [lines[at], *"\n".join(shown).splitlines(), "```"]
            at = end + 1
        if self.write:
            with open(os.path.join(self.root, "README.md"), "w", encoding="utf-8") as file:
                file.write("\n".join(fresh) + "\n")
        elif fresh != lines or samples < 2:
            wrong = next((n for n, (a, b) in enumerate(zip(fresh, lines), 1) if a != b), 0)
            self.found("README.md", wrong, "a sample is not what hark prints: lint.py sample --hark BINARY --write")

    def run(self, check):
        getattr(self, check)()
        return self.findings


def lay_out(value, indent="", width=120, prefix=0):
    """JSON that spends lines only on what does not fit on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or len(indent) + prefix + len(flat) <= width and indent:
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(k)}: {lay_out(v, inner, width, len(k) + 4)}" for k, v in value.items()]
    else:
        parts = [lay_out(v, inner, width) for v in value]
    opened, closed = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return opened + "\n" + ",\n".join(inner + p for p in parts) + "\n" + indent + closed


def self_test():
    """Every fault in a tree of its own; the checks that need other programs' data are fed a stand-in."""
    faults = {
        "includes": {"capture/a.c": '/* SPDX-License-Identifier: Apache-2.0 */\n#include "cli/main.h"\n'},
        "format": {"capture/a.c": "int  f( void ){return 1;}\n", ".clang-format": "BasedOnStyle: LLVM\n"},
        "banned": {"capture/a.c": "void f(char *a) {\n    strcpy(a, a);\n}\n"},
        "licence": {"capture/a.c": "int a;\n", "scripts/x.sh": "#!/bin/sh\ntrue\n"},
        "size": {"capture/a.c": "int f(void) {\n" + "    a();\n" * 70 + "}\n"},
        "words": {"docs/a.md": "a\n" + UNFINISHED[0] + ": later\n"},
        "paths": {"docs/a.md": "see /wo" + "rk/x\n"},
        "pcaps": {"pcaps/LIST.tsv": "file\twhy\nb.pcap\tit is not there\n", "pcaps/a.pcap": "x"},
        "sample": {"README.md": "<!-- hark -h -->\n```\nold\n```\n" * 2, "pcaps/x": ""},
        "readme": {"README.md": "Use `hark --no-such-option`.\n" + "`-h`\n" * 12},
    }
    clean = {"capture/a.c": "/* SPDX-License-Identifier: Apache-2.0 */\n#include \"capture/a.h\"\n\nint f(void) {\n    return 1;\n}\n",
             "capture/a.h": "/* SPDX-License-Identifier: Apache-2.0 */\nint f(void);\n",
             ".clang-format": "BasedOnStyle: LLVM\nIndentWidth: 4\nAllowShortFunctionsOnASingleLine: Empty\n", "pcaps/LIST.tsv": "file\twhy\na.pcap\twhy it is there\n",
             "pcaps/a.pcap": "x", "README.md": "`hark -h`\n" * 12 + "<!-- hark -h -->\n```\n  -h, --help  this text\n```\n" * 2}
    failed = []

    def lint_of(files, check):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                os.makedirs(os.path.dirname(os.path.join(folder, name)) or folder, exist_ok=True)
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            hark = os.path.join(folder, "hark")
            with open(hark, "w", encoding="utf-8") as file:
                file.write("#!/bin/sh\necho '  -h, --help  this text'\n")
            os.chmod(hark, 0o755)
            return Lint(folder, hark).run(check)

    for check, files in faults.items():
        found = lint_of(files, check)
        print(f"{check}: {found}")
        if not found:
            failed.append(f"{check} found no fault where there is one")
        found = lint_of(clean, check)
        if found:
            failed.append(f"{check} finds fault with a clean tree: {found}")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=["includes", "format", "banned", "licence", "size", "words", "paths", "pcaps", "readme", "sample", "self"])
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    parser.add_argument("--hark")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    findings = self_test() if arguments.check == "self" else Lint(os.path.abspath(arguments.root), arguments.hark and os.path.abspath(arguments.hark), arguments.write).run(arguments.check)
    for finding in findings:
        print(finding)
    print(f"lint {arguments.check}: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
