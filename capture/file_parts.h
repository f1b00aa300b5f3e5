/* SPDX-License-Identifier: Apache-2.0 */
/* What the two kinds of capture file share; private to file_*.c. */
#ifndef HARK_CAPTURE_FILE_PARTS_H
#define HARK_CAPTURE_FILE_PARTS_H

#include "capture/file_format.h"

/* Numbers at a place whose bytes were checked to be there. */
static inline uint32_t file_u32(const uint8_t *at, bool big_endian) {
    uint32_t little = (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
    return big_endian ? __builtin_bswap32(little) : little;
}

static inline uint16_t file_u16(const uint8_t *at, bool big_endian) {
    return (uint16_t)(big_endian ? at[0] << 8 | at[1] : at[1] << 8 | at[0]);
}

static inline enum file_step file_wants(size_t *bytes, size_t wanted) {
    *bytes = wanted;
    return FILE_MORE;
}

/* Sets the problem. */
__attribute__((format(printf, 2, 3), cold)) enum file_step file_damaged(struct file_format *,
                                                                        const char *format, ...);

/* What a file's link type means, and how long its packets may be. Clock and snapshot length are untouched. */
void file_set_link_type(struct file_interface *, uint32_t file_link_type);

/* A block of a pcapng file, which is the next thing at hand. */
enum file_step pcapng_next(struct file_format *, struct slice at_hand, size_t *bytes, struct frame *);
/* See file_format_usual. */
size_t pcapng_usual(const struct file_format *, struct slice at_hand, struct frame *);

#endif
