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

# All that displaces packets in time must stay within --skew (1 s) together.
DISPLACEMENT_MS = 900
NANOSECONDS_A_MS = 10**6
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
    return not any(word.split(":")[0] in CHANGES_IDS for word in words)


def reach_ms(capture, steps):
    """By how much time a packet is displaced when it comes `steps` packets later."""
    times = [frame.time for frame in capture.frames]
    return max((later - time for time, later in zip(times, times[steps:])), default=0) / NANOSECONDS_A_MS


class Chooser:
    """Chooses the words for one variant of a capture."""

    def __init__(self, random, capture):
        self.random = random
        self.capture = capture
        self.left_ms = DISPLACEMENT_MS

    def words(self):
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
        return self.some([self.reorder, self.late_syn, self.copies, self.delay, self.behind, lambda: "ackfirst"], most)

    def displaced(self, by_ms):
        """True when that much is still within the skew; then it is used up."""
        if by_ms > self.left_ms:
            return False
        self.left_ms -= by_ms
        return True

    def reorder(self):
        # Resegmenting makes more packets of the same time, so that k packets are no more time than here.
        steps = self.one_of(1, 2, 3, 5, 10, 30)
        while steps and not self.displaced(reach_ms(self.capture, steps)):
            steps //= 2
        extras = self.one_of("", ",dir=c2s", ",dir=s2c", ",payload=1") + self.one_of("", ",restamp=1")
        return steps and f"reorder:k={steps},rate={self.random.randint(1, 50) / 100}{extras}"

    def late_syn(self):
        syns = []
        for number, frame in enumerate(self.capture.frames, 1):
            segment = packet.Segment.parse(self.capture.link, frame)
            if segment and segment.flags & packet.SYN and self.random.random() < 0.7:
                syns.append(str(number))
        steps = self.random.randint(1, 6)
        fits = syns and self.displaced(reach_ms(self.capture, steps))
        return fits and f"reorder:frames={'+'.join(syns)},k={steps}"

    def copies(self):
        word = f"dup:rate={self.random.randint(5, 100) / 100}" + self.one_of("", ",hops=-1", ",hops=-3")
        if self.capture.link == capfile.ETHERNET:
            word += self.one_of("", f",vlan={self.random.randint(1, 4094)}")
        late_ms = self.one_of(0, 0, 0.2, 3, 9)
        return word + f",delay={int(late_ms * NANOSECONDS_A_MS)}" if late_ms and self.displaced(late_ms) else word

    def delay(self):
        return self.shift("delay")

    def behind(self):
        return self.shift("behind")

    def shift(self, name):
        by_ms = self.random.randint(1, self.one_of(3, 50, 400, DISPLACEMENT_MS))
        return self.displaced(by_ms) and f"{name}:dir={self.one_of('c2s', 's2c')},ms={by_ms}"

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


