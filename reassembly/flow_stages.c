/* SPDX-License-Identifier: Apache-2.0 */
/* What a flow keeps of its connection as that comes and goes: an embryo, a session, a grave. */
#include "reassembly/flow_table.h"

bool flow_hatch(struct flow_table *t, struct flow *f) {
    struct reassembler *r = &t->reassembler;
    struct session *x = pool_take(&t->sessions);
    if (!x) {
        return false;
    }
    session_init(x, &f->key, f->timer.ordinal, f->incarnation, f);
    f->session = x;
    if (!f->embryo) {
        return true;
    }
    for (unsigned i = 0; i < f->embryo->count; i++) {
        enum direction d = i == 0 ? DIRECTION_0 : DIRECTION_1;
        struct flow_key key = d == DIRECTION_0 ? f->key : flow_key_reverse(&f->key);
        struct packet p;
        bool done;
        embryo_packet_restore(&f->embryo->packets[i], &key, &p);
        session_check(r, x, d, &p, &done);
        session_packet(r, x, d, &p);
    }
    pool_give(&t->embryos, f->embryo);
    f->embryo = NULL;
    return true;
}

static bool can_be_embryonic(const struct packet *p) {
    return p->flags & TCP_SYN && !(p->flags & (TCP_FIN | TCP_RST)) && p->payload.len + p->cut == 0 &&
           p->path.tunnel_count == 0;
}

bool flow_stays_embryo(struct flow_table *t, struct flow *f, enum direction d, const struct packet *p) {
    if (!can_be_embryonic(p)) {
        return false;
    }
    if (!f->embryo) {
        if (f->session || p->flags & TCP_ACK) {
            return false;
        }
        f->embryo = pool_take(&t->embryos);
        if (!f->embryo) {
            return false;
        }
        f->embryo->count = 0;
    } else if (f->embryo->count != 1 || d != DIRECTION_1 || !(p->flags & TCP_ACK) ||
               p->ack != f->embryo->packets[0].seq + 1) {
        return false;
    }
    embryo_packet_save(&f->embryo->packets[f->embryo->count++], p);
    return true;
}

void flow_bury(struct flow_table *t, struct flow *f) {
    if (!f->session || f->older || f->newer || !session_can_rest(f->session)) {
        return;
    }
    f->grave = pool_take(&t->graves);
    if (f->grave) {
        session_bury(f->session, f->grave);
        session_fini(&t->reassembler, f->session);
        flow_give_session(t, f->session);
        f->session = NULL;
    }
}

bool flow_exhume(struct flow_table *t, struct flow *f) {
    struct session *x = pool_take(&t->sessions);
    if (!x) {
        return false;
    }
    session_init(x, &f->key, f->timer.ordinal, f->incarnation, f);
    session_exhume(x, f->grave);
    pool_give(&t->graves, f->grave);
    f->grave = NULL;
    f->session = x;
    return true;
}
