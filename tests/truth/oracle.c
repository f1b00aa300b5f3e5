/* SPDX-License-Identifier: Apache-2.0 */
/* What a capture holds, told without hark.
 *
 *   oracle index PRISTINE         every HTTP message of an undamaged capture: where it lies in its stream,
 * and what it says oracle cover INDEX DEGRADED   which of them a degraded copy of that capture still holds
 * whole
 *
 * index prints tab-separated lines. C: client address and port, server address, the two first sequence
 * numbers, the lengths of the two streams. Behind each C its messages, M: side, index, id, start, head_end,
 * end, ended, by_close, status, interim, body, checksum and number of fields, the first two words of the
 * start line. A request and the response with its index belong together: HTTP/1 has no other rule. cover
 * prints a line for each M, in the same order: head whole, all of it whole, bytes covered, and the frames
 * that hold its first byte. */
#include "tests/truth/frames.h"
#include "tests/truth/messages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDES = 2, NO_CONNECTION = -1, TABLE = 1 << 18 };

struct piece {
    uint32_t start, end; /* stream offsets */
    uint32_t frame;
    const uint8_t *bytes;
};

struct pieces {
    struct piece *items;
    size_t count, capacity;
};

/* A message as `cover` needs it. */
struct range {
    size_t start, head_end, end;
    bool by_close;
    enum side side;
};

struct stream {
    bool opened;    /* SYN seen */
    uint32_t first; /* sequence number of offset 0 */
    uint32_t length;
    bool finished; /* FIN seen */
    uint32_t finish;
    struct pieces pieces;
};

struct connection {
    uint32_t client_address, server_address;
    uint16_t client_port;
    bool reset;
    struct stream streams[SIDES];
    int earlier; /* with the same addresses and ports */
    struct range *ranges;
    size_t range_count, range_capacity;
};

struct connections {
    struct connection *items;
    size_t count, capacity;
    int *table; /* the latest of each key */
};

static size_t slot_of(const struct connections *all, uint32_t client, uint16_t port, uint32_t server) {
    uint64_t hash = ((uint64_t)client << 32 | server) * UINT64_C(0x9e3779b97f4a7c15) +
                    port * UINT64_C(0xc2b2ae3d27d4eb4f);
    for (size_t slot = hash >> 46;; slot = (slot + 1) % TABLE) {
        int at = all->table[slot];
        const struct connection *c = at == NO_CONNECTION ? NULL : &all->items[at];
        if (!c || (c->client_address == client && c->client_port == port && c->server_address == server)) {
            return slot;
        }
    }
}

static void connections_init(struct connections *all) {
    *all = (struct connections){.table = frames_allocate(NULL, TABLE, sizeof(int))};
    for (size_t i = 0; i < TABLE; i++) {
        all->table[i] = NO_CONNECTION;
    }
}

static struct connection *connections_add(struct connections *all, uint32_t client, uint16_t port,
                                          uint32_t server) {
    size_t slot = slot_of(all, client, port, server);
    if (all->count == all->capacity) {
        all->capacity = all->capacity ? all->capacity * 2 : 256;
        all->items = frames_allocate(all->items, all->capacity, sizeof(*all->items));
    }
    if (all->count >= TABLE / 2) {
        frames_die("more connections than this tool is made for");
    }
    struct connection *c = &all->items[all->count];
    *c = (struct connection){
        .client_address = client, .server_address = server, .client_port = port, .earlier = all->table[slot]};
    all->table[slot] = (int)all->count++;
    return c;
}

static void add_piece(struct pieces *pieces, struct piece piece) {
    if (pieces->count == pieces->capacity) {
        pieces->capacity = pieces->capacity ? pieces->capacity * 2 : 16;
        pieces->items = frames_allocate(pieces->items, pieces->capacity, sizeof(*pieces->items));
    }
    pieces->items[pieces->count++] = piece;
}

static int by_start(const void *left, const void *right) {
    const struct piece *a = left;
    const struct piece *b = right;
    if (a->start != b->start) {
        return a->start < b->start ? -1 : 1;
    }
    return (a->frame > b->frame) - (a->frame < b->frame);
}

static void sort_pieces(struct pieces *pieces) {
    if (pieces->count) {
        qsort(pieces->items, pieces->count, sizeof(*pieces->items), by_start);
    }
}

/* ---- index ---- */

static void index_segment(struct connections *all, const struct segment *segment, uint32_t frame) {
    int at = all->table[slot_of(all, segment->client_address, segment->client_port, segment->server_address)];
    struct connection *c = at == NO_CONNECTION ? NULL : &all->items[at];
    bool opens = segment->syn && segment->side == CLIENT;
    if (opens && (!c || c->streams[CLIENT].first != segment->sequence + 1)) {
        c = connections_add(all, segment->client_address, segment->client_port, segment->server_address);
    }
    if (!c) {
        frames_die("frame %" PRIu32 ": of a connection that began before the capture", frame);
    }
    c->reset = c->reset || segment->reset;
    struct stream *stream = &c->streams[segment->side];
    if (segment->syn) {
        stream->opened = true;
        stream->first = segment->sequence + 1;
        return;
    }
    uint32_t start = segment->sequence - stream->first;
    if (!stream->opened || start > UINT32_MAX / 2) {
        return; /* a probe, or the tail of an earlier connection */
    }
    if (segment->captured != segment->length) {
        frames_die("frame %" PRIu32 ": the capture is to be whole, and this frame is cut", frame);
    }
    if (segment->length) {
        add_piece(&stream->pieces, (struct piece){start, start + segment->length, frame, segment->bytes});
    }
    if (segment->fin) {
        stream->finished = true;
        stream->finish = start + segment->length;
    }
}

/* The stream's bytes up to its first hole; the caller frees them. */
static char *join(struct stream *stream) {
    struct pieces *pieces = &stream->pieces;
    sort_pieces(pieces);
    uint32_t longest = 0;
    for (size_t i = 0; i < pieces->count; i++) {
        longest = pieces->items[i].end > longest ? pieces->items[i].end : longest;
    }
    char *bytes = frames_allocate(NULL, longest, 1);
    uint32_t have = 0;
    for (size_t i = 0; i < pieces->count && pieces->items[i].start <= have; i++) {
        const struct piece *piece = &pieces->items[i];
        if (piece->end > have) {
            memcpy(bytes + have, piece->bytes + (have - piece->start), piece->end - have);
            have = piece->end;
        }
    }
    if (have < longest) {
        fprintf(stderr, "truth: a stream has a hole at offset %" PRIu32 " of %" PRIu32 "\n", have, longest);
    }
    stream->length = have;
    return bytes;
}

static void print_message(const struct message *m, enum side side, size_t index) {
    printf("M\t%c\t%zu\t%.*s\t%zu\t%zu\t%zu\t%d\t%d\t%u\t%u\t%" PRIu64 "\t%" PRIu32 "\t%u\t%.*s\t%.*s\n",
           side == CLIENT ? 'c' : 's', index, (int)m->id.length, m->id.bytes ? m->id.bytes : "", m->start,
           m->head_end, m->end, m->ended, m->by_close, m->status, m->interim, m->body, m->fields,
           m->field_count, (int)m->words[0].length, m->words[0].bytes, (int)m->words[1].length,
           m->words[1].bytes);
}

static void print_connection(struct connection *c) {
    struct messages messages[SIDES] = {0};
    char *bytes[SIDES];
    for (int side = CLIENT; side <= SERVER; side++) {
        struct stream *stream = &c->streams[side];
        bytes[side] = join(stream);
        bool closed = stream->finished && stream->finish == stream->length;
        messages_read(&messages[side], bytes[side], stream->length, closed,
                      side == SERVER ? &messages[CLIENT] : NULL);
    }
    printf("C\t%" PRIu32 "\t%u\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%d\n",
           c->client_address, c->client_port, c->server_address, c->streams[CLIENT].first,
           c->streams[SERVER].first, c->streams[CLIENT].length, c->streams[SERVER].length, c->reset);
    for (int side = CLIENT; side <= SERVER; side++) {
        for (size_t i = 0; i < messages[side].count; i++) {
            print_message(&messages[side].items[i], (enum side)side, i);
        }
        messages_clear(&messages[side]);
        free(bytes[side]);
        free(c->streams[side].pieces.items);
    }
}

static void make_index(const char *path) {
    struct frame_file file;
    struct connections all;
    struct segment segment;
    frames_open(&file, path);
    connections_init(&all);
    for (size_t i = 0; i < file.count; i++) {
        if (frames_segment(&file, &file.frames[i], &segment)) {
            index_segment(&all, &segment, (uint32_t)i + 1);
        }
    }
    for (size_t i = 0; i < all.count; i++) {
        print_connection(&all.items[i]);
    }
    free(all.items);
    free(all.table);
    frames_close(&file);
}

/* ---- cover ---- */

static struct connection *read_connection(struct connections *all, const char *line) {
    uint32_t client, server, first[SIDES], length[SIDES];
    uint16_t port;
    if (sscanf(
            line, "C\t%" SCNu32 "\t%" SCNu16 "\t%" SCNu32 "\t%" SCNu32 "\t%" SCNu32 "\t%" SCNu32 "\t%" SCNu32,
            &client, &port, &server, &first[CLIENT], &first[SERVER], &length[CLIENT], &length[SERVER]) != 7) {
        frames_die("the index has a bad line: %s", line);
    }
    struct connection *c = connections_add(all, client, port, server);
    for (int side = CLIENT; side <= SERVER; side++) {
        c->streams[side].first = first[side];
        c->streams[side].length = length[side];
    }
    return c;
}

static void read_range(struct connection *c, const char *line) {
    struct range range;
    char side;
    int by_close;
    /* The id may be empty, which sscanf cannot say: skip over it. */
    const char *behind_id = line;
    for (int tabs = 0; tabs < 4 && behind_id; tabs++) {
        behind_id = strchr(behind_id, '\t');
        behind_id = behind_id ? behind_id + 1 : NULL;
    }
    if (!c || sscanf(line, "M\t%c", &side) != 1 || !behind_id ||
        sscanf(behind_id, "%zu\t%zu\t%zu\t%*d\t%d", &range.start, &range.head_end, &range.end, &by_close) !=
            4) {
        frames_die("the index has a bad line: %s", line);
    }
    range.side = side == 'c' ? CLIENT : SERVER;
    range.by_close = by_close;
    if (c->range_count == c->range_capacity) {
        c->range_capacity = c->range_capacity ? c->range_capacity * 2 : 8;
        c->ranges = frames_allocate(c->ranges, c->range_capacity, sizeof(*c->ranges));
    }
    c->ranges[c->range_count++] = range;
}

static void read_index(struct connections *all, const char *path) {
    FILE *in = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    struct connection *current = NULL;
    if (!in) {
        frames_die("%s: cannot be read", path);
    }
    while (getline(&line, &capacity, in) > 0) {
        if (*line == 'C') {
            current = read_connection(all, line);
        } else {
            read_range(current, line);
        }
    }
    free(line);
    fclose(in);
}

static void cover_segment(struct connections *all, const struct segment *segment, uint32_t frame) {
    int at = all->table[slot_of(all, segment->client_address, segment->client_port, segment->server_address)];
    for (; at != NO_CONNECTION; at = all->items[at].earlier) {
        struct stream *stream = &all->items[at].streams[segment->side];
        uint32_t start = segment->sequence - stream->first;
        if (start > stream->length || segment->syn) {
            continue; /* a keep-alive probe, a SYN, or of another connection with these ports */
        }
        if (segment->captured) {
            add_piece(&stream->pieces, (struct piece){start, start + segment->captured, frame, NULL});
        }
        if (segment->fin && segment->captured == segment->length) {
            stream->finished = true;
            stream->finish = start + segment->length;
        }
        return;
    }
}

/* Bytes of [start, end) that are covered. */
static size_t covered(const struct pieces *pieces, size_t start, size_t end) {
    size_t sum = 0;
    size_t have = start;
    size_t low = 0;
    size_t high = pieces->count;
    /* Pieces are at most 64 KiB long: those that begin further to the left do not matter. */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if ((size_t)pieces->items[middle].start + 65536 < start) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (size_t i = low; i < pieces->count && pieces->items[i].start < end && have < end; i++) {
        size_t from = pieces->items[i].start > have ? pieces->items[i].start : have;
        size_t to = pieces->items[i].end < end ? pieces->items[i].end : end;
        if (to > from) {
            sum += to - from;
            have = to;
        }
    }
    return sum;
}

static void print_cover(const struct connection *c, const struct range *range) {
    const struct stream *stream = &c->streams[range->side];
    const struct pieces *pieces = &stream->pieces;
    size_t head = covered(pieces, range->start, range->head_end);
    size_t all = covered(pieces, range->start, range->end);
    bool closed = !range->by_close || (stream->finished && stream->finish == range->end);
    printf("%d\t%d\t%zu\t", head == range->head_end - range->start,
           all == range->end - range->start && closed, all);
    const char *comma = "";
    for (size_t i = 0; i < pieces->count && pieces->items[i].start <= range->start; i++) {
        if (pieces->items[i].end > range->start) {
            printf("%s%" PRIu32, comma, pieces->items[i].frame);
            comma = ",";
        }
    }
    putchar('\n');
}

static void make_cover(const char *index, const char *path) {
    struct frame_file file;
    struct connections all;
    struct segment segment;
    frames_open(&file, path);
    connections_init(&all);
    read_index(&all, index);
    for (size_t i = 0; i < file.count; i++) {
        if (frames_segment(&file, &file.frames[i], &segment)) {
            cover_segment(&all, &segment, (uint32_t)i + 1);
        }
    }
    for (size_t i = 0; i < all.count; i++) {
        struct connection *c = &all.items[i];
        sort_pieces(&c->streams[CLIENT].pieces);
        sort_pieces(&c->streams[SERVER].pieces);
        for (size_t k = 0; k < c->range_count; k++) {
            print_cover(c, &c->ranges[k]);
        }
        free(c->streams[CLIENT].pieces.items);
        free(c->streams[SERVER].pieces.items);
        free(c->ranges);
    }
    free(all.items);
    free(all.table);
    frames_close(&file);
}

int main(int count, char **arguments) {
    if (count == 3 && strcmp(arguments[1], "index") == 0) {
        make_index(arguments[2]);
    } else if (count == 4 && strcmp(arguments[1], "cover") == 0) {
        make_cover(arguments[2], arguments[3]);
    } else {
        fprintf(stderr, "usage: oracle index PRISTINE | oracle cover INDEX DEGRADED\n");
        return 2;
    }
    return 0;
}
