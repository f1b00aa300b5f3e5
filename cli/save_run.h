/* SPDX-License-Identifier: Apache-2.0 */
/* -w from the options to the last word about it: opens the input as often as it may be read and the file,
 * makes the saver, reads the input again where that is the way, and says what went wrong. All is open before
 * the first packet: rights are given up then. Embedded by value; the reader's thread. */
#ifndef HARK_CLI_SAVE_RUN_H
#define HARK_CLI_SAVE_RUN_H

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/save_again.h"

enum { SAVE_READINGS = 2 }; /* most that there may be after the first */

/* All NULL without -w. */
struct save_run {
    struct source *again[SAVE_READINGS]; /* owned: the input for each reading; NULL when its turn was */
    size_t taken;                        /* readings begun */
    struct sink *sink;
    struct saver *saver;
    struct save_file file;
    size_t ring_bytes; /* 0: the input is read a second time */
};

/* What -w needs of the memory is taken from the caps. False when there is not enough: `message` says so. */
bool save_run_limits(const struct options *, struct limits *, char message[SOURCE_MESSAGE_BYTES]);
/* Without -w nothing, and nothing is written yet. `open` opens the input anew, as options say. After false,
 * which was said, save_run_fini is needed all the same. */
bool save_run_open(struct save_run *, const struct options *, struct progress *,
                   struct source *(*open)(const struct options *, char message[SOURCE_MESSAGE_BYTES]));
/* Opens the file. False as above. `source` names the interfaces and outlives the run. */
bool save_run_begin(struct save_run *, const struct options *, const struct limits *, struct progress *,
                    const struct source *source);
/* All transactions are finished: saves what is left to save. False when packets were asked for that are not
 * in the file; that was said. */
bool save_run_end(struct save_run *, const struct options *, const struct limits *, struct progress *,
                  const struct decode_options *, bool fragments);
void save_run_fini(struct save_run *);

#endif
