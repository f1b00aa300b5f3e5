#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tcp_facts.py --hark BINARY [--shared DIR] [--show] [CAPTURE...]

Holds the TCP facts of each complete record against tshark's tcp.analysis of the frames between the request's first and the response's last, of
the same connection and side. Captures: those of pcaps/, and of DIR/pcaps ($HARK_SHARED, or ../shared beside the checkout) where it is there.
tshark knows other rules; a record that differs for one of them is explained (RULES, in the order they are tried), any other fails the test.
--show prints every record that differs."""
import argparse
import collections
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402
from harness import get  # noqa: E402

FIELDS = ("frame.number", "ip.src", "ipv6.src", "tcp.srcport", "tcp.dstport", "tcp.analysis.retransmission", "tcp.analysis.fast_retransmission",
          "tcp.analysis.spurious_retransmission", "tcp.analysis.out_of_order", "tcp.analysis.duplicate_ack", "tcp.analysis.zero_window",
          "tcp.analysis.keep_alive", "tcp.seq_raw", "tcp.len", "tcp.window_size_value", "tcp.flags.reset", "ip.dst", "ipv6.dst", "udp.srcport")
LATER = 200  # frames behind a message's last byte in which holes before it may be filled
FACTS = ("sent_again", "fast", "out_of_order", "duplicate_acks", "zero_window")


def tshark_frames(path):
    command = ["tshark", "-n", "-r", path, "-Y", "tcp", "-T", "fields", "-E", "occurrence=l", *(part for field in FIELDS for part in ("-e", field))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    frames, sent = [], set()
    for line in done.stdout.splitlines():
        row = dict(zip(FIELDS, line.split("\t")))
        row["number"] = int(row["frame.number"])
        row["source"] = (row["ip.src"] or row["ipv6.src"], row["tcp.srcport"])
        row["target"] = (row["ip.dst"] or row["ipv6.dst"], row["tcp.dstport"])
        place = (row["source"], row["target"], row["tcp.seq_raw"])
        row["first_copy"] = row["tcp.len"] not in ("", "0") and place not in sent
        if row["first_copy"]:
            sent.add(place)
        frames.append(row)
    return frames


def tshark_facts(frames, record, side):
    request, response = get(record, "capture.request"), get(record, "capture.response")
    first, last = request["first_frame"], max(request["last_frame"], response["last_frame"])
    ends = [(record[end]["ip"], str(record[end]["port"])) for end in ("client", "server")]
    source, target = ends if side == "client" else ends[::-1]
    facts = collections.Counter()
    for frame in frames:
        if last < frame["number"] <= last + LATER and frame["source"] == source and frame["target"] == target:
            again = any(frame["tcp.analysis." + kind] for kind in ("retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order"))
            facts["later_data"] += again
            facts["later_acks"] += bool(frame["tcp.analysis.duplicate_ack"])
        if not first < frame["number"] <= last or frame["source"] != source or frame["target"] != target:
            continue
        again = any(frame["tcp.analysis." + kind] for kind in ("retransmission", "fast_retransmission", "spurious_retransmission"))
        facts["sent_again"] += again
        facts["seen_before"] += frame["tcp.len"] not in ("", "0") and not frame["first_copy"]
        facts["tunnelled"] += bool(frame["udp.srcport"])
        facts["never_before"] += again and frame["first_copy"]
        facts["empty"] += again and int(frame["tcp.len"] or 0) == 0
        facts["one_byte"] += again and frame["tcp.len"] == "1"
        facts["fast"] += bool(frame["tcp.analysis.fast_retransmission"])
        facts["spurious"] += bool(frame["tcp.analysis.spurious_retransmission"])
        facts["out_of_order"] += bool(frame["tcp.analysis.out_of_order"])
        facts["duplicate_acks"] += bool(frame["tcp.analysis.duplicate_ack"])
        facts["zero_window"] += bool(frame["tcp.analysis.zero_window"])
    return facts


def hark_facts(record, side):
    said = get(record, "tcp." + side)
    return collections.Counter(sent_again=said["retransmits"], fast=said.get("fast_retransmits", 0), out_of_order=said["out_of_order"],
                               duplicate_acks=said["duplicate_acks"], zero_window=said["zero_window"])


# (reason, does it explain the difference of this fact?). `o`: hark's, `t`: tshark's facts of the side.
RULES = [
    ("the tap's copies: hark tells them apart, tshark takes them for repeats", lambda fact, o, t, record: get(record, "capture.duplicates") > 0),
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
     lambda fact, o, t, record: o[fact] < t[fact] and t["tunnelled"] > 0),
    ("a SYN, FIN or keep-alive probe sent again: no data to hark",
     lambda fact, o, t, record: fact == "sent_again" and t[fact] - t["empty"] - t["one_byte"] <= o[fact] < t[fact]),
    ("repeated ACKs while hark has seen nothing under way (RFC 5681 section 2 wants that): the FIN alone, or data captured late",
     lambda fact, o, t, record: fact == "duplicate_acks" and o[fact] < t[fact]),
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--shared", default=os.environ.get("HARK_SHARED") or os.path.join(harness.ROOT, "..", "shared"))
    parser.add_argument("--show", action="store_true")
    parser.add_argument("captures", nargs="*")
    arguments = parser.parse_args()
    hark = os.path.abspath(arguments.hark)
    sides = agreeing = 0
    sums = {fact: [0, 0] for fact in FACTS}
    reasons, left = collections.Counter(), 0
    for folder, names in folders(arguments.shared):
        for name in names:
            if arguments.captures and not any(wanted in name for wanted in arguments.captures):
                continue
            path = os.path.join(folder, name)
            records = [record for record in harness.run_hark(hark, ["-r", path]).records()
                       if get(record, "capture.complete") and get(record, "hark.type") == "transaction"]
            frames = tshark_frames(path) if records else []
            for record in records:
                for side in ("client", "server"):
                    if get(record, "tcp." + side) is None:
                        continue
                    ours, theirs = hark_facts(record, side), tshark_facts(frames, record, side)
                    differing = [fact for fact in FACTS if ours[fact] != theirs[fact]]
                    sides += 1
                    agreeing += not differing
                    for fact in FACTS:
                        sums[fact][0] += ours[fact]
                        sums[fact][1] += theirs[fact]
                    for fact in differing:
                        reason = explain(fact, ours, theirs, record)
                        reasons[reason] += reason is not None
                        left += reason is None
                        if reason is None or arguments.show:
                            print(f"{'FAULT' if reason is None else 'known'} {name} {side} frames {get(record, 'capture.request.first_frame')}-"
                                  f"{get(record, 'capture.response.last_frame')}: {fact} {ours[fact]}, tshark {theirs[fact]} "
                                  f"(hark {dict(ours)}, tshark {dict(theirs)})")
    print("| fact | hark | tshark |\n|---|--:|--:|")
    for fact, (ours, theirs) in sums.items():
        print(f"| {fact} | {ours} | {theirs} |")
    for reason, count in reasons.most_common():
        if reason:
            print(f"{count:5} {reason}")
    print(f"tcp_facts: {sides} sides of records, {agreeing} agree in all five facts, {sum(reasons.values())} differences explained, {left} not")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
