/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/source_stream.h"

#include "capture/source_unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    STREAM_PACKED_BYTES = 256 * 1024,
    STREAM_MAP_LEAST = 1024 * 1024, /* bytes to come: for fewer it does not pay to map a file */
    STREAM_PROBLEM_BYTES = 256
};

/* Invariant: `rest` is what was read of the file and not given yet: of a plain file only bytes of `first`,
 * of a packed one what the unpacker has not taken, which lies in `first` or in `packed`. */
struct source_stream {
    int fd;
    int wake_fd;
    int idle_ms;
    bool may_block; /* not a regular file */
    bool detected;  /* the packing is known */
    bool raw_ended;
    bool unsupported;
    bool failed;
    struct source_unpack *unpack; /* NULL for a plain file */
    struct slice rest;
    uint64_t size; /* bytes to read at the beginning, of a regular file; it may grow, but not shrink */
    uint64_t bytes_read;
    uint8_t first[PACKING_MAGIC_BYTES];
    uint8_t *packed; /* STREAM_PACKED_BYTES; NULL for a plain file */
    char problem[STREAM_PROBLEM_BYTES];
};

struct source_stream *source_stream_new(int fd, int wake_fd, int idle_ms) {
    struct source_stream *stream = calloc(1, sizeof *stream);
    if (!stream) {
        return NULL;
    }
    struct stat status;
    stream->may_block = fstat(fd, &status) != 0 || !S_ISREG(status.st_mode);
    off_t at = stream->may_block ? -1 : lseek(fd, 0, SEEK_CUR);
    stream->size = at >= 0 && status.st_size > at ? (uint64_t)(status.st_size - at) : 0;
    stream->rest = slice_make(stream->first, 0);
    stream->fd = fd;
    stream->wake_fd = wake_fd;
    stream->idle_ms = idle_ms;
    if (!stream->may_block) {
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* the kernel reads further ahead */
    }
    return stream;
}

void source_stream_free(struct source_stream *stream) {
    if (!stream) {
        return;
    }
    if (stream->fd != STDIN_FILENO) {
        (void)close(stream->fd);
    }
    source_unpack_free(stream->unpack);
    free(stream->packed);
    free(stream);
}

static enum source_stream_state stream_fail(struct source_stream *stream, const char *what,
                                            const char *mend) {
    (void)snprintf(stream->problem, sizeof stream->problem, "%s%s%s", what, *mend ? "; " : "", mend);
    stream->failed = true;
    return STREAM_FAILED;
}

/* Waits until the descriptor can be read. */
static enum source_stream_state wait_readable(struct source_stream *stream) {
    if (!stream->may_block) {
        return STREAM_READING;
    }
    for (;;) {
        struct pollfd wanted[] = {{.fd = stream->fd, .events = POLLIN},
                                  {.fd = stream->wake_fd, .events = POLLIN}};
        int ready = poll(wanted, 2, stream->idle_ms ? stream->idle_ms : -1);
        if (ready < 0 && errno != EINTR) {
            return stream_fail(stream, strerror(errno), "");
        }
        if (ready == 0) {
            return STREAM_IDLE;
        }
        if (ready > 0 && wanted[1].revents) {
            return STREAM_STOPPED;
        }
        if (ready > 0 && wanted[0].revents) {
            return STREAM_READING;
        }
    }
}

/* Reads once; `got` is 0 at the end of the file. */
static enum source_stream_state read_file(struct source_stream *stream, void *to, size_t room, size_t *got) {
    *got = 0;
    while (!stream->raw_ended) {
        enum source_stream_state state = wait_readable(stream);
        if (state != STREAM_READING) {
            return state;
        }
        ssize_t result = read(stream->fd, to, room);
        if (result == 0 && stream->bytes_read < stream->size) {
            return stream_fail(stream, "it became shorter while it was read", "");
        }
        if (result >= 0) {
            *got = (size_t)result;
            stream->raw_ended = result == 0;
            stream->bytes_read += *got;
            return STREAM_READING;
        }
        if (errno != EINTR && errno != EAGAIN) {
            return stream_fail(stream, strerror(errno), "");
        }
    }
    return STREAM_READING;
}

static enum source_stream_state start_unpacking(struct source_stream *stream, enum source_packing packing,
                                                const char *tool) {
    char mend[96];
    (void)snprintf(mend, sizeof mend, "unpack it on the way: %s FILE | hark -r -", tool);
    const char *problem = "out of memory";
    bool no_memory = true;
    stream->packed = malloc(STREAM_PACKED_BYTES);
    stream->unpack = stream->packed ? source_unpack_new(packing, &problem, &no_memory) : NULL;
    if (stream->unpack) {
        return STREAM_READING;
    }
    stream->unsupported = !no_memory;
    return stream_fail(stream, problem, no_memory ? "" : mend);
}

/* Reads the first bytes and tells the packing by them. A pipe may give them in pieces. */
static enum source_stream_state detect(struct source_stream *stream) {
    while (stream->rest.len < PACKING_MAGIC_BYTES && !stream->raw_ended) {
        size_t got = 0;
        size_t at = stream->rest.len;
        enum source_stream_state state =
            read_file(stream, stream->first + at, PACKING_MAGIC_BYTES - at, &got);
        if (state != STREAM_READING) {
            return state;
        }
        stream->rest.len += got;
    }
    stream->detected = true;
    const char *tool = "";
    enum source_packing packing = source_packing_of(stream->rest, &tool);
    return packing == PACKING_NONE ? STREAM_READING : start_unpacking(stream, packing, tool);
}

static enum source_stream_state give_plain(struct source_stream *stream, uint8_t *to, size_t room,
                                           size_t *given) {
    struct slice part = slice_first(stream->rest, room);
    if (part.len) {
        memcpy(to, part.ptr, part.len);
        stream->rest = slice_after(stream->rest, part.len);
        *given = part.len;
        if (stream->may_block || part.len == room) {
            return STREAM_READING;
        }
    }
    size_t got = 0;
    enum source_stream_state state = read_file(stream, to + part.len, room - part.len, &got);
    *given += got;
    if (*given) {
        return STREAM_READING; /* a failure shows again at the next call */
    }
    return state == STREAM_READING ? STREAM_END : state;
}

static enum source_stream_state give_unpacked(struct source_stream *stream, uint8_t *to, size_t room,
                                              size_t *given) {
    for (;;) {
        const char *problem = "";
        /* Also without new input: the unpacker may hold output that had no room. */
        bool sound = source_unpack_run(stream->unpack, &stream->rest, to, room, given, &problem);
        if (*given) {
            return STREAM_READING; /* damage after these bytes shows again at the next call */
        }
        if (!sound) {
            char what[STREAM_PROBLEM_BYTES / 2];
            bool no_memory = source_unpack_no_memory(stream->unpack);
            (void)snprintf(what, sizeof what, "%s: %s",
                           no_memory ? "it can't be unpacked" : "its compressed data are damaged", problem);
            return stream_fail(stream, what, "");
        }
        if (stream->rest.len) {
            continue;
        }
        size_t got = 0;
        enum source_stream_state state = read_file(stream, stream->packed, STREAM_PACKED_BYTES, &got);
        if (state != STREAM_READING) {
            return state;
        }
        stream->rest = slice_make(stream->packed, got);
        if (got == 0) {
            return source_unpack_complete(stream->unpack)
                       ? STREAM_END
                       : stream_fail(stream, "its compressed data end too early", "");
        }
    }
}

enum source_stream_state source_stream_read(struct source_stream *stream, uint8_t *to, size_t room,
                                            size_t *given) {
    *given = 0;
    if (stream->failed) {
        return STREAM_FAILED;
    }
    if (!stream->detected) {
        enum source_stream_state state = detect(stream);
        if (state != STREAM_READING) {
            return state;
        }
    }
    return stream->unpack ? give_unpacked(stream, to, room, given) : give_plain(stream, to, room, given);
}

struct source_map *source_stream_map(const struct source_stream *stream, bool lasting) {
    /* The place in standard input, and a lease on it, are those of others too. */
    bool ours = !stream->may_block && stream->fd != STDIN_FILENO;
    bool plain = !stream->unpack && stream->rest.len == 0;
    bool pays = stream->size >= stream->bytes_read + STREAM_MAP_LEAST;
    return ours && plain && pays ? source_map_new(stream->fd, lasting) : NULL;
}

void source_stream_skip(struct source_stream *stream, uint64_t place) {
    (void)lseek(stream->fd, (off_t)place, SEEK_SET);
    stream->bytes_read = place;
}

const char *source_stream_problem(const struct source_stream *stream) {
    return stream->problem;
}

bool source_stream_unsupported(const struct source_stream *stream) {
    return stream->unsupported;
}

bool source_stream_packed(const struct source_stream *stream) {
    return stream->unpack != NULL;
}

uint64_t source_stream_bytes_read(const struct source_stream *stream) {
    return stream->bytes_read;
}
