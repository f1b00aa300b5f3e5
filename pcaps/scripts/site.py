#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the little web site that the servers serve: site.py FOLDER"""

import os
import struct
import sys
import zlib

STAMP = 1700000000  # fixed modification time: ETag and Last-Modified stay the same


def png(width, height, colour):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(colour) * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def text(length):
    words = "the quick brown fox jumps over the lazy dog and HTTP/1.1 200 OK is only text here\r\n"
    return (words * (length // len(words) + 1))[:length].encode()


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A page</title>
<link rel="stylesheet" href="/style.css"><link rel="icon" href="/icon.png"><script src="/app.js" defer></script></head>
<body><h1>A page</h1>%s<p><a href="/small.txt">more</a></p></body></html>
"""


WEBSOCKET_PAGE = b"""<!doctype html><title>waiting</title><iframe src="/slow/medium.txt"></iframe><script>
const socket = new WebSocket('ws://www.example.com:3001/echo');
let left = 3;
socket.onopen = () => socket.send('message 3');
socket.onmessage = (event) => {
  if (--left) socket.send('message ' + left + ' ' + 'x'.repeat(left * 90));
  else socket.close(1000, 'enough');
};
socket.onclose = () => fetch('/api/items?closed');
</script>
"""


def main():
    root = sys.argv[1]
    images = "".join(f'<img src="/images/{n}.png" alt="" width="40" height="40">' for n in range(1, 9))
    files = {
        "index.html": PAGE.replace("%s", images).encode(),
        "style.css": b"body { font-family: sans-serif; background: #fafafa }\nh1 { color: #345 }\n" * 8,
        "app.js": b"fetch('/api/items?page=1').then(r => r.text()).then(t => { document.title = 'loaded ' + t.length })\n",
        "api/items": b'{"items":[{"id":1,"name":"one"},{"id":2,"name":"two"}]}\n',
        "icon.png": png(16, 16, (30, 90, 160)),
        "small.txt": text(120),
        "data.bin": bytes((n * 7 + n // 256) % 256 for n in range(40000)),
        "medium.txt": text(6000),
        "large.bin": bytes((n * 13 + n // 256) % 256 for n in range(300000)),
        "websocket.html": WEBSOCKET_PAGE,
        "empty.txt": b"",
        "ssi/page.shtml": b"<p><!--#echo var='request_method' --></p>\n" + text(500) + b"\n",
        "private/report.txt": b"quarterly numbers\n",
        "cgi/env.cgi": b"#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\necho \"method $REQUEST_METHOD\"\ncat\n",
        "dav/readme.txt": b"a file to move about\n",
        "upload/.keep": b"",
    }
    for number in range(1, 9):
        files[f"images/{number}.png"] = png(40 + number, 40, (number * 30, 255 - number * 20, number * 11))
    for name, content in files.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(content)
        os.chmod(path, 0o755 if name.endswith(".cgi") else 0o644)
        os.utime(path, (STAMP, STAMP))


main()
