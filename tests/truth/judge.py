# SPDX-License-Identifier: Apache-2.0
"""Holds what a tool tells of a degraded capture against its truth, and counts."""
import collections

FORGED = "forged"
SHOWN = 12  # faults told of each kind


class Told:
    """A message that a tool tells of; None for what the tool does not say."""

    def __init__(self, kind, connection, number, frame=None, first=None, second=None, status=None, fields=None, size=None, body=None):
        self.kind = kind
        self.connection = connection
        self.id = number  # X-Truth-Id as told, "" without
        self.frame = frame
        self.first = first  # method
        self.second = second  # target
        self.status = status
        self.fields = fields  # checksum
        self.size = size
        self.body = body

    def text(self):
        return f"{self.kind} {self.id or '(no id)'} of {self.connection}, {self.first or self.status} {self.second or ''}, frame {self.frame}"


class Entry:
    """A record: a message or two, and what it claims of them."""

    def __init__(self, request, response, complete=None, by=None, reason=None):
        self.request = request
        self.response = response
        self.complete = complete
        self.by = by
        self.reason = reason


class Row:
    """One line of the table."""

    def __init__(self, name):
        self.name = name
        self.log = self.found = self.complete = self.incomplete = self.lost = self.missing = 0
        self.provable = self.unpaired = self.heads = self.half = 0
        self.faults = collections.defaultdict(list)  # kind: texts
        self.reasons = collections.Counter()
        self.unclear = []
        self.claims = False  # the tool says what is complete
        self.pairs = True    # and which request a response answers
        self.caps = ""

    def fault(self, kind, text):
        self.faults[kind].append(text)

    def dump(self):
        return {name: value for name, value in vars(self).items() if name != "name"}

    def load(self, values):
        vars(self).update(values)
        self.faults = collections.defaultdict(list, self.faults)
        return self

    def count(self, kind):
        return len(self.faults[kind])


# Kinds of faults; each must be 0.
PAIR, VALUE, CLAIM, HEAD, TWICE, FORGERY, RUN = ("wrongly paired", "wrong value", "complete while bytes are missing", "whole head not told",
                                                "told twice", "forgery believed", "run")
MISLED = "wrongly paired, of a client that pipelines"  # loss can hide that it does
FAULTS = (PAIR, MISLED, VALUE, CLAIM, HEAD, TWICE, FORGERY, RUN)


class Judge:
    def __init__(self, ground, row):
        self.ground = ground
        self.row = row
        self.told = {}  # message: Told
        self.paired = set()  # requests whose response is told with them
        self.claimed = set()

    def identify(self, told):
        """The messages that this may be about: one, when it has an id; FORGED alone; none when nothing tells."""
        if told is None:
            return []
        # A chunk's end may stand amid a forged id; nobody asks for such a target.
        if told.id.startswith("forged") or (told.kind == "request" and (told.second or "").startswith("/forged/")):
            return [FORGED]
        message = self.ground.by_id[told.kind].get(told.id)
        if message:
            return [message]
        if told.frame is None:
            # A tool that names neither id nor frame: the next alike on the connection is granted.
            on = self.ground.by_connection.get((told.connection, told.kind), ())
            return [m for m in on if not told.id and m not in self.told and self.is_like(told, m)][:1]
        there = self.ground.by_frame.get((told.connection, told.kind, told.frame), ())
        # A cut start line is like none; where one message alone begins, it is that.
        return [m for m in there if self.is_like(told, m)] or (list(there) if len(there) == 1 else [])

    @staticmethod
    def is_like(told, message):
        if told.kind == "response":
            return message.status == told.status
        return (message.first, message.second) == (told.first, told.second)

    def hear(self, entry):
        requests, responses = self.identify(entry.request), self.identify(entry.response)
        # Alike ones that begin in one frame: what the pair says of both may tell which.
        pairs = [(q, s) for q in requests for s in responses if q is not FORGED and s is not FORGED and q.counterpart is s]
        if pairs:
            requests, responses = [pairs[0][0]], [pairs[0][1]]
        request, response = (found[0] if len(found) == 1 else None for found in (requests, responses))
        for told, message in ((entry.request, request), (entry.response, response)):
            if told and message is None:
                self.row.unclear.append(told.text())
            elif told and message is not FORGED:
                self.check(told, message, entry)
        if entry.reason:
            self.row.reasons[entry.reason] += 1
        misled = bool(entry.request and entry.response) and self.pair(entry, request, response)
        if FORGED in (request, response) and (entry.complete or entry.by == "ack"):
            self.row.fault(FORGERY, f"{(entry.request or entry.response).text()}: complete {entry.complete}, by {entry.by}")
        if entry.complete:
            self.claim(entry, request, response, misled)

    def pair(self, entry, request, response):
        """True for a wrong pair of a client that pipelines: what the record says of the one is said of the other."""
        if FORGED in (request, response):
            wrong = request is not response
        else:
            wrong = request is None or response is None or request.counterpart is not response
        misled = wrong and self.ground.pipelines(entry.request.connection)
        if wrong:
            self.row.fault(MISLED if misled else PAIR, f"{entry.request.text()} with {entry.response.text()} by {entry.by}")
        elif request is not FORGED:
            self.paired.add(request)
        return misled

    def check(self, told, message, entry):
        if message in self.told:
            self.row.fault(TWICE, told.text())
        self.told[message] = told
        wrong = []
        if told.connection is not None and told.connection != message.connection:
            wrong.append(f"connection {told.connection}")
        if message.head_whole or entry.complete:
            if message.kind == "request":
                wrong += [f"{told.first} {told.second}"] if (told.first, told.second) != (message.first, message.second) else []
            elif told.status != message.status:
                wrong.append(f"status {told.status}")
            if told.fields is not None and told.fields != message.fields:
                wrong.append("fields")
            if told.id != message.id:
                wrong.append(f"id '{told.id}'")
        if entry.complete:
            wrong += [f"{name} {said} instead of {known}" for name, said, known in (("bytes", told.size, message.bytes), ("content", told.body, message.body))
                      if said != known]
        if wrong:
            self.row.fault(VALUE, f"{message.text()}: {', '.join(wrong)}")

    def claim(self, entry, request, response, misled):
        """A claim to be complete: for both messages, all of the bytes are there; and log and record agree."""
        if request in (None, FORGED) or response in (None, FORGED):
            self.row.fault(CLAIM, f"{(entry.request or entry.response).text()}: nobody sent this whole")
            return
        self.claimed.add(request)
        if not (request.whole and response.whole):
            self.row.fault(CLAIM, f"{request.text()}: request whole {request.whole}, response whole {response.whole}")
        log = self.ground.log.get(request.id)
        if not misled and log and (log["method"], log["target"], log["status"]) != (entry.request.first, entry.request.second, str(entry.response.status)):
            self.row.fault(VALUE, f"{request.text()}: the log says {log['method']} {log['target']} {log['status']}")

    def neighbour(self, message):
        """The message before it on its stream, and what is known of that: why it may have been overlooked."""
        if not message.index:
            return "nothing"
        before = self.ground.by_connection[(message.connection, message.kind)][message.index - 1]
        asked = f" to {before.counterpart.first}" if before.kind == "response" and before.counterpart else ""
        return f"{before.first} {before.second}{asked}, {before.body} bytes, {'whole' if before.whole else 'not whole'}, {'told' if before in self.told else 'not told'}"

    def finish(self):
        row = self.row
        for message in self.ground.messages:
            if message.head_whole and message not in self.told:
                row.fault(HEAD, f"{message.text()}, frames {message.frames[:4]}, behind {self.neighbour(message)}")
            row.heads += message.head_whole
        for number in self.ground.log:
            request = self.ground.by_id["request"][number]
            both = [m for m in (request, request.counterpart) if m]
            row.log += 1
            if any(m in self.told for m in both):
                row.found += 1
                row.complete += request in self.claimed
            elif any(m.head_whole for m in both):
                row.missing += 1
            else:
                row.lost += 1
            if len(both) == 2 and all(m.head_whole for m in both):
                row.provable += 1
                row.unpaired += request not in self.paired
        row.incomplete = row.found - row.complete
        return row
