#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turns an Ethernet capture into others: tags and tunnels, link types, damage, TCP rewrites, file formats."""

import argparse
import inspect
import random
import sys

sys.dont_write_bytecode = True  # no cache folders among the captures

from rewriting import capfile, damage, links, segments, wraps  # noqa: E402


def table():
    """{name: function(capture, options, random)} of every operation."""
    operations = {}
    for name, change in wraps.OPERATIONS.items():
        operations[name] = lambda capture, options, _, change=change: change(wraps.Wrapper(capture, options))
    for name, change in {**links.OPERATIONS, **segments.OPERATIONS}.items():
        operations[name] = lambda capture, options, _, change=change: change(capture, options)
    return {**operations, **segments.RANDOM_OPERATIONS, **damage.OPERATIONS}


def descriptions():
    groups = (
        ("Tags and tunnels (on Ethernet)", wraps.OPERATIONS),
        ("Link types (on Ethernet, last)", links.OPERATIONS),
        ("TCP and IP", {**segments.OPERATIONS, **segments.RANDOM_OPERATIONS}),
        ("Damage", damage.OPERATIONS),
    )
    out = []
    for title, operations in groups:
        out.append(f"\n{title}:")
        for change in operations.values():
            out += ["  " + line for line in inspect.cleandoc(change.__doc__).split("\n") if line]
    return "\n".join(out)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Operations are done in the order given, each NAME or NAME:OPTION=VALUE,OPTION=VALUE. Damage and TCP\n"
        "rewrites come before wraps: they look for TCP in the outermost IP packet. Frame numbers count from 1.\n"
        + descriptions()
        + "\n\nExample:\n  rewrite.py base.pcap out.pcap loss:rate=0.05,dir=s2c vlan:id=10 vxlan:vni=7 --seed 3 --nano",
    )
    parser.add_argument("source", metavar="IN", help="pcap or pcapng, one link type")
    parser.add_argument("target", metavar="OUT", help="written as pcapng when it ends in .pcapng, else as pcap")
    parser.add_argument("operations", metavar="OPERATION", nargs="*")
    parser.add_argument("--seed", type=int, default=1, help="of every random choice (default 1)")
    parser.add_argument("--nano", action="store_true", help="nanosecond times")
    parser.add_argument("--big-endian", action="store_true", help="the file's own numbers in big-endian order")
    parser.add_argument(
        "--resolutions",
        metavar="N,N",
        default="6",
        help="pcapng: if_tsresol of each interface (6 us, 9 ns, 138 = 2^-10 s); frames take turns on them",
    )
    parser.add_argument("--chop", type=int, default=0, metavar="BYTES", help="leave out the file's last bytes")
    parser.add_argument("--poke", metavar="OFFSET:HEX", help="overwrite the file's bytes there; a negative offset counts from the end")
    parser.add_argument("--strip-host", action="store_true", help="only remove the writer's machine from a pcapng file")
    return parser.parse_args()


def apply(capture, words, seed):
    operations, chance = table(), random.Random(seed)
    for word in words:
        name, _, text = word.partition(":")
        if name not in operations:
            raise capfile.CaptureError(f"no operation named {name}; see --help")
        options = {}
        for pair in filter(None, text.split(",")):
            key, equals, value = pair.partition("=")
            if not equals:
                raise capfile.CaptureError(f"{word}: {pair} is not OPTION=VALUE")
            options[key] = value
        operations[name](capture, options, chance)


def main():
    args = arguments()
    if args.strip_host:
        with open(args.source, "rb") as file:
            blob = capfile.strip_host(file.read(), args.source)
        with open(args.target, "wb") as file:
            file.write(blob)
        return
    capture = capfile.read(args.source)
    apply(capture, args.operations, args.seed)
    resolutions = tuple(int(text) for text in args.resolutions.split(","))
    form = capfile.Format(args.target.endswith(".pcapng"), args.nano, args.big_endian, resolutions)
    capfile.write(args.target, capture, form)
    if args.poke:
        offset, _, text = args.poke.partition(":")
        with open(args.target, "r+b") as file:
            file.seek(int(offset, 0), 2 if offset.startswith("-") else 0)
            file.write(bytes.fromhex(text))
    if args.chop:
        with open(args.target, "r+b") as file:
            file.truncate(file.seek(0, 2) - args.chop)


if __name__ == "__main__":
    try:
        main()
    except (capfile.CaptureError, OSError, ValueError) as error:
        sys.exit(f"rewrite.py: {error}")
