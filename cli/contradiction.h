/* SPDX-License-Identifier: Apache-2.0 */
/* Files that the options give two uses, of which one would destroy the other, or a use that they are not for.
 */
#ifndef HARK_CLI_CONTRADICTION_H
#define HARK_CLI_CONTRADICTION_H

#include "cli/options.h"

enum { CONTRADICTION_MESSAGE_BYTES = 512 };

/* True when there is one: `message` says in one line which, and how to mend it. Nothing is opened or made:
 * files are told by device and inode, those that are not there by their directory and name. */
bool contradiction_find(const struct options *, char message[CONTRADICTION_MESSAGE_BYTES]);

#endif
