/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a script of packets, ticks and a consumer's moods on a few connections; beside the flow table
 * the harness keeps every packet it sent and what became of it. It aborts when reassembly breaks its
 * contract:
 *  - what is delivered is what the named packet brought, in order, each byte once, at its offset;
 *  - of several versions of a byte the one that came first is delivered, and a gap covers no byte that came
 * in time;
 *  - at the end every byte that came in time was delivered, nothing is held, and the counts add up at every
 * step. The second and the first half of the third hold while one key is one connection and no cap is hit.
 *
 * The first byte sets the caps. Each step takes eight bytes: operation, flags, two of sequence number, two of
 * acknowledgement, length, time. Numbers are small steps around each direction's start, or around what was
 * sent so far, so that overlap, holes and repeats are usual. Moods are read from the input's end. */
#include "input.h"
#include "reassembly/flow.h"

enum { FLOWS = 3, STEP_BYTES = 8, LARGEST = 128 * 47, STEPS = 600, LISTENERS = 64, HOLES = 256 };
enum operation {
    FROM_SERVER = 0x01, /* and two bits: the flow */
    IS_CUT = 0x08,
    RELATIVE = 0x10, /* numbers go on from what was sent, and acknowledge it */
    OTHER_ID = 0x20,
    TICK = 0x40, /* without the next */
    FORGED = 0xf0,
};

static const uint32_t bases[2] = {0xffffff00, 1000};

/* A packet with payload, as it was sent. */
struct sent {
    unsigned flow, side; /* side 0 is the client's */
    uint32_t first;      /* number of its first byte */
    uint32_t ack;
    size_t len;
    int64_t time_ns;
    bool judged; /* `fate` is known: the call has returned */
    enum flow_fate fate;
    bool late_known; /* delivery had begun when it came, and stood at: */
    uint32_t late_below;
    uint8_t *bytes;
};

struct listener {
    bool open;
    const struct connection *connection;
    unsigned flow;
    bool swapped; /* the server sent the first packet */
    struct harness *harness;
    struct listener_side {
        bool begun; /* something was offered */
        bool moved; /* ... and taken, or a gap told */
        bool told;  /* the handshake says where the direction starts: */
        uint32_t start;
        bool ended, fin;
        bool declined; /* what was offered last was not taken whole */
        uint64_t begin;
        uint64_t next;
        unsigned holes; /* that were passed, neither filled nor missed yet: */
        struct stream_hole {
            uint64_t from, to;
        } hole[HOLES];
    } side[2]; /* by direction */
};

struct harness {
    struct flow_table *table;
    struct limits limits;
    struct memory memory;
    struct input moods;
    uint64_t gap_bytes, delivered, opens, closes;
    uint64_t packets;
    int64_t now_ns;
    bool cut;         /* a packet was cut by snaplen */
    unsigned current; /* flow of the packet being given, FLOWS outside */
    uint64_t opened_before;
    uint64_t opened[FLOWS];  /* connections so far */
    uint32_t high[FLOWS][2]; /* behind what the side has sent */
    const struct listener *last[FLOWS];
    struct sent sent[STEPS];
    struct listener listeners[LISTENERS];
};

static uint8_t mood(struct harness *h) {
    struct slice *rest = &h->moods.rest;
    return rest->len ? rest->ptr[--rest->len] : 0;
}

static uint8_t byte_at(unsigned side, uint32_t number) {
    return (uint8_t)(number * 31 + (number >> 8) + side * 97);
}

static struct flow_counts counts_of(const struct harness *h) {
    struct flow_counts counts;
    flow_table_counts(h->table, &counts);
    return counts;
}

static bool capped(const struct harness *h) {
    struct flow_counts counts = counts_of(h);
    return counts.cap_held_bytes + counts.cap_stream_bytes + counts.cap_memory + counts.cap_flow_memory +
               counts.fates[FLOW_NO_MEMORY] >
           0;
}

/* Does the model know of each packet which connection it went to, and that nothing had to give way? */
static bool exact(const struct harness *h, unsigned flow) {
    uint64_t opened = h->opened[flow];
    if (h->current == flow) {
        opened += counts_of(h).opened - h->opened_before;
    }
    return opened == 1 && !capped(h);
}

static bool overlap(const struct sent *s, uint32_t first, uint64_t len) {
    return (uint32_t)(s->first - first) < len || (uint32_t)(first - s->first) < s->len;
}

/* A packet whose bytes at [first, first + len) came, in time, before packet `before`. */
static const struct sent *came_before(const struct harness *h, const struct listener *l, unsigned side,
                                      uint32_t first, uint64_t len, uint64_t before) {
    for (uint64_t i = 0; i < before; i++) {
        const struct sent *s = &h->sent[i];
        if (s->len > 0 && s->judged && s->fate == FLOW_DATA && s->flow == l->flow && s->side == side &&
            overlap(s, first, len)) {
            return s;
        }
    }
    return NULL;
}

static void *listener_open(void *environment, const struct connection *c) {
    struct harness *h = environment;
    DEMAND(c->key.side[0].port != 0);
    if (mood(h) % 16 == 15) {
        return NULL;
    }
    for (unsigned i = 0; i < LISTENERS; i++) {
        struct listener *l = &h->listeners[i];
        if (!l->open && !l->harness) {
            bool swapped = c->key.side[0].port == 80;
            *l = (struct listener){.harness = h,
                                   .open = true,
                                   .connection = c,
                                   .flow = c->key.side[swapped].port - 40000U,
                                   .swapped = swapped};
            DEMAND(l->flow < FLOWS);
            h->last[l->flow] = l;
            h->opens++;
            return l;
        }
    }
    return NULL;
}

/* Something stands at the direction's front. As long as nothing was taken a SYN that is late may still say
 * that the stream starts lower. */
static void begin(struct listener *l, enum direction d, uint64_t offset) {
    struct listener_side *s = &l->side[d];
    bool lower = !s->moved && l->connection->start_known[d] && offset < s->next;
    DEMAND(!s->begun || s->next == offset || lower);
    if (!s->begun || lower) {
        s->begun = true;
        s->begin = s->next = offset;
    }
}

static void move(struct listener *l, enum direction d, uint64_t offset, uint64_t len) {
    struct listener_side *s = &l->side[d];
    DEMAND(l->open && !s->ended && len > 0);
    begin(l, d, offset);
    s->moved = true;
    s->next = offset + len;
}

static void check_chunk(const struct listener *l, enum direction d, const struct chunk *chunk) {
    const struct harness *h = l->harness;
    const struct segment *segment = chunk->segment;
    unsigned side = (unsigned)d ^ l->swapped;
    DEMAND(segment->ordinal > 0 && segment->ordinal <= h->packets && segment->number == segment->ordinal);
    const struct sent *s = &h->sent[segment->ordinal - 1];
    uint32_t at = (uint32_t)chunk->offset - s->first;
    DEMAND(s->flow == l->flow && s->side == side && s->time_ns == segment->time_ns);
    DEMAND((uint32_t)segment->offset == s->first && chunk->offset >= segment->offset);
    DEMAND(at < s->len && chunk->bytes.len <= s->len - at);
    DEMAND(memcmp(chunk->bytes.ptr, s->bytes + at, chunk->bytes.len) == 0);
    if (exact(h, l->flow)) {
        DEMAND(!came_before(h, l, side, (uint32_t)chunk->offset, chunk->bytes.len, segment->ordinal - 1));
    }
}

static size_t listener_data(void *consumer, enum direction d, const struct chunk *chunk) {
    struct listener *l = consumer;
    struct harness *h = l->harness;
    struct listener_side *s = &l->side[d];
    size_t take = chunk->bytes.len;
    DEMAND(take > 0 && l->open && !s->ended);
    begin(l, d, chunk->offset);
    check_chunk(l, d, chunk);
    DEMAND(!chunk->must_take || s->declined || l->connection->one_sided || capped(h));
    uint8_t want = mood(h);
    if (!chunk->must_take && want % 4 == 3) {
        take = want / 4 * take / 64;
    }
    if (take > 0) {
        move(l, d, chunk->offset, take);
        h->delivered += take;
    }
    s->declined = take < chunk->bytes.len;
    return take;
}

static void check_loss(const struct listener *l, enum direction d, uint64_t offset, uint64_t len,
                       enum gap_reason reason) {
    const struct harness *h = l->harness;
    DEMAND(reason < GAP_REASONS);
    DEMAND(reason != GAP_BUDGET || capped(h));
    DEMAND(reason != GAP_SNAPLEN || h->cut);
    if (exact(h, l->flow)) {
        DEMAND(!came_before(h, l, (unsigned)d ^ l->swapped, (uint32_t)offset, len, h->packets));
    }
}

static void listener_gap(void *consumer, enum direction d, uint64_t offset, uint64_t len,
                         enum gap_reason reason, int64_t now_ns) {
    struct listener *l = consumer;
    struct harness *h = l->harness;
    DEMAND(now_ns >= 0);
    check_loss(l, d, offset, len, reason);
    move(l, d, offset, len);
    l->side[d].declined = false;
    h->gap_bytes += len;
}

static uint64_t listener_counted_until(void *consumer, enum direction d) {
    struct listener *l = consumer;
    const struct listener_side *s = &l->side[d];
    DEMAND(l->open && !s->ended);
    return s->moved && s->holes < HOLES / 2 ? s->next + mood(l->harness) % 8 * 40U : 0;
}

static void listener_pass(void *consumer, enum direction d, uint64_t offset, uint64_t len) {
    struct listener *l = consumer;
    struct listener_side *s = &l->side[d];
    DEMAND(s->moved && !s->declined && s->next == offset);
    move(l, d, offset, len);
    s->hole[s->holes++] = (struct stream_hole){.from = offset, .to = offset + len};
}

/* [from, to) is no longer missing: it must have been, all of it in one hole. */
static void close_hole(struct listener *l, enum direction d, uint64_t from, uint64_t to) {
    struct listener_side *s = &l->side[d];
    unsigned i = 0;
    while (i < s->holes && s->hole[i].to <= from) {
        i++;
    }
    DEMAND(l->open && !s->ended && from < to && i < s->holes && s->hole[i].from <= from &&
           to <= s->hole[i].to);
    const struct stream_hole whole = s->hole[i];
    memmove(&s->hole[i], &s->hole[i + 1], (s->holes - i - 1) * sizeof s->hole[0]);
    s->holes--;
    const struct stream_hole rests[] = {{.from = to, .to = whole.to}, {.from = whole.from, .to = from}};
    for (unsigned k = 0; k < 2; k++) {
        if (rests[k].from < rests[k].to) {
            DEMAND(s->holes < HOLES);
            memmove(&s->hole[i + 1], &s->hole[i], (s->holes - i) * sizeof s->hole[0]);
            s->hole[i] = rests[k];
            s->holes++;
        }
    }
}

static void listener_fill(void *consumer, enum direction d, const struct chunk *chunk) {
    struct listener *l = consumer;
    DEMAND(chunk->must_take);
    check_chunk(l, d, chunk);
    close_hole(l, d, chunk->offset, chunk->offset + chunk->bytes.len);
    l->harness->delivered += chunk->bytes.len;
}

static void listener_miss(void *consumer, enum direction d, uint64_t offset, uint64_t len,
                          enum gap_reason reason, int64_t now_ns) {
    struct listener *l = consumer;
    DEMAND(now_ns >= 0);
    check_loss(l, d, offset, len, reason);
    close_hole(l, d, offset, offset + len);
    l->harness->gap_bytes += len;
}

static const struct consumer_passing listener_passing = {listener_counted_until, listener_pass, listener_fill,
                                                         listener_miss};

static void listener_overdue(void *consumer, enum direction d, uint64_t acked, int64_t now_ns) {
    struct listener *l = consumer;
    (void)now_ns;
    DEMAND(l->open && !l->side[d].ended);
    DEMAND(!l->side[d].begun || acked > l->side[d].next);
}

static void listener_end(void *consumer, enum direction d, enum end_reason reason, int64_t now_ns) {
    struct listener *l = consumer;
    (void)now_ns;
    DEMAND(l->open && !l->side[d].ended && l->side[d].holes == 0 && reason < END_REASONS);
    l->side[d].ended = true;
    l->side[d].fin = reason == END_FIN;
}

static void listener_close(void *consumer) {
    struct listener *l = consumer;
    DEMAND(l->open && l->side[0].ended && l->side[1].ended);
    for (int d = 0; d < 2; d++) {
        l->side[d].told = l->connection->start_known[d];
        l->side[d].start = (uint32_t)l->connection->start[d];
    }
    l->open = false;
    l->harness->closes++;
}

static const struct consumer_ops listener_ops = {
    listener_open,     listener_data, listener_gap, listener_overdue, listener_end, listener_close, NULL,
    &listener_passing, NULL,          NULL};

static uint8_t flags_of(uint8_t code) {
    static const uint8_t usual[] = {TCP_ACK,           TCP_ACK, TCP_ACK | TCP_PSH, TCP_SYN, TCP_SYN | TCP_ACK,
                                    TCP_ACK | TCP_FIN, TCP_RST, TCP_RST | TCP_ACK};
    return code & 0x80 ? code & 0x3f : usual[code % (sizeof usual / sizeof *usual)];
}

static void set_numbers(struct harness *h, struct packet *p, const uint8_t step[STEP_BYTES], unsigned flow,
                        unsigned side) {
    if (step[0] & RELATIVE) {
        p->seq = h->high[flow][side] + (uint32_t)(int8_t)step[2] * (step[3] & 15);
        p->ack = h->high[flow][!side] + (uint32_t)(int8_t)step[4] * (step[5] & 15);
        return;
    }
    /* Mostly near the start; seldom anywhere. */
    uint32_t seq = (uint32_t)step[2] << 4 ^ step[3], ack = (uint32_t)step[4] << 4 ^ step[5];
    p->seq = bases[side] + (step[1] & 0x40 ? seq << 16 : seq);
    p->ack = bases[!side] + (step[1] & 0x40 ? ack << 16 : ack);
}

static struct packet packet_of(struct harness *h, const uint8_t step[STEP_BYTES], unsigned flow,
                               unsigned side) {
    struct packet p = {.time_ns = h->now_ns - (step[7] & 7) * NS_PER_MILLISECOND,
                       .ordinal = h->packets,
                       .number = h->packets,
                       .flags = flags_of(step[1]),
                       .window = step[7],
                       .window_scale = (int8_t)(step[7] % 16 - 1),
                       .has_timestamps = step[7] & 8,
                       .ip_id = step[0] & OTHER_ID ? (uint16_t)h->packets : 1};
    p.ts_value = p.has_timestamps && step[7] & 16 ? (uint32_t)h->packets : 0;
    set_numbers(h, &p, step, flow, side);
    p.cut = step[0] & IS_CUT ? step[7] : 0;
    p.key.ip_version = 4;
    for (unsigned i = 0; i < 2; i++) {
        p.key.side[i].address = address_of_v4((const uint8_t[]){10, 0, 0, (uint8_t)(1 + (i ^ side))});
        p.key.side[i].port = i ^ side ? 80 : (uint16_t)(40000 + flow);
    }
    return p;
}

static void remember(struct harness *h, const struct packet *p, unsigned flow, unsigned side, bool forged) {
    struct sent *s = &h->sent[h->packets - 1];
    const struct listener *l = h->last[flow];
    uint32_t first = p->seq + (p->flags & TCP_SYN ? 1 : 0);
    *s = (struct sent){.flow = flow,
                       .side = side,
                       .first = first,
                       .ack = p->ack,
                       .len = p->payload.len,
                       .time_ns = p->time_ns};
    s->bytes = malloc(s->len ? s->len : 1);
    DEMAND(s->bytes);
    for (size_t i = 0; i < s->len; i++) {
        s->bytes[i] = (uint8_t)(byte_at(side, first + (uint32_t)i) ^ (forged && i % 7 == 3));
    }
    if (l && l->side[side ^ l->swapped].begun) {
        s->late_known = true;
        s->late_below = (uint32_t)l->side[side ^ l->swapped].next;
    }
    uint32_t end = first + (uint32_t)s->len + p->cut + (p->flags & TCP_FIN ? 1 : 0);
    if (p->flags & TCP_SYN || (int32_t)(end - h->high[flow][side]) > 0) {
        h->high[flow][side] = end;
    }
}

static void send(struct harness *h, const uint8_t step[STEP_BYTES]) {
    unsigned side = step[0] & FROM_SERVER, flow = (step[0] >> 1 & 3) % FLOWS;
    h->packets++;
    struct packet p = packet_of(h, step, flow, side);
    p.payload.len = step[6] < 128 ? step[6] : (size_t)(step[6] - 127) * 47;
    remember(h, &p, flow, side, step[0] >= FORGED);
    struct sent *s = &h->sent[h->packets - 1];
    uint8_t *payload = exact_copy(slice_make(s->bytes, s->len));
    p.payload.ptr = payload;
    h->cut |= p.cut > 0;
    h->current = flow;
    h->opened_before = counts_of(h).opened;
    s->fate = flow_table_packet(h->table, &p, flow_key_hash(&p.key));
    s->judged = true;
    h->opened[flow] += counts_of(h).opened - h->opened_before;
    h->current = FLOWS;
    free(payload);
}

static void tick(struct harness *h, const uint8_t step[STEP_BYTES]) {
    int64_t jump = step[1] < 250 ? 10 * NS_PER_MILLISECOND : 10 * NS_PER_SECOND;
    h->now_ns += step[1] == 255 ? -100 * NS_PER_SECOND : step[2] * jump;
    h->now_ns = h->now_ns < 0 ? 0 : h->now_ns;
    flow_table_tick(h->table, h->now_ns);
}

static void check_sums(const struct harness *h) {
    struct flow_counts counts = counts_of(h);
    uint64_t fates = 0, closed = 0;
    for (int i = 0; i < FLOW_FATES; i++) {
        fates += counts.fates[i];
    }
    for (int i = 0; i < END_REASONS; i++) {
        closed += counts.closed[i];
    }
    DEMAND(fates == h->packets);
    DEMAND(counts.payload_bytes == counts.delivered_bytes + counts.dropped_bytes + counts.held_bytes_now);
    DEMAND(counts.delivered_bytes == h->delivered && counts.gap_bytes == h->gap_bytes);
    DEMAND(counts.opened == closed + counts.open_now);
    DEMAND(counts.held_bytes_now <= counts.held_bytes_peak);
    DEMAND(counts.held_bytes_now <= h->limits.held_bytes / HARK_PARTITIONS + 1);
    DEMAND(h->memory.used + h->memory.spare <= h->memory.cap && h->memory.live <= h->memory.used);
}

/* Was this byte, which came in time, delivered? A gap covers none, so that being between the ends suffices.
 */
static bool was_delivered(const struct listener *l, unsigned side, uint32_t number, const struct sent *s) {
    enum direction d = side ^ l->swapped ? DIRECTION_1 : DIRECTION_0;
    const struct listener_side *ls = &l->side[d];
    if (ls->told && (int32_t)(number - ls->start) < 0) {
        return true; /* no byte of the stream */
    }
    if (!ls->begun) {
        return ls->fin; /* it stood before all bytes */
    }
    bool late = s->late_known && (int32_t)(number - s->late_below) < 0;
    bool below = (int32_t)(number - (uint32_t)ls->begin) < 0;
    bool behind = (int32_t)(number - (uint32_t)ls->next) >= 0;
    return late || (below ? s->late_known : !behind || ls->fin);
}

static void check_delivery(const struct harness *h, const struct sent *s) {
    const struct listener *l = h->last[s->flow];
    if (!l || s->len == 0 || s->fate != FLOW_DATA || h->opened[s->flow] != 1) {
        return;
    }
    DEMAND(was_delivered(l, s->side, s->first, s));
    DEMAND(was_delivered(l, s->side, s->first + (uint32_t)s->len - 1, s));
}

static void check_end(const struct harness *h) {
    struct flow_counts counts = counts_of(h);
    DEMAND(counts.open_now == 0 && counts.held_bytes_now == 0 && h->opens == h->closes);
    for (unsigned i = 0; i < LISTENERS; i++) {
        DEMAND(!h->listeners[i].open);
    }
    for (uint64_t i = 0; i < h->packets && !capped(h); i++) {
        check_delivery(h, &h->sent[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    struct harness *h = calloc(1, sizeof *h);
    DEMAND(h);
    h->moods = input_of(data + size / 2, size - size / 2);
    h->now_ns = 1000 * NS_PER_SECOND;
    h->current = FLOWS;
    h->limits = limits_default();
    /* Small caps, so that they are hit; every eighth input has room. */
    h->limits.flows = (size_t)(data[0] % 4 + 1) * HARK_PARTITIONS;
    if (data[0] / 4 % 8 != 7) {
        h->limits.held_bytes = (size_t)HARK_PARTITIONS * 2048 * (data[0] / 4 % 8);
        h->limits.stream_held_bytes = (size_t)(data[0] / 32) * 1500;
    }
    for (unsigned flow = 0; flow < FLOWS; flow++) {
        memcpy(h->high[flow], bases, sizeof bases);
    }
    bool little = data[0] / 4 % 8 == 6;
    memory_init(&h->memory, little ? (data[0] / 32 + 2) * (size_t)(64 << 10) : 1 << 26);
    h->table = flow_table_new(&h->limits, &h->memory, &listener_ops, h);
    DEMAND(h->table);
    struct input in = input_of(data + 1, size - 1);
    for (unsigned i = 0; i < STEPS && in.rest.len >= STEP_BYTES; i++) {
        struct slice step = input_bytes(&in, STEP_BYTES);
        if ((step.ptr[0] & (TICK | 0x80)) == TICK) {
            tick(h, step.ptr);
        } else {
            send(h, step.ptr);
        }
        check_sums(h);
    }
    flow_table_finish(h->table, h->now_ns);
    check_sums(h);
    check_end(h);
    flow_table_free(h->table);
    DEMAND(h->memory.used == 0);
    memory_fini(&h->memory);
    for (uint64_t i = 0; i < h->packets; i++) {
        free(h->sent[i].bytes);
    }
    free(h);
    return 0;
}
