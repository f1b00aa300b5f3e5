/* SPDX-License-Identifier: Apache-2.0 */
/* Live interfaces through libpcap. The kernel's rings are read without blocking, and waiting is a poll of our
 * own, so that it has our time-out and source_stop ends it from any thread.
 *
 * Frames of several interfaces are merged by time. A ring gives its frames up to SOURCE_RETIRE_MERGED_MS
 * times two late, so the earliest frame at hand waits until every interface has one, or was seen empty so
 * much later than the frame's time. Nothing is copied for it: each handle keeps the one frame it gave last.
 *
 * A source that is stopped lets the kernel put nothing more into the rings, and gives what is there. */
#include "capture/source_live.h"

#include "capture/limits.h"
#include "capture/source_ops.h"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a frame may be late from its ring (with the rounding of the kernel's timer), and how much of it is
 * slept at once at least. */
#define MERGE_HOLD_NS  (30 * NS_PER_MILLISECOND)
#define MERGE_SLEEP_NS (5 * NS_PER_MILLISECOND)
/* A frame further ahead of our clock is stamped by another one: its time says nothing to wait for. */
#define MERGE_AHEAD_NS NS_PER_SECOND
/* nflog: the kernel sends packets together, each up to a second late. */
#define LOGGED_SETTLE_NS (1200 * NS_PER_MILLISECOND)
/* What is not read so long after source_stop is left. */
#define STOP_MOST_NS (3 * NS_PER_SECOND)

enum { NAMES_MOST = 256, SLL2_INDEX_AT = 4, SLL2_INDEX_END = 8 };

struct source_live {
    struct source_port *ports;
    size_t count;
    size_t noticed; /* ports whose opening was told about */
    int control;
    int timeout_ms;
    uint64_t number;
    int64_t stopped_ns; /* monotonic: when the rings were frozen; 0: they are not */
    bool over;          /* nothing is read any more */
    /* Interfaces that "any" met: what is in it does not change. */
    size_t name_count;
    struct {
        uint32_t index;
        char name[IF_NAMESIZE];
    } names[NAMES_MOST];
    size_t name_last; /* of the frame before */
};

/* A ring may have frames, the time is over, or the source was stopped. */
static void wait_frames(struct source *source, int timeout_ms) {
    struct source_live *live = source->input;
    struct pollfd wanted[SOURCE_INTERFACES_MOST + 1];
    for (size_t i = 0; i < live->count; i++) {
        const struct source_port *port = &live->ports[i];
        bool waits = port->state == PORT_UP && !port->has_head;
        wanted[i] = (struct pollfd){.fd = waits ? pcap_get_selectable_fd(port->pcap) : -1, .events = POLLIN};
    }
    wanted[live->count] = (struct pollfd){.fd = live->stopped_ns ? -1 : source->wake_fd, .events = POLLIN};
    if (poll(wanted, live->count + 1, timeout_ms) > 0) {
        for (size_t i = 0; i < live->count; i++) {
            live->ports[i].suspect |= (wanted[i].revents & (POLLERR | POLLHUP)) != 0;
        }
    }
}

/* The earliest frame at hand, or NULL. */
static struct source_port *earliest(struct source_live *live) {
    struct source_port *first = NULL;
    for (size_t i = 0; i < live->count; i++) {
        struct source_port *port = &live->ports[i];
        if (port->has_head && (!first || port->time_ns < first->time_ns)) {
            first = port;
        }
    }
    return first;
}

/* An interface that may have an earlier frame than `time_ns`. */
static bool may_have_earlier(const struct source_port *port, int64_t time_ns) {
    return !port->has_head && port->state == PORT_UP && port->empty_ns < time_ns + MERGE_HOLD_NS;
}

/* What the next frame depends on is asked for; PORT_EMPTY, or news of an interface. */
static enum source_port_status bring_heads(struct source *source) {
    struct source_live *live = source->input;
    const struct source_port *first = earliest(live);
    for (size_t i = 0; i < live->count; i++) {
        struct source_port *port = &live->ports[i];
        if (port->has_head || (first && !may_have_earlier(port, first->time_ns))) {
            continue;
        }
        enum source_port_status status = source_port_bring(port, source->message);
        if (status == PORT_NOTICE || status == PORT_FAILED) {
            return status;
        }
    }
    return PORT_EMPTY;
}

/* How long the frame should wait for others that may be earlier. */
static int64_t merge_wait_ns(const struct source_live *live, const struct source_port *first) {
    bool waits = false;
    for (size_t i = 0; i < live->count && !waits; i++) {
        waits = may_have_earlier(&live->ports[i], first->time_ns);
    }
    if (!waits) {
        return 0;
    }
    int64_t ahead_ns = first->time_ns - source_wall_ns();
    return ahead_ns > MERGE_AHEAD_NS ? 0 : ahead_ns + MERGE_HOLD_NS + MERGE_SLEEP_NS;
}

/* The number under which the interface of an "any" frame is named: those of `ports`, then `names`. One too
 * many, or one without a name, is "any" itself. */
static uint32_t name_number(struct source_live *live, uint32_t port, uint32_t index) {
    size_t i = live->name_last;
    if (i < live->name_count && live->names[i].index == index) {
        return (uint32_t)(live->count + i);
    }
    for (i = 0; i < live->name_count && live->names[i].index != index; i++) {
    }
    if (i == live->name_count) {
        struct ifreq request = {.ifr_ifindex = (int)index};
        if (i == NAMES_MOST || ioctl(live->control, SIOCGIFNAME, &request) != 0) {
            return port;
        }
        live->names[i].index = index;
        memcpy(live->names[i].name, request.ifr_name, IF_NAMESIZE);
        live->names[i].name[IF_NAMESIZE - 1] = '\0';
        live->name_count++;
    }
    live->name_last = i;
    return (uint32_t)(live->count + i);
}

/* What the snapshot length cuts is not counted: that was asked for. */
static void note_cut(struct source_port *port) {
    uint32_t most = (uint32_t)port->snapshot_length, len = port->header->len;
    uint32_t off = source_cut_off(&port->cut, port->header->caplen, len < most ? len : most);
    port->cut_frames += off > 0;
    port->cut_bytes += off;
}

static void give(struct source_live *live, struct source_port *port, struct frame *frame) {
    const struct pcap_pkthdr *header = port->header;
    uint32_t which = (uint32_t)(port - live->ports);
    note_cut(port);
    source_port_take(port);
    frame->bytes = slice_make(port->bytes, header->caplen);
    frame->wire_len = header->len > header->caplen ? header->len : header->caplen;
    frame->time_ns = port->time_ns;
    frame->link_type = port->link_type;
    frame->number = ++live->number;
    frame->file = which;
    frame->interface = which;
    frame->block = NULL;
    if (port->link_type == DLT_LINUX_SLL2 && frame->bytes.len >= SLL2_INDEX_END) {
        const u_char *at = port->bytes + SLL2_INDEX_AT;
        frame->file = name_number(
            live, which, (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]);
        frame->interface = frame->file;
    }
}

/* Says what there is to say of the opening; false when all was said. */
static bool notice_opening(struct source *source) {
    struct source_live *live = source->input;
    while (live->noticed < live->count) {
        const struct source_port *port = &live->ports[live->noticed++];
        if (port->notice[0]) {
            source_say(source->message, "%s: %s", port->name, port->notice);
            return true;
        }
    }
    return false;
}

static bool all_ended(const struct source_live *live) {
    for (size_t i = 0; i < live->count; i++) {
        if (live->ports[i].state != PORT_ENDED || live->ports[i].has_head) {
            return false;
        }
    }
    return true;
}

/* True until the source was stopped and what it has to give then was given, or the time for it is over. */
static bool goes_on(struct source *source) {
    struct source_live *live = source->input;
    if (live->stopped_ns == 0) {
        if (atomic_load_explicit(&source->stopped, memory_order_relaxed)) {
            live->stopped_ns = source_monotonic_ns();
            for (size_t i = 0; i < live->count; i++) {
                source_port_freeze(&live->ports[i]);
            }
        }
        return true;
    }
    if (!live->over && source_monotonic_ns() - live->stopped_ns >= STOP_MOST_NS) {
        live->over = true;
        for (size_t i = 0; i < live->count; i++) {
            source_port_leave(&live->ports[i]);
        }
    }
    return !live->over;
}

/* Nothing was there when all were asked last, at asked_ns. */
static bool is_drained(const struct source_live *live, int64_t asked_ns) {
    int64_t settle_ns = SOURCE_SETTLE_NS;
    for (size_t i = 0; i < live->count; i++) {
        settle_ns = live->ports[i].packet_socket ? settle_ns : LOGGED_SETTLE_NS;
    }
    return live->stopped_ns && asked_ns - live->stopped_ns >= settle_ns;
}

static enum source_status live_next(struct source *source, struct frame *frame) {
    struct source_live *live = source->input;
    if (!goes_on(source)) {
        return SOURCE_END;
    }
    if (notice_opening(source)) {
        return SOURCE_NOTICE;
    }
    for (bool waited = false;; waited = true) {
        int64_t asked_ns = live->stopped_ns ? source_monotonic_ns() : 0;
        enum source_port_status status = bring_heads(source);
        if (status == PORT_NOTICE) {
            return SOURCE_NOTICE;
        }
        if (status == PORT_FAILED) {
            source->counts.damaged_files++;
            return SOURCE_DAMAGED;
        }
        struct source_port *first = earliest(live);
        int64_t wait_ns = first ? merge_wait_ns(live, first) : 0;
        if (first && wait_ns <= 0) {
            give(live, first, frame);
            return SOURCE_FRAME;
        }
        live->over = all_ended(live) || (!first && is_drained(live, asked_ns));
        /* A block of the ring may become ready and hold nothing for us; wait once all the same, so that the
         * caller's clock ticks. */
        if ((!first && waited) || live->over) {
            return live->over ? SOURCE_END : SOURCE_IDLE;
        }
        wait_frames(source, first ? (int)(wait_ns / NS_PER_MILLISECOND) + 1 : live->timeout_ms);
        if (!goes_on(source)) {
            return SOURCE_END;
        }
    }
}

static void live_counts(const struct source *source, struct source_counts *counts) {
    struct source_live *live = source->input;
    counts->interface_count = live->count;
    for (size_t i = 0; i < live->count; i++) {
        struct source_interface_counts *one = &counts->interfaces[i];
        source_port_update(&live->ports[i]);
        source_port_counts(&live->ports[i], one);
        counts->cut_frames += live->ports[i].cut_frames;
        counts->cut_bytes += live->ports[i].cut_bytes;
        counts->kernel_received += one->kernel_received;
        counts->kernel_dropped += one->kernel_dropped;
        counts->interface_dropped += one->interface_dropped;
        counts->unread += one->unread;
        counts->outages += one->outages;
        counts->outage_ns += one->outage_ns;
    }
}

static const char *live_name(const struct source *source, uint32_t file) {
    const struct source_live *live = source->input;
    if (file < live->count) {
        return live->ports[file].name;
    }
    return file - live->count < NAMES_MOST ? live->names[file - live->count].name : "";
}

/* All interfaces or none. */
static bool live_cut(struct source *source, uint32_t bytes, char message[SOURCE_MESSAGE_BYTES]) {
    struct source_live *live = source->input;
    for (size_t i = 0; i < live->count; i++) {
        if (live->ports[i].state == PORT_ENDED || source_port_cut(&live->ports[i], bytes, message)) {
            continue;
        }
        char ignored[SOURCE_MESSAGE_BYTES];
        for (size_t k = 0; bytes && k < i; k++) {
            (void)source_port_cut(&live->ports[k], 0, ignored);
        }
        return false;
    }
    return true;
}

static void live_free(struct source *source) {
    struct source_live *live = source->input;
    if (!live) {
        return;
    }
    for (size_t i = 0; live->ports && i < live->count; i++) {
        source_port_close(&live->ports[i]);
    }
    if (live->control >= 0) {
        (void)close(live->control);
    }
    free(live->ports);
    free(live);
}

static const struct source_ops live_ops = {
    .next = live_next,
    .counts = live_counts,
    .file_name = live_name,
    .cut = live_cut,
    .free = live_free,
    .live = true,
};

struct source_port *source_live_port(const struct source *source) {
    const struct source_live *live = source->input;
    return &live->ports[0];
}

static enum source_error open_ports(struct source *source, const struct source_live_options *options,
                                    char message[SOURCE_MESSAGE_BYTES]) {
    struct source_live *live = source->input;
    live->ports = calloc(options->interface_count, sizeof *live->ports);
    if (!live->ports) {
        source_say(message, "out of memory");
        return SOURCE_ERROR_FILE;
    }
    live->control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (live->control < 0) {
        live->control = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }
    live->count = options->interface_count;
    live->timeout_ms = options->timeout_ms;
    enum source_error error = SOURCE_OK;
    for (size_t i = 0; i < live->count && error == SOURCE_OK; i++) {
        error = source_port_open(&live->ports[i], options, i, live->control, message);
    }
    return error;
}

struct source *source_open_live(const struct source_live_options *options, enum source_error *error,
                                char message[SOURCE_MESSAGE_BYTES]) {
    *error = SOURCE_ERROR_FILE;
    message[0] = '\0';
    struct source *source = source_new(&live_ops, options->filter, message);
    if (!source) {
        return NULL;
    }
    struct source_live *live = calloc(1, sizeof *live);
    source->input = live;
    source->frame_count = options->frame_count;
    if (live) {
        live->control = -1;
        *error = open_ports(source, options, message);
    } else {
        source_say(message, "out of memory");
    }
    if (*error != SOURCE_OK) {
        source_free(source);
        return NULL;
    }
    message[0] = '\0';
    return source;
}
