/* SPDX-License-Identifier: Apache-2.0 */
/* Resynchronisation, by trying: conversations of every kind, with every hole cut into them. Whatever is lost,
 * each message whose head was captured is told once and as it was sent, none is paired wrongly, and what the
 * hole did not touch is whole. "test_resync all" tries more sizes. */
#include "tests/unit/resync_judge.h"

#include <string.h>

#define FIELDS "Host: a.example\r\nUser-Agent: resync\r\n"

static void request(struct talk *t, const char *method, const char *name, const char *fields) {
    say(t, CLIENT, "%s /%s HTTP/1.1\r\n" FIELDS "%s\r\n", method, name, fields);
}

static void respond(struct talk *t, const char *status, const char *name, const char *fields) {
    say(t, SERVER, "HTTP/1.1 %s\r\nId: %s\r\nServer: resync\r\n%s\r\n", status, name, fields);
}

/* ---- conversations ---- */

static void keep_alive(struct talk *t) {
    for (char name[] = "a1"; name[1] < '5'; name[1]++) {
        talk_next(t, 1);
        request(t, "GET", name, "");
        respond(t, "200 OK", name, "Content-Length: 40\r\n");
        say(t, SERVER, "%040d", 1);
    }
    talk_close(t, CLIENT);
}

static void no_body(struct talk *t) {
    talk_next(t, 1);
    request(t, "HEAD", "h1", "");
    respond(t, "200 OK", "h1", "Content-Length: 5000\r\n");
    talk_next(t, 1);
    request(t, "DELETE", "h2", "");
    respond(t, "204 No Content", "h2", "");
    talk_next(t, 1);
    request(t, "GET", "h3", "If-None-Match: \"x\"\r\n");
    respond(t, "304 Not Modified", "h3", "ETag: \"x\"\r\nContent-Length: 70\r\n");
    talk_next(t, 1);
    request(t, "GET", "h4", "");
    respond(t, "200 OK", "h4", "Content-Length: 0\r\n");
    talk_close(t, SERVER);
}

static void chunked(struct talk *t) {
    for (char name[] = "c1"; name[1] < '4'; name[1]++) {
        talk_next(t, 1);
        request(t, "GET", name, "TE: trailers\r\n");
        respond(t, "200 OK", name, "Transfer-Encoding: chunked\r\nTrailer: Sum\r\n");
        say(t, SERVER, "14;part=\"one\"\r\n%020d\r\n", 1);
        say(t, SERVER, "1e\r\n%030d\r\n5\r\nabcde\r\n", 2);
        say(t, SERVER, "0\r\nSum: 12345\r\n\r\n");
    }
    talk_close(t, CLIENT);
}

static void uploads(struct talk *t) {
    talk_next(t, 1);
    request(t, "POST", "u1", "Content-Length: 60\r\n");
    say(t, CLIENT, "%030d", 1);
    say(t, CLIENT, "%030d", 2);
    respond(t, "201 Created", "u1", "Content-Length: 2\r\n");
    say(t, SERVER, "ok");
    talk_next(t, 1);
    request(t, "POST", "u2", "Transfer-Encoding: chunked\r\n");
    say(t, CLIENT, "a;x=1\r\n0123456789\r\n");
    say(t, CLIENT, "14\r\n%020d\r\n0\r\nSum: 1\r\n\r\n", 3);
    respond(t, "200 OK", "u2", "Content-Length: 0\r\n");
    talk_next(t, 1);
    request(t, "GET", "u3", "");
    respond(t, "200 OK", "u3", "Content-Length: 3\r\n");
    say(t, SERVER, "abc");
    talk_close(t, CLIENT);
}

static void interims(struct talk *t) {
    talk_next(t, 1);
    request(t, "PUT", "i1", "Content-Length: 20\r\nExpect: 100-continue\r\n");
    say(t, SERVER, "HTTP/1.1 100 Continue\r\n\r\n");
    say(t, CLIENT, "%020d", 1);
    respond(t, "201 Created", "i1", "Content-Length: 0\r\n");
    talk_next(t, 1);
    request(t, "GET", "i2", "");
    say(t, SERVER, "HTTP/1.1 103 Early Hints\r\nLink: </1>\r\n\r\n");
    say(t, SERVER, "HTTP/1.1 103 Early Hints\r\nLink: </2>\r\n\r\n");
    respond(t, "200 OK", "i2", "Content-Length: 4\r\n");
    say(t, SERVER, "abcd");
    talk_next(t, 1);
    request(t, "PUT", "i3", "Content-Length: 10\r\nExpect: 100-continue\r\n");
    say(t, SERVER, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
    say(t, CLIENT, "0123456789");
    say(t, SERVER, "HTTP/1.1 103 Early Hints\r\nLink: </3>\r\n\r\n");
    respond(t, "200 OK", "i3", "Content-Length: 0\r\n");
    talk_next(t, 1);
    request(t, "GET", "i4", "");
    respond(t, "200 OK", "i4", "Content-Length: 0\r\n");
    talk_close(t, CLIENT);
}

/* The final response comes while the body is being sent. */
static void early(struct talk *t) {
    t->early = true;
    talk_next(t, 1);
    request(t, "GET", "e1", "");
    respond(t, "200 OK", "e1", "Content-Length: 0\r\n");
    talk_next(t, 1);
    request(t, "POST", "e2", "Content-Length: 90\r\n");
    say(t, CLIENT, "%030d", 1);
    respond(t, "413 Content Too Large", "e2", "Content-Length: 3\r\n");
    cross(t, CLIENT, "%030d", 2);
    say(t, SERVER, "big");
    say(t, CLIENT, "%030d", 3);
    talk_next(t, 1);
    request(t, "POST", "e3", "Content-Length: 40\r\n");
    respond(t, "401 Unauthorized", "e3", "Content-Length: 0\r\nWWW-Authenticate: Basic realm=\"x\"\r\n");
    say(t, CLIENT, "%040d", 4);
    talk_next(t, 1);
    request(t, "GET", "e4", "");
    respond(t, "200 OK", "e4", "Content-Length: 1\r\n");
    say(t, SERVER, "x");
    talk_close(t, CLIENT);
}

static void burst(struct talk *t) {
    t->pipelines = true;
    talk_next(t, 1);
    request(t, "GET", "p0", "");
    respond(t, "200 OK", "p0", "Content-Length: 2\r\n");
    say(t, SERVER, "ok");
    talk_next(t, 3);
    talk_hear(t, CLIENT);
    for (char name[] = "p1"; name[1] < '4'; name[1]++) {
        cross(t, CLIENT, "GET /%s HTTP/1.1\r\n" FIELDS "\r\n", name);
    }
    for (char name[] = "p1"; name[1] < '4'; name[1]++) {
        respond(t, "200 OK", name, "Content-Length: 30\r\n");
        say(t, SERVER, "%030d", 1);
    }
    talk_next(t, 1);
    request(t, "GET", "p4", "");
    respond(t, "200 OK", "p4", "Content-Length: 0\r\n");
    talk_next(t, 1);
    request(t, "GET", "p5", "");
    respond(t, "200 OK", "p5", "Content-Length: 0\r\n");
    talk_close(t, CLIENT);
}

/* The whole burst in one packet, its answers too. */
static void burst_of(struct talk *t, const char *type) {
    t->pipelines = true;
    for (char name[] = "q0"; name[1] < '3'; name[1]++) {
        talk_next(t, 3);
        say(t, CLIENT,
            "GET /%sx HTTP/1.1\r\n" FIELDS "\r\nHEAD /%sy HTTP/1.1\r\n" FIELDS
            "\r\nGET /%sz HTTP/1.1\r\n" FIELDS "\r\n",
            name, name, name);
        say(t, SERVER, "HTTP/1.1 200 OK\r\nId: %sx\r\nContent-Length: 4\r\n\r\nabcd", name);
        say(t, SERVER,
            "HTTP/1.1 200 OK\r\nId: %sy\r\nContent-Length: 4000\r\n%s\r\nHTTP/1.1 200 OK\r\nId: "
            "%sz\r\nContent-Length: 1\r\n\r\nz",
            name, type, name);
    }
    talk_close(t, CLIENT);
}

static void burst_in_one(struct talk *t) {
    t->heads_in_bursts = true;
    burst_of(t, "");
}

/* The answer to HEAD has a type that no message has. */
static void burst_of_images(struct talk *t) {
    burst_of(t, "Content-Type: image/png\r\n");
}

/* Bodies without a line end, and the next head in the packet of their last bytes. */
static void behind_bodies(struct talk *t) {
    static const char front[] = "\x01\x02POST /no HTTP/1.1 GET /no HTTP/1.";
    static const char tail[] = "HTTP/1.1 20 x HTTP/1.0 200 no\x7f GET /a GET http:/// PROPFINDGE";
    t->pipelines = true;
    for (char name[] = "v0"; name[1] < '3'; name[1]++) {
        talk_next(t, 3);
        say(t, CLIENT, "PUT /%sx HTTP/1.1\r\n" FIELDS "Content-Length: %zu\r\n\r\n%s", name,
            strlen(front) + strlen(tail), front);
        say(t, CLIENT,
            "%sGET /%sy HTTP/1.1\r\n" FIELDS "\r\nPOST /%sz HTTP/1.1\r\n" FIELDS
            "Content-Length: 4\r\n\r\nBODY",
            tail, name, name);
        say(t, SERVER, "HTTP/1.1 200 OK\r\nId: %sx\r\nContent-Length: %zu\r\n\r\n%s", name,
            strlen(front) + strlen(tail), front);
        say(t, SERVER,
            "%sHTTP/1.1 404 Not Found\r\nId: %sy\r\nContent-Length: 4\r\n\r\nBODYHTTP/1.1 204 No "
            "Content\r\nId: %sz\r\n\r\n",
            tail, name, name);
    }
    talk_close(t, CLIENT);
}

/* Requests that cross with the answers to earlier ones. */
static void crossing(struct talk *t) {
    t->pipelines = true;
    talk_next(t, 4);
    for (char name[] = "x0"; name[1] < '4'; name[1]++) {
        cross(t, CLIENT, "GET /%s HTTP/1.1\r\n" FIELDS "\r\n", name);
        talk_hear(t, SERVER);
        cross(t, SERVER, "HTTP/1.1 200 OK\r\nId: %s\r\nContent-Length: 2\r\n\r\nok", name);
        if (name[1] == '1') {
            talk_hear(t, CLIENT);
        }
    }
    talk_next(t, 1);
    request(t, "GET", "x5", "");
    respond(t, "200 OK", "x5", "Content-Length: 0\r\n");
    talk_close(t, CLIENT);
}

static void until_close(struct talk *t) {
    talk_next(t, 1);
    request(t, "GET", "r1", "");
    respond(t, "200 OK", "r1", "Content-Length: 1\r\n");
    say(t, SERVER, "x");
    talk_next(t, 1);
    request(t, "GET", "r2", "Connection: close\r\n");
    respond(t, "200 OK", "r2", "Connection: close\r\n");
    say(t, SERVER, "%050d", 1);
    say(t, SERVER, "%050d", 2);
    talk_close(t, SERVER);
}

static void connect_tunnel(struct talk *t) {
    talk_next(t, 1);
    request(t, "CONNECT", "t1", "");
    respond(t, "407 Proxy Authentication Required", "t1", "Content-Length: 2\r\n");
    say(t, SERVER, "no");
    talk_next(t, 1);
    request(t, "CONNECT", "t2", "Proxy-Authorization: Basic eDp5\r\n");
    respond(t, "200 Connected", "t2", "");
    talk_next(t, 0);
    for (int i = 0; i < 4; i++) {
        say(t, i % 2, "\x7f\x01\x02 bytes of something else %d \x03", i);
    }
    talk_close(t, CLIENT);
}

static void upgrade(struct talk *t) {
    talk_next(t, 1);
    request(t, "GET", "w1", "Upgrade: foo\r\nConnection: Upgrade\r\n");
    respond(t, "200 OK", "w1", "Content-Length: 2\r\n");
    say(t, SERVER, "no");
    talk_next(t, 1);
    request(t, "GET", "w2", "Upgrade: websocket\r\nConnection: Upgrade\r\n");
    respond(t, "101 Switching Protocols", "w2", "Upgrade: websocket\r\nConnection: Upgrade\r\n");
    talk_next(t, 0);
    say(t, CLIENT, "\x81\x85\x01\x02\x03\x04zzzzz");
    say(t, SERVER, "\x81\x05hello");
    say(t, CLIENT, "\x88\x80\x01\x02\x03\x04");
    talk_close(t, SERVER);
}

/* ---- trying them ---- */

struct kind {
    const char *name;
    void (*write)(struct talk *);
};

static const struct kind kinds[] = {
    {"keep_alive", keep_alive},
    {"no_body", no_body},
    {"chunked", chunked},
    {"uploads", uploads},
    {"interims", interims},
    {"early", early},
    {"burst", burst},
    {"burst_in_one", burst_in_one},
    {"burst_of_images", burst_of_images},
    {"behind_bodies", behind_bodies},
    {"crossing", crossing},
    {"until_close", until_close},
    {"connect", connect_tunnel},
    {"upgrade", upgrade},
};

static bool everything;

/* A capture in which nothing has time to be missed, and one in which all skews run out. */
static const int64_t pauses[] = {NS_PER_MILLISECOND, 3 * NS_PER_SECOND};

static void try_kinds(void (*holes)(struct judge *), const uint32_t *sizes, size_t count, bool acks) {
    static struct talk t;
    static struct judge j;
    j = (struct judge){.runs = 0};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (size_t s = 0; s < count; s++) {
            for (size_t p = 0; p < sizeof pauses / sizeof *pauses; p++) {
                talk_begin(&t, kinds[k].name, sizes[s], pauses[p], acks);
                kinds[k].write(&t);
                j.until_ns = p ? 3 * NS_PER_SECOND : 0;
                judge_begin(&j, &t);
                holes(&j);
            }
        }
    }
    print_message("%llu holes: %llu pairs, %llu of them complete; %llu ambiguous, %llu late, %llu "
                  "behind HEAD\n",
                  (unsigned long long)j.runs, (unsigned long long)j.pairs, (unsigned long long)j.complete,
                  (unsigned long long)j.ambiguous, (unsigned long long)j.late,
                  (unsigned long long)j.swallowed);
}

static void every_run_of_packets(void **state) {
    (void)state;
    const uint32_t sizes[] = {1460};
    try_kinds(judge_ranges, sizes, 1, false);
    try_kinds(judge_ranges, sizes, 1, true);
}

static void every_run_of_small_packets(void **state) {
    (void)state;
    const uint32_t sizes[] = {60, 23};
    try_kinds(judge_ranges, sizes, everything ? 2 : 1, false);
}

static void every_two_packets(void **state) {
    (void)state;
    const uint32_t sizes[] = {1460, 60, 23};
    try_kinds(judge_pairs, sizes, everything ? 3 : 2, true);
}

static void holes_of_bytes(struct judge *j) {
    static const uint32_t lengths[] = {1, 30, 2, 5, 11, 80, 150, 400};
    for (size_t i = 0; i < (everything ? 8 : 2); i++) {
        judge_bytes(j, lengths[i]);
    }
}

static void every_position(void **state) {
    (void)state;
    const uint32_t sizes[] = {1460, 60};
    try_kinds(holes_of_bytes, sizes, everything ? 2 : 1, false);
}

int main(int argc, char **argv) {
    everything = argc > 1 && strcmp(argv[1], "all") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_of_packets),
        cmocka_unit_test(every_run_of_small_packets),
        cmocka_unit_test(every_two_packets),
        cmocka_unit_test(every_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
