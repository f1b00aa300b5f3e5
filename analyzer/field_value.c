/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/field_value.h"

#include "analyzer/h1_syntax.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Where the quoted string that begins at `i` is closed; the end where it is not. */
static size_t closing_quote(struct slice s, size_t i) {
    for (i++; i < s.len; i++) {
        if (s.ptr[i] == '\\') {
            i++;
        } else if (s.ptr[i] == '"') {
            return i;
        }
    }
    return s.len;
}

static size_t behind_string(struct slice s, size_t i) {
    size_t close = closing_quote(s, i);
    return close < s.len ? close + 1 : close;
}

/* Behind the comment that begins at `i`; comments nest. */
static size_t behind_comment(struct slice s, size_t i) {
    size_t depth = 0;
    for (; i < s.len; i++) {
        if (s.ptr[i] == '\\') {
            i++;
        } else if (s.ptr[i] == '(') {
            depth++;
        } else if (s.ptr[i] == ')' && --depth == 0) {
            return i + 1;
        }
    }
    return s.len;
}

/* Up to the first separator, quote or parenthesis. */
static inline size_t plain_run(const uint8_t *bytes, size_t len, uint8_t separator) {
    size_t i = 0;
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi8((char)separator);
    for (; len - i >= sizeof wanted; i += sizeof wanted) {
        __m128i window = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
        __m128i found =
            _mm_or_si128(_mm_cmpeq_epi8(window, wanted), _mm_cmpeq_epi8(window, _mm_set1_epi8('"')));
        found = _mm_or_si128(found, _mm_cmpeq_epi8(window, _mm_set1_epi8('(')));
        unsigned mask = (unsigned)_mm_movemask_epi8(found);
        if (mask) {
            return i + (size_t)__builtin_ctz(mask);
        }
    }
#endif
    while (i < len && bytes[i] != separator && bytes[i] != '"' && bytes[i] != '(') {
        i++;
    }
    return i;
}

static size_t find_outside(struct slice s, uint8_t separator, bool commented) {
    size_t i = 0;
    while (i < s.len) {
        i += plain_run(s.ptr + i, s.len - i, separator);
        if (i >= s.len || s.ptr[i] == separator) {
            break;
        }
        if (s.ptr[i] == '"') {
            i = behind_string(s, i);
        } else {
            i = commented ? behind_comment(s, i) : i + 1;
        }
    }
    return i;
}

static bool next_piece(struct slice *rest, uint8_t separator, bool commented, struct slice *piece) {
    if (rest->ptr == NULL) {
        return false;
    }
    size_t end = find_outside(*rest, separator, commented);
    *piece = slice_trim(slice_first(*rest, end));
    *rest = end < rest->len ? slice_after(*rest, end + 1) : slice_make(NULL, 0);
    return true;
}

bool field_piece_next(struct slice *rest, uint8_t separator, struct slice *piece) {
    return next_piece(rest, separator, false, piece);
}

bool field_piece_next_commented(struct slice *rest, uint8_t separator, struct slice *piece) {
    return next_piece(rest, separator, true, piece);
}

struct field_list field_list_of(const struct field_index *index, enum field_name name) {
    const struct header *field = field_index_find(index, name);
    return (struct field_list){
        .index = index, .name = name, .field = field, .rest = field ? field->value : slice_make(NULL, 0)};
}

bool field_list_next(struct field_list *list, struct slice *member) {
    while (list->field) {
        while (next_piece(&list->rest, ',', list->commented, member)) {
            if (member->len) {
                return true;
            }
        }
        list->field = field_index_next(list->index, list->name, list->field);
        list->rest = list->field ? list->field->value : slice_make(NULL, 0);
    }
    return false;
}

struct field_parameter field_parameter_of(struct slice piece) {
    size_t equals = 0;
    while (equals < piece.len && piece.ptr[equals] != '=' && piece.ptr[equals] != '"') {
        equals++;
    }
    if (equals == piece.len || piece.ptr[equals] != '=') {
        return (struct field_parameter){.name = piece, .value = slice_make(piece.ptr, 0)};
    }
    struct field_parameter p = {
        .name = slice_trim(slice_first(piece, equals)),
        .value = slice_trim(slice_after(piece, equals + 1)),
        .has_value = true,
    };
    if (p.value.len && p.value.ptr[0] == '"') {
        size_t close = closing_quote(p.value, 0);
        p.quoted = true;
        p.unclosed = close == p.value.len;
        p.value = slice_make(p.value.ptr + 1, close - 1);
    }
    return p;
}

bool field_parameter_next(struct slice *rest, uint8_t separator, struct field_parameter *p) {
    struct slice piece;
    while (field_piece_next(rest, separator, &piece)) {
        if (piece.len) {
            *p = field_parameter_of(piece);
            return true;
        }
    }
    return false;
}

struct slice field_front(struct slice value, struct slice *parameters) {
    struct slice front = slice_make(value.ptr, 0);
    *parameters = value;
    (void)field_piece_next(parameters, ';', &front);
    return front;
}

bool field_number(struct slice s, uint64_t *number) {
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!h1_is(s.ptr[i], H1_DIGIT)) {
            return false;
        }
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (value > ((uint64_t)INT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *number = value;
    return s.len > 0;
}

/* "0.25" in thousandths. */
static int read_weight(struct slice s) {
    enum { LONGEST = sizeof("0.123") - 1 };
    if (s.len == 0 || s.len > LONGEST || (s.ptr[0] != '0' && s.ptr[0] != '1') ||
        (s.len > 1 && s.ptr[1] != '.')) {
        return FIELD_WEIGHT_BAD;
    }
    int weight = (s.ptr[0] - '0') * FIELD_WEIGHT_FULL, place = FIELD_WEIGHT_FULL / 10;
    for (size_t i = 2; i < s.len; i++, place /= 10) {
        if (!h1_is(s.ptr[i], H1_DIGIT)) {
            return FIELD_WEIGHT_BAD;
        }
        weight += (s.ptr[i] - '0') * place;
    }
    return weight <= FIELD_WEIGHT_FULL ? weight : FIELD_WEIGHT_BAD;
}

int field_weight(struct slice parameters) {
    struct field_parameter p;
    while (field_parameter_next(&parameters, ';', &p)) {
        if (slice_is_nocase(p.name, "q")) {
            return p.has_value && !p.quoted ? read_weight(p.value) : FIELD_WEIGHT_BAD;
        }
    }
    return FIELD_WEIGHT_FULL;
}
