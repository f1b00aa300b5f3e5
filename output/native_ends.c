/* SPDX-License-Identifier: Apache-2.0 */
/* `network`, `client` and `server`: nearly all of them is the same for a connection's transactions. */
#include "capture/prefetch.h"
#include "output/native.h"
#include "output/pen.h"

/* ECS's name of what speaks; NULL where that is not known. */
static const char *network_protocol(const struct transaction *t) {
    if (t->type != TRANSACTION_TUNNEL) {
        return "http";
    }
    switch (t->tunnel_protocol) {
    case TUNNELLED_UNKNOWN:
        return NULL;
    case TUNNELLED_TLS:
        return "tls";
    case TUNNELLED_HTTP1:
    case TUNNELLED_HTTP2:
        return "http";
    case TUNNELLED_WEBSOCKET:
        return "websocket";
    }
    return NULL;
}

static void write_vlan(struct writer *w, uint16_t id) {
    WRITER_KEY(w, "vlan");
    writer_begin_object(w);
    WRITER_KEY(w, "id");
    writer_unsigned_text(w, id);
    writer_end_object(w);
}

static void write_network(struct native *native, struct writer *w, const struct transaction *t,
                          const struct packet_path *path) {
    enum { MOST = 128 + COMMUNITY_ID_BYTES };
    struct flow_key key = t->connection->key;
    for (size_t i = 0; i < 2; i++) {
        key.side[i].address = mask_address(native->mask, &key.side[i].address);
    }
    const char *protocol = network_protocol(t);
    uint8_t *to = pen_open(w, MOST);
    if (!to) {
        return;
    }
    PEN_TEXT(to, "\"network\":{\"community_id\":\"");
    if (!native_omits(native, OMIT_COMMUNITY_ID) && community_id(native->ids, &key, (char *)to)) {
        to += COMMUNITY_ID_BYTES;
        PEN_TEXT(to, "\",");
    } else {
        to -= sizeof "\"community_id\":\"" - 1;
    }
    PEN_TEXT(to, "\"transport\":\"tcp\"");
    if (protocol) {
        PEN_TEXT(to, ",\"protocol\":\"");
        to = slice_put(slice_of(protocol), to);
        *to++ = '"';
    }
    pen_close(w, to);
    if (path && path->vlan_count) {
        write_vlan(w, path->vlan[0]);
    }
    if (path && path->vlan_count > 1) {
        WRITER_KEY(w, "inner");
        writer_begin_object(w);
        write_vlan(w, path->vlan[1]);
        writer_end_object(w);
    }
    writer_end_object(w);
}

/* ECS: upper case, hyphens. */
static uint8_t *put_mac(uint8_t *to, const uint8_t mac[6]) {
    static const char digits[] = "0123456789ABCDEF";
    PEN_TEXT(to, "\"mac\":\"");
    for (size_t i = 0; i < 6; i++, to += 3) {
        to[0] = (uint8_t)digits[mac[i] >> 4];
        to[1] = (uint8_t)digits[mac[i] & 0xF];
        to[2] = '-';
    }
    to[-1] = '"';
    *to = ',';
    return to + 1;
}

/* The side that sends in direction `d`, but for what it sent. Who hides IP addresses would be known by his
 * MAC address all the same, and many an IPv6 address is made of one (RFC 4291 appendix A). */
static void begin_side(struct native *native, struct writer *w, const struct connection *c, enum direction d,
                       bool mac) {
    enum { MOST = 64 + ADDRESS_TEXT_BYTES + PEN_MEMBER_BYTES("port") };
    const enum direction other = direction_other(d);
    struct address shown = mask_address(native->mask, &c->key.side[d].address);
    uint8_t *to = pen_open(w, MOST);
    if (!to) {
        return;
    }
    PEN_TEXT(to, "{\"ip\":\"");
    to += address_text(&shown, c->key.ip_version, (char *)to);
    PEN_TEXT(to, "\",");
    PEN_UNSIGNED(to, "port", c->key.side[d].port);
    if (!mac || mask_hides_addresses(native->mask)) {
        to--;
    } else if (c->path_seen[d] && c->path[d].has_mac) {
        to = put_mac(to, c->path[d].mac[0]) - 1;
    } else if (c->path_seen[other] && c->path[other].has_mac) {
        to = put_mac(to, c->path[other].mac[1]) - 1;
    } else {
        to--;
    }
    pen_close(w, to);
}

/* What a side sent, and the end of its object. */
static uint8_t *put_sent(uint8_t *to, const struct transaction *t, enum direction d,
                         const struct http_message *message) {
    if (t->type == TRANSACTION_TUNNEL) {
        PEN_NEXT_UNSIGNED(to, "bytes", t->tunnel_bytes[d]);
    } else if (message->seen) {
        uint64_t whole = message->end_offset - message->offset;
        PEN_NEXT_UNSIGNED(to, "bytes", whole > message->gap_bytes ? whole - message->gap_bytes : 0);
        if (t->type != TRANSACTION_SURPLUS) {
            PEN_NEXT_UNSIGNED(to, "packets", message->segments);
        }
    }
    *to = '}';
    return to + 1;
}

enum { SENT_MOST = sizeof(",\"bytes\":,\"packets\":}") + 2 * DIGITS_BYTES };

static void end_side(struct writer *w, const struct transaction *t, enum direction d,
                     const struct http_message *message) {
    uint8_t *to = pen_go_on(w, SENT_MOST);
    if (to) {
        pen_close(w, put_sent(to, t, d, message));
    }
}

/* Two stretches of the output, kept with the first one's length before them. */
static void remember_ends(struct native *native, const struct writer *w, const struct native_memo *memo,
                          const size_t from[2], const size_t to[2]) {
    const struct buf *out = w->out;
    struct buf *json = &native->scratch;
    uint16_t first = (uint16_t)(to[0] - from[0]);
    if (out->failed || native_failures(native) != memo->failures || to[0] - from[0] > MEMO_SLOT_BYTES) {
        return;
    }
    buf_clear(json);
    bool whole = buf_append(json, &first, sizeof first);
    for (int i = 0; whole && i < 2; i++) {
        whole = buf_append(json, out->ptr + from[i], to[i] - from[i]);
    }
    if (whole) {
        memo_put(native->memo, &memo->key, buf_slice(json));
    }
}

/* They are not remembered. */
static void make_ends(struct native *native, struct writer *w, const struct transaction *t,
                      const struct packet_path *path, struct native_memo *memo) {
    const struct connection *c = t->connection;
    enum direction server = direction_other(t->client);
    size_t from[2], to[2];
    native_begin_memo(native, w, memo);
    from[0] = w->out->len;
    if (!native_omits(native, OMIT_NETWORK)) {
        write_network(native, w, t, path);
    }
    if (!native_omits(native, OMIT_CLIENT)) {
        WRITER_KEY(w, "client");
        begin_side(native, w, c, t->client, !native_omits(native, OMIT_CLIENT_MAC));
    }
    to[0] = w->out->len;
    if (!native_omits(native, OMIT_CLIENT)) {
        end_side(w, t, t->client, &t->request);
    }
    from[1] = w->out->len;
    if (!native_omits(native, OMIT_SERVER)) {
        WRITER_KEY(w, "server");
        begin_side(native, w, c, server, !native_omits(native, OMIT_SERVER_MAC));
    }
    to[1] = w->out->len;
    if (!native_omits(native, OMIT_SERVER)) {
        end_side(w, t, server, &t->response);
    }
    remember_ends(native, w, memo, from, to);
}

void native_foresee_ends(const struct native *native, const struct connection *c) {
    enum { MOSTLY = 384 }; /* key and JSON */
    prefetch_now(&native->memo->slots[native->ends[c->ordinal % NATIVE_ENDS]], MOSTLY);
}

void native_write_ends(struct native *native, struct writer *w, const struct transaction *t,
                       const struct packet_path *path) {
    const struct connection *c = t->connection;
    const uint64_t known[] = {native->run, c->ordinal,
                              (uint64_t)t->type << 32 | (uint64_t)t->tunnel_protocol << 16 |
                                  (uint64_t)t->client << 8 | (uint64_t)c->path_seen[0] << 1 |
                                  (uint64_t)c->path_seen[1]};
    struct native_memo memo = {.key = {.kind = MEMO_ENDS, .bytes = slice_make(known, sizeof known)},
                               .hint = &native->ends[c->ordinal % NATIVE_ENDS]};
    struct slice json;
    uint16_t first;
    if (!memo_peek(native->memo, &memo.key, *memo.hint, &json) &&
        !memo_get(native->memo, &memo.key, memo.hint, &json)) {
        make_ends(native, w, t, path, &memo);
        return;
    }
    memcpy(&first, json.ptr, sizeof first);
    json = slice_after(json, sizeof first);
    uint8_t *to = pen_go_on(w, json.len + 2 * (SENT_MOST + WRITER_STEP));
    if (!to) {
        return;
    }
    writer_copy(to, json.ptr, first);
    to += first;
    if (!native_omits(native, OMIT_CLIENT)) {
        to = put_sent(to, t, t->client, &t->request);
    }
    json = slice_after(json, first);
    writer_copy(to, json.ptr, json.len);
    to += json.len;
    if (!native_omits(native, OMIT_SERVER)) {
        to = put_sent(to, t, direction_other(t->client), &t->response);
    }
    pen_close(w, to);
}
