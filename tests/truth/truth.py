#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""truth.py make --work DIR [--transactions N] [--others N] [--manner plain|odd] [--rate RATE] [--seed N] [--objects N]
truth.py check --work DIR --hark BINARY --degrade BINARY --oracle BINARY [--group NAME] [--seed N] [--table FILE] [--peer NAME] [--keep]

`make` captures real traffic whose truth the server logs. `check` degrades that capture in every way of degradations.py and holds hark's records
against what the log says and what the degraded capture still proves. Prints what must not be, and with --table a row for each
degradation. Exit status 1 when anything that must be 0 is not; 77 (skipped) where no traffic can be made."""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import degradations  # noqa: E402
import ground  # noqa: E402
import harness  # noqa: E402
import judge  # noqa: E402
import peers  # noqa: E402
import table  # noqa: E402
import traffic  # noqa: E402


def hark_message(record, kind):
    """What a record tells of its request or response, or None."""
    said = harness.get(record, f"http.{kind}")
    place = harness.get(record, f"capture.{kind}")
    if said is None or not place or "first_frame" not in place:
        return None
    fields = [(field["name"], field["value"]) for field in said.get("headers") or []]
    connection = (record["client"]["ip"], record["client"]["port"], record["server"]["ip"])
    return judge.Told(kind, connection, next((value for name, value in fields if name.lower() == "x-truth-id"), ""), place["first_frame"],
                      said.get("method"), said.get("target"), said.get("status_code"), ground.fields_checksum(fields), said.get("bytes"),
                      harness.get(said, "body.bytes"))


class Surplus(Exception):
    """Nobody sends bytes beyond a message here: they are content, taken for none."""


def hark_entries(lines):
    for line in lines:
        record = json.loads(line)
        if harness.get(record, "hark.type") == "tunnel":
            yield judge.Entry(None, None)
            continue
        if harness.get(record, "hark.type") == "surplus":
            raise Surplus(f"bytes that nobody sent are told: {line.decode()[:600]}")
        yield judge.Entry(hark_message(record, "request"), hark_message(record, "response"), record["capture"]["complete"],
                          record["pairing"]["by"], record["pairing"].get("reason"))


def caps_hit(ledger):
    section = re.search(r"^CAPS HIT\n((?:  .*\n)*)", ledger, re.MULTILINE)
    lines = [" ".join(line.split()) for line in section.group(1).splitlines()] if section else ["?"]
    return "" if lines == ["none"] else "; ".join(lines)


def judge_hark(arguments, truth, row, capture):
    # What is masked cannot be held against the log.
    run = harness.run_hark(arguments.hark, ["-r", capture, "--stats", "--secrets=keep", *arguments.option], timeout=600)
    said = run.err.decode("utf-8", "replace")
    if run.trouble or run.status != 0 or "The ledger balances." not in said:
        row.fault(judge.RUN, run.trouble or f"exit status {run.status}: {said[-300:]}")
    row.caps = caps_hit(said)
    row.claims = True
    court = judge.Judge(truth, row)
    try:
        for entry in hark_entries(run.out.splitlines()):
            court.hear(entry)
    except Surplus as surplus:
        row.fault(judge.RUN, str(surplus))
    return court.finish()


def report(row, tool="hark"):
    faults = {kind: len(texts) for kind, texts in row.faults.items() if texts}
    print(f"{tool}: {row.name}: {row.log} in the log, {row.found} found, {row.complete} complete, {row.lost} lost, {row.missing} missing; "
          f"{row.provable} pairs provable, {row.unpaired} of them not paired; {len(row.unclear)} unclear"
          + (f"; CAPS HIT {row.caps}" if row.caps else "") + (f"; FAULTS {faults}" if faults else ""), flush=True)


def details(row):
    for kind, texts in row.faults.items():
        for text in texts[:judge.SHOWN]:
            print(f"    {kind}: {text}")
        if len(texts) > judge.SHOWN:
            print(f"    {kind}: and {len(texts) - judge.SHOWN} more")


def make(arguments):
    reason = traffic.missing()
    shutil.rmtree(arguments.work, ignore_errors=True)
    if reason:
        print(f"SKIPPED: {reason}")
        return harness.SKIPPED
    os.makedirs(arguments.work)
    traffic.Traffic(arguments.work, arguments.transactions, arguments.others, arguments.manner, arguments.rate, arguments.seed, arguments.objects).make()
    print(f"{os.path.getsize(os.path.join(arguments.work, 'pristine.pcap'))} bytes captured, none dropped")
    return 0


def check(arguments):
    pristine = os.path.join(arguments.work, "pristine.pcap")
    if not os.path.exists(pristine):
        print("SKIPPED: there is no traffic (truth.py make)")
        return harness.SKIPPED
    truth = ground.Ground(arguments.work, arguments.oracle)
    contradictions = truth.contradictions()
    if contradictions or not truth.log:
        print("the log and the capture contradict each other:", *contradictions[:20], sep="\n  ")
        return 1
    rows = {"hark": []}
    for group, members in degradations.GROUPS.items():
        for number, (name, operations) in enumerate(members):
            if arguments.group and group not in arguments.group:
                continue
            capture = os.path.join(arguments.work, f"{group}-{number}.pcap")
            subprocess.run([arguments.degrade, pristine, capture, f"seed={arguments.seed}", *operations], check=True, stdout=subprocess.DEVNULL)
            truth.cover(capture)
            rows["hark"].append(judge_hark(arguments, truth, judge.Row(name), capture))
            report(rows["hark"][-1])
            details(rows["hark"][-1])
            for peer in arguments.peer:
                rows.setdefault(peer, []).append(peers.answer(peer, truth, judge.Row(name), capture, (arguments.seed, operations)))
                report(rows[peer][-1], peer)
            if not arguments.keep:
                os.unlink(capture)
            if arguments.table:
                table.write(arguments.table, rows)
    for kind, most in ((judge.HEAD, arguments.untold), (judge.MISLED, arguments.misled)):
        count = sum(row.count(kind) for row in rows["hark"])
        if count <= most:
            for row in rows["hark"]:
                row.faults.pop(kind, None)
        print(f"truth: {kind}: {count}, up to {most} are borne")
    bad = [row for row in rows["hark"] if any(row.faults.values())]
    print(f"truth: {len(rows['hark'])} degradations, {len(bad)} with faults")
    return 1 if bad or not rows["hark"] else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("make", "check"))
    parser.add_argument("--work", required=True)
    parser.add_argument("--transactions", type=int, default=1100)
    parser.add_argument("--others", type=int, default=400)
    parser.add_argument("--manner", choices=("plain", "odd"), default="odd")
    parser.add_argument("--rate", default="80mbit")
    parser.add_argument("--objects", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hark")
    parser.add_argument("--degrade")
    parser.add_argument("--oracle")
    parser.add_argument("--untold", type=int, default=0, help="so many whole heads may be without a record, over all degradations asked for")
    parser.add_argument("--misled", type=int, default=0, help="likewise so many wrong pairs of clients that pipeline")
    parser.add_argument("--group", action="append", choices=list(degradations.GROUPS))
    parser.add_argument("--option", action="append", default=[], help="for hark")
    parser.add_argument("--table", metavar="FILE")
    parser.add_argument("--peer", action="append", default=[], choices=list(peers.PEERS))
    parser.add_argument("--keep", action="store_true", help="leave the degraded captures")
    arguments = parser.parse_args()
    arguments.work = os.path.abspath(arguments.work)
    return make(arguments) if arguments.what == "make" else check(arguments)


if __name__ == "__main__":
    sys.exit(main())
