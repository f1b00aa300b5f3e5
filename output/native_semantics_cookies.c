/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/http_date.h"
#include "output/mask.h"
#include "output/native_semantics_parts.h"
#include "output/pen.h"

/* What is written of names as they are mostly. NULL where one is not. */
static uint8_t *put_names(const struct native *native, uint8_t *to, const struct semantics_cookies *c) {
    PEN_TEXT(to, "\"names\":[");
    for (uint32_t i = 0; i < c->names_kept; i++) {
        *to = '"';
        to = native_put_shown(native, to + 1, c->sent[i]);
        if (!to) {
            return NULL;
        }
        PEN_TEXT(to, "\",");
    }
    to = pen_end(to, ']');
    *to = ',';
    return to + 1;
}

/* `sent` at once; false where it can't be. */
static bool write_usual_sent(const struct native *native, struct writer *w,
                             const struct semantics_cookies *c) {
    enum { MOST = 32 + 2 * PEN_MEMBER_BYTES("nameless"), AROUND_NAME = 3 };
    size_t names = 0;
    for (uint32_t i = 0; i < c->names_kept; i++) {
        names += c->sent[i].len + AROUND_NAME;
    }
    uint8_t *to = pen_open(w, MOST + names);
    if (!to) {
        return false;
    }
    PEN_TEXT(to, "\"sent\":{");
    PEN_UNSIGNED(to, "count", c->sent_count);
    to = c->names_kept ? put_names(native, to, c) : to;
    if (!to) {
        return false;
    }
    if (c->sent_nameless) {
        PEN_UNSIGNED(to, "nameless", c->sent_nameless);
    }
    pen_close(w, pen_end(to, '}'));
    return true;
}

static void write_sent(struct native *native, struct writer *w, const struct semantics_cookies *c) {
    WRITER_KEY(w, "sent");
    writer_begin_object(w);
    WRITER_KEY(w, "count");
    writer_unsigned(w, c->sent_count);
    if (c->names_kept) {
        WRITER_KEY(w, "names");
        writer_begin_array(w);
        for (uint32_t i = 0; i < c->names_kept; i++) {
            native_write_shown(native, w, c->sent[i]);
        }
        writer_end_array(w);
    }
    if (c->sent_nameless) {
        WRITER_KEY(w, "nameless");
        writer_unsigned(w, c->sent_nameless);
    }
    writer_end_object(w);
}

/* An attribute's value. Where it looks like a pair itself it may be a part of the cookie's. */
static void write_attribute(struct native *native, struct writer *w, struct slice value) {
    bool odd = slice_find(value, '=') < value.len || slice_find(value, '%') < value.len;
    if (odd && (native->mask && native->mask->secrets)) {
        writer_text(w, MASK_MARK);
    } else {
        native_write_shown(native, w, value);
    }
}

/* Name, domain and path as they are mostly. NULL where one is not. */
static uint8_t *put_scope(const struct native *native, uint8_t *to, const struct set_cookie *c) {
    if (c->name.len) {
        PEN_TEXT(to, "\"name\":\"");
        to = native_put_shown(native, to, c->name);
        if (!to) {
            return NULL;
        }
        PEN_TEXT(to, "\",");
    }
    if (c->domain.len) {
        PEN_TEXT(to, "\"domain\":\"");
        to = native_put_shown(native, to, c->domain);
        if (!to) {
            return NULL;
        }
        PEN_TEXT(to, "\",");
    }
    if (c->path.len) {
        PEN_TEXT(to, "\"path\":\"");
        to = native_put_shown(native, to, c->path);
        if (!to) {
            return NULL;
        }
        PEN_TEXT(to, "\",");
    }
    return to;
}

/* The brace, name, domain and path. */
static void begin_set_cookie(struct native *native, struct writer *w, const struct set_cookie *c) {
    enum { KEYS = 48 };
    uint8_t *to = pen_open(w, KEYS + c->name.len + c->domain.len + c->path.len);
    if (to) {
        *to++ = '{';
        to = put_scope(native, to, c);
    }
    if (to) {
        to -= to[-1] == ',';
        pen_close(w, to);
        w->comma = to[-1] != '{';
        return;
    }
    writer_begin_object(w);
    if (c->name.len) {
        WRITER_KEY(w, "name");
        native_write_shown(native, w, c->name);
    }
    if (c->domain.len) {
        WRITER_KEY(w, "domain");
        write_attribute(native, w, c->domain);
    }
    if (c->path.len) {
        WRITER_KEY(w, "path");
        write_attribute(native, w, c->path);
    }
}

/* Of any year that a cookie's date may have, which a time in nanoseconds can't hold. */
static uint8_t *put_expires(uint8_t *to, int64_t seconds) {
    PEN_TEXT(to, "\"expires\":\"");
    http_date_text(seconds, (char *)to);
    to += HTTP_DATE_TEXT_BYTES - 1; /* its Z */
    PEN_TEXT(to, ".000000000Z\",");
    return to;
}

static uint8_t *put_lifetime(uint8_t *to, const struct set_cookie *c) {
    if (c->has_max_age) {
        PEN_SIGNED(to, "max_age", c->max_age);
    }
    to = c->has_expires ? put_expires(to, c->expires) : to;
    switch (c->lifetime) {
    case COOKIE_SESSION:
        PEN_TEXT(to, "\"lifetime\":\"session\",");
        break;
    case COOKIE_PERSISTENT:
        PEN_TEXT(to, "\"lifetime\":\"persistent\",");
        break;
    case COOKIE_REMOVED:
        PEN_TEXT(to, "\"lifetime\":\"removed\",");
        break;
    }
    return to;
}

static uint8_t *put_same_site(uint8_t *to, enum same_site same_site) {
    const char *name = same_site_name(same_site);
    if (name) {
        PEN_TEXT(to, "\"same_site\":\"");
        to = slice_put(slice_of(name), to);
        PEN_TEXT(to, "\",");
    }
    return to;
}

/* From the lifetime on. */
static void write_flags(struct writer *w, const struct set_cookie *c) {
    enum { MOST = 192 + PEN_MEMBER_BYTES("max_age") + TIME_TEXT_BYTES };
    uint8_t *to = pen_open(w, MOST);
    if (!to) {
        return;
    }
    to = put_lifetime(to, c);
    if (c->secure) {
        PEN_TEXT(to, "\"secure\":true,");
    } else {
        PEN_TEXT(to, "\"secure\":false,");
    }
    if (c->http_only) {
        PEN_TEXT(to, "\"http_only\":true,");
    } else {
        PEN_TEXT(to, "\"http_only\":false,");
    }
    to = put_same_site(to, c->same_site);
    if (c->partitioned) {
        PEN_TEXT(to, "\"partitioned\":true,");
    }
    pen_close(w, to - 1);
}

static void write_oddities(struct writer *w, uint32_t oddities) {
    WRITER_KEY(w, "problems");
    writer_begin_array(w);
    for (unsigned bit = 0; bit < COOKIE_ODDITIES; bit++) {
        if (oddities >> bit & 1) {
            writer_text(w, cookie_oddity_name(bit));
        }
    }
    writer_end_array(w);
}

static void write_set_cookie(struct native *native, struct writer *w, const struct set_cookie *c) {
    begin_set_cookie(native, w, c);
    write_flags(w, c);
    if (c->oddities) {
        write_oddities(w, c->oddities);
    }
    writer_end_object(w);
}

void native_write_semantics_cookies(struct native *native, struct writer *w,
                                    const struct semantics_cookies *c) {
    if (!c->sent_count && !c->set_count) {
        return;
    }
    WRITER_KEY(w, "cookies");
    writer_begin_object(w);
    if (c->sent_count && !write_usual_sent(native, w, c)) {
        write_sent(native, w, c);
    }
    if (c->set_count) {
        uint32_t kept = c->set_count < COOKIES_KEPT ? c->set_count : COOKIES_KEPT;
        WRITER_KEY(w, "set");
        writer_begin_array(w);
        for (uint32_t i = 0; i < kept; i++) {
            write_set_cookie(native, w, &c->set[i]);
        }
        writer_end_array(w);
        if (c->set_count > kept) {
            WRITER_KEY(w, "set_dropped");
            writer_unsigned(w, c->set_count - kept);
        }
    }
    writer_end_object(w);
}
