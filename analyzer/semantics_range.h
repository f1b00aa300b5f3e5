/* SPDX-License-Identifier: Apache-2.0 */
/* Range requests (RFC 9110 section 14): what was asked, what was served, and whether the one fits the other.
 * The parts of a multipart/byteranges body are not looked into. Slices are views of the fields. Pure
 * functions.
 */
#ifndef HARK_ANALYZER_SEMANTICS_RANGE_H
#define HARK_ANALYZER_SEMANTICS_RANGE_H

#include "analyzer/field_value.h"

/* One of the ranges asked for (section 14.1.2). Numbers beyond 2^63 - 1 are that. */
struct byte_range {
    bool suffix;          /* the last `first` bytes: "-500" */
    bool has_last;        /* "0-499"; without it "500-" */
    uint64_t first, last; /* what is beyond 2^63 - 1 is that */
};

enum { BYTE_RANGES = 16 };

enum if_range { IF_RANGE_NONE, IF_RANGE_ETAG, IF_RANGE_DATE, IF_RANGE_WEAK, IF_RANGE_MALFORMED };
const char *if_range_name(enum if_range); /* "etag", "date", "weak_etag", "malformed"; NULL for none */

enum range_outcome {
    RANGE_UNKNOWN,       /* not asked for, or answered by something else */
    RANGE_PARTIAL,       /* 206, one part */
    RANGE_MULTIPART,     /* 206, multipart/byteranges */
    RANGE_WHOLE,         /* 200: a server may ignore Range (14.2), and must when If-Range is false */
    RANGE_UNSATISFIABLE, /* 416 */
};
const char *range_outcome_name(enum range_outcome); /* "partial", ...; NULL for unknown */

enum range_problem {
    RANGE_NOT_ASKED,            /* 206 without a Range that may be served: none, malformed, not with GET */
    RANGE_OTHER,                /* the part served is not within what was asked */
    RANGE_MULTIPART_FOR_ONE,    /* several parts though one range was asked (15.3.7.2) */
    RANGE_LENGTH,               /* the content has another length than Content-Range says */
    RANGE_CONTENT_MISSING,      /* 206 of one part without Content-Range (15.3.7.1) */
    RANGE_CONTENT_MALFORMED,    /* Content-Range that can't be read, or contradicts itself (14.4) */
    RANGE_CONTENT_IN_MULTIPART, /* multipart with a Content-Range of its own (15.3.7.2) */
    RANGE_CONTENT_UNEXPECTED,   /* Content-Range on what is neither 206 nor 416 */
    RANGE_SATISFIABLE,          /* 416 though the length that it names would satisfy the one range asked */
    RANGE_IF_RANGE_ALONE,       /* If-Range without Range (13.1.5) */
    RANGE_IF_RANGE_WEAK,        /* If-Range with a weak entity tag */
    RANGE_IF_RANGE_FALSE,       /* 206 with another validator than If-Range names */
    RANGE_PROBLEMS,
};
const char *range_problem_name(enum range_problem); /* "not_asked", ... */

struct semantics_range {
    bool asked;        /* Range is there */
    bool asked_legal;  /* by the grammar; of other units than bytes only the unit is read */
    bool bytes;        /* the unit is bytes */
    struct slice unit; /* empty where it can't be read */
    struct byte_range ranges[BYTE_RANGES];
    uint32_t count, dropped;
    enum if_range if_range;
    enum range_outcome outcome;
    bool foreign;               /* Content-Range counts in another unit than bytes: what, is not told */
    bool has_served, has_total; /* a legal Content-Range in bytes says it */
    bool beyond;                /* ... with positions beyond 2^63 - 2, of which nothing more is said */
    uint64_t first, last, total;
    bool subset;          /* one range was asked, and less of it served than there is */
    struct slice accepts; /* Accept-Ranges; empty without one */
    bool judged;          /* 206 or 416, or there is a problem */
    uint32_t problems;    /* bits of enum range_problem */
};

struct semantics;
struct transaction;

/* semantics->caching must have been read. */
void semantics_range_read(struct semantics_range *, const struct semantics *, const struct transaction *);

#endif
