/* SPDX-License-Identifier: Apache-2.0 */
/* The phases of a transaction from known times, and what makes a record complete. */
#include "analyzer/timing.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct connection handshake = {.handshake_seen = true,
                                            .syn_from = DIRECTION_0,
                                            .syn_ns = 100,
                                            .syn_ack_ns = 140,
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
        cmocka_unit_test(handshake_not_seen),
        cmocka_unit_test(orphans),
        cmocka_unit_test(completeness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
