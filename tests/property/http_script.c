/* SPDX-License-Identifier: Apache-2.0 */
#include "http_script.h"

#include "http_exchange.h"

#include "capture/limits.h"
#include "capture/packet.h"

#include <stdio.h>
#include <stdlib.h>

const struct script_choice script_all = {
    .talks = (1U << SCRIPT_TALKS) - 1,
    .last = {SCRIPT_EXCHANGES, SCRIPT_EXCHANGES, SCRIPT_EXCHANGES},
};

uint32_t script_chance(uint64_t seed, uint64_t what, uint64_t which, uint32_t n) {
    uint64_t x = seed * UINT64_C(0x9E3779B97F4A7C15) + what * UINT64_C(0xBF58476D1CE4E5B9) + which;
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return n ? (uint32_t)((x ^ x >> 31) >> 32) % n : 0;
}

void script_must(bool fits) {
    if (!fits) {
        fputs("a room of the generator is too small\n", stderr);
        abort();
    }
}

/* ---- connections ---- */

static void shake_hands(struct http_writer *w) {
    http_put(w, CLIENT, 0, TCP_SYN);
    http_put(w, SERVER, 0, TCP_SYN | TCP_ACK);
    http_put(w, CLIENT, 0, TCP_ACK);
}

static void say_goodbye(struct http_writer *w) {
    struct script_talk *t = w->talk;
    int first = w->closing ? SERVER : (int)http_draw(w, 2);
    for (int i = 0; i < 2; i++) {
        int direction = i ? !first : first;
        http_hear(w, direction);
        http_put(w, direction, 0, TCP_ACK | TCP_FIN);
        t->writes[t->count - 1].acks_fin = i == 1;
        http_hear(w, !direction);
        http_put(w, !direction, 0, TCP_ACK);
        t->writes[t->count - 1].acks_fin = true;
    }
}

/* The connection and its start: on fresh ports, or on those of the connection before it, which is over for
 * longer than anything may be displaced. */
static void begin(struct http_writer *w, const struct script_talk *before) {
    struct script_talk *t = w->talk;
    unsigned number = w->name[0];
    t->count = t->heads = 0;
    t->pipelines = t->tunnels = false;
    t->len[CLIENT] = t->len[SERVER] = 0;
    t->midstream = http_draw(w, 5) == 0;
    t->ip_version = http_draw(w, 4) ? 4 : 6;
    t->timestamps = http_draw(w, 2) == 0;
    t->port = (uint16_t)(40000 + number);
    w->now_ns = http_draw(w, 1 << 20);
    t->reuses = http_draw(w, 3) == 0 && !t->midstream && before && before->count > 0 && before->closed;
    if (t->reuses) {
        t->ip_version = before->ip_version;
        t->port = before->port;
        w->now_ns = before->writes[before->count - 1].time_ns +
                    (1100 + (int64_t)http_draw(w, 4000)) * NS_PER_MILLISECOND;
    }
}

static void talk_make(struct script_talk *t, const struct script_talk *before, uint64_t seed, unsigned number,
                      const struct script_choice *choice) {
    struct http_writer w = {.talk = t, .seed = seed * SCRIPT_TALKS + number, .name = {number}};
    begin(&w, before);
    uint32_t ending = http_draw(&w, 4), count = 1 + http_draw(&w, SCRIPT_EXCHANGES);
    if (t->midstream) {
        w.name[1] = SCRIPT_EXCHANGES;
        http_settle(&w);
    } else {
        shake_hands(&w);
    }
    for (unsigned i = 0; i < count && !w.closing; i++) {
        if (i >= choice->first[number] && i < choice->last[number]) {
            w.name[1] = i;
            w.seed = (seed * SCRIPT_TALKS + number) * SCRIPT_EXCHANGES + i + 1000000007;
            w.draws = 0;
            http_exchange(&w);
        }
    }
    http_hear(&w, CLIENT);
    http_hear(&w, SERVER);
    t->closed = w.closing || ending <= 2;
    if (w.closing || ending < 2) {
        say_goodbye(&w);
    } else if (ending == 2) {
        http_put(&w, (int)http_draw(&w, 2), 0, TCP_ACK | TCP_RST);
    }
}

void script_make(struct script *s, uint64_t seed, const struct script_choice *choice) {
    s->talks = 1 + script_chance(seed, 2, 0, SCRIPT_TALKS);
    for (unsigned i = 0; i < s->talks; i++) {
        s->talk[i].count = 0;
        if (choice->talks & 1U << i) {
            talk_make(&s->talk[i], i ? &s->talk[i - 1] : NULL, seed, i, choice);
        }
    }
}
