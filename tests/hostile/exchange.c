/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum { BODY_MAX = 3000, LONG_PAUSE_ONE_IN = 16, SHORT_PAUSE_US = 3000, NETWORK_US = 200 };

enum body { BODY_NONE, BODY_LENGTH, BODY_CHUNKED, BODY_CLOSE };

struct transaction {
    const char *method;
    const char *status; /* as in the status line */
    enum body body[2];
    uint32_t body_len[2];
    bool expects; /* 100-continue */
};

static const struct transaction kinds[] = {
    {"GET", "200 OK", {BODY_NONE, BODY_LENGTH}, {0, BODY_MAX}, false},
    {"GET", "200 OK", {BODY_NONE, BODY_CHUNKED}, {0, BODY_MAX}, false},
    {"POST", "201 Created", {BODY_LENGTH, BODY_LENGTH}, {BODY_MAX, BODY_MAX}, false},
    {"PUT", "200 OK", {BODY_CHUNKED, BODY_CHUNKED}, {BODY_MAX, BODY_MAX}, false},
    {"POST", "200 OK", {BODY_LENGTH, BODY_CHUNKED}, {BODY_MAX, 100}, true},
    {"DELETE", "204 No Content", {BODY_NONE, BODY_NONE}, {0, 0}, false},
    {"GET", "404 Not Found", {BODY_NONE, BODY_LENGTH}, {0, 100}, false},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void append(struct exchange *x, enum side side, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf((char *)x->text[side] + x->len[side], EXCHANGE_BYTES - x->len[side], format, arguments);
    va_end(arguments);
    assert(n >= 0 && x->len[side] + (uint32_t)n < EXCHANGE_BYTES);
    x->len[side] += (uint32_t)n;
}

static void append_letters(struct exchange *x, struct chance *chance, enum side side, uint32_t len) {
    assert(x->len[side] + len < EXCHANGE_BYTES);
    for (uint32_t i = 0; i < len; i++) {
        x->text[side][x->len[side]++] = (uint8_t)('a' + chance_below(chance, 26));
    }
}

static void append_body(struct exchange *x, struct chance *chance, enum side side, enum body body,
                        uint32_t len) {
    if (body == BODY_CHUNKED) {
        while (len > 0) {
            uint32_t piece = 1 + chance_below(chance, len);
            append(x, side, "%x\r\n", piece);
            append_letters(x, chance, side, piece);
            append(x, side, "\r\n");
            len -= piece;
        }
        append(x, side, "0\r\n\r\n");
    } else {
        append_letters(x, chance, side, len);
    }
}

static void append_framing(struct exchange *x, enum side side, enum body body, uint32_t len) {
    switch (body) {
    case BODY_LENGTH:
        append(x, side, "Content-Length: %" PRIu32 "\r\n", len);
        break;
    case BODY_CHUNKED:
        append(x, side, "Transfer-Encoding: chunked\r\n");
        break;
    case BODY_CLOSE:
        append(x, side, "Connection: close\r\n");
        break;
    case BODY_NONE:
        break;
    }
    append(x, side, "\r\n");
}

static void add_move(struct exchange *x, enum side side, uint8_t flags, uint32_t from, uint32_t to,
                     uint32_t delay_us) {
    assert(x->moves < EXCHANGE_MOVES);
    x->move[x->moves++] = (struct move){side, flags, from, to, delay_us};
}

static uint32_t pause_us(struct chance *chance, const struct exchange_choice *choice) {
    uint32_t most = chance_one_in(chance, LONG_PAUSE_ONE_IN) ? choice->longest_pause_us : SHORT_PAUSE_US;
    return NETWORK_US + chance_below(chance, most + 1);
}

/* The side's text since `from` goes out in pieces, and the other side acknowledges. */
static void transmit(struct exchange *x, struct chance *chance, enum side side, uint32_t from,
                     uint32_t delay_us) {
    while (from < x->len[side]) {
        uint32_t rest = x->len[side] - from;
        uint32_t piece = chance_one_in(chance, 4) ? 200 + chance_below(chance, WIRE_MSS - 200) : WIRE_MSS;
        uint32_t to = from + (piece < rest ? piece : rest);
        bool last = to == x->len[side];
        add_move(x, side, (uint8_t)(WIRE_ACK | (last ? WIRE_PSH : 0)), from, to, delay_us);
        if (last || chance_one_in(chance, 2)) {
            add_move(x, side_other(side), WIRE_ACK, 0, 0, NETWORK_US / 2);
        }
        from = to;
        delay_us = 20;
    }
}

static struct transaction choose(struct chance *chance, const struct exchange_choice *choice, bool plain) {
    struct transaction t = kinds[plain ? 0 : chance_below(chance, KINDS)];
    for (int side = 0; side < 2; side++) {
        t.body_len[side] = t.body_len[side] ? 1 + chance_below(chance, t.body_len[side]) : 0;
    }
    if (choice->last && t.body[SERVER] == BODY_LENGTH && chance_one_in(chance, 2)) {
        t.body[SERVER] = BODY_CLOSE;
    }
    return t;
}

static void write_truth(const struct transaction *t, const struct exchange_choice *choice, unsigned number,
                        FILE *truth) {
    if (truth) {
        (void)fprintf(truth, "%s\t%" PRIu64 "-%u\t%u\t%s\t/%" PRIu64 "/%u\t%.3s\t%" PRIu32 "\t%" PRIu32 "\n",
                      choice->class, choice->connection, number, choice->client_port, t->method,
                      choice->connection, number, t->status, t->body_len[CLIENT], t->body_len[SERVER]);
    }
}

static void append_request(struct exchange *x, struct chance *chance, const struct exchange_choice *choice,
                           const struct transaction *t, unsigned number) {
    append(x, CLIENT, "%s /%" PRIu64 "/%u HTTP/1.1\r\nHost: www.example.com\r\nId: %" PRIu64 "-%u\r\n",
           t->method, choice->connection, number, choice->connection, number);
    append(x, CLIENT, "User-Agent: honest\r\n%s", t->expects ? "Expect: 100-continue\r\n" : "");
    append_framing(x, CLIENT, t->body[CLIENT], t->body_len[CLIENT]);
    if (!t->expects) {
        append_body(x, chance, CLIENT, t->body[CLIENT], t->body_len[CLIENT]);
    }
}

static void append_response(struct exchange *x, struct chance *chance, const struct exchange_choice *choice,
                            const struct transaction *t, unsigned number) {
    append(x, SERVER, "HTTP/1.1 %s\r\nServer: honest\r\nId: %" PRIu64 "-%u\r\n", t->status,
           choice->connection, number);
    append_framing(x, SERVER, t->body[SERVER], t->body_len[SERVER]);
    append_body(x, chance, SERVER, t->body[SERVER], t->body_len[SERVER]);
}

void exchange_make(struct exchange *x, struct chance *chance, const struct exchange_choice *choice,
                   FILE *truth) {
    struct transaction t[3];
    x->first_id = choice->first_id;
    x->transactions = choice->pipelines && !choice->last && chance_one_in(chance, 6) ? 3 : 1;
    x->closes = false;
    x->moves = 0;
    x->len[CLIENT] = x->len[SERVER] = 0;
    for (unsigned i = 0; i < x->transactions; i++) {
        t[i] = choose(chance, choice, x->transactions > 1);
        append_request(x, chance, choice, &t[i], choice->first_id + i);
        write_truth(&t[i], choice, choice->first_id + i, truth);
        x->closes |= t[i].body[SERVER] == BODY_CLOSE;
    }
    transmit(x, chance, CLIENT, 0, pause_us(chance, choice));
    if (t[0].expects) {
        uint32_t from = x->len[CLIENT];
        append(x, SERVER, "HTTP/1.1 100 Continue\r\n\r\n");
        transmit(x, chance, SERVER, 0, pause_us(chance, choice));
        append_body(x, chance, CLIENT, t[0].body[CLIENT], t[0].body_len[CLIENT]);
        transmit(x, chance, CLIENT, from, NETWORK_US);
    }
    uint32_t from = x->len[SERVER];
    for (unsigned i = 0; i < x->transactions; i++) {
        append_response(x, chance, choice, &t[i], choice->first_id + i);
    }
    transmit(x, chance, SERVER, from, pause_us(chance, choice));
}
