#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hostile.py --hark HARK --tools FOLDER [ATTACK...]

Runs hark on hostile traffic, made by hostile_traffic (in FOLDER, with hostile_measure), beside which honest
transactions go on, and checks for each attack:

  - hark ends with 0, its ledger balances, every line is JSON; a sample of the lines fits the schema;
  - its resident memory stays within --max-memory and a tenth;
  - each honest transaction has one record, complete, rightly paired, with the right values;
  - nothing is said of the attack itself that is not so;
  - the output is the same, byte for byte, with two workers;
  - a packet takes hardly longer in an attack of four times the size (so nothing grows with its square).

--whole takes the sizes of real attacks instead of small ones, --size one of your own. --markdown prints a table, and --update
writes it into docs/security.md.
"""
import argparse
import array
import collections
import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import harness  # noqa: E402

DOCUMENT = os.path.join(harness.ROOT, "docs", "security.md")
BEGIN, END = "<!-- figures: run.sh all update -->", "<!-- end of figures -->"
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
MEMORY_SLACK = 1.1
GROWTH = 4  # the attack is run so many times larger
SLOWER = 2.5  # most CPU time a packet may take then, in those of the single size; a quadratic one takes GROWTH
TOO_SHORT_TO_COMPARE = 0.25  # seconds of CPU
CONFLICT_NOTE = "overlap_conflict"
LONGEST_METHOD = 20  # hark notes those that are longer: bytes that may not belong there
# These reach the budget when they are so much larger, and workers must agree on what is given up.
TAKES_MEMORY = {"half-open", "data-flood", "request-flood", "bare-flood", "pipelines", "length-no-body", "holes", "far-ahead", "all-at-once"}
SAMPLE_FIRST, SAMPLE_EVERY = 100, 500
TEXT_SIZE = 10000
SHOWN = 5


class Attack:
    def __init__(self, row):
        self.name = row["name"]
        self.unit = row["unit"]
        self.ci = int(row["ci"])
        self.whole = int(row["whole"])
        self.others = row["others"]
        self.arguments = row["arguments"].split()
        self.what = row["what"]


def load_attacks(tools):
    done = subprocess.run([os.path.join(tools, "hostile_traffic"), "list"], capture_output=True, check=True, text=True)
    return [Attack(row) for row in csv.DictReader(done.stdout.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)]


class Outcome:
    """One run: what was measured, what hark wrote, and what is wrong with it."""

    def __init__(self):
        self.status = None
        self.rss = 0  # bytes
        self.cpu = 0.0  # seconds
        self.packets = 0
        self.digest = hashlib.sha256()
        self.lines = array.array("I")  # a checksum of each: tells which one differs
        self.first_other = None  # the first line that is not like that of the run before
        self.seen = {}  # id -> (values, or None when it is not whole; has it the note of conflicting bytes; its text then)
        self.repeated = []
        self.others = collections.Counter()
        self.other_examples = []
        self.sample = []
        self.truth = []
        self.expected = 0
        self.found = 0
        self.wrong = []

    def per_packet(self):
        return self.cpu / self.packets if self.packets else 0.0


def one(values):
    return values[0] if len(values) == 1 else None


def has_conflict(record):
    return any(note["id"] == CONFLICT_NOTE for note in record["notes"])


def values_of(record):
    """What the truth file says of a transaction, as this record has it; None when it is not whole."""
    if record["hark"]["type"] != "transaction" or not record["capture"]["complete"] or record["pairing"]["by"] not in ("ack", "order"):
        return None
    request, response = record["http"]["request"], record["http"]["response"]
    if one(harness.header_values(record, "request", "id")) != one(harness.header_values(record, "response", "id")):
        return None
    return (str(record["client"]["port"]), request["method"], request["target"], str(response["status_code"]),
            str(request["body"]["bytes"]), str(response["body"]["bytes"]))


def identity(record):
    """The id that its request names, or else its response."""
    for message in ("request", "response"):
        name = one(harness.header_values(record, message, "id"))
        if name:
            return name
    return None


def take_line(outcome, number, line):
    record = json.loads(line)
    if number < SAMPLE_FIRST or number % SAMPLE_EVERY == 0:
        outcome.sample.append(line)
    conflict = has_conflict(record)
    name = identity(record)
    if name is None:
        complete = record["capture"]["complete"] and not conflict
        outcome.others["complete" if complete else "incomplete"] += 1
        if len(outcome.other_examples) < SHOWN:
            outcome.other_examples.append(line.decode("utf-8", "replace")[:600])
        return
    values = values_of(record)
    if name in outcome.seen:
        if values is None:
            return
        if outcome.seen[name][0] is not None:
            outcome.repeated.append(name)
    outcome.seen[name] = (values, conflict, line.decode("utf-8", "replace")[:1500] if values is None else "")


def take_sum(outcome, number, line, before):
    outcome.digest.update(line)
    outcome.lines.append(zlib.crc32(line))
    if before and outcome.first_other is None and (number >= len(before.lines) or before.lines[number] != outcome.lines[number]):
        outcome.first_other = f"line {number + 1}: {line.decode('utf-8', 'replace')[:1500]}"


def run(options, attack, size, jobs=1, read=True, before=None):
    """`read`: records are looked at, and not only counted in the digest. `before`: a run that should have written the same."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        truth, report = os.path.join(folder, "truth.tsv"), os.path.join(folder, "report")
        generate = [os.path.join(options.tools, "hostile_traffic"), attack.name, f"size={size}", f"seed={options.seed}", f"pause={options.pause}",
                    f"truth={truth}"]
        analyze = [os.path.join(options.tools, "hostile_measure"), report, options.hark, "-r", "-", "--stats", "-j", str(jobs),
                   *attack.arguments, *options.memory_arguments]
        generator = subprocess.Popen(generate, stdout=subprocess.PIPE)
        hark = subprocess.Popen(analyze, stdin=generator.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=harness.ENVIRONMENT)
        generator.stdout.close()
        errors = []
        reader = threading.Thread(target=lambda: errors.append(hark.stderr.read()))
        reader.start()
        bad_line = ""
        for number, line in enumerate(hark.stdout):
            take_sum(outcome, number, line, before)
            if not read:
                continue
            try:
                take_line(outcome, number, line)
            except (ValueError, KeyError, TypeError) as error:
                bad_line = bad_line or f"line {number + 1} is no record ({error!r}): {line[:300]!r}"
        hark.wait()
        reader.join()
        if generator.wait() != 0:
            outcome.wrong.append(f"the generator ended with {generator.returncode}")
        with open(report, encoding="ascii") as file:
            status, kibibytes, microseconds = (int(word) for word in file.read().split())
        with open(truth, encoding="ascii") as file:
            outcome.truth = [line.rstrip("\n").split("\t") for line in file]
    outcome.status, outcome.rss, outcome.cpu = status, kibibytes * 1024, microseconds / 1e6
    judge_run(outcome, errors[0].decode("utf-8", "replace"), bad_line)
    return outcome


def judge_run(outcome, text, bad_line):
    trouble = harness.Run(outcome.status, b"", text.encode()).trouble
    if trouble or outcome.status != 0:
        outcome.wrong.append(trouble or f"exit status {outcome.status}: {text[-300:]}")
    if "The ledger balances." not in text:
        outcome.wrong.append("the ledger does not say that it balances")
    frames = re.search(r"^  read +([\d ]+)$", text, re.MULTILINE)
    outcome.packets = int(frames.group(1).replace(" ", "")) if frames else 0
    if bad_line:
        outcome.wrong.append(bad_line)


def judge_records(outcome, attack):
    wrong = []
    names = set()
    conflicts = {"certain": set(), "possible": set()}
    for kind, name, *values in outcome.truth:
        if kind in conflicts:
            conflicts[kind].add(name)
            continue
        names.add(name)
        outcome.expected += 1
        got, conflict, line = outcome.seen.get(name, (None, False, "no record"))
        if got == tuple(values):
            outcome.found += 1
        elif kind == "disputed" and (conflict or got is None or len(got[1]) > LONGEST_METHOD):  # its note is method_long
            outcome.found += 1
        else:
            wrong.append(f"{kind} transaction {name} {values}: {'is ' + str(got) if got else line}")
    if wrong:
        outcome.wrong.append(f"{len(wrong)} of {outcome.expected} honest transactions are not as they were, for example:")
        outcome.wrong += ["  " + text for text in wrong[:SHOWN]]
    if outcome.repeated:
        outcome.wrong.append(f"{len(outcome.repeated)} transactions are told twice, for example {outcome.repeated[:SHOWN]}")
    invented = [name for name in outcome.seen if name not in names]
    if invented and attack.others != "any":
        outcome.wrong.append(f"{len(invented)} ids that nobody sent, for example {invented[:SHOWN]}")
    silent = [name for name in conflicts["certain"] if not outcome.seen.get(name, (None, True))[1]]
    if silent:
        outcome.wrong.append(f"{len(silent)} of {len(conflicts['certain'])} records of conflicting bytes do not say so ({CONFLICT_NOTE}), "
                             f"for example {silent[:SHOWN]}")
    either = conflicts["certain"] | conflicts["possible"]
    alarmed = [name for name, (_, conflict, _) in outcome.seen.items() if conflict and name in names and name not in either]
    if alarmed:
        outcome.wrong.append(f"{len(alarmed)} records tell of a conflict that was not, for example {alarmed[:SHOWN]}")
    if (attack.others == "none" and outcome.others.total()) or (attack.others == "incomplete" and outcome.others["complete"]):
        outcome.wrong.append(f"records of the attack itself: {dict(outcome.others)}, expected {attack.others}, for example:")
        outcome.wrong += ["  " + text for text in outcome.other_examples]
    trouble = harness.validate(b"".join(outcome.sample))
    if trouble:
        outcome.wrong.append("schema: " + trouble[:600])


def judge_text(options, attack, size):
    """Lines for people may be read on a terminal: nothing from the wire may steer it."""
    generator = subprocess.Popen([os.path.join(options.tools, "hostile_traffic"), attack.name, f"size={size}"], stdout=subprocess.PIPE)
    done = subprocess.run([options.hark, "-q", "-r", "-", "--format", "text"], stdin=generator.stdout, capture_output=True,
                          env=harness.ENVIRONMENT, check=False)
    generator.stdout.close()
    generator.wait()
    steering = set(re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", done.stdout.decode("utf-8", "replace")))
    return [f"--format text writes {sorted(map(ascii, steering))}"] if steering or done.returncode else []


def judge_memory(outcome, options):
    if options.limit and not options.no_memory and outcome.rss > options.limit * MEMORY_SLACK:
        outcome.wrong.append(f"{outcome.rss / (1 << 20):.0f} MiB resident, of {options.limit / (1 << 20):.0f} MiB allowed")


def check(options, attack, size):
    """The run that is reported."""
    first = run(options, attack, size)
    judge_records(first, attack)
    judge_memory(first, options)
    if attack.name == "control-bytes":
        first.wrong += judge_text(options, attack, min(size, TEXT_SIZE))
    if options.single:
        return first
    for _ in range(4):  # the machine may be busy for a while
        larger = run(options, attack, GROWTH * size, read=False)
        slower = larger.per_packet() / first.per_packet()
        if larger.cpu < TOO_SHORT_TO_COMPARE or slower < SLOWER:
            break
    else:
        first.wrong.append(f"a packet takes {first.per_packet() * 1e6:.2f} us, and {larger.per_packet() * 1e6:.2f} us in {GROWTH} times the size")
    judge_memory(larger, options)
    first.wrong += [f"{GROWTH} times the size: {text}" for text in larger.wrong]
    compared, compared_size = (larger, GROWTH * size) if attack.name in TAKES_MEMORY else (first, size)
    workers = run(options, attack, compared_size, jobs=2, read=False, before=compared)
    first.wrong += [f"-j 2: {text}" for text in workers.wrong]
    if workers.digest.digest() != compared.digest.digest():
        first.wrong.append(f"-j 2 writes other bytes than -j 1, first {workers.first_other or 'fewer lines'}")
    return first


def grouped(number):
    return f"{number:,}".replace(",", " ")


HEADINGS = ["attack", "size", "packets", "peak RSS", "limit", "honest transactions found / sent", "records of the attack", "CPU", "us a packet"]


def row(options, attack, size, outcome):
    limit = f"{options.limit >> 20} MiB" if options.limit else "-"
    return [f"`{attack.name}`", f"{grouped(size)} {attack.unit}", grouped(outcome.packets), f"{outcome.rss / (1 << 20):.0f} MiB", limit,
            f"{grouped(outcome.found)} / {grouped(outcome.expected)}", grouped(outcome.others.total()), f"{outcome.cpu:.1f} s",
            f"{outcome.per_packet() * 1e6:.2f}"]


def markdown(rows):
    lines = ["| " + " | ".join(cells) + " |" for cells in [HEADINGS, ["---", *["---:"] * (len(HEADINGS) - 1)], *rows]]
    return "\n".join(lines) + "\n"


def update(table):
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n\n" + table + "\n" + END + after)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hark", required=True)
    parser.add_argument("--tools", required=True, help="folder of hostile_traffic and hostile_measure")
    parser.add_argument("--max-memory", default="256M", help="given to hark")
    parser.add_argument("--no-memory", action="store_true", help="do not judge the memory (sanitizers take their own)")
    parser.add_argument("--whole", action="store_true", help="sizes of real attacks")
    parser.add_argument("--divide", type=int, default=1, help="sizes are so many times smaller")
    parser.add_argument("--size", type=int)
    parser.add_argument("--single", action="store_true", help="neither with two workers nor at another size")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=int, default=200000, help="longest silence of an honest connection, in microseconds")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--except", dest="left_out", default="", metavar="ATTACK,...", help="leave these out")
    parser.add_argument("attacks", nargs="*", metavar="ATTACK")
    options = parser.parse_args()
    match = re.fullmatch(r"(\d+)([KMG]?)", options.max_memory)
    if not match:
        parser.error("--max-memory: a number with K, M or G")
    options.limit = int(match.group(1)) * UNITS.get(match.group(2), 1)
    options.memory_arguments = ["--max-memory", options.max_memory]
    if "--max-memory" not in subprocess.run([options.hark, "--help"], capture_output=True, check=True, text=True).stdout:
        options.limit, options.memory_arguments = 0, []
    return options


def main():
    options = parse()
    attacks = load_attacks(options.tools)
    unknown = set(options.attacks) - {attack.name for attack in attacks}
    if unknown:
        sys.exit(f"hostile.py: no such attack: {', '.join(sorted(unknown))}")
    rows, failed = [], 0
    for attack in attacks:
        if options.attacks and attack.name not in options.attacks or attack.name in options.left_out.split(","):
            continue
        size = options.size or max(1, (attack.whole if options.whole else attack.ci) // options.divide)
        outcome = check(options, attack, size)
        rows.append(row(options, attack, size, outcome))
        print(("FAILED " if outcome.wrong else "ok     ") + "  ".join(cell.strip("`") for cell in rows[-1]), flush=True)
        for text in outcome.wrong:
            print("         " + text, flush=True)
        failed += bool(outcome.wrong)
    if options.markdown:
        print(markdown(rows))
    if options.update:
        update(markdown(rows))
    print(f"{len(rows)} attacks, {failed} with failures")
    sys.exit(1 if failed else 0)


main()
