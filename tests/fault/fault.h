/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that fail on demand. Allocations fail for the whole process: hark's own and those of libc, libpcap,
 * zlib, libzstd and libcrypto; the others where hark itself calls. Each kind is counted apart. */
#ifndef HARK_TESTS_FAULT_H
#define HARK_TESTS_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_kind { FAULT_ALLOCATION, FAULT_THREAD, FAULT_READ, FAULT_WRITE, FAULT_CLOSE };

/* Lives in memory that a test shares with the processes it forks. */
struct fault_plan {
    enum fault_kind kind;
    uint64_t number;           /* the call of that kind that fails, from 1 */
    bool onward;               /* and all after it */
    int error;                 /* errno of the failure */
    size_t most;               /* reads and writes: not 0: no failure, but no more bytes than these */
    bool trace;                /* each failure says its call stack on standard error */
    _Atomic uint64_t calls;    /* so far, of that kind */
    _Atomic uint64_t failures; /* of these */
};

/* From now on; NULL for no more failures. */
void fault_arm(struct fault_plan *);

#endif
