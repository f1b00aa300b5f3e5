/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/framing.h"

#include "analyzer/h1_syntax.h"

/* Takes the first member off a comma-separated list (RFC 9110 section 5.6.1). False when the list is used up.
 */
static bool next_member(struct slice *list, struct slice *member) {
    if (list->ptr == NULL) {
        return false;
    }
    size_t comma = slice_find(*list, ',');
    *member = slice_trim(slice_first(*list, comma));
    *list = comma < list->len ? slice_after(*list, comma + 1) : slice_make(NULL, 0);
    return true;
}

/* 1*DIGIT; `*too_big` when the number exceeds 2^63 - 1. */
static bool read_length(struct slice s, uint64_t *value, bool *too_big) {
    *value = 0;
    *too_big = false;
    for (size_t i = 0; i < s.len; i++) {
        if (!h1_is(s.ptr[i], H1_DIGIT)) {
            return false;
        }
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        *too_big = *too_big || *value > ((uint64_t)INT64_MAX - digit) / 10;
        *value = *too_big ? 0 : *value * 10 + digit;
    }
    return s.len > 0;
}

static void add_length(struct framing_fields *f, struct slice member) {
    f->length_count++;
    uint64_t value;
    bool too_big;
    if (!read_length(member, &value, &too_big)) {
        f->oddities |= FRAMING_ODD_LENGTH_SYNTAX;
    } else if (too_big) {
        f->oddities |= FRAMING_ODD_LENGTH_OVERFLOW;
    } else if (!f->length_valid) {
        f->length_valid = true;
        f->length = value;
        return;
    } else {
        f->oddities |= value == f->length ? FRAMING_ODD_LENGTH_REPEATED : FRAMING_ODD_LENGTH_CONFLICT;
    }
}

static void content_length(struct framing_fields *f, struct slice value) {
    if (value.len == 0) {
        f->length_count++;
        f->oddities |= FRAMING_ODD_LENGTH_SYNTAX;
        return;
    }
    struct slice member;
    while (next_member(&value, &member)) {
        if (member.len) {
            add_length(f, member);
        } else {
            f->oddities |= FRAMING_ODD_LENGTH_SYNTAX;
        }
    }
}

/* The registered ones (RFC 9112 sections 7.1 and 7.2), all without parameters. */
static bool is_known_coding(struct slice s) {
    return slice_is_nocase(s, "gzip") || slice_is_nocase(s, "deflate") || slice_is_nocase(s, "compress") ||
           slice_is_nocase(s, "x-gzip") || slice_is_nocase(s, "x-compress");
}

static void transfer_encoding(struct framing_fields *f, struct slice value) {
    struct slice member;
    bool named = false;
    while (next_member(&value, &member)) {
        if (member.len == 0) {
            continue;
        }
        named = true;
        if (slice_is_nocase(member, "identity")) {
            f->oddities |= FRAMING_ODD_CODING_UNKNOWN;
            continue;
        }
        f->coding_count++;
        f->chunked_last = slice_is_nocase(member, "chunked");
        if (f->chunked_last) {
            f->oddities |= f->chunked_count++ ? FRAMING_ODD_CHUNKED_TWICE : 0;
        } else if (!is_known_coding(member)) {
            f->oddities |= FRAMING_ODD_CODING_UNKNOWN;
        }
    }
    f->oddities |= named ? 0 : FRAMING_ODD_CODING_UNKNOWN;
}

static void connection(struct framing_fields *f, struct slice value) {
    struct slice member;
    while (next_member(&value, &member)) {
        f->connection_close = f->connection_close || slice_is_nocase(member, "close");
        f->connection_keep_alive = f->connection_keep_alive || slice_is_nocase(member, "keep-alive");
        f->connection_upgrade = f->connection_upgrade || slice_is_nocase(member, "upgrade");
    }
}

static void expect(struct framing_fields *f, struct slice value) {
    struct slice member;
    while (next_member(&value, &member)) {
        f->expect_continue = f->expect_continue || slice_is_nocase(member, "100-continue");
    }
}

void framing_field(struct framing_fields *f, struct slice name, struct slice value) {
    switch (name.len) {
    case 4:
        f->host_count += slice_is_nocase(name, "host");
        break;
    case 6:
        if (slice_is_nocase(name, "expect")) {
            expect(f, value);
        }
        break;
    case 7:
        f->upgrade = f->upgrade || slice_is_nocase(name, "upgrade");
        break;
    case 10:
        if (slice_is_nocase(name, "connection")) {
            connection(f, value);
        }
        break;
    case 14:
        if (slice_is_nocase(name, "content-length")) {
            content_length(f, value);
        }
        break;
    case 17:
        if (slice_is_nocase(name, "transfer-encoding")) {
            transfer_encoding(f, value);
        }
        break;
    default:
        break;
    }
}

static bool is_before_1_1(unsigned major, unsigned minor) {
    return (major == 1 && minor == 0) || (major == 0 && minor == 9);
}

static void note_codings(struct framing_fields *f, unsigned major, unsigned minor) {
    if (f->coding_count == 0) {
        return;
    }
    if (f->length_count) {
        f->oddities |= FRAMING_ODD_BOTH;
    }
    if (!f->chunked_last) {
        f->oddities |= FRAMING_ODD_NOT_CHUNKED_LAST;
    }
    if (is_before_1_1(major, minor)) {
        f->oddities |= FRAMING_ODD_TE_IN_1_0;
    }
}

static struct h1_framing make(enum h1_framing_kind kind) {
    return (struct h1_framing){.kind = kind};
}

static struct h1_framing of_length(const struct framing_fields *f) {
    return (struct h1_framing){.kind = H1_BODY_LENGTH, .length = f->length};
}

struct h1_framing framing_of_request(struct framing_fields *f, unsigned major, unsigned minor,
                                     struct slice method) {
    (void)method; /* no method changes how a request is framed; CONNECT's body is odd, yet framed alike */
    note_codings(f, major, minor);
    if (f->coding_count && f->chunked_last) {
        return make(H1_BODY_CHUNKED);
    }
    return f->length_valid ? of_length(f) : make(H1_BODY_NONE);
}

struct h1_framing framing_of_response(struct framing_fields *f, unsigned major, unsigned minor,
                                      struct slice method, unsigned status) {
    bool informational = status >= 100 && status <= 199;
    bool connected = status >= 200 && status <= 299 && slice_is(method, "CONNECT");
    note_codings(f, major, minor);
    if ((informational || status == 204 || connected) && (f->length_count || f->coding_count)) {
        f->oddities |= FRAMING_ODD_FORBIDDEN;
    }
    if (status == 101 || connected) {
        return make(H1_BODY_TUNNEL);
    }
    if (informational || status == 204 || status == 304 || slice_is(method, "HEAD")) {
        return make(H1_BODY_NONE);
    }
    if (f->coding_count) {
        return make(f->chunked_last ? H1_BODY_CHUNKED : H1_BODY_CLOSE);
    }
    return f->length_valid ? of_length(f) : make(H1_BODY_CLOSE);
}

bool framing_persists(const struct framing_fields *f, unsigned major, unsigned minor) {
    if (f->connection_close || major == 0) {
        return false;
    }
    return f->connection_keep_alive || !is_before_1_1(major, minor);
}
