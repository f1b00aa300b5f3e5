/* SPDX-License-Identifier: Apache-2.0 */
/* From frames to TCP packets. Byte 0 chooses the link type, byte 1 the options, then come frames: as they are
 * (two bytes of length, one of seconds since the last, the bytes), or made by frame_grammar, which knows what
 * the decoder must say of them. Every slice must lie within the frame, every header within the depth, and
 * every frame has one fate. */
#include "capture/decode.h"
#include "frame_grammar.h"

#include <pcap/dlt.h>

enum options { VERIFY_CHECKSUMS = 1, VLAN_IN_KEY = 2, SMALL_CAPS = 4, CUT = 8, GRAMMAR = 16 };
enum { MADE_FRAMES = 40 };

static const int link_types[] = {DLT_EN10MB,
                                 DLT_LINUX_SLL,
                                 DLT_LINUX_SLL2,
                                 DLT_RAW,
                                 DLT_NULL,
                                 DLT_LOOP,
                                 DLT_PPP,
                                 DLT_IEEE802_11,
                                 DLT_IEEE802_11_RADIO,
                                 DLT_IPV4,
                                 DLT_IPV6,
                                 DLT_PPP_SERIAL,
                                 999,
                                 DLT_PPI,
                                 DLT_PKTAP,
                                 DLT_NFLOG,
                                 DLT_MPLS,
                                 DLT_PPP_ETHER,
                                 DLT_C_HDLC,
                                 DLT_PPP_PPPD,
                                 DLT_PPP_WITH_DIR,
                                 DLT_IEEE802_11_RADIO_AVS,
                                 DLT_PRISM_HEADER,
                                 DLT_ATM_RFC1483};

struct harness {
    struct limits limits;
    struct decode_options options;
    struct decoder *decoder;
    struct frame frame;
    bool tainted; /* fragments of unknown datagrams wait */
};

/* Reads all of it, so that the sanitizer sees a slice that points astray. */
static void read_all(struct slice bytes) {
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        sum = (uint8_t)(sum + bytes.ptr[i]);
    }
}

static bool is_within(struct slice inner, struct slice outer) {
    return inner.len == 0 || (inner.ptr >= outer.ptr && inner.ptr + inner.len <= outer.ptr + outer.len);
}

static void check_packet(const struct harness *h, const struct packet *packet) {
    const struct frame *frame = &h->frame;
    read_all(packet->payload);
    DEMAND(packet->number == frame->number && packet->ordinal == frame->ordinal);
    DEMAND(packet->time_ns == frame->time_ns && packet->wire_len == frame->wire_len);
    DEMAND(packet->key.ip_version == 4 || packet->key.ip_version == 6);
    DEMAND(packet->fragmented || is_within(packet->payload, frame->bytes));
    DEMAND(packet->payload.len + packet->cut <= 65535 || frame->wire_len > 65535);
    DEMAND(packet->sack_count <= 4 && packet->window_scale >= -1 && packet->window_scale <= 14);
    DEMAND(packet->path.tunnel_count + packet->path.vlan_count <= h->limits.tunnel_depth);
    DEMAND(h->options.vlan_in_key || packet->key.vlan == 0);
    for (unsigned i = 0; i < packet->path.tunnel_count && i < 4; i++) {
        DEMAND(packet->path.tunnel[i].kind > TUNNEL_NONE && packet->path.tunnel[i].kind < TUNNEL_KINDS);
    }
    struct flow_key reverse = flow_key_reverse(&packet->key);
    DEMAND(flow_key_hash(&packet->key) == flow_key_hash(&reverse));
    char text[ADDRESS_TEXT_BYTES];
    DEMAND(address_text(&packet->key.side[0].address, packet->key.ip_version, text) < sizeof text);
}

/* The frame's bytes must live as long as the packet: freed by the caller. */
static enum decode_fate decode(struct harness *h, struct slice bytes, size_t cut, struct packet *packet,
                               uint8_t **copy) {
    *copy = exact_copy(bytes);
    h->frame.bytes = slice_make(*copy, bytes.len);
    h->frame.wire_len = (uint32_t)(bytes.len + cut);
    h->frame.number++;
    h->frame.ordinal++;
    enum decode_fate fate = decoder_decode(h->decoder, &h->frame, packet);
    DEMAND(fate < DECODE_FATES && strcmp(decode_fate_name(fate), "unknown") != 0);
    if (fate == DECODE_TCP) {
        check_packet(h, packet);
    }
    return fate;
}

static void check_tunnels(const struct made_frame *f, const struct packet_path *path) {
    DEMAND(path->tunnel_count == f->tunnels);
    for (unsigned i = 0; i < f->tunnels && i < 4; i++) {
        const struct made_tunnel *made = &f->tunnel[f->tunnels - 1 - i];
        DEMAND(path->tunnel[i].kind == made->kind && path->tunnel[i].has_id == (made->id >= 0));
        DEMAND(made->id < 0 || path->tunnel[i].id == made->id);
        DEMAND(path->tunnel[i].has_outer == made->over_ip);
        DEMAND(!made->over_ip || memcmp(path->tunnel[i].outer, made->outer, sizeof made->outer) == 0);
    }
}

static void check_path(const struct harness *h, const struct made_frame *f, const struct packet *packet) {
    const struct packet_path *path = &packet->path;
    check_tunnels(f, path);
    DEMAND(path->has_mac == f->has_mac && (!f->has_mac || memcmp(path->mac, f->mac, sizeof f->mac) == 0));
    DEMAND(path->vlan_count == f->vlans);
    uint32_t key = 0;
    for (unsigned i = 0; i < f->vlans && i < 2; i++) {
        DEMAND(path->vlan[i] == f->vlan[f->vlans - 1 - i]);
        key = key << 12 | path->vlan[i];
    }
    DEMAND(packet->key.vlan == (h->options.vlan_in_key ? key : 0));
}

static void check_made(const struct harness *h, const struct made_frame *f, const struct packet *packet,
                       size_t cut) {
    struct slice payload = slice_make(f->payload, f->payload_len - cut);
    DEMAND(slice_equal(packet->payload, payload) && packet->cut == cut);
    DEMAND(packet->fragmented == f->fragmented);
    struct flow_key key = packet->key;
    key.vlan = f->key.vlan;
    DEMAND(flow_key_equal(&key, &f->key) && key.network_kind == f->key.network_kind);
    DEMAND(packet->seq == f->seq && packet->ack == f->ack && packet->window == f->window);
    DEMAND(packet->flags == f->flags && packet->ip_id == f->ip_id && packet->ttl == f->ttl);
    check_path(h, f, packet);
}

/* What must become of an undamaged frame; `cut` of its payload is missing. */
static enum decode_fate expected_fate(const struct harness *h, const struct made_frame *f, unsigned piece,
                                      size_t cut) {
    unsigned depth = h->limits.tunnel_depth;
    if (f->fragmented && piece == 0) {
        return f->peels_outside <= depth ? DECODE_FRAGMENT_HELD : DECODE_TUNNEL_DEPTH;
    }
    if (f->peels > depth) {
        return DECODE_TUNNEL_DEPTH;
    }
    bool judged = h->options.verify_checksums && !f->offloaded && cut == 0;
    return judged && f->bad_tcp_checksum ? DECODE_TCP_CHECKSUM : DECODE_TCP;
}

static void judge(struct harness *h, const struct made_frame *f, unsigned piece, enum decode_fate fate,
                  const struct packet *packet) {
    size_t cut = f->cut > f->trailer ? f->cut - f->trailer : 0;
    if (f->damaged || (f->fragmented && (cut || h->tainted || h->options.verify_checksums))) {
        h->tainted = true;
        return;
    }
    if ((h->options.verify_checksums && f->bad_ip_checksum && f->has_ipv4) || cut > f->payload_len) {
        DEMAND(fate != DECODE_TCP);
        return;
    }
    /* Of those put together, a wrong one passes where nearly all are. */
    bool dropped = f->fragmented && f->bad_tcp_checksum && fate == DECODE_TCP_CHECKSUM;
    DEMAND(dropped || fate == expected_fate(h, f, piece, cut));
    if (fate == DECODE_TCP) {
        check_made(h, f, packet, cut);
    }
}

static void decode_made(struct harness *h, struct input *in) {
    static struct made_frame made;
    struct input again = *in;
    uint16_t unique = (uint16_t)(h->frame.ordinal + 1);
    unsigned pieces = 1;
    for (unsigned piece = 0; piece < pieces; piece++) {
        *in = again;
        frame_make(&made, in, piece, unique);
        pieces = made.pieces;
        h->frame.link_type = made.link_type;
        uint8_t *copy;
        struct packet packet;
        enum decode_fate fate = decode(h, frame_bytes(&made), made.cut, &packet, &copy);
        judge(h, &made, piece, fate, &packet);
        free(copy);
    }
}

static void decode_raw(struct harness *h, struct input *in, bool cut) {
    size_t len = input_u16(in);
    h->frame.time_ns += input_u8(in) * NS_PER_SECOND;
    uint8_t *copy;
    struct packet packet;
    decode(h, input_bytes(in, len), cut ? 100 : 0, &packet, &copy);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input in = input_of(data, size);
    uint8_t link = input_u8(&in), options = input_u8(&in);
    struct harness h = {.limits = limits_default(), .tainted = options & SMALL_CAPS};
    if (options & SMALL_CAPS) {
        h.limits.fragment_datagrams = 2;
        h.limits.fragment_bytes = 4096;
        h.limits.tunnel_depth = 3;
    }
    h.options = (struct decode_options){.verify_checksums = options & VERIFY_CHECKSUMS,
                                        .vlan_in_key = options & VLAN_IN_KEY};
    h.frame.link_type = link_types[link % (sizeof link_types / sizeof link_types[0])];
    h.decoder = decoder_new(&h.options, &h.limits);
    DEMAND(h.decoder);
    for (unsigned made = 0; !input_ended(&in) && made < MADE_FRAMES;) {
        if (options & GRAMMAR) {
            decode_made(&h, &in);
            made++;
        } else {
            decode_raw(&h, &in, options & CUT);
        }
        decoder_tick(h.decoder, h.frame.time_ns);
    }
    struct decode_counts counts;
    decoder_counts(h.decoder, &counts);
    uint64_t sum = 0;
    for (unsigned i = 0; i < DECODE_FATES; i++) {
        sum += counts.fates[i];
    }
    DEMAND(sum == h.frame.ordinal);
    decoder_free(h.decoder);
    return 0;
}
