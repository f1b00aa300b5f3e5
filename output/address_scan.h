/* SPDX-License-Identifier: Apache-2.0 */
/* Finds IP addresses in text and puts anonymised ones in their place: IPv4 in dotted decimal form, IPv6 in
 * any form of RFC 4291 section 2.2, with a port, brackets, a prefix length or a zone behind them or without,
 * percent-encoded or not. Plain functions. */
#ifndef HARK_OUTPUT_ADDRESS_SCAN_H
#define HARK_OUTPUT_ADDRESS_SCAN_H

#include "capture/buf.h"
#include "output/anonymizer.h"

/* Four numbers may be a version as well as an address. */
enum address_places {
    ADDRESSES_ANYWHERE,
    ADDRESSES_BESIDE_PRODUCTS, /* but not behind a product's name and slash, or "rv:" (RFC 9110 section
                                  10.1.5): Chrome/120.0.0.0 is none */
    ADDRESSES_NOWHERE,         /* the field holds versions */
};

/* By a field's name. */
enum address_places address_places_of(struct slice name);
/* Where there is an address, the text with those put in their place, in `out`, whose content is replaced;
 * else `text` itself. Without room `out` has failed, and the result has no bytes and a NULL. */
struct slice address_scan(struct anonymizer *, enum address_places, struct slice text, struct buf *out);

#endif
