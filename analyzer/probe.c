/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/probe.h"

#include "analyzer/method.h"
#include "analyzer/probe_private.h"

#include <assert.h>

enum {
    LEAD_MAX = 16,     /* empty lines and stray bytes before a first start line */
    EARLY_BYTES = 256, /* of a start line that is accepted before its end */
};

void probe_init(struct probe *p, enum probe_mode mode, const struct limits *limits) {
    *p = (struct probe){.limits = limits};
    buf_init(&p->held, limits->probe_bytes + PROBE_NAME_MAX);
    probe_restart(p, mode);
}

void probe_fini(struct probe *p) {
    buf_fini(&p->held);
}

void probe_restart(struct probe *p, enum probe_mode mode) {
    struct buf held = p->held;
    buf_clear(&held);
    *p = (struct probe){.mode = mode, .limits = p->limits, .held = held, .binary = true};
}

void probe_drop_held(struct probe *p, size_t len) {
    assert(len <= p->held.len);
    if (len) {
        memmove(p->held.ptr, p->held.ptr + len, p->held.len - len);
    }
    p->held.len -= len;
    p->offset += len;
    p->scanned = 0;
    p->line_two = 0;
    p->candidate = p->held.len > 0;
}

/* "HTTP/" DIGIT "." DIGIT */
static bool is_http_version(struct slice s) {
    return s.len == 8 && slice_starts_with(s, "HTTP/") && h1_is(s.ptr[5], H1_DIGIT) && s.ptr[6] == '.' &&
           h1_is(s.ptr[7], H1_DIGIT);
}

static bool starts_status_line(struct slice s) {
    return s.len >= 12 && is_http_version(slice_first(s, 8)) && s.ptr[8] == ' ' && s.ptr[9] >= '1' &&
           s.ptr[9] <= '9' && h1_is(s.ptr[10], H1_DIGIT) && h1_is(s.ptr[11], H1_DIGIT);
}

bool probe_is_status_line(struct slice line) {
    return starts_status_line(line) && (line.len == 12 || line.ptr[12] == ' ');
}

bool probe_starts_status_line(struct slice bytes) {
    return bytes.len > 12 && starts_status_line(bytes) &&
           (bytes.ptr[12] == ' ' || bytes.ptr[12] == '\r' || bytes.ptr[12] == '\n');
}

bool probe_starts_request(struct slice s) {
    size_t method = probe_token(s, PROBE_METHOD_MAX);
    if (method == s.len || s.ptr[method] != ' ' || !method_is_known(slice_first(s, method))) {
        return false;
    }
    struct slice target = slice_after(s, method + 1);
    return slice_starts_with(target, "/") || slice_starts_with(target, "*") ||
           slice_starts_with(target, "http:");
}

bool probe_is_request_line(struct slice line) {
    size_t method = probe_token(line, PROBE_METHOD_MAX);
    if (method == 0 || method == line.len || line.ptr[method] != ' ') {
        return false;
    }
    struct slice rest = slice_after(line, method + 1);
    size_t end = rest.len > 9 ? rest.len - 9 : 0;
    struct slice target = slice_first(rest, end);
    if (end == 0 || rest.ptr[end] != ' ' || !is_http_version(slice_after(rest, end + 1)) ||
        h1_control_oddities(target)) {
        return false;
    }
    return slice_find(target, ' ') == end || probe_starts_request(line);
}

/* ---- at a stream's start ---- */

static enum probe_verdict judge_whole_line(struct slice line) {
    struct h1_event unused;
    uint32_t oddities = 0;
    if (h1_read_status_line(line, &unused, &oddities) != H1_LINE_BAD) {
        return PROBE_RESPONSE;
    }
    struct slice no_tail = slice_make(NULL, 0);
    bool request = h1_read_request_line(line, no_tail, line.len, &unused, &oddities) != H1_LINE_BAD;
    return request ? PROBE_REQUEST : PROBE_UNKNOWN;
}

/* `text` starts where a start line should. */
static enum probe_verdict judge_start(const struct probe *p, struct slice text) {
    struct slice unscanned = slice_after(text, p->scanned);
    size_t lf = p->scanned + slice_find(unscanned, '\n');
    if (lf < text.len) {
        return judge_whole_line(probe_without_cr(slice_first(text, lf)));
    }
    if (text.len >= 6 && h1_may_be_version(text)) {
        return text.len >= EARLY_BYTES || probe_starts_status_line(text) ? PROBE_RESPONSE : PROBE_MORE;
    }
    size_t method = probe_token(text, PROBE_METHOD_MAX + 1);
    if (method < text.len && (method == 0 || !h1_is(text.ptr[method], H1_SPACE))) {
        return h1_may_be_version(text) ? PROBE_MORE : PROBE_UNKNOWN;
    }
    if (text.len >= EARLY_BYTES && probe_starts_request(text)) {
        return PROBE_REQUEST;
    }
    return method > PROBE_METHOD_MAX || text.len >= p->limits->probe_bytes ? PROBE_UNKNOWN : PROBE_MORE;
}

static size_t lead_length(struct slice s) {
    size_t i = 0;
    while (i < s.len &&
           (s.ptr[i] == '\r' || s.ptr[i] == '\n' || s.ptr[i] == '\0' || h1_is(s.ptr[i], H1_OWS))) {
        i++;
    }
    return i;
}

/* ---- the PROXY protocol's header, versions 1 and 2: who was the client of the proxy that sends it ---- */

enum { PROXY_LINE_MAX = 107, PROXY_FIXED = 16 };
static const size_t PERHAPS = SIZE_MAX;

static size_t proxy_line(struct slice s) {
    static const char *const starts[] = {"PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        struct slice start = slice_of(starts[i]);
        if (slice_starts_with(s, starts[i])) {
            struct slice line = slice_first(s, PROXY_LINE_MAX);
            size_t lf = slice_find(line, '\n');
            return lf < line.len ? lf + 1 : s.len < PROXY_LINE_MAX ? PERHAPS : 0;
        }
        if (s.len < start.len && memcmp(s.ptr, start.ptr, s.len) == 0) {
            return PERHAPS;
        }
    }
    return 0;
}

/* How many bytes of the header `s` begins with: 0 where it begins with none, PERHAPS where more must come to
 * tell. */
static size_t proxy_header(struct slice s, size_t most) {
    static const uint8_t signature[] = "\r\n\r\n\0\r\nQUIT\n";
    size_t known = sizeof signature - 1;
    if (memcmp(s.ptr, signature, s.len < known ? s.len : known) != 0) {
        return proxy_line(s);
    }
    if (s.len < PROXY_FIXED) {
        return s.len > known && s.ptr[known] >> 4 != 2 ? 0 : PERHAPS;
    }
    size_t len = PROXY_FIXED + (size_t)(s.ptr[PROXY_FIXED - 2] << 8 | s.ptr[PROXY_FIXED - 1]);
    if (s.ptr[known] >> 4 != 2 || len > most) {
        return 0;
    }
    return len <= s.len ? len : PERHAPS;
}

/* The stream begins with `start`. Where it is known, how much of it is such a header; else PERHAPS. */
static size_t judge_header(struct probe *p, struct slice start) {
    size_t header = p->past_header ? 0 : proxy_header(start, p->limits->probe_bytes);
    p->past_header = header != PERHAPS;
    return header;
}

/* ---- */

/* `lead`: bytes of the window before the message. */
static enum probe_verdict judge_window(struct probe *p, struct slice window, size_t *lead) {
    *lead = 0;
    if (p->binary) {
        enum probe_verdict verdict = probe_binary(window);
        if (verdict != PROBE_UNKNOWN) {
            return verdict;
        }
        p->binary = false;
    }
    *lead = p->scanned ? 0 : lead_length(window);
    if (p->skipped + *lead > LEAD_MAX) {
        return PROBE_UNKNOWN;
    }
    struct slice text = slice_after(window, *lead);
    return text.len ? judge_start(p, text) : PROBE_MORE;
}

static void skip_lead(struct probe *p, struct slice lead) {
    for (size_t i = 0; i < lead.len; i++) {
        p->lead |= h1_lead_oddities(lead.ptr[i], p->lead_cr);
        p->lead_cr = lead.ptr[i] == '\r';
    }
    p->skipped += (uint32_t)lead.len;
}

uint32_t probe_lead_oddities(const struct probe *p) {
    return p->lead | (p->lead_cr ? H1_ODD_BARE_CR : 0);
}

/* Nothing is held. */
static enum probe_verdict feed_fresh(struct probe *p, uint64_t offset, struct slice bytes, size_t *resume) {
    size_t header = judge_header(p, bytes), lead = 0;
    struct slice window = slice_after(bytes, header == PERHAPS ? 0 : header);
    enum probe_verdict verdict = PROBE_MORE;
    if (header != PERHAPS && window.len) {
        verdict = judge_window(p, window, &lead);
        skip_lead(p, slice_first(window, lead));
    }
    size_t start = bytes.len - window.len + lead;
    p->offset = offset + start;
    p->candidate = start < bytes.len;
    if (verdict == PROBE_MORE) {
        bool kept = buf_append_slice(&p->held, slice_after(bytes, start));
        p->scanned = p->binary ? 0 : p->held.len;
        return kept ? PROBE_MORE : PROBE_UNKNOWN;
    }
    *resume = verdict == PROBE_REQUEST || verdict == PROBE_RESPONSE ? start : 0;
    return verdict;
}

static enum probe_verdict feed_start(struct probe *p, uint64_t offset, struct slice bytes, size_t *resume) {
    size_t lead;
    if (p->held.len == 0) {
        return feed_fresh(p, offset, bytes, resume);
    }
    for (size_t at = 0; at < bytes.len;) {
        struct slice rest = slice_after(bytes, at);
        size_t len = slice_find(rest, '\n');
        len = len < rest.len ? len + 1 : len;
        size_t room = p->held.cap - p->held.len; /* the cap exceeds what is waited for: the verdict is near */
        len = len < room ? len : room;
        if (len == 0 || !buf_append_slice(&p->held, slice_first(rest, len))) {
            return PROBE_UNKNOWN;
        }
        at += len;
        p->candidate = true;
        size_t header = judge_header(p, buf_slice(&p->held));
        if (header == PERHAPS) {
            continue;
        }
        if (header > 0) {
            probe_drop_held(p, header);
        }
        if (p->held.len == 0) {
            continue;
        }
        enum probe_verdict verdict = judge_window(p, buf_slice(&p->held), &lead);
        if (lead) {
            skip_lead(p, slice_first(buf_slice(&p->held), lead));
            probe_drop_held(p, lead);
        }
        if (verdict != PROBE_MORE) {
            *resume = verdict == PROBE_REQUEST || verdict == PROBE_RESPONSE ? at : 0;
            return verdict;
        }
        p->scanned = p->binary ? 0 : p->held.len;
    }
    return PROBE_MORE;
}

enum probe_verdict probe_feed(struct probe *p, uint64_t offset, struct slice bytes, bool segment_start,
                              size_t *resume) {
    *resume = 0;
    if (bytes.len == 0) {
        return PROBE_MORE;
    }
    if (p->mode == PROBE_SEARCH) {
        return probe_feed_search(p, offset, bytes, segment_start, resume);
    }
    p->searched += bytes.len;
    return feed_start(p, offset, bytes, resume);
}

enum probe_verdict probe_end(struct probe *p) {
    struct slice held = buf_slice(&p->held);
    if (p->mode == PROBE_SEARCH || held.len == 0 || probe_binary(held) == PROBE_MORE) {
        return PROBE_UNKNOWN;
    }
    return judge_whole_line(probe_without_cr(held));
}
