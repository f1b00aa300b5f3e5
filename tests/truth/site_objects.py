# SPDX-License-Identifier: Apache-2.0
"""What the server of the truth tests serves: objects of a web site, sizes lognormal (median 8 KB, mean about 40 KB), and text that
is made of HTTP messages, so that a body looks like a dialogue."""
import gzip
import math
import os
import random

CLASSES = {"html": 15, "json": 15, "css": 8, "js": 17, "dyn": 5, "jpg": 25, "png": 10, "woff2": 5}
TEXT = ("html", "json", "css", "js", "dyn")
LARGEST = 4 << 20


def forged(number, rng):
    """A request and a response that nobody sent; their ids say so."""
    body = "x" * rng.randint(0, 300)
    fields = f"Host: forged.example\r\nX-Truth-Id: forged-{number}\r\n"
    return (f"GET /forged/{number} HTTP/1.1\r\n{fields}Accept: */*\r\n\r\n"
            f"HTTP/1.1 200 OK\r\nServer: forged\r\nX-Truth-Id: forged-{number}\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def forged_text(size, rng, kind="both"):
    """About `size` bytes of them: requests, responses or both."""
    parts, have = [], 0
    while have < size:
        request, response = forged(rng.randint(1, 10**9), rng).split(b"\r\n\r\nHTTP", 1)
        part = {"requests": request + b"\r\n\r\n", "responses": b"HTTP" + response, "both": request + b"\r\n\r\nHTTP" + response}[kind]
        parts.append(part)
        have += len(part)
    return b"".join(parts)


def make_site(folder, objects, seed):
    """Writes the tree; returns the paths that a browser asks for."""
    rng = random.Random(seed)
    words = ["".join(rng.choice("etaoinshrdlucmfwypvbgkjqxz") for _ in range(rng.randint(2, 11))) for _ in range(3000)]
    prose = []
    for _ in range(150_000):
        prose.append(words[min(int(rng.expovariate(1 / 400)), 2999)])
        if rng.random() < 0.06:
            prose.append("\n")
    prose = " ".join(prose).encode()
    noise = rng.randbytes(1 << 20)

    def content(kind, size):
        source = prose if kind in TEXT else noise
        start = rng.randrange(len(source))
        return ((source[start:] + source) * (size // len(source) + 1))[:size]

    paths = []
    for number in range(objects):
        kind = rng.choices(list(CLASSES), list(CLASSES.values()))[0]
        size = int(min(LARGEST, max(64, 8192 * math.exp(rng.gauss(0, 1.794)))))
        name = f"{kind}/{number % 16:x}/{'-'.join(rng.choice(words) for _ in range(rng.randint(1, 4)))}-{number:04x}.{'html' if kind == 'dyn' else kind}"
        os.makedirs(os.path.join(folder, os.path.dirname(name)), exist_ok=True)
        data = content(kind, size)
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
        if kind in ("css", "js"):
            with open(os.path.join(folder, name + ".gz"), "wb") as file:
                file.write(gzip.compress(data, 6))
        query = "" if rng.random() < 0.7 else "?v=" + "".join(rng.choice("0123456789abcdef") for _ in range(rng.randint(4, 40)))
        paths.append(f"/{name}{query}")
    os.makedirs(os.path.join(folder, "dialogue"), exist_ok=True)
    for number in range(12):
        with open(os.path.join(folder, "dialogue", f"{number}.txt"), "wb") as file:
            file.write(forged_text(rng.choice((2_000, 20_000, 100_000)), rng, ("both", "responses", "requests")[number % 3]))
    return paths
