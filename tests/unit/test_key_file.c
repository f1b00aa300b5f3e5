/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct key_file key;
static char message[KEY_FILE_MESSAGE_BYTES];

static void write_key(const char *path, const void *bytes, size_t len, mode_t mode) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, len), (ssize_t)len);
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
}

static void assert_refuses(const char *path, const char *word) {
    memset(&key, 'k', sizeof key);
    assert_false(key_file_read(&key, path, message));
    if (!strstr(message, word) || !strstr(message, path)) {
        print_error("%s: %s\n", path, message);
    }
    assert_true(strstr(message, word) && strstr(message, path) && !strchr(message, '\n'));
    assert_int_equal(key.len, 0);
    for (size_t i = 0; i < sizeof key.bytes; i++) {
        assert_int_equal(key.bytes[i], 0); /* what was read is forgotten */
    }
}

static void test_keys(void **state) {
    const char *path = *state;
    static const char text[] = "0123456789abcdef";
    static const char *const ends[] = {"", "\n", "\r\n", "\n\n"};
    char bytes[32];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        int len = snprintf(bytes, sizeof bytes, "%s%s", text, ends[i]);
        write_key(path, bytes, (size_t)len, i % 2 ? 0600 : 0440);
        assert_true(key_file_read(&key, path, message));
        assert_true(slice_is(key_file_slice(&key), text));
    }
    char longest[KEY_FILE_MOST_BYTES] = {0}; /* NUL is a byte like others */
    write_key(path, longest, sizeof longest, 0600);
    assert_true(key_file_read(&key, path, message));
    assert_int_equal(key.len, sizeof longest);
    key_file_wipe(&key);
    assert_int_equal(key.len, 0);
}

static void test_refused_keys(void **state) {
    const char *path = *state;
    char longer[KEY_FILE_MOST_BYTES + 1] = {0};
    write_key(path, "", 0, 0600);
    assert_refuses(path, "is empty");
    write_key(path, "\n", 1, 0600);
    assert_refuses(path, "is empty");
    write_key(path, "0123456789abcde\n", 16, 0600);
    assert_refuses(path, "is too short");
    write_key(path, longer, sizeof longer, 0600);
    assert_refuses(path, "more than 4096 bytes");
    write_key(path, "0123456789abcdef", 16, 0604);
    assert_refuses(path, "may be read by everybody");
    write_key(path, "0123456789abcdef", 16, 0602);
    assert_refuses(path, "may be changed by everybody");
    assert_refuses("/nowhere/key", "No such file");
    assert_refuses("/", "is a directory");
}

static void test_key_from_a_pipe(void **state) {
    (void)state;
    int ends[2];
    char path[32];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "0123456789", 10), 10);
    assert_int_equal(write(ends[1], "abcdef\n", 7), 7);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    assert_true(key_file_read(&key, path, message));
    assert_true(slice_is(key_file_slice(&key), "0123456789abcdef"));
    close(ends[0]);
}

static int make_path(void **state) {
    static char path[] = "hark-key-XXXXXX";
    int file = mkstemp(path);
    *state = path;
    return file < 0 ? -1 : close(file);
}

static int remove_path(void **state) {
    return remove(*state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_refused_keys),
        cmocka_unit_test(test_key_from_a_pipe),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
