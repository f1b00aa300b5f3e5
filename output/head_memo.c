/* SPDX-License-Identifier: Apache-2.0 */
#include "output/head_memo.h"

#include <endian.h>
#include <stdlib.h>

enum { WORD = sizeof(uint64_t), LINE_END = 2 /* CRLF */ };

static inline uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

struct head_memo *head_memo_new(void) {
    return calloc(1, sizeof(struct head_memo));
}

void head_memo_free(struct head_memo *memo) {
    free(memo);
}

uint32_t head_memo_shape(const struct header_list *list) {
    if (list->count == 0 || list->count > HEAD_LINES || !list->items[0].joined) {
        return 0;
    }
    const struct header *field = list->items, *end = field + list->count;
    uint64_t shape = list->count;
    const uint8_t *due = field->name.ptr; /* where the next line has to be */
    for (; field < end; field++) {
        if (!field->joined || field->name.ptr != due) {
            return 0;
        }
        shape = 31 * shape + field->name.len;
        due = field->value.ptr + field->value.len + LINE_END;
    }
    size_t len = (size_t)(due - list->items[0].name.ptr) - LINE_END;
    return len <= HEAD_BYTES ? (uint32_t)(shape * UINT64_C(0x9e3779b97f4a7c15) >> 32) | 1 : 0;
}

struct told_head *head_memo_at(struct head_memo *memo, bool response, uint32_t shape) {
    struct told_head *head = &memo->heads[response][shape >> (32 - HEAD_SLOT_BITS)];
    if (head->shape == shape) {
        return head;
    }
    if (head->shape && head->next != shape) {
        head->next = shape;
        return NULL;
    }
    head->shape = shape;
    head->count = 0;
    return head;
}

/* How many bytes of the two are the same. */
static size_t same_bytes(const uint8_t *a, const uint8_t *b, size_t len) {
    enum { STEP = 4 * WORD };
    size_t i = 0;
    for (; len - i >= STEP; i += STEP) {
        uint64_t differ = (word_at(a + i) ^ word_at(b + i)) | (word_at(a + i + WORD) ^ word_at(b + i + WORD));
        differ |= (word_at(a + i + 2 * WORD) ^ word_at(b + i + 2 * WORD)) |
                  (word_at(a + i + 3 * WORD) ^ word_at(b + i + 3 * WORD));
        if (differ) {
            break;
        }
    }
    for (; len - i >= WORD; i += WORD) {
        uint64_t differ = le64toh(word_at(a + i) ^ word_at(b + i));
        if (differ) {
            return i + (size_t)__builtin_ctzll(differ) / 8;
        }
    }
    if (len >= WORD) { /* the last ones together with some before them, which are the same */
        uint64_t differ = le64toh(word_at(a + len - WORD) ^ word_at(b + len - WORD));
        return differ ? len - WORD + (size_t)__builtin_ctzll(differ) / 8 : len;
    }
    while (i < len && a[i] == b[i]) {
        i++;
    }
    return i;
}

uint32_t head_memo_run(const struct told_head *head, const struct header_list *list, uint32_t first,
                       bool *same_name) {
    const struct header *last = &list->items[list->count - 1];
    const struct head_line *lines = head->lines;
    const uint8_t *from = list->items[first].name.ptr;
    size_t start = lines[first].start;
    size_t len = (size_t)(last->value.ptr + last->value.len - from), known = head->len - start;
    size_t same = same_bytes(from, head->bytes + start, len < known ? len : known);
    *same_name = false;
    if (same == len && same == known) {
        return list->count - first;
    }
    /* A line is the same with its end only: no value has a CR. */
    uint32_t i = first;
    while (i < list->count && start + same > lines[i].end) {
        i++;
    }
    *same_name = i < list->count && start + same >= lines[i].value;
    return i - first;
}

bool head_memo_learn(struct head_memo *memo, struct told_head *head, const struct header_list *list,
                     struct slice json) {
    const uint8_t *from = list->items[0].name.ptr;
    if (json.len > HEAD_JSON_BYTES) {
        return false;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        const struct header *field = &list->items[i];
        struct head_line *line = &head->lines[i];
        line->start = (uint16_t)(field->name.ptr - from);
        line->value = (uint16_t)(field->value.ptr - from);
        line->end = (uint16_t)(line->value + field->value.len);
        line->name = HEAD_NAME_UNKNOWN;
        line->other = 0;
    }
    head->stamp = ++memo->stamps;
    head->count = (uint16_t)list->count;
    head->len = head->lines[list->count - 1].end;
    memcpy(head->bytes, from, head->len);
    memcpy(head->json, json.ptr, json.len);
    return true;
}

bool head_memo_replace(struct head_memo *memo, struct told_head *head, uint32_t line,
                       const struct header *field, struct slice json) {
    struct head_line *lines = head->lines, *mine = &lines[line], *last = &lines[head->count - 1];
    size_t old_json = (size_t)mine->json_end - mine->json, old_bytes = (size_t)mine->end - mine->start;
    size_t value = (size_t)(field->value.ptr - field->name.ptr), bytes = value + field->value.len;
    if (last->json_end - old_json + json.len > HEAD_JSON_BYTES ||
        head->len - old_bytes + bytes > HEAD_BYTES) {
        return false;
    }
    memmove(head->json + mine->json + json.len, head->json + mine->json_end,
            (size_t)last->json_end - mine->json_end);
    memcpy(head->json + mine->json, json.ptr, json.len);
    memmove(head->bytes + mine->start + bytes, head->bytes + mine->end, (size_t)head->len - mine->end);
    memcpy(head->bytes + mine->start, field->name.ptr, bytes);
    mine->value = (uint16_t)(mine->start + value);
    for (struct head_line *l = mine + 1; l <= last; l++) {
        l->start = (uint16_t)(l->start - old_bytes + bytes);
        l->value = (uint16_t)(l->value - old_bytes + bytes);
        l->end = (uint16_t)(l->end - old_bytes + bytes);
        l->json = (uint16_t)(l->json - old_json + json.len);
        l->json_value = (uint16_t)(l->json_value - old_json + json.len);
        l->json_end = (uint16_t)(l->json_end - old_json + json.len);
    }
    mine->end = (uint16_t)(mine->start + bytes);
    mine->json_end = (uint16_t)(mine->json + json.len);
    mine->other = 0;
    head->len = last->end;
    head->stamp = ++memo->stamps;
    return true;
}

uint32_t head_memo_value_hash(struct slice value) {
    const uint8_t *bytes = value.ptr;
    uint64_t front = 0, back = 0;
    if (value.len >= WORD) {
        front = word_at(bytes);
        back = word_at(bytes + value.len - WORD);
    } else if (value.len) {
        front = (uint64_t)bytes[0] << 16 | (uint64_t)bytes[value.len / 2] << 8 | bytes[value.len - 1];
    }
    front = (front ^ value.len << 56) * UINT64_C(0xc2b2ae3d27d4eb4f);
    return (uint32_t)((front + back * UINT64_C(0xff51afd7ed558ccd)) >> 32) | 1;
}
