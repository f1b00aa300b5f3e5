#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""document.py BLOCK < TEXT: puts the text into docs/performance.md, between the lines <!-- bench: BLOCK --> and <!-- end -->."""
import os
import sys

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "performance.md")


def put(block, text):
    with open(DOCUMENT, encoding="utf-8") as file:
        lines = file.read().splitlines()
    start = lines.index(f"<!-- bench: {block} -->")
    end = lines.index("<!-- end -->", start)
    lines[start + 1:end] = ["", *text.strip("\n").splitlines(), ""]
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    put(sys.argv[1], sys.stdin.read())
