/* SPDX-License-Identifier: Apache-2.0 */
#include "output/native.h"

#include "analyzer/semantics.h"
#include "output/pen.h"

/* The first field of that name, or NULL; the analyzer knows where it is. */
static const struct header *find_field(const struct transaction *t, const struct http_message *m,
                                       enum field_name name) {
    if (!t->semantics) {
        return header_find(&m->headers,
                           (const char *)field_name_text(name).ptr); /* a constant with its NUL */
    }
    return field_index_find(m == &t->request ? &t->semantics->request : &t->semantics->response, name);
}

static struct slice field_value(struct native *native, const struct header *field) {
    return native->mask ? mask_field(native->mask, field->name, field->value, &native->scratch)
                        : field->value;
}

static void make_user_agent(struct native *native, struct writer *w, const struct header *agent) {
    WRITER_UP_TO(w, "\"user_agent\":{\"original\":");
    (void)writer_string(w, field_value(native, agent));
    writer_end_object(w);
}

void native_write_user_agent(struct native *native, struct writer *w, const struct transaction *t) {
    const struct header *agent = find_field(t, &t->request, FIELD_NAME_USER_AGENT);
    struct native_memo memo = {.hint = NULL};
    bool may_remember = agent && native_line_key(agent, MEMO_USER_AGENT, &memo.key);
    if (!agent || (may_remember && native_remembers(native, w, &memo))) {
        return;
    }
    make_user_agent(native, w, agent);
    if (may_remember) {
        native_remember(native, w, &memo);
    }
}

/* "1.1" of "HTTP/1.1", "0.9" of HTTP/0.9, whose lines have none; false where it can't be read or was left
 * out. */
static bool version_text(const struct http_message *m, struct slice version, struct slice *text) {
    if (version.len == 0) {
        *text = slice_of("0.9");
        return m->major == 0 && m->minor == 9;
    }
    *text = slice_after(version, 5);
    return version.len == 8 && slice_is_nocase(slice_first(version, 5), "HTTP/") &&
           ascii_is_digit(version.ptr[5]) && version.ptr[6] == '.' && ascii_is_digit(version.ptr[7]);
}

/* A response of HTTP/0.9 has no status line. Of one whose line there was no memory for, the status is known.
 */
static bool has_status_line(const struct http_message *response) {
    return response->seen && (response->line[0].len > 0 || response->major > 0);
}

static void write_version(struct writer *w, const struct http_message *m, struct slice version) {
    struct slice text = {0};
    if (m->seen && slice_is(version, "HTTP/1.1")) {
        WRITER_RAW(w, "\"version\":\"1.1\"");
        return;
    }
    if (m->seen && version_text(m, version, &text)) {
        WRITER_KEY(w, "version");
        (void)writer_string(w, text);
    }
}

/* The media type of the Content-Type field, without parameters, in lower case. */
static void make_content_type(struct native *native, struct writer *w, const struct header *field) {
    char lower[128];
    struct slice value = field_value(native, field);
    struct slice type = slice_trim(slice_first(value, slice_find(value, ';')));
    if (type.len == 0 || type.len > sizeof lower) {
        return;
    }
    for (size_t i = 0; i < type.len; i++) {
        lower[i] = (char)ascii_lower(type.ptr[i]);
    }
    writer_key(w, "content_type");
    (void)writer_string(w, slice_make(lower, type.len));
}

/* `content_type` and its key; empty without. Borrowed until the next call. */
static struct slice remembered_type(struct native *native, const struct header *field) {
    struct native_memo memo = {.hint = &native->recent[MEMO_MEDIA_TYPE]};
    struct slice json;
    bool may_remember = native_line_key(field, MEMO_MEDIA_TYPE, &memo.key);
    if (may_remember && memo_get(native->memo, &memo.key, memo.hint, &json)) {
        return json;
    }
    struct writer w;
    size_t failures = native_failures(native);
    buf_clear(&native->type_json);
    writer_init(&w, &native->type_json);
    make_content_type(native, &w, field);
    (void)buf_reserve(&native->type_json, PEN_JSON_SLACK);
    if (may_remember && !native->type_json.failed && native_failures(native) == failures) {
        memo_put(native->memo, &memo.key, buf_slice(&native->type_json));
    }
    return native->type_json.failed ? slice_make("", 0) : buf_slice(&native->type_json);
}

static const struct known_likeness *likeness_of(const struct transaction *t, bool response) {
    const struct semantics *s = t->semantics;
    return !s ? NULL : response ? &s->response_like : &s->request_like;
}

/* The same; a known head mostly has that of the last one with its stamp. */
static struct slice type_of(struct native *native, const struct transaction *t, const struct header *field,
                            bool response) {
    const struct known_likeness *like = likeness_of(t, response);
    bool changed = like && field_names_have(like->names, FIELD_NAME_CONTENT_TYPE);
    uint64_t stamp = like && like->head && !changed ? like->head->stamp : 0;
    struct native_type *type = &native->types[response][stamp % NATIVE_TYPES];
    if (!field) {
        return slice_make("", 0);
    }
    if (stamp && type->stamp == stamp) {
        return slice_make(type->json, type->len);
    }
    size_t failures = native_failures(native);
    struct slice json = remembered_type(native, field);
    if (stamp && json.len <= NATIVE_TYPE_BYTES && native_failures(native) == failures) {
        *type = (struct native_type){.stamp = stamp, .len = (uint16_t)json.len};
        (void)slice_put(json, type->json);
    }
    return json;
}

static uint8_t *put_framing(uint8_t *to, enum h1_framing_kind kind) {
    enum { MOST = 20 };
    static const struct {
        size_t len;
        char text[MOST];
    } texts[] = {
#define FRAMING(kind, name) [kind] = {sizeof(",\"framing\":\"" name "\"") - 1, ",\"framing\":\"" name "\""}
        FRAMING(H1_BODY_NONE, "none"),       FRAMING(H1_BODY_LENGTH, "length"),
        FRAMING(H1_BODY_CHUNKED, "chunked"), FRAMING(H1_BODY_CLOSE, "close"),
        FRAMING(H1_BODY_TUNNEL, "tunnel"),
#undef FRAMING
    };
    memcpy(to, texts[kind].text, MOST);
    return to + texts[kind].len;
}

/* A number that is the transaction's own. */
static inline uint8_t *put_own(struct native *native, const struct writer *w, uint8_t *to, uint64_t number,
                               struct rest_hole hole) {
    uint8_t *end = pen_unsigned(to, number);
    native_note_hole(native, hole, (size_t)(to - w->out->ptr), (size_t)(end - w->out->ptr));
    return end;
}

/* Sizes, and what is known of the body where the head is complete. `end`: the brackets behind it. */
static void write_content(struct native *native, struct writer *w, const struct transaction *t,
                          const struct http_message *m, size_t end) {
    enum { MOST = 96 + 3 * DIGITS_BYTES + PEN_JSON_SLACK };
    bool response = m == &t->response;
    struct slice type = slice_make("", 0);
    if (m->head_complete) {
        type = type_of(native, t, find_field(t, m, FIELD_NAME_CONTENT_TYPE), response);
    }
    uint8_t *to = pen_open(w, MOST + type.len);
    if (!to) {
        return;
    }
    PEN_TEXT(to, "\"bytes\":");
    to = put_own(native, w, to, m->end_offset - m->offset,
                 (struct rest_hole){.kind = REST_BYTES, .side = response});
    if (m->head_complete) {
        PEN_TEXT(to, ",\"body\":{\"bytes\":");
        to = put_own(native, w, to, m->body_bytes, (struct rest_hole){.kind = REST_BODY, .side = response});
        if (m->missing_bytes || (m->end_known && !m->truncated)) {
            PEN_NEXT_UNSIGNED(to, "missing_bytes", m->missing_bytes);
        }
        *to++ = '}';
        to = pen_next_json(to, type);
        to = put_framing(to, m->framing.kind);
    }
    memset(to, '}', 2);
    pen_close(w, to + end);
}

/* What requests and responses have in common: fields, sizes, framing. */
static void write_message(struct native *native, struct writer *w, const struct transaction *t,
                          const struct http_message *m, size_t end) {
    bool request = m == &t->request;
    if (!native_omits(native, request ? OMIT_REQUEST_HEADERS : OMIT_RESPONSE_HEADERS)) {
        native_write_head(native, w, &m->headers, likeness_of(t, !request), !request);
    }
    uint64_t dropped = (uint64_t)m->headers.dropped + m->trailers.dropped;
    if (m->trailers.count &&
        !native_omits(native, request ? OMIT_REQUEST_TRAILERS : OMIT_RESPONSE_TRAILERS)) {
        WRITER_KEY(w, "trailers");
        native_write_fields(native, w, &m->trailers);
    }
    if (dropped) {
        WRITER_KEY(w, "fields_dropped");
        writer_unsigned(w, dropped);
    }
    write_content(native, w, t, m, end);
}

static void begin_request(struct native *native, struct writer *w, const struct transaction *t) {
    const struct http_message *request = &t->request;
    WRITER_UP_TO(w, "\"request\":{");
    NATIVE_BYTES(w, "method", request->line[0]);
    NATIVE_BYTES(w, "target", native->url.target);
    WRITER_KEY(w, "target_form");
    writer_text(w, target_form_name(t->target.form));
}

/* What stands there is its header's value, too. */
static void write_referrer(struct native *native, struct writer *w, const struct header *referer) {
    struct native_memo memo = {.hint = NULL};
    WRITER_KEY(w, "referrer");
    size_t start = w->out->len;
    bool may_remember = native_line_key(referer, MEMO_VALUE, &memo.key);
    bool valid = may_remember && native_remembers(native, w, &memo);
    if (!valid) {
        valid = writer_string(
            w, native->mask ? mask_value(native->mask, native->referer, referer->value, &native->scratch)
                            : referer->value);
        if (may_remember && valid) {
            native_remember(native, w, &memo);
        }
    }
    native->shown = (struct native_shown){valid ? referer : NULL, start, w->out->len - start};
}

static void end_request(struct native *native, struct writer *w, const struct transaction *t) {
    const struct header *referer = find_field(t, &t->request, FIELD_NAME_REFERER);
    if (referer && !native_omits(native, OMIT_REFERRER)) {
        write_referrer(native, w, referer);
    }
    write_message(native, w, t, &t->request, 1);
    native->shown.field = NULL;
}

static void make_status(struct native *native, struct writer *w, unsigned status, struct slice reason) {
    static const char *const classes[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    const char *name = status_name(status);
    if (status) {
        WRITER_KEY(w, "status_code");
        writer_unsigned(w, status);
    }
    if (status >= 100 && status < 600) {
        WRITER_KEY(w, "status_class");
        writer_text(w, classes[status / 100 - 1]);
    }
    if (name) {
        WRITER_KEY(w, "status_name");
        writer_text(w, name);
    }
    if (native->mask) {
        reason = mask_field(native->mask, slice_make(reason.ptr, 0), reason, &native->scratch);
    }
    NATIVE_BYTES(w, "reason", reason);
}

static void write_status(struct native *native, struct writer *w, unsigned status, struct slice reason) {
    struct native_memo memo = {.key = {.kind = MEMO_STATUS, .parts = status, .bytes = reason}};
    if (!native_remembers(native, w, &memo)) {
        make_status(native, w, status, reason);
        native_remember(native, w, &memo);
    }
}

static uint32_t dropped_interim(const struct transaction *t) {
    uint32_t dropped = t->interim_count;
    for (const struct interim *i = t->interim; i; i = i->next) {
        dropped--;
    }
    return dropped;
}

static void write_interim(struct native *native, struct writer *w, const struct transaction *t) {
    WRITER_KEY(w, "interim");
    writer_begin_array(w);
    for (const struct interim *i = t->interim; i; i = i->next) {
        writer_begin_object(w);
        WRITER_KEY(w, "time");
        writer_time(w, i->time_ns);
        write_status(native, w, i->status, i->reason);
        WRITER_KEY(w, "headers");
        native_write_fields(native, w, &i->headers);
        if (i->headers.dropped) {
            WRITER_KEY(w, "fields_dropped");
            writer_unsigned(w, i->headers.dropped);
        }
        writer_end_object(w);
    }
    writer_end_array(w);
}

/* `response` up to what its status means, at once, as mostly. */
static bool begin_usual_response(struct native *native, struct writer *w,
                                 const struct http_message *response) {
    enum { KEYS = 48 };
    const struct memo_key key = {.kind = MEMO_STATUS, .parts = response->status, .bytes = response->line[2]};
    struct slice json;
    if (!response->seen || !slice_is(response->line[0], "HTTP/1.1") ||
        !memo_peek(native->memo, &key, native->recent[MEMO_STATUS], &json)) {
        return false;
    }
    uint8_t *to = pen_open(w, KEYS + json.len + PEN_JSON_SLACK);
    if (to) {
        PEN_TEXT(to, "\"response\":{\"version\":\"1.1\"");
        pen_close(w, pen_next_json(to, json));
    }
    return to;
}

/* ... and the end of `http`. */
static void write_response(struct native *native, struct writer *w, const struct transaction *t) {
    const struct http_message *response = &t->response;
    bool alone = response->seen && t->interim_count == 0;
    if (!begin_usual_response(native, w, response)) {
        WRITER_UP_TO(w, "\"response\":{");
        if (has_status_line(response)) {
            write_version(w, response, response->line[0]);
            write_status(native, w, response->status, response->line[2]);
        }
    }
    if (response->seen) {
        write_message(native, w, t, response, alone ? 2 : 0);
    }
    if (alone) {
        return;
    }
    if (t->interim_count && !native_omits(native, OMIT_INTERIM)) {
        write_interim(native, w, t);
    }
    if (t->interim_count && dropped_interim(t)) {
        WRITER_KEY(w, "interim_dropped");
        writer_unsigned(w, dropped_interim(t));
    }
    writer_end_object(w);
    writer_end_object(w);
}

static void begin_http(struct native *native, struct writer *w, const struct transaction *t) {
    WRITER_UP_TO(w, "\"http\":{");
    bool told = t->request.seen && (t->request.line[2].len || t->request.minor == 9);
    if (told) {
        write_version(w, &t->request, t->request.line[2]);
    } else {
        write_version(w, &t->response, t->response.line[0]);
    }
    if (t->request.seen) {
        begin_request(native, w, t);
    }
}

void native_write_http(struct native *native, struct writer *w, const struct transaction *t, bool begun) {
    if (!begun) {
        begin_http(native, w, t);
    }
    if (t->request.seen) {
        end_request(native, w, t);
    }
    bool interim = t->interim_count && (!native_omits(native, OMIT_INTERIM) || dropped_interim(t));
    if (t->response.seen || interim) {
        write_response(native, w, t);
    } else {
        writer_end_object(w);
    }
}
