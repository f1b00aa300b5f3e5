# SPDX-License-Identifier: Apache-2.0
"""The captures that the fault tests feed to hark, made of those in pcaps/."""
import gzip
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
sys.path.insert(0, os.path.join(HERE, "..", "..", "pcaps"))
sys.dont_write_bytecode = True
import harness  # noqa: E402
from rewriting import capfile  # noqa: E402

# Every feature that takes memory of its own: 1xx, trailers, chunks, pipelining, long heads, masks, tunnels of HTTP and others,
# upgrades, HTTP/0.9, search midstream, holes, disorder, waiting for the other side, fragments, encapsulation, ports used again.
FEATURES = [
    "mix.pcap", "pipelining.pcap", "continue.pcap", "early-hints.pcap", "trailers.pcap", "gzip-chunked.pcap", "proxy-connect.pcap", "websocket.pcap",
    "h2c-upgrade.pcap", "secrets.pcap", "proxy-secrets.pcap", "http09.pcap", "broken-ends.pcap", "odd-syntax.pcap", "not-http.pcap", "port-reuse.pcap",
    "damage-all-at-once.pcap", "damage-midstream.pcap", "damage-late-client.pcap", "damage-ack-first.pcap", "fragments-ipv4-shuffled.pcap",
    "fragments-ipv6-reversed.pcap", "vxlan-nested.pcap", "wrap-stack.pcap", "damage-late-beyond.pcap", "real-loss-after.pcap",
]


def merged(names, frames_each=None):
    """One Ethernet capture of several, each a while behind the one before."""
    frames, now = [], None
    for name in names:
        capture = capfile.read(os.path.join(harness.PCAPS, name))
        assert capture.link == capfile.ETHERNET, name
        first = capture.frames[0].time
        shift = 0 if now is None else now + 10**9 - first
        for frame in capture.frames[:frames_each]:
            frames.append(capfile.Frame(frame.time + shift, frame.data, frame.wire))
        now = max(frame.time for frame in frames)
    return capfile.Capture(capfile.ETHERNET, frames)


def write(path, capture, pcapng=False, nano=False):
    """By the name's end compressed as well."""
    plain = path.removesuffix(".gz").removesuffix(".zst")
    capfile.write(plain, capture, capfile.Format(pcapng=pcapng, nano=nano))
    if path.endswith(".gz"):
        with open(plain, "rb") as source, gzip.GzipFile(path, "wb", mtime=0) as target:
            shutil.copyfileobj(source, target)
    elif path.endswith(".zst"):
        subprocess.run(["zstd", "-q", "-f", plain, "-o", path], check=True)
    if plain != path:
        os.unlink(plain)
    return path


def features(path):
    return write(path, merged(FEATURES))


def waiting(path):
    """Large enough to be mapped (capture/source_stream.c). Near its end a frame is missing, for which what follows waits."""
    name = os.path.join(harness.PCAPS, "keepalive.pcap")
    once, frames = capfile.read(name), []
    for turn in range(1 + (5 << 18) // os.path.getsize(name)):
        frames += [capfile.Frame(frame.time + turn * 50 * 10**9, frame.data, frame.wire) for frame in once.frames]
    del frames[-48]  # the first response
    write(path, capfile.Capture(once.link, frames))
