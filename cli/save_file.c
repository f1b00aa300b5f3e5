/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/save_file.h"

#include <stdio.h>

enum { OUT_BYTES = 2 * SINK_BLOCK_BYTES, OUT_CAP_BYTES = 64 * 1024 * 1024 };

void save_file_init(struct save_file *file, struct sink *sink,
                    const char *(*name_of)(void *context, uint32_t interface), void *context) {
    *file = (struct save_file){.sink = sink, .name_of = name_of, .context = context};
    pcapng_writer_init(&file->writer);
    buf_init(&file->out, OUT_CAP_BYTES);
    if (pcapng_write_section(&file->out)) {
        (void)save_file_flush(file); /* an empty file is a capture, too; a failing sink shows later */
    }
}

void save_file_fini(struct save_file *file) {
    pcapng_writer_fini(&file->writer);
    buf_fini(&file->out);
}

static void write_comment(char comment[SAVE_COMMENT_BYTES], const uint8_t *id) {
    size_t len = (size_t)snprintf(comment, SAVE_COMMENT_BYTES, "hark event.id ");
    for (size_t i = 0; i < 16; i++) {
        (void)snprintf(comment + len + 2 * i, 3, "%02x", id[i]);
    }
}

bool save_file_add(struct save_file *file, const struct frame *frame, const uint8_t *id) {
    char comment[SAVE_COMMENT_BYTES] = "";
    if (id) {
        write_comment(comment, id);
    }
    if (file->out.len + pcapng_frame_bytes(frame) > OUT_BYTES && !save_file_flush(file)) {
        return false;
    }
    const char *name = file->name_of ? file->name_of(file->context, frame->interface) : "";
    if (!pcapng_write_frame(&file->writer, &file->out, frame, name, comment)) {
        file->unplaced++;
        return false;
    }
    file->packets++;
    return true;
}

bool save_file_flush(struct save_file *file) {
    enum sink_status status = sink_write(file->sink, buf_slice(&file->out));
    buf_clear(&file->out);
    return status == SINK_OK;
}
