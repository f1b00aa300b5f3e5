# SPDX-License-Identifier: Apache-2.0
"""What a damaged capture still proves: which message heads of its whole base have every byte in it.

The base must be complete, in order, and without port reuse. Its messages are found in its reassembled streams; then the
damaged capture's segments tell which byte ranges are there.
"""

import dataclasses
import re

from rewriting import capfile
from rewriting.packet import SYN, Ip, Segment, client_ends, ip_offset


@dataclasses.dataclass
class Message:
    start: int
    head_end: int
    words: list  # of the start line

    def status(self):
        return int(self.words[1])


def defragmented(capture):
    """The capture's frames with IPv4 fragments put together; without those that miss a part, and without IPv6 fragments."""
    held = {}
    for frame in capture.frames:
        at, _ = ip_offset(capture.link, frame.data)
        ip = Ip.parse(frame.data[at:]) if at is not None else None
        if ip is None or not ip.is_fragment:
            yield frame
        elif ip.version == 4:
            field = int.from_bytes(ip.header[6:8], "big")
            parts = held.setdefault((ip.source, ip.target, ip.identification()), {})
            parts[(field & 0x1FFF) * 8] = (ip.payload, not field & 0x2000)
            whole = b""
            while len(whole) in parts:
                payload, last = parts[len(whole)]
                whole += payload
                if last:
                    head = ip.header[:6] + bytes(2) + ip.header[8:]
                    packet = dataclasses.replace(ip, header=head, payload=whole, padding=b"", is_fragment=False)
                    yield capfile.Frame(frame.time, frame.data[:at] + packet.bytes())
                    break


def directions(capture):
    """{(source end, target end): [(sequence number of the payload, payload)]} in order of first packets."""
    parts = {}
    for frame in defragmented(capture):
        segment = Segment.parse(capture.link, frame)
        if segment:
            first = segment.seq + (1 if segment.flags & SYN else 0)
            parts.setdefault(segment.flow(), []).append((first & 0xFFFFFFFF, segment.payload))
    return parts


def stream_of(parts):
    """(first sequence number, bytes) of a whole direction."""
    first = parts[0][0]
    stream = bytearray()
    for seq, payload in parts:
        at = (seq - first) & 0xFFFFFFFF
        if payload and at <= len(stream):
            stream[at : at + len(payload)] = payload
    return first, bytes(stream)


def body_length(stream, at, head, no_body):
    """How many bytes of body follow a head; chunked bodies are walked."""
    if no_body:
        return 0
    if re.search(rb"\r\ntransfer-encoding: *chunked", head, re.I):
        end = at
        while True:
            line_end = stream.index(b"\r\n", end)
            size = int(stream[end:line_end].split(b";")[0], 16)
            end = line_end + 2 + size + 2
            if size == 0:
                return end - at
    found = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
    return int(found.group(1)) if found else 0


def messages_of(stream, is_bodyless):
    """The messages of one direction; is_bodyless(start line's words) says which have no body at all."""
    messages, at = [], 0
    while (end := stream.find(b"\r\n\r\n", at)) >= 0:
        head = stream[at : end + 4]
        words = head.split(b"\r\n")[0].decode("latin-1").split(" ", 2)
        messages.append(Message(at, end + 4, words))
        at = end + 4 + body_length(stream, end + 4, head, is_bodyless(words))
    return messages


def answers_to(requests):
    """is_bodyless for the answers to these requests, which come in their order."""
    waiting = iter(list(requests))

    def is_bodyless(words):
        status = int(words[1])
        if status < 200:
            return True
        method = next(waiting).words[0]
        return status in (204, 304) or method == "HEAD"

    return is_bodyless


def exchanges(base):
    """[(flow, request, response, [1xx])] of a whole capture, and each flow's first sequence number."""
    capture = capfile.read(base)
    clients, parts = client_ends(capture), directions(capture)
    firsts, out = {}, []
    for flow in parts:
        if clients[frozenset(flow)] != flow[0]:
            continue
        back = flow[::-1]
        firsts[flow], sent = stream_of(parts[flow])
        firsts[back], answered = stream_of(parts[back])
        requests = messages_of(sent, lambda _: False)
        interim = []
        for response in messages_of(answered, answers_to(requests)):
            interim.append(response)
            if response.status() >= 200:
                out.append((flow, requests.pop(0), response, interim[:-1]))
                interim = []
    return out, firsts


def is_there(message, parts, first):
    """Is every byte of the head in some segment?"""
    spans = sorted(((seq - first) & 0xFFFFFFFF, len(payload)) for seq, payload in parts if payload)
    reached = message.start
    for at, length in spans:
        if at <= reached < at + length:
            reached = at + length
    return reached >= message.head_end


def survivors(base, damaged):
    """[(request or None, response or None, how many 1xx)]: the heads that are whole in the damaged capture."""
    pairs, firsts = exchanges(base)
    parts = directions(capfile.read(damaged))
    out = []
    for flow, request, response, interim in pairs:

        def kept(message, way):
            return message if is_there(message, parts.get(way, []), firsts[way]) else None

        back = flow[::-1]
        one = kept(request, flow), kept(response, back), sum(1 for message in interim if kept(message, back))
        if any(one):
            out.append(one)
    return out


def counts(base, damaged):
    """(requests, responses, interim, transactions) that the damaged capture proves."""
    kept = survivors(base, damaged)
    requests = sum(1 for request, _, _ in kept if request)
    responses = sum(1 for _, response, _ in kept if response)
    interim = sum(number for _, _, number in kept)
    return requests, responses, interim, sum(1 for request, response, _ in kept if request and response)


def write_truth(base, damaged, path):
    """The same as a table: method, target, version and status, '-' where the head is not whole."""
    with open(path, "w", encoding="utf-8") as out:
        out.write("server\tmethod\ttarget\tversion\tstatus\n")
        for request, response, _ in survivors(base, damaged):
            if not request and not response:
                continue
            words = request.words if request else ["-", "-", "-"]
            out.write("\t".join(["proved", *words, response.words[1] if response else "-"]) + "\n")
