/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/probe.h"

#include "analyzer/h1_syntax.h"
#include "analyzer/method.h"

#include <assert.h>

enum {
    LEAD_MAX = 16,     /* empty lines and stray bytes before a first start line */
    METHOD_MAX = 32,   /* the longest that is waited for */
    NAME_MAX = 128,    /* the same for a field name */
    EARLY_BYTES = 256, /* of a start line that is accepted before its end */
};

void probe_init(struct probe *p, enum probe_mode mode, const struct limits *limits) {
    *p = (struct probe){.limits = limits};
    buf_init(&p->held, limits->probe_bytes + NAME_MAX);
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

static void drop_held(struct probe *p, size_t len) {
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

static struct slice without_cr(struct slice line) {
    return slice_first(line, line.len && line.ptr[line.len - 1] == '\r' ? line.len - 1 : line.len);
}

static size_t token_length(struct slice s, size_t max) {
    size_t i = 0;
    while (i < s.len && i < max && h1_is(s.ptr[i], H1_TOKEN)) {
        i++;
    }
    return i;
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
    size_t method = token_length(s, METHOD_MAX);
    if (method == s.len || s.ptr[method] != ' ' || !method_is_known(slice_first(s, method))) {
        return false;
    }
    struct slice target = slice_after(s, method + 1);
    return slice_starts_with(target, "/") || slice_starts_with(target, "*") ||
           slice_starts_with(target, "http:");
}

bool probe_is_request_line(struct slice line) {
    size_t method = token_length(line, METHOD_MAX);
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
        return judge_whole_line(without_cr(slice_first(text, lf)));
    }
    if (text.len >= 6 && h1_may_be_version(text)) {
        return text.len >= EARLY_BYTES || probe_starts_status_line(text) ? PROBE_RESPONSE : PROBE_MORE;
    }
    size_t method = token_length(text, METHOD_MAX + 1);
    if (method < text.len && (method == 0 || !h1_is(text.ptr[method], H1_SPACE))) {
        return h1_may_be_version(text) ? PROBE_MORE : PROBE_UNKNOWN;
    }
    if (text.len >= EARLY_BYTES && probe_starts_request(text)) {
        return PROBE_REQUEST;
    }
    return method > METHOD_MAX || text.len >= p->limits->probe_bytes ? PROBE_UNKNOWN : PROBE_MORE;
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

static enum probe_verdict feed_start(struct probe *p, uint64_t offset, struct slice bytes, size_t *resume) {
    size_t lead;
    if (p->held.len == 0) {
        enum probe_verdict verdict = judge_window(p, bytes, &lead);
        p->offset = offset + lead;
        p->skipped += lead;
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
            p->skipped += lead;
            drop_held(p, lead);
        }
        if (verdict != PROBE_MORE) {
            *resume = verdict == PROBE_REQUEST || verdict == PROBE_RESPONSE ? at : 0;
            return verdict;
        }
        p->scanned = p->binary ? 0 : p->held.len;
    }
    return PROBE_MORE;
}

/* ---- somewhere in a stream ---- */

enum candidacy {
    CANDIDATE_FAILS, /* line_two says where the next line starts, 0 when that was not seen */
    CANDIDATE_MORE,
    CANDIDATE_WINS,
};

static bool may_start_message(struct slice s) {
    size_t n = s.len < 5 ? s.len : 5;
    if (memcmp(s.ptr, "HTTP/", n) == 0) {
        return true;
    }
    size_t method = token_length(s, METHOD_MAX + 1);
    return method > 0 && method <= METHOD_MAX && (method == s.len || s.ptr[method] == ' ');
}

static enum candidacy judge_second_line(struct slice s) {
    if (s.len == 0 || (s.len == 1 && s.ptr[0] == '\r')) {
        return CANDIDATE_MORE;
    }
    if (s.ptr[0] == '\n' || (s.ptr[0] == '\r' && s.ptr[1] == '\n')) {
        return CANDIDATE_WINS;
    }
    size_t name = token_length(s, NAME_MAX);
    if (name == s.len && name < NAME_MAX) {
        return CANDIDATE_MORE;
    }
    return name > 0 && name < s.len && s.ptr[name] == ':' ? CANDIDATE_WINS : CANDIDATE_FAILS;
}

/* `window` starts at the candidate's first byte. */
static enum candidacy judge_candidate(struct probe *p, struct slice window) {
    if (p->line_two == 0) {
        if (!may_start_message(window)) {
            return CANDIDATE_FAILS;
        }
        size_t lf = p->scanned + slice_find(slice_after(window, p->scanned), '\n');
        if (lf == window.len) {
            p->scanned = lf;
            return lf < p->limits->probe_bytes ? CANDIDATE_MORE : CANDIDATE_FAILS;
        }
        p->line_two = lf + 1;
        struct slice line = without_cr(slice_first(window, lf));
        bool start_line = probe_is_status_line(line) || probe_is_request_line(line);
        struct slice http = slice_of("HTTP/");
        size_t version = slice_equal(slice_first(line, 5), http) ? 0 : (line.len > 8 ? line.len - 8 : 0);
        if (!start_line || line.ptr[version + 5] > '1') { /* HTTP/2.0 is the preface of HTTP/2 */
            return CANDIDATE_FAILS;
        }
    }
    return judge_second_line(slice_after(window, p->line_two));
}

static enum probe_verdict kind_of(struct slice message) {
    return slice_starts_with(message, "HTTP/") ? PROBE_RESPONSE : PROBE_REQUEST;
}

bool probe_gives_way(const struct probe *p, struct slice bytes) {
    if (p->mode != PROBE_SEARCH || !p->candidate || p->binary || p->line_two) {
        return false;
    }
    struct slice held = buf_slice(&p->held);
    size_t method = token_length(held, METHOD_MAX);
    bool may_be_response = h1_may_be_version(held);
    bool named = method < held.len ? method_is_known(slice_first(held, method)) : method_is_prefix(held);
    if (!may_be_response && !named) {
        return true;
    }
    return probe_starts_status_line(bytes) || probe_starts_request(bytes);
}

/* The candidate is in p->held. Appends bytes until it wins, fails for good or all are taken; *at: bytes
 * taken. */
static enum probe_verdict go_on_with_held(struct probe *p, struct slice bytes, size_t *at) {
    while (p->candidate && *at < bytes.len) {
        struct slice rest = slice_after(bytes, *at);
        size_t len = slice_find(rest, '\n');
        len = len < rest.len ? len + 1 : len;
        size_t room = p->held.cap - p->held.len;
        len = len < room ? len : room;
        bool kept = len > 0 && buf_append_slice(&p->held, slice_first(rest, len));
        enum candidacy candidacy = CANDIDATE_FAILS;
        if (kept) {
            *at += len;
            enum probe_verdict binary = p->binary ? probe_binary(buf_slice(&p->held)) : PROBE_UNKNOWN;
            if (binary == PROBE_TLS || binary == PROBE_HTTP2) {
                return binary;
            }
            p->binary = binary == PROBE_MORE;
            candidacy = p->binary ? CANDIDATE_MORE : judge_candidate(p, buf_slice(&p->held));
        }
        while (candidacy == CANDIDATE_FAILS && p->candidate) {
            bool line_seen = p->line_two > 0;
            drop_held(p, line_seen ? p->line_two : p->held.len);
            bool may_go_on = line_seen && p->searched + *at < p->limits->probe_bytes;
            if (!may_go_on) {
                drop_held(p, p->held.len);
            }
            p->line_start = may_go_on && p->held.len == 0;
            candidacy = p->candidate ? judge_candidate(p, buf_slice(&p->held)) : CANDIDATE_FAILS;
        }
        if (candidacy == CANDIDATE_WINS) {
            return kind_of(buf_slice(&p->held));
        }
    }
    return PROBE_MORE;
}

/* No candidate is held: looks for one that starts in bytes from `at` on. */
static enum probe_verdict look_for_new(struct probe *p, uint64_t offset, struct slice bytes, size_t at,
                                       size_t *resume) {
    while (at < bytes.len) {
        if (!p->line_start) {
            if (p->searched + at >= p->limits->probe_bytes) {
                break;
            }
            size_t lf = at + slice_find(slice_after(bytes, at), '\n');
            p->line_start = lf < bytes.len;
            at = p->line_start ? lf + 1 : bytes.len;
            if (at == bytes.len) {
                break;
            }
        }
        struct slice window = slice_after(bytes, at);
        p->scanned = 0;
        p->line_two = 0;
        p->line_start = false;
        enum probe_verdict binary = p->binary ? probe_binary(window) : PROBE_UNKNOWN;
        p->binary = binary == PROBE_MORE;
        if (binary == PROBE_TLS || binary == PROBE_HTTP2) {
            return binary;
        }
        switch (p->binary ? CANDIDATE_MORE : judge_candidate(p, window)) {
        case CANDIDATE_WINS:
            p->candidate = true;
            p->offset = offset + at;
            *resume = at;
            return kind_of(window);
        case CANDIDATE_MORE:
            p->candidate = buf_append_slice(&p->held, window);
            p->offset = offset + at;
            return PROBE_MORE;
        case CANDIDATE_FAILS:
            at += p->line_two;
            p->line_start = p->line_two > 0 && p->searched + at < p->limits->probe_bytes;
            break;
        }
    }
    return PROBE_MORE;
}

static enum probe_verdict feed_search(struct probe *p, uint64_t offset, struct slice bytes,
                                      bool segment_start, size_t *resume) {
    p->binary = p->binary && (p->candidate || (segment_start && p->searched == 0));
    if (segment_start && probe_gives_way(p, bytes)) {
        drop_held(p, p->held.len);
    }
    p->line_start = !p->candidate && (p->line_start || segment_start);
    size_t at = 0;
    enum probe_verdict verdict = go_on_with_held(p, bytes, &at);
    if (verdict == PROBE_MORE && !p->candidate) {
        verdict = look_for_new(p, offset, bytes, at, resume);
    } else if (verdict == PROBE_REQUEST || verdict == PROBE_RESPONSE) {
        *resume = at;
    }
    p->searched += bytes.len;
    return verdict;
}

enum probe_verdict probe_feed(struct probe *p, uint64_t offset, struct slice bytes, bool segment_start,
                              size_t *resume) {
    *resume = 0;
    if (bytes.len == 0) {
        return PROBE_MORE;
    }
    if (p->mode == PROBE_SEARCH) {
        return feed_search(p, offset, bytes, segment_start, resume);
    }
    p->searched += bytes.len;
    return feed_start(p, offset, bytes, resume);
}

enum probe_verdict probe_end(struct probe *p) {
    struct slice held = buf_slice(&p->held);
    if (p->mode == PROBE_SEARCH || held.len == 0 || probe_binary(held) == PROBE_MORE) {
        return PROBE_UNKNOWN;
    }
    return judge_whole_line(without_cr(held));
}
