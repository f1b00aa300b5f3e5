/* SPDX-License-Identifier: Apache-2.0 */
#include "output/url.h"

#include "analyzer/semantics.h"

#include <stdio.h>

void url_init(struct url *url, size_t cap) {
    *url = (struct url){.has_full = false};
    buf_init(&url->target_text, cap);
    buf_init(&url->userinfo_text, cap);
    buf_init(&url->host_text, cap);
    buf_init(&url->domain_text, cap);
    buf_init(&url->path_text, cap);
    buf_init(&url->query_text, cap);
    buf_init(&url->full_text, cap);
}

void url_charge(struct url *url, struct memory *memory) {
    buf_charge(&url->target_text, memory);
    buf_charge(&url->userinfo_text, memory);
    buf_charge(&url->host_text, memory);
    buf_charge(&url->domain_text, memory);
    buf_charge(&url->path_text, memory);
    buf_charge(&url->query_text, memory);
    buf_charge(&url->full_text, memory);
}

void url_fini(struct url *url) {
    buf_fini(&url->target_text);
    buf_fini(&url->userinfo_text);
    buf_fini(&url->host_text);
    buf_fini(&url->domain_text);
    buf_fini(&url->path_text);
    buf_fini(&url->query_text);
    buf_fini(&url->full_text);
}

/* Does `part` begin inside the first `len` bytes of `whole`? */
static bool begins_within(struct slice part, struct slice whole, size_t len) {
    uintptr_t at = (uintptr_t)part.ptr, from = (uintptr_t)whole.ptr;
    return part.len > 0 && at >= from && at - from < len;
}

/* Where userinfo is so broken that masking and parsing read it differently, the parts that parsing found may
 * hold a piece of a password: then none is shown. */
static bool parts_are_safe(struct mask *mask, const struct target *target, struct slice source) {
    if (slice_find(source, '@') == source.len) {
        return true;
    }
    size_t hidden = mask_userinfo_end(mask, source);
    return !begins_within(target->domain, source, hidden) && !begins_within(target->path, source, hidden) &&
           !begins_within(target->query, source, hidden);
}

/* May the host be told? A Host that is no host may be anything; and one that names the URL's may have been
 * asked to be hidden. */
static bool may_tell_domain(struct url *url, const struct target *target, struct mask *mask) {
    bool from_host = target->form != TARGET_ABSOLUTE && target->form != TARGET_AUTHORITY;
    return !(from_host && mask->headers && mask_redacts_header(mask, slice_of("Host"))) &&
           !mask_holds_secret(mask, target->domain, &url->domain_text);
}

static void make_domain(struct url *url, const struct target *target, struct mask *mask) {
    struct slice host = mask ? mask_host(mask, target->domain, &url->host_text) : target->domain;
    url->domain = host;
    url->has_domain = true;
    if (target->domain_is_ipv6) {
        buf_clear(&url->domain_text);
        url->has_domain = buf_append(&url->domain_text, "[", 1) &&
                          buf_append_slice(&url->domain_text, host) && buf_append(&url->domain_text, "]", 1);
        url->domain = buf_slice(&url->domain_text);
    }
}

static void make_full(struct url *url, const struct target *target, struct mask *mask) {
    struct slice nothing = slice_make("", 0), userinfo = nothing, port = nothing;
    char port_text[8];
    if (target->userinfo.len) {
        userinfo = mask ? mask_userinfo(mask, target->userinfo, &url->userinfo_text) : target->userinfo;
    }
    if (target->has_port) {
        port = slice_make(port_text,
                          (size_t)snprintf(port_text, sizeof port_text, ":%u", (unsigned)target->port));
    }
    struct slice path = url->has_path ? url->path : nothing, query = url->has_query ? url->query : nothing;
    size_t most = url->scheme.len + userinfo.len + url->domain.len + port.len + path.len + query.len +
                  sizeof "://@?" - 1;
    buf_clear(&url->full_text);
    uint8_t *start = buf_reserve(&url->full_text, most), *to = start;
    if (!start) {
        return;
    }
    to = slice_put(slice_of("://"), slice_put(url->scheme, to));
    if (userinfo.len) {
        to = slice_put(slice_of("@"), slice_put(userinfo, to));
    }
    to = slice_put(path, slice_put(port, slice_put(url->domain, to)));
    if (url->has_query) {
        *to++ = '?';
        to = slice_put(query, to);
    }
    url->full_text.len = (size_t)(to - start);
    url->has_full = true;
    url->full = buf_slice(&url->full_text);
}

void url_make(struct url *url, const struct transaction *t, struct mask *mask) {
    const struct target *target = &t->target;
    const struct header *host_field = t->semantics ? field_index_find(&t->semantics->request, FIELD_NAME_HOST)
                                                   : header_find(&t->request.headers, "Host");
    struct slice raw = t->request.line[1];
    struct slice host = host_field ? host_field->value : slice_make(raw.ptr, 0);
    bool http =
        target->form == TARGET_ORIGIN || target->form == TARGET_ABSOLUTE || target->form == TARGET_ASTERISK;
    if (mask && !mask->headers && mask_shows_url(mask, raw) && mask_shows_url(mask, host)) {
        mask = NULL; /* as mostly */
    }
    url->target = mask ? mask_url(mask, raw, &url->target_text) : raw;
    if (url->no_parts) {
        return;
    }
    bool safe = !mask || (parts_are_safe(mask, target, raw) && parts_are_safe(mask, target, host));
    url->has_domain = safe && target->form != TARGET_INVALID && target->domain.len > 0 &&
                      !(mask && !may_tell_domain(url, target, mask));
    url->has_scheme = http && target->scheme.len > 0;
    url->scheme = target->scheme;
    url->has_path = safe && http && target->path.len > 0;
    url->has_query = url->has_path && target->has_query;
    if (url->has_path) {
        url->path = mask ? mask_path(mask, target->path, &url->path_text) : target->path;
    }
    if (url->has_query) {
        url->query = mask ? mask_query(mask, target->query, &url->query_text) : target->query;
    }
    if (url->has_domain) {
        make_domain(url, target, mask);
    }
    url->port = target->port;
    url->has_port = url->has_domain && target->port != 0;
    url->has_full = false;
    bool whole = url->has_path || target->path.len == 0;
    if (url->has_scheme && url->has_domain && whole && !(target->has_port && target->port == 0) &&
        !url->no_full) {
        make_full(url, target, mask);
    }
}
