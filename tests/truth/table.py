# SPDX-License-Identifier: Apache-2.0
"""The truth table in Markdown: for hark, for each peer, and both side by side."""
import judge

FULL = (("the capture is degraded by", lambda r: r.name),
        ("in the log", lambda r: r.log),
        ("found", lambda r: r.found),
        ("complete", lambda r: r.complete if r.claims else "-"),
        ("incomplete", lambda r: r.incomplete if r.claims else "-"),
        ("lost entirely", lambda r: r.lost),
        ("both heads whole", lambda r: r.provable),
        ("of these paired", lambda r: r.provable - r.unpaired),
        ("**wrongly paired**", lambda r: r.count(judge.PAIR) + r.count(judge.MISLED)),
        ("**wrong values**", lambda r: r.count(judge.VALUE) + r.count(judge.FORGERY)),
        ("**falsely complete**", lambda r: r.count(judge.CLAIM) if r.claims else "-"),
        ("told twice", lambda r: r.count(judge.TWICE)),
        ("**missing transactions**", lambda r: r.missing),
        ("**missing heads**", lambda r: r.count(judge.HEAD)))


def number(value):
    return f"{value:,}".replace(",", " ") if isinstance(value, int) else value


def lines_of(columns, rows):
    yield "| " + " | ".join(name for name, _ in columns) + " |"
    yield "|---" + "|--:" * (len(columns) - 1) + "|"
    for row in rows:
        yield "| " + " | ".join(str(number(value(row))) for _, value in columns) + " |"


def share(part, whole):
    """Per cent, cut and not rounded: 100 means all."""
    return "-" if not whole else "100" if part >= whole else f"{int(part / whole * 1000) / 10:.1f}"


def found(row):
    return share(row.found, row.log - row.lost)


def side_by_side(rows):
    """Of what is in the capture: found, and of the pairs with two whole heads those rightly paired; wrong pairs."""
    tools = list(rows)
    yield "| the capture is degraded by | " + " | ".join(f"{t}: found %" + (f" | {t}: paired % | {t}: wrong pairs" if rows[t][0].pairs else "") for t in tools) + " |"
    yield "|---" + "|--:" * sum(3 if rows[t][0].pairs else 1 for t in tools) + "|"
    for place, first in enumerate(rows[tools[0]]):
        cells = [first.name]
        for tool in tools:
            row = rows[tool][place]
            cells.append(found(row))
            if row.pairs:
                cells += [share(row.provable - row.unpaired, row.provable), number(row.count(judge.PAIR) + row.count(judge.MISLED))]
        yield "| " + " | ".join(cells) + " |"


def write(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        for tool, told in rows.items():
            file.write(f"### {tool}\n\n" + "\n".join(lines_of(FULL if told[0].pairs else [c for c in FULL if "paired" not in c[0]], told)) + "\n\n")
        if len(rows) > 1:
            file.write("### side by side\n\n" + "\n".join(side_by_side(rows)) + "\n")
