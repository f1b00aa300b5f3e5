/* SPDX-License-Identifier: Apache-2.0 */
/* The native record: docs/record.schema.json. Embedded by value in the record writer, one thread. */
#ifndef HARK_OUTPUT_NATIVE_H
#define HARK_OUTPUT_NATIVE_H

#include "output/community_id.h"
#include "output/record.h"
#include "output/url.h"
#include "output/writer.h"

struct native {
    const struct record_options *options;
    struct community_ids *ids;
    struct buf scratch; /* of masking */
    struct url url;     /* of the transaction at hand */
};

/* The whole record, without a line feed. */
void native_write(struct native *, struct writer *, const struct transaction *);

/* native_http.c */

/* `url` and `user_agent`, for a transaction whose request was seen; native->url has been made. */
void native_write_url(struct native *, struct writer *);
void native_write_user_agent(struct native *, struct writer *, const struct transaction *);
/* `http`. */
void native_write_http(struct native *, struct writer *, const struct transaction *);

#endif
