/* SPDX-License-Identifier: Apache-2.0 */
#include "output/native_semantics_parts.h"

static void write_text(struct native *native, struct writer *w, const char *key, struct slice text) {
    if (text.len) {
        writer_key(w, key);
        native_write_shown(native, w, text);
    }
}

static void write_host(struct native *native, struct writer *w, const char *key, struct slice host) {
    if (host.len) {
        writer_key(w, key);
        native_write_shown_url(native, w, host);
    }
}

static uint32_t kept_of(uint32_t count) {
    return count < HOPS_KEPT ? count : HOPS_KEPT;
}

static void write_via(struct native *native, struct writer *w, const char *key, const struct via *via) {
    if (via->count == 0) {
        return;
    }
    writer_key(w, key);
    writer_begin_array(w);
    for (uint32_t i = 0; i < kept_of(via->count); i++) {
        writer_begin_object(w);
        write_text(native, w, "protocol", via->hops[i].protocol);
        write_text(native, w, "by", via->hops[i].by);
        writer_end_object(w);
    }
    writer_end_array(w);
}

/* An address in the form that the record has for others, or what stands in its place. */
static void write_node(struct native *native, struct writer *w, const struct forwarded_node *node) {
    char text[ADDRESS_TEXT_BYTES];
    if (node->kind == NODE_ADDRESS) {
        struct address shown = mask_address(native->mask, &node->address);
        size_t len = address_text(&shown, node->ip_version, text);
        (void)writer_string(w, slice_make(text, len));
    } else {
        native_write_shown(native, w, node->text);
    }
}

static void write_keyed_node(struct native *native, struct writer *w, const char *key,
                             const struct forwarded_node *node) {
    if (node->kind != NODE_ABSENT) {
        writer_key(w, key);
        write_node(native, w, node);
    }
}

static bool hop_says_something(const struct forwarded_hop *hop) {
    return hop->client.kind != NODE_ABSENT || hop->by.kind != NODE_ABSENT || hop->host.len || hop->proto.len;
}

static void write_forwarded_hops(struct native *native, struct writer *w,
                                 const struct semantics_intermediaries *m) {
    bool begun = false;
    for (uint32_t i = 0; i < kept_of(m->forwarded_count); i++) {
        const struct forwarded_hop *hop = &m->forwarded[i];
        if (!hop_says_something(hop)) {
            continue;
        }
        if (!begun) {
            WRITER_KEY(w, "forwarded");
            writer_begin_array(w);
            begun = true;
        }
        writer_begin_object(w);
        write_keyed_node(native, w, "for", &hop->client);
        write_keyed_node(native, w, "by", &hop->by);
        write_host(native, w, "host", hop->host);
        write_text(native, w, "proto", hop->proto);
        writer_end_object(w);
    }
    if (begun) {
        writer_end_array(w);
    }
}

static void write_forwarded(struct native *native, struct writer *w,
                            const struct semantics_intermediaries *m) {
    write_forwarded_hops(native, w, m);
    if (m->x_forwarded_for_count) {
        WRITER_KEY(w, "x_forwarded_for");
        writer_begin_array(w);
        for (uint32_t i = 0; i < kept_of(m->x_forwarded_for_count); i++) {
            write_node(native, w, &m->x_forwarded_for[i]);
        }
        writer_end_array(w);
    }
    write_host(native, w, "x_forwarded_host", m->x_forwarded_host);
    write_text(native, w, "x_forwarded_proto", m->x_forwarded_proto);
}

static void write_client(struct native *native, struct writer *w, const struct semantics_intermediaries *m) {
    if (m->client_by == FIELD_NAME_OTHER) {
        return;
    }
    WRITER_KEY(w, "client");
    writer_begin_object(w);
    write_keyed_node(native, w, m->client.kind == NODE_ADDRESS ? "ip" : "name", &m->client);
    if (m->client.has_port) {
        WRITER_KEY(w, "port");
        writer_unsigned(w, m->client.port);
    }
    WRITER_KEY(w, "field");
    (void)writer_string(w, field_name_text(m->client_by));
    if (m->client_conflict) {
        WRITER_RAW(w, "\"conflict\":true");
    }
    writer_end_object(w);
}

static void write_hop_by_hop(struct writer *w, const char *key, uint32_t bits) {
    if (bits == 0) {
        return;
    }
    writer_key(w, key);
    writer_begin_array(w);
    for (unsigned bit = 0; bit < HOP_BY_HOPS; bit++) {
        if (bits >> bit & 1) {
            writer_text(w, hop_by_hop_name(bit));
        }
    }
    writer_end_array(w);
}

static void write_proxy_status(struct native *native, struct writer *w,
                               const struct semantics_intermediaries *m) {
    bool begun = false;
    for (uint32_t i = 0; i < kept_of(m->proxy_status_count); i++) {
        const struct proxy_status *status = &m->proxy_status[i];
        if (!status->name.len && !status->error.len && !status->has_received_status) {
            continue;
        }
        if (!begun) {
            WRITER_KEY(w, "proxy_status");
            writer_begin_array(w);
            begun = true;
        }
        writer_begin_object(w);
        write_text(native, w, "name", status->name);
        write_text(native, w, "error", status->error);
        if (status->has_received_status) {
            WRITER_KEY(w, "received_status");
            writer_unsigned(w, status->received_status);
        }
        writer_end_object(w);
    }
    if (begun) {
        writer_end_array(w);
    }
}

static void write_cdn_loop(struct native *native, struct writer *w,
                           const struct semantics_intermediaries *m) {
    if (m->cdn_loop_count == 0) {
        return;
    }
    WRITER_KEY(w, "cdn_loop");
    writer_begin_array(w);
    for (uint32_t i = 0; i < kept_of(m->cdn_loop_count); i++) {
        native_write_shown(native, w, m->cdn_loop[i]);
    }
    writer_end_array(w);
}

/* Members that are not kept, of all lists. */
static void write_dropped(struct writer *w, const struct semantics_intermediaries *m) {
    const uint32_t counts[] = {m->request_via.count,     m->response_via.count, m->forwarded_count,
                               m->x_forwarded_for_count, m->proxy_status_count, m->cdn_loop_count};
    uint64_t dropped = 0;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        dropped += counts[i] - kept_of(counts[i]);
    }
    if (dropped) {
        WRITER_KEY(w, "dropped");
        writer_unsigned(w, dropped);
    }
}

static bool says_something(const struct semantics_intermediaries *m) {
    return m->role != ROLE_UNKNOWN || m->request_via.count || m->response_via.count || m->forwarded_count ||
           m->x_forwarded_for_count || m->x_forwarded_host.len || m->x_forwarded_proto.len ||
           m->client_by != FIELD_NAME_OTHER || m->request_hop_by_hop || m->response_hop_by_hop ||
           m->has_max_forwards || m->early_data || m->proxy_status_count || m->cdn_loop_count;
}

void native_write_semantics_intermediaries(struct native *native, struct writer *w,
                                           const struct semantics_intermediaries *m) {
    if (!says_something(m)) {
        return;
    }
    size_t empty = w->out->len;
    bool comma = w->comma;
    WRITER_KEY(w, "intermediaries");
    writer_begin_object(w);
    size_t begun = w->out->len;
    if (m->role != ROLE_UNKNOWN) {
        WRITER_KEY(w, "role");
        writer_text(w, intermediary_role_name(m->role));
    }
    write_client(native, w, m);
    write_via(native, w, "request_via", &m->request_via);
    write_via(native, w, "response_via", &m->response_via);
    if (m->request_via.loop || m->response_via.loop) {
        WRITER_RAW(w, "\"via_loop\":true");
    }
    write_forwarded(native, w, m);
    write_hop_by_hop(w, "request_hop_by_hop", m->request_hop_by_hop);
    write_hop_by_hop(w, "response_hop_by_hop", m->response_hop_by_hop);
    write_proxy_status(native, w, m);
    write_cdn_loop(native, w, m);
    if (m->has_max_forwards) {
        WRITER_KEY(w, "max_forwards");
        writer_unsigned(w, m->max_forwards);
    }
    if (m->early_data) {
        WRITER_RAW(w, "\"early_data\":true");
    }
    write_dropped(w, m);
    if (w->out->len == begun) { /* members without anything known in them */
        w->out->len = empty;
        w->comma = comma;
        return;
    }
    writer_end_object(w);
}
