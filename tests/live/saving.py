#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""saving.py --hark BINARY

hark -i IFACE -w FILE beside nginx and curl in network namespaces, as live.py has them: the packets of the transactions that were
asked for are in the file, each once, as soon as the record is written, with the handshake before and the FIN behind; hark makes the same
records of them; and what a small buffer lost is said to be lost.

Needs root, iproute2, nginx, curl and tshark; is skipped where one is missing. Ends only processes that it started."""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402
import live  # noqa: E402


def shown(record):
    capture = {key: value for key, value in record["capture"].items() if key not in ("saved", "request", "response")}
    return dict(record, capture=capture)


class Saving(live.Live):
    def saved_records(self, path, what):
        done = harness.run_hark(self.hark, ["-q", "-r", path])
        self.check(done.status == 0, f"{what}: the saved file can't be read: {done.err[-300:]}")
        return {record["event"]["id"]: record for record in done.records()}

    def frames(self, path, what, shown_only="tcp", field="frame.time_epoch"):
        done = subprocess.run(["tshark", "-n", "-r", path, "-Y", shown_only, "-T", "fields", "-e", field], capture_output=True, text=True,
                              env=harness.ENVIRONMENT, check=False)
        self.check(done.returncode == 0, f"{what}: tshark can't read the file: {done.stderr[-300:]}")
        return done.stdout.splitlines()

    def selected(self, jobs):
        """Failures and slow ones, in a capture of more."""
        what, path = f"failures and slow ones -j {jobs}", os.path.join(self.work, f"selected{jobs}.pcapng")
        listener = live.Listener(self.hark, ["-i", "eth0", "--stats", "-j", jobs, "-w", path, "--save=failures", "--save-slower=1s"])
        for target in ("/small.txt?1", "/missing?2", "/small.txt?3", "/slow/page.bin?4", "/small.txt?5"):
            self.curl(f"http://192.0.2.20{target}")
        self.curl(*[f"http://192.0.2.20/{name}" for name in ("small.txt?6", "missing?7", "small.txt?8")])
        self.check(listener.wait_for("/small.txt?8", 5) is not None, f"{what}: no record of the last transaction")
        written = self.saved_records(path, f"{what}, hark still listens")
        self.check(len(written) >= 3, f"{what}: {len(written)} of 3 transactions are in the file while hark listens")
        time.sleep(0.5)
        self.sound(listener, listener.finish(), what)
        self.check(b"secrets" in listener.err and b"packets saved to" in listener.err, f"{what}: {listener.err[-300:]}")
        records = [record for _, record in listener.records()]
        told = {harness.get(r, "http.request.target"): r["capture"].get("saved") for r in records}
        self.check(told == {"/small.txt?1": None, "/missing?2": "connection", "/small.txt?3": None, "/slow/page.bin?4": "connection",
                            "/small.txt?5": None, "/small.txt?6": None, "/missing?7": "connection", "/small.txt?8": None}, f"{what}: {told}")
        again = self.saved_records(path, what)
        for record in records:
            if "saved" in record["capture"]:
                got = again.get(record["event"]["id"])
                self.check(got is not None and shown(got) == shown(record), f"{what}: {shown(record)} becomes {got and shown(got)}")
        targets = sorted(harness.get(r, "http.request.target") for r in again.values())
        self.check(targets == ["/missing?2", "/missing?7", "/slow/page.bin?4", "/small.txt?6"], f"{what}: the file has {targets}")
        stamps = self.frames(path, what)
        self.check(len(stamps) == len(set(stamps)), f"{what}: a packet stands there twice")
        # ?7 is followed by ?8 on its connection; the two others end with theirs.
        self.check(len(self.frames(path, what, "tcp.flags.fin == 1")) == 4, f"{what}: not the FINs of two connections")
        self.check(len(self.frames(path, what, "tcp.flags.syn == 1")) == 6, f"{what}: not the SYNs of three connections")
        self.check(set(self.frames(path, what, field="frame.interface_name")) == {"eth0"}, f"{what}: the interface has another name")

    def overrun(self):
        """A response longer than the buffer: a part. The next one's own are all there, and hark reads them."""
        path = os.path.join(self.work, "overrun.pcapng")
        listener = live.Listener(self.hark, ["-i", "eth0", "--stats", "-w", path, "--save-buffer=1M"])
        self.curl(*[f"http://192.0.2.20/{name}" for name in ("small.txt?first", "huge.bin", "huge.bin", "small.txt?last")])
        self.check(listener.wait_for("/small.txt?last", 5) is not None, "an overrun buffer: no record of the last transaction")
        self.sound(listener, listener.finish(), "an overrun buffer")
        told = [record["capture"].get("saved") for _, record in listener.records()]
        self.check(told[:2] == ["connection", "part"] and told[2] == "part" and told[3] in ("part", "transaction"), f"an overrun buffer: {told}")
        self.check(b"--save-buffer" in listener.err, f"an overrun buffer is not spoken of: {listener.err[-300:]}")

    def long_connection(self):
        """Asked for when the buffer has lost the connection's first packets: the transaction's own are there."""
        path = os.path.join(self.work, "long.pcapng")
        listener = live.Listener(self.hark, ["-i", "eth0", "--stats", "-w", path, "--save-buffer=1M", "--save=failures"])
        self.curl(*[f"http://192.0.2.20/{name}" for name in ("small.txt?first", "huge.bin", "missing?last")])
        self.check(listener.wait_for("/missing?last", 5) is not None, "a long connection: no record of the last transaction")
        self.sound(listener, listener.finish(), "a long connection")
        record = next((r for _, r in listener.records() if harness.get(r, "http.request.target") == "/missing?last"), {})
        self.check(harness.get(record, "capture.saved") == "transaction", f"a long connection: {record.get('capture')}")
        got = self.saved_records(path, "a long connection").get(harness.get(record, "event.id"))
        self.check(got is not None and got["http"] == record["http"] and got["capture"]["midstream"], f"a long connection: {got}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    arguments = parser.parse_args()
    missing = [tool for tool in ("ip", "nginx", "curl", "tshark") if shutil.which(tool) is None]
    if os.geteuid() != 0 or missing:
        print("SKIPPED: needs root" if not missing else f"SKIPPED: not installed: {' '.join(missing)}")
        return harness.SKIPPED
    if subprocess.run(["ip", "netns", "add", live.PREFIX + "x"], capture_output=True, check=False).returncode != 0:
        print("SKIPPED: no network namespace can be made here")
        return harness.SKIPPED
    subprocess.run(["ip", "netns", "del", live.PREFIX + "x"], check=True)
    server = None
    with tempfile.TemporaryDirectory(prefix="hark-saving.") as work:
        saving = Saving(os.path.abspath(arguments.hark), work)
        try:
            live.namespaces()
            server = live.start_nginx(work)
            for name, size in (("page.bin", 4000), ("huge.bin", 3_000_000)):
                with open(os.path.join(work, "site", name), "wb") as file:
                    file.write(bytes(size))
            saving.selected("1")
            saving.selected("2")
            saving.overrun()
            saving.long_connection()
        finally:
            if server is not None:
                server.terminate()
                server.wait()
            for name in (live.CLIENT, live.SERVER):
                subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        print(f"saving: {saving.checks} checks, {len(saving.faults)} faults")
        return 1 if saving.faults else 0


if __name__ == "__main__":
    sys.exit(main())
