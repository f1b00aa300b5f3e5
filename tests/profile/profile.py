#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""profile.py plain|training|release [--tree BUILD]

The build by profile (cmake/profile.cmake):

  plain     where it cannot be had, the build configures all the same, says why, and asks the compiler for none
  training  cmake/train.sh with programs in hark's place: each capture is read, a bad one is passed over, a hang ends, a failure says so;
            that and an interruption leave the counts that were there
  release   BUILD has been made by profile: each object of hark by counts that are there, and hark is newer than they are
"""
import argparse
import json
import os
import re
import shlex
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = ("capture", "reassembly", "analyzer", "output", "cli")
TREE = None


def has(program):
    return subprocess.run(["sh", "-c", f"command -v {program}"], stdout=subprocess.DEVNULL, check=False).returncode == 0


def commands_of(tree):
    """(source, words, object) of each compilation."""
    with open(os.path.join(tree, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            words = shlex.split(entry["command"])
            yield entry["file"], words, words[words.index("-o") + 1]


class Plain(unittest.TestCase):
    def configure(self, *options):
        """What CMake says, and whether a compilation knows of a profile."""
        with tempfile.TemporaryDirectory(prefix="hark profile.") as tree:
            done = subprocess.run(["cmake", "-G", "Ninja", "-S", ROOT, "-B", tree, "-DCMAKE_BUILD_TYPE=Release", "-DHARK_TESTS=OFF", *options],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            asked = any(word.startswith("-fprofile") for _, words, _ in commands_of(tree) for word in words)
            return done.stdout, asked

    def assert_plain(self, why, *options):
        said, asked = self.configure("-DHARK_PROFILE=ON", *options)
        self.assertIn("Build by profile: no, " + why, said)
        self.assertFalse(asked)

    def test_another_compiler(self):
        if not has("clang"):
            self.skipTest("clang is not installed")
        self.assert_plain("it needs gcc", "-DCMAKE_C_COMPILER=clang")

    def test_no_captures(self):
        with tempfile.TemporaryDirectory() as empty:
            self.assert_plain("no captures", "-DCMAKE_C_COMPILER=gcc", "-DHARK_PROFILE_CAPTURES=" + empty)
        self.assert_plain("no captures", "-DCMAKE_C_COMPILER=gcc", "-DHARK_PROFILE_CAPTURES=" + empty)

    def test_a_sanitizer(self):
        self.assert_plain("a sanitizer", "-DCMAKE_C_COMPILER=gcc", "-DHARK_SANITIZE=ON")

    def test_for_another_machine(self):
        self.assert_plain("what is built for another machine", "-DCMAKE_C_COMPILER=gcc", "-DCMAKE_SYSTEM_NAME=Linux")

    def test_turned_off(self):
        said, asked = self.configure("-DCMAKE_C_COMPILER=gcc", "-DHARK_PROFILE=OFF")
        self.assertNotIn("Build by profile", said)
        self.assertFalse(asked)

    def test_asked_for(self):
        said, asked = self.configure("-DCMAKE_C_COMPILER=gcc", "-DHARK_PROFILE=ON")
        self.assertIn("Build by profile: yes", said)
        self.assertTrue(asked)


class Training(unittest.TestCase):
    # Counts as gcc's do: into GCOV_PREFIX, at the end.
    COUNTING = ('echo "$@" >>"$GCOV_PREFIX/one.gcda"\n'
                'readlink capture >>"$GCOV_PREFIX/read"\n')

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hark train.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.counts = os.path.join(self.folder, "counts")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def command(self, script, captures):
        hark = self.path("hark")
        with open(hark, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + script)
        os.chmod(hark, stat.S_IRWXU)
        return [os.path.join(ROOT, "cmake", "train.sh"), hark, self.counts, *captures]

    def train(self, script, captures, seconds="20"):
        return subprocess.run(self.command(script, captures), env={**os.environ, "HARK_TRAIN_SECONDS": seconds}, capture_output=True, text=True,
                              check=False, timeout=60)

    def read(self, name):
        with open(os.path.join(self.counts, name), encoding="utf-8") as file:
            return file.read().splitlines()

    def test_reads_each(self):
        captures = [self.path(name) for name in ("a b.pcap", "c.pcapng", "d.pcap.gz")]
        done = self.train(self.COUNTING, captures)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.read("read"), captures)
        self.assertEqual(len(set(self.read("one.gcda"))), 1, "each run is asked the same")
        self.assertEqual(sorted(os.listdir(self.counts)), ["complete", "one.gcda", "read"])

    def test_unpacks(self):
        """What is packed is read as it is met as well: plain, and with threads, which may fail."""
        done = self.train(self.COUNTING + 'case $* in *"-j 2"*) exit 1 ;; esac\n', ["/a.pcap.zst", "/b.pcap"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        asked = [re.search(r"(?:-j \d )?-r \S+(?: -w \S+)?", line).group(0) for line in self.read("one.gcda")]
        self.assertEqual(asked, ["-r capture", "-r capture -w plain", "-j 1 -r plain", "-j 2 -r plain", "-r capture"])

    def test_passes_over_a_bad_one(self):
        done = self.train(self.COUNTING + 'case $(readlink capture) in *bad*) exit 1 ;; esac\n', ["/good", "/bad", "/good too"])
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.read("read"), ["/good", "/bad", "/good too"])

    def test_a_hang_ends(self):
        done = self.train(self.COUNTING + 'case $(readlink capture) in *hang*) exec sleep 1000 ;; esac\n', ["/hang", "/good"], seconds="2")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.read("read"), ["/hang", "/good"])

    def test_counts_are_new(self):
        self.train(self.COUNTING, ["/first"])
        self.train(self.COUNTING, ["/second"])
        self.assertEqual(self.read("read"), ["/second"])

    def test_interrupted(self):
        """As by ninja: all of the group at once. hark ends well then, which must not look as if it had read all."""
        self.train(self.COUNTING, ["/first"])
        command = self.command("trap 'exit 0' INT\n" + self.COUNTING + 'echo >"' + self.path("runs") + '"\nwhile :; do sleep 0.1; done\n', ["/second", "/third"])
        with subprocess.Popen(command, start_new_session=True) as training:
            while not os.path.exists(self.path("runs")):
                time.sleep(0.02)
            os.killpg(training.pid, signal.SIGINT)
            self.assertEqual(training.wait(timeout=15), 130)
        self.assertEqual(self.read("read"), ["/first"])

    def test_a_failure_says_so(self):
        self.train(self.COUNTING, ["/first"])
        done = self.train("exit 1\n", ["/second"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("-DHARK_PROFILE=OFF", done.stderr)
        self.assertEqual(self.read("read"), ["/first"])


class Release(unittest.TestCase):
    def test_each_object_is_built_by_its_counts(self):
        counts = os.path.join(TREE, "counts")
        self.assertTrue(os.path.exists(os.path.join(counts, "complete")), "the training has not ended")
        newest = os.path.getmtime(os.path.join(counts, "complete"))
        seen, counted = set(), 0
        for source, words, made in commands_of(TREE):
            folder, name = os.path.split(os.path.relpath(source, ROOT))
            if folder not in FOLDERS or not re.match(r"[a-z]+/CMakeFiles/hark(_[a-z]+)?\.dir/", made) or "hark_document.dir" in made:
                continue
            seen.add(os.path.join(folder, name))
            self.assertIn("-fprofile-use", words, made)
            count = f"{counts}/{folder}-{name}.gcda"
            self.assertEqual(words[words.index("-dumpdir") + 1], f"{counts}/{folder}-", made)
            self.assertGreater(os.path.getmtime(os.path.join(TREE, made)), newest, made)
            counted += os.path.exists(count) and os.path.getsize(count) > 0
        there = {os.path.join(folder, name) for folder in FOLDERS for name in os.listdir(os.path.join(ROOT, folder)) if name.endswith(".c")}
        self.assertEqual(seen, there - {"cli/document.c"})
        # Tables without a function have nothing to count.
        self.assertGreater(counted, len(seen) - 5)

    def test_the_program_is_newer_than_its_counts(self):
        self.assertGreater(os.path.getmtime(os.path.join(TREE, "hark")), os.path.getmtime(os.path.join(TREE, "counts", "complete")))

    def test_the_counts_are_of_every_capture(self):
        with open(os.path.join(TREE, "counts.log"), encoding="utf-8") as file:
            said = file.read()
        captures = [name for name in os.listdir(os.path.join(ROOT, "pcaps")) if ".pcap" in name]
        self.assertGreater(len(captures), 100)
        self.assertEqual([name for name in captures if f"/{name}\n" not in said], [])
        self.assertNotIn("stops after", said)
        self.assertNotIn("not with -j", said)


def main():
    global TREE  # pylint: disable=global-statement
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("plain", "training", "release"))
    parser.add_argument("--tree")
    arguments = parser.parse_args()
    TREE = os.path.abspath(arguments.tree) if arguments.tree else None
    unittest.main(argv=[sys.argv[0], arguments.what.capitalize()], verbosity=2)


if __name__ == "__main__":
    main()
