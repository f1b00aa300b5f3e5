/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/save_run.h"

#include "capture/show.h"
#include "cli/signals.h"
#include "cli/units.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

enum { NOTES_SHARE = 32 };

/* What can be read once only goes through a ring. */
static bool is_read_once(const struct options *options) {
    if (options->interface) {
        return true;
    }
    for (uint64_t i = 0; i < options->paths.count; i++) {
        struct stat status;
        if (strcmp(options->paths.items[i], "-") == 0 || stat(options->paths.items[i], &status) != 0 ||
            !S_ISREG(status.st_mode)) {
            return true;
        }
    }
    return false;
}

bool save_run_limits(const struct options *options, struct limits *limits,
                     char message[SOURCE_MESSAGE_BYTES]) {
    if (!options->write) {
        return true;
    }
    if (!is_read_once(options)) {
        limits->memory -= (size_t)(options->memory / NOTES_SHARE * 2); /* connections, and fragments */
        return true;
    }
    uint64_t cost = options_save_memory(options);
    if (options->memory < LIMITS_MEMORY_LEAST + cost) {
        char buffer[UNITS_TEXT_BYTES], least[UNITS_TEXT_BYTES];
        uint64_t mib = UINT64_C(1) << 20;
        units_size_text(options->save_buffer_bytes, buffer);
        units_size_text((LIMITS_MEMORY_LEAST + cost + mib - 1) / mib * mib, least);
        (void)snprintf(message, SOURCE_MESSAGE_BYTES,
                       "--save-buffer=%s leaves too little of --max-memory: give it %s or more, or a smaller "
                       "buffer",
                       buffer, least);
        return false;
    }
    limits_set_memory(limits, options_memory(options) - cost);
    return true;
}

static struct saver_options saver_options_of(const struct options *options, const struct limits *limits,
                                             size_t ring_bytes) {
    struct saver_options saver = {
        .rule = {.slow = options->save_slower_ns > 0,
                 .slower_ns = options->save_slower_ns ? (int64_t)options->save_slower_ns : SAVE_SLOWER_NS},
        .whole_connections = options->save_from == SAVE_FROM_CONNECTION,
        .marks = !options->anonymize_addresses, /* they would tell whose address is whose */
        .ring_bytes = ring_bytes,
        .notes_bytes = (size_t)(options->memory / NOTES_SHARE),
        .fragment_timeout_ns = limits->fragment_timeout_ns};
    for (uint64_t i = 0; i < options->save.count; i++) {
        (void)save_rule_add(&saver.rule, options->save.items[i]); /* was checked */
    }
    saver.rule.all = saver.rule.all || (!saver.rule.failures && !saver.rule.slow);
    return saver;
}

static struct shown shown(const struct options *options) {
    return show(strcmp(options->write, "-") == 0 ? "standard output" : options->write);
}

static const char *name_interface(void *source, uint32_t interface) {
    return source_file_name(source, interface);
}

bool save_run_open(struct save_run *run, const struct options *options, struct progress *progress,
                   struct source *(*open)(const struct options *, char message[SOURCE_MESSAGE_BYTES])) {
    *run = (struct save_run){.sink = NULL};
    if (!options->write) {
        return true;
    }
    if (is_read_once(options)) {
        run->ring_bytes = (size_t)options->save_buffer_bytes;
        return true;
    }
    for (size_t i = 0; i < SAVE_READINGS; i++) {
        char message[SOURCE_MESSAGE_BYTES];
        run->again[i] = open(options, message);
        if (!run->again[i]) {
            progress_say(progress, "%s", message);
            return false;
        }
    }
    return true;
}

bool save_run_begin(struct save_run *run, const struct options *options, const struct limits *limits,
                    struct progress *progress, const struct source *source) {
    if (!options->write) {
        return true;
    }
    char message[SINK_MESSAGE_BYTES];
    run->sink = sink_open(options->write, message);
    if (!run->sink) {
        progress_say(progress, "%s", message);
        return false;
    }
    if (!options->quiet) {
        progress_say(progress, "%s will hold packets as they were captured: secrets and addresses in clear",
                     shown(options).text);
    }
    save_file_init(&run->file, run->sink, source_is_live(source) ? name_interface : NULL,
                   (void *)(uintptr_t)source);
    struct saver_options saver = saver_options_of(options, limits, run->ring_bytes);
    run->saver = saver_new(&saver, &run->file);
    if (!run->saver) {
        progress_say(progress, "out of memory for -w; try a smaller --save-buffer");
    }
    return run->saver != NULL;
}

static bool never(void) {
    return false;
}

static struct source *take_source(void *context, char message[SOURCE_MESSAGE_BYTES]) {
    struct save_run *run = context;
    message[0] = '\0';
    assert(run->taken < SAVE_READINGS);
    struct source *source = run->again[run->taken];
    run->again[run->taken++] = NULL;
    return source;
}

/* True when all is in the file. A signal before ended the first reading: what that read is saved all the
 * same. */
static bool read_again(struct save_run *run, const struct save_again *again, struct progress *progress) {
    char message[SOURCE_MESSAGE_BYTES] = "";
    enum save_result result = save_again(again, message);
    if (result != SAVE_DONE && result != SAVE_SINK_ENDED) {
        progress_say(progress, "packets were not saved: %s", message);
    }
    return result == SAVE_DONE ||
           (result == SAVE_SINK_ENDED && sink_write(run->sink, slice_make("", 0)) == SINK_READER_GONE);
}

bool save_run_end(struct save_run *run, const struct options *options, const struct limits *limits,
                  struct progress *progress, const struct decode_options *decode, bool fragments) {
    if (!run->saver) {
        return true;
    }
    bool ok = true;
    if (run->ring_bytes == 0) {
        struct save_again again = {.saver = run->saver,
                                   .file = &run->file,
                                   .limits = limits,
                                   .decode = *decode,
                                   .open = take_source,
                                   .context = run,
                                   .fragments = fragments,
                                   .notes_bytes = (size_t)(options->memory / NOTES_SHARE),
                                   .interrupted = signals_received() ? never : signals_received};
        ok = read_again(run, &again, progress);
    }
    if (sink_close(run->sink) == SINK_FAILED) {
        if (!saver_has_told(run->saver)) {
            progress_say(progress, "%s", sink_message(run->sink));
        }
        ok = false;
    }
    if (run->file.unplaced > 0) {
        progress_say(progress, "%s: %" PRIu64 " packets were not saved: they are of too many interfaces",
                     shown(options).text, run->file.unplaced);
        ok = false;
    }
    uint64_t missed = saver_missed(run->saver);
    if (ok && missed > 0) {
        progress_say(progress,
                     "%s: the packets of %" PRIu64 " transactions are not or not all in it (capture.saved "
                     "tells); %s helps",
                     shown(options).text, missed,
                     run->ring_bytes ? "a larger --save-buffer" : "more memory (--max-memory)");
    } else if (ok && !options->quiet) {
        progress_say(progress, "%" PRIu64 " packets saved to %s", run->file.packets, shown(options).text);
    }
    return ok;
}

void save_run_fini(struct save_run *run) {
    saver_free(run->saver);
    if (run->sink) {
        save_file_fini(&run->file);
    }
    sink_free(run->sink);
    for (size_t i = 0; i < SAVE_READINGS; i++) {
        source_free(run->again[i]);
    }
    *run = (struct save_run){.sink = NULL};
}
