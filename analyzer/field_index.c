/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/field_index.h"

void field_index_make(struct field_index *index, const struct header_list *list) {
    uint16_t *first = index->own[0], *last = index->own[1];
    index->list = list;
    index->first = first;
    index->last = last;
    index->any_repeats = false;
    memset(index->present, 0, sizeof index->present);
    for (uint32_t i = 0; i < list->count && i <= UINT16_MAX; i++) {
        enum field_name name = header_field_name(&list->items[i]);
        if (name == FIELD_NAME_OTHER) {
            continue;
        }
        if (!field_index_has(index, name)) {
            index->present[name / 64] |= UINT64_C(1) << name % 64;
            first[name] = (uint16_t)i;
        } else {
            index->any_repeats = true;
        }
        last[name] = (uint16_t)i;
    }
}

void field_index_take(struct field_index *index, const struct header_list *list,
                      const struct field_index *known) {
    index->list = list;
    index->first = known->first;
    index->last = known->last;
    index->any_repeats = known->any_repeats;
    memcpy(index->present, known->present, sizeof index->present);
}

const struct header *field_index_next(const struct field_index *index, enum field_name name,
                                      const struct header *field) {
    const struct header *last = &index->list->items[index->last[name]];
    while (field < last) {
        field++;
        if (header_field_name(field) == name) {
            return field;
        }
    }
    return NULL;
}
