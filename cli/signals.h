/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT and SIGTERM end the run in good order: the source stops, interfaces once they gave what waits in the
 * kernel, and what was read is finished and written. A second signal of the same kind ends the process at
 * once. SIGHUP asks for the output file to be opened
 * again where there is one, and else ends the run as well; SIGUSR1 asks for the ledger. A handler can be told
 * nothing, so this module keeps the program's only global state: the source to stop, and what was asked for.
 */
#ifndef HARK_CLI_SIGNALS_H
#define HARK_CLI_SIGNALS_H

#include "capture/source.h"

/* Before the source is opened: a signal from now on is remembered, and one on the way of opening ends it. A
 * closed pipe and a file at its size limit are failed writes, no signals. */
void signals_install(bool hangup_reopens);
/* Signals stop this source from now on, and at once when one has come already. NULL before it is freed. */
void signals_set_source(struct source *);
/* One has come that ends the run. */
bool signals_received(void);

enum signal_request { SIGNAL_REOPEN = 1, SIGNAL_LEDGER = 2 };
/* What was asked for, as a sum, and not been taken. Cheap. */
unsigned signals_requested(void);
/* True when it was asked for: it is taken. */
bool signals_take(enum signal_request);

#endif
