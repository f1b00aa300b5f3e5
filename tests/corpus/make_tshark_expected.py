#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_tshark_expected.py SHARED: asks tshark (4.0, Debian 12) what HTTP/1 it sees in every capture of SHARED/pcaps and writes
tshark_expected.ndjson.gz beside this script: one line a capture,

    {"file": ..., "messages": [["request", frame, client, server, method, target, host],
                               ["response", frame, client, server, status, frame of its request], ...],
     "further": [the same, of what it finds only with other settings]}

Its settings are those of harness.py (segments in order, two passes) and the manifest's decode_as; keys for TLS are not used. It
takes some ten minutes, so its answers are committed and this is run again only when tshark or the manifest changes."""
import concurrent.futures
import csv
import gzip
import json
import os
import shlex
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402


def line_of(message):
    if message.kind == "request":
        return ["request", message.frames[0], message.client, message.server, message.method, message.target, message.host]
    return ["response", message.frames[0], message.client, message.server, message.status, message.request_frames[0] if message.request_frames else None]


def main():
    folder = os.path.join(sys.argv[1], "pcaps")
    with open(os.path.join(folder, "MANIFEST.tsv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

    def ask(row):
        path, decode_as = os.path.join(folder, row["file"]), shlex.split(row["decode_as"] or "")
        messages = harness.tshark_messages(path, decode_as)
        further = harness.tshark_further(path, messages, decode_as)
        return {"file": row["file"], "messages": [line_of(m) for m in messages], "further": [line_of(m) for m in further]}

    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        answers = list(pool.map(ask, rows))
    text = "".join(json.dumps(a, ensure_ascii=False, separators=(",", ":")) + "\n" for a in answers)
    with open(os.path.join(HERE, "tshark_expected.ndjson.gz"), "wb") as file:
        file.write(gzip.compress(text.encode("utf-8"), 9, mtime=0))
    requests = sum(1 for a in answers for m in a["messages"] if m[0] == "request")
    responses = sum(1 for a in answers for m in a["messages"] if m[0] == "response")
    wanted = [sum(int(r[c] or 0) for r in rows) for c in ("http_req_best", "http_rsp_best")]
    print(f"{len(answers)} captures, {requests} requests, {responses} responses (the manifest counts {wanted[0]} and {wanted[1]})")
    for row, answer in zip(rows, answers):
        have = [sum(1 for m in answer["messages"] if m[0] == k) for k in ("request", "response")]
        want = [int(row[c] or 0) for c in ("http_req_best", "http_rsp_best")]
        if have != want:
            print(f"{row['file']}: {have} here, {want} in the manifest")


if __name__ == "__main__":
    main()
