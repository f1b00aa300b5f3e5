#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""interfaces.py --hark BINARY

Which frames come from which interfaces, and in what order: the two halves of a tap (-i a -i b), where the records must be those of the
same packets in one file, down to the numbers of the frames; loopback and -i any, where the kernel shows a packet several times; a
bridge between two veth pairs, where the copies of a packet are no retransmissions; the size of the ring; how frames are counted; packets that
netfilter logs; and a filter that must be in
force from the first frame on, while packets rush in.

Needs what live.py needs, and ethtool."""
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402
import live  # noqa: E402

CLIENT, SERVER = live.CLIENT, live.SERVER
RULES = """table inet logged {
    chain in { type filter hook input priority 0; tcp dport 80 log group 0; }
    chain out { type filter hook output priority 0; tcp sport 80 log group 0; }
}
"""
SENDER = """
import socket, struct, sys, time
path, port, gap = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
data = open(path, "rb").read()
halves = []
for name in sys.argv[4:]:
    halves.append(socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
    halves[-1].bind((name, 0))
at = 24
while at < len(data):
    length = struct.unpack_from("<I", data, at + 8)[0]
    frame = data[at + 16:at + 16 + length]
    at += 16 + length
    to_server = struct.unpack_from(">H", frame, 14 + (frame[14] & 15) * 4 + 2)[0] == port
    halves[0 if to_server else len(halves) - 1].send(frame)
    time.sleep(gap)
"""


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def inside(namespace, *command, **more):
    return subprocess.run(["ip", "netns", "exec", namespace, *command], check=True, capture_output=True, text=True, **more).stdout


def quiet(namespace):
    """No neighbour discovery between the packets that count."""
    inside(namespace, "sh", "-c", "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 > $f; done")


def only_tcp(source, target):
    """Copies a capture of Ethernet, little-endian, without what is not TCP over IPv4."""
    with open(source, "rb") as file:
        data = file.read()
    kept, at = [data[:24]], 24
    while at < len(data):
        end = at + 16 + struct.unpack_from("<I", data, at + 8)[0]
        if data[at + 28:at + 30] == b"\x08\x00" and data[at + 39] == 6:
            kept.append(data[at:end])
        at = end
    with open(target, "wb") as file:
        file.write(b"".join(kept))


def number(text, name):
    found = re.findall(rf"^ *{re.escape(name)}  +([\d ]+)$", text, re.MULTILINE)
    return [int(value.replace(" ", "")) for value in found]


def retransmitted():
    """Segments that the two TCPs sent again, as they count them themselves."""
    total = 0
    for namespace in (CLIENT, SERVER):
        names, values = [line.split() for line in inside(namespace, "cat", "/proc/net/snmp").splitlines() if line.startswith("Tcp:")]
        total += int(values[names.index("RetransSegs")])
    return total


class Interfaces:
    def __init__(self, test):
        self.test = test
        self.check = test.check
        quiet(CLIENT)
        quiet(SERVER)

    def tap(self):
        """Packets go to one half of the tap or the other; what hark reports is what it reports of the file."""
        for half in ("a", "b"):
            ip("-n", SERVER, "link", "add", "tap" + half, "type", "veth", "peer", "name", "in" + half)
        quiet(SERVER)
        for name in ("tapa", "tapb", "ina", "inb"):
            ip("-n", SERVER, "link", "set", name, "up")
        time.sleep(0.5)
        for capture, jobs, gap in (("keepalive", "1", 0), ("browser", "1", 0), ("browser", "2", 0), ("pipelining", "1", 0.004)):
            path = os.path.join(self.test.work, capture + ".pcap")
            only_tcp(os.path.join(harness.PCAPS, capture + ".pcap"), path)
            expected = harness.run_hark(self.test.hark, ["-r", path, "-q"]).records()
            listener = live.Listener(self.test.hark, ["-i", "tapa", "-i", "tapb", "--stats", "-j", jobs, "tcp"])
            subprocess.run(["ip", "netns", "exec", SERVER, sys.executable, "-c", SENDER, path, str(expected[0]["server"]["port"]), str(gap), "ina", "inb"],
                           check=True)
            time.sleep(0.5)
            self.test.sound(listener, listener.finish(), f"tap of {capture}")
            got = [record for _, record in listener.records()]
            self.check(len(got) == len(expected), f"tap of {capture}: {len(got)} records instead of {len(expected)}")
            for one in got:
                files = {one["capture"][message]["file"] for message in ("request", "response") if message in one["capture"]}
                self.check(files <= {"tapa", "tapb"}, f"tap of {capture}: a record from {files}")
                if "request" in one["capture"]:
                    self.check(one["capture"]["request"]["file"] == "tapa", f"tap of {capture}: a request from {one['capture']['request']['file']}")
                if "response" in one["capture"]:
                    self.check(one["capture"]["response"]["file"] == "tapb", f"tap of {capture}: a response from {one['capture']['response']['file']}")
            ours, theirs = sorted(map(self.comparable, got)), sorted(map(self.comparable, expected))
            differ = [pair for pair in zip(ours, theirs) if pair[0] != pair[1]]
            self.check(not differ, f"tap of {capture}: {len(differ)} other records than of the file: {differ[:1]}")
            text = listener.err.decode()
            self.check("interface tapa\n" in text and "interface tapb\n" in text, f"tap of {capture}: the ledger does not name both: {text[:600]}")
            read = number(text, "read")
            self.check(len(read) == 3 and read[0] == read[1] + read[2] and min(read) > 0, f"tap of {capture}: frames read {read}")
            received = number(text, "received by the kernel")
            self.check(len(received) == 3 and received[0] == received[1] + received[2] == read[0], f"tap of {capture}: received {received}, read {read}")

    @staticmethod
    def comparable(record):
        """Of a record what the way of its packets must not change: frames and what TCP did among it."""
        capture = record["capture"]
        frames = {m: [capture[m]["first_frame"], capture[m]["last_frame"]] for m in ("request", "response") if m in capture}
        facts = {side: {key: value for key, value in record["tcp"].get(side, {}).items() if key in ("retransmits", "out_of_order", "duplicate_acks")}
                 for side in ("client", "server")}
        return json.dumps([record["hark"]["type"], record["event"]["id"], record.get("http"), record["pairing"], frames, facts,
                           capture["complete"], capture["duplicates"], capture["gap_bytes"]], sort_keys=True)

    def once(self, arguments, namespace, ask_from, name, url, copies, what):
        """One request is one record without false copies and retransmissions."""
        before = retransmitted()
        listener = live.Listener(self.test.hark, [*arguments, "--stats"], namespace)
        for target in ("/small.txt?", "/large.bin?"):
            subprocess.run(["ip", "netns", "exec", ask_from, "curl", "-q", "-sS", "--max-time", "20", "-o", os.devnull, url + target + "once"], check=True)
        time.sleep(0.5)
        self.test.sound(listener, listener.finish(), what)
        got = [record for _, record in listener.records()]
        self.check(len(got) == 2, f"{what}: {len(got)} records instead of 2")
        for one in got:
            self.check(one["capture"]["complete"] is True, f"{what}: not complete")
            self.check((one["capture"]["duplicates"] > 0) == copies, f"{what}: {one['capture']['duplicates']} copies")
            self.check(one["capture"]["request"]["file"] in name, f"{what}: a record of {one['capture']['request']['file']}, not {name}")
        seen = sum(one["tcp"][side]["retransmits"] for one in got for side in ("client", "server"))
        self.check(seen <= retransmitted() - before, f"{what}: {seen} retransmissions, but the kernels sent {retransmitted() - before} segments again")
        # Beside them nothing but what other requests left behind.
        self.check(not any(one["hark"]["type"] != "transaction" for one in got), f"{what}: orphans")

    def loopback(self):
        url = "http://192.0.2.20"
        self.once(["-i", "lo"], SERVER, SERVER, ("lo",), url, False, "loopback")
        self.once(["-i", "any"], SERVER, SERVER, ("lo",), url, False, "loopback by any")
        self.once(["-i", "any"], SERVER, CLIENT, ("eth0",), url, False, "veth by any")

    def bridge(self):
        """client eth1 - bridge in the middle - eth1 server: what passes is seen at each port."""
        middle = live.PREFIX + "m"
        ip("netns", "add", middle)
        try:
            ip("-n", middle, "link", "add", "br0", "type", "bridge")
            for end, port, address in ((CLIENT, "west", "198.51.100.10"), (SERVER, "east", "198.51.100.20")):
                ip("link", "add", "eth1", "netns", end, "type", "veth", "peer", "name", port, "netns", middle)
                ip("-n", middle, "link", "set", port, "master", "br0", "up")
                ip("-n", end, "addr", "add", address + "/24", "dev", "eth1")
                ip("-n", end, "link", "set", "eth1", "up")
            ip("-n", middle, "link", "set", "br0", "up")
            quiet(middle)
            url = "http://198.51.100.20"
            for _ in range(50):
                if subprocess.run(["ip", "netns", "exec", CLIENT, "curl", "-q", "-s", "-o", os.devnull, url + "/small.txt"], check=False).returncode == 0:
                    break
                time.sleep(0.1)
            self.once(["-i", "any"], middle, CLIENT, ("west", "east", "br0"), url, True, "bridge by any")
            self.once(["-i", "west", "-i", "east"], middle, CLIENT, ("west", "east"), url, True, "bridge by both ports")
            self.once(["-i", "east"], middle, CLIENT, ("east",), url, False, "bridge by one port")
            # What comes in in one piece goes out in segments: copies all the same.
            inside(middle, "ethtool", "-K", "west", "tso", "off", "gso", "off")
            self.once(["-i", "west", "-i", "east"], middle, CLIENT, ("west", "east"), url, True, "bridge that cuts segments")
            self.once(["-i", "any"], middle, CLIENT, ("west", "east", "br0"), url, True, "bridge that cuts segments, by any")
        finally:
            subprocess.run(["ip", "netns", "del", middle], check=False, capture_output=True)

    def ring(self):
        """What -B asks for is what the kernel gave, for each interface."""
        for size, bytes_ in ((None, 64 << 20), ("8M", 8 << 20), ("1M", 1 << 20)):
            listener = live.Listener(self.test.hark, ["-i", "eth0", "-i", "lo", "--stats", *(["-B", size] if size else [])])
            with open(f"/proc/{listener.process.pid}/maps", encoding="utf-8") as maps:
                rings = [[int(part, 16) for part in line.split()[0].split("-")] for line in maps if "socket:[" in line]
            self.check(sorted(end - begin for begin, end in rings) == [bytes_, bytes_], f"-B {size}: rings of {[e - b for b, e in rings]}")
            self.test.sound(listener, listener.finish(), f"-B {size}")
            self.check(number(listener.err.decode(), "bytes of its capture buffer") == [bytes_, bytes_], f"-B {size}: the ledger says {listener.err}")

    def smaller_ring(self):
        """Where the kernel has no memory for the size asked for, hark goes on with less and says so, once for each interface."""
        library = os.environ.get("HARK_SMALL_RING")
        if not library:
            print("not checked: a smaller ring (HARK_SMALL_RING names no library)")
            return
        before = dict(harness.ENVIRONMENT)
        harness.ENVIRONMENT.update({"LD_PRELOAD": library, "ASAN_OPTIONS": before["ASAN_OPTIONS"] + ":verify_asan_link_order=0"})
        try:
            listener = live.Listener(self.test.hark, ["-i", "eth0", "-i", "lo", "-B", "32M", "--stats"])
            self.test.curl("http://192.0.2.20/small.txt?ring")
            self.check(listener.wait_for("/small.txt?ring", 5) is not None, "no record with a smaller ring")
            self.test.sound(listener, listener.finish(), "a smaller ring")
        finally:
            harness.ENVIRONMENT.clear()
            harness.ENVIRONMENT.update(before)
        text = listener.err.decode()
        rings = number(text, "bytes of its capture buffer")
        self.check(len(rings) == 2 and all(0 < ring <= 4 << 20 for ring in rings), f"a smaller ring: the ledger says {rings}")
        for name, ring in zip(("eth0", "lo"), rings):
            said = f"hark: {name}: the kernel had memory for a capture buffer of {ring // 1024} KiB instead of 32768 KiB (-B)\n"
            self.check(text.count(said) == 1, f"a smaller ring: not said: {said}{text[:600]}")

    def counted(self):
        """The last frame of a run is one of its interface's, too."""
        for arguments in (["-i", "eth0"], ["-i", "any"], ["-i", "eth0", "-i", "lo"]):
            listener = live.Listener(self.test.hark, [*arguments, "-c", "7", "--stats"])
            self.test.curl("http://192.0.2.20/small.txt?count")
            self.test.sound(listener, listener.finish(None), f"{arguments} -c 7")
            read = number(listener.err.decode(), "read")
            self.check(len(read) == 1 + arguments.count("-i") and read[0] == sum(read[1:]) == 7, f"{arguments} -c 7: frames read {read}")

    def netfilter(self):
        """nflog is waited for where nothing comes; and where a rule logs, what it logged by the end is read."""
        listed = inside_any(SERVER, self.test.hark, "-D").stdout.split()
        done = inside_any(SERVER, self.test.hark, "-i", "nfqueue")
        self.check("nfqueue" not in listed and done.returncode == 1 and "takes no part" in done.stderr, f"nfqueue: {done.returncode} {done.stderr}")
        if "nflog" not in listed:
            print("not checked: nflog (the kernel or libpcap has none)")
            return
        listener = live.Listener(self.test.hark, ["-i", "nflog", "--stats"])
        time.sleep(0.5)
        self.check(listener.process.poll() is None, "nflog: ends where nothing comes")
        logs = shutil.which("nft") is not None
        if logs:
            inside(SERVER, "nft", "-f", "-", input=RULES)
            self.test.curl("http://192.0.2.20/small.txt?logged")
        self.test.sound(listener, listener.finish(), "nflog")
        self.check(len(listener.lines) == logs, f"nflog: {len(listener.lines)} records")
        if logs:
            inside(SERVER, "nft", "delete", "table", "inet", "logged")
        else:
            print("not checked: packets of nflog (there is no nft)")

    def filter_first(self):
        """Packets rush in while hark starts; none that the filter does not pass is ever given."""
        flood = live.flood()
        try:
            time.sleep(0.5)
            early, runs = 0, 0
            # Many terms take libpcap long to compile, while the socket listens already.
            expression = "tcp" + "".join(f" and not port {n}" for n in range(20000, 20100))
            while runs < 4:
                size = ("64M", "1M", "8M")[runs % 3]
                runs += 1
                listener = live.Listener(self.test.hark, ["-i", "eth0", "-B", size, "--stats", expression])
                told = None
                for _ in range(5):  # a request that comes before the filter is not seen
                    self.test.curl("http://192.0.2.20/small.txt?filter")
                    told = listener.wait_for("/small.txt?filter", 2)
                    if told:
                        break
                self.check(told is not None, "a record behind a filter under load")
                self.test.sound(listener, listener.finish(), "filter under load")
                text = listener.err.decode()
                self.check(number(text, "udp") == [], f"the filter let UDP through: {text}")
                early += number(text, "received by the kernel")[0] > number(text, "read")[0]
            # Else the test has shown nothing: packets came before the filter was set.
            print(f"filter: in {early} of {runs} runs packets came before the filter")
            self.check(early == runs, "no packet came between a socket and its filter")
        finally:
            flood.send_signal(signal.SIGTERM)
            flood.wait()

    def refused(self):
        done = inside_any(SERVER, self.test.hark, "-i", "eth0", "-i", "lo", "-i", "eth0")
        self.check(done.returncode == 2 and "given twice" in done.stderr, f"the same interface twice: {done.returncode} {done.stderr}")
        done = inside_any(SERVER, self.test.hark, "-i", "eth0", "-i", "nowhere0")
        self.check(done.returncode == 1 and done.stderr.startswith("hark: nowhere0: "), f"one interface of two is missing: {done.returncode} {done.stderr}")
        ip("-n", SERVER, "link", "add", "down0", "type", "veth", "peer", "name", "down1")
        done = inside_any(SERVER, self.test.hark, "-i", "down0")
        self.check(done.returncode == 1 and "is down" in done.stderr, f"an interface that is down at the start: {done.returncode} {done.stderr}")


def inside_any(namespace, *command):
    return subprocess.run(["ip", "netns", "exec", namespace, *command], check=False, capture_output=True, text=True, timeout=20, env=harness.ENVIRONMENT)


def parts_of(test):
    interfaces = Interfaces(test)
    return (interfaces.tap, interfaces.loopback, interfaces.bridge, interfaces.ring, interfaces.smaller_ring, interfaces.counted,
            interfaces.netfilter, interfaces.filter_first, interfaces.refused)


if __name__ == "__main__":
    sys.exit(live.main(parts_of, "interfaces", __doc__, ("ethtool",)))
