/* SPDX-License-Identifier: Apache-2.0 */
/* link: a line between two network namespaces with a tap in its middle, for kernels without netem.
 *
 *   link CLIENT_NAMESPACE SERVER_NAMESPACE DEVICE CAPTURE [client-tap.delay=US ...] [seed=N]
 *
 * makes a TUN device of that name in each namespace (paths as in /run/netns), says "ready", and carries IP
 * packets until it gets SIGTERM. The way has four hops: client-tap, tap-server, server-tap, tap-client. Of
 * each can be set: delay (one way, in us), loss (packets in a thousand, by chance), drop (the number of one
 * packet with TCP payload that is dropped, from 1). What passes the tap is written to CAPTURE, a pcap file
 * with nanoseconds. At the end one line a hop tells how many packets came and how many were dropped. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND INT64_C(1000000000)

enum { PACKET_BYTES = 2048, QUEUE_PACKETS = 4096, LINKTYPE_RAW = 101 };
enum { CLIENT_TAP, TAP_SERVER, SERVER_TAP, TAP_CLIENT, HOPS };

static const char *const hop_names[HOPS] = {"client-tap", "tap-server", "server-tap", "tap-client"};

struct waiting {
    int64_t due_ns;
    size_t len;
    uint8_t bytes[PACKET_BYTES];
};

/* A constant delay keeps the order: a ring will do. */
struct hop {
    int64_t delay_ns;
    unsigned loss; /* in a thousand */
    unsigned drop; /* 0: none */
    unsigned long came, dropped, with_payload;
    size_t first, count;
    struct waiting *ring;
};

struct line {
    int device[2]; /* of client and server */
    FILE *capture;
    uint64_t chance;
    struct hop hops[HOPS];
};

static volatile sig_atomic_t stopped;

static void stop(int number) {
    (void)number;
    stopped = 1;
}

static void die(const char *what) {
    fprintf(stderr, "link: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

static int open_device(const char *namespace, const char *name) {
    int fd = open(namespace, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) != 0) {
        die(namespace);
    }
    close(fd);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (device < 0 || ioctl(device, TUNSETIFF, &request) != 0) {
        die("TUN device");
    }
    return device;
}

/* Of an IPv4 packet with TCP; 0 of others. */
static size_t tcp_payload(const uint8_t *p, size_t len) {
    enum { IP_LEAST = 20, TCP_LEAST = 20, PROTOCOL_TCP = 6 };
    size_t ip = (size_t)(p[0] & 15) * 4;
    if (len < IP_LEAST || p[0] >> 4 != 4 || p[9] != PROTOCOL_TCP || len < ip + TCP_LEAST) {
        return 0;
    }
    size_t heads = ip + (size_t)(p[ip + 12] >> 4) * 4;
    return len > heads ? len - heads : 0;
}

/* splitmix64. */
static uint64_t next_chance(struct line *line) {
    uint64_t z = line->chance += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static bool is_lost(struct line *line, struct hop *hop, const uint8_t *bytes, size_t len) {
    hop->came++;
    hop->with_payload += tcp_payload(bytes, len) > 0;
    bool chosen = hop->drop && tcp_payload(bytes, len) > 0 && hop->with_payload == hop->drop;
    bool lost = chosen || next_chance(line) % 1000 < hop->loss || hop->count == QUEUE_PACKETS;
    hop->dropped += lost;
    return lost;
}

static void enter(struct line *line, unsigned at, const uint8_t *bytes, size_t len) {
    struct hop *hop = &line->hops[at];
    if (len > PACKET_BYTES || is_lost(line, hop, bytes, len)) {
        return;
    }
    struct waiting *w = &hop->ring[(hop->first + hop->count++) % QUEUE_PACKETS];
    w->due_ns = now_ns(CLOCK_MONOTONIC) + hop->delay_ns;
    w->len = len;
    memcpy(w->bytes, bytes, len);
}

static void capture(struct line *line, const struct waiting *w) {
    int64_t at_ns = now_ns(CLOCK_REALTIME);
    const uint32_t head[4] = {(uint32_t)(at_ns / NS_PER_SECOND), (uint32_t)(at_ns % NS_PER_SECOND),
                              (uint32_t)w->len, (uint32_t)w->len};
    fwrite(head, sizeof head, 1, line->capture);
    fwrite(w->bytes, w->len, 1, line->capture);
}

static void leave(struct line *line, unsigned at, const struct waiting *w) {
    if (at == CLIENT_TAP || at == SERVER_TAP) {
        capture(line, w);
        enter(line, at + 1, w->bytes, w->len);
        return;
    }
    if (write(line->device[at == TAP_SERVER], w->bytes, w->len) < 0 &&
        errno != EIO) { /* EIO: the device is down */
        die("write");
    }
}

/* Moves what is due and returns when the next packet will be. */
static int64_t move(struct line *line) {
    int64_t next_ns = INT64_MAX;
    for (unsigned at = 0; at < HOPS; at++) {
        struct hop *hop = &line->hops[at];
        while (hop->count && hop->ring[hop->first].due_ns <= now_ns(CLOCK_MONOTONIC)) {
            leave(line, at, &hop->ring[hop->first]);
            hop->first = (hop->first + 1) % QUEUE_PACKETS;
            hop->count--;
        }
    }
    for (unsigned at = 0; at < HOPS; at++) {
        const struct hop *hop = &line->hops[at];
        if (hop->count && hop->ring[hop->first].due_ns < next_ns) {
            next_ns = hop->ring[hop->first].due_ns;
        }
    }
    return next_ns;
}

static void take(struct line *line, unsigned side) {
    uint8_t bytes[PACKET_BYTES];
    ssize_t len;
    while ((len = read(line->device[side], bytes, sizeof bytes)) > 0) {
        if (bytes[0] >> 4 == 4) { /* the namespaces' own IPv6 noise stays outside */
            enter(line, side == 0 ? CLIENT_TAP : SERVER_TAP, bytes, (size_t)len);
        }
    }
}

static void carry(struct line *line) {
    struct pollfd polled[2] = {{.fd = line->device[0], .events = POLLIN},
                               {.fd = line->device[1], .events = POLLIN}};
    while (!stopped) {
        int64_t next_ns = move(line);
        int64_t wait_ns = next_ns == INT64_MAX ? NS_PER_SECOND : next_ns - now_ns(CLOCK_MONOTONIC);
        wait_ns = wait_ns < 0 ? 0 : wait_ns;
        struct timespec wait = {.tv_sec = wait_ns / NS_PER_SECOND, .tv_nsec = wait_ns % NS_PER_SECOND};
        if (ppoll(polled, 2, &wait, NULL) > 0) {
            take(line, 0);
            take(line, 1);
        }
    }
}

/* "HOP.WHAT=NUMBER" or "seed=NUMBER". */
static bool set(struct line *line, const char *text) {
    char hop[16], what[8];
    unsigned long value;
    if (sscanf(text, "seed=%lu", &value) == 1) {
        line->chance = value;
        return true;
    }
    if (sscanf(text, "%15[^.].%7[^=]=%lu", hop, what, &value) != 3) {
        return false;
    }
    for (unsigned at = 0; at < HOPS; at++) {
        struct hop *h = &line->hops[at];
        if (strcmp(hop, hop_names[at]) != 0) {
            continue;
        }
        if (strcmp(what, "delay") == 0) {
            h->delay_ns = (int64_t)value * 1000;
        } else if (strcmp(what, "loss") == 0) {
            h->loss = (unsigned)value;
        } else if (strcmp(what, "drop") == 0) {
            h->drop = (unsigned)value;
        } else {
            return false;
        }
        return true;
    }
    return false;
}

static void begin_capture(struct line *line, const char *path) {
    const uint32_t head[6] = {0xa1b23c4d, 2 | 4 << 16, 0, 0, PACKET_BYTES, LINKTYPE_RAW};
    line->capture = fopen(path, "wbe");
    if (!line->capture || fwrite(head, sizeof head, 1, line->capture) != 1) {
        die(path);
    }
}

int main(int argc, char **argv) {
    static struct line line;
    if (argc < 5) {
        fprintf(stderr,
                "usage: link CLIENT_NAMESPACE SERVER_NAMESPACE DEVICE CAPTURE [HOP.delay|loss|drop=N ...]\n");
        return 2;
    }
    for (int i = 5; i < argc; i++) {
        if (!set(&line, argv[i])) {
            fprintf(stderr, "link: %s is not understood\n", argv[i]);
            return 2;
        }
    }
    begin_capture(&line, argv[4]);
    line.device[0] = open_device(argv[1], argv[3]);
    line.device[1] = open_device(argv[2], argv[3]);
    for (unsigned at = 0; at < HOPS; at++) {
        line.hops[at].ring = calloc(QUEUE_PACKETS, sizeof *line.hops[at].ring);
        if (!line.hops[at].ring) {
            die("memory");
        }
    }
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGTERM, &action, NULL);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    puts("ready");
    fflush(stdout);
    carry(&line);
    for (unsigned at = 0; at < HOPS; at++) {
        printf("%s %lu %lu\n", hop_names[at], line.hops[at].came, line.hops[at].dropped);
        free(line.hops[at].ring);
    }
    return fclose(line.capture) == 0 ? 0 : 1;
}
