/* SPDX-License-Identifier: Apache-2.0 */
#include "output/native_semantics_parts.h"

enum { LONGEST_NAME = 255 }; /* of a file, in bytes; what is longer is cut */

/* Names that have no case, in lower case; long ones as they are. */
static void write_lower(struct native *native, struct writer *w, struct slice text) {
    uint8_t lower[128];
    if (text.len > sizeof lower) {
        native_write_shown(native, w, text);
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        lower[i] = ascii_lower(text.ptr[i]);
    }
    native_write_shown(native, w, slice_make(lower, text.len));
}

static void write_list(struct native *native, struct writer *w, const char *key,
                       const struct content_list *list, bool lower) {
    if (list->count == 0) {
        return;
    }
    writer_key(w, key);
    writer_begin_array(w);
    for (uint32_t i = 0; i < list->count && i < CONTENT_LIST_KEPT; i++) {
        if (lower) {
            write_lower(native, w, list->items[i]);
        } else {
            native_write_shown(native, w, list->items[i]);
        }
    }
    writer_end_array(w);
}

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct file_name {
    uint8_t text[LONGEST_NAME];
    size_t len;
};

static void add_byte(struct file_name *name, uint8_t byte, bool latin1) {
    uint8_t bytes[2] = {byte};
    size_t len = 1;
    if (latin1 && byte >= 0x80) {
        bytes[0] = (uint8_t)(0xc0 | byte >> 6);
        bytes[1] = (uint8_t)(0x80 | (byte & 0x3f));
        len = 2;
    }
    if (len <= sizeof name->text - name->len) {
        memcpy(name->text + name->len, bytes, len);
        name->len += len;
    }
}

/* RFC 8187 section 3.2.1. */
static void make_extended(struct file_name *name, const struct content_disposition *d) {
    struct slice s = d->filename_extended;
    for (size_t i = 0; i < s.len; i++) {
        int high = s.len - i > 2 ? hex_value(s.ptr[i + 1]) : -1;
        int low = s.len - i > 2 ? hex_value(s.ptr[i + 2]) : -1;
        if (s.ptr[i] == '%' && high >= 0 && low >= 0) {
            add_byte(name, (uint8_t)(high << 4 | low), d->extended_is_latin1);
            i += 2;
        } else {
            add_byte(name, s.ptr[i], d->extended_is_latin1);
        }
    }
}

static void make_quoted(struct file_name *name, struct slice s) {
    for (size_t i = 0; i < s.len; i++) {
        i += s.ptr[i] == '\\' && i + 1 < s.len;
        add_byte(name, s.ptr[i], false);
    }
}

static void write_disposition(struct native *native, struct writer *w, const struct content_disposition *d) {
    struct file_name name = {.len = 0};
    if (d->type.len) {
        WRITER_KEY(w, "disposition");
        write_lower(native, w, d->type);
    }
    if (d->filename_extended.len) {
        make_extended(&name, d);
    } else {
        make_quoted(&name, d->filename);
    }
    if (name.len) {
        WRITER_KEY(w, "filename");
        native_write_shown(native, w, slice_make(name.text, name.len));
    }
}

static void write_type(struct native *native, struct writer *w, const struct media_type *media) {
    if (!media->valid) {
        WRITER_RAW(w, "\"type_malformed\":true");
        return;
    }
    WRITER_KEY(w, "type");
    write_lower(
        native, w,
        slice_make(media->type.ptr, media->type.len + 1 + media->subtype.len)); /* the slash between */
    if (media->suffix.len) {
        WRITER_KEY(w, "suffix");
        write_lower(native, w, media->suffix);
    }
    if (media->charset.len) {
        WRITER_KEY(w, "charset");
        write_lower(native, w, media->charset);
    }
}

static bool says_something(const struct message_content *m) {
    return m->has_type || m->codings.count || m->languages.count || m->disposition.type.len ||
           m->disposition.filename.len || m->disposition.filename_extended.len;
}

static void write_message(struct native *native, struct writer *w, const char *key,
                          const struct message_content *m) {
    if (!says_something(m)) {
        return;
    }
    writer_key(w, key);
    writer_begin_object(w);
    if (m->has_type) {
        write_type(native, w, &m->media);
    }
    write_list(native, w, "codings", &m->codings, true);
    write_list(native, w, "languages", &m->languages, false);
    write_disposition(native, w, &m->disposition);
    writer_end_object(w);
}

static bool is_negotiated(const struct semantics_content *c) {
    return c->type_weight >= 0 || c->charset_weight >= 0 || c->coding_weight >= 0 ||
           c->language_weight >= 0 || c->transparent || c->tcn.count || c->manipulations_asked.count ||
           c->manipulations.count;
}

#define WRITE_WEIGHT(w, content, what)                                                                       \
    do {                                                                                                     \
        if ((content)->what >= 0) {                                                                          \
            WRITER_KEY((w), #what);                                                                          \
            writer_unsigned((w), (uint64_t)(content)->what);                                                 \
        }                                                                                                    \
    } while (0)

static void write_negotiation(struct native *native, struct writer *w, const struct semantics_content *c) {
    WRITER_KEY(w, "negotiation");
    writer_begin_object(w);
    WRITE_WEIGHT(w, c, type_weight);
    WRITE_WEIGHT(w, c, charset_weight);
    WRITE_WEIGHT(w, c, coding_weight);
    WRITE_WEIGHT(w, c, language_weight);
    if (c->transparent) {
        WRITER_RAW(w, "\"transparent\":true");
    }
    write_list(native, w, "tcn", &c->tcn, true);
    write_list(native, w, "manipulations_asked", &c->manipulations_asked, true);
    write_list(native, w, "manipulations", &c->manipulations, true);
    writer_end_object(w);
}

void native_write_semantics_content(struct native *native, struct writer *w,
                                    const struct semantics_content *c) {
    bool negotiated = is_negotiated(c);
    if (!negotiated && !says_something(&c->request) && !says_something(&c->response)) {
        return;
    }
    WRITER_KEY(w, "content");
    writer_begin_object(w);
    write_message(native, w, "request", &c->request);
    write_message(native, w, "response", &c->response);
    if (negotiated) {
        write_negotiation(native, w, c);
    }
    writer_end_object(w);
}
