/* SPDX-License-Identifier: Apache-2.0 */
/* The phases of a transaction from known times, and what makes a record complete. */
#include "analyzer/timing.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct connection handshake = {.handshake_seen = true,
                                            .syn_from = DIRECTION_0,
                                            .syn_ns = 100,
                                            .syn_sent_ns = 100,
                                            .syn_ack_ns = 140,
                                            .syn_ack_sent_ns = 140,
                                            .handshake_ack_ns = 150};

static struct transaction pair(void) {
    return (struct transaction){
        .connection = &handshake,
        .client = DIRECTION_0,
        .type = TRANSACTION_PAIR,
        .by = PAIRING_ACK,
        .first_on_connection = true,
        .request = {.seen = true,
                    .head_complete = true,
                    .end_known = true,
                    .first = {.time_ns = 200},
                    .last = {.time_ns = 230}},
        .response = {.seen = true,
                     .head_complete = true,
                     .end_known = true,
                     .first = {.time_ns = 300},
                     .last = {.time_ns = 380}},
        .tcp = {.ended = true},
    };
}

#define assert_phase(phase, value)                                                                           \
    do {                                                                                                     \
        assert_true((phase).known);                                                                          \
        assert_int_equal((phase).ns, value);                                                                 \
    } while (0)

static void first_transaction(void **state) {
    (void)state;
    const struct transaction t = pair();
    struct timing timing;
    timing_of(&t, &timing);
    assert_phase(timing.connect, 50);
    assert_phase(timing.rtt_server, 40);
    assert_phase(timing.rtt_client, 10);
    assert_phase(timing.idle_before, 50);
    assert_phase(timing.request, 30);
    assert_phase(timing.wait, 70);
    assert_phase(timing.response, 80);
    assert_phase(timing.ttfb, 100);
    assert_phase(timing.total, 180);
    assert_phase(timing.server_think, 30);
    assert_false(timing.blocked.known);
}

static void later_transaction_has_no_connect(void **state) {
    (void)state;
    struct transaction t = pair();
    t.first_on_connection = false;
    t.previous_end_ns = 190;
    struct timing timing;
    timing_of(&t, &timing);
    assert_false(timing.connect.known);
    assert_phase(timing.idle_before, 10);
    assert_phase(timing.server_think, 30);
}

static void pipelined_request_is_blocked(void **state) {
    (void)state;
    struct transaction t = pair();
    t.first_on_connection = false;
    t.pipelined = true;
    t.previous_end_ns = 290;
    struct timing timing;
    timing_of(&t, &timing);
    assert_false(timing.idle_before.known);
    assert_phase(timing.blocked, 60);
    assert_phase(timing.wait, 10);
}

static void early_response_waits_negatively(void **state) {
    (void)state;
    struct transaction t = pair();
    t.request.last.time_ns = 500;
    struct timing timing;
    timing_of(&t, &timing);
    assert_phase(timing.wait, -200);
    assert_phase(timing.total, 300);
}

static void unknown_ends_give_no_phase(void **state) {
    (void)state;
    struct transaction t = pair();
    t.response.end_known = false;
    t.response.truncated = true;
    struct timing timing;
    timing_of(&t, &timing);
    assert_false(timing.response.known);
    assert_phase(timing.total, 180);
    t.request.end_known = false;
    timing_of(&t, &timing);
    assert_false(timing.request.known);
    assert_false(timing.wait.known);
    assert_phase(timing.ttfb, 100);
}

/* The last packets captured say nothing of those that were not. */
static void lost_ends_give_no_phase(void **state) {
    (void)state;
    struct transaction t = pair();
    struct timing timing;
    t.response.end_offset = 100;
    t.response.lost_until = 99;
    timing_of(&t, &timing);
    assert_phase(timing.response, 80);
    t.response.lost_until = 100;
    timing_of(&t, &timing);
    assert_false(timing.response.known);
    assert_phase(timing.wait, 70);
    t.request.end_offset = 50;
    t.request.lost_until = 60;
    timing_of(&t, &timing);
    assert_false(timing.request.known);
    assert_false(timing.wait.known);
    assert_false(timing.server_think.known);
    assert_phase(timing.ttfb, 100);
    t = pair();
    t.pipelined = true; /* behind a response whose end is not known */
    timing_of(&t, &timing);
    assert_false(timing.blocked.known || timing.wait.known || timing.server_think.known);
    assert_phase(timing.ttfb, 100);
}

static void handshake_not_seen(void **state) {
    (void)state;
    static const struct connection midstream = {.midstream = true};
    struct transaction t = pair();
    t.connection = &midstream;
    struct timing timing;
    timing_of(&t, &timing);
    assert_false(timing.connect.known);
    assert_false(timing.server_think.known);
    assert_false(timing.rtt_client.known);
    assert_false(timing.idle_before.known);
    assert_phase(timing.wait, 70);
}

static void orphans(void **state) {
    (void)state;
    struct transaction t = pair();
    t.request = (struct http_message){.seen = false};
    t.type = TRANSACTION_ORPHAN_RESPONSE;
    struct timing timing;
    timing_of(&t, &timing);
    assert_int_equal(timing_start_ns(&t), 300);
    assert_phase(timing.total, 80);
    assert_false(timing.wait.known);
    t = pair();
    t.response = (struct http_message){.seen = false};
    t.type = TRANSACTION_ORPHAN_REQUEST;
    timing_of(&t, &timing);
    assert_int_equal(timing_start_ns(&t), 200);
    assert_phase(timing.total, 30);
}

static void syn_sent_again_is_no_round_trip(void **state) {
    (void)state;
    struct connection repeated = handshake;
    repeated.syn_ns = 10;
    repeated.syn_repeats = 1;
    struct transaction t = pair();
    t.connection = &repeated;
    struct timing timing;
    timing_of(&t, &timing);
    assert_phase(timing.connect, 140);
    assert_phase(timing.rtt_server, 40);
    assert_int_equal(timing.connect_retries, 1);
}

static void assert_share(const struct timing *timing, int64_t client, int64_t network, int64_t server) {
    assert_true(timing->share.known);
    assert_int_equal(timing->share.client_ns, client);
    assert_int_equal(timing->share.network_ns, network);
    assert_int_equal(timing->share.server_ns, server);
}

static void share_is_what_the_sides_let_pass(void **state) {
    (void)state;
    struct transaction t = pair();
    t.tcp.pace_at_start = (struct pace){.own_ns = {7, 8}, .closed_ns = {1, 2}};
    t.tcp.pace_at_end = (struct pace){.own_ns = {17, 38}, .closed_ns = {6, 4}};
    struct timing timing;
    timing_of(&t, &timing);
    assert_share(&timing, 15, 133, 32);
    /* the direction of requests, not that of the SYN, is the client's */
    t.client = DIRECTION_1;
    timing_of(&t, &timing);
    assert_share(&timing, 32, 133, 15);
}

static void share_leaves_out_what_was_blocked(void **state) {
    (void)state;
    struct transaction t = pair();
    t.pipelined = true;
    t.previous_end_ns = 290;
    t.tcp.pace_at_request_end = (struct pace){.own_ns = {5, 0}};
    t.tcp.pace_at_turn = (struct pace){.own_ns = {5, 50}}; /* of the response before */
    t.tcp.ended = true;
    t.tcp.pace_at_end = (struct pace){.own_ns = {5, 60}};
    struct timing timing;
    timing_of(&t, &timing);
    assert_phase(timing.blocked, 60);
    assert_share(&timing, 5, 105, 10);
}

static void share_is_not_told_unless_it_can_be(void **state) {
    (void)state;
    static const struct connection midstream = {.midstream = true};
    struct transaction t = pair();
    struct timing timing;
    t.tcp.ended = true;
    t.tcp.pace_at_end.own_ns[1] = 181; /* more than there was */
    timing_of(&t, &timing);
    assert_false(timing.share.known);
    t = pair();
    t.response.gap_bytes = 1;
    timing_of(&t, &timing);
    assert_false(timing.share.known);
    t = pair();
    t.response.truncated = true;
    timing_of(&t, &timing);
    assert_false(timing.share.known);
    t = pair();
    t.connection = &midstream;
    timing_of(&t, &timing);
    assert_false(timing.share.known);
}

/* A direction that the tap delivered late makes times that are nobody's. */
static void share_is_not_told_of_a_disordered_capture(void **state) {
    (void)state;
    struct timing timing;
    struct connection late = handshake;
    struct transaction t = pair();
    late.handshake_ack_ns = 130; /* before the SYN+ACK */
    t.connection = &late;
    timing_of(&t, &timing);
    assert_phase(timing.rtt_client, -10);
    assert_false(timing.share.known);
    t = pair();
    t.first_on_connection = false;
    t.previous_end_ns = 210; /* behind the request that followed it */
    timing_of(&t, &timing);
    assert_phase(timing.idle_before, -10);
    assert_false(timing.share.known);
    t = pair();
    t.response.first.time_ns = 220;
    timing_of(&t, &timing);
    assert_phase(timing.wait, -10);
    assert_false(timing.share.known);
    t.response.has_ack = true; /* ... which TCP's numbers prove to be an early response */
    t.response.ack = 5;
    t.request.end_offset = 10;
    timing_of(&t, &timing);
    assert_true(timing.share.known);
}

/* Every order of the times: where a phase is negative, timing_goes_back says so, or what is behind
 * server_think. */
static void nothing_negative_is_missed(void **state) {
    (void)state;
    for (int64_t i = 0; i < 5 * 5 * 5 * 5 * 5 * 2; i++) {
        struct connection c = handshake;
        struct transaction t = pair();
        int64_t *const times[] = {&t.request.first.time_ns, &t.request.last.time_ns,
                                  &t.response.first.time_ns, &t.response.last.time_ns};
        t.connection = &c;
        int64_t rest = i;
        for (size_t j = 0; j < 4; j++) {
            *times[j] = 120 + 20 * (rest % 5);
            rest /= 5;
        }
        t.previous_end_ns = rest % 5 ? 120 + 20 * (rest % 5) : 0;
        t.first_on_connection = !t.previous_end_ns;
        t.pipelined = rest / 5;
        struct timing timing;
        timing_of(&t, &timing);
        const struct phase *const phases[] = {&timing.idle_before, &timing.request, &timing.wait,
                                              &timing.response};
        bool negative = false;
        for (size_t j = 0; j < sizeof phases / sizeof phases[0]; j++) {
            negative = negative || (phases[j]->known && phases[j]->ns < 0);
        }
        bool told = !t.pipelined || t.previous_end_ns;
        assert_true(told ? negative == timing_goes_back(&t) : !negative || timing_goes_back(&t));
        assert_int_equal(timing.server_think.known && timing.server_think.ns < 0,
                         timing_outruns_handshake(&t));
        assert_true(!timing.blocked.known || timing.blocked.ns >= 0);
    }
}

static void completeness(void **state) {
    (void)state;
    struct transaction t = pair();
    assert_true(transaction_is_complete(&t));
    t.response.missing_bytes = 1;
    assert_false(transaction_is_complete(&t));
    t = pair();
    t.request.head_complete = false;
    assert_false(transaction_is_complete(&t));
    t = pair();
    t.response.end_known = false;
    assert_false(transaction_is_complete(&t));
    t = pair();
    t.request.headers.dropped = 1;
    assert_false(transaction_is_complete(&t));
    t = pair();
    t.response.resynchronised = true;
    assert_true(transaction_is_complete(&t));
    t.by = PAIRING_ORDER;
    assert_false(transaction_is_complete(&t));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_transaction),
        cmocka_unit_test(later_transaction_has_no_connect),
        cmocka_unit_test(pipelined_request_is_blocked),
        cmocka_unit_test(early_response_waits_negatively),
        cmocka_unit_test(unknown_ends_give_no_phase),
        cmocka_unit_test(lost_ends_give_no_phase),
        cmocka_unit_test(handshake_not_seen),
        cmocka_unit_test(orphans),
        cmocka_unit_test(syn_sent_again_is_no_round_trip),
        cmocka_unit_test(share_is_what_the_sides_let_pass),
        cmocka_unit_test(share_leaves_out_what_was_blocked),
        cmocka_unit_test(share_is_not_told_unless_it_can_be),
        cmocka_unit_test(share_is_not_told_of_a_disordered_capture),
        cmocka_unit_test(nothing_negative_is_missed),
        cmocka_unit_test(completeness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
