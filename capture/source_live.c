/* SPDX-License-Identifier: Apache-2.0 */
/* A live interface through libpcap. The kernel's ring is read without blocking, and waiting is a poll of our
 * own, so that it has our time-out and source_stop ends it from any thread. */
#include "capture/limits.h"
#include "capture/source_ops.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LIVE_SNAPSHOT_BYTES = 262144,
    LIVE_RETIRE_MS = 50,        /* longest time that a frame waits in a block of the ring that is not full */
    LIVE_STATS_FRAMES = 1 << 20 /* pcap_stats has 32 bits: look long before they wrap */
};

struct source_live {
    const char *interface;
    pcap_t *pcap;
    int link_type;
    int timeout_ms;
    bool nanoseconds;
    bool ended;
    uint64_t number;
    struct pcap_stat last; /* as libpcap gave it */
    uint64_t received;     /* the same, summed up beyond 32 bits */
    uint64_t dropped;
    uint64_t interface_dropped;
};

static void update_stats(struct source_live *live) {
    struct pcap_stat now;
    if (live->ended || pcap_stats(live->pcap, &now) != 0) {
        return;
    }
    live->received += (uint32_t)(now.ps_recv - live->last.ps_recv);
    live->dropped += (uint32_t)(now.ps_drop - live->last.ps_drop);
    live->interface_dropped += (uint32_t)(now.ps_ifdrop - live->last.ps_ifdrop);
    live->last = now;
}

/* True when the ring may have frames; false after the time-out or source_stop. */
static bool wait_frames(struct source *source) {
    struct source_live *live = source->input;
    struct pollfd wanted[] = {{.fd = pcap_get_selectable_fd(live->pcap), .events = POLLIN},
                              {.fd = source->wake_fd, .events = POLLIN}};
    int ready = poll(wanted, 2, live->timeout_ms);
    return ready > 0 && wanted[0].revents;
}

/* A clock that is set wildly wrong gives the nearest time that can be told. */
static int64_t time_of(const struct source_live *live, const struct timeval *stamp) {
    int64_t time_ns = 0;
    if (__builtin_mul_overflow(stamp->tv_sec, NS_PER_SECOND, &time_ns) ||
        __builtin_add_overflow(time_ns, stamp->tv_usec * (live->nanoseconds ? 1 : 1000), &time_ns)) {
        time_ns = stamp->tv_sec < 0 ? 0 : INT64_MAX;
    }
    return time_ns < 0 ? 0 : time_ns > FRAME_TIME_MOST_NS ? FRAME_TIME_MOST_NS : time_ns;
}

static enum source_status live_next(struct source *source, struct frame *frame) {
    struct source_live *live = source->input;
    bool waited = false;
    while (!live->ended) {
        struct pcap_pkthdr *header = NULL;
        const u_char *bytes = NULL;
        int result = pcap_next_ex(live->pcap, &header, &bytes);
        if (result == 1) {
            frame->bytes = slice_make(bytes, header->caplen);
            frame->wire_len = header->len > header->caplen ? header->len : header->caplen;
            frame->time_ns = time_of(live, &header->ts);
            frame->link_type = live->link_type;
            frame->number = ++live->number;
            frame->file = 0;
            frame->interface = 0;
            frame->block = NULL;
            if (live->number % LIVE_STATS_FRAMES == 0) {
                update_stats(live);
            }
            return SOURCE_FRAME;
        }
        if (result != 0) {
            update_stats(live);
            live->ended = true;
            source->counts.damaged_files++;
            source_say(source->message, "%s: capturing ended after frame %llu: %s", live->interface,
                       (unsigned long long)live->number, pcap_geterr(live->pcap));
            return SOURCE_DAMAGED;
        }
        /* A block of the ring may become ready and hold nothing for us; wait once all the same, so that the
         * caller's clock ticks. */
        if (waited) {
            return SOURCE_IDLE;
        }
        waited = true;
        if (!wait_frames(source)) {
            return atomic_load(&source->stopped) ? SOURCE_END : SOURCE_IDLE;
        }
    }
    return SOURCE_END;
}

static void live_counts(const struct source *source, struct source_counts *counts) {
    struct source_live *live = source->input;
    update_stats(live);
    counts->kernel_received = live->received;
    counts->kernel_dropped = live->dropped;
    counts->interface_dropped = live->interface_dropped;
}

static const char *live_name(const struct source *source, uint32_t file) {
    const struct source_live *live = source->input;
    return file == 0 ? live->interface : "";
}

static void live_free(struct source *source) {
    struct source_live *live = source->input;
    if (live) {
        if (live->pcap) {
            pcap_close(live->pcap);
        }
        free(live);
    }
}

static const struct source_ops live_ops = {
    .next = live_next,
    .counts = live_counts,
    .file_name = live_name,
    .free = live_free,
    .live = true,
};

static void say_permission(const char *interface, char message[SOURCE_MESSAGE_BYTES]) {
    char program[256];
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    program[len > 0 ? len : 0] = '\0';
    source_say(message,
               "%s: no permission to capture; run as root, or give hark the right once: "
               "sudo setcap cap_net_raw,cap_net_admin=eip %s",
               interface, len > 0 ? program : "/path/to/hark");
}

static void say_activation(const struct source_live *live, int result, char message[SOURCE_MESSAGE_BYTES]) {
    const char *interface = live->interface;
    switch (result) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
        source_say(message, "%s: no such interface; hark -D lists them", interface);
        return;
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        say_permission(interface, message);
        return;
    case PCAP_ERROR_IFACE_NOT_UP:
        source_say(message, "%s: the interface is down; bring it up: ip link set dev %s up", interface,
                   interface);
        return;
    default:
        source_say(message, "%s: %s%s%s", interface, pcap_statustostr(result),
                   *pcap_geterr(live->pcap) ? ": " : "", pcap_geterr(live->pcap));
    }
}

/* Setting an option fails only on an active handle, which this is not. */
static void set_options(pcap_t *pcap, const struct source_live_options *options) {
    (void)pcap_set_snaplen(pcap, options->snapshot_length ? options->snapshot_length : LIVE_SNAPSHOT_BYTES);
    (void)pcap_set_promisc(pcap, options->promiscuous);
    (void)pcap_set_timeout(pcap, options->timeout_ms < LIVE_RETIRE_MS ? options->timeout_ms : LIVE_RETIRE_MS);
    if (options->buffer_bytes) {
        (void)pcap_set_buffer_size(pcap, options->buffer_bytes);
    }
    (void)pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
}

static enum source_error open_interface(struct source_live *live, const struct source_live_options *options,
                                        char message[SOURCE_MESSAGE_BYTES]) {
    char problem[PCAP_ERRBUF_SIZE] = "";
    live->pcap = pcap_create(live->interface, problem);
    if (!live->pcap) {
        source_say(message, "%s: %s; hark -D lists the interfaces", live->interface, problem);
        return SOURCE_ERROR_FILE;
    }
    set_options(live->pcap, options);
    int result = pcap_activate(live->pcap);
    if (result < 0) {
        say_activation(live, result, message);
        return SOURCE_ERROR_FILE;
    }
    live->link_type = pcap_datalink(live->pcap);
    live->nanoseconds = pcap_get_tstamp_precision(live->pcap) == PCAP_TSTAMP_PRECISION_NANO;
    if (pcap_setnonblock(live->pcap, 1, problem) != 0) {
        source_say(message, "%s: %s", live->interface, problem);
        return SOURCE_ERROR_FILE;
    }
    if (source_filter_is_blank(options->filter)) {
        return SOURCE_OK;
    }
    struct bpf_program program;
    errno = 0;
    if (pcap_compile(live->pcap, &program, options->filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        if (errno == ENOMEM) {
            source_say(message, "filter \"%s\": out of memory", options->filter);
            return SOURCE_ERROR_FILE;
        }
        source_say(message, "filter \"%s\": %s; see man 7 pcap-filter", options->filter,
                   pcap_geterr(live->pcap));
        return SOURCE_ERROR_FILTER;
    }
    bool set = pcap_setfilter(live->pcap, &program) == 0;
    pcap_freecode(&program);
    if (!set) {
        source_say(message, "%s: the filter can't be set: %s", live->interface, pcap_geterr(live->pcap));
        return SOURCE_ERROR_FILE;
    }
    return SOURCE_OK;
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
        live->interface = options->interface;
        live->timeout_ms = options->timeout_ms;
        *error = open_interface(live, options, message);
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

bool source_list_interfaces(void (*each)(void *context, const char *name, const char *description),
                            void *context, char message[SOURCE_MESSAGE_BYTES]) {
    char problem[PCAP_ERRBUF_SIZE] = "";
    pcap_if_t *interfaces = NULL;
    if (pcap_findalldevs(&interfaces, problem) != 0) {
        source_say(message, "the interfaces can't be listed: %s", problem);
        return false;
    }
    for (const pcap_if_t *at = interfaces; at; at = at->next) {
        each(context, at->name, at->description ? at->description : "");
    }
    pcap_freealldevs(interfaces);
    return true;
}
