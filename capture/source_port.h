/* SPDX-License-Identifier: Apache-2.0 */
/* One interface of a live source: libpcap's handle, the next frame of its ring, what the kernel counted, and
 * its outages. Private to source_live.c and source_port*.c. Embedded by value, one thread.
 *
 * An interface that goes down or is removed is away, until one of its name is up again. The socket, its ring
 * and its filter stay: it is bound to the new interface, which needs no privilege, so that it works after all
 * rights were dropped. Frames that the ring still holds are given meanwhile. */
#ifndef HARK_CAPTURE_SOURCE_PORT_H
#define HARK_CAPTURE_SOURCE_PORT_H

#include "capture/source.h"
#include "capture/source_cut.h"

#include <pcap/pcap.h>

/* The interface that stands for all. */
#define SOURCE_ANY "any"

/* Once a socket takes no frame any more, all that it took are in blocks that can be read by then. */
#define SOURCE_SETTLE_NS (3 * SOURCE_RETIRE_MS * NS_PER_MILLISECOND)

/* Longest time that a frame waits in a block of the ring that is not full; where frames of several
 * interfaces are merged, the shorter one. */
enum { SOURCE_RETIRE_MS = 50, SOURCE_RETIRE_MERGED_MS = 10 };

enum source_port_state { PORT_UP, PORT_AWAY, PORT_ENDED };

enum source_port_status {
    PORT_HEAD,   /* there is a frame */
    PORT_EMPTY,  /* none now */
    PORT_NOTICE, /* it went away or came back: the message says so */
    PORT_FAILED, /* it can't be read on: the message says why. It has ended */
};

struct source_port {
    const char *name;
    pcap_t *pcap;
    int control; /* borrowed: a socket to ask about interfaces */
    int link_type;
    int snapshot_length;
    bool nanoseconds; /* its stamps have them */
    bool promiscuous;
    bool packet_socket; /* no usbmon, nflog or the like */
    bool frozen;        /* the kernel gives its socket nothing more */
    bool grouped;       /* a member of a fanout group, which can't be bound to another interface */
    enum source_port_state state;
    int index;    /* the kernel's number of the interface; 0: none ("any", usbmon0), it can't be watched */
    int hardware; /* its ARPHRD_ value */
    bool suspect; /* the kernel said that something is wrong */
    unsigned failures; /* in a row, of an interface that is up */
    int64_t looked_ns; /* monotonic: the interface was last looked at */
    /* valid with has_head, until the port's next bring after source_port_take */
    bool has_head;
    const struct pcap_pkthdr *header;
    const u_char *bytes;
    int64_t time_ns;
    int64_t empty_ns; /* wall clock: the ring was last seen empty */
    uint64_t frames;  /* taken */
    uint64_t unread;  /* as in struct source_counts */
    size_t ring_bytes;
    char notice[160];      /* about the opening, "" for none */
    struct pcap_stat last; /* as libpcap gave it */
    uint64_t received;     /* the same, summed up beyond 32 bits */
    uint64_t dropped;
    uint64_t interface_dropped;
    struct source_cut cut;
    uint64_t cut_frames; /* as in struct source_counts */
    uint64_t cut_bytes;
    uint64_t outages;
    int64_t away_since_ns; /* monotonic, while away */
    int64_t outage_ns;     /* of those that ended */
};

/* Opens what the options ask for, with their filter, as interface number `which` of theirs. On error the
 * message is set; source_port_close mends all in any case. */
enum source_error source_port_open(struct source_port *, const struct source_live_options *, size_t which,
                                   int control, char message[SOURCE_MESSAGE_BYTES]);
void source_port_close(struct source_port *);
/* Of a port that is held: throws away what came before it was, then sets the options' filter. */
enum source_error source_port_begin(struct source_port *, const struct source_live_options *,
                                    char message[SOURCE_MESSAGE_BYTES]);

/* Looks for the next frame, unless there is one. */
enum source_port_status source_port_bring(struct source_port *, char message[SOURCE_MESSAGE_BYTES]);
/* The frame that was brought is given away: its bytes stay until the next bring. */
void source_port_take(struct source_port *);

/* The kernel gives the socket nothing from here on. False, with errno, when it can't be had. */
bool source_port_refuse(struct source_port *);
/* No more frames than there are now, where that can be had. */
void source_port_freeze(struct source_port *);
/* What waits is not read any more, but counted. */
void source_port_leave(struct source_port *);
/* As source_cut_frames, of one interface. */
bool source_port_cut(struct source_port *, uint32_t bytes, char message[SOURCE_MESSAGE_BYTES]);
/* Sums up what libpcap counts in 32 bits. */
void source_port_update(struct source_port *);
void source_port_counts(const struct source_port *, struct source_interface_counts *);

/* For source_port.c: has the interface gone or come back? PORT_EMPTY when all is as it was. */
enum source_port_status source_port_look(struct source_port *, int64_t now_ns,
                                         char message[SOURCE_MESSAGE_BYTES]);
/* Learns which interface it is; false when it is none that can be watched. */
bool source_port_identify(struct source_port *);

int64_t source_monotonic_ns(void);
int64_t source_wall_ns(void);

#endif
