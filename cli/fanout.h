/* SPDX-License-Identifier: Apache-2.0 */
/* Several readers of one live interface (--fanout): N whole pipelines, each with its source, decoder and crew
 * of one worker, and guard, on a thread of its own. They share the sink, to which each writes whole lines,
 * and the tally. The caller's thread is the first of them: it has the upkeep, gets the signals and tells of
 * all. No thread is started before fanout_run, so that rights can be given up before. */
#ifndef HARK_CLI_FANOUT_H
#define HARK_CLI_FANOUT_H

#include "cli/pipeline.h"
#include "cli/run.h"
#include "cli/upkeep.h"

/* What is the same for all; borrowed. */
struct fanout_parts {
    const struct options *options;
    const struct limits *limits; /* fanout_limits */
    const struct record_options *record;
    const struct decode_options *decode;
    const struct guard_options *guard; /* of each, but for its buffer's size; NULL: none */
    struct progress *progress;
    struct sink *sink;
    struct upkeep *upkeep; /* the first reader's */
};

/* The caps of one of `count` readers. */
struct limits fanout_limits(const struct options *, size_t count);
/* From open sources and sink to the end of the run. Whichever source ends first, by source_stop or otherwise,
 * ends all. */
enum exit_status fanout_run(const struct fanout_parts *, struct source *const *sources, size_t count);

#endif
