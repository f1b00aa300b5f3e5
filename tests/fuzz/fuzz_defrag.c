/* SPDX-License-Identifier: Apache-2.0 */
/* Fragments of a few datagrams, beside a model that keeps every byte of every datagram and knows the rules of
 * capture/defrag.h and nothing else: results, datagrams and counts must be the same at every step.
 *
 * Input: one byte of settings, then steps of eight bytes: kind and datagram, flags, two of offset, length,
 * bytes that snaplen cut, content, time. */
#include "capture/defrag.h"
#include "input.h"

enum { STEP_BYTES = 8, STEPS = 128, MODELS = 65, SPACE = 1 << 16 };
enum settings { FEW_DATAGRAMS = 0x01, FEW_BYTES = 0x02, NO_RELEASE = 0x04 };

enum model_state { MODEL_WAITING, MODEL_DISCARDED, MODEL_OUT, MODEL_DONE };

struct piece {
    uint32_t from, to;
    bool more;
};

/* One datagram. */
struct model {
    bool used;
    enum model_state state;
    uint64_t place; /* in the order of its list */
    struct flow_key key;
    uint32_t id;
    uint8_t protocol;
    int64_t since_ns;
    uint32_t total; /* UINT32_MAX: unknown */
    uint32_t end;
    uint32_t cut_at; /* UINT32_MAX: nowhere */
    bool differing;
    unsigned pieces;
    struct piece piece[STEPS];
    uint8_t *bytes; /* SPACE of them; zero from `end` on */
    bool *came;
};

struct harness {
    struct limits limits;
    struct defrag *defrag;
    bool exact; /* the model knows what is evicted */
    bool releases;
    int64_t now_ns;
    uint64_t places;
    struct defrag_counts expected;
    struct model models[MODELS];
};

/* Kept from input to input, and cleared where it was used: to get it anew each time would take most of the
 * time. */
static uint8_t model_bytes[MODELS][SPACE];
static bool model_came[MODELS][SPACE];

static void model_free(struct model *m) {
    memset(m->bytes, 0, m->end);
    memset(m->came, 0, m->end);
    m->used = false;
}

static unsigned models_used(const struct harness *h) {
    unsigned used = 0;
    for (unsigned i = 0; i < MODELS; i++) {
        used += h->models[i].used;
    }
    return used;
}

static struct model *first_of(struct harness *h, bool done) {
    struct model *first = NULL;
    for (unsigned i = 0; i < MODELS; i++) {
        struct model *m = &h->models[i];
        bool in_list =
            done ? m->state == MODEL_DONE : m->state == MODEL_WAITING || m->state == MODEL_DISCARDED;
        if (m->used && in_list && (!first || m->place < first->place)) {
            first = m;
        }
    }
    return first;
}

static bool model_is_stale(const struct harness *h, const struct model *m, int64_t now_ns) {
    int64_t most = m->state == MODEL_DONE ? NS_PER_SECOND : h->limits.fragment_timeout_ns;
    return now_ns - m->since_ns > most || now_ns - m->since_ns < -most;
}

static void model_expire(struct harness *h, struct model *m) {
    h->expected.expired += m->state == MODEL_WAITING;
    model_free(m);
}

static void model_tick(struct harness *h) {
    for (int done = 0; done < 2; done++) {
        struct model *m;
        while ((m = first_of(h, done)) && model_is_stale(h, m, h->now_ns)) {
            model_expire(h, m);
        }
    }
}

static void model_release(struct harness *h) {
    for (;;) {
        struct model *first = NULL;
        for (unsigned i = 0; i < MODELS; i++) {
            struct model *m = &h->models[i];
            if (m->used && m->state == MODEL_OUT && (!first || m->place < first->place)) {
                first = m;
            }
        }
        if (!first) {
            return;
        }
        first->state = MODEL_DONE;
        first->place = ++h->places;
    }
}

static struct model *model_find(struct harness *h, const struct defrag_fragment *f) {
    for (unsigned i = 0; i < MODELS; i++) {
        struct model *m = &h->models[i];
        if (m->used && m->id == f->id && m->key.ip_version == f->key.ip_version &&
            memcmp(&m->key.side[0].address, &f->key.side[0].address, sizeof(struct address)) == 0 &&
            m->key.network_id == f->key.network_id && m->key.vlan == f->key.vlan &&
            (f->key.ip_version == 6 || m->protocol == f->protocol)) {
            return m;
        }
    }
    return NULL;
}

static struct model *model_new(struct harness *h, const struct defrag_fragment *f) {
    while (models_used(h) >= h->limits.fragment_datagrams) {
        struct model *oldest = first_of(h, true);
        oldest = oldest ? oldest : first_of(h, false);
        if (!oldest) {
            h->expected.no_room++;
            return NULL;
        }
        h->expected.evicted += oldest->state == MODEL_WAITING;
        model_free(oldest);
    }
    unsigned at = 0;
    while (h->models[at].used) {
        at++;
    }
    struct model *m = &h->models[at];
    *m = (struct model){.used = true,
                        .state = MODEL_WAITING,
                        .place = ++h->places,
                        .key = f->key,
                        .id = f->id,
                        .protocol = f->protocol,
                        .since_ns = f->time_ns,
                        .total = UINT32_MAX,
                        .cut_at = UINT32_MAX,
                        .bytes = model_bytes[at],
                        .came = model_came[at]};
    return m;
}

/* Are the fragment's bytes those that the datagram has, as far as both are known? */
static bool model_same(const struct model *m, const struct defrag_fragment *f) {
    for (uint32_t i = 0; i < f->bytes.len; i++) {
        if (f->offset + i < m->cut_at && m->bytes[f->offset + i] != f->bytes.ptr[i]) {
            return false;
        }
    }
    return true;
}

static bool model_overlaps(const struct model *m, uint32_t from, uint32_t to) {
    return memchr(m->came + from, true, to - from) != NULL;
}

static bool model_has_piece(const struct model *m, uint32_t from, uint32_t to, bool more) {
    for (unsigned i = 0; i < m->pieces; i++) {
        if (m->piece[i].from == from && m->piece[i].to == to && m->piece[i].more == more) {
            return true;
        }
    }
    return false;
}

static enum defrag_result model_discard(struct harness *h, struct model *m) {
    h->expected.overlapping++;
    m->state = MODEL_DISCARDED;
    return DEFRAG_DROPPED;
}

/* First bytes win. True when others would have differed. */
static bool model_store(struct model *m, const struct defrag_fragment *f, uint32_t end) {
    bool differs = false;
    for (uint32_t at = f->offset; at < end; at++) {
        bool captured = at - f->offset < f->bytes.len;
        if (m->came[at]) {
            differs |= captured && at < m->cut_at && m->bytes[at] != f->bytes.ptr[at - f->offset];
            continue;
        }
        m->came[at] = true;
        if (captured) {
            m->bytes[at] = f->bytes.ptr[at - f->offset];
        } else if (at < m->cut_at) {
            m->cut_at = at;
        }
    }
    m->piece[m->pieces++] = (struct piece){f->offset, end, f->more};
    return differs;
}

static bool model_is_complete(const struct model *m) {
    return m->total != UINT32_MAX && !memchr(m->came, false, m->total);
}

static bool model_fits(const struct model *m, const struct defrag_fragment *f, uint32_t end) {
    return m->total == UINT32_MAX ? f->more || end >= m->end : f->more ? end <= m->total : end == m->total;
}

/* IPv4: a second late, and with other bytes or another end. */
static bool model_is_of_another(const struct model *m, const struct defrag_fragment *f, uint32_t end) {
    int64_t age;
    if (m->state != MODEL_WAITING || f->key.ip_version == 6 ||
        __builtin_sub_overflow(f->time_ns, m->since_ns, &age) || age <= NS_PER_SECOND) {
        return false;
    }
    bool differs = false;
    for (uint32_t i = 0; i < f->bytes.len && !differs; i++) {
        uint32_t at = f->offset + i;
        differs = m->came[at] && at < m->cut_at && m->bytes[at] != f->bytes.ptr[i];
    }
    return differs || !model_fits(m, f, end);
}

static enum defrag_result model_put(struct harness *h, struct model *m, const struct defrag_fragment *f,
                                    uint32_t end) {
    bool six = f->key.ip_version == 6;
    if (m->state == MODEL_DISCARDED) {
        return DEFRAG_DROPPED;
    }
    if (!model_fits(m, f, end)) {
        return six ? model_discard(h, m) : DEFRAG_DROPPED;
    }
    if (six && model_overlaps(m, f->offset, end)) {
        bool copy = model_has_piece(m, f->offset, end, f->more) && model_same(m, f);
        return copy ? DEFRAG_HELD : model_discard(h, m);
    }
    if (model_store(m, f, end) && !m->differing) {
        m->differing = true;
        h->expected.overlapping++;
    }
    m->end = end > m->end ? end : m->end;
    m->total = f->more ? m->total : end;
    m->protocol = f->offset == 0 ? f->protocol : m->protocol;
    if (!model_is_complete(m)) {
        return DEFRAG_HELD;
    }
    h->expected.reassembled++;
    m->state = MODEL_OUT;
    m->place = ++h->places;
    m->since_ns = f->time_ns;
    return DEFRAG_COMPLETE;
}

static enum defrag_result model_add(struct harness *h, const struct defrag_fragment *f, struct model **out) {
    size_t len = f->bytes.len + f->missing;
    if (len == 0 || (f->more && len % 8 != 0) || f->offset + len > 65535) {
        return DEFRAG_DROPPED;
    }
    uint32_t end = f->offset + (uint32_t)len;
    struct model *m = model_find(h, f);
    if (m && m->state == MODEL_OUT) {
        return DEFRAG_DROPPED;
    }
    if (m && (model_is_stale(h, m, f->time_ns) || model_is_of_another(m, f, end))) {
        model_expire(h, m);
        m = NULL;
    }
    if (m && m->state == MODEL_DONE) {
        if ((f->more ? end <= m->total : end == m->total) && model_same(m, f)) {
            return DEFRAG_HELD;
        }
        model_free(m);
        m = NULL;
    }
    *out = m ? m : model_new(h, f);
    return *out ? model_put(h, *out, f, end) : DEFRAG_DROPPED;
}

static void check_datagram(const struct model *m, const struct defrag_datagram *d) {
    uint32_t usable = m->cut_at < m->total ? m->cut_at : m->total;
    DEMAND(d->bytes.len == usable && d->missing == m->total - usable && d->protocol == m->protocol);
    DEMAND(slice_equal(d->bytes, slice_make(m->bytes, usable)));
}

static void check_counts(const struct harness *h) {
    struct defrag_counts counts = defrag_counts(h->defrag);
    DEMAND(defrag_bytes(h->defrag) <= h->limits.fragment_bytes);
    DEMAND(counts.waiting <= h->limits.fragment_datagrams);
    if (!h->exact) {
        return;
    }
    uint64_t waiting = 0;
    for (unsigned i = 0; i < MODELS; i++) {
        waiting += h->models[i].used && h->models[i].state == MODEL_WAITING;
    }
    DEMAND(counts.reassembled == h->expected.reassembled && counts.expired == h->expected.expired);
    DEMAND(counts.evicted == h->expected.evicted && counts.no_room == h->expected.no_room);
    DEMAND(counts.overlapping == h->expected.overlapping && counts.waiting == waiting);
}

/* Where bytes are short the model does not know what was evicted, only what a datagram may hold. */
static void check_plausible(const struct defrag_datagram *d, const struct defrag_fragment *f) {
    volatile uint8_t sum = 0;
    DEMAND(d->bytes.len + d->missing <= 65535);
    for (size_t i = 0; i < d->bytes.len; i++) {
        sum = (uint8_t)(sum + d->bytes.ptr[i]);
    }
    DEMAND(f->bytes.len == 0 || f->offset >= d->bytes.len ||
           slice_equal(slice_first(slice_after(d->bytes, f->offset), 1), slice_first(f->bytes, 1)) ||
           f->key.ip_version == 4);
}

static uint8_t content(uint32_t at, uint8_t variant) {
    uint8_t byte = (uint8_t)(at * 31 + (at >> 8) * 7);
    return variant > 200 && at % 64 == variant % 64 ? (uint8_t)~byte : byte;
}

static struct defrag_fragment fragment_of(const uint8_t step[STEP_BYTES], uint8_t *bytes, int64_t time_ns) {
    enum { MORE = 0x01, WIDE = 0x02, SIX = 0x04, UDP = 0x08, ODD = 0x10, OTHER_NETWORK = 0x20, LONG = 0x40 };
    uint8_t flags = step[1];
    uint32_t offset = (uint32_t)(step[2] & 15) * 16, len = (uint32_t)(step[4] % 16 + 1) * 16;
    if (flags & WIDE) {
        offset = ((uint32_t)step[2] << 8 | step[3]) & 0xfff8;
    }
    if (flags & LONG) {
        len = (uint32_t)(step[4] + 1) * 64;
    }
    len -= flags & ODD ? step[4] % 16 : 0;
    uint32_t cut = step[5] > 230 ? (step[5] - 230U) * 8 : 0;
    cut = cut < len ? cut : len;
    for (uint32_t i = 0; i < len - cut; i++) {
        bytes[i] = content(offset + i, step[6]);
    }
    struct defrag_fragment f = {.id = step[0] >> 2 & 3,
                                .protocol = flags & UDP ? 17 : 6,
                                .offset = offset,
                                .more = flags & MORE,
                                .bytes = slice_make(bytes, len - cut),
                                .missing = cut,
                                .time_ns = time_ns};
    f.key.ip_version = flags & SIX ? 6 : 4;
    f.key.network_id = flags & OTHER_NETWORK ? 1 : 0;
    f.key.side[0].address.bytes[15] = step[0] & 3;
    f.key.side[0].port = step[7]; /* must not matter */
    return f;
}

static void add(struct harness *h, const uint8_t step[STEP_BYTES]) {
    static uint8_t room[SPACE];
    struct defrag_fragment f = fragment_of(step, room, h->now_ns);
    uint8_t *bytes = exact_copy(f.bytes);
    f.bytes.ptr = bytes;
    struct defrag_datagram datagram = {0};
    struct model *m = NULL;
    enum defrag_result result = defrag_add(h->defrag, &f, &datagram);
    if (h->exact) {
        DEMAND(result == model_add(h, &f, &m));
    }
    if (result == DEFRAG_COMPLETE && h->exact) {
        check_datagram(m, &datagram);
    } else if (result == DEFRAG_COMPLETE) {
        check_plausible(&datagram, &f);
    }
    if (result == DEFRAG_COMPLETE && step[7] & 2) {
        bool waits = defrag_begin_again(h->defrag, &f);
        if (h->exact) {
            model_free(m);
            DEMAND(waits == (model_add(h, &f, &m) == DEFRAG_HELD));
        }
    }
    free(bytes);
    if (h->releases || step[7] & 1) {
        defrag_release(h->defrag);
        model_release(h);
    }
}

static void pass_time(struct harness *h, const uint8_t step[STEP_BYTES]) {
    static const int64_t units[] = {NS_PER_MILLISECOND, 100 * NS_PER_MILLISECOND, NS_PER_SECOND,
                                    -NS_PER_SECOND};
    h->now_ns += step[2] * units[step[1] % 4];
    if (step[1] & 4) {
        return; /* no tick: what is stale is met by the next fragment */
    }
    defrag_tick(h->defrag, h->now_ns);
    model_tick(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) {
        return 0;
    }
    struct harness *h = calloc(1, sizeof *h);
    DEMAND(h);
    h->limits = limits_default();
    h->limits.fragment_datagrams = data[0] & FEW_DATAGRAMS ? (data[0] >> 4) % 4 + 1U : 64;
    h->limits.fragment_bytes = data[0] & FEW_BYTES ? 3000U << (data[0] >> 4) % 8 : h->limits.fragment_bytes;
    h->exact = !(data[0] & FEW_BYTES);
    h->releases = !(data[0] & NO_RELEASE);
    h->now_ns = 1000 * NS_PER_SECOND;
    h->defrag = defrag_new(&h->limits);
    DEMAND(h->defrag);
    struct input in = input_of(data + 1, size - 1);
    for (unsigned i = 0; i < STEPS && !input_ended(&in); i++) {
        uint8_t step[STEP_BYTES];
        for (unsigned k = 0; k < STEP_BYTES; k++) {
            step[k] = input_u8(&in);
        }
        if (step[0] >= 0xe0) {
            pass_time(h, step);
        } else {
            add(h, step);
        }
        check_counts(h);
    }
    /* All that is held is given back in the end. */
    defrag_release(h->defrag);
    defrag_tick(h->defrag, INT64_MAX);
    DEMAND(defrag_bytes(h->defrag) == 0 && defrag_counts(h->defrag).waiting == 0);
    defrag_free(h->defrag);
    for (unsigned i = 0; i < MODELS; i++) {
        if (h->models[i].used) {
            model_free(&h->models[i]);
        }
    }
    free(h);
    return 0;
}
