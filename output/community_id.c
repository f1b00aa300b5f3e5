/* SPDX-License-Identifier: Apache-2.0 */
#include "output/community_id.h"

/* No secret is hashed here: what EVP does around one block of SHA-1 costs more than the block, and to find
 * the algorithm costs a short run more than all else. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

enum { IP_PROTOCOL_TCP = 6, IPV4_BYTES = 4, MESSAGE_BYTES = 2 + 32 + 2 + 4 };

struct community_ids {
    size_t failures;
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

static bool make_id(const struct flow_key *key, char id[COMMUNITY_ID_BYTES]) {
    uint8_t message[MESSAGE_BYTES], digest[SHA_DIGEST_LENGTH];
    uint8_t text[COMMUNITY_ID_BYTES - 2 + 1]; /* with EVP's NUL */
    SHA_CTX sha1;
    size_t message_len = make_message(key, message);
    if (SHA1_Init(&sha1) != 1 || SHA1_Update(&sha1, message, message_len) != 1 ||
        SHA1_Final(digest, &sha1) != 1) {
        return false;
    }
    (void)EVP_EncodeBlock(text, digest, SHA_DIGEST_LENGTH);
    id[0] = '1';
    id[1] = ':';
    memcpy(id + 2, text, COMMUNITY_ID_BYTES - 2);
    return true;
}

struct community_ids *community_ids_new(void) {
    struct community_ids *ids = calloc(1, sizeof *ids);
    /* The first digest shows that the hash works. */
    struct flow_key none = {.ip_version = 4};
    char id[COMMUNITY_ID_BYTES];
    if (ids && !make_id(&none, id)) {
        community_ids_free(ids);
        return NULL;
    }
    return ids;
}

void community_ids_free(struct community_ids *ids) {
    free(ids);
}

bool community_id(struct community_ids *ids, const struct flow_key *key, char id[COMMUNITY_ID_BYTES]) {
    bool made = make_id(key, id);
    ids->failures += !made;
    return made;
}

size_t community_ids_failures(const struct community_ids *ids) {
    return ids->failures;
}
