/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pid_file.h"

#include "capture/show.h"
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTENT_BYTES = 32, TRIES = 16 };

__attribute__((format(printf, 3, 4))) static bool fail(const char *path, char *message, const char *format,
                                                       ...) {
    char why[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    (void)snprintf(message, PID_FILE_MESSAGE_BYTES, "--pidfile: %s: %s", show(path).text, why);
    return false;
}

static bool fail_with(const char *path, char *message, int error) {
    return error == ELOOP ? fail(path, message, "is a symbolic link; name the file itself")
                          : fail(path, message, "%s%s", strerror(error), sink_advice(error));
}

/* Opens the directory and finds the name in it; false with errno. */
static bool find_directory(struct pid_file *file, const char *path) {
    char directory[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) + 1 : 0;
    if (len >= sizeof directory || strlen(path + len) >= sizeof file->name) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (len > 0) {
        memcpy(directory, path, len);
        directory[len] = '\0';
    }
    if (path[len] == '\0') {
        errno = EISDIR;
        return false;
    }
    (void)snprintf(file->name, sizeof file->name, "%s", path + len);
    file->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return file->directory >= 0;
}

static bool is_in_place(const struct pid_file *file) {
    struct stat ours, there;
    return fstat(file->fd, &ours) == 0 &&
           fstatat(file->directory, file->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* A pid file is a number and a line's end, or nothing: whatever else stands there is not overwritten. */
static bool is_pid_file(int fd) {
    struct stat status;
    char text[CONTENT_BYTES];
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size >= CONTENT_BYTES) {
        return false;
    }
    ssize_t len = pread(fd, text, sizeof text - 1, 0);
    text[len > 0 ? len : 0] = '\0';
    size_t digits = strspn(text, "0123456789 ");
    return len >= 0 && digits + strspn(text + digits, "\r\n") == (size_t)len;
}

static bool lock(int fd, pid_t *holder) {
    struct flock wanted = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_SETLK, &wanted) == 0) {
        return true;
    }
    *holder = errno == EACCES || errno == EAGAIN ? -1 : 0;
    if (*holder && fcntl(fd, F_GETLK, &wanted) == 0 && wanted.l_type != F_UNLCK) {
        *holder = wanted.l_pid;
    }
    return false;
}

static bool write_pid(int fd) {
    char text[CONTENT_BYTES];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)len, 0) == len;
}

/* False with errno. */
static bool open_file(struct pid_file *file, int more) {
    file->fd = openat(file->directory, file->name,
                      O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | more, 0644);
    return file->fd >= 0;
}

static bool fail_strange(const char *path, char *message) {
    return fail(path, message, "is there, and is no pid file; remove it or choose another name");
}

/* Opens and locks what has the name now. Its holder may remove it in between: then it is no longer in its
 * place, and the next attempt makes a new one. */
static bool open_locked(struct pid_file *file, const char *path, char *message) {
    for (unsigned i = 0; i < TRIES; i++) {
        pid_t holder = 0;
        if (!open_file(file, O_CREAT)) {
            return fail_with(path, message, errno);
        }
        if (!is_pid_file(file->fd)) {
            return fail_strange(path, message);
        }
        if (!lock(file->fd, &holder)) {
            return holder > 0 ? fail(path, message, "hark runs already, with process id %ld", (long)holder)
                              : fail(path, message, holder < 0 ? "hark runs already" : "can't be locked");
        }
        if (is_in_place(file)) {
            return true;
        }
        (void)close(file->fd);
        file->fd = -1;
    }
    return fail(path, message, "others make and remove it again and again");
}

static void let_go(struct pid_file *file) {
    if (file->fd >= 0) {
        (void)close(file->fd); /* and the lock with it */
    }
    if (file->directory >= 0) {
        (void)close(file->directory);
    }
    file->fd = file->directory = -1;
}

bool pid_file_take(struct pid_file *file, const char *path, char message[PID_FILE_MESSAGE_BYTES]) {
    *file = (struct pid_file){.directory = -1, .fd = -1};
    bool ok = find_directory(file, path) || fail_with(path, message, errno);
    ok = ok && open_locked(file, path, message);
    if (ok && !write_pid(file->fd)) {
        int error = errno;
        pid_file_drop(file);
        ok = fail_with(path, message, error);
    }
    if (!ok) {
        let_go(file);
    }
    return ok;
}

bool pid_file_look(const char *path, char message[PID_FILE_MESSAGE_BYTES]) {
    struct pid_file file = {.directory = -1, .fd = -1};
    bool ok = find_directory(&file, path);
    if (ok && open_file(&file, 0)) {
        ok = is_pid_file(file.fd) || fail_strange(path, message);
    } else {
        ok = (ok && errno == ENOENT && faccessat(file.directory, ".", W_OK | X_OK, AT_EACCESS) == 0) ||
             fail_with(path, message, errno);
    }
    let_go(&file);
    return ok;
}

void pid_file_drop(struct pid_file *file) {
    if (file->fd >= 0 && is_in_place(file) && unlinkat(file->directory, file->name, 0) != 0 &&
        ftruncate(file->fd, 0) != 0) {
        let_go(file); /* it stays; the lock does not */
    }
    let_go(file);
}
