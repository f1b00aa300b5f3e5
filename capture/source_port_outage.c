/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/limits.h"
#include "capture/source_ops.h"
#include "capture/source_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum presence { PRESENCE_UP, PRESENCE_DOWN, PRESENCE_MISSING };

struct sighting {
    enum presence presence;
    int index;
    int hardware;
};

/* A removed interface may be made again between two questions; the next look sees it then. */
static struct sighting look_at(const struct source_port *port) {
    struct sighting seen = {.presence = PRESENCE_MISSING};
    struct ifreq request = {.ifr_name = ""};
    size_t len = strlen(port->name);
    if (len >= sizeof request.ifr_name) {
        return seen;
    }
    memcpy(request.ifr_name, port->name, len + 1);
    if (ioctl(port->control, SIOCGIFINDEX, &request) != 0) {
        return seen;
    }
    seen.index = request.ifr_ifindex;
    if (ioctl(port->control, SIOCGIFHWADDR, &request) != 0) {
        return seen;
    }
    seen.hardware = request.ifr_hwaddr.sa_family;
    if (ioctl(port->control, SIOCGIFFLAGS, &request) != 0) {
        return seen;
    }
    seen.presence = request.ifr_flags & IFF_UP ? PRESENCE_UP : PRESENCE_DOWN;
    return seen;
}

bool source_port_identify(struct source_port *port) {
    struct sighting seen = look_at(port);
    port->index = seen.presence == PRESENCE_MISSING ? 0 : seen.index;
    port->hardware = seen.hardware;
    port->looked_ns = source_monotonic_ns();
    return port->index != 0;
}

/* Puts the socket, which keeps its ring and filter, on the interface. False when the kernel does not let it.
 */
static bool bind_to(struct source_port *port, int index) {
    int fd = pcap_fileno(port->pcap);
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = index};
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        return false;
    }
    int error = 0;
    socklen_t len = sizeof error;
    (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len); /* takes the old interface's away */
    if (port->promiscuous && index != port->index) {
        struct packet_mreq membership = {.mr_ifindex = index, .mr_type = PACKET_MR_PROMISC};
        (void)setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership);
    }
    port->index = index;
    return true;
}

static void go_away(struct source_port *port, int64_t now_ns) {
    source_port_update(port);
    port->state = PORT_AWAY;
    port->away_since_ns = now_ns;
    port->outages++;
}

/* An interface of the name is up. */
static enum source_port_status come_back(struct source_port *port, const struct sighting *seen,
                                         int64_t now_ns, char message[SOURCE_MESSAGE_BYTES]) {
    if (seen->hardware != port->hardware) {
        source_say(message,
                   "%s: capturing ended after frame %llu: the interface is of another kind now; start anew",
                   port->name, (unsigned long long)port->frames);
        port->state = PORT_ENDED;
        return PORT_FAILED;
    }
    /* A member of a fanout group can't be bound elsewhere (EINVAL); it is still on the interface if that was
     * down only. */
    if (!bind_to(port, seen->index) && !(errno == EINVAL && seen->index == port->index)) {
        if (errno == ENODEV || errno == ENETDOWN) {
            return PORT_EMPTY; /* gone again */
        }
        if (port->grouped && errno == EINVAL) {
            source_say(message,
                       "%s: capturing ended: the interface was removed and made anew, and the kernel lets no "
                       "socket of a fanout group go on to another one; start anew",
                       port->name);
        } else {
            source_say(message, "%s: capturing ended after frame %llu: the interface is another one now: %s",
                       port->name, (unsigned long long)port->frames, strerror(errno));
        }
        port->state = PORT_ENDED;
        return PORT_FAILED;
    }
    int64_t away_ns = now_ns - port->away_since_ns;
    port->outage_ns += away_ns;
    port->state = PORT_UP;
    source_say(message, "%s: the interface is back after %.1f s; capturing goes on", port->name,
               (double)away_ns / (double)NS_PER_SECOND);
    return PORT_NOTICE;
}

enum source_port_status source_port_look(struct source_port *port, int64_t now_ns,
                                         char message[SOURCE_MESSAGE_BYTES]) {
    struct sighting seen = look_at(port);
    int64_t before_ns = port->looked_ns;
    port->looked_ns = now_ns;
    bool was_down = port->suspect; /* the kernel said so, however short it was */
    port->suspect = false;
    if (port->state == PORT_AWAY) {
        return seen.presence == PRESENCE_UP ? come_back(port, &seen, now_ns, message) : PORT_EMPTY;
    }
    if (seen.presence == PRESENCE_UP && seen.index == port->index && !was_down) {
        return PORT_EMPTY;
    }
    go_away(port, seen.presence == PRESENCE_UP ? before_ns : now_ns);
    if (seen.presence == PRESENCE_UP) { /* down, or removed and made again, since the last look */
        return come_back(port, &seen, now_ns, message);
    }
    source_say(message, "%s: the interface %s; waiting for it", port->name,
               seen.presence == PRESENCE_DOWN ? "is down" : "is gone");
    return PORT_NOTICE;
}
