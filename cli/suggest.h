/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the names that are the fewest keystrokes away from an unknown one. Pure function. */
#ifndef HARK_CLI_SUGGEST_H
#define HARK_CLI_SUGGEST_H

#include <stddef.h>

/* Those of the names known(0) to known(count - 1), each of at most 32 bytes, that are as close to `name` as
 * any and close enough to be meant; `most` of them at most, in their order. Returns how many `near` has. */
size_t suggest(const char *name, const char *(*known)(size_t), size_t count, const char **near, size_t most);

#endif
