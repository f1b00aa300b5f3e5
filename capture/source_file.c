/* SPDX-License-Identifier: Apache-2.0 */
/* Capture files, one after the other. Frame numbers restart in each file. */
#include "capture/prefetch.h"
#include "capture/show.h"
#include "capture/source_files.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

bool source_files_is_standard_input(const char *path) {
    return strcmp(path, "-") == 0;
}

const char *source_files_shown_name(const char *path) {
    return source_files_is_standard_input(path) ? "standard input" : path;
}

const char *source_files_mend(int error) {
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return "; check the name";
    case EACCES:
    case EPERM:
        return "; give yourself the right to read it, or run with sudo";
    case EBADF:
        return "; it is closed, pipe a capture into hark";
    default:
        return "";
    }
}

int source_files_open(const struct source_files *files, size_t index) {
    return open(files->paths[index], O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* The run needs a few more descriptors beside those of waiting files. */
void source_files_hold(struct source_files *files, size_t index, int fd) {
    enum { RESERVED_DESCRIPTORS = 32 };
    struct rlimit limit;
    if (!files->hold_open || getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (copy >= 0 && (rlim_t)copy + RESERVED_DESCRIPTORS >= limit.rlim_cur) {
        (void)close(copy);
        copy = -1;
    }
    files->held[index] = copy;
}

bool source_files_begin(struct source_files *files, int fd, int wake_fd, int idle_ms) {
    files->stream = source_stream_new(fd, wake_fd, idle_ms);
    if (!files->stream) {
        (void)close(fd);
        return false;
    }
    file_format_init(&files->format);
    files->begun = false;
    files->may_map = false;
    files->unpacked = 0;
    files->number = 0;
    return true;
}

static void leave_map(struct source_files *files) {
    if (files->map) {
        files->left_lasts |= source_map_lasts(files->map);
        source_map_leave(files->map, &files->left);
        files->map = NULL;
    }
}

static void sweep(struct source_files *files) {
    if (!files->left_lasts) {
        source_map_sweep(&files->left);
    }
}

/* True once, when whoever needs bytes that last has to copy them: the next call comes after that. */
static bool ask_to_keep(struct source_files *files) {
    bool ask = files->left_lasts;
    files->left_lasts = false;
    return ask;
}

void source_files_end(struct source_files *files) {
    if (files->stream) {
        source_stream_free(files->stream);
        files->stream = NULL;
        source_window_clear(&files->window);
        leave_map(files);
        sweep(files);
        file_format_fini(&files->format);
    }
}

enum source_stream_state source_files_bring(struct source_files *files, size_t wanted) {
    size_t room = 0;
    size_t given = 0;
    uint8_t *to = source_window_room(&files->window, wanted, &room);
    if (!to) {
        files->problem = "out of memory";
        return STREAM_FAILED;
    }
    enum source_stream_state state = source_stream_read(files->stream, to, room, &given);
    source_window_add(&files->window, given);
    files->unpacked += given;
    files->problem = source_stream_problem(files->stream);
    return state;
}

/* What a file that is no capture begins with, for people. */
static void describe_first(struct slice first, char *text, size_t room) {
    bool printable = true;
    for (size_t i = 0; i < first.len; i++) {
        uint8_t byte = first.ptr[i];
        printable =
            printable && ((byte >= ' ' && byte < 0x7f) || byte == '\n' || byte == '\r' || byte == '\t');
    }
    if (printable) {
        (void)snprintf(text, room, "the text \"%.*s\"", (int)first.len, (const char *)first.ptr);
        return;
    }
    int used = snprintf(text, room, "the bytes");
    for (size_t i = 0; i < first.len && i < 4 && used > 0 && (size_t)used < room; i++) {
        used += snprintf(text + used, room - (size_t)used, " %02x", first.ptr[i]);
    }
}

void source_files_say_strange(const struct source_files *files, const char *name,
                              char message[SOURCE_MESSAGE_BYTES]) {
    enum { FIRST_BYTES = 16 };
    struct slice first = slice_first(source_window_rest(&files->window), FIRST_BYTES);
    if (first.len == 0) {
        source_say(message, "%s: is empty; give a pcap or pcapng file", show(name).text);
        return;
    }
    char begins[96];
    describe_first(first, begins, sizeof begins);
    source_say(message, "%s: is not a capture file (it begins with %s); give a pcap or pcapng file",
               show(name).text, begins);
}

static const char *name_at_hand(const struct source_files *files) {
    return source_files_shown_name(files->paths[files->next - 1]);
}

static void close_file(struct source_files *files) {
    files->bytes_done += source_stream_bytes_read(files->stream);
    source_files_end(files);
}

/* The message is set; the next file follows. */
static enum source_status give_up(struct source *source) {
    struct source_files *files = source->input;
    source->counts.damaged_files++;
    if (files->stream) {
        close_file(files);
    }
    return SOURCE_DAMAGED;
}

/* The descriptor of paths[index], which is the caller's; a held one was read at its beginning. */
static int take_turn(struct source_files *files, size_t index) {
    int fd = files->held[index];
    if (source_files_is_standard_input(files->paths[index])) {
        return STDIN_FILENO;
    }
    if (fd < 0) {
        return source_files_open(files, index);
    }
    files->held[index] = -1;
    (void)lseek(fd, 0, SEEK_SET); /* a pipe has no place to go back to, and was not read */
    return fd;
}

/* The file at paths[next] becomes the one at hand. */
static bool open_turn(struct source *source) {
    struct source_files *files = source->input;
    const char *path = files->paths[files->next];
    int fd = take_turn(files, files->next++);
    if (fd < 0) {
        bool given_up = files->hold_open && (errno == EACCES || errno == EPERM);
        source_say(source->message, "%s: %s%s", show(path).text, strerror(errno),
                   given_up ? "; hark gave up the right to open it, and had no descriptor to hold it open; "
                              "a higher limit (ulimit -n) or fewer files help"
                            : source_files_mend(errno));
        return false;
    }
    if (!source_files_begin(files, fd, source->wake_fd, source->idle_ms)) {
        source_say(source->message, "%s: out of memory", show(path).text);
        return false;
    }
    files->may_map = source->may_map;
    source_filter_forget_misfits(&source->filter);
    return true;
}

static enum source_status end_damaged(struct source *source, const char *problem) {
    struct source_files *files = source->input;
    const char *name = name_at_hand(files);
    uint64_t place = files->unpacked - source_window_rest(&files->window).len;
    if (files->begun) {
        source_say(source->message, "%s: reading ended after frame %llu, at byte %llu%s: %s", show(name).text,
                   (unsigned long long)files->number, (unsigned long long)place,
                   source_stream_packed(files->stream) ? " of the unpacked file" : "", problem);
    } else {
        source_say(source->message, "%s: no frame can be read: %s", show(name).text, problem);
    }
    return give_up(source);
}

static enum source_status end_strange(struct source *source) {
    struct source_files *files = source->input;
    source_files_say_strange(files, name_at_hand(files), source->message);
    return give_up(source);
}

/* Nothing follows in the file. SOURCE_FRAME for the next one's turn. */
static enum source_status end_file(struct source *source, size_t wanted) {
    struct source_files *files = source->input;
    struct slice rest = source_window_rest(&files->window);
    if (files->format.kind == FILE_KIND_UNKNOWN && files->unpacked < 4) {
        return end_strange(source);
    }
    if (rest.len) {
        file_format_ended(&files->format, rest, wanted);
        return end_damaged(source, file_format_problem(&files->format));
    }
    close_file(files);
    return SOURCE_FRAME;
}

/* Brings the bytes of a file that need not be read. The first ones are: so it is known not to be packed. */
static bool bring_mapped(const struct source *source, size_t wanted) {
    struct source_files *files = source->input;
    if (files->may_map && files->unpacked > 0) {
        files->may_map = false;
        files->map = source_stream_map(files->stream, source->may_last);
        source_ahead_init(&files->ahead);
    }
    if (!files->map) {
        return false;
    }
    uint64_t from = files->unpacked - source_window_rest(&files->window).len;
    struct source_block *block = NULL;
    struct slice bytes = source_map_bring(files->map, from, wanted, &block);
    if (bytes.len == 0) {
        leave_map(files); /* what is left moves out of it before it is swept */
        return false;
    }
    source_window_lay(&files->window, bytes, block);
    files->unpacked = from + bytes.len;
    source_stream_skip(files->stream, files->unpacked);
    return true;
}

/* There are to be `wanted` bytes at hand. SOURCE_FRAME when reading goes on. */
static enum source_status bring(struct source *source, size_t wanted) {
    struct source_files *files = source->input;
    sweep(files); /* the window is in none of them */
    switch (bring_mapped(source, wanted) ? STREAM_READING : source_files_bring(files, wanted)) {
    case STREAM_READING:
        sweep(files);
        /* A file may have much between two frames. */
        if (atomic_load_explicit(&source->stopped, memory_order_relaxed)) {
            return SOURCE_END;
        }
        /* Who wants to write what is left waits: those that need it are told to be done with it. */
        if (ask_to_keep(files)) {
            return SOURCE_KEEP;
        }
        return files->left && source->idle_ms > 0 ? SOURCE_IDLE : SOURCE_FRAME;
    case STREAM_IDLE:
        return SOURCE_IDLE;
    case STREAM_STOPPED:
        return SOURCE_END;
    case STREAM_END:
        return end_file(source, wanted);
    case STREAM_FAILED:
        break;
    }
    if (files->begun) {
        return end_damaged(source, files->problem);
    }
    source_say(source->message, "%s: %s", show(name_at_hand(files)).text, files->problem);
    return give_up(source);
}

/* The first frame of a link type is at hand: is the filter made for it? SOURCE_FRAME when it is now. Where it
 * can't be, that is said once a file, and reading goes on without the frames that are of that type. */
static enum source_status prepare_filter(struct source *source, const struct frame *frame) {
    struct source_files *files = source->input;
    char problem[PCAP_ERRBUF_SIZE];
    enum source_filter_status status =
        source_filter_prepare(&source->filter, frame->link_type, problem, sizeof problem);
    if (status == SOURCE_FILTER_READY) {
        return SOURCE_FRAME;
    }
    if (status == SOURCE_FILTER_NO_MEMORY) {
        source_say(source->message, "%s: the filter can't be compiled: %s", show(name_at_hand(files)).text,
                   problem);
        return give_up(source);
    }
    const char *type = pcap_datalink_val_to_name(frame->link_type);
    source_say(source->message,
               "%s: the filter does not fit frames of link type %d (%s), which are left out from frame %llu "
               "on: %s",
               show(name_at_hand(files)).text, frame->link_type, type ? type : "unknown",
               (unsigned long long)files->number + 1, problem);
    source->counts.damaged_files++;
    return SOURCE_DAMAGED;
}

/* All that is no frame, or whose filter is not ready. SOURCE_FRAME when reading goes on. Kept apart from the
 * way of a usual frame, which stays short so. */
__attribute__((noinline)) static enum source_status take_step(struct source *source, enum file_step step,
                                                              size_t bytes, const struct frame *frame) {
    struct source_files *files = source->input;
    switch (step) {
    case FILE_FRAME:
        return prepare_filter(source, frame); /* the frame comes again */
    case FILE_RECORD:
        files->number++;
        source_window_take(&files->window, bytes);
        return SOURCE_FRAME;
    case FILE_PASSED:
        files->begun = true;
        source_window_take(&files->window, bytes);
        return SOURCE_FRAME;
    case FILE_MORE:
        if (files->stream) {
            return bring(source, bytes);
        }
        if (files->next == files->count) {
            return SOURCE_END;
        }
        if (ask_to_keep(files)) {
            return SOURCE_KEEP;
        }
        return open_turn(source) ? SOURCE_FRAME : give_up(source);
    case FILE_STRANGE:
        return end_strange(source);
    case FILE_DAMAGED:
        break;
    }
    return end_damaged(source, file_format_problem(&files->format));
}

/* A frame of `bytes` is at hand. False: the filter is not ready for it. */
static inline bool take_frame(struct source *source, struct source_files *files, size_t bytes,
                              struct frame *frame) {
    if (!source_filter_is_ready(&source->filter, frame->link_type)) {
        return false;
    }
    source_window_take(&files->window, bytes);
    frame->number = ++files->number;
    frame->file = (uint32_t)(files->next - 1);
    frame->block = source_window_block(&files->window);
    return true;
}

/* Kept apart from the way of a usual frame, as take_step is. */
__attribute__((noinline)) static enum source_status take_steps(struct source *source, struct frame *frame) {
    struct source_files *files = source->input;
    for (;;) {
        size_t bytes = 0;
        /* Without a file there is no byte at hand, and more are wanted. */
        enum file_step step =
            file_format_next(&files->format, source_window_rest(&files->window), &bytes, frame);
        if (step == FILE_FRAME && take_frame(source, files, bytes, frame)) {
            return SOURCE_FRAME;
        }
        enum source_status status = take_step(source, step, bytes, frame);
        if (status != SOURCE_FRAME) {
            return status;
        }
    }
}

static enum source_status files_next(struct source *source, struct frame *frame) {
    struct source_files *files = source->input;
    struct slice rest = source_window_rest(&files->window);
    size_t bytes = file_format_usual(&files->format, rest, frame);
    if (bytes > 0) {
        const uint8_t *next = rest.ptr + bytes;
        if (files->map) {
            source_ahead_go_on(&files->ahead, &files->format, next, files->window.end);
        } else {
            prefetch_now(next, AHEAD_BYTES);
        }
        if (take_frame(source, files, bytes, frame)) {
            return SOURCE_FRAME;
        }
    }
    return take_steps(source, frame);
}

static void files_counts(const struct source *source, struct source_counts *counts) {
    const struct source_files *files = source->input;
    counts->file_bytes_read =
        files->bytes_done + (files->stream ? source_stream_bytes_read(files->stream) : 0);
    counts->file_bytes_total = files->bytes_total;
}

static const char *files_name(const struct source *source, uint32_t file) {
    const struct source_files *files = source->input;
    return file < files->count ? files->paths[file] : "";
}

static bool files_opens_later(const struct source *source, uint32_t file) {
    const struct source_files *files = source->input;
    return file >= files->next && file < files->count && files->held[file] < 0 &&
           !source_files_is_standard_input(files->paths[file]);
}

static void files_close(struct source *source) {
    struct source_files *files = source->input;
    if (files->stream) {
        close_file(files);
    }
    files->left_lasts = false;
    sweep(files);
}

static void files_free(struct source *source) {
    struct source_files *files = source->input;
    if (files) {
        for (size_t i = 0; files->held && i < files->count; i++) {
            if (files->held[i] >= 0) {
                (void)close(files->held[i]);
            }
        }
        free(files->held);
        source_files_end(files);
        source_map_sweep(&files->left); /* nobody needs any of them now */
        assert(!files->left);
        source_window_fini(&files->window);
        free(files->paths);
        free(files);
    }
}

static const struct source_ops files_ops = {
    .next = files_next,
    .counts = files_counts,
    .file_name = files_name,
    .opens_later = files_opens_later,
    .close = files_close,
    .free = files_free,
    .live = false,
};

struct source *source_open_files(const struct source_files_options *options, enum source_error *error,
                                 char message[SOURCE_MESSAGE_BYTES]) {
    *error = SOURCE_ERROR_FILE;
    message[0] = '\0';
    struct source *source = source_new(&files_ops, options->filter, message);
    if (!source) {
        return NULL;
    }
    struct source_files *files = calloc(1, sizeof *files);
    source->input = files;
    source->frame_count = options->frame_count;
    source->snapshot_length = options->snapshot_length;
    source->idle_ms = options->idle_ms;
    if (files) {
        files->paths = calloc(options->path_count, sizeof *files->paths);
        files->held = calloc(options->path_count, sizeof *files->held);
        files->hold_open = options->hold_open;
    }
    if (files && files->paths && files->held) {
        memcpy(files->paths, options->paths, options->path_count * sizeof *files->paths);
        memset(files->held, 0xff, options->path_count * sizeof *files->held); /* all -1 */
        files->count = options->path_count;
        *error = source_files_check(source, message);
    } else {
        source_say(message, "out of memory");
    }
    if (*error != SOURCE_OK) {
        source_free(source);
        return NULL;
    }
    message[0] = '\0';
    return source;
}
