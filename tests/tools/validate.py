#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks records: NDJSON on standard input against docs/record.schema.json, and what a schema can't say.

Exit status 0 when every line is right, 1 with the line's number and the reason when one is not, 2 when the checker
itself can't run.
"""

import argparse
import base64
import json
import os
import pathlib
import re
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("validate.py needs jsonschema: apt-get install python3-jsonschema", file=sys.stderr)
    sys.exit(2)

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "docs" / "record.schema.json"
# Text that may be empty since emptiness is what was sent.
MAY_BE_EMPTY = {"reason", "query", "name", "value", "method", "target", "referrer", "original"}
# JSON's own rules leave these to the reader; some take them for line ends.
SPLITTERS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Wrong(Exception):
    pass


def no_duplicates(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise Wrong(f"a key twice in one object: {keys}")
    return dict(pairs)


def no_constant(name):
    raise Wrong(f"{name} is no JSON")


def parse(line):
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Wrong(f"not UTF-8: {error}") from None
    if SPLITTERS.search(text):
        raise Wrong("a control character or line separator stands unescaped")
    try:
        return json.loads(text, object_pairs_hook=no_duplicates, parse_constant=no_constant)
    except ValueError as error:
        raise Wrong(f"not JSON: {error}") from None


def containers(value):
    """Every object and list in it, with its path and (key or index, value) pairs, the outermost first."""
    waiting = [((), value)]
    while waiting:
        path, value = waiting.pop()
        pairs = list(value.items() if isinstance(value, dict) else enumerate(value))
        yield path, pairs
        waiting += [(path + (key,), item) for key, item in pairs if isinstance(item, (dict, list))]


def check_known(record):
    """What is not known is absent: no null, no empty text or object in its place."""
    may_be_empty = {"gap_bytes", "tcp", "timing"}
    for path, pairs in containers(record):
        for name, value in pairs:
            if value is None:
                raise Wrong(f"{dotted(path + (name,))} is null")
            if value == "" and name not in MAY_BE_EMPTY:
                raise Wrong(f"{dotted(path + (name,))} is empty")
            if value == {} and name not in may_be_empty:
                raise Wrong(f"{dotted(path + (name,))} is an empty object")


def check_raw(record):
    """`raw` and `..._raw` stand beside exactly that text of which they are the bytes."""
    for path, pairs in containers(record):
        for key, raw in pairs:
            if isinstance(key, str) and (key == "raw" or key.endswith("_raw")):
                check_one_raw(raw, "value" if key == "raw" else key[: -len("_raw")], dict(pairs), dotted(path + (key,)))


def check_one_raw(raw, beside, inside, where):
    content = base64.b64decode(raw, validate=True)
    if beside not in inside:
        raise Wrong(f"{where} without {beside}")
    if content.decode("utf-8", "replace") != inside[beside]:
        raise Wrong(f"{where} is not the bytes of {beside}")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return
    raise Wrong(f"{where} is UTF-8 and needs no raw form")


def dotted(path):
    return ".".join(str(part) for part in path) or "record"


def equal(left, left_name, right, right_name):
    if left != right:
        raise Wrong(f"{left_name} ({left}) is not {right_name} ({right})")


def check_omitted(record):
    """What was left out by choice is not there, and is not said twice."""
    omitted = record["hark"].get("omitted", [])
    for name in omitted:
        *outer, last = name.split(".")
        inside = record
        for part in outer:
            inside = inside.get(part, {})
        if last in inside:
            raise Wrong(f"{name} is there, and hark.omitted lists it")
        if any(name.startswith(other + ".") for other in omitted):
            raise Wrong(f"hark.omitted lists {name} and what it is in")


def check_times(record):
    timing, tcp = record.get("timing", {}), record.get("tcp", {})
    if "timing" in record:
        equal(record["event"].get("duration"), "event.duration", timing.get("total"), "timing.total")
    if {"request", "wait", "ttfb"} <= timing.keys():
        sum_of_parts = timing["request"] + timing.get("blocked", 0) + timing["wait"]
        equal(timing["ttfb"], "timing.ttfb", sum_of_parts, "request + blocked + wait")
    if "connect_retries" in timing and "connect" not in timing:
        raise Wrong("timing.connect_retries without timing.connect")
    if "share" in timing:
        equal(sum(timing["share"].values()), "the sum of timing.share", timing["total"] - timing.get("blocked", 0), "timing.total - blocked")
    negative = [key for key, ns in (*timing.items(), *tcp.items()) if isinstance(ns, int) and ns < 0]
    if negative and not {"early_response", "times_disagree", "faster_than_handshake"} & {note["id"] for note in record["notes"]}:
        raise Wrong(f"{negative[0]} is negative without a note")
    if "server_think" in timing and "tcp" in record:
        expected = timing["wait"] - tcp["rtt_server"]
        equal(timing["server_think"], "timing.server_think", expected, "wait - tcp.rtt_server")


def check_sizes(record):
    gaps = record["capture"]["gap_bytes"]
    for side, message in (("client", "request"), ("server", "response")):
        sent = record.get("http", {}).get(message, {})
        if "bytes" in sent and side in record:
            captured = record[side]["bytes"] + gaps[side]
            equal(captured, f"{side}.bytes + capture.gap_bytes.{side}", sent["bytes"], f"http.{message}.bytes")
        if sent.get("body", {}).get("bytes", 0) > sent.get("bytes", 0):
            raise Wrong(f"http.{message}.body.bytes exceeds http.{message}.bytes")
        if record["capture"]["complete"]:
            equal(gaps.get(side), f"capture.gap_bytes.{side}", 0, "0 of a complete record")
            if "http" in record:
                equal(sent.get("body", {}).get("missing_bytes"), f"http.{message}.body.missing_bytes", 0, "0")


def check_response(record):
    response = record.get("http", {}).get("response", {})
    outcome = record["event"]["outcome"]
    for answer in [response] + response.get("interim", []):
        if "status_code" in answer:
            code = answer["status_code"]
            expected = f"{code // 100}xx" if code < 600 else None
            equal(answer.get("status_class"), "status_class", expected, "the code's class")
    for interim in response.get("interim", []):
        if interim.get("status_code", 100) not in range(100, 200) or interim.get("status_code") == 101:
            raise Wrong(f"an interim response with status {interim['status_code']}")
    code = response.get("status_code")
    if code is not None and 400 <= code < 600 and outcome != "failure":
        raise Wrong(f"status {code} with outcome {outcome}")
    if outcome == "success" and "http" in record and not (code and (200 <= code < 400 or code == 101)):
        raise Wrong(f"status {code} with outcome success")


def check_url(record):
    url = record.get("url", {})
    if "full" in url:
        full = url["full"]
        if not full.startswith(url["scheme"] + "://") or url["domain"] not in full:
            raise Wrong("url.full is not made of url.scheme and url.domain")
        end = url.get("path", "") + ("?" + url["query"] if "query" in url else "")
        if not full.endswith(end):
            raise Wrong("url.full does not end with url.path and url.query")
    if "port" in url and "domain" not in url:
        raise Wrong("url.port without url.domain")


def check_stats(record):
    """The ledger's equations, of which the schema can't know."""
    stats = record["hark"]["stats"]
    frames, connections, payload = stats["frames"], stats["connections"], stats["payload"]
    messages, became, records = stats["messages"], stats["transactions"], stats["records"]
    equal(frames["read"], "frames.read", frames["filtered"] + sum(frames["fates"].values()), "filtered + fates")
    equal(frames["fates"]["tcp"], "frames.fates.tcp", sum(stats["packets"].values()), "the sum of packets")
    equal(connections["opened"], "connections.opened", connections["open"] + sum(connections["closed"].values()), "open + closed")
    equal(payload["bytes"], "payload.bytes", payload["delivered"] + payload["not_delivered"] + payload["held"], "delivered + not_delivered + held")
    paired, requests, responses = (sum(became[kind].values()) for kind in ("paired", "orphan_requests", "orphan_responses"))
    done = sum(records["written"].values()) + records["too_long"] + records["no_memory"] + records["unwritten"]
    open_now = paired + requests + responses + became["tunnels"] + became["surplus"] - done
    if not 0 <= open_now <= became["open"]:
        raise Wrong(f"{open_now} transactions without a record, of {became['open']} open ones")
    lost = messages["requests"] + messages["responses"] - 2 * paired - requests - responses - messages["no_memory"]
    if not 0 <= lost <= 2 * became["open"]:
        raise Wrong(f"{lost} messages without a transaction, of {became['open']} open ones")
    if stats["last"] and (connections["open"] or became["open"] or payload["held"]):
        raise Wrong("the last statistics, and something is open")


CHECKS = (check_known, check_raw, check_omitted, check_times, check_sizes, check_response, check_url)


def explain(record, validator):
    """What the schema has against a record: "" or its words."""
    error = jsonschema.exceptions.best_match(validator.iter_errors(record))
    return f"{dotted(error.absolute_path)}: {error.message[:300]}" if error else ""


def check(line, refused, validator):
    """`refused`: by the schema, as another checker says; None where there is none."""
    if not line.endswith(b"\n"):
        raise Wrong("the line has no end: it is torn")
    record = parse(line[:-1])
    why = explain(record, validator) if refused is None or refused else ""
    if why or refused:
        raise Wrong(why or refused)
    for one in (check_known, check_stats) if record["hark"]["type"] == "stats" else CHECKS:
        one(record)


def ask(program, schema, lines):
    """What schema_check (tests/fuzz), which is many times faster, has against each line: "" or its words."""
    done = subprocess.run([program, schema], input=b"".join(lines), capture_output=True, check=True)
    answers = [line[2:].decode("utf-8", "replace") for line in done.stdout.splitlines()]
    if len(answers) != len(lines):
        raise Wrong(f"{program} says {len(answers)} words about {len(lines)} lines")
    return answers


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schema", type=pathlib.Path, default=SCHEMA)
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="check every N-th line only")
    parser.add_argument("--schema-check", default=os.environ.get("HARK_SCHEMA_CHECK"), metavar="PROGRAM",
                        help="tests/fuzz/schema_check of a build; without it jsonschema checks each line")
    options = parser.parse_args()
    try:
        schema = json.loads(options.schema.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
    except (OSError, ValueError, jsonschema.SchemaError) as error:
        print(f"{options.schema}: {error}", file=sys.stderr)
        return 2
    validator = jsonschema.Draft202012Validator(schema)
    lines = list(enumerate(sys.stdin.buffer, start=1))
    chosen = lines[::options.sample]
    program = options.schema_check
    answers = ask(program, options.schema, [line for _, line in chosen]) if program else [None] * len(chosen)
    for (number, line), refused in zip(chosen, answers):
        try:
            check(line, refused, validator)
        except Wrong as wrong:
            print(f"line {number}: {wrong}", file=sys.stderr)
            print(line[:2000].decode("utf-8", "replace").rstrip(), file=sys.stderr)
            return 1
    print(f"{len(lines)} records are valid", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
