#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make.py --captures DIR --degrade BINARY [--scale S] [--flat] NAME...

Makes workloads, each NAME.pcap with the server's NAME.access.log (a line a transaction). All is real TCP between nginx and its
clients in two network namespaces, packets of 1500 bytes, no offload. Needs root.

  web        browsers: long heads, 2000 objects, gzip, chunks, conditional requests, uploads; that of the truth tests, only more of it
  small      services: short heads and bodies, 64 kept connections, two packets a transaction
  bulk       four downloads, one of them gzip in chunks
  manyflows  as small, but each transaction on a connection of its own
  lossy      web with 1 % of its packets lost and 1 % late

--flat: objects that compress well, for captures that are kept."""
import argparse
import gzip
import os
import random
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "truth"))
import site_objects  # noqa: E402
import traffic  # noqa: E402

OBJECTS = 1000
ATTEMPTS = 4
LOSSY = ("seed=42", "loss=0.01", "reorder=0.01:1-40")
TRANSACTIONS = {"web": 38_000, "small": 1_030_000, "manyflows": 260_000, "bulk": 4}
OTHERS = 0.05      # of web: what wrk can't say
BULK_BYTES = 260_000_000
BLOCK = 1 << 20


def word(rng):
    return "".join(rng.choice("etaoinshrdlu") for _ in range(rng.randint(3, 9)))


def prose(size, rng, words=40):
    """Text that gzip makes a tenth of."""
    known = [word(rng) for _ in range(words)]
    block = " ".join(rng.choice(known) for _ in range(3000)).encode()
    return (block * (size // len(block) + 1))[:size]


def flatten(folder, seed):
    """The same objects of the same sizes, with contents that compress."""
    rng = random.Random(seed)
    for at, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(at, name)
            if name.endswith(".gz") or "/dialogue" in at:
                continue
            text = name.rsplit(".", 1)[1] in site_objects.TEXT
            data = prose(os.path.getsize(path), rng) if text else bytes(os.path.getsize(path))
            with open(path, "wb") as file:
                file.write(data)
            if os.path.exists(path + ".gz"):
                with open(path + ".gz", "wb") as file:
                    file.write(gzip.compress(data, 6))


class Web(traffic.Traffic):
    def __init__(self, work, transactions, flat):
        super().__init__(work, transactions, max(12, int(transactions * OTHERS)), "plain", "1gbit", 7, 2000 if transactions > 2000 else 150)
        self.flat = flat

    def start_nginx(self):
        server = super().start_nginx()
        if self.flat:  # nothing was asked yet
            flatten(self.path("site"), self.seed)
        return server


class Services(traffic.Traffic):
    """wrk alone."""

    def __init__(self, work, transactions, connection):
        super().__init__(work, transactions, 0, "plain", "4gbit", 7, OBJECTS)
        self.connection = connection  # "keep" or "close"

    def namespaces(self):
        super().namespaces()
        for name in (self.client, self.server):  # many connections from one address, one after the other
            subprocess.run(["ip", "netns", "exec", name, "sysctl", "-q", "-w", "net.ipv4.ip_local_port_range=1024 65535", "net.core.somaxconn=8192",
                            "net.ipv4.tcp_max_syn_backlog=8192", "net.ipv4.tcp_tw_reuse=1"], check=True)

    def fill_site(self):
        rng = random.Random(self.seed)
        os.makedirs(self.path("site/items"))
        for number in range(self.objects):
            text = prose(rng.randint(150, 450), rng).decode()
            with open(self.path(f"site/items/{number}.json"), "w", encoding="ascii") as file:
                file.write(f'{{"id":{number},"text":"{text}"}}')

    def start_nginx(self):
        self.fill_site()
        with open(os.path.join(HERE, "nginx.conf.in"), encoding="utf-8") as file, open(self.path("nginx.conf"), "w", encoding="utf-8") as out:
            out.write(file.read().replace("@WORK@", self.work))
        server = self.inside(self.server, "nginx", "-p", self.work, "-c", self.path("nginx.conf"), "-e", self.path("error.log"), stderr=subprocess.DEVNULL)
        self.wait_until(lambda: os.path.exists(self.path("nginx.pid")) or server.poll() is not None, "nginx")
        return server

    def loads(self):
        threads = 8
        environment = dict(os.environ, LOAD_FIRST=str(traffic.FIRST_SERVER), LOAD_SERVERS=str(traffic.SERVERS))
        with open(self.path("wrk.out"), "wb") as said:
            load = self.inside(self.client, "wrk", f"-t{threads}", "-c64", "-d600", "--timeout", "30s", "-s", os.path.join(HERE, "load.lua"),
                               f"http://{self.servers[0]}/", "--", self.connection, str(self.transactions // threads), str(self.objects),
                               env=environment, stdout=said, stderr=said)
        self.end_wrk(load)
        if load.wait(60) != 0:
            raise RuntimeError(f"wrk: {self.read('wrk.out').decode('utf-8', 'replace')[-2000:]}")


class Bulk(Services):
    def __init__(self, work, size):
        super().__init__(work, TRANSACTIONS["bulk"], "keep")
        self.rate = "2gbit"
        self.size = size  # of a file

    def fill_site(self):
        rng = random.Random(self.seed)
        os.makedirs(self.path("site/files"))
        noise, text = rng.randbytes(BLOCK), prose(BLOCK, rng, 3000)
        for number in range(self.transactions):
            block, blocks, kind = (text, self.size // BLOCK // 4, "html") if number == 3 else (noise, self.size // BLOCK, "bin")
            with open(self.path(f"site/files/{number}.{kind}"), "wb") as file:
                for _ in range(max(1, blocks)):
                    file.write(block)

    def loads(self):
        downloads = [self.inside(self.client, "curl", "-s", "-S", "--compressed", "-o", "/dev/null", f"http://{self.servers[number]}/files/{number}.{'html' if number == 3 else 'bin'}")
                     for number in range(self.transactions)]
        if any([download.wait(300) for download in downloads]):
            raise RuntimeError("curl: a download failed")


def traffic_of(name, work, scale, flat):
    count = max(40, int(TRANSACTIONS[name] * scale))
    if name == "web":
        return Web(work, count, flat)
    if name == "bulk":
        return Bulk(work, int(BULK_BYTES * scale))
    return Services(work, count, {"small": "keep", "manyflows": "close"}[name])


def make(name, arguments):
    capture, log = (os.path.join(arguments.captures, name + ending) for ending in (".pcap", ".access.log"))
    if name == "lossy":
        web = os.path.join(arguments.captures, "web")
        subprocess.run([arguments.degrade, web + ".pcap", capture, *LOSSY], check=True, stdout=sys.stderr)
        shutil.copyfile(web + ".access.log", log)
        return
    for attempt in range(ATTEMPTS):
        with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=arguments.captures) as work:
            try:
                traffic_of(name, work, arguments.scale, arguments.flat).make()
            except RuntimeError as error:  # a busy machine lets tcpdump miss packets
                print(f"{name}: {error}", file=sys.stderr)
                if attempt + 1 == ATTEMPTS:
                    raise SystemExit(f"{name} could not be made") from None
                continue
            os.replace(os.path.join(work, "pristine.pcap"), capture)
            os.replace(os.path.join(work, "access.log"), log)
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", choices=[*TRANSACTIONS, "lossy"])
    parser.add_argument("--captures", required=True)
    parser.add_argument("--degrade", required=True, help="tests/truth/degrade.c, built")
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--flat", action="store_true")
    arguments = parser.parse_args()
    arguments.captures = os.path.abspath(arguments.captures)
    os.makedirs(arguments.captures, exist_ok=True)
    why_not = traffic.missing()
    if why_not and arguments.names != ["lossy"]:
        raise SystemExit(f"no traffic can be made here: {why_not}")
    for name in arguments.names:
        print(f"makes {name}", file=sys.stderr, flush=True)
        make(name, arguments)


if __name__ == "__main__":
    main()
