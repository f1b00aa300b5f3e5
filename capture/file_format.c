/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/file_parts.h"

#include "capture/limits.h"

#include <pcap/dlt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MAGIC_BYTES = 4,
    PCAP_HEADER_BYTES = 24,
    PCAP_RECORD_BYTES = 16,
    PCAP_LONG_RECORD_BYTES = 24,
    /* Of the header's link type: above are the frame check sequence's length and flags. */
    LINK_TYPE_BITS = 0x03ffffff,
};

#define MAGIC_MICROSECONDS UINT32_C(0xa1b2c3d4)
#define MAGIC_NANOSECONDS  UINT32_C(0xa1b23c4d)
#define MAGIC_LONG_RECORDS UINT32_C(0xa1b2cd34) /* Kuznetzov's: interface, protocol, direction in records */
#define MAGIC_PCAPNG       UINT32_C(0x0a0d0d0a) /* the same in either byte order */

void file_format_init(struct file_format *f) {
    *f = (struct file_format){.kind = FILE_KIND_UNKNOWN};
}

void file_format_fini(struct file_format *f) {
    free(f->interfaces);
    file_format_init(f);
}

enum file_step file_damaged(struct file_format *f, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(f->problem, sizeof f->problem, format, arguments);
    va_end(arguments);
    return FILE_DAMAGED;
}

/* Files have numbers of their own for the few types whose DLT_ value differs between systems. */
static const struct {
    uint16_t in_file;
    uint16_t link_type;
} other_types[] = {
    {100, DLT_ATM_RFC1483}, {101, DLT_RAW},    {102, DLT_SLIP_BSDOS}, {103, DLT_PPP_BSDOS},
    {106, DLT_ATM_CLIP},    {246, DLT_PFSYNC}, {258, DLT_PKTAP},
};

static int link_type_of(uint32_t file_link_type) {
    for (size_t i = 0; i < sizeof other_types / sizeof other_types[0]; i++) {
        if (other_types[i].in_file == file_link_type) {
            return other_types[i].link_type;
        }
    }
    return (int)file_link_type;
}

uint16_t file_type_of_link(int link_type) {
    for (size_t i = 0; i < sizeof other_types / sizeof other_types[0]; i++) {
        if (other_types[i].link_type == link_type) {
            return other_types[i].in_file;
        }
    }
    return (uint16_t)link_type;
}

void file_set_link_type(struct file_interface *interface, uint32_t file_link_type) {
    interface->link_type = link_type_of(file_link_type);
    switch (interface->link_type) {
    case DLT_DBUS:
        interface->longest = FILE_BLOCK_BYTES - PCAP_LONG_RECORD_BYTES;
        break;
    case DLT_EBHSCR:
        interface->longest = 8 * 1024 * 1024;
        break;
    case DLT_USBPCAP:
        interface->longest = 1024 * 1024;
        break;
    default:
        interface->longest = FILE_PACKET_BYTES;
    }
}

/* The version tells the order of the lengths: it changed with 2.3, and some writers of 2.3 did not know.
 * 543.0 is DG/UX's. */
static bool set_version(struct file_format *f, uint16_t major, uint16_t minor) {
    bool dg_ux = major == 543 && minor == 0;
    if (!dg_ux && (major != 2 || minor > 4)) {
        return false;
    }
    f->lengths = minor == 4   ? FILE_LENGTHS_CAPTURED_FIRST
                 : minor == 3 ? FILE_LENGTHS_EITHER
                              : FILE_LENGTHS_WIRE_FIRST;
    return true;
}

static enum file_step pcap_header(struct file_format *f, uint32_t magic, bool big_endian,
                                  struct slice at_hand, size_t *bytes) {
    if (at_hand.len < PCAP_HEADER_BYTES) {
        return file_wants(bytes, PCAP_HEADER_BYTES);
    }
    uint16_t major = file_u16(at_hand.ptr + 4, big_endian);
    uint16_t minor = file_u16(at_hand.ptr + 6, big_endian);
    if (!set_version(f, major, minor)) {
        return file_damaged(f, "it is of pcap version %u.%u, hark reads 2.0 to 2.4", major, minor);
    }
    f->kind = FILE_KIND_PCAP;
    f->big_endian = big_endian;
    f->record_bytes = magic == MAGIC_LONG_RECORDS ? PCAP_LONG_RECORD_BYTES : PCAP_RECORD_BYTES;
    f->fraction_ns = magic == MAGIC_NANOSECONDS ? 1 : 1000;
    /* The snapshot length (at 16) is what the writer meant to do; each record tells what it did. */
    file_set_link_type(&f->only, file_u32(at_hand.ptr + 20, big_endian) & LINK_TYPE_BITS);
    *bytes = PCAP_HEADER_BYTES;
    return FILE_PASSED;
}

static enum file_step pcap_record(struct file_format *f, struct slice at_hand, size_t *bytes,
                                  struct frame *frame) {
    if (at_hand.len < f->record_bytes) {
        return file_wants(bytes, f->record_bytes);
    }
    const uint8_t *at = at_hand.ptr;
    bool big_endian = f->big_endian;
    uint32_t captured = file_u32(at + 8, big_endian);
    uint32_t wire = file_u32(at + 12, big_endian);
    if (f->lengths == FILE_LENGTHS_WIRE_FIRST || (f->lengths == FILE_LENGTHS_EITHER && captured > wire)) {
        uint32_t first = captured;
        captured = wire;
        wire = first;
    }
    if (captured > f->only.longest) {
        return file_damaged(f, "a frame claims %u captured bytes, more than the %u that are believed",
                            captured, f->only.longest);
    }
    *bytes = f->record_bytes + captured;
    if (at_hand.len < *bytes) {
        return FILE_MORE;
    }
    /* The seconds are unsigned, and end in 2106. A fraction may be broken and longer than a second, but not
     * half an hour. */
    uint32_t fraction = file_u32(at + 4, big_endian);
    int64_t fraction_ns = fraction <= INT32_MAX ? (int64_t)fraction * f->fraction_ns : 0;
    frame->time_ns = file_u32(at, big_endian) * NS_PER_SECOND + fraction_ns;
    frame->bytes = slice_make(at + f->record_bytes, captured);
    frame->wire_len = wire > captured ? wire : captured;
    frame->link_type = f->only.link_type;
    frame->interface = 0;
    return FILE_FRAME;
}

/* The usual record: little-endian, whole, with a fraction and lengths as they are to be. */
static size_t pcap_usual(const struct file_format *f, struct slice at_hand, struct frame *frame) {
    const uint8_t *at = at_hand.ptr;
    if (f->big_endian || f->lengths != FILE_LENGTHS_CAPTURED_FIRST || at_hand.len < f->record_bytes) {
        return 0;
    }
    uint32_t captured = file_u32(at + 8, false), wire = file_u32(at + 12, false);
    uint32_t fraction = file_u32(at + 4, false);
    if (captured > f->only.longest || captured > at_hand.len - f->record_bytes || fraction > INT32_MAX) {
        return 0;
    }
    frame->time_ns = file_u32(at, false) * NS_PER_SECOND + (int64_t)fraction * f->fraction_ns;
    frame->bytes = slice_make(at + f->record_bytes, captured);
    frame->wire_len = wire > captured ? wire : captured;
    frame->link_type = f->only.link_type;
    frame->interface = 0;
    return f->record_bytes + captured;
}

static enum file_step begin(struct file_format *f, struct slice at_hand, size_t *bytes, struct frame *frame) {
    if (at_hand.len < MAGIC_BYTES) {
        return file_wants(bytes, MAGIC_BYTES);
    }
    for (unsigned big_endian = 0; big_endian < 2; big_endian++) {
        uint32_t magic = file_u32(at_hand.ptr, big_endian);
        switch (magic) {
        case MAGIC_MICROSECONDS:
        case MAGIC_NANOSECONDS:
        case MAGIC_LONG_RECORDS:
            return pcap_header(f, magic, big_endian, at_hand, bytes);
        case MAGIC_PCAPNG:
            return pcapng_next(f, at_hand, bytes, frame); /* learns the kind when the section is sound */
        default:
            break;
        }
    }
    return FILE_STRANGE;
}

enum file_step file_format_next(struct file_format *f, struct slice at_hand, size_t *bytes,
                                struct frame *frame) {
    switch (f->kind) {
    case FILE_KIND_PCAP:
        return pcap_record(f, at_hand, bytes, frame);
    case FILE_KIND_PCAPNG:
        return pcapng_next(f, at_hand, bytes, frame);
    case FILE_KIND_UNKNOWN:
        break;
    }
    return begin(f, at_hand, bytes, frame);
}

size_t file_format_usual(const struct file_format *f, struct slice at_hand, struct frame *frame) {
    return f->kind == FILE_KIND_PCAP     ? pcap_usual(f, at_hand, frame)
           : f->kind == FILE_KIND_PCAPNG ? pcapng_usual(f, at_hand, frame)
                                         : 0;
}

size_t file_format_stride(const struct file_format *f, const uint8_t *at) {
    if (f->big_endian || f->kind == FILE_KIND_UNKNOWN) {
        return 0;
    }
    size_t len = f->kind == FILE_KIND_PCAP ? f->record_bytes + (size_t)file_u32(at + 8, false)
                                           : file_u32(at + 4, false);
    return len <= FILE_BLOCK_BYTES ? len : 0;
}

void file_format_ended(struct file_format *f, struct slice at_hand, size_t wanted) {
    const char *what = f->kind == FILE_KIND_UNKNOWN ? "header"
                       : f->kind == FILE_KIND_PCAP  ? "frame"
                                                    : "block";
    (void)file_damaged(f, "it ends inside a %s, of which %zu of %s%zu bytes are there; was it copied whole?",
                       what, at_hand.len, wanted <= PCAP_LONG_RECORD_BYTES ? "at least " : "", wanted);
}

const char *file_format_problem(const struct file_format *f) {
    return f->problem;
}

size_t file_format_interfaces(const struct file_format *f) {
    return f->kind == FILE_KIND_PCAP ? 1 : f->interface_count;
}

int file_format_link_type(const struct file_format *f, size_t interface) {
    return f->kind == FILE_KIND_PCAP ? f->only.link_type : f->interfaces[interface].link_type;
}
