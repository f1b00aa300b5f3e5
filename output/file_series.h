/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an output that is rotated, and the directory of one that is not: opened once, at the start, so
 * that all later opening and removing goes through it, whatever the process may still reach by then.
 *
 * The names of a series: where the given name holds strftime(3) conversions, those of the file's time, in
 * UTC; where such a file is there already, with .1, .2 and so on behind it. Else the given name with .0001,
 * .0002 and so on behind it, which go on from the highest that is there. No file that is there is ever
 * opened. Embedded by value; one thread at a time. */
#ifndef HARK_OUTPUT_FILE_SERIES_H
#define HARK_OUTPUT_FILE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FILE_SERIES_NAME_BYTES = 256,  /* of a name in its directory, with its NUL */
    FILE_SERIES_SHOWN_BYTES = 256, /* of a path in messages; longer ones are cut */
    FILE_SERIES_KEEP_MOST = 10000,
};

struct file_series {
    int directory;                        /* owned */
    char folder[FILE_SERIES_SHOWN_BYTES]; /* as the user wrote it, with its last slash, cut; for messages */
    char given[FILE_SERIES_NAME_BYTES];   /* the name, or its pattern */
    char current[FILE_SERIES_NAME_BYTES]; /* of the file opened last; "" before the first */
    char dated[FILE_SERIES_NAME_BYTES];   /* the same without its suffix */
    uint64_t number;                      /* of its suffix */
    size_t keep;                          /* 0: all */
    char (*kept)[FILE_SERIES_NAME_BYTES]; /* owned: a ring of `keep` names, the oldest at `first` */
    size_t first, count;
};

/* Opens the directory of `path`. False with errno; file_series_fini is needed all the same. */
bool file_series_init(struct file_series *, const char *path);
/* The path names a series, of which at most `keep` files (0: any number) stay. With numbers, those that are
 * there from earlier runs count. False with errno. */
bool file_series_start(struct file_series *, size_t keep);
void file_series_fini(struct file_series *);

/* Opens the given name itself: a descriptor, or -1 with errno. */
int file_series_open_given(const struct file_series *, int flags);
/* Creates the series' next file, for `time_ns` since the epoch, then removes the oldest beyond `keep`, and
 * the current one where it is `unused`: there is nothing in it. A descriptor for writing, or -1 with errno,
 * and nothing has changed. */
int file_series_open_next(struct file_series *, int64_t time_ns, bool unused);
/* The path of the current file, or of the given name, for messages. */
void file_series_shown(const struct file_series *, char text[FILE_SERIES_SHOWN_BYTES]);

#endif
