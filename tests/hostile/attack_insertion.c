/* SPDX-License-Identifier: Apache-2.0 */
/* Packets put between those of honest connections, so that a listener thinks that they ended, or said
 * otherwise. */
#include "attack.h"

#include <string.h>

enum { PLAYED_ONE_IN = 3, EVIL_TTL = 1 };

/* Before some packets with payload. */
static bool is_cue(const struct moment *m) {
    return !m->after && m->segment->len > 0 && chance_one_in(m->chance, PLAYED_ONE_IN);
}

/* A bare packet of either side: `offset` from that side's next number. */
static void forge(const struct moment *m, uint8_t flags, uint32_t offset, bool bad_checksum) {
    enum side side = chance_one_in(m->chance, 2) ? CLIENT : SERVER;
    struct segment s = talk_draft(m->talk, side, flags, NULL, 0);
    s.seq += offset;
    s.bad_checksum = bad_checksum;
    s.ttl = EVIL_TTL + (uint8_t)chance_below(m->chance, 60);
    recorder_segment(m->recorder, m->now_ns, &s);
}

static bool rst_exact(const struct moment *m) {
    if (is_cue(m)) {
        forge(m, WIRE_RST | WIRE_ACK, 0, false);
    }
    return false;
}

static bool rst_window(const struct moment *m) {
    if (is_cue(m)) {
        forge(m, chance_one_in(m->chance, 2) ? WIRE_RST : WIRE_RST | WIRE_ACK,
              1 + chance_below(m->chance, 60000), false);
    }
    return false;
}

static bool rst_outside(const struct moment *m) {
    if (is_cue(m)) {
        forge(m, WIRE_RST, UINT32_C(1) << (24 + chance_below(m->chance, 8)), false);
    }
    return false;
}

static bool rst_no_ack(const struct moment *m) {
    if (is_cue(m)) {
        forge(m, WIRE_RST, 0, false);
    }
    return false;
}

static bool rst_checksum(const struct moment *m) {
    if (is_cue(m)) {
        forge(m, WIRE_RST | WIRE_ACK, 0, true);
    }
    return false;
}

static bool fin_early(const struct moment *m) {
    if (is_cue(m)) {
        forge(m, WIRE_FIN | WIRE_ACK, 0, false);
    }
    return false;
}

static bool fin_ahead(const struct moment *m) {
    if (is_cue(m)) {
        forge(m, WIRE_FIN | WIRE_ACK, 1 + chance_below(m->chance, 3000), false);
    }
    return false;
}

static bool syn_inside(const struct moment *m) {
    if (is_cue(m)) {
        forge(m, chance_one_in(m->chance, 2) ? WIRE_SYN : WIRE_SYN | WIRE_ACK, chance_below(m->chance, 60000),
              false);
    }
    return false;
}

static bool flags_odd(const struct moment *m) {
    static const uint8_t odd[] = {0, WIRE_FIN, WIRE_SYN | WIRE_FIN, WIRE_SYN | WIRE_RST, 0x3f, 0x29, 0xc0};
    if (is_cue(m)) {
        forge(m, odd[chance_below(m->chance, sizeof odd)], 0, false);
    }
    return false;
}

/* Other bytes at the same place. */
static void forge_bytes(const struct moment *m) {
    uint8_t evil[WIRE_MSS];
    struct segment s = *m->segment;
    for (size_t i = 0; i < s.len; i++) {
        evil[i] = (uint8_t)('A' + chance_below(m->chance, 26));
    }
    s.bytes = evil;
    s.ttl = EVIL_TTL;
    recorder_segment(m->recorder, m->now_ns, &s);
    *m->conflict = CONFLICT_POSSIBLE;
}

static bool ttl_before(const struct moment *m) {
    if (is_cue(m)) {
        forge_bytes(m);
    }
    return false;
}

static bool ttl_after(const struct moment *m) {
    if (m->after && m->segment->len > 0 && chance_one_in(m->chance, PLAYED_ONE_IN)) {
        forge_bytes(m);
    }
    return false;
}

#define RUN(trick, class)                                                                                    \
    static void run_##trick(struct stage *s, uint64_t size) {                                                \
        stage_victims(s, size, class, trick);                                                                \
    }
RUN(rst_exact, "whole")
RUN(rst_window, "whole")
RUN(rst_outside, "whole")
RUN(rst_no_ack, "whole")
RUN(rst_checksum, "whole")
RUN(fin_early, "whole")
RUN(fin_ahead, "whole")
RUN(syn_inside, "whole")
RUN(flags_odd, "whole")
RUN(ttl_before, "disputed")
RUN(ttl_after, "whole")

static void wrap(struct stage *s, uint64_t size) {
    struct population_plan plan = {.class = "whole",
                                   .at_once = 8,
                                   .longest_exchange_count = 8,
                                   .longest_pause_us = 5000,
                                   .pipelines = true,
                                   .fragments = true,
                                   .wraps = true};
    stage_victims_like(s, size, &plan);
}

static void port_reuse(struct stage *s, uint64_t size) {
    struct population_plan plan = {.class = "whole",
                                   .at_once = 8,
                                   .longest_exchange_count = 2,
                                   .longest_pause_us = 2000,
                                   .one_key = true};
    stage_victims_like(s, size, &plan);
}

#define VICTIMS "connections attacked", 200, 5000
const struct attack attacks_insertion[] = {
    {"rst-exact", VICTIMS, OTHERS_NONE, "", "RST with the right number, and the connection goes on",
     run_rst_exact},
    {"rst-window", VICTIMS, OTHERS_NONE, "", "RST with and without ACK somewhere in the window",
     run_rst_window},
    {"rst-outside", VICTIMS, OTHERS_NONE, "", "RST out of the window", run_rst_outside},
    {"rst-no-ack", VICTIMS, OTHERS_NONE, "", "RST with the right number without ACK", run_rst_no_ack},
    {"rst-checksum", VICTIMS, OTHERS_NONE, "--checksums=verify",
     "RST with the right number and a wrong checksum", run_rst_checksum},
    {"fin-early", VICTIMS, OTHERS_NONE, "", "FIN with the right number, and data goes on behind it",
     run_fin_early},
    {"fin-ahead", VICTIMS, OTHERS_NONE, "", "FIN some way ahead, and data goes on through it", run_fin_ahead},
    {"syn-inside", VICTIMS, OTHERS_NONE, "", "SYN inside open connections", run_syn_inside},
    {"flags-odd", VICTIMS, OTHERS_NONE, "", "packets with flags that no TCP sends", run_flags_odd},
    {"ttl-before", VICTIMS, OTHERS_ANY, "", "other bytes with TTL 1 before the true ones", run_ttl_before},
    {"ttl-after", VICTIMS, OTHERS_NONE, "", "other bytes with TTL 1 behind the true ones", run_ttl_after},
    {"sequence-wrap", "connections", 200, 5000, OTHERS_NONE, "", "sequence numbers wrap inside each stream",
     wrap},
    {"port-reuse", "connections", 500, 50000, OTHERS_NONE, "",
     "the same ports again and again, each time with whole transactions", port_reuse},
    {0},
};
