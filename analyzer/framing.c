/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/framing.h"

#include "analyzer/h1_syntax.h"

/* Not inlined into framing_known_field, which most often needs none of them: without a call of its own it
 * needs no frame. */
#define APART __attribute__((noinline))

/* Takes the first member off a comma-separated list (RFC 9110 section 5.6.1). False when the list is used up.
 */
static bool next_member(struct slice *list, struct slice *member) {
    if (list->ptr == NULL) {
        return false;
    }
    size_t comma = 0; /* most lists are short */
    while (comma < list->len && list->ptr[comma] != ',') {
        comma++;
    }
    *member = slice_trim(slice_first(*list, comma));
    *list = comma < list->len ? slice_after(*list, comma + 1) : slice_make(NULL, 0);
    return true;
}

/* 1*DIGIT; `*too_big` when the number exceeds 2^63 - 1. */
static bool read_length(struct slice s, uint64_t *value, bool *too_big) {
    enum { SURE = 18 }; /* digits that can't be too many */
    uint64_t number = 0;
    size_t i = 0;
    for (; i < s.len && i < SURE && h1_is(s.ptr[i], H1_DIGIT); i++) {
        number = number * 10 + (uint64_t)(s.ptr[i] - '0');
    }
    bool big = false;
    for (; i < s.len && h1_is(s.ptr[i], H1_DIGIT); i++) {
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        big = big || number > ((uint64_t)INT64_MAX - digit) / 10;
        number = big ? 0 : number * 10 + digit;
    }
    *value = number;
    *too_big = big;
    return s.len > 0 && i == s.len;
}

/* What strtol and its like find: a sign and leading digits. */
static void add_lenient_length(struct framing_fields *f, struct slice member) {
    size_t start = member.len && member.ptr[0] == '+' ? 1 : 0;
    size_t end = start;
    while (end < member.len && h1_is(member.ptr[end], H1_DIGIT)) {
        end++;
    }
    uint64_t value;
    bool too_big;
    if (!f->lenient_valid && read_length(slice_make(member.ptr + start, end - start), &value, &too_big) &&
        !too_big) {
        f->lenient_valid = true;
        f->lenient_length = value;
    }
}

static void add_number(struct framing_fields *f, uint64_t value, bool too_big) {
    f->length_count++;
    if (too_big) {
        f->oddities |= FRAMING_ODD_LENGTH_OVERFLOW;
    } else if (!f->length_valid) {
        f->length_valid = true;
        f->length = f->last_length = value;
    } else {
        f->oddities |= value == f->length ? FRAMING_ODD_LENGTH_REPEATED : FRAMING_ODD_LENGTH_CONFLICT;
        f->last_length = value;
    }
}

static void add_length(struct framing_fields *f, struct slice member) {
    uint64_t value;
    bool too_big;
    if (read_length(member, &value, &too_big)) {
        add_number(f, value, too_big);
    } else {
        f->length_count++;
        f->oddities |= FRAMING_ODD_LENGTH_SYNTAX;
        add_lenient_length(f, member);
    }
}

/* No number alone. */
static void add_lengths(struct framing_fields *f, struct slice value) {
    if (value.len == 0) {
        f->length_count++;
        f->oddities |= FRAMING_ODD_LENGTH_SYNTAX;
        return;
    }
    struct slice member;
    while (next_member(&value, &member)) {
        if (member.len) {
            add_length(f, member);
        } else {
            f->oddities |= FRAMING_ODD_LENGTH_SYNTAX;
        }
    }
}

static APART void content_length(struct framing_fields *f, struct slice value) {
    uint64_t number;
    bool too_big;
    if (read_length(value, &number, &too_big)) {
        add_number(f, number, too_big);
    } else {
        add_lengths(f, value);
    }
}

/* The registered ones (RFC 9112 sections 7.1 and 7.2), all without parameters. */
static bool is_known_coding(struct slice s) {
    return slice_is_nocase(s, "gzip") || slice_is_nocase(s, "deflate") || slice_is_nocase(s, "compress") ||
           slice_is_nocase(s, "x-gzip") || slice_is_nocase(s, "x-compress");
}

/* Does it name the chunked coding, once bytes that can't be in a name are left out? */
static bool contains_chunked(struct slice s) {
    static const char chunked[] = "chunked";
    for (size_t start = 0; start < s.len; start++) {
        size_t at = 0;
        for (size_t i = start; i < s.len && chunked[at] != '\0'; i++) {
            if (!h1_is(s.ptr[i], H1_TOKEN)) {
                continue;
            }
            if ((s.ptr[i] | 0x20) != chunked[at]) {
                break;
            }
            at++;
        }
        if (chunked[at] == '\0') {
            return true;
        }
    }
    return false;
}

static APART void transfer_encoding(struct framing_fields *f, struct slice value) {
    struct slice member;
    bool named = false;
    while (next_member(&value, &member)) {
        if (member.len == 0) {
            continue;
        }
        named = true;
        if (slice_is_nocase(member, "identity")) {
            f->oddities |= FRAMING_ODD_CODING_UNKNOWN;
            continue;
        }
        f->coding_count++;
        f->chunked_last = slice_is_nocase(member, "chunked");
        if (f->chunked_last) {
            f->oddities |= f->chunked_count++ ? FRAMING_ODD_CHUNKED_TWICE : 0;
        } else if (!is_known_coding(member)) {
            f->oddities |= FRAMING_ODD_CODING_UNKNOWN;
            f->chunked_hint = f->chunked_hint || contains_chunked(member);
        }
    }
    f->oddities |= named ? 0 : FRAMING_ODD_CODING_UNKNOWN;
}

static APART void connection(struct framing_fields *f, struct slice value) {
    if (slice_is_nocase(value, "keep-alive")) { /* as it mostly is */
        f->connection_keep_alive = true;
        return;
    }
    struct slice member;
    while (next_member(&value, &member)) {
        f->connection_close = f->connection_close || slice_is_nocase(member, "close");
        f->connection_keep_alive = f->connection_keep_alive || slice_is_nocase(member, "keep-alive");
        f->connection_upgrade = f->connection_upgrade || slice_is_nocase(member, "upgrade");
    }
}

static APART void expect(struct framing_fields *f, struct slice value) {
    struct slice member;
    while (next_member(&value, &member)) {
        f->expect_continue = f->expect_continue || slice_is_nocase(member, "100-continue");
    }
}

/* Is this the name once bytes that can't be in one are left out? */
static bool is_nearly(struct slice name, const char *wanted) {
    size_t at = 0;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        if (!h1_is(c, H1_TOKEN)) {
            continue;
        }
        if (wanted[at] == '\0' || (c | 0x20) != (wanted[at] | 0x20)) {
            return false;
        }
        at++;
    }
    return wanted[at] == '\0';
}

/* A name that is none of the known ones: one that others may take for a framing field? */
static void other_field(struct framing_fields *f, struct slice name, struct slice value) {
    if (is_nearly(name, "content-length")) {
        f->oddities |= FRAMING_ODD_OBSCURED;
        add_lenient_length(f, value);
    } else if (is_nearly(name, "transfer-encoding")) {
        f->oddities |= FRAMING_ODD_OBSCURED;
        f->chunked_hint = f->chunked_hint || contains_chunked(value);
    }
}

const bool framing_asks_for[FIELD_NAMES] = {
    [FIELD_NAME_HOST] = true,       [FIELD_NAME_EXPECT] = true,         [FIELD_NAME_UPGRADE] = true,
    [FIELD_NAME_CONNECTION] = true, [FIELD_NAME_CONTENT_LENGTH] = true, [FIELD_NAME_TRANSFER_ENCODING] = true,
};

void framing_known_field(struct framing_fields *f, enum field_name name, struct slice value) {
    switch ((unsigned)name) {
    case FIELD_NAME_HOST:
        f->host_count++;
        break;
    case FIELD_NAME_EXPECT:
        expect(f, value);
        break;
    case FIELD_NAME_UPGRADE:
        f->upgrade = true;
        break;
    case FIELD_NAME_CONNECTION:
        connection(f, value);
        break;
    case FIELD_NAME_CONTENT_LENGTH:
        content_length(f, value);
        break;
    case FIELD_NAME_TRANSFER_ENCODING:
        transfer_encoding(f, value);
        break;
    default:
        break;
    }
}

void framing_field(struct framing_fields *f, struct slice name, struct slice value) {
    const size_t longer = sizeof "content-length"; /* by an odd byte at least */
    enum field_name known = field_name_of(name);
    framing_token_field(f, known, value);
    if (name.len >= longer && known != FIELD_NAME_TRANSFER_ENCODING) {
        other_field(f, name, value);
    }
}

void framing_line(struct framing_fields *f, const struct h1_event *e) {
    const uint32_t disguises = H1_ODD_SPACE_BEFORE_COLON | H1_ODD_OBS_FOLD;
    bool frames =
        e->odd & (disguises | H1_ODD_LINE_TOO_LONG) &&
        (slice_is_nocase(e->name, "content-length") || slice_is_nocase(e->name, "transfer-encoding"));
    if (frames && e->odd & H1_ODD_LINE_TOO_LONG) {
        f->oddities |= FRAMING_ODD_CUT;
        return;
    }
    framing_field(f, e->name, e->value);
    f->oddities |= frames ? FRAMING_ODD_OBSCURED : 0;
}

static bool is_before_1_1(unsigned major, unsigned minor) {
    return (major == 1 && minor == 0) || (major == 0 && minor == 9);
}

static void note_codings(struct framing_fields *f, unsigned major, unsigned minor) {
    if (f->coding_count == 0) {
        return;
    }
    if (f->length_count) {
        f->oddities |= FRAMING_ODD_BOTH;
    }
    if (!f->chunked_last) {
        f->oddities |= FRAMING_ODD_NOT_CHUNKED_LAST;
    }
    if (is_before_1_1(major, minor)) {
        f->oddities |= FRAMING_ODD_TE_IN_1_0;
    }
}

static struct h1_framing make(enum h1_framing_kind kind) {
    return (struct h1_framing){.kind = kind};
}

static struct h1_framing of_length(const struct framing_fields *f) {
    return (struct h1_framing){.kind = H1_BODY_LENGTH, .length = f->length};
}

/* Do both end the message at the same byte? */
static bool is_same_end(struct h1_framing a, struct h1_framing b) {
    bool a_empty = a.kind == H1_BODY_NONE || (a.kind == H1_BODY_LENGTH && a.length == 0);
    bool b_empty = b.kind == H1_BODY_NONE || (b.kind == H1_BODY_LENGTH && b.length == 0);
    if (a_empty || b_empty) {
        return a_empty && b_empty;
    }
    return a.kind == b.kind && (a.kind != H1_BODY_LENGTH || a.length == b.length);
}

struct reading_list {
    struct framing_reading *readings;
    unsigned count;
    struct h1_framing taken;
};

static void add_reading(struct reading_list *list, enum framing_reader by, struct h1_framing framing) {
    bool known = is_same_end(framing, list->taken);
    for (unsigned i = 0; i < list->count; i++) {
        known = known || is_same_end(framing, list->readings[i].framing);
    }
    if (!known) {
        list->readings[list->count++] = (struct framing_reading){.by = by, .framing = framing};
    }
}

static void add_length_reading(struct reading_list *list, enum framing_reader by, bool valid,
                               uint64_t length) {
    if (valid) {
        add_reading(list, by, (struct h1_framing){.kind = H1_BODY_LENGTH, .length = length});
    }
}

unsigned framing_other_readings(const struct framing_fields *f, bool request, struct h1_framing taken,
                                struct framing_reading readings[FRAMING_READERS]) {
    const uint32_t ignorable = FRAMING_ODD_LENGTH_SYNTAX | FRAMING_ODD_LENGTH_OVERFLOW | FRAMING_ODD_OBSCURED;
    const uint32_t coded =
        FRAMING_ODD_BOTH | FRAMING_ODD_NOT_CHUNKED_LAST | FRAMING_ODD_CODING_UNKNOWN | FRAMING_ODD_TE_IN_1_0;
    const uint32_t doubtful = ignorable | coded | FRAMING_ODD_LENGTH_CONFLICT;
    bool forbidden = f->oddities & FRAMING_ODD_FORBIDDEN;
    bool bodiless = !request && taken.kind == H1_BODY_NONE;
    if (taken.kind == H1_BODY_TUNNEL || (bodiless ? !forbidden : !(f->oddities & doubtful))) {
        return 0;
    }
    struct reading_list list = {.readings = readings, .taken = taken};
    if (f->chunked_count || f->chunked_hint) {
        add_reading(&list, FRAMING_BY_CHUNKS, (struct h1_framing){.kind = H1_BODY_CHUNKED});
    }
    add_length_reading(&list, FRAMING_BY_LENGTH, f->length_valid, f->length);
    add_length_reading(&list, FRAMING_BY_LAST_LENGTH, f->length_valid, f->last_length);
    add_length_reading(&list, FRAMING_BY_LENIENT_LENGTH, f->lenient_valid, f->lenient_length);
    if (!bodiless && (f->oddities & ignorable || (f->oddities & coded && !f->length_valid))) {
        add_reading(&list, FRAMING_BY_NOTHING,
                    (struct h1_framing){.kind = request ? H1_BODY_NONE : H1_BODY_CLOSE});
    }
    return list.count;
}

static struct h1_framing judged(struct framing_fields *f, bool request, struct h1_framing framing) {
    struct framing_reading readings[FRAMING_READERS];
    bool asked = framing.kind != H1_BODY_TUNNEL && (request || framing.kind != H1_BODY_NONE);
    if (f->oddities &&
        (framing_other_readings(f, request, framing, readings) || (f->oddities & FRAMING_ODD_CUT && asked))) {
        f->oddities |= FRAMING_ODD_AMBIGUOUS;
    }
    return framing;
}

static struct h1_framing choose_request(const struct framing_fields *f) {
    if (f->coding_count && f->chunked_last) {
        return make(H1_BODY_CHUNKED);
    }
    return f->length_valid ? of_length(f) : make(H1_BODY_NONE);
}

/* Methods in which content has no meaning (RFC 9110 section 9.3). */
static bool has_no_content(struct slice method) {
    return slice_is(method, "GET") || slice_is(method, "HEAD") || slice_is(method, "CONNECT") ||
           slice_is(method, "TRACE");
}

struct h1_framing framing_of_request(struct framing_fields *f, unsigned major, unsigned minor,
                                     struct slice method) {
    note_codings(f, major, minor);
    struct h1_framing framing = choose_request(f); /* no method changes how a request is framed */
    if (!is_same_end(framing, make(H1_BODY_NONE)) && has_no_content(method)) {
        f->oddities |= FRAMING_ODD_CONTENT_UNEXPECTED;
    }
    return judged(f, true, framing);
}

static struct h1_framing choose_response(const struct framing_fields *f, struct slice method, unsigned status,
                                         bool connected) {
    if (status == 101 || connected) {
        return make(H1_BODY_TUNNEL);
    }
    if ((status >= 100 && status <= 199) || status == 204 || status == 304 || slice_is(method, "HEAD")) {
        return make(H1_BODY_NONE);
    }
    if (f->coding_count) {
        return make(f->chunked_last ? H1_BODY_CHUNKED : H1_BODY_CLOSE);
    }
    return f->length_valid ? of_length(f) : make(H1_BODY_CLOSE);
}

struct h1_framing framing_of_response(struct framing_fields *f, unsigned major, unsigned minor,
                                      struct slice method, unsigned status) {
    bool informational = status >= 100 && status <= 199;
    bool connected = status >= 200 && status <= 299 && slice_is(method, "CONNECT");
    note_codings(f, major, minor);
    if ((informational || status == 204 || connected) && (f->length_count || f->coding_count)) {
        f->oddities |= FRAMING_ODD_FORBIDDEN;
    }
    return judged(f, false, choose_response(f, method, status, connected));
}

bool framing_persists(const struct framing_fields *f, unsigned major, unsigned minor) {
    if (f->connection_close || major == 0) {
        return false;
    }
    return f->connection_keep_alive || !is_before_1_1(major, minor);
}
