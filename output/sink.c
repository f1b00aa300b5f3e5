/* SPDX-License-Identifier: Apache-2.0 */
#include "output/sink.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { RESERVE_BYTES = 16 * 1024 * 1024 };

struct sink {
    int fd;
    bool owned;   /* a file that we opened; standard output is only borrowed */
    bool created; /* by us; it was not there */
    bool closed;
    bool regular;  /* a file of ours */
    bool reserves; /* see reserve */
    enum sink_status status;
    uint64_t bytes;
    uint64_t reserved; /* room in the file system up to here */
    char name[256];    /* for messages */
    char message[SINK_MESSAGE_BYTES];
};

static const char *advice(int error) {
    switch (error) {
    case ENOSPC:
        return "; free some space or choose another place with -o";
    case EDQUOT:
        return "; your quota is used up: choose another place with -o";
    case EFBIG:
        return "; the file size limit (ulimit -f) is reached";
    case EISDIR:
        return "; name a file with -o";
    case ENOENT:
        return "; create the directory first";
    case EACCES:
    case EPERM:
    case EROFS:
        return "; choose another place with -o";
    default:
        return "";
    }
}

/* ext4 writes into blocks that were set aside in a large piece at two thirds of the cost of blocks that each
 * write has to ask for. Other file systems were not measured: there it stays off. */
static bool is_reserving(int fd) {
    enum { EXT4_MAGIC = 0xef53 };
    struct statfs system;
    return fstatfs(fd, &system) == 0 && (unsigned long)system.f_type == EXT4_MAGIC;
}

static bool is_regular(int fd) {
    struct stat file;
    return fstat(fd, &file) == 0 && S_ISREG(file.st_mode);
}

/* Sets blocks aside for `len` more bytes; the file's size stays. Where that fails, writing finds out why. */
static void reserve(struct sink *sink, size_t len) {
    while (sink->reserves && sink->bytes + len > sink->reserved) {
        sink->reserves = fallocate(sink->fd, FALLOC_FL_KEEP_SIZE, (off_t)sink->reserved, RESERVE_BYTES) == 0;
        sink->reserved += sink->reserves ? RESERVE_BYTES : 0;
    }
}

/* What was set aside and not used goes back, which asking for the size that there is does. */
static void give_back(const struct sink *sink) {
    struct stat file;
    if (sink->reserved > 0 && fstat(sink->fd, &file) == 0 && ftruncate(sink->fd, file.st_size) != 0) {
        return; /* only room: it goes back when the file is removed */
    }
}

/* Negative on failure. `created`: the file was not there before. */
static int open_file(const char *path, bool *created) {
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY;
    int fd;
    do {
        fd = open(path, flags | O_EXCL, 0666);
    } while (fd < 0 && errno == EINTR);
    *created = fd >= 0;
    if (fd >= 0 || errno != EEXIST) {
        return fd;
    }
    do {
        fd = open(path, flags | O_TRUNC, 0666);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

struct sink *sink_open(const char *path, char message[SINK_MESSAGE_BYTES]) {
    struct sink *sink = calloc(1, sizeof *sink);
    message[0] = '\0';
    if (!sink) {
        (void)snprintf(message, SINK_MESSAGE_BYTES, "no memory to open the output");
        return NULL;
    }
    sink->owned = path && strcmp(path, "-") != 0;
    sink->fd = STDOUT_FILENO;
    (void)snprintf(sink->name, sizeof sink->name, "%s", sink->owned ? path : "standard output");
    if (sink->owned) {
        sink->fd = open_file(path, &sink->created);
    }
    if (sink->fd < 0) {
        int error = errno;
        (void)snprintf(message, SINK_MESSAGE_BYTES, "can't write to %s: %s%s", sink->name, strerror(error),
                       advice(error));
        free(sink);
        return NULL;
    }
    sink->regular = sink->owned && is_regular(sink->fd);
    sink->reserves = sink->regular && is_reserving(sink->fd);
    return sink;
}

bool sink_give(const struct sink *sink, uid_t user, gid_t group) {
    return !sink->created || fchown(sink->fd, user, group) == 0;
}

static enum sink_status fail(struct sink *sink, int error) {
    if (error == EPIPE || error == ECONNRESET) {
        sink->status = SINK_READER_GONE;
        return sink->status;
    }
    sink->status = SINK_FAILED;
    (void)snprintf(sink->message, sizeof sink->message, "writing to %s failed after %llu bytes: %s%s",
                   sink->name, (unsigned long long)sink->bytes, strerror(error), advice(error));
    return sink->status;
}

/* Somebody made the descriptor non-blocking (a shared terminal or pipe): wait for room. */
static bool wait_for_room(int fd) {
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    return poll(&wait, 1, -1) >= 0 || errno == EINTR;
}

enum sink_status sink_write(struct sink *sink, struct slice bytes) {
    if (sink->status == SINK_OK) {
        reserve(sink, bytes.len);
    }
    while (sink->status == SINK_OK && bytes.len) {
        ssize_t written = write(sink->fd, bytes.ptr, bytes.len);
        if (written >= 0) {
            sink->bytes += (uint64_t)written;
            bytes = slice_after(bytes, (size_t)written);
            continue;
        }
        int error = errno;
        bool again = error == EINTR || ((error == EAGAIN || error == EWOULDBLOCK) && wait_for_room(sink->fd));
        if (!again) {
            return fail(sink, error);
        }
    }
    return sink->status;
}

bool sink_is_regular(const struct sink *sink) {
    return sink->regular;
}

size_t sink_whole_blocks(const struct sink *sink, size_t len) {
    assert(len >= SINK_BLOCK_BYTES);
    return sink->regular ? len - (size_t)((sink->bytes + len) % SINK_BLOCK_BYTES) : len;
}

enum sink_status sink_close(struct sink *sink) {
    if (sink->closed) {
        return sink->status;
    }
    sink->closed = true;
    give_back(sink);
    /* Closing is when a network file system tells of bytes that it could not keep. Standard output stays open
     * for its owner; closing a copy tells as much. */
    int fd = sink->owned ? sink->fd : dup(sink->fd);
    if (fd >= 0 && close(fd) != 0 && errno != EINTR && sink->status == SINK_OK) {
        return fail(sink, errno);
    }
    return sink->status;
}

void sink_free(struct sink *sink) {
    if (!sink) {
        return;
    }
    if (!sink->closed && sink->owned) {
        give_back(sink);
        (void)close(sink->fd);
    }
    free(sink);
}

const char *sink_message(const struct sink *sink) {
    return sink->message;
}

uint64_t sink_bytes(const struct sink *sink) {
    return sink->bytes;
}

bool sink_is_terminal(const struct sink *sink) {
    return isatty(sink->fd) == 1;
}
