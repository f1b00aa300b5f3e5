/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <stdlib.h>
#include <string.h>

enum {
    HONEST_AT_ONCE = 12,
    HONEST_AT_LEAST = 100, /* connections, however short the attack */
    VICTIMS_AT_ONCE = 64,
    EXCHANGES = 8,
    VICTIMS_PAUSE_US = 1500000 /* longer than the skew */
};

static const struct population_plan honest_plan = {
    .class = "whole",
    .at_once = HONEST_AT_ONCE,
    .longest_exchange_count = EXCHANGES,
    .pipelines = true,
    .fragments = true,
};

/* Everything of the honest until then. */
static void run_until(struct stage *s, int64_t now_ns) {
    while (population_due(s->honest) <= now_ns) {
        population_step(s->honest);
    }
    s->now_ns = now_ns;
}

struct stage *stage_new(uint64_t seed, int64_t step_ns, unsigned pause_us, FILE *truth) {
    struct stage *s = malloc(sizeof *s);
    if (!s) {
        abort();
    }
    recorder_init(&s->recorder);
    s->chance = (struct chance){seed ^ 0xa77acc};
    s->now_ns = 0;
    s->step_ns = step_ns;
    s->seed = seed;
    s->truth = truth;
    struct population_plan plan = honest_plan;
    plan.seed = seed;
    plan.longest_pause_us = pause_us;
    s->honest = population_new(&plan, &s->recorder, truth);
    stage_wait(s, 30 * INT64_C(1000000));
    return s;
}

void stage_free(struct stage *s) {
    while (population_begun(s->honest) < HONEST_AT_LEAST) {
        population_step(s->honest);
    }
    population_stop(s->honest);
    while (population_due(s->honest) != INT64_MAX) {
        population_step(s->honest);
    }
    population_free(s->honest);
    recorder_flush(&s->recorder);
    free(s);
}

void stage_frame(struct stage *s, const uint8_t *frame, size_t len) {
    run_until(s, s->now_ns + s->step_ns);
    recorder_frame(&s->recorder, s->now_ns, frame, len);
}

void stage_segment(struct stage *s, const struct segment *segment) {
    run_until(s, s->now_ns + s->step_ns);
    recorder_segment(&s->recorder, s->now_ns, segment);
}

void stage_wait(struct stage *s, int64_t ns) {
    run_until(s, s->now_ns + ns);
}

void stage_handshake(struct stage *s, struct talk *t) {
    struct segment segment = talk_say(t, CLIENT, WIRE_SYN, NULL, 0);
    stage_segment(s, &segment);
    segment = talk_say(t, SERVER, WIRE_SYN | WIRE_ACK, NULL, 0);
    stage_segment(s, &segment);
    segment = talk_say(t, CLIENT, WIRE_ACK, NULL, 0);
    stage_segment(s, &segment);
}

void stage_send(struct stage *s, struct talk *t, enum side side, const void *bytes, size_t len,
                size_t piece) {
    for (size_t at = 0; at < len; at += piece) {
        size_t rest = len - at;
        struct segment segment =
            talk_say(t, side, WIRE_ACK, (const uint8_t *)bytes + at, rest < piece ? rest : piece);
        stage_segment(s, &segment);
    }
}

void stage_ask(struct stage *s, struct talk *t, enum side side, const char *text) {
    stage_send(s, t, side, text, strlen(text), WIRE_MSS);
    struct segment ack = talk_say(t, side_other(side), WIRE_ACK, NULL, 0);
    stage_segment(s, &ack);
}

void stage_victims(struct stage *s, uint64_t connections, const char *class, trick_fn *trick) {
    struct population_plan plan = honest_plan;
    plan.class = class;
    plan.at_once = VICTIMS_AT_ONCE;
    plan.longest_pause_us = VICTIMS_PAUSE_US;
    plan.pipelines = false;
    plan.fragments = false;
    plan.trick = trick;
    stage_victims_like(s, connections, &plan);
}

void stage_victims_like(struct stage *s, uint64_t connections, const struct population_plan *given) {
    struct population_plan plan = *given;
    plan.seed = s->seed ^ 0x1c71;
    plan.first_address = 1;
    struct population *victims = population_new(&plan, &s->recorder, s->truth);
    int64_t start_ns = s->now_ns;
    population_shift(victims, start_ns);
    while (population_due(victims) != INT64_MAX) {
        run_until(s, population_due(victims));
        population_step(victims);
        if (population_begun(victims) >= connections) {
            population_stop(victims);
        }
    }
    population_free(victims);
}

struct endpoint stage_stranger(struct stage *s) {
    /* Not in 10/8, where the honest live. */
    uint32_t address = (11u << 24) + chance_below(&s->chance, 200u << 24);
    return wire_ipv4(address, (uint16_t)(1024 + chance_below(&s->chance, 64000)));
}

struct endpoint stage_server(struct stage *s, bool is_ipv6) {
    uint32_t which = chance_below(&s->chance, 16);
    return is_ipv6 ? wire_ipv6(UINT64_C(2) << 48 | which, 80) : wire_ipv4(0x0a900001 + which, 80);
}

struct talk stage_talk(struct stage *s, uint64_t number) {
    uint16_t port = (uint16_t)(1024 + number % 60000);
    bool is_ipv6 = number % 4 == 3;
    struct endpoint client = is_ipv6 ? wire_ipv6(UINT64_C(3) << 48 | number / 60000, port)
                                     : wire_ipv4(0x0b000000 + (uint32_t)(number / 60000), port);
    return talk_between(&s->chance, client, stage_server(s, is_ipv6));
}
