#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""peers.py --captures DIR --tools DIR --hark BINARY [--runs N] [--only NAME,...] [--workloads NAME,...] [--slow] [--work DIR]
[--write]

Runs hark and other programs on the same captures in turn, round after round, and prints what each needed and found, and how hark
stands to its targets. A ratio is taken within a round and then its median, so that a neighbour who is busy for a while troubles
both of its sides. run.sh calls this."""
import argparse
import collections
import mmap
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile

import document

WORKLOADS = ("web", "small", "bulk", "manyflows", "lossy")
LIMIT = 900  # seconds
RSS_MIB = 32
TSHARK_FIELDS = ("frame.number", "tcp.stream", "http.request.method", "http.host", "http.request.uri", "http.user_agent", "http.response.code",
                 "http.content_type", "http.content_length", "http.request_in", "http.time")

# What a log of requests would keep: times, both ends, URL, method, status, sizes, and how sure it is.
OMITTED = ("semantics,tcp,network.community_id,client.mac,server.mac,url.full,user_agent,timing.share,http.request.headers,http.request.trailers,"
           "http.response.headers,http.response.trailers,capture.request,capture.response")
PART = "hark --omit (a part of each record)"
TWICE = "hark twice at once"

Run = collections.namedtuple("Run", "wall cpu rss_kb")
PIECE = bytes(1 << 20)
Found = collections.namedtuple("Found", "requests responses paired")  # None: it does not tell


def lines_of(path):
    with open(path, "rb") as file:
        yield from file


def count_hark(out):
    requests = responses = paired = 0
    for line in lines_of(out):
        alone = b'"pairing":{"by":"none"' in line
        paired += not alone
        requests += not alone or b'"request":{"method"' in line
        responses += b'"status_code":' in line
    return Found(requests, responses, paired)


def count_httpry(out):
    directions = collections.Counter(line.split(b"\t")[3] if line.count(b"\t") > 3 else b"" for line in lines_of(out) if not line.startswith(b"#"))
    return Found(directions[b">"], directions[b"<"], None)


def count_urlsnarf(out):
    return Found(sum(1 for _ in lines_of(out)), None, None)


def count_ngrep(out):
    requests = responses = 0
    for line in lines_of(out):
        if line.startswith(b"T "):
            responses += b"] HTTP/1." in line
            requests += b" HTTP/1.1." in line and b"] HTTP/1." not in line
    return Found(requests, responses, None)


def count_tshark(out):
    requests = responses = paired = 0
    for line in lines_of(out):
        fields = line.rstrip(b"\n").split(b"\t")
        requests += len([f for f in fields[2].split(b",") if f])
        responses += len([f for f in fields[6].split(b",") if f])
        paired += len([f for f in fields[9].split(b",") if f])
    return Found(requests, responses, paired)


class Peer:
    """`command` with {capture} and {out}; `counted` is where its answer is: out, or stdout. `only`: on these workloads, else on all.
    `at_once`: it runs so many times beside itself, with outputs of their own ({out}.second)."""

    def __init__(self, name, command, count=None, counted="out", slow=False, workers=1, only=None, at_once=1):
        self.name = name
        self.command = command
        self.count = count
        self.counted = counted
        self.slow = slow
        self.workers = workers  # more than one: not pinned to one processor
        self.only = only
        self.at_once = at_once

    def words(self, capture, out):
        return [word.format(capture=capture, out=out) for word in self.command]


def peers_of(hark, tools):
    fields = [word for field in TSHARK_FIELDS for word in ("-e", field)]
    return [Peer("hark", (hark, "-q", "-r", "{capture}", "-o", "{out}"), count_hark),
            Peer("hark -j2", (hark, "-q", "-j", "2", "-r", "{capture}", "-o", "{out}"), count_hark, workers=2),
            Peer(TWICE, ("sh", "-c", '"$0" -q -r "$1" -o "$2" & "$0" -q -r "$1" -o "$2.second" && wait $!', hark, "{capture}", "{out}"), workers=2,
                 only=("small", "manyflows", "web"), at_once=2),
            Peer(PART, (hark, "-q", f"--omit={OMITTED}", "-r", "{capture}", "-o", "{out}"), count_hark, only=("small", "web")),
            Peer("reader alone", (os.path.join(tools, "bench_feed"), "{capture}", "2"), workers=2),
            Peer("tcpdump", ("tcpdump", "-n", "-r", "{capture}", "-w", "/dev/null")),
            Peer("httpry", ("httpry", "-q", "-r", "{capture}", "-o", "{out}"), count_httpry),
            Peer("urlsnarf", ("urlsnarf", "-n", "-p", "{capture}"), count_urlsnarf, "stdout"),
            Peer("ngrep", ("ngrep", "-q", "-I", "{capture}", "-W", "single", "^(GET|POST|PUT|HEAD|HTTP/1)", "tcp port 80"), count_ngrep, "stdout", slow=True),
            Peer("tshark", ("tshark", "-n", "-r", "{capture}", "-Y", "http", "-T", "fields", *fields), count_tshark, "stdout", slow=True)]


def facts_of(capture):
    """Packets and bytes on the wire of a classic little-endian capture."""
    packets = wire = 0
    with open(capture, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:4] not in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
            raise SystemExit(f"{capture}: not a capture as tcpdump writes it here")
        lengths, at, size = struct.Struct("<II"), 24, len(data)
        while at + 16 <= size:
            captured, length = lengths.unpack_from(data, at + 8)
            packets += 1
            wire += length
            at += 16 + captured
    return packets, wire


class Workload:
    def __init__(self, folder, name):
        self.name = name
        self.capture = os.path.join(folder, name + ".pcap")
        log = os.path.join(folder, name + ".access.log")
        if not os.path.exists(log):  # lossy is web with losses
            log = os.path.join(folder, "web.access.log")
        self.transactions = sum(1 for _ in lines_of(log))
        self.packets, self.wire = facts_of(self.capture)

    def warm(self):
        for _ in iter(lambda file=open(self.capture, "rb", buffering=0): file.read(1 << 20), b""):  # pylint: disable=consider-using-with
            pass


class Bench:
    def __init__(self, tools, work, cpus):
        self.measure = os.path.join(tools, "bench_measure")
        self.work = work
        self.cpus = cpus
        self.runs = collections.defaultdict(list)  # (workload, peer): Run of each round
        self.found = {}
        self.needs = {}  # (workload, peer): bytes of memory, its own and its output's

    def run(self, workload, peer):
        """Once more, counted. A program's first run on a workload is not: it says how much memory is needed."""
        key = (workload.name, peer.name)
        if key not in self.needs and not peer.slow:
            self.once(workload, peer)
        self.have_memory(self.needs.get(key, 0))
        self.runs[key].append(self.once(workload, peer))

    def have_memory(self, size):
        """Where the host of a virtual machine takes back memory that nobody uses, the first touch of a page costs several times what
        writing to it does. So each program finds pages that were just in use, as the captures find theirs in the cache."""
        path = os.path.join(self.work, "before")
        with open(path, "wb", buffering=0) as file:
            for _ in range(size >> 20):
                file.write(PIECE)
        os.unlink(path)

    def once(self, workload, peer):
        out, stdout = os.path.join(self.work, "out"), os.path.join(self.work, "stdout")
        cpus = self.cpus[-peer.workers:] if len(self.cpus) >= peer.workers else self.cpus
        done = subprocess.run(["timeout", str(LIMIT), self.measure, ",".join(map(str, cpus)), stdout, *peer.words(workload.capture, out)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{peer.name} on {workload.name}: {done.stderr.strip() or 'takes longer than ' + str(LIMIT) + ' s'}")
        wall, user, system, rss, status = done.stdout.split()
        if status != "0":
            with open(stdout + ".err", encoding="utf-8", errors="replace") as file:
                raise SystemExit(f"{peer.name} on {workload.name}: exit status {status}: {file.read()[-500:]}")
        key = (workload.name, peer.name)
        left = [path for path in (out, out + ".second", stdout) if os.path.exists(path)]
        self.needs[key] = int(rss) * 1024 * peer.at_once + sum(os.path.getsize(path) for path in left)
        if peer.count and key not in self.found:
            self.found[key] = peer.count(out if peer.counted == "out" else stdout)
        for path in left:
            os.unlink(path)
        return Run(float(wall), float(user) + float(system), int(rss))

    def median(self, workload, peer, field):
        return statistics.median(getattr(run, field) for run in self.runs[(workload, peer)])

    def ratio(self, of, to, field="cpu"):
        """The median over the rounds; None when one of them was not measured."""
        pairs = list(zip(self.runs.get(of, ()), self.runs.get(to, ())))
        return statistics.median(getattr(a, field) / getattr(b, field) for a, b in pairs) if pairs else None


def share(part, whole):
    return "-" if part is None else f"{100 * part / whole:.1f}"


def figures(bench, workloads, peers):
    yield "| workload | program | CPU s (least, most) | wall s | Gbit/s | thousand packets/s | thousand transactions/s | peak RSS MiB | requests found % | responses found % | paired % |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for workload in workloads:
        for peer in peers:
            key = (workload.name, peer.name)
            if key not in bench.runs:
                continue
            cpus = [run.cpu for run in bench.runs[key]]
            # Rates of one processor; where several work, of the time on the clock.
            time = (statistics.median(cpus) if peer.workers == 1 else bench.median(*key, "wall")) / peer.at_once
            found = bench.found.get(key, Found(None, None, None))
            yield (f"| {workload.name} | {peer.name} | {statistics.median(cpus):.2f} ({min(cpus):.2f}, {max(cpus):.2f}) | {bench.median(*key, 'wall'):.2f} | "
                   f"{workload.wire * 8 / time / 1e9:.1f} | {workload.packets / time / 1e3:.0f} | {workload.transactions / time / 1e3:.1f} | "
                   f"{bench.median(*key, 'rss_kb') / 1024:.1f} | " + " | ".join(share(part, workload.transactions) for part in found) + " |")


def quiet(bench, peers):
    """How much of its processor a pinned program had: the rest went to others."""
    alone = {peer.name for peer in peers if peer.workers == 1}
    shares = [run.cpu / run.wall for (_, name), runs in bench.runs.items() if name in alone for run in runs]
    return f"The pinned programs had {100 * statistics.median(shares):.0f} % of their processor, {len(next(iter(bench.runs.values())))} rounds." if shares else ""


def remarks(bench, peers):
    yield quiet(bench, peers)
    if any(name == PART for _, name in bench.runs):
        yield f"`{PART}` writes smaller records, what a log of requests would keep; every other row of hark is the whole record. It is `--omit={OMITTED}`."


def ratio_targets(bench):
    """(what, figure, at most, hoped for)"""
    def cpu(workload, other, other_workload=None):
        return bench.ratio((workload, "hark"), (other_workload or workload, other))

    yield "web: CPU, hark to httpry", cpu("web", "httpry"), 0.9, None
    yield "web: CPU, hark to tcpdump", cpu("web", "tcpdump"), None, 1.2
    yield "small: CPU, hark to httpry", cpu("small", "httpry"), 0.27, 0.19
    yield "bulk: CPU, hark to tcpdump", cpu("bulk", "tcpdump"), 1.3, None
    yield "manyflows: CPU, hark to httpry", cpu("manyflows", "httpry"), 0.6, 0.4
    yield "lossy: CPU, hark to hark on web", cpu("lossy", "hark", "web"), 1.3, None
    for workload in ("web", "small", "bulk"):
        measured = bench.median(workload, "hark", "rss_kb") / 1024 if (workload, "hark") in bench.runs else None
        yield f"{workload}: peak RSS of hark, MiB", measured, RSS_MIB, None


def speed_targets(bench):
    """(what, figure, at least)"""
    for workload in ("small", "manyflows", "web"):
        speed = bench.ratio((workload, "hark"), (workload, "hark -j2"), "wall")
        least = 1.6
        reader = bench.ratio((workload, "hark"), (workload, "reader alone"), "wall")
        if workload == "web" and reader is not None:
            least = min(least, 0.9 * reader)
        yield f"{workload}: wall, -j1 to -j2", speed, least
        twice = bench.ratio((workload, "hark"), (workload, TWICE), "wall")
        yield f"{workload}: rate of two runs of hark at once to that of one: what the second processor is good for", twice and 2 * twice, None
        yield f"{workload}: wall, hark -j1 to the reader alone, its workers idle", reader, None


def targets(bench):
    def row(what, measured, sign, target, hope, met):
        said = "-" if target is None else ("met" if met else "**not met**")
        return f"| {what} | {measured:.2f} | {'-' if target is None else f'{sign} {target:.2f}'} | {said} | {'-' if hope is None else f'{sign} {hope:.2f}'} |"

    yield "| ratio | measured | target | | hoped for |"
    yield "|---|--:|--:|---|--:|"
    for what, measured, most, hope in ratio_targets(bench):
        if measured is not None:
            yield row(what, measured, "≤", most, hope, most is None or measured <= most)
    for what, measured, least in speed_targets(bench):
        if measured is not None:
            yield row(what, measured, "≥", least, None, least is None or measured >= least)


def chosen(text, known, what):
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in known:
            raise SystemExit(f"no {what} is named {name}; there are: {', '.join(known)}")
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captures", required=True)
    parser.add_argument("--tools", required=True, help="where bench_measure and the others were built")
    parser.add_argument("--hark", required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="programs, comma-separated")
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument("--slow", action="store_true", help="those too that take minutes: ngrep, tshark (one round)")
    parser.add_argument("--work", help="where the programs write; a folder of its own without it")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    arguments = parser.parse_args()
    peers = peers_of(os.path.abspath(arguments.hark), arguments.tools)
    only = chosen(arguments.only, [peer.name for peer in peers], "program")
    peers = [peer for peer in peers if (peer.name in only if only else arguments.slow or not peer.slow) and shutil.which(peer.command[0])]
    workloads = [Workload(arguments.captures, name) for name in chosen(arguments.workloads, WORKLOADS, "workload")]
    with tempfile.TemporaryDirectory(prefix="hark-bench.", dir=arguments.work) as work:
        bench = Bench(arguments.tools, work, sorted(os.sched_getaffinity(0)))
        for turn in range(arguments.runs):
            for workload in workloads:
                workload.warm()
                for peer in peers:
                    if not (peer.slow and turn) and (peer.only is None or workload.name in peer.only):
                        bench.run(workload, peer)
            print(f"round {turn + 1} of {arguments.runs}", file=sys.stderr, flush=True)
    for block, lines in (("peers", figures(bench, workloads, peers)), ("targets", targets(bench))):
        text = "\n".join(lines) + ("\n\n" + "\n\n".join(remarks(bench, peers)) if block == "peers" else "")
        print(text + "\n")
        if arguments.write:
            document.put(block, text)


if __name__ == "__main__":
    main()
