/* SPDX-License-Identifier: Apache-2.0 */
/* The look at all capture files before the first is read. */
#include "capture/show.h"
#include "capture/source_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Does the filter fit a link type of those that the file describes before its first frame? */
static enum source_error check_filter(struct source *source, const char *path,
                                      char message[SOURCE_MESSAGE_BYTES]) {
    const struct file_format *format = &((struct source_files *)source->input)->format;
    const char *expression = source->filter.expression;
    size_t interfaces = file_format_interfaces(format);
    char first[PCAP_ERRBUF_SIZE], other[PCAP_ERRBUF_SIZE];
    for (size_t i = 0; i < interfaces; i++) {
        char *problem = i ? other : first;
        switch (
            source_filter_prepare(&source->filter, file_format_link_type(format, i), problem, sizeof first)) {
        case SOURCE_FILTER_READY:
            return SOURCE_OK;
        case SOURCE_FILTER_NO_MEMORY:
            source_say(message, "filter \"%s\": %s", show(expression).text, problem);
            return SOURCE_ERROR_FILE;
        case SOURCE_FILTER_WRONG:
            break;
        }
    }
    if (interfaces == 0) {
        return SOURCE_OK;
    }
    bool of_file = source_filter_plausible(expression, other, sizeof other) == SOURCE_FILTER_READY;
    source_say(message, "filter \"%s\"%s%s: %s; see man 7 pcap-filter", show(expression).text,
               of_file ? " does not fit " : "", of_file ? show(path).text : "", first);
    return SOURCE_ERROR_FILTER;
}

/* True when the file begins as a capture does, or can't be read (which its turn will tell): read as far as
 * the first interface, and beyond as far as that brought bytes along, up to the first frame. */
static bool look(struct source_files *files, const char *path, char message[SOURCE_MESSAGE_BYTES]) {
    for (;;) {
        struct frame frame;
        size_t bytes = 0;
        switch (file_format_next(&files->format, source_window_rest(&files->window), &bytes, &frame)) {
        case FILE_PASSED:
        case FILE_RECORD:
            files->begun = true;
            source_window_take(&files->window, bytes);
            break;
        case FILE_FRAME:
        case FILE_DAMAGED:
            return true;
        case FILE_STRANGE:
            source_files_say_strange(files, path, message);
            return false;
        case FILE_MORE:
            if (file_format_interfaces(&files->format)) {
                return true;
            }
            switch (source_files_bring(files, bytes)) {
            case STREAM_READING:
                break;
            case STREAM_END:
                if (files->format.kind == FILE_KIND_UNKNOWN && files->unpacked < 4) {
                    source_files_say_strange(files, path, message);
                    return false;
                }
                return true;
            case STREAM_FAILED:
                if (source_stream_unsupported(files->stream)) {
                    source_say(message, "%s: %s", show(path).text, files->problem);
                    return false;
                }
                return true;
            case STREAM_IDLE:
            case STREAM_STOPPED:
                return true;
            }
        }
    }
}

/* Opens the regular file, looks at its beginning and closes it, where it is not to be held: a run over
 * thousands of files has one open then. */
static enum source_error check_capture(struct source *source, size_t index,
                                       char message[SOURCE_MESSAGE_BYTES]) {
    struct source_files *files = source->input;
    const char *path = files->paths[index];
    int fd = source_files_open(files, index);
    if (fd < 0) {
        source_say(message, "%s: %s%s", show(path).text, strerror(errno), source_files_mend(errno));
        return SOURCE_ERROR_FILE;
    }
    source_files_hold(files, index, fd);
    if (!source_files_begin(files, fd, source->wake_fd, 0)) {
        source_say(message, "%s: out of memory", show(path).text);
        return SOURCE_ERROR_FILE;
    }
    enum source_error error = SOURCE_ERROR_FILE;
    if (look(files, path, message)) {
        error = check_filter(source, path, message);
    }
    source_files_end(files);
    return error;
}

/* A pipe or device is read on its turn, but may have to be open by then. */
static void hold_unread(struct source_files *files, size_t index) {
    int fd = files->hold_open ? source_files_open(files, index) : -1;
    if (fd >= 0) {
        source_files_hold(files, index, fd);
        (void)close(fd);
    }
}

static enum source_error check_path(struct source *source, size_t index, bool *total_known,
                                    char message[SOURCE_MESSAGE_BYTES]) {
    struct source_files *files = source->input;
    const char *path = files->paths[index];
    struct stat status;
    bool standard_input = source_files_is_standard_input(path);
    const char *name = source_files_shown_name(path);
    if ((standard_input ? fstat(STDIN_FILENO, &status) : stat(path, &status)) != 0) {
        source_say(message, "%s: %s%s", show(name).text, strerror(errno), source_files_mend(errno));
        return SOURCE_ERROR_FILE;
    }
    if (S_ISREG(status.st_mode)) {
        files->bytes_total += (uint64_t)status.st_size;
        return standard_input ? SOURCE_OK : check_capture(source, index, message);
    }
    *total_known = false;
    if (S_ISDIR(status.st_mode)) {
        source_say(message, "%s: is a directory; give the capture files in it, each with -r",
                   show(name).text);
        return SOURCE_ERROR_FILE;
    }
    if (standard_input && isatty(STDIN_FILENO)) {
        source_say(message, "standard input: is a terminal; pipe a capture into hark, or give -r a file");
        return SOURCE_ERROR_FILE;
    }
    if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode) && !standard_input) {
        source_say(message, "%s: is neither a file nor a pipe; give a capture file", show(path).text);
        return SOURCE_ERROR_FILE;
    }
    if (!standard_input && access(path, R_OK) != 0) {
        source_say(message, "%s: %s%s", show(path).text, strerror(errno), source_files_mend(errno));
        return SOURCE_ERROR_FILE;
    }
    if (!standard_input) {
        hold_unread(files, index);
    }
    return SOURCE_OK;
}

enum source_error source_files_check(struct source *source, char message[SOURCE_MESSAGE_BYTES]) {
    struct source_files *files = source->input;
    bool total_known = true;
    bool standard_input = false;
    for (size_t i = 0; i < files->count; i++) {
        const char *path = files->paths[i];
        if (source_files_is_standard_input(path) && standard_input) {
            source_say(message, "standard input: is given twice, but can be read only once; give one -r -");
            return SOURCE_ERROR_TWICE;
        }
        standard_input = standard_input || source_files_is_standard_input(path);
        enum source_error error = check_path(source, i, &total_known, message);
        if (error != SOURCE_OK) {
            return error;
        }
    }
    if (!total_known) {
        files->bytes_total = 0;
    }
    if (files->hold_open) {
        source_filter_look_up(&source->filter);
    }
    if (source_filter_fits_any(&source->filter)) {
        return SOURCE_OK;
    }
    /* No file told a link type: a wrong filter should be known now all the same. */
    char problem[PCAP_ERRBUF_SIZE];
    const char *expression = source->filter.expression;
    enum source_filter_status filter = source_filter_plausible(expression, problem, sizeof problem);
    if (filter == SOURCE_FILTER_READY) {
        return SOURCE_OK;
    }
    bool wrong = filter == SOURCE_FILTER_WRONG;
    source_say(message, "filter \"%s\": %s%s", show(expression).text, problem,
               wrong ? "; see man 7 pcap-filter" : "");
    return wrong ? SOURCE_ERROR_FILTER : SOURCE_ERROR_FILE;
}
