/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a run: closing the output, saying what went wrong, the ledger, the exit status. */
#ifndef HARK_CLI_CONCLUSION_H
#define HARK_CLI_CONCLUSION_H

#include "cli/pipeline.h"
#include "cli/run.h"

/* How fast the run has been until now. After crew_settle or crew_finish. */
void conclusion_measure(struct run_speed *, const struct progress *, const struct pipeline *);
/* After pipeline_run. Closes the sink. */
enum exit_status conclude(const struct options *, struct progress *, const struct pipeline *, struct sink *);

#endif
