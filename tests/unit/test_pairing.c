/* SPDX-License-Identifier: Apache-2.0 */
/* The pairing rule at its edges, and when orphans are told: conversations with parts of them lost. */
#include "analyzer/pairing.h"
#include "tests/unit/resync_judge.h"

#include <string.h>

static struct talk t;
static struct seen seen;
static struct hole hole;

static void begin(int64_t pause_ns) {
    talk_begin(&t, "pairing", 1460, pause_ns, false);
    hole = (struct hole){.midstream = false};
}

static void ask(const char *name) {
    say(&t, CLIENT, "GET /%s HTTP/1.1\r\nHost: a.example\r\n\r\n", name);
}

static void answer(const char *name) {
    say(&t, SERVER, "HTTP/1.1 200 OK\r\nId: %s\r\nContent-Length: 2\r\n\r\nok", name);
}

static void exchange(const char *name) {
    talk_next(&t, 1);
    ask(name);
    answer(name);
}

/* The packets that carry bytes of one direction. */
static void lose(int d, unsigned first, unsigned last) {
    unsigned number = 0;
    for (unsigned i = 0; i < t.count; i++) {
        bool data = t.pieces[i].direction == d && t.pieces[i].from < t.pieces[i].to;
        hole.lost[i] |= data && number >= first && number <= last;
        number += data;
    }
}

static void run(int64_t until_ns) {
    talk_run(&t, &hole, until_ns, &seen);
    assert_true(seen.balanced);
}

/* "request=response" for each pair, "request-" and "-response" for orphans, in the order told. */
static void expect(const char *expected) {
    char text[512] = "";
    size_t len = 0;
    for (unsigned i = 0; i < seen.count; i++) {
        const struct seen_record *r = &seen.records[i];
        const char *link = r->type != TRANSACTION_PAIR ? "-" : r->by == PAIRING_ACK ? "=" : "~";
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s%s%s", i ? " " : "",
                                r->message[CLIENT].name, link, r->message[SERVER].name);
        assert_true(len < sizeof text);
    }
    assert_string_equal(text, expected);
}

/* All of a burst but its last request falls into one gap, behind a request whose answer is seen. */
static void the_last_of_a_lost_burst(void **state) {
    (void)state;
    begin(NS_PER_MILLISECOND);
    exchange("a0");
    talk_hear(&t, CLIENT);
    for (char name[] = "a1"; name[1] < '4'; name[1]++) {
        cross(&t, CLIENT, "GET /%s HTTP/1.1\r\nHost: a.example\r\n\r\n", name);
    }
    answer("a1");
    answer("a2");
    answer("a3");
    lose(CLIENT, 0, 2);
    run(0);
    expect("-a0 -a1 -a2 -a3 a3-");
}

/* The first request of all is lost, the second one, sent with it, is not: its lone answer told that the
 * client pipelines, so that the next request, though it fits, is not taken for the one that is answered next.
 */
static void a_burst_whose_front_was_lost_is_one(void **state) {
    (void)state;
    begin(NS_PER_MILLISECOND);
    talk_next(&t, 1);
    cross(&t, CLIENT, "GET /a0 HTTP/1.1\r\nHost: a.example\r\n\r\n");
    cross(&t, CLIENT, "GET /a1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
    answer("a0");
    talk_hear(&t, CLIENT);
    cross(&t, CLIENT, "GET /a2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
    answer("a1");
    answer("a2");
    lose(CLIENT, 0, 0);
    run(0);
    expect("-a0 -a1 -a2 a1- a2-");
}

/* The same with the answer to the lone request lost too: only what comes behind the first answer tells. */
static void the_burst_is_refuted_by_what_follows(void **state) {
    (void)state;
    begin(NS_PER_MILLISECOND);
    exchange("a0");
    talk_hear(&t, CLIENT);
    for (char name[] = "a1"; name[1] < '4'; name[1]++) {
        cross(&t, CLIENT, "GET /%s HTTP/1.1\r\nHost: a.example\r\n\r\n", name);
    }
    answer("a1");
    answer("a2");
    answer("a3");
    lose(CLIENT, 0, 2);
    lose(SERVER, 0, 0);
    run(0);
    expect("-a1 -a2 -a3 a3-");
}

/* A client that waits is paired at once behind a loss in both directions. */
static void a_lone_client_behind_a_loss(void **state) {
    (void)state;
    begin(NS_PER_MILLISECOND);
    exchange("a0");
    exchange("a1");
    exchange("a2");
    exchange("a3");
    talk_close(&t, CLIENT);
    lose(CLIENT, 1, 1);
    lose(SERVER, 1, 1);
    run(0);
    expect("a0=a0 a2=a2 a3=a3");
}

/* A tentative pair at the connection's end stands. */
static void the_end_confirms(void **state) {
    (void)state;
    begin(NS_PER_MILLISECOND);
    exchange("a0");
    exchange("a1");
    talk_close(&t, SERVER);
    lose(CLIENT, 0, 0);
    run(0);
    expect("-a0 a1=a1");
    assert_true(seen.records[1].complete);
}

/* All was lost in both directions, and what seems to be a request may be the end of a body. */
static void what_was_heard_and_lost_proves_nothing(void **state) {
    (void)state;
    begin(NS_PER_MILLISECOND);
    exchange("a0");
    exchange("a1");
    exchange("a2");
    lose(CLIENT, 0, 0);
    lose(SERVER, 0, 0);
    run(0);
    expect("-a1 a1- a2=a2");
}

/* Capture begins between two requests of a burst. */
static void a_capture_that_begins_in_a_burst(void **state) {
    (void)state;
    begin(NS_PER_MILLISECOND);
    talk_hear(&t, CLIENT);
    cross(&t, CLIENT, "GET /b1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
    cross(&t, CLIENT, "GET /b2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
    answer("b1");
    answer("b2");
    hole.midstream = true;
    lose(CLIENT, 0, 0);
    run(0);
    expect("-b1 -b2 b2-");
}

/* Without the client's packets: the first orphan waits for the skew, the later ones for nothing. */
static void one_side_is_told_at_once_after_the_first_skew(void **state) {
    (void)state;
    begin(3 * NS_PER_SECOND);
    for (char name[] = "a1"; name[1] < '5'; name[1]++) {
        exchange(name);
    }
    for (unsigned i = 0; i < t.count; i++) {
        hole.lost[i] = t.pieces[i].direction == CLIENT;
    }
    run(3 * NS_PER_SECOND);
    expect("-a1 -a2 -a3 -a4");
    unsigned at = 0;
    for (unsigned i = 0; i < t.count; i++) {
        const struct piece *p = &t.pieces[i];
        if (p->direction == SERVER && p->from < p->to) {
            int64_t waited = seen.records[at].told_ns - p->at_ns;
            assert_true(at ? waited == 0 : waited >= NS_PER_SECOND && waited <= NS_PER_SECOND + TICK_NS);
            at++;
        }
    }
    assert_int_equal(at, 4);
}

/* Without the server's: each request's answer is overdue when the next ACK of the client says so. */
static void lone_requests_are_told_at_once_after_the_first_skew(void **state) {
    (void)state;
    begin(3 * NS_PER_SECOND);
    t.acknowledges = true;
    for (char name[] = "a1"; name[1] < '5'; name[1]++) {
        exchange(name);
    }
    for (unsigned i = 0; i < t.count; i++) {
        hole.lost[i] = t.pieces[i].direction == SERVER;
    }
    run(3 * NS_PER_SECOND);
    expect("a1- a2- a3- a4-");
    int64_t last = t.pieces[t.count - 1].at_ns;
    assert_true(seen.records[0].told_ns < last - 6 * NS_PER_SECOND);
    assert_true(seen.records[3].told_ns <= last);
}

/* A response in a CONNECT tunnel, its request lost, still belongs to the tunnel. */
static void an_orphan_in_a_tunnel_has_its_parent(void **state) {
    (void)state;
    begin(NS_PER_MILLISECOND);
    say(&t, CLIENT, "CONNECT b.example:80 HTTP/1.1\r\nHost: b.example:80\r\n\r\n");
    say(&t, SERVER, "HTTP/1.1 200 OK\r\nId: c\r\n\r\n");
    exchange("a1");
    exchange("a2");
    exchange("a3");
    lose(CLIENT, 2, 2);
    run(0);
    unsigned orphans = 0;
    for (unsigned i = 0; i < seen.count; i++) {
        const struct seen_record *r = &seen.records[i];
        if (r->type == TRANSACTION_ORPHAN_RESPONSE) {
            assert_string_equal(r->message[SERVER].name, "a2");
            assert_true(r->has_parent);
            orphans++;
        }
    }
    assert_int_equal(orphans, 1);
}

/* Two fit the same response, one of them with its 1xx: then the client pipelines, and a third that fits the
 * next one proves nothing. */
static void two_that_fit_show_a_client_that_pipelines(void **state) {
    (void)state;
    begin(NS_PER_MILLISECOND);
    ask("a0");
    say(&t, SERVER, "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n");
    ask("a1");
    answer("a0");
    ask("a2");
    answer("a1");
    answer("a2");
    hole.midstream = true;
    run(0);
    expect("-a0 -a1 -a2 a0- a1- a2-");
}

/* The tap sees these bytes once more, after packet `behind`, from an end that has heard `ack` bytes. */
static void again(unsigned behind, int d, uint32_t from, uint32_t to, uint32_t ack, int64_t later_ns) {
    talk_put(&t, d, from, to, TCP_ACK | TCP_PSH);
    struct piece repeated = t.pieces[t.count - 1];
    repeated.ack = ack;
    repeated.at_ns = t.pieces[behind].at_ns + later_ns;
    memmove(t.pieces + behind + 2, t.pieces + behind + 1, (t.count - behind - 2) * sizeof *t.pieces);
    t.pieces[behind + 1] = repeated;
}

/* What is sent again along with newer bytes says what was heard until then. The tap shows it before these
 * bytes' first packets. */
static void an_ack_of_a_later_time_excludes_none(void **state) {
    (void)state;
    begin(NS_PER_MILLISECOND);
    exchange("a0");
    talk_hear(&t, CLIENT);
    uint32_t from = t.len[CLIENT];
    unsigned behind = t.count - 1;
    cross(&t, CLIENT, "GET /a1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
    uint32_t to = t.len[CLIENT];
    cross(&t, CLIENT, "GET /a2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
    answer("a1");
    uint32_t heard = t.len[SERVER];
    answer("a2");
    again(behind, CLIENT, from - 10, to, heard, 1);
    run(0);
    expect("a0=a0 a1~a1 a2~a2");
}

/* The first packet of a request was missed by the tap, and its copy comes after the answer. */
static void an_ack_of_a_later_time_proves_nothing(void **state) {
    (void)state;
    begin(NS_PER_MILLISECOND);
    exchange("a0");
    talk_next(&t, 1);
    talk_hear(&t, CLIENT);
    uint32_t from = t.len[CLIENT];
    hole.lost[t.count] = true;
    cross(&t, CLIENT, "GET /a1 HTTP/1.1\r\nHost: a.");
    uint32_t middle = t.len[CLIENT];
    cross(&t, CLIENT, "example\r\n\r\n");
    answer("a1");
    uint32_t heard = t.len[SERVER];
    ask("a2");
    answer("a2");
    assert_true(middle > from);
    talk_put(&t, CLIENT, from, t.len[CLIENT] - 30, TCP_ACK);
    t.pieces[t.count - 1].ack = heard;
    t.pieces[t.count - 1].at_ns += 1001 * NS_PER_MILLISECOND;
    run(0);
    expect("a0=a0 a1=a1 a2=a2");
}

/* Small numbers, so that they are often the same. */
static uint64_t draw(uint64_t *random, uint64_t most) {
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*random >> 33) % (most + 1);
}

static void draw_request(struct transaction *request, uint64_t *random) {
    *request = (struct transaction){.after_gap = draw(random, 3) == 0,
                                    .doubtful = draw(random, 5) == 0,
                                    .after_pipelining = draw(random, 1),
                                    .gap_end = draw(random, 9),
                                    .heard = draw(random, 3),
                                    .sent_behind = draw(random, 3),
                                    .interim_bytes = draw(random, 1)};
    request->request = (struct http_message){.seen = true,
                                             .offset = draw(random, 9),
                                             .end_offset = 10 + draw(random, 9),
                                             .end_known = draw(random, 1),
                                             .has_ack = draw(random, 4) > 0,
                                             .ack = draw(random, 3),
                                             .ack_late = draw(random, 4) == 0,
                                             .resynchronised = draw(random, 4) == 0};
    request->response.seen = draw(random, 5) == 0;
}

/* The short cut says what the long way does. */
static void what_is_plain_is_chosen(void **state) {
    (void)state;
    uint64_t random = 1;
    unsigned plain = 0;
    for (unsigned i = 0; i < 200000; i++) {
        struct transaction requests[2];
        struct pairing p;
        pairing_init(&p, draw(&random, 1) ? DIRECTION_1 : DIRECTION_0);
        p.pipelines = draw(&random, 1);
        for (unsigned n = 0; n < 1 + (i & 1); n++) {
            draw_request(&requests[n], &random);
            pairing_add(&p, &requests[n]);
        }
        for (unsigned d = 0; d < 2; d++) {
            p.loss[d] = draw(&random, 9);
            p.settled[d] = draw(&random, 9);
            p.doubt[d] = draw(&random, 9);
        }
        const struct http_message response = {
            .offset = draw(&random, 4), .has_ack = draw(&random, 4) > 0, .ack = draw(&random, 24)};
        const struct pairing_view view = {.captured = draw(&random, 24),
                                          .server_start = draw(&random, 2),
                                          .server_seen = draw(&random, 3),
                                          .before_ack = draw(&random, 9)};
        if (pairing_is_plain(&p, &response)) {
            struct pairing_choice choice = pairing_choose(&p, &response, &view);
            plain++;
            assert_ptr_equal(choice.request, p.oldest);
            assert_int_equal(choice.by, PAIRING_ACK);
            assert_int_equal(choice.reason, PAIRING_PAIRED);
            assert_int_equal(choice.candidates, 1);
            assert_false(choice.pipelined || choice.tentative);
        }
    }
    assert_true(plain > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ack_of_a_later_time_excludes_none),
        cmocka_unit_test(an_ack_of_a_later_time_proves_nothing),
        cmocka_unit_test(an_orphan_in_a_tunnel_has_its_parent),
        cmocka_unit_test(the_last_of_a_lost_burst),
        cmocka_unit_test(a_burst_whose_front_was_lost_is_one),
        cmocka_unit_test(the_burst_is_refuted_by_what_follows),
        cmocka_unit_test(a_lone_client_behind_a_loss),
        cmocka_unit_test(the_end_confirms),
        cmocka_unit_test(what_was_heard_and_lost_proves_nothing),
        cmocka_unit_test(two_that_fit_show_a_client_that_pipelines),
        cmocka_unit_test(a_capture_that_begins_in_a_burst),
        cmocka_unit_test(one_side_is_told_at_once_after_the_first_skew),
        cmocka_unit_test(lone_requests_are_told_at_once_after_the_first_skew),
        cmocka_unit_test(what_is_plain_is_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
