/* SPDX-License-Identifier: Apache-2.0 */
#include "output/text.h"

#include "analyzer/timing.h"
#include "capture/limits.h"
#include "output/utf8.h"
#include "output/writer.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    ENDPOINT_WIDTH = 21, /* an IPv4 address and port */
    METHOD_WIDTH = 7,
    URL_BYTES = 400, /* longest part of a URL or method that is shown */
    ENDPOINT_BYTES = ADDRESS_TEXT_BYTES + 10,
};

#define COLOUR_NONE    ""
#define COLOUR_DIM     "\033[2m"
#define COLOUR_RED     "\033[31m"
#define COLOUR_GREEN   "\033[32m"
#define COLOUR_YELLOW  "\033[33m"
#define COLOUR_MAGENTA "\033[35m"
#define COLOUR_CYAN    "\033[36m"
#define COLOUR_OFF     "\033[0m"

/* At most 256 bytes. */
__attribute__((format(printf, 2, 3))) static void print(struct buf *out, const char *format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len > 0) {
        (void)buf_append(out, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
    }
}

/* Code points that change the terminal's state, reorder what stands around them or can't be seen: C0, C1,
 * line and paragraph separators, bidirectional controls (UAX #9), zero width. */
static bool is_unsafe(uint32_t point) {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0xAD || point == 0x061C ||
           (point >= 0x200B && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
           (point >= 0x2060 && point <= 0x2069) || point == 0xFEFF || (point >= 0xFFF9 && point <= 0xFFFB) ||
           (point >= 0xE0000 && point <= 0xE0FFF);
}

/* Escapes what is_unsafe or ill-formed as \xNN; cuts after about `most` bytes. Returns the columns taken,
 * counting a column a code point. */
static size_t print_safe(struct buf *out, struct slice s, size_t most) {
    size_t columns = 0, at = 0;
    while (at < s.len) {
        if (at >= most) {
            (void)buf_append(out, "…", sizeof "…" - 1);
            return columns + 1;
        }
        size_t ill_formed = 0;
        size_t len = utf8_sequence(slice_make(s.ptr + at, s.len - at), &ill_formed);
        bool safe = len > 0 && !is_unsafe(utf8_code_point(s.ptr + at, len));
        if (safe) {
            (void)buf_append(out, s.ptr + at, len);
            columns++;
            at += len;
            continue;
        }
        for (size_t end = at + (len ? len : ill_formed); at < end; at++) {
            print(out, "\\x%02x", (unsigned)s.ptr[at]);
            columns += 4;
        }
    }
    return columns;
}

static void pad(struct buf *out, size_t columns, size_t width) {
    while (columns++ < width) {
        (void)buf_append(out, " ", 1);
    }
}

static void colour(const struct text *text, struct buf *out, const char *sequence) {
    if (text->options->colour) {
        (void)buf_append(out, sequence, strlen(sequence));
    }
}

static void print_endpoint(const struct text *text, struct buf *out, const struct connection *c,
                           enum direction d) {
    char address[ADDRESS_TEXT_BYTES], all[ENDPOINT_BYTES];
    struct address shown = mask_address(text->mask, &c->key.side[d].address);
    (void)address_text(&shown, c->key.ip_version, address);
    (void)snprintf(all, sizeof all, c->key.ip_version == 6 ? "[%s]:%u" : "%s:%u", address,
                   (unsigned)c->key.side[d].port);
    print(out, "%-*s", ENDPOINT_WIDTH, all);
}

static void print_time(struct buf *out, int64_t time_ns) {
    char text[TIME_TEXT_BYTES];
    time_text(time_ns, text);
    text[10] = ' ';
    (void)buf_append(out, text, 26); /* to the microsecond */
}

/* Seven columns. */
static void print_size(struct buf *out, uint64_t bytes) {
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes < 1000) {
        print(out, "%5u B", (unsigned)bytes);
        return;
    }
    double value = (double)bytes / 1000;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1000;
        unit++;
    }
    print(out, value < 9.95 ? "%4.1f %s" : "%4.0f %s", value, units[unit]);
}

/* Nine columns. */
static void print_duration(struct buf *out, const struct phase *phase) {
    if (!phase->known) {
        print(out, "%9s", "-");
        return;
    }
    double ms = (double)phase->ns / (double)NS_PER_MILLISECOND;
    if (ms < 1000 && ms > -1000) {
        print(out, "%6.2f ms", ms);
    } else {
        print(out, "%7.2f s", ms / 1000);
    }
}

static const char *status_colour(unsigned status) {
    switch (status / 100) {
    case 1:
    case 3:
        return COLOUR_CYAN;
    case 2:
        return COLOUR_GREEN;
    case 4:
        return COLOUR_YELLOW;
    case 5:
        return COLOUR_RED;
    default:
        return COLOUR_NONE;
    }
}

static void print_status(const struct text *text, struct buf *out, const struct transaction *t) {
    if (!t->response.seen || !transaction_has_messages(t) || t->response.status == 0) {
        print(out, "%6s", "-");
        return;
    }
    colour(text, out, status_colour(t->response.status));
    print(out, "%6u", t->response.status);
    colour(text, out, COLOUR_OFF);
}

static void print_method(struct buf *out, const struct transaction *t) {
    size_t columns;
    if (!transaction_has_messages(t)) {
        columns = print_safe(out, slice_of("(data)"), URL_BYTES);
    } else {
        columns = print_safe(out, t->request.seen ? t->request.line[0] : slice_of("-"), URL_BYTES);
    }
    pad(out, columns, METHOD_WIDTH);
}

static void print_url(struct text *text, struct buf *out, const struct transaction *t) {
    if (!t->request.seen || t->type == TRANSACTION_SURPLUS) {
        (void)buf_append(out, "-", 1);
        return;
    }
    url_make(&text->url, t, text->mask);
    (void)print_safe(out, text->url.has_full ? text->url.full : text->url.target, URL_BYTES);
}

/* What makes this line less than a whole transaction. */
static void print_doubts(const struct text *text, struct buf *out, const struct transaction *t) {
    const char *reason = pairing_reason_name(t->reason);
    switch (t->type) {
    case TRANSACTION_PAIR:
        if (!transaction_is_complete(t)) {
            colour(text, out, COLOUR_MAGENTA);
            print(out, "  [incomplete%s]", t->reset ? ", reset" : "");
            colour(text, out, COLOUR_OFF);
        } else if (t->reset) {
            print(out, "  [reset]");
        }
        return;
    case TRANSACTION_ORPHAN_REQUEST:
        colour(text, out, COLOUR_MAGENTA);
        print(out, "  [no response: %s]", reason);
        colour(text, out, COLOUR_OFF);
        return;
    case TRANSACTION_ORPHAN_RESPONSE:
        colour(text, out, COLOUR_MAGENTA);
        print(out, "  [no request: %s]", reason);
        colour(text, out, COLOUR_OFF);
        return;
    case TRANSACTION_TUNNEL:
        print(out, "  [tunnel%s]", t->reset ? ", reset" : "");
        return;
    case TRANSACTION_SURPLUS:
        colour(text, out, COLOUR_MAGENTA);
        print(out, "  [surplus bytes of the %s]", t->request.seen ? "client" : "server");
        colour(text, out, COLOUR_OFF);
        return;
    }
}

/* One column at the start of the line: what to look out for. */
static const char *mark(const struct transaction *t) {
    switch (t->type) {
    case TRANSACTION_PAIR:
        return transaction_is_complete(t) ? " " : "!";
    case TRANSACTION_ORPHAN_REQUEST:
    case TRANSACTION_ORPHAN_RESPONSE:
    case TRANSACTION_SURPLUS:
        return "?";
    case TRANSACTION_TUNNEL:
        return "=";
    }
    return " ";
}

static uint64_t size_of_transaction(const struct transaction *t) {
    if (t->type == TRANSACTION_TUNNEL) {
        return t->tunnel_bytes[0] + t->tunnel_bytes[1];
    }
    if (t->type == TRANSACTION_SURPLUS) {
        const struct http_message *m = t->request.seen ? &t->request : &t->response;
        return m->end_offset - m->offset;
    }
    return t->response.seen ? t->response.body_bytes : 0;
}

bool text_write(struct text *text, const struct transaction *t, struct buf *out) {
    struct timing timing;
    timing_of(t, &timing);
    print(out, "%s ", mark(t));
    colour(text, out, COLOUR_DIM);
    print_time(out, timing_start_ns(t));
    colour(text, out, COLOUR_OFF);
    (void)buf_append(out, "  ", 2);
    print_endpoint(text, out, t->connection, t->client);
    (void)buf_append(out, " → ", sizeof " → " - 1);
    print_endpoint(text, out, t->connection, direction_other(t->client));
    (void)buf_append(out, "  ", 2);
    print_method(out, t);
    print_status(text, out, t);
    (void)buf_append(out, "  ", 2);
    if (t->response.seen || !transaction_has_messages(t)) {
        print_size(out, size_of_transaction(t));
    } else {
        print(out, "%7s", "-");
    }
    (void)buf_append(out, "  ", 2);
    print_duration(out, &timing.total);
    (void)buf_append(out, "  ", 2);
    print_url(text, out, t);
    print_doubts(text, out, t);
    return !out->failed;
}

bool text_write_heading(const struct text *text, struct buf *out) {
    colour(text, out, COLOUR_DIM);
    print(out, "  %-26s  %-*s   %-*s  %-*s%6s  %7s  %9s  %s", "TIME (UTC)", ENDPOINT_WIDTH, "CLIENT",
          ENDPOINT_WIDTH, "SERVER", METHOD_WIDTH, "METHOD", "STATUS", "BODY", "DURATION", "URL");
    colour(text, out, COLOUR_OFF);
    return !out->failed;
}
