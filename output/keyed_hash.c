/* SPDX-License-Identifier: Apache-2.0 */
#include "output/keyed_hash.h"

/* EVP's HMAC allocates for each message, its digest costs more than the two blocks of a usual secret. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>

/* States of the two hashes behind the block that holds the key. */
struct keyed_hash {
    SHA256_CTX inner, outer;
};

static bool begin(SHA256_CTX *state, const uint8_t key[SHA256_CBLOCK], uint8_t pad) {
    uint8_t block[SHA256_CBLOCK];
    for (size_t i = 0; i < sizeof block; i++) {
        block[i] = key[i] ^ pad;
    }
    bool ok = SHA256_Init(state) == 1 && SHA256_Update(state, block, sizeof block) == 1;
    OPENSSL_cleanse(block, sizeof block);
    return ok;
}

static bool set_key(struct keyed_hash *hash, struct slice key) {
    enum { INNER_PAD = 0x36, OUTER_PAD = 0x5c };
    uint8_t block[SHA256_CBLOCK] = {0};
    bool ok = true;
    if (key.len > sizeof block) {
        SHA256_CTX state;
        ok = SHA256_Init(&state) == 1 && SHA256_Update(&state, key.ptr, key.len) == 1 &&
             SHA256_Final(block, &state) == 1;
    } else {
        (void)slice_put(key, block);
    }
    ok = ok && begin(&hash->inner, block, INNER_PAD) && begin(&hash->outer, block, OUTER_PAD);
    OPENSSL_cleanse(block, sizeof block);
    return ok;
}

struct keyed_hash *keyed_hash_new(struct slice key) {
    struct keyed_hash *hash = calloc(1, sizeof *hash);
    if (hash && !set_key(hash, key)) {
        keyed_hash_free(hash);
        return NULL;
    }
    return hash;
}

void keyed_hash_free(struct keyed_hash *hash) {
    if (hash) {
        OPENSSL_cleanse(hash, sizeof *hash);
        free(hash);
    }
}

bool keyed_hash_of(const struct keyed_hash *hash, struct slice message, uint8_t digest[KEYED_HASH_BYTES]) {
    SHA256_CTX state = hash->inner;
    if ((message.len && SHA256_Update(&state, message.ptr, message.len) != 1) ||
        SHA256_Final(digest, &state) != 1) {
        return false;
    }
    state = hash->outer;
    return SHA256_Update(&state, digest, KEYED_HASH_BYTES) == 1 && SHA256_Final(digest, &state) == 1;
}

bool keyed_hash_derive(struct slice key, const char *purpose, uint8_t derived[KEYED_HASH_BYTES]) {
    struct keyed_hash hash;
    bool ok = set_key(&hash, key) && keyed_hash_of(&hash, slice_of(purpose), derived);
    OPENSSL_cleanse(&hash, sizeof hash);
    return ok;
}
