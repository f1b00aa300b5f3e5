/* SPDX-License-Identifier: Apache-2.0 */
/* `tcp` and `capture`: what TCP did meanwhile, and how much of it was seen. */
#include "output/native.h"

/* What one direction's sender did while the transaction lasted. */
struct tcp_deeds {
    uint64_t retransmits, out_of_order, duplicate_acks, zero_window;
};

static struct tcp_deeds deeds_of(const struct tcp_share *tcp, enum direction d) {
    const struct stream_counts *start = &tcp->at_start[d], *end = &tcp->at_end[d];
    return (struct tcp_deeds){.retransmits = end->retransmits - start->retransmits,
                              .out_of_order = end->out_of_order - start->out_of_order,
                              .duplicate_acks = end->duplicate_acks - start->duplicate_acks,
                              .zero_window = end->zero_window - start->zero_window};
}

static bool are_none(const struct tcp_deeds *deeds) {
    return (deeds->retransmits | deeds->out_of_order | deeds->duplicate_acks | deeds->zero_window) == 0;
}

static void write_deeds(struct writer *w, const struct tcp_deeds *deeds) {
    WRITER_UP_TO(w, "{\"retransmits\":");
    writer_unsigned(w, deeds->retransmits);
    WRITER_KEY(w, "out_of_order");
    writer_unsigned(w, deeds->out_of_order);
    WRITER_KEY(w, "duplicate_acks");
    writer_unsigned(w, deeds->duplicate_acks);
    WRITER_KEY(w, "zero_window");
    writer_unsigned(w, deeds->zero_window);
    writer_end_object(w);
}

#define NO_DEEDS "{\"retransmits\":0,\"out_of_order\":0,\"duplicate_acks\":0,\"zero_window\":0}"

void native_write_tcp(struct writer *w, const struct transaction *t, const struct timing *timing) {
    enum direction server = direction_other(t->client);
    bool client_seen = t->connection->path_seen[t->client], server_seen = t->connection->path_seen[server];
    struct tcp_deeds by_client = deeds_of(&t->tcp, t->client), by_server = deeds_of(&t->tcp, server);
    WRITER_UP_TO(w, "\"tcp\":{");
    if (client_seen && server_seen && are_none(&by_client) && are_none(&by_server)) { /* mostly */
        WRITER_RAW(w, "\"client\":" NO_DEEDS ",\"server\":" NO_DEEDS);
    } else {
        if (client_seen) {
            WRITER_KEY(w, "client");
            write_deeds(w, &by_client);
        }
        if (server_seen) {
            WRITER_KEY(w, "server");
            write_deeds(w, &by_server);
        }
    }
    WRITE_PHASE(w, timing, rtt_client);
    WRITE_PHASE(w, timing, rtt_server);
    writer_end_object(w);
}

static const char *file_name(const struct native *native, uint32_t file) {
    const struct record_options *options = native->options;
    return options->file_name ? options->file_name(options->file_name_context, file) : NULL;
}

/* `"file":` and the name; mostly it is that of the record before. */
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
        }
        native->file = file;
    }
    return json->failed ? slice_make("", 0) : buf_slice(json);
}

static void write_frames(struct native *native, struct writer *w, const struct http_message *m) {
    struct slice file = file_json(native, m->first.file);
    WRITER_UP_TO(w, "{");
    if (file.len) {
        writer_json(w, file);
    }
    if (file.len && m->last.file != m->first.file) {
        const char *last = file_name(native, m->last.file);
        WRITER_KEY(w, "last_file");
        writer_text(w, last ? last : file_name(native, m->first.file));
    }
    WRITER_KEY(w, "first_frame");
    writer_unsigned(w, m->first.number);
    WRITER_KEY(w, "last_frame");
    writer_unsigned(w, m->last.number);
    writer_end_object(w);
}

static uint64_t tap_duplicates(const struct transaction *t) {
    uint64_t count = 0;
    for (int d = 0; d < 2; d++) {
        count += t->tcp.at_end[d].tap_duplicates - t->tcp.at_start[d].tap_duplicates;
    }
    return count;
}

static uint64_t lost(const struct transaction *t, enum direction d, const struct http_message *m) {
    return t->type == TRANSACTION_TUNNEL ? t->tcp.at_end[d].gap_bytes - t->tcp.at_start[d].gap_bytes
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
    uint64_t duplicates = tap_duplicates(t);
    bool complete = tunnel ? !t->uncertain && !client_lost && !server_lost : transaction_is_complete(t);
    bool cut = t->request.snaplen_cut || t->response.snaplen_cut;
    if (complete && client && server && !cut && !t->connection->midstream &&
        (client_lost | server_lost | duplicates) == 0) { /* mostly */
        WRITER_RAW(
            w, "\"capture\":{\"complete\":true,\"gap_bytes\":{\"client\":0,\"server\":0},\"midstream\":false,"
               "\"snaplen_cut\":false,\"duplicates\":0");
        return;
    }
    WRITER_UP_TO(w, "\"capture\":{\"complete\":");
    writer_bool(w, complete);
    write_gap_bytes(w, client ? &client_lost : NULL, server ? &server_lost : NULL);
    WRITER_KEY(w, "midstream");
    writer_bool(w, t->connection->midstream);
    WRITER_KEY(w, "snaplen_cut");
    writer_bool(w, cut);
    WRITER_KEY(w, "duplicates");
    writer_unsigned(w, duplicates);
}

void native_write_capture(struct native *native, struct writer *w, const struct transaction *t) {
    bool tunnel = t->type == TRANSACTION_TUNNEL;
    bool client = tunnel || t->request.seen, server = tunnel || t->response.seen;
    begin_capture(w, t, client, server);
    if (!tunnel && client) {
        WRITER_KEY(w, "request");
        write_frames(native, w, &t->request);
    }
    if (!tunnel && server) {
        WRITER_KEY(w, "response");
        write_frames(native, w, &t->response);
    }
    writer_end_object(w);
}
