/* SPDX-License-Identifier: Apache-2.0 */
#include "output/sha1.h"

#include <assert.h>
#include <string.h>

static const uint32_t first_state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

static void put_be32(uint8_t *to, uint32_t word) {
    word = __builtin_bswap32(word);
    memcpy(to, &word, sizeof word);
}

/* The message, a bit that ends it, and its length in bits. */
static void pad(const uint8_t *message, size_t len, uint8_t block[SHA1_BLOCK_BYTES]) {
    assert(len <= SHA1_SHORT_MOST);
    memset(block, 0, SHA1_BLOCK_BYTES);
    memcpy(block, message, len);
    block[len] = 0x80;
    put_be32(block + SHA1_BLOCK_BYTES - 4, (uint32_t)len * 8);
}

static uint32_t rotate(uint32_t word, unsigned bits) {
    return word << bits | word >> (32 - bits);
}

/* The word of round t, of which the last sixteen are kept. */
static uint32_t scheduled(uint32_t w[16], unsigned t) {
    if (t >= 16) {
        w[t % 16] = rotate(w[(t + 13) % 16] ^ w[(t + 8) % 16] ^ w[(t + 2) % 16] ^ w[t % 16], 1);
    }
    return w[t % 16];
}

static uint32_t mixed(unsigned t, uint32_t b, uint32_t c, uint32_t d) {
    switch (t / 20) {
    case 0:
        return (d ^ (b & (c ^ d))) + 0x5a827999;
    case 1:
        return (b ^ c ^ d) + 0x6ed9eba1;
    case 2:
        return ((b & c) | (d & (b | c))) + 0x8f1bbcdc;
    default:
        return (b ^ c ^ d) + 0xca62c1d6;
    }
}

void sha1_short_plainly(const uint8_t *message, size_t len, uint8_t digest[SHA1_DIGEST_BYTES]) {
    uint8_t block[SHA1_BLOCK_BYTES];
    uint32_t w[16], s[5];
    pad(message, len, block);
    memcpy(w, block, sizeof w);
    for (unsigned i = 0; i < 16; i++) {
        w[i] = __builtin_bswap32(w[i]);
    }
    memcpy(s, first_state, sizeof s);
#pragma GCC unroll 80
    for (unsigned t = 0; t < 80; t++) {
        uint32_t next = rotate(s[0], 5) + mixed(t, s[1], s[2], s[3]) + s[4] + scheduled(w, t);
        s[4] = s[3];
        s[3] = s[2];
        s[2] = rotate(s[1], 30);
        s[1] = s[0];
        s[0] = next;
    }
    for (unsigned i = 0; i < 5; i++) {
        put_be32(digest + 4 * i, s[i] + first_state[i]);
    }
}

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

#define SHA __attribute__((target("sha,sse4.1,ssse3")))

/* Four rounds with the words w[i % 4], and the words that follow later: those of sixteen rounds on are made
 * of the last four groups. */
#define FOUR_ROUNDS(i)                                                                                       \
    do {                                                                                                     \
        if ((i) >= 4) {                                                                                      \
            __m128i sum = _mm_xor_si128(_mm_sha1msg1_epu32(w[(i) % 4], w[((i) + 1) % 4]), w[((i) + 2) % 4]); \
            w[(i) % 4] = _mm_sha1msg2_epu32(sum, w[((i) + 3) % 4]);                                          \
        }                                                                                                    \
        __m128i e = (i) == 0 ? _mm_add_epi32(first_e, w[0]) : _mm_sha1nexte_epu32(before, w[(i) % 4]);       \
        before = abcd;                                                                                       \
        abcd = _mm_sha1rnds4_epu32(abcd, e, (i) / 5);                                                        \
    } while (0)

#define TWENTY_ROUNDS(k)                                                                                     \
    do {                                                                                                     \
        FOUR_ROUNDS(5 * (k));                                                                                \
        FOUR_ROUNDS(5 * (k) + 1);                                                                            \
        FOUR_ROUNDS(5 * (k) + 2);                                                                            \
        FOUR_ROUNDS(5 * (k) + 3);                                                                            \
        FOUR_ROUNDS(5 * (k) + 4);                                                                            \
    } while (0)

SHA static void sha1_short_wide(const uint8_t *message, size_t len, uint8_t digest[SHA1_DIGEST_BYTES]) {
    const __m128i backwards = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    const __m128i first_abcd =
        _mm_set_epi32((int)first_state[0], (int)first_state[1], (int)first_state[2], (int)first_state[3]);
    const __m128i first_e = _mm_set_epi32((int)first_state[4], 0, 0, 0);
    uint8_t block[SHA1_BLOCK_BYTES];
    pad(message, len, block);
    __m128i w[4], abcd = first_abcd, before = abcd;
    for (unsigned i = 0; i < 4; i++) {
        w[i] =
            _mm_shuffle_epi8(_mm_loadu_si128((const __m128i_u *)(const void *)(block + 16 * i)), backwards);
    }
    TWENTY_ROUNDS(0);
    TWENTY_ROUNDS(1);
    TWENTY_ROUNDS(2);
    TWENTY_ROUNDS(3);
    __m128i e = _mm_sha1nexte_epu32(before, first_e);
    abcd = _mm_shuffle_epi8(_mm_add_epi32(abcd, first_abcd), backwards);
    _mm_storeu_si128((__m128i_u *)(void *)digest, abcd);
    put_be32(digest + 16, (uint32_t)_mm_extract_epi32(e, 3));
}

static int is_wide(void) {
    unsigned a, b, c, d;
    return __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3") &&
           __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_SHA;
}

sha1_short *sha1_short_best(void) {
    return is_wide() ? sha1_short_wide : sha1_short_plainly;
}

#else

sha1_short *sha1_short_best(void) {
    return sha1_short_plainly;
}

#endif
