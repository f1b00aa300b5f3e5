#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sends messages of doubtful framing to real servers and prints what each made of them, beside what hark says: docs/framing.md.

    framing.py --hark build/release/hark > docs/framing.md      every server that is installed takes part (a minute or two)
    framing.py --hark build/release/hark --check docs/framing.md     hark's own columns only: are they still what the page says?
"""
import argparse
import concurrent.futures
import functools
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

import cases
import conversation
import recorder
import servers

PAGE = """# Framing in doubt

What real servers do with messages whose end or meaning the standards leave open or forbid, beside what hark says of them. Made by
`tests/servers/framing.py`, which sends each case to servers from Debian on the loopback interface; the bytes are in `tests/servers/cases.py`.

**A cell** says how the message was read. *refused* with its status: 4xx, 5xx, or *closed* without an answer. Else the reading that was taken: *chunked*,
*length* (Content-Length), *no body* (what follows the head is the next message), *until close*; *taken* where the body is not in question;
*one* or *two* for the host that the request was for. A cross behind it: the connection did not go on to the next request. *cut* is a body given up at the chunk in
question, *waits* and *error* are what clients do. A number beyond is a size of content that none of the readings explains.
"""

REQUESTS = """
## Requests

Proxies were asked what they pass on to an origin server, the others what they read themselves. What one column reads as *chunked* and another as *length* is a
request smuggled, when one stands before the other.
"""

RESPONSES = """
## Responses

The same for those who receive: proxies before such an origin server (what reached their client), and clients.
"""


def read_answers(sock, patience=2.0):
    """All bytes until the server closes or says nothing for a while."""
    sock.settimeout(patience)
    data = b""
    try:
        while part := sock.recv(65536):
            data += part
    except OSError:
        pass
    return data


def split_answers(data):
    """[(status, (target, content bytes, host) or None)] of what a server sent."""
    answers = []
    for head in re.finditer(rb"HTTP/1\.[01] (\d{3})[^\n]*\n((?:[^\r\n]+\r?\n)*)\r?\n", data):
        status = int(head.group(1))
        if status >= 200:
            took = re.search(rb"^X-Took: \S+ ([^\r\n]*) (\d+) ([^\r\n]*)", head.group(2), re.MULTILINE | re.IGNORECASE)
            answers.append((status, tuple(part.decode("latin-1") for part in took.groups()) if took else None))
    return answers


def judge(case, size, host):
    """The reading that finds so many content bytes."""
    if case.host:
        return {"one.example": "one", "two.example": "two"}.get(host, host or "-")
    names = [name for name, bytes_ in case.readings.items() if bytes_ == size]
    return names[0] if names else str(size)


def ask(port, case, pipelines):
    """One case sent to one server: the cell."""
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        try:
            sock.sendall(case.data)
        except OSError:
            pass
        answers = split_answers(read_answers(sock))
    if not answers:
        return "closed"
    status, took = answers[0]
    if not took:
        return f"{status}"
    word = judge(case, int(took[1]), took[2])
    went_on = not pipelines or any(other and "/after" in other[0] for _, other in answers)
    return word + ("" if went_on else " ✗")


def ask_all(server):
    cells = []
    for case in cases.REQUESTS:
        # A reset that overtakes the refusal hides it now and then.
        tries = (ask(server.port, case, server.pipelines) for _ in range(4))
        cells.append(next((cell for cell in tries if cell != "closed"), "closed"))
    return cells


def body_of(data):
    """(status, content bytes) of a well-formed answer that ends with its connection."""
    head, _, rest = data.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.[01] (\d{3})", head)
    if not found:
        return 0, 0
    if re.search(rb"^transfer-encoding: *chunked", head, re.MULTILINE | re.IGNORECASE):
        size = 0
        while mark := re.match(rb"([0-9a-fA-F]+)[^\n]*\r\n", rest):
            length = int(mark.group(1), 16)
            size += min(length, max(0, len(rest) - mark.end()))
            rest = rest[mark.end() + length + 2:]
            if length == 0:
                break
        return int(found.group(1)), size
    length = re.search(rb"^content-length: *(\d+)", head, re.MULTILINE | re.IGNORECASE)
    return int(found.group(1)), min(len(rest), int(length.group(1))) if length else len(rest)


def fetch(port, case):
    """One response case through a proxy."""
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.sendall(b"GET /raw/" + case.name.encode() + b" HTTP/1.1\r\nHost: one.example\r\nConnection: close\r\n\r\n")
        status, size = body_of(read_answers(sock, 3.0))
    expected = int(case.data.split()[1])
    return judge(case, size, None) if status == expected else str(status or "closed")


def fetch_all(server):
    return [fetch(server.port, case) for case in cases.RESPONSES]


CLIENTS = {
    "curl": (["curl", "-q", "-s", "-S", "-m", "5", "@URL@"], ["curl", "-V"], r"curl ([\d.]+)"),
    "wget": (["wget", "-q", "-T", "5", "-t", "1", "-O", "-", "@URL@"], ["wget", "-V"], r"Wget ([\d.]+)"),
    "Node.js client": (["node", "-e", "let got = ''; require('http').get(process.argv[1], (r) => { r.on('data', (d) => { got += d; });"
                        "r.on('end', () => process.stdout.write(got, () => process.exit(0))); r.on('error', () => process.exit(1)); })"
                        ".on('error', () => setTimeout(() => process.exit(1), 100));", "@URL@"], ["node", "-v"], r"v([\d.]+)"),
    "Python client": ([sys.executable, "-c", "import sys, urllib.request, http.client\nu = sys.argv[1].split('/', 3)\n"
                       "c = http.client.HTTPConnection(u[2], timeout=5); c.request('GET', '/' + u[3])\n"
                       "sys.stdout.buffer.write(c.getresponse().read())", "@URL@"], [sys.executable, "-V"], r"Python ([\d.]+)"),
}


def download_all(name, port):
    cells = []
    for case in cases.RESPONSES:
        command = [word.replace("@URL@", f"http://127.0.0.1:{port}/raw/{case.name}") for word in CLIENTS[name][0]]
        environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        try:
            done = subprocess.run(command, capture_output=True, timeout=10, check=False, env=environment)
        except (subprocess.TimeoutExpired, OSError):
            cells.append("waits")
            continue
        word = judge(case, len(done.stdout), None)
        cells.append(word if done.returncode == 0 else "error" if not done.stdout else word + " ✗")
    return cells


def hark_cells(hark, work):
    """{(kind, name): (reading, notes)} as hark has it."""
    cells = {}
    for kind, list_ in (("request", cases.REQUESTS), ("response", cases.RESPONSES)):
        for case in list_:
            path = os.path.join(work, f"{kind}-{case.name}.pcap")
            if kind == "request":
                conversation.write(path, [("client", case.data)])
            else:
                conversation.write(path, [("client", b"GET / HTTP/1.1\r\nHost: one.example\r\n\r\n"), ("server", case.data)])
            done = subprocess.run([hark, "-r", path], capture_output=True, check=True, timeout=60)
            records = [record for record in map(conversation.json.loads, done.stdout.splitlines()) if "http" in record]
            cells[kind, case.name] = hark_cell(case, kind, records)
    return cells


@functools.cache
def syntax_notes():
    """Those about how a message is written and framed; rules for senders in general are not what the page is about."""
    ids = re.findall(r"^\| `([a-z_0-9]+)`", (pathlib.Path(__file__).resolve().parent.parent.parent / "docs/notes.md").read_text(), re.M)
    return frozenset(ids[: ids.index("early_response")])


def hark_cell(case, kind, records):
    message = records[0]["http"].get(kind) if records else None
    if not message:
        return "no HTTP", ""
    word = judge(case, message["body"]["bytes"], records[0].get("url", {}).get("domain"))
    notes = [note["id"] for note in records[0]["notes"] if note["id"] in syntax_notes()]
    return word, " ".join(f"`{note}`" for note in notes)


def table(kind, list_, columns, hark):
    lines = ["", "| case | hark | " + " | ".join(columns) + " | hark's notes |", "|---" * (len(columns) + 3) + "|"]
    for index, case in enumerate(list_):
        reading, notes = hark[kind, case.name]
        cells = [column[index] for column in columns.values()]
        about = case.about.replace("|", "\\|")
        lines.append(f"| {about} | {reading} | " + " | ".join(cells) + f" | {notes} |")
    return "\n".join(lines) + "\n"


def measure(work):
    backend = recorder.start()
    names = servers.installed()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        started = [future.result() for future in [pool.submit(servers.Server, name, work, backend) for name in names]]
        try:
            requests = {server: pool.submit(ask_all, server) for server in started}
            responses = {server: pool.submit(fetch_all, server) for server in started if server.proxy}
            clients = {name: pool.submit(download_all, name, backend) for name in CLIENTS}
            request_columns = {f"{server.name} {server.version}": future.result() for server, future in requests.items()}
            response_columns = {f"{server.name} {server.version}": future.result() for server, future in responses.items()}
            for name, future in clients.items():
                response_columns[f"{name} {servers.version_of(*CLIENTS[name][1:])}"] = future.result()
        finally:
            for server in started:
                server.stop()
    return request_columns, response_columns


def page(requests, responses, hark):
    return (PAGE + REQUESTS + table("request", cases.REQUESTS, requests, hark)
            + RESPONSES + table("response", cases.RESPONSES, responses, hark))


def check(path, hark):
    """Do the page's first and last columns say what hark says now?"""
    wanted = {}
    kind = None
    with open(path, encoding="utf-8") as file:
        for line in file:
            kind = {"## Requests\n": "request", "## Responses\n": "response"}.get(line, kind)
            cells = [cell.strip() for cell in line.replace("\\|", "\0").split("|")]
            if kind and len(cells) > 4:
                wanted[kind, cells[1].replace("\0", "|")] = (cells[2], cells[-2])
    bad = 0
    for kind, list_ in (("request", cases.REQUESTS), ("response", cases.RESPONSES)):
        for case in list_:
            if wanted.get((kind, case.about)) != hark[kind, case.name]:
                print(f"{path}: {kind} {case.name}: the page has {wanted.get((kind, case.about))}, hark says {hark[kind, case.name]}", file=sys.stderr)
                bad += 1
    print(f"{len(hark)} cases, {bad} differ from {os.path.basename(path)}")
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--check", metavar="PAGE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hark-servers.") as work:
        os.chmod(work, 0o755)
        hark = hark_cells(options.hark, work)
        if options.check:
            return check(options.check, hark)
        start = time.monotonic()
        requests, responses = measure(work)
        sys.stdout.write(page(requests, responses, hark))
        print(f"{len(requests)} servers, {len(cases.REQUESTS)} requests, {len(cases.RESPONSES)} responses, {time.monotonic() - start:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
