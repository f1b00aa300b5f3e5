/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers the JSON of whole heads: a message's field lines are mostly those of one before, but for a few
 * values, and to find where two heads differ costs less than to look up each of their lines. A table of fixed
 * size, by the lengths of a head's names; what it holds never changes what is written. Heap-owned; one
 * thread. */
#ifndef HARK_OUTPUT_HEAD_MEMO_H
#define HARK_OUTPUT_HEAD_MEMO_H

#include "analyzer/field_name.h"
#include "analyzer/transaction.h"
#include "output/mask.h"

enum {
    HEAD_LINES = 32, /* a head of more lines, or one that is longer, is not remembered */
    HEAD_BYTES = 1280,
    HEAD_JSON_BYTES = 2304,
    HEAD_SLACK = 32, /* so many bytes behind its JSON may be read */
    HEAD_SLOT_BITS = 7,
    HEAD_NAME_UNKNOWN = UINT8_MAX,
};

/* Where a line stands in the bytes of its head, and its object in their JSON. */
struct head_line {
    uint16_t start, value, end; /* of the name, of the value, behind it */
    uint16_t json, json_value, json_end;
    struct mask_kind kind;
    uint8_t name;   /* enum field_name; HEAD_NAME_UNKNOWN until it is asked for */
    uint32_t other; /* of a value that stood there instead the last time: head_memo_value_hash */
};

struct told_head {
    uint64_t stamp; /* no other lines had, nor will have, the same */
    uint32_t shape; /* 0: none */
    uint32_t next;  /* of the last one that came for this place and was not this: it may have it when it comes
                       again */
    uint16_t count; /* 0: nothing is known yet */
    uint16_t len;
    struct head_line lines[HEAD_LINES];
    uint8_t bytes[HEAD_BYTES];
    uint8_t json[HEAD_JSON_BYTES + HEAD_SLACK];
};

struct head_memo {
    struct told_head heads[2][1 << HEAD_SLOT_BITS]; /* of requests, of responses */
    uint64_t stamps;                                /* given so far, from 1 on */
};

/* NULL without memory. */
struct head_memo *head_memo_new(void);
void head_memo_free(struct head_memo *);
/* What the list's head is known by: the lengths of its names. 0 where its lines do not stand in one piece as
 * they were sent, or are too many or too long. */
uint32_t head_memo_shape(const struct header_list *);
/* The place of a head of this shape, perhaps without lines as yet; NULL where another one has it. */
struct told_head *head_memo_at(struct head_memo *, bool response, uint32_t shape);
/* How many lines from `first` on are the same in the head and in the list, which has the head's shape.
 * *same_name: the line behind them has the name, and its value begins where that of the head does. */
uint32_t head_memo_run(const struct told_head *, const struct header_list *, uint32_t first, bool *same_name);
/* A head without lines takes those of the list, whose objects, with a comma between them, are `json`;
 * lines[i].json, json_value, json_end and kind are set. False where the JSON is too long. */
bool head_memo_learn(struct head_memo *, struct told_head *, const struct header_list *, struct slice json);
/* The line has another value from now on: `field`, which has its name, and whose object is `json`. False
 * where there is no room. */
bool head_memo_replace(struct head_memo *, struct told_head *, uint32_t line, const struct header *field,
                       struct slice json);
/* Tells values apart, mostly. */
uint32_t head_memo_value_hash(struct slice value);

#endif
