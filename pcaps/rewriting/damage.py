# SPDX-License-Identifier: Apache-2.0
"""What taps and mirror ports do to a capture: loss, disorder, copies, delay, missing sides and ends."""

import dataclasses

from .capfile import CaptureError, Frame
from .packet import ACK, FIN, RST, SYN, Ip, Segment, client_ends, direction_of, ip_offset
from .wraps import tag


class Chooser:
    """Which frames an operation is about: rate=0.05, frames=3+7+10-12, dir=c2s|s2c, payload=1."""

    def __init__(self, capture, options, random):
        self.link = capture.link
        self.clients = client_ends(capture)
        self.random = random
        self.rate = float(options.get("rate", "1"))
        self.way = options.get("dir")
        self.payload_only = options.get("payload") == "1"
        self.numbers = None
        if "frames" in options:
            self.numbers = set()
            for text in options["frames"].split("+"):
                first, _, last = text.partition("-")
                self.numbers.update(range(int(first), int(last or first) + 1))

    def takes(self, number, frame):
        """number counts from 1, as Wireshark does. Every frame draws, so that other options don't change the draw."""
        drawn = self.random.random() < self.rate
        if self.numbers is not None:
            return number in self.numbers
        segment = Segment.parse(self.link, frame)
        if (self.way or self.payload_only) and segment is None:
            return False
        if self.way and direction_of(self.clients, segment) != self.way:
            return False
        return drawn and not (self.payload_only and not segment.payload)


def loss(capture, options, random):
    """loss:rate=0.05|frames=LIST[,dir=c2s|s2c,payload=1]   frames that the capture missed"""
    if "rate" not in options and "frames" not in options:
        raise CaptureError("loss: give rate= or frames=")
    chooser = Chooser(capture, options, random)
    capture.frames = [frame for number, frame in enumerate(capture.frames, 1) if not chooser.takes(number, frame)]


def onesided(capture, options, random):
    """onesided:dir=c2s|s2c   only that direction's TCP packets stay"""
    if options.get("dir") not in ("c2s", "s2c"):
        raise CaptureError("onesided: dir=c2s or dir=s2c")
    chooser = Chooser(capture, options, random)
    capture.frames = [frame for number, frame in enumerate(capture.frames, 1) if chooser.takes(number, frame)]


def reorder(capture, options, random):
    """reorder:k=3[,rate=0.1,dir=...,payload=1,restamp=1]   chosen frames come k frames later

    They keep their time (a multi-queue capture); restamp=1 gives times by the new order (a disordering network).
    """
    steps = int(options.get("k", "3"), 0)
    chooser = Chooser(capture, options, random)
    placed = []
    for number, frame in enumerate(capture.frames, 1):
        late = chooser.takes(number, frame)
        placed.append((number + steps + 0.5 if late else number, frame))
    placed.sort(key=lambda pair: pair[0])
    frames = [frame for _, frame in placed]
    if options.get("restamp") == "1":
        times = sorted(frame.time for frame in frames)
        frames = [dataclasses.replace(frame, time=time) for frame, time in zip(frames, times)]
    capture.frames = frames


def dup(capture, options, random):
    """dup[:rate=1,dir=...,delay=0,vlan=ID,hops=-1]   a tap's second copy, delay in ns, with a tag or fewer hops if asked"""
    chooser = Chooser(capture, options, random)
    delay, hops = int(options.get("delay", "0"), 0), int(options.get("hops", "0"), 0)
    frames = []
    for number, frame in enumerate(capture.frames, 1):
        frames.append(frame)
        if not chooser.takes(number, frame):
            continue
        data = frame.data
        at, _ = ip_offset(capture.link, data)
        if hops and at is not None:
            ip = Ip.parse(data[at:])
            ip.set_hops(max(1, ip.hops() + hops))
            data = data[:at] + ip.bytes()
        if "vlan" in options:
            data = tag(data, 0x8100, int(options["vlan"], 0))
        copy = frame.with_data(data)
        copy.time += delay
        frames.append(copy)
    capture.frames = sorted(frames, key=lambda frame: frame.time) if delay else frames


def delay(capture, options, random):
    """delay:dir=c2s|s2c,ms=300   one direction comes late as a whole: its times grow, the file is in the new order"""
    chooser = Chooser(capture, options, random)
    by = int(float(options.get("ms", "300")) * 10**6)
    if options.get("dir") not in ("c2s", "s2c"):
        raise CaptureError("delay: dir=c2s or dir=s2c")
    for number, frame in enumerate(capture.frames, 1):
        if chooser.takes(number, frame):
            frame.time += by
    capture.frames.sort(key=lambda frame: frame.time)


def behind(capture, options, random):
    """behind:dir=c2s|s2c,ms=5   the same late delivery, but each frame keeps its own time: the file's times go back"""
    times = [frame.time for frame in capture.frames]
    chooser = Chooser(capture, options, random)
    by = int(float(options.get("ms", "5")) * 10**6)
    late = [by if chooser.takes(number, frame) else 0 for number, frame in enumerate(capture.frames, 1)]
    order = sorted(range(len(times)), key=lambda index: times[index] + late[index])
    capture.frames = [capture.frames[index] for index in order]


def is_pure_ack(segment):
    return segment is not None and segment.flags & (ACK | SYN | FIN | RST) == ACK and not segment.payload


def covers(ack, data):
    """Does this ACK acknowledge the last byte of that segment of the other direction?"""
    opposite = data is not None and data.flow() == ack.flow()[::-1]
    return opposite and data.payload and (ack.ack - data.seq - data.span()) % 2**32 < 2**31


def place_before_data(order, index, segments):
    """Where the ACK at order[index] goes: before the data that came since its own side's last packet."""
    ack, place = segments[order[index]], index
    for before in range(index - 1, -1, -1):
        other = segments[order[before]]
        if other is not None and other.flow() == ack.flow():
            break
        if covers(ack, other):
            place = before
    return place


def ackfirst(capture, _options, _random):
    """ackfirst   each pure ACK is put before the data that it was the first to cover; times stay in order"""
    segments = [Segment.parse(capture.link, frame) for frame in capture.frames]
    times = [frame.time for frame in capture.frames]
    order = list(range(len(times)))
    for index in range(len(order)):
        if is_pure_ack(segments[order[index]]):
            order.insert(place_before_data(order, index, segments), order.pop(index))
    capture.frames = [dataclasses.replace(capture.frames[old], time=time) for old, time in zip(order, times)]


def snaplen(capture, options, _random):
    """snaplen:len=96   frames are cut after that many bytes; their length on the wire stays known"""
    length = int(options.get("len", "96"), 0)
    capture.frames = [Frame(frame.time, frame.data[:length], frame.wire) for frame in capture.frames]
    capture.snaplen = length


def cut(capture, options, _random):
    """cut[:from=10,to=50]   only these frames stay: a capture that starts (or ends) in the middle"""
    first, last = int(options.get("from", "1"), 0), int(options.get("to", str(len(capture.frames))), 0)
    capture.frames = capture.frames[first - 1 : last]


def clock(capture, options, _random):
    """clock:at=10,ms=-5000[,count=1]   the clock is wrong by so much from that frame on (for count frames)"""
    at, by = int(options.get("at", "1"), 0), int(float(options.get("ms", "0")) * 10**6)
    count = int(options.get("count", str(len(capture.frames))), 0)
    for frame in capture.frames[at - 1 : at - 1 + count]:
        frame.time += by


OPERATIONS = {
    "loss": loss,
    "onesided": onesided,
    "reorder": reorder,
    "dup": dup,
    "delay": delay,
    "behind": behind,
    "ackfirst": ackfirst,
    "snaplen": snaplen,
    "cut": cut,
    "clock": clock,
}
