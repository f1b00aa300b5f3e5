#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tcp_facts.py --hark BINARY [--shared DIR] [--all] [--show] [CAPTURE...]

Holds the TCP facts of each complete record against tshark's tcp.analysis of the frames between the request's first and the response's last, of
the same connection and side. Captures: those of SAMPLE, or with --all every one of pcaps/ and of DIR/pcaps ($HARK_SHARED, or ../shared beside the
checkout) where it is there. tshark knows other rules; a record that differs for one of them is explained (RULES, in the order they are tried, by what
the frames themselves show), any other fails the test. --show prints every record that differs. Exit status 77: there is no tshark."""
import argparse
import bisect
import collections
import itertools
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402
from harness import get  # noqa: E402

FIELDS = ("frame.number", "ip.src", "ipv6.src", "tcp.srcport", "tcp.dstport", "tcp.analysis.retransmission", "tcp.analysis.fast_retransmission",
          "tcp.analysis.spurious_retransmission", "tcp.analysis.out_of_order", "tcp.analysis.duplicate_ack", "tcp.analysis.zero_window",
          "tcp.seq_raw", "tcp.ack_raw", "tcp.len", "tcp.window_size_value", "tcp.flags", "ip.dst", "ipv6.dst", "udp.srcport", "vxlan.vni", "ip.id",
          "tcp.options.timestamp.tsval")
AGAIN = ("retransmission", "fast_retransmission", "spurious_retransmission")
FIN, SYN, RST, ACK = 1, 2, 4, 16
LATER = 200  # packets of the connection behind a message's last byte in which holes before it may be filled
FACTS = ("sent_again", "fast", "out_of_order", "duplicate_acks", "zero_window")
# Of what TCP does: loss, disorder, copies, closed windows, odd segments; where tshark and hark differ, one capture at least for each rule.
SAMPLE = ("real-loss-before.pcap", "real-loss-after.pcap", "damage-loss.pcap", "damage-loss-more.pcap", "damage-reorder.pcap", "damage-reorder-far.pcap",
          "damage-ack-first.pcap", "damage-all-at-once.pcap", "damage-duplicates.pcap", "damage-late-server.pcap", "zero-window.pcap", "tcp-overlap.pcap",
          "tcp-wrap-loss.pcap", "pipelining.pcap", "mix.pcap", "vxlan-twins.pcap", "andrewf+pcap2har/out-of-order.pcap",
          "idaholab+Malcolm-Test-Artifacts/other__Digital_Bond_S4__Modicon.pcap", "six-ddc+httpflow/httpbin-retransmission.pcap",
          "zeek+zeek/doc__advanced__devel__plugins__connkey-vxlan-fivetuple-plugin-src__Traces__vxlan-overlapping-http-get.pcap")


def behind(a, b):
    """Does sequence number a lie behind b?"""
    return 0 < (a - b) % 2**32 < 2**31


class Side:
    """What one side of a connection has sent so far."""

    def __init__(self):
        self.sent, self.packets, self.end, self.ack, self.window = set(), set(), None, None, None

    def add(self, row, other):
        """Completes the row by what it is beside those before."""
        if row["flags"] & (SYN | ACK) == SYN:
            self.end = other.end = None  # of the connection before on these ports
        row["first_copy"] = row["len"] > 0 and row["seq"] not in self.sent
        packet = tuple(row[field] for field in ("ip.id", "tcp.options.timestamp.tsval", "seq", "len", "ack", "flags", "tcp.window_size_value"))
        row["copy"] = packet in self.packets
        self.packets.add(packet)
        row["behind_hole"] = row["len"] > 0 and self.end is not None and row["seq"] != self.end
        control = row["flags"] & (SYN | FIN | RST)
        row["repeated_ack"] = (row["len"] == 0 and not control and row["ack"] == self.ack and row["tcp.window_size_value"] == self.window and
                               other.end is not None and behind(other.end, row["ack"]))  # RFC 5681 section 2
        if row["len"]:
            self.sent.add(row["seq"])
        if row["len"] or (row["flags"] & SYN and self.end is None):
            end = (row["seq"] + row["len"] + (row["flags"] & SYN > 0)) % 2**32
            self.end = end if self.end is None or behind(end, self.end) else self.end
        self.ack, self.window = row["ack"], row["tcp.window_size_value"]


class Connection:
    """The frames between two ends, and the last SYN of each."""

    def __init__(self):
        self.frames, self.last_syn = [], {}

    def add(self, row):
        self.frames.append(row)
        if row["flags"] & SYN:
            self.last_syn[row["source"]] = row["number"]


def tshark_connections(path):
    """By the set of the two ends."""
    command = ["tshark", "-n", "-r", path, "-Y", "tcp", "-T", "fields", "-E", "occurrence=l", *(part for field in FIELDS for part in ("-e", field))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    connections, sides = collections.defaultdict(Connection), collections.defaultdict(Side)
    for line in done.stdout.splitlines():
        row = dict(zip(FIELDS, line.split("\t")))
        row["number"] = int(row["frame.number"])
        row["source"] = (row["ip.src"] or row["ipv6.src"], row["tcp.srcport"])
        row["target"] = (row["ip.dst"] or row["ipv6.dst"], row["tcp.dstport"])
        row["path"] = (row["udp.srcport"] != "", row["vxlan.vni"])
        row["len"], row["flags"] = int(row["tcp.len"] or 0), int(row["tcp.flags"] or "0", 16)
        row["seq"], row["ack"] = int(row["tcp.seq_raw"] or 0), int(row["tcp.ack_raw"] or 0)
        row["again"] = any(row["tcp.analysis." + kind] for kind in AGAIN)
        sides[row["source"], row["target"]].add(row, sides[row["target"], row["source"]])
        connections[frozenset((row["source"], row["target"]))].add(row)
    return connections


def tshark_facts(connections, record, side):
    request, response = get(record, "capture.request"), get(record, "capture.response")
    first, last = request["first_frame"], max(request["last_frame"], response["last_frame"])
    client, server = [(record[end]["ip"], str(record[end]["port"])) for end in ("client", "server")]
    source = client if side == "client" else server
    connection = connections[frozenset((client, server))]
    frames = connection.frames
    start = bisect.bisect_left(frames, first, key=lambda row: row["number"])
    if start == len(frames):
        return collections.Counter()  # tshark shows other ends, or none
    # can the request be read only later, since bytes before it are missing, or the handshake's other half comes behind it?
    facts = collections.Counter(waited=frames[start]["behind_hole"] or connection.last_syn.get(server, 0) > first)
    later = 0
    for row in itertools.islice(frames, start, None):
        later += row["number"] > last
        if later > LATER:
            break
        facts["copies"] += row["copy"] and row["number"] <= last
        if row["source"] != source or row["number"] == first:
            continue
        if row["number"] > last:
            facts["later_data"] += row["again"] or bool(row["tcp.analysis.out_of_order"])
            facts["later_acks"] += bool(row["tcp.analysis.duplicate_ack"])
            continue
        facts["sent_again"] += row["again"]
        facts["seen_before"] += row["len"] > 0 and not row["first_copy"]
        facts["tunnelled"] += bool(row["udp.srcport"])
        facts["elsewhere"] += row["path"] != frames[start]["path"]
        facts["never_before"] += row["again"] and row["first_copy"]
        facts["empty"] += row["again"] and row["len"] == 0
        facts["one_byte"] += row["again"] and row["len"] == 1
        facts["repeated_acks"] += row["repeated_ack"]
        facts["fast"] += bool(row["tcp.analysis.fast_retransmission"])
        facts["spurious"] += bool(row["tcp.analysis.spurious_retransmission"])
        facts["out_of_order"] += bool(row["tcp.analysis.out_of_order"])
        facts["duplicate_acks"] += bool(row["tcp.analysis.duplicate_ack"])
        facts["zero_window"] += bool(row["tcp.analysis.zero_window"])
    return facts


def hark_facts(record, side):
    said = get(record, "tcp." + side)
    return collections.Counter(sent_again=said["retransmits"], fast=said.get("fast_retransmits", 0), out_of_order=said["out_of_order"],
                               duplicate_acks=said["duplicate_acks"], zero_window=said["zero_window"])


# (reason, does it explain the difference of this fact?). `o`: hark's, `t`: tshark's facts of the side.
RULES = [
    ("the tap's copies: hark tells them apart, tshark takes them for repeats",
     lambda fact, o, t, record: get(record, "capture.duplicates") > 0 and o[fact] < t[fact] <= o[fact] + t["copies"]),
    ("a hole filled late: the one calls sent again what the other calls overtaken",
     lambda fact, o, t, record: fact in ("sent_again", "out_of_order") and o["sent_again"] + o["out_of_order"] == t["sent_again"] + t["out_of_order"]),
    ("the last byte came before a hole was filled: hark counts until the message is whole",
     lambda fact, o, t, record: fact != "zero_window" and t[fact] < o[fact] <= t[fact] + t["later_acks" if fact == "duplicate_acks" else "later_data"]),
    ("an ACK captured before its data: tshark takes the data for a spurious repeat",
     lambda fact, o, t, record: fact == "sent_again" and o[fact] < t[fact] <= o[fact] + t["spurious"]),
    ("bytes that stand in no frame before: tshark takes them for repeats, since it lost count or saw bytes behind them first",
     lambda fact, o, t, record: fact in ("sent_again", "out_of_order") and t["never_before"] > 0 and
     t["sent_again"] - t["never_before"] <= o["sent_again"] <= t["sent_again"]),
    ("bytes that stand in two frames, which tshark does not call a repeat",
     lambda fact, o, t, record: fact == "sent_again" and t[fact] < o[fact] <= t["seen_before"]),
    ("a packet with and without its tunnel: two connections to hark, copies to tshark",
     lambda fact, o, t, record: o[fact] < t[fact] and (t["tunnelled"] > 0 or t[fact] <= o[fact] + t["elsewhere"])),
    ("the request waited behind missing bytes, or for the handshake: hark counts from when it could be read",
     lambda fact, o, t, record: o[fact] < t[fact] and t["waited"]),
    ("an ACK repeated as RFC 5681 section 2 has it, which tshark does not call so once it lost count of the sequence numbers",
     lambda fact, o, t, record: fact == "duplicate_acks" and t[fact] < o[fact] <= t["repeated_acks"]),
    ("a SYN, FIN or keep-alive probe sent again: no data to hark",
     lambda fact, o, t, record: fact == "sent_again" and t[fact] - t["empty"] - t["one_byte"] <= o[fact] < t[fact]),
    ("repeated ACKs while hark has seen nothing under way (RFC 5681 section 2 wants that): the FIN alone, or data captured late",
     lambda fact, o, t, record: fact == "duplicate_acks" and t["repeated_acks"] <= o[fact] < t[fact]),
    ("data captured behind their FIN: hark has nothing that overtook them but that",
     lambda fact, o, t, record: fact == "out_of_order" and o[fact] < t[fact] and o["sent_again"] == t["sent_again"]),
    ("tshark counts every packet of a closed window, hark each closing", lambda fact, o, t, record: fact == "zero_window" and 0 < o[fact] < t[fact]),
    ("a repeat that follows on two repeated ACKs: tshark wants it within 20 ms of the last, hark within the round trip, and counts what follows in "
     "the same loss", lambda fact, o, t, record: fact == "fast" and o[fact] <= o["sent_again"] and o["sent_again"] >= t[fact]),
]


def explain(fact, ours, theirs, record):
    return next((reason for reason, holds in RULES if holds(fact, ours, theirs, record)), None)


def folders(shared):
    yield harness.PCAPS, harness.captures()
    manifest = os.path.join(shared, "pcaps", "MANIFEST.tsv")
    if os.path.exists(manifest):
        yield os.path.join(shared, "pcaps"), [row["file"] for row in harness.read_tsv(manifest)]


def wanted(name, arguments):
    if arguments.captures:
        return any(part in name for part in arguments.captures)
    return arguments.all or name in SAMPLE


class Tally:
    def __init__(self, show):
        self.show, self.sides, self.agreeing, self.left = show, 0, 0, 0
        self.sums, self.reasons = {fact: [0, 0] for fact in FACTS}, collections.Counter()

    def compare(self, name, record, side, connections):
        ours, theirs = hark_facts(record, side), tshark_facts(connections, record, side)
        differing = [fact for fact in FACTS if ours[fact] != theirs[fact]]
        self.sides += 1
        self.agreeing += not differing
        for fact in FACTS:
            self.sums[fact][0] += ours[fact]
            self.sums[fact][1] += theirs[fact]
        for fact in differing:
            reason = explain(fact, ours, theirs, record)
            self.reasons[reason] += reason is not None
            self.left += reason is None
            if reason is None or self.show:
                print(f"{'FAULT' if reason is None else 'known'} {name} {side} frames {get(record, 'capture.request.first_frame')}-"
                      f"{get(record, 'capture.response.last_frame')}: {fact} {ours[fact]}, tshark {theirs[fact]} ({reason}; hark {dict(ours)}, "
                      f"tshark {dict(theirs)})")

    def print(self):
        print("| fact | hark | tshark |\n|---|--:|--:|")
        for fact, (ours, theirs) in self.sums.items():
            print(f"| {fact} | {ours} | {theirs} |")
        for reason, count in self.reasons.most_common():
            if reason:
                print(f"{count:5} {reason}")
        print(f"tcp_facts: {self.sides} sides of records, {self.agreeing} agree in all five facts, {sum(self.reasons.values())} differences explained, "
              f"{self.left} not")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--shared", default=os.environ.get("HARK_SHARED") or os.path.join(harness.ROOT, "..", "shared"))
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("captures", nargs="*")
    arguments = parser.parse_args()
    if not shutil.which("tshark"):
        print("tcp_facts: skipped, there is no tshark")
        return 77
    if not os.path.isdir(os.path.join(arguments.shared, "pcaps")):
        print(f"tcp_facts: {arguments.shared} has no captures; those of pcaps/ alone")
    hark = os.path.abspath(arguments.hark)
    tally = Tally(arguments.show)
    for folder, names in folders(arguments.shared):
        for name in filter(lambda name: wanted(name, arguments), names):
            path = os.path.join(folder, name)
            records = [record for record in harness.run_hark(hark, ["-r", path]).records()
                       if get(record, "capture.complete") and get(record, "hark.type") == "transaction"]
            connections = tshark_connections(path) if records else {}
            for record in records:
                for side in ("client", "server"):
                    if get(record, "tcp." + side) is not None:
                        tally.compare(name, record, side, connections)
    tally.print()
    return 1 if tally.left or not tally.sides else 0


if __name__ == "__main__":
    sys.exit(main())
