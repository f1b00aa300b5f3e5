/* SPDX-License-Identifier: Apache-2.0 */
/* Where frames come from: capture files (one after the other), a pipe, or live interfaces. One op table
 * behind one handle: the caller never knows which. Heap-owned; one thread at a time, except source_stop,
 * which any thread or a signal handler may call. */
#ifndef HARK_CAPTURE_SOURCE_H
#define HARK_CAPTURE_SOURCE_H

#include "capture/packet.h"

struct source;

enum source_status {
    SOURCE_FRAME, /* a frame was given */
    SOURCE_IDLE,  /* live: nothing came within the time-out; the wall clock may tick. Files, where asked for:
                     a pipe is silent, the filter let nothing pass for long, or blocks that are held should be
                     let go of; time to flush and to show progress, but never for the wall clock
                     (source_is_live tells) */
    SOURCE_END, /* every file was read to its end, or source_stop was called (and what interfaces had by then
                   was given), or the count is reached, or every interface has failed; it stays so */
    SOURCE_DAMAGED, /* a file or interface could not be read on: source_message says what and where. What was
                       readable was given before. Go on calling: the next file follows, or SOURCE_END. Or the
                       filter does not fit a link type of a file: its other frames follow */
    SOURCE_NOTICE,  /* live: source_message says what the user should know (an interface went away or came
                       back, say). Go on calling */
    SOURCE_KEEP,    /* where asked for (source_allow_lasting): bytes that lasted go with the next call; who
                       needs some of them has to copy them now */
};

/* Longest message of this module, with its NUL. */
enum { SOURCE_MESSAGE_BYTES = 512 };

struct source_files_options {
    const char *const *paths; /* "-" is standard input; the strings (not the array) must outlive the source */
    size_t path_count;        /* at least 1 */
    const char *filter;       /* BPF expression, NULL or "" for all; numbers count filtered frames too */
    uint64_t frame_count;     /* stop after so many frames that passed the filter; 0 for all */
    int snapshot_length;      /* frames are cut to this many bytes, after the filter; 0 for as they are */
    int idle_ms;              /* a pipe that is silent so long gives SOURCE_IDLE; 0 for never */
    bool hold_open; /* keep each file open from the look at it until its turn, as far as descriptors allow
                       (source_opens_later), and look up now what names the filter has: for a process that
                       is about to give up the right to open files */
};

/* Interfaces that are captured at once. */
enum { SOURCE_INTERFACES_MOST = 16 };

struct source_live_options {
    const char *const *interfaces; /* "any" too; the strings (not the array) must outlive the source */
    size_t interface_count;        /* 1 to SOURCE_INTERFACES_MOST */
    const char *filter;            /* runs in the kernel: numbers count only the frames that passed it */
    uint64_t frame_count;
    int snapshot_length; /* 0 for 262144 */
    int buffer_bytes;    /* kernel buffer of each interface; 0 for libpcap's default, 2 MiB */
    bool promiscuous;
    int timeout_ms; /* longest wait before SOURCE_IDLE, at least 1 */
    bool held;      /* refuses all frames at first; for source_fanout.c alone */
};

enum source_error {
    SOURCE_OK,
    SOURCE_ERROR_FILE,   /* missing, not a capture, a directory, no permission, no such interface ... (exit
                            status 1) */
    SOURCE_ERROR_FILTER, /* the filter does not compile (exit status 2) */
    SOURCE_ERROR_TWICE,  /* standard input is to be read twice (exit status 2) */
};

/* Looks at all files at once, so that a missing file, or one that is no capture, is known before the first
 * record; each is then opened on its turn. A capture with a damaged beginning (a cut file header, say) is not
 * refused here but gives SOURCE_DAMAGED on its turn, for the others' sake. Standard input and named pipes are
 * first read by source_next, where source_stop can end the wait; what is wrong with them is SOURCE_DAMAGED
 * too. On error NULL, and `message` says in one line what, where and how to mend it. The filter must compile
 * for a link type of every file looked at, of those known before its first frame; for a pipe that comes
 * later, for a usual link type. */
struct source *source_open_files(const struct source_files_options *, enum source_error *,
                                 char message[SOURCE_MESSAGE_BYTES]);
/* The options' strings must outlive the source. Frames of several interfaces come in the order of their
 * times, as far as the kernel delivers them in time: each waits some hundredths of a second for the others.
 * An interface that goes down or is removed is waited for; one that is not there or down now is an error. */
struct source *source_open_live(const struct source_live_options *, enum source_error *,
                                char message[SOURCE_MESSAGE_BYTES]);
/* No frame is asked for any more, and none held: files are closed. Counts and names stay. */
void source_close(struct source *);
void source_free(struct source *);

/* From now on capture files may be mapped instead of read, which costs less. For whoever takes the frames at
 * a stretch: who wants to write such a file waits meanwhile for a few megabytes of it to be taken
 * (source_map.h), so it is not for a run that a slow reader of its output can stop. */
void source_allow_mapping(struct source *);
/* ... and the bytes of their frames may last (source_block.lasts): SOURCE_KEEP is obeyed. */
void source_allow_lasting(struct source *);
/* May they? Not of interfaces, and not where a pipe is among the files. */
bool source_lasts(const struct source *);
enum source_status source_next(struct source *, struct frame *);
/* After SOURCE_DAMAGED and SOURCE_NOTICE: one line, borrowed until the next source_next. */
const char *source_message(const struct source *);
/* Ends source_next soon, even where it waits for an interface or a pipe; async-signal-safe. Of interfaces it
 * gives first what the kernel has for it at that moment, for 3 s at most: what is left then is `unread`. */
void source_stop(struct source *);

/* One interface of a live source; counts as in struct source_counts. */
struct source_interface_counts {
    const char *name; /* borrowed from the source */
    uint64_t frames;
    uint64_t kernel_received;
    uint64_t kernel_dropped;
    uint64_t interface_dropped;
    uint64_t unread;
    uint64_t outages;    /* times that it was down or gone */
    uint64_t outage_ns;  /* how long together */
    uint64_t ring_bytes; /* of the kernel's buffer; 0 unknown */
};

struct source_counts {
    uint64_t frames;     /* read, filtered ones included; live: those that passed the kernel's filter */
    uint64_t filtered;   /* did not pass the filter; live: 0, the kernel does not count them */
    uint64_t bytes;      /* captured bytes of all frames read */
    uint64_t last_bytes; /* of the last one */
    /* live, as pcap_stats(3PCAP) says, but not cut to 32 bits: passed the kernel's filter, those dropped or
     * not read yet included; a loopback interface counts each packet twice, on its way out and in */
    uint64_t kernel_received;
    uint64_t kernel_dropped;    /* live: for want of room in the kernel buffer */
    uint64_t interface_dropped; /* live: by the interface or its driver */
    uint64_t unread;            /* live: were in the kernel's buffer when all ended after source_stop */
    uint64_t
        cut_frames;     /* live: some of their bytes were cut off by source_cut_frames; all are in `frames` */
    uint64_t cut_bytes; /* ... so many, which are not in `bytes`; what the options cut is not among them */
    uint64_t file_bytes_read;  /* of the files themselves (compressed bytes where compressed), for progress */
    uint64_t file_bytes_total; /* 0 where unknown (a pipe among them) */
    uint64_t damaged_files;    /* how often SOURCE_DAMAGED was given */
    size_t interface_count;    /* live: what of the sums above and below each interface has */
    struct source_interface_counts interfaces[SOURCE_INTERFACES_MOST];
    uint64_t outages;
    uint64_t outage_ns;
};
void source_counts(const struct source *, struct source_counts *);
/* Name of file number `file` as given, or the interface's name ("any" names the one that a frame came
 * through). Borrowed from the source; of a frame's file, from any thread that the frame was handed to. */
const char *source_file_name(const struct source *, uint32_t file);
bool source_is_live(const struct source *);
/* Live: from the next frame on the kernel keeps `bytes` of each at most; with 0 as many as the options say,
 * again. What waits in its buffer stays as it is. False: an interface can't do it, and the message says why;
 * with more than 0 no interface is cut then. */
bool source_cut_frames(struct source *, uint32_t bytes, char message[SOURCE_MESSAGE_BYTES]);
/* Must file number `file` still be opened on its turn? */
bool source_opens_later(const struct source *, uint32_t file);
/* True when the filter names ports or protocols in a way that misses tagged, tunnelled and later-fragment
 * packets (the rule is source_filter_text_misses_tagged's). */
bool source_filter_misses_tagged(const struct source *);

/* Calls `each` for every interface that libpcap can open, those apart that hark refuses (description "" where
 * there is none); false and a message when they can't be listed. */
bool source_list_interfaces(void (*each)(void *context, const char *name, const char *description),
                            void *context, char message[SOURCE_MESSAGE_BYTES]);

#endif
