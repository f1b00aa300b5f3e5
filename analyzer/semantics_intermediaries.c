/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_intermediaries.h"

#include "analyzer/field_value.h"

const char *intermediary_role_name(enum intermediary_role role) {
    static const char *const names[] = {
        [ROLE_UNKNOWN] = NULL, [ROLE_PROXY] = "proxy", [ROLE_TUNNEL] = "tunnel", [ROLE_GATEWAY] = "gateway"};
    return names[role];
}

static const enum field_name hop_by_hop_fields[HOP_BY_HOPS] = {
    FIELD_NAME_PROXY_CONNECTION,
    FIELD_NAME_KEEP_ALIVE,
    FIELD_NAME_TE,
    FIELD_NAME_UPGRADE,
};

const char *hop_by_hop_name(unsigned bit) {
    return (const char *)field_name_text(hop_by_hop_fields[bit]).ptr; /* a constant with its NUL */
}

/* Up to the next white space; `*rest` is what follows it. */
static struct slice take_word(struct slice *rest) {
    size_t end = 0;
    while (end < rest->len && rest->ptr[end] != ' ' && rest->ptr[end] != '\t') {
        end++;
    }
    struct slice word = slice_first(*rest, end);
    *rest = slice_trim(slice_after(*rest, end));
    return word;
}

static void read_via(struct via *via, const struct field_index *index) {
    struct field_list list = field_list_of(index, FIELD_NAME_VIA);
    struct slice member;
    via->count = 0;
    via->loop = false;
    list.commented = true;
    for (; field_list_next(&list, &member); via->count++) {
        struct slice protocol = take_word(&member), by = take_word(&member);
        if (via->count >= HOPS_KEPT) {
            continue;
        }
        for (uint32_t i = 0; i < via->count; i++) {
            via->loop = via->loop || (by.len && slice_equal_nocase(via->hops[i].by, by));
        }
        via->hops[via->count] = (struct via_hop){.protocol = protocol, .by = by};
    }
}

/* What an unclosed string claims to be is not told: its end may have been cut. */
static struct forwarded_node node_of(const struct field_parameter *p) {
    return p->unclosed ? (struct forwarded_node){.kind = NODE_OTHER, .text = p->value}
                       : forwarded_node_read(p->value);
}

static void read_forwarded(struct semantics_intermediaries *m, const struct field_index *request) {
    struct field_list list = field_list_of(request, FIELD_NAME_FORWARDED);
    struct slice member;
    struct field_parameter p;
    for (; field_list_next(&list, &member); m->forwarded_count++) {
        if (m->forwarded_count >= HOPS_KEPT) {
            continue;
        }
        struct forwarded_hop *hop = &m->forwarded[m->forwarded_count];
        *hop = (struct forwarded_hop){.client = {.kind = NODE_ABSENT}};
        while (field_parameter_next(&member, ';', &p)) {
            if (slice_is_nocase(p.name, "for")) {
                hop->client = node_of(&p);
            } else if (slice_is_nocase(p.name, "by")) {
                hop->by = node_of(&p);
            } else if (slice_is_nocase(p.name, "host")) {
                hop->host = p.value;
            } else if (slice_is_nocase(p.name, "proto")) {
                hop->proto = p.value;
            }
        }
    }
}

static void read_x_forwarded_for(struct semantics_intermediaries *m, const struct field_index *request) {
    struct field_list list = field_list_of(request, FIELD_NAME_X_FORWARDED_FOR);
    struct slice member;
    for (; field_list_next(&list, &member); m->x_forwarded_for_count++) {
        if (m->x_forwarded_for_count < HOPS_KEPT) {
            m->x_forwarded_for[m->x_forwarded_for_count] = forwarded_node_read(member);
        }
    }
}

static void claim_client(struct semantics_intermediaries *m, enum field_name by, struct forwarded_node node) {
    if (node.kind == NODE_ABSENT) {
        return;
    }
    if (m->client_by == FIELD_NAME_OTHER) {
        m->client_by = by;
        m->client = node;
    } else if (node.kind == NODE_ADDRESS && m->client.kind == NODE_ADDRESS &&
               memcmp(&node.address, &m->client.address, sizeof node.address) != 0) {
        m->client_conflict = true;
    }
}

/* The field with a standard goes first, then those that name the client alone. */
static void read_client(struct semantics_intermediaries *m, const struct field_index *request) {
    static const enum field_name others[] = {FIELD_NAME_TRUE_CLIENT_IP, FIELD_NAME_CF_CONNECTING_IP,
                                             FIELD_NAME_X_REAL_IP, FIELD_NAME_X_CLIENT_IP};
    m->client_by = FIELD_NAME_OTHER;
    m->client_conflict = false;
    if (m->forwarded_count) {
        claim_client(m, FIELD_NAME_FORWARDED, m->forwarded[0].client);
    }
    if (m->x_forwarded_for_count) {
        claim_client(m, FIELD_NAME_X_FORWARDED_FOR, m->x_forwarded_for[0]);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (field_index_has(request, others[i])) {
            claim_client(m, others[i], forwarded_node_read(field_index_value(request, others[i])));
        }
    }
}

static bool connection_names(const struct field_index *index, enum field_name name) {
    struct field_list list = field_list_of(index, FIELD_NAME_CONNECTION);
    struct slice member;
    while (field_list_next(&list, &member)) {
        if (slice_equal_nocase(member, field_name_text(name))) {
            return true;
        }
    }
    return false;
}

static uint32_t passed_on(const struct field_index *index, bool relayed, bool to_origin) {
    uint32_t bits =
        to_origin && field_index_has(index, FIELD_NAME_PROXY_CONNECTION) ? HOP_PROXY_CONNECTION : 0;
    for (unsigned bit = 1; relayed && bit < HOP_BY_HOPS; bit++) {
        enum field_name name = hop_by_hop_fields[bit];
        if (field_index_has(index, name) && !connection_names(index, name)) {
            bits |= 1U << bit;
        }
    }
    return bits;
}

static void read_proxy_status(struct semantics_intermediaries *m, const struct field_index *response) {
    struct field_list list = field_list_of(response, FIELD_NAME_PROXY_STATUS);
    struct slice member, parameters;
    struct field_parameter p;
    for (; field_list_next(&list, &member); m->proxy_status_count++) {
        if (m->proxy_status_count >= HOPS_KEPT) {
            continue;
        }
        struct proxy_status *status = &m->proxy_status[m->proxy_status_count];
        struct slice name = field_front(member, &parameters);
        bool quoted = name.len > 1 && name.ptr[0] == '"' && name.ptr[name.len - 1] == '"';
        *status = (struct proxy_status){.name = quoted ? slice_make(name.ptr + 1, name.len - 2) : name};
        while (field_parameter_next(&parameters, ';', &p)) {
            uint64_t number;
            if (slice_is(p.name, "error")) {
                status->error = p.value;
            } else if (slice_is(p.name, "received-status") && field_number(p.value, &number) &&
                       number <= 999) {
                status->has_received_status = true;
                status->received_status = (unsigned)number;
            }
        }
    }
}

static void read_cdn_loop(struct semantics_intermediaries *m, const struct field_index *request) {
    struct field_list list = field_list_of(request, FIELD_NAME_CDN_LOOP);
    struct slice member, parameters;
    while (field_list_next(&list, &member)) {
        struct slice id = field_front(member, &parameters);
        if (id.len && m->cdn_loop_count++ < HOPS_KEPT) {
            m->cdn_loop[m->cdn_loop_count - 1] = id;
        }
    }
}

static enum intermediary_role role_of(const struct semantics_intermediaries *m,
                                      const struct intermediary_scene *scene) {
    if (!scene->request_seen) {
        return ROLE_UNKNOWN;
    }
    if (scene->connect) {
        return ROLE_TUNNEL;
    }
    if (scene->form == TARGET_ABSOLUTE || scene->status == 407) {
        return ROLE_PROXY;
    }
    bool through =
        m->response_via.count || m->proxy_status_count || scene->status == 502 || scene->status == 504;
    return through ? ROLE_GATEWAY : ROLE_UNKNOWN;
}

/* Most messages have none of it. */
static bool has_any(const struct field_index *request, const struct field_index *response) {
    return field_index_has(request, FIELD_NAME_VIA) || field_index_has(response, FIELD_NAME_VIA) ||
           field_index_has(request, FIELD_NAME_FORWARDED) ||
           field_index_has(request, FIELD_NAME_X_FORWARDED_FOR) ||
           field_index_has(request, FIELD_NAME_X_FORWARDED_HOST) ||
           field_index_has(request, FIELD_NAME_X_FORWARDED_PROTO) ||
           field_index_has(request, FIELD_NAME_TRUE_CLIENT_IP) ||
           field_index_has(request, FIELD_NAME_CF_CONNECTING_IP) ||
           field_index_has(request, FIELD_NAME_X_REAL_IP) ||
           field_index_has(request, FIELD_NAME_X_CLIENT_IP) ||
           field_index_has(request, FIELD_NAME_PROXY_CONNECTION) ||
           field_index_has(request, FIELD_NAME_MAX_FORWARDS) ||
           field_index_has(request, FIELD_NAME_EARLY_DATA) || field_index_has(request, FIELD_NAME_CDN_LOOP) ||
           field_index_has(response, FIELD_NAME_PROXY_STATUS);
}

static void read_nothing(struct semantics_intermediaries *m) {
    m->request_via.count = m->response_via.count = 0;
    m->request_via.loop = m->response_via.loop = false;
    m->x_forwarded_host = m->x_forwarded_proto = slice_make("", 0);
    m->client = (struct forwarded_node){.kind = NODE_ABSENT};
    m->client_by = FIELD_NAME_OTHER;
    m->client_conflict = m->has_max_forwards = m->early_data = false;
}

void semantics_intermediaries_read(struct semantics_intermediaries *m, const struct field_index *request,
                                   const struct field_index *response,
                                   const struct intermediary_scene *scene) {
    m->forwarded_count = m->x_forwarded_for_count = m->proxy_status_count = m->cdn_loop_count = 0;
    m->request_hop_by_hop = m->response_hop_by_hop = 0;
    if (!has_any(request, response)) {
        read_nothing(m);
        m->role = role_of(m, scene);
        return;
    }
    read_via(&m->request_via, request);
    read_via(&m->response_via, response);
    read_forwarded(m, request);
    read_x_forwarded_for(m, request);
    read_client(m, request);
    read_proxy_status(m, response);
    read_cdn_loop(m, request);
    m->x_forwarded_host = field_index_value(request, FIELD_NAME_X_FORWARDED_HOST);
    m->x_forwarded_proto = field_index_value(request, FIELD_NAME_X_FORWARDED_PROTO);
    m->has_max_forwards = field_number(field_index_value(request, FIELD_NAME_MAX_FORWARDS), &m->max_forwards);
    m->early_data = slice_is(field_index_value(request, FIELD_NAME_EARLY_DATA), "1");
    bool to_origin = scene->request_seen && scene->form == TARGET_ORIGIN && scene->status != 407;
    bool relayed = m->request_via.count || m->forwarded_count || m->x_forwarded_for_count;
    m->request_hop_by_hop = passed_on(request, relayed && !scene->request_cut, to_origin);
    m->response_hop_by_hop = passed_on(response, m->response_via.count && !scene->response_cut, false);
    m->role = role_of(m, scene);
}
