/* SPDX-License-Identifier: Apache-2.0 */
/* Standard error: hark's own lines, and the progress line of a long run, which makes room for them. Embedded
 * by value; the reader's thread. */
#ifndef HARK_CLI_PROGRESS_H
#define HARK_CLI_PROGRESS_H

#include "capture/source.h"
#include "cli/crew.h"

#include <stdio.h>

struct progress {
    FILE *out;
    bool enabled;
    bool shown;         /* the line is on the terminal now */
    unsigned steps;     /* since the clock was read last */
    int64_t started_ns; /* monotonic */
    int64_t next_ns;    /* when to show it again */
};

/* `enabled`: a person watches `out`, which is a terminal, and wants progress. */
void progress_init(struct progress *, FILE *out, bool enabled);
/* For each frame where it is enabled; `look`: the clock is looked at in any case. */
void progress_step(struct progress *, const struct source *, struct crew *, bool look);
/* Takes the line away. */
void progress_clear(struct progress *);
/* One line of hark's, "hark: ...". */
__attribute__((format(printf, 2, 3))) void progress_say(struct progress *, const char *format, ...);
/* Nanoseconds since progress_init. */
int64_t progress_elapsed_ns(const struct progress *);

enum { PROGRESS_TEXT_BYTES = 256 };
/* The line's text: bytes read, rate, transactions, time left where the total is known (not 0). */
void progress_text(char text[PROGRESS_TEXT_BYTES], uint64_t bytes, uint64_t total, uint64_t transactions,
                   int64_t elapsed_ns);

#endif
