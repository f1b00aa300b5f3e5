/* SPDX-License-Identifier: Apache-2.0 */
/* Where frames come from: capture files (one after the other), a pipe, or live interfaces. One op table
 * behind one handle: the caller never knows which. Heap-owned; one thread at a time, except source_stop,
 * which any thread or a signal handler may call. */
#ifndef HARK_CAPTURE_SOURCE_H
#define HARK_CAPTURE_SOURCE_H

#include "capture/packet.h"

struct source;

enum source_status {
    SOURCE_FRAME,   /* a frame was given */
    SOURCE_IDLE,    /* live: nothing came within the time-out; the wall clock may tick */
    SOURCE_END,     /* every file was read to its end, or source_stop was called, or the count is reached */
    SOURCE_DAMAGED, /* a file could not be read on: source_message says what and where; reading goes on with
                       the next file */
};

/* Longest message of this module, with its NUL. */
enum { SOURCE_MESSAGE_BYTES = 512 };

struct source_files_options {
    const char *const *paths; /* "-" is standard input; the strings must outlive the source */
    size_t path_count;        /* at least 1 */
    const char *filter;       /* BPF expression, NULL or "" for all; numbers count filtered frames too */
    uint64_t frame_count;     /* stop after so many frames that passed the filter; 0 for all */
    int snapshot_length;      /* frames are cut to this many bytes; 0 for as they are */
};

struct source_live_options {
    const char *interface; /* "any" too */
    const char *filter;
    uint64_t frame_count;
    int snapshot_length; /* 0 for 262144 */
    int buffer_bytes;    /* kernel buffer */
    bool promiscuous;
    int timeout_ms; /* longest wait before SOURCE_IDLE */
};

enum source_error {
    SOURCE_OK,
    SOURCE_ERROR_FILE,   /* missing, not a capture, a directory, no permission, no such interface ... (exit
                            status 1) */
    SOURCE_ERROR_FILTER, /* the filter does not compile (exit status 2) */
};

/* Opens all at once, so that a missing file is known before the first record. On error NULL, and `message`
 * says in one line what, where and how to mend it. A filter is compiled for each link type when it is first
 * met; one that does not compile for the first fails here. */
struct source *source_open_files(const struct source_files_options *, enum source_error *,
                                 char message[SOURCE_MESSAGE_BYTES]);
struct source *source_open_live(const struct source_live_options *, enum source_error *,
                                char message[SOURCE_MESSAGE_BYTES]);
void source_free(struct source *);

enum source_status source_next(struct source *, struct frame *);
/* After SOURCE_DAMAGED: one line, borrowed until the next source_next. */
const char *source_message(const struct source *);
/* Ends source_next soon, from any thread; async-signal-safe. */
void source_stop(struct source *);

struct source_counts {
    uint64_t frames;          /* read, filtered ones included */
    uint64_t filtered;        /* did not pass the filter */
    uint64_t bytes;           /* captured bytes of all frames read */
    uint64_t kernel_received; /* live: as libpcap's pcap_stats says */
    uint64_t kernel_dropped;
    uint64_t interface_dropped;
    uint64_t file_bytes_read;  /* of the files themselves (compressed bytes where compressed), for progress */
    uint64_t file_bytes_total; /* 0 where unknown (a pipe) */
    uint64_t damaged_files;
};
void source_counts(const struct source *, struct source_counts *);
/* Name of file number `file` as given, or the interface's name. Borrowed from the source. */
const char *source_file_name(const struct source *, uint32_t file);
bool source_is_live(const struct source *);
/* True when the filter names ports or protocols in a way that misses tagged, tunnelled and later-fragment
 * packets. */
bool source_filter_misses_tagged(const struct source *);

/* Calls `each` for every interface that may be captured; false and a message when they can't be listed. */
bool source_list_interfaces(void (*each)(void *context, const char *name, const char *description),
                            void *context, char message[SOURCE_MESSAGE_BYTES]);

#endif
