/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/datagrams.h"

#include <stdlib.h>

bool datagrams_init(struct datagrams *datagrams, int64_t timeout_ns) {
    *datagrams = (struct datagrams){.timeout_ns = timeout_ns};
    datagrams->frames = malloc(DATAGRAM_FRAMES * sizeof *datagrams->frames);
    return datagrams->frames != NULL;
}

void datagrams_fini(struct datagrams *datagrams) {
    free(datagrams->frames);
    datagrams->frames = NULL;
}

static struct datagram_frame *entry(const struct datagrams *datagrams, uint64_t number) {
    return &datagrams->frames[number % DATAGRAM_FRAMES];
}

/* Those that were taken, or wait for longer than the decoder lets them, need not be looked at. */
static void forget(struct datagrams *datagrams, int64_t now_ns) {
    while (datagrams->first < datagrams->end) {
        const struct datagram_frame *oldest = entry(datagrams, datagrams->first);
        if (oldest->name && now_ns - oldest->time_ns <= datagrams->timeout_ns) {
            return;
        }
        datagrams->first++;
    }
}

static void wait(struct datagrams *datagrams, uint64_t name, uint64_t frame, int64_t time_ns) {
    if (datagrams->end - datagrams->first == DATAGRAM_FRAMES) {
        if (entry(datagrams, datagrams->first++)->name) {
            datagrams->forgot = true;
            datagrams->forgot_ns = time_ns;
        }
    }
    *entry(datagrams, datagrams->end++) =
        (struct datagram_frame){.name = name, .frame = frame, .time_ns = time_ns};
}

static bool is_completed(const struct decode_datagrams *of, uint64_t name) {
    for (unsigned i = 0; i < of->completed_count; i++) {
        if (of->completed[i] == name) {
            return true;
        }
    }
    return false;
}

size_t datagrams_frame(struct datagrams *datagrams, const struct decode_datagrams *of, uint64_t frame,
                       int64_t time_ns, uint64_t *taken) {
    size_t count = 0;
    if (of->completed_count > 0) {
        forget(datagrams, time_ns);
        for (uint64_t i = datagrams->first; i < datagrams->end; i++) {
            struct datagram_frame *one = entry(datagrams, i);
            if (!one->name || !is_completed(of, one->name)) {
                continue;
            }
            if (of->held) {
                one->name = of->held; /* fragments of a fragment */
            } else {
                if (count < DATAGRAM_FRAMES_TAKEN) {
                    taken[count++] = one->frame;
                } else { /* many copies of its fragments */
                    datagrams->forgot = true;
                    datagrams->forgot_ns = time_ns;
                }
                one->name = 0;
            }
        }
    }
    if (of->held) {
        forget(datagrams, time_ns);
        wait(datagrams, of->held, frame, time_ns);
    }
    return count;
}

bool datagrams_may_lack(const struct datagrams *datagrams, int64_t now_ns) {
    return datagrams->forgot && now_ns - datagrams->forgot_ns <= datagrams->timeout_ns;
}
