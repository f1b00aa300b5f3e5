/* SPDX-License-Identifier: Apache-2.0 */
/* Which transactions -w wants, which frames that notes for a second reading, and which fragments belong
 * together. */
#include "cli/datagrams.h"
#include "cli/save_rule.h"
#include "cli/save_selection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BYTES = 1 << 20 };

static struct flow_key key_of(uint16_t client_port) {
    struct flow_key key = {.side = {{.port = client_port}, {.port = 80}}, .ip_version = 4};
    key.side[0].address = address_of_v4((const uint8_t[]){192, 0, 2, 10});
    key.side[1].address = address_of_v4((const uint8_t[]){192, 0, 2, 20});
    return key;
}

static struct packet packet_of(uint16_t client_port, uint64_t ordinal, bool from_server, size_t payload,
                               uint8_t flags) {
    struct packet packet = {.key = key_of(client_port), .ordinal = ordinal, .flags = flags};
    packet.payload = slice_make("payload", payload);
    if (from_server) {
        packet.key = flow_key_reverse(&packet.key);
    }
    return packet;
}

static bool takes(struct save_selection *selection, const struct packet *packet) {
    return save_selection_takes(selection, packet, flow_key_hash(&packet->key));
}

/* A transaction whose first byte is in frame `first`. */
static bool add(struct save_selection *selection, uint16_t port, uint64_t from, uint64_t first,
                uint64_t until) {
    struct connection connection = {.key = key_of(port), .ordinal = from};
    struct transaction t = {.connection = &connection};
    t.request.seen = true;
    t.request.first.ordinal = first;
    t.id[0] = (uint8_t)first;
    return save_selection_add(selection, &t, from, until, true);
}

static void test_rule(void **state) {
    (void)state;
    static struct transaction good, bad, slow, unanswered, tunnel;
    static struct connection connection;
    struct transaction *all[] = {&good, &bad, &slow, &unanswered, &tunnel};
    for (size_t i = 0; i < 5; i++) {
        all[i]->connection = &connection;
        all[i]->request.seen = true;
        all[i]->request.first.time_ns = all[i]->request.last.time_ns = NS_PER_SECOND;
        all[i]->response = all[i]->request;
        all[i]->response.status = 200;
    }
    bad.response.status = 400;
    slow.response.last.time_ns = 2 * NS_PER_SECOND + 1;
    unanswered.response.seen = false;
    unanswered.type = TRANSACTION_ORPHAN_REQUEST;
    tunnel.type = TRANSACTION_TUNNEL;
    tunnel.tunnel_end_ns = 100 * NS_PER_SECOND;
    struct save_rule rule = {.slower_ns = NS_PER_SECOND};
    assert_false(save_rule_wants(&rule, &bad));
    assert_true(save_rule_add(&rule, "failures"));
    assert_true(save_rule_wants(&rule, &bad) && save_rule_wants(&rule, &unanswered));
    assert_false(save_rule_wants(&rule, &good) || save_rule_wants(&rule, &slow) ||
                 save_rule_wants(&rule, &tunnel));
    assert_true(save_rule_add(&rule, "slow,slow"));
    assert_true(save_rule_wants(&rule, &slow) && save_rule_wants(&rule, &bad));
    assert_false(save_rule_wants(&rule, &good) || save_rule_wants(&rule, &tunnel));
    rule.slower_ns++;
    assert_false(save_rule_wants(&rule, &slow));
    assert_true(save_rule_add(&rule, "all"));
    assert_true(save_rule_wants(&rule, &good) && save_rule_wants(&rule, &tunnel));
    assert_false(save_rule_add(&rule, "") || save_rule_add(&rule, "all,") || save_rule_add(&rule, "All"));
}

/* From the connection's first frame to the transaction's end, and what only ends things behind it. */
static void test_one_connection(void **state) {
    (void)state;
    struct save_selection selection;
    save_selection_init(&selection, BYTES);
    assert_true(add(&selection, 1000, 10, 12, 20));
    assert_true(add(&selection, 1000, 10, 21, 24));
    save_selection_close(&selection);
    for (int reading = 0; reading < 2; reading++) {
        struct packet before = packet_of(1000, 9, false, 3, TCP_ACK),
                      first = packet_of(1000, 10, false, 0, TCP_SYN),
                      other = packet_of(1001, 11, false, 3, TCP_ACK),
                      answer = packet_of(1000, 24, true, 3, TCP_ACK),
                      ack = packet_of(1000, 30, false, 0, TCP_ACK),
                      fin = packet_of(1000, 40, true, 0, TCP_FIN),
                      more = packet_of(1000, 50, false, 1, TCP_ACK),
                      late = packet_of(1000, 60, false, 0, TCP_ACK);
        assert_false(takes(&selection, &before) || takes(&selection, &other));
        assert_true(takes(&selection, &first) && takes(&selection, &answer));
        assert_true(takes(&selection, &ack) && takes(&selection, &fin));
        assert_false(takes(&selection, &more) || takes(&selection, &late));
        save_selection_close(&selection);
    }
    assert_int_equal(selection.count, 1);
    assert_int_equal(selection.mark_count, 2);
    assert_int_equal(selection.marks[1].ordinal, 21);
    assert_int_equal(selection.marks[1].id[0], 21);
    save_selection_fini(&selection);
}

/* The same ports again and again: each connection for itself, in the order of the frames. */
static void test_ports_come_again(void **state) {
    (void)state;
    enum { CONNECTIONS = 300 };
    struct save_selection selection;
    save_selection_init(&selection, BYTES);
    for (uint64_t i = CONNECTIONS; i-- > 0;) { /* however they were finished */
        if (i % 3 != 1) {
            assert_true(add(&selection, 1000, 100 * i, 100 * i + 3, 100 * i + 5));
        }
    }
    save_selection_close(&selection);
    for (uint64_t i = 0; i < CONNECTIONS; i++) {
        struct packet syn = packet_of(1000, 100 * i, false, 0, TCP_SYN),
                      data = packet_of(1000, 100 * i + 5, true, 3, TCP_ACK),
                      fin = packet_of(1000, 100 * i + 6, true, 0, TCP_FIN),
                      more = packet_of(1000, 100 * i + 7, true, 3, TCP_ACK);
        assert_int_equal(takes(&selection, &syn), i % 3 != 1);
        assert_int_equal(takes(&selection, &data), i % 3 != 1);
        assert_int_equal(takes(&selection, &fin), i % 3 != 1);
        assert_false(takes(&selection, &more));
    }
    save_selection_fini(&selection);
}

/* Transactions alone: what lies between them is not saved, and what they share is, once. */
static void test_transactions_alone(void **state) {
    (void)state;
    struct save_selection selection;
    struct connection connection = {.key = key_of(1000), .ordinal = 1};
    struct transaction t = {.connection = &connection};
    const uint64_t spans[][2] = {{1, 10}, {20, 30}, {25, 40}, {15, 16}};
    save_selection_init(&selection, BYTES);
    for (size_t i = 0; i < 4; i++) {
        assert_true(save_selection_add(&selection, &t, spans[i][0], spans[i][1], false));
    }
    assert_int_equal(selection.count, 2); /* the last one is within reach of the one before */
    save_selection_close(&selection);
    for (uint64_t ordinal = 1; ordinal < 50; ordinal++) {
        struct packet packet = packet_of(1000, ordinal, ordinal % 2, 3, TCP_ACK);
        assert_int_equal(takes(&selection, &packet), ordinal <= 10 || (ordinal >= 15 && ordinal <= 40));
    }
    save_selection_fini(&selection);
}

static void test_cap(void **state) {
    (void)state;
    struct save_selection selection;
    save_selection_init(&selection, 64 * 1024);
    uint64_t added = 0;
    while (added < UINT16_MAX && add(&selection, (uint16_t)added, added, added, added)) {
        added++;
    }
    assert_in_range(added, 100, 64 * 1024 / sizeof(struct save_connection));
    assert_true(selection.room * sizeof *selection.connections +
                    selection.mark_room * sizeof *selection.marks <=
                64 * 1024);
    assert_true(add(&selection, 0, 0, 0, 1000)); /* one that is known has room */
    save_selection_close(&selection);
    struct packet last = packet_of((uint16_t)(added - 1), added - 1, false, 1, TCP_ACK),
                  refused = packet_of((uint16_t)added, added, false, 1, TCP_ACK);
    assert_true(takes(&selection, &last));
    assert_false(takes(&selection, &refused));
    save_selection_fini(&selection);
}

static size_t frame(struct datagrams *datagrams, uint64_t completed, uint64_t held, uint64_t number,
                    int64_t second, uint64_t *taken) {
    struct decode_datagrams of = {.completed = {completed}, .completed_count = completed > 0, .held = held};
    return datagrams_frame(datagrams, &of, number, second * NS_PER_SECOND, taken);
}

static void test_fragments(void **state) {
    (void)state;
    struct datagrams datagrams;
    static uint64_t taken[DATAGRAM_FRAMES_TAKEN];
    assert_true(datagrams_init(&datagrams, 30 * NS_PER_SECOND));
    assert_int_equal(frame(&datagrams, 0, 7, 1, 0, taken), 0);
    assert_int_equal(frame(&datagrams, 0, 8, 2, 0, taken), 0);
    assert_int_equal(frame(&datagrams, 0, 7, 3, 0, taken), 0);
    assert_int_equal(frame(&datagrams, 7, 0, 4, 0, taken), 2);
    assert_true(taken[0] == 1 && taken[1] == 3);
    assert_int_equal(frame(&datagrams, 7, 0, 5, 0, taken), 0); /* once */
    /* what 8 carried is a fragment of 9 */
    assert_int_equal(frame(&datagrams, 8, 9, 6, 1, taken), 0);
    assert_int_equal(frame(&datagrams, 9, 0, 7, 1, taken), 2);
    assert_true(taken[0] == 2 && taken[1] == 6);
    /* one that never was complete does not belong to the next of its name */
    assert_int_equal(frame(&datagrams, 0, 7, 8, 2, taken), 0);
    assert_int_equal(frame(&datagrams, 0, 7, 9, 40, taken), 0);
    assert_int_equal(frame(&datagrams, 7, 0, 10, 41, taken), 1);
    assert_int_equal(taken[0], 9);
    assert_false(datagrams_may_lack(&datagrams, 41 * NS_PER_SECOND));
    /* too many: the oldest are forgotten */
    for (uint64_t i = 0; i < 2 * DATAGRAM_FRAMES; i++) {
        (void)frame(&datagrams, 0, i < DATAGRAM_FRAMES ? 5 : 6, i, 50, taken);
    }
    assert_true(datagrams_may_lack(&datagrams, 80 * NS_PER_SECOND));
    assert_false(datagrams_may_lack(&datagrams, 81 * NS_PER_SECOND));
    assert_int_equal(frame(&datagrams, 5, 0, 1, 50, taken), 0);
    assert_int_equal(frame(&datagrams, 6, 0, 1, 50, taken), DATAGRAM_FRAMES_TAKEN);
    assert_int_equal(taken[0], DATAGRAM_FRAMES);
    datagrams_fini(&datagrams);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rule),
        cmocka_unit_test(test_one_connection),
        cmocka_unit_test(test_ports_come_again),
        cmocka_unit_test(test_transactions_alone),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_fragments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
