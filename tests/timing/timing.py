#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""timing.py --hark BINARY --link BINARY [--runs N] [--only NAME] [--document FILE]

Holds hark's times against what was set. curl asks a real nginx, whose origin sleeps on demand, over a line with set delays and losses and a
tap in its middle (link.c); each end has a network namespace of its own, which this makes and takes away. nginx logs $request_time,
$upstream_response_time and $msec. A busy machine only ever makes things slower: of up to N runs of a case (default 30) the one that was shortest by
the client's own clock counts, the first that took what was set. A value holds when it is within 1 ms or 2 % of what was set, whichever is larger. With --document the tables go into that file, between <!-- timing --> and <!-- end -->.

Needs root, iproute2, nginx and curl; exits with 77 where one is missing. Ends only processes that it started."""
import argparse
import calendar
import collections
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402
from harness import get  # noqa: E402

PREFIX = f"hkt{os.getpid()}"
CLIENT, SERVER = PREFIX + "c", PREFIX + "s"
DEVICE = "line0"
ADDRESS = {CLIENT: "192.0.2.10", SERVER: "192.0.2.20"}
URL = "http://192.0.2.20"
IN_TIME = 1.5  # ms that client, server and line may take themselves
NGINX = """daemon off;
worker_processes 1;
user root;
pid {work}/nginx.pid;
error_log {work}/error.log;
events {{ worker_connections 64; }}
http {{
    log_format times '$request_uri $msec $request_time $upstream_response_time';
    access_log {work}/access.log times;
    client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3; uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5;
    upstream origin {{ server 127.0.0.1:8080; keepalive 8; }}
    server {{
        listen 192.0.2.20:80;
        location / {{
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_request_buffering off;
        }}
        location /refuse {{ return 413 xxxxxxxxxx; }}
    }}
}}
"""

# What a case sets: delays of the line (both ways together, in ms) on either side of the tap, its losses, what the client does, which of the
# records counts, the values in ms that follow, which of nginx's are to be compared, and how long it takes by the client's clock. `curl` None: talker.py does `steps`.
Case = collections.namedtuple("Case", "name near far line curl steps record expected live logged takes",
                              defaults=((), None, (), 0, {}, False, ("upstream", "request", "msec"), None))


def get_request(target):
    return f"GET {target} HTTP/1.1\r\nHost: 192.0.2.20\r\n\r\n"


SLEEP = "/sleep?ms=50"
UPLOAD = "POST {} HTTP/1.1\r\nHost: 192.0.2.20\r\nContent-Length: 2000\r\n\r\n"
CASES = [
    Case("server sleeps 50, tap in the middle", 10, 30, (), (SLEEP,), takes=130, expected={
        "timing.connect": 40, "tcp.rtt_client": 10, "tcp.rtt_server": 30, "timing.wait": 80, "timing.server_think": 50, "timing.total": 80,
        "share.client": 0, "share.network": 30, "share.server": 50}),
    Case("the same, live (-i) at the client's end", 0, 40, (), (SLEEP,), live=True, takes=130, expected={
        "timing.wait": 90, "share.client": 0, "share.network": 40, "share.server": 50}),
    Case("tap at the client", 0, 40, (), (SLEEP,), takes=130, expected={
        "tcp.rtt_client": 0, "tcp.rtt_server": 40, "timing.wait": 90, "share.client": 0, "share.network": 40, "share.server": 50}),
    Case("tap at the server", 40, 0, (), (SLEEP,), takes=130, expected={
        "tcp.rtt_client": 40, "tcp.rtt_server": 0, "timing.wait": 50, "share.client": 0, "share.network": 0, "share.server": 50}),
    Case("long poll of 2000", 10, 30, (), ("/sleep?ms=2000",), takes=2080, expected={
        "timing.wait": 2030, "share.network": 30, "share.server": 2000}),
    Case("5 server-sent events, 100 apart", 10, 30, (), ("/events?n=5&ms=100",), takes=480, expected={
        "timing.wait": 30, "timing.response": 400, "share.client": 0, "share.network": 30, "share.server": 400}),
    Case("keep-alive, the client waits 150", 10, 30, (), None, (
        ("send", get_request("/a")), ("answers", 1), ("sleep", 0.15), ("send", get_request(SLEEP)), ("answers", 2)), record=1, takes=320, expected={
            "timing.idle_before": 160, "timing.wait": 80, "share.network": 30, "share.server": 50}),
    Case("two pipelined, the server sleeps 100 each", 10, 30, (), None, (
        ("send", 2 * get_request("/sleep?ms=100")), ("answers", 2)), record=1, logged=("upstream", "msec"), takes=280, expected={
            "timing.blocked": 130, "timing.wait": 100, "timing.total": 230, "share.client": 0, "share.network": 0, "share.server": 100}),
    Case("100 Continue", 10, 30, (), ("-H", "Expect: 100-continue", "--data-binary", "x" * 2000, "/upload"), logged=("request", "msec"), takes=120, expected={
        "interim": 30, "timing.request": 40, "timing.wait": 30, "share.client": 0, "share.network": 70, "share.server": 0}),
    Case("upload, the client pauses 200", 10, 30, (), None, (
        ("send", UPLOAD.format("/upload") + "x" * 1000), ("sleep", 0.2), ("send", "x" * 1000), ("answers", 1)), logged=("request", "msec"), takes=280, expected={
            "timing.request": 200, "timing.wait": 30, "share.client": 200, "share.network": 30, "share.server": 0}),
    Case("early response, the client sends on after 200", 10, 30, (), None, (
        ("send", UPLOAD.format("/refuse") + "x" * 1000), ("sleep", 0.2), ("send", "x" * 1000), ("answers", 1)), logged=(), takes=240, expected={
            "timing.request": 200, "timing.wait": -170, "timing.total": 200, "share.client": 160, "share.network": 40, "share.server": 0}),
    Case("request lost behind the tap", 10, 30, ("tap-server.drop=1",), (SLEEP,), logged=("upstream", "msec"), expected={
        "timing.request": 0, "share.client": 0, "share.server": 50, "share.network less rto_stall": 30}),
    Case("response lost behind the tap", 10, 30, ("tap-client.drop=1",), (SLEEP,), expected={
        "timing.wait": 80, "timing.response": 0, "share.client": 0, "share.network": 30, "share.server": 50}),
]
LOSSES = [("server to client, behind the tap", "tap-client", 20), ("server to client, before the tap", "server-tap", 20),
          ("client to server, behind the tap", "tap-server", 20)]


class Bench:
    def __init__(self, hark, link, work):
        self.hark, self.link, self.work = hark, link, work
        self.processes = []

    def begin(self):
        for namespace in (CLIENT, SERVER):
            subprocess.run(["ip", "netns", "add", namespace], check=True)
            subprocess.run(["ip", "-n", namespace, "link", "set", "lo", "up"], check=True)
            # TCP remembers of a peer what would differ from run to run
            subprocess.run(["ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv4.tcp_no_metrics_save=1"], check=True)
        # nginx binds an address that comes with the line
        subprocess.run(["ip", "netns", "exec", SERVER, "sysctl", "-qw", "net.ipv4.ip_nonlocal_bind=1"], check=True)
        with open(os.path.join(self.work, "nginx.conf"), "w", encoding="utf-8") as file:
            file.write(NGINX.format(work=self.work))
        self.start(SERVER, [sys.executable, os.path.join(HERE, "origin.py"), "8080"]).stdout.readline()
        self.start(SERVER, ["nginx", "-c", os.path.join(self.work, "nginx.conf"), "-p", self.work])
        time.sleep(0.5)

    def start(self, namespace, command, **options):
        process = subprocess.Popen(["ip", "netns", "exec", namespace, *command], stdout=subprocess.PIPE, text=True, **options)
        self.processes.append(process)
        return process

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
                process.wait()
        for namespace in (CLIENT, SERVER):
            subprocess.run(["ip", "netns", "del", namespace], check=False)

    def lay_line(self, case, capture):
        half = {"client-tap": case.near, "tap-client": case.near, "tap-server": case.far, "server-tap": case.far}
        delays = [f"{hop}.delay={both * 500}" for hop, both in half.items()]
        line = subprocess.Popen([self.link, f"/run/netns/{CLIENT}", f"/run/netns/{SERVER}", DEVICE, capture, *delays, *case.line],
                                stdout=subprocess.PIPE, text=True)
        if line.stdout.readline() != "ready\n":
            raise RuntimeError("the line is not there")
        for namespace, other in ((CLIENT, SERVER), (SERVER, CLIENT)):
            subprocess.run(["ip", "-n", namespace, "addr", "add", ADDRESS[namespace], "peer", ADDRESS[other], "dev", DEVICE], check=True)
            subprocess.run(["ip", "-n", namespace, "link", "set", DEVICE, "up"], check=True)
        return line

    def talk(self, case):
        """Seconds, by the client's clock."""
        if case.curl is None:
            steps = "".join(json.dumps(step) + "\n" for step in case.steps)
            client = [sys.executable, os.path.join(HERE, "talker.py"), ADDRESS[SERVER], "80"]
        else:
            steps = ""
            client = ["curl", "-q", "-sS", "-N", "-w", "%{time_total}", "-o", os.devnull, *case.curl[:-1], URL + case.curl[-1]]
        done = subprocess.run(["ip", "netns", "exec", CLIENT, *client], input=steps, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
        return float(done.stdout)

    def run(self, case):
        """(the client's seconds, records, lines of nginx's log, packets dropped by hop)"""
        capture, log = os.path.join(self.work, "tap.pcap"), os.path.join(self.work, "access.log")
        open(log, "w", encoding="utf-8").close()
        line = self.lay_line(case, capture)
        live = None
        if case.live:
            live = self.start(CLIENT, [self.hark, "-i", DEVICE])
            time.sleep(0.5)
        seconds = self.talk(case)
        time.sleep(0.3)
        if live:
            live.send_signal(signal.SIGINT)
            records = [json.loads(text) for text in live.communicate(timeout=20)[0].splitlines()]
        line.terminate()
        said = line.communicate(timeout=20)[0]
        if not live:
            done = harness.run_hark(self.hark, ["-r", capture])
            if done.trouble or harness.validate(done.out):
                raise RuntimeError(done.trouble or harness.validate(done.out))
            records = done.records()
        with open(log, encoding="utf-8") as file:
            return seconds, records, [text.split() for text in file], {name: int(dropped) for name, _, dropped in map(str.split, said.splitlines())}


def moment_ns(text):
    seconds, fraction = re.fullmatch(r"(.*)\.(\d{9})Z", text).groups()
    return calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) * 10**9 + int(fraction)


def measured(record, key):
    if key == "interim":
        return (moment_ns(get(record, "http.response.interim")[0]["time"]) - moment_ns(record["@timestamp"])) / 1e6
    if key == "share.network less rto_stall":
        return (get(record, "timing.share.network") - get(record, "tcp.client.rto_stall")) / 1e6
    value = get(record, key.replace("share.", "timing.share."))
    return None if value is None else value / 1e6


def holds(value, wanted, clock=0.0):
    return value is not None and abs(value - wanted) <= clock + max(1.0, abs(wanted) * 0.02)


def text_of(value):
    return "absent" if value is None else f"{value:.2f}"


class Tables:
    def __init__(self):
        self.faults = 0
        self.set = ["| case | value | set, ms | measured, ms | off by |", "|---|---|--:|--:|--:|"]
        self.nginx = ["| case | nginx says | ms | hark says | ms | off by |", "|---|---|--:|---|--:|--:|"]
        self.losses = ["| loss | packets dropped | `retransmits` | fast | by timer | `out_of_order` |", "|---|--:|--:|--:|--:|--:|"]

    def add(self, rows, case, before, wanted, after, value, name):
        good = holds(value, wanted, clock=1.0 if rows is self.nginx else 0.0)
        self.faults += not good
        if not good:
            print(f"FAULT {case}: {name} is {text_of(value)} instead of {wanted:.2f}")
        off = "" if value is None else f"{value - wanted:+.2f}"
        rows.append("| " + " | ".join(str(cell) for cell in (case, *before, f"{wanted:g}" if rows is self.set else f"{wanted:.0f}", *after, text_of(value), off + ("" if good else " !"))) + " |")


def judge_case(bench, case, runs, tables):
    best = None
    for count in range(runs):
        run = bench.run(case)
        best = run if best is None or run[0] < best[0] else best
        if best[0] * 1000 <= case.takes + IN_TIME if case.takes else 3 * count > runs:
            break
    _, records, log, _ = best
    if len(records) <= case.record:
        raise RuntimeError(f"{case.name}: {len(records)} records")
    record = records[case.record]
    for key, wanted in case.expected.items():
        tables.add(tables.set, case.name, (f"`{key}`",), wanted, (), measured(record, key), key)
    if case.logged:
        compare_nginx(case, record, log[case.record], tables)


def compare_nginx(case, record, logged, tables):
    _, msec, request_time, upstream = logged
    end_ns = moment_ns(record["@timestamp"]) + get(record, "timing.ttfb") + get(record, "timing.response")
    # At the server: without the way between it and the tap.
    rows = {"upstream": ("`$upstream_response_time`", upstream, "`share.server`", measured(record, "share.server")),
            "request": ("`$request_time`", request_time, "`total` less the round trip to the server", measured(record, "timing.total") - case.far),
            "msec": ("`$msec`, set to 0", "0", "end of the response, at the server", end_ns / 1e6 - case.far / 2 - float(msec) * 1000)}
    for key in case.logged:
        name, theirs, what, ours = rows[key]
        tables.add(tables.nginx, case.name, (name,), float(theirs) * 1000, (what,), ours, name)


def judge_losses(bench, tables):
    for name, hop, loss in LOSSES:
        upload = name.startswith("client")
        what = ("-H", "Expect:", "--data-binary", "@" + os.path.join(bench.work, "body"), "/upload") if upload else ("/bytes?n=1000000",)
        _, records, _, dropped = bench.run(Case(name, 10, 30, (f"{hop}.loss={loss}", "seed=7"), what))
        side = get(records[0], "tcp.client" if upload else "tcp.server")
        sent_again = side["retransmits"]
        tables.losses.append(f"| {name}, {loss / 10:g} % | {dropped[hop]} | {sent_again} | {side.get('fast_retransmits', 0)} | "
                             f"{side.get('rto_retransmits', 0)} | {side['out_of_order']} |")
        # Of a dropped tail the repeats pass the tap after the last byte, and bare ACKs, SYNs and FINs are not sent again as data.
        if not dropped[hop] * 0.6 - 2 <= sent_again <= dropped[hop] * 1.1 + 2:
            tables.faults += 1
            print(f"FAULT {name}: {sent_again} packets sent again for {dropped[hop]} dropped")


def document(path, tables, runs):
    text = "\n".join([
        f"Of up to {runs} runs of a case, the one that was shortest by the client's own clock: a busy machine only makes things slower. Unless the case says otherwise, the round trip between tap and client is set to 10 ms, and that to the server to 30 ms.", "", *tables.set, "",
        "The same runs by nginx's log, whose clock has only milliseconds:", "", *tables.nginx, "",
        "A megabyte over a line with losses: packets that the line dropped, and what the record has. What is sent again after the last byte has passed the tap is the transaction's no more:", "", *tables.losses])
    print(text)
    if path:
        with open(path, encoding="utf-8") as file:
            before, rest = file.read().split("<!-- timing -->\n")
        after = rest[rest.index("<!-- end -->"):]
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{before}<!-- timing -->\n{text}\n{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--link", required=True)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--only", default="")
    parser.add_argument("--document")
    options = parser.parse_args()
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "nginx", "curl"))) or not os.path.exists("/dev/net/tun"):
        print("timing: skipped: needs root, iproute2, nginx, curl and /dev/net/tun")
        return harness.SKIPPED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was begun is ended
    tables = Tables()
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(os.path.abspath(options.hark), os.path.abspath(options.link), work)
        try:
            bench.begin()
            with open(os.path.join(work, "body"), "w", encoding="utf-8") as file:
                file.write("x" * 1000000)
            for case in CASES:
                if options.only in case.name:
                    judge_case(bench, case, options.runs, tables)
            if not options.only:
                judge_losses(bench, tables)
        finally:
            bench.end()
    document(options.document, tables, options.runs)
    print(f"timing: {len(tables.set) - 2} values set, {len(tables.nginx) - 2} logged by nginx, {tables.faults} faults")
    return 1 if tables.faults else 0


if __name__ == "__main__":
    sys.exit(main())
