/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies made of HTTP messages, as proxies log them and archives keep them, with every hole cut into them:
 * while a body's end is known they fool nobody; where its head was lost, what comes of them claims nothing.
 * "test_resync_bodies all" tries more sizes. */
#include "tests/unit/resync_judge.h"

#include <string.h>

#define FIELDS "Host: a.example\r\n"

/* Each is sent in a packet of its own. */
static const char *const decoys[] = {
    "GET /decoy HTTP/1.1\r\nHost: decoy\r\n\r\n",
    "HTTP/1.1 200 OK\r\nId: decoy\r\nContent-Length: 3\r\n\r\nabc",
    "POST /decoy HTTP/1.1\r\nHost: decoy\r\nContent-Length: 5\r\n\r\n12345",
    "HTTP/1.1 103 Early Hints\r\nId: decoy\r\n\r\n",
    "HTTP/1.1 200 OK\r\nId: decoy\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nId: decoy\r\n\r\n",
    "WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 40\r\n\r\n",
    "GET /decoy HTTP/1.1\r\nHost: decoy\r\n\r\n",
};

/* Those that claim what follows them. */
static const char *const greedy[] = {
    "POST /decoy HTTP/1.1\r\nHost: decoy\r\nContent-Length: 99999\r\n\r\n",
    "HTTP/1.1 200 OK\r\nId: decoy\r\nContent-Length: 99999\r\n\r\n",
    "HTTP/1.0 200 OK\r\nId: decoy\r\n\r\n",
};

static const char *const switching[] = {
    "CONNECT decoy:443 HTTP/1.1\r\nHost: decoy\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nId: decoy\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
};

struct content {
    const char *const *parts;
    size_t count;
};

static const struct content contents[] = {
    {decoys, sizeof decoys / sizeof *decoys},
    {greedy, sizeof greedy / sizeof *greedy},
    {switching, sizeof switching / sizeof *switching},
};

static size_t content_len(const struct content *c) {
    size_t len = 0;
    for (size_t i = 0; i < c->count; i++) {
        len += strlen(c->parts[i]);
    }
    return len;
}

static void say_content(struct talk *t, int d, const struct content *c, bool chunks) {
    for (size_t i = 0; i < c->count; i++) {
        if (chunks) {
            say(t, d, "%zx\r\n", strlen(c->parts[i]));
        }
        say(t, d, "%s", c->parts[i]);
        if (chunks) {
            say(t, d, "\r\n");
        }
    }
    if (chunks) {
        say(t, d, "0\r\n\r\n");
    }
}

static void plain(struct talk *t, const char *name) {
    talk_next(t, 1);
    say(t, CLIENT, "GET /%s HTTP/1.1\r\n" FIELDS "\r\n", name);
    say(t, SERVER, "HTTP/1.1 200 OK\r\nId: %s\r\nContent-Length: 2\r\n\r\nok", name);
}

static void download(struct talk *t, const struct content *c) {
    plain(t, "a1");
    talk_next(t, 1);
    say(t, CLIENT, "GET /a2 HTTP/1.1\r\n" FIELDS "\r\n");
    say(t, SERVER, "HTTP/1.1 200 OK\r\nId: a2\r\nContent-Length: %zu\r\n\r\n", content_len(c));
    say_content(t, SERVER, c, false);
    plain(t, "a3");
    plain(t, "a4");
    talk_close(t, CLIENT);
}

static void download_chunks(struct talk *t, const struct content *c) {
    plain(t, "b1");
    talk_next(t, 1);
    say(t, CLIENT, "GET /b2 HTTP/1.1\r\n" FIELDS "\r\n");
    say(t, SERVER, "HTTP/1.1 200 OK\r\nId: b2\r\nTransfer-Encoding: chunked\r\n\r\n");
    say_content(t, SERVER, c, true);
    plain(t, "b3");
    plain(t, "b4");
    talk_close(t, CLIENT);
}

static void download_until_close(struct talk *t, const struct content *c) {
    plain(t, "c1");
    talk_next(t, 1);
    say(t, CLIENT, "GET /c2 HTTP/1.1\r\n" FIELDS "\r\n");
    say(t, SERVER, "HTTP/1.1 200 OK\r\nId: c2\r\nConnection: close\r\n\r\n");
    say_content(t, SERVER, c, false);
    talk_close(t, SERVER);
}

static void upload(struct talk *t, const struct content *c) {
    plain(t, "d1");
    talk_next(t, 1);
    say(t, CLIENT, "POST /d2 HTTP/1.1\r\n" FIELDS "Content-Length: %zu\r\n\r\n", content_len(c));
    say_content(t, CLIENT, c, false);
    say(t, SERVER, "HTTP/1.1 200 OK\r\nId: d2\r\nContent-Length: 0\r\n\r\n");
    plain(t, "d3");
    plain(t, "d4");
    talk_close(t, CLIENT);
}

static void upload_chunks(struct talk *t, const struct content *c) {
    plain(t, "e1");
    talk_next(t, 1);
    say(t, CLIENT, "POST /e2 HTTP/1.1\r\n" FIELDS "Transfer-Encoding: chunked\r\n\r\n");
    say_content(t, CLIENT, c, true);
    say(t, SERVER, "HTTP/1.1 200 OK\r\nId: e2\r\nContent-Length: 0\r\n\r\n");
    plain(t, "e3");
    plain(t, "e4");
    talk_close(t, CLIENT);
}

/* The whole body goes out behind a 100, acknowledging it: its packets fit a response that was not sent. */
static void upload_expected(struct talk *t, const struct content *c) {
    talk_next(t, 1);
    say(t, CLIENT, "PUT /f1 HTTP/1.1\r\n" FIELDS "Expect: 100-continue\r\nContent-Length: %zu\r\n\r\n",
        content_len(c));
    say(t, SERVER, "HTTP/1.1 100 Continue\r\n\r\n");
    say_content(t, CLIENT, c, false);
    say(t, SERVER, "HTTP/1.1 200 OK\r\nId: f1\r\nContent-Length: 0\r\n\r\n");
    plain(t, "f2");
    plain(t, "f3");
    talk_close(t, CLIENT);
}

/* ---- trying them ---- */

struct kind {
    const char *name;
    void (*write)(struct talk *, const struct content *);
};

static const struct kind kinds[] = {
    {"download", download},
    {"download_chunks", download_chunks},
    {"download_until_close", download_until_close},
    {"upload", upload},
    {"upload_chunks", upload_chunks},
    {"upload_expected", upload_expected},
};

static bool everything;

static const int64_t pauses[] = {NS_PER_MILLISECOND, 3 * NS_PER_SECOND};

static void try_kinds(void (*holes)(struct judge *), uint32_t mss) {
    static struct talk t;
    static struct judge j;
    j = (struct judge){.runs = 0};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (size_t c = 0; c < sizeof contents / sizeof *contents; c++) {
            for (size_t p = 0; p < sizeof pauses / sizeof *pauses; p++) {
                talk_begin(&t, kinds[k].name, mss, pauses[p], false);
                t.has_decoys = true;
                kinds[k].write(&t, &contents[c]);
                j.until_ns = p ? 3 * NS_PER_SECOND : 0;
                judge_begin(&j, &t);
                holes(&j);
            }
        }
    }
    print_message("%llu holes: %llu pairs, %llu of them complete; %llu decoys told as messages, %llu "
                  "messages hidden by "
                  "them\n",
                  (unsigned long long)j.runs, (unsigned long long)j.pairs, (unsigned long long)j.complete,
                  (unsigned long long)j.decoys, (unsigned long long)j.swallowed);
}

static void every_run_of_packets(void **state) {
    (void)state;
    try_kinds(judge_ranges, 1460);
    if (everything) {
        try_kinds(judge_ranges, 50);
    }
}

static void every_two_packets(void **state) {
    (void)state;
    try_kinds(judge_pairs, 1460);
}

static void holes_of_bytes(struct judge *j) {
    static const uint32_t lengths[] = {1, 60, 7, 150};
    for (size_t i = 0; i < (everything ? 4 : 2); i++) {
        judge_bytes(j, lengths[i]);
    }
}

static void every_position(void **state) {
    (void)state;
    try_kinds(holes_of_bytes, everything ? 50 : 1460);
}

int main(int argc, char **argv) {
    everything = argc > 1 && strcmp(argv[1], "all") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_of_packets),
        cmocka_unit_test(every_two_packets),
        cmocka_unit_test(every_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
