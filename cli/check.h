/* SPDX-License-Identifier: Apache-2.0 */
/* hark --check: what a run with the other arguments would hold. */
#ifndef HARK_CLI_CHECK_H
#define HARK_CLI_CHECK_H

#include "cli/run.h"

#include "capture/source.h"

/* Lists what is open, gives up rights as a run does (for good: this process ends afterwards), tries what must
 * not be possible any more, and prints what the kernel says is left, on standard output. The sources are all
 * that is read, now or later; the outputs are opened but not written to. EXIT_FAILED when something can't be
 * had. */
enum exit_status check(const struct options *, const struct source *const *sources, size_t count);

#endif
