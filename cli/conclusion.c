/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/conclusion.h"

#include "capture/show.h"
#include "cli/omit.h"
#include "cli/tally.h"
#include "output/omission.h"

#include <inttypes.h>
#include <pcap/pcap.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void say_unsupported(struct progress *progress, const struct pipeline *pipeline) {
    for (size_t i = 0; i < pipeline->unsupported_count; i++) {
        const struct unsupported_frames *frames = &pipeline->unsupported[i];
        const char *name = pcap_datalink_val_to_name(frames->link_type);
        progress_say(progress,
                     "%s: link type %d%s%s%s is not supported; its %" PRIu64 " frames were not analyzed",
                     show(source_file_name(pipeline->parts.source, frames->file)).text, frames->link_type,
                     name ? " (" : "", name ? name : "", name ? ")" : "", frames->frames);
    }
}

static void say_kernel_drops(struct progress *progress, const struct source_counts *source) {
    if (source->kernel_dropped + source->interface_dropped > 0) {
        progress_say(progress,
                     "%" PRIu64 " packets were dropped before hark saw them (kernel %" PRIu64
                     ", interface %" PRIu64 "); a larger buffer (-B), more workers (-j) or a filter helps",
                     source->kernel_dropped + source->interface_dropped, source->kernel_dropped,
                     source->interface_dropped);
    }
    if (source->unread > 0) {
        progress_say(progress, "%" PRIu64 " packets were left unread in the kernel's buffer at the end",
                     source->unread);
    }
}

/* What found no room below the caps is counted by the layers; that records are missing because the system had
 * no memory is said here, also without --stats. Caps that were hit are no fault: hostile traffic does that.
 * True when nothing is missing. */
static bool conclude_memory(struct progress *progress, const struct ledger *ledger) {
    uint64_t packets = ledger->flow.fates[FLOW_NO_MEMORY] + ledger->decode.fragments_no_room;
    uint64_t messages = ledger->http.no_memory_requests + ledger->http.no_memory_responses;
    uint64_t refused = ledger_refused(ledger);
    if (ledger->records_no_memory + refused == 0) {
        return true;
    }
    progress_say(progress,
                 "%" PRIu64 " packets and %" PRIu64 " messages were not analyzed and %" PRIu64
                 " records not written for want of memory%s; --stats tells more",
                 packets, messages, ledger->records_no_memory,
                 refused ? ", which may leave others incomplete" : "");
    return false;
}

/* What became of the output; true when all is well with it. */
static bool conclude_output(struct progress *progress, const struct pipeline *pipeline, struct sink *sink,
                            const struct ledger *ledger) {
    switch (sink_close(sink)) {
    case SINK_FAILED:
        progress_say(progress, "%s; %" PRIu64 " records were not written%s", sink_message(sink),
                     ledger->records_unwritten,
                     pipeline->abandoned ? ", and the rest of the input was not read" : "");
        return false;
    case SINK_READER_GONE:
        return true;
    case SINK_OK:
        break;
    }
    return true;
}

/* Each record says it as well. */
static void print_omitted(const struct options *options, FILE *out) {
    uint64_t set;
    char text[OMISSION_TEXT_BYTES], message[OPTIONS_MESSAGE_BYTES];
    if (omit_read(options, &set, message) && set) {
        omission_text(set, text);
        (void)fprintf(out, "Left out of the records (--omit): %s\n", text);
    }
}

static void print_ledger(const struct options *options, struct progress *progress,
                         const struct ledger *ledger) {
    if (options->stats) {
        ledger_print(ledger, progress->out);
        print_omitted(options, progress->out);
        char why[256];
        if (!ledger_balances(ledger, why)) {
            progress_say(progress, "internal: ledger does not balance: %s", why);
        }
    } else if (!options->quiet && isatty(STDERR_FILENO)) {
        ledger_print_brief(ledger, progress->out);
    }
}

static uint64_t time_ns(const struct timeval *time) {
    return (uint64_t)time->tv_sec * NS_PER_SECOND + (uint64_t)time->tv_usec * 1000;
}

void conclusion_measure(struct run_speed *speed, const struct progress *progress,
                        const struct pipeline *pipeline) {
    struct rusage usage;
    struct stopwatch watch = pipeline->watch;
    speed->elapsed_ns = progress_elapsed_ns(progress);
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        speed->user_ns = time_ns(&usage.ru_utime);
        speed->system_ns = time_ns(&usage.ru_stime);
        speed->peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
    }
    speed->threads = crew_times(pipeline->parts.crew, &watch);
    if (pipeline->parts.peers && pipeline->parts.peers->others) {
        speed->threads += tally_add_times(pipeline->parts.peers->others, &watch);
    }
    memcpy(speed->stage_ns, watch.ns, sizeof speed->stage_ns);
    uint64_t *analyze = &speed->stage_ns[STAGE_ANALYZE], *record = &speed->stage_ns[STAGE_RECORD];
    *analyze -= *record < *analyze ? *record : *analyze;
}

enum exit_status conclude(const struct options *options, struct progress *progress,
                          const struct pipeline *pipeline, struct sink *sink) {
    struct ledger ledger = {0};
    pipeline_counts(pipeline, &ledger);
    conclusion_measure(&ledger.speed, progress, pipeline);
    bool ok = conclude_output(progress, pipeline, sink, &ledger);
    ok = conclude_memory(progress, &ledger) && ok;
    say_unsupported(progress, pipeline);
    say_kernel_drops(progress, &ledger.source);
    print_ledger(options, progress, &ledger);
    return ok && pipeline->damages == 0 && pipeline->unsupported_count == 0 ? EXIT_DONE : EXIT_FAILED;
}
