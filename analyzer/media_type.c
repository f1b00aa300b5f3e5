/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/media_type.h"

#include "analyzer/field_value.h"

void media_type_read(struct media_type *media, struct slice value) {
    struct field_parameter p;
    struct slice parameters = slice_make(NULL, 0), front = value;
    if (slice_find(value, ';') < value.len) { /* many have no parameter, and no white space around them */
        front = field_front(value, &parameters);
    } else {
        front = slice_trim(value);
    }
    size_t slash = slice_find(front, '/');
    *media = (struct media_type){.parameters = parameters};
    if (front.len == 0) {
        return;
    }
    media->type = slice_first(front, slash);
    media->subtype = slice_after(front, slash + 1);
    media->valid = slash < front.len && h1_is_token(media->type) && h1_is_token(media->subtype);
    if (!media->valid) {
        return;
    }
    for (size_t i = media->subtype.len; i > 1; i--) {
        if (media->subtype.ptr[i - 1] == '+') {
            media->suffix = slice_after(media->subtype, i);
            break;
        }
    }
    while (field_parameter_next(&parameters, ';', &p)) {
        if (slice_is_nocase(p.name, "charset") && !media->charset.len) {
            media->charset = p.value;
        } else if (slice_is_nocase(p.name, "boundary")) {
            media->has_boundary = p.value.len > 0;
        }
    }
}

/* Values are compared without case, as those of charset are. Only the front of long ones is looked at, since
 * this is done for each range. */
static bool has_parameter(struct slice parameters, const struct field_parameter *wanted) {
    enum { MOST = 256 };
    struct field_parameter p;
    parameters = slice_first(parameters, MOST);
    while (field_parameter_next(&parameters, ';', &p)) {
        if (slice_equal_nocase(p.name, wanted->name) && slice_equal_nocase(p.value, wanted->value)) {
            return true;
        }
    }
    return false;
}

unsigned media_range_covers(struct slice range, const struct media_type *media) {
    enum { ANY = 1, TYPE = 2, SUBTYPE = 3 };
    struct field_parameter p;
    if (range.len == 0 ||
        (range.ptr[0] != '*' && ascii_lower(range.ptr[0]) != ascii_lower(media->type.ptr[0]))) {
        return 0; /* as most are */
    }
    struct slice parameters, front = field_front(range, &parameters);
    size_t slash = slice_find(front, '/');
    struct slice type = slice_first(front, slash), subtype = slice_after(front, slash + 1);
    bool any_subtype = slice_is(subtype, "*");
    unsigned closeness = slice_is(type, "*") ? ANY : any_subtype ? TYPE : SUBTYPE;
    if (slash == front.len || (closeness == ANY && !any_subtype) ||
        (closeness > ANY && !slice_equal_nocase(type, media->type)) ||
        (closeness > TYPE && !slice_equal_nocase(subtype, media->subtype))) {
        return 0;
    }
    while (field_parameter_next(&parameters, ';', &p) && !slice_is_nocase(p.name, "q")) {
        if (!has_parameter(media->parameters, &p)) {
            return 0;
        }
        closeness++;
    }
    return closeness;
}
