/* SPDX-License-Identifier: Apache-2.0 */
#include "output/community_id.h"

#include "output/sha1.h"

#include <assert.h>
#include <stdlib.h>

enum { IP_PROTOCOL_TCP = 6, IPV4_BYTES = 4, MESSAGE_BYTES = 2 + 32 + 2 + 4 };

static_assert((size_t)MESSAGE_BYTES <= SHA1_SHORT_MOST, "the message is one block");
static_assert(SHA1_DIGEST_BYTES % 3 == 2, "the last piece of base64 has two bytes");

struct community_ids {
    sha1_short *sha1;
};

static uint8_t *put_address(uint8_t *to, const struct endpoint *side, bool v4) {
    size_t skip = v4 ? ADDRESS_BYTES - IPV4_BYTES : 0;
    memcpy(to, side->address.bytes + skip, ADDRESS_BYTES - skip);
    return to + ADDRESS_BYTES - skip;
}

static uint8_t *put_port(uint8_t *to, const struct endpoint *side) {
    *to++ = (uint8_t)(side->port >> 8);
    *to++ = (uint8_t)side->port;
    return to;
}

/* The message that is hashed: the side with the smaller address, then port, comes first. */
static size_t make_message(const struct flow_key *key, uint8_t message[MESSAGE_BYTES]) {
    const struct endpoint *first = &key->side[0], *second = &key->side[1];
    int order = memcmp(first->address.bytes, second->address.bytes, ADDRESS_BYTES);
    if (order > 0 || (order == 0 && first->port > second->port)) {
        first = &key->side[1];
        second = &key->side[0];
    }
    bool v4 = key->ip_version == 4;
    uint8_t *to = message;
    *to++ = 0; /* seed */
    *to++ = 0;
    to = put_address(to, first, v4);
    to = put_address(to, second, v4);
    *to++ = IP_PROTOCOL_TCP;
    *to++ = 0;
    to = put_port(to, first);
    to = put_port(to, second);
    return (size_t)(to - message);
}

/* RFC 4648 section 4, of a digest. */
static void put_digest(char *to, const uint8_t digest[SHA1_DIGEST_BYTES]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < SHA1_DIGEST_BYTES; i += 3, to += 4) {
        bool whole = i + 2 < SHA1_DIGEST_BYTES;
        unsigned bits =
            (unsigned)digest[i] << 16 | (unsigned)digest[i + 1] << 8 | (whole ? digest[i + 2] : 0);
        to[0] = digits[bits >> 18];
        to[1] = digits[bits >> 12 & 63];
        to[2] = digits[bits >> 6 & 63];
        to[3] = whole ? digits[bits & 63] : '=';
    }
}

struct community_ids *community_ids_new(void) {
    struct community_ids *ids = malloc(sizeof *ids);
    if (ids) {
        ids->sha1 = sha1_short_best();
    }
    return ids;
}

void community_ids_free(struct community_ids *ids) {
    free(ids);
}

void community_id(const struct community_ids *ids, const struct flow_key *key, char id[COMMUNITY_ID_BYTES]) {
    uint8_t message[MESSAGE_BYTES], digest[SHA1_DIGEST_BYTES];
    ids->sha1(message, make_message(key, message), digest);
    id[0] = '1';
    id[1] = ':';
    put_digest(id + 2, digest);
}
