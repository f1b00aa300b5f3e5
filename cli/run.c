/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run.h"

#include "capture/show.h"
#include "capture/source_fanout.h"
#include "cli/check.h"
#include "cli/conclusion.h"
#include "cli/contradiction.h"
#include "cli/fanout.h"
#include "cli/key_file.h"
#include "cli/omit.h"
#include "cli/pid_file.h"
#include "cli/pipeline.h"
#include "cli/rights.h"
#include "cli/save_run.h"
#include "cli/signals.h"
#include "cli/units.h"
#include "cli/upkeep.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IDLE_MS = 100 }; /* longest silence before the clock ticks and what waits is flushed */

/* A file among the filter's words: somebody gave several files to one -r. */
static const char *file_in_filter(const char *filter, char *word, size_t room) {
    while (filter && *filter) {
        size_t len = strcspn(filter, " ");
        if (len > 0 && len < room) {
            memcpy(word, filter, len);
            word[len] = '\0';
            struct stat status;
            if (stat(word, &status) == 0 && S_ISREG(status.st_mode)) {
                return word;
            }
        }
        filter += len;
        filter += strspn(filter, " ");
    }
    return NULL;
}

/* Opens options->fanout sources; the first is NULL on failure. */
static void open_sources(const struct options *options, struct source **sources, enum source_error *error,
                         char message[SOURCE_MESSAGE_BYTES]) {
    if (!options->interface) {
        rights_make_room(options->paths.count * (options->write ? 1 + SAVE_READINGS : 1));
        struct source_files_options files = {.paths = options->paths.items,
                                             .path_count = options->paths.count,
                                             .filter = options->filter,
                                             .frame_count = options->frame_count,
                                             .snapshot_length = (int)options->snapshot_length,
                                             .idle_ms = IDLE_MS,
                                             .hold_open = true};
        sources[0] = source_open_files(&files, error, message);
        return;
    }
    struct source_live_options live = {.interfaces = options->interfaces.items,
                                       .interface_count = (size_t)options->interfaces.count,
                                       .filter = options->filter,
                                       .frame_count = options->frame_count,
                                       .snapshot_length = (int)options->snapshot_length,
                                       .buffer_bytes = (int)options->buffer_bytes,
                                       .promiscuous = !options->no_promiscuous,
                                       .timeout_ms = IDLE_MS};
    if (options->fanout > 1) {
        (void)source_open_fanout(&live, sources, (size_t)options->fanout, error, message);
    } else {
        sources[0] = source_open_live(&live, error, message);
    }
}

static enum exit_status say_not_opened(const struct options *options, struct progress *progress,
                                       enum source_error error, const char *message) {
    char word[256];
    const char *file = file_in_filter(options->filter, word, sizeof(word));
    if (error == SOURCE_ERROR_FILTER && file) {
        progress_say(progress, "%s; '%s' is a file: give each file a -r of its own", message, file);
    } else {
        progress_say(progress, "%s", message);
    }
    return error == SOURCE_ERROR_FILE ? EXIT_FAILED : EXIT_USAGE;
}

/* What the user should know before the run. */
static void say_warnings(const struct options *options, struct progress *progress,
                         const struct source *source) {
    if (options->live_option && !options->interface) {
        progress_say(progress, "option '--%s' has no effect on files", options->live_option->name);
    }
    if (options->key && options->secrets != SECRETS_HASH && !options->anonymize_addresses) {
        progress_say(progress,
                     "option '--secrets-key' has no effect without --secrets=hash or --anonymize-ip");
    }
    if (source_filter_misses_tagged(source)) {
        struct shown filter = show(options->filter);
        const char *again = strcmp(filter.text, options->filter) == 0 ? filter.text : "FILTER";
        progress_say(progress,
                     "the filter '%s' misses packets with VLAN tags, in tunnels and in fragments; write "
                     "'%s or (vlan and (%s))' for tagged ones, or leave the filter out",
                     filter.text, again, again);
    }
    if (options->buffer_is_cut && !options->quiet) {
        char buffer[UNITS_TEXT_BYTES], memory[UNITS_TEXT_BYTES];
        units_size_text(options->buffer_bytes, buffer);
        units_size_text(options->memory, memory);
        progress_say(progress,
                     "the kernel's capture buffer is %s (-B): --max-memory, %s, has no room for more", buffer,
                     memory);
    }
    if (options->interface && !options->quiet) {
        bool more = options->interfaces.count > 1;
        progress_say(progress, "listening on %s%s; Ctrl-C ends", show(options->interface).text,
                     more ? " and others" : "");
    }
}

/* False when a user that the options name is not there; that was said, before a file is touched. */
static bool check_user(const struct options *options, struct progress *progress) {
    char message[RIGHTS_MESSAGE_BYTES];
    bool ok = !options->user || rights_user_exists(options->user, message);
    if (!ok) {
        progress_say(progress, "%s", message);
    }
    return ok;
}

/* False when files that the options name stand in each other's way; that was said. */
static bool check_files(const struct options *options, struct progress *progress) {
    char message[CONTRADICTION_MESSAGE_BYTES];
    bool found = contradiction_find(options, message);
    if (found) {
        progress_say(progress, "%s", message);
    }
    return !found;
}

static bool wants_colour(const struct options *options, const struct sink *sink) {
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    switch ((enum choice_colour)options->colour) {
    case COLOUR_ALWAYS:
        return true;
    case COLOUR_NEVER:
        return false;
    case COLOUR_AUTO:
        break;
    }
    return sink_is_terminal(sink) && !(no_colour && *no_colour) && terminal && strcmp(terminal, "dumb") != 0;
}

static const char *name_file(void *source, uint32_t file) {
    return source_file_name(source, file);
}

static unsigned count_workers(const struct options *options) {
    if (options->jobs > 0) {
        return (unsigned)options->jobs;
    }
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : processors > HARK_PARTITIONS ? HARK_PARTITIONS : (unsigned)processors;
}

static struct mask_options what_to_hide(const struct options *options, const struct key_file *key) {
    return (struct mask_options){
        .secrets = options->secrets != SECRETS_KEEP,
        .hash_secrets = options->secrets == SECRETS_HASH,
        .headers = {options->redacted_headers.items, (size_t)options->redacted_headers.count},
        .queries = {options->redacted_queries.items, (size_t)options->redacted_queries.count},
        .anonymize_addresses = options->anonymize_addresses,
        .key = key_file_slice(key)};
}

/* The smallest of the kernel's buffers, as they are: all traffic may be that of one interface. */
static uint64_t smallest_buffer(const struct options *options, const struct source *source) {
    struct source_counts counts;
    uint64_t least = options->buffer_bytes;
    source_counts(source, &counts);
    for (size_t i = 0; i < counts.interface_count; i++) {
        uint64_t ring = counts.interfaces[i].ring_bytes;
        least = ring > 0 && ring < least ? ring : least;
    }
    return least;
}

/* Files wait for hark; an interface does not. */
static bool wants_guard(const struct options *options) {
    return options->interface && options->overload != OVERLOAD_IGNORE;
}

/* For one reader with all of the buffer. */
static struct guard_options guard_options_of(const struct options *options, const struct limits *limits,
                                             struct progress *progress) {
    return (struct guard_options){.lag_most_ns = (int64_t)options->overload_lag_ns,
                                  .buffer_bytes = options->buffer_bytes,
                                  .snapshot_length = (uint32_t)options->snapshot_length,
                                  .cuts = options->overload == OVERLOAD_SHED,
                                  .idle_ns = limits->flow_idle_ns,
                                  .linger_ns = limits->flow_linger_ns,
                                  .progress = progress};
}

/* NULL where none is wanted, and without memory. */
static struct guard *make_guard(const struct options *options, const struct guard_options *guard,
                                struct progress *progress) {
    struct guard *made = wants_guard(options) ? guard_new(guard) : NULL;
    if (!made && wants_guard(options)) {
        progress_say(progress, "out of memory for overload; nothing will be left out");
    }
    return made;
}

/* Files, which one reader reads. */
static struct source *open_again(const struct options *options, char message[SOURCE_MESSAGE_BYTES]) {
    enum source_error error;
    struct source *source = NULL;
    open_sources(options, &source, &error, message);
    return source;
}

/* What a run works with once its sources are open. All borrowed. */
struct run_parts {
    const struct options *options;
    const struct key_file *key;
    const struct limits *limits;
    unsigned workers;
    struct progress *progress;
    struct source *const *sources; /* options->fanout of them */
    struct upkeep *upkeep;         /* once the sinks are open */
    struct save_run *save;
};

static enum exit_status run_fanout(const struct run_parts *run, const struct record_options *record,
                                   const struct decode_options *decode, const struct guard_options *guard) {
    struct fanout_parts parts = {.options = run->options,
                                 .limits = run->limits,
                                 .record = record,
                                 .decode = decode,
                                 .guard = wants_guard(run->options) ? guard : NULL,
                                 .progress = run->progress,
                                 .sink = run->upkeep->parts.sink,
                                 .upkeep = run->upkeep};
    return fanout_run(&parts, run->sources, (size_t)run->options->fanout);
}

/* To the end of the run. */
static enum exit_status run_pipeline(const struct run_parts *run) {
    const struct options *options = run->options;
    const struct limits *limits = run->limits;
    struct progress *progress = run->progress;
    struct source *source = run->sources[0];
    struct save_run *save = run->save;
    struct sink *sink = run->upkeep->parts.sink;
    struct record_options record = {.format = options->format == FORMAT_TEXT ? RECORD_TEXT : RECORD_NDJSON,
                                    .colour = wants_colour(options, sink),
                                    .record_bytes = limits->record_bytes,
                                    .file_name = name_file,
                                    .file_name_context = source,
                                    .hide = what_to_hide(options, run->key)};
    char message[OPTIONS_MESSAGE_BYTES];
    (void)omit_read(options, &record.omitted, message); /* was checked */
    struct decode_options decode = {.verify_checksums = options->checksums == CHECKSUMS_VERIFY,
                                    .vlan_in_key = options->separate_vlans,
                                    .partial_checksums = source_is_live(source),
                                    .name_datagrams = save->ring_bytes > 0};
    struct guard_options guarding = guard_options_of(options, limits, progress);
    if (options->fanout > 1) {
        return run_fanout(run, &record, &decode, &guarding);
    }
    guarding.buffer_bytes = smallest_buffer(options, source);
    struct decoder *decoder = decoder_new(&decode, limits);
    struct crew *crew = decoder ? crew_new(limits, &record, run->workers, sink) : NULL;
    struct guard *guard = crew ? make_guard(options, &guarding, progress) : NULL;
    enum exit_status status = EXIT_FAILED;
    if (crew) {
        struct pipeline_parts parts = {.source = source,
                                       .decoder = decoder,
                                       .crew = crew,
                                       .saver = save->saver,
                                       .progress = progress,
                                       .limits = limits,
                                       .guard = guard,
                                       .flush_interval_ns = (int64_t)options->flush_interval_ns,
                                       .timed = options->stats,
                                       .upkeep = run->upkeep};
        struct pipeline pipeline;
        pipeline_init(&pipeline, &parts);
        crew_save(crew, save->saver);
        crew_lend(crew, source_lasts(source) ? limits->lasting_bytes : 0);
        (void)pipeline_run(&pipeline); /* why it ended early, the sink tells */
        progress_clear(progress);
        struct decode_counts counts;
        decoder_counts(decoder, &counts);
        source_close(source); /* what follows may wait for readers */
        bool saved = save_run_end(save, options, limits, progress, &decode, counts.datagrams_reassembled > 0);
        status = conclude(options, progress, &pipeline, sink);
        status = saved ? status : EXIT_FAILED;
    } else {
        progress_say(progress, "out of memory or threads; try fewer workers (-j)");
    }
    guard_free(guard);
    crew_free(crew);
    decoder_free(decoder);
    return status;
}

/* All that is read, now or later. */
struct run_sources {
    const struct source *items[SOURCE_FANOUT_MOST + SAVE_READINGS];
    size_t count;
};

static struct run_sources list_sources(const struct run_parts *run) {
    struct run_sources sources = {.count = 0};
    for (uint64_t i = 0; i < run->options->fanout; i++) {
        sources.items[sources.count++] = run->sources[i];
    }
    for (size_t i = 0; i < SAVE_READINGS && run->save->again[i]; i++) {
        sources.items[sources.count++] = run->save->again[i];
    }
    return sources;
}

/* Files that must be made later are made by who hark has become: whoever has to mend that hears of it now,
 * not when records are lost. */
static bool say_folder(const struct options *options, struct progress *progress,
                       const struct rights *rights) {
    const char *folder = rights_lacking_folder(rights);
    char user[RIGHTS_NAME_BYTES + 8];
    rights_user_text(rights, user, sizeof user);
    if (folder && options_rotate(options)) {
        progress_say(progress,
                     "%s may not make files in %s, as rotation must; give it that directory (chown), choose "
                     "another one with -o, or another user with --user",
                     user, show(folder).text);
        return false;
    }
    if (folder && options->interface) {
        progress_say(
            progress,
            "%s may not make files in %s: SIGHUP will open '%s' again only if somebody else makes it; "
            "give it that directory (chown), or choose another user with --user",
            user, show(folder).text, show(options->output).text);
    }
    return true;
}

/* What is missing of the rights that were to be given up is told by --check, unless it is much. */
static bool give_up_rights(const struct run_parts *run) {
    const struct options *options = run->options;
    struct progress *progress = run->progress;
    struct rights rights;
    char message[RIGHTS_MESSAGE_BYTES];
    struct run_sources sources = list_sources(run);
    bool ok = rights_init(&rights, options, sources.items, sources.count, message);
    if (ok && rights.user.change) { /* --check says what can't be written then */
        (void)sink_give(run->upkeep->parts.sink, rights.user.uid, rights.user.gid);
        if (run->save->sink) {
            (void)sink_give(run->save->sink, rights.user.uid, rights.user.gid);
        }
    }
    rights.notify_fd = run->upkeep->parts.service->fd;
    ok = ok && rights_apply(&rights, message);
    if (!ok) {
        progress_say(progress, "%s", message);
    } else if (rights.parts[RIGHTS_USER].outcome == RIGHTS_LACKING) {
        progress_say(progress, "going on as root: %s", rights.parts[RIGHTS_USER].why);
    } else if (options->no_sandbox && !options->quiet) {
        progress_say(progress, "running without its sandbox (--no-sandbox)");
    }
    ok = ok && say_folder(options, progress, &rights);
    rights_fini(&rights);
    return ok;
}

static struct sink *open_output(const struct options *options, char message[SINK_MESSAGE_BYTES]) {
    struct sink_rotation rotation = {.bytes = options->rotate_bytes, .keep = (size_t)options->rotate_keep};
    return options_rotate(options) ? sink_open_series(options->output, &rotation, message)
                                   : sink_open(options->output, message);
}

/* With all inputs open. */
static enum exit_status run_into_sink(struct run_parts *run, struct sink *sink, struct service *service) {
    const struct options *options = run->options;
    struct progress *progress = run->progress;
    struct upkeep_parts parts = {.options = options,
                                 .sink = sink,
                                 .service = service,
                                 .progress = progress,
                                 .live = source_is_live(run->sources[0])};
    struct upkeep upkeep;
    upkeep_init(&upkeep, &parts);
    run->upkeep = &upkeep;
    enum exit_status status = EXIT_FAILED;
    if (!check_files(options, progress)) { /* one file by two names, made just now */
        status = EXIT_USAGE;
    } else if (save_run_begin(run->save, options, run->limits, progress, run->sources[0]) &&
               give_up_rights(run)) {
        if (sink_has_no_reader(sink) && (!run->save->sink || sink_has_no_reader(run->save->sink))) {
            source_allow_mapping(run->sources[0]);
            if (run->limits->lasting_bytes > 0) {
                source_allow_lasting(run->sources[0]);
            }
        }
        say_warnings(options, progress, run->sources[0]);
        progress->enabled = progress->enabled && !sink_is_terminal(sink);
        status = run_pipeline(run);
    }
    upkeep_fini(&upkeep);
    return status;
}

static enum exit_status run_with_save(struct run_parts *run, struct service *service) {
    const struct options *options = run->options;
    struct progress *progress = run->progress;
    if (!save_run_open(run->save, options, progress, open_again)) {
        return EXIT_FAILED;
    }
    if (options->check) {
        struct run_sources sources = list_sources(run);
        return check(options, sources.items, sources.count);
    }
    char message[SINK_MESSAGE_BYTES];
    struct sink *sink = open_output(options, message);
    if (!sink) {
        progress_say(progress, "%s", message);
        return EXIT_FAILED;
    }
    enum exit_status status = run_into_sink(run, sink, service);
    sink_free(sink);
    return status;
}

static enum exit_status run_sources(const struct options *options, const struct key_file *key,
                                    struct progress *progress, struct source *const *sources,
                                    struct service *service) {
    struct limits limits =
        options->fanout > 1 ? fanout_limits(options, (size_t)options->fanout) : options_limits(options);
    char message[SINK_MESSAGE_BYTES];
    if (!save_run_limits(options, &limits, message)) {
        progress_say(progress, "%s", message);
        return EXIT_USAGE;
    }
    struct save_run save = {.sink = NULL};
    struct run_parts run = {.options = options,
                            .key = key,
                            .limits = &limits,
                            .workers = count_workers(options), /* asks a file */
                            .progress = progress,
                            .sources = sources,
                            .save = &save};
    enum exit_status status = run_with_save(&run, service);
    save_run_fini(&save);
    return status;
}

static enum exit_status run_with_key(const struct options *options, const struct key_file *key,
                                     struct progress *progress, struct service *service) {
    enum source_error error;
    char message[SOURCE_MESSAGE_BYTES];
    struct source *sources[SOURCE_FANOUT_MOST] = {NULL};
    open_sources(options, sources, &error, message);
    if (!sources[0] && signals_received()) {
        return EXIT_DONE;
    }
    if (!sources[0]) {
        return say_not_opened(options, progress, error, message);
    }
    signals_set_source(sources[0]);
    enum exit_status status = run_sources(options, key, progress, sources, service);
    signals_set_source(NULL);
    for (uint64_t i = 0; i < options->fanout; i++) {
        source_free(sources[i]);
    }
    return status;
}

/* From here on nobody else runs with the same pid file. */
static enum exit_status run_alone(const struct options *options, struct progress *progress) {
    struct key_file key = {.len = 0};
    char message[KEY_FILE_MESSAGE_BYTES];
    if (options->key && !key_file_read(&key, options->key, message)) {
        progress_say(progress, "%s", message);
        return EXIT_FAILED;
    }
    struct service service;
    service_init(&service);
    enum exit_status status = run_with_key(options, &key, progress, &service);
    service_fini(&service);
    key_file_wipe(&key);
    return status;
}

enum exit_status run(const struct options *options) {
    struct progress progress;
    struct pid_file pid_file;
    char message[PID_FILE_MESSAGE_BYTES];
    progress_init(&progress, stderr, !options->quiet && !options->interface && isatty(STDERR_FILENO));
    signals_install(options_output_is_file(options));
    if (!check_user(options, &progress) || !check_files(options, &progress)) {
        return EXIT_USAGE;
    }
    bool has_pid_file = options->pid_file && !options->check; /* a check may be made beside a run */
    if (has_pid_file && !pid_file_take(&pid_file, options->pid_file, message)) {
        progress_say(&progress, "%s", message);
        return EXIT_FAILED;
    }
    enum exit_status status = run_alone(options, &progress);
    if (has_pid_file) {
        pid_file_drop(&pid_file);
    }
    return status;
}

static void print_interface(void *context, const char *name, const char *description) {
    (void)context;
    printf("%s%s%s\n", name, *description ? "\t" : "", description);
}

enum exit_status run_list_interfaces(void) {
    char message[SOURCE_MESSAGE_BYTES];
    if (!source_list_interfaces(print_interface, NULL, message)) {
        fprintf(stderr, "hark: %s\n", message);
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}
