/* SPDX-License-Identifier: Apache-2.0 */
/* Which connections are left out, and for how long that is remembered. */
#include "cli/shedder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define START  (INT64_C(1700000000) * NS_PER_SECOND)
#define IDLE   (600 * NS_PER_SECOND)
#define LINGER (60 * NS_PER_SECOND)
enum { CONNECTIONS = 40000, SWEEP = 64 };

static struct packet packet_of(unsigned connection, uint8_t flags, uint32_t seq) {
    uint8_t client[4] = {10, 0, (uint8_t)(connection >> 12), 1}, server[4] = {10, 1, 0, 1};
    struct packet p = {.flags = flags,
                       .seq = seq,
                       .payload = {.ptr = client, .len = flags & TCP_PSH ? 100 : 0},
                       .key = {.side = {{.address = address_of_v4(client), .port = 0},
                                        {.address = address_of_v4(server), .port = 80}},
                               .ip_version = 4}};
    p.key.side[0].port = (uint16_t)(1024 + connection % 4096);
    p.payload.ptr = NULL;
    return p;
}

static bool takes(struct shedder *s, enum overload_level level, struct packet p) {
    return shedder_takes(s, level, &p, flow_key_hash(&p.key));
}

static bool takes_answer(struct shedder *s, enum overload_level level, unsigned connection, uint8_t flags) {
    struct packet p = packet_of(connection, flags, 7);
    p.key = flow_key_reverse(&p.key);
    return takes(s, level, p);
}

static bool is_unwanted(struct shedder *s, enum overload_level level, struct packet p) {
    assert_false(shedder_takes(s, level, &p, flow_key_hash(&p.key)));
    return p.unwanted;
}

static bool left_out(enum overload_level level, unsigned connection) {
    struct packet p = packet_of(connection, TCP_SYN, 0);
    return shedder_leaves_out(level, flow_key_hash(&p.key));
}

static unsigned first_left_out(enum overload_level level) {
    unsigned i = 0;
    while (!left_out(level, i)) {
        i++;
    }
    return i;
}

static struct shedder *make(void) {
    struct shedder *s = shedder_new(IDLE, LINGER);
    assert_non_null(s);
    shedder_tick(s, START);
    return s;
}

static struct ledger counts_of(const struct shedder *s) {
    struct ledger ledger = {0};
    shedder_counts(s, &ledger);
    return ledger;
}

/* Halves, each within the one before; alike in all partitions, and the same for both directions. */
static void each_level_leaves_half_of_the_rest(void **state) {
    (void)state;
    unsigned kept[OVERLOAD_LEVELS] = {0}, kept_in[HARK_PARTITIONS] = {0}, in[HARK_PARTITIONS] = {0};
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        struct packet p = packet_of(i, TCP_SYN, 0);
        struct flow_key reverse = flow_key_reverse(&p.key);
        uint64_t hash = flow_key_hash(&p.key);
        bool before = false;
        for (unsigned level = 0; level < OVERLOAD_LEVELS; level++) {
            bool out = shedder_leaves_out((enum overload_level)level, hash);
            assert_true(out || !before);
            assert_int_equal(out, shedder_leaves_out((enum overload_level)level, flow_key_hash(&reverse)));
            kept[level] += !out;
            before = out;
        }
        in[flow_key_partition(hash)]++;
        kept_in[flow_key_partition(hash)] += !shedder_leaves_out(OVERLOAD_LEAST, hash);
    }
    assert_int_equal(kept[OVERLOAD_NONE], CONNECTIONS);
    assert_int_equal(kept[OVERLOAD_BODIES], CONNECTIONS);
    for (unsigned level = OVERLOAD_LEAST; level < OVERLOAD_LEVELS; level++) {
        unsigned share = CONNECTIONS >> (level - OVERLOAD_BODIES);
        assert_in_range(kept[level], share * 9 / 10, share * 11 / 10);
    }
    for (unsigned i = 0; i < HARK_PARTITIONS; i++) {
        assert_in_range(kept_in[i], in[i] / 4, in[i] * 3 / 4);
    }
}

/* The classes are documented to be the same in every run: these are those of the first release with them. */
static void the_classes_never_change(void **state) {
    (void)state;
    uint64_t seen = 0;
    for (unsigned i = 0; i < 64; i++) {
        seen |= (uint64_t)left_out(OVERLOAD_LEAST, i) << i;
    }
    assert_int_equal(seen, UINT64_C(0xadb61bccbf2aee19));
}

static void left_out_from_syn_to_end_at_any_level(void **state) {
    (void)state;
    struct shedder *s = make();
    unsigned out = first_left_out(OVERLOAD_LEAST);
    assert_false(shedder_remembers(s));
    assert_true(takes(s, OVERLOAD_LEAST, packet_of(out, TCP_SYN, 1)));
    assert_true(shedder_remembers(s));
    assert_true(takes_answer(s, OVERLOAD_LEAST, out, TCP_SYN | TCP_ACK));
    assert_true(takes(s, OVERLOAD_LEAST, packet_of(out, TCP_ACK | TCP_PSH, 2)));
    /* the level falls */
    assert_true(takes(s, OVERLOAD_NONE, packet_of(out, TCP_SYN, 1)));
    assert_true(takes(s, OVERLOAD_NONE, packet_of(out, TCP_ACK | TCP_PSH, 102)));
    assert_true(takes_answer(s, OVERLOAD_NONE, out, TCP_ACK | TCP_PSH));
    assert_true(takes(s, OVERLOAD_NONE, packet_of(out, TCP_ACK | TCP_FIN, 202)));
    assert_true(takes_answer(s, OVERLOAD_NONE, out, TCP_ACK));
    struct ledger ledger = counts_of(s);
    assert_int_equal(ledger.overload.connections, 1);
    assert_int_equal(ledger.overload.forgotten, 0);
    assert_int_equal(ledger.flow.fates[FLOW_SHED], 8);
    assert_int_equal(ledger.flow.shed_bytes, 300);
    /* the key begins anew */
    assert_false(takes(s, OVERLOAD_NONE, packet_of(out, TCP_SYN, 5000)));
    assert_false(takes(s, OVERLOAD_NONE, packet_of(out, TCP_ACK | TCP_PSH, 5001)));
    assert_false(shedder_remembers(s));
    shedder_free(s);
}

static void followed_from_syn_to_end_at_any_level(void **state) {
    (void)state;
    struct shedder *s = make();
    unsigned out = first_left_out(OVERLOAD_LEAST);
    assert_false(takes(s, OVERLOAD_NONE, packet_of(out, TCP_SYN, 1)));
    assert_false(takes(s, OVERLOAD_MOST, packet_of(out, TCP_SYN, 1)));
    assert_true(is_unwanted(s, OVERLOAD_MOST, packet_of(out, TCP_ACK | TCP_PSH, 2)));
    assert_false(is_unwanted(s, OVERLOAD_NONE, packet_of(out, TCP_ACK | TCP_PSH, 2)));
    assert_int_equal(counts_of(s).flow.fates[FLOW_SHED], 0);
    assert_true(takes(s, OVERLOAD_MOST, packet_of(out, TCP_SYN, 5000)));
    shedder_free(s);
}

/* Seconds of the packet clock, and ticks enough to look through the whole table. */
static void wait(struct shedder *s, int64_t *now_ns, int64_t ns) {
    *now_ns += ns;
    for (unsigned i = 0; i < SWEEP; i++) {
        shedder_tick(s, *now_ns);
    }
}

static void the_ended_and_the_idle_are_forgotten(void **state) {
    (void)state;
    struct shedder *s = make();
    unsigned out = first_left_out(OVERLOAD_LEAST);
    int64_t now_ns = START;
    for (unsigned ended = 0; ended < 2; ended++) {
        assert_true(takes(s, OVERLOAD_LEAST, packet_of(out, TCP_SYN, ended)));
        if (ended) {
            assert_true(takes_answer(s, OVERLOAD_NONE, out, TCP_RST));
        }
        int64_t rest_ns = ended ? LINGER : IDLE;
        wait(s, &now_ns, rest_ns / 2);
        assert_true(takes(s, OVERLOAD_NONE, packet_of(out, TCP_ACK, 2)));
        wait(s, &now_ns, rest_ns / 2 + (ended ? 0 : NS_PER_SECOND));
        assert_true(shedder_remembers(s));
        wait(s, &now_ns, rest_ns / 2 + 2 * NS_PER_SECOND);
        assert_false(shedder_remembers(s));
        assert_false(takes(s, OVERLOAD_NONE, packet_of(out, TCP_ACK, 2)));
    }
    /* a clock that is set back makes nothing old */
    assert_true(takes(s, OVERLOAD_LEAST, packet_of(out, TCP_SYN, 9)));
    wait(s, &now_ns, -3600 * NS_PER_SECOND);
    assert_true(shedder_remembers(s));
    shedder_free(s);
}

/* More than the table holds: the oldest are forgotten and counted, and open nothing while it lasts. */
static void a_flood_of_syns_has_a_cap(void **state) {
    (void)state;
    struct shedder *s = make();
    uint64_t taken = 0;
    struct packet p = packet_of(first_left_out(OVERLOAD_LEAST), TCP_SYN, 1), first = p;
    uint64_t forgotten = 0;
    for (uint32_t i = 0; forgotten < 1000; i++) {
        p.key.network_id = i;
        taken += shedder_takes(s, OVERLOAD_MOST, &p, flow_key_hash(&p.key));
        forgotten = i % 4096 ? forgotten : counts_of(s).overload.forgotten;
        assert_true(i < 4000000);
    }
    assert_int_equal(counts_of(s).overload.connections, taken);
    assert_true(taken > 200000);
    first.flags = TCP_ACK;
    uint64_t unwanted = 0;
    for (uint32_t i = 0; i < 4096; i++) {
        first.key.network_id = i;
        uint64_t hash = flow_key_hash(&first.key);
        if (shedder_leaves_out(OVERLOAD_MOST, hash) && !shedder_takes(s, OVERLOAD_MOST, &first, hash)) {
            assert_true(first.unwanted);
            unwanted++;
        }
    }
    assert_in_range(unwanted, 1, forgotten);
    shedder_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_level_leaves_half_of_the_rest),
        cmocka_unit_test(the_classes_never_change),
        cmocka_unit_test(left_out_from_syn_to_end_at_any_level),
        cmocka_unit_test(followed_from_syn_to_end_at_any_level),
        cmocka_unit_test(the_ended_and_the_idle_are_forgotten),
        cmocka_unit_test(a_flood_of_syns_has_a_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
