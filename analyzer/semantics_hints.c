/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_hints.h"

#include "analyzer/structured_dictionary.h"

enum { URGENCY_DEFAULT = 3 };

/* The first `rel` of a link's parameters; others are to be ignored (RFC 8288 section 3.3). */
static struct slice read_relation(struct slice parameters) {
    struct field_parameter parameter;
    while (parameters.ptr && field_parameter_next(&parameters, ';', &parameter)) {
        if (slice_is_nocase(parameter.name, "rel")) {
            return parameter.value;
        }
    }
    return slice_make("", 0);
}

/* link-value = "<" URI-Reference ">" *( OWS ";" OWS [ link-param ] ); commas may stand inside the brackets.
 */
static void read_links(struct semantics_hints *hints, struct slice value) {
    struct slice rest = slice_trim(value), behind;
    while (rest.len && !hints->links_malformed) {
        if (rest.ptr[0] == ',') { /* an empty member (RFC 9110 section 5.6.1.2) */
            rest = slice_trim(slice_after(rest, 1));
            continue;
        }
        size_t end = slice_find(rest, '>');
        hints->links_malformed = rest.ptr[0] != '<' || end == rest.len;
        if (hints->links_malformed) {
            return;
        }
        struct slice tail = slice_after(rest, end + 1);
        if (!field_piece_next(&tail, ',', &behind)) {
            behind = slice_make("", 0);
        }
        struct slice parameters = slice_make("", 0);
        struct slice front = field_front(behind, &parameters);
        hints->links_malformed = front.len > 0;
        if (hints->link_count < LINKS_KEPT) {
            hints->links[hints->link_count] = (struct web_link){
                .target = slice_first(slice_after(rest, 1), end - 1), .relation = read_relation(parameters)};
        }
        hints->link_count++;
        rest = tail.ptr ? slice_trim(tail) : slice_make("", 0);
    }
}

/* An unknown parameter is passed over, and so is a value of another type or out of range (RFC 9218 section
 * 4). */
static bool read_parameter(struct priority *priority, const struct structured_member *member) {
    if (slice_is(member->key, "u")) {
        bool ok = member->kind == STRUCTURED_INTEGER && member->value.len == 1 && member->value.ptr[0] <= '7';
        priority->urgency = ok ? (unsigned)(member->value.ptr[0] - '0') : URGENCY_DEFAULT;
        return ok;
    }
    if (slice_is(member->key, "i")) {
        priority->incremental = member->kind == STRUCTURED_TRUE;
        return priority->incremental || member->kind == STRUCTURED_FALSE;
    }
    return true;
}

static struct priority read_priority(const struct field_index *index) {
    struct priority priority = {.present = field_index_has(index, FIELD_NAME_PRIORITY),
                                .urgency = URGENCY_DEFAULT};
    const struct header *field = priority.present ? field_index_find(index, FIELD_NAME_PRIORITY) : NULL;
    for (; field; field = field_index_next(index, FIELD_NAME_PRIORITY, field)) {
        struct slice rest = field->value;
        struct structured_member member;
        while (structured_member_next(&rest, &member)) {
            priority.malformed |= !read_parameter(&priority, &member);
        }
        if (rest.ptr) {
            return (struct priority){.present = true, .malformed = true, .urgency = URGENCY_DEFAULT};
        }
    }
    return priority;
}

void semantics_hints_read(struct semantics_hints *hints, const struct field_index *request,
                          const struct field_index *response) {
    hints->link_count = 0;
    hints->links_malformed = false;
    hints->request = read_priority(request);
    hints->response = read_priority(response);
    const struct header *field = field_index_find(response, FIELD_NAME_LINK);
    while (field) {
        read_links(hints, field->value);
        field = field_index_next(response, FIELD_NAME_LINK, field);
    }
}
