/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as they come off a wire: byte 0 chooses the link type, byte 1 the options, then each frame is two
 * bytes of length, one of seconds since the last, and its bytes. Every slice must be readable, every header
 * within what the frame has, and every frame has one fate. */
#include "capture/decode.h"

#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>

enum { VERIFY_CHECKSUMS = 1, VLAN_IN_KEY = 2, SMALL_CAPS = 4, CUT = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int link_types[] = {
    DLT_EN10MB,     DLT_LINUX_SLL,        DLT_LINUX_SLL2, DLT_RAW,  DLT_NULL,       DLT_LOOP, DLT_PPP,
    DLT_IEEE802_11, DLT_IEEE802_11_RADIO, DLT_IPV4,       DLT_IPV6, DLT_PPP_SERIAL, 999};

static void must(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "decode: %s\n", what);
        abort();
    }
}

/* Reads all of it, so that the sanitizer sees a slice that points astray. */
static void read_all(struct slice bytes) {
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        sum = (uint8_t)(sum + bytes.ptr[i]);
    }
}

static void check_packet(const struct frame *frame, const struct packet *packet) {
    read_all(packet->payload);
    must(packet->number == frame->number && packet->ordinal == frame->ordinal,
         "the packet is of another frame");
    must(packet->key.ip_version == 4 || packet->key.ip_version == 6, "IP version");
    must(packet->sack_count <= 4 && packet->path.tunnel_count < 255, "counts out of range");
    must(packet->fragmented || packet->payload.len <= frame->bytes.len, "payload larger than its frame");
    struct flow_key reverse = flow_key_reverse(&packet->key);
    must(flow_key_hash(&packet->key) == flow_key_hash(&reverse), "the hash has a direction");
    char text[ADDRESS_TEXT_BYTES];
    must(address_text(&packet->key.side[0].address, packet->key.ip_version, text) < sizeof text,
         "address text");
}

static void decode_frame(struct decoder *decoder, struct frame *frame, struct slice bytes, bool cut) {
    struct packet packet;
    /* Exactly as large as the frame: a read beyond it is seen. */
    uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
    must(copy != NULL, "no memory");
    if (bytes.len) {
        memcpy(copy, bytes.ptr, bytes.len);
    }
    frame->bytes = slice_make(copy, bytes.len);
    frame->wire_len = (uint32_t)bytes.len + (cut ? 100 : 0);
    frame->number++;
    frame->ordinal++;
    enum decode_fate fate = decoder_decode(decoder, frame, &packet);
    must(fate < DECODE_FATES && decode_fate_name(fate)[0] != '\0', "unknown fate");
    if (fate == DECODE_TCP) {
        check_packet(frame, &packet);
    }
    decoder_tick(decoder, frame->time_ns);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    unsigned flags = data[1];
    struct limits limits = limits_default();
    if (flags & SMALL_CAPS) {
        limits.fragment_datagrams = 2;
        limits.fragment_bytes = 4096;
        limits.tunnel_depth = 3;
    }
    struct decode_options options = {.verify_checksums = (flags & VERIFY_CHECKSUMS) != 0,
                                     .vlan_in_key = (flags & VLAN_IN_KEY) != 0};
    struct decoder *decoder = decoder_new(&options, &limits);
    must(decoder != NULL, "no memory");
    struct frame frame = {.link_type = link_types[data[0] % (sizeof link_types / sizeof link_types[0])]};
    struct slice rest = slice_make(data + 2, size - 2);
    while (rest.len >= 3) {
        size_t len = (size_t)(rest.ptr[0] << 8 | rest.ptr[1]);
        frame.time_ns += rest.ptr[2] * NS_PER_SECOND;
        rest = slice_after(rest, 3);
        decode_frame(decoder, &frame, slice_first(rest, len), (flags & CUT) != 0);
        rest = slice_after(rest, len);
    }
    struct decode_counts counts;
    decoder_counts(decoder, &counts);
    uint64_t sum = 0;
    for (unsigned i = 0; i < DECODE_FATES; i++) {
        sum += counts.fates[i];
    }
    must(sum == frame.ordinal, "the fates do not add up to the frames");
    decoder_free(decoder);
    return 0;
}
