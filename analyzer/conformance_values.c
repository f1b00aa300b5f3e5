/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on how values are written: lists, weights, directives, challenges, URIs; and on which message a field
 * may stand in. */
#include "analyzer/conformance_parts.h"

/* Fields that only a response, or only a request, has a meaning for. */
static void judge_side(struct notes *notes, const struct field_index *index, bool request) {
    static const enum field_name of_requests[] = {
        FIELD_NAME_AUTHORIZATION, FIELD_NAME_COOKIE,        FIELD_NAME_EXPECT,
        FIELD_NAME_HOST,          FIELD_NAME_IF_NONE_MATCH, FIELD_NAME_IF_MODIFIED_SINCE,
        FIELD_NAME_RANGE,         FIELD_NAME_REFERER,       FIELD_NAME_TE,
    };
    static const enum field_name of_responses[] = {
        FIELD_NAME_AGE,         FIELD_NAME_ETAG,       FIELD_NAME_LOCATION,
        FIELD_NAME_SERVER,      FIELD_NAME_SET_COOKIE, FIELD_NAME_WWW_AUTHENTICATE,
        FIELD_NAME_RETRY_AFTER,
    };
    const enum field_name *wrong = request ? of_responses : of_requests;
    size_t count =
        request ? sizeof of_responses / sizeof *of_responses : sizeof of_requests / sizeof *of_requests;
    for (size_t i = 0; i < count; i++) {
        if (field_index_has(index, wrong[i])) {
            notes_add(notes, NOTE_FIELD_WRONG_SIDE);
        }
    }
}

/* A comma at an end, or two with nothing but white space between them, outside of quoted strings. */
static bool has_empty_member(struct slice value) {
    struct slice rest = value, piece;
    if (value.len == 0 || memchr(value.ptr, ',', value.len) == NULL) {
        return false; /* an empty list is one */
    }
    while (field_piece_next(&rest, ',', &piece)) {
        if (piece.len == 0) {
            return true;
        }
    }
    return false;
}

/* A "q" that is no number from 0 to 1 with at most three digits (RFC 9110 section 12.4.2). */
static bool has_bad_weight(struct slice value) {
    struct slice rest = value, member, parameters;
    if (value.len == 0 || memchr(value.ptr, '=', value.len) == NULL) {
        return false;
    }
    while (field_piece_next(&rest, ',', &member)) {
        (void)field_front(member, &parameters);
        if (parameters.ptr && field_weight(parameters) == FIELD_WEIGHT_BAD) {
            return true;
        }
    }
    return false;
}

static void judge_lists(struct notes *notes, const struct field_index *index) {
    static const enum field_name lists[] = {
        FIELD_NAME_ACCEPT,
        FIELD_NAME_ACCEPT_CHARSET,
        FIELD_NAME_ACCEPT_ENCODING,
        FIELD_NAME_ACCEPT_LANGUAGE,
        FIELD_NAME_TE,
        FIELD_NAME_ALLOW,
        FIELD_NAME_CACHE_CONTROL,
        FIELD_NAME_CONNECTION,
        FIELD_NAME_CONTENT_ENCODING,
        FIELD_NAME_IF_MATCH,
        FIELD_NAME_IF_NONE_MATCH,
        FIELD_NAME_TRAILER,
        FIELD_NAME_UPGRADE,
        FIELD_NAME_VARY,
    };
    enum { WEIGHTED = 5 }; /* the first ones */
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct header *field = field_index_find(index, lists[i]);
        while (field) {
            if (has_empty_member(field->value)) {
                notes_add(notes, NOTE_LIST_EMPTY_MEMBER);
            }
            if (i < WEIGHTED && has_bad_weight(field->value)) {
                notes_add(notes, NOTE_WEIGHT_SYNTAX);
            }
            field = index->any_repeats ? field_index_next(index, lists[i], field) : NULL;
        }
    }
}

/* Seconds that must be written as a token (RFC 9111 sections 5.2.1 and 5.2.2). */
static void judge_directives(struct notes *notes, const struct field_index *index) {
    static const char *const seconds[] = {"max-age", "s-maxage", "max-stale", "min-fresh"};
    struct field_list list = field_list_of(index, FIELD_NAME_CACHE_CONTROL);
    struct slice member;
    while (field_list_next(&list, &member)) {
        struct field_parameter directive = field_parameter_of(member);
        for (size_t i = 0; directive.quoted && i < sizeof seconds / sizeof *seconds; i++) {
            if (slice_is_nocase(directive.name, seconds[i])) {
                notes_add(notes, NOTE_DIRECTIVE_QUOTED);
            }
        }
    }
}

enum { PARAMETERS_KEPT = 16 };

/* The parameters of one challenge or of credentials, as far as they are read. */
struct written_challenge {
    struct slice names[PARAMETERS_KEPT];
    unsigned count;
};

static void judge_parameter(struct notes *notes, struct written_challenge *c, struct slice piece) {
    struct field_parameter parameter = field_parameter_of(piece);
    size_t equals = slice_find(piece, '=');
    if (!parameter.has_value || equals == 0 || parameter.name.len == 0) {
        return; /* token68 ends with equals signs */
    }
    bool before = piece.ptr[equals - 1] == ' ' || piece.ptr[equals - 1] == '\t';
    bool behind = equals + 1 < piece.len && (piece.ptr[equals + 1] == ' ' || piece.ptr[equals + 1] == '\t');
    if (before || behind) {
        notes_add(notes, NOTE_BAD_WHITE_SPACE);
    }
    if (slice_is_nocase(parameter.name, "realm") && !parameter.quoted) {
        notes_add(notes, NOTE_REALM_UNQUOTED);
    }
    for (unsigned i = 0; i < c->count; i++) {
        if (slice_equal_nocase(c->names[i], parameter.name)) {
            notes_add(notes, NOTE_AUTH_PARAMETER_REPEATED);
        }
    }
    if (c->count < PARAMETERS_KEPT) {
        c->names[c->count++] = parameter.name;
    }
}

/* Challenges stand in a list whose members are a scheme with the first parameter, or a further parameter (RFC
 * 9110 section 11.6.1): a space before the equals sign, and something behind it, tells a scheme. */
static void judge_challenges(struct notes *notes, const struct field_index *index, enum field_name name) {
    struct written_challenge challenge = {.count = 0};
    struct field_list list = field_list_of(index, name);
    struct slice member;
    while (field_list_next(&list, &member)) {
        size_t space = slice_find(member, ' ');
        struct slice behind = slice_trim(slice_after(member, space));
        bool begins = space < slice_find(member, '=') && behind.len && behind.ptr[0] != '=';
        if (begins || slice_find(member, '=') == member.len) {
            challenge.count = 0;
        }
        judge_parameter(notes, &challenge, begins ? behind : member);
    }
}

/* "http:///x" names nobody (RFC 9110 section 4.2.1). */
static bool lacks_host(struct slice uri) {
    struct slice rest = slice_after(uri, slice_find(uri, ':'));
    bool http = slice_is_nocase(slice_first(uri, slice_find(uri, ':')), "http") ||
                slice_is_nocase(slice_first(uri, slice_find(uri, ':')), "https");
    return http && slice_starts_with(rest, "://") &&
           (rest.len == 3 || rest.ptr[3] == '/' || rest.ptr[3] == ':' || rest.ptr[3] == '?');
}

void conformance_judge_values(struct notes *notes, const struct http_message *m,
                              const struct field_index *index, bool request) {
    judge_side(notes, index, request);
    judge_lists(notes, index);
    judge_directives(notes, index);
    judge_challenges(notes, index, FIELD_NAME_WWW_AUTHENTICATE);
    judge_challenges(notes, index, FIELD_NAME_PROXY_AUTHENTICATE);
    if (lacks_host(field_index_value(index, FIELD_NAME_REFERER)) ||
        lacks_host(field_index_value(index, FIELD_NAME_LOCATION)) || (request && lacks_host(m->line[1]))) {
        notes_add(notes, NOTE_URI_WITHOUT_HOST);
    }
    if (request && slice_starts_with(m->line[1], "https://")) {
        notes_add(notes, NOTE_HTTPS_IN_CLEAR);
    }
    if (slice_starts_with(field_index_value(index, FIELD_NAME_REFERER), "https://")) {
        notes_add(notes, NOTE_REFERER_SECURE);
    }
}
