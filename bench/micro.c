/* SPDX-License-Identifier: Apache-2.0 */
/* micro [WORD...]: single parts of hark on material made here, in ns each, hot: lexer, segments that wait,
 * flow look-up, records. With words, only what has one of them in its name. Medians of CPU time. */
#include "bench/micro.h"

#include <stdio.h>
#include <string.h>

#include "bench/way.h"

enum { SAMPLES = 9 };
#define SAMPLE_NS (20 * NS_PER_MILLISECOND)

static int wanted_count;
static char **wanted;

static bool is_wanted(const char *name) {
    for (int i = 0; i < wanted_count; i++) {
        if (strstr(name, wanted[i])) {
            return true;
        }
    }
    return wanted_count == 0;
}

double micro_time(void (*run)(void *context), void *context, double items) {
    double samples[SAMPLES];
    run(context);
    for (int i = 0; i < SAMPLES; i++) {
        int64_t begin = bench_cpu_ns(), spent;
        unsigned runs = 0;
        do {
            run(context);
            runs++;
            spent = bench_cpu_ns() - begin;
        } while (spent < SAMPLE_NS);
        samples[i] = (double)spent / runs / items;
    }
    return bench_median(samples, SAMPLES);
}

void micro_print(const char *name, double ns, double limit_ns, const char *limit) {
    if (limit) {
        printf("| %s | %.1f | %.1f | %.1f | %s |\n", name, ns, limit_ns, ns / limit_ns, limit);
    } else {
        printf("| %s | %.1f | | | |\n", name, ns);
    }
    fflush(stdout);
}

int main(int count, char **arguments) {
    static const struct {
        const char *name;
        void (*run)(void);
    } parts[] = {{"lexer", micro_lexer},
                 {"segments", micro_segments},
                 {"flows", micro_flows},
                 {"records", micro_records}};
    wanted_count = count - 1;
    wanted = arguments + 1;
    printf("| what | ns | its limit, ns | times | the limit is |\n|---|--:|--:|--:|---|\n");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (is_wanted(parts[i].name)) {
            parts[i].run();
        }
    }
    return 0;
}
