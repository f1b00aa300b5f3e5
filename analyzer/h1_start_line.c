/* SPDX-License-Identifier: Apache-2.0 */
/* Request lines and status lines (RFC 9112 sections 3 and 4), read as leniently as the RFC allows: on the
 * boundaries of white space. */
#include "analyzer/h1_syntax.h"
#include "analyzer/method.h"

static size_t find_space(struct slice s, size_t from) {
    while (from < s.len && !h1_is(s.ptr[from], H1_SPACE)) {
        from++;
    }
    return from;
}

static size_t skip_space(struct slice s, size_t from) {
    while (from < s.len && h1_is(s.ptr[from], H1_SPACE)) {
        from++;
    }
    return from;
}

bool h1_may_be_version(struct slice s) {
    size_t n = s.len < 5 ? s.len : 5;
    return slice_equal_nocase(slice_first(s, n), slice_make("HTTP/", n)) &&
           (s.len < 6 || h1_is(s.ptr[5], H1_DIGIT));
}

static bool is_version(struct slice s) {
    return s.len >= 6 && h1_may_be_version(s);
}

/* Up to three digits at `*at`; false where there are none or more. */
static bool read_digits(struct slice s, size_t *at, unsigned *value) {
    size_t start = *at;
    *value = 0;
    while (*at < s.len && *at - start < 4 && h1_is(s.ptr[*at], H1_DIGIT)) {
        *value = *value * 10 + (unsigned)(s.ptr[(*at)++] - '0');
    }
    return *at > start && *at - start < 4;
}

/* `version` satisfies is_version. */
static void read_version(struct slice version, struct h1_event *e, uint32_t *oddities) {
    size_t at = 5;
    e->minor = 0;
    bool read = read_digits(version, &at, &e->major);
    if (read && at < version.len && version.ptr[at] == '.') {
        at++;
        read = read_digits(version, &at, &e->minor);
    }
    if (!read || at != version.len) {
        e->major = 0;
        e->minor = 0;
    }
    if (!read || version.len != 8 || at != 8 || version.ptr[6] != '.' || e->major != 1 ||
        !slice_starts_with(version, "HTTP/")) {
        *oddities |= H1_ODD_VERSION;
    }
}

/* The last word of the line, with the white space around it: [*gap, *word) and behind `*end`. */
static void find_last_word(struct slice s, size_t *gap, size_t *word, size_t *end) {
    *end = s.len;
    while (*end > 0 && h1_is(s.ptr[*end - 1], H1_SPACE)) {
        --*end;
    }
    *word = *end;
    while (*word > 0 && !h1_is(s.ptr[*word - 1], H1_SPACE)) {
        --*word;
    }
    *gap = *word;
    while (*gap > 0 && h1_is(s.ptr[*gap - 1], H1_SPACE)) {
        --*gap;
    }
}

static bool is_one_space(struct slice s, size_t from, size_t to) {
    return to - from == 1 && s.ptr[from] == ' ';
}

/* Without a version to prove it, the method must have a name and the target look like one: `GET key` is
 * spoken by other protocols too. */
static enum h1_line_kind read_old_request_line(struct slice text, size_t method_len, struct h1_event *e) {
    struct slice method = slice_first(text, method_len);
    struct slice target = slice_after(text, skip_space(text, method_len));
    while (target.len && h1_is(target.ptr[target.len - 1], H1_SPACE)) {
        target.len--;
    }
    if (!method_is_known(method) ||
        !(slice_starts_with(target, "/") || slice_starts_with(target, "http://")) ||
        find_space(target, 0) < target.len) {
        return H1_LINE_BAD;
    }
    e->line[1] = target;
    e->line[2] = slice_make(text.ptr + text.len, 0);
    e->major = 0;
    e->minor = 9;
    return H1_LINE_NO_VERSION;
}

static void note_target(struct slice text, struct slice target, uint32_t *oddities) {
    *oddities |= h1_control_oddities(text);
    if (find_space(target, 0) < target.len) {
        *oddities |= H1_ODD_TARGET_SPACES;
    }
}

bool h1_read_plain_request_line(struct slice text, struct h1_event *e) {
    static const size_t behind_target = sizeof " HTTP/1.1" - 1;
    size_t method_len = 0;
    while (method_len < text.len && h1_is(text.ptr[method_len], H1_TOKEN)) {
        method_len++;
    }
    size_t target = method_len + 1;
    if (method_len == 0 || text.len <= target + behind_target || text.ptr[method_len] != ' ') {
        return false;
    }
    const uint8_t *version = text.ptr + text.len - behind_target;
    size_t target_len = text.len - behind_target - target;
    if (memcmp(version, " HTTP/1.", behind_target - 1) != 0 || !h1_is(version[8], H1_DIGIT) ||
        h1_has_below(slice_make(text.ptr + target, target_len), ' ' + 1)) {
        return false;
    }
    e->line[0] = slice_first(text, method_len);
    e->line[1] = slice_make(text.ptr + target, target_len);
    e->line[2] = slice_make(version + 1, behind_target - 1);
    e->major = 1;
    e->minor = (unsigned)(version[8] - '0');
    return true;
}

enum h1_line_kind h1_read_request_line(struct slice text, struct slice tail, uint64_t whole_len,
                                       struct h1_event *e, uint32_t *oddities) {
    if (tail.len == 0 && h1_read_plain_request_line(text, e)) {
        return H1_LINE_VERSION;
    }
    return h1_read_odd_request_line(text, tail, whole_len, e, oddities);
}

enum h1_line_kind h1_read_odd_request_line(struct slice text, struct slice tail, uint64_t whole_len,
                                           struct h1_event *e, uint32_t *oddities) {
    size_t method_len = 0;
    while (method_len < text.len && h1_is(text.ptr[method_len], H1_TOKEN)) {
        method_len++;
    }
    if (method_len == 0 || method_len == text.len || !h1_is(text.ptr[method_len], H1_SPACE)) {
        return H1_LINE_BAD;
    }
    struct slice back = tail.len ? tail : text;
    size_t gap, word, end;
    find_last_word(back, &gap, &word, &end);
    struct slice version = slice_make(back.ptr + word, end - word);
    e->line[0] = slice_first(text, method_len);
    size_t target = skip_space(text, method_len);
    if (!is_version(version) || word == 0) {
        enum h1_line_kind kind = tail.len ? H1_LINE_BAD : read_old_request_line(text, method_len, e);
        if (kind == H1_LINE_NO_VERSION) {
            note_target(text, e->line[1], oddities);
            *oddities |= method_len + 1 + e->line[1].len == text.len ? 0 : H1_ODD_START_LINE_SPACES;
        }
        return kind;
    }
    uint64_t behind_target = whole_len - (back.len - gap);
    size_t target_end = behind_target < text.len ? (size_t)behind_target : text.len;
    while (target_end > target && h1_is(text.ptr[target_end - 1], H1_SPACE)) {
        target_end--; /* the cut went through the blanks behind it */
    }
    if (target_end < target) { /* no target between method and version */
        target_end = target;
    }
    if (!is_one_space(text, method_len, target) || !is_one_space(back, gap, word) || target == target_end ||
        end < back.len) {
        *oddities |= H1_ODD_START_LINE_SPACES;
    }
    e->line[1] = slice_make(text.ptr + target, target_end - target);
    e->line[2] = version;
    note_target(text, e->line[1], oddities);
    read_version(version, e, oddities);
    return H1_LINE_VERSION;
}

/* The code: three digits and a space, or what comes near. Returns where it ends. */
static size_t read_status_code(struct slice text, size_t from, struct h1_event *e, uint32_t *oddities) {
    size_t digits = from;
    while (digits < text.len && h1_is(text.ptr[digits], H1_DIGIT)) {
        digits++;
    }
    size_t end = find_space(text, from);
    if (digits - from == 3) { /* "200OK" is 200, with the space missing */
        if (digits == text.len || text.ptr[digits] != ' ') {
            *oddities |= H1_ODD_START_LINE_SPACES;
        }
        end = digits;
    }
    uint64_t value = 0;
    for (size_t i = from; i < digits && value <= 999; i++) {
        value = value * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    e->status = digits == end && value >= 100 && value <= 999 ? (unsigned)value : 0;
    if (digits - from != 3 || e->status < 100 || e->status > 599) {
        *oddities |= H1_ODD_STATUS;
    }
    return end;
}

bool h1_read_plain_status_line(struct slice text, struct h1_event *e) {
    static const size_t before_reason = sizeof "HTTP/1.1 200 " - 1;
    const uint8_t *s = text.ptr;
    if (text.len < before_reason || memcmp(s, "HTTP/1.", 7) != 0 || !h1_is(s[7], H1_DIGIT) || s[8] != ' ' ||
        s[9] < '1' || s[9] > '5' || !h1_is(s[10], H1_DIGIT) || !h1_is(s[11], H1_DIGIT) || s[12] != ' ' ||
        h1_has_below(slice_after(text, before_reason), ' ')) {
        return false;
    }
    e->line[0] = slice_make(s, 8);
    e->line[1] = slice_make(s + 9, 3);
    e->line[2] = slice_after(text, before_reason);
    e->major = 1;
    e->minor = (unsigned)(s[7] - '0');
    e->status = (unsigned)(s[9] - '0') * 100 + (unsigned)(s[10] - '0') * 10 + (unsigned)(s[11] - '0');
    return true;
}

enum h1_line_kind h1_read_status_line(struct slice text, struct h1_event *e, uint32_t *oddities) {
    return h1_read_plain_status_line(text, e) ? H1_LINE_VERSION : h1_read_odd_status_line(text, e, oddities);
}

enum h1_line_kind h1_read_odd_status_line(struct slice text, struct h1_event *e, uint32_t *oddities) {
    if (!is_version(text)) {
        return H1_LINE_BAD;
    }
    size_t version_len = find_space(text, 0);
    e->line[0] = slice_first(text, version_len);
    read_version(e->line[0], e, oddities);
    size_t code = skip_space(text, version_len);
    if (code < text.len && !is_one_space(text, version_len, code)) {
        *oddities |= H1_ODD_START_LINE_SPACES;
    }
    size_t code_end = read_status_code(text, code, e, oddities);
    e->line[1] = slice_make(text.ptr + code, code_end - code);
    bool space = code_end < text.len && h1_is(text.ptr[code_end], H1_SPACE);
    e->line[2] = slice_after(text, code_end + (space ? 1 : 0));
    *oddities |= h1_control_oddities(text);
    return H1_LINE_VERSION;
}
