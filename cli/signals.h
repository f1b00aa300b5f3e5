/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT, SIGTERM and SIGHUP end the run in good order: the source stops, and what was read is finished and
 * written. A second signal of the same kind ends the process at once. A handler can be told nothing, so this
 * module keeps the program's only global state: the source to stop. */
#ifndef HARK_CLI_SIGNALS_H
#define HARK_CLI_SIGNALS_H

#include "capture/source.h"

/* Before the source is opened: a signal from now on is remembered, and one on the way of opening ends it. A
 * closed pipe and a file at its size limit are failed writes, no signals. */
void signals_install(void);
/* Signals stop this source from now on, and at once when one has come already. NULL before it is freed. */
void signals_set_source(struct source *);
/* One has come. */
bool signals_received(void);

#endif
