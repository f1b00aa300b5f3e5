/* SPDX-License-Identifier: Apache-2.0 */
#include "output/head_memo.h"

#include <stdlib.h>

struct head_memo *head_memo_new(void) {
    return calloc(1, sizeof(struct head_memo));
}

void head_memo_free(struct head_memo *memo) {
    free(memo);
}

struct told_head *head_memo_at(struct head_memo *memo, const struct known_head *known) {
    struct told_head *head = &memo->heads[known->slot];
    if (head->base == known->base && head->stamp != known->stamp) {
        head->stamp = known->stamp;
        head->missing = 0;
        for (uint32_t i = 0; i < head->count; i++) {
            head->missing |= (uint32_t)(head->lines[i].stamp != known->lines[i].stamp) << i;
        }
    }
    return head;
}

void head_memo_learn(struct told_head *head, const struct known_head *known, struct slice json) {
    head->base = 0;
    if (json.len > HEAD_JSON_BYTES) {
        return;
    }
    head->base = known->base;
    head->stamp = known->stamp;
    head->count = known->count;
    for (uint32_t i = 0; i < head->count; i++) {
        head->lines[i].stamp = head->missing >> i & 1 ? 0 : known->lines[i].stamp;
    }
    memcpy(head->json, json.ptr, json.len);
}

void head_memo_replace(struct told_head *head, const struct known_head *known, uint32_t line,
                       struct slice json) {
    struct head_line *mine = &head->lines[line], *last = &head->lines[head->count - 1];
    size_t old = (size_t)mine->json_end - mine->json;
    if (last->json_end - old + json.len > HEAD_JSON_BYTES) {
        return;
    }
    memmove(head->json + mine->json + json.len, head->json + mine->json_end,
            (size_t)last->json_end - mine->json_end);
    memcpy(head->json + mine->json, json.ptr, json.len);
    for (struct head_line *l = mine + 1; l <= last; l++) {
        l->json = (uint16_t)(l->json - old + json.len);
        l->json_value = (uint16_t)(l->json_value - old + json.len);
        l->json_end = (uint16_t)(l->json_end - old + json.len);
    }
    mine->json_end = (uint16_t)(mine->json + json.len);
    mine->stamp = known->lines[line].stamp;
    head->missing &= ~(UINT32_C(1) << line);
}
