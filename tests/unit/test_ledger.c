/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: it balances when nothing is missing, says which equation fails when something is, and prints
 * what it knows. */
#include "output/ledger.h"

#include "capture/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { REPORT_BYTES = 1 << 16 };

static struct ledger sample(void) {
    struct ledger l = {.speed.elapsed_ns = 1500 * NS_PER_MILLISECOND, .output_bytes = 12345678};
    l.source.frames = 1000;
    l.source.filtered = 100;
    l.source.bytes = 555555;
    l.decode.fates[DECODE_TCP] = 850;
    l.decode.fates[DECODE_UDP] = 30;
    l.decode.fates[DECODE_NOT_IP] = 20;
    l.decode.tunnels[TUNNEL_VXLAN] = 77;
    l.flow.fates[FLOW_DATA] = 500;
    l.flow.fates[FLOW_CONTROL] = 340;
    l.flow.fates[FLOW_RETRANSMIT] = 10;
    l.flow.opened = 12;
    l.flow.opened_midstream = 2;
    l.flow.closed[END_FIN] = 9;
    l.flow.closed[END_CAPTURE] = 3;
    l.flow.payload_bytes = 1000000;
    l.flow.delivered_bytes = 990000;
    l.flow.dropped_bytes = 10000;
    l.flow.gaps[GAP_ACKNOWLEDGED] = 2;
    l.flow.gap_bytes = 2920;
    l.http.flows[PROTOCOL_HTTP1] = 10;
    l.http.flows[PROTOCOL_TLS] = 1;
    l.http.requests = 60;
    l.http.responses = 58;
    l.http.paired[PAIRING_ACK] = 50;
    l.http.paired[PAIRING_ORDER] = 5;
    l.http.orphan_requests[PAIRING_CAPTURE_ENDED] = 3;
    l.http.orphan_requests[PAIRING_RESPONSE_LOST] = 1;
    l.http.no_memory_requests = 1;
    l.http.orphan_responses[PAIRING_REQUEST_LOST] = 2;
    l.http.no_memory_responses = 1;
    l.http.tunnels = 2;
    l.http.surplus = 3;
    l.http.incomplete = 4;
    l.records[TRANSACTION_PAIR] = 54;
    l.records[TRANSACTION_ORPHAN_REQUEST] = 4;
    l.records[TRANSACTION_ORPHAN_RESPONSE] = 1;
    l.records[TRANSACTION_TUNNEL] = 2;
    l.records[TRANSACTION_SURPLUS] = 3;
    l.records_too_long = 1;
    l.records_unwritten = 1;
    return l;
}

static void test_it_balances(void **state) {
    (void)state;
    struct ledger l = sample();
    struct ledger empty = {.output_bytes = 0};
    char why[256];
    assert_true(ledger_balances(&l, why));
    assert_string_equal(why, "");
    assert_true(ledger_balances(&empty, why));
}

/* In the midst of a run: what is open has no end yet, but no more than that. */
static void test_open_ones_may_wait(void **state) {
    (void)state;
    struct ledger l = sample();
    char why[256];
    l.http.requests += 3;
    l.http.responses += 1;
    l.http.open_now = 2;
    assert_false(ledger_balances(&l, why));
    assert_non_null(strstr(why, "requests"));
    l.http.open_now = 3;
    assert_true(ledger_balances(&l, why));
    l.http.paired[PAIRING_ACK]++; /* finished, and its record waits */
    assert_true(ledger_balances(&l, why));
    l.http.paired[PAIRING_ACK]++; /* a response too few */
    assert_false(ledger_balances(&l, why));
    assert_non_null(strstr(why, "responses"));
}

static void test_each_missing_one_is_found(void **state) {
    (void)state;
    struct ledger l = sample();
    struct {
        uint64_t *count;
        const char *says;
    } cases[] = {
        {&l.source.frames, "frames read"},
        {&l.source.filtered, "filtered out"},
        {&l.decode.fates[DECODE_UDP], "frames by fate"},
        {&l.decode.fates[DECODE_TCP], "frames by fate"},
        {&l.flow.fates[FLOW_INVALID], "TCP packets by fate"},
        {&l.flow.payload_bytes, "payload bytes"},
        {&l.flow.delivered_bytes, "payload bytes"},
        {&l.flow.dropped_bytes, "payload bytes"},
        {&l.flow.held_bytes_now, "payload bytes"},
        {&l.flow.opened, "connections opened"},
        {&l.flow.closed[END_RST], "connections opened"},
        {&l.http.requests, "requests"},
        {&l.http.responses, "responses"},
        {&l.http.paired[PAIRING_ACK], "requests"},
        {&l.http.orphan_requests[PAIRING_IDLE], "requests"},
        {&l.http.orphan_responses[PAIRING_AMBIGUOUS], "responses"},
        {&l.http.no_memory_requests, "requests"},
        {&l.http.no_memory_responses, "responses"},
        {&l.http.tunnels, "records written"},
        {&l.http.surplus, "records written"},
        {&l.records[TRANSACTION_PAIR], "records written"},
        {&l.records[TRANSACTION_ORPHAN_RESPONSE], "records written"},
        {&l.records[TRANSACTION_ORPHAN_REQUEST], "records of orphan requests"},
        {&l.records[TRANSACTION_TUNNEL], "records of tunnels"},
        {&l.records[TRANSACTION_SURPLUS], "records of surplus bytes"},
        {&l.records_too_long, "records written"},
        {&l.records_unwritten, "records written"},
        {&l.records_no_memory, "records written"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char why[256] = "";
        (*cases[i].count)++;
        assert_false(ledger_balances(&l, why));
        if (!strstr(why, cases[i].says)) {
            print_error("case %zu: %s\n", i, why);
        }
        assert_non_null(strstr(why, cases[i].says));
        (*cases[i].count)--;
        assert_true(ledger_balances(&l, why));
    }
}

static void test_interfaces_have_all_frames(void **state) {
    (void)state;
    struct ledger l = sample();
    char why[256];
    l.source.interface_count = 2;
    l.source.interfaces[0].frames = 400;
    l.source.interfaces[1].frames = 599;
    assert_false(ledger_balances(&l, why));
    assert_string_equal(why, "frames read (1000) is not those read from each interface (999)");
    l.source.interfaces[1].frames++;
    assert_true(ledger_balances(&l, why));
}

static void test_adding_partitions(void **state) {
    (void)state;
    struct flow_counts f = {.opened = 1, .declined_timeouts = 3}, g = {.opened = 2, .declined_timeouts = 4};
    struct http_counts h = {.requests = 5, .no_memory_responses = 6},
                       i = {.requests = 7, .no_memory_responses = 8};
    f.fates[FLOW_TAP_DUPLICATE] = 10;
    g.fates[FLOW_TAP_DUPLICATE] = 20;
    h.flows[PROTOCOL_HTTP1] = 30;
    i.flows[PROTOCOL_HTTP1] = 40;
    flow_counts_add(&f, &g);
    http_counts_add(&h, &i);
    assert_int_equal(f.opened, 3);
    assert_int_equal(f.declined_timeouts, 7);
    assert_int_equal(f.fates[FLOW_TAP_DUPLICATE], 30);
    assert_int_equal(f.fates[FLOW_DATA], 0);
    assert_int_equal(h.requests, 12);
    assert_int_equal(h.no_memory_responses, 14);
    assert_int_equal(h.flows[PROTOCOL_HTTP1], 70);
    assert_int_equal(g.opened, 2);
}

static void report_of(const struct ledger *l, void (*print)(const struct ledger *, FILE *), char *text) {
    FILE *out = fmemopen(text, REPORT_BYTES, "w");
    assert_non_null(out);
    print(l, out);
    assert_int_equal(fclose(out), 0);
}

static void assert_line(const char *report, const char *name, const char *number) {
    const char *at = report;
    while ((at = strstr(at, name)) != NULL) {
        const char *end = strchr(at, '\n');
        assert_non_null(end);
        if ((size_t)(end - at) > strlen(number) &&
            memcmp(end - strlen(number), number, strlen(number)) == 0) {
            return;
        }
        at = end;
    }
    print_error("no line \"%s ... %s\" in\n%s\n", name, number, report);
    fail();
}

static void test_the_whole_report(void **state) {
    (void)state;
    struct ledger l = sample();
    char *report = calloc(1, REPORT_BYTES);
    assert_non_null(report);
    report_of(&l, ledger_print, report);
    assert_line(report, "read", " 1 000");
    assert_line(report, "filtered out", " 100");
    assert_line(report, "tunnel headers: vxlan", " 77");
    assert_line(report, "new payload", " 1 000 000");
    assert_line(report, "LOST in gaps", " 2 920");
    assert_line(report, "request and response", " 55");
    assert_line(report, "requests without a response", " 4");
    assert_line(report, "capture ended", " 3");
    assert_line(report, "responses without a request", " 2");
    assert_line(report, "request lost", " 2");
    assert_line(report, "requests without memory", " 1");
    assert_line(report, "orphan request", " 4");
    assert_line(report, "NOT written: too long", " 1");
    assert_line(report, "bytes of output", " 12 345 678");
    assert_line(report, "run time", " 1.500 s");
    assert_non_null(strstr(report, "The ledger balances."));
    assert_null(strstr(report, "evicted"));       /* zero: left out */
    assert_null(strstr(report, "by the kernel")); /* likewise */
    assert_null(strchr(report, '_'));
    for (const char *at = report;
         *at;) { /* no line is wider than a terminal, and all numbers end in one column */
        const char *end = strchr(at, '\n');
        assert_non_null(end);
        assert_true(end - at <= 80);
        at = end + 1;
    }
    l.source.frames++;
    memset(report, 0, REPORT_BYTES);
    report_of(&l, ledger_print, report);
    assert_non_null(strstr(report, "does NOT balance"));
    assert_non_null(strstr(report, "frames read (1001) is not"));
    free(report);
}

/* Every count has a line: filled with ones, none of the registries' names is missing. */
static void test_every_reason_has_a_line(void **state) {
    (void)state;
    struct ledger l;
    uint64_t one = 1;
    char *report = calloc(1, REPORT_BYTES);
    assert_non_null(report);
    for (size_t at = 0; at + sizeof one <= sizeof l; at += sizeof one) {
        memcpy((char *)&l + at, &one, sizeof one);
    }
    l.source.interfaces[0].name = "eth0";
    report_of(&l, ledger_print, report);
    for (unsigned i = 0; i < DECODE_FATES + FLOW_FATES + END_REASONS + GAP_REASONS; i++) {
        const char *name =
            i < DECODE_FATES                ? decode_fate_name((enum decode_fate)i)
            : i < DECODE_FATES + FLOW_FATES ? flow_fate_name((enum flow_fate)(i - DECODE_FATES))
            : i < DECODE_FATES + FLOW_FATES + END_REASONS
                ? end_reason_name((enum end_reason)(i - DECODE_FATES - FLOW_FATES))
                : gap_reason_name((enum gap_reason)(i - DECODE_FATES - FLOW_FATES - END_REASONS));
        char words[64];
        size_t len = strlen(name);
        assert_true(len < sizeof words);
        for (size_t c = 0; c <= len; c++) {
            words[c] = name[c] == '_' ? ' ' : name[c];
        }
        if (!strstr(report, words)) {
            print_error("no %s\n", words);
        }
        assert_non_null(strstr(report, words));
    }
    assert_non_null(strstr(report, "DROPPED by the kernel"));
    assert_non_null(strstr(report, "connections evicted"));
    free(report);
}

static void test_every_count_of_an_interface_is_shown(void **state) {
    (void)state;
    char *report = calloc(1, REPORT_BYTES);
    assert_non_null(report);
    struct ledger l = {.source = {.interface_count = 2, .outages = 6, .outage_ns = 7000000001}};
    l.source.interfaces[0] = (struct source_interface_counts){.name = "eth0", .frames = 11};
    l.source.interfaces[1] = (struct source_interface_counts){.name = "eth1",
                                                              .frames = 12,
                                                              .kernel_received = 13,
                                                              .kernel_dropped = 14,
                                                              .interface_dropped = 15,
                                                              .unread = 19,
                                                              .outages = 16,
                                                              .outage_ns = 17000000001,
                                                              .ring_bytes = 18};
    report_of(&l, ledger_print, report);
    const char *at = report;
    static const char *const wanted[] = {" 6\n",
                                         "7 000\n",
                                         "interface eth0\n",
                                         " 11\n",
                                         "interface eth1\n",
                                         " 12\n",
                                         " 13\n",
                                         " 14\n",
                                         " 15\n",
                                         " 19\n",
                                         " 16\n",
                                         "17 000\n",
                                         " 18\n"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        at = strstr(at, wanted[i]);
        assert_non_null(at);
    }
    free(report);
}

/* The readers of one interface: what each sees for itself adds up, what all see of the interface does not. */
static void test_the_counts_of_readers(void **state) {
    (void)state;
    struct source_counts sum = {.frames = 0}, one = {.frames = 10,
                                                     .bytes = 20,
                                                     .kernel_received = 30,
                                                     .kernel_dropped = 40,
                                                     .interface_dropped = 50,
                                                     .unread = 8,
                                                     .cut_frames = 6,
                                                     .cut_bytes = 7,
                                                     .outages = 2,
                                                     .outage_ns = 60,
                                                     .interface_count = 1};
    one.interfaces[0] = (struct source_interface_counts){"eth0", 10, 30, 40, 50, 8, 2, 60, 70};
    source_counts_add(&sum, &one);
    one.outage_ns = one.interfaces[0].outage_ns = 61;
    source_counts_add(&sum, &one);
    assert_int_equal(sum.frames, 20);
    assert_int_equal(sum.bytes, 40);
    assert_int_equal(sum.kernel_received, 60);
    assert_int_equal(sum.kernel_dropped, 80);
    assert_int_equal(sum.interface_dropped, 50);
    assert_int_equal(sum.unread, 16);
    assert_true(sum.cut_frames == 12 && sum.cut_bytes == 14);
    assert_int_equal(sum.outages, 2);
    assert_int_equal(sum.outage_ns, 61);
    assert_int_equal(sum.interface_count, 1);
    const struct source_interface_counts *of = &sum.interfaces[0];
    assert_string_equal(of->name, "eth0");
    assert_true(of->frames == 20 && of->kernel_received == 60 && of->kernel_dropped == 80);
    assert_true(of->interface_dropped == 50 && of->unread == 16 && of->outages == 2 && of->outage_ns == 61);
    assert_int_equal(of->ring_bytes, 140);
    struct decode_counts decoded = {.fates = {[DECODE_TCP] = 5}, .unsupported_link_type = 148}, all = decoded;
    decode_counts_add(&all, &decoded);
    assert_int_equal(all.fates[DECODE_TCP], 10);
    assert_int_equal(all.unsupported_link_type, 148);
}

/* Ledgers of two readers are one that balances. */
static void test_adding_ledgers(void **state) {
    (void)state;
    char why[256];
    struct ledger sum = {.output_bytes = 0}, one = sample();
    one.clock_jumps = 1;
    one.clock_steps_back = 2;
    one.clock_wild = 3;
    one.overload = (struct overload_counts){1, 2, {10, 20, 30}, 5, 4};
    one.flow.fates[FLOW_SHED] += 5;
    one.decode.fates[DECODE_TCP] += 5;
    one.source.frames += 5;
    one.memory_failures = 6;
    one.stats_records = 7;
    ledger_add(&sum, &one);
    one.overload.highest = 1;
    ledger_add(&sum, &one);
    (void)ledger_balances(&sum, why);
    assert_string_equal(why, "");
    assert_int_equal(sum.source.frames, 2 * one.source.frames);
    assert_int_equal(sum.decode.tunnels[TUNNEL_VXLAN], 2 * one.decode.tunnels[TUNNEL_VXLAN]);
    assert_int_equal(sum.flow.opened, 2 * one.flow.opened);
    assert_int_equal(sum.http.requests, 2 * one.http.requests);
    assert_true(sum.clock_jumps == 2 && sum.clock_steps_back == 4 && sum.clock_wild == 6);
    assert_true(sum.overload.episodes == 2 && sum.overload.highest == 2);
    assert_true(sum.overload.connections == 10 && sum.overload.forgotten == 8);
    assert_true(sum.overload.ns_at_level[0] == 20 && sum.overload.ns_at_level[2] == 60);
    assert_int_equal(ledger_written(&sum), 2 * ledger_written(&one));
    assert_true(ledger_written(&one) > 0);
    assert_int_equal(sum.records_too_long, 2 * one.records_too_long);
    assert_int_equal(sum.records_unwritten, 2 * one.records_unwritten);
    assert_true(sum.memory_failures == 12 && sum.stats_records == 14);
    assert_int_equal(sum.output_bytes, 2 * one.output_bytes);
}

/* Nothing is hidden: whichever count is not zero, its number stands in the report. */
static void test_every_count_is_shown(void **state) {
    (void)state;
    static const size_t silent[] = {
        offsetof(struct ledger, source.last_bytes),            /* of a single frame */
        offsetof(struct ledger, source.file_bytes_read),       /* of the progress line */
        offsetof(struct ledger, source.file_bytes_total),      /* likewise */
        offsetof(struct ledger, source.interface_count),       /* how many of those below there are */
        offsetof(struct ledger, source.outage_ns),             /* shown in another unit */
        offsetof(struct ledger, decode.tunnels[TUNNEL_NONE]),  /* stays zero */
        offsetof(struct ledger, decode.unsupported_link_type), /* a number of another kind */
        offsetof(struct ledger, flow.declined_waits),          /* of interest only where some were in vain */
        offsetof(struct ledger, overload.ns_at_level[0]),      /* no overload */
        offsetof(struct ledger, overload.ns_at_level[1]),      /* in seconds: see test_overload */
        offsetof(struct ledger, overload.ns_at_level[2]),
        offsetof(struct ledger, overload.ns_at_level[3]),
        offsetof(struct ledger, overload.ns_at_level[4]),
        offsetof(struct ledger, overload.ns_at_level[5]),
        offsetof(struct ledger, overload.ns_at_level[6]),
    };
    char *report = calloc(1, REPORT_BYTES);
    assert_non_null(report);
    for (size_t at = 0; at + sizeof(uint64_t) <= sizeof(struct ledger); at += sizeof(uint64_t)) {
        struct ledger l = {.output_bytes = 0};
        uint64_t number = 987654321;
        bool shown =
            at < offsetof(struct ledger, speed) || at >= offsetof(struct ledger, speed) + sizeof l.speed;
        shown = shown && (at < offsetof(struct ledger, source.interfaces) ||
                          at >= offsetof(struct ledger, source.interfaces) + sizeof l.source.interfaces);
        for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
            shown = shown && silent[i] != at;
        }
        memcpy((char *)&l + at, &number, sizeof number);
        l.source.interface_count = 0;
        memset(report, 0, REPORT_BYTES);
        report_of(&l, ledger_print, report);
        if (shown && !strstr(report, "987 654 321")) {
            print_error("the count at byte %zu is not shown\n", at);
        }
        assert_true(!shown || strstr(report, "987 654 321"));
    }
    free(report);
}

/* Each number of the run's speed is in the report, in its own unit, and stages only where something was
 * timed. */
static void test_speed(void **state) {
    (void)state;
    char *report = calloc(1, REPORT_BYTES);
    assert_non_null(report);
    struct ledger l = sample();
    l.speed = (struct run_speed){.elapsed_ns = 2 * NS_PER_SECOND,
                                 .user_ns = 1234 * NS_PER_MILLISECOND,
                                 .system_ns = 567 * NS_PER_MILLISECOND,
                                 .peak_bytes = 10 << 20};
    report_of(&l, ledger_print, report);
    assert_non_null(strstr(report, " 2.000 s\n"));
    assert_non_null(strstr(report, " 1.234 s\n"));
    assert_non_null(strstr(report, " 0.567 s\n"));
    assert_non_null(strstr(report, " 10.000 MiB\n"));
    assert_null(strstr(report, "where it went"));
    for (unsigned stage = 0; stage < STAGES; stage++) {
        l.speed.stage_ns[stage] = (stage + 1) * NS_PER_SECOND; /* of 36 */
    }
    memset(report, 0, REPORT_BYTES);
    report_of(&l, ledger_print, report);
    assert_non_null(strstr(report, "where it went"));
    assert_non_null(strstr(report, " 1.000 s   2.8 %\n"));
    assert_non_null(strstr(report, " 8.000 s  22.2 %\n"));
    free(report);
}

/* Overload is told only where there was some, with the time at each level that was reached. */
static void test_overload(void **state) {
    (void)state;
    char *report = calloc(1, REPORT_BYTES), why[256];
    assert_non_null(report);
    struct ledger l = sample();
    report_of(&l, ledger_print, report);
    assert_null(strstr(report, "OVERLOAD"));
    l.overload = (struct overload_counts){.episodes = 1, .highest = 3, .connections = 12};
    for (unsigned level = 0; level <= 3; level++) {
        l.overload.ns_at_level[level] = (uint64_t)((level + 1) * NS_PER_SECOND + 250 * NS_PER_MILLISECOND);
    }
    l.flow.fates[FLOW_SHED] = 11;
    l.decode.fates[DECODE_TCP] += 11;
    l.source.frames += 11;
    assert_false(ledger_balances(&l, why)); /* each connection left out has a packet at least */
    l.overload.connections = 11;
    l.source.cut_frames = l.source.frames + 1;
    assert_false(ledger_balances(&l, why)); /* each is one that was read */
    l.source.cut_frames = 3;
    l.source.cut_bytes = 3000;
    assert_true(ledger_balances(&l, why));
    memset(report, 0, REPORT_BYTES);
    report_of(&l, ledger_print, report);
    assert_non_null(strstr(report, "OVERLOAD\n"));
    assert_null(strstr(report, " 1.250 s\n"));
    assert_non_null(strstr(report, " 2.250 s\n"));
    assert_non_null(strstr(report, " 4.250 s\n"));
    assert_null(strstr(report, "1/8 of new connections"));
    assert_non_null(strstr(report, "large frames cut short"));
    assert_non_null(strstr(report, " 3 000\n"));
    memset(report, 0, REPORT_BYTES);
    report_of(&l, ledger_print_brief, report);
    assert_non_null(strstr(report, "overload: 11 connections were not followed, 3 frames were cut short\n"));
    free(report);
}

/* "none" means that no cap was hit, whoever has it. */
static void test_caps_of_every_layer(void **state) {
    (void)state;
    struct ledger l = {.output_bytes = 0};
    uint64_t *const caps[] = {&l.decode.fates[DECODE_TUNNEL_DEPTH],
                              &l.decode.datagrams_evicted,
                              &l.decode.fragments_no_room,
                              &l.flow.fates[FLOW_NO_MEMORY],
                              &l.flow.cap_flows,
                              &l.flow.cap_memory,
                              &l.flow.cap_flow_memory,
                              &l.flow.cap_held_bytes,
                              &l.http.headers_dropped,
                              &l.records_too_long};
    char *report = calloc(1, REPORT_BYTES);
    assert_non_null(report);
    report_of(&l, ledger_print, report);
    assert_non_null(strstr(report, "CAPS HIT\n  none\n"));
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        *caps[i] = 1;
        memset(report, 0, REPORT_BYTES);
        report_of(&l, ledger_print, report);
        assert_null(strstr(report, "  none\n"));
        *caps[i] = 0;
    }
    free(report);
}

static void test_the_brief_report(void **state) {
    (void)state;
    struct ledger l = sample();
    char *report = calloc(1, REPORT_BYTES);
    assert_non_null(report);
    report_of(&l, ledger_print_brief, report);
    assert_string_equal(report,
                        "1 000 frames, 55 transactions, 6 orphans, 4 incomplete, 1.5 s\n"
                        "lost: 2 920 bytes in gaps, 0 packets dropped by the kernel, 2 records not written; "
                        "--stats says more\n");
    l = (struct ledger){.source = {.frames = 2}};
    memset(report, 0, REPORT_BYTES);
    report_of(&l, ledger_print_brief, report);
    assert_string_equal(report, "2 frames, 0 transactions, 0 orphans, 0 incomplete, 0.0 s\n");
    free(report);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_balances),
        cmocka_unit_test(test_each_missing_one_is_found),
        cmocka_unit_test(test_open_ones_may_wait),
        cmocka_unit_test(test_interfaces_have_all_frames),
        cmocka_unit_test(test_adding_partitions),
        cmocka_unit_test(test_the_whole_report),
        cmocka_unit_test(test_every_reason_has_a_line),
        cmocka_unit_test(test_every_count_of_an_interface_is_shown),
        cmocka_unit_test(test_the_counts_of_readers),
        cmocka_unit_test(test_adding_ledgers),
        cmocka_unit_test(test_every_count_is_shown),
        cmocka_unit_test(test_speed),
        cmocka_unit_test(test_overload),
        cmocka_unit_test(test_caps_of_every_layer),
        cmocka_unit_test(test_the_brief_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
