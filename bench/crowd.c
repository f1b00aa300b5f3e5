/* SPDX-License-Identifier: Apache-2.0 */
/* crowd STATE CONNECTIONS [EXCHANGES]: many connections that are open at once, as a capture on standard
 * output.
 *
 *   syn     each is a SYN without an answer
 *   open    each had its handshake, and nothing else
 *   idle    each had its handshake and one exchange, and is kept
 *   head    each stands in the middle of a request's head
 *   body    each stands in the middle of a response's body
 *   left    as idle, but numbers are not kept: for many millions of connections, nothing follows on them
 *
 * Then some seconds pass without a packet of them (fifty thousand packets a second before, of left a
 * million), and EXCHANGES more, each on one of the connections at random (idle alone). Before these, and
 * before its end, it says "ready" on standard error and waits for a line on standard input, or its end, so
 * that the reader can be looked at. It is written with the tools of the hostile traffic, which share nothing
 * with hark. */
#include "recorder.h"
#include "talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEP_NS = 20000, /* between packets */
    LEFT_STEP_NS = 1000,
    PAUSE_NS = 100000000,
    PAUSES = 150,
    PORTS = 16,
    BODY_BYTES = 1000
};

static const char request[] = "GET /items/338.json HTTP/1.1\r\n"
                              "Host: api.example.test\r\n"
                              "User-Agent: inventory/3.1\r\n"
                              "Accept: application/json\r\n"
                              "\r\n";
static const char response[] = "HTTP/1.1 200 OK\r\n"
                               "Server: nginx\r\n"
                               "Date: Fri, 20 Nov 2026 16:12:45 GMT\r\n"
                               "Content-Type: application/json\r\n"
                               "Content-Length: 20\r\n"
                               "Connection: keep-alive\r\n"
                               "\r\n"
                               "{\"items\":[1,2,3,44]}";
static const char long_response[] = "HTTP/1.1 200 OK\r\n"
                                    "Server: nginx\r\n"
                                    "Content-Type: application/octet-stream\r\n"
                                    "Content-Length: 1000000\r\n"
                                    "\r\n";

struct crowd {
    struct recorder recorder;
    struct chance chance;
    int64_t now_ns;
    int64_t step_ns;
    uint8_t body[BODY_BYTES];
};

/* Now and then later than it could be, so that no connection is the image of another. */
static void pass_time(struct crowd *crowd) {
    crowd->now_ns += crowd->step_ns / 2 + (int64_t)chance_below(&crowd->chance, (uint32_t)crowd->step_ns);
}

static void say(struct crowd *crowd, struct talk *talk, enum side side, uint8_t flags, const void *bytes,
                size_t len) {
    struct segment segment = talk_say(talk, side, flags, bytes, len);
    pass_time(crowd);
    recorder_segment(&crowd->recorder, crowd->now_ns, &segment);
}

static struct talk send_syn(struct crowd *crowd, unsigned long number) {
    struct talk talk =
        talk_between(&crowd->chance,
                     wire_ipv4(0x0a000000 + (uint32_t)(number / PORTS), (uint16_t)(40000 + number % PORTS)),
                     wire_ipv4(0xc0000201, 80));
    struct segment syn = talk_draft(&talk, CLIENT, WIRE_SYN, NULL, 0);
    syn.ack = 0;
    pass_time(crowd);
    recorder_segment(&crowd->recorder, crowd->now_ns, &syn);
    talk.next[CLIENT]++;
    return talk;
}

static struct talk connect_one(struct crowd *crowd, unsigned long number) {
    struct talk talk = send_syn(crowd, number);
    say(crowd, &talk, SERVER, WIRE_SYN | WIRE_ACK, NULL, 0);
    say(crowd, &talk, CLIENT, WIRE_ACK, NULL, 0);
    return talk;
}

/* Four packets. */
static void exchange(struct crowd *crowd, struct talk *talk) {
    say(crowd, talk, CLIENT, WIRE_PSH | WIRE_ACK, request, sizeof(request) - 1);
    say(crowd, talk, SERVER, WIRE_ACK, NULL, 0);
    say(crowd, talk, SERVER, WIRE_PSH | WIRE_ACK, response, sizeof(response) - 1);
    say(crowd, talk, CLIENT, WIRE_ACK, NULL, 0);
}

static void begin_body(struct crowd *crowd, struct talk *talk) {
    say(crowd, talk, CLIENT, WIRE_PSH | WIRE_ACK, request, sizeof(request) - 1);
    say(crowd, talk, SERVER, WIRE_ACK, long_response, sizeof(long_response) - 1);
    say(crowd, talk, SERVER, WIRE_ACK, crowd->body, sizeof(crowd->body));
    say(crowd, talk, CLIENT, WIRE_ACK, NULL, 0);
}

static void open_one(struct crowd *crowd, const char *state, struct talk *talk) {
    if (strcmp(state, "head") == 0) {
        say(crowd, talk, CLIENT, WIRE_PSH | WIRE_ACK, request, sizeof(request) - 30);
        say(crowd, talk, SERVER, WIRE_ACK, NULL, 0);
    } else if (strcmp(state, "body") == 0) {
        begin_body(crowd, talk);
    } else if (strcmp(state, "open") != 0) {
        exchange(crowd, talk);
    }
}

/* Some seconds without any of them: one more connection is acknowledged, time and again. */
static void pause(struct crowd *crowd, unsigned long number) {
    struct talk talk = connect_one(crowd, number);
    for (int i = 0; i < PAUSES; i++) {
        crowd->now_ns += PAUSE_NS;
        say(crowd, &talk, CLIENT, WIRE_ACK, NULL, 0);
    }
}

static void wait_for_reader(struct crowd *crowd) {
    recorder_flush(&crowd->recorder);
    fprintf(stderr, "ready %llu\n", (unsigned long long)crowd->recorder.packets);
    fflush(stderr);
    for (int c = getchar(); c != '\n' && c != EOF; c = getchar()) {
    }
}

int main(int count, char **arguments) {
    static struct crowd crowd;
    const char *state = count > 2 ? arguments[1] : "";
    unsigned long connections = count > 2 ? strtoul(arguments[2], NULL, 10) : 0;
    unsigned long exchanges = count > 3 ? strtoul(arguments[3], NULL, 10) : 0;
    bool kept = strcmp(state, "idle") == 0;
    bool bare = strcmp(state, "syn") == 0;
    if (connections == 0 || (!kept && !bare && strcmp(state, "open") && strcmp(state, "head") &&
                             strcmp(state, "body") && strcmp(state, "left"))) {
        fprintf(stderr, "usage: crowd syn|open|idle|head|body|left CONNECTIONS [EXCHANGES]\n");
        return 2;
    }
    struct talk *talks = kept ? calloc(connections, sizeof(*talks)) : NULL;
    if (kept && !talks) {
        fprintf(stderr, "crowd: out of memory\n");
        return 1;
    }
    recorder_init(&crowd.recorder);
    crowd.step_ns = strcmp(state, "left") == 0 ? LEFT_STEP_NS : STEP_NS;
    for (unsigned long i = 0; i < connections && bare; i++) {
        send_syn(&crowd, i);
    }
    for (unsigned long i = 0; i < connections && !bare; i++) {
        struct talk talk = connect_one(&crowd, i);
        open_one(&crowd, state, &talk);
        if (talks) {
            talks[i] = talk;
        }
    }
    pause(&crowd, connections);
    wait_for_reader(&crowd);
    for (unsigned long i = 0; talks && i < exchanges; i++) {
        exchange(&crowd, &talks[chance_next(&crowd.chance) % connections]);
    }
    wait_for_reader(&crowd);
    free(talks);
    return 0;
}
