/* SPDX-License-Identifier: Apache-2.0 */
/* A BPF expression (pcap-filter(7)) that runs inside hark, compiled for the link type of the frames at hand.
 * Embedded by value, one thread. */
#ifndef HARK_CAPTURE_SOURCE_FILTER_H
#define HARK_CAPTURE_SOURCE_FILTER_H

#include "capture/packet.h"

#include <pcap/pcap.h>

struct source_filter {
    const char *expression; /* borrowed; NULL for none */
    bool compiled;
    int link_type; /* what `program` was compiled for */
    struct bpf_program program;
};

/* `expression` must outlive the filter; NULL or blank lets everything pass. */
void source_filter_init(struct source_filter *, const char *expression);
void source_filter_fini(struct source_filter *);

enum source_filter_status {
    SOURCE_FILTER_READY,
    SOURCE_FILTER_WRONG,     /* it does not compile: the message is libpcap's, in one line */
    SOURCE_FILTER_NO_MEMORY, /* the message says so */
};

/* Makes the filter ready for frames of `link_type` (DLT_ value). */
enum source_filter_status source_filter_prepare(struct source_filter *, int link_type, char *message,
                                                size_t message_bytes);
/* For input whose link type is not known yet: does the expression compile for a usual one? */
enum source_filter_status source_filter_plausible(const char *expression, char *message,
                                                  size_t message_bytes);
/* source_filter_prepare must have succeeded for the frame's link type. */
bool source_filter_passes(const struct source_filter *, const struct frame *);

/* True when there is nothing in the expression but space. */
bool source_filter_is_blank(const char *expression);
/* True when the expression looks at fields of the network layer or above (ip, host, net, port, tcp, src,
 * ...), and so finds them only where no tag comes before, but none of vlan, mpls, pppoes, geneve occurs.
 * After ether, wlan and the other link qualifiers, host, src, dst and proto mean the link layer, up to the
 * next and, or, not. */
bool source_filter_text_misses_tagged(const char *expression);

#endif
