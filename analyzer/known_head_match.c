/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/known_head.h"
#include "capture/wide.h"

#include <endian.h>

enum { LINE_END = 2 /* CRLF */, WORD = sizeof(uint64_t), STEP = 32 };

static size_t same_words(const uint8_t *a, const uint8_t *b, size_t len) {
    size_t i = 0;
    for (; len - i >= WORD; i += WORD) {
        uint64_t differ = le64toh(bytes_word(a + i) ^ bytes_word(b + i));
        if (differ) {
            return i + (size_t)__builtin_ctzll(differ) / 8;
        }
    }
    while (i < len && a[i] == b[i]) {
        i++;
    }
    return i;
}

static bool is_control(uint8_t c) {
    return c < ' ' || c == 0x7f;
}

static size_t find_control_plainly(struct slice in, size_t at) {
    while (at < in.len && !is_control(in.ptr[at])) {
        at++;
    }
    return at;
}

#ifdef __x86_64__

AVX2 static inline __m256i load(const uint8_t *bytes) {
    return _mm256_loadu_si256((const __m256i_u *)(const void *)bytes);
}

AVX2 static inline uint32_t differ_32(const uint8_t *a, const uint8_t *b) {
    return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(load(a), load(b)));
}

AVX2 static inline uint32_t controls_32(const uint8_t *from) {
    __m256i bytes = load(from), last = _mm256_set1_epi8(0x1f);
    __m256i low = _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, last), last);
    return (uint32_t)_mm256_movemask_epi8(
        _mm256_or_si256(low, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7f))));
}

/* `b` has KNOWN_SLACK bytes more, `a` has `room` in all. */
AVX2 static inline size_t same_wide(const uint8_t *a, const uint8_t *b, size_t len, size_t room) {
    size_t i = 0;
    for (; len - i >= STEP; i += STEP) {
        uint32_t differ = differ_32(a + i, b + i);
        if (differ) {
            return i + (size_t)__builtin_ctz(differ);
        }
    }
    if (room - i < STEP) {
        return i + same_words(a + i, b + i, len - i);
    }
    uint32_t differ = differ_32(a + i, b + i) & (uint32_t)((UINT64_C(1) << (len - i)) - 1);
    return differ ? i + (size_t)__builtin_ctz(differ) : len;
}

AVX2 static inline size_t find_control_wide(struct slice in, size_t at) {
    for (; in.len - at >= STEP; at += STEP) {
        uint32_t controls = controls_32(in.ptr + at);
        if (controls) {
            return at + (size_t)__builtin_ctz(controls);
        }
    }
    return find_control_plainly(in, at);
}

#else

static inline size_t same_wide(const uint8_t *a, const uint8_t *b, size_t len, size_t room) {
    (void)room;
    return same_words(a, b, len);
}

static inline size_t find_control_wide(struct slice in, size_t at) {
    return find_control_plainly(in, at);
}

#endif

/* The head's bytes from `from` on and those of `in` from `at` on: how many are the same? */
ALWAYS_INLINE size_t same_bytes(const struct known_head *head, size_t from, struct slice in, size_t at,
                                enum width width) {
    size_t room = in.len - at, due = head->len - from, len = room < due ? room : due;
    return width == WIDE ? same_wide(in.ptr + at, head->bytes + from, len, room)
                         : same_words(in.ptr + at, head->bytes + from, len);
}

/* The length of the value at `at`, which is as most are: no white space around it, and CRLF behind it, and
 * then no fold. 0 where it is not, or does not lie in `in` with the byte after it. */
ALWAYS_INLINE size_t plain_value(struct slice in, size_t at, enum width width) {
    size_t cr = width == WIDE ? find_control_wide(in, at) : find_control_plainly(in, at);
    if (cr == at || cr + LINE_END >= in.len) {
        return 0;
    }
    const uint8_t *end = in.ptr + cr;
    bool ended = end[0] == '\r' && end[1] == '\n' && end[2] != ' ' && end[2] != '\t';
    return ended && in.ptr[at] > ' ' && end[-1] > ' ' ? cr - at : 0;
}

ALWAYS_INLINE bool match_head(const struct known_head *head, struct slice in, struct known_match *match,
                              enum width width) {
    const struct known_line *line = head->lines, *lines_end = head->lines + head->count;
    size_t at = 0, from = 0; /* the same line begins there, or the empty one */
    match->changed = 0;
    for (;;) {
        size_t same = same_bytes(head, from, in, at, width), stop = from + same;
        if (stop == head->len) {
            match->len = at + same;
            return true;
        }
        while (line < lines_end && stop >= (size_t)line->end + LINE_END) {
            line++;
        }
        if (line == lines_end || stop < line->value) {
            return false; /* another name, or other lines */
        }
        size_t value = at + line->value - from, len = plain_value(in, value, width);
        if (len == 0) {
            return false;
        }
        match->changed |= UINT32_C(1) << (line - head->lines);
        match->value[line - head->lines] = (uint16_t)len;
        at = value + len + LINE_END;
        from = (size_t)line->end + LINE_END;
        line++;
    }
}

bool known_head_match_plainly(const struct known_head *head, struct slice in, struct known_match *match) {
    return match_head(head, in, match, PLAIN);
}

AVX2 static bool match_avx2(const struct known_head *head, struct slice in, struct known_match *match) {
    return match_head(head, in, match, WIDE);
}

bool known_head_match(const struct known_head *head, struct slice in, struct known_match *match) {
    return is_wide() ? match_avx2(head, in, match) : match_head(head, in, match, PLAIN);
}
