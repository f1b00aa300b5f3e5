/* SPDX-License-Identifier: Apache-2.0 */
/* The names of reassembly's reasons, as the ledger and the records write them. */
#include "reassembly/flow.h"

const char *gap_reason_name(enum gap_reason reason) {
    static const char *const names[GAP_REASONS] = {
        [GAP_BUDGET] = "budget",       [GAP_ACKNOWLEDGED] = "acknowledged", [GAP_ONE_SIDED] = "one_sided",
        [GAP_HOLD_TIME] = "hold_time", [GAP_FLOW_END] = "flow_end",         [GAP_SNAPLEN] = "snaplen",
    };
    return names[reason];
}

const char *end_reason_name(enum end_reason reason) {
    static const char *const names[END_REASONS] = {
        [END_FIN] = "fin",         [END_RST] = "rst",       [END_IDLE] = "idle",
        [END_EVICTED] = "evicted", [END_REUSED] = "reused", [END_CAPTURE] = "capture",
    };
    return names[reason];
}

const char *flow_fate_name(enum flow_fate fate) {
    static const char *const names[FLOW_FATES] = {
        [FLOW_TAP_DUPLICATE] = "tap_duplicate", [FLOW_INVALID] = "invalid",     [FLOW_CONTROL] = "control",
        [FLOW_RETRANSMIT] = "retransmit",       [FLOW_DATA] = "data",           [FLOW_LATE] = "late",
        [FLOW_AFTER_END] = "after_end",         [FLOW_NO_MEMORY] = "no_memory", [FLOW_SHED] = "shed",
    };
    return names[fate];
}
