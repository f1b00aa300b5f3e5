/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of HTTP/1 syntax that need no state: byte classes and whole lines. Pure functions on views. */
#ifndef HARK_ANALYZER_H1_SYNTAX_H
#define HARK_ANALYZER_H1_SYNTAX_H

#include "analyzer/h1.h"

enum h1_class {
    H1_TOKEN = 1, /* tchar, RFC 9110 section 5.6.2 */
    H1_SPACE = 2, /* what a lenient reader takes for white space in a start line, RFC 9112 section 3 */
    H1_HEX = 4,
    H1_DIGIT = 8,
    H1_OWS = 16, /* space and tab */
    H1_HOST =
        32, /* what a reg-name or an IPv4 address is of, RFC 3986 section 3.2.2; the percent sign by itself */
};
extern const uint8_t h1_classes[256];

static inline bool h1_is(uint8_t byte, enum h1_class class) {
    return (h1_classes[byte] & class) != 0;
}

/* Is there a byte below `limit`, or 0x7f? */
bool h1_has_below(struct slice, uint8_t limit);
/* H1_ODD_NUL, H1_ODD_BARE_CR and H1_ODD_CONTROL as they occur in a line without its end. */
uint32_t h1_control_oddities(struct slice);
/* What a byte that is skipped before a start line is: H1_ODD_EMPTY_LINES and the like. */
uint32_t h1_lead_oddities(uint8_t byte, bool behind_cr);

enum h1_line_kind {
    H1_LINE_BAD,
    H1_LINE_VERSION,    /* a start line of HTTP/1.x, or a like version */
    H1_LINE_NO_VERSION, /* a request line of HTTP/0.9, or one whose version was left out */
};

/* A request line without its end, leading white space removed. Sets e->line, major and minor. `tail` is
 * empty, or the last bytes of a line of which `text` is only the front; the whole line has `whole_len` bytes.
 */
enum h1_line_kind h1_read_request_line(struct slice text, struct slice tail, uint64_t whole_len,
                                       struct h1_event *e, uint32_t *oddities);
/* A status line likewise. Sets e->line, status, major and minor. */
enum h1_line_kind h1_read_status_line(struct slice text, struct h1_event *e, uint32_t *oddities);
/* "GET /path HTTP/1.1" with nothing odd in it, as h1_read_request_line would read it; false for all else. */
bool h1_read_plain_request_line(struct slice text, struct h1_event *e);
/* "HTTP/1.1 200 OK" likewise. */
bool h1_read_plain_status_line(struct slice text, struct h1_event *e);
/* The same two the long way, which has no short cut for lines without oddities. */
enum h1_line_kind h1_read_odd_request_line(struct slice text, struct slice tail, uint64_t whole_len,
                                           struct h1_event *e, uint32_t *oddities);
enum h1_line_kind h1_read_odd_status_line(struct slice text, struct h1_event *e, uint32_t *oddities);
/* "HTTP/" in any case and a digit start these bytes, or could when more follow. */
bool h1_may_be_version(struct slice);

/* A field line without its end, folds joined. Sets e->name and e->value. */
void h1_read_field_line(struct slice text, struct h1_event *e, uint32_t *oddities);

/* A chunk-size line without its end, leading white space removed. False when there is no size, it exceeds
 * 2^63 - 1, or it reaches the end of a `cut` line. */
bool h1_read_chunk_size(struct slice text, bool cut, uint64_t *size, uint32_t *oddities);

#endif
