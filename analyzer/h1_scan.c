/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/h1_scan.h"

#include "analyzer/h1_syntax.h"
#include "capture/wide.h"

struct h1_marks h1_scan_plainly(const uint8_t *bytes) {
    struct h1_marks marks = {0};
    for (unsigned i = 0; i < H1_SCAN_BYTES; i++) {
        uint8_t c = bytes[i];
        marks.controls |= (uint64_t)(c < 0x20 || c == 0x7f) << i;
        marks.separators |= (uint64_t)!h1_is(c, H1_TOKEN) << i;
    }
    return marks;
}

#ifdef __x86_64__

/* A byte's class is what its halves have in common: a bit for each upper half, 2 to 7, that has tchars
 * (TCHAR), and two for control bytes. One beyond ASCII has none: the shuffle gives 0 for it. */
enum { TCHAR = 0x3f, CONTROL = 0x80, CONTROL_7F = 0x40 };
static const uint8_t by_lower_half[16] = {0xba, 0xbf, 0xbe, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf,
                                          0xbe, 0xbe, 0xbd, 0x95, 0xb4, 0x95, 0xbd, 0x9c | CONTROL_7F};
static const uint8_t by_upper_half[16] = {CONTROL, CONTROL, 0x01, 0x02, 0x04, 0x08, 0x10, 0x20 | CONTROL_7F};

AVX2 static inline __m256i twice(const uint8_t table[16]) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i_u *)(const void *)table));
}

AVX2 static inline struct h1_marks marks_of_32(const uint8_t *from) {
    __m256i bytes = _mm256_loadu_si256((const __m256i_u *)(const void *)from);
    __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
    __m256i class = _mm256_and_si256(_mm256_shuffle_epi8(twice(by_lower_half), bytes),
                                     _mm256_shuffle_epi8(twice(by_upper_half), upper));
    __m256i control = _mm256_or_si256(class, _mm256_slli_epi16(class, 1)); /* the top bit is either's */
    __m256i separator =
        _mm256_cmpeq_epi8(_mm256_and_si256(class, _mm256_set1_epi8(TCHAR)), _mm256_setzero_si256());
    return (struct h1_marks){.controls = (uint32_t)_mm256_movemask_epi8(control),
                             .separators = (uint32_t)_mm256_movemask_epi8(separator)};
}

AVX2 static inline struct h1_marks scan_avx2(const uint8_t *bytes) {
    struct h1_marks front = marks_of_32(bytes), back = marks_of_32(bytes + 32);
    return (struct h1_marks){.controls = front.controls | back.controls << 32,
                             .separators = front.separators | back.separators << 32};
}

#else

static inline struct h1_marks scan_avx2(const uint8_t *bytes) {
    return h1_scan_plainly(bytes);
}

#endif

struct h1_marks h1_scan(const uint8_t *bytes) {
    return is_wide() ? scan_avx2(bytes) : h1_scan_plainly(bytes);
}

ALWAYS_INLINE struct h1_marks scan(const uint8_t *bytes, enum width width) {
    return width == WIDE ? scan_avx2(bytes) : h1_scan_plainly(bytes);
}

/* Of the bytes from `at` on, which lies in the chunk. Behind the chunk's end nothing is marked. */
ALWAYS_INLINE struct h1_marks marks_at(struct slice in, size_t at, enum width width) {
    size_t left = in.len - at;
    if (left >= H1_SCAN_BYTES) {
        return scan(in.ptr + at, width);
    }
    if (in.len >= H1_SCAN_BYTES) {
        struct h1_marks marks = scan(in.ptr + in.len - H1_SCAN_BYTES, width);
        marks.controls >>= H1_SCAN_BYTES - left;
        marks.separators >>= H1_SCAN_BYTES - left;
        return marks;
    }
    uint8_t padded[H1_SCAN_BYTES];
    memset(padded, 'a', sizeof padded);
    memcpy(padded, in.ptr + at, left);
    return scan(padded, width);
}

/* Are they these two bytes? */
static inline bool is_pair(const uint8_t *bytes, const char pair[3]) {
    return memcmp(bytes, pair, 2) == 0;
}

/* "Name: value" between `start`, `colon` and `cr`, which has two bytes behind it: is it plain? */
static inline bool read_line(const uint8_t *start, const uint8_t *colon, const uint8_t *cr,
                             struct h1_field *field) {
    const uint8_t *value = colon + 2;
    field->name = slice_make(start, (size_t)(colon - start));
    if (is_pair(colon, ": ") && *value > ' ' && cr[-1] > ' ' && is_pair(cr, "\r\n") && cr[2] > ' ') {
        field->value = slice_make(value, (size_t)(cr - value)); /* as most are written */
        return true;
    }
    if (*colon != ':') { /* a control, and `cr` is the same */
        return false;
    }
    field->value = slice_trim(slice_make(colon + 1, (size_t)(cr - colon - 1)));
    return is_pair(cr, "\r\n") && !h1_is(cr[2], H1_OWS);
}

/* The lines at the front of `in` that end in the marked bytes; *taken is their length. */
ALWAYS_INLINE size_t lines_marked(struct slice in, struct h1_marks marks, struct h1_field *fields,
                                  size_t most, size_t *taken) {
    size_t count = 0, start = 0;
    while (count < most && start < H1_SCAN_BYTES) {
        uint64_t separators = marks.separators >> start;
        if (separators == 0 || separators & 1) {
            break;
        }
        size_t colon = start + (size_t)__builtin_ctzll(separators);
        uint64_t controls = marks.controls >> colon;
        if (controls == 0) {
            break;
        }
        size_t cr = colon + (size_t)__builtin_ctzll(controls);
        if (cr + 2 >= in.len || !read_line(in.ptr + start, in.ptr + colon, in.ptr + cr, &fields[count])) {
            break;
        }
        start = cr + 2;
        count++;
    }
    *taken = start;
    return count;
}

/* Where the first control byte behind the first window is; the length where there is none. */
ALWAYS_INLINE size_t find_control(struct slice in, enum width width) {
    for (size_t at = H1_SCAN_BYTES; at < in.len; at += H1_SCAN_BYTES) {
        uint64_t controls = marks_at(in, at, width).controls;
        if (controls) {
            return at + (size_t)__builtin_ctzll(controls);
        }
    }
    return in.len;
}

/* The line at the front of `in`, whose colon, but not its end, is in the marked bytes; returns its length, 0
 * where it is not plain. */
ALWAYS_INLINE size_t long_line(struct slice in, struct h1_marks marks, struct h1_field *field,
                               enum width width) {
    if (marks.controls || marks.separators == 0 || marks.separators & 1) {
        return 0;
    }
    size_t colon = (size_t)__builtin_ctzll(marks.separators);
    size_t cr = find_control(in, width);
    return cr + 2 < in.len && read_line(in.ptr, in.ptr + colon, in.ptr + cr, field) ? cr + 2 : 0;
}

ALWAYS_INLINE size_t find_fields(struct slice in, struct h1_field *fields, size_t most, size_t *taken,
                                 enum width width) {
    size_t count = 0, at = 0;
    while (count < most && at < in.len && in.ptr[at] != '\r') {
        struct slice rest = slice_make(in.ptr + at, in.len - at);
        struct h1_marks marks = marks_at(in, at, width);
        size_t len;
        size_t lines = lines_marked(rest, marks, &fields[count], most - count, &len);
        if (lines == 0) {
            len = long_line(rest, marks, &fields[count], width);
            lines = len ? 1 : 0;
        }
        if (lines == 0) {
            break;
        }
        at += len;
        count += lines;
    }
    *taken = at;
    return count;
}

size_t h1_find_fields_plainly(struct slice in, struct h1_field *fields, size_t most, size_t *taken) {
    return find_fields(in, fields, most, taken, PLAIN);
}

AVX2 static size_t find_fields_avx2(struct slice in, struct h1_field *fields, size_t most, size_t *taken) {
    return find_fields(in, fields, most, taken, WIDE);
}

size_t h1_find_fields(struct slice in, struct h1_field *fields, size_t most, size_t *taken) {
    return is_wide() ? find_fields_avx2(in, fields, most, taken)
                     : h1_find_fields_plainly(in, fields, most, taken);
}
