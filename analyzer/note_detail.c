/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/note_detail.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct words {
    char *text;
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void say(struct words *words, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int len = vsnprintf(words->text + words->len, NOTE_DETAIL_SIZE - words->len, format, args);
    va_end(args);
    assert(len >= 0 && (size_t)len < NOTE_DETAIL_SIZE - words->len);
    words->len += (size_t)len;
}

/* Where the message ends by this framing: bytes behind its head. */
static void say_end(struct words *words, struct h1_framing framing) {
    switch (framing.kind) {
    case H1_BODY_NONE:
        say(words, "it ends with its head");
        break;
    case H1_BODY_LENGTH:
        say(words, "it ends %" PRIu64 " bytes behind its head", framing.length);
        break;
    case H1_BODY_CHUNKED:
        say(words, "it ends with its last chunk");
        break;
    case H1_BODY_CLOSE:
        say(words, "it ends with the connection");
        break;
    case H1_BODY_TUNNEL:
        say(words, "a tunnel begins behind its head");
        break;
    }
}

static void say_reader(struct words *words, enum framing_reader by) {
    static const char *const readers[FRAMING_READERS] = {
        [FRAMING_BY_CHUNKS] = "who takes Transfer-Encoding for chunked",
        [FRAMING_BY_LENGTH] = "who goes by Content-Length",
        [FRAMING_BY_LAST_LENGTH] = "who goes by the last Content-Length",
        [FRAMING_BY_LENIENT_LENGTH] = "who reads a length leniently",
        [FRAMING_BY_NOTHING] = "who ignores the odd field",
    };
    say(words, "%s", readers[by]);
}

static void say_readings(struct words *words, const char *which, const struct http_message *m, bool request) {
    struct framing_reading others[FRAMING_READERS];
    unsigned count = framing_other_readings(&m->fields, request, m->framing, others);
    bool cut = m->fields.oddities & FRAMING_ODD_CUT && m->fields.oddities & FRAMING_ODD_AMBIGUOUS;
    if (!m->head_complete || (count == 0 && !cut)) {
        return;
    }
    say(words, "%s%s: to hark ", words->len ? " " : "", which);
    say_end(words, m->framing);
    if (m->framing.kind == H1_BODY_CHUNKED && m->end_known) {
        say(words, ", %" PRIu64 " bytes behind its head", m->end_offset - m->offset - m->head_bytes);
    }
    for (unsigned i = 0; i < count; i++) {
        say(words, "; to one ");
        say_reader(words, others[i].by);
        say(words, " ");
        say_end(words, others[i].framing);
    }
    say(words, cut ? "; the field that says it is longer than hark stores." : ".");
}

const char *note_detail(enum note_id id, const struct transaction *t, char text[NOTE_DETAIL_SIZE]) {
    if (id != NOTE_FRAMING_AMBIGUOUS) {
        return note_info(id)->differ;
    }
    struct words words = {.text = text};
    text[0] = '\0';
    say_readings(&words, "request", &t->request, true);
    say_readings(&words, "response", &t->response, false);
    return text;
}
