/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/file_parts.h"

#include "capture/cursor.h"
#include "capture/limits.h"

#include <stdlib.h>

/* Every block: type, length, body, the length again; in multiples of 4 bytes. */
enum { BLOCK_HEAD_BYTES = 8, BLOCK_TAIL_BYTES = 4, BLOCK_LEAST_BYTES = BLOCK_HEAD_BYTES + BLOCK_TAIL_BYTES };

enum {
    BLOCK_INTERFACE = 1,
    BLOCK_OLD_PACKET = 2, /* Packet Block, obsolete */
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_PACKET = 6, /* Enhanced Packet Block */
    BLOCK_JOURNAL = 9,
    BLOCK_SYSDIG_EVENT = 0x204,
    BLOCK_SYSDIG_EVENT_V2 = 0x216,
    BLOCK_SYSDIG_EVENT_V2_LARGE = 0x221,
    BLOCK_CUSTOM = 0xbad,
    BLOCK_CUSTOM_UNCOPIED = 0x40000bad,
    BLOCK_SECTION = 0x0a0d0d0a, /* the same in either byte order */
};

enum {
    SECTION_BODY_BYTES = 16,
    SECTION_MOST_BYTES = 1024 * 1024, /* with its options; as in libpcap */
    INTERFACE_BODY_BYTES = 8,
    PACKET_BODY_BYTES = 20, /* Enhanced Packet Block and Packet Block */
    SIMPLE_PACKET_BODY_BYTES = 4,
};
#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)

__extension__ typedef unsigned __int128 wide;
__extension__ typedef __int128 signed_wide;

/* Times before 1970, and those that are too late to be told in nanoseconds, become the nearest that fits. */
static int64_t time_of(const struct file_clock *clock, uint64_t ticks) {
    wide ns = clock->divide > 1 ? ticks / clock->divide : (wide)ticks * clock->multiply >> clock->shift;
    signed_wide time = (signed_wide)ns + (signed_wide)clock->offset_seconds * NS_PER_SECOND;
    return time < 0 ? 0 : time > FRAME_TIME_MOST_NS ? FRAME_TIME_MOST_NS : (int64_t)time;
}

/* if_tsresol: a negative power of 10, or with the top bit set of 2. False where 64 bits of ticks don't make a
 * second. */
static bool set_resolution(struct file_clock *clock, uint8_t resolution) {
    enum { OF_TWO = 0x80, NANOSECONDS = 9 };
    uint8_t power = resolution & (OF_TWO - 1);
    clock->multiply = 1;
    clock->divide = 1;
    clock->shift = 0;
    if (resolution & OF_TWO) {
        clock->multiply = NS_PER_SECOND;
        clock->shift = power;
        return power <= 63;
    }
    for (unsigned i = power; i < NANOSECONDS; i++) {
        clock->multiply *= 10;
    }
    for (unsigned i = NANOSECONDS; i < power && i < 19; i++) {
        clock->divide *= 10;
    }
    return power <= 19;
}

static void set_plain(struct file_clock *clock) {
    bool plain = clock->divide == 1 && clock->shift == 0 && clock->offset_seconds == 0;
    clock->plain_below = plain ? (uint64_t)FRAME_TIME_MOST_NS / clock->multiply + 1 : 0;
}

static enum file_step take_option(struct file_format *f, struct file_clock *clock, uint16_t code,
                                  struct slice value, unsigned *seen) {
    enum { RESOLUTION = 9, OFFSET = 14 };
    static const char twice[] = "an interface's description has its %s option twice";
    static const char length[] = "an interface's description has an %s option of %zu bytes";
    if (code != RESOLUTION && code != OFFSET) {
        return FILE_PASSED;
    }
    const char *name = code == RESOLUTION ? "if_tsresol" : "if_tsoffset";
    if (value.len != (code == RESOLUTION ? 1 : 8)) {
        return file_damaged(f, length, name, value.len);
    }
    if (*seen & 1u << code) {
        return file_damaged(f, twice, name);
    }
    *seen |= 1u << code;
    if (code == OFFSET) {
        uint64_t first = file_u32(value.ptr, f->big_endian), second = file_u32(value.ptr + 4, f->big_endian);
        clock->offset_seconds = (int64_t)(f->big_endian ? first << 32 | second : second << 32 | first);
    } else if (!set_resolution(clock, value.ptr[0])) {
        return file_damaged(f, "an interface's clock (if_tsresol 0x%02x) ticks faster than 64 bits can count",
                            value.ptr[0]);
    }
    return FILE_PASSED;
}

/* What the options say of the clock. */
static enum file_step read_options(struct file_format *f, struct slice options, struct file_clock *clock) {
    struct cursor at = cursor_of(options);
    unsigned seen = 0;
    while (cursor_left(&at)) {
        uint16_t code = f->big_endian ? cursor_be16(&at) : cursor_le16(&at);
        uint16_t len = f->big_endian ? cursor_be16(&at) : cursor_le16(&at);
        struct slice value = slice_first(cursor_take(&at, ((size_t)len + 3) & ~(size_t)3), len);
        if (at.failed) {
            return file_damaged(f, "an interface's description ends inside an option");
        }
        if (code == 0) { /* opt_endofopt */
            return len == 0 ? FILE_PASSED
                            : file_damaged(f, "an interface's last option has a length of %u", len);
        }
        enum file_step step = take_option(f, clock, code, value, &seen);
        if (step != FILE_PASSED) {
            return step;
        }
    }
    return FILE_PASSED;
}

static bool reserve_interface(struct file_format *f) {
    if (f->interface_count < f->interface_room) {
        return true;
    }
    size_t room = f->interface_room ? 2 * f->interface_room : 4;
    struct file_interface *interfaces = realloc(f->interfaces, room * sizeof *interfaces);
    if (!interfaces) {
        return false;
    }
    f->interfaces = interfaces;
    f->interface_room = room;
    return true;
}

static enum file_step take_interface(struct file_format *f, struct slice body) {
    if (body.len < INTERFACE_BODY_BYTES) {
        return file_damaged(f, "an interface's description has only %zu bytes", body.len);
    }
    if (f->interface_count == FILE_INTERFACES) {
        return file_damaged(f, "it describes more than %d interfaces", FILE_INTERFACES);
    }
    struct file_interface interface = {.clock = {.multiply = 1000, .divide = 1}}; /* microseconds */
    file_set_link_type(&interface, file_u16(body.ptr, f->big_endian));
    uint32_t snapshot = file_u32(body.ptr + 4, f->big_endian);
    /* 0 is none; one that no signed number holds is believed to be none, as in libpcap. */
    interface.snapshot = snapshot == 0 || snapshot > INT32_MAX ? interface.longest : snapshot;
    enum file_step step = read_options(f, slice_after(body, INTERFACE_BODY_BYTES), &interface.clock);
    if (step != FILE_PASSED) {
        return step;
    }
    set_plain(&interface.clock);
    if (!reserve_interface(f)) {
        return file_damaged(f, "out of memory");
    }
    f->interfaces[f->interface_count++] = interface;
    return FILE_PASSED;
}

static enum file_step give_packet(struct file_format *f, struct slice data, uint32_t number,
                                  uint32_t captured, uint32_t wire, uint64_t ticks, struct frame *frame) {
    if (number >= f->interface_count) {
        return file_damaged(f, "a packet is of interface %u, but %zu are described", number,
                            f->interface_count);
    }
    const struct file_interface *interface = &f->interfaces[number];
    if (captured > interface->longest) {
        return file_damaged(f, "a packet claims %u captured bytes, more than the %u that are believed",
                            captured, interface->longest);
    }
    if (captured > data.len) {
        return file_damaged(f, "a packet claims %u captured bytes, its block has %zu", captured, data.len);
    }
    frame->bytes = slice_first(data, captured);
    frame->wire_len = wire > captured ? wire : captured;
    frame->time_ns = time_of(&interface->clock, ticks);
    frame->link_type = interface->link_type;
    frame->interface = f->interfaces_before + number;
    return FILE_FRAME;
}

static enum file_step too_short(struct file_format *f, struct slice body) {
    return file_damaged(f, "a packet's block has only %zu bytes", body.len);
}

/* Enhanced Packet Block and the obsolete Packet Block: they differ in the interface's width alone. */
static enum file_step take_packet(struct file_format *f, struct slice body, bool old, struct frame *frame) {
    bool big_endian = f->big_endian;
    if (body.len < PACKET_BODY_BYTES) {
        return too_short(f, body);
    }
    uint32_t number = old ? file_u16(body.ptr, big_endian) : file_u32(body.ptr, big_endian);
    uint64_t ticks = (uint64_t)file_u32(body.ptr + 4, big_endian) << 32 | file_u32(body.ptr + 8, big_endian);
    return give_packet(f, slice_make(body.ptr + PACKET_BODY_BYTES, body.len - PACKET_BODY_BYTES), number,
                       file_u32(body.ptr + 12, big_endian), file_u32(body.ptr + 16, big_endian), ticks,
                       frame);
}

/* The usual block: an Enhanced Packet Block in the file's little-endian order, whole, whose clock needs no
 * more than 64 bits. All else, and all that is wrong, is for pcapng_next. */
size_t pcapng_usual(const struct file_format *f, struct slice at_hand, struct frame *frame) {
    enum { LEAST_BYTES = BLOCK_LEAST_BYTES + PACKET_BODY_BYTES };
    const uint8_t *at = at_hand.ptr;
    if (f->big_endian || at_hand.len < LEAST_BYTES || file_u32(at, false) != BLOCK_PACKET) {
        return 0;
    }
    uint32_t len = file_u32(at + 4, false), number = file_u32(at + 8, false);
    if (len < LEAST_BYTES || len > FILE_BLOCK_BYTES || len % 4 || len > at_hand.len ||
        file_u32(at + len - BLOCK_TAIL_BYTES, false) != len || number >= f->interface_count) {
        return 0;
    }
    const struct file_interface *interface = &f->interfaces[number];
    uint32_t captured = file_u32(at + 20, false), wire = file_u32(at + 24, false);
    uint64_t ticks = (uint64_t)file_u32(at + 12, false) << 32 | file_u32(at + 16, false);
    if (captured > interface->longest || captured > len - LEAST_BYTES ||
        ticks >= interface->clock.plain_below) {
        return 0;
    }
    frame->bytes = slice_make(at + BLOCK_HEAD_BYTES + PACKET_BODY_BYTES, captured);
    frame->wire_len = wire > captured ? wire : captured;
    frame->time_ns = (int64_t)(ticks * interface->clock.multiply);
    frame->link_type = interface->link_type;
    frame->interface = f->interfaces_before + number;
    return len;
}

/* Simple Packet Block: of the first interface, without a time, and cut where the interface cuts. */
static enum file_step take_simple_packet(struct file_format *f, struct slice body, struct frame *frame) {
    if (body.len < SIMPLE_PACKET_BODY_BYTES) {
        return too_short(f, body);
    }
    uint32_t wire = file_u32(body.ptr, f->big_endian);
    uint32_t most = f->interface_count ? f->interfaces[0].snapshot : 0;
    return give_packet(f, slice_after(body, SIMPLE_PACKET_BODY_BYTES), 0, wire < most ? wire : most, wire, 0,
                       frame);
}

/* Section Header Block: its byte order counts from here on, and its interfaces are numbered anew. */
static enum file_step take_section(struct file_format *f, struct slice body, bool big_endian) {
    uint16_t major = file_u16(body.ptr + 4, big_endian);
    uint16_t minor = file_u16(body.ptr + 6, big_endian);
    if (major != 1) {
        return file_damaged(f, "it is of pcapng version %u.%u, hark reads 1.x", major, minor);
    }
    f->kind = FILE_KIND_PCAPNG;
    f->big_endian = big_endian;
    f->interfaces_before += (uint32_t)f->interface_count;
    f->interface_count = 0;
    return FILE_PASSED;
}

static enum file_step take_other(uint32_t type) {
    switch (type) {
    case BLOCK_JOURNAL:
    case BLOCK_SYSDIG_EVENT:
    case BLOCK_SYSDIG_EVENT_V2:
    case BLOCK_SYSDIG_EVENT_V2_LARGE:
    case BLOCK_CUSTOM:
    case BLOCK_CUSTOM_UNCOPIED:
        return FILE_RECORD;
    default:
        return FILE_PASSED; /* name resolution, statistics, decryption secrets, what is to come */
    }
}

/* The whole block is at hand. */
static enum file_step take_block(struct file_format *f, uint32_t type, struct slice body, bool big_endian,
                                 struct frame *frame) {
    switch (type) {
    case BLOCK_PACKET:
        return take_packet(f, body, false, frame);
    case BLOCK_OLD_PACKET:
        return take_packet(f, body, true, frame);
    case BLOCK_SIMPLE_PACKET:
        return take_simple_packet(f, body, frame);
    case BLOCK_INTERFACE:
        return take_interface(f, body);
    case BLOCK_SECTION:
        return take_section(f, body, big_endian);
    default:
        return take_other(type);
    }
}

/* A section tells its byte order in its body's first field. */
static bool section_order(struct slice at_hand, bool *big_endian) {
    for (unsigned big = 0; big < 2; big++) {
        if (file_u32(at_hand.ptr + BLOCK_HEAD_BYTES, big) == BYTE_ORDER_MAGIC) {
            *big_endian = big;
            return true;
        }
    }
    return false;
}

enum file_step pcapng_next(struct file_format *f, struct slice at_hand, size_t *bytes, struct frame *frame) {
    if (at_hand.len < BLOCK_LEAST_BYTES) {
        return file_wants(bytes, BLOCK_LEAST_BYTES);
    }
    bool big_endian = f->big_endian;
    uint32_t type = file_u32(at_hand.ptr, big_endian);
    bool section = type == BLOCK_SECTION;
    if (section && !section_order(at_hand, &big_endian)) {
        return file_damaged(f, "a section's header has no byte-order magic (1a2b3c4d)");
    }
    uint32_t len = file_u32(at_hand.ptr + 4, big_endian);
    uint32_t least = section ? BLOCK_LEAST_BYTES + SECTION_BODY_BYTES : BLOCK_LEAST_BYTES;
    uint32_t most = section ? SECTION_MOST_BYTES : FILE_BLOCK_BYTES;
    if (len < least || len > most || len % 4) {
        return file_damaged(f, "a block of type 0x%x claims %u bytes; it must be %u to %u, in fours", type,
                            len, least, most);
    }
    if (at_hand.len < len) {
        return file_wants(bytes, len);
    }
    uint32_t again = file_u32(at_hand.ptr + len - BLOCK_TAIL_BYTES, big_endian);
    if (again != len) {
        return file_damaged(f, "a block of type 0x%x has two lengths, %u and %u", type, len, again);
    }
    *bytes = len;
    return take_block(f, type, slice_make(at_hand.ptr + BLOCK_HEAD_BYTES, len - BLOCK_LEAST_BYTES),
                      big_endian, frame);
}
