/* SPDX-License-Identifier: Apache-2.0 */
/* What a flow keeps of its connection as that comes and goes: an embryo, a session, a grave. */
#include "reassembly/flow_table.h"
#include "reassembly/session_opening.h"

bool flow_hatch(struct flow_table *t, struct flow *f) {
    struct reassembler *r = &t->reassembler;
    struct session *x = pool_take(&t->sessions);
    if (!x) {
        return false;
    }
    session_init(x, &f->key, f->timer.ordinal, f->incarnation, f);
    struct embryo *embryo = flow_embryo(f);
    flow_keep_session(f, x);
    if (!embryo) {
        return true;
    }
    struct packet p;
    embryo_packet_restore(&embryo->packets[0], &f->key, &p);
    session_opening_syn(r, x, &p);
    if (embryo->count > 1) {
        struct flow_key key = flow_key_reverse(&f->key);
        embryo_packet_restore(&embryo->packets[1], &key, &p);
        session_opening_syn_ack(r, x, &p);
    }
    pool_give(&t->embryos, embryo);
    return true;
}

static void give_grave(struct flow_table *t, struct session_grave *grave) {
    pool_give(&t->graves[grave->size], grave);
    t->grave_count--;
}

void flow_keep_nothing(struct flow_table *t, struct flow *f) {
    switch ((enum flow_stage)f->stage) {
    case STAGE_BARE:
        break;
    case STAGE_EMBRYO:
        pool_give(&t->embryos, f->kept.embryo);
        break;
    case STAGE_GRAVE:
        give_grave(t, f->kept.grave);
        break;
    case STAGE_IMAGE:
        (void)flow_wake(t, f, true); /* its consumer is to be closed */
        __attribute__((fallthrough));
    case STAGE_SESSION:
        session_fini(&t->reassembler, f->kept.session);
        flow_give_session(t, f->kept.session);
        break;
    }
    f->stage = STAGE_BARE;
}

static bool can_be_embryonic(const struct packet *p) {
    return p->flags & TCP_SYN && !(p->flags & (TCP_FIN | TCP_RST)) && p->payload.len + p->cut == 0 &&
           p->path.tunnel_count == 0;
}

bool flow_stays_embryo(struct flow_table *t, struct flow *f, enum direction d, const struct packet *p) {
    if (!can_be_embryonic(p)) {
        return false;
    }
    struct embryo *embryo = flow_embryo(f);
    if (!embryo) {
        if (f->stage != STAGE_BARE || p->flags & TCP_ACK) {
            return false;
        }
        embryo = pool_take(&t->embryos);
        if (!embryo) {
            return false;
        }
        embryo->count = 0;
        f->kept.embryo = embryo;
        f->stage = STAGE_EMBRYO;
    } else if (embryo->count != 1 || d != DIRECTION_1 || !(p->flags & TCP_ACK) ||
               p->ack != embryo->packets[0].seq + 1) {
        return false;
    }
    embryo_packet_save(&embryo->packets[embryo->count++], p);
    return true;
}

void flow_bury(struct flow_table *t, struct flow *f) {
    struct session *x = flow_session(f);
    if (!x || f->older || f->newer || !session_can_rest(x)) {
        return;
    }
    struct session_grave *grave = pool_take(&t->graves[session_grave_size(x)]);
    if (grave && session_bury(&t->reassembler, x, grave)) {
        session_fini(&t->reassembler, x);
        flow_give_session(t, x);
        f->kept.grave = grave;
        f->stage = STAGE_GRAVE;
        t->grave_count++;
    } else if (grave) {
        pool_give(&t->graves[session_grave_size(x)], grave);
    }
}

bool flow_exhume(struct flow_table *t, struct flow *f) {
    struct session *x = pool_take(&t->sessions);
    if (!x) {
        return false;
    }
    struct session_grave *grave = f->kept.grave;
    session_init(x, &f->key, f->timer.ordinal, f->incarnation, f);
    session_exhume(x, grave);
    give_grave(t, grave);
    flow_keep_session(f, x);
    return true;
}
