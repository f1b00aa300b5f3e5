/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/message.h"

#include "analyzer/method.h"
#include "capture/clear.h"

void message_begin(struct http_message *m, const struct chunk *chunk, uint64_t offset) {
    const struct segment *s = chunk->segment;
    clear_bytes(m, sizeof *m);
    m->offset = m->end_offset = offset;
    m->first.time_ns = m->last.time_ns = s->time_ns; /* a copy of what was just stored would wait for it */
    m->first.number = m->last.number = s->number;
    m->first.ordinal = m->last.ordinal = s->ordinal;
    m->first.file = m->last.file = s->file;
    m->ack = s->ack;
    m->last_ack = s->has_ack ? s->ack : 0;
    m->has_ack = s->has_ack;
    m->ack_late = m->last_ack_late = s->resent;
    m->segments = 1;
    m->duplicated = s->duplicated;
    m->conflict = s->conflict;
}

void message_next_segment(struct http_message *m, const struct segment *s) {
    m->segments++;
    m->last = message_point(s);
    m->last_ack = s->has_ack ? s->ack : m->last_ack;
    m->last_ack_late = s->resent;
    if (m->ack_late && s->has_ack && !s->resent && s->ack <= m->ack) {
        m->ack = s->ack; /* what follows was not sent before */
        m->ack_late = false;
    }
    m->duplicated |= s->duplicated;
    m->conflict |= s->conflict;
}

void message_join(struct http_message *m, const struct http_message *next) {
    m->segments += next->segments - (next->first.ordinal == m->last.ordinal ? 1 : 0);
    m->last = next->last;
    m->last_ack = next->last_ack ? next->last_ack : m->last_ack;
    m->last_ack_late = next->last_ack_late;
    m->duplicated |= next->duplicated;
    m->conflict |= next->conflict;
    m->end_offset = next->end_offset;
    m->lost_until = next->lost_until ? next->lost_until : m->lost_until;
}

void message_start_line(struct http_message *m, const struct h1_event *event, struct transaction *t) {
    m->seen = true;
    m->major = event->major;
    m->minor = event->minor;
    if (!t) {
        return;
    }
    bool ok = true;
    struct slice text = arena_copy(&t->arena, event->text, &ok);
    for (unsigned i = 0; i < 3; i++) {
        struct slice part = event->line[i];
        m->line[i] = text.len ? slice_make(text.ptr + (part.ptr - event->text.ptr), part.len)
                              : arena_copy(&t->arena, part, &ok);
    }
    if (!ok) {
        m->headers.dropped++; /* so that it never claims to be complete */
        notes_add(&t->notes, NOTE_HEAD_TOO_LARGE);
    }
}

void message_field(struct http_message *m, struct header_list *list, const struct h1_event *event,
                   struct transaction *t, const struct limits *limits) {
    if (list == &m->headers) {
        framing_line(&m->fields, event);
    }
    if (!t) {
        return;
    }
    bool room = m->stored_bytes + event->name.len + event->value.len <= limits->head_bytes;
    if (!room) {
        list->dropped++;
    } else if (transaction_add_header(t, list, event->name, event->value, limits)) {
        m->stored_bytes += event->name.len + event->value.len;
    }
    if (list->dropped) {
        notes_add(&t->notes, NOTE_HEAD_TOO_LARGE);
    }
}

_Static_assert(FIELD_NAMES < UINT8_MAX, "a byte for each, and for one that was not looked up");

/* They lie one behind the other in the same bytes, so one copy is enough. False: there is no room for all,
 * and nothing was done. */
static bool take_fields(struct http_message *m, const struct h1_field *fields, size_t count,
                        struct transaction *t, const struct limits *limits) {
    struct slice last = fields[count - 1].value;
    const uint8_t *front = fields[0].name.ptr;
    size_t span = (size_t)(last.ptr + last.len - front);
    if (m->stored_bytes + span > limits->head_bytes || m->headers.dropped) {
        return false;
    }
    struct header *header = transaction_more_headers(t, &m->headers, count, limits);
    uint8_t *copy = header ? arena_alloc(&t->arena, span) : NULL;
    if (!copy) {
        return false;
    }
    memcpy(copy, front, span);
    m->headers.count += (uint32_t)count;
    size_t stored = 0;
    for (size_t i = 0; i < count; i++) {
        struct slice name = fields[i].name, value = fields[i].value;
        enum field_name known = field_name_of(name);
        framing_token_field(&m->fields, known, value);
        header[i].name = slice_make(copy + (name.ptr - front), name.len);
        header[i].value = slice_make(copy + (value.ptr - front), value.len);
        header[i].joined = true;
        header[i].known = (uint8_t)(known + 1);
        stored += name.len + value.len;
    }
    m->stored_bytes += stored;
    return true;
}

void message_fields(struct http_message *m, const struct h1_field *fields, size_t count,
                    struct transaction *t, const struct limits *limits) {
    if (count == 0 || (t && take_fields(m, fields, count, t, limits))) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct h1_event event = {.name = fields[i].name, .value = fields[i].value};
        message_field(m, &m->headers, &event, t, limits);
    }
}

void message_gap(struct http_message *m, uint64_t len, uint64_t body) {
    m->gap_bytes += len;
    m->missing_bytes += body;
    m->end_offset += len;
}

void message_pass(struct http_message *m, uint64_t len) {
    m->pending_bytes += len;
    m->end_offset += len;
}

void message_fill(struct http_message *m, const struct chunk *chunk) {
    m->pending_bytes -= chunk->bytes.len;
    m->body_bytes += chunk->bytes.len;
    m->segments++;
    m->duplicated |= chunk->segment->duplicated;
    m->conflict |= chunk->segment->conflict;
}

void message_miss(struct http_message *m, uint64_t len) {
    m->pending_bytes -= len;
    m->gap_bytes += len;
    m->missing_bytes += len;
}

void message_note_some_oddities(struct notes *notes, uint32_t h1_oddities, uint32_t framing_oddities) {
    static const enum note_id h1_notes[] = {
        NOTE_EMPTY_LINES,
        NOTE_BARE_LF,
        NOTE_BARE_CR,
        NOTE_NUL_BYTE,
        NOTE_CONTROL_BYTES,
        NOTE_OBS_FOLD,
        NOTE_SPACE_BEFORE_COLON,
        NOTE_FIELD_WITHOUT_COLON,
        NOTE_EMPTY_FIELD_NAME,
        NOTE_FIELD_NAME_SYNTAX,
        NOTE_START_LINE_SPACES,
        NOTE_TARGET_SPACES,
        NOTE_VERSION_SYNTAX,
        NOTE_STATUS_SYNTAX,
        NOTE_LINE_TOO_LONG,
        NOTE_CHUNK_SIZE_SYNTAX,
        NOTE_CHUNK_EXTENSION_SYNTAX,
        NOTE_CHUNK_END,
        NOTE_FIRST_FIELD_FOLDED,
    };
    static const enum note_id framing_notes[] = {
        NOTE_LENGTH_SYNTAX,         NOTE_LENGTH_REPEATED,   NOTE_LENGTH_CONFLICT,
        NOTE_LENGTH_AND_CHUNKED,    NOTE_NOT_CHUNKED_LAST,  NOTE_TRANSFER_CODING_UNKNOWN,
        NOTE_TRANSFER_ENCODING_1_0, NOTE_FRAMING_FORBIDDEN, NOTE_LENGTH_OVERFLOW,
        NOTE_CHUNKED_TWICE,         NOTE_FRAMING_OBSCURED,  NOTE_FRAMING_AMBIGUOUS,
        NOTE_CONTENT_UNEXPECTED,
    };
    for (unsigned bit = 0; h1_oddities >> bit; bit++) {
        if (h1_oddities >> bit & 1 && bit < sizeof h1_notes / sizeof *h1_notes) {
            notes_add(notes, h1_notes[bit]);
        }
    }
    for (unsigned bit = 0; framing_oddities >> bit; bit++) {
        if (framing_oddities >> bit & 1 && bit < sizeof framing_notes / sizeof *framing_notes) {
            notes_add(notes, framing_notes[bit]);
        }
    }
}

void message_note_target(struct notes *notes, const struct http_message *request,
                         const struct target *target) {
    static const enum note_id target_notes[] = {
        NOTE_HOST_MISMATCH, NOTE_HOST_SYNTAX, NOTE_TARGET_FORM, NOTE_TARGET_USERINFO, NOTE_TARGET_FRAGMENT,
    };
    for (unsigned bit = 0; target->oddities >> bit; bit++) {
        if (target->oddities >> bit & 1 && bit < sizeof target_notes / sizeof *target_notes) {
            notes_add(notes, target_notes[bit]);
        }
    }
    enum { LONGEST_METHOD = 20 }; /* of those registered: UPDATEREDIRECTREF has 17 */
    if (request->line[0].len > LONGEST_METHOD && !method_is_known(request->line[0])) {
        notes_add(notes, NOTE_METHOD_LONG);
    }
    if (request->fields.host_count > 1) {
        notes_add(notes, NOTE_HOST_REPEATED);
    }
    if (request->fields.host_count == 0 && request->major == 1 && request->minor >= 1) {
        notes_add(notes, NOTE_HOST_MISSING);
    }
}
