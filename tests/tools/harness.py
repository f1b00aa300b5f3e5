# SPDX-License-Identifier: Apache-2.0
"""What the test drivers share: runs hark, tells whether the run was sound, and reads its records and tshark's
messages into one shape, so that they can be compared."""
import collections
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PCAPS = os.path.join(ROOT, "pcaps")
PYTHON = sys.executable
SKIPPED = 77  # ctest's SKIP_RETURN_CODE
SANITIZER_EXIT = 99

ENVIRONMENT = dict(os.environ, NO_COLOR="1", TZ="UTC", LC_ALL="C.UTF-8",
                   ASAN_OPTIONS=f"exitcode={SANITIZER_EXIT}:detect_leaks=1:abort_on_error=0",
                   UBSAN_OPTIONS=f"exitcode={SANITIZER_EXIT}:print_stacktrace=1",
                   TSAN_OPTIONS=f"exitcode={SANITIZER_EXIT}:halt_on_error=1:second_deadlock_stack=1")


def lacks_network(tools):
    """True, and says why, where a test can't make network namespaces of its own with these programs in them."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    probe = f"hkx{os.getpid()}"
    if os.geteuid() != 0 or missing:
        print("SKIPPED: needs root" if not missing else f"SKIPPED: not installed: {' '.join(missing)}")
        return True
    if subprocess.run(["ip", "netns", "add", probe], capture_output=True, check=False).returncode != 0:
        print("SKIPPED: no network namespace can be made here")
        return True
    subprocess.run(["ip", "netns", "del", probe], check=True)
    return False


class Run:
    """One run of hark: `trouble` is "" or says why it was not sound."""

    def __init__(self, status, out, err, trouble=""):
        self.status = status  # exit status, negative for a signal, None after a time-out
        self.out = out
        self.err = err
        self.trouble = trouble or self.judge()

    def judge(self):
        text = self.err.decode("utf-8", "replace")
        if "Sanitizer" in text or "runtime error:" in text or self.status == SANITIZER_EXIT:
            report = re.search(r"(ERROR|WARNING|SUMMARY): \w*Sanitizer[^\n]*|[^\n]*runtime error:[^\n]*", text)
            return "sanitizer: " + (report.group(0) if report else text[-300:])
        if self.status is None:
            return "timed out"
        if self.status < 0:
            return f"ended by signal {-self.status}"
        if self.status not in (0, 1):
            return f"exit status {self.status}: {text.strip()[-200:]}"
        if self.status == 1 and not re.search(r"^hark: \S.{8,}", text, re.MULTILINE):
            return "exit status 1 without a line that says why"
        unbalanced = re.search(r"[^\n]*does not balance[^\n]*", text, re.IGNORECASE)
        if unbalanced:
            return "ledger: " + unbalanced.group(0)
        if self.out and not self.out.endswith(b"\n"):
            return "the last line is torn"
        return ""

    def records(self):
        return [json.loads(line) for line in self.out.splitlines()]


def run_hark(hark, arguments, cwd=None, timeout=40, stdin=subprocess.DEVNULL):
    try:
        done = subprocess.run([hark, *arguments], cwd=cwd, stdin=stdin, capture_output=True, timeout=timeout, env=ENVIRONMENT, check=False)
    except subprocess.TimeoutExpired as late:
        return Run(None, late.stdout or b"", late.stderr or b"")
    return Run(done.returncode, done.stdout, done.stderr)


def write_key(folder, text="0123456789abcdef0123456789abcdef\n"):
    """A key file that hark takes, always with the same key; its path."""
    path = os.path.join(folder, "key")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    return path


def validate(ndjson):
    """What tests/tools/validate.py finds wrong with these lines: "" or its words."""
    done = subprocess.run([PYTHON, os.path.join(ROOT, "tests", "tools", "validate.py")], input=ndjson, capture_output=True, check=False)
    if done.returncode == 0:
        return ""
    return (done.stdout + done.stderr).decode("utf-8", "replace").strip() or f"validate.py: exit status {done.returncode}"


def read_tsv(path):
    """Rows as dicts, named by the first line; lines that start with # are comments."""
    with open(path, encoding="utf-8", newline="") as file:
        lines = [line for line in file if line.strip() and not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def capture_rows():
    """The list of pcaps/: file, made_by, exit, requests, responses, interim, transactions, counted_by, why."""
    return read_tsv(os.path.join(PCAPS, "LIST.tsv"))


def captures():
    """The captures of pcaps/, in the order of their list."""
    return [row["file"] for row in capture_rows()]


def get(record, path):
    for key in path.split("."):
        if not isinstance(record, dict) or key not in record:
            return None
        record = record[key]
    return record


def header_values(record, message, name):
    return [h.get("value", "") for h in get(record, f"http.{message}.headers") or [] if h.get("name", "").lower() == name]


def endpoint(address, port):
    return f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}"


class Message:
    """A request or a final or interim response, as a tool tells it."""

    def __init__(self, kind, client, server, method=None, target=None, host=None, status=None, frames=None, request_frames=None):
        self.kind = kind  # "request" or "response"
        self.client = client
        self.server = server
        self.method = method
        self.target = target
        self.host = host
        self.status = status
        self.frames = frames  # (first, last)
        self.request_frames = request_frames  # of the request that a response answers
        self.answers = None  # that request

    def connection(self):
        """The same for both directions: who is client may be in dispute."""
        return tuple(sorted((self.client, self.server)))

    def text(self):
        if self.kind == "request":
            return f"{self.client} > {self.server} {self.method} {self.target} host={self.host if self.host is not None else '-'}"
        return f"{self.client} < {self.server} {self.status}"


def hark_messages(records):
    found = []
    for record in records:
        if get(record, "http") is None or get(record, "hark.type") == "tunnel":
            continue
        client = endpoint(get(record, "client.ip"), get(record, "client.port"))
        server = endpoint(get(record, "server.ip"), get(record, "server.port"))

        def frames(message, record=record):
            part = get(record, f"capture.{message}")
            return (part["first_frame"], part["last_frame"]) if part and "first_frame" in part else None

        request = None
        has_request = get(record, "http.request") is not None and frames("request") is not None
        if has_request:
            hosts = header_values(record, "request", "host")
            request = Message("request", client, server, get(record, "http.request.method"), get(record, "http.request.target"),
                              hosts[0] if hosts else None, frames=frames("request"))
            found.append(request)
        for interim in get(record, "http.response.interim") or []:
            found.append(Message("response", client, server, status=interim["status_code"],
                                 request_frames=frames("request") if has_request else None))
        if get(record, "http.response.status_code") is not None:
            found.append(Message("response", client, server, status=get(record, "http.response.status_code"), frames=frames("response"),
                                 request_frames=frames("request") if has_request else None))
            found[-1].answers = request
    return found


TSHARK = ["tshark", "-n", "-2", "-o", "tcp.desegment_tcp_streams:TRUE", "-o", "http.desegment_headers:TRUE"]
# With the first settings tshark sees most: segments are put in order before they are dissected. But it waits for a message's whole
# body, and for a lost segment for ever: asked again without that, it finds heads that it left out (and loses others).
TSHARK_BEST = ("tcp.reassemble_out_of_order:TRUE", "http.desegment_body:TRUE")
TSHARK_FURTHER = [("tcp.reassemble_out_of_order:TRUE", "http.desegment_body:FALSE"), ("tcp.reassemble_out_of_order:FALSE", "http.desegment_body:FALSE")]


def tshark_messages(path, decode_as=()):
    """What tshark finds of HTTP/1 over TCP at its best."""
    return tshark_run(path, decode_as, TSHARK_BEST)


def tshark_further(path, first, decode_as=()):
    """What it finds beyond the first list when asked otherwise."""
    have = collections.Counter(message.text() for message in first)
    further = []
    for settings in TSHARK_FURTHER:
        seen = collections.Counter()
        for message in tshark_run(path, decode_as, settings):
            text = message.text()
            seen[text] += 1
            if seen[text] > have[text]:
                have[text] += 1
                further.append(message)
    return further


def tshark_run(path, decode_as, preferences):
    command = [*TSHARK, *(word for p in preferences for word in ("-o", p)), "-r", path, *decode_as, "-Y", "tcp && (http.request || http.response)", "-T", "pdml"]
    done = subprocess.run(command, capture_output=True, check=False, env=dict(ENVIRONMENT, HOME="/nonexistent"))
    # PDML may carry control characters that XML has not, and a damaged capture ends it early.
    text = re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", b"?", done.stdout).decode("utf-8", "replace")
    if not text.rstrip().endswith("</pdml>"):
        text = text[:text.rfind("</packet>") + len("</packet>")] + "</pdml>" if "</packet>" in text else "<pdml/>"
    found = [message for packet in xml.etree.ElementTree.fromstring(text).iter("packet") for message in packet_messages(packet)]
    for response in found:
        if response.request_frames:
            at = [m for m in found if m.kind == "request" and m.frames == response.request_frames and m.connection() == response.connection()]
            # Several requests in one frame: its number does not say which.
            response.answers = at[0] if len(at) == 1 else None
    return found


def packet_messages(packet):
    found, addresses, ports, frame = [], None, None, None
    for proto in packet.iter("proto"):
        values = {}
        for field in proto.iter("field"):
            values.setdefault(field.get("name"), field)

        def show(name, values=values):
            return values[name].get("show") if name in values else None

        name = proto.get("name")
        if name == "frame":
            frame = int(show("frame.number"))
        elif name in ("ip", "ipv6"):
            addresses = (show(name + ".src"), show(name + ".dst"))
        elif name == "tcp":
            ports = (show("tcp.srcport"), show("tcp.dstport"))
        elif name == "http" and ports and addresses:
            sides = [endpoint(a, p) for a, p in zip(addresses, ports)]
            if "http.request.method" in values:
                target = values.get("http.request.uri")
                raw = bytes.fromhex(target.get("value") or "").decode("utf-8", "replace") if target is not None else None
                found.append(Message("request", sides[0], sides[1], show("http.request.method"), raw, show("http.host"), frames=(frame, frame)))
            elif "http.response.code" in values:
                of = show("http.request_in")
                found.append(Message("response", sides[1], sides[0], status=int(show("http.response.code")), frames=(frame, frame),
                                     request_frames=(int(of), int(of)) if of else None))
    return found


def compare_messages(ours, theirs, further=()):
    """Differences of what hark and another tool tell, as multisets, one text each: what they have must be ours, and what is
    beyond it must be among what they find on a second look."""
    have, want, more = (collections.Counter(message.text() for message in messages) for messages in (ours, theirs, further))
    return [f"missing: {text}" for text in (want - have).elements()] + [f"extra: {text}" for text in (have - want - more).elements()]


def pairs(messages):
    """Which request each final response answers, as texts."""
    return collections.Counter(f"{m.client} < {m.server} {m.status} answers {m.answers.method} {m.answers.target}"
                               for m in messages if m.kind == "response" and m.answers is not None and (m.status >= 200 or m.status == 101))


class Known:
    """Differences that were looked at: file, what (in both a star stands for anything), reason. One that no longer
    occurs is a finding as well."""

    def __init__(self, path):
        self.rows = read_tsv(path) if os.path.exists(path) else []
        self.used = set()
        for row in self.rows:
            if not row.get("file") or not row.get("what") or len((row.get("reason") or "").split()) < 3:
                raise SystemExit(f"{path}: a line needs file, what and a reason: {row}")
            row["pattern"] = (glob(row["file"]), glob(row["what"]))

    def reason(self, file, what):
        for number, row in enumerate(self.rows):
            if row["pattern"][0].fullmatch(file) and row["pattern"][1].fullmatch(what):
                self.used.add(number)
                return row["reason"]
        return None

    def unused(self, files):
        """Lines that explain nothing any more, of those that speak of these files."""
        return [row for number, row in enumerate(self.rows)
                if number not in self.used and any(row["pattern"][0].fullmatch(f) for f in files)]


def glob(text):
    """Only the star is special: targets are full of question marks and brackets."""
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)
