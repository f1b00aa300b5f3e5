# SPDX-License-Identifier: Apache-2.0
"""Rewrites of a capture that must not change what its traffic says, chosen at random, in words of pcaps/rewrite.py."""
import copy
import os
import sys

sys.dont_write_bytecode = True
ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "pcaps"))

import rewrite  # noqa: E402
from rewriting import capfile, packet  # noqa: E402

# How far packets may be displaced against each other: --skew is 1 s.
DISPLACEMENT_NS = 950 * 10**6
ORDER = ("reorder", "dup", "delay", "behind", "ackfirst")
# Words that give the connection another identity: sequence numbers and network ids are part of event.id.
CHANGES_IDS = ("seqshift", "vxlan", "geneve")


def apply(capture, words, seed):
    """A new capture; each word draws from the seed alone, so that leaving one out does not change the others."""
    changed = capfile.Capture(capture.link, copy.copy(capture.frames), capture.snaplen)
    for word in words:
        changed.frames = [capfile.Frame(frame.time, frame.data, frame.wire) for frame in changed.frames]
        rewrite.apply(changed, [word], seed)
    return changed


def keeps_ids(words):
    return not any(kind(word) in CHANGES_IDS for word in words)


def displacement_ns(capture, words, seed):
    """By how much the packet that comes latest is later than the one that comes earliest, against their times before."""
    first_order = next((index for index, word in enumerate(words) if kind(word) in ORDER), len(words))
    order = [word for word in words[first_order:] if kind(word) in ORDER]
    before = apply(capture, words[:first_order], seed)
    times = {id(frame.data): frame.time for frame in before.frames}
    clock, shifts = 0, [0]
    for frame in apply(before, order, seed).frames:
        clock = max(clock, frame.time)
        if id(frame.data) in times:  # a tap's copy may be other bytes
            shifts.append(clock - times[id(frame.data)])
    return max(shifts) - min(shifts)


def kind(word):
    return word.split(":")[0]


def has_fragments(capture):
    for frame in capture.frames:
        at, _ = packet.ip_offset(capture.link, frame.data)
        ip = packet.Ip.parse(frame.data[at:]) if at is not None else None
        if ip and ip.is_fragment:
            return True
    return False


def is_sound(capture, words, seed):
    """Are these words such that the records must not change?"""
    kinds = [kind(word) for word in words]
    # What looks for TCP in frames does not see it in fragments: it would change some packets of a connection and not others.
    if has_fragments(capture) and set(kinds) & {"resegment", "seqshift", "delay", "behind", "ackfirst"}:
        return False
    if "link" in kinds and {"mpls", "pppoe"} & set(kinds):
        carries_all = words[kinds.index("link")].split("=")[1] in ("sll", "sll2", "80211", "radiotap", "radiotap-fcs")
        if not carries_all:
            return False
    return displacement_ns(capture, words, seed) <= DISPLACEMENT_NS


class Chooser:
    """Chooses the words for one variant of a capture."""

    def __init__(self, random, capture, in_order):
        self.random = random
        self.capture = capture
        self.in_order = in_order

    def words(self, seed):
        """Words that are sound for the capture."""
        while True:
            words = self.any_words()
            if is_sound(self.capture, words, seed):
                return words

    def any_words(self):
        chosen = []
        for some, most in ((self.streams, 2), (self.order, 3), (self.fragments, 1), (self.wraps, 3), (self.link, 1)):
            chosen += some(most)
        return chosen

    def one_of(self, *choices):
        return self.random.choice(choices)

    def some(self, choices, most):
        count = self.random.randint(0, most)
        words = [make() for make in self.random.sample(choices, min(count, len(choices)))]
        return [word for word in words if word]

    # ---- TCP ----

    def streams(self, most):
        return self.some([self.resegment, self.seqshift, lambda: "badsum" + self.one_of("", ":zero=1")], most)

    def resegment(self):
        longest = max((len(frame.data) for frame in self.capture.frames), default=0)
        small = 1 + sum(len(frame.data) for frame in self.capture.frames) // 6000
        size = self.random.randint(small, max(small, self.one_of(3, 40, 600, longest)))
        way = self.one_of("", ",dir=c2s", ",dir=s2c")
        overlap = self.one_of("", "", f",overlap={self.random.randint(1, size)}")
        return f"resegment:size={size}{way}{overlap}"

    def seqshift(self):
        ways = self.one_of(("c2s",), ("s2c",), ("c2s", "s2c"))
        return "seqshift:" + ",".join(f"{way}={2**32 - self.random.randint(1, self.one_of(4, 400, 20000)):#x}" for way in ways)

    # ---- order and copies, as taps make them ----

    def order(self, most):
        if self.in_order:
            return []
        return self.some([self.reorder, self.late_syn, self.copies, self.delay, self.behind, lambda: "ackfirst"], most)

    def reorder(self):
        extras = self.one_of("", ",dir=c2s", ",dir=s2c", ",payload=1") + self.one_of("", ",restamp=1")
        return f"reorder:k={self.one_of(1, 2, 3, 5, 10, 30)},rate={self.random.randint(1, 50) / 100}{extras}"

    def late_syn(self):
        syns = []
        for number, frame in enumerate(self.capture.frames, 1):
            segment = packet.Segment.parse(self.capture.link, frame)
            if segment and segment.flags & packet.SYN and self.random.random() < 0.7:
                syns.append(str(number))
        return syns and f"reorder:frames={'+'.join(syns)},k={self.random.randint(1, 6)}"

    def copies(self):
        word = f"dup:rate={self.random.randint(5, 100) / 100}" + self.one_of("", ",hops=-1", ",hops=-3")
        if self.capture.link == capfile.ETHERNET:
            word += self.one_of("", f",vlan={self.random.randint(1, 4094)}")
        return word + self.one_of("", "", ",delay=200000", ",delay=9000000")

    def delay(self):
        return self.shift("delay")

    def behind(self):
        return self.shift("behind")

    def shift(self, name):
        return f"{name}:dir={self.one_of('c2s', 's2c')},ms={self.random.randint(1, self.one_of(3, 50, 400, 940))}"

    # ---- below TCP ----

    def fragments(self, most):
        return self.some([self.frag], most) if self.random.random() < 0.5 else []

    def frag(self):
        size = 8 * self.random.randint(self.one_of(1, 4, 30), 150)
        order = self.one_of("", ",order=reverse", ",order=shuffle") + self.one_of("", "", ",twice=1")
        kinds = {packet.ip_offset(self.capture.link, frame.data)[1] for frame in self.capture.frames}
        if packet.IPV6 not in kinds and size > 8:  # overlapping fragments of IPv6 are dropped, as RFC 8200 says
            order += self.one_of("", "", f",overlap={8 * self.random.randint(1, size // 8 - 1)}")
        return f"frag:size={size}{order}"

    def wraps(self, most):
        number = self.random.randint
        if self.capture.link != capfile.ETHERNET:
            return []
        return self.some([
            lambda: f"vlan:id={number(1, 4094)},reply_id={number(1, 4094)},tpid={self.one_of('0x8100', '0x88a8')}",
            lambda: f"qinq:outer={number(1, 4094)},inner={number(1, 4094)}",
            lambda: f"mpls:labels={'+'.join(str(number(16, 99999)) for _ in range(number(1, 4)))}" + self.one_of("", ",ethernet=1"),
            lambda: f"pppoe:session={number(0, 65535)}",
            lambda: "gre" + self.options(("key=77", "seq=1", "csum=1", "ethernet=1", "outer=6")),
            lambda: "erspan2",
            lambda: "erspan3" + self.one_of("", ":sub=1"),
            lambda: "ipip" + self.one_of("", ":outer=6"),
            lambda: "vxlan" + self.options((f"vni={number(0, 2**24 - 1)}", "outer=6")),
            lambda: "geneve" + self.options((f"vni={number(0, 2**24 - 1)}", "options=1", "ip=1", "outer=6")),
            lambda: "gtpu" + self.options(("teid=5", "ext=1")),
            lambda: "pad" + self.one_of("", ":fcs=1"),
            lambda: f"hops:by=-{number(1, 5)}",
        ], most)

    def options(self, choices):
        taken = [choice for choice in choices if self.random.random() < 0.4]
        return ":" + ",".join(taken) if taken else ""

    def link(self, _):
        if self.capture.link != capfile.ETHERNET or self.random.random() < 0.6:
            return []
        kinds = ("sll", "sll2", "raw", "null", "null-be", "loop", "ppp", "ppp-hdlc", "80211", "radiotap", "radiotap-fcs")
        return [f"link:type={self.one_of(*kinds)}"]


# ---- smaller cases ----

def connections(capture):
    """The frames' numbers (from 0) of each TCP connection, of those in the outermost IP packet."""
    found = {}
    for index, frame in enumerate(capture.frames):
        segment = packet.Segment.parse(capture.link, frame)
        if segment is not None:
            found.setdefault(frozenset(segment.flow()), []).append(index)
    return list(found.values())


def smaller(word):
    """Simpler forms of a word: an option left out, a number halved."""
    name, _, text = word.partition(":")
    options = [tuple(pair.split("=", 1)) for pair in text.split(",") if pair]
    for index, (key, value) in enumerate(options):
        rest = options[:index] + options[index + 1:]
        if key not in ("size", "type", "dir", "frames", "ms", "k", "c2s", "s2c"):
            yield spell(name, rest)
        for less in halves(key, value):
            yield spell(name, options[:index] + [(key, less)] + options[index + 1:])


def halves(key, value):
    if key == "frames":
        numbers = value.split("+")
        if len(numbers) > 1:
            yield "+".join(numbers[: len(numbers) // 2])
            yield "+".join(numbers[len(numbers) // 2:])
    elif key == "rate":
        yield str(round(float(value) / 2, 3))
    elif key == "size":
        yield str(int(value) * 2)
    elif key in ("overlap", "k", "ms", "delay"):
        half = int(value) // (16 if key == "overlap" and int(value) % 8 == 0 else 2)
        half = half * 8 if key == "overlap" and int(value) % 8 == 0 else half
        if half:
            yield str(half)


def spell(name, options):
    return name + (":" + ",".join(f"{key}={value}" for key, value in options) if options else "")


