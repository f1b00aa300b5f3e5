/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of notes: protocol violations, ambiguities and anomalies that a record may carry. One table
 * (notes.c) gives id, severity, section and meaning; docs/notes.md is made from it. Constant data. */
#ifndef HARK_ANALYZER_NOTES_H
#define HARK_ANALYZER_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum note_severity { NOTE_INFO, NOTE_WARNING, NOTE_ERROR };

enum note_id {
    /* syntax, from the lexer */
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
    NOTE_HEAD_TOO_LARGE,
    NOTE_BODY_SYNTAX,
    /* framing */
    NOTE_LENGTH_SYNTAX,
    NOTE_LENGTH_REPEATED,
    NOTE_LENGTH_CONFLICT,
    NOTE_LENGTH_AND_CHUNKED,
    NOTE_NOT_CHUNKED_LAST,
    NOTE_TRANSFER_CODING_UNKNOWN,
    NOTE_TRANSFER_ENCODING_1_0,
    NOTE_FRAMING_FORBIDDEN,
    NOTE_LENGTH_OVERFLOW,
    NOTE_CHUNKED_TWICE,
    NOTE_FRAMING_OBSCURED,
    NOTE_FRAMING_AMBIGUOUS,
    NOTE_CONTENT_UNEXPECTED,
    /* target and method */
    NOTE_METHOD_LONG,
    NOTE_HOST_MISMATCH,
    NOTE_HOST_SYNTAX,
    NOTE_HOST_MISSING,
    NOTE_HOST_REPEATED,
    NOTE_TARGET_FORM,
    NOTE_TARGET_USERINFO,
    NOTE_TARGET_FRAGMENT,
    /* exchange */
    NOTE_EARLY_RESPONSE,
    NOTE_UNSOLICITED_RESPONSE,
    NOTE_INTERIM_OVERFLOW,
    NOTE_MESSAGE_CUT,
    NOTE_HEAD_CUT,
    NOTE_BODY_GAP,
    NOTE_RESYNCHRONISED,
    NOTE_BODY_END_GUESSED,
    NOTE_RESET,
    NOTE_TIMES_DISAGREE,
    NOTE_OVERLAP_CONFLICT,
    NOTE_FASTER_THAN_HANDSHAKE,
    /* rules for senders, from the heads' fields */
    NOTE_VERSION_UNKNOWN,
    NOTE_SINGLETON_REPEATED,
    NOTE_DATE_SYNTAX,
    NOTE_DATE_OBSOLETE,
    NOTE_DATE_WEEKDAY,
    NOTE_DATE_MISSING,
    NOTE_EXPIRES_NO_DATE,
    NOTE_NUMBER_SYNTAX,
    NOTE_CONTENT_TYPE_SYNTAX,
    NOTE_ETAG_SYNTAX,
    NOTE_TRAILER_FORBIDDEN,
    NOTE_CONNECTION_OPTION_MISSING,
    NOTE_CONNECTION_END_TO_END,
    NOTE_CLEARTEXT_CREDENTIALS,
    NOTE_EXPECT_WITHOUT_CONTENT,
    NOTE_EXPECTATION_UNKNOWN,
    NOTE_RANGE_SYNTAX,
    NOTE_IF_RANGE_ALONE,
    NOTE_IF_RANGE_WEAK,
    NOTE_REFERER_PARTS,
    NOTE_TRACE_SENSITIVE,
    NOTE_OPTIONS_CONTENT_UNTYPED,
    NOTE_TE_CHUNKED,
    NOTE_CONTENT_RANGE_MISSING,
    NOTE_CONTENT_RANGE_SYNTAX,
    NOTE_CONTENT_RANGE_MISMATCH,
    NOTE_CONTENT_RANGE_UNEXPECTED,
    NOTE_MULTIPART_CONTENT_RANGE,
    NOTE_PARTIAL_UNASKED,
    NOTE_CONDITION_UNASKED,
    NOTE_CHALLENGE_MISSING,
    NOTE_ALLOW_MISSING,
    NOTE_UPGRADE_MISSING,
    NOTE_SWITCH_UNASKED,
    NOTE_INTERIM_TO_1_0,
    NOTE_LOCATION_MISSING,
    NOTE_REDIRECT_LOOP,
    NOTE_REDIRECT_GROWING,
    NOTE_RESET_CONTENT,
    NOTE_TRANSFER_ENCODING_TO_1_0,
    NOTE_FIELD_WRONG_SIDE,
    NOTE_LIST_EMPTY_MEMBER,
    NOTE_WEIGHT_SYNTAX,
    NOTE_DIRECTIVE_QUOTED,
    NOTE_BAD_WHITE_SPACE,
    NOTE_REALM_UNQUOTED,
    NOTE_AUTH_PARAMETER_REPEATED,
    NOTE_URI_WITHOUT_HOST,
    NOTE_HTTPS_IN_CLEAR,
    NOTE_REFERER_SECURE,
    NOTE_SWITCH_BEFORE_CONTINUE,
    NOTE_BAD_REQUEST_ACCEPTED,
    NOTE_METHOD_REFUSED,
    NOTE_CONNECTION_KEPT,
    NOTE_KEEP_ALIVE_TO_1_0,
    NOTE_ACCEPT_ENCODING_UNRELATED,
    NOTE_LAST_MODIFIED_FUTURE,
    NOTE_PRECONDITION_IGNORED,
    NOTE_CONDITION_METHOD,
    NOTE_NOT_MODIFIED_MISMATCH,
    NOTE_STALE_FORBIDDEN,
    NOTE_STALE_SERVED,
    NOTE_CACHED_FORBIDDEN,
    NOTE_IF_RANGE_IGNORED,
    NOTE_MULTIPART_UNASKED,
    NOTE_BYTERANGES_SYNTAX,
    NOTE_RANGE_REFUSED,
    /* ... and from what follows them */
    NOTE_SURPLUS_BYTES,
    NOTE_LENGTH_UNLIKE_BODY,
    NOTE_MESSAGE_AFTER_CLOSE,
    NOTE_IDS, /* how many there are */
};

struct note_info {
    const char *name; /* the id in records: lower case with underscores */
    enum note_severity severity;
    const char *section; /* e.g. "RFC 9112 2.2", "" where no standard speaks of it */
    const char *meaning; /* one sentence */
    const char *differ;  /* what common servers, proxies and clients make of it, as tests/servers found; ""
                            where that was not tried */
};

const struct note_info *note_info(enum note_id);
const char *note_severity_name(enum note_severity);

/* Notes of one message or transaction: a set, listed in the order of the ids. */
struct notes {
    uint64_t seen[(NOTE_IDS + 63) / 64];
};
static inline void notes_add(struct notes *notes, enum note_id id) {
    notes->seen[id / 64] |= UINT64_C(1) << (id % 64);
}
static inline void notes_join(struct notes *notes, const struct notes *more) {
    for (size_t i = 0; i < sizeof notes->seen / sizeof *notes->seen; i++) {
        notes->seen[i] |= more->seen[i];
    }
}
static inline bool notes_none(const struct notes *notes) {
    uint64_t any = 0;
    for (size_t i = 0; i < sizeof notes->seen / sizeof *notes->seen; i++) {
        any |= notes->seen[i];
    }
    return any == 0;
}
static inline int notes_has(const struct notes *notes, enum note_id id) {
    return (int)(notes->seen[id / 64] >> (id % 64) & 1);
}

#endif
