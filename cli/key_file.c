/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key_file.h"

#include "capture/show.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

__attribute__((format(printf, 2, 3))) static bool fail(char *message, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    show_line(message, KEY_FILE_MESSAGE_BYTES, format, arguments);
    va_end(arguments);
    return false;
}

static bool may_be_trusted(int file, const char *name, char *message) {
    struct stat status;
    if (fstat(file, &status) != 0) {
        return fail(message, "key file '%s': %s", name, strerror(errno));
    }
    if (S_ISDIR(status.st_mode)) {
        return fail(message, "key file '%s' is a directory", name);
    }
    if (status.st_mode & (S_IROTH | S_IWOTH)) {
        return fail(message, "key file '%s' may be %s by everybody; take that right away: chmod o= '%s'",
                    name, status.st_mode & S_IROTH ? "read" : "changed", name);
    }
    return true;
}

/* Reads to the end, but no more than there is room for and a byte. False when reading fails. */
static bool read_all(struct key_file *key, int file, bool *more) {
    ssize_t got = 1;
    key->len = 0;
    while (got > 0 && key->len < sizeof key->bytes) {
        got = read(file, key->bytes + key->len, sizeof key->bytes - key->len);
        if (got < 0 && errno == EINTR) {
            got = 1;
        } else if (got > 0) {
            key->len += (size_t)got;
        }
    }
    uint8_t next;
    *more = got > 0 && read(file, &next, 1) == 1;
    return got >= 0;
}

static bool take_key(struct key_file *key, int file, const char *name, char *message) {
    bool more = false;
    if (!may_be_trusted(file, name, message)) {
        return false;
    }
    if (!read_all(key, file, &more)) {
        return fail(message, "key file '%s': %s", name, strerror(errno));
    }
    if (more) {
        return fail(message, "key file '%s' has more than %d bytes: that is no key", name,
                    KEY_FILE_MOST_BYTES);
    }
    while (key->len && (key->bytes[key->len - 1] == '\n' || key->bytes[key->len - 1] == '\r')) {
        key->len--;
    }
    if (key->len < KEY_FILE_LEAST_BYTES) {
        return fail(message,
                    "key file '%s' %s; make a key of %d bytes or more, such as: openssl rand -hex 32", name,
                    key->len ? "is too short" : "is empty", KEY_FILE_LEAST_BYTES);
    }
    return true;
}

bool key_file_read(struct key_file *key, const char *path, char message[KEY_FILE_MESSAGE_BYTES]) {
    struct shown name = show(path);
    key_file_wipe(key);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) {
        return fail(message, "key file '%s': %s", name.text, strerror(errno));
    }
    bool ok = take_key(key, file, name.text, message);
    close(file);
    if (!ok) {
        key_file_wipe(key);
    }
    return ok;
}

void key_file_wipe(struct key_file *key) {
    OPENSSL_cleanse(key, sizeof *key);
}
