/* SPDX-License-Identifier: Apache-2.0 */
/* A capture in memory through the whole of hark, as `hark -r` runs it: source, decoder, workers, records,
 * sink. What must hold of any capture is checked here: every line of the output is JSON, in its order,
 * allowed by docs/record.schema.json; the ledger balances and has counted them; the same capture gives the
 * same bytes again. */
#ifndef HARK_TESTS_FUZZ_CAPTURE_RUN_H
#define HARK_TESTS_FUZZ_CAPTURE_RUN_H

#include "capture/limits.h"
#include "capture/slice.h"
#include "output/mask.h"

#include <json-c/json.h>

struct capture_run {
    unsigned workers;
    bool mask_secrets;
    struct mask_options hide; /* more than that */
    uint64_t omitted;         /* parts of records, as output/omission.h has them */
    bool separate_vlans, verify_checksums;
    bool again; /* a second time: the bytes must be the same; with `second_workers` */
    unsigned second_workers;
    void (*look)(void *context, struct json_object *record); /* at each record; may be NULL */
    void *context;
};

/* Caps that small inputs reach. */
struct limits capture_run_limits(void);
/* Ends the process where something does not hold. */
void capture_run(struct slice capture, const struct limits *, const struct capture_run *);

#endif
