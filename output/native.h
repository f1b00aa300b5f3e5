/* SPDX-License-Identifier: Apache-2.0 */
/* The native record: docs/record.schema.json. Embedded by value in the record writer, one thread. */
#ifndef HARK_OUTPUT_NATIVE_H
#define HARK_OUTPUT_NATIVE_H

#include "analyzer/field_index.h"
#include "analyzer/http_date.h"
#include "analyzer/timing.h"
#include "output/community_id.h"
#include "output/exchange_memo.h"
#include "output/head_memo.h"
#include "output/memo.h"
#include "output/omission.h"
#include "output/pen.h"
#include "output/plain_value.h"
#include "output/record.h"
#include "output/url.h"
#include "output/writer.h"

enum {
    NATIVE_PARTS = 256,
    NATIVE_DATES = 16,
    NATIVE_ENDS = 1024,
    NATIVE_ORIGIN_BITS = 4,
    NATIVE_HOST_MOST = 128,
    NATIVE_FILE_SLACK = 64, /* bytes behind file_json */
    NATIVE_TYPES = 8,
    NATIVE_TYPE_BYTES = 64,
    NATIVE_TYPE_JSON_CAP = 1024, /* for 128 bytes of which each may need an escape */
};

/* A date that was written. */
struct native_date {
    int64_t seconds;
    char text[HTTP_DATE_TEXT_BYTES]; /* empty at first */
};

/* Where in the memo a part of the semantics is that was written for two heads. */
struct native_part {
    uint64_t stamps[2], version; /* the known heads' and the slot's */
    uint16_t slot;
    uint8_t part, scene;
};

/* Where in the output the pieces of `caching` stand that vary: set while that is written. */
struct native_marks {
    size_t dates, dates_end, etag, etag_end;
};

/* A field's value, which is in the record already, as a string. */
struct native_shown {
    const struct header *field; /* NULL: none */
    size_t start, len;          /* in the output */
};

/* `content_type` of a head. */
struct native_type {
    uint64_t stamp; /* the head's; 0: nothing is known */
    uint16_t len;
    uint8_t json[NATIVE_TYPE_BYTES + WRITER_STEP];
};

/* What the JSON of a URL has of its origin, which is the request's Host alone. */
struct native_origin {
    uint16_t host_len; /* 0: nothing is known */
    uint16_t full_len, parts_len;
    uint8_t host[NATIVE_HOST_MOST];
    uint8_t full[NATIVE_HOST_MOST + 64];   /* `url`: `full` up to the path */
    uint8_t parts[NATIVE_HOST_MOST + 128]; /* from there on up to `path` */
};

/* The rest of a record that is being written to be remembered: where its holes are, in the output. */
struct native_rest {
    bool noted; /* holes are */
    uint8_t count;
    uint32_t others[2];                 /* lines that are to be holes */
    struct rest_hole holes[REST_HOLES]; /* but for `at` */
    size_t start, from[REST_HOLES], to[REST_HOLES];
    size_t failures; /* refused memory before */
};

struct native {
    const struct record_options *options;
    struct community_ids *ids;
    struct mask *mask;                  /* borrowed; NULL: nothing is hidden */
    uint64_t omitted;                   /* options->omitted */
    uint64_t hidden[FIELD_INDEX_WORDS]; /* names of fields of which nothing is told; set with the mask */
    struct mask_kind referer;           /* set with the mask */
    struct memo *memo;
    struct head_memo *heads;
    struct exchange_memo *exchanges;
    struct native_marks marks;
    struct native_rest rest;
    uint64_t run;                /* connections' ordinals are unique in it */
    uint16_t recent[MEMO_KINDS]; /* where that of each kind was */
    uint16_t ends[NATIVE_ENDS];  /* where those of a connection are, by its ordinal */
    struct buf scratch;          /* of masking */
    struct url url;              /* of the transaction at hand */
    struct native_part parts[NATIVE_PARTS];
    struct native_shown shown; /* of the request at hand */
    struct native_shown etag;  /* of the response at hand, where that is shown as running text is */
    struct buf type_json;      /* `content_type` of the message at hand */
    struct buf file_json;      /* names `file`, with a comma; empty where there is no name */
    struct buf omitted_json;   /* `hark.omitted`, the array; empty where nothing is omitted */
    uint32_t file;
    int64_t second_ns;                         /* when the second of second_text began */
    char second_text[TIME_TEXT_BYTES];         /* a time in it; empty at first */
    struct native_date dates[NATIVE_DATES];    /* by their seconds */
    struct native_type types[2][NATIVE_TYPES]; /* of requests, of responses, by their heads' stamps */
    struct native_origin origins[1 << NATIVE_ORIGIN_BITS]; /* by their hosts */
    enum record_saved saved;                               /* of the transaction at hand */
};

/* Is the part left out? Mostly none is. */
static inline bool native_omits(const struct native *native, enum omission_part part) {
    return __builtin_expect(omission_has(native->omitted, part), 0);
}
/* The mask is set: finds out which fields it hides, and what it does with the Referer. */
void native_find_hidden(struct native *);
/* What is to be left out from now on, as the options say; false without memory. */
bool native_omit(struct native *);
/* The whole record, without a line feed. */
void native_write(struct native *, struct writer *, const struct transaction *);

/* `"key": text`, and `"key_raw"` in base64 where the text is not UTF-8. */
#define NATIVE_BYTES(w, key, bytes)                                                                          \
    do {                                                                                                     \
        WRITER_KEY((w), key);                                                                                \
        if (!writer_string((w), (bytes))) {                                                                  \
            WRITER_KEY((w), key "_raw");                                                                     \
            writer_base64((w), (bytes));                                                                     \
        }                                                                                                    \
    } while (0)

/* What is being written for the memo. */
struct native_memo {
    struct memo_key key; /* the caller's to set */
    uint16_t *hint;  /* the caller's to set: where in the memo it was, and is; NULL: as that of the kind */
    size_t start;    /* in the output */
    size_t failures; /* refused memory before */
};
/* How often memory was refused to what the JSON is made with: it may then lack something. */
size_t native_failures(const struct native *);
/* What native_remembers does where the hint is wrong. */
__attribute__((noinline)) bool native_remembers_elsewhere(struct native *, struct writer *,
                                                          struct native_memo *);
/* True when the memo had the JSON: it is written. Else the caller writes it, and calls native_remember. */
__attribute__((always_inline)) static inline bool native_remembers(struct native *native, struct writer *w,
                                                                   struct native_memo *memo) {
    struct slice json;
    uint16_t hint = memo->hint ? *memo->hint : native->recent[memo->key.kind];
    if (!memo_peek(native->memo, &memo->key, hint, &json)) {
        return native_remembers_elsewhere(native, w, memo);
    }
    if (json.len) {
        writer_json_slack(w, json);
    }
    return true;
}
/* What is written from here on is native_remember's. */
void native_begin_memo(const struct native *, const struct writer *, struct native_memo *);
void native_remember(struct native *, struct writer *, const struct native_memo *);
/* The memo's key for a field's line as it was sent; false where it was not kept in one piece. */
bool native_line_key(const struct header *, enum memo_kind, struct memo_key *);

/* Members with their comma before them, into room of the caller's: where they end. */

/* native_timing.c */
enum { NATIVE_TIMING_MOST = 64 + 14 * (sizeof(",\"connect_retries\":") + DIGITS_BYTES) };
uint8_t *native_put_timing(const struct native *, uint8_t *to, const struct timing *);

/* native_capture.c */
enum {
    NATIVE_TCP_SIDE_MOST = 32 + 12 * (sizeof(",\"fast_retransmits\":") + DIGITS_BYTES),
    NATIVE_TCP_MOST = 128 + 2 * NATIVE_TCP_SIDE_MOST,
};
uint8_t *native_put_tcp(const struct native *, uint8_t *to, const struct transaction *,
                        const struct timing *);
/* `capture`. */
void native_write_capture(struct native *, struct writer *, const struct transaction *);

/* native_rest.c */

/* The record from `headers` of the request on, where it is remembered: true when it is written. Else the
 * caller writes it; holes that are noted meanwhile are what native_end_rest remembers it by. */
bool native_begin_rest(struct native *, struct writer *, const struct transaction *, const struct timing *);
void native_end_rest(struct native *, const struct writer *, const struct transaction *);
/* Is the response's field of that name to be a hole? */
bool native_has_hole(const struct native *, const struct semantics *, enum field_name);
/* What stands in the output from `from` to `to` is the transaction's own. */
void native_add_hole(struct native *, struct rest_hole, size_t from, size_t to);
static inline void native_note_hole(struct native *native, struct rest_hole hole, size_t from, size_t to) {
    if (__builtin_expect(native->rest.noted, 0)) {
        native_add_hole(native, hole, from, to);
    }
}

/* native.c */

/* `timing`, `tcp`, `pairing` and `capture`. */
void native_write_course(struct native *, struct writer *, const struct transaction *, const struct timing *);

/* native_fields.c */

/* A field's value and the end of its object; NATIVE_VALUE_ROOM(its length) is there. */
#define NATIVE_VALUE_ROOM(len) (PLAIN_VALUE_MOST(len) + PEN_STEP)
void native_write_value(struct native *, struct writer *, const struct header *, struct mask_kind);

/* The value that stands in the record already. */
void native_copy_shown(struct writer *, const struct native_shown *);
/* `headers`: the head's fields as an array. `like`: NULL where nothing is known of it. */
void native_write_head(struct native *, struct writer *, const struct header_list *,
                       const struct known_likeness *like, bool response);
/* The same of a list that is seldom there. */
void native_write_fields(struct native *, struct writer *, const struct header_list *);

/* native_ends.c */

/* Asks for what native_write_ends will need, which was last used when the connection had its last record. */
void native_foresee_ends(const struct native *, const struct connection *);
/* `network`, `client` and `server`; `path` is that of the packets. */
void native_write_ends(struct native *, struct writer *, const struct transaction *,
                       const struct packet_path *path);

/* native_url.c */

/* `url` and the beginning of `http` up to the target's form, for messages whose request was seen: true when
 * nothing was odd. Else nothing is written, and url_make and the following do the same. */
bool native_begin_usual(struct native *, struct writer *, const struct transaction *);
/* `url`; native->url has been made. */
void native_write_url(struct native *, struct writer *);

/* native_http.c */

/* `http`, of which native_begin_usual has `begun`, or for which native->url has been made. */
void native_write_http(struct native *, struct writer *, const struct transaction *, bool begun);
/* `user_agent`. */
void native_write_user_agent(struct native *, struct writer *, const struct transaction *);

#endif
