/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/h1_scan.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* The top bits of the bytes in question; those of bytes beyond 0x7f are the caller's to clear. A byte of at
 * most 0x7f reaches the top bit when 0x80 - limit is added, and no further: nothing carries over. */
static uint64_t at_least(uint64_t low, uint8_t limit) {
    return low + EACH_BYTE((uint64_t)0x80 - limit);
}

static uint64_t usual_bytes(uint64_t low) {
    uint64_t lower = low | EACH_BYTE(0x20);
    uint64_t letter = at_least(lower, 'a') & ~at_least(lower, 'z' + 1);
    uint64_t digit = at_least(low, '0') & ~at_least(low, '9' + 1);
    uint64_t hyphen = at_least(low, '-') & ~at_least(low, '-' + 1);
    return letter | digit | hyphen;
}

static uint64_t control_bytes(uint64_t low) {
    return ~at_least(low, 0x20) | at_least(low, 0x7f);
}

/* The top bits of eight bytes, side by side: no two products meet in one bit. */
static uint64_t gather(uint64_t word) {
    return (word >> 7 & EACH_BYTE(1)) * UINT64_C(0x0102040810204080) >> 56;
}

struct h1_marks h1_scan_plainly(const uint8_t bytes[H1_SCAN_BYTES]) {
    struct h1_marks marks = {0};
    for (unsigned i = 0; i < H1_SCAN_BYTES; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof word);
        word = le64toh(word);
        uint64_t low = word & EACH_BYTE(0x7f);
        marks.controls |= gather(control_bytes(low) & ~word) << i;
        marks.unusual |= gather(~usual_bytes(low) | word) << i;
    }
    return marks;
}

#ifdef __x86_64__
#include <immintrin.h>

/* All bits set in bytes from `first` to `last`. */
__attribute__((target("avx2"))) static inline __m256i in_range(__m256i bytes, char first, char last) {
    __m256i from_first = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(from_first, _mm256_set1_epi8((char)(last - first))), from_first);
}

__attribute__((target("avx2"))) static inline uint64_t bits(__m256i bytes) {
    return (uint32_t)_mm256_movemask_epi8(bytes);
}

__attribute__((target("avx2"))) static struct h1_marks scan_32(const uint8_t *from) {
    __m256i bytes = _mm256_loadu_si256((const __m256i_u *)(const void *)from);
    __m256i lower = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
    __m256i digit = in_range(bytes, '0', '9');
    __m256i hyphen = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('-'));
    __m256i usual = _mm256_or_si256(_mm256_or_si256(in_range(lower, 'a', 'z'), digit), hyphen);
    __m256i control =
        _mm256_or_si256(in_range(bytes, 0x00, 0x1f), _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7f)));
    return (struct h1_marks){.controls = bits(control), .unusual = bits(usual) ^ UINT32_MAX};
}

__attribute__((target("avx2"))) static struct h1_marks scan_avx2(const uint8_t *bytes) {
    struct h1_marks front = scan_32(bytes), back = scan_32(bytes + 32);
    return (struct h1_marks){.controls = front.controls | back.controls << 32,
                             .unusual = front.unusual | back.unusual << 32};
}

struct h1_marks h1_scan(const uint8_t bytes[H1_SCAN_BYTES]) {
    return __builtin_cpu_supports("avx2") ? scan_avx2(bytes) : h1_scan_plainly(bytes);
}

#else

struct h1_marks h1_scan(const uint8_t bytes[H1_SCAN_BYTES]) {
    return h1_scan_plainly(bytes);
}

#endif
