/* SPDX-License-Identifier: Apache-2.0 */
#include "output/exchange_memo.h"

#include <stdlib.h>

struct exchange_memo *exchange_memo_new(void) {
    return calloc(1, sizeof(struct exchange_memo));
}

void exchange_memo_free(struct exchange_memo *memo) {
    free(memo);
}

void told_exchange_learn(struct told_exchange *told, uint64_t stamp, struct slice json,
                         const size_t ends[EXCHANGE_PIECES]) {
    told->stamp = 0;
    for (unsigned i = 0; i < SEMANTICS_GROUPS; i++) {
        told->groups[i].known = false;
    }
    if (json.len > EXCHANGE_JSON_BYTES) {
        return;
    }
    told->stamp = stamp;
    for (unsigned i = 0; i < EXCHANGE_PIECES; i++) {
        told->ends[i] = (uint16_t)ends[i];
    }
    (void)slice_put(json, told->json);
}

bool told_exchange_replace(struct told_exchange *told, enum exchange_piece piece, struct slice json) {
    struct slice old = told_exchange_piece(told, piece);
    if (old.len != json.len) {
        return false;
    }
    (void)slice_put(json, told->json + (old.ptr - told->json));
    return true;
}

void told_exchange_learn_group(struct told_exchange *told, enum semantics_group group, struct slice json) {
    struct told_group *mine = &told->groups[group];
    mine->known = json.len <= EXCHANGE_GROUP_BYTES;
    mine->len = mine->known ? (uint16_t)json.len : 0;
    (void)slice_put(slice_first(json, mine->len), mine->json);
}
