#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""validate.py takes good records (standard input) and refuses every small change to them: a key more, a null, a value
of another type, a wrong sum."""

import copy
import io
import json
import sys
import unittest

import jsonschema
import validate

SCHEMA = json.loads(validate.SCHEMA.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def line_of(record):
    return json.dumps(record, separators=(",", ":")).replace("\x7f", "\\u007f").encode() + b"\n"


def refused(line):
    try:
        validate.check(line, None, VALIDATOR)
    except validate.Wrong:
        return True
    return False


def put(record, path, value):
    changed = copy.deepcopy(record)
    inside = changed
    for part in path[:-1]:
        inside = inside[part]
    inside[path[-1]] = value
    return changed


def places(record):
    return [(path + (key,), value) for path, pairs in validate.containers(record) for key, value in pairs]


class Validate(unittest.TestCase):
    records = []

    def test_good_records_pass(self):
        self.assertGreater(len(self.records), 10)
        for record in self.records:
            validate.check(line_of(record), None, VALIDATOR)

    def test_any_other_type_is_refused(self):
        for record in {record["hark"]["type"]: record for record in self.records}.values():
            for path, value in places(record):
                for other in (None, 1.5, [[]]):
                    self.assertTrue(refused(line_of(put(record, path, other))), (path, value, other))

    def test_any_unknown_key_is_refused(self):
        for record in self.records:
            for path, value in [((), record), *places(record)]:
                if isinstance(value, dict):
                    self.assertTrue(refused(line_of(put(record, path + ("more",), "x"))), path)

    def test_wrong_sums_are_refused(self):
        whole = next(r for r in self.records if r["capture"]["complete"] and "http" in r and "omitted" not in r["hark"])
        for path in (("event", "duration"), ("timing", "ttfb"), ("timing", "server_think"), ("client", "bytes"),
                     ("http", "response", "bytes"), ("capture", "gap_bytes", "client"),
                     ("http", "request", "body", "missing_bytes")):
            value = whole
            for part in path:
                value = value[part]
            self.assertTrue(refused(line_of(put(whole, path, value + 1))), path)
        self.assertTrue(refused(line_of(put(whole, ("http", "response", "status_class"), "3xx"))))
        self.assertTrue(refused(line_of(put(whole, ("event", "outcome"), "nonsense"))))
        self.assertTrue(refused(line_of(put(whole, ("http", "response", "status_code"), 404))))
        self.assertTrue(refused(line_of(put(whole, ("url", "path"), "/other"))))
        self.assertTrue(refused(line_of(put(whole, ("http", "request", "headers", 0, "raw"), "YQ=="))))

    def test_what_is_left_out_is_not_there(self):
        whole = next(r for r in self.records if r["capture"]["complete"] and "http" in r and "omitted" not in r["hark"])
        less = put(whole, ("hark", "omitted"), ["url.full", "tcp"])
        self.assertTrue(refused(line_of(less)))
        del less["url"]["full"], less["tcp"]
        self.assertFalse(refused(line_of(less)))
        self.assertTrue(refused(line_of(put(less, ("hark", "omitted"), ["tcp", "tcp.client"]))))
        for wrong in ([], ["notes"], ["tcp", "tcp"], ["capture.complete"]):
            self.assertTrue(refused(line_of(put(less, ("hark", "omitted"), wrong))), wrong)
        del less["hark"]["omitted"]
        self.assertTrue(refused(line_of(less)))
        for needed in ("network", "client", "timing"):
            less = copy.deepcopy(whole)
            del less[needed]
            self.assertTrue(refused(line_of(less)), needed)
        for outer, inner in (("capture", "response"), ("http", "headers")):
            less = copy.deepcopy(whole)
            del (less[outer]["request"] if inner == "headers" else less[outer])[inner]
            self.assertTrue(refused(line_of(less)), inner)

    def test_what_is_no_json_line_is_refused(self):
        good = line_of(self.records[0])[:-1]
        for line in (b"", b"{", b"[]", b"null", good[:-1], good + b"}", good.replace(b'"ecs"', b'"ecs":{},"ecs"', 1),
                     good.replace(b"GET", b"G\xffT", 1), good.replace(b'"port":34855', b'"port":NaN', 1),
                     good.replace(b"curl", b"cu\xc2\x85rl", 1)):
            self.assertTrue(refused(line + b"\n"), line[:60])
        self.assertTrue(refused(good))  # torn


if __name__ == "__main__":
    lines = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline="\n")
    Validate.records = [json.loads(line) for line in lines if line.startswith("{")]
    unittest.main(argv=sys.argv[:1])
