/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/saver.h"

#include "capture/limits.h"
#include "cli/save_ring.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Invariant: `ring` and `file` are touched under the lock alone; with a ring no selection has anything. */
struct saver {
    struct saver_options options;
    struct save_file *file;
    struct save_ring *ring; /* NULL: the input is read a second time */
    pthread_mutex_t lock;
    struct save_selection selections[HARK_PARTITIONS];
    uint64_t last_frame;
    bool told; /* that the sink failed */
    atomic_uint_fast64_t missed;
};

struct saver *saver_new(const struct saver_options *options, struct save_file *file) {
    struct saver *saver = calloc(1, sizeof *saver);
    if (!saver) {
        return NULL;
    }
    saver->options = *options;
    saver->file = file;
    pthread_mutex_init(&saver->lock, NULL);
    for (unsigned i = 0; i < HARK_PARTITIONS; i++) {
        save_selection_init(&saver->selections[i], options->notes_bytes / HARK_PARTITIONS);
    }
    if (options->ring_bytes > 0) {
        saver->ring = save_ring_new(options->ring_bytes, options->fragment_timeout_ns);
        if (!saver->ring) {
            saver_free(saver);
            return NULL;
        }
    }
    return saver;
}

void saver_free(struct saver *saver) {
    if (!saver) {
        return;
    }
    for (unsigned i = 0; i < HARK_PARTITIONS; i++) {
        save_selection_fini(&saver->selections[i]);
    }
    save_ring_free(saver->ring);
    pthread_mutex_destroy(&saver->lock);
    free(saver);
}

const char *saver_frame(struct saver *saver, const struct frame *frame, const struct packet *packet,
                        const struct decode_datagrams *of) {
    const char *news = NULL;
    saver->last_frame = frame->ordinal;
    if (saver->ring && (packet || of->held)) {
        pthread_mutex_lock(&saver->lock);
        (void)save_ring_frame(saver->ring, saver->file, frame, packet, of);
        if (!saver->told && sink_write(saver->file->sink, slice_make("", 0)) == SINK_FAILED) {
            saver->told = true;
            news = sink_message(saver->file->sink);
        }
        pthread_mutex_unlock(&saver->lock);
    }
    return news;
}

bool saver_has_told(const struct saver *saver) {
    return saver->told;
}

/* The handshake belongs to the first transaction. */
static uint64_t start_of(const struct saver *saver, const struct transaction *t) {
    bool whole = saver->options.whole_connections || t->first_on_connection;
    return whole ? t->connection->ordinal : save_first_frame(t);
}

static enum record_saved take(struct saver *saver, const struct transaction *t, uint64_t until) {
    struct save_wish wish = {.key = &t->connection->key,
                             .from = t->connection->ordinal,
                             .start = start_of(saver, t),
                             .first = save_first_frame(t),
                             .until = until,
                             .id = saver->options.marks ? t->id : NULL,
                             .alone = !saver->options.whole_connections};
    pthread_mutex_lock(&saver->lock);
    enum record_saved saved = save_ring_take(saver->ring, saver->file, &wish);
    pthread_mutex_unlock(&saver->lock);
    return saved;
}

enum record_saved saver_finish(struct saver *saver, const struct transaction *t, uint64_t until) {
    if (!save_rule_wants(&saver->options.rule, t)) {
        return RECORD_NOT_ASKED;
    }
    uint64_t from = start_of(saver, t);
    enum record_saved saved =
        from == t->connection->ordinal ? RECORD_SAVED_CONNECTION : RECORD_SAVED_TRANSACTION;
    if (saver->ring) {
        saved = take(saver, t, until);
    } else {
        unsigned partition = flow_key_partition(flow_key_hash(&t->connection->key));
        struct save_selection *selection = &saver->selections[partition];
        bool added = save_selection_add(selection, t, from, until, saver->options.marks);
        saved = added ? saved : RECORD_SAVED_NONE;
    }
    if (saved < RECORD_SAVED_TRANSACTION) {
        atomic_fetch_add(&saver->missed, 1);
    }
    return saved;
}

struct save_selection *saver_selection(struct saver *saver, unsigned partition) {
    return &saver->selections[partition];
}

uint64_t saver_last_frame(const struct saver *saver) {
    return saver->last_frame;
}

uint64_t saver_missed(const struct saver *saver) {
    return atomic_load(&saver->missed);
}
