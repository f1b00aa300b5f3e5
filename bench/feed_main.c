/* SPDX-License-Identifier: Apache-2.0 */
/* feed CAPTURE WORKERS: see feed.h. Prints packets, and wall and the reader's CPU in ns a packet. */
#include "bench/feed.h"

#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
    unsigned long workers = count == 3 ? strtoul(arguments[2], NULL, 10) : 0;
    if (workers < 1 || workers > FEED_MOST_WORKERS) {
        fprintf(stderr, "usage: feed CAPTURE WORKERS (1 to %d)\n", FEED_MOST_WORKERS);
        return 2;
    }
    struct feed_result result = feed_run(arguments[1], (unsigned)workers);
    double packets = result.packets ? (double)result.packets : 1;
    printf("%llu\t%.1f\t%.1f\n", (unsigned long long)result.packets, (double)result.wall_ns / packets,
           (double)result.reader_ns / packets);
    return 0;
}
