/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/decode.h"

#include "capture/decode_walk.h"
#include "capture/link.h"
#include "capture/tunnel.h"

#include <stdlib.h>

struct decoder {
    struct walk walk;
};

const char *decode_fate_name(enum decode_fate fate) {
    switch (fate) {
    case DECODE_TCP:
        return "tcp";
    case DECODE_LINK_UNSUPPORTED:
        return "link_unsupported";
    case DECODE_LINK_TRUNCATED:
        return "link_truncated";
    case DECODE_NOT_IP:
        return "not_ip";
    case DECODE_IP_TRUNCATED:
        return "ip_truncated";
    case DECODE_IP_MALFORMED:
        return "ip_malformed";
    case DECODE_IP_CHECKSUM:
        return "ip_checksum";
    case DECODE_FRAGMENT_HELD:
        return "fragment_held";
    case DECODE_FRAGMENT_DROPPED:
        return "fragment_dropped";
    case DECODE_TUNNEL_DEPTH:
        return "tunnel_depth";
    case DECODE_TUNNEL_MALFORMED:
        return "tunnel_malformed";
    case DECODE_UDP:
        return "udp";
    case DECODE_OTHER_PROTOCOL:
        return "other_protocol";
    case DECODE_TCP_TRUNCATED:
        return "tcp_truncated";
    case DECODE_TCP_MALFORMED:
        return "tcp_malformed";
    case DECODE_TCP_CHECKSUM:
        return "tcp_checksum";
    case DECODE_FATES:
        break;
    }
    return "unknown";
}

struct decoder *decoder_new(const struct decode_options *options, const struct limits *limits) {
    struct decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder) {
        return NULL;
    }
    decoder->walk.options = *options;
    /* The path counts in bytes. */
    decoder->walk.depth = limits->tunnel_depth < UINT8_MAX ? limits->tunnel_depth : UINT8_MAX;
    decoder->walk.defrag = defrag_new(limits);
    if (!decoder->walk.defrag) {
        free(decoder);
        return NULL;
    }
    return decoder;
}

void decoder_free(struct decoder *decoder) {
    if (!decoder) {
        return;
    }
    defrag_free(decoder->walk.defrag);
    free(decoder);
}

static void begin(struct walk *w, const struct frame *frame, struct packet *packet) {
    w->at = cursor_of(frame->bytes);
    w->missing = frame->wire_len > frame->bytes.len ? frame->wire_len - frame->bytes.len : 0;
    w->packet = packet;
    w->frame = frame;
    w->peeled = 0;
    w->has_ip = false;
    w->datagrams.completed_count = 0;
    w->datagrams.held = 0;
    walk_begin_packet(packet, frame);
}

static enum layer step(struct walk *w, enum layer layer) {
    switch (layer) {
    case LAYER_END:
        break;
    case LAYER_ETHERNET:
        return link_ethernet(w);
    case LAYER_LLC:
        return link_llc(w);
    case LAYER_VLAN:
        return link_vlan(w);
    case LAYER_MPLS:
        return tunnel_mpls(w);
    case LAYER_PPPOE:
        return tunnel_pppoe(w);
    case LAYER_PPP:
        return link_ppp(w);
    case LAYER_IP:
        return decode_ip(w);
    case LAYER_IPV4:
        return decode_ipv4(w);
    case LAYER_IPV6:
        return decode_ipv6(w);
    case LAYER_GRE:
        return tunnel_gre(w);
    case LAYER_UDP:
        return tunnel_udp(w);
    case LAYER_TCP:
        return decode_tcp(w);
    }
    return LAYER_END;
}

/* Kept apart from the way of a usual frame, which stays short so. */
__attribute__((noinline)) void decode_frame(struct walk *w, const struct frame *frame,
                                            struct packet *packet) {
    begin(w, frame, packet);
    /* Ends: every way back to a layer goes through a header that walk_peel counts. */
    enum layer layer = link_begin(w, frame->link_type);
    while (layer != LAYER_END) {
        layer = step(w, layer);
    }
}

enum decode_fate decoder_decode(struct decoder *decoder, const struct frame *frame, struct packet *packet) {
    struct walk *w = &decoder->walk;
    defrag_release(w->defrag);
    if (!w->options.verify_checksums && decode_usual(frame, packet)) {
        w->datagrams.completed_count = 0;
        w->datagrams.held = 0;
        w->counts.fates[DECODE_TCP]++;
        return DECODE_TCP;
    }
    decode_frame(w, frame, packet);
    w->counts.fates[w->fate]++;
    return w->fate;
}

const struct decode_datagrams *decoder_datagrams(const struct decoder *decoder) {
    return &decoder->walk.datagrams;
}

void decoder_tick(struct decoder *decoder, int64_t now_ns) {
    defrag_tick(decoder->walk.defrag, now_ns);
}

void decoder_counts(const struct decoder *decoder, struct decode_counts *counts) {
    *counts = decoder->walk.counts;
    struct defrag_counts fragments = defrag_counts(decoder->walk.defrag);
    counts->datagrams_reassembled = fragments.reassembled;
    counts->datagrams_expired = fragments.expired;
    counts->datagrams_waiting = fragments.waiting;
    counts->datagrams_evicted = fragments.evicted;
    counts->fragments_no_room = fragments.no_room;
    counts->memory_failures = fragments.failures;
    counts->datagrams_overlapping = fragments.overlapping;
}
