/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that bind the sender of a request and of a response alike. */
#include "analyzer/conformance_parts.h"
#include "analyzer/h1_syntax.h"
#include "analyzer/http_date.h"
#include "capture/limits.h"

/* Fields whose value is no list, and that may stand in a message once (RFC 9110 section 5.3). Host and
 * Content-Length have notes of their own. */
static void judge_singletons(struct notes *notes, const struct field_index *index) {
    static const enum field_name singletons[] = {
        FIELD_NAME_AGE,
        FIELD_NAME_AUTHORIZATION,
        FIELD_NAME_CONTENT_DISPOSITION,
        FIELD_NAME_CONTENT_LOCATION,
        FIELD_NAME_CONTENT_RANGE,
        FIELD_NAME_CONTENT_TYPE,
        FIELD_NAME_DATE,
        FIELD_NAME_ETAG,
        FIELD_NAME_EXPIRES,
        FIELD_NAME_FROM,
        FIELD_NAME_IF_MODIFIED_SINCE,
        FIELD_NAME_IF_RANGE,
        FIELD_NAME_IF_UNMODIFIED_SINCE,
        FIELD_NAME_LAST_MODIFIED,
        FIELD_NAME_LOCATION,
        FIELD_NAME_MAX_FORWARDS,
        FIELD_NAME_ORIGIN,
        FIELD_NAME_PROXY_AUTHORIZATION,
        FIELD_NAME_RANGE,
        FIELD_NAME_REFERER,
        FIELD_NAME_RETRY_AFTER,
        FIELD_NAME_SERVER,
        FIELD_NAME_USER_AGENT,
    };
    if (!index->any_repeats) {
        return;
    }
    for (size_t i = 0; i < sizeof singletons / sizeof *singletons; i++) {
        if (field_index_repeats(index, singletons[i])) {
            notes_add(notes, NOTE_SINGLETON_REPEATED);
        }
    }
}

/* Is it a date? The note of one that is none is the caller's. */
static bool judge_date(struct notes *notes, struct slice value, int64_t now_s) {
    int64_t seconds;
    if (!http_date_read(value, now_s, &seconds)) {
        return false;
    }
    if (http_date_is_obsolete(value)) {
        notes_add(notes, NOTE_DATE_OBSOLETE);
    }
    if (!http_date_weekday_fits(value, seconds)) {
        notes_add(notes, NOTE_DATE_WEEKDAY);
    }
    return true;
}

static bool is_number(struct slice value) {
    uint64_t number;
    return field_number(value, &number);
}

static void judge_dates(struct notes *notes, const struct field_index *index, int64_t now_s) {
    static const enum field_name dates[] = {
        FIELD_NAME_DATE,
        FIELD_NAME_LAST_MODIFIED,
        FIELD_NAME_IF_MODIFIED_SINCE,
        FIELD_NAME_IF_UNMODIFIED_SINCE,
    };
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        const struct header *field = field_index_find(index, dates[i]);
        if (field && !judge_date(notes, field->value, now_s)) {
            notes_add(notes, NOTE_DATE_SYNTAX);
        }
    }
    const struct header *expires = field_index_find(index, FIELD_NAME_EXPIRES);
    if (expires && !judge_date(notes, expires->value, now_s)) {
        notes_add(notes, NOTE_EXPIRES_NO_DATE);
    }
    const struct header *retry = field_index_find(index, FIELD_NAME_RETRY_AFTER);
    if (retry && !is_number(retry->value) && !judge_date(notes, retry->value, now_s)) {
        notes_add(notes, NOTE_DATE_SYNTAX);
    }
}

static void judge_numbers(struct notes *notes, const struct field_index *index) {
    const struct header *age = field_index_find(index, FIELD_NAME_AGE);
    const struct header *forwards = field_index_find(index, FIELD_NAME_MAX_FORWARDS);
    if ((age && !is_number(age->value)) || (forwards && !is_number(forwards->value))) {
        notes_add(notes, NOTE_NUMBER_SYNTAX);
    }
}

/* type "/" subtype, both tokens (RFC 9110 section 8.3.1). */
static bool is_media_type(struct slice value) {
    struct slice parameters;
    struct slice type = field_front(value, &parameters);
    const uint8_t *slash = type.len ? memchr(type.ptr, '/', type.len) : NULL;
    if (!slash) {
        return false;
    }
    size_t at = (size_t)(slash - type.ptr);
    return h1_is_token(slice_first(type, at)) && h1_is_token(slice_after(type, at + 1));
}

/* Fields that frame, route, authenticate or control, or say how to read the content (RFC 9110 section 6.5.1).
 */
static bool is_for_head(enum field_name name) {
    static const bool for_head[FIELD_NAMES] = {
        [FIELD_NAME_AGE] = true,
        [FIELD_NAME_AUTHORIZATION] = true,
        [FIELD_NAME_CACHE_CONTROL] = true,
        [FIELD_NAME_CONNECTION] = true,
        [FIELD_NAME_CONTENT_ENCODING] = true,
        [FIELD_NAME_CONTENT_LENGTH] = true,
        [FIELD_NAME_CONTENT_RANGE] = true,
        [FIELD_NAME_CONTENT_TYPE] = true,
        [FIELD_NAME_COOKIE] = true,
        [FIELD_NAME_EXPECT] = true,
        [FIELD_NAME_EXPIRES] = true,
        [FIELD_NAME_HOST] = true,
        [FIELD_NAME_IF_MATCH] = true,
        [FIELD_NAME_IF_MODIFIED_SINCE] = true,
        [FIELD_NAME_IF_NONE_MATCH] = true,
        [FIELD_NAME_IF_RANGE] = true,
        [FIELD_NAME_IF_UNMODIFIED_SINCE] = true,
        [FIELD_NAME_LOCATION] = true,
        [FIELD_NAME_MAX_FORWARDS] = true,
        [FIELD_NAME_PRAGMA] = true,
        [FIELD_NAME_PROXY_AUTHENTICATE] = true,
        [FIELD_NAME_PROXY_AUTHORIZATION] = true,
        [FIELD_NAME_RANGE] = true,
        [FIELD_NAME_RETRY_AFTER] = true,
        [FIELD_NAME_SET_COOKIE] = true,
        [FIELD_NAME_TE] = true,
        [FIELD_NAME_TRAILER] = true,
        [FIELD_NAME_TRANSFER_ENCODING] = true,
        [FIELD_NAME_VARY] = true,
        [FIELD_NAME_WWW_AUTHENTICATE] = true,
    };
    return for_head[name];
}

static void judge_trailers(struct notes *notes, const struct header_list *trailers) {
    for (uint32_t i = 0; i < trailers->count; i++) {
        if (is_for_head(field_name_of(trailers->items[i].name))) {
            notes_add(notes, NOTE_TRAILER_FORBIDDEN);
        }
    }
}

/* Connection must name Upgrade and TE, and must not name what is meant for all (RFC 9110 section 7.6.1). */
static void judge_connection(struct notes *notes, const struct http_message *m,
                             const struct field_index *index, bool request) {
    static const char *const end_to_end[] = {
        "authorization", "cache-control", "content-encoding", "content-length", "content-type", "cookie",
        "date",          "host",          "location",         "set-cookie",
    };
    bool te = request && field_index_has(index, FIELD_NAME_TE);
    if ((m->fields.upgrade && !m->fields.connection_upgrade) ||
        (te && !conformance_names(index, FIELD_NAME_CONNECTION, "te"))) {
        notes_add(notes, NOTE_CONNECTION_OPTION_MISSING);
    }
    if (!field_index_has(index, FIELD_NAME_CONNECTION) ||
        slice_is_nocase(field_index_value(index, FIELD_NAME_CONNECTION), "keep-alive")) {
        return; /* as it mostly is */
    }
    for (size_t i = 0; i < sizeof end_to_end / sizeof *end_to_end; i++) {
        if (conformance_names(index, FIELD_NAME_CONNECTION, end_to_end[i])) {
            notes_add(notes, NOTE_CONNECTION_END_TO_END);
        }
    }
}

void conformance_judge_message(struct notes *notes, const struct http_message *m,
                               const struct field_index *index, bool request) {
    bool old = m->major == 0 && m->minor == 9;
    if (!old && (m->major != 1 || m->minor > 1)) {
        notes_add(notes, NOTE_VERSION_UNKNOWN);
    }
    judge_singletons(notes, index);
    judge_dates(notes, index, m->first.time_ns / NS_PER_SECOND);
    judge_numbers(notes, index);
    const struct header *type = field_index_find(index, FIELD_NAME_CONTENT_TYPE);
    if (type && !is_media_type(type->value)) {
        notes_add(notes, NOTE_CONTENT_TYPE_SYNTAX);
    }
    judge_trailers(notes, &m->trailers);
    judge_connection(notes, m, index, request);
}
