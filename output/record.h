/* SPDX-License-Identifier: Apache-2.0 */
/* The record's shapes: a transaction becomes one line. `ndjson` is the native JSON of
 * docs/record.schema.json, `text` a line for people. Heap-owned; one thread a writer. */
#ifndef HARK_OUTPUT_RECORD_H
#define HARK_OUTPUT_RECORD_H

#include "analyzer/transaction.h"
#include "output/mask.h"

enum record_format { RECORD_NDJSON, RECORD_TEXT };

/* What -w saves of a transaction's packets; in the order of being more. */
enum record_saved {
    RECORD_NOT_ASKED,         /* nobody wanted it: the record says nothing */
    RECORD_SAVED_NONE,        /* they are gone */
    RECORD_SAVED_PART,        /* some of its own are gone */
    RECORD_SAVED_TRANSACTION, /* its own, but not all of the connection's before it */
    RECORD_SAVED_CONNECTION,  /* from the connection's first packet on */
};

struct record_options {
    enum record_format format;
    bool mask_secrets;   /* --secrets=mask and hash; the same as hide.secrets */
    bool colour;         /* text only */
    bool no_heading;     /* text only: another writer of the same sink writes it */
    size_t record_bytes; /* limits.record_bytes */
    uint64_t omitted;    /* ndjson only: the parts that are left out (output/omission.h) */
    /* Names of capture files by number; borrowed for the writer's life. */
    const char *(*file_name)(void *context, uint32_t file);
    void *file_name_context;
    struct mask_options hide; /* read by record_writer_new only; all zero: nothing more */
};

/* Serves one run, in which each connection has an ordinal of its own. */
struct record_writer;

/* NULL without memory, or where libcrypto refuses. */
struct record_writer *record_writer_new(const struct record_options *);
void record_writer_free(struct record_writer *);
/* Another run begins: ordinals may come again. */
void record_writer_begin_run(struct record_writer *);
/* How often there was no memory for what the writer keeps itself (not for `out`). A record during
 * which that happened may lack something: the caller takes it back. */
size_t record_writer_failures(const struct record_writer *);
/* Are other addresses written than there were? */
bool record_writer_hides_addresses(const struct record_writer *);
/* Does a record tell of semantics.caching? */
bool record_writer_tells_caching(const struct record_writer *);
/* What stands for the address in records, and what ids are made of. */
struct address record_writer_address(struct record_writer *, const struct address *);
/* What the next record says of its packets; after it RECORD_NOT_ASKED again. */
void record_writer_set_saved(struct record_writer *, enum record_saved);
/* Appends the record and its line feed to `out`; false when it does not fit (out is as before): the caller
 * counts it. */
bool record_write(struct record_writer *, const struct transaction *, struct buf *out);
/* Text: the heading line, for the start of the output; nothing for ndjson. */
bool record_write_heading(struct record_writer *, struct buf *out);

#endif
