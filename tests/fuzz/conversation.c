/* SPDX-License-Identifier: Apache-2.0 */
#include "conversation.h"

#include "capture/limits.h"
#include "capture/packet.h"
#include "h1_grammar.h"

enum {
    CAPTURE_CAP = 1 << 20,
    STREAM_CAP = 1 << 16,
    MSS = 700,
    HEADERS = 14 + 20 + 20,
    PACKET_BYTES = HEADERS + 4 + MSS,
    OPEN = 8, /* requests of a talk that wait for their answers */
};

enum step {
    STEP_EXCHANGE,
    STEP_REQUEST,
    STEP_RESPONSE,
    STEP_HANDSHAKE,
    STEP_FAULT, /* of the next packets */
    STEP_TIME,
    STEP_FIN,
    STEP_ACK,
    STEP_REPEAT, /* bytes sent before */
    STEP_RESET,
    STEP_SYNTAX, /* of one side, out of h1_grammar: no honest talk any more */
    STEP_FORGED, /* other bytes for the same numbers */
    STEP_LINK,   /* a VLAN tag on one direction from now on */
    STEP_WRAP,   /* the talk starts anew, its numbers just before their wrap */
    STEP_PAUSE,  /* one direction comes late from now on */
    STEP_INTERIM,
    STEPS,
};

enum fault { FAULT_LOSS, FAULT_COPY, FAULT_SWAP, FAULT_CUT, FAULT_LATE, FAULT_TO_END, FAULTS };

struct wire {
    int64_t time_ns;
    uint16_t len, cut;
    uint8_t bytes[PACKET_BYTES];
};

struct talk {
    struct buf stream[2]; /* all that the side has sent, from its first byte on */
    uint32_t first[2];
    bool begun; /* handshake or not: it has numbers */
    bool ended[2];
    uint16_t port;
    bool tagged[2];
    int64_t late_ns[2];
    unsigned requests;
    size_t open[OPEN]; /* exchanges not answered, in order */
    unsigned opens;
};

struct maker {
    struct conversation *c;
    struct input *in;
    int64_t now_ns;
    uint16_t ip_id;
    enum fault fault;
    unsigned faulty; /* packets still to be treated so */
    uint8_t strength;
    unsigned incarnations;
    unsigned packets;
    struct talk talk[CONVERSATION_TALKS];
    struct wire wire[CONVERSATION_PACKETS + 1];
};

static void store16(uint8_t *at, unsigned n) {
    at[0] = (uint8_t)(n >> 8);
    at[1] = (uint8_t)n;
}

static void store32(uint8_t *at, uint32_t n) {
    store16(at, n >> 16);
    store16(at + 2, n & 0xffff);
}

static struct wire *new_wire(struct maker *m) {
    struct wire *w = &m->wire[m->packets];
    m->packets += m->packets < CONVERSATION_PACKETS;
    return w;
}

static void apply_fault(struct maker *m, struct wire *w) {
    struct wire *last = w;
    m->faulty--;
    m->c->lossless &= m->fault == FAULT_COPY || m->fault == FAULT_SWAP;
    switch (m->fault) {
    case FAULT_LOSS:
        m->packets--;
        break;
    case FAULT_COPY:
        last = new_wire(m);
        *last = *w;
        last->time_ns += m->strength * 1000;
        break;
    case FAULT_SWAP:
        for (unsigned i = 0; i < m->strength % 16U + 1 && w > m->wire; i++, w--) {
            m->c->lossless &= w->time_ns - w[-1].time_ns < NS_PER_SECOND / 10;
            struct wire kept = w[-1];
            w[-1] = *w;
            *w = kept;
            int64_t time_ns = w->time_ns;
            w->time_ns = w[-1].time_ns > time_ns ? w[-1].time_ns : time_ns;
            w[-1].time_ns = w[-1].time_ns < time_ns ? w[-1].time_ns : time_ns;
        }
        break;
    case FAULT_CUT:
        if (w->len > HEADERS + 4 + m->strength % 64) {
            w->cut = (uint16_t)(w->len - HEADERS - 4 - m->strength % 64);
        }
        break;
    case FAULT_LATE:
        w->time_ns += m->strength * 20 * NS_PER_MILLISECOND;
        break;
    case FAULT_TO_END:
    case FAULTS:
        break;
    }
}

/* One packet of the talk, with what the side has sent up to now behind it. */
static void send_packet(struct maker *m, struct talk *t, unsigned side, uint8_t flags, size_t from,
                        size_t len, bool forged) {
    if (m->packets == CONVERSATION_PACKETS) {
        return;
    }
    struct wire *w = new_wire(m);
    size_t tag = t->tagged[side] ? 4 : 0;
    uint8_t *p = w->bytes;
    memset(p, 0, HEADERS + 4);
    w->time_ns = m->now_ns + t->late_ns[side];
    w->cut = 0;
    w->len = (uint16_t)(HEADERS + tag + len);
    p[5] = (uint8_t)(2 - side);
    p[11] = (uint8_t)(1 + side);
    if (tag) {
        store16(p + 12, 0x8100);
        store16(p + 14, 5);
    }
    store16(p + 12 + tag, 0x0800);
    uint8_t *ip = p + 14 + tag, *tcp = ip + 20;
    ip[0] = 0x45;
    store16(ip + 2, (unsigned)(40 + len));
    store16(ip + 4, ++m->ip_id);
    ip[8] = 64;
    ip[9] = 6;
    memcpy(ip + 12, (const uint8_t[]){10, 0, 0, (uint8_t)(1 + side), 10, 0, 0, (uint8_t)(2 - side)}, 8);
    store16(tcp, side ? 80 : t->port);
    store16(tcp + 2, side ? t->port : 80);
    bool syn = flags & TCP_SYN;
    store32(tcp + 4, t->first[side] + (uint32_t)from - (syn ? 1 : 0));
    bool ack = flags & TCP_ACK;
    store32(tcp + 8, ack ? t->first[!side] + (uint32_t)t->stream[!side].len + (t->ended[!side] ? 1 : 0) : 0);
    tcp[12] = 0x50;
    tcp[13] = flags;
    store16(tcp + 14, 0xfff0);
    if (len) {
        memcpy(tcp + 20, t->stream[side].ptr + from, len);
    }
    if (forged && len) {
        tcp[20 + len / 2] ^= 1;
    }
    m->now_ns += 100 * 1000;
    if (m->faulty) {
        apply_fault(m, w);
    }
}

static void send_range(struct maker *m, struct talk *t, unsigned side, size_t from, size_t to, size_t most) {
    while (from < to) {
        size_t len = to - from < most ? to - from : most;
        send_packet(m, t, side, TCP_ACK | TCP_PSH, from, len, false);
        from += len;
    }
}

static void begin(struct talk *t, uint32_t first) {
    for (unsigned side = 0; side < 2; side++) {
        buf_clear(&t->stream[side]);
        t->first[side] = first + side * 0x10000000;
        t->ended[side] = false;
    }
    t->begun = true;
    t->opens = 0;
}

/* On a port that nobody had. */
static void begin_anew(struct maker *m, struct talk *t, uint32_t first) {
    begin(t, first);
    t->port = (uint16_t)(40000 + m->incarnations++);
}

static struct talk *talk_of(struct maker *m, uint8_t code) {
    struct talk *t = &m->talk[(code >> 4) % CONVERSATION_TALKS];
    if (!t->begun) {
        begin_anew(m, t, 1000);
    }
    return t;
}

static unsigned number_of(const struct maker *m, const struct talk *t) {
    return (unsigned)(t - m->talk);
}

static void say(struct buf *b, const char *format, unsigned a, unsigned n) {
    char text[256];
    int len = snprintf(text, sizeof text, format, a, n);
    (void)buf_append(b, text, (size_t)len);
}

static void say_body(struct buf *b, size_t len, bool decoy) {
    static const char messages[] =
        "GET /9-9 HTTP/1.1\r\nHost: decoy\r\n\r\nHTTP/1.1 200 OK\r\nId: 9-9\r\nContent-Length: 0\r\n\r\n";
    for (size_t i = 0; i < len; i++) {
        (void)buf_append(b, decoy ? &messages[i % (sizeof messages - 1)] : "x", 1);
    }
}

static void say_sized(struct buf *b, size_t len, bool chunked, bool decoy) {
    if (!chunked) {
        say(b, "Content-Length: %u\r\n\r\n", (unsigned)len, 0);
        say_body(b, len, decoy);
        return;
    }
    say(b, "Transfer-Encoding: chunked\r\n\r\n", 0, 0);
    for (size_t at = 0; at < len;) {
        size_t piece = len - at < 100 ? len - at : 100;
        say(b, "%x\r\n", (unsigned)piece, 0);
        say_body(b, piece, decoy);
        say(b, "\r\n", 0, 0);
        at += piece;
    }
    say(b, "0\r\n\r\n", 0, 0);
}

static size_t body_length(uint8_t how) {
    static const size_t lengths[] = {0, 1, 10, 99, 300, 1000, 2500, 0};
    return lengths[how & 7];
}

/* `how`: bits 0-2 length, 3 chunked, 4 decoy, 5 a method without answer's body, 6 small segments. */
static void request(struct maker *m, struct talk *t, uint8_t how) {
    struct conversation *c = m->c;
    struct buf *b = &t->stream[0];
    if (c->exchanges == CONVERSATION_EXCHANGES || t->opens == OPEN || t->ended[0] ||
        b->len > STREAM_CAP / 2) {
        return;
    }
    size_t from = b->len, len = how & 0x20 ? 0 : body_length(how);
    c->pipelines[number_of(m, t)] |= t->opens > 0;
    struct exchange *e = &c->exchange[c->exchanges];
    *e = (struct exchange){.talk = number_of(m, t), .number = t->requests++, .request_body = len};
    t->open[t->opens++] = c->exchanges++;
    say(b,
        how & 0x20 ? "HEAD /%u-%u HTTP/1.1\r\nHost: h.example\r\n"
                   : "POST /%u-%u HTTP/1.1\r\nHost: h.example\r\n",
        e->talk, e->number);
    if (how & 0x20) {
        say(b, "\r\n", 0, 0);
    } else {
        say_sized(b, len, how & 8, how & 0x10);
    }
    e->sized = how & 0x20; /* so far: that of HEAD */
    send_range(m, t, 0, from, b->len, how & 0x40 ? 60 : MSS);
}

static void interim(struct maker *m, struct talk *t, uint8_t how) {
    struct buf *b = &t->stream[1];
    if (t->opens == 0 || t->ended[1] || b->len > STREAM_CAP / 2) {
        return;
    }
    size_t from = b->len;
    say(b, how & 1 ? "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" : "HTTP/1.1 100 Continue\r\n\r\n", 0,
        0);
    send_range(m, t, 1, from, b->len, MSS);
}

static void finish_side(struct maker *m, struct talk *t, unsigned side) {
    if (!t->ended[side]) {
        m->c->lossless &= side == 1 || t->opens == 0; /* its number looks like a request's that was lost */
        send_packet(m, t, side, TCP_ACK | TCP_FIN, t->stream[side].len, 0, false);
        t->ended[side] = true;
    }
}

/* `how` as in request; bit 5: a status without body, bit 7: the body lasts until the connection ends. */
static void response(struct maker *m, struct talk *t, uint8_t how) {
    static const unsigned statuses[] = {200, 404, 401, 500};
    struct buf *b = &t->stream[1];
    if (t->opens == 0 || t->ended[1] || b->len > STREAM_CAP / 2) {
        return;
    }
    struct exchange *e = &m->c->exchange[t->open[0]];
    memmove(t->open, t->open + 1, --t->opens * sizeof *t->open);
    size_t from = b->len, len = body_length(how);
    bool head = e->sized, empty = how & 0x20, until_close = how & 0x80 && !head && !empty;
    e->status = empty ? 304 : statuses[e->number % 4];
    e->response_body = head || empty ? 0 : len;
    e->sized = !until_close;
    say(b,
        e->status == 304   ? "HTTP/1.1 304 Not Modified\r\n"
        : e->status == 200 ? "HTTP/1.1 200 OK\r\n"
        : e->status == 404 ? "HTTP/1.1 404 Not Found\r\n"
        : e->status == 401 ? "HTTP/1.1 401 Unauthorized\r\n"
                           : "HTTP/1.1 500 Error\r\n",
        0, 0);
    say(b, "Id: %u-%u\r\n", e->talk, e->number);
    if (head || empty) {
        say(b, "Content-Length: %u\r\n\r\n", (unsigned)len, 0);
    } else if (until_close) {
        say(b, "Connection: close\r\n\r\n", 0, 0);
        say_body(b, len, how & 0x10);
    } else {
        say_sized(b, len, how & 8, how & 0x10);
    }
    send_range(m, t, 1, from, b->len, how & 0x40 ? 60 : MSS);
    if (until_close) {
        finish_side(m, t, 1);
    }
}

static void handshake(struct maker *m, struct talk *t) {
    if (t->stream[0].len || t->stream[1].len || t->ended[0] || t->ended[1]) {
        begin(t, t->first[0] + 0x01000000); /* the same port, numbers far off */
        m->c->lossless = false;             /* late packets may be counted to either */
    }
    m->c->begins[number_of(m, t)] = true;
    send_packet(m, t, 0, TCP_SYN, 0, 0, false);
    send_packet(m, t, 1, TCP_SYN | TCP_ACK, 0, 0, false);
    send_packet(m, t, 0, TCP_ACK, 0, 0, false);
}

static void repeat(struct maker *m, struct talk *t, bool forged) {
    unsigned side = input_u8(m->in) & 1;
    size_t len = t->stream[side].len;
    if (len) {
        size_t back = input_u16(m->in) % len + 1, some = input_u8(m->in) * 3U + 1;
        some = some < back ? some : back;
        send_packet(m, t, side, TCP_ACK, len - back, some < MSS ? some : MSS, forged);
        m->c->honest = m->c->honest && !forged;
    }
}

static void syntax(struct maker *m, struct talk *t) {
    uint8_t how = input_u8(m->in);
    unsigned side = how & 1;
    struct h1_text text = {0};
    buf_init(&text.bytes, STREAM_CAP / 4);
    if (!t->ended[side] && t->stream[side].len < STREAM_CAP / 2 && h1_grammar(&text, m->in, side, how >> 4)) {
        size_t from = t->stream[side].len;
        (void)buf_append_slice(&t->stream[side], buf_slice(&text.bytes));
        send_range(m, t, side, from, t->stream[side].len, how & 2 ? 40 : MSS);
        m->c->honest = false;
    }
    buf_fini(&text.bytes);
}

static void pass_time(struct maker *m) {
    static const int64_t units[] = {NS_PER_MILLISECOND, 20 * NS_PER_MILLISECOND, NS_PER_SECOND,
                                    30 * NS_PER_SECOND};
    uint8_t how = input_u8(m->in);
    m->now_ns += (how >> 2) * units[how & 3];
    m->c->lossless &= (how & 3) < 2; /* after long silences the clock must be confirmed, connections end */
}

static void reset(struct maker *m, struct talk *t, uint8_t how) {
    unsigned side = how & 1;
    if (!t->ended[side]) {
        send_packet(m, t, side, TCP_RST | TCP_ACK, t->stream[side].len, 0, false);
    }
    t->begun = false;
}

static void step(struct maker *m) {
    uint8_t code = input_u8(m->in), how;
    struct talk *t = talk_of(m, code);
    switch ((enum step)(code % STEPS)) {
    case STEP_EXCHANGE:
        how = input_u8(m->in);
        request(m, t, how);
        response(m, t, (uint8_t)(how >> 3 | (input_u8(m->in) & 0xf8)));
        break;
    case STEP_REQUEST:
        request(m, t, input_u8(m->in));
        break;
    case STEP_RESPONSE:
        response(m, t, input_u8(m->in));
        break;
    case STEP_HANDSHAKE:
        handshake(m, t);
        break;
    case STEP_FAULT:
        how = input_u8(m->in);
        m->fault = (enum fault)(how % FAULTS);
        m->faulty = m->fault == FAULT_TO_END ? 0 : (how >> 4) + 1U;
        m->strength = input_u8(m->in);
        break;
    case STEP_TIME:
        pass_time(m);
        break;
    case STEP_FIN:
        finish_side(m, t, input_u8(m->in) & 1);
        break;
    case STEP_ACK:
        how = input_u8(m->in);
        send_packet(m, t, how & 1, TCP_ACK, t->stream[how & 1].len, 0, false);
        break;
    case STEP_REPEAT:
        repeat(m, t, false);
        break;
    case STEP_RESET:
        reset(m, t, input_u8(m->in));
        break;
    case STEP_SYNTAX:
        syntax(m, t);
        break;
    case STEP_FORGED:
        repeat(m, t, true);
        break;
    case STEP_LINK:
        t->tagged[input_u8(m->in) & 1] = true;
        break;
    case STEP_WRAP:
        begin_anew(m, t, 0xffffff00);
        break;
    case STEP_PAUSE:
        how = input_u8(m->in);
        t->late_ns[how & 1] = (how >> 1) * 20 * NS_PER_MILLISECOND;
        m->c->lossless = false;
        break;
    case STEP_INTERIM:
        interim(m, t, input_u8(m->in));
        break;
    case STEPS:
        break;
    }
}

/* In the order in which the tap saw them. */
static int by_time(const void *a, const void *b) {
    const struct wire *x = *(const struct wire *const *)a, *y = *(const struct wire *const *)b;
    if (x->time_ns != y->time_ns) {
        return x->time_ns < y->time_ns ? -1 : 1;
    }
    return x < y ? -1 : 1;
}

static void write_capture(struct maker *m) {
    static const struct wire *order[CONVERSATION_PACKETS];
    struct buf *b = &m->c->capture;
    const uint32_t head[6] = {0xa1b23c4d, 2 | 4U << 16, 0, 0, 65535, 1};
    (void)buf_append(b, head, sizeof head);
    for (unsigned i = 0; i < m->packets; i++) {
        order[i] = &m->wire[i];
    }
    qsort(order, m->packets, sizeof *order, by_time);
    for (unsigned i = 0; i < m->packets; i++) {
        const struct wire *w = order[i];
        const uint32_t record[4] = {(uint32_t)(w->time_ns / NS_PER_SECOND),
                                    (uint32_t)(w->time_ns % NS_PER_SECOND), (uint32_t)(w->len - w->cut),
                                    w->len};
        (void)buf_append(b, record, sizeof record);
        (void)buf_append(b, w->bytes, (size_t)(w->len - w->cut));
    }
    DEMAND(!b->failed);
}

void conversation_make(struct conversation *c, struct input *in) {
    static struct maker m;
    m = (struct maker){.c = c, .in = in, .now_ns = 1000 * NS_PER_SECOND};
    *c = (struct conversation){.honest = true, .lossless = true};
    buf_init(&c->capture, CAPTURE_CAP);
    for (unsigned i = 0; i < CONVERSATION_TALKS * 2; i++) {
        buf_init(&m.talk[i / 2].stream[i % 2], STREAM_CAP);
    }
    while (!input_ended(in) && m.packets < CONVERSATION_PACKETS) {
        step(&m);
    }
    write_capture(&m);
    for (unsigned i = 0; i < CONVERSATION_TALKS * 2; i++) {
        buf_fini(&m.talk[i / 2].stream[i % 2]);
    }
}

void conversation_fini(struct conversation *c) {
    buf_fini(&c->capture);
}

struct exchange *conversation_find(struct conversation *c, unsigned talk, unsigned number) {
    for (size_t i = 0; i < c->exchanges; i++) {
        if (c->exchange[i].talk == talk && c->exchange[i].number == number) {
            return &c->exchange[i];
        }
    }
    return NULL;
}
