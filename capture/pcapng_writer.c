/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/pcapng_writer.h"

#include "capture/file_format.h"

#include <stdlib.h>

enum {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    BLOCK_SECTION = 0x0a0d0d0a,
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    OPTION_NAME = 2,
    OPTION_RESOLUTION = 9,
    OPTION_APPLICATION = 4,
};

/* Type, length, the length again; options have a head of 4 bytes and an end of 4. */
enum { BLOCK_BYTES = 12, OPTION_BYTES = 4, PACKET_BYTES = 20 };

static size_t padded(size_t len) {
    return (len + 3) & ~(size_t)3;
}

static size_t option_bytes(size_t len) {
    return len ? OPTION_BYTES + padded(len) : 0;
}

static uint8_t *put_u16(uint8_t *to, size_t value) {
    uint16_t word = (uint16_t)value;
    memcpy(to, &word, sizeof word);
    return to + sizeof word;
}

static uint8_t *put_u32(uint8_t *to, size_t value) {
    uint32_t word = (uint32_t)value;
    memcpy(to, &word, sizeof word);
    return to + sizeof word;
}

static uint8_t *put_bytes(uint8_t *to, struct slice bytes) {
    to = slice_put(bytes, to);
    size_t padding = padded(bytes.len) - bytes.len;
    memset(to, 0, padding);
    return to + padding;
}

static uint8_t *put_option(uint8_t *to, unsigned code, struct slice value) {
    if (value.len == 0) {
        return to;
    }
    to = put_u16(to, code);
    to = put_u16(to, value.len);
    return put_bytes(to, value);
}

static uint8_t *put_end(uint8_t *to) {
    to = put_u16(to, OPTION_END);
    return put_u16(to, 0);
}

/* Room for a block of `body` bytes; where they go, or NULL. */
static uint8_t *begin_block(struct buf *out, unsigned type, size_t body) {
    uint8_t *to = buf_reserve(out, BLOCK_BYTES + body);
    if (!to) {
        out->failed = false; /* it is as before */
        return NULL;
    }
    to = put_u32(to, type);
    return put_u32(to, BLOCK_BYTES + body);
}

static void end_block(struct buf *out, uint8_t *to, size_t body) {
    (void)put_u32(to, BLOCK_BYTES + body);
    out->len += BLOCK_BYTES + body;
}

/* Cut where it is too long, but not within a character of UTF-8. */
static struct slice text_of(const char *text, size_t most) {
    size_t len = strnlen(text, most + 1);
    if (len > most) {
        len = most;
        while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    return slice_make(text, len);
}

bool pcapng_write_section(struct buf *out) {
    struct slice application = slice_of("hark");
    size_t body = 16 + option_bytes(application.len) + OPTION_BYTES;
    uint8_t *to = begin_block(out, BLOCK_SECTION, body);
    if (!to) {
        return false;
    }
    to = put_u32(to, UINT32_C(0x1a2b3c4d)); /* the byte order */
    to = put_u16(to, 1);                    /* version 1.0 */
    to = put_u16(to, 0);
    to = put_u32(to, UINT32_MAX); /* the section's length is not told */
    to = put_u32(to, UINT32_MAX);
    to = put_option(to, OPTION_APPLICATION, application);
    end_block(out, put_end(to), body);
    return true;
}

static bool write_interface(struct buf *out, int link_type, struct slice name) {
    const uint8_t nanoseconds = 9;
    size_t body = 8 + option_bytes(name.len) + option_bytes(sizeof nanoseconds) + OPTION_BYTES;
    uint8_t *to = begin_block(out, BLOCK_INTERFACE, body);
    if (!to) {
        return false;
    }
    to = put_u16(to, file_type_of_link(link_type));
    to = put_u16(to, 0);
    to = put_u32(to, 0); /* no snapshot length */
    to = put_option(to, OPTION_NAME, name);
    to = put_option(to, OPTION_RESOLUTION, slice_make(&nanoseconds, sizeof nanoseconds));
    end_block(out, put_end(to), body);
    return true;
}

/* Its number in the file, or that of one with its link type where there are too many; SIZE_MAX: not
 * described. */
static size_t find_interface(struct pcapng_writer *writer, const struct frame *frame) {
    size_t alike = SIZE_MAX;
    for (size_t i = 0; i < writer->count; i++) {
        size_t at = i == 0 ? writer->last : i - 1 < writer->last ? i - 1 : i;
        const struct pcapng_interface *known = &writer->interfaces[at];
        if (known->link_type == frame->link_type) {
            alike = at;
            if (known->number == frame->interface) {
                return writer->last = at;
            }
        }
    }
    return writer->count == PCAPNG_INTERFACES ? alike : SIZE_MAX;
}

static bool add_interface(struct pcapng_writer *writer, struct buf *out, const struct frame *frame,
                          const char *name) {
    if (writer->count == writer->room) {
        size_t room = writer->room ? 2 * writer->room : 8;
        struct pcapng_interface *more = realloc(writer->interfaces, room * sizeof *more);
        if (!more) {
            return false;
        }
        writer->interfaces = more;
        writer->room = room;
    }
    if (!write_interface(out, frame->link_type, text_of(name, PCAPNG_NAME_BYTES))) {
        return false;
    }
    writer->interfaces[writer->count] =
        (struct pcapng_interface){.link_type = frame->link_type, .number = frame->interface};
    writer->last = writer->count++;
    return true;
}

size_t pcapng_frame_bytes(const struct frame *frame) {
    return BLOCK_BYTES + PACKET_BYTES + padded(frame->bytes.len) + option_bytes(PCAPNG_COMMENT_BYTES) +
           OPTION_BYTES + BLOCK_BYTES + 8 + option_bytes(PCAPNG_NAME_BYTES) + option_bytes(1) + OPTION_BYTES;
}

static bool write_packet(struct buf *out, const struct frame *frame, size_t interface, struct slice comment) {
    size_t options = comment.len ? option_bytes(comment.len) + OPTION_BYTES : 0;
    size_t body = PACKET_BYTES + padded(frame->bytes.len) + options;
    uint8_t *to = begin_block(out, BLOCK_PACKET, body);
    if (!to) {
        return false;
    }
    uint64_t time = (uint64_t)frame->time_ns;
    to = put_u32(to, interface);
    to = put_u32(to, time >> 32);
    to = put_u32(to, time & UINT32_MAX);
    to = put_u32(to, frame->bytes.len);
    to = put_u32(to, frame->wire_len);
    to = put_bytes(to, frame->bytes);
    to = put_option(to, OPTION_COMMENT, comment);
    end_block(out, options ? put_end(to) : to, body);
    return true;
}

bool pcapng_write_frame(struct pcapng_writer *writer, struct buf *out, const struct frame *frame,
                        const char *name, const char *comment) {
    size_t start = out->len;
    size_t interface = find_interface(writer, frame);
    bool added = interface == SIZE_MAX;
    if (added && (writer->count == PCAPNG_INTERFACES || !add_interface(writer, out, frame, name))) {
        return false;
    }
    interface = added ? writer->count - 1 : interface;
    if (!write_packet(out, frame, interface, text_of(comment, PCAPNG_COMMENT_BYTES))) {
        writer->count -= added;
        writer->last = 0;
        out->len = start;
        return false;
    }
    return true;
}

void pcapng_writer_init(struct pcapng_writer *writer) {
    *writer = (struct pcapng_writer){.count = 0};
}

void pcapng_writer_fini(struct pcapng_writer *writer) {
    free(writer->interfaces);
    pcapng_writer_init(writer);
}
