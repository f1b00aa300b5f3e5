/* SPDX-License-Identifier: Apache-2.0 */
/* `url`, and the request line that it is made of. */
#include "output/native.h"
#include "output/pen.h"

#define WRITE_PART(w, url, part)                                                                             \
    do {                                                                                                     \
        if ((url)->has_##part) {                                                                             \
            WRITER_KEY((w), #part);                                                                          \
            (void)writer_string((w), (url)->part);                                                           \
        }                                                                                                    \
    } while (0)

/* A part that is known to need no escape. */
#define PUT_PART(to, url, part)                                                                              \
    do {                                                                                                     \
        if ((url)->has_##part) {                                                                             \
            PEN_TEXT((to), "\"" #part "\":\"");                                                              \
            (to) = slice_put((url)->part, (to));                                                             \
            PEN_TEXT((to), "\",");                                                                           \
        }                                                                                                    \
    } while (0)

/* The whole at once, which mostly needs no escape; then no part of it does. False where there is no whole, or
 * one that needs one. */
static bool write_clean_url(struct writer *w, const struct url *url) {
    enum { KEYS = 96 + PEN_MEMBER_BYTES("port") };
    if (!url->has_full) {
        return false;
    }
    size_t parts = url->full.len + url->scheme.len + url->domain.len + (url->has_path ? url->path.len : 0) +
                   (url->has_query ? url->query.len : 0);
    uint8_t *to = pen_open(w, KEYS + parts);
    if (!to) {
        return true; /* the record does not fit */
    }
    PEN_TEXT(to, "\"url\":{\"full\":\"");
    to = writer_clean(to, url->full);
    if (!to) {
        return false;
    }
    PEN_TEXT(to, "\",");
    PUT_PART(to, url, scheme);
    PUT_PART(to, url, domain);
    if (url->has_port) {
        PEN_UNSIGNED(to, "port", url->port);
    }
    PUT_PART(to, url, path);
    PUT_PART(to, url, query);
    pen_close(w, pen_end(to, '}'));
    return true;
}

void native_write_url(struct native *native, struct writer *w) {
    const struct url *url = &native->url;
    if (!url->has_full && !url->has_scheme && !url->has_domain && !url->has_path) {
        return;
    }
    if (write_clean_url(w, url)) {
        return;
    }
    WRITER_KEY(w, "url");
    writer_begin_object(w);
    WRITE_PART(w, url, full);
    WRITE_PART(w, url, scheme);
    WRITE_PART(w, url, domain);
    if (url->has_port) {
        WRITER_KEY(w, "port");
        writer_unsigned(w, url->port);
    }
    WRITE_PART(w, url, path);
    WRITE_PART(w, url, query);
    writer_end_object(w);
}

/* Where the origin of that host is kept. */
static struct native_origin *origin_at(struct native *native, struct slice host) {
    uint64_t end = bytes_word(host.ptr + host.len - sizeof end);
    return &native->origins[(end ^ host.len) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - NATIVE_ORIGIN_BITS)];
}

/* The host is 8 to NATIVE_HOST_MOST bytes, and the request's domain. False where something of it has to be
 * masked or escaped. */
__attribute__((noinline)) static bool learn_origin(struct native *native, struct native_origin *origin,
                                                   struct slice host) {
    uint8_t clean[NATIVE_HOST_MOST];
    origin->host_len = 0;
    if ((native->mask && !mask_shows_url(native->mask, host)) || !writer_clean(clean, host)) {
        return false;
    }
    uint8_t *to = origin->full;
    PEN_TEXT(to, ",\"url\":{\"full\":\"http://");
    to = slice_put(host, to);
    origin->full_len = (uint16_t)(to - origin->full);
    to = origin->parts;
    PEN_TEXT(to, "\",\"scheme\":\"http\",\"domain\":\"");
    to = slice_put(host, to);
    PEN_TEXT(to, "\",\"port\":80,\"path\":\"");
    origin->parts_len = (uint16_t)(to - origin->parts);
    memcpy(origin->host, host.ptr, host.len);
    origin->host_len = (uint16_t)host.len;
    return true;
}

/* What is known of the Host, where it is a host alone that is shown as it is, and the target a path that
 * nothing has to be masked in; else NULL. */
static const struct native_origin *plain_origin(struct native *native, const struct transaction *t) {
    const struct target *target = &t->target;
    struct slice raw = t->request.line[1], host = target->domain;
    struct slice last = target->has_query ? target->query : target->path;
    if (target->form != TARGET_ORIGIN || raw.len == 0 || !last.ptr || host.len < sizeof(uint64_t) ||
        host.len > NATIVE_HOST_MOST || target->has_port || target->domain_is_ipv6 || target->oddities ||
        last.ptr + last.len != raw.ptr + raw.len) {
        return NULL;
    }
    if (native->mask && (native->mask->headers || !mask_shows_url(native->mask, raw))) {
        return NULL;
    }
    struct native_origin *origin = origin_at(native, host);
    bool known = origin->host_len == host.len && memo_same(origin->host, host);
    return known || learn_origin(native, origin, host) ? origin : NULL;
}

/* A stretch of the output again; PEN_STEP bytes behind it are written, too. */
static uint8_t *put_again(uint8_t *to, const uint8_t *from, size_t len) {
    writer_copy(to, from, len);
    return to + len;
}

bool native_begin_usual(struct native *native, struct writer *w, const struct transaction *t) {
    enum { KEYS = 192, TIMES = 4 /* that bytes of the target stand there, at most */ };
    struct slice method = t->request.line[0], raw = t->request.line[1];
    if (native->url.no_parts || native->url.no_full || !slice_is(t->request.line[2], "HTTP/1.1")) {
        return false;
    }
    const struct native_origin *origin = plain_origin(native, t);
    uint8_t *to = origin ? pen_go_on(w, KEYS + 2 * sizeof origin->full + method.len + TIMES * raw.len) : NULL;
    if (!to) {
        return false;
    }
    to = put_again(to, origin->full, origin->full_len);
    const uint8_t *path = to;
    to = writer_clean(to, raw);
    if (!to) {
        return false;
    }
    to = put_again(to, origin->parts, origin->parts_len);
    to = put_again(to, path, t->target.path.len);
    if (t->target.has_query) {
        PEN_TEXT(to, "\",\"query\":\"");
        to = put_again(to, path + t->target.path.len + 1, t->target.query.len);
    }
    PEN_TEXT(to, "\"},\"http\":{\"version\":\"1.1\",\"request\":{\"method\":\"");
    to = writer_clean(to, method);
    if (!to) {
        return false;
    }
    PEN_TEXT(to, "\",\"target\":\"");
    to = put_again(to, path, raw.len);
    PEN_TEXT(to, "\",\"target_form\":\"origin\"");
    pen_close(w, to);
    return true;
}
