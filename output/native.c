/* SPDX-License-Identifier: Apache-2.0 */
#include "output/native_semantics.h"

#include "analyzer/note_detail.h"
#include "analyzer/timing.h"
#include "capture/limits.h"
#include "output/pen.h"

/* The version of docs/record.schema.json. */
#define SCHEMA_VERSION "1.0"
#define ECS            "{\"version\":\"8.17.0\"}"

size_t native_failures(const struct native *native) {
    size_t hidden = native->mask ? mask_failures(native->mask) : 0;
    return native->scratch.memory->failures + community_ids_failures(native->ids) + hidden;
}

void native_begin_memo(const struct native *native, const struct writer *w, struct native_memo *memo) {
    memo->start = w->out->len + w->comma;
    memo->failures = native_failures(native);
}

bool native_remembers_elsewhere(struct native *native, struct writer *w, struct native_memo *memo) {
    struct slice json;
    uint16_t *hint = memo->hint ? memo->hint : &native->recent[memo->key.kind];
    if (!memo_get(native->memo, &memo->key, hint, &json)) {
        native_begin_memo(native, w, memo);
        return false;
    }
    if (json.len) {
        writer_json_slack(w, json);
    }
    return true;
}

void native_remember(struct native *native, struct writer *w, const struct native_memo *memo) {
    const struct buf *out = w->out;
    if (!out->failed && native_failures(native) == memo->failures) {
        size_t start = memo->start < out->len ? memo->start : out->len; /* nothing was written */
        memo_put(native->memo, &memo->key, slice_make(out->ptr + start, out->len - start));
    }
}

bool native_omit(struct native *native) {
    struct writer w;
    native->omitted = native->options->omitted;
    native->url.no_full = native_omits(native, OMIT_URL_FULL);
    native->url.no_parts = native_omits(native, OMIT_URL);
    if (native->omitted) {
        writer_init(&w, &native->omitted_json);
        omission_write(native->omitted, &w);
    }
    return !native->omitted_json.failed;
}

#define EVENT_OF(kind)                                                                                       \
    ",\"ecs\":" ECS ",\"event\":{\"kind\":\"event\"," kind ",\"dataset\":\"hark.http\",\"id\":\""

/* The second is mostly that of the record before. */
static uint8_t *put_time(struct native *native, uint8_t *to, int64_t time_ns) {
    enum { FRACTION_AT = TIME_TEXT_BYTES - 10 };
    int64_t ns = time_ns - native->second_ns;
    if (ns < 0 || ns >= NS_PER_SECOND || native->second_text[0] == '\0') {
        time_text(time_ns, native->second_text);
        ns = (time_ns % NS_PER_SECOND + NS_PER_SECOND) % NS_PER_SECOND;
        native->second_ns = time_ns - ns;
    }
    memcpy(to, native->second_text, FRACTION_AT);
    to = digits_put_nine(to + FRACTION_AT, (uint32_t)ns);
    *to = 'Z';
    return to + 1;
}

/* Is `hark` no more than the version and the type? */
static bool is_plain(const struct native *native, const struct transaction *t,
                     const struct packet_path *path) {
    return t->type == TRANSACTION_PAIR && !t->has_parent && !(path && path->tunnel_count) &&
           !mask_hides_addresses(native->mask);
}

/* `@timestamp`, `ecs` and `event`, behind the record's brace; and `hark` where it is `usual`. */
static void write_event(struct native *native, struct writer *w, const struct transaction *t,
                        const struct timing *timing, bool usual) {
    enum { MOST = 512 };
    uint8_t *to = pen_open(w, MOST);
    if (!to) {
        return;
    }
    PEN_TEXT(to, "{\"@timestamp\":\"");
    to = put_time(native, to, timing_start_ns(t));
    if (t->type == TRANSACTION_TUNNEL) {
        PEN_TEXT(to, "\"" EVENT_OF("\"category\":[\"network\"],\"type\":[\"connection\"]"));
    } else if (t->type == TRANSACTION_SURPLUS) {
        PEN_TEXT(to, "\"" EVENT_OF("\"category\":[\"network\",\"web\"],\"type\":[\"info\"]"));
    } else {
        PEN_TEXT(to, "\"" EVENT_OF("\"category\":[\"network\",\"web\"],\"type\":[\"access\"]"));
    }
    to = pen_hex(to, t->id, sizeof t->id);
    PEN_TEXT(to, "\",");
    if (timing->total.known) {
        PEN_SIGNED(to, "duration", timing->total.ns);
    }
    switch (transaction_outcome(t)) {
    case OUTCOME_SUCCESS:
        PEN_TEXT(to, "\"outcome\":\"success\"}");
        break;
    case OUTCOME_FAILURE:
        PEN_TEXT(to, "\"outcome\":\"failure\"}");
        break;
    case OUTCOME_UNKNOWN:
        PEN_TEXT(to, "\"outcome\":\"unknown\"}");
        break;
    }
    if (usual) {
        PEN_TEXT(to, ",\"hark\":{\"version\":\"" SCHEMA_VERSION "\",\"type\":\"transaction\"}");
    }
    pen_close(w, to);
}

static void write_ip(struct native *native, struct writer *w, const struct address *address,
                     uint8_t ip_version) {
    char text[ADDRESS_TEXT_BYTES];
    struct address shown = mask_address(native->mask, address);
    size_t len = address_text(&shown, ip_version, text);
    WRITER_KEY(w, "ip");
    (void)writer_string(w, slice_make(text, len));
}

static void write_outer(struct native *native, struct writer *w, const struct address *address) {
    writer_begin_object(w);
    write_ip(native, w, address, address_is_v4(address) ? 4 : 6);
    writer_end_object(w);
}

/* The way that the client's packets took, or the server's where theirs were not captured. */
static const struct packet_path *path_of(const struct transaction *t) {
    const struct connection *c = t->connection;
    enum direction server = direction_other(t->client);
    return c->path_seen[t->client] ? &c->path[t->client] : c->path_seen[server] ? &c->path[server] : NULL;
}

static void write_encapsulation(struct native *native, struct writer *w, const struct packet_path *path) {
    WRITER_KEY(w, "tunnel");
    writer_begin_array(w);
    for (unsigned i = 0; i < packet_path_tunnels(path); i++) {
        writer_begin_object(w);
        WRITER_KEY(w, "kind");
        writer_text(w, tunnel_kind_name((enum tunnel_kind)path->tunnel[i].kind));
        if (path->tunnel[i].has_id) {
            WRITER_KEY(w, "id");
            writer_unsigned_text(w, path->tunnel[i].id);
        }
        if (path->tunnel[i].has_outer) {
            WRITER_KEY(w, "source");
            write_outer(native, w, &path->tunnel[i].outer[0]);
            WRITER_KEY(w, "destination");
            write_outer(native, w, &path->tunnel[i].outer[1]);
        }
        writer_end_object(w);
    }
    writer_end_array(w);
}

static void write_hark(struct native *native, struct writer *w, const struct transaction *t,
                       const struct packet_path *path) {
    if (is_plain(native, t, path)) {
        WRITER_UP_TO(w, "\"hark\":{\"version\":\"" SCHEMA_VERSION "\",\"type\":\"transaction\",\"omitted\":");
        writer_json(w, buf_slice(&native->omitted_json));
        writer_end_object(w);
        return;
    }
    WRITER_KEY(w, "hark");
    writer_begin_object(w);
    WRITER_RAW(w, "\"version\":\"" SCHEMA_VERSION "\"");
    WRITER_KEY(w, "type");
    writer_text(w, transaction_type_name(t->type));
    if (mask_hides_addresses(native->mask)) {
        WRITER_RAW(w, "\"addresses\":\"anonymized\"");
    }
    if (native->omitted) {
        WRITER_KEY(w, "omitted");
        writer_json(w, buf_slice(&native->omitted_json));
    }
    if (t->has_parent) {
        WRITER_KEY(w, "parent");
        writer_hex(w, slice_make(t->parent_id, sizeof t->parent_id));
    }
    if (path && path->tunnel_count) {
        write_encapsulation(native, w, path);
    }
    writer_end_object(w);
}

static void write_tunnel(struct writer *w, const struct transaction *t) {
    static const char *const names[] = {[TUNNELLED_TLS] = "tls",
                                        [TUNNELLED_HTTP1] = "http1",
                                        [TUNNELLED_HTTP2] = "http2",
                                        [TUNNELLED_WEBSOCKET] = "websocket"};
    WRITER_KEY(w, "http_tunnel");
    writer_begin_object(w);
    WRITER_KEY(w, "kind");
    writer_text(w, t->tunnel_by_upgrade ? "upgrade" : "connect");
    if (t->tunnel_protocol != TUNNELLED_UNKNOWN) {
        WRITER_KEY(w, "protocol");
        writer_text(w, names[t->tunnel_protocol]);
    }
    writer_end_object(w);
}

static void write_odd_pairing(struct writer *w, const struct transaction *t) {
    WRITER_KEY(w, "pairing");
    writer_begin_object(w);
    WRITER_KEY(w, "by");
    writer_text(w, pairing_by_name(t->by));
    if (t->type != TRANSACTION_PAIR) {
        WRITER_KEY(w, "reason");
        writer_text(w, pairing_reason_name(t->reason));
        WRITER_KEY(w, "candidates");
        writer_unsigned(w, t->candidates);
    }
    writer_end_object(w);
}

void native_write_course(struct native *native, struct writer *w, const struct transaction *t,
                         const struct timing *timing) {
    enum { PAIRING = 32 };
    bool messages = transaction_has_messages(t);
    bool usual = t->type == TRANSACTION_PAIR && t->by == PAIRING_ACK;
    uint8_t *to = pen_go_on(w, NATIVE_TIMING_MOST + NATIVE_TCP_MOST + PAIRING);
    if (!to) {
        return;
    }
    if (!native_omits(native, OMIT_TIMING)) {
        to = native_put_timing(native, to, timing);
    }
    if (!native_omits(native, OMIT_TCP)) {
        to = native_put_tcp(native, to, t, timing);
    }
    if (usual) {
        PEN_TEXT(to, ",\"pairing\":{\"by\":\"ack\"}");
    }
    pen_close(w, to);
    if (messages && !usual) {
        write_odd_pairing(w, t);
    }
    native_write_capture(native, w, t);
}

static void write_notes(struct writer *w, const struct transaction *t) {
    const struct notes *notes = &t->notes;
    char text[NOTE_DETAIL_SIZE];
    WRITER_KEY(w, "notes");
    writer_begin_array(w);
    for (unsigned id = 0; id < NOTE_IDS; id++) {
        if (!notes_has(notes, (enum note_id)id)) {
            continue;
        }
        const struct note_info *info = note_info((enum note_id)id);
        writer_begin_object(w);
        WRITER_KEY(w, "id");
        writer_text(w, info->name);
        WRITER_KEY(w, "severity");
        writer_text(w, note_severity_name(info->severity));
        const char *detail = note_detail((enum note_id)id, t, text);
        if (*detail) {
            WRITER_KEY(w, "detail");
            writer_text(w, detail);
        }
        writer_end_object(w);
    }
    writer_end_array(w);
}

/* `notes`, and the record's brace. */
static void write_end(struct writer *w, const struct transaction *t) {
    if (!notes_none(&t->notes)) {
        write_notes(w, t);
        writer_end_object(w);
        return;
    }
    uint8_t *to = pen_go_on(w, sizeof ",\"notes\":[]}");
    if (to) {
        PEN_TEXT(to, ",\"notes\":[]}");
        pen_close(w, to);
    }
}

void native_write(struct native *native, struct writer *w, const struct transaction *t) {
    bool messages = transaction_has_messages(t);
    const struct packet_path *path = path_of(t);
    struct timing timing;
    native_foresee_ends(native, t->connection);
    native->etag.field = NULL;
    native->rest.noted = false;
    timing_of(t, &timing);
    bool plain = !native->omitted && is_plain(native, t, path);
    write_event(native, w, t, &timing, plain);
    if (!plain) {
        write_hark(native, w, t, path);
    }
    native_write_ends(native, w, t, path);
    bool begun = messages && t->request.seen && native_begin_usual(native, w, t);
    if (!begun && t->request.seen && t->type != TRANSACTION_SURPLUS) {
        url_make(&native->url, t, native->mask);
        if (!native_omits(native, OMIT_URL)) {
            native_write_url(native, w);
        }
    }
    if (begun && native_begin_rest(native, w, t, &timing)) {
        return;
    }
    if (t->type == TRANSACTION_TUNNEL) {
        write_tunnel(w, t);
    } else if (messages) {
        native_write_http(native, w, t, begun);
        if (!native_omits(native, OMIT_USER_AGENT)) {
            native_write_user_agent(native, w, t);
        }
    }
    size_t course = w->out->len;
    native_write_course(native, w, t, &timing);
    native_note_hole(native, (struct rest_hole){.kind = REST_COURSE}, course, w->out->len);
    if (messages && !native_omits(native, OMIT_SEMANTICS)) {
        native_write_semantics(native, w, t);
    }
    write_end(w, t);
    native_end_rest(native, w, t);
}
