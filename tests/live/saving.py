#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""saving.py --hark BINARY

hark -i IFACE -w FILE beside nginx and curl in network namespaces, as live.py has them: the packets of the transactions that were
asked for are in the file, each once, as soon as the record is written, with the handshake before and the FIN behind; hark makes the same
records of them; and what a small buffer lost is said to be lost. Several interfaces keep their names; a connection that was silent for
long is whole; and the file is the user's that hark becomes, and stays one whatever becomes of the records' file.

Needs root, iproute2, nginx, curl and tshark; is skipped where one is missing. Ends only processes that it started."""
import argparse
import json
import os
import signal
import struct
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


NOBODY = 65534
TWICE = """
import http.client, sys, time
connection = http.client.HTTPConnection("192.0.2.20", timeout=10)
for target in sys.argv[2:]:
    connection.request("GET", target)
    connection.getresponse().read()
    time.sleep(float(sys.argv[1]))
"""


def interfaces(path):
    """The names of the file's interface blocks, in their order."""
    names, at = [], 0
    with open(path, "rb") as file:
        data = file.read()
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 1:
            option, size = struct.unpack_from("<HH", data, at + 16)
            names.append(data[at + 20:at + 20 + size].decode() if option == 2 else None)
        at += length
    return names


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


    def listened(self, what, path, arguments, ask, targets):
        """Records and what the file gives, where all of each target is to be saved."""
        listener = live.Listener(self.hark, [*arguments, "--stats", "-w", path])
        ask()
        for target in targets:
            self.check(listener.wait_for(target, 5) is not None, f"{what}: no record of {target}")
        time.sleep(0.3)
        self.sound(listener, listener.finish(), what)
        records = {harness.get(r, "http.request.target"): r for _, r in listener.records()}
        again = self.saved_records(path, what)
        for target in targets:
            record = records.get(target, {"capture": {}})
            self.check(record["capture"].get("saved") == "connection", f"{what}: {target}: {record['capture']}")
            got = again.get(harness.get(record, "event.id"))
            self.check(got is not None and shown(got) == shown(record), f"{what}: {shown(record)} becomes {got and shown(got)}")
        return records

    def several(self, jobs):
        """One after the other and both in one file, each packet under the name of its own; so it is with -i any."""
        def ask():
            self.curl("http://192.0.2.20/small.txt?far")
            subprocess.run(["ip", "netns", "exec", live.SERVER, "curl", "-q", "-sS", "-o", os.devnull, "http://192.0.2.20/small.txt?near"], check=True)

        targets = ("/small.txt?far", "/small.txt?near")
        for given in (["eth0", "lo"], ["any"]):
            options = [word for name in given for word in ("-i", name)]
            what, path = f"{' '.join(options)} -j {jobs}", os.path.join(self.work, f"{len(given)}.{jobs}.pcapng")
            records = self.listened(what, path, [*options, "-j", jobs], ask, targets)
            self.check(sorted(interfaces(path)) == ["eth0", "lo"], f"{what}: the file has the interfaces {interfaces(path)}")
            for target, name in zip(targets, ("eth0", "lo")):
                port = harness.get(records.get(target, {}), "client.port")
                self.check(set(self.frames(path, what, f"tcp.port == {port}", "frame.interface_name")) == {name}, f"{what}: {target} is not all from {name}")

    def silence(self):
        """Between its transactions the connection dozes; the later one is of the same connection all the same."""
        def ask():
            subprocess.run(["ip", "netns", "exec", live.CLIENT, sys.executable, "-c", TWICE, "3", "/small.txt?a", "/small.txt?b"], check=True)

        path = os.path.join(self.work, "silence.pcapng")
        records = self.listened("a silent connection", path, ["-i", "eth0"], ask, ("/small.txt?a", "/small.txt?b"))
        ports = {harness.get(r, "client.port") for r in records.values()}
        self.check(len(ports) == 1 and len(self.frames(path, "a silent connection", "tcp.flags.syn == 1")) == 2, f"a silent connection: {ports}")

    def renamed(self):
        """The records' file is opened anew, or followed by others; that of packets goes on, and is nobody's as theirs are."""
        path, moved = os.path.join(self.work, "one.pcapng"), os.path.join(self.work, "moved.pcapng")
        for more, name in (([], "records"), (["--rotate-size=4K"], "rotated")):
            what, output = f"a hangup {more}", os.path.join(self.work, name)
            os.chmod(self.work, 0o777)
            listener = live.Listener(self.hark, ["-i", "eth0", "--stats", "-o", output, "-w", path, *more])
            self.check(os.stat(path).st_uid == NOBODY, f"{what}: the saved packets are not of the user that hark is")
            self.curl("http://192.0.2.20/small.txt?before")
            time.sleep(1.5)
            os.rename(path, moved)
            if not more:
                os.rename(output, output + ".old")
            listener.process.send_signal(signal.SIGHUP)
            time.sleep(0.5)
            for number in range(6):
                self.curl(f"http://192.0.2.20/small.txt?after{number}")
            time.sleep(0.5)
            self.sound(listener, listener.finish(), what)
            self.check(not os.path.exists(path), f"{what}: there is a second file of packets")
            written = [record for file in sorted(os.listdir(self.work)) if file.startswith(name) for record in self.lines_of(file)]
            files = [file for file in os.listdir(self.work) if file.startswith(name)]
            self.check(len(files) > 1 and len(written) == 7 and all(record["capture"].get("saved") == "connection" for record in written),
                       f"{what}: {len(written)} records in {files}: {listener.err[-300:]}")
            again = self.saved_records(moved, what)
            self.check(all(shown(again.get(r["event"]["id"], {"capture": {}})) == shown(r) for r in written), f"{what}: the packets of {len(again)} are saved, or of others")

    def lines_of(self, name):
        with open(os.path.join(self.work, name), encoding="utf-8") as file:
            return [json.loads(line) for line in file]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    arguments = parser.parse_args()
    if harness.lacks_network(("ip", "nginx", "curl", "tshark")):
        return harness.SKIPPED
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
            saving.several("1")
            saving.several("2")
            saving.silence()
            saving.renamed()
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
