#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_schema.py SCHEMA_CHECK: the harnesses' own schema checker must judge as python3-jsonschema does: every golden record, and
mutants of them, of which most are wrong. The seed is fixed; another can be given as second argument."""
import copy
import glob
import json
import os
import random
import subprocess
import sys
import tempfile

import jsonschema

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SCHEMA = os.path.join(ROOT, "docs", "record.schema.json")
MUTANTS = 3000
STRANGE = [None, True, False, 0, -1, 1, 1.5, 1.0, 2**53, 2**63 - 1, "", "x", "0", "\u00e9", [], {}, [1, 1], {"a": 1}, ["network"], "10.0.0.1", "::1"]


def places(value, path=()):
    """Every place in a value, as a path of keys and indices."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, path + (key,))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def mutate(record, others, chance):
    """One change somewhere in a copy of the record."""
    record = copy.deepcopy(record)
    path = chance.choice([p for p in places(record) if p])
    parent, key = at(record, path[:-1]), path[-1]
    value = parent[key]
    kind = chance.randrange(7)
    if kind == 0:
        del parent[key]
    elif kind == 1:
        parent[key] = chance.choice(STRANGE)
    elif kind == 2 and isinstance(parent, dict):
        parent[chance.choice(["x", "raw", "candidates", "reason", "http_tunnel", "url", "parent", "bytes"])] = chance.choice(STRANGE)
    elif kind == 3 and isinstance(value, str):
        place = chance.randrange(len(value) + 1)
        parent[key] = value[:place] + chance.choice("0aZ-.:=+ \u20ac") + value[place + chance.randrange(2):]
    elif kind == 4 and isinstance(value, (int, float)) and not isinstance(value, bool):
        parent[key] = chance.choice([-value, value + 0.5, value * 1.0, value + 65536, -1])
    elif kind == 5 and isinstance(value, list):
        parent[key] = value + value
    else:  # what stands at the same place in another record, or a whole part of it
        other = chance.choice(others)
        try:
            parent[key] = copy.deepcopy(at(other, path))
        except (KeyError, IndexError, TypeError):
            record[path[0]] = copy.deepcopy(other.get(path[0]))
    return record


def judge(program, schema, records):
    lines = "".join(json.dumps(record) + "\n" for record in records)
    done = subprocess.run([program, schema], input=lines, capture_output=True, text=True, check=True)
    return [line.startswith("+") for line in done.stdout.splitlines()]


def refuses_unknown_keywords(program):
    """A schema that says more than the checker knows must not be loaded."""
    for schema in ({"patternProperties": {}}, {"properties": {"a": {"oneOf": []}}}, {"format": "date-time"}, {"type": ["string"]}, {"type": "text"},
                   {"pattern": "^\\d+$"}, {"allOf": [{"not": {}}]}, {"$ref": "#/$defs/nowhere"}):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(schema, file)
            file.flush()
            if subprocess.run([program, file.name], input="", capture_output=True, text=True, check=False).returncode != 2:
                print(f"test_schema: took a schema that it can't check: {schema}")
                return False
    return True


def main():
    program, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with open(SCHEMA, encoding="utf-8") as file:
        validator = jsonschema.Draft202012Validator(json.load(file), format_checker=jsonschema.FormatChecker(["ipv4", "ipv6"]))
    golden = []
    for path in sorted(glob.glob(os.path.join(ROOT, "tests", "golden", "expected", "*.ndjson"))):
        with open(path, encoding="utf-8") as file:
            golden += [json.loads(line) for line in file]
    chance = random.Random(seed)
    mutants = [mutate(chance.choice(golden), golden, chance) for _ in range(MUTANTS)]
    if not golden or not refuses_unknown_keywords(program) or not all(judge(program, SCHEMA, golden)):
        print("test_schema: a golden record is refused, or there is none, or a schema is not understood")
        return 1
    ours, wrong, refused = judge(program, SCHEMA, mutants), 0, 0
    if len(ours) != len(mutants):
        print(f"test_schema: {len(mutants)} mutants, {len(ours)} answers")
        return 1
    for mutant, allowed in zip(mutants, ours):
        error = jsonschema.exceptions.best_match(validator.iter_errors(mutant))
        refused += error is not None
        if (error is None) != allowed:
            wrong += 1
            print(f"ours: {allowed}; jsonschema: {error.message[:200] if error else 'allowed'}: {json.dumps(mutant)[:600]}")
    print(f"test_schema: {len(golden)} golden records, {MUTANTS} mutants (seed {seed}), {refused} of them wrong, {wrong} judged differently")
    return 1 if wrong or refused < MUTANTS // 3 else 0


if __name__ == "__main__":
    sys.exit(main())
