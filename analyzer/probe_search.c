/* SPDX-License-Identifier: Apache-2.0 */
/* The search for a message somewhere in a stream, line by line: a line may be a start line from its
 * beginning, or hold one at its end, behind a body's last bytes. */
#include "analyzer/method.h"
#include "analyzer/probe_private.h"

#define NOWHERE SIZE_MAX

/* ---- a whole line ---- */

static bool is_status_line_of_1(struct slice line) {
    return probe_is_status_line(line) && line.ptr[5] <= '1';
}

/* HTTP/2.0 is the preface of HTTP/2. */
static bool is_request_line_of_1(struct slice line) {
    return probe_is_request_line(line) && line.ptr[line.len - 3] <= '1';
}

/* The start of the longest method that has a name and ends where the token before `end` does. */
static size_t method_before(struct slice s, size_t end) {
    enum { SHORTEST = 3 };
    size_t start = NOWHERE;
    for (size_t len = 1; len <= end && len <= PROBE_METHOD_MAX && h1_is(s.ptr[end - len], H1_TOKEN); len++) {
        if (len >= SHORTEST && method_is_known(slice_first(slice_after(s, end - len), len))) {
            start = end - len;
        }
    }
    return start;
}

/* What only HTTP has for a target begins here, or may when more follows. */
static bool may_start_target(struct slice s) {
    return s.len == 0 || s.ptr[0] == '/' || s.ptr[0] == '*' || s.ptr[0] == 'h';
}

/* A method with a name, a space, what may be a target: not merely a word in capitals. */
static size_t request_before(struct slice s, size_t space) {
    bool target = may_start_target(slice_after(s, space + 1));
    bool capital = space > 0 && s.ptr[space - 1] >= 'A' && s.ptr[space - 1] <= 'Z'; /* as all end */
    if (!capital || (!target && s.ptr[space - 1] != 'T')) {
        return NOWHERE;
    }
    size_t start = method_before(s, space);
    bool connect = start != NOWHERE && slice_is(slice_first(slice_after(s, start), space - start), "CONNECT");
    return target || connect ? start : NOWHERE;
}

/* Where in the line the last start line begins, with a target that has no space; NOWHERE without. */
static size_t last_start(struct slice line) {
    static const size_t version = sizeof " HTTP/1.1" - 1;
    if (line.len > version && line.ptr[line.len - version] == ' ') {
        size_t target = line.len - version;
        while (target > 0 && line.ptr[target - 1] != ' ') {
            target--;
        }
        size_t start = target ? request_before(line, target - 1) : NOWHERE;
        if (start != NOWHERE && is_request_line_of_1(slice_after(line, start))) {
            return start;
        }
    }
    size_t start = NOWHERE;
    for (size_t i = 0; i < line.len; i++) {
        i += slice_find(slice_after(line, i), 'H');
        if (is_status_line_of_1(slice_after(line, i))) {
            start = i;
        }
    }
    return start;
}

/* A request line as most are: a method with a name, no space in the target. */
static bool is_usual(struct slice request_line) {
    size_t method = probe_token(request_line, PROBE_METHOD_MAX);
    struct slice rest = slice_after(request_line, method + 1);
    return method_is_known(slice_first(request_line, method)) &&
           slice_find(rest, ' ') == rest.len - (sizeof " HTTP/1.1" - 1);
}

/* The start line in a line without its end. `whole`: it may be all of the line; of an unusual one a part is
 * believed rather. */
static size_t find_start(struct slice line, bool whole, size_t room) {
    size_t inside = last_start(line);
    inside = inside < room ? inside : NOWHERE;
    if (whole && (is_status_line_of_1(line) || is_request_line_of_1(line))) {
        return inside == NOWHERE || is_usual(line) ? 0 : inside;
    }
    return inside;
}

/* ---- a line whose end is still to come ---- */

static bool may_start_message(struct slice s) {
    size_t n = s.len < 5 ? s.len : 5;
    if (memcmp(s.ptr, "HTTP/", n) == 0) {
        return true;
    }
    size_t method = probe_token(s, PROBE_METHOD_MAX + 1);
    return method > 0 && method <= PROBE_METHOD_MAX && (method == s.len || s.ptr[method] == ' ');
}

bool probe_may_start_status_line(struct slice s) {
    static const char form[] = "HTTP/0.0 000 ";
    for (size_t i = 0; i < s.len && i < sizeof form - 1; i++) {
        bool end = i == sizeof form - 2 && (s.ptr[i] == '\r' || s.ptr[i] == ' ');
        if (form[i] == '0' ? !h1_is(s.ptr[i], H1_DIGIT) : s.ptr[i] != (uint8_t)form[i] && !end) {
            return false;
        }
    }
    return true;
}

/* Where the first start line may begin whose bytes reach beyond its first word. */
static size_t may_start_amid(struct slice s) {
    size_t start = NOWHERE;
    for (size_t at = slice_find(s, ' '); at < s.len && start == NOWHERE;
         at += 1 + slice_find(slice_after(s, at + 1), ' ')) {
        start = request_before(s, at);
    }
    size_t version = 0;
    s = slice_first(s, start); /* anything else must begin before that */
    while (version < s.len) {
        version += slice_find(slice_after(s, version), 'H');
        if (s.len - version >= 5 && probe_may_start_status_line(slice_after(s, version))) {
            return version;
        }
        version++;
    }
    return start;
}

/* The same whose first word may end behind these bytes. */
static size_t may_start_last(struct slice s) {
    size_t token = s.len;
    while (token > 0 && s.len - token < PROBE_METHOD_MAX && h1_is(s.ptr[token - 1], H1_TOKEN)) {
        token--;
    }
    for (; token < s.len; token++) {
        if (method_is_prefix(slice_after(s, token)) || probe_may_start_status_line(slice_after(s, token))) {
            return token;
        }
    }
    return NOWHERE;
}

/* Where the first start line may begin in a line that goes on behind these bytes. */
static size_t may_start_at(struct slice s, bool whole, size_t room) {
    if (whole && may_start_message(s)) {
        return 0;
    }
    size_t start = may_start_amid(s);
    start = start == NOWHERE ? may_start_last(s) : start;
    return start < room ? start : NOWHERE;
}

/* May `held` and the bytes behind it, where a segment starts, be the front of a start line? */
static bool may_join(struct slice held, bool whole, struct slice bytes) {
    uint8_t joined[2 * PROBE_METHOD_MAX];
    size_t len = probe_token(held, PROBE_METHOD_MAX);
    if (h1_may_be_version(held)) {
        return true;
    }
    if (len < held.len) {
        return method_is_known(slice_first(held, len));
    }
    if (whole || !method_is_prefix(held)) {
        return method_is_prefix(held);
    }
    struct slice rest = slice_first(bytes, probe_token(bytes, PROBE_METHOD_MAX));
    memcpy(joined, held.ptr, held.len);
    memcpy(joined + held.len, rest.ptr, rest.len);
    struct slice method = slice_make(joined, held.len + rest.len);
    return rest.len == bytes.len ? method_is_prefix(method) : method_is_known(method);
}

/* How many of the bytes held are given up where a segment starts with `bytes`. */
static size_t given_up(const struct probe *p, struct slice bytes) {
    struct slice held = buf_slice(&p->held);
    if (p->mode != PROBE_SEARCH || !p->candidate || p->binary || p->line_two) {
        return 0;
    }
    if (probe_starts_status_line(bytes) || probe_starts_request(bytes)) {
        return held.len;
    }
    size_t skip = 0;
    while (skip < held.len && !may_join(slice_after(held, skip), p->whole && skip == 0, bytes)) {
        skip++;
        size_t next = may_start_at(slice_after(held, skip), false, SIZE_MAX);
        skip = next == NOWHERE ? held.len : skip + next;
    }
    return skip;
}

bool probe_gives_way(const struct probe *p, struct slice bytes) {
    size_t len = given_up(p, bytes);
    return len > 0 && len == p->held.len;
}

bool probe_has_fragment(const struct probe *p) {
    return p->candidate && (p->mode == PROBE_AT_START || p->whole || p->line_two > 0);
}

/* ---- the search ---- */

enum candidacy {
    CANDIDATE_FAILS, /* line_two says where the next line starts, 0 when that was not seen */
    CANDIDATE_MORE,
    CANDIDATE_WINS,
};

static enum candidacy judge_second_line(struct slice s) {
    if (s.len == 0 || (s.len == 1 && s.ptr[0] == '\r')) {
        return CANDIDATE_MORE;
    }
    if (s.ptr[0] == '\n' || (s.ptr[0] == '\r' && s.ptr[1] == '\n')) {
        return CANDIDATE_WINS;
    }
    size_t name = probe_token(s, PROBE_NAME_MAX);
    if (name == s.len && name < PROBE_NAME_MAX) {
        return CANDIDATE_MORE;
    }
    return name > 0 && name < s.len && s.ptr[name] == ':' ? CANDIDATE_WINS : CANDIDATE_FAILS;
}

static enum probe_verdict kind_of(struct slice message) {
    return slice_starts_with(message, "HTTP/") ? PROBE_RESPONSE : PROBE_REQUEST;
}

/* How many bytes from position `at` of the bytes being fed on may start a message amid a segment. */
static size_t room_from(const struct probe *p, uint64_t at) {
    if (p->unbounded) {
        return SIZE_MAX;
    }
    uint64_t position = p->searched + at;
    return position < p->limits->probe_bytes ? p->limits->probe_bytes - (size_t)position : 0;
}

/* The line goes on behind `s`. Of one that is too long to be kept only the latter half is: what starts before
 * that is given up. */
static size_t start_in_unfinished(const struct probe *p, struct slice s, bool whole, size_t room) {
    size_t skip = s.len < p->limits->probe_bytes ? 0 : s.len - p->limits->probe_bytes / 2;
    size_t start = may_start_at(slice_after(s, skip), whole && skip == 0, room > skip ? room - skip : 0);
    return start == NOWHERE ? NOWHERE : skip + start;
}

/* The candidate is in p->held, which ends `at` bytes into those being fed. */
static enum candidacy judge_held(struct probe *p, size_t at) {
    struct slice held = buf_slice(&p->held);
    if (p->line_two == 0) {
        size_t room = room_from(p, at - held.len);
        size_t lf = p->scanned + slice_find(slice_after(held, p->scanned), '\n');
        bool ended = lf < held.len;
        size_t start;
        if (ended) {
            start = find_start(probe_without_cr(slice_first(held, lf)), p->whole, room);
        } else {
            start = start_in_unfinished(p, held, p->whole, room);
        }
        if (start == NOWHERE) {
            p->line_two = ended ? lf + 1 : 0;
            return CANDIDATE_FAILS;
        }
        probe_drop_held(p, start);
        p->whole &= start == 0;
        held = buf_slice(&p->held);
        p->line_two = ended ? lf + 1 - start : 0;
        if (!ended) {
            p->scanned = held.len;
            return CANDIDATE_MORE;
        }
    }
    return judge_second_line(slice_after(held, p->line_two));
}

/* Drops what failed in p->held, and goes on with the next line there. */
static enum candidacy go_on_behind_failed(struct probe *p, size_t at) {
    enum candidacy candidacy = CANDIDATE_FAILS;
    while (candidacy == CANDIDATE_FAILS && p->candidate) {
        bool line_seen = p->line_two > 0;
        probe_drop_held(p, line_seen ? p->line_two : p->held.len);
        bool may_go_on = line_seen && room_from(p, at - p->held.len) > 0;
        if (!may_go_on) {
            probe_drop_held(p, p->held.len);
        }
        p->line_start = may_go_on && p->held.len == 0;
        p->whole = true;
        candidacy = p->candidate ? judge_held(p, at) : CANDIDATE_FAILS;
    }
    return candidacy;
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
            candidacy = p->binary ? CANDIDATE_MORE : judge_held(p, *at);
        }
        if (candidacy == CANDIDATE_FAILS) {
            candidacy = go_on_behind_failed(p, *at);
        }
        if (candidacy == CANDIDATE_WINS) {
            return kind_of(buf_slice(&p->held));
        }
    }
    return PROBE_MORE;
}

/* A candidate begins at `at`, in bytes that are to be kept. */
static enum probe_verdict hold(struct probe *p, uint64_t offset, struct slice bytes, size_t at, bool whole) {
    p->candidate = buf_append_slice(&p->held, slice_after(bytes, at));
    p->offset = offset + at;
    p->whole = whole;
    return PROBE_MORE;
}

/* Every start line has "HTTP/": how many bytes, all of them whole lines, are before the line of the first
 * one, or before the line that goes on behind these bytes. */
static size_t skip_lines(struct slice s) {
    size_t version = 0;
    while (version < s.len && !slice_starts_with(slice_after(s, version), "HTTP/")) {
        version++;
        version += slice_find(slice_after(s, version), 'H');
    }
    const uint8_t *lf = version ? memrchr(s.ptr, '\n', version) : NULL;
    return lf ? (size_t)(lf - s.ptr) + 1 : 0;
}

/* No candidate is held: looks for one that starts in bytes from `at` on. */
static enum probe_verdict look_for_new(struct probe *p, uint64_t offset, struct slice bytes, size_t at,
                                       size_t *resume) {
    while (at < bytes.len) {
        struct slice window = slice_after(bytes, at);
        size_t room = room_from(p, at);
        bool whole = p->line_start;
        p->line_start = false;
        enum probe_verdict binary = p->binary && whole ? probe_binary(window) : PROBE_UNKNOWN;
        p->binary = binary == PROBE_MORE;
        p->scanned = p->line_two = 0;
        if (binary == PROBE_TLS || binary == PROBE_HTTP2) {
            return binary;
        }
        if (p->binary) {
            return hold(p, offset, bytes, at, whole);
        }
        if (room == 0 && !(whole && may_start_message(window))) {
            break;
        }
        size_t lines = skip_lines(window);
        if (lines > 0) {
            at += lines;
            p->line_start = room_from(p, at) > 0;
            continue;
        }
        size_t lf = slice_find(window, '\n');
        if (lf == window.len) {
            size_t start = start_in_unfinished(p, window, whole, room);
            if (start != NOWHERE) {
                hold(p, offset, bytes, at + start, whole && start == 0);
                p->scanned = p->held.len;
            }
            break;
        }
        size_t start = find_start(probe_without_cr(slice_first(window, lf)), whole, room);
        if (start != NOWHERE) {
            p->line_two = lf + 1 - start;
            switch (judge_second_line(slice_after(window, lf + 1))) {
            case CANDIDATE_WINS:
                p->candidate = true;
                p->offset = offset + at + start;
                *resume = at + start;
                return kind_of(slice_after(window, start));
            case CANDIDATE_MORE:
                return hold(p, offset, bytes, at + start, false);
            case CANDIDATE_FAILS:
                break;
            }
        }
        at += lf + 1;
        p->line_start = room_from(p, at) > 0;
    }
    return PROBE_MORE;
}

enum probe_verdict probe_feed_search(struct probe *p, uint64_t offset, struct slice bytes, bool segment_start,
                                     size_t *resume) {
    p->binary = p->binary && (p->candidate || (segment_start && p->searched == 0));
    size_t skip = segment_start ? given_up(p, bytes) : 0;
    if (skip > 0) {
        probe_drop_held(p, skip);
        p->whole = false;
        p->scanned = p->held.len;
    }
    if (!p->candidate) {
        p->line_start |= segment_start;
    }
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
