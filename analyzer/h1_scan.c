/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/h1_scan.h"

#include "analyzer/h1_syntax.h"

void h1_scan_plainly(const uint8_t *bytes, size_t count, struct h1_marks *marks) {
    for (; count; count--, marks++) {
        *marks = (struct h1_marks){0};
        for (unsigned i = 0; i < H1_SCAN_BYTES; i++) {
            uint8_t c = *bytes++;
            marks->controls |= (uint64_t)(c < 0x20 || c == 0x7f) << i;
            marks->separators |= (uint64_t)!h1_is(c, H1_TOKEN) << i;
        }
    }
}

#ifdef __x86_64__
#include <immintrin.h>

/* A byte's class is what its halves have in common: a bit for each upper half, 2 to 7, that has tchars
 * (TCHAR), and two for control bytes. One beyond ASCII has none: the shuffle gives 0 for it. */
enum { TCHAR = 0x3f, CONTROL = 0x80, CONTROL_7F = 0x40 };
static const uint8_t by_lower_half[16] = {0xba, 0xbf, 0xbe, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf,
                                          0xbe, 0xbe, 0xbd, 0x95, 0xb4, 0x95, 0xbd, 0x9c | CONTROL_7F};
static const uint8_t by_upper_half[16] = {CONTROL, CONTROL, 0x01, 0x02, 0x04, 0x08, 0x10, 0x20 | CONTROL_7F};

#define AVX2 __attribute__((target("avx2")))

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

AVX2 static void scan_avx2(const uint8_t *bytes, size_t count, struct h1_marks *marks) {
    for (; count; count--, bytes += H1_SCAN_BYTES) {
        struct h1_marks front = marks_of_32(bytes), back = marks_of_32(bytes + 32);
        *marks++ = (struct h1_marks){.controls = front.controls | back.controls << 32,
                                     .separators = front.separators | back.separators << 32};
    }
}

void h1_scan(const uint8_t *bytes, size_t count, struct h1_marks *marks) {
    if (__builtin_cpu_supports("avx2")) {
        scan_avx2(bytes, count, marks);
    } else {
        h1_scan_plainly(bytes, count, marks);
    }
}

#else

void h1_scan(const uint8_t *bytes, size_t count, struct h1_marks *marks) {
    h1_scan_plainly(bytes, count, marks);
}

#endif
