/* SPDX-License-Identifier: Apache-2.0 */
#include "output/writer.h"

#include "capture/limits.h"

#include <endian.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static const char DIGIT_PAIRS[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";
static const char HEX_DIGITS[] = "0123456789abcdef";

void writer_init(struct writer *w, struct buf *out) {
    *w = (struct writer){.out = out, .limit = SIZE_MAX};
}

uint8_t *writer_grow(struct writer *w, size_t len) {
    if (w->out->len > w->limit) {
        w->out->failed = true;
        return NULL;
    }
    return buf_reserve(w->out, len);
}

static inline void put_byte(struct writer *w, char byte) {
    uint8_t *to = writer_room(w, 1);
    if (to) {
        *to = (uint8_t)byte;
        w->out->len++;
    }
}

static inline void put(struct writer *w, const void *bytes, size_t len) {
    uint8_t *to = writer_room(w, len);
    if (to) {
        memcpy(to, bytes, len);
        w->out->len += len;
    }
}

static inline void before_value(struct writer *w) {
    if (w->comma) {
        put_byte(w, ',');
    }
    w->comma = true;
}

void writer_key(struct writer *w, const char *key) {
    before_value(w);
    put_byte(w, '"');
    put(w, key, strlen(key));
    put(w, "\":", 2);
    w->comma = false;
}

static uint8_t *put_code_unit(uint8_t *to, uint32_t unit) {
    *to++ = '\\';
    *to++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4) {
        *to++ = (uint8_t)HEX_DIGITS[unit >> shift & 0xF];
    }
    return to;
}

/* The letter of a two-character escape, or 0 (RFC 8259 section 7). */
static const uint8_t SHORT_ESCAPES[256] = {
    ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};

/* Writes the sequence at the start of `s`, whatever it is, in at most 6 bytes; *taken is its length. */
static uint8_t *put_special(uint8_t *to, struct slice s, size_t *taken, bool *valid) {
    uint8_t byte = s.ptr[0];
    if (byte < 0x80) {
        *taken = 1;
        uint8_t letter = SHORT_ESCAPES[byte];
        if (letter) {
            *to++ = '\\';
            *to++ = letter;
            return to;
        }
        if (byte < 0x20 || byte == 0x7F) {
            return put_code_unit(to, byte);
        }
        *to++ = byte;
        return to;
    }
    size_t ill_formed = 0;
    size_t len = utf8_sequence(s, &ill_formed);
    if (len == 0) {
        *valid = false;
        *taken = ill_formed;
        memcpy(to, "\xEF\xBF\xBD", 3);
        return to + 3;
    }
    *taken = len;
    uint32_t point = utf8_code_point(s.ptr, len);
    if (point < 0xA0 || point == 0x2028 || point == 0x2029) {
        return put_code_unit(to, point);
    }
    memcpy(to, s.ptr, len);
    return to + len;
}

#ifdef __SSE2__
/* A bit for each byte that must not be copied as it is. */
static inline unsigned special_bytes(__m128i bytes) {
    /* a signed comparison: bytes from 0x80 on are below the space too */
    __m128i special =
        _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
    special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F)));
    return (unsigned)_mm_movemask_epi8(special);
}
#endif

/* Copies bytes that need no escape and returns how many; may write up to `len` bytes. The last bytes of a run
 * are looked at together with some before them, which are known to be clean. */
static inline size_t copy_clean(uint8_t *to, const uint8_t *from, size_t len) {
    size_t at = 0;
#ifdef __SSE2__
    if (len >= 16) {
        for (;;) {
            __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(from + at));
            _mm_storeu_si128((__m128i *)(void *)(to + at), bytes);
            unsigned special = special_bytes(bytes);
            if (special) {
                return at + (size_t)__builtin_ctz(special);
            }
            at += 16;
            if (at == len) {
                return len;
            }
            at = len - at >= 16 ? at : len - 16;
        }
    }
    if (len >= 8) {
        for (;;) {
            __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)(from + at));
            _mm_storel_epi64((__m128i *)(void *)(to + at), bytes);
            unsigned special = special_bytes(bytes) & 0xFF;
            if (special) {
                return at + (size_t)__builtin_ctz(special);
            }
            at += 8;
            if (at == len) {
                return len;
            }
            at = len - 8;
        }
    }
    if (len >= 4) {
        for (;;) {
            int32_t word;
            memcpy(&word, from + at, sizeof word);
            memcpy(to + at, &word, sizeof word);
            unsigned special = special_bytes(_mm_cvtsi32_si128(word)) & 0xF;
            if (special) {
                return at + (size_t)__builtin_ctz(special);
            }
            at += 4;
            if (at == len) {
                return len;
            }
            at = len - 4;
        }
    }
#endif
    while (at < len) {
        uint8_t byte = from[at];
        if (byte < 0x20 || byte >= 0x7F || byte == '"' || byte == '\\') {
            break;
        }
        to[at++] = byte;
    }
    return at;
}

/* The rest of a string: `s` begins with what can't be copied as it is, and is written to `to`. */
__attribute__((noinline)) static bool end_string(struct writer *w, uint8_t *to, struct slice s) {
    bool valid = true;
    while (s.len) {
        size_t taken = 0;
        to = put_special(to, s, &taken, &valid);
        s = slice_make(s.ptr + taken, s.len - taken);
        w->out->len = (size_t)(to - w->out->ptr);
        to = writer_room(w, s.len + WRITER_SLACK);
        if (!to) {
            return valid;
        }
        size_t clean = copy_clean(to, s.ptr, s.len);
        to += clean;
        s = slice_make(s.ptr + clean, s.len - clean);
    }
    *to++ = '"';
    w->out->len = (size_t)(to - w->out->ptr);
    return valid;
}

/* Of a string in quotes, as entity tags are, nothing but those mostly needs an escape. Where it ends, or
 * NULL.
 */
static inline uint8_t *put_quoted(uint8_t *to, struct slice s) {
    size_t inner = s.len - 2;
    if (s.len < 2 || s.ptr[0] != '"' || s.ptr[s.len - 1] != '"') {
        return NULL;
    }
    memcpy(to, "\\\"", 2);
    if (copy_clean(to + 2, s.ptr + 1, inner) != inner) {
        return NULL;
    }
    memcpy(to + 2 + inner, "\\\"\"", 3);
    return to + 2 + inner + 3;
}

bool writer_string(struct writer *w, struct slice s) {
    uint8_t *to = writer_room(w, s.len + WRITER_SLACK);
    if (!to) {
        return true;
    }
    *to = ',';
    to += w->comma;
    w->comma = true;
    *to++ = '"';
    size_t clean = copy_clean(to, s.ptr, s.len);
    uint8_t *end = to + clean + 1;
    if (clean < s.len) {
        end = clean ? NULL : put_quoted(to, s);
        if (!end) {
            return end_string(w, to + clean, slice_make(s.ptr + clean, s.len - clean));
        }
    }
    end[-1] = '"';
    w->out->len = (size_t)(end - w->out->ptr);
    return true;
}

uint8_t *writer_clean(uint8_t *to, struct slice s) {
    return copy_clean(to, s.ptr, s.len) == s.len ? to + s.len : NULL;
}

void writer_text(struct writer *w, const char *text) {
    (void)writer_string(w, slice_of(text));
}

void writer_unsigned(struct writer *w, uint64_t value) {
    uint8_t *to = writer_room(w, DIGITS_BYTES + 1);
    if (!to) {
        return;
    }
    *to = ',';
    to += w->comma;
    w->comma = true;
    w->out->len = (size_t)(digits_put(to, value) - w->out->ptr);
}

void writer_signed(struct writer *w, int64_t value) {
    if (value >= 0) {
        writer_unsigned(w, (uint64_t)value);
        return;
    }
    before_value(w);
    put_byte(w, '-');
    w->comma = false;
    writer_unsigned(w, UINT64_C(0) - (uint64_t)value);
}

void writer_unsigned_text(struct writer *w, uint64_t value) {
    before_value(w);
    put_byte(w, '"');
    w->comma = false;
    writer_unsigned(w, value);
    put_byte(w, '"');
}

void writer_bool(struct writer *w, bool value) {
    before_value(w);
    put(w, value ? "true" : "false", value ? 4 : 5);
}

static char *put_pair(char *to, uint64_t below_100) {
    memcpy(to, DIGIT_PAIRS + below_100 * 2, 2);
    return to + 2;
}

/* Days since 1970-01-01 to a date of the proleptic Gregorian calendar, counted in years that start in March:
 * then the leap day is the last of its year, and months are 153 days for each five. */
static char *put_date(char *to, int64_t days) {
    int64_t shifted = days + 719468; /* since 0000-03-01 */
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int64_t day = day_of_year - (153 * march_month + 2) / 5 + 1;
    int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);
    to = put_pair(to, (uint64_t)(year / 100));
    to = put_pair(to, (uint64_t)(year % 100));
    *to++ = '-';
    to = put_pair(to, (uint64_t)month);
    *to++ = '-';
    return put_pair(to, (uint64_t)day);
}

/* 64-bit nanoseconds span the years 1677 to 2262: always four digits. */
void time_text(int64_t time_ns, char text[TIME_TEXT_BYTES]) {
    int64_t seconds = time_ns / NS_PER_SECOND, ns = time_ns % NS_PER_SECOND;
    if (ns < 0) {
        seconds--;
        ns += NS_PER_SECOND;
    }
    int64_t days = seconds / 86400, of_day = seconds % 86400;
    if (of_day < 0) {
        days--;
        of_day += 86400;
    }
    char *to = put_date(text, days);
    *to++ = 'T';
    to = put_pair(to, (uint64_t)(of_day / 3600));
    *to++ = ':';
    to = put_pair(to, (uint64_t)(of_day / 60 % 60));
    *to++ = ':';
    to = put_pair(to, (uint64_t)(of_day % 60));
    *to++ = '.';
    uint8_t fraction[DIGITS_NINE_BYTES];
    (void)digits_put_nine(fraction, (uint32_t)ns);
    memcpy(to, fraction, 9);
    to[9] = 'Z';
}

void writer_time(struct writer *w, int64_t time_ns) {
    char text[TIME_TEXT_BYTES + 2];
    text[0] = '"';
    time_text(time_ns, text + 1);
    text[sizeof text - 1] = '"';
    before_value(w);
    put(w, text, sizeof text);
}

void writer_base64(struct writer *w, struct slice s) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    before_value(w);
    uint8_t *to = writer_room(w, (s.len + 2) / 3 * 4 + 2);
    if (!to) {
        return;
    }
    uint8_t *end = to;
    *end++ = '"';
    for (size_t i = 0; i < s.len; i += 3) {
        size_t left = s.len - i;
        uint32_t group = (uint32_t)s.ptr[i] << 16;
        group |= left > 1 ? (uint32_t)s.ptr[i + 1] << 8 : 0;
        group |= left > 2 ? s.ptr[i + 2] : 0;
        *end++ = (uint8_t)alphabet[group >> 18];
        *end++ = (uint8_t)alphabet[group >> 12 & 63];
        *end++ = (uint8_t)(left > 1 ? alphabet[group >> 6 & 63] : '=');
        *end++ = (uint8_t)(left > 2 ? alphabet[group & 63] : '=');
    }
    *end++ = '"';
    w->out->len += (size_t)(end - to);
}

/* Four bytes become eight digits at once: each half of a byte gets a byte of its own, then the digit's value
 * becomes its character, 0x27 further on for letters. */
static void put_hex_digits(uint8_t *to, const uint8_t *bytes) {
    uint32_t four;
    memcpy(&four, bytes, sizeof four);
    uint64_t x = le32toh(four);
    x = (x | x << 16) & UINT64_C(0x0000FFFF0000FFFF);
    x = (x | x << 8) & UINT64_C(0x00FF00FF00FF00FF);
    x = (x >> 4 | x << 8) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    uint64_t letters = (x + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    x = htole64(x + UINT64_C(0x3030303030303030) + letters * 0x27);
    memcpy(to, &x, sizeof x);
}

#ifdef __SSE2__
/* The same of sixteen bytes. */
static inline void put_hex_sixteen(uint8_t *to, const uint8_t *bytes) {
    const __m128i half = _mm_set1_epi8(0xF);
    __m128i both = _mm_loadu_si128((const __m128i *)(const void *)bytes);
    __m128i high = _mm_and_si128(_mm_srli_epi16(both, 4), half), low = _mm_and_si128(both, half);
    for (int i = 0; i < 2; i++) {
        __m128i x = i ? _mm_unpackhi_epi8(high, low) : _mm_unpacklo_epi8(high, low);
        __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(x, _mm_set1_epi8(9)), _mm_set1_epi8(0x27));
        x = _mm_add_epi8(_mm_add_epi8(x, _mm_set1_epi8('0')), letters);
        _mm_storeu_si128((__m128i *)(void *)(to + (size_t)i * sizeof x), x);
    }
}
#endif

void writer_hex_digits(uint8_t *to, struct slice s) {
    size_t i = 0;
#ifdef __SSE2__
    for (; s.len - i >= 16; i += 16, to += 32) {
        put_hex_sixteen(to, s.ptr + i);
    }
#endif
    for (; s.len - i >= 4; i += 4, to += 8) {
        put_hex_digits(to, s.ptr + i);
    }
    for (; i < s.len; i++) {
        *to++ = (uint8_t)HEX_DIGITS[s.ptr[i] >> 4];
        *to++ = (uint8_t)HEX_DIGITS[s.ptr[i] & 0xF];
    }
}

void writer_hex(struct writer *w, struct slice s) {
    before_value(w);
    uint8_t *to = writer_room(w, s.len * 2 + 2);
    if (!to) {
        return;
    }
    *to = '"';
    writer_hex_digits(to + 1, s);
    to[1 + s.len * 2] = '"';
    w->out->len += s.len * 2 + 2;
}
