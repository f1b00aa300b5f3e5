/* SPDX-License-Identifier: Apache-2.0 */
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct sink {
    int fd;
    bool owned; /* a file that we opened; standard output is only borrowed */
    bool closed;
    enum sink_status status;
    uint64_t bytes;
    char name[256]; /* for messages */
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
        do {
            sink->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
        } while (sink->fd < 0 && errno == EINTR);
    }
    if (sink->fd < 0) {
        int error = errno;
        (void)snprintf(message, SINK_MESSAGE_BYTES, "can't write to %s: %s%s", sink->name, strerror(error),
                       advice(error));
        free(sink);
        return NULL;
    }
    return sink;
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

enum sink_status sink_close(struct sink *sink) {
    if (sink->closed) {
        return sink->status;
    }
    sink->closed = true;
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
