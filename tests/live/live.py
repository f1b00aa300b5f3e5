#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""live.py --hark BINARY

hark listens on one end of a veth pair while curl asks nginx on the other; both ends are in network namespaces of their own, which
this test makes and takes away. Each record must be on standard output within a second of its response's end. Also: -i any, -c,
filters, SIGTERM and SIGINT, packets that the kernel drops, and what is said to somebody who may not capture.

Needs root, iproute2, nginx and curl; is skipped where one is missing. Ends only processes that it started."""
import argparse
import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402

PREFIX = f"hkl{os.getpid()}"
CLIENT, SERVER = PREFIX + "c", PREFIX + "s"
ADDRESS = {CLIENT: "192.0.2.10", SERVER: "192.0.2.20"}
IN_TIME = 1.0  # seconds from a response's end to its record
NGINX = """daemon off;
worker_processes 1;
user root;
pid {work}/nginx.pid;
error_log {work}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3; uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5;
    server {{
        listen 80;
        root {work}/site;
        location /slow/ {{ alias {work}/site/; limit_rate 2k; }}
    }}
}}
"""


# Datagrams without end, which hark has no use for.
FLOOD = "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nwhile True: s.sendto(b'x' * 100, ('192.0.2.20', 9999))"


def flood():
    """Sends them from the client until it is ended."""
    return subprocess.Popen(["ip", "netns", "exec", CLIENT, sys.executable, "-c", FLOOD], stderr=subprocess.DEVNULL)


class Listener:
    """A running hark: its lines with the moment each arrived."""

    running = []

    def __init__(self, hark, arguments, where=SERVER, stderr=subprocess.PIPE):
        self.lines = []
        self.process = subprocess.Popen(["ip", "netns", "exec", where, hark, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=stderr, env=harness.ENVIRONMENT)
        self.err = b""
        self.running.append(self.process)
        self.threads = [threading.Thread(target=self.read_out), threading.Thread(target=self.read_err)]
        for thread in self.threads:
            thread.start()
        deadline = time.monotonic() + 10
        # ip-netns(8) execs hark: the process is hark itself, and its socket shows when it listens.
        while time.monotonic() < deadline and self.process.poll() is None and not self.listens(where):
            time.sleep(0.05)
        time.sleep(0.3)

    @staticmethod
    def listens(where):
        sockets = subprocess.run(["ip", "netns", "exec", where, "cat", "/proc/net/packet"], capture_output=True, text=True, check=True)
        # Type 3 is a raw packet socket; the protocol is 0000 until it is bound.
        return any(line.split()[2] == "3" and line.split()[3] != "0000" for line in sockets.stdout.splitlines()[1:])

    def read_out(self):
        for line in self.process.stdout:
            self.lines.append((time.monotonic(), line))

    def read_err(self):
        self.err = self.process.stderr.read()

    def records(self):
        return [(moment, json.loads(line)) for moment, line in list(self.lines)]

    def wait_for(self, target, seconds):
        """(moment, record) of the first record with this target, or None."""
        deadline = time.monotonic() + seconds
        while True:
            for moment, record in self.records():
                if harness.get(record, "http.request.target") == target:
                    return moment, record
            if time.monotonic() > deadline:
                return None
            time.sleep(0.01)

    def finish(self, how=signal.SIGTERM, seconds=10):
        """Ends it and returns its exit status; None when it had to be killed."""
        if how is not None and self.process.poll() is None:
            self.process.send_signal(how)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = None
        for thread in self.threads:
            thread.join()
        return status


class Live:
    def __init__(self, hark, work):
        self.hark = hark
        self.work = work
        self.faults = []
        self.checks = 0
        self.worst = 0.0

    def check(self, holds, what):
        self.checks += 1
        if not holds:
            self.faults.append(what)
            print("FAULT", what)

    def curl(self, *arguments):
        done = subprocess.run(["ip", "netns", "exec", CLIENT, "curl", "-q", "-sS", "--max-time", "20", "-o", os.devnull, *arguments],
                              capture_output=True, text=True, check=False, env=dict(os.environ, HOME=self.work))
        return time.monotonic(), done

    def sound(self, listener, status, what):
        text = listener.err.decode("utf-8", "replace")
        self.check(status == 0, f"{what}: exit status {status} instead of 0: {text[-600:]}")
        self.check("Sanitizer" not in text and "runtime error" not in text, f"{what}: {text[-600:]}")
        self.check("balance:" not in text and "NOT balance" not in text, f"{what}: {text[-600:]}")
        wrong = harness.validate(b"".join(line for _, line in listener.lines))
        self.check(not wrong, f"{what}: {wrong[:600]}")

    def in_time(self, listener, what, targets, options=()):
        for target in targets:
            ended, done = self.curl(*options, f"http://192.0.2.20{target}")
            self.check(done.returncode == 0, f"{what}: curl says {done.stderr}")
            got = listener.wait_for(target, 5)
            self.check(got is not None, f"{what}: no record of {target} in 5 s: {listener.err[-300:]}")
            if got:
                late = got[0] - ended
                self.worst = max(self.worst, late)
                self.check(late <= IN_TIME, f"{what}: the record of {target} came {late:.2f} s after its response")
                record = got[1]
                self.check(harness.get(record, "hark.type") == "transaction", f"{what}: {target} is no transaction")
                self.check(harness.get(record, "client.ip") == ADDRESS[CLIENT] and harness.get(record, "server.ip") == ADDRESS[SERVER]
                           and harness.get(record, "server.port") == 80, f"{what}: wrong addresses")
                self.check(harness.get(record, "http.response.status_code") == (404 if "missing" in target else 200), f"{what}: wrong status")
                self.check(harness.get(record, "capture.complete") is True, f"{what}: {target} is not complete")

    def records_in_time(self):
        for jobs in ("1", "2"):
            listener = Listener(self.hark, ["-i", "eth0", "--stats", "-j", jobs])
            self.in_time(listener, f"-i eth0 -j {jobs}", ["/small.txt?1", "/missing?2", "/large.bin?3", "/small.txt?4"])
            self.in_time(listener, f"-i eth0 -j {jobs} HEAD", ["/large.bin?head"], ["--head"])
            ended, _ = self.curl(*[f"http://192.0.2.20/small.txt?keep{n}" for n in range(5)])
            for n in range(5):
                got = listener.wait_for(f"/small.txt?keep{n}", 5)
                self.check(got is not None and got[0] - ended <= IN_TIME, f"-j {jobs}: keep-alive record {n} is missing or late")
            self.sound(listener, listener.finish(), f"SIGTERM -j {jobs}")
            self.check(len(listener.lines) == 10, f"-j {jobs}: {len(listener.lines)} records instead of 10")

    def any_interface(self):
        listener = Listener(self.hark, ["-i", "any", "--stats"])
        self.in_time(listener, "-i any", ["/small.txt?any"])
        self.sound(listener, listener.finish(signal.SIGINT), "SIGINT")

    def count(self):
        listener = Listener(self.hark, ["-i", "eth0", "-c", "7", "--stats", "tcp"])
        self.curl("http://192.0.2.20/small.txt?count")
        self.sound(listener, listener.finish(None), "-c 7")

    def hidden(self):
        """As in a file: the same hash of a secret, the same addresses, and nothing in clear."""
        options = ["--secrets=hash", "--anonymize-ip", "--secrets-key", harness.write_key(self.work)]
        files = [harness.run_hark(self.hark, ["-r", os.path.join(harness.PCAPS, "keepalive.pcap"), "-q", *more]).records()[0] for more in ([], options)]
        became = {files[0][side]["ip"]: files[1][side]["ip"] for side in ("client", "server")}
        key = hmac.new(b"0123456789abcdef0123456789abcdef", b"hark secrets 1", hashlib.sha256).digest()
        shown = "***" + hmac.new(key, b"PLANTED", hashlib.sha256).hexdigest()[:32]
        for jobs in ("1", "2"):
            listener = Listener(self.hark, ["-i", "eth0", "-j", jobs, *options])
            self.curl("-H", "Authorization: Bearer PLANTED", "http://192.0.2.20/small.txt?token=PLANTED")
            got = listener.wait_for(f"/small.txt?token={shown}", 5)
            self.sound(listener, listener.finish(), f"hidden -j {jobs}")
            self.check(got is not None, f"hidden -j {jobs}: no record with {shown}: {listener.lines}")
            if got:
                self.check(harness.header_values(got[1], "request", "authorization") == ["Bearer " + shown], f"hidden -j {jobs}: {got[1]}")
                self.check(harness.header_values(got[1], "request", "host") == [became["192.0.2.20"]], f"hidden -j {jobs}: {got[1]}")
                self.check({got[1]["client"]["ip"], got[1]["server"]["ip"]} == set(became.values()), f"hidden -j {jobs}: {got[1]}, not {became}")
            everything = b"".join(line for _, line in listener.lines)
            self.check(not any(word in everything for word in (b"PLANTED", b"192.0.2.")), f"hidden -j {jobs}: {everything[:600]}")

    def filter(self):
        listener = Listener(self.hark, ["-i", "eth0", "tcp", "port", "81"])
        self.curl("http://192.0.2.20/small.txt?filtered")
        self.check(listener.wait_for("/small.txt?filtered", 1.5) is None, "a filter for port 81 lets port 80 through")
        self.sound(listener, listener.finish(), "filter")

    def flushed_at_the_end(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            listener = Listener(self.hark, ["-i", "eth0", "--stats"])
            asked = subprocess.Popen(["ip", "netns", "exec", CLIENT, "curl", "-q", "-s", "--max-time", "20", "-o", os.devnull,
                                      "http://192.0.2.20/slow/large.bin?open"])
            time.sleep(1.0)
            self.check(not listener.lines, "a record before its transaction ended")
            status = listener.finish(how)
            asked.kill()
            asked.wait()
            self.sound(listener, status, f"{how.name} amid a response")
            found = [r for _, r in listener.records() if harness.get(r, "http.request.target") == "/slow/large.bin?open"]
            self.check(len(found) == 1, f"{how.name} amid a response: {len(found)} records of it instead of 1")
            if found:
                self.check(harness.get(found[0], "capture.complete") is False, f"{how.name}: an unfinished transaction claims to be complete")

    def kernel_drops(self):
        listener = Listener(self.hark, ["-i", "eth0", "-B", "256K", "--stats"])
        listener.process.send_signal(signal.SIGSTOP)
        try:
            for n in range(4):
                self.curl(f"http://192.0.2.20/large.bin?flood{n}")
        finally:
            listener.process.send_signal(signal.SIGCONT)
        time.sleep(1.0)
        self.sound(listener, listener.finish(), "after kernel drops")
        text = listener.err.decode("utf-8", "replace")
        dropped = [int(line.split("  ")[-1].replace(" ", "")) for line in text.splitlines()
                   if re.search(r"kernel.*drop|drop.*kernel", line, re.IGNORECASE) and re.search(r"  \d[\d ]*$", line)]
        self.check(any(n > 0 for n in dropped), f"packets that the kernel dropped are not in the ledger: {text}")

    def refused(self):
        for what, arguments, privileged in (("an interface that is not there", ["-i", "nowhere0"], True),
                                         ("no permission", ["-i", "eth0"], False)):
            try:
                done = subprocess.run(["ip", "netns", "exec", SERVER, self.hark, *arguments] if privileged else
                                      ["nsenter", f"--net=/run/netns/{SERVER}", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                       self.hark, *arguments], capture_output=True, text=True, timeout=20, env=harness.ENVIRONMENT, check=False)
            except subprocess.TimeoutExpired:
                self.check(False, f"{what}: hark runs")
                continue
            if "failed to execute" in done.stderr:
                print(f"not checked: {what} (this build cannot be run by another user)")
                continue
            self.check(done.returncode == 1 and re.fullmatch(r"hark: [^\n]{15,}\n", done.stderr) is not None and not done.stdout,
                       f"{what}: exit status {done.returncode}, says {done.stderr!r}")


def namespaces():
    def run(*command):
        subprocess.run(command, check=True)

    for name in (CLIENT, SERVER):
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
    link()


def link():
    """The two namespaces' veth pair; its interfaces have other numbers each time."""
    subprocess.run(["ip", "link", "add", "eth0", "netns", CLIENT, "type", "veth", "peer", "name", "eth0", "netns", SERVER], check=True)
    for name, address in ADDRESS.items():
        subprocess.run(["ip", "-n", name, "addr", "add", address + "/24", "dev", "eth0"], check=True)
        subprocess.run(["ip", "-n", name, "link", "set", "eth0", "up"], check=True)


def start_nginx(work):
    os.mkdir(os.path.join(work, "site"))
    with open(os.path.join(work, "site", "small.txt"), "wb") as file:
        file.write(b"a small file\n" * 10)
    with open(os.path.join(work, "site", "large.bin"), "wb") as file:
        file.write(bytes(i * 7 & 255 for i in range(256)) * 4096)
    with open(os.path.join(work, "nginx.conf"), "w", encoding="utf-8") as file:
        file.write(NGINX.format(work=work))
    server = subprocess.Popen(["ip", "netns", "exec", SERVER, "nginx", "-p", work, "-c", os.path.join(work, "nginx.conf"), "-e", os.path.join(work, "error.log")],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        if subprocess.run(["ip", "netns", "exec", CLIENT, "curl", "-q", "-s", "-o", os.devnull, "http://192.0.2.20/small.txt"], check=False).returncode == 0:
            return server
        time.sleep(0.1)
    with open(os.path.join(work, "error.log"), encoding="utf-8") as file:
        print(file.read())
    server.terminate()
    raise SystemExit("nginx did not start")


def parts_of(live):
    return (live.records_in_time, live.any_interface, live.count, live.hidden, live.filter, live.flushed_at_the_end, live.kernel_drops, live.refused)


def main(parts=parts_of, name="live", description=__doc__, needs=()):
    """Runs what `parts` gives for a Live: the other scripts here say which theirs are."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    arguments = parser.parse_args()
    if harness.lacks_network(("ip", "nginx", "curl", "nsenter", "setpriv", *needs)):
        return harness.SKIPPED
    server = None
    with tempfile.TemporaryDirectory(prefix="hark-live.") as work:
        live = Live(os.path.abspath(arguments.hark), work)
        try:
            namespaces()
            server = start_nginx(work)
            for part in parts(live):
                part()
        finally:
            for process in Listener.running:
                if process.poll() is None:
                    process.kill()
            if server is not None:
                server.terminate()
                server.wait()
            for namespace in (CLIENT, SERVER):
                subprocess.run(["ip", "netns", "del", namespace], check=False, capture_output=True)
        print(f"{name}: {live.checks} checks, {len(live.faults)} faults; the slowest record came {live.worst:.3f} s after its response's end")
        return 1 if live.faults else 0


if __name__ == "__main__":
    sys.exit(main())
