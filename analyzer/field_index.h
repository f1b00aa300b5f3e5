/* SPDX-License-Identifier: Apache-2.0 */
/* Where the fields of known names stand in a message's head, so that none is compared again. Not to be
 * copied; an index borrows the list, and lives as long as it. Any thread. */
#ifndef HARK_ANALYZER_FIELD_INDEX_H
#define HARK_ANALYZER_FIELD_INDEX_H

#include "analyzer/field_name.h"
#include "analyzer/transaction.h"

static inline enum field_name header_field_name(const struct header *header) {
    return header->known ? (enum field_name)(header->known - 1) : field_name_of(header->name);
}

/* The first field of that name, or NULL. */
static inline const struct header *header_first(const struct header_list *list, enum field_name name) {
    for (uint32_t i = 0; i < list->count; i++) {
        if (header_field_name(&list->items[i]) == name) {
            return &list->items[i];
        }
    }
    return NULL;
}

enum { FIELD_INDEX_WORDS = (FIELD_NAMES + 63) / 64 };

/* Sets of names, a bit each. FIELD_NAME_WORDS(LIST) is the one of `#define LIST(X, w) X(AGE, w) | X(DATE,
 * w)`.
 */
#define FIELD_NAME_BIT(name, word)                                                                           \
    (FIELD_NAME_##name / 64 == (word) ? UINT64_C(1) << FIELD_NAME_##name % 64 : UINT64_C(0))
#define FIELD_NAME_WORDS(list)                                                                               \
    { list(FIELD_NAME_BIT, 0), list(FIELD_NAME_BIT, 1), list(FIELD_NAME_BIT, 2) }
_Static_assert(FIELD_INDEX_WORDS == 3, "a word of bits each");

static inline bool field_names_have(const uint64_t names[FIELD_INDEX_WORDS], enum field_name name) {
    return names[name / 64] >> name % 64 & 1;
}

/* Is any name in both? */
static inline bool field_names_meet(const uint64_t a[FIELD_INDEX_WORDS],
                                    const uint64_t b[FIELD_INDEX_WORDS]) {
    return ((a[0] & b[0]) | (a[1] & b[1]) | (a[2] & b[2])) != 0;
}

struct field_index {
    const struct header_list *list;
    uint64_t present[FIELD_INDEX_WORDS]; /* a bit for each name */
    bool any_repeats;                    /* some name stands there more than once */
    const uint16_t *first, *last; /* places in the list by name, valid where the bit is set: of `own`, or of
                                     another index, which outlives this one */
    uint16_t own[2][FIELD_NAMES];
};

/* Of the list as it is now; fields beyond the 65,535th are not looked at. */
void field_index_make(struct field_index *, const struct header_list *);
/* The same of a list that has the same names as that of `known`. */
void field_index_take(struct field_index *, const struct header_list *, const struct field_index *known);

static inline bool field_index_has(const struct field_index *index, enum field_name name) {
    return field_names_have(index->present, name);
}

/* The first field of that name, or NULL. */
static inline const struct header *field_index_find(const struct field_index *index, enum field_name name) {
    return field_index_has(index, name) ? &index->list->items[index->first[name]] : NULL;
}

/* The next one behind `field`, which is of that name; NULL behind the last one. */
const struct header *field_index_next(const struct field_index *, enum field_name,
                                      const struct header *field);

/* The value of the first field of that name; empty, but not of NULL, without one. */
static inline struct slice field_index_value(const struct field_index *index, enum field_name name) {
    const struct header *field = field_index_find(index, name);
    return field && field->value.len ? field->value : slice_make("", 0);
}

/* More than one field of that name. */
static inline bool field_index_repeats(const struct field_index *index, enum field_name name) {
    return field_index_has(index, name) && index->first[name] != index->last[name];
}

#endif
