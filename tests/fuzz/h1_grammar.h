/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1 made from an input: each byte of it names a piece of syntax (a start line, a field, a chunk, a line
 * end, a gap) and the way it is written, so that a small change of the input is a small change of a message.
 * Plain values. */
#ifndef HARK_TESTS_FUZZ_H1_GRAMMAR_H
#define HARK_TESTS_FUZZ_H1_GRAMMAR_H

#include "capture/buf.h"
#include "input.h"

/* `len` bytes of the stream are lost from `at` on; `at` counts the bytes that are not lost. */
struct h1_gap {
    size_t at;
    uint64_t len;
};

enum { H1_GAPS = 16 };

struct h1_text {
    struct buf bytes;
    size_t gaps;
    struct h1_gap gap[H1_GAPS]; /* in order of `at` */
};

/* Appends what the input says to the text, until the input or `pieces` are used up. `response`: start lines
 * are those of responses. False when the text's cap was reached. */
bool h1_grammar(struct h1_text *, struct input *, bool response, unsigned pieces);

#endif
