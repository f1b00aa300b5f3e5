/* SPDX-License-Identifier: Apache-2.0 */
/* -w from the options to the last word about it: opens the file, makes the saver, reads the input again where
 * that is the way, and says what went wrong. Embedded by value; the reader's thread. */
#ifndef HARK_CLI_SAVE_RUN_H
#define HARK_CLI_SAVE_RUN_H

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/save_again.h"

/* All NULL without -w. */
struct save_run {
    struct sink *sink;
    struct saver *saver;
    struct save_file file;
    size_t ring_bytes; /* 0: the input is read a second time */
};

/* What -w needs of the memory is taken from the caps. False when there is not enough: `message` says so. */
bool save_run_limits(const struct options *, struct limits *, char message[SOURCE_MESSAGE_BYTES]);
/* Without -w nothing. After false, which was said, save_run_fini is needed all the same. `source` names the
 * interfaces and outlives the run. */
bool save_run_begin(struct save_run *, const struct options *, const struct limits *, struct progress *,
                    const struct source *source);
/* All transactions are finished: saves what is left to save. `open` opens the input anew, as options say.
 * False when packets were asked for that are not in the file; that was said. */
bool save_run_end(struct save_run *, const struct options *, const struct limits *, struct progress *,
                  const struct decode_options *, bool fragments,
                  struct source *(*open)(void *context, char message[SOURCE_MESSAGE_BYTES]), void *context);
void save_run_fini(struct save_run *);

#endif
