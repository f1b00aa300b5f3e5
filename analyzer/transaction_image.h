/* SPDX-License-Identifier: Apache-2.0 */
/* An open transaction of a connection that dozes, in little memory: an image of it, of which it is made again
 * bit by bit. What it keeps in its arena stays there, at the same place. Plain functions; one thread. */
#ifndef HARK_ANALYZER_TRANSACTION_IMAGE_H
#define HARK_ANALYZER_TRANSACTION_IMAGE_H

#include "analyzer/transaction.h"
#include "capture/likeness.h"

/* Writes the image, LIKENESS_IMAGE_MOST bytes at most, and returns its length without the slack; 0: its arena
 * has too many pieces. The model is learned from the first. `chains`: the same when the image is read. */
size_t transaction_image(const struct transaction *, struct likeness *,
                         const struct likeness_chain chains[LIKENESS_CHAINS], uint8_t *image);
/* Makes the transaction, of that connection, again. Returns the image's length. */
size_t transaction_from_image(struct transaction *, const struct connection *, const struct likeness *,
                              const struct likeness_chain chains[LIKENESS_CHAINS], const uint8_t *image);

#endif
