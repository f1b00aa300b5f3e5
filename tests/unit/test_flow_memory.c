/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: nothing is allocated in the steady state, floods stay in their caps, and a table that gets no
 * memory says so. Allocations are counted by the sanitizer's hooks, or by standing before glibc's. */
#include "flow_bench.h"

#include "reassembly/flow_table.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

static uint64_t allocations;

#ifdef HAS_SANITIZER
/* gcc ships the function, but not its header. */
int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, size_t),
                                              void (*)(const volatile void *));

static void on_malloc(const volatile void *ptr, size_t size) {
    (void)ptr, (void)size;
    allocations++;
}

static void on_free(const volatile void *ptr) {
    (void)ptr;
}

static void count_allocations(void) {
    assert_true(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) != 0);
}
#else
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size) {
    allocations++;
    return __libc_realloc(ptr, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    allocations++;
    return __libc_memalign(alignment, size);
}

static void count_allocations(void) {}
#endif

static const uint8_t payload[1400];

/* A consumer that takes all, without logging. */
static void *plain_open(void *environment, const struct connection *c) {
    (void)c;
    return environment;
}

static size_t plain_data(void *consumer, enum direction d, const struct chunk *chunk) {
    (void)consumer, (void)d;
    return chunk->bytes.len;
}

static void plain_gap(void *consumer, enum direction d, uint64_t offset, uint64_t len, enum gap_reason reason,
                      int64_t now_ns) {
    (void)consumer, (void)d, (void)offset, (void)len, (void)reason, (void)now_ns;
}

static void plain_overdue(void *consumer, enum direction d, uint64_t acked, int64_t now_ns) {
    (void)consumer, (void)d, (void)acked, (void)now_ns;
}

static void plain_end(void *consumer, enum direction d, enum end_reason reason, int64_t now_ns) {
    (void)consumer, (void)d, (void)reason, (void)now_ns;
}

static void plain_close(void *consumer) {
    (void)consumer;
}

static const struct consumer_ops plain_ops = {plain_open,  plain_data, plain_gap, plain_overdue, plain_end,
                                              plain_close, NULL,       NULL,      NULL,          NULL};

struct source {
    struct flow_table *table;
    int64_t now_ns;
    uint64_t ordinal;
};

static void give(struct source *s, int d, uint32_t client, uint32_t seq, uint32_t ack, uint8_t flags,
                 size_t len) {
    struct packet p = {.time_ns = s->now_ns,
                       .ordinal = ++s->ordinal,
                       .seq = seq,
                       .ack = ack,
                       .flags = flags,
                       .window = 1000,
                       .window_scale = -1,
                       .ip_id = (uint16_t)s->ordinal,
                       .payload = slice_make(payload, len)};
    p.key.ip_version = 4;
    uint8_t address[4] = {10, (uint8_t)(client >> 16), (uint8_t)(client >> 8), (uint8_t)client};
    p.key.side[d].address = address_of_v4(address);
    p.key.side[d].port = 4000;
    p.key.side[!d].address = address_of_v4((const uint8_t[]){11, 0, 0, 1});
    p.key.side[!d].port = 80;
    flow_table_packet(s->table, &p, flow_key_hash(&p.key));
    s->now_ns += 100000;
    if (s->ordinal % 1000 == 0) {
        flow_table_tick(s->table, s->now_ns);
    }
}

/* One connection with reorder, a hole that stays, and its end. */
static void converse(struct source *s, uint32_t client) {
    give(s, 0, client, 99, 0, TCP_SYN, 0);
    give(s, 1, client, 499, 100, TCP_SYN | TCP_ACK, 0);
    give(s, 0, client, 100, 500, TCP_ACK, 0);
    give(s, 0, client, 300, 500, TCP_ACK, 200);
    give(s, 0, client, 100, 500, TCP_ACK, 200);
    give(s, 1, client, 3300, 500, TCP_ACK, 1400);
    give(s, 1, client, 1900, 500, TCP_ACK, 1400);
    give(s, 0, client, 500, 4700, TCP_ACK, 0);
    give(s, 0, client, 500, 4700, TCP_ACK | TCP_FIN, 0);
    give(s, 1, client, 4700, 501, TCP_ACK | TCP_FIN, 0);
    give(s, 0, client, 501, 4701, TCP_ACK, 0);
}

static void steady_state_allocates_nothing(void **state) {
    (void)state;
    struct limits limits = limits_default();
    struct source s = {.now_ns = NS_PER_SECOND};
    struct memory memory;
    memory_init(&memory, limits.memory);
    s.table = flow_table_new(&limits, &memory, &plain_ops, &s);
    assert_non_null(s.table);
    uint32_t client = 0;
    uint64_t before = allocations;
    for (; client < 8000; client++) {
        converse(&s, client);
    }
    assert_true(allocations > before); /* the counter works */
    before = allocations;
    for (; client < 20000; client++) {
        converse(&s, client);
    }
    assert_int_equal(allocations, before);
    struct flow_counts counts;
    flow_table_counts(s.table, &counts);
    assert_true(counts.gaps[GAP_ACKNOWLEDGED] > 19000 - 1000 && counts.closed[END_FIN] > 18000);
    flow_table_finish(s.table, s.now_ns);
    flow_table_free(s.table);
    memory_fini(&memory);
}

static void a_syn_flood_stays_within_its_cap(void **state) {
    (void)state;
    struct limits limits = limits_default();
    struct source s = {.now_ns = NS_PER_SECOND};
    struct memory memory;
    memory_init(&memory, limits.memory);
    s.table = flow_table_new(&limits, &memory, &plain_ops, &s);
    assert_non_null(s.table);
    converse(&s, 1 << 22); /* lingers, then goes first */
    give(&s, 0, 1 << 23, 100, 500, TCP_ACK, 200);
    uint32_t flood = (uint32_t)(limits.flows / HARK_PARTITIONS) * 3;
    for (uint32_t client = 0; client < flood; client++) {
        give(&s, 0, client, 99, 0, TCP_SYN, 0);
    }
    give(&s, 0, 1 << 23, 300, 500, TCP_ACK, 200);
    flow_table_tick(s.table, s.now_ns);
    struct flow_counts counts;
    flow_table_counts(s.table, &counts);
    assert_int_equal(counts.opened, flood + 2);
    assert_int_equal(counts.open_now, limits.flows / HARK_PARTITIONS);
    assert_int_equal(counts.delivered_bytes, 200 + 2800 + 200 + 400); /* the honest flow is still there */
    assert_int_equal(counts.cap_flows, flood + 2 - limits.flows / HARK_PARTITIONS);
    flow_table_finish(s.table, s.now_ns);
    flow_table_free(s.table);
    memory_fini(&memory);
}

static void open_and_close(struct bench *b, uint32_t at, uint32_t client) {
    feed(b, (struct tcp){.at = at, .seq = client - 1, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = at, .d = 1, .seq = 499, .ack = client, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = at, .seq = client, .ack = 500, .flags = TCP_ACK | TCP_FIN});
    feed(b, (struct tcp){.at = at, .d = 1, .seq = 500, .ack = client + 1, .flags = TCP_ACK | TCP_FIN});
    feed(b, (struct tcp){.at = at, .seq = client + 1, .ack = 501});
}

/* Where ports come again soon, that is many of all that linger. */
static void a_closed_one_rests_when_that_before_is_gone(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    open_and_close(b, 10, 100);
    assert_int_equal(b->table->grave_count, 1);
    assert_int_equal(b->table->sessions.used, 0);
    open_and_close(b, 1000, 200100);
    assert_int_equal(bench_counts(b).reused, 1);
    assert_int_equal(bench_counts(b).closed[END_FIN], 2);
    assert_int_equal(b->table->sessions.used, 2); /* late packets are looked up in both */
    bench_tick(b, 2100);
    assert_int_equal(b->table->flows.used, 1);
    assert_int_equal(b->table->grave_count, 1);
    assert_int_equal(b->table->sessions.used, 0);
    bench_tick(b, 3100);
    assert_int_equal(b->table->flows.used, 0);
    assert_int_equal(b->table->grave_count, 0);
    bench_free(b);
}

static void a_flow_without_payload_is_small(void **state) {
    (void)state;
    /* What a SYN costs is the flow and its embryo; the session comes with the handshake's end. */
    assert_true(sizeof(struct embryo_packet) <= 88);
    assert_true(sizeof(struct session) <= 2560);
}

int main(void) {
    count_allocations();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady_state_allocates_nothing),
        cmocka_unit_test(a_syn_flood_stays_within_its_cap),
        cmocka_unit_test(a_closed_one_rests_when_that_before_is_gone),
        cmocka_unit_test(a_flow_without_payload_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
