/* SPDX-License-Identifier: Apache-2.0 */
/* The command line. One table (option_table.c) names every option, its argument, range, default and meaning;
 * parsing, --help, the man page and the shell completions all read it. */
#ifndef HARK_CLI_OPTIONS_H
#define HARK_CLI_OPTIONS_H

#include "capture/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum choice_format { FORMAT_NDJSON, FORMAT_TEXT };
enum choice_secrets { SECRETS_MASK, SECRETS_HASH, SECRETS_KEEP };
enum choice_checksums { CHECKSUMS_IGNORE, CHECKSUMS_VERIFY };
enum choice_overload { OVERLOAD_SHED, OVERLOAD_CONNECTIONS, OVERLOAD_IGNORE };
enum choice_save_from { SAVE_FROM_CONNECTION, SAVE_FROM_TRANSACTION };
enum choice_colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct option_info;

/* The values of an option that may be repeated, as they came: an owned array of borrowed strings. */
struct text_list {
    const char **items;
    uint64_t count;
};

/* What the user asked for. Strings are the argument vector's, but `filter` is owned. */
struct options {
    bool help, version, list_interfaces;
    struct text_list paths;
    struct text_list interfaces;
    const char *interface; /* the first of them; NULL without -i */
    char *filter;          /* the words that are no options, joined by spaces; NULL without any */
    uint64_t snapshot_length;
    uint64_t buffer_bytes; /* of each interface, what --max-memory has room for */
    bool buffer_is_cut;    /* it had no room for what -B says */
    uint64_t frame_count;
    bool no_promiscuous;
    bool separate_vlans;
    unsigned checksums; /* enum choice_checksums */
    uint64_t skew_ns;
    uint64_t hold_time_ns;
    uint64_t flow_timeout_ns;
    uint64_t flows;
    uint64_t memory;                                        /* bytes */
    uint64_t jobs;                                          /* 0: one for each processor */
    uint64_t fanout;                                        /* readers of the interface; 1: no fanout */
    const char *output;                                     /* NULL: standard output */
    uint64_t rotate_bytes, rotate_interval_ns, rotate_keep; /* 0: never; all */
    const char *write;                                      /* file of saved packets; NULL: none are */
    struct text_list save;                                  /* which transactions' */
    unsigned save_from;                                     /* enum choice_save_from */
    uint64_t save_slower_ns;                                /* 0: not given */
    uint64_t save_buffer_bytes;
    unsigned format;  /* enum choice_format */
    unsigned secrets; /* enum choice_secrets */
    const char *key;  /* file of the key; NULL without one */
    struct text_list redacted_headers, redacted_queries;
    bool anonymize_addresses;
    struct text_list omit; /* parts of records, with commas between several of one item */
    unsigned colour;       /* enum choice_colour */
    uint64_t flush_interval_ns;
    uint64_t stats_interval_ns; /* 0: none */
    const char *pid_file;       /* NULL: none */
    unsigned overload;          /* enum choice_overload */
    uint64_t overload_lag_ns;
    bool quiet, stats;
    const char *user; /* NAME[:GROUP]; NULL without --user */
    bool check, no_sandbox;
    const struct option_info *live_option; /* the first one given that only a live capture obeys, or NULL */
    const struct option_info *save_option; /* likewise one that says how -w saves */
    bool no_memory;                        /* options_parse found none */
};

enum option_kind {
    OPTION_FLAG,      /* bool */
    OPTION_TEXT,      /* const char *; given at most once */
    OPTION_TEXT_LIST, /* struct text_list */
    OPTION_COUNT,     /* uint64_t within minimum..maximum */
    OPTION_SIZE,      /* the same, bytes */
    OPTION_DURATION,  /* the same, ns */
    OPTION_CHOICE,    /* unsigned: index into choices */
};

enum option_group { GROUP_INPUT, GROUP_LIVE, GROUP_ANALYSIS, GROUP_OUTPUT, GROUP_OTHER, OPTION_GROUPS };

/* What the shell completes an argument with. */
enum option_completion { COMPLETE_NOTHING, COMPLETE_FILE, COMPLETE_INTERFACE };

struct option_info {
    char letter;      /* 0 without a short form */
    const char *name; /* long form, without its hyphens */
    enum option_kind kind;
    enum option_group group;
    size_t offset;        /* of the value in struct options */
    const char *argument; /* its name in the help; NULL for a flag */
    const char *initial;  /* default as the user would write it; NULL for none */
    uint64_t minimum, maximum;
    const char *const *choices; /* NULL-terminated */
    enum option_completion completion;
    bool live_only;   /* has no effect on files: said so, once */
    bool save_only;   /* needs -w */
    const char *help; /* one line of --help, may hold line feeds; starts in lower case, no final stop */
    const char *more; /* further sentences for the man page, "" for none */
};

extern const struct option_info option_table[];
extern const size_t option_table_length;
const char *option_group_title(enum option_group);

enum { OPTIONS_MESSAGE_BYTES = 512 };

/* Fills `options` from the arguments (argv[0] is skipped). False for a usage error, or with `no_memory` set:
 * `message` says in one line what, where and how to mend it; nothing needs to be freed then. With -h or -V
 * the rest of the line is not looked at. */
bool options_parse(struct options *, int argc, char *const *argv, char message[OPTIONS_MESSAGE_BYTES]);
void options_fini(struct options *);

/* The output is a file of a name. */
bool options_output_is_file(const struct options *);
/* ... or several, one after another. */
bool options_rotate(const struct options *);
/* Of --max-memory, what the kernel's capture buffers leave. */
uint64_t options_memory(const struct options *);
/* What -w takes of it where packets can be read once only: the ring, its links and the list of fragments. */
uint64_t options_save_memory(const struct options *);
/* The caps of a run with these options. */
struct limits options_limits(const struct options *);

/* The name closest to `name` in the table, when it is close enough to be meant; else NULL. */
const char *options_suggest(const char *name);

#endif
