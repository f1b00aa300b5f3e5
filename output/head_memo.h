/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers the JSON of heads that the analyzer knows (analyzer/known_head.h): what stands between lines
 * whose values differ is one copy. A place for each known head; what it holds never changes what is written.
 * Heap-owned; one thread. */
#ifndef HARK_OUTPUT_HEAD_MEMO_H
#define HARK_OUTPUT_HEAD_MEMO_H

#include "analyzer/known_head.h"
#include "output/mask.h"

enum {
    HEAD_JSON_BYTES = 2304, /* a head of more is not remembered */
    HEAD_SLACK = 32,        /* so many bytes behind its JSON may be read */
};

/* The object of a line in the head's JSON, without the comma before it. */
struct head_line {
    uint16_t json, json_value, json_end; /* its front, its value, behind it */
    struct mask_kind kind;
    uint64_t stamp; /* of the known line whose value it is; 0: the value is another one's */
};

struct told_head {
    uint64_t base;    /* the known head's; 0: nothing is known yet */
    uint64_t stamp;   /* the known head's when `missing` was found out */
    uint32_t missing; /* a bit for each line of which the value's JSON is not known */
    uint16_t count;
    struct head_line lines[KNOWN_LINES];
    uint8_t json[HEAD_JSON_BYTES + HEAD_SLACK];
};

struct head_memo {
    struct told_head heads[KNOWN_SLOTS];
};

/* NULL without memory. */
struct head_memo *head_memo_new(void);
void head_memo_free(struct head_memo *);
/* The place of a known head. Where its `base` is the head's, `missing` tells of the head as it is now. */
struct told_head *head_memo_at(struct head_memo *, const struct known_head *);
/* The head is known from now on: its objects, with a comma between them, are `json`; lines[i].json,
 * json_value, json_end and kind are set, and `missing` to lines that had other values. Nothing is known of it
 * where the JSON is too long. */
void head_memo_learn(struct told_head *, const struct known_head *, struct slice json);
/* The missing line's object is `json`, whose front is as before. */
void head_memo_replace(struct told_head *, const struct known_head *, uint32_t line, struct slice json);

#endif
