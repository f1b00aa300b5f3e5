# SPDX-License-Identifier: Apache-2.0
"""Real traffic whose truth is known: nginx and its clients in two network namespaces, captured at the server's end of the veth pair
between them. Every process is ended by its number, the namespaces are taken away."""
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import site_objects

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = ("ip", "tc", "ethtool", "nginx", "wrk", "tcpdump")
CLIENT_ADDRESS = "192.0.2.10"
FIRST_SERVER, SERVERS = 20, 8


def missing():
    """Why no traffic can be made here, or ""."""
    if os.geteuid() != 0:
        return "needs root"
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent:
        return f"not installed: {' '.join(absent)}"
    name = f"hkt{os.getpid()}x"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode != 0:
        return "no network namespace can be made here"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return ""


class Traffic:
    """Leaves pristine.pcap and access.log in `work`."""

    def __init__(self, work, transactions, others, manner, rate, seed, objects):
        self.work = work
        self.transactions = transactions  # of the load like browsers'
        self.others = others              # of what clients.py does
        self.manner = manner              # its "plain" or "odd"
        self.rate = rate                  # of the server's link, as tc(8) writes it
        self.seed = seed
        self.objects = objects
        self.client, self.server = (f"hkt{os.getpid()}{side}" for side in "cs")
        self.servers = [f"192.0.2.{FIRST_SERVER + n}" for n in range(SERVERS)]
        self.running = []

    def inside(self, namespace, *command, **more):
        process = subprocess.Popen(["ip", "netns", "exec", namespace, *command], stdin=subprocess.DEVNULL, **more)
        self.running.append(process)
        return process

    def namespaces(self):
        def run(*command):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

        for name in (self.client, self.server):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "link", "add", "eth0", "mtu", "1500", "netns", self.client, "type", "veth", "peer", "name", "eth0", "netns", self.server)
        for name, addresses in ((self.client, [CLIENT_ADDRESS]), (self.server, self.servers)):
            # Packets as they are on a cable: no super-packets of the kernel's making.
            run("ip", "netns", "exec", name, "ethtool", "-K", "eth0", "tso", "off", "gso", "off", "gro", "off", "tx", "off")
            for address in addresses:
                run("ip", "-n", name, "addr", "add", address + "/24", "dev", "eth0")
            run("ip", "-n", name, "link", "set", "eth0", "up")
        run("ip", "netns", "exec", self.server, "tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", self.rate, "burst", "128kb", "latency", "25ms")

    def path(self, name):
        return os.path.join(self.work, name)

    def start_nginx(self):
        paths = site_objects.make_site(self.path("site"), self.objects, self.seed)
        with open(self.path("paths.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(paths) + "\n")
        with open(os.path.join(HERE, "nginx.conf.in"), encoding="utf-8") as file, open(self.path("nginx.conf"), "w", encoding="utf-8") as out:
            out.write(file.read().replace("@WORK@", self.work))
        with open(self.path("nginx.err"), "wb") as said:
            server = self.inside(self.server, "nginx", "-p", self.work, "-c", self.path("nginx.conf"), "-e", self.path("error.log"), stderr=said)
        # Not asked over the network: everything on port 80 shall have an id.
        self.wait_until(lambda: os.path.exists(self.path("nginx.pid")) or server.poll() is not None, "nginx")
        if server.poll() is not None:
            with open(self.path("nginx.err"), encoding="utf-8") as file:
                raise RuntimeError(f"nginx did not start: {file.read()}")
        return server

    def start_tcpdump(self):
        with open(self.path("tcpdump.err"), "wb") as said:
            capture = self.inside(self.server, "tcpdump", "-n", "-i", "eth0", "-Z", "root", "-s", "0", "-B", "262144", "-w", self.path("pristine.pcap"),
                                  "tcp port 80", stderr=said)
        self.wait_until(lambda: b"listening on" in self.read("tcpdump.err") or capture.poll() is not None, "tcpdump")
        time.sleep(0.2)
        return capture

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    @staticmethod
    def wait_until(holds, what):
        for _ in range(200):
            if holds():
                return
            time.sleep(0.05)
        raise RuntimeError(f"{what} did not start within 10 s")

    def loads(self):
        threads = 8 if self.transactions >= 8000 else 4
        connections = 96 if self.transactions >= 8000 else 24
        environment = dict(os.environ, TRUTH_FIRST=str(FIRST_SERVER), TRUTH_SERVERS=str(SERVERS))
        with open(self.path("wrk.out"), "wb") as said:
            load = self.inside(self.client, "wrk", f"-t{threads}", f"-c{connections}", "-d600", "--timeout", "30s", "-s", os.path.join(HERE, "load.lua"),
                               f"http://{self.servers[0]}/", "--", self.path("paths.txt"), str(self.transactions // threads), env=environment,
                               stdout=said, stderr=said)
        with open(self.path("clients.out"), "wb") as said:
            odd = self.inside(self.client, sys.executable, os.path.join(HERE, "clients.py"), self.path("paths.txt"), str(self.others), self.manner, str(self.seed),
                              *self.servers, stdout=said, stderr=said)
        self.end_wrk(load)
        for process, name in ((load, "wrk"), (odd, "clients")):
            if process.wait(300) != 0 or b"Traceback" in self.read(name + ".out"):
                raise RuntimeError(f"{name}: exit status {process.returncode}: {self.read(name + '.out').decode('utf-8', 'replace')[-2000:]}")

    @staticmethod
    def end_wrk(load):
        """wrk's threads end when they have sent what they may; wrk itself sleeps on until it is told."""
        def threads():
            try:
                return len(os.listdir(f"/proc/{load.pid}/task"))
            except FileNotFoundError:
                return 0

        seen, started = 0, time.monotonic()
        while load.poll() is None and time.monotonic() < started + 300:
            now = threads()
            seen = max(seen, now)
            # A small quota may be sent before the first look.
            if now == 1 and (seen > 1 or time.monotonic() > started + 3):
                load.send_signal(signal.SIGINT)
            time.sleep(0.1)

    def check_drops(self):
        said = self.read("tcpdump.err").decode("utf-8", "replace")
        dropped = re.search(r"(\d+) packets? dropped by kernel", said)
        counted = [int(number) for number in re.findall(r"(\d+) packets? (?:captured|received by filter)", said)]
        if dropped is None or int(dropped.group(1)) or len(set(counted)) != 1:
            raise RuntimeError(f"the capture is not whole, there is no truth to be had: {said.strip()}")

    def make(self):
        try:
            self.namespaces()
            server = self.start_nginx()
            capture = self.start_tcpdump()
            self.loads()
            time.sleep(0.3)
            server.send_signal(signal.SIGQUIT)  # ends what is open, writes the log
            server.wait(20)
            time.sleep(1.5)  # tcpdump gets packets from the kernel a second late
            capture.terminate()
            capture.wait(20)
            self.check_drops()
        finally:
            for process in self.running:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            for name in (self.client, self.server):
                subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
