/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_content.h"

#include "analyzer/field_value.h"
#include "analyzer/media_type.h"

static void read_list(struct content_list *list, const struct field_index *index, enum field_name name) {
    list->count = 0;
    if (!field_index_has(index, name)) {
        return;
    }
    struct field_list members = field_list_of(index, name);
    struct slice member;
    while (field_list_next(&members, &member)) {
        struct slice parameters, item = field_front(member, &parameters);
        if (item.len && list->count++ < CONTENT_LIST_KEPT) {
            list->items[list->count - 1] = item;
        }
    }
}

static uint32_t kept(const struct content_list *list) {
    return list->count < CONTENT_LIST_KEPT ? list->count : CONTENT_LIST_KEPT;
}

/* charset "'" [ language ] "'" value-chars; others than the two charsets are not understood (RFC 8187). */
static void take_extended_filename(struct content_disposition *d, struct slice value) {
    size_t quote = slice_find(value, '\'');
    struct slice charset = slice_first(value, quote), rest = slice_after(value, quote + 1);
    size_t second = slice_find(rest, '\'');
    d->extended_is_latin1 = slice_is_nocase(charset, "iso-8859-1");
    if (second < rest.len && (d->extended_is_latin1 || slice_is_nocase(charset, "utf-8"))) {
        d->filename_extended = slice_after(rest, second + 1);
    }
}

static void read_disposition(struct content_disposition *d, struct slice value) {
    struct field_parameter p;
    struct slice parameters, type = field_front(value, &parameters);
    *d = (struct content_disposition){.type = slice_make(NULL, 0)};
    if (h1_is_token(type)) {
        d->type = type;
    } else { /* many leave the type out */
        parameters = value;
    }
    while (field_parameter_next(&parameters, ';', &p)) {
        if (slice_is_nocase(p.name, "filename") && !d->filename.len) {
            d->filename = p.value;
        } else if (slice_is_nocase(p.name, "filename*") && !d->filename_extended.len) {
            take_extended_filename(d, p.value);
        }
    }
}

static void read_message(struct message_content *m, const struct field_index *index) {
    m->has_type = field_index_has(index, FIELD_NAME_CONTENT_TYPE);
    media_type_read(&m->media, field_index_value(index, FIELD_NAME_CONTENT_TYPE));
    read_list(&m->codings, index, FIELD_NAME_CONTENT_ENCODING);
    read_list(&m->languages, index, FIELD_NAME_CONTENT_LANGUAGE);
    if (field_index_has(index, FIELD_NAME_CONTENT_DISPOSITION)) {
        read_disposition(&m->disposition, field_index_value(index, FIELD_NAME_CONTENT_DISPOSITION));
    } else {
        m->disposition = (struct content_disposition){.type = slice_make(NULL, 0)};
    }
}

/* A list that asks for something, and how closely a member of it describes what there is: 0 not at all. */
struct wish {
    const struct field_index *request;
    enum field_name name;
    unsigned (*closeness)(struct slice member, const void *what);
};

/* The weight of the member that describes it most closely; `otherwise` where none does. */
static int weigh(const struct wish *wish, const void *what, int otherwise) {
    struct field_list list = field_list_of(wish->request, wish->name);
    struct slice member, parameters;
    unsigned best = 0;
    int weight = otherwise;
    while (field_list_next(&list, &member)) {
        unsigned closeness = wish->closeness(member, what);
        if (closeness > best) {
            (void)field_front(member, &parameters);
            best = closeness;
            weight = field_weight(parameters);
        }
    }
    return weight;
}

static unsigned type_closeness(struct slice member, const void *media) {
    return media_range_covers(member, media);
}

/* gzip and compress have old names (RFC 9110 section 8.4.1). */
static struct slice without_x(struct slice coding) {
    bool old = slice_is_nocase(coding, "x-gzip") || slice_is_nocase(coding, "x-compress");
    return slice_after(coding, old ? 2 : 0);
}

static unsigned word_closeness(struct slice member, const void *word) {
    struct slice parameters, front = field_front(member, &parameters);
    const struct slice *wanted = word;
    if (slice_equal_nocase(front, *wanted)) {
        return 2; /* as it mostly is */
    }
    if (slice_equal_nocase(without_x(front), without_x(*wanted))) {
        return 2;
    }
    return slice_is(front, "*") ? 1 : 0;
}

/* The range is the tag, or its front up to a hyphen (RFC 4647 section 3.3.1). */
static unsigned language_closeness(struct slice member, const void *tag) {
    struct slice parameters, range = field_front(member, &parameters);
    const struct slice *language = tag;
    if (slice_is(range, "*")) {
        return 1;
    }
    bool covered = range.len && range.len <= language->len &&
                   slice_equal_nocase(range, slice_first(*language, range.len)) &&
                   (range.len == language->len || language->ptr[range.len] == '-');
    return covered ? 1 + (unsigned)(range.len < UINT16_MAX ? range.len : UINT16_MAX) : 0;
}

/* "identity" is no coding, and says that there is none (RFC 9110 section 12.5.3). */
static int weigh_codings(const struct field_index *request, const struct content_list *codings) {
    const struct wish wish = {request, FIELD_NAME_ACCEPT_ENCODING, word_closeness};
    const struct slice identity = slice_of("identity");
    int least = FIELD_WEIGHT_FULL;
    bool coded = false;
    for (uint32_t i = 0; i < kept(codings); i++) {
        if (!slice_equal_nocase(codings->items[i], identity)) {
            int weight = weigh(&wish, &codings->items[i], 0);
            least = weight < least ? weight : least;
            coded = true;
        }
    }
    /* no member may speak of identity; then it is acceptable */
    return coded ? least : weigh(&wish, &identity, WEIGHT_UNKNOWN);
}

static int weigh_languages(const struct field_index *request, const struct content_list *languages) {
    const struct wish wish = {request, FIELD_NAME_ACCEPT_LANGUAGE, language_closeness};
    int most = WEIGHT_UNKNOWN;
    for (uint32_t i = 0; i < kept(languages); i++) {
        int weight = weigh(&wish, &languages->items[i], 0);
        most = weight > most ? weight : most;
    }
    return most;
}

static void weigh_all(struct semantics_content *c, const struct field_index *request, bool has_content) {
    const struct message_content *there = &c->response;
    c->type_weight = c->charset_weight = c->coding_weight = c->language_weight = WEIGHT_UNKNOWN;
    if (field_index_has(request, FIELD_NAME_ACCEPT) && there->media.valid) {
        const struct wish wish = {request, FIELD_NAME_ACCEPT, type_closeness};
        c->type_weight = weigh(&wish, &there->media, 0);
    }
    if (field_index_has(request, FIELD_NAME_ACCEPT_CHARSET) && there->media.charset.len) {
        const struct wish wish = {request, FIELD_NAME_ACCEPT_CHARSET, word_closeness};
        c->charset_weight = weigh(&wish, &there->media.charset, 0);
    }
    if (field_index_has(request, FIELD_NAME_ACCEPT_ENCODING) && (there->codings.count || has_content)) {
        c->coding_weight = weigh_codings(request, &there->codings);
    }
    if (field_index_has(request, FIELD_NAME_ACCEPT_LANGUAGE)) {
        c->language_weight = weigh_languages(request, &there->languages);
    }
}

void semantics_content_read(struct semantics_content *c, const struct field_index *request,
                            const struct field_index *response, bool has_content) {
    read_message(&c->request, request);
    read_message(&c->response, response);
    weigh_all(c, request, has_content);
    c->transparent = field_index_has(request, FIELD_NAME_NEGOTIATE);
    read_list(&c->tcn, response, FIELD_NAME_TCN);
    read_list(&c->manipulations_asked, request, FIELD_NAME_A_IM);
    read_list(&c->manipulations, response, FIELD_NAME_IM);
}
