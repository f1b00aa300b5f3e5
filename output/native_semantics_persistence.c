/* SPDX-License-Identifier: Apache-2.0 */
/* `persistence` of the semantics. */
#include "output/native_semantics.h"
#include "output/pen.h"

/* What a message says; literals, as nearly all say one of two things. */
#define PUT_SAID(to, key, said)                                                                              \
    do {                                                                                                     \
        if ((said) == PERSISTENCE_BY_VERSION) {                                                              \
            PEN_TEXT((to), "\"" key "\":\"persistent\",");                                                   \
        } else if ((said) == PERSISTENCE_KEEP_ALIVE) {                                                       \
            PEN_TEXT((to), "\"" key "\":\"keep_alive\",");                                                   \
        } else if ((said) == PERSISTENCE_CLOSE) {                                                            \
            PEN_TEXT((to), "\"" key "\":\"close\",");                                                        \
        } else if ((said) != PERSISTENCE_UNKNOWN) {                                                          \
            PEN_TEXT((to), "\"" key "\":\"");                                                                \
            (to) = slice_put(slice_of(persistence_name(said)), (to));                                        \
            PEN_TEXT((to), "\",");                                                                           \
        }                                                                                                    \
    } while (0)

static uint8_t *put_close(uint8_t *to, const struct semantics_persistence *p) {
    if (p->closed_by == CLOSED_BY_CLIENT) {
        PEN_TEXT(to, "\"closed_by\":\"client\",");
    } else {
        PEN_TEXT(to, "\"closed_by\":\"server\",");
    }
    if (p->by_reset) {
        PEN_TEXT(to, "\"closed_with\":\"reset\",");
    } else {
        PEN_TEXT(to, "\"closed_with\":\"fin\",");
    }
    return to;
}

static uint8_t *put_keep_alive(uint8_t *to, const struct semantics_persistence *p) {
    PEN_TEXT(to, "\"keep_alive\":{");
    if (p->has_timeout) {
        PEN_UNSIGNED(to, "timeout", p->timeout);
    }
    if (p->has_max) {
        PEN_UNSIGNED(to, "max", p->max);
    }
    to = pen_end(to, '}');
    *to = ',';
    return to + 1;
}

void native_write_persistence(struct native *native, struct writer *w,
                              const struct semantics_persistence *p) {
    if (!p->request && !p->response && !p->has_number && !p->closed_by && !p->has_timeout && !p->has_max) {
        return;
    }
    enum { MOST = 512 };
    uint8_t *to = pen_open(w, MOST);
    if (!to) {
        return;
    }
    PEN_TEXT(to, "\"persistence\":{");
    PUT_SAID(to, "request", p->request);
    PUT_SAID(to, "response", p->response);
    if (p->decided && p->persists) {
        PEN_TEXT(to, "\"persists\":true,");
    } else if (p->decided) {
        PEN_TEXT(to, "\"persists\":false,");
    }
    if (p->has_timeout || p->has_max) {
        to = put_keep_alive(to, p);
    }
    if (p->has_number) {
        PEN_TEXT(to, "\"number\":");
        size_t start = (size_t)(to - w->out->ptr);
        to = pen_unsigned(to, p->number);
        native_note_hole(native, (struct rest_hole){.kind = REST_NUMBER}, start, (size_t)(to - w->out->ptr));
        *to++ = ',';
    }
    if (p->has_carried) {
        PEN_UNSIGNED(to, "carried", p->number);
    }
    if (p->closed_by != CLOSED_UNKNOWN) {
        to = put_close(to, p);
    }
    pen_close(w, pen_end(to, '}'));
}
