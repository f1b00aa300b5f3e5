/* SPDX-License-Identifier: Apache-2.0 */
/* `persistence` of the semantics. */
#include "output/native_semantics.h"

/* What a message says; literals, as nearly all say one of two things. */
#define WRITE_SAID(w, key, said)                                                                             \
    do {                                                                                                     \
        if ((said) == PERSISTENCE_BY_VERSION) {                                                              \
            WRITER_RAW((w), "\"" key "\":\"persistent\"");                                                   \
        } else if ((said) == PERSISTENCE_KEEP_ALIVE) {                                                       \
            WRITER_RAW((w), "\"" key "\":\"keep_alive\"");                                                   \
        } else if ((said) != PERSISTENCE_UNKNOWN) {                                                          \
            WRITER_KEY((w), key);                                                                            \
            writer_text((w), persistence_name(said));                                                        \
        }                                                                                                    \
    } while (0)

static void write_close(struct writer *w, const struct semantics_persistence *p) {
    if (p->closed_by == CLOSED_UNKNOWN) {
        return;
    }
    WRITER_KEY(w, "closed_by");
    writer_text(w, p->closed_by == CLOSED_BY_CLIENT ? "client" : "server");
    WRITER_KEY(w, "closed_with");
    writer_text(w, p->by_reset ? "reset" : "fin");
}

static void write_keep_alive(struct writer *w, const struct semantics_persistence *p) {
    if (!p->has_timeout && !p->has_max) {
        return;
    }
    WRITER_UP_TO(w, "\"keep_alive\":{");
    if (p->has_timeout) {
        WRITER_KEY(w, "timeout");
        writer_unsigned(w, p->timeout);
    }
    if (p->has_max) {
        WRITER_KEY(w, "max");
        writer_unsigned(w, p->max);
    }
    writer_end_object(w);
}

void native_write_persistence(struct writer *w, const struct semantics_persistence *p) {
    if (!p->request && !p->response && !p->has_number && !p->closed_by && !p->has_timeout && !p->has_max) {
        return;
    }
    WRITER_UP_TO(w, "\"persistence\":{");
    WRITE_SAID(w, "request", p->request);
    WRITE_SAID(w, "response", p->response);
    if (p->decided && p->persists) {
        WRITER_RAW(w, "\"persists\":true");
    } else if (p->decided) {
        WRITER_RAW(w, "\"persists\":false");
    }
    write_keep_alive(w, p);
    if (p->has_number) {
        WRITER_KEY(w, "number");
        writer_unsigned(w, p->number);
    }
    if (p->has_carried) {
        WRITER_KEY(w, "carried");
        writer_unsigned(w, p->number);
    }
    write_close(w, p);
    writer_end_object(w);
}
