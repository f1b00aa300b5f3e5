/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/known_head.h"

#include "analyzer/known_exchange.h"

#include <stdlib.h>

enum { LINE_END = 2 /* CRLF */, WORD = sizeof(uint64_t), NUMBER_BITS = 16, ROLE_BITS = 1 };

static const uint64_t odd_numbers[] = {UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xc2b2ae3d27d4eb4f),
                                       UINT64_C(0xff51afd7ed558ccd)};

static uint64_t number_of(uint64_t stamp) {
    return stamp >> (64 - NUMBER_BITS);
}

struct known_heads *known_heads_new(uint16_t number) {
    struct known_heads *heads = calloc(1, sizeof *heads);
    if (heads) {
        heads->stamps = ((uint64_t)number + 1) << (64 - NUMBER_BITS); /* none is 0 */
        for (unsigned i = 0; i < KNOWN_SLOTS; i++) {
            heads->heads[i].slot = (uint16_t)i;
        }
    }
    return heads;
}

void known_heads_free(struct known_heads *heads) {
    free(heads);
}

/* ---- where a head is ---- */

/* Tells values apart, mostly. */
static uint32_t hash_of_value(struct slice value) {
    const uint8_t *bytes = value.ptr;
    uint64_t front = 0, back = 0;
    if (value.len >= WORD) {
        front = bytes_word(bytes);
        back = bytes_word(bytes + value.len - WORD);
    } else if (value.len) {
        front = (uint64_t)bytes[0] << 16 | (uint64_t)bytes[value.len / 2] << 8 | bytes[value.len - 1];
    }
    front = (front ^ value.len << 56) * odd_numbers[1];
    return (uint32_t)((front + back * odd_numbers[2]) >> 32) | 1;
}

/* What is known of a message before its fields are read, and how they begin. Requests and responses never
 * have the same, however they were made: other rules hold for their lines. */
static uint32_t tag_of_front(const struct http_message *m, bool response, const uint8_t *bytes) {
    struct slice method = m->line[0];
    uint64_t start = response     ? m->status
                     : method.len ? (uint64_t)method.ptr[0] << 16 | method.ptr[method.len - 1]
                                  : 0;
    uint64_t hash = (bytes_word(bytes) ^ start * odd_numbers[1]) * odd_numbers[0];
    return ((uint32_t)(hash >> 32) & ~UINT32_C(3)) | (uint32_t)response << 1 | 1;
}

static struct known_front *front_of(struct known_heads *heads, uint32_t tag) {
    return &heads->fronts[tag >> (32 - FRONT_BITS)];
}

/* Heads that begin so: this one is looked at first. */
static void put_in_front(struct known_heads *heads, uint32_t tag, uint16_t slot) {
    struct known_front *front = front_of(heads, tag);
    unsigned way = 0;
    while (way < FRONT_WAYS - 1 && !(front->tags[way] == tag && front->slots[way] == slot)) {
        way++;
    }
    for (; way > 0; way--) {
        front->tags[way] = front->tags[way - 1];
        front->slots[way] = front->slots[way - 1];
    }
    front->tags[0] = tag;
    front->slots[0] = slot;
}

/* The lengths of names. 0 where the lines don't stand in one piece as they were sent, or are too many or too
 * long, or `in` does not go on with the empty line. */
static uint32_t shape_of(const struct header_list *list, struct slice in) {
    if (list->count == 0 || list->count > KNOWN_LINES || !list->items[0].joined) {
        return 0;
    }
    const struct header *field = list->items, *end = field + list->count;
    uint64_t shape = list->count;
    const uint8_t *due = field->name.ptr; /* where the next line has to be */
    for (; field < end; field++) {
        if (!field->joined || !field->known || field->name.ptr != due || field->name.len > UINT8_MAX) {
            return 0;
        }
        shape = 31 * shape + field->name.len;
        due = field->value.ptr + field->value.len + LINE_END;
    }
    size_t len = (size_t)(due - list->items[0].name.ptr) + LINE_END;
    bool whole = in.len >= len && memcmp(in.ptr + len - LINE_END, "\r\n", LINE_END) == 0;
    return len <= KNOWN_BYTES && whole ? (uint32_t)(shape * odd_numbers[0] >> 32) | 1 : 0;
}

/* ---- what it holds ---- */

static void sort_lines(struct known_head *head) {
    const uint64_t *loose = known_exchange_loose[head->slot >> (KNOWN_SLOT_BITS - ROLE_BITS)];
    head->framing_lines = head->length_lines = head->loose_lines = 0;
    for (unsigned i = 0; i < head->count; i++) {
        enum field_name name = (enum field_name)head->lines[i].name;
        bool asked = framing_asks_for[name] && name != FIELD_NAME_HOST; /* that is only counted */
        head->framing_lines |= (uint32_t)asked << i;
        head->length_lines |= (uint32_t)(name == FIELD_NAME_CONTENT_LENGTH) << i;
        head->loose_lines |= (uint32_t)(loose[name / 64] >> name % 64 & 1) << i;
    }
}

static void read_framing(struct known_head *head) {
    head->framing = head->framing_without_length = (struct framing_fields){.length_count = 0};
    for (unsigned i = 0; i < head->count; i++) {
        const struct known_line *line = &head->lines[i];
        enum field_name name = (enum field_name)line->name;
        struct slice value = slice_make(head->bytes + line->value, (size_t)line->end - line->value);
        framing_token_field(&head->framing, name, value);
        if (name != FIELD_NAME_CONTENT_LENGTH) {
            framing_token_field(&head->framing_without_length, name, value);
        }
    }
}

/* `in` begins with the lines of the list and the empty line. */
static void learn(struct known_heads *heads, struct known_head *head, const struct header_list *list,
                  uint32_t shape, struct slice in) {
    const uint8_t *from = list->items[0].name.ptr;
    size_t stored = 0;
    head->base = head->stamp = head->core = ++heads->stamps;
    head->shape = shape;
    head->next = 0;
    head->count = (uint16_t)list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct header *field = &list->items[i];
        size_t value = (size_t)(field->value.ptr - from);
        head->lines[i] = (struct known_line){.start = (uint16_t)(field->name.ptr - from),
                                             .value = (uint16_t)value,
                                             .end = (uint16_t)(value + field->value.len),
                                             .name = (uint8_t)(field->known - 1),
                                             .name_len = (uint8_t)field->name.len,
                                             .stamp = head->base};
        stored += field->name.len + field->value.len;
    }
    head->len = (uint16_t)(head->lines[list->count - 1].end + 2 * LINE_END);
    head->stored = (uint16_t)stored;
    memcpy(head->bytes, in.ptr, head->len);
    field_index_make(&head->index, list);
    head->index.list = NULL;
    sort_lines(head);
    read_framing(head);
}

/* The line has that value from now on. */
static void replace(struct known_heads *heads, struct known_head *head, unsigned at, struct slice value) {
    struct known_line *line = &head->lines[at], *end = &head->lines[head->count];
    size_t old = (size_t)line->end - line->value;
    memmove(head->bytes + line->value + value.len, head->bytes + line->end, (size_t)head->len - line->end);
    memcpy(head->bytes + line->value, value.ptr, value.len);
    for (struct known_line *l = line + 1; l < end; l++) {
        l->start = (uint16_t)(l->start - old + value.len);
        l->value = (uint16_t)(l->value - old + value.len);
        l->end = (uint16_t)(l->end - old + value.len);
    }
    line->end = (uint16_t)(line->value + value.len);
    line->other = 0;
    line->stamp = head->stamp = ++heads->stamps;
    head->len = (uint16_t)(head->len - old + value.len);
    head->stored = (uint16_t)(head->stored - old + value.len);
    if (!(head->loose_lines >> at & 1)) {
        head->core = head->stamp;
    }
    if (head->framing_lines >> at & 1) {
        read_framing(head);
    }
}

/* A value that stands there for the second time in a row is the head's from now on. The match is of before,
 * for the bytes at `from`. */
static void follow_changes(struct known_heads *heads, struct known_head *head, const uint8_t *from,
                           struct known_match *match) {
    size_t apart = 0; /* so much further on than in the head stands the line in the message */
    for (uint32_t left = match->changed; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        struct known_line *line = &head->lines[i];
        struct slice value = slice_make(from + (apart + line->value), match->value[i]);
        uint32_t hash = hash_of_value(value);
        size_t old = (size_t)line->end - line->value;
        if (line->other == hash && head->len - old + value.len <= KNOWN_BYTES) {
            replace(heads, head, i, value);
            match->changed &= ~(UINT32_C(1) << i);
        } else {
            line->other = hash;
            apart += value.len - old;
        }
    }
}

static void mark(const struct known_heads *heads, const struct known_head *head, struct http_message *m,
                 uint32_t changed) {
    m->known = (struct known_mark){.stamp = heads->stamps, .changed = changed, .slot = head->slot};
}

/* ---- messages ---- */

static void set_framing(struct http_message *m, const struct known_head *head, uint32_t changed) {
    uint32_t lines = head->length_lines;
    if ((changed & head->framing_lines) == 0) {
        m->fields = head->framing;
        return;
    }
    if (changed & head->framing_lines & ~head->length_lines) {
        m->fields = (struct framing_fields){.length_count = 0};
        lines = head->count == KNOWN_LINES ? UINT32_MAX : (UINT32_C(1) << head->count) - 1;
    } else {
        m->fields = head->framing_without_length;
    }
    for (; lines; lines &= lines - 1) {
        unsigned i = (unsigned)__builtin_ctz(lines);
        framing_token_field(&m->fields, (enum field_name)head->lines[i].name, m->headers.items[i].value);
    }
}

/* The head's line in bytes that begin at `from`. */
static inline void put_header(struct header *header, const struct known_line *line, uint8_t *from) {
    *header = (struct header){.name = slice_make(from + line->start, line->name_len),
                              .value = slice_make(from + line->value, (size_t)line->end - line->value),
                              .joined = true,
                              .known = (uint8_t)(line->name + 1)};
}

/* The fields that were matched are the message's. False: there is no room. */
static bool take(struct http_message *m, struct transaction *t, const struct limits *limits,
                 const struct known_head *head, const struct known_match *match, struct slice in) {
    size_t span = match->len - 2 * LINE_END;
    if (m->stored_bytes + span > limits->head_bytes) {
        return false;
    }
    struct header *header = transaction_more_headers(t, &m->headers, head->count, limits);
    uint8_t *copy = header ? arena_alloc(&t->arena, span) : NULL;
    if (!copy) {
        return false;
    }
    memcpy(copy, in.ptr, span);
    const struct known_line *line = head->lines, *end = line + head->count;
    size_t stored = head->stored;
    for (uint32_t changed = match->changed; changed; changed &= changed - 1) {
        unsigned at = (unsigned)__builtin_ctz(changed);
        for (; line <= head->lines + at; line++, header++) {
            put_header(header, line, copy);
        }
        const ptrdiff_t longer = (ptrdiff_t)match->value[at] - (ptrdiff_t)header[-1].value.len;
        header[-1].value.len = match->value[at];
        stored += (size_t)longer;
        copy += longer;
    }
    for (; line < end; line++, header++) {
        put_header(header, line, copy);
    }
    m->headers.count = head->count;
    m->stored_bytes += stored;
    return true;
}

size_t known_heads_take(struct known_heads *heads, struct http_message *m, struct transaction *t,
                        const struct limits *limits, bool response, struct slice in) {
    if (in.len < WORD) {
        return 0;
    }
    in = slice_first(in, UINT16_MAX);
    uint32_t tag = tag_of_front(m, response, in.ptr);
    struct known_front *front = front_of(heads, tag);
    struct known_match match;
    for (unsigned way = 0; way < FRONT_WAYS && front->tags[way]; way++) {
        struct known_head *head = &heads->heads[front->slots[way]];
        if (front->tags[way] != tag || !known_head_match(head, in, &match)) {
            continue;
        }
        if (!take(m, t, limits, head, &match, in)) {
            return 0;
        }
        set_framing(m, head, match.changed);
        if (match.changed) {
            follow_changes(heads, head, in.ptr, &match);
        }
        if (way) {
            put_in_front(heads, tag, front->slots[way]);
        }
        head->next = 0;
        mark(heads, head, m, match.changed);
        return match.len - LINE_END;
    }
    return 0;
}

/* Where a head of that shape is; else an empty place, or one that it may have. */
static struct known_head *place_of(struct known_heads *heads, bool response, uint32_t shape) {
    size_t slot =
        (size_t)response << (KNOWN_SLOT_BITS - ROLE_BITS) | shape >> (32 - KNOWN_SLOT_BITS + ROLE_BITS);
    struct known_head *first = &heads->heads[slot], *second = &heads->heads[slot ^ 1];
    if (first->shape == shape || first->shape == 0) {
        return first;
    }
    return second->shape == shape || second->shape == 0 ? second : first;
}

void known_heads_meet(struct known_heads *heads, struct http_message *m, bool response, struct slice in) {
    uint32_t shape = shape_of(&m->headers, in);
    if (!shape || in.len < WORD) {
        return;
    }
    struct known_head *head = place_of(heads, response, shape);
    struct known_match match = {.changed = 0};
    if (head->shape == shape && known_head_match(head, slice_first(in, UINT16_MAX), &match)) {
        follow_changes(heads, head, in.ptr, &match);
        head->next = 0;
    } else if (head->shape && head->next != shape) {
        head->next = shape;
        return;
    } else {
        learn(heads, head, &m->headers, shape, in);
    }
    put_in_front(heads, tag_of_front(m, response, in.ptr), head->slot);
    mark(heads, head, m, match.changed);
}

void known_heads_find(struct known_heads *heads, const struct http_message *m, struct known_likeness *like) {
    const struct known_mark *mark = &m->known;
    *like = (struct known_likeness){.head = NULL};
    if (!heads || number_of(mark->stamp) != number_of(heads->stamps)) {
        return;
    }
    struct known_head *head = &heads->heads[mark->slot];
    if (head->base > mark->stamp || head->count != m->headers.count) {
        return;
    }
    uint32_t lines = mark->changed;
    for (unsigned i = 0; head->stamp > mark->stamp && i < head->count; i++) {
        lines |= (uint32_t)(head->lines[i].stamp > mark->stamp) << i;
    }
    like->head = head;
    like->lines = lines;
    for (; lines; lines &= lines - 1) {
        unsigned name = head->lines[__builtin_ctz(lines)].name;
        like->names[name / 64] |= UINT64_C(1) << name % 64;
    }
}
