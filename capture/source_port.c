/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/source_port.h"

#include "capture/limits.h"
#include "capture/ns.h"
#include "capture/source_ops.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>

enum {
    STATS_FRAMES = 1 << 20, /* pcap_stats has 32 bits: look long before they wrap */
    FAILURES_MOST = 5       /* of an interface that is up all the time */
};

#define LOOK_NS (100 * NS_PER_MILLISECOND)

int64_t source_monotonic_ns(void) {
    return ns_of_clock(CLOCK_MONOTONIC);
}

int64_t source_wall_ns(void) {
    return ns_of_clock(CLOCK_REALTIME);
}

/* A clock that is set wildly wrong gives the nearest time that can be told. */
static int64_t time_of(const struct source_port *port, const struct timeval *stamp) {
    int64_t time_ns = 0;
    if (__builtin_mul_overflow(stamp->tv_sec, NS_PER_SECOND, &time_ns) ||
        __builtin_add_overflow(time_ns, stamp->tv_usec * (port->nanoseconds ? 1 : 1000), &time_ns)) {
        time_ns = stamp->tv_sec < 0 ? 0 : INT64_MAX;
    }
    return time_ns < 0 ? 0 : time_ns > FRAME_TIME_MOST_NS ? FRAME_TIME_MOST_NS : time_ns;
}

/* libpcap reads the interface's drops from a file: a new interface begins anew, and where it may not be read
 * they are 0. */
void source_port_update(struct source_port *port) {
    struct pcap_stat now;
    if (port->state == PORT_ENDED || pcap_stats(port->pcap, &now) != 0) {
        return;
    }
    port->received += (uint32_t)(now.ps_recv - port->last.ps_recv);
    port->dropped += (uint32_t)(now.ps_drop - port->last.ps_drop);
    bool anew = now.ps_ifdrop < port->last.ps_ifdrop;
    port->interface_dropped += anew ? now.ps_ifdrop : now.ps_ifdrop - port->last.ps_ifdrop;
    port->last = now;
}

void source_port_counts(const struct source_port *port, struct source_interface_counts *counts) {
    *counts = (struct source_interface_counts){.name = port->name,
                                               .frames = port->frames,
                                               .kernel_received = port->received,
                                               .kernel_dropped = port->dropped,
                                               .interface_dropped = port->interface_dropped,
                                               .unread = port->unread,
                                               .outages = port->outages,
                                               .outage_ns = (uint64_t)port->outage_ns,
                                               .ring_bytes = port->ring_bytes};
    if (port->state == PORT_AWAY) {
        counts->outage_ns += (uint64_t)(source_monotonic_ns() - port->away_since_ns);
    }
}

static enum source_port_status fail(struct source_port *port, char message[SOURCE_MESSAGE_BYTES]) {
    source_port_update(port);
    port->state = PORT_ENDED;
    source_say(message, "%s: capturing ended after frame %llu: %s", port->name,
               (unsigned long long)port->frames, pcap_geterr(port->pcap));
    return PORT_FAILED;
}

/* libpcap has no frame, or an error. */
static enum source_port_status without_frame(struct source_port *port, bool failed,
                                             char message[SOURCE_MESSAGE_BYTES]) {
    if (failed && port->index == 0) {
        return fail(port, message);
    }
    int64_t now_ns = source_monotonic_ns();
    if (port->index && (failed || port->suspect || now_ns - port->looked_ns >= LOOK_NS)) {
        enum source_port_status status = source_port_look(port, now_ns, message);
        if (status != PORT_EMPTY) {
            port->failures = 0;
            return status;
        }
    }
    if (!failed || port->state == PORT_AWAY) {
        port->failures = 0;
    } else if (++port->failures >= FAILURES_MOST) {
        return fail(port, message);
    }
    port->empty_ns = source_wall_ns();
    return PORT_EMPTY;
}

enum source_port_status source_port_bring(struct source_port *port, char message[SOURCE_MESSAGE_BYTES]) {
    if (port->has_head) {
        return PORT_HEAD;
    }
    if (port->state == PORT_ENDED) {
        return PORT_EMPTY;
    }
    struct pcap_pkthdr *header = NULL;
    errno = 0;
    int result = pcap_next_ex(port->pcap, &header, &port->bytes);
    if (result != 1) {
        /* libpcap's module for nflog takes an empty socket for an error. */
        bool empty = result == 0 || (!port->packet_socket && (errno == EAGAIN || errno == EWOULDBLOCK));
        return without_frame(port, !empty, message);
    }
    port->failures = 0;
    port->header = header;
    port->time_ns = time_of(port, &header->ts);
    port->has_head = true;
    return PORT_HEAD;
}

void source_port_take(struct source_port *port) {
    port->has_head = false;
    if (++port->frames % STATS_FRAMES == 0) {
        source_port_update(port);
    }
}

bool source_port_refuse(struct source_port *port) {
    struct sock_filter nothing = {.code = BPF_RET | BPF_K, .k = 0};
    struct sock_fprog program = {.len = 1, .filter = &nothing};
    return setsockopt(pcap_fileno(port->pcap), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

/* What is no packet socket has no ring. */
void source_port_freeze(struct source_port *port) {
    port->frozen = port->packet_socket && source_port_refuse(port);
}

void source_port_leave(struct source_port *port) {
    port->unread += port->has_head;
    port->has_head = false;
    struct pcap_pkthdr *header = NULL;
    while (port->frozen && pcap_next_ex(port->pcap, &header, &port->bytes) == 1) {
        port->unread++;
    }
}

/* A frozen one keeps its filter: it would take frames again. */
bool source_port_cut(struct source_port *port, uint32_t bytes, char message[SOURCE_MESSAGE_BYTES]) {
    if (port->frozen) {
        return true;
    }
    int fd = pcap_fileno(port->pcap);
    bool done = bytes ? source_cut_begin(&port->cut, fd, bytes) : source_cut_end(&port->cut, fd);
    if (!done) {
        source_say(message, "%s: the kernel can't %s: %s", port->name,
                   bytes ? "cut frames short" : "be had to keep frames whole again", strerror(errno));
    }
    return done;
}

void source_port_close(struct source_port *port) {
    source_cut_fini(&port->cut);
    if (port->pcap) {
        pcap_close(port->pcap);
    }
    port->pcap = NULL;
}
