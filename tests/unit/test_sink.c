/* SPDX-License-Identifier: Apache-2.0 */
/* Where records go, and what happens when they can't. */
#include "output/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/hark-test-sink-XXXXXX";
static char path[sizeof directory + 32];

static int set_up(void **state) {
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    if (!mkdtemp(directory)) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/records", directory);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    (void)unlink(path);
    return rmdir(directory);
}

static size_t read_back(char *text, size_t room) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t len = read(fd, text, room);
    assert_true(len >= 0);
    assert_int_equal(close(fd), 0);
    return (size_t)len;
}

enum { SHARED_THREADS = 4, SHARED_LINES = 2000, SHARED_LINE = 99 };

struct shared_writer {
    struct sink *sink;
    char letter;
    uint64_t out;
};

static void *write_lines(void *context) {
    struct shared_writer *writer = context;
    char line[SHARED_LINE];
    memset(line, writer->letter, sizeof line);
    line[SHARED_LINE - 1] = '\n';
    for (int i = 0; i < SHARED_LINES; i++) {
        enum sink_status status;
        writer->out += sink_put(writer->sink, slice_make(line, sizeof line), &status);
        if (status != SINK_OK) {
            break;
        }
    }
    return NULL;
}

/* Threads write at once: each line is whole, and each thread knows what of its own went out. */
static void test_a_shared_sink(void **state) {
    (void)state;
    char message[SINK_MESSAGE_BYTES];
    struct sink *sink = sink_open(path, message);
    assert_non_null(sink);
    sink_share(sink);
    assert_false(sink_is_regular(sink));
    assert_int_equal(sink_whole_blocks(sink, SINK_BLOCK_BYTES + 5), SINK_BLOCK_BYTES + 5);
    struct shared_writer writers[SHARED_THREADS];
    pthread_t threads[SHARED_THREADS];
    for (int i = 0; i < SHARED_THREADS; i++) {
        writers[i] = (struct shared_writer){.sink = sink, .letter = (char)('a' + i)};
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &writers[i]), 0);
    }
    for (int i = 0; i < SHARED_THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(writers[i].out, SHARED_LINES * SHARED_LINE);
    }
    assert_int_equal(sink_bytes(sink), SHARED_THREADS * SHARED_LINES * SHARED_LINE);
    assert_int_equal(sink_close(sink), SINK_OK);
    sink_free(sink);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char line[SHARED_LINE + 2];
    int lines = 0;
    for (; fgets(line, sizeof line, file); lines++) {
        assert_int_equal(strlen(line), SHARED_LINE);
        assert_int_equal(strspn(line, (char[]){line[0], '\0'}), SHARED_LINE - 1);
    }
    assert_int_equal(lines, SHARED_THREADS * SHARED_LINES);
    (void)fclose(file);
}

static void test_a_file_is_overwritten(void **state) {
    (void)state;
    char message[SINK_MESSAGE_BYTES], text[64];
    for (int round = 0; round < 2; round++) {
        struct sink *sink = sink_open(path, message);
        assert_non_null(sink);
        assert_false(sink_is_terminal(sink));
        assert_int_equal(sink_write(sink, slice_of(round ? "two\n" : "first line\n")), SINK_OK);
        assert_int_equal(sink_write(sink, slice_of("")), SINK_OK);
        assert_int_equal(sink_write(sink, slice_of("end\n")), SINK_OK);
        assert_int_equal(sink_bytes(sink), round ? 8 : 15);
        assert_int_equal(sink_close(sink), SINK_OK);
        assert_int_equal(sink_close(sink), SINK_OK);
        sink_free(sink);
    }
    struct stat file;
    assert_int_equal(stat(path, &file), 0);
    assert_true(file.st_blocks * 512 < 1024 * 1024); /* what was set aside went back */
    size_t len = read_back(text, sizeof text);
    assert_int_equal(len, 8);
    assert_memory_equal(text, "two\nend\n", 8);
}

static void test_what_cannot_be_opened(void **state) {
    (void)state;
    char message[SINK_MESSAGE_BYTES], missing[sizeof directory + 32];
    (void)snprintf(missing, sizeof missing, "%s/no/file", directory);
    assert_null(sink_open(missing, message));
    assert_non_null(strstr(message, missing));
    assert_non_null(strstr(message, "No such file"));
    assert_null(strchr(message, '\n'));
    assert_null(sink_open(directory, message));
    assert_non_null(strstr(message, "directory"));
    assert_null(sink_open("", message));
    assert_true(strlen(message) > 0);
    sink_free(NULL);
}

static void test_a_full_disk(void **state) {
    (void)state;
    char message[SINK_MESSAGE_BYTES];
    struct sink *sink = sink_open("/dev/full", message);
    assert_non_null(sink);
    assert_int_equal(sink_write(sink, slice_of("line\n")), SINK_FAILED);
    assert_non_null(strstr(sink_message(sink), "/dev/full"));
    assert_non_null(strstr(sink_message(sink), "No space left"));
    assert_int_equal(sink_write(sink, slice_of("line\n")), SINK_FAILED);
    assert_int_equal(sink_bytes(sink), 0);
    assert_int_equal(sink_close(sink), SINK_FAILED);
    sink_free(sink);
}

/* The file size limit allows a part of the write: what follows is refused, what was written stays. */
static void test_a_short_write(void **state) {
    (void)state;
    char message[SINK_MESSAGE_BYTES], text[64];
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct sink *sink = sink_open(path, message);
    assert_non_null(sink);
    small = before;
    small.rlim_cur = 10;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum sink_status status = sink_write(sink, slice_of("twelve bytes"));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, SINK_FAILED);
    assert_int_equal(sink_bytes(sink), 10);
    assert_non_null(strstr(sink_message(sink), "after 10 bytes"));
    sink_free(sink);
    assert_int_equal(read_back(text, sizeof text), 10);
}

/* Parts, one of them empty, of which the limit cuts the last but one. */
static void test_parts(void **state) {
    (void)state;
    const struct slice parts[] = {slice_of("one\n"), slice_of(""), slice_of("two\n"), slice_of("three\n"),
                                  slice_of("four\n")};
    char message[SINK_MESSAGE_BYTES], text[64];
    struct rlimit before, small;
    enum sink_status status;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct sink *sink = sink_open(path, message);
    assert_non_null(sink);
    assert_int_equal(sink_put_parts(sink, parts, 0, &status), 0);
    assert_int_equal(sink_put_parts(sink, parts, 3, &status), 8);
    assert_int_equal(status, SINK_OK);
    small = before;
    small.rlim_cur = 18;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    uint64_t out = sink_put_parts(sink, parts, 5, &status);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(out, 10);
    assert_int_equal(status, SINK_FAILED);
    assert_non_null(strstr(sink_message(sink), "after 18 bytes"));
    assert_int_equal(sink_put_parts(sink, parts, 5, &status), 0);
    assert_int_equal(status, SINK_FAILED);
    sink_free(sink);
    assert_int_equal(read_back(text, sizeof text), 18);
    assert_memory_equal(text, "one\ntwo\none\ntwo\nth", 18);
}

/* Makes `fd` the standard output while a sink uses it; returns the old one. */
static int take_stdout(int fd) {
    (void)fflush(stdout);
    int old = dup(STDOUT_FILENO);
    assert_true(old >= 0);
    assert_true(dup2(fd, STDOUT_FILENO) >= 0);
    return old;
}

static void give_stdout_back(int old) {
    (void)dup2(old, STDOUT_FILENO);
    (void)close(old);
}

static void test_a_reader_that_went_away(void **state) {
    (void)state;
    char message[SINK_MESSAGE_BYTES];
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    int old = take_stdout(ends[1]);
    assert_int_equal(close(ends[1]), 0);
    struct sink *sink = sink_open("-", message);
    assert_non_null(sink);
    enum sink_status first = sink_write(sink, slice_of("line\n"));
    (void)close(ends[0]);
    enum sink_status second = sink_write(sink, slice_of("line\n"));
    enum sink_status third = sink_write(sink, slice_of("line\n"));
    give_stdout_back(old);
    assert_int_equal(first, SINK_OK);
    assert_int_equal(second, SINK_READER_GONE);
    assert_int_equal(third, SINK_READER_GONE);
    assert_string_equal(sink_message(sink), "");
    assert_int_equal(sink_bytes(sink), 5);
    assert_int_equal(sink_close(sink), SINK_READER_GONE);
    sink_free(sink);
}

static void *drain(void *argument) {
    int fd = *(const int *)argument;
    char buffer[4096];
    size_t total = 0;
    ssize_t len;
    (void)usleep(20000); /* until the pipe is full */
    while ((len = read(fd, buffer, sizeof buffer)) > 0) {
        total += (size_t)len;
    }
    return (void *)(uintptr_t)total;
}

/* More than a pipe holds, through a descriptor that somebody made non-blocking. */
static void test_a_slow_non_blocking_reader(void **state) {
    (void)state;
    enum { PART = 2047, BYTES = 1 << 20 };
    static_assert(SINK_PARTS * PART <= BYTES, "parts of these bytes");
    char message[SINK_MESSAGE_BYTES];
    int ends[2];
    pthread_t reader;
    void *total = NULL;
    uint8_t *bytes = calloc(1, BYTES);
    assert_non_null(bytes);
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, 0), 0);
    assert_int_equal(pthread_create(&reader, NULL, drain, &ends[0]), 0);
    int old = take_stdout(ends[1]);
    assert_int_equal(close(ends[1]), 0);
    struct sink *sink = sink_open(NULL, message);
    enum sink_status status = sink ? sink_write(sink, slice_make(bytes, BYTES)) : SINK_FAILED;
    struct slice parts[SINK_PARTS];
    for (size_t i = 0; i < SINK_PARTS; i++) {
        parts[i] = slice_make(bytes + i * PART, PART);
    }
    uint64_t out = sink && status == SINK_OK ? sink_put_parts(sink, parts, SINK_PARTS, &status) : 0;
    enum sink_status closed = sink ? sink_close(sink) : SINK_FAILED;
    give_stdout_back(old);
    assert_int_equal(pthread_join(reader, &total), 0);
    assert_int_equal(status, SINK_OK);
    assert_int_equal(closed, SINK_OK);
    assert_int_equal(out, SINK_PARTS * PART);
    assert_int_equal((uintptr_t)total, BYTES + out);
    assert_int_equal(sink_bytes(sink), BYTES + out);
    sink_free(sink);
    free(bytes);
    (void)close(ends[0]);
}

static void test_closed_standard_output(void **state) {
    (void)state;
    char message[SINK_MESSAGE_BYTES];
    (void)fflush(stdout);
    int old = dup(STDOUT_FILENO);
    assert_true(old >= 0);
    (void)close(STDOUT_FILENO);
    struct sink *sink = sink_open("-", message);
    enum sink_status status = sink ? sink_write(sink, slice_of("x\n")) : SINK_OK;
    give_stdout_back(old);
    assert_non_null(sink);
    assert_int_equal(status, SINK_FAILED);
    assert_non_null(strstr(sink_message(sink), "standard output"));
    sink_free(sink);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_shared_sink),           cmocka_unit_test(test_a_file_is_overwritten),
        cmocka_unit_test(test_what_cannot_be_opened),   cmocka_unit_test(test_a_full_disk),
        cmocka_unit_test(test_a_short_write),           cmocka_unit_test(test_parts),
        cmocka_unit_test(test_a_reader_that_went_away), cmocka_unit_test(test_a_slow_non_blocking_reader),
        cmocka_unit_test(test_closed_standard_output),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
