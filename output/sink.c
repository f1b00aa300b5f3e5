/* SPDX-License-Identifier: Apache-2.0 */
#include "output/sink.h"

#include "capture/buf.h"
#include "capture/show.h"
#include "output/file_series.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { RESERVE_BYTES = 16 * 1024 * 1024, HEAD_CAP_BYTES = 1024 * 1024 };

/* Invariant: with `rotates`, fd is -1 until sink_begin; `head` is empty then. */
struct sink {
    int fd;
    bool owned;   /* a file that we opened; standard output is only borrowed */
    bool created; /* by us; it was not there */
    bool closed;
    bool regular;  /* a file of ours */
    bool reserves; /* see reserve */
    bool rotates;  /* a series */
    bool due;      /* its next file is, for time_ns */
    bool mid_line;
    bool told;           /* why there is no next file */
    atomic_bool trouble; /* `why` waits for somebody to ask */
    enum sink_status status;
    bool shared;
    pthread_mutex_t mutex; /* with `shared`: of all but what never changes and `trouble` */
    uint64_t bytes;
    uint64_t position; /* in the file */
    uint64_t reserved; /* room in the file system up to here */
    uint64_t most;     /* bytes of a file; 0: any number */
    int64_t time_ns;
    struct buf head; /* came before the first file */
    struct file_series series;
    char name[FILE_SERIES_SHOWN_BYTES]; /* for messages */
    char message[SINK_MESSAGE_BYTES];
    char why[SINK_MESSAGE_BYTES];
};

const char *sink_advice(int error) {
    switch (error) {
    case ENOSPC:
        return "; free some space or choose another place";
    case EDQUOT:
        return "; your quota is used up: choose another place";
    case EFBIG:
        return "; the file size limit (ulimit -f) is reached";
    case EISDIR:
        return "; name a file in it";
    case ENAMETOOLONG:
        return "; choose a shorter name";
    case ENOENT:
        return "; create the directory first";
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOTDIR:
        return "; choose another place";
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

static bool is_null_device(int fd) {
    struct stat file, null;
    return fstat(fd, &file) == 0 && S_ISCHR(file.st_mode) && stat("/dev/null", &null) == 0 &&
           S_ISCHR(null.st_mode) && file.st_rdev == null.st_rdev;
}

/* Sets blocks aside for `len` more bytes; the file's size stays. Where that fails, writing finds out why. */
static void reserve(struct sink *sink, size_t len) {
    while (sink->reserves && sink->position + len > sink->reserved) {
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

static void cannot_open(const char *name, int error, char message[SINK_MESSAGE_BYTES]) {
    (void)snprintf(message, SINK_MESSAGE_BYTES, "can't write to %s: %s%s", name, strerror(error),
                   sink_advice(error));
}

/* The file that writes go to from now on. */
static void take_file(struct sink *sink, int fd, uint64_t position) {
    sink->fd = fd;
    sink->position = position;
    sink->reserved = position;
    sink->mid_line = false;
    sink->regular = sink->owned && is_regular(fd);
    sink->reserves = sink->regular && (sink->most == 0 || sink->most >= RESERVE_BYTES) && is_reserving(fd);
}

static struct sink *refuse(struct sink *sink, int error, char message[SINK_MESSAGE_BYTES]) {
    cannot_open(sink->name, error, message);
    sink->closed = true;
    sink_free(sink);
    return NULL;
}

/* The directory is open afterwards. */
static struct sink *sink_new(const char *path, char message[SINK_MESSAGE_BYTES]) {
    struct sink *sink = calloc(1, sizeof *sink);
    message[0] = '\0';
    if (!sink) {
        (void)snprintf(message, SINK_MESSAGE_BYTES, "no memory to open the output");
        return NULL;
    }
    buf_init(&sink->head, HEAD_CAP_BYTES);
    (void)pthread_mutex_init(&sink->mutex, NULL);
    sink->series.directory = -1;
    sink->owned = path && strcmp(path, "-") != 0;
    sink->fd = sink->owned ? -1 : STDOUT_FILENO;
    (void)snprintf(sink->name, sizeof sink->name, "%s", sink->owned ? show(path).text : "standard output");
    if (sink->owned && !file_series_init(&sink->series, path)) {
        return refuse(sink, errno, message);
    }
    return sink;
}

struct sink *sink_open(const char *path, char message[SINK_MESSAGE_BYTES]) {
    struct sink *sink = sink_new(path, message);
    if (!sink) {
        return NULL;
    }
    int fd = sink->fd;
    if (sink->owned) {
        fd = file_series_open_given(&sink->series, O_WRONLY | O_CREAT | O_EXCL);
        sink->created = fd >= 0;
        if (fd < 0 && errno == EEXIST) {
            fd = file_series_open_given(&sink->series, O_WRONLY | O_CREAT | O_TRUNC);
        }
    }
    if (fd < 0) {
        return refuse(sink, errno, message);
    }
    take_file(sink, fd, 0);
    return sink;
}

bool sink_give(const struct sink *sink, uid_t user, gid_t group) {
    return !sink->created || fchown(sink->fd, user, group) == 0;
}

struct sink *sink_open_series(const char *path, const struct sink_rotation *rotation,
                              char message[SINK_MESSAGE_BYTES]) {
    assert(path && strcmp(path, "-") != 0);
    struct sink *sink = sink_new(path, message);
    if (!sink) {
        return NULL;
    }
    sink->rotates = true;
    sink->due = true;
    sink->most = rotation->bytes;
    return file_series_start(&sink->series, rotation->keep) ? sink : refuse(sink, errno, message);
}

static enum sink_status fail(struct sink *sink, int error) {
    if (error == EPIPE || error == ECONNRESET) {
        sink->status = SINK_READER_GONE;
        return sink->status;
    }
    sink->status = SINK_FAILED;
    (void)snprintf(sink->message, sizeof sink->message, "writing to %s failed after %llu bytes: %s%s",
                   sink->name, (unsigned long long)sink->position, strerror(error), sink_advice(error));
    return sink->status;
}

/* Somebody made the descriptor non-blocking (a shared terminal or pipe): wait for room. */
static bool wait_for_room(int fd) {
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    return poll(&wait, 1, -1) >= 0 || errno == EINTR;
}

/* The vector without its first `len` bytes, which are written. Returns how many parts are left of it. */
static size_t advance(struct iovec **vector, size_t count, size_t len) {
    while (count > 0 && len >= (*vector)->iov_len) {
        len -= (*vector)->iov_len;
        ++*vector;
        count--;
    }
    if (count > 0) {
        (*vector)->iov_base = (char *)(*vector)->iov_base + len;
        (*vector)->iov_len -= len;
    }
    return count;
}

/* Into the file that is open; `len` bytes in all, more than none. The vector is used up. */
static enum sink_status put_vector(struct sink *sink, struct iovec *vector, size_t count, size_t len) {
    if (sink->status == SINK_OK) {
        const struct iovec *last = &vector[count - 1];
        reserve(sink, len);
        sink->mid_line = ((const char *)last->iov_base)[last->iov_len - 1] != '\n';
    }
    while (sink->status == SINK_OK && count > 0) {
        ssize_t written = count == 1 ? write(sink->fd, vector->iov_base, vector->iov_len)
                                     : writev(sink->fd, vector, (int)count);
        if (written >= 0) {
            sink->bytes += (uint64_t)written;
            sink->position += (uint64_t)written;
            count = advance(&vector, count, (size_t)written);
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

static struct iovec vector_part(struct slice bytes) {
    return (struct iovec){.iov_base = (void *)(uintptr_t)bytes.ptr, .iov_len = bytes.len};
}

static enum sink_status put(struct sink *sink, struct slice bytes) {
    struct iovec vector = vector_part(bytes);
    return bytes.len > 0 ? put_vector(sink, &vector, 1, bytes.len) : sink->status;
}

/* What a network file system could not keep, it tells at the close. */
static void let_go(struct sink *sink) {
    give_back(sink);
    if (close(sink->fd) != 0 && errno != EINTR) {
        fail(sink, errno);
    }
    sink->fd = -1;
}

/* The series' next file. False when there is none, which is told once. */
static bool open_next(struct sink *sink) {
    int fd = file_series_open_next(&sink->series, sink->time_ns, sink->fd >= 0 && sink->position == 0);
    if (fd < 0) {
        if (!sink->told) {
            int error = errno;
            (void)snprintf(sink->why, sizeof sink->why, "can't %s %s: %s%s",
                           sink->fd < 0 ? "write to" : "begin the file after", sink->name, strerror(error),
                           sink_advice(error));
            sink->told = true;
            atomic_store(&sink->trouble, true);
        }
        return false;
    }
    if (sink->fd >= 0) {
        let_go(sink);
    }
    file_series_shown(&sink->series, sink->name);
    sink->due = false;
    sink->told = false;
    take_file(sink, fd, 0);
    return true;
}

/* Length of the first line, or of all where none ends. */
static size_t first_line(struct slice bytes) {
    const uint8_t *end = memchr(bytes.ptr, '\n', bytes.len);
    return end ? (size_t)(end - bytes.ptr) + 1 : bytes.len;
}

/* Length of the lines that end within `room` bytes. */
static size_t lines_within(struct slice bytes, uint64_t room) {
    size_t len = room < bytes.len ? (size_t)room : bytes.len;
    const uint8_t *end = len > 0 ? memrchr(bytes.ptr, '\n', len) : NULL;
    return end ? (size_t)(end - bytes.ptr) + 1 : 0;
}

/* How much of the bytes goes into the file that is open then. */
static size_t next_part(struct sink *sink, struct slice bytes) {
    if (sink->mid_line) {
        return first_line(bytes);
    }
    if (sink->due && !open_next(sink)) {
        return bytes.len;
    }
    for (;;) {
        if (sink->most == 0 || sink->position + bytes.len <= sink->most) {
            return bytes.len;
        }
        uint64_t room = sink->position < sink->most ? sink->most - sink->position : 0;
        size_t part = lines_within(bytes, room);
        if (part > 0) {
            return part;
        }
        if (sink->position == 0) {
            return first_line(bytes);
        }
        if (!open_next(sink)) {
            return bytes.len;
        }
    }
}

static enum sink_status write_all(struct sink *sink, struct slice bytes) {
    if (sink->fd < 0 && sink->status == SINK_OK) {
        if (!buf_append_slice(&sink->head, bytes)) {
            return fail(sink, ENOMEM);
        }
        return SINK_OK;
    }
    while (sink->rotates && sink->status == SINK_OK && bytes.len) {
        size_t part = next_part(sink, bytes);
        put(sink, slice_first(bytes, part));
        bytes = slice_after(bytes, part);
    }
    return sink->rotates ? sink->status : put(sink, bytes);
}

/* Parts in one call, where all of them go into the file that is open, else one after another. */
static enum sink_status write_parts(struct sink *sink, const struct slice *parts, size_t count) {
    struct iovec vector[SINK_PARTS];
    size_t used = 0, len = 0;
    assert(count <= SINK_PARTS);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0) {
            vector[used++] = vector_part(parts[i]);
            len += parts[i].len;
        }
    }
    bool fits = !sink->due && (sink->most == 0 || sink->position + len <= sink->most);
    if (used > 1 && sink->fd >= 0 && fits) {
        return put_vector(sink, vector, used, len);
    }
    for (size_t i = 0; i < count; i++) {
        (void)write_all(sink, parts[i]);
    }
    return sink->status;
}

void sink_share(struct sink *sink) {
    sink->shared = true;
}

static void lock(struct sink *sink) {
    if (sink->shared) {
        pthread_mutex_lock(&sink->mutex);
    }
}

static void unlock(struct sink *sink) {
    if (sink->shared) {
        pthread_mutex_unlock(&sink->mutex);
    }
}

uint64_t sink_put_parts(struct sink *sink, const struct slice *parts, size_t count,
                        enum sink_status *status) {
    lock(sink);
    uint64_t before = sink->bytes;
    *status = write_parts(sink, parts, count);
    uint64_t out = sink->bytes - before;
    unlock(sink);
    return out;
}

uint64_t sink_put(struct sink *sink, struct slice bytes, enum sink_status *status) {
    return sink_put_parts(sink, &bytes, 1, status);
}

enum sink_status sink_write(struct sink *sink, struct slice bytes) {
    enum sink_status status;
    (void)sink_put(sink, bytes, &status);
    return status;
}

static enum sink_status begin(struct sink *sink, int64_t time_ns) {
    if (!sink->rotates || sink->fd >= 0 || sink->status != SINK_OK) {
        return sink->status;
    }
    sink->time_ns = time_ns;
    if (!open_next(sink)) {
        sink->status = SINK_FAILED;
        atomic_store(&sink->trouble, false);
        memcpy(sink->message, sink->why, sizeof sink->message);
        return sink->status;
    }
    enum sink_status status = write_all(sink, buf_slice(&sink->head));
    buf_fini(&sink->head);
    return status;
}

enum sink_status sink_begin(struct sink *sink, int64_t time_ns) {
    lock(sink);
    enum sink_status status = begin(sink, time_ns);
    unlock(sink);
    return status;
}

void sink_rotate(struct sink *sink, int64_t time_ns) {
    lock(sink);
    if (sink->rotates && sink->fd >= 0) {
        sink->due = true;
        sink->time_ns = time_ns;
    }
    unlock(sink);
}

static bool reopen(struct sink *sink, char message[SINK_MESSAGE_BYTES]) {
    message[0] = '\0';
    if (sink->rotates) {
        sink->due = sink->due || sink->position > 0;
        return true;
    }
    if (!sink->regular || sink->status != SINK_OK) {
        return true;
    }
    int fd = file_series_open_given(&sink->series, O_WRONLY | O_CREAT | O_NONBLOCK);
    struct stat old, new;
    bool ok = fd >= 0 && fstat(fd, &new) == 0 && fstat(sink->fd, &old) == 0;
    int error = ok && !S_ISREG(new.st_mode) ? EEXIST : errno;
    if (!ok || !S_ISREG(new.st_mode)) {
        cannot_open(sink->name, error, message);
        if (fd >= 0) {
            (void)close(fd);
        }
        return false;
    }
    if (old.st_dev == new.st_dev && old.st_ino == new.st_ino) {
        (void)close(fd);
        fd = sink->fd; /* it may have been cut: what follows stands at its end */
    } else {
        (void)fcntl(fd, F_SETFL, 0);
        let_go(sink);
    }
    off_t end = lseek(fd, 0, SEEK_END);
    take_file(sink, fd, end > 0 ? (uint64_t)end : 0);
    return true;
}

bool sink_reopen(struct sink *sink, char message[SINK_MESSAGE_BYTES]) {
    lock(sink);
    bool ok = reopen(sink, message);
    unlock(sink);
    return ok;
}

bool sink_has_trouble(const struct sink *sink) {
    return atomic_load_explicit(&sink->trouble, memory_order_relaxed);
}

bool sink_trouble(struct sink *sink, char message[SINK_MESSAGE_BYTES]) {
    if (!atomic_exchange(&sink->trouble, false)) {
        return false;
    }
    lock(sink);
    memcpy(message, sink->why, SINK_MESSAGE_BYTES);
    unlock(sink);
    return true;
}

int sink_directory(const struct sink *sink) {
    return sink->series.directory;
}

bool sink_is_regular(const struct sink *sink) {
    return !sink->shared && sink->regular; /* where it is shared, that may change */
}

size_t sink_whole_blocks(const struct sink *sink, size_t len) {
    assert(len >= SINK_BLOCK_BYTES);
    if (!sink_is_regular(sink)) {
        return len; /* where it is shared, the position is another thread's to change */
    }
    bool ends = sink->most > 0 && sink->position + len > sink->most; /* the file: at a line's end */
    return ends ? len : len - (size_t)((sink->position + len) % SINK_BLOCK_BYTES);
}

enum sink_status sink_close(struct sink *sink) {
    if (sink->closed) {
        return sink->status;
    }
    sink->closed = true;
    if (sink->fd < 0) {
        return sink->status; /* a series without a file */
    }
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
    if (!sink->closed && sink->owned && sink->fd >= 0) {
        give_back(sink);
        (void)close(sink->fd);
    }
    buf_fini(&sink->head);
    file_series_fini(&sink->series);
    (void)pthread_mutex_destroy(&sink->mutex);
    free(sink);
}

const char *sink_message(const struct sink *sink) {
    return sink->message;
}

uint64_t sink_bytes(const struct sink *sink) {
    if (!sink->shared) {
        return sink->bytes;
    }
    pthread_mutex_t *mutex = (pthread_mutex_t *)&sink->mutex;
    pthread_mutex_lock(mutex);
    uint64_t bytes = sink->bytes;
    pthread_mutex_unlock(mutex);
    return bytes;
}

bool sink_is_terminal(const struct sink *sink) {
    return isatty(sink->fd) == 1;
}

bool sink_has_no_reader(const struct sink *sink) {
    /* A series has no file yet where that is asked early; they are regular ones. */
    return sink->rotates || is_regular(sink->fd) || is_null_device(sink->fd);
}
