/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on how values are written: lists, weights, directives, challenges, URIs; and on which message a field
 * may stand in. */
#include "analyzer/conformance_parts.h"
#include "analyzer/http_date.h"
#include "capture/limits.h"

/* What a field's name says of the rules for it: bits. */
enum field_trait {
    TRAIT_SINGLETON = 1 << 0, /* its value is no list, and it may stand in a message once (RFC 9110
                                 section 5.3); Host and Content-Length have notes of their own */
    TRAIT_LIST = 1 << 1,
    TRAIT_WEIGHTED = 1 << 2, /* members may have a weight */
    TRAIT_DATE = 1 << 3,
    TRAIT_NUMBER = 1 << 4,
    TRAIT_CHALLENGES = 1 << 5,
    TRAIT_OF_REQUESTS = 1 << 6, /* in a response it has no meaning */
    TRAIT_OF_RESPONSES = 1 << 7,
    TRAIT_URI = 1 << 8,
    TRAIT_DIRECTIVES = 1 << 9,
    TRAIT_OPTIONS = 1 << 10,
    TRAIT_UNIQUE = 1 << 11, /* values seldom come again */
};

/* X(name, traits, ...) for each. */
#define RULES(X, a, b)                                                                                       \
    X(ACCEPT, TRAIT_LIST | TRAIT_WEIGHTED, a, b)                                                             \
    X(ACCEPT_CHARSET, TRAIT_LIST | TRAIT_WEIGHTED, a, b)                                                     \
    X(ACCEPT_ENCODING, TRAIT_LIST | TRAIT_WEIGHTED, a, b)                                                    \
    X(ACCEPT_LANGUAGE, TRAIT_LIST | TRAIT_WEIGHTED, a, b)                                                    \
    X(AGE, TRAIT_SINGLETON | TRAIT_NUMBER | TRAIT_OF_RESPONSES, a, b)                                        \
    X(ALLOW, TRAIT_LIST, a, b)                                                                               \
    X(AUTHORIZATION, TRAIT_SINGLETON | TRAIT_OF_REQUESTS, a, b)                                              \
    X(CACHE_CONTROL, TRAIT_LIST | TRAIT_DIRECTIVES, a, b)                                                    \
    X(CONNECTION, TRAIT_LIST | TRAIT_OPTIONS, a, b)                                                          \
    X(CONTENT_DISPOSITION, TRAIT_SINGLETON, a, b)                                                            \
    X(CONTENT_ENCODING, TRAIT_LIST, a, b)                                                                    \
    X(CONTENT_LOCATION, TRAIT_SINGLETON, a, b)                                                               \
    X(CONTENT_RANGE, TRAIT_SINGLETON, a, b)                                                                  \
    X(CONTENT_TYPE, TRAIT_SINGLETON, a, b)                                                                   \
    X(COOKIE, TRAIT_OF_REQUESTS, a, b)                                                                       \
    X(DATE, TRAIT_SINGLETON | TRAIT_DATE, a, b)                                                              \
    X(ETAG, TRAIT_SINGLETON | TRAIT_OF_RESPONSES, a, b)                                                      \
    X(EXPECT, TRAIT_OF_REQUESTS, a, b)                                                                       \
    X(EXPIRES, TRAIT_SINGLETON, a, b)                                                                        \
    X(FROM, TRAIT_SINGLETON, a, b)                                                                           \
    X(HOST, TRAIT_OF_REQUESTS, a, b)                                                                         \
    X(IF_MATCH, TRAIT_LIST | TRAIT_UNIQUE, a, b)                                                             \
    X(IF_MODIFIED_SINCE, TRAIT_SINGLETON | TRAIT_DATE | TRAIT_OF_REQUESTS, a, b)                             \
    X(IF_NONE_MATCH, TRAIT_LIST | TRAIT_UNIQUE | TRAIT_OF_REQUESTS, a, b)                                    \
    X(IF_RANGE, TRAIT_SINGLETON, a, b)                                                                       \
    X(IF_UNMODIFIED_SINCE, TRAIT_SINGLETON | TRAIT_DATE, a, b)                                               \
    X(LAST_MODIFIED, TRAIT_SINGLETON | TRAIT_DATE, a, b)                                                     \
    X(LOCATION, TRAIT_SINGLETON | TRAIT_OF_RESPONSES | TRAIT_URI, a, b)                                      \
    X(MAX_FORWARDS, TRAIT_SINGLETON | TRAIT_NUMBER, a, b)                                                    \
    X(ORIGIN, TRAIT_SINGLETON, a, b)                                                                         \
    X(PROXY_AUTHENTICATE, TRAIT_CHALLENGES, a, b)                                                            \
    X(PROXY_AUTHORIZATION, TRAIT_SINGLETON, a, b)                                                            \
    X(RANGE, TRAIT_SINGLETON | TRAIT_OF_REQUESTS, a, b)                                                      \
    X(REFERER, TRAIT_SINGLETON | TRAIT_OF_REQUESTS | TRAIT_URI, a, b)                                        \
    X(RETRY_AFTER, TRAIT_SINGLETON | TRAIT_DATE | TRAIT_OF_RESPONSES, a, b)                                  \
    X(SERVER, TRAIT_SINGLETON | TRAIT_OF_RESPONSES, a, b)                                                    \
    X(SET_COOKIE, TRAIT_OF_RESPONSES, a, b)                                                                  \
    X(TE, TRAIT_LIST | TRAIT_WEIGHTED | TRAIT_OF_REQUESTS, a, b)                                             \
    X(TRAILER, TRAIT_LIST, a, b)                                                                             \
    X(UPGRADE, TRAIT_LIST, a, b)                                                                             \
    X(USER_AGENT, TRAIT_SINGLETON, a, b)                                                                     \
    X(VARY, TRAIT_LIST, a, b)                                                                                \
    X(WWW_AUTHENTICATE, TRAIT_CHALLENGES | TRAIT_OF_RESPONSES, a, b)

#define ROW(name, traits, a, b) [FIELD_NAME_##name] = (traits),
static const uint16_t traits_of[FIELD_NAMES] = {RULES(ROW, 0, 0)};

/* A bit for each name with one of the traits, as in field_index. */
#define BIT(name, traits, wanted, word)                                                                      \
    | ((traits) & (wanted) && FIELD_NAME_##name / 64 == (word) ? UINT64_C(1) << FIELD_NAME_##name % 64 : 0)
#define WITH(wanted)                                                                                         \
    {                                                                                                        \
        UINT64_C(0)                                                                                          \
        RULES(BIT, wanted, 0), UINT64_C(0) RULES(BIT, wanted, 1), UINT64_C(0) RULES(BIT, wanted, 2)          \
    }
_Static_assert(FIELD_INDEX_WORDS == 3, "a word of bits each");

/* Those whose value is looked at. */
enum {
    TRAITS_OF_VALUES =
        TRAIT_LIST | TRAIT_DATE | TRAIT_NUMBER | TRAIT_CHALLENGES | TRAIT_URI | TRAIT_DIRECTIVES
};
static const uint64_t with_rule[FIELD_INDEX_WORDS] = WITH(TRAITS_OF_VALUES);
static const uint64_t with_singleton[FIELD_INDEX_WORDS] = WITH(TRAIT_SINGLETON);
static const uint64_t of_requests[FIELD_INDEX_WORDS] = WITH(TRAIT_OF_REQUESTS);
static const uint64_t of_responses[FIELD_INDEX_WORDS] = WITH(TRAIT_OF_RESPONSES);

/* What a rule asks for beside the field. */
struct scene {
    const struct field_index *index;
    struct value_memo *memo;
    int64_t now; /* of http_date_read */
};

void conformance_note_date(struct notes *notes, struct slice value, int64_t seconds) {
    if (http_date_is_obsolete(value)) {
        notes_add(notes, NOTE_DATE_OBSOLETE);
    }
    if (!http_date_weekday_fits(value, seconds)) {
        notes_add(notes, NOTE_DATE_WEEKDAY);
    }
}

static void judge_date(struct notes *notes, struct slice value, bool or_seconds, const struct scene *scene) {
    int64_t seconds;
    bool proper;
    uint64_t number;
    if (value_memo_date(scene->memo, value, scene->now, &seconds, &proper)) {
        if (!proper) {
            conformance_note_date(notes, value, seconds);
        }
    } else if (!or_seconds || !cache_seconds(value, &number)) {
        notes_add(notes, NOTE_DATE_SYNTAX);
    }
}

static bool has_byte(struct slice s, char byte) {
    return s.len && memchr(s.ptr, byte, s.len);
}

/* A "q" that is no number from 0 to 1 with at most three digits (RFC 9110 section 12.4.2). */
static bool has_bad_weight(struct slice member) {
    struct slice parameters;
    if (!has_byte(member, ';')) {
        return false;
    }
    (void)field_front(member, &parameters);
    return parameters.ptr && field_weight(parameters) == FIELD_WEIGHT_BAD;
}

/* Outside of quoted strings: a comma at an end, or two with nothing but white space between them. An empty
 * list is one. */
static void judge_list_line(struct notes *notes, struct slice value, bool weighted) {
    bool several = has_byte(value, ',');
    struct slice rest = value, member;
    weighted = weighted && has_byte(value, '=');
    while ((several || weighted) && field_piece_next(&rest, ',', &member)) {
        if (several && member.len == 0) {
            notes_add(notes, NOTE_LIST_EMPTY_MEMBER);
        } else if (weighted && has_bad_weight(member)) {
            notes_add(notes, NOTE_WEIGHT_SYNTAX);
        }
    }
}

static void judge_list(struct notes *notes, const struct field_index *index, enum field_name name,
                       bool weighted) {
    const struct header *field = field_index_find(index, name);
    while (field) {
        judge_list_line(notes, field->value, weighted);
        field = index->any_repeats ? field_index_next(index, name, field) : NULL;
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

static void judge_uri(struct notes *notes, enum field_name name, struct slice uri) {
    if (lacks_host(uri)) {
        notes_add(notes, NOTE_URI_WITHOUT_HOST);
    }
    if (name == FIELD_NAME_REFERER && slice_starts_with(uri, "https://")) {
        notes_add(notes, NOTE_REFERER_SECURE);
    }
}

/* Meant for all that the message comes to. */
static bool is_end_to_end(enum field_name name) {
    switch ((unsigned)name) {
    case FIELD_NAME_AUTHORIZATION:
    case FIELD_NAME_CACHE_CONTROL:
    case FIELD_NAME_CONTENT_ENCODING:
    case FIELD_NAME_CONTENT_LENGTH:
    case FIELD_NAME_CONTENT_TYPE:
    case FIELD_NAME_COOKIE:
    case FIELD_NAME_DATE:
    case FIELD_NAME_HOST:
    case FIELD_NAME_LOCATION:
    case FIELD_NAME_SET_COOKIE:
        return true;
    default:
        return false;
    }
}

/* Connection must not name what is meant for all (RFC 9110 section 7.6.1). */
static void judge_options(struct notes *notes, const struct field_index *index) {
    struct field_list options = field_list_of(index, FIELD_NAME_CONNECTION);
    struct slice option;
    while (field_list_next(&options, &option)) {
        if (is_end_to_end(field_name_of(option))) {
            notes_add(notes, NOTE_CONNECTION_END_TO_END);
        }
    }
}

static void judge_value(struct notes *notes, const struct scene *scene, enum field_name name,
                        unsigned traits) {
    const struct field_index *index = scene->index;
    struct slice value = field_index_value(index, name);
    uint64_t number;
    if (traits & TRAIT_LIST) {
        judge_list(notes, index, name, traits & TRAIT_WEIGHTED);
    }
    if (traits & TRAIT_DATE) {
        judge_date(notes, value, name == FIELD_NAME_RETRY_AFTER, scene);
    }
    if (traits & TRAIT_NUMBER && !cache_seconds(value, &number)) { /* however large */
        notes_add(notes, NOTE_NUMBER_SYNTAX);
    }
    if (traits & TRAIT_CHALLENGES) {
        judge_challenges(notes, index, name);
    }
    if (traits & TRAIT_DIRECTIVES) {
        judge_directives(notes, index);
    }
    if (traits & TRAIT_URI) {
        judge_uri(notes, name, value);
    }
    if (traits & TRAIT_OPTIONS) {
        judge_options(notes, index);
    }
}

/* What lists are made of is read but once. */
static void judge_field(struct notes *notes, const struct scene *scene, enum field_name name) {
    unsigned traits = traits_of[name];
    bool recurs = traits & TRAIT_LIST && !(traits & TRAIT_UNIQUE) && !field_index_repeats(scene->index, name);
    struct slice value = field_index_value(scene->index, name);
    if (!recurs) {
        judge_value(notes, scene, name, traits);
    } else if (!value_memo_is_proper(scene->memo, name, value)) {
        struct notes found = {.seen = {0}};
        judge_value(&found, scene, name, traits);
        if (notes_none(&found)) {
            value_memo_keep_proper(scene->memo, name, value);
        }
        notes_join(notes, &found);
    }
}

/* What a name's presence, or its standing there twice, says. */
static void judge_presence(struct notes *notes, const struct field_index *index, bool request) {
    const uint64_t *foreign = request ? of_responses : of_requests;
    uint64_t wrong = 0;
    for (unsigned word = 0; word < FIELD_INDEX_WORDS; word++) {
        wrong |= index->present[word] & foreign[word];
    }
    if (wrong) {
        notes_add(notes, NOTE_FIELD_WRONG_SIDE);
    }
    for (unsigned word = 0; index->any_repeats && word < FIELD_INDEX_WORDS; word++) {
        for (uint64_t left = index->present[word] & with_singleton[word]; left; left &= left - 1) {
            if (field_index_repeats(index, (enum field_name)(64 * word + (unsigned)__builtin_ctzll(left)))) {
                notes_add(notes, NOTE_SINGLETON_REPEATED);
            }
        }
    }
}

void conformance_judge_values(struct notes *notes, const struct http_message *m, const struct semantics *s,
                              bool request) {
    const struct scene scene = {.index = request ? &s->request : &s->response,
                                .memo = s->memo,
                                .now = m->first.time_ns / NS_PER_SECOND};
    judge_presence(notes, scene.index, request);
    for (unsigned word = 0; word < FIELD_INDEX_WORDS; word++) {
        for (uint64_t left = scene.index->present[word] & with_rule[word]; left; left &= left - 1) {
            enum field_name name = (enum field_name)(64 * word + (unsigned)__builtin_ctzll(left));
            bool read = !request && (name == FIELD_NAME_DATE || name == FIELD_NAME_LAST_MODIFIED);
            if (!read) { /* with the message */
                judge_field(notes, &scene, name);
            }
        }
    }
    if (request && (m->line[1].len && m->line[1].ptr[0] != '/')) {
        judge_uri(notes, FIELD_NAME_OTHER, m->line[1]);
        if (slice_starts_with(m->line[1], "https://")) {
            notes_add(notes, NOTE_HTTPS_IN_CLEAR);
        }
    }
}

void conformance_judge_changed(struct notes *notes, const struct transaction *t, const struct semantics *s) {
    const struct scene scene = {
        .index = &s->request, .memo = s->memo, .now = t->request.first.time_ns / NS_PER_SECOND};
    for (unsigned word = 0; word < FIELD_INDEX_WORDS; word++) {
        for (uint64_t left = s->judged[word]; left; left &= left - 1) {
            judge_field(notes, &scene, (enum field_name)(64 * word + (unsigned)__builtin_ctzll(left)));
        }
    }
    if (s->judged[FIELD_NAME_REFERER / 64] >> FIELD_NAME_REFERER % 64 & 1) {
        conformance_judge_referer(notes, &s->request);
    }
}
