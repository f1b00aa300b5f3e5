/* SPDX-License-Identifier: Apache-2.0 */
/* `tcp` and `capture`: what TCP did meanwhile, and how much of it was seen. */
#include "output/native.h"
#include "output/pen.h"

/* What one direction's sender did while the transaction lasted. */
struct tcp_deeds {
    uint64_t retransmits, fast_retransmits, out_of_order, duplicate_acks, zero_window, zero_window_ns,
        rto_stall_ns, stalls, stalled_ns;
};

/* They stand together in the counts. */
enum { DEEDS_AT = offsetof(struct stream_counts, retransmits), DEEDS_WORDS = 9 };
_Static_assert(offsetof(struct stream_counts, zero_window_ns) ==
                   DEEDS_AT + (DEEDS_WORDS - 1) * sizeof(uint64_t),
               "retransmits is the first, zero_window_ns the last");

/* Two words at once, in what vector registers the target has. */
typedef uint64_t words2 __attribute__((vector_size(16)));

static inline words2 difference(const struct stream_counts *start, const struct stream_counts *end,
                                size_t word) {
    words2 before, after;
    memcpy(&before, (const uint8_t *)start + DEEDS_AT + word * sizeof(uint64_t), sizeof before);
    memcpy(&after, (const uint8_t *)end + DEEDS_AT + word * sizeof(uint64_t), sizeof after);
    return before ^ after;
}

static bool did_nothing(const struct stream_counts *start, const struct stream_counts *end) {
    words2 differ = difference(start, end, DEEDS_WORDS - 2); /* of an odd number; one of them twice */
    for (size_t i = 0; i + 1 < DEEDS_WORDS; i += 2) {
        differ |= difference(start, end, i);
    }
    return (differ[0] | differ[1]) == 0;
}

static struct tcp_deeds deeds_of(const struct stream_counts *start, const struct stream_counts *end) {
    return (struct tcp_deeds){.retransmits = end->retransmits - start->retransmits,
                              .fast_retransmits = end->fast_retransmits - start->fast_retransmits,
                              .out_of_order = end->out_of_order - start->out_of_order,
                              .duplicate_acks = end->duplicate_acks - start->duplicate_acks,
                              .zero_window = end->zero_window - start->zero_window,
                              .zero_window_ns = end->zero_window_ns - start->zero_window_ns,
                              .rto_stall_ns = end->rto_stall_ns - start->rto_stall_ns,
                              .stalls = end->stalls - start->stalls,
                              .stalled_ns = end->stalled_ns - start->stalled_ns};
}

/* Of the kinds of retransmissions and times only those that there were. */
static uint8_t *put_deeds(uint8_t *to, const struct tcp_deeds *deeds) {
    PEN_TEXT(to, "\"retransmits\":");
    to = pen_unsigned(to, deeds->retransmits);
    if (deeds->retransmits) {
        PEN_NEXT_UNSIGNED(to, "fast_retransmits", deeds->fast_retransmits);
        PEN_NEXT_UNSIGNED(to, "rto_retransmits", deeds->retransmits - deeds->fast_retransmits);
    }
    PEN_NEXT_UNSIGNED(to, "out_of_order", deeds->out_of_order);
    PEN_NEXT_UNSIGNED(to, "duplicate_acks", deeds->duplicate_acks);
    PEN_NEXT_UNSIGNED(to, "zero_window", deeds->zero_window);
    if (deeds->zero_window || deeds->zero_window_ns) {
        PEN_NEXT_UNSIGNED(to, "zero_window_time", deeds->zero_window_ns);
    }
    PEN_NEXT_UNSIGNED(to, "rto_stall", deeds->rto_stall_ns);
    if (deeds->stalls) {
        PEN_NEXT_UNSIGNED(to, "stalls", deeds->stalls);
        PEN_NEXT_UNSIGNED(to, "stalled", deeds->stalled_ns);
    }
    return to;
}

__attribute__((noinline)) static uint8_t *put_some_deeds(uint8_t *to, const struct stream_counts *start,
                                                         const struct stream_counts *end) {
    struct tcp_deeds deeds = deeds_of(start, end);
    return put_deeds(to, &deeds);
}

#define PUT_SIDE(to, key, t, d)                                                                              \
    do {                                                                                                     \
        const struct stream_counts *start_ = &(t)->tcp.at_start[d];                                          \
        const struct stream_counts *end_ = transaction_counts_at_end((t), (d));                              \
        if (did_nothing(start_, end_)) { /* mostly */                                                        \
            PEN_TEXT((to), ",\"" key "\":{\"retransmits\":0,\"out_of_order\":0,\"duplicate_acks\":0,"        \
                           "\"zero_window\":0,\"rto_stall\":0");                                             \
        } else {                                                                                             \
            PEN_TEXT((to), ",\"" key "\":{");                                                                \
            (to) = put_some_deeds((to), start_, end_);                                                       \
        }                                                                                                    \
        (to) = end_side((to), end_);                                                                         \
    } while (0)

static inline uint8_t *end_side(uint8_t *to, const struct stream_counts *end) {
    if (end->min_rtt_ns) {
        PEN_NEXT_UNSIGNED(to, "srtt", end->srtt_ns);
        PEN_NEXT_UNSIGNED(to, "rtt_min", end->min_rtt_ns);
    }
    *to = '}';
    return to + 1;
}

uint8_t *native_put_tcp(const struct native *native, uint8_t *to, const struct transaction *t,
                        const struct timing *timing) {
    enum direction server = direction_other(t->client);
    PEN_TEXT(to, ",\"tcp\":");
    uint8_t *start = to;
    if (t->connection->path_seen[t->client] && !native_omits(native, OMIT_TCP_CLIENT)) {
        PUT_SIDE(to, "client", t, t->client);
    }
    if (t->connection->path_seen[server] && !native_omits(native, OMIT_TCP_SERVER)) {
        PUT_SIDE(to, "server", t, server);
    }
    if (timing->rtt_client.known) {
        PEN_NEXT_SIGNED(to, "rtt_client", timing->rtt_client.ns);
    }
    if (timing->rtt_server.known) {
        PEN_NEXT_SIGNED(to, "rtt_server", timing->rtt_server.ns);
    }
    if (t->reset && t->reset_from == t->client) {
        PEN_TEXT(to, ",\"end\":\"client_reset\"");
    } else if (t->reset) {
        PEN_TEXT(to, ",\"end\":\"server_reset\"");
    } else if (t->timed_out) {
        PEN_TEXT(to, ",\"end\":\"timeout\"");
    }
    return pen_embrace(start, to);
}

static const char *file_name(const struct native *native, uint32_t file) {
    const struct record_options *options = native->options;
    return options->file_name ? options->file_name(options->file_name_context, file) : NULL;
}

/* `"file":`, the name and a comma; mostly it is that of the record before. PEN_JSON_SLACK bytes behind it may
 * be read. */
static struct slice file_json(struct native *native, uint32_t file) {
    struct buf *json = &native->file_json;
    if (json->len == 0 || json->failed || native->file != file) {
        const char *name = file_name(native, file);
        struct writer w;
        buf_clear(json);
        writer_init(&w, json);
        if (name) {
            writer_key(&w, "file");
            writer_text(&w, name);
            (void)buf_append(json, ",", 1);
        }
        (void)buf_reserve(json, PEN_JSON_SLACK);
        native->file = file;
    }
    return json->failed ? slice_make("", 0) : buf_slice(json);
}

static void write_last_file(struct native *native, struct writer *w, const struct http_message *m) {
    const char *last = file_name(native, m->last.file);
    WRITER_KEY(w, "last_file");
    writer_text(w, last ? last : file_name(native, m->first.file));
}

static void write_frames(struct native *native, struct writer *w, const struct http_message *m) {
    enum { NUMBERS = PEN_MEMBER_BYTES("first_frame") + PEN_MEMBER_BYTES("last_frame") };
    struct slice file = file_json(native, m->first.file);
    uint8_t *to = pen_open(w, NUMBERS + 2 + file.len);
    if (!to) {
        return;
    }
    *to++ = '{';
    to = slice_put(file, to);
    if (file.len && m->last.file != m->first.file) {
        pen_close(w, to - 1);
        write_last_file(native, w, m);
        to = pen_open(w, NUMBERS);
        if (!to) {
            return;
        }
    }
    PEN_UNSIGNED(to, "first_frame", m->first.number);
    PEN_UNSIGNED(to, "last_frame", m->last.number);
    pen_close(w, pen_end(to, '}'));
}

static uint64_t tap_duplicates(const struct transaction *t) {
    uint64_t count = 0;
    for (int d = 0; d < 2; d++) {
        count += transaction_counts_at_end(t, (enum direction)d)->tap_duplicates -
                 t->tcp.at_start[d].tap_duplicates;
    }
    return count;
}

static uint64_t lost(const struct transaction *t, enum direction d, const struct http_message *m) {
    return t->type == TRANSACTION_TUNNEL
               ? transaction_counts_at_end(t, d)->gap_bytes - t->tcp.at_start[d].gap_bytes
               : m->gap_bytes;
}

/* NULL: of a side that was not seen. */
static void write_gap_bytes(struct writer *w, const uint64_t *client, const uint64_t *server) {
    WRITER_KEY(w, "gap_bytes");
    writer_begin_object(w);
    if (client) {
        WRITER_KEY(w, "client");
        writer_unsigned(w, *client);
    }
    if (server) {
        WRITER_KEY(w, "server");
        writer_unsigned(w, *server);
    }
    writer_end_object(w);
}

/* `capture` but for its frames. */
static void begin_capture(struct writer *w, const struct transaction *t, bool client, bool server) {
    bool tunnel = t->type == TRANSACTION_TUNNEL;
    uint64_t client_lost = lost(t, t->client, &t->request);
    uint64_t server_lost = lost(t, direction_other(t->client), &t->response);
    bool complete = tunnel ? !t->uncertain && !client_lost && !server_lost : transaction_is_complete(t);
    WRITER_UP_TO(w, "\"capture\":{\"complete\":");
    writer_bool(w, complete);
    write_gap_bytes(w, client ? &client_lost : NULL, server ? &server_lost : NULL);
    WRITER_KEY(w, "midstream");
    writer_bool(w, t->connection->midstream);
    WRITER_KEY(w, "snaplen_cut");
    writer_bool(w, t->request.snaplen_cut || t->response.snaplen_cut);
    WRITER_KEY(w, "duplicates");
    writer_unsigned(w, tap_duplicates(t));
}

static uint8_t *put_frames(uint8_t *to, struct slice file, const struct http_message *m) {
    writer_copy(to, file.ptr, file.len);
    to += file.len;
    PEN_TEXT(to, "\"first_frame\":");
    to = pen_unsigned(to, m->first.number);
    PEN_TEXT(to, ",\"last_frame\":");
    /* It is mostly the same, but to copy digits that were just written would wait for them. */
    return pen_unsigned(to, m->last.number);
}

/* The whole of `capture` where nothing is missing or odd; else false. */
static bool write_usual(struct native *native, struct writer *w, const struct transaction *t) {
    enum { KEYS = 256, FRAMES = 64 + 2 * DIGITS_BYTES + PEN_JSON_SLACK };
    const struct http_message *request = &t->request, *response = &t->response;
    uint32_t first = request->first.file;
    bool files =
        ((first ^ request->last.file) | (first ^ response->first.file) | (first ^ response->last.file)) == 0;
    if (!files || native->omitted || native->saved != RECORD_NOT_ASKED || t->connection->midstream ||
        request->snaplen_cut || response->snaplen_cut || tap_duplicates(t) || !transaction_is_complete(t)) {
        return false;
    }
    struct slice file = file_json(native, first);
    uint8_t *to = pen_go_on(w, KEYS + 2 * (FRAMES + file.len));
    if (to) {
        PEN_TEXT(to, ",\"capture\":{\"complete\":true,\"gap_bytes\":{\"client\":0,\"server\":0},"
                     "\"midstream\":false,\"snaplen_cut\":false,\"duplicates\":0,\"request\":{");
        to = put_frames(to, file, request);
        PEN_TEXT(to, "},\"response\":{");
        to = put_frames(to, file, response);
        PEN_TEXT(to, "}}");
        pen_close(w, to);
    }
    return true;
}

static void write_saved(struct writer *w, enum record_saved saved) {
    static const char *const names[] = {[RECORD_SAVED_NONE] = "none",
                                        [RECORD_SAVED_PART] = "part",
                                        [RECORD_SAVED_TRANSACTION] = "transaction",
                                        [RECORD_SAVED_CONNECTION] = "connection"};
    WRITER_KEY(w, "saved");
    writer_text(w, names[saved]);
}

void native_write_capture(struct native *native, struct writer *w, const struct transaction *t) {
    bool tunnel = t->type == TRANSACTION_TUNNEL;
    bool client = tunnel || t->request.seen, server = tunnel || t->response.seen;
    if (write_usual(native, w, t)) {
        return;
    }
    begin_capture(w, t, client, server);
    if (!tunnel && client && !native_omits(native, OMIT_REQUEST_FRAMES)) {
        WRITER_KEY(w, "request");
        write_frames(native, w, &t->request);
    }
    if (!tunnel && server && !native_omits(native, OMIT_RESPONSE_FRAMES)) {
        WRITER_KEY(w, "response");
        write_frames(native, w, &t->response);
    }
    if (native->saved != RECORD_NOT_ASKED) {
        write_saved(w, native->saved);
    }
    writer_end_object(w);
}
