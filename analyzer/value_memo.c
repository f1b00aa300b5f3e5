/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/value_memo.h"

#include "analyzer/http_date.h"

#include <stdlib.h>

enum {
    FIXDATE_BYTES = sizeof "Sun, 06 Nov 1994 08:49:37 GMT" - 1,
    TIME_OF_DAY = sizeof "Sun, 06 Nov 1994 " - 1,
    DATE_BITS = 6,
    VALUE_BITS = 7,
};

struct date_place {
    uint8_t text[FIXDATE_BYTES];
    bool proper;
    int64_t seconds;
};

struct value_place {
    uint8_t name; /* FIELD_NAME_OTHER: empty */
    uint8_t len;
    uint8_t bytes[VALUE_MEMO_BYTES];
};
_Static_assert(FIELD_NAMES <= UINT8_MAX && VALUE_MEMO_BYTES <= UINT8_MAX, "a byte each");

struct value_memo {
    struct date_place dates[1 << DATE_BITS];
    struct value_place proper[1 << VALUE_BITS];
};

static inline size_t place_of(uint64_t word, unsigned bits) {
    return (size_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> (64 - bits));
}

static inline uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static bool read_date(struct slice text, int64_t now, int64_t *seconds, bool *proper) {
    bool legal = http_date_read(text, now, seconds);
    *proper = legal && !http_date_is_obsolete(text) && http_date_weekday_fits(text, *seconds);
    return legal;
}

struct value_memo *value_memo_new(void) {
    struct value_memo *memo = calloc(1, sizeof *memo);
    struct date_place first = {.text = "Sun, 06 Nov 1994 08:49:37 GMT"}; /* so that no place is empty */
    (void)read_date(slice_make(first.text, FIXDATE_BYTES), 0, &first.seconds, &first.proper);
    for (size_t i = 0; memo && i < sizeof memo->dates / sizeof *memo->dates; i++) {
        memo->dates[i] = first;
    }
    return memo;
}

void value_memo_free(struct value_memo *memo) {
    free(memo);
}

static __attribute__((noinline)) bool learn_date(struct date_place *place, struct slice text,
                                                 int64_t *seconds, bool *proper) {
    if (!read_date(text, 0, seconds, proper)) {
        return false;
    }
    memcpy(place->text, text.ptr, FIXDATE_BYTES);
    place->seconds = *seconds;
    place->proper = *proper;
    return true;
}

bool value_memo_date(struct value_memo *memo, struct slice text, int64_t now, int64_t *seconds,
                     bool *proper) {
    if (!memo || text.len != FIXDATE_BYTES) { /* what `now` changes has another length */
        return read_date(text, now, seconds, proper);
    }
    struct date_place *place = &memo->dates[place_of(word_at(text.ptr + TIME_OF_DAY), DATE_BITS)];
    if (memcmp(place->text, text.ptr, FIXDATE_BYTES) != 0) {
        return learn_date(place, text, seconds, proper);
    }
    *seconds = place->seconds;
    *proper = place->proper;
    return true;
}

static inline size_t value_place_of(enum field_name name, struct slice value) {
    uint64_t ends = value.len ? value.ptr[value.len / 2] | (uint64_t)value.ptr[value.len - 1] << 8 : 0;
    return place_of(ends << 16 | (uint64_t)name << 8 | (value.len & 0xff), VALUE_BITS);
}

bool value_memo_is_proper(const struct value_memo *memo, enum field_name name, struct slice value) {
    if (!memo) {
        return false;
    }
    const struct value_place *place = &memo->proper[value_place_of(name, value)];
    return place->name == name && slice_equal(slice_make(place->bytes, place->len), value);
}

void value_memo_keep_proper(struct value_memo *memo, enum field_name name, struct slice value) {
    if (!memo || value.len > VALUE_MEMO_BYTES) {
        return;
    }
    struct value_place *place = &memo->proper[value_place_of(name, value)];
    place->name = (uint8_t)name;
    place->len = (uint8_t)value.len;
    (void)slice_put(value, place->bytes);
}
