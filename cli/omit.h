/* SPDX-License-Identifier: Apache-2.0 */
/* --omit: the parts of records that the user wants left out. Pure functions. */
#ifndef HARK_CLI_OMIT_H
#define HARK_CLI_OMIT_H

#include "cli/options.h"

/* A set of output/omission.h: what all --omit together say. False where one of them names no part that can be
 * left out: `message` says so in one line, with the names that are near. */
bool omit_read(const struct options *, uint64_t *set, char message[OPTIONS_MESSAGE_BYTES]);

#endif
