/* SPDX-License-Identifier: Apache-2.0 */
/* What a message's content is (RFC 9110 section 8: type, coding, language; RFC 6266: disposition), and how
 * the response answers what the request asked for (section 12; RFC 2295 and 3229). Slices are views of the
 * fields. Pure functions. */
#ifndef HARK_ANALYZER_SEMANTICS_CONTENT_H
#define HARK_ANALYZER_SEMANTICS_CONTENT_H

#include "analyzer/field_index.h"
#include "analyzer/media_type.h"

enum { CONTENT_LIST_KEPT = 4 };

/* A list, of which the first members are kept. */
struct content_list {
    uint32_t count;
    struct slice items[CONTENT_LIST_KEPT];
};

struct content_disposition {
    struct slice type;              /* "attachment"; empty without the field */
    struct slice filename;          /* quotes off, backslashes kept */
    struct slice filename_extended; /* of filename*: percent-encoded (RFC 8187); goes before filename */
    bool extended_is_latin1;        /* its charset is ISO-8859-1, else UTF-8 */
};

struct message_content {
    bool has_type; /* Content-Type is there */
    struct media_type media;
    struct content_list codings;   /* in the order applied */
    struct content_list languages; /* of the audience */
    struct content_disposition disposition;
};

/* The weight in thousandths that the request gives what the response has: 0 is "not acceptable". */
enum { WEIGHT_UNKNOWN = -1 /* not asked for, or the response does not say what it has */ };

struct semantics_content {
    struct message_content request, response;
    int type_weight;     /* Accept (section 12.5.1) */
    int charset_weight;  /* Accept-Charset (section 12.5.2) */
    int coding_weight;   /* Accept-Encoding (section 12.5.3); of several codings the least */
    int language_weight; /* Accept-Language (section 12.5.4); of several languages the most */
    bool transparent;    /* the request offers transparent negotiation: Negotiate (RFC 2295 section 8.4) */
    struct content_list tcn;                 /* TCN: "list", "choice" ... (section 8.5) */
    struct content_list manipulations_asked; /* A-IM (RFC 3229 section 10.5.3) */
    struct content_list manipulations;       /* IM: done to what a 226 carries */
};

/* `has_content`: the response carries content, so that a coding that it does not name is none. */
void semantics_content_read(struct semantics_content *, const struct field_index *request,
                            const struct field_index *response, bool has_content);

#endif
