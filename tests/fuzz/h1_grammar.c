/* SPDX-License-Identifier: Apache-2.0 */
#include "h1_grammar.h"

enum piece {
    PIECE_START_LINE,
    PIECE_LENGTH,   /* Content-Length, and exactly that body after the head's end */
    PIECE_CHUNKED,  /* Transfer-Encoding */
    PIECE_FIELD,    /* of the table */
    PIECE_NAME,     /* a name of the table with bytes of the input as value */
    PIECE_LINE_END, /* alone: ends a head, or is an empty line */
    PIECE_FOLD,
    PIECE_CHUNK,
    PIECE_LAST_CHUNK,
    PIECE_FILL, /* body bytes */
    PIECE_RAW,  /* bytes of the input */
    PIECE_ODD,  /* of the table of oddities */
    PIECE_GAP,
    PIECE_MESSAGE, /* a whole one with its body */
    PIECE_LONG,    /* a long run of one byte */
    PIECE_CHUNK_SIZE,
    PIECES,
};

static const char *const methods[] = {"GET",    "POST",     "HEAD",   "CONNECT", "OPTIONS", "PUT",
                                      "DELETE", "M-SEARCH", "GE T",   "get",     "PRI",     "",
                                      "PATCH",  "TRACE",    "G\x01T", "BREW"};
static const char *const targets[] = {"/",    "/a?b=c", "*",           "h.example:80", "http://h.example/x",
                                      "/a b", "",       "/\xff\x01%00"};
static const char *const versions[] = {"HTTP/1.1", "HTTP/1.0", "HTTP/1.1", "",
                                       "HTTP/0.9", "http/1.1", "HTTP/2.0", "HTTP/1."};
static const char *const statuses[] = {
    "200 OK",    "204 No Content", "304 Not Modified", "100 Continue", "101 Switching", "206",       "404 ",
    "103 Early", "99 x",           "2000 OK",          "+20 x",        "500 \xe9\x80",  "205 Reset", "200",
    " 200 OK",   "abc def"};
static const char *const fields[] = {"Host: h.example",
                                     "Connection: close",
                                     "Connection: keep-alive, Upgrade",
                                     "Upgrade: websocket",
                                     "Transfer-Encoding: gzip",
                                     "Transfer-Encoding: gzip, chunked",
                                     "Transfer-Encoding: identity",
                                     "Transfer-Encoding: chunked, chunked",
                                     "Content-Length: 5, 5",
                                     "Content-Length: 5, 6",
                                     "Content-Length: -1",
                                     "Content-Length: 9223372036854775808",
                                     "Content-Length: 18446744073709551616",
                                     "Expect: 100-continue",
                                     "Content-Type: text/plain",
                                     "Trailer: X"};
static const char *const names[] = {"X-A",
                                    "Host",
                                    "Content-Length",
                                    "Transfer-Encoding",
                                    "Cookie",
                                    "Set-Cookie",
                                    "X A",
                                    "Content-Length ",
                                    "",
                                    "\x80",
                                    "X\tA",
                                    "Authorization",
                                    "Date",
                                    "Connection",
                                    "Upgrade",
                                    "A"};
static const char *const oddities[] = {"\r",  "\n\r",      "\r\r\n",   "\t",  " ",    "\0",
                                       ":",   ";",         "0x",       "+",   "\x7f", "HTTP/",
                                       "GET", ";a=\"\r\n", "\r\n\r\n", "\x01"};
static const char *const ends[] = {"\r\n", "\n", "\r\r\n", "\r\n", "", "\r", " \r\n", "\r\n"};

static bool put(struct h1_text *t, const char *text) {
    return buf_append(&t->bytes, text, strlen(text));
}

static void fill(struct h1_text *t, size_t len) {
    static const char body[] = "body GET / HTTP/1.1\r\n";
    for (size_t i = 0; i < len; i++) {
        (void)buf_append(&t->bytes, &body[i % (sizeof body - 1)], 1);
    }
}

static const char *line_end(uint8_t how) {
    return ends[how % 8];
}

static void start_line(struct h1_text *t, struct input *in, bool response, const char *end) {
    uint8_t how = input_u8(in);
    if (response) {
        put(t, versions[how >> 4 & 7]);
        put(t, " ");
        put(t, statuses[how & 15]);
    } else {
        uint8_t more = input_u8(in);
        put(t, methods[how & 15]);
        put(t, " ");
        put(t, targets[more & 7]);
        const char *version = versions[more >> 3 & 7];
        put(t, *version ? " " : "");
        put(t, version);
    }
    put(t, end);
}

/* As readers take it, lenient ones too. */
static void number(struct h1_text *t, uint64_t n, bool hex, uint8_t how) {
    char text[40] = "";
    switch (how % 4) {
    case 0:
        snprintf(text, sizeof text, hex ? "%llx" : "%llu", (unsigned long long)n);
        break;
    case 1:
        snprintf(text, sizeof text, hex ? "%llX" : "0%llu", (unsigned long long)n);
        break;
    case 2:
        snprintf(text, sizeof text, hex ? "000%llx" : " %llu", (unsigned long long)n);
        break;
    case 3:
        snprintf(text, sizeof text, hex ? "%llx " : "%llu\t", (unsigned long long)n);
        break;
    }
    put(t, text);
}

static void chunk_size(struct h1_text *t, struct input *in, uint64_t len, const char *end) {
    static const char *const extensions[] = {"", "", "", ";a", ";a=b", ";a=\"b;\\\"c\"", " ;a", ";\x01"};
    uint8_t how = input_u8(in);
    number(t, len, true, how);
    put(t, extensions[how >> 2 & 7]);
    put(t, end);
}

static void chunk(struct h1_text *t, struct input *in, const char *end) {
    uint8_t len = input_u8(in);
    chunk_size(t, in, len + 1U, end);
    fill(t, len + 1U);
    put(t, end);
}

static void gap(struct h1_text *t, struct input *in) {
    uint64_t len = input_u8(in);
    if (len > 250) {
        len = (len - 250) << 20;
    }
    if (t->gaps < H1_GAPS) {
        t->gap[t->gaps++] = (struct h1_gap){.at = t->bytes.len, .len = len + 1};
    }
}

static void message(struct h1_text *t, struct input *in, bool response) {
    uint8_t how = input_u8(in);
    put(t, response     ? "HTTP/1.1 200 OK\r\n"
           : how & 0x80 ? "HEAD /x HTTP/1.1\r\n"
                        : "POST /x HTTP/1.1\r\nHost: h\r\n");
    size_t len = how & 0x3f;
    if (how & 0x40) {
        put(t, "Transfer-Encoding: chunked\r\n\r\n");
        if (len) {
            number(t, len, true, 0);
            put(t, "\r\n");
            fill(t, len);
            put(t, "\r\n");
        }
        put(t, "0\r\n\r\n");
        return;
    }
    put(t, "Content-Length: ");
    number(t, len, false, 0);
    put(t, "\r\n\r\n");
    fill(t, len);
}

static void field(struct h1_text *t, struct input *in, const char *end) {
    uint8_t how = input_u8(in);
    put(t, names[how & 15]);
    put(t, how & 0x80 ? ":" : ": ");
    (void)buf_append_slice(&t->bytes, input_bytes(in, how >> 4 & 7));
    put(t, end);
}

static void piece(struct h1_text *t, struct input *in, bool response) {
    uint8_t code = input_u8(in);
    const char *end = line_end(code >> 5);
    uint8_t how;
    switch ((enum piece)(code % PIECES)) {
    case PIECE_START_LINE:
        start_line(t, in, response, end);
        break;
    case PIECE_LENGTH:
        put(t, "Content-Length: ");
        how = input_u8(in);
        number(t, how & 0x3f, false, code & 0x10 ? how >> 6 : 0);
        put(t, end);
        break;
    case PIECE_CHUNKED:
        put(t, "Transfer-Encoding: chunked");
        put(t, end);
        break;
    case PIECE_FIELD:
        put(t, fields[input_u8(in) & 15]);
        put(t, end);
        break;
    case PIECE_NAME:
        field(t, in, end);
        break;
    case PIECE_LINE_END:
        put(t, end);
        break;
    case PIECE_FOLD:
        put(t, code & 0x10 ? "\t" : " ");
        (void)buf_append_slice(&t->bytes, input_bytes(in, code >> 5));
        put(t, end);
        break;
    case PIECE_CHUNK:
        chunk(t, in, end);
        break;
    case PIECE_LAST_CHUNK:
        put(t, code & 0x10 ? "0" : "000;x=y");
        put(t, end);
        break;
    case PIECE_FILL:
        fill(t, input_u8(in) % 70U);
        break;
    case PIECE_RAW:
        (void)buf_append_slice(&t->bytes, input_bytes(in, code >> 4));
        break;
    case PIECE_ODD:
        how = input_u8(in) & 15;
        (void)buf_append(&t->bytes, oddities[how], oddities[how][0] ? strlen(oddities[how]) : 1);
        break;
    case PIECE_GAP:
        gap(t, in);
        break;
    case PIECE_MESSAGE:
        message(t, in, response);
        break;
    case PIECE_LONG:
        how = input_u8(in);
        for (unsigned i = 0; i < how % 64U + 1; i++) {
            put(t, code & 0x10 ? "a" : code & 0x20 ? " " : code & 0x40 ? "0" : "x: y");
        }
        break;
    case PIECE_CHUNK_SIZE:
        chunk_size(t, in, input_u16(in), end);
        break;
    case PIECES:
        break;
    }
}

bool h1_grammar(struct h1_text *t, struct input *in, bool response, unsigned pieces) {
    while (pieces-- && !input_ended(in) && !t->bytes.failed) {
        piece(t, in, response);
    }
    return !t->bytes.failed;
}
