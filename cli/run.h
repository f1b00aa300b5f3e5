/* SPDX-License-Identifier: Apache-2.0 */
/* One run, from what the user asked for to the exit status. */
#ifndef HARK_CLI_RUN_H
#define HARK_CLI_RUN_H

#include "cli/options.h"

enum exit_status {
    EXIT_DONE = 0,   /* also after SIGINT and SIGTERM, and when the reader of the output has gone */
    EXIT_FAILED = 1, /* a file, permission, device, the disk, memory */
    EXIT_USAGE = 2,  /* an option or the filter */
};

/* Captures, analyzes, writes; says on standard error what went wrong. */
enum exit_status run(const struct options *);
/* -D: to standard output. */
enum exit_status run_list_interfaces(void);

#endif
