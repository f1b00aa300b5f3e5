/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/source_fanout.h"

#include "capture/limits.h"
#include "capture/source_live.h"
#include "capture/source_ops.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* The first member gets a number that no other group has; the others join it. */
static bool join(struct source_port *port, unsigned *group, bool first) {
    unsigned mode = PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_DEFRAG;
    unsigned argument = first ? (mode | PACKET_FANOUT_FLAG_UNIQUEID) << 16 : mode << 16 | *group;
    int fd = pcap_fileno(port->pcap);
    if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &argument, sizeof argument) != 0) {
        return false;
    }
    unsigned given = 0;
    socklen_t len = sizeof given;
    if (first && getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &given, &len) != 0) {
        return false;
    }
    *group = first ? given & 0xffff : *group;
    port->grouped = true;
    return true;
}

static enum source_error gather(const struct source_live_options *options, struct source **sources,
                                size_t count, char message[SOURCE_MESSAGE_BYTES]) {
    unsigned group = 0;
    for (size_t i = 0; i < count; i++) {
        enum source_error error = SOURCE_OK;
        sources[i] = source_open_live(options, &error, message);
        if (!sources[i]) {
            return error;
        }
        if (!join(source_live_port(sources[i]), &group, i == 0)) {
            source_say(message, "%s: the kernel can't share its packets out (--fanout): %s",
                       options->interfaces[0], strerror(errno));
            return SOURCE_ERROR_FILE;
        }
    }
    /* A frame from before the group was whole is in the ring by then. */
    const struct timespec settle = {.tv_nsec = SOURCE_SETTLE_NS};
    (void)nanosleep(&settle, NULL);
    enum source_error error = SOURCE_OK;
    for (size_t i = 0; i < count && error == SOURCE_OK; i++) {
        error = source_port_begin(source_live_port(sources[i]), options, message);
    }
    return error;
}

uint64_t source_fanout_buffer_bytes(uint64_t bytes, size_t count) {
    return bytes / count > SOURCE_FANOUT_RING_LEAST ? bytes / count : SOURCE_FANOUT_RING_LEAST;
}

bool source_open_fanout(const struct source_live_options *options, struct source **sources, size_t count,
                        enum source_error *error, char message[SOURCE_MESSAGE_BYTES]) {
    struct source_live_options one = *options;
    one.held = true;
    one.buffer_bytes = (int)source_fanout_buffer_bytes((uint64_t)options->buffer_bytes, count);
    memset(sources, 0, count * sizeof(*sources));
    *error = gather(&one, sources, count, message);
    for (size_t i = 0; *error != SOURCE_OK && i < count; i++) {
        source_free(sources[i]);
        sources[i] = NULL;
    }
    return *error == SOURCE_OK;
}
