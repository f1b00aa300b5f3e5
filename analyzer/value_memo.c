/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/value_memo.h"

#include "analyzer/http_date.h"

#include <stdlib.h>

enum {
    FIXDATE_BYTES = sizeof "Sun, 06 Nov 1994 08:49:37 GMT" - 1,
    TIME_OF_DAY = sizeof "Sun, 06 Nov 1994 " - 1,
    DATE_BITS = 6,
    MEDIA_BITS = 4,
    MEDIA_BYTES = 63,
    VALUE_BITS = 5,
    VALUE_WAYS = 4,
};

struct date_place {
    uint8_t text[FIXDATE_BYTES];
    bool proper;
    int64_t seconds;
};

struct media_place {
    uint8_t len; /* 0: empty */
    uint8_t bytes[MEDIA_BYTES];
    struct media_type media; /* views of `bytes` */
};

/* Of several values that have a place in common the newest stay. */
struct value_set {
    uint32_t tags[VALUE_WAYS]; /* 0: empty */
    uint32_t next;             /* to be replaced */
    uint8_t bytes[VALUE_WAYS][VALUE_MEMO_BYTES];
};
_Static_assert(FIELD_NAMES <= UINT8_MAX && VALUE_MEMO_BYTES <= UINT8_MAX, "a byte each");

struct value_memo {
    struct date_place dates[1 << DATE_BITS];
    struct media_place media[1 << MEDIA_BITS];
    const struct status *status; /* the last found */
    struct value_set proper[1 << VALUE_BITS];
};

static inline size_t place_of(uint64_t word, unsigned bits) {
    return (size_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> (64 - bits));
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
    struct date_place *place = &memo->dates[place_of(bytes_word(text.ptr + TIME_OF_DAY), DATE_BITS)];
    if (memcmp(place->text, text.ptr, FIXDATE_BYTES) != 0) {
        return learn_date(place, text, seconds, proper);
    }
    *seconds = place->seconds;
    *proper = place->proper;
    return true;
}

/* What tells values apart without a look at all of their bytes. */
static inline uint64_t sketch_of(struct slice value) {
    uint64_t bytes = value.len ? value.ptr[value.len / 2] | (uint64_t)value.ptr[value.len - 1] << 8 : 0;
    return bytes << 8 | (value.len & 0xff);
}

static inline struct slice moved(struct slice view, const uint8_t *from, const uint8_t *to) {
    return view.ptr ? slice_make(to + (view.ptr - from), view.len) : view;
}

static void move_media(struct media_type *to, const uint8_t *to_bytes, const struct media_type *from,
                       const uint8_t *from_bytes) {
    *to = *from;
    to->type = moved(from->type, from_bytes, to_bytes);
    to->subtype = moved(from->subtype, from_bytes, to_bytes);
    to->suffix = moved(from->suffix, from_bytes, to_bytes);
    to->charset = moved(from->charset, from_bytes, to_bytes);
    to->parameters = moved(from->parameters, from_bytes, to_bytes);
}

void value_memo_media(struct value_memo *memo, struct slice value, struct media_type *media) {
    if (!memo || value.len == 0 || value.len > MEDIA_BYTES) {
        media_type_read(media, value);
        return;
    }
    struct media_place *place = &memo->media[place_of(sketch_of(value), MEDIA_BITS)];
    if (place->len == value.len && memcmp(place->bytes, value.ptr, value.len) == 0) {
        move_media(media, value.ptr, &place->media, place->bytes);
        return;
    }
    media_type_read(media, value);
    place->len = (uint8_t)value.len;
    memcpy(place->bytes, value.ptr, value.len);
    move_media(&place->media, place->bytes, media, value.ptr);
}

const struct status *value_memo_status(struct value_memo *memo, unsigned code) {
    if (!memo) {
        return status_find(code);
    }
    if (!memo->status || memo->status->code != code) {
        const struct status *found = status_find(code);
        memo->status = found ? found : memo->status;
        return found;
    }
    return memo->status;
}

/* The name, the length, and what tells values apart at a glance. No name is 0. */
static inline uint32_t tag_of(enum field_name name, struct slice value) {
    return (uint32_t)(sketch_of(value) << 8 | (uint64_t)name);
}

bool value_memo_is_proper(const struct value_memo *memo, enum field_name name, struct slice value) {
    if (!memo || value.len > VALUE_MEMO_BYTES) {
        return false;
    }
    uint32_t tag = tag_of(name, value);
    const struct value_set *set = &memo->proper[place_of(tag, VALUE_BITS)];
    for (unsigned i = 0; i < VALUE_WAYS; i++) {
        if (set->tags[i] == tag && slice_equal(slice_make(set->bytes[i], value.len), value)) {
            return true;
        }
    }
    return false;
}

void value_memo_keep_proper(struct value_memo *memo, enum field_name name, struct slice value) {
    if (!memo || value.len > VALUE_MEMO_BYTES) {
        return;
    }
    uint32_t tag = tag_of(name, value);
    struct value_set *set = &memo->proper[place_of(tag, VALUE_BITS)];
    unsigned way = set->next++ % VALUE_WAYS;
    set->tags[way] = tag;
    (void)slice_put(value, set->bytes[way]);
}
