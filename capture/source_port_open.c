/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/limits.h"
#include "capture/source_ops.h"
#include "capture/source_port.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIVE_SNAPSHOT_BYTES = 262144 };

static void say_permission(const char *interface, char message[SOURCE_MESSAGE_BYTES]) {
    char program[256];
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    program[len > 0 ? len : 0] = '\0';
    source_say(message,
               "%s: no permission to capture; run as root, or give hark the right once: "
               "sudo setcap cap_net_raw=eip %s",
               interface, len > 0 ? program : "/path/to/hark");
}

static void say_activation(const struct source_port *port, int result, char message[SOURCE_MESSAGE_BYTES]) {
    const char *interface = port->name;
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
                   *pcap_geterr(port->pcap) ? ": " : "", pcap_geterr(port->pcap));
    }
}

/* Setting an option fails only on an active handle, which this is not. */
static void set_options(pcap_t *pcap, const struct source_live_options *options) {
    /* How long a frame waits in a block of the ring that is not full. Where frames of several interfaces are
     * merged, each waits for the others' blocks. */
    int retire_ms = options->interface_count > 1 ? SOURCE_RETIRE_MERGED_MS : SOURCE_RETIRE_MS;
    (void)pcap_set_snaplen(pcap, options->snapshot_length ? options->snapshot_length : LIVE_SNAPSHOT_BYTES);
    (void)pcap_set_promisc(pcap, options->promiscuous);
    (void)pcap_set_timeout(pcap, options->timeout_ms < retire_ms ? options->timeout_ms : retire_ms);
    if (options->buffer_bytes) {
        (void)pcap_set_buffer_size(pcap, options->buffer_bytes);
    }
    (void)pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
}

/* Bytes of the ring that is mapped for the socket; 0 when that can't be told. libpcap takes a smaller one
 * where the kernel has no memory for what was asked, and does not say so. */
static size_t mapped_bytes(int fd) {
    struct stat status;
    FILE *maps = fstat(fd, &status) == 0 ? fopen("/proc/self/maps", "re") : NULL;
    if (!maps) {
        return 0;
    }
    char wanted[64], line[512];
    (void)snprintf(wanted, sizeof wanted, "socket:[%ju]", (uintmax_t)status.st_ino);
    uintmax_t bytes = 0;
    while (bytes == 0 && fgets(line, sizeof line, maps)) {
        char *rest = NULL;
        uintmax_t from = strstr(line, wanted) ? strtoumax(line, &rest, 16) : 0;
        if (rest && *rest == '-') {
            bytes = strtoumax(rest + 1, NULL, 16) - from;
        }
    }
    (void)fclose(maps);
    return (size_t)bytes;
}

/* What the kernel gave, where it is less than was asked for. */
static void look_at_ring(struct source_port *port, const struct source_live_options *options) {
    int fd = pcap_fileno(port->pcap), version = 0;
    socklen_t len = sizeof version;
    if (getsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, &len) != 0) {
        return; /* no packet socket: usbmon, say */
    }
    port->packet_socket = true;
    port->ring_bytes = mapped_bytes(fd);
    if (version != TPACKET_V3) {
        (void)snprintf(port->notice, sizeof port->notice,
                       "the kernel has no TPACKET_V3 ring; capturing goes on with an older, slower one");
    } else if (port->ring_bytes && port->ring_bytes < (size_t)options->buffer_bytes) {
        (void)snprintf(port->notice, sizeof port->notice,
                       "the kernel had memory for a capture buffer of %zu KiB instead of %d KiB (-B)",
                       port->ring_bytes / 1024, options->buffer_bytes / 1024);
    }
}

/* An empty filter cuts the frames in the kernel, so that the buffer holds more of them. */
static enum source_error set_filter(struct source_port *port, const struct source_live_options *options,
                                    char message[SOURCE_MESSAGE_BYTES]) {
    bool blank = source_filter_is_blank(options->filter);
    if (blank && !options->snapshot_length) {
        return SOURCE_OK;
    }
    struct bpf_program program;
    errno = 0;
    if (pcap_compile(port->pcap, &program, blank ? "" : options->filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        if (errno == ENOMEM) {
            source_say(message, "filter \"%s\": out of memory", options->filter);
            return SOURCE_ERROR_FILE;
        }
        source_say(message, "filter \"%s\": %s; see man 7 pcap-filter", options->filter,
                   pcap_geterr(port->pcap));
        return SOURCE_ERROR_FILTER;
    }
    bool set = pcap_setfilter(port->pcap, &program) == 0;
    pcap_freecode(&program);
    if (!set) {
        source_say(message, "%s: the filter can't be set: %s", port->name, pcap_geterr(port->pcap));
        return SOURCE_ERROR_FILE;
    }
    return SOURCE_OK;
}

static enum source_error refuse_all(struct source_port *port, char message[SOURCE_MESSAGE_BYTES]) {
    if (!source_port_refuse(port)) {
        source_say(message, "%s: a filter can't be set: %s", port->name, strerror(errno));
        return SOURCE_ERROR_FILE;
    }
    return SOURCE_OK;
}

/* Packets of an nfqueue wait until who reads it has decided about them, which libpcap does (to accept), and
 * hark, without its rights, may not. */
static bool is_queue(const char *name) {
    size_t len = sizeof "nfqueue" - 1;
    return strncmp(name, "nfqueue", len) == 0 && (name[len] == '\0' || name[len] == ':');
}

enum source_error source_port_open(struct source_port *port, const struct source_live_options *options,
                                   size_t which, int control, char message[SOURCE_MESSAGE_BYTES]) {
    *port = (struct source_port){
        .name = options->interfaces[which], .control = control, .promiscuous = options->promiscuous};
    if (is_queue(port->name)) {
        source_say(
            message,
            "%s: its packets wait for somebody to decide about them, and hark takes no part; have them "
            "logged (NFLOG) and give -i nflog",
            port->name);
        return SOURCE_ERROR_FILE;
    }
    char problem[PCAP_ERRBUF_SIZE] = "";
    port->pcap = pcap_create(port->name, problem);
    if (!port->pcap) {
        source_say(message, "%s: %s; hark -D lists the interfaces", port->name, problem);
        return SOURCE_ERROR_FILE;
    }
    set_options(port->pcap, options);
    int result = pcap_activate(port->pcap);
    if (result < 0) {
        say_activation(port, result, message);
        return SOURCE_ERROR_FILE;
    }
    (void)source_port_identify(port);
    if (strcmp(port->name, SOURCE_ANY) == 0) {
        (void)pcap_set_datalink(port->pcap, DLT_LINUX_SLL2); /* names each frame's interface */
    }
    port->link_type = pcap_datalink(port->pcap);
    port->snapshot_length = pcap_snapshot(port->pcap);
    port->nanoseconds = pcap_get_tstamp_precision(port->pcap) == PCAP_TSTAMP_PRECISION_NANO;
    if (pcap_setnonblock(port->pcap, 1, problem) != 0) {
        source_say(message, "%s: %s", port->name, problem);
        return SOURCE_ERROR_FILE;
    }
    look_at_ring(port, options);
    return options->held ? refuse_all(port, message) : set_filter(port, options, message);
}

enum source_error source_port_begin(struct source_port *port, const struct source_live_options *options,
                                    char message[SOURCE_MESSAGE_BYTES]) {
    struct pcap_pkthdr *header = NULL;
    const u_char *bytes = NULL;
    while (pcap_next_ex(port->pcap, &header, &bytes) == 1) {
    }
    source_port_update(port);
    port->received = port->dropped = 0;
    enum source_error error = set_filter(port, options, message);
    bool blank = source_filter_is_blank(options->filter) && !options->snapshot_length;
    int ignored = 0;
    if (error == SOURCE_OK && blank &&
        setsockopt(pcap_fileno(port->pcap), SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored) != 0) {
        source_say(message, "%s: the socket's filter can't be taken away: %s", port->name, strerror(errno));
        return SOURCE_ERROR_FILE;
    }
    return error;
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
        if (!is_queue(at->name)) {
            each(context, at->name, at->description ? at->description : "");
        }
    }
    pcap_freealldevs(interfaces);
    return true;
}
