/* SPDX-License-Identifier: Apache-2.0 */
/* An open session on which nothing comes, in a tenth of its memory: an image of it and of its consumer, of
 * which the next packet or deadline makes what they were. Private to reassembly. */
#ifndef HARK_REASSEMBLY_SESSION_DOZE_H
#define HARK_REASSEMBLY_SESSION_DOZE_H

#include "capture/likeness.h"
#include "reassembly/session.h"

enum { SESSION_IMAGE_MOST = 2 + 3 * LIKENESS_IMAGE_MOST };

/* Sessions that no consumer has been opened for look different. */
struct session_likeness {
    struct likeness with_consumer;
    struct likeness without;
};

/* Writes the images and returns their length, the slack included; 0: something is under way, or they are too
 * large to be worth it. The session and its consumer stay as they are. `touched_ns`: any time near the
 * session's last. */
size_t session_image(const struct reassembler *, const struct session *, struct session_likeness *,
                     int64_t touched_ns, uint8_t image[SESSION_IMAGE_MOST]);
/* Frees the consumer of a session that is kept as an image; the session's memory is the caller's. */
void session_leave(const struct reassembler *, struct session *);
/* What is not in the image, as session_init had it. */
struct session_identity {
    const struct flow_key *key;
    uint64_t ordinal;
    uint32_t incarnation;
    void *owner;
};

/* `x` has no content yet. False without memory for the consumer; `must`: as in struct consumer_doze. */
bool session_wake(const struct reassembler *, struct session *x, const struct session_identity *,
                  const struct session_likeness *, int64_t touched_ns, const uint8_t *image, bool must);

#endif
