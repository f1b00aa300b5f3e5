/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/checksum.h"

enum { PROTOCOL_TCP = 6 };

/* The sum of big-endian 16-bit words, an odd last byte padded with zero; not yet folded. 64 bits hold the sum
 * of far more words than any packet has. */
static uint64_t sum_words(struct slice s, uint64_t sum) {
    size_t i = 0;
    for (; i + 4 <= s.len; i += 4) {
        sum += (uint32_t)s.ptr[i] << 24 | (uint32_t)s.ptr[i + 1] << 16 | (uint32_t)s.ptr[i + 2] << 8 |
               s.ptr[i + 3];
    }
    for (unsigned shift = 24; i < s.len; i++, shift -= 8) {
        sum += (uint32_t)s.ptr[i] << shift;
    }
    return sum;
}

static uint64_t fold(uint64_t sum) {
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

/* A right checksum makes the sum of all words, itself included, all ones. */
static bool sums_up(uint64_t sum) {
    return fold(sum) == 0xffff;
}

bool checksum_ipv4_valid(struct slice header) {
    return sums_up(sum_words(header, 0));
}

/* Of the pseudo header without its length. */
static uint64_t sum_pseudo_header(const struct flow_key *key) {
    uint64_t sum = PROTOCOL_TCP;
    /* Of a mapped IPv4 address only the last four bytes are in it. */
    size_t skip = key->ip_version == 4 ? ADDRESS_BYTES - 4 : 0;
    for (int i = 0; i < 2; i++) {
        sum = sum_words(slice_make(key->side[i].address.bytes + skip, ADDRESS_BYTES - skip), sum);
    }
    return sum;
}

bool checksum_tcp_valid(const struct flow_key *key, struct slice segment) {
    return sums_up(sum_words(segment, sum_pseudo_header(key) + (uint64_t)segment.len));
}

bool checksum_tcp_partial(const struct flow_key *key, struct slice segment) {
    enum { AT = 16 };
    if (segment.len < AT + 2) {
        return false;
    }
    uint64_t checksum = (uint64_t)segment.ptr[AT] << 8 | segment.ptr[AT + 1], sum = sum_pseudo_header(key);
    return checksum == fold(sum + (uint64_t)segment.len) || checksum == fold(sum);
}
