# SPDX-License-Identifier: Apache-2.0
"""What others expect of the captures: tshark, Zeek, Suricata, libhtp, Arkime, HAR files and the HTTP evader suite. Each source
becomes a list of checks for a capture. A check is called with hark's records and returns how many transactions, messages or
facts it expects, and one text for each that is not as expected."""
import collections
import gzip
import ipaddress
import json
import os
import re
import sys
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402
from harness import get, header_values  # noqa: E402


def exchanges(records):
    """Records of requests and responses: what tunnels carried is not one."""
    return [r for r in records if get(r, "http") is not None and get(r, "hark.type") != "tunnel"]


def host_name(record):
    """The host a record is about, without its port, lower case; None where it is not told."""
    hosts = header_values(record, "request", "host")
    name = hosts[0] if hosts and hosts[0] else get(record, "url.domain")
    if name is None:
        return None
    return re.sub(r":\d*$", "", name).lower().strip("[]")


def load_lines(path):
    opened = gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8")
    with opened as file:
        return [json.loads(line) for line in file if line.strip()]


def message_of(line):
    if line[0] == "request":
        return harness.Message("request", line[2], line[3], method=line[4], target=line[5], host=line[6])
    return harness.Message("response", line[2], line[3], status=line[4])


def from_tshark():
    """Every request with method, target and host, every response with its status, by connection."""
    checks = {}
    for answer in load_lines(os.path.join(HERE, "tshark_expected.ndjson.gz")):
        theirs, further = ([message_of(line) for line in answer[part]] for part in ("messages", "further"))

        def check(records, theirs=theirs, further=further):
            return len(theirs), [f"tshark {d}" for d in harness.compare_messages(harness.hark_messages(records), theirs, further)]

        checks[answer["file"]] = [check]
    return checks


def from_zeek(folder):
    checks = collections.defaultdict(list)
    names = ("method", "host", "uri", "status_code", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")
    for log in load_lines(os.path.join(folder, "zeek+zeek/expected/http_canonical.ndjson")):
        if not log.get("usable") or len(log["captures"]) != 1:
            continue
        columns = [name for name in names if name in log["columns"]]

        def value_of(row, name):
            value = row.get(name)
            if name == "host" and value:
                value = re.sub(r":\d*$", "", value).lower()
            return value or None

        want = collections.Counter(str(tuple(value_of(row, name) for name in columns)) for row in log["records"])

        def check(records, want=want, columns=columns):
            def value(record, name):
                if name == "method":
                    return get(record, "http.request.method")
                if name == "host":
                    hosts = header_values(record, "request", "host")
                    return re.sub(r":\d*$", "", hosts[0]).lower() or None if hosts else None
                if name == "uri":
                    return urllib.parse.unquote(get(record, "http.request.target") or "") or None
                if name == "status_code":
                    return get(record, "http.response.status_code")
                return get(record, ("client" if "orig" in name else "server") + (".ip" if name.endswith("_h") else ".port"))

            have = collections.Counter(str(tuple(value(record, name) for name in columns)) for record in exchanges(records))
            return sum(want.values()), [f"zeek missing: {item}" for item in (want - have).elements()]

        checks[log["captures"][0]].append(check)
    return checks


def flatten(match, prefix=""):
    flat = {}
    for key, value in match.items():
        if isinstance(value, dict):
            flat.update(flatten(value, prefix + key + "."))
        else:
            flat[prefix + key] = value
    return flat


def suricata_value(record, key):
    """A key of Suricata's http event, read off a record; KeyError where hark tells no such thing."""
    simple = {"http.http_method": "http.request.method", "http.url": "http.request.target", "http.status": "http.response.status_code",
              "http.http_user_agent": "user_agent.original", "http.http_refer": "http.request.referrer", "src_ip": "client.ip",
              "dest_ip": "server.ip", "src_port": "client.port", "dest_port": "server.port"}
    if key in simple:
        return get(record, simple[key])
    if key == "http.hostname":
        return host_name(record)
    if key == "http.protocol":
        return "HTTP/" + str(get(record, "http.version"))
    if key == "http.version":
        return str(get(record, "http.version"))
    if key == "http.http_content_type":
        return get(record, "http.response.content_type")
    if key == "proto":
        return "TCP"
    if key == "vlan[0]":
        return get(record, "network.vlan.id")
    field = re.fullmatch(r"http\.(request|response)_headers\[(\d+)\]\.(name|value)", key)
    if field:
        headers = get(record, f"http.{field.group(1)}.headers") or []
        return headers[int(field.group(2))].get(field.group(3)) if int(field.group(2)) < len(headers) else None
    raise KeyError(key)


def from_suricata(folder):
    """Its tests count events of type http with certain values; what hark's records have no key for is left out."""
    checks = collections.defaultdict(list)
    for test in load_lines(os.path.join(folder, "OISF+suricata-verify/expected/http_checks.ndjson")):
        for rule in test["filters"]:
            match = flatten(rule.get("match", {}))
            if match.get("event_type") != "http":
                continue
            for bookkeeping in ("event_type", "pcap_cnt", "tx_id", "pkt_src", "http.length"):
                match.pop(bookkeeping, None)
            try:
                for key in match:
                    suricata_value({}, key)
            except KeyError:
                continue
            if not match:
                continue  # whether there is any event at all is Suricata's own policy for streams that start midway

            def check(records, match=match, count=rule["count"]):
                def same(record, key):
                    if key.endswith("_ip"):
                        return ipaddress.ip_address(suricata_value(record, key)) == ipaddress.ip_address(match[key])
                    return str(suricata_value(record, key)).lower() == str(match[key]).lower()

                have = sum(1 for record in exchanges(records) if all(same(record, key) for key in match))
                return 1, [] if have == count else [f"suricata: {have} instead of {count}: {json.dumps(match, sort_keys=True)}"]

            checks[test["file"]].append(check)
    return checks


def from_libhtp(folder):
    """Number of transactions, and what its tests assert of each."""
    paths = {"request_method": "http.request.method", "request_uri": "http.request.target",
             "response_status_number": "http.response.status_code", "parsed_uri->query": "url.query"}
    checks = collections.defaultdict(list)
    for test in load_lines(os.path.join(folder, "OISF+libhtp/expected/asserts.ndjson")):
        for fact in test["asserts"]:
            what = fact.get("what")
            if what != "transactions" and what != "request_hostname" and what not in paths:
                continue

            def check(records, fact=fact, what=what):
                found = exchanges(records)
                if what == "transactions":
                    have = len(found)
                else:
                    if fact["tx"] >= len(found):
                        return 1, [f"libhtp: no transaction {fact['tx']}"]
                    record = found[fact["tx"]]
                    have = host_name(record) if what == "request_hostname" else get(record, paths[what])
                return 1, [] if str(have) == str(fact["expect"]) else [f"libhtp {what} of {fact.get('tx', 'all')}: {have} instead of {fact['expect']}"]

            checks["OISF+libhtp/" + test["pcap"]].append(check)
    return checks


def from_arkime(folder):
    """Sets of values for each session."""
    checks = collections.defaultdict(list)
    for session in load_lines(os.path.join(folder, "arkime+arkime/expected/http_sessions.ndjson")):
        sides = {harness.endpoint(str(ipaddress.ip_address(session[a])), session[p]) for a, p in (("src", "srcPort"), ("dst", "dstPort"))}

        def check(records, session=session["http"], sides=sides):
            own = [r for r in exchanges(records)
                   if {harness.endpoint(get(r, "client.ip"), get(r, "client.port")), harness.endpoint(get(r, "server.ip"), get(r, "server.port"))} == sides]

            def paths():
                for record in own:
                    target = get(record, "http.request.target")
                    if target is not None:
                        yield re.sub(r"^[a-z]+://[^/]*", "", target).split("?")[0]

            have = {"method": {get(r, "http.request.method") for r in own} - {None},
                    "statuscode": {get(r, "http.response.status_code") for r in own} - {None} | {i["status_code"] for r in own for i in get(r, "http.response.interim") or []},
                    "path": set(paths()), "useragent": {get(r, "user_agent.original") for r in own} - {None},
                    "host": {v.lower() for r in own for v in header_values(r, "request", "host")}}
            wanted, wrong = 0, []
            for key, values in have.items():
                expected = {v.lower() if key == "host" else v for v in session.get(key) or []} - {""}
                wanted += len(expected)
                wrong += [f"arkime {sorted(sides)[0]} {key}: {value}" for value in sorted(expected - values, key=str)]
            return wanted, wrong

        checks[session["file"]].append(check)
    return checks


def from_har(folder):
    checks = {}
    base = os.path.join(folder, "andrewf+pcap2har")
    for name in sorted(os.listdir(os.path.join(base, "expected"))):
        if not name.endswith(".har"):
            continue
        with open(os.path.join(base, "expected", name), encoding="utf-8") as file:
            entries = json.load(file)["log"]["entries"]
        want = collections.Counter(str((e["request"]["method"], e["request"]["url"].split("#")[0], e["response"]["status"])) for e in entries)

        def check(records, want=want):
            have = collections.Counter(str((get(r, "http.request.method"), (get(r, "url.full") or "").split("#")[0], get(r, "http.response.status_code")))
                                       for r in exchanges(records))
            return sum(want.values()), [f"har missing: {item}" for item in (want - have).elements()]

        checks["andrewf+pcap2har/" + name[:-len(".har")]] = [check]
    return checks


def evader(records):
    """One GET to evader.example.com, answered, however broken the framing of the answer is."""
    found = exchanges(records)
    asked = [r for r in found if get(r, "http.request.method") == "GET" and host_name(r) == "evader.example.com"]
    answered = [r for r in asked if get(r, "http.response.status_code") is not None and get(r, "hark.type") == "transaction"]
    wrong = []
    if not asked:
        wrong.append("evader: no GET to evader.example.com")
    elif not answered:
        wrong.append("evader: its GET has no response")
    return 2, wrong


def load_all(folder, rows):
    """{source: {file: [check]}}"""
    sources = {"tshark": from_tshark(), "zeek": from_zeek(folder), "suricata": from_suricata(folder), "libhtp": from_libhtp(folder),
               "arkime": from_arkime(folder), "har": from_har(folder)}
    sources["evader"] = {row["file"]: [evader] for row in rows if row["primary"].startswith("http-evader")}
    return sources
