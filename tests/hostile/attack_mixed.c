/* SPDX-License-Identifier: Apache-2.0 */
/* All that takes memory at the same time: each kind of it may be within its own bounds, and the sum not. */
#include "attack.h"

#include <string.h>

static const struct attack *find(const struct attack *table, const char *name) {
    while (table->name && strcmp(table->name, name) != 0) {
        table++;
    }
    return table;
}

static void all_at_once(struct stage *s, uint64_t size) {
    const struct attack *const parts[] = {
        find(attacks_flood, "syn-flood"),        find(attacks_flood, "data-flood"),
        find(attacks_flood, "request-flood"),    find(attacks_fragment, "fragments-incomplete"),
        find(attacks_fragment, "fragments-far"), find(attacks_head, "half-open"),
        find(attacks_body, "length-no-body"),    find(attacks_hold, "holes"),
        find(attacks_hold, "holes-tiny"),
    };
    enum { PARTS = sizeof parts / sizeof parts[0] };
    for (unsigned k = 0; k < PARTS; k++) {
        parts[k]->run(s, size / PARTS);
    }
}

const struct attack attacks_mixed[] = {
    {"all-at-once", "of each unit", 45000, 1800000, OTHERS_INCOMPLETE, "",
     "the floods, half-open heads, missing bodies, holes and fragments together", all_at_once},
    {0},
};
