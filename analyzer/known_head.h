/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers whole heads: the field lines of a message are mostly those of one before, but for a few values.
 * One comparison of bytes finds these; how the others are divided, what they are called and what they say of
 * the framing is known. Whoever asks something of a message later finds the head that it is like, and which
 * lines differ. A table of fixed size; what it holds never changes what is found. Heap-owned; one thread. */
#ifndef HARK_ANALYZER_KNOWN_HEAD_H
#define HARK_ANALYZER_KNOWN_HEAD_H

#include "analyzer/field_index.h"

enum {
    KNOWN_LINES = 32, /* a head of more lines, or a longer one, is not remembered */
    KNOWN_BYTES = 1280,
    KNOWN_SLACK = 32, /* so many bytes behind them may be read */
    KNOWN_SLOT_BITS = 8,
    KNOWN_SLOTS = 1 << KNOWN_SLOT_BITS,
};

/* Where a line stands in its head's bytes. */
struct known_line {
    uint16_t start, value, end; /* of the name, of the value, behind it */
    uint8_t name, name_len;     /* enum field_name; the name's length */
    uint32_t other; /* of a value that stood there instead the last time; tells values apart, mostly */
    uint64_t stamp; /* since when it has this value */
};

struct known_head {
    uint64_t base;  /* the stamp at which it took these names */
    uint64_t stamp; /* of its newest line */
    uint64_t core;  /* the same without lines that known exchanges don't depend on */
    uint32_t shape; /* the lengths of its names; 0: empty */
    uint32_t next;  /* of the last one that came for this place and was not this: it may have it when it comes
                       again */
    uint16_t slot;  /* its place in the table */
    uint16_t count; /* of lines */
    uint16_t len;   /* to the empty line's end */
    uint16_t stored;                      /* of names and values, without what stands between them */
    uint32_t framing_lines, length_lines; /* a bit for each line: its value says something of the framing; it
                                             is a Content-Length, and says nothing but that */
    uint32_t loose_lines;                 /* known exchanges don't depend on their values */
    struct framing_fields framing, framing_without_length;
    struct field_index index; /* without a list */
    struct known_line lines[KNOWN_LINES];
    uint8_t bytes[KNOWN_BYTES + KNOWN_SLACK];
};

/* Of a message's front, which is looked at before its lines are divided: heads that begin so. */
enum { FRONT_BITS = 7, FRONT_WAYS = 4 };
struct known_front {
    uint32_t tags[FRONT_WAYS]; /* 0: none */
    uint16_t slots[FRONT_WAYS];
};

/* What two of them mean together (analyzer/known_exchange.h), by all that it depends on. */
enum { EXCHANGE_BITS = 7, EXCHANGE_SLOTS = 1 << EXCHANGE_BITS };
struct known_exchange_key {
    uint64_t cores[2]; /* the heads' */
    uint64_t method, scene;
};
struct known_exchange {
    struct known_exchange_key key;
    uint64_t stamp; /* no other exchange had, nor will have, the same; 0: nothing is known */
    uint64_t next;  /* the stamp that it gets when it is learned */
    uint64_t type;  /* of the known line of Content-Type that it had then; 0: another value */
    uint16_t slot;
    struct notes notes; /* rules that it breaks */
};

struct known_heads {
    struct known_head heads[KNOWN_SLOTS];
    struct known_front fronts[1 << FRONT_BITS];
    struct known_exchange exchanges[EXCHANGE_SLOTS];
    uint64_t stamps; /* the newest; the upper bits tell tables apart */
};

/* NULL without memory. `number`: no other table of the run has it. */
struct known_heads *known_heads_new(uint16_t number);
void known_heads_free(struct known_heads *);

/* Takes the head's fields at the front of `in`, the first ones of the message, where a known head ends there
 * with its empty line; returns their length without that line. 0: it is not known, or there is no room, and
 * nothing was done. */
size_t known_heads_take(struct known_heads *, struct http_message *, struct transaction *,
                        const struct limits *, bool response, struct slice in);
/* All fields of the message's head were taken otherwise, from the front of `in`, as h1_next_fields divides
 * them; its empty line follows there. It is known from now on, perhaps. */
void known_heads_meet(struct known_heads *, struct http_message *, bool response, struct slice in);

/* What a message's head is like. */
struct known_likeness {
    struct known_head
        *head;      /* NULL: none is known, or not any more; else valid until the next head is taken */
    uint32_t lines; /* a bit for each whose value is, or may be, another */
    uint64_t names[FIELD_INDEX_WORDS]; /* theirs, as in field_index */
};
/* NULL knows nothing. */
void known_heads_find(struct known_heads *, const struct http_message *, struct known_likeness *);

/* What known_head_match found. */
struct known_match {
    size_t len;                  /* to the empty line's end */
    uint32_t changed;            /* a bit for each line whose value is another; of these alone: */
    uint16_t value[KNOWN_LINES]; /* its length */
};
/* Do the head's lines stand at the front of `in`, but for values, and the empty line behind them? All lines
 * are plain then (analyzer/h1_scan.h). */
bool known_head_match(const struct known_head *, struct slice in, struct known_match *);
/* The same on any processor. */
bool known_head_match_plainly(const struct known_head *, struct slice in, struct known_match *);

#endif
