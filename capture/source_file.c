/* SPDX-License-Identifier: Apache-2.0 */
/* Capture files through libpcap, one after the other. Frame numbers restart in each file. */
#include "capture/source_ops.h"
#include "capture/source_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Invariant: `pcap` is set only while `stream` is; both belong to paths[next - 1]. */
struct source_files {
    const char **paths; /* our array of the caller's strings */
    size_t count;
    size_t next; /* the file whose turn comes next */
    struct source_stream *stream;
    FILE *file; /* of the stream; owned by `pcap` */
    pcap_t *pcap;
    uint64_t number; /* of the last frame in this file */
    uint64_t bytes_done;
    uint64_t bytes_total; /* 0 where unknown */
};

static bool is_standard_input(const char *path) {
    return strcmp(path, "-") == 0;
}

static const char *shown_name(const char *path) {
    return is_standard_input(path) ? "standard input" : path;
}

static void close_file(struct source_files *files) {
    if (files->pcap) {
        pcap_close(files->pcap);
        files->pcap = NULL;
        files->file = NULL;
    }
    if (files->stream) {
        files->bytes_done += source_stream_bytes_read(files->stream);
        source_stream_free(files->stream);
        files->stream = NULL;
    }
}

static const char *how_to_mend(int error) {
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

/* What a file that libpcap does not know begins with, for people. */
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

/* The magic numbers of pcap (plain, nanosecond, with Kuznetzov's extra fields; either byte order) and pcapng.
 */
static bool is_capture(struct slice first) {
    static const char magics[][4] = {"\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1", "\xa1\xb2\x3c\x4d",
                                     "\x4d\x3c\xb2\xa1", "\xa1\xb2\xcd\x34", "\x34\xcd\xb2\xa1",
                                     "\x0a\x0d\x0d\x0a"};
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        if (first.len >= 4 && memcmp(first.ptr, magics[i], 4) == 0) {
            return true;
        }
    }
    return false;
}

enum opening {
    OPENING_DONE,
    OPENING_REFUSED, /* it is no capture that hark can read */
    OPENING_DAMAGED, /* it is one, but its beginning is damaged */
    OPENING_STOPPED,
};

/* Opens the stream's capture; the message on refusal and damage. */
static enum opening open_capture(struct source_stream *stream, const char *name, pcap_t **pcap, FILE **file,
                                 char message[SOURCE_MESSAGE_BYTES]) {
    char problem[PCAP_ERRBUF_SIZE] = "";
    *file = source_stream_file(stream);
    *pcap =
        *file ? pcap_fopen_offline_with_tstamp_precision(*file, PCAP_TSTAMP_PRECISION_NANO, problem) : NULL;
    if (*pcap) {
        return OPENING_DONE;
    }
    if (!*file) {
        source_say(message, "%s: out of memory", name);
        return OPENING_DAMAGED;
    }
    (void)fclose(*file);
    *file = NULL;
    struct slice first = source_stream_first(stream);
    switch (source_stream_state(stream)) {
    case STREAM_STOPPED:
        return OPENING_STOPPED;
    case STREAM_FAILED:
        source_say(message, "%s: %s", name, source_stream_problem(stream));
        return source_stream_unsupported(stream) ? OPENING_REFUSED : OPENING_DAMAGED;
    case STREAM_READING:
    case STREAM_IDLE:
    case STREAM_END:
        break;
    }
    if (first.len == 0) {
        source_say(message, "%s: is empty; give a pcap or pcapng file", name);
        return OPENING_REFUSED;
    }
    if (!is_capture(first)) {
        char begins[96];
        describe_first(first, begins, sizeof begins);
        source_say(message, "%s: is not a capture file (it begins with %s); give a pcap or pcapng file", name,
                   begins);
        return OPENING_REFUSED;
    }
    source_say(message, "%s: no frame can be read: %s", name, problem);
    return OPENING_DAMAGED;
}

/* The capture at paths[next] becomes the current one. On failure it is skipped. */
static enum opening open_turn(struct source *source, bool *idle) {
    struct source_files *files = source->input;
    if (!files->stream) {
        const char *path = files->paths[files->next++];
        files->number = 0;
        int fd =
            is_standard_input(path) ? STDIN_FILENO : open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0) {
            source_say(source->message, "%s: %s%s", path, strerror(errno), how_to_mend(errno));
            return OPENING_DAMAGED;
        }
        files->stream = source_stream_new(fd, source->wake_fd, source->idle_ms);
        if (!files->stream) {
            source_say(source->message, "%s: out of memory", path);
            (void)close(fd);
            return OPENING_DAMAGED;
        }
    }
    enum source_stream_state ready = source_stream_wait(files->stream);
    *idle = ready == STREAM_IDLE;
    if (*idle) {
        return OPENING_DONE;
    }
    if (ready == STREAM_STOPPED) {
        return OPENING_STOPPED;
    }
    const char *name = shown_name(files->paths[files->next - 1]);
    enum opening opening = open_capture(files->stream, name, &files->pcap, &files->file, source->message);
    if (opening != OPENING_DONE) {
        close_file(files);
        return opening;
    }
    char problem[PCAP_ERRBUF_SIZE];
    enum source_filter_status filter =
        source_filter_prepare(&source->filter, pcap_datalink(files->pcap), problem, sizeof problem);
    if (filter != SOURCE_FILTER_READY) {
        source_say(source->message, "%s: the filter %s: %s", name,
                   filter == SOURCE_FILTER_WRONG ? "does not fit it" : "can't be compiled", problem);
        close_file(files);
        return OPENING_DAMAGED;
    }
    return OPENING_DONE;
}

/* Of a pcapng file libpcap reads interfaces of one link type and snapshot length alone. */
static const char *how_to_mend_damage(const char *problem) {
    if (strstr(problem, "different from the snapshot length")) {
        return "; rewrite the file: editcap -F pcap FILE NEWFILE";
    }
    if (strstr(problem, "different from the type")) {
        return "; only one link type a file can be read: capture each interface to a file of its own";
    }
    return "";
}

static void say_damage(struct source *source, enum source_stream_state state) {
    struct source_files *files = source->input;
    const char *name = shown_name(files->paths[files->next - 1]);
    const char *problem =
        state == STREAM_FAILED ? source_stream_problem(files->stream) : pcap_geterr(files->pcap);
    source_say(source->message, "%s: reading ended after frame %llu, at byte %llu%s: %s%s", name,
               (unsigned long long)files->number, (unsigned long long)source_stream_marked(files->stream),
               source_stream_packed(files->stream) ? " of the unpacked file" : "", problem,
               how_to_mend_damage(problem));
}

static enum source_status read_frame(struct source *source, struct frame *frame) {
    struct source_files *files = source->input;
    source_stream_mark(files->stream);
    struct pcap_pkthdr *header = NULL;
    const u_char *bytes = NULL;
    int result = pcap_next_ex(files->pcap, &header, &bytes);
    if (result == 1) {
        source_fill(frame, header, bytes, true);
        frame->link_type = pcap_datalink(files->pcap);
        frame->number = ++files->number;
        frame->file = (uint32_t)(files->next - 1);
        frame->interface = 0; /* libpcap does not tell */
        return SOURCE_FRAME;
    }
    enum source_stream_state state = source_stream_state(files->stream);
    if (state == STREAM_IDLE) {
        clearerr(files->file);
        return SOURCE_IDLE;
    }
    if (state == STREAM_STOPPED) {
        return SOURCE_END;
    }
    if (result == PCAP_ERROR_BREAK && state != STREAM_FAILED) {
        return SOURCE_END;
    }
    say_damage(source, state);
    return SOURCE_DAMAGED;
}

static enum source_status files_next(struct source *source, struct frame *frame) {
    struct source_files *files = source->input;
    for (;;) {
        if (!files->pcap) {
            if (!files->stream && files->next == files->count) {
                return SOURCE_END;
            }
            bool idle = false;
            switch (open_turn(source, &idle)) {
            case OPENING_DONE:
                if (idle) {
                    return SOURCE_IDLE;
                }
                break;
            case OPENING_STOPPED:
                return SOURCE_END;
            case OPENING_REFUSED:
            case OPENING_DAMAGED:
                source->counts.damaged_files++;
                return SOURCE_DAMAGED;
            }
        }
        enum source_status status = read_frame(source, frame);
        if (status == SOURCE_FRAME || status == SOURCE_IDLE) {
            return status;
        }
        bool stopped = source_stream_state(files->stream) == STREAM_STOPPED;
        close_file(files);
        if (status == SOURCE_DAMAGED) {
            source->counts.damaged_files++;
            return SOURCE_DAMAGED;
        }
        if (stopped) {
            return SOURCE_END;
        }
    }
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

static void files_free(struct source *source) {
    struct source_files *files = source->input;
    if (files) {
        close_file(files);
        free(files->paths);
        free(files);
    }
}

static const struct source_ops files_ops = {
    .next = files_next,
    .counts = files_counts,
    .file_name = files_name,
    .free = files_free,
    .live = false,
};

/* Does the filter fit a file's link type? */
static enum source_error check_filter(struct source *source, const char *path, int link_type,
                                      char message[SOURCE_MESSAGE_BYTES]) {
    const char *expression = source->filter.expression;
    char problem[PCAP_ERRBUF_SIZE], usual[PCAP_ERRBUF_SIZE];
    switch (source_filter_prepare(&source->filter, link_type, problem, sizeof problem)) {
    case SOURCE_FILTER_READY:
        return SOURCE_OK;
    case SOURCE_FILTER_NO_MEMORY:
        source_say(message, "filter \"%s\": %s", expression, problem);
        return SOURCE_ERROR_FILE;
    case SOURCE_FILTER_WRONG:
        break;
    }
    bool of_file = source_filter_plausible(expression, usual, sizeof usual) == SOURCE_FILTER_READY;
    source_say(message, "filter \"%s\"%s%s: %s; see man 7 pcap-filter", expression,
               of_file ? " does not fit " : "", of_file ? path : "", problem);
    return SOURCE_ERROR_FILTER;
}

/* Opens the regular file, looks at its beginning and closes it: a run over thousands of files holds one. */
static enum source_error check_capture(struct source *source, const char *path,
                                       char message[SOURCE_MESSAGE_BYTES]) {
    int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        source_say(message, "%s: %s%s", path, strerror(errno), how_to_mend(errno));
        return SOURCE_ERROR_FILE;
    }
    struct source_stream *stream = source_stream_new(fd, source->wake_fd, 0);
    if (!stream) {
        (void)close(fd);
        source_say(message, "%s: out of memory", path);
        return SOURCE_ERROR_FILE;
    }
    pcap_t *pcap = NULL;
    FILE *file = NULL;
    enum opening opening = open_capture(stream, path, &pcap, &file, message);
    enum source_error error = opening == OPENING_REFUSED ? SOURCE_ERROR_FILE : SOURCE_OK;
    if (opening == OPENING_DONE) {
        error = check_filter(source, path, pcap_datalink(pcap), message);
    }
    if (pcap) {
        pcap_close(pcap);
    }
    source_stream_free(stream);
    return error;
}

static enum source_error check_path(struct source *source, const char *path, bool *total_known,
                                    char message[SOURCE_MESSAGE_BYTES]) {
    struct source_files *files = source->input;
    struct stat status;
    bool standard_input = is_standard_input(path);
    if ((standard_input ? fstat(STDIN_FILENO, &status) : stat(path, &status)) != 0) {
        source_say(message, "%s: %s%s", shown_name(path), strerror(errno), how_to_mend(errno));
        return SOURCE_ERROR_FILE;
    }
    if (S_ISREG(status.st_mode)) {
        files->bytes_total += (uint64_t)status.st_size;
        return standard_input ? SOURCE_OK : check_capture(source, path, message);
    }
    *total_known = false;
    if (S_ISDIR(status.st_mode)) {
        source_say(message, "%s: is a directory; give the capture files in it, each with -r",
                   shown_name(path));
        return SOURCE_ERROR_FILE;
    }
    if (standard_input && isatty(STDIN_FILENO)) {
        source_say(message, "standard input: is a terminal; pipe a capture into hark, or give -r a file");
        return SOURCE_ERROR_FILE;
    }
    if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode) && !standard_input) {
        source_say(message, "%s: is neither a file nor a pipe; give a capture file", path);
        return SOURCE_ERROR_FILE;
    }
    if (!standard_input && access(path, R_OK) != 0) {
        source_say(message, "%s: %s%s", path, strerror(errno), how_to_mend(errno));
        return SOURCE_ERROR_FILE;
    }
    return SOURCE_OK;
}

static enum source_error check_all(struct source *source, char message[SOURCE_MESSAGE_BYTES]) {
    struct source_files *files = source->input;
    bool total_known = true;
    bool standard_input = false;
    for (size_t i = 0; i < files->count; i++) {
        const char *path = files->paths[i];
        if (is_standard_input(path) && standard_input) {
            source_say(message, "standard input: is given twice, but can be read only once; give one -r -");
            return SOURCE_ERROR_FILE;
        }
        standard_input = standard_input || is_standard_input(path);
        enum source_error error = check_path(source, path, &total_known, message);
        if (error != SOURCE_OK) {
            return error;
        }
    }
    if (!total_known) {
        files->bytes_total = 0;
    }
    /* No file told a link type: a wrong filter should be known now all the same. */
    char problem[PCAP_ERRBUF_SIZE];
    const char *expression = source->filter.expression;
    enum source_filter_status filter = source->filter.compiled
                                           ? SOURCE_FILTER_READY
                                           : source_filter_plausible(expression, problem, sizeof problem);
    if (filter == SOURCE_FILTER_READY) {
        return SOURCE_OK;
    }
    bool wrong = filter == SOURCE_FILTER_WRONG;
    source_say(message, "filter \"%s\": %s%s", expression, problem, wrong ? "; see man 7 pcap-filter" : "");
    return wrong ? SOURCE_ERROR_FILTER : SOURCE_ERROR_FILE;
}

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
    }
    if (files && files->paths) {
        memcpy(files->paths, options->paths, options->path_count * sizeof *files->paths);
        files->count = options->path_count;
        *error = check_all(source, message);
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
