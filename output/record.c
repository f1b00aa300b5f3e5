/* SPDX-License-Identifier: Apache-2.0 */
#include "output/record.h"

#include "output/native.h"
#include "output/text.h"

#include <stdlib.h>

struct record_writer {
    struct record_options options;
    struct memory memory; /* of the buffers below; unbounded, they have caps of their own */
    struct mask *mask;    /* owned; NULL: nothing is hidden */
    struct native native;
    struct text text;
};

/* False without memory. */
static bool make_mask(struct record_writer *writer, const struct record_options *options) {
    struct mask_options hide = options->hide;
    hide.secrets = hide.secrets || options->mask_secrets;
    if (!mask_options_any(&hide)) {
        return true;
    }
    writer->mask = mask_new(&hide, options->record_bytes, &writer->memory);
    writer->native.mask = writer->text.mask = writer->mask;
    native_find_hidden(&writer->native);
    return writer->mask != NULL;
}

struct record_writer *record_writer_new(const struct record_options *options) {
    struct record_writer *writer = calloc(1, sizeof *writer);
    if (!writer) {
        return NULL;
    }
    writer->options = *options;
    writer->options.hide = (struct mask_options){.secrets = false};
    writer->native.options = &writer->options;
    writer->text.options = &writer->options;
    memory_init(&writer->memory, SIZE_MAX);
    buf_init(&writer->native.scratch, options->record_bytes);
    buf_charge(&writer->native.scratch, &writer->memory);
    buf_init(&writer->native.type_json, NATIVE_TYPE_JSON_CAP);
    buf_charge(&writer->native.type_json, &writer->memory);
    buf_init(&writer->native.file_json, options->record_bytes + NATIVE_FILE_SLACK);
    buf_charge(&writer->native.file_json, &writer->memory);
    buf_init(&writer->native.omitted_json, options->record_bytes);
    buf_charge(&writer->native.omitted_json, &writer->memory);
    url_init(&writer->native.url, options->record_bytes);
    url_charge(&writer->native.url, &writer->memory);
    url_init(&writer->text.url, options->record_bytes);
    url_charge(&writer->text.url, &writer->memory);
    bool made = make_mask(writer, options);
    if (options->format == RECORD_NDJSON) {
        writer->native.ids = community_ids_new();
        writer->native.memo = memo_new();
        writer->native.heads = head_memo_new();
        writer->native.exchanges = exchange_memo_new();
        made = made && writer->native.ids && writer->native.memo && writer->native.heads &&
               writer->native.exchanges && native_omit(&writer->native);
    }
    if (!made) {
        record_writer_free(writer);
        return NULL;
    }
    return writer;
}

void record_writer_free(struct record_writer *writer) {
    if (!writer) {
        return;
    }
    mask_free(writer->mask);
    community_ids_free(writer->native.ids);
    memo_free(writer->native.memo);
    head_memo_free(writer->native.heads);
    exchange_memo_free(writer->native.exchanges);
    buf_fini(&writer->native.scratch);
    buf_fini(&writer->native.type_json);
    buf_fini(&writer->native.file_json);
    buf_fini(&writer->native.omitted_json);
    url_fini(&writer->native.url);
    url_fini(&writer->text.url);
    memory_fini(&writer->memory);
    free(writer);
}

void record_writer_begin_run(struct record_writer *writer) {
    writer->native.run++;
    buf_clear(&writer->native.file_json);
}

size_t record_writer_failures(const struct record_writer *writer) {
    return writer->memory.failures + (writer->mask ? mask_failures(writer->mask) : 0) +
           (writer->native.ids ? community_ids_failures(writer->native.ids) : 0);
}

bool record_writer_hides_addresses(const struct record_writer *writer) {
    return mask_hides_addresses(writer->mask);
}

bool record_writer_tells_caching(const struct record_writer *writer) {
    return writer->options.format == RECORD_NDJSON && !native_omits(&writer->native, OMIT_CACHING);
}

struct address record_writer_address(struct record_writer *writer, const struct address *address) {
    return mask_address(writer->mask, address);
}

/* Takes back what was written when it did not fit. */
static bool settle(const struct record_writer *writer, struct buf *out, size_t start) {
    bool fits = !out->failed && buf_append(out, "\n", 1) && out->len - start <= writer->options.record_bytes;
    if (!fits) {
        out->len = start;
        out->failed = false;
    }
    return fits;
}

void record_writer_set_saved(struct record_writer *writer, enum record_saved saved) {
    writer->native.saved = saved;
}

bool record_write(struct record_writer *writer, const struct transaction *t, struct buf *out) {
    size_t start = out->len;
    if (out->failed) {
        return false;
    }
    switch (writer->options.format) {
    case RECORD_NDJSON: {
        struct writer json;
        writer_init(&json, out);
        json.limit = start + writer->options.record_bytes;
        native_write(&writer->native, &json, t);
        break;
    }
    case RECORD_TEXT:
        (void)text_write(&writer->text, t, out);
        break;
    }
    writer->native.saved = RECORD_NOT_ASKED;
    return settle(writer, out, start);
}

bool record_write_heading(struct record_writer *writer, struct buf *out) {
    size_t start = out->len;
    if (writer->options.format == RECORD_NDJSON || writer->options.no_heading) {
        return true;
    }
    if (out->failed) {
        return false;
    }
    (void)text_write_heading(&writer->text, out);
    return settle(writer, out, start);
}
