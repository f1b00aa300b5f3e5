# SPDX-License-Identifier: Apache-2.0
"""What the drivers of the fault tests have in common: the capture they feed to hark, runs of it, and the count of faults."""
import os
import subprocess

import material
from material import harness

PATIENCE = 30  # seconds until something that does not happen is a fault
JOBS = ("1", "2")


class Bench:
    def __init__(self, hark, work):
        self.hark = hark
        self.work = work
        self.cases = 0
        self.faults = 0
        self.capture = material.merged(material.FEATURES)
        self.all = material.features(os.path.join(work, "all.pcap"))

    def check(self, holds, what):
        self.cases += 1
        if not holds:
            self.faults += 1
            print("FAULT", what, flush=True)
        return holds

    def run(self, *arguments, **more):
        return harness.run_hark(self.hark, list(arguments), cwd=self.work, **more)

    def start(self, *arguments, **more):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": harness.ENVIRONMENT, "cwd": self.work}
        return subprocess.Popen([self.hark, *arguments], **{**options, **more})

    def end(self, process, what):
        """Waits for its end; what is left of standard output, when nobody else reads it, and standard error."""
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            self.check(False, f"{what}: does not end")
        return out or b"", err
