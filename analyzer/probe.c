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

static enum probe_verdict feed_start(struct probe *p, uint64_t offset, struct slice bytes, size_t *resume) {
    size_t lead;
    if (p->held.len == 0) {
        enum probe_verdict verdict = judge_window(p, bytes, &lead);
        p->offset = offset + lead;
        skip_lead(p, slice_first(bytes, lead));
        p->candidate = lead < bytes.len;
        if (verdict == PROBE_MORE) {
            bool kept = buf_append_slice(&p->held, slice_after(bytes, lead));
            p->scanned = p->binary ? 0 : p->held.len;
            return kept ? PROBE_MORE : PROBE_UNKNOWN;
        }
        *resume = verdict == PROBE_REQUEST || verdict == PROBE_RESPONSE ? lead : 0;
        return verdict;
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
