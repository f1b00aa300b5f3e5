/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that are no message, where one was to begin: a record of their own tells of them, whatever comes
 * behind them and however they are cut. */
#include "lone_conn.h"

#define CRLF "\r\n"

enum { MOST_BYTES = 2048, MOST_TOLD = 16 };

struct told {
    uint8_t id[16];
    char name[32];
};

struct bench {
    struct lone_conn lone;
    uint64_t frame_of[2][MOST_BYTES]; /* of each byte */
    struct told told[MOST_TOLD];
    size_t told_count;
    char log[1024];
};

static void say(struct bench *b, const char *text) {
    size_t len = strlen(b->log);
    assert_true(len + strlen(text) < sizeof b->log);
    (void)snprintf(b->log + len, sizeof b->log - len, "%s", text);
}

static const char *name_of(const struct bench *b, const uint8_t id[16]) {
    for (size_t i = 0; i < b->told_count; i++) {
        if (memcmp(b->told[i].id, id, sizeof b->told[i].id) == 0) {
            return b->told[i].name;
        }
    }
    return "?";
}

static void tell_surplus(struct bench *b, const struct transaction *t) {
    enum direction from = t->request.seen ? CLIENT : SERVER;
    const struct http_message *m = t->request.seen ? &t->request : &t->response;
    char text[160];
    (void)snprintf(text, sizeof text, "%s %llu behind %s:", from == CLIENT ? "client" : "server",
                   (unsigned long long)(m->end_offset - m->offset),
                   t->has_parent ? name_of(b, t->parent_id) : "something");
    say(b, text);
    for (int id = 0; id < NOTE_IDS; id++) {
        if (notes_has(&t->notes, (enum note_id)id)) {
            say(b, " ");
            say(b, note_info((enum note_id)id)->name);
        }
    }
    say(b, "\n");
    assert_true(m->end_offset > m->offset);
    assert_int_equal(m->first.number, b->frame_of[from][m->offset - BASE]);
    assert_int_equal(m->last.number, b->frame_of[from][m->end_offset - 1 - BASE]);
}

static void on_finished(void *context, const struct transaction *t) {
    struct bench *b = context;
    if (t->type == TRANSACTION_SURPLUS) {
        tell_surplus(b, t);
        return;
    }
    assert_true(b->told_count < MOST_TOLD);
    struct told *told = &b->told[b->told_count++];
    memcpy(told->id, t->id, sizeof told->id);
    struct slice method = t->request.seen ? t->request.line[0] : slice_of("-");
    struct slice target = t->request.seen ? t->request.line[1] : slice_of("-");
    (void)snprintf(told->name, sizeof told->name, "%.*s %.*s %u", (int)method.len, (const char *)method.ptr,
                   (int)target.len, (const char *)target.ptr, t->response.status);
    say(b, told->name);
    say(b, notes_has(&t->notes, NOTE_SURPLUS_BYTES) ? " surplus\n" : "\n");
}

static void setup(struct bench *b) {
    *b = (struct bench){.told_count = 0};
    const struct transaction_observer observer = {.context = b, .finished = on_finished};
    lone_conn_init(&b->lone, &observer);
    lone_conn_open(&b->lone);
}

static void give(struct bench *b, enum direction direction, struct slice rest, size_t most) {
    while (rest.len) {
        struct slice piece = slice_first(rest, rest.len < most ? rest.len : most);
        uint64_t at = lone_conn_at(&b->lone, direction) - BASE;
        assert_true(at + piece.len <= MOST_BYTES);
        for (size_t i = 0; i < piece.len; i++) {
            b->frame_of[direction][at + i] = b->lone.ordinal + 1;
        }
        lone_conn_give(&b->lone, direction, piece, piece.len);
        rest = slice_after(rest, piece.len);
    }
}

/* What client and server say in turn, up to NULL. A number in the place of words is so many bytes lost. */
static void converse(struct bench *b, const char *const *speech, size_t most, enum end_reason reason) {
    setup(b);
    for (unsigned i = 0; speech[i]; i++) {
        enum direction direction = i % 2 ? SERVER : CLIENT;
        if (speech[i][0] >= '1' && speech[i][0] <= '9') {
            lone_conn_lose(&b->lone, direction, strtoull(speech[i], NULL, 10), GAP_ACKNOWLEDGED);
        } else {
            give(b, direction, slice_of(speech[i]), most);
        }
    }
    b->lone.connection.reset_ns = reason == END_RST ? 1 : 0;
    lone_conn_close(&b->lone, SERVER, reason);
    const struct http_counts counts = lone_conn_counts(&b->lone);
    assert_int_equal(counts.open_now, 0);
    size_t lines = 0;
    for (const char *at = b->log; (at = strstr(at, " behind ")); at++) {
        lines++;
    }
    assert_int_equal(counts.surplus, lines);
    lone_conn_fini(&b->lone);
}

static void check(const char *expected, enum end_reason reason, const char *const *speech) {
    static const size_t sizes[] = {SIZE_MAX, 1, 2, 3, 5, 7, 11, 16, 64};
    static struct bench b;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        converse(&b, speech, sizes[i], reason);
        if (strcmp(b.log, expected) != 0) {
            print_error("in pieces of %zu, end %s:\n%s%s\ninstead of\n%s\nthis:\n%s\n", sizes[i],
                        end_reason_name(reason), speech[0], speech[1] ? speech[1] : "", expected, b.log);
            fail();
        }
    }
}
#define CHECK(expected, reason, ...) check(expected, reason, (const char *const[]){__VA_ARGS__, NULL})

#define ASK(method, target) method " " target " HTTP/1.1" CRLF "Host: a" CRLF CRLF
#define ANSWER(status)      "HTTP/1.1 " status CRLF "Content-Length: 0" CRLF CRLF

/* A response behind which `surplus` bytes stand that are none of its own. */
struct excess {
    const char *request, *response, *name;
};
static const struct excess EXCESS[] = {
    {ASK("HEAD", "/h"), "HTTP/1.1 200 OK" CRLF "Content-Length: 9" CRLF CRLF "<p>no</p>", "HEAD /h 200"},
    {ASK("HEAD", "/h"), "HTTP/1.1 200 OK" CRLF CRLF "<p>no</p>", "HEAD /h 200"},
    {ASK("HEAD", "/h"), "HTTP/1.1 404 No" CRLF "Transfer-Encoding: chunked" CRLF CRLF "4" CRLF "none",
     "HEAD /h 404"},
    {ASK("GET", "/n"), "HTTP/1.1 204 None" CRLF CRLF "<p>no</p>", "GET /n 204"},
    {ASK("GET", "/n"), "HTTP/1.1 204 None" CRLF "Content-Length: 9" CRLF CRLF "<p>no</p>", "GET /n 204"},
    {ASK("GET", "/m"), "HTTP/1.1 304 Same" CRLF "Content-Length: 9" CRLF CRLF "<p>no</p>", "GET /m 304"},
    {ASK("GET", "/l"), "HTTP/1.1 200 OK" CRLF "Content-Length: 1" CRLF CRLF "x<p>no</p>", "GET /l 200"},
    {ASK("GET", "/0"), ANSWER("200 OK") "<p>no</p>", "GET /0 200"},
    {ASK("GET", "/c"),
     "HTTP/1.1 200 OK" CRLF "Transfer-Encoding: chunked" CRLF CRLF "0" CRLF CRLF "<p>no</p>", "GET /c 200"},
};
#define EACH_EXCESS(e) (const struct excess *e = EXCESS; e < EXCESS + sizeof EXCESS / sizeof *EXCESS; e++)

static void nothing_follows(void **state) {
    (void)state;
    static const enum end_reason reasons[] = {END_FIN,     END_RST,    END_IDLE,
                                              END_EVICTED, END_REUSED, END_CAPTURE};
    for
        EACH_EXCESS(e) {
            for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
                char expected[128];
                (void)snprintf(expected, sizeof expected, "%s\nserver %s behind %s: surplus_bytes\n", e->name,
                               strstr(e->response, "none") ? "7" : "9", e->name);
                CHECK(expected, reasons[i], e->request, e->response);
            }
        }
}

static void the_client_goes_on(void **state) {
    (void)state;
    for
        EACH_EXCESS(e) {
            char expected[128];
            (void)snprintf(expected, sizeof expected, "%s\nserver %s behind %s: surplus_bytes\nGET /2 0\n",
                           e->name, strstr(e->response, "none") ? "7" : "9", e->name);
            CHECK(expected, END_FIN, e->request, e->response, ASK("GET", "/2"));
        }
}

static void a_message_follows(void **state) {
    (void)state;
    for
        EACH_EXCESS(e) {
            char expected[128];
            (void)snprintf(expected, sizeof expected, "%s\nserver %s behind %s: surplus_bytes\nGET /2 200\n",
                           e->name, strstr(e->response, "none") ? "7" : "9", e->name);
            CHECK(expected, END_RST, e->request, e->response, ASK("GET", "/2"), ANSWER("200 OK"));
        }
}

/* In the same segment, too. */
static void a_pipelined_message_follows(void **state) {
    (void)state;
    CHECK("HEAD /h 200\nserver 9 behind HEAD /h 200: surplus_bytes\n- - 200\nGET /2 0\n", END_FIN,
          ASK("HEAD", "/h") ASK("GET", "/2"), ANSWER("200 OK") "<p>no</p>" ANSWER("200 OK"));
}

static void bytes_behind_an_interim_response(void **state) {
    (void)state;
    CHECK("server 3 behind ?: surplus_bytes\n- - 200\nGET /1 0\n", END_FIN, ASK("GET", "/1"),
          "HTTP/1.1 103 Hints" CRLF "Content-Length: 3" CRLF CRLF "abc" ANSWER("200 OK"));
}

static void bytes_behind_a_request(void **state) {
    (void)state;
    CHECK("POST /1 200\nclient 4 behind POST /1 200: surplus_bytes\n", END_FIN, ASK("POST", "/1") "a=b&",
          ANSWER("200 OK"));
    CHECK("POST /1 200\nclient 4 behind POST /1 200: surplus_bytes\nGET /2 200\n", END_FIN,
          ASK("POST", "/1") "a=b&", ANSWER("200 OK"), ASK("GET", "/2"), ANSWER("200 OK"));
}

static void bytes_behind_an_orphan_response(void **state) {
    (void)state;
    CHECK("GET /1 200\n- - 200\nserver 5 behind - - 200: surplus_bytes\n", END_FIN, ASK("GET", "/1"),
          ANSWER("200 OK") ANSWER("200 OK") "<br/>");
}

/* Nobody knows what it answers: to HEAD, it has no content, and bytes of the next answer are none too many.
 */
static void bytes_behind_an_answer_whose_request_is_lost(void **state) {
    (void)state;
    CHECK("- - 200\n", END_FIN, "", "HTTP/1.1 200 OK" CRLF "Content-Length: 20" CRLF CRLF ANSWER("200 OK"));
}

/* The same where the request may still come: the answer acknowledges more than was captured of the client. */
static void bytes_behind_an_answer_whose_request_is_late(void **state) {
    (void)state;
    static struct bench b;
    setup(&b);
    give(&b, CLIENT, slice_of(ASK("GET", "/1")), SIZE_MAX);
    give(&b, SERVER, slice_of(ANSWER("200 OK")), SIZE_MAX);
    static const char *const rest[] = {"HTTP/1.1 200 OK" CRLF "Content-Length: 4" CRLF CRLF "more",
                                       "<p>of the next answer</p>"};
    for (size_t i = 0; i < 2; i++) {
        (void)lone_conn_offer(&b.lone, SERVER, slice_of(rest[i]), lone_conn_at(&b.lone, CLIENT) + 50, true);
    }
    lone_conn_close(&b.lone, SERVER, END_FIN);
    assert_string_equal(b.log, "GET /1 200\n- - 200\n");
    lone_conn_fini(&b.lone);
}

/* A loss ends what can be said. */
static void bytes_before_a_loss(void **state) {
    (void)state;
    CHECK("HEAD /h 200\nserver 4 behind HEAD /h 200: surplus_bytes\n", END_FIN, ASK("HEAD", "/h"),
          ANSWER("200 OK") "<p>x", "", "100", "", "more");
}

static void empty_lines_and_strays(void **state) {
    (void)state;
    CHECK("GET /1 200\nserver 2 behind GET /1 200: empty_lines\n", END_FIN, ASK("GET", "/1"),
          ANSWER("200 OK") CRLF);
    CHECK("GET /1 200\nserver 2 behind GET /1 200: empty_lines\n", END_CAPTURE, ASK("GET", "/1"),
          ANSWER("200 OK") CRLF);
    CHECK("POST /1 200\nclient 2 behind POST /1 200: empty_lines\n", END_FIN, ASK("POST", "/1") CRLF,
          ANSWER("200 OK"));
    CHECK("GET /1 200\nserver 3 behind GET /1 200: surplus_bytes\n", END_FIN, ASK("GET", "/1"),
          ANSWER("200 OK") "\n \n");
    CHECK("GET /1 200\nserver 1 behind GET /1 200: surplus_bytes\n", END_FIN, ASK("GET", "/1"),
          ANSWER("200 OK") "\r");
    /* before a message they are its own, as ever */
    CHECK("GET /1 200\nGET /2 200\n", END_FIN, ASK("GET", "/1"), ANSWER("200 OK") CRLF, ASK("GET", "/2"),
          ANSWER("200 OK"));
}

/* Nobody will finish it; cut otherwise, it may have gone on. */
static void an_unfinished_start_line(void **state) {
    (void)state;
    CHECK("GET /1 200\nserver 7 behind GET /1 200: surplus_bytes\n", END_FIN, ASK("GET", "/1"),
          ANSWER("200 OK") "HTTP/1.");
    CHECK("GET /1 200\n", END_RST, ASK("GET", "/1"), ANSWER("200 OK") "HTTP/1.");
    CHECK("GET /1 200\n", END_CAPTURE, ASK("GET", "/1"), ANSWER("200 OK") "HTTP/1.");
}

/* What looks like a message of the other side, or like the front of one, is content. */
static void what_looks_like_a_message(void **state) {
    (void)state;
    CHECK("HEAD /h 200\nserver 35 behind HEAD /h 200: surplus_bytes\n", END_FIN, ASK("HEAD", "/h"),
          ANSWER("200 OK") "<p>" CRLF "GET / HTTP/1.1" CRLF "Host: b" CRLF CRLF "<p>");
    CHECK("HEAD /h 200\nserver 22 behind HEAD /h 200: surplus_bytes\n", END_FIN, ASK("HEAD", "/h"),
          ANSWER("200 OK") "<p>" CRLF "HTTP/1.1 200 OK" CRLF);
}

/* Whether it opened a tunnel is not known. */
static void an_answer_to_connect_was_lost(void **state) {
    (void)state;
    CHECK("CONNECT a:1 0\n", END_FIN, ASK("CONNECT", "a:1"), "20", "\x16\x03\x01 hello",
          "\x16\x03\x01 hello");
    CHECK("CONNECT a:1 200\n", END_FIN, ASK("CONNECT", "a:1"), "HTTP/1.1 200 OK" CRLF "X", "", "20",
          "\x16\x03\x01 hello", "\x16\x03\x01 hello");
}

/* Behind a loss a message may be part of a body, and what is behind it the rest. An exact fit settles it. */
static void bytes_behind_a_search(void **state) {
    (void)state;
    CHECK("GET /1 200\n- - 200\n", END_FIN, ASK("GET", "/1"), ANSWER("200 OK"), "", "50", "",
          ANSWER("200 OK") "<p>");
    CHECK("GET /1 200\n- - 200\nHEAD /2 200\nserver 3 behind HEAD /2 200: surplus_bytes\n", END_FIN,
          ASK("GET", "/1"), ANSWER("200 OK"), "", "50", "", ANSWER("200 OK"), ASK("HEAD", "/2"),
          ANSWER("200 OK") "<p>");
}

/* An answer that can't be read is no surplus. */
static void nothing_stands_before(void **state) {
    (void)state;
    CHECK("GET /1 0\n", END_FIN, ASK("GET", "/1"), "SSH-2.0-x" CRLF);
    CHECK("GET /1 0\n", END_FIN, ASK("GET", "/1"), CRLF);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_follows),
        cmocka_unit_test(the_client_goes_on),
        cmocka_unit_test(a_message_follows),
        cmocka_unit_test(a_pipelined_message_follows),
        cmocka_unit_test(bytes_behind_an_interim_response),
        cmocka_unit_test(bytes_behind_a_request),
        cmocka_unit_test(bytes_behind_an_orphan_response),
        cmocka_unit_test(bytes_behind_an_answer_whose_request_is_lost),
        cmocka_unit_test(bytes_behind_an_answer_whose_request_is_late),
        cmocka_unit_test(bytes_before_a_loss),
        cmocka_unit_test(empty_lines_and_strays),
        cmocka_unit_test(an_unfinished_start_line),
        cmocka_unit_test(what_looks_like_a_message),
        cmocka_unit_test(an_answer_to_connect_was_lost),
        cmocka_unit_test(bytes_behind_a_search),
        cmocka_unit_test(nothing_stands_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
