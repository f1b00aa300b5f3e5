# SPDX-License-Identifier: Apache-2.0
"""What two captures of the same traffic must agree on: the keys that docs/record.schema.json marks x-invariant."""
import collections
import json
import os

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
OF_TIMES = ("times_disagree", "faster_than_handshake")  # the notes that the schema says are not invariant
IDS = (("event", "id"), ("hark", "parent"))


class Invariants:
    """Cuts records down to their invariant keys."""

    def __init__(self):
        with open(os.path.join(ROOT, "docs", "record.schema.json"), encoding="utf-8") as file:
            self.schema = json.load(file)

    def of(self, record, with_ids):
        """The invariant part of a record. Ids are made of sequence numbers and the network id: without them, only
        whether there is a parent is kept."""
        kept = self.cut(self.schema, record)
        kept["notes"] = sorted((note for note in kept.get("notes", []) if note["id"] not in OF_TIMES), key=canonical)
        if not with_ids:
            for outer, inner in IDS:
                if inner in kept.get(outer, {}):
                    kept[outer][inner] = "there"
        return kept

    def cut(self, schema, value):
        if isinstance(value, list):
            return [self.cut(schema.get("items", {}), item) for item in value]
        if not isinstance(value, dict):
            return value
        kept = {}
        for key, inner in value.items():
            rule = schema.get("properties", {}).get(key, {})
            if rule.get("x-invariant"):
                kept[key] = inner
            elif marks_any(rule):
                kept[key] = self.cut(rule, inner)
        return kept


def marks_any(rule):
    inner = [*rule.get("properties", {}).values()] + ([rule["items"]] if "items" in rule else [])
    return any(each.get("x-invariant") or marks_any(each) for each in inner)


def canonical(value):
    return json.dumps(value, sort_keys=True)


def paths(value, before=""):
    """{path: value} of all leaves; lists count as leaves."""
    if not isinstance(value, dict):
        return {before: value}
    found = {}
    for key, inner in value.items():
        found.update(paths(inner, f"{before}.{key}" if before else key))
    return found


def name(record):
    flat = paths(record)
    who = f"{flat.get('client.ip')}:{flat.get('client.port')} > {flat.get('server.ip')}:{flat.get('server.port')}"
    what = f"{flat.get('http.request.method', '-')} {flat.get('http.request.target', '-')} {flat.get('http.response.status_code', '-')}"
    return f"{flat.get('hark.type')} {who} {what}"


def leaf_differences(one, other):
    a, b = paths(one), paths(other)
    return [(key, a.get(key), b.get(key)) for key in sorted({*a, *b}) if a.get(key) != b.get(key)]


def compare(base, variant, with_ids):
    """[(kind, text)] of what differs; kind is a path, or "missing" or "extra" with the record's type.

    Equal records are taken out first (as a multiset, so that order does not count). The rest is matched by event.id where
    ids can be the same, else by the fewest different keys among records of the same connection.
    """
    counted = collections.Counter(canonical(record) for record in variant)
    left = []
    for record in base:
        text = canonical(record)
        if counted[text]:
            counted[text] -= 1
        else:
            left.append(record)
    right = [json.loads(text) for text in sorted(counted.elements())]
    found = []
    for record in left:
        other = partner(record, right, with_ids)
        if other is None:
            found.append((f"missing {record['hark']['type']}", "missing: " + name(record)))
            continue
        right.remove(other)
        for path, was, now in leaf_differences(record, other):
            found.append((path, f"{path}: {short(was)} became {short(now)} in {name(record)}"))
    return found + [(f"extra {record['hark']['type']}", "extra: " + name(record)) for record in right]


def partner(record, others, with_ids):
    ends = {canonical([record[side].get("ip"), record[side].get("port")]) for side in ("client", "server")}
    best, least = None, 12
    for other in others:
        if with_ids and other["event"]["id"] == record["event"]["id"]:
            return other
        if ends == {canonical([other[side].get("ip"), other[side].get("port")]) for side in ("client", "server")}:
            differences = len(leaf_differences(record, other))
            if differences < least:
                best, least = other, differences
    return best


def short(value):
    text = json.dumps(value)
    return text if len(text) < 200 else text[:200] + "..."
