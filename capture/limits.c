/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/limits.h"

#define MIB ((size_t)1 << 20)
#define KIB ((size_t)1 << 10)

struct limits limits_default(void) {
    return (struct limits){
        .memory = 864 * MIB,
        .tunnel_depth = 16,
        .fragment_datagrams = 4096,
        .fragment_bytes = 16 * MIB,
        .fragment_timeout_ns = 30 * NS_PER_SECOND,
        .clock_jump_ns = 60 * NS_PER_SECOND,
        .flows = MIB,
        .held_bytes = 512 * MIB,
        .stream_held_bytes = 4 * MIB,
        .skew_ns = NS_PER_SECOND,
        .hold_time_ns = 60 * NS_PER_SECOND,
        .flow_idle_ns = 600 * NS_PER_SECOND,
        .flow_linger_ns = 2 * NS_PER_SECOND,
        .incarnations = 16,
        .probe_bytes = 8 * KIB,
        .line_bytes = 64 * KIB,
        .head_bytes = 256 * KIB,
        .headers = 1000,
        .open_requests = 1000,
        .interim_responses = 32,
        .record_bytes = 4 * MIB,
    };
}
