/* SPDX-License-Identifier: Apache-2.0 */
/* NUL, control bytes and bytes beyond ASCII at every position of an exchange: what is reported does not
 * depend on how the bytes are cut, records stay valid and give every byte back, and the next exchange is
 * found. */
#include "output/record.h"

#include "lone_conn.h"
#include <json-c/json.h>

enum { ROOM = 1 << 16, TURNS = 4, BYTES = 35 };

/* The first two turns get the odd byte; the client waits for each answer. */
static const char *const turns[TURNS] = {
    "POST /one?q=1 HTTP/1.1\r\nHost: one.example\r\nX-Field: some value\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;n=v\r\nabcde\r\n0\r\nX-Trailer: end\r\n\r\n",
    "HTTP/1.1 200 All right\r\nServer: some\r\nX-Field: some value\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;n=v\r\nabcde\r\n0\r\nX-Trailer: end\r\n\r\n",
    "GET /two HTTP/1.1\r\nHost: one.example\r\nUser-Agent: next\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
};

static uint8_t odd_byte(unsigned index) {
    return index < 0x20 ? (uint8_t)index : ((const uint8_t[]){0x7f, 0x80, 0xff})[index - 0x20];
}

struct bench {
    struct lone_conn lone;
    struct record_writer *writer;
    struct buf line;
    char told[ROOM]; /* what is invariant of each record, a line each */
    size_t told_len;
    bool next_found;
    bool ambiguous; /* a record says so */
    bool searched;  /* something could not be read, or an end was guessed */
};

static const char *file_name(void *context, uint32_t file) {
    (void)context;
    (void)file;
    return "odd.pcap";
}

static int base64_digit(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) : -1;
}

static size_t base64_decode(const char *text, uint8_t *out) {
    size_t len = 0;
    uint32_t bits = 0;
    unsigned count = 0;
    for (; *text && *text != '='; text++) {
        int digit = base64_digit(*text);
        assert_true(digit >= 0);
        bits = (bits << 6 | (uint32_t)digit) & 0xffffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[len++] = (uint8_t)(bits >> count);
        }
    }
    return len;
}

/* The text at `key`, or what stands beside it in base64, is these bytes. */
static void assert_bytes(struct json_object *object, const char *key, const char *raw_key,
                         struct slice bytes) {
    struct json_object *raw, *text;
    uint8_t decoded[ROOM];
    if (json_object_object_get_ex(object, raw_key, &raw)) {
        size_t len = base64_decode(json_object_get_string(raw), decoded);
        assert_true(slice_equal(slice_make(decoded, len), bytes));
        return;
    }
    assert_true(json_object_object_get_ex(object, key, &text));
    struct slice plain = slice_make(json_object_get_string(text), (size_t)json_object_get_string_len(text));
    assert_true(slice_equal(plain, bytes));
}

static void assert_fields(struct json_object *message, const char *key, const struct header_list *list) {
    struct json_object *fields = NULL;
    if (!json_object_object_get_ex(message, key, &fields)) {
        assert_int_equal(list->count, 0);
        return;
    }
    assert_int_equal(json_object_array_length(fields), list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        struct json_object *field = json_object_array_get_idx(fields, i);
        assert_bytes(field, "name", "name_raw", list->items[i].name);
        assert_bytes(field, "value", "raw", list->items[i].value);
    }
}

static void assert_recoverable(struct json_object *record, const struct transaction *t) {
    struct json_object *http, *message;
    assert_true(json_object_object_get_ex(record, "http", &http));
    if (t->request.seen) {
        assert_true(json_object_object_get_ex(http, "request", &message));
        assert_bytes(message, "method", "method_raw", t->request.line[0]);
        assert_bytes(message, "target", "target_raw", t->request.line[1]);
        assert_fields(message, "headers", &t->request.headers);
        assert_fields(message, "trailers", &t->request.trailers);
    }
    if (t->response.seen) {
        assert_true(json_object_object_get_ex(http, "response", &message));
        assert_bytes(message, "reason", "reason_raw", t->response.line[2]);
        assert_fields(message, "headers", &t->response.headers);
        assert_fields(message, "trailers", &t->response.trailers);
    }
}

static void tell(struct bench *b, struct json_object *record, const char *key) {
    struct json_object *value;
    if (json_object_object_get_ex(record, key, &value)) {
        const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
        int len = snprintf(b->told + b->told_len, sizeof b->told - b->told_len, "%s %s\n", key, text);
        assert_true(len > 0 && (size_t)len < sizeof b->told - b->told_len);
        b->told_len += (size_t)len;
    }
}

static void on_finished(void *context, const struct transaction *t) {
    struct bench *b = context;
    buf_clear(&b->line);
    assert_true(record_write(b->writer, t, &b->line));
    struct json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *record =
        json_tokener_parse_ex(tokener, (const char *)b->line.ptr, (int)b->line.len - 1);
    json_tokener_free(tokener);
    assert_non_null(record);
    for (size_t i = 0; i + 1 < b->line.len; i++) { /* no byte that a terminal or a line reader acts on */
        assert_true(b->line.ptr[i] >= 0x20 && b->line.ptr[i] != 0x7f);
    }
    if (t->type != TRANSACTION_SURPLUS) {
        assert_recoverable(record, t);
    }
    static const char *const invariant[] = {"hark", "url", "http", "user_agent", "pairing", "notes"};
    for (size_t i = 0; i < sizeof invariant / sizeof *invariant; i++) {
        tell(b, record, invariant[i]);
    }
    b->next_found = b->next_found || (t->type == TRANSACTION_PAIR && slice_is(t->request.line[1], "/two") &&
                                      t->response.body_bytes == 2 && transaction_is_complete(t));
    b->ambiguous = b->ambiguous || notes_has(&t->notes, NOTE_FRAMING_AMBIGUOUS);
    b->searched = b->searched || t->request.resynchronised || t->response.resynchronised ||
                  t->reason == PAIRING_UNREADABLE || notes_has(&t->notes, NOTE_BODY_SYNTAX) ||
                  notes_has(&t->notes, NOTE_BODY_END_GUESSED);
    /* Never a wrong pair: the second answer alone has this reason. (A request line that is cut in two may be
     * two requests.) */
    bool first = slice_starts_with(t->request.line[1], "/one");
    bool second = slice_is(t->request.line[1], "/two");
    if (t->type == TRANSACTION_PAIR && (first || second)) {
        assert_int_equal(second, slice_is(t->response.line[2], "OK"));
    }
    json_object_put(record);
}

static void bench_init(struct bench *b) {
    *b = (struct bench){.told_len = 0};
    const struct record_options options = {
        .format = RECORD_NDJSON, .record_bytes = ROOM, .file_name = file_name};
    b->writer = record_writer_new(&options);
    assert_non_null(b->writer);
    buf_init(&b->line, ROOM);
    const struct transaction_observer observer = {.context = b, .finished = on_finished};
    lone_conn_init(&b->lone, &observer);
}

static void bench_fini(struct bench *b) {
    lone_conn_fini(&b->lone);
    buf_fini(&b->line);
    record_writer_free(b->writer);
}

/* One segment. What of it waits for something that can't come any more is given again. */
static void give(struct bench *b, enum direction direction, struct slice bytes) {
    uint64_t heard = lone_conn_at(&b->lone, direction_other(direction));
    size_t taken = lone_conn_offer(&b->lone, direction, bytes, heard, false);
    if (taken < bytes.len) {
        b->lone.ordinal--;
        (void)lone_conn_offer(&b->lone, direction, slice_after(bytes, taken), heard, true);
    }
}

/* The conversation with `byte` put into turn `turn` at `at`, in pieces of at most `piece` bytes. */
static void converse(struct bench *b, size_t turn, size_t at, uint8_t byte, size_t piece) {
    b->told_len = 0;
    b->told[0] = '\0';
    b->next_found = b->ambiguous = b->searched = false;
    lone_conn_open(&b->lone);
    for (size_t i = 0; i < TURNS; i++) {
        uint8_t bytes[512];
        size_t len = strlen(turns[i]);
        memcpy(bytes, turns[i], len);
        if (i == turn) {
            memmove(bytes + at + 1, bytes + at, len - at);
            bytes[at] = byte;
            len++;
        }
        for (size_t from = 0; from < len; from += piece) {
            give(b, i % 2 ? SERVER : CLIENT,
                 slice_make(bytes + from, len - from < piece ? len - from : piece));
        }
    }
    lone_conn_close(&b->lone, CLIENT, END_FIN);
}

/* May the odd byte make the message swallow what follows it? It may take away the empty line at its end, make
 * one, hide a field in a fold, cut Transfer-Encoding in two, cut a chunk-size line so that data is read as
 * the next one, or leave a framing that is ambiguous, which is noted. */
static bool may_swallow_the_next(const struct bench *b, size_t turn, size_t at, uint8_t byte) {
    const char *text = turns[turn];
    size_t len = strlen(text);
    size_t field = (size_t)(strstr(text, "Transfer-Encoding") - text);
    size_t chunk = (size_t)(strstr(text, "5;n=v") - text);
    bool at_line_end = at < len && (text[at] == '\r' || text[at] == '\n' || (at > 0 && text[at - 1] == '\n'));
    bool folds = byte == '\t' && at > 0 && text[at - 1] == '\n';
    bool cuts_target = turn == 0 && byte == '\n' && text + at < strchr(text, '\n'); /* two requests */
    return at >= len - 2 || b->ambiguous || folds || cuts_target ||
           (byte == '\n' && (at_line_end || (at > field && at < chunk + 7)));
}

/* Behind an unreadable stretch messages are searched for, and what a search proves depends on the segments.
 */
static void assert_same(const char *whole, const char *pieces, bool searched) {
    if (!searched && strcmp(whole, pieces) != 0) {
        print_error("whole:\n%s\nin pieces:\n", whole);
        print_error("%s\n", pieces);
        fail();
    }
}

static void check_turn(size_t turn) {
    static char whole[ROOM];
    struct bench b;
    bench_init(&b);
    for (size_t at = 0; at <= strlen(turns[turn]); at++) {
        for (unsigned i = 0; i < BYTES; i++) {
            uint8_t byte = odd_byte(i);
            converse(&b, turn, at, byte, 512);
            if (!b.next_found && !may_swallow_the_next(&b, turn, at, byte)) {
                print_error("turn %zu: %02x at %zu: the next exchange is not found:\n%s\n", turn, byte, at,
                            b.told);
                fail();
            }
            memcpy(whole, b.told, b.told_len + 1);
            bool searched = b.searched;
            converse(&b, turn, at, byte, 1);
            assert_same(whole, b.told, searched || b.searched);
        }
    }
    bench_fini(&b);
}

static void in_requests(void **state) {
    (void)state;
    check_turn(0);
}

static void in_responses(void **state) {
    (void)state;
    check_turn(1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_requests),
        cmocka_unit_test(in_responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
