/* SPDX-License-Identifier: Apache-2.0 */
/* Messages without end on one side, and none on the other. */
#include "attack.h"

#include <string.h>

/* The side says `text` so often. */
static void endless(struct stage *s, struct talk *t, enum side side, const char *text, uint64_t times) {
    char block[WIRE_MSS];
    size_t text_len = strlen(text), len = 0;
    unsigned in_block = 0;
    while (len + text_len <= sizeof block) {
        memcpy(block + len, text, text_len);
        len += text_len;
        in_block++;
    }
    for (uint64_t i = 0; i < times; i += in_block) {
        stage_send(s, t, side, block, len, WIRE_MSS);
        if (i / in_block % 4 == 3) {
            struct segment ack = talk_say(t, side_other(side), WIRE_ACK, NULL, 0);
            stage_segment(s, &ack);
        }
    }
}

static void endless_1xx(struct stage *s, uint64_t size) {
    struct talk t = stage_talk(s, 0);
    stage_handshake(s, &t);
    stage_ask(s, &t, CLIENT, "GET /wait HTTP/1.1\r\nHost: www.example.com\r\n\r\n");
    endless(s, &t, SERVER, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n",
            size);
}

static void endless_pipeline(struct stage *s, uint64_t size) {
    struct talk t = stage_talk(s, 0);
    stage_handshake(s, &t);
    endless(s, &t, CLIENT, "GET /unanswered HTTP/1.1\r\nHost: www.example.com\r\n\r\n", size);
}

static void pipelines(struct stage *s, uint64_t size) {
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = stage_talk(s, i);
        stage_handshake(s, &t);
        endless(s, &t, CLIENT, "GET /unanswered HTTP/1.1\r\nHost: www.example.com\r\n\r\n", 50);
    }
}

static void endless_responses(struct stage *s, uint64_t size) {
    struct talk t = stage_talk(s, 0);
    stage_handshake(s, &t);
    stage_ask(s, &t, CLIENT, "GET /once HTTP/1.1\r\nHost: www.example.com\r\n\r\n");
    endless(s, &t, SERVER, "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 2\r\n\r\nok", size);
}

/* Responses come, each long before its request can have been seen. */
static void unasked(struct stage *s, uint64_t size) {
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = stage_talk(s, i);
        stage_handshake(s, &t);
        stage_ask(s, &t, SERVER, "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 2\r\n\r\nok");
    }
}

/* Midstream, and nearly HTTP again and again: whoever looks for the next message has to look at each. */
static void bait(struct stage *s, uint64_t size) {
    static const char *const baits[] = {
        "GET / HTTP/1.1\r\nnot a field line\r\n",
        "GET / HTTP/1.1 GET / HTTP/1.1 GET / HTTP/1.1 ",
        "HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\n",
        "GET GET GET GET GET GET GET GET GET\r\n",
    };
    for (unsigned k = 0; k < sizeof baits / sizeof baits[0]; k++) {
        struct talk t = stage_talk(s, k);
        endless(s, &t, k % 2 ? SERVER : CLIENT, baits[k], size / strlen(baits[k]) / 4);
        t.next[CLIENT] += 10000; /* and once more behind a hole */
        endless(s, &t, k % 2 ? SERVER : CLIENT, baits[k], size / strlen(baits[k]) / 4);
    }
}

const struct attack attacks_exchange[] = {
    {"endless-1xx", "responses", 200000, 20000000, OTHERS_INCOMPLETE, "",
     "1xx responses and never a final one", endless_1xx},
    {"endless-pipeline", "requests", 100000, 2000000, OTHERS_INCOMPLETE, "",
     "pipelined requests without answers", endless_pipeline},
    {"pipelines", "connections", 2000, 40000, OTHERS_INCOMPLETE, "",
     "fifty pipelined requests without answers on each connection", pipelines},
    {"endless-responses", "responses", 60000, 2000000, OTHERS_ANY, "",
     "one request and responses without end", endless_responses},
    {"unasked", "connections", 6000, 1000000, OTHERS_INCOMPLETE, "",
     "connections on which only the server speaks", unasked},
    {"bait", "bytes", 4000000, 1000000000, OTHERS_INCOMPLETE, "",
     "midstream and nearly HTTP, again and again", bait},
    {0},
};
