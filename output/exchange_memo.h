/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers the JSON of what exchanges mean that the analyzer knows (analyzer/known_exchange.h): few large
 * pieces. A place for each; what it holds never changes what is written. Heap-owned; one thread. */
#ifndef HARK_OUTPUT_EXCHANGE_MEMO_H
#define HARK_OUTPUT_EXCHANGE_MEMO_H

#include "analyzer/known_head.h"
#include "analyzer/semantics_fields.h"
#include "output/mask.h"

/* From `status` to `range`, in the record's order. */
enum exchange_piece {
    EXCHANGE_FRONT,
    EXCHANGE_PIECE_DATES, /* members of `caching`; empty where none is told */
    EXCHANGE_MIDDLE,
    EXCHANGE_PIECE_ETAG, /* the value of `etag`, and what follows in its object */
    EXCHANGE_BACK,
    EXCHANGE_PIECES,
};

enum {
    EXCHANGE_JSON_BYTES = 1536, /* of what is longer nothing is remembered */
    EXCHANGE_GROUP_BYTES = 768,
    EXCHANGE_SLACK = 32, /* so many bytes behind a piece may be read */
};

/* Parts that follow each other. */
struct told_group {
    bool known;
    uint64_t type; /* of the known line of Content-Type that it is of */
    uint16_t len;
    uint8_t json[EXCHANGE_GROUP_BYTES + EXCHANGE_SLACK];
};

struct told_exchange {
    uint64_t stamp;                 /* the known exchange's; 0: nothing is known yet */
    uint64_t dates, etag;           /* of the known lines that these pieces are of; 0: they are another's */
    uint16_t ends[EXCHANGE_PIECES]; /* of the pieces, which stand one behind the other */
    uint8_t json[EXCHANGE_JSON_BYTES + EXCHANGE_SLACK];
    struct told_group groups[SEMANTICS_GROUPS];
};

/* What of a record's rest is its transaction's own. */
enum rest_hole_kind {
    REST_BYTES,  /* a message's */
    REST_BODY,   /* its content's */
    REST_VALUE,  /* of a field, and the end of its object */
    REST_DATE,   /* the same of one that is read as a date */
    REST_COURSE, /* from `timing` to `capture` */
    REST_DATES,  /* the pieces of these names */
    REST_ETAG,
    REST_NUMBER, /* of the transaction on its connection */
};

enum {
    REST_JSON_BYTES = 2048, /* of what is longer nothing is remembered */
    REST_HOLES = 24,
    REST_REASON_MOST = 24,
};

struct rest_hole {
    uint16_t at; /* in what is remembered */
    uint8_t kind, side, line;
    struct mask_kind mask; /* of a value */
};

/* A record from the request's fields on, between what is the transaction's own: of the heads that it was made
 * of, with any values in some lines. */
struct told_rest {
    uint64_t exchange;  /* stamp of the known exchange; 0: nothing is known yet */
    uint64_t next;      /* of the one that was missed here last */
    uint64_t heads[2];  /* stamps of its heads when it was made */
    uint64_t same[2];   /* ... and at which all lines but these still had the same values */
    uint32_t others[2]; /* a bit for each line that is a hole */
    uint16_t len;
    uint8_t holes_count, reason_len;
    uint8_t reason[REST_REASON_MOST];
    struct rest_hole holes[REST_HOLES];
    uint8_t json[REST_JSON_BYTES + EXCHANGE_SLACK];
};

struct exchange_memo {
    struct told_exchange exchanges[EXCHANGE_SLOTS];
    struct told_rest rests[EXCHANGE_SLOTS];
};

/* NULL without memory. */
struct exchange_memo *exchange_memo_new(void);
void exchange_memo_free(struct exchange_memo *);
static inline struct slice told_exchange_piece(const struct told_exchange *told, enum exchange_piece piece) {
    size_t from = piece ? told->ends[piece - 1] : 0;
    return slice_make(told->json + from, told->ends[piece] - from);
}
/* `json`: all pieces, which end at `ends`; `dates` and `etag` are the caller's to set. Nothing is known of
 * the exchange's groups yet. */
void told_exchange_learn(struct told_exchange *, uint64_t stamp, struct slice json,
                         const size_t ends[EXCHANGE_PIECES]);
/* The piece is another one from now on; false where it has another length, and stays. */
bool told_exchange_replace(struct told_exchange *, enum exchange_piece, struct slice json);
void told_exchange_learn_group(struct told_exchange *, enum semantics_group, struct slice json);

#endif
