/* SPDX-License-Identifier: Apache-2.0 */
/* A BPF expression (pcap-filter(7)) that runs inside hark, compiled once for each link type that its frames
 * have. Embedded by value, one thread. */
#ifndef HARK_CAPTURE_SOURCE_FILTER_H
#define HARK_CAPTURE_SOURCE_FILTER_H

#include "capture/packet.h"

#include <pcap/pcap.h>

/* Programs that are kept. A run with frames of more link types has an odd file; the rest's don't pass. */
enum { FILTER_LINK_TYPES = 32 };

struct source_filter {
    const char *expression; /* borrowed; NULL for none */
    size_t count;
    size_t chosen;     /* the program of the frame at hand; FILTER_LINK_TYPES where there is none */
    int chosen_type;   /* its link type; negative for none */
    bool rest_refused; /* one link type more than there is room for was asked for */
    struct {
        int link_type;
        bool fits; /* else the expression does not compile for it, and there is no program */
        struct bpf_program program;
    } programs[FILTER_LINK_TYPES];
};

/* `expression` must outlive the filter; NULL or blank lets everything pass. */
void source_filter_init(struct source_filter *, const char *expression);
void source_filter_fini(struct source_filter *);

enum source_filter_status {
    SOURCE_FILTER_READY,
    SOURCE_FILTER_WRONG, /* it does not compile: the message is libpcap's, in one line. It is ready all the
                            same, and lets no such frame pass */
    SOURCE_FILTER_NO_MEMORY, /* the message says so */
};

/* Makes the filter ready for frames of `link_type` (DLT_ value). */
enum source_filter_status source_filter_prepare(struct source_filter *, int link_type, char *message,
                                                size_t message_bytes);
/* Looks for what was prepared before: false when there is none for the link type. */
bool source_filter_find(struct source_filter *, int link_type);
/* Is it ready for frames of the link type? */
static inline bool source_filter_is_ready(struct source_filter *filter, int link_type) {
    return !filter->expression || filter->chosen_type == link_type || source_filter_find(filter, link_type);
}
/* Makes the filter ready for every link type that hark decodes, where it holds names of hosts, ports or
 * protocols: their files and servers are asked now, and need not be reached later. */
void source_filter_look_up(struct source_filter *);
/* True when a word of the expression may be a name that libpcap has to look up. */
bool source_filter_text_has_names(const char *expression);
/* From now on link types that it does not fit are compiled for again, so that there is a message again. */
void source_filter_forget_misfits(struct source_filter *);
/* Does the expression fit a link type that it was prepared for? */
bool source_filter_fits_any(const struct source_filter *);
/* For input whose link type is not known yet: does the expression compile for a usual one? */
enum source_filter_status source_filter_plausible(const char *expression, char *message,
                                                  size_t message_bytes);
/* What source_filter_passes asks where there is something to ask. */
bool source_filter_run(const struct source_filter *, const struct frame *);
/* It must be ready for the frame's link type; one that was never made ready (there is no expression, or the
 * kernel runs it) lets everything pass. */
static inline bool source_filter_passes(const struct source_filter *filter, const struct frame *frame) {
    return filter->chosen_type < 0 || source_filter_run(filter, frame);
}

/* True when there is nothing in the expression but space. */
bool source_filter_is_blank(const char *expression);
/* True when the expression looks at fields of the network layer or above (ip, host, net, port, tcp, src,
 * ...), and so finds them only where no tag comes before, but none of vlan, mpls, pppoes, geneve occurs.
 * After ether, wlan and the other link qualifiers, host, src, dst and proto mean the link layer, up to the
 * next and, or, not. */
bool source_filter_text_misses_tagged(const char *expression);

#endif
