/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of hark: the input is a capture file of any format. What comes out is checked by capture_run; so
 * that bytes that are equal give runs that are equal, its options come from the input's length. */
#include "capture_run.h"
#include "input.h"
#include "output/omission.h"

/* Hashes, other addresses, names that odd traffic may have. */
static struct mask_options hide_much(void) {
    static const char *const headers[] = {"Host", "Content-Type"};
    static const char *const queries[] = {"a", "q"};
    return (struct mask_options){.secrets = true,
                                 .hash_secrets = true,
                                 .headers = {headers, 2},
                                 .queries = {queries, 2},
                                 .anonymize_addresses = true,
                                 .key = slice_of("0123456789abcdef")};
}

/* Some parts of records; which, the number says. */
static uint64_t omit_some(size_t number) {
    return number * UINT64_C(0x9e3779b97f4a7c15) >> (64 - OMISSION_PARTS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct limits limits = capture_run_limits();
    struct capture_run run = {.workers = 1,
                              .mask_secrets = size % 4 != 1,
                              .separate_vlans = size % 8 == 2,
                              .verify_checksums = size % 16 == 3,
                              .again = size % 4 == 0,
                              .second_workers = size % 16 == 0 ? 2 : 1};
    if (size % 4 == 2 || size % 16 == 0) {
        run.hide = hide_much();
    }
    if (size % 8 == 5 || size % 32 == 0) {
        run.omitted = omit_some(size);
    }
    capture_run(slice_make(data, size), &limits, &run);
    return 0;
}
