/* SPDX-License-Identifier: Apache-2.0 */
/* picohttpparser, as Debian's libh2o exports it, for comparison; loaded when it is installed. */
#ifndef HARK_BENCH_PICO_H
#define HARK_BENCH_PICO_H

#include <stdbool.h>
#include <stddef.h>

struct pico {
    void (*request)(void); /* of their own types in pico.c */
    void (*response)(void);
};

/* False where it is not installed. */
bool pico_load(struct pico *);
/* Parses one head from the front; its length, or a negative number. After pico_load. */
int pico_request(const struct pico *, const char *bytes, size_t len);
int pico_response(const struct pico *, const char *bytes, size_t len);

#endif
