/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/limits.h"
#include "output/mask.h"
#include "output/native_semantics_parts.h"

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

static void write_lifetime(struct writer *w, const struct set_cookie *c) {
    static const char *const lifetimes[] = {
        [COOKIE_SESSION] = "session", [COOKIE_PERSISTENT] = "persistent", [COOKIE_REMOVED] = "removed"};
    if (c->has_max_age) {
        WRITER_KEY(w, "max_age");
        writer_signed(w, c->max_age);
    }
    if (c->has_expires && c->expires < INT64_MAX / NS_PER_SECOND && c->expires > INT64_MIN / NS_PER_SECOND) {
        WRITER_KEY(w, "expires");
        writer_time(w, c->expires * NS_PER_SECOND);
    }
    WRITER_KEY(w, "lifetime");
    writer_text(w, lifetimes[c->lifetime]);
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
    write_lifetime(w, c);
    WRITER_KEY(w, "secure");
    writer_bool(w, c->secure);
    WRITER_KEY(w, "http_only");
    writer_bool(w, c->http_only);
    if (same_site_name(c->same_site)) {
        WRITER_KEY(w, "same_site");
        writer_text(w, same_site_name(c->same_site));
    }
    if (c->partitioned) {
        WRITER_RAW(w, "\"partitioned\":true");
    }
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
    if (c->sent_count) {
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
