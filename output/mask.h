/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps inside the process what must not be seen: credentials, and what the user wants hidden, IP addresses
 * among it, wherever they occur. Every byte that reaches a record goes through here when there is something
 * to hide. Where it is not clear how far a secret reaches, more is hidden rather than less. One thread a
 * mask. A result is a view of the input where nothing was hidden, else of `scratch`, whose content each call
 * replaces. `failed` scratch means no room: the result is the mark alone. */
#ifndef HARK_OUTPUT_MASK_H
#define HARK_OUTPUT_MASK_H

#include "capture/buf.h"
#include "output/address_scan.h"
#include "output/keyed_hash.h"
#include "output/redaction.h"
#include "output/secret_names.h"

/* What stands for a secret. It says nothing of the secret, not even its length. */
#define MASK_MARK "***"
/* Behind the mark, where equal secrets are to be known as equal: so many bytes of the secret's keyed hash, in
 * hexadecimal. Half of it, the least that RFC 2104 section 5 advises. */
enum { MASK_HASH_BYTES = KEYED_HASH_BYTES / 2 };

/* What is to be hidden; all zero for nothing. Borrowed for the call that takes it. */
struct mask_options {
    bool secrets;                            /* known credentials */
    bool hash_secrets;                       /* the mark is followed by a keyed hash */
    struct redaction_names headers, queries; /* values of these fields and query parameters */
    bool anonymize_addresses;                /* other IP addresses in the place of all */
    struct slice key;                        /* with hash_secrets and anonymize_addresses */
};

/* All members but the last two are constant. */
struct mask {
    bool secrets;
    struct keyed_hash *hash;             /* owned; NULL: the mark alone */
    struct redaction *headers, *queries; /* owned; NULL: none */
    struct anonymizer *addresses;        /* owned; NULL: they are shown */
    struct buf work;                     /* what addresses are put into */
    size_t failures; /* how often libcrypto refused a hash: then the mark alone was written */
};

/* What a field's name says of its value. */
struct mask_kind {
    uint8_t field;  /* enum field_kind */
    uint8_t places; /* enum address_places */
};

/* `cap`: longest value with other addresses in it, in bytes; what is longer is hidden as a whole. `memory`
 * outlives the mask; NULL: the C library. NULL without memory, or where libcrypto refuses. */
struct mask *mask_new(const struct mask_options *, size_t cap, struct memory *memory);
void mask_free(struct mask *);
/* Is there anything to hide? If not, there need be no mask. */
bool mask_options_any(const struct mask_options *);

/* A field's value: Authorization, Proxy-Authorization and the like keep their scheme, Cookie and Set-Cookie
 * their names and attributes, URLs (Referer, Location, Content-Location, Link, Origin ...) lose userinfo and
 * secret query parameters; other fields are searched for both. */
struct slice mask_field(struct mask *, struct slice name, struct slice value, struct buf *scratch);
/* The same in two steps: what the name says, which is the same for all fields of that name, and the value. */
struct mask_kind mask_kind(const struct mask *, struct slice name);
struct slice mask_value(struct mask *, struct mask_kind, struct slice value, struct buf *scratch);
/* Is it plain at first sight that mask_value shows the value as it is? */
bool mask_shows(const struct mask *, struct mask_kind, struct slice value);
/* A field's name: only one that is no token can hold a secret (a field line without a colon is all name). */
struct slice mask_field_name(struct mask *, struct slice name, struct buf *scratch);
/* Does the user want fields of this name hidden? */
bool mask_redacts_header(const struct mask *, struct slice name);
/* A request target or URL of any form. */
struct slice mask_url(struct mask *, struct slice url, struct buf *scratch);
/* Is it plain at first sight that nothing of the URL, nor of any part of it, has to be masked? */
bool mask_shows_url(const struct mask *, struct slice url);
/* A URL's path alone. */
struct slice mask_path(struct mask *, struct slice path, struct buf *scratch);
/* A query alone, without its question mark. */
struct slice mask_query(struct mask *, struct slice query, struct buf *scratch);
/* A userinfo alone, without its "@". */
struct slice mask_userinfo(struct mask *, struct slice userinfo, struct buf *scratch);
/* A host alone, without a port and brackets: shows another one only for an address. */
struct slice mask_host(struct mask *, struct slice host, struct buf *scratch);
/* What stands for the address; the mask may be NULL. */
struct address mask_address(struct mask *, const struct address *);
/* Are other addresses shown than there were? The mask may be NULL. */
static inline bool mask_hides_addresses(const struct mask *mask) {
    return mask && mask->addresses;
}
/* How often libcrypto refused: then what was shown may lack something, but hides all. */
size_t mask_failures(const struct mask *);
/* Would mask_url hide a secret in it? */
bool mask_holds_secret(struct mask *, struct slice url, struct buf *scratch);
/* How many bytes at the start of a URL or authority must not be shown since they end in userinfo and its "@";
 * 0 without userinfo, or where it may be shown. */
size_t mask_userinfo_end(struct mask *, struct slice url);
/* Is this query parameter's (or cookie's, field's) name one of a known secret? */
bool mask_is_secret_parameter(struct slice name);

#endif
