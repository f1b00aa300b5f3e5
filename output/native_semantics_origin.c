/* SPDX-License-Identifier: Apache-2.0 */
#include "output/native_semantics_parts.h"

/* A member whose text is not empty. */
#define WRITE_TEXT(native, w, key, text)                                                                     \
    do {                                                                                                     \
        if ((text).len) {                                                                                    \
            WRITER_KEY((w), key);                                                                            \
            native_write_shown((native), (w), (text));                                                       \
        }                                                                                                    \
    } while (0)

/* "scheme://host:port"; one that is longer than any is left out. */
static void write_origin(struct native *native, struct writer *w, const char *key,
                         const struct web_origin *o) {
    uint8_t text[512], *to = text;
    if (o->kind == ORIGIN_OPAQUE) {
        writer_key(w, key);
        writer_text(w, "null");
        return;
    }
    if (o->kind != ORIGIN_TUPLE || o->scheme.len + o->host.len > sizeof text - sizeof "://:65535") {
        return;
    }
    to = slice_put(o->scheme, to);
    to = slice_put(slice_of("://"), to);
    to = slice_put(o->host, to);
    if (o->has_port) {
        uint8_t digits[5];
        size_t count = 0;
        unsigned port = o->port;
        do {
            digits[count++] = (uint8_t)('0' + port % 10);
            port /= 10;
        } while (port);
        *to++ = ':';
        while (count) {
            *to++ = digits[--count];
        }
    }
    writer_key(w, key);
    native_write_shown_url(native, w, slice_make(text, (size_t)(to - text)));
}

static void write_relation(struct writer *w, const char *key, enum origin_relation relation) {
    if (origin_relation_name(relation)) {
        writer_key(w, key);
        writer_text(w, origin_relation_name(relation));
    }
}

static void write_verdict(struct writer *w, const char *key, enum verdict verdict) {
    if (verdict != VERDICT_UNKNOWN) {
        writer_key(w, key);
        writer_bool(w, verdict == VERDICT_YES);
    }
}

static bool has_cors(const struct cors *cors) {
    return cors->preflight || cors->allow != ALLOW_ABSENT || cors->allow_credentials ||
           cors->origin_allowed != VERDICT_UNKNOWN || cors->has_max_age;
}

static void write_cors(struct native *native, struct writer *w, const struct cors *cors) {
    WRITER_KEY(w, "cors");
    writer_begin_object(w);
    WRITER_KEY(w, "preflight");
    writer_bool(w, cors->preflight);
    if (cors->preflight) {
        WRITE_TEXT(native, w, "requested_method", cors->requested_method);
        WRITE_TEXT(native, w, "requested_headers", cors->requested_headers);
    }
    if (cors->allow == ALLOW_ANY) {
        WRITER_RAW(w, "\"allow_origin\":\"*\"");
    } else if (cors->allow == ALLOW_MALFORMED) {
        WRITER_RAW(w, "\"allow_origin_malformed\":true");
    } else if (cors->allow == ALLOW_ONE) {
        write_origin(native, w, "allow_origin", &cors->allowed);
    }
    if (cors->allow_credentials) {
        WRITER_RAW(w, "\"allow_credentials\":true");
    }
    write_verdict(w, "origin_allowed", cors->origin_allowed);
    write_verdict(w, "method_allowed", cors->method_allowed);
    write_verdict(w, "headers_allowed", cors->headers_allowed);
    if (cors->has_max_age) {
        WRITER_KEY(w, "max_age");
        writer_unsigned(w, cors->max_age);
    }
    writer_end_object(w);
}

void native_write_semantics_origin(struct native *native, struct writer *w,
                                   const struct semantics_origin *o) {
    bool cors = has_cors(&o->cors), origin = o->origin.kind != ORIGIN_ABSENT;
    bool fetch = o->fetch_site.len || o->fetch_mode.len || o->fetch_destination.len || o->fetch_user;
    if (!cors && !origin && !fetch && !o->has_referrer) {
        return;
    }
    const size_t empty = w->out->len;
    const bool comma = w->comma;
    WRITER_KEY(w, "origin");
    writer_begin_object(w);
    const size_t begun = w->out->len;
    write_origin(native, w, "origin", &o->origin);
    if (o->origin.kind == ORIGIN_MALFORMED) {
        WRITER_RAW(w, "\"origin_malformed\":true");
    }
    write_relation(w, "origin_relation", o->origin_relation);
    write_origin(native, w, "referrer_origin", &o->referrer);
    write_relation(w, "referrer_relation", o->referrer_relation);
    WRITE_TEXT(native, w, "fetch_site", o->fetch_site);
    WRITE_TEXT(native, w, "fetch_mode", o->fetch_mode);
    WRITE_TEXT(native, w, "fetch_destination", o->fetch_destination);
    if (o->fetch_user) {
        WRITER_RAW(w, "\"fetch_user\":true");
    }
    if (cors) {
        write_cors(native, w, &o->cors);
    }
    if (w->out->len == begun) { /* a Referer that has no origin */
        w->out->len = empty;
        w->comma = comma;
        return;
    }
    writer_end_object(w);
}
