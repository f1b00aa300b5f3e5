/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of field a name is of: by the four classes of HTTP's classic texts (RFC 1945, RFC 2616 sections
 * 4.5, 5.3, 6.2 and 7.1), and by what today's texts say it is about (the sections of RFC 9110 to 9112 and of
 * others). Constant data; any thread. */
#ifndef HARK_ANALYZER_FIELD_CATEGORY_H
#define HARK_ANALYZER_FIELD_CATEGORY_H

#include "analyzer/field_index.h"

/* Fields younger than the classes stand in the one that they would have been in: where they are sent says it.
 * Unknown fields are entity fields (RFC 2616 section 7.1). */
enum field_class {
    FIELD_CLASS_ENTITY,
    FIELD_CLASS_GENERAL,
    FIELD_CLASS_REQUEST,
    FIELD_CLASS_RESPONSE,
    FIELD_CLASSES,
};
const char *field_class_name(enum field_class); /* "entity", ... */

enum field_topic {
    FIELD_TOPIC_EXTENSION,        /* unknown, or about nothing of these */
    FIELD_TOPIC_MESSAGE,          /* RFC 9110 section 6.6 */
    FIELD_TOPIC_ROUTING,          /* section 7, RFC 7239 and other fields of intermediaries */
    FIELD_TOPIC_REPRESENTATION,   /* sections 8.3 to 8.7 */
    FIELD_TOPIC_VALIDATOR,        /* section 8.8 */
    FIELD_TOPIC_REQUEST_CONTEXT,  /* section 10.1 */
    FIELD_TOPIC_RESPONSE_CONTEXT, /* section 10.2 */
    FIELD_TOPIC_AUTHENTICATION,   /* section 11 */
    FIELD_TOPIC_NEGOTIATION,      /* section 12, RFC 2295, RFC 3229 */
    FIELD_TOPIC_CONDITIONAL,      /* section 13.1 */
    FIELD_TOPIC_RANGE,            /* section 14, If-Range */
    FIELD_TOPIC_CACHING,          /* RFC 9111, RFC 9211, RFC 9213 */
    FIELD_TOPIC_FRAMING,          /* RFC 9112 section 6 */
    FIELD_TOPIC_COOKIE,           /* RFC 6265 */
    FIELD_TOPIC_CORS,             /* the Fetch standard */
    FIELD_TOPIC_SECURITY,         /* RFC 6797, Content Security Policy, Fetch Metadata */
    FIELD_TOPIC_TRACE,            /* W3C Trace Context and its like */
    FIELD_TOPIC_WEBDAV,           /* RFC 4918 and its extensions */
    FIELD_TOPIC_WEBSOCKET,        /* RFC 6455 */
    FIELD_TOPICS,
};
const char *field_topic_name(enum field_topic); /* "request_context", ... */

enum field_class field_class_of(enum field_name);
enum field_topic field_topic_of(enum field_name);

/* The field lines of a head by class and by topic; either sums up to all of them. */
struct field_counts {
    uint32_t classes[FIELD_CLASSES];
    uint32_t topics[FIELD_TOPICS];
};
void field_counts_make(struct field_counts *, const struct field_index *);

#endif
