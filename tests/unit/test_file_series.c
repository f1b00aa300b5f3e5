/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs of several files: rotated ones, and one that is opened again under its name. */
#include "capture/limits.h"
#include "output/file_series.h"
#include "output/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { ALL_BYTES = 1 << 20 };

static char directory[64];
static char message[SINK_MESSAGE_BYTES];

static void path_of(const char *name, char path[400]) {
    (void)snprintf(path, 400, "%s/%s", directory, name);
}

static int set_up(void **state) {
    (void)state;
    (void)snprintf(directory, sizeof directory, "/tmp/hark-test-series-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int is_name(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static int tear_down(void **state) {
    (void)state;
    struct dirent **names;
    int count = scandir(directory, &names, is_name, alphasort);
    for (int i = 0; i < count; i++) {
        char path[400];
        path_of(names[i]->d_name, path);
        (void)remove(path);
        free(names[i]);
    }
    free(count >= 0 ? names : NULL);
    return rmdir(directory) == 0 || count < 0 ? 0 : -1;
}

/* The names in the directory, in order, with a space behind each. */
static const char *names_there(void) {
    static char text[4096];
    size_t len = 0;
    text[0] = '\0';
    struct dirent **names;
    int count = scandir(directory, &names, is_name, alphasort);
    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%s ", names[i]->d_name);
        assert_true(len < sizeof text);
        free(names[i]);
    }
    free(names);
    return text;
}

static size_t read_file(const char *name, char *to, size_t room) {
    char path[400];
    path_of(name, path);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t len = fread(to, 1, room, file);
    (void)fclose(file);
    return len;
}

static void assert_file(const char *name, const char *text) {
    char got[256];
    size_t len = read_file(name, got, sizeof got - 1);
    got[len] = '\0';
    assert_string_equal(got, text);
}

static void make_file(const char *name, const char *text) {
    char path[400];
    path_of(name, path);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static struct sink *open_series(const char *name, uint64_t bytes, size_t keep) {
    char path[400];
    path_of(name, path);
    struct sink_rotation rotation = {.bytes = bytes, .keep = keep};
    struct sink *sink = sink_open_series(path, &rotation, message);
    assert_non_null(sink);
    return sink;
}

static void end(struct sink *sink) {
    assert_int_equal(sink_close(sink), SINK_OK);
    sink_free(sink);
}

static void write_line(struct sink *sink, const char *text) {
    assert_int_equal(sink_write(sink, slice_of(text)), SINK_OK);
}

/* The same bytes in parts of some lines each. */
static void put_in_parts(struct sink *sink, struct slice bytes) {
    struct slice parts[SINK_PARTS];
    size_t count = 0, len = bytes.len;
    while (bytes.len > 0) {
        size_t part = (size_t)(rand() % 5000);
        const uint8_t *line_end = part < bytes.len ? memchr(bytes.ptr + part, '\n', bytes.len - part) : NULL;
        bool more = line_end && count < SINK_PARTS - 1;
        parts[count] = slice_first(bytes, more ? (size_t)(line_end - bytes.ptr) + 1 : bytes.len);
        bytes = slice_after(bytes, parts[count++].len);
    }
    enum sink_status status;
    assert_int_equal(sink_put_parts(sink, parts, count, &status), len);
    assert_int_equal(status, SINK_OK);
}

/* Lines of any length, some longer than a file, given in parts as the outlet gives them: whole lines, or up
 * to the last whole block. Whatever the parts, the files are the same. */
static void write_random(struct sink *sink, const char *text, size_t len, unsigned seed, bool parts) {
    size_t start = 0, had = 0;
    srand(seed);
    while (start < len) {
        had += (size_t)(rand() % (2 * SINK_BLOCK_BYTES));
        had = had < len ? had : len;
        while (had < len && text[had - 1] != '\n') {
            had++;
        }
        size_t part = had - start;
        if (part >= SINK_BLOCK_BYTES && had < len) {
            part = sink_whole_blocks(sink, part);
        }
        struct slice bytes = slice_make((const uint8_t *)text + start, part);
        if (parts) {
            put_in_parts(sink, bytes);
        } else {
            assert_int_equal(sink_write(sink, bytes), SINK_OK);
        }
        start += part;
    }
}

static void test_files_of_whole_lines(void **state) {
    (void)state;
    char *text = malloc(ALL_BYTES), *back = malloc(ALL_BYTES);
    assert_true(text && back);
    uint64_t limits[] = {1000, 300 * 1024, 600 * 1024};
    for (unsigned round = 0; round < 9; round++) {
        uint64_t most = limits[round % 3];
        srand(round % 3);
        for (size_t at = 0, line = 0; at < ALL_BYTES; at++, line--) {
            line = line == 0 ? (size_t)(rand() % (rand() % 50 ? 300 : 3000)) + 1 : line;
            text[at] = line == 1 || at == ALL_BYTES - 1 ? '\n' : 'x';
        }
        struct sink *sink = open_series("r", most, 0);
        assert_int_equal(sink_begin(sink, 0), SINK_OK);
        write_random(sink, text, ALL_BYTES, round, round >= 6);
        assert_int_equal(sink_bytes(sink), ALL_BYTES);
        end(sink);
        size_t at = 0;
        for (unsigned number = 1; at < ALL_BYTES; number++) {
            char name[32], path[400];
            (void)snprintf(name, sizeof name, "r.%04u", number);
            size_t len = read_file(name, back, ALL_BYTES);
            assert_true(len > 0 && at + len <= ALL_BYTES);
            assert_memory_equal(back, text + at, len);
            assert_int_equal(back[len - 1], '\n');
            /* one line alone may be longer; else the next line would not have fitted */
            assert_true(len <= most || memchr(back, '\n', len) == back + len - 1);
            at += len;
            const char *next = at < ALL_BYTES ? memchr(text + at, '\n', ALL_BYTES - at) : NULL;
            assert_true(!next || len + (size_t)(next - (text + at)) + 1 > most);
            path_of(name, path);
            assert_int_equal(unlink(path), 0);
        }
        assert_string_equal(names_there(), "");
    }
    free(text);
    free(back);
}

static void test_numbers_go_on_and_the_oldest_go(void **state) {
    (void)state;
    make_file("r.0007", "of a run before\n");
    make_file("r.0009", "of a run before\n");
    make_file("r.9", "not ours\n");
    make_file("r.00010x", "not ours\n");
    make_file("r", "not ours\n");
    struct sink *sink = open_series("r", 8, 3);
    assert_int_equal(sink_begin(sink, 0), SINK_OK);
    assert_string_equal(names_there(), "r r.00010x r.0007 r.0009 r.0010 r.9 ");
    make_file("r.0011", "somebody's\n");
    write_line(sink, "one\ntwo\n");
    write_line(sink, "three\n");
    write_line(sink, "four\n");
    end(sink);
    assert_string_equal(names_there(), "r r.00010x r.0010 r.0011 r.0012 r.0013 r.9 ");
    assert_file("r.0010", "one\ntwo\n");
    assert_file("r.0011", "somebody's\n");
    assert_file("r.0012", "three\n");
    assert_file("r.0013", "four\n");
}

static void test_names_by_time(void **state) {
    (void)state;
    int64_t noon = INT64_C(1700049600) * NS_PER_SECOND; /* 2023-11-15 12:00:00 */
    struct sink *sink = open_series("%Y%m%d-%H%M.log", 0, 2);
    write_line(sink, "heading\n"); /* waits */
    assert_string_equal(names_there(), "");
    assert_int_equal(sink_begin(sink, noon), SINK_OK);
    assert_string_equal(names_there(), "20231115-1200.log ");
    write_line(sink, "one\n");
    sink_rotate(sink, noon + 60 * NS_PER_SECOND);
    sink_rotate(sink, noon + 120 * NS_PER_SECOND); /* nothing in between: no file */
    write_line(sink, "two\n");
    sink_rotate(sink, noon + 120 * NS_PER_SECOND);
    write_line(sink, "three\n");
    assert_true(sink_reopen(sink, message));
    write_line(sink, "four\n");
    end(sink);
    assert_string_equal(names_there(), "20231115-1202.log.1 20231115-1202.log.2 ");
    assert_file("20231115-1202.log.1", "three\n");
    assert_file("20231115-1202.log.2", "four\n");
}

static void test_an_empty_file_gives_way(void **state) {
    (void)state;
    for (size_t keep = 0; keep < 3; keep++) {
        struct sink *sink = open_series("%S.log", 0, keep);
        assert_int_equal(sink_begin(sink, 0), SINK_OK);
        assert_string_equal(names_there(), "00.log ");
        sink_rotate(sink, NS_PER_SECOND);
        sink_rotate(sink, 2 * NS_PER_SECOND);
        write_line(sink, "one\n");
        assert_string_equal(names_there(), "02.log ");
        sink_rotate(sink, 3 * NS_PER_SECOND);
        write_line(sink, "two\n");
        assert_string_equal(names_there(), keep == 1 ? "03.log " : "02.log 03.log ");
        end(sink);
        assert_int_equal(tear_down(state), 0);
        assert_int_equal(mkdir(directory, 0700), 0);
    }
}

static void test_a_series_without_lines_has_no_file(void **state) {
    (void)state;
    struct sink *sink = open_series("r", 100, 0);
    end(sink);
    assert_string_equal(names_there(), "");
}

static void test_no_next_file(void **state) {
    (void)state;
    struct sink *sink = open_series("r", 4, 0);
    assert_int_equal(sink_begin(sink, 0), SINK_OK);
    char path[400], other[80];
    path_of("r.0001", path);
    (void)snprintf(other, sizeof other, "%s-old", directory);
    write_line(sink, "one\n");
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(rmdir(directory), 0);
    write_line(sink, "two\n");
    assert_true(sink_has_trouble(sink));
    write_line(sink, "three\n");
    assert_true(sink_trouble(sink, message));
    assert_non_null(strstr(message, "r.0001: No such file"));
    assert_false(sink_trouble(sink, message));
    write_line(sink, "four\n");
    assert_false(sink_trouble(sink, message)); /* once */
    end(sink);
    assert_int_equal(mkdir(directory, 0700), 0);
    assert_int_equal(rename(other, path), 0);
    assert_file("r.0001", "one\ntwo\nthree\nfour\n");
}

static void test_opened_again(void **state) {
    (void)state;
    char path[400], old[400];
    path_of("records", path);
    path_of("records.1", old);
    struct sink *sink = sink_open(path, message);
    assert_non_null(sink);
    assert_true(sink_directory(sink) >= 0);
    write_line(sink, "one\n");
    assert_true(sink_reopen(sink, message)); /* it has kept its name */
    write_line(sink, "two\n");
    assert_int_equal(rename(path, old), 0);
    write_line(sink, "three\n"); /* goes where the file went */
    assert_true(sink_reopen(sink, message));
    write_line(sink, "four\n");
    assert_int_equal(rename(path, old), 0);
    make_file("records", "five\n"); /* logrotate's `create` */
    assert_true(sink_reopen(sink, message));
    write_line(sink, "six\n");
    assert_file("records.1", "four\n");
    assert_file("records", "five\nsix\n");
    make_file("records", ""); /* `copytruncate` */
    assert_true(sink_reopen(sink, message));
    write_line(sink, "seven\n");
    assert_file("records", "seven\n");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(sink_reopen(sink, message));
    assert_non_null(strstr(message, "records: Is a directory"));
    assert_int_equal(sink_write(sink, slice_of("to the old one\n")), SINK_OK);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(sink_reopen(sink, message)); /* and does not wait for a reader */
    end(sink);
}

static void test_what_is_no_file_stays(void **state) {
    (void)state;
    struct sink *sink = sink_open("/dev/null", message);
    assert_non_null(sink);
    assert_true(sink_reopen(sink, message));
    write_line(sink, "gone\n");
    end(sink);
    sink = sink_open(NULL, message);
    assert_non_null(sink);
    assert_int_equal(sink_directory(sink), -1);
    assert_true(sink_reopen(sink, message));
    assert_int_equal(sink_begin(sink, 0), SINK_OK);
    sink_free(sink);
}

static void test_a_series_that_cannot_be(void **state) {
    (void)state;
    char path[400];
    struct sink_rotation rotation = {.bytes = 100};
    path_of("missing/r", path);
    assert_null(sink_open_series(path, &rotation, message));
    assert_non_null(strstr(message, "create the directory first"));
    path_of("", path);
    assert_null(sink_open_series(path, &rotation, message));
    assert_non_null(strstr(message, "name a file"));
    char name[260];
    memset(name, 'n', sizeof name);
    name[254] = '\0';
    path_of(name, path);
    assert_null(sink_open_series(path, &rotation, message));
    assert_non_null(strstr(message, "shorter name"));
    path_of("%A%%%e-%D", path); /* gives a slash */
    struct sink *sink = sink_open_series(path, &rotation, message);
    assert_non_null(sink);
    assert_int_equal(sink_begin(sink, 0), SINK_FAILED);
    assert_non_null(strstr(sink_message(sink), "can't write to"));
    sink_free(sink);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_files_of_whole_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_numbers_go_on_and_the_oldest_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_by_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_empty_file_gives_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_series_without_lines_has_no_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_next_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_opened_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_file_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_series_that_cannot_be, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
