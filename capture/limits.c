/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/limits.h"

#define MIB ((size_t)1 << 20)
#define KIB ((size_t)1 << 10)

/* With less memory than this there are too few looks for it to be worth them. */
#define LASTING_LEAST (512 * (uint64_t)MIB)

struct limits limits_default(void) {
    struct limits limits = {
        .tunnel_depth = 16,
        .fragment_datagrams = 4096,
        .fragment_timeout_ns = 30 * NS_PER_SECOND,
        .clock_jump_ns = 60 * NS_PER_SECOND,
        .flows = MIB,
        .skew_ns = NS_PER_SECOND,
        .hold_time_ns = 60 * NS_PER_SECOND,
        .flow_idle_ns = 600 * NS_PER_SECOND,
        .flow_linger_ns = 2 * NS_PER_SECOND,
        .flow_doze_ns = 2 * NS_PER_SECOND, /* who pauses for less is not worth it */
        .incarnations = 16,
        .probe_bytes = 8 * KIB,
        .line_bytes = 64 * KIB,
        .head_bytes = 256 * KIB,
        .headers = 1000,
        .interim_responses = 32,
        .record_bytes = 4 * MIB,
    };
    limits_set_memory(&limits, LIMITS_MEMORY);
    return limits;
}

void limits_set_memory(struct limits *limits, uint64_t bytes) {
    /* Set aside: the program itself, packets between threads, what each of these has, records on their way
     * out, fragments. */
    limits->memory = (size_t)(bytes - bytes / 16 - 40 * MIB);
    limits->lasting_bytes = bytes < LASTING_LEAST ? 0 : (size_t)(bytes / 32);
    limits->fragment_bytes = (size_t)(bytes / 64);
    limits->held_bytes = limits->memory / 8 * 5;
    limits->stream_held_bytes = limits->held_bytes / HARK_PARTITIONS / 2;
    /* So many of usual size are a quarter of a partition's memory. */
    size_t requests = limits->memory / HARK_PARTITIONS / 4 / (3 * KIB);
    limits->open_requests = requests < 1000 ? requests : 1000;
}
