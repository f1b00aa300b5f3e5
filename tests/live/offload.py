#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""offload.py --hark BINARY

What network cards and the kernel do to packets before hark sees them: segments of up to 64 KB on their way out (TSO) and in (GRO),
checksums that nobody filled in, which --checksums=verify must not take for wrong ones, and VLAN tags that were taken off.

Needs what live.py needs, and ethtool."""
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402
import interfaces  # noqa: E402
import live  # noqa: E402

CLIENT, SERVER = live.CLIENT, live.SERVER
LARGE = 256 * 4096
SEGMENT = 1448


def offload(namespace, **features):
    for feature, on in features.items():
        interfaces.inside(namespace, "ethtool", "-K", "eth0", feature.replace("_", "-"), "on" if on else "off")


class Offload:
    def __init__(self, test):
        self.test = test
        self.check = test.check
        interfaces.quiet(CLIENT)
        interfaces.quiet(SERVER)

    def fetch(self, where, arguments, what):
        """Text of the ledger after one large file was fetched, whose record must be whole."""
        listener = live.Listener(self.test.hark, ["-i", "eth0", "--stats", "-c", "100000", *arguments], where)
        self.test.curl("http://192.0.2.20/large.bin?offload")
        got = listener.wait_for("/large.bin?offload", 5)
        self.test.sound(listener, listener.finish(), what)
        self.check(got is not None, f"{what}: no record")
        if got:
            self.check(got[1]["capture"]["complete"] is True, f"{what}: not complete: {got[1]['capture']}")
            self.check(got[1]["http"]["response"]["body"]["bytes"] == LARGE, f"{what}: a body of {got[1]['http']['response']['body']['bytes']} bytes")
            self.check(got[1]["capture"]["snaplen_cut"] is False, f"{what}: packets were cut")
        return listener.err.decode()

    @staticmethod
    def number(text, name):
        return sum(interfaces.number(text, name)[:1])

    def going_out(self):
        """The sender's own side: few large packets without checksums."""
        for arguments in ([], ["--checksums=verify"], ["--checksums=verify", "-j", "2"]):
            text = self.fetch(SERVER, arguments, f"TSO {arguments}")
            self.check(self.number(text, "data") < LARGE / SEGMENT / 4, f"TSO {arguments}: the packets are no large ones: {text[:900]}")
            self.check(self.number(text, "tcp checksum") == 0, f"TSO {arguments}: packets dropped for their checksum")
            self.check((self.number(text, "TCP checksums not filled in yet") > 10) == bool(arguments), f"TSO {arguments}: {text[:900]}")

    def coming_in(self):
        """The receiver's side, of small segments that it puts together."""
        offload(SERVER, tx=True, tso=False, gso=False)
        offload(CLIENT, gro=True)
        text = self.fetch(CLIENT, ["--checksums=verify"], "GRO")
        offload(CLIENT, gro=False)
        self.check(self.number(text, "tcp checksum") == 0, "GRO: packets dropped for their checksum")
        small = self.fetch(CLIENT, ["--checksums=verify"], "no GRO")
        print(f"GRO: {self.number(text, 'data')} packets with data, without it {self.number(small, 'data')}")
        self.check(self.number(small, "data") >= LARGE / SEGMENT, "without offload the segments are large")

    def right_ones(self):
        """Without offload all checksums are filled in; then a wrong one is dropped, on a live interface too."""
        offload(SERVER, tx=False, tso=False, gso=False, gro=False)
        offload(CLIENT, tx=False, tso=False, gso=False, gro=False)
        text = self.fetch(SERVER, ["--checksums=verify"], "no offload")
        self.check(self.number(text, "TCP checksums not filled in yet") == 0 and self.number(text, "tcp checksum") == 0, f"no offload: {text[:900]}")
        path = os.path.join(self.test.work, "checksums.pcap")
        interfaces.only_tcp(os.path.join(harness.PCAPS, "damage-checksums.pcap"), path)
        expected = harness.run_hark(self.test.hark, ["-r", path, "--stats", "--checksums=verify"])
        listener = live.Listener(self.test.hark, ["-i", "eth0", "--stats", "--checksums=verify"])
        subprocess.run(["ip", "netns", "exec", CLIENT, sys.executable, "-c", interfaces.SENDER, path, "80", "0.0002", "eth0"], check=True)
        time.sleep(0.5)
        self.test.sound(listener, listener.finish(), "wrong checksums")
        dropped = self.number(listener.err.decode(), "tcp checksum")
        wanted = int(re.search(r"tcp checksum +(\d+)", expected.err if isinstance(expected.err, str) else expected.err.decode()).group(1))
        self.check(dropped == wanted > 0, f"wrong checksums: {dropped} packets dropped, of the file {wanted}")

    def tags(self):
        """The kernel takes a frame's tag off, libpcap puts it back: records and filters know it."""
        for namespace in (CLIENT, SERVER):
            interfaces.ip("-n", namespace, "link", "set", "eth0", "mtu", "2000")
        for capture, tags in (("wrap-vlan", ["vlan"]), ("wrap-qinq", ["vlan", "and", "vlan"])):
            path = os.path.join(harness.PCAPS, capture + ".pcap")
            expected = harness.run_hark(self.test.hark, ["-r", path, "-q"]).records()
            for expression in ([], [*tags, "and", "tcp"]):
                listener = live.Listener(self.test.hark, ["-i", "eth0", "--stats", *expression])
                subprocess.run(["ip", "netns", "exec", CLIENT, sys.executable, "-c", interfaces.SENDER, path, "80", "0", "eth0"], check=True)
                time.sleep(0.5)
                self.test.sound(listener, listener.finish(), f"{capture} {expression}")
                ours, theirs = [sorted([record["event"]["id"], str(record["network"].get("vlan")), str(record["network"].get("inner"))] for record in records)
                                for records in ([record for _, record in listener.records()], expected)]
                self.check(ours == theirs and theirs[0][1] != "None", f"{capture} {expression}: {ours[:2]} instead of {theirs[:2]}")
        for namespace in (CLIENT, SERVER):
            interfaces.ip("-n", namespace, "link", "set", "eth0", "mtu", "1500")


def parts_of(test):
    offloads = Offload(test)
    return (offloads.going_out, offloads.tags, offloads.coming_in, offloads.right_ones)


if __name__ == "__main__":
    sys.exit(live.main(parts_of, "offload", __doc__, ("ethtool",)))
