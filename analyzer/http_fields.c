/* SPDX-License-Identifier: Apache-2.0 */
/* A head's field lines, many at once: mostly they are those of a head that is known. */
#include "analyzer/http_side.h"
#include "analyzer/known_head.h"

/* Is the message's first field at the front of `in`, and are they to be kept? Then *reach is as much as may
 * be looked at. */
static bool begins_fields(const struct side *side, struct slice in, struct slice *reach) {
    const struct header_list *headers = &side->message->headers;
    return side->transaction && headers->count == 0 && headers->dropped == 0 &&
           h1_begins_field(&side->h1, in, reach);
}

bool http_take_fields(struct http_conn *conn, struct side *side, bool response, struct slice *in) {
    enum { AT_ONCE = 32 };
    struct http_message *m = side->message;
    if (m->major == 0 || (response && http_response_is_interim(m))) {
        return false; /* each field of these is a case of its own */
    }
    struct known_heads *heads = conn->environment->heads;
    const struct limits *limits = conn->environment->limits;
    struct slice reach;
    const bool first = heads && begins_fields(side, *in, &reach);
    size_t len = first ? known_heads_take(heads, m, side->transaction, limits, response, reach) : 0;
    if (len) {
        h1_take_fields(&side->h1, in, len);
        return true;
    }
    struct h1_field fields[AT_ONCE];
    size_t count = h1_next_fields(&side->h1, in, fields, AT_ONCE);
    message_fields(m, fields, count, side->transaction, limits);
    if (count && first) {
        known_heads_meet(heads, m, response, reach);
    }
    return count > 0;
}
