/* SPDX-License-Identifier: Apache-2.0 */
#include "output/anonymizer.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum {
    BLOCK_BYTES = 16,
    IPV4_BYTES = 4,
    MOST_BITS = 8 * ADDRESS_BYTES,
    CACHE_BITS = 8, /* few addresses make up most of a network's traffic */
    CACHE_SLOTS = 1 << CACHE_BITS,
};

struct known {
    bool valid;
    struct address from, to;
};

struct anonymizer {
    EVP_CIPHER_CTX *aes;
    uint8_t pad[BLOCK_BYTES];
    size_t failures;
    struct known cache[CACHE_SLOTS];
    uint8_t in[MOST_BITS * BLOCK_BYTES], out[MOST_BITS * BLOCK_BYTES];
};

static bool encrypt(struct anonymizer *a, size_t blocks) {
    int len = 0, wanted = (int)(blocks * BLOCK_BYTES);
    return EVP_EncryptUpdate(a->aes, a->out, &len, a->in, wanted) == 1 && len == wanted;
}

static bool set_key(struct anonymizer *a, const uint8_t key[ANONYMIZER_KEY_BYTES]) {
    a->aes = EVP_CIPHER_CTX_new();
    if (!a->aes || EVP_EncryptInit_ex(a->aes, EVP_aes_128_ecb(), NULL, key, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(a->aes, 0) != 1) {
        return false;
    }
    memcpy(a->in, key + BLOCK_BYTES, BLOCK_BYTES);
    bool ok = encrypt(a, 1);
    memcpy(a->pad, a->out, BLOCK_BYTES);
    OPENSSL_cleanse(a->in, BLOCK_BYTES);
    return ok;
}

struct anonymizer *anonymizer_new(const uint8_t key[ANONYMIZER_KEY_BYTES]) {
    struct anonymizer *a = calloc(1, sizeof *a);
    if (a && !set_key(a, key)) {
        anonymizer_free(a);
        return NULL;
    }
    return a;
}

void anonymizer_free(struct anonymizer *a) {
    if (a) {
        EVP_CIPHER_CTX_free(a->aes);
        OPENSSL_cleanse(a, sizeof *a);
        free(a);
    }
}

/* Each bit is turned over or not by what the bits before it, filled up with the padding, encrypt to. */
static bool map_bits(struct anonymizer *a, uint8_t *bytes, size_t len) {
    for (size_t bit = 0; bit < 8 * len; bit++) {
        uint8_t *block = a->in + bit * BLOCK_BYTES;
        size_t whole = bit / 8;
        uint8_t mask = (uint8_t)(0xFF00U >> (bit % 8)); /* the first bits of the byte that holds the bit */
        memcpy(block, bytes, whole);
        memcpy(block + whole, a->pad + whole, BLOCK_BYTES - whole);
        block[whole] = (uint8_t)((bytes[whole] & mask) | (a->pad[whole] & (uint8_t)~mask));
    }
    if (!encrypt(a, 8 * len)) {
        return false;
    }
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)((a->out[bit * BLOCK_BYTES] >> 7) << (7 - bit % 8));
    }
    return true;
}

static struct known *slot_of(struct anonymizer *a, const struct address *address) {
    uint64_t front, back;
    memcpy(&front, address->bytes, sizeof front);
    memcpy(&back, address->bytes + sizeof front, sizeof back);
    uint64_t hash = hash_mix(front ^ UINT64_C(0x9e3779b97f4a7c15), back ^ UINT64_C(0xd6e8feb86659fd93));
    return &a->cache[hash >> (64 - CACHE_BITS)];
}

struct address anonymizer_map(struct anonymizer *a, const struct address *address) {
    struct known *known = slot_of(a, address);
    if (known->valid && memcmp(&known->from, address, sizeof *address) == 0) {
        return known->to;
    }
    struct address mapped = *address;
    size_t skip = address_is_v4(address) ? ADDRESS_BYTES - IPV4_BYTES : 0;
    if (!map_bits(a, mapped.bytes + skip, ADDRESS_BYTES - skip)) {
        a->failures++;
        return (struct address){{0}};
    }
    *known = (struct known){.valid = true, .from = *address, .to = mapped};
    return mapped;
}

size_t anonymizer_failures(const struct anonymizer *a) {
    return a->failures;
}
