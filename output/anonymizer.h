/* SPDX-License-Identifier: Apache-2.0 */
/* Puts other addresses in the place of IP addresses: Crypto-PAn (Xu, Fan, Ammar, Moon: Prefix-Preserving IP
 * Address Anonymization, 2002), with AES-128. One to one; two addresses have as many first bits in common
 * afterwards as before. IPv4 addresses are mapped in their 32 bits, so that an IPv4-mapped IPv6 address stays
 * one of the same IPv4 address, all others in their 128 bits. Nothing is spared: loopback, private and
 * multicast addresses are mapped as well. Heap-owned, one thread. */
#ifndef HARK_OUTPUT_ANONYMIZER_H
#define HARK_OUTPUT_ANONYMIZER_H

#include "capture/packet.h"

enum { ANONYMIZER_KEY_BYTES = 32 }; /* the cipher's key, then what its padding is made of */

struct anonymizer;

/* NULL without memory, or where libcrypto refuses AES. */
struct anonymizer *anonymizer_new(const uint8_t key[ANONYMIZER_KEY_BYTES]);
void anonymizer_free(struct anonymizer *);
/* Where libcrypto refuses, the unspecified address. */
struct address anonymizer_map(struct anonymizer *, const struct address *);
/* How often that was so. */
size_t anonymizer_failures(const struct anonymizer *);

#endif
