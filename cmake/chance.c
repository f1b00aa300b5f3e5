/* SPDX-License-Identifier: Apache-2.0 */
/* Purpose: the chance of a hark that counts (cmake/profile.cmake), the same in each run, so that the same
 * sources give the same counts and these the same program. Stands in the place of the C library's getrandom;
 * linked into nothing else. */
#include <string.h>
#include <sys/random.h>

ssize_t getrandom(void *into, size_t size, unsigned flags) {
    (void)flags;
    memset(into, 0x5a, size);
    return (ssize_t)size;
}
