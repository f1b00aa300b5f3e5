/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include "capture/ns.h"
#include "capture/show.h"
#include "cli/units.h"

#include <inttypes.h>
#include <stdarg.h>

enum { STEPS_PER_LOOK = 1024, LINE_BYTES = 2048 };

#define FIRST_NS  NS_PER_SECOND
#define REPEAT_NS (250 * NS_PER_MILLISECOND)

void progress_init(struct progress *progress, FILE *out, bool enabled) {
    int64_t now = ns_of_clock(CLOCK_MONOTONIC);
    *progress =
        (struct progress){.out = out, .enabled = enabled, .started_ns = now, .next_ns = now + FIRST_NS};
}

int64_t progress_elapsed_ns(const struct progress *progress) {
    return ns_of_clock(CLOCK_MONOTONIC) - progress->started_ns;
}

static void time_left_text(uint64_t seconds, char text[UNITS_TEXT_BYTES]) {
    if (seconds >= 3600) {
        snprintf(text, UNITS_TEXT_BYTES, "%" PRIu64 ":%02u:%02u", seconds / 3600,
                 (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
    } else {
        snprintf(text, UNITS_TEXT_BYTES, "%u:%02u", (unsigned)(seconds / 60), (unsigned)(seconds % 60));
    }
}

void progress_text(char text[PROGRESS_TEXT_BYTES], uint64_t bytes, uint64_t total, uint64_t transactions,
                   int64_t elapsed_ns) {
    double seconds = (double)(elapsed_ns > 0 ? elapsed_ns : 1) / 1e9;
    double rate = (double)bytes / seconds;
    char read[UNITS_TEXT_BYTES], speed[UNITS_TEXT_BYTES];
    units_bytes_for_people(bytes, read);
    units_bytes_for_people((uint64_t)rate, speed);
    if (total == 0 || bytes == 0) {
        snprintf(text, PROGRESS_TEXT_BYTES, "%s read, %s/s, %" PRIu64 " transactions", read, speed,
                 transactions);
        return;
    }
    uint64_t rest = bytes < total ? total - bytes : 0; /* a file may grow while it is read */
    char all[UNITS_TEXT_BYTES], left[UNITS_TEXT_BYTES];
    units_bytes_for_people(total, all);
    time_left_text((uint64_t)((double)rest / rate + 0.5), left);
    unsigned percent = rest == 0 ? 100 : (unsigned)((double)bytes * 100 / (double)total);
    snprintf(text, PROGRESS_TEXT_BYTES, "%s of %s read (%u %%), %s/s, %" PRIu64 " transactions, %s left",
             read, all, percent, speed, transactions, left);
}

void progress_step(struct progress *progress, const struct source *source, struct crew *crew, bool look) {
    if (!progress->enabled || (++progress->steps < STEPS_PER_LOOK && !look)) {
        return;
    }
    progress->steps = 0;
    int64_t now = ns_of_clock(CLOCK_MONOTONIC);
    if (now < progress->next_ns) {
        return;
    }
    progress->next_ns = now + REPEAT_NS;
    struct source_counts counts;
    source_counts(source, &counts);
    char text[PROGRESS_TEXT_BYTES];
    progress_text(text, counts.file_bytes_read, counts.file_bytes_total, crew_written(crew),
                  now - progress->started_ns);
    fprintf(progress->out, "\r\033[K%s", text);
    fflush(progress->out);
    progress->shown = true;
}

void progress_clear(struct progress *progress) {
    if (progress->shown) {
        fputs("\r\033[K", progress->out);
        fflush(progress->out);
        progress->shown = false;
    }
}

void progress_say(struct progress *progress, const char *format, ...) {
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    show_line(line, sizeof line, format, arguments);
    va_end(arguments);
    flockfile(progress->out); /* other threads have their lines */
    progress_clear(progress);
    fprintf(progress->out, "hark: %s\n", line);
    fflush(progress->out);
    funlockfile(progress->out);
}
