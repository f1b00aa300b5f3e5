# SPDX-License-Identifier: Apache-2.0
"""repeats.py --hark BINARY

What hark remembers of heads and exchanges changes no record. Conversations whose heads are nearly those of others, cut, repeated,
reordered and lost on the way, are read with one thread and with two, which remember, and with eight, which know no head again: the
output must be the same bytes, whatever is masked or left out."""
import argparse
import os
import random
import struct
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
sys.path.insert(0, os.path.join(HERE, "..", "..", "pcaps"))
import harness  # noqa: E402
from rewriting import capfile, packet  # noqa: E402

FORGETFUL = 8  # threads; cli/crew.c: MOST_WITH_TABLES is less
SYN, ACK, PSH, FIN = 0x02, 0x10, 0x08, 0x01
START_NS = 1_795_000_000 * 10**9
DATES = [b"Fri, 20 Nov 2026 16:44:42 GMT", b"Fri, 20 Nov 2026 16:44:43 GMT", b"Friday, 20-Nov-76 16:44:42 GMT", b"Mon, 20 Nov 2026 16:44:42 GMT",
         b"Fri Nov 20 16:44:42 2026", b"0", b"soon"]
TAGS = [b'"a"', b'"b"', b'W/"a"', b"a", b'"abc-1"', b"*"]
REQUEST_FIELDS = {
    b"Host": [b"www.example.com", b"www.example.net", b"A.example:8080", b"u:p@www.example.com", b"not a host"],
    b"User-Agent": [b"one/1.0", b"one/1.1", b"http://u:p@c.example/?token=1"],
    b"Accept": [b"*/*", b"text/html;q=0.5, */*;q=0.1", b"text/html;q=2"],
    b"Cookie": [b"session=0123456789; a=1", b"session=0123456788; a=1", b"a", b""],
    b"Authorization": [b"Basic dTpwdw==", b"Bearer abc", b'Digest username="u"'],
    b"Referer": [b"http://www.example.com/", b"http://u:p@www.example.com/#f", b"https://www.example.com/"],
    b"If-None-Match": TAGS, b"If-Modified-Since": DATES, b"Date": DATES,
    b"Range": [b"bytes=0-99", b"bytes=0-9", b"bytes=x"],
    b"Cache-Control": [b"no-cache", b"max-age=0", b"no-store"],
    b"Connection": [b"keep-alive", b"close", b"TE, close"],
    b"Forwarded": [b"for=192.0.2.1", b'for="[2001:db8::1]";host=u:p@h', b"for=_x, for=192.0.2.2"],
    b"Via": [b"1.1 a", b"1.0 b, 1.1 c"],
    b"traceparent": [b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", b"00-1"],
    b"X-Other": [b"1", b"x", b"two"],
}
RESPONSE_FIELDS = {
    b"Server": [b"one", b"two"], b"Date": DATES, b"Last-Modified": DATES, b"Expires": DATES, b"ETag": TAGS,
    b"Content-Type": [b"text/html", b"text/html; charset=utf-8", b"application/json", b"x"],
    b"Cache-Control": [b"max-age=60", b"max-age=61", b"private", b"no-store", b"public, s-maxage=5"],
    b"Age": [b"1", b"100", b"x"], b"Vary": [b"Accept", b"*"], b"Connection": [b"keep-alive", b"close"],
    b"Keep-Alive": [b"timeout=5, max=99", b"timeout=5, max=98"],
    b"Set-Cookie": [b"a=1; Path=/", b"a=2; Path=/; Secure", b"b=1; Expires=Fri, 20-Nov-76 16:44:42 GMT"],
    b"WWW-Authenticate": [b'Basic realm="a"', b'Digest realm="a", nonce="b"'],
    b"Location": [b"/a", b"http://u:p@www.example.com/"], b"Link": [b"</a>; rel=next", b"</b>"],
    b"Content-Security-Policy": [b"default-src 'self'", b"default-src 'none'"], b"X-Other": [b"1", b"x"],
}
TARGETS = [b"/", b"/a?token=1", b"/a?token=2&b=c", b"/a#f", b'/"', b"http://www.example.com/a", b"*"]
STATUSES = [b"200 OK", b"200 OK", b"200 OK", b"200 Fine", b"204 No Content", b"304 Not Modified", b"404 Not Found", b"206 Partial", b"302 Found",
            b"401 Who", b"500 Oh", b"299 Some"]
OPTIONS = [[], [], [], ["--secrets=keep"], ["--anonymize-ip", "--secrets=hash", "--secrets-key=key"], ["--redact-header=etag"], ["--redact-query=b"], ["--omit=semantics.caching"],
           ["--omit=http.request.headers,tcp"], ["--separate-vlans"], ["--snapshot-length=300"], ["--format=text"]]


class Talk:
    """Writes messages like others. `likely` of each change is the seed's, so that captures differ in kind."""

    def __init__(self, rng):
        self.rng = rng
        self.likely = {name: rng.choice(levels) for name, levels in {
            "value": (0, 0.02, 0.2), "mutant": (0, 0.05, 0.4), "line": (0, 0.01, 0.1), "method": (0, 0.2), "cut": (0, 0.02, 0.2),
            "lost": (0, 0, 0.02), "again": (0, 0.05), "pipelined": (0, 0.3), "long": (0, 0.2)}.items()}
        count = rng.choice((1, 3, 12, 300))
        self.shapes = [[self.shape(fields) for _ in range(count)] for fields in (REQUEST_FIELDS, RESPONSE_FIELDS)]
        self.turn = 0

    def chance(self, name):
        return self.rng.random() < self.likely[name]

    def shape(self, fields):
        names = self.rng.sample(sorted(fields), self.rng.randrange(1, 9))
        names += self.rng.choices(sorted(fields), k=self.rng.choice((0, 0, 0, 1)))
        return [[name, fields[name][0] if self.rng.random() < 0.7 else self.rng.choice(fields[name])] for name in names]

    def value(self, values):
        value = self.rng.choice(values)
        if self.chance("long"):
            return value + b"x" * self.rng.choice((40, 300, 1280))
        if value and self.chance("mutant"):
            at = self.rng.randrange(len(value))
            value = self.rng.choice((value[:at], value[:at] + bytes([value[at] ^ 1]) + value[at + 1:], value[:at] + b"\xff\"\\" + value[at:],
                                     b" " + value, value + b"\t", value + b"\r\n " + value, value.swapcase(), value + b"\x7f"))
        return value

    def lines(self, side):
        """A value that changes either stays what it is then, or is another one this time only."""
        shapes, fields = self.shapes[side], (REQUEST_FIELDS, RESPONSE_FIELDS)[side]
        self.turn += 1
        lines = []
        for line in shapes[(self.turn // 2) % len(shapes) if self.turn % 5 else 0]:
            name, value = line
            if self.chance("value"):
                value = self.value(fields[name])
                if self.rng.random() < 0.5:
                    line[1] = value
            if self.chance("line"):
                name = self.rng.choice((name.lower(), name + b" ", name[:-1] + b"_", name + b"-x", b"X"))
            lines.append(name + b": " + value + (b"\n" if self.chance("line") and self.rng.random() < 0.2 else b"\r\n"))
        return lines

    def request(self):
        method = self.rng.choice((b"HEAD", b"POST", b"OPTIONS", b"get", b"CONNECT")) if self.chance("method") else b"GET"
        target = self.rng.choice(TARGETS) if self.chance("value") else b"/p%d" % self.rng.randrange(3)
        version = b"HTTP/1.0" if self.chance("line") else b"HTTP/1.1"
        body = b"b" * self.rng.randrange(3) if method == b"POST" else b""
        length = [b"Content-Length: %d\r\n" % len(body)] if method == b"POST" else []
        return method, b"%b %b %b\r\n" % (method, target, version) + b"".join(self.lines(0) + length) + b"\r\n" + body

    def response(self, method):
        status = self.rng.choice(STATUSES) if self.chance("value") else STATUSES[0]
        body = b"" if method == b"HEAD" or status[:3] in (b"204", b"304") else b"b" * self.rng.choice((0, 1, 10, 99, 100, 3000))
        lines, interim = self.lines(1), b"HTTP/1.1 103 Hints\r\nX-Other: 1\r\n\r\n" if self.chance("line") else b""
        if self.rng.random() < 0.8:
            lines.insert(self.rng.choice((0, len(lines))), b"Content-Length: %d\r\n" % len(body))
        else:
            lines.append(b"Transfer-Encoding: chunked\r\n")
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
        return interim + b"HTTP/1.1 " + status + b"\r\n" + b"".join(lines) + b"\r\n" + body


class Connection:
    """Packets of one, with their times."""

    def __init__(self, talk, number, time_ns):
        self.talk, self.rng, self.time, self.frames = talk, talk.rng, time_ns, []
        self.ports = [1024 + number, talk.rng.choice((80, 8080))]
        self.next = [talk.rng.choice((1, 2**32 - 200)), 7]
        self.most = talk.rng.choice((1460, 1460, 8000, 100))
        self.tag = struct.pack("!HH", 0x8100, number % 2) if talk.rng.random() < 0.1 else b""

    def send(self, side, flags, data=b"", back=0):
        source, target = (bytes((192, 0, 2, 1 + side)), bytes((192, 0, 2, 2 - side)))
        head = struct.pack("!HHIIBBHHH", self.ports[side], self.ports[1 - side], (self.next[side] - back) % 2**32, self.next[1 - side] % 2**32,
                           5 << 4, flags, 65535, 0, 0)
        ip = packet.ip_packet(source, target, 6, head + data, len(self.frames) + 1)
        self.frames.append(capfile.Frame(self.time, bytes(12) + self.tag + b"\x08\x00" + ip))
        self.time += self.rng.choice((1000, 20_000, 1_000_000))

    def say(self, side, data):
        while data:
            piece = data[:self.rng.randrange(1, 200) if self.talk.chance("cut") else self.most]
            data = data[len(piece):]
            if not self.talk.chance("lost"):
                self.send(side, ACK | PSH, piece)
            self.next[side] += len(piece)
            if self.talk.chance("again"):
                self.send(side, ACK, piece, back=len(piece))
        self.send(1 - side, ACK)

    def converse(self, exchanges):
        self.send(0, SYN)
        self.next[0] += 1
        self.send(1, SYN | ACK)
        self.next[1] += 1
        self.send(0, ACK)
        for _ in range(exchanges):
            asked = [self.talk.request() for _ in range(3 if self.talk.chance("pipelined") else 1)]
            self.say(0, b"".join(request for _, request in asked))
            self.say(1, b"".join(self.talk.response(method) for method, _ in asked))
        for side in (0, 1):
            self.send(side, FIN | ACK)
            self.next[side] += 1
        return self.frames


def make(rng, path):
    talk, frames = Talk(rng), []
    apart_ns = rng.choice((0, 10**6, 10**9, 86400 * 10**9))
    for number in range(rng.choice((5, 10, 40, 120))):
        frames += Connection(talk, number, START_NS + number * apart_ns).converse(rng.randrange(1, 12))
    frames.sort(key=lambda frame: frame.time)
    capfile.write(path, capfile.Capture(capfile.ETHERNET, frames), capfile.Format(nano=True))


def compare(hark, path, options, faults, seed):
    """Returns how many lines were the same in all."""
    runs = {jobs: harness.run_hark(hark, ["-q", "-j", str(jobs), "-r", path, *options], cwd=os.path.dirname(path)) for jobs in (FORGETFUL, 1, 2)}
    expected = runs[FORGETFUL].out.split(b"\n")
    for jobs, run in runs.items():
        found = run.out.split(b"\n")
        if run.trouble:
            faults.append(f"seed {seed}, -j {jobs} {' '.join(options)}: {run.trouble}")
        elif found != expected:
            pairs = [pair for pair in zip(found, expected) if pair[0] != pair[1]] or [(b"", b"")]
            faults.append(f"seed {seed}, -j {jobs} {' '.join(options)}: {len(found)} lines, {len(expected)} with -j {FORGETFUL}\n  "
                          + "\n  ".join(line.decode("utf-8", "replace") for line in pairs[0]))
    return len(expected) - 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", metavar="FILE", help="write the capture of --seed to FILE, and do no more")
    args = parser.parse_args()
    hark = os.path.abspath(args.hark)
    if args.keep:
        make(random.Random(args.seed), args.keep)
        return 0
    end, faults, lines, seed = time.monotonic() + args.seconds, [], 0, args.seed
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "capture.pcap")
        harness.write_key(work)
        while seed - args.seed < 3 or (time.monotonic() < end and len(faults) < 5):
            rng = random.Random(seed)
            make(rng, path)
            lines += compare(hark, path, rng.choice(OPTIONS), faults, seed)
            seed += 1
    print(f"{seed - args.seed} captures, {lines} records", *faults, sep="\n")
    return 1 if faults or lines < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
