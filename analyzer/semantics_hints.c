/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_hints.h"

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

static bool read_flag(const struct field_parameter *member, bool *flag) {
    *flag = !member->has_value || slice_is(member->value, "?1");
    return *flag || slice_is(member->value, "?0");
}

static bool read_urgency(const struct field_parameter *member, unsigned *urgency) {
    if (member->quoted || member->value.len != 1 || member->value.ptr[0] < '0' ||
        member->value.ptr[0] > '7') {
        return false;
    }
    *urgency = (unsigned)(member->value.ptr[0] - '0');
    return true;
}

static struct priority read_priority(const struct field_index *index) {
    struct priority priority = {.present = field_index_has(index, FIELD_NAME_PRIORITY),
                                .urgency = URGENCY_DEFAULT};
    struct field_list list = field_list_of(index, FIELD_NAME_PRIORITY);
    struct slice text, parameters;
    while (priority.present && field_list_next(&list, &text)) {
        struct field_parameter member = field_parameter_of(field_front(text, &parameters));
        bool ok = !slice_is(member.name, "u") || read_urgency(&member, &priority.urgency);
        ok = ok && (!slice_is(member.name, "i") || read_flag(&member, &priority.incremental));
        if (!ok) {
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
