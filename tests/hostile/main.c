/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_traffic list
 * hostile_traffic ATTACK [size=N] [seed=N] [step=NANOSECONDS] [pause=MICROSECONDS] [truth=FILE]
 *
 * Writes a capture of the attack, with honest transactions beside it, to standard output. `step` is the time
 * between two packets of the attack, `pause` the longest silence of an honest connection. */
#include "attack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct attack *const groups[] = {attacks_insertion, attacks_overlap, attacks_flood,
                                              attacks_fragment,  attacks_head,    attacks_body,
                                              attacks_exchange,  attacks_hold,    attacks_mixed};
enum { GROUPS = sizeof groups / sizeof groups[0] };

struct choice {
    const struct attack *attack;
    uint64_t size, seed, step_ns, pause_us;
    FILE *truth;
};

static void list(void) {
    static const char *const others[] = {"none", "incomplete", "any"};
    (void)printf("name\tunit\tci\twhole\tothers\targuments\twhat\n");
    for (size_t g = 0; g < GROUPS; g++) {
        for (const struct attack *a = groups[g]; a->name; a++) {
            (void)printf("%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%s\t%s\t%s\n", a->name, a->unit, a->ci, a->whole,
                         others[a->others], a->arguments, a->what);
        }
    }
}

static const struct attack *find(const char *name) {
    for (size_t g = 0; g < GROUPS; g++) {
        for (const struct attack *a = groups[g]; a->name; a++) {
            if (strcmp(a->name, name) == 0) {
                return a;
            }
        }
    }
    return NULL;
}

static bool read_number(const char *argument, const char *name, uint64_t *number) {
    size_t len = strlen(name);
    if (strncmp(argument, name, len) != 0 || argument[len] != '=') {
        return false;
    }
    char *end;
    *number = strtoull(argument + len + 1, &end, 10);
    return *end == 0 && end != argument + len + 1;
}

static bool read_argument(const char *argument, struct choice *choice) {
    if (strncmp(argument, "truth=", 6) == 0) {
        choice->truth = fopen(argument + 6, "w");
        return choice->truth;
    }
    return read_number(argument, "size", &choice->size) || read_number(argument, "seed", &choice->seed) ||
           read_number(argument, "step", &choice->step_ns) ||
           read_number(argument, "pause", &choice->pause_us);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        list();
        return 0;
    }
    struct choice choice = {
        .attack = argc > 1 ? find(argv[1]) : NULL, .seed = 1, .step_ns = 10000, .pause_us = 200000};
    if (!choice.attack) {
        (void)fprintf(stderr, "hostile_traffic: no such attack; hostile_traffic list\n");
        return 2;
    }
    choice.size = choice.attack->ci;
    for (int i = 2; i < argc; i++) {
        if (!read_argument(argv[i], &choice)) {
            (void)fprintf(stderr, "hostile_traffic: bad argument: %s\n", argv[i]);
            return 2;
        }
    }
    struct stage *stage =
        stage_new(choice.seed, (int64_t)choice.step_ns, (unsigned)choice.pause_us, choice.truth);
    choice.attack->run(stage, choice.size);
    stage_wait(stage, INT64_C(2500000000)); /* longer than any wait for what is late */
    stage_free(stage);
    return choice.truth && fclose(choice.truth) ? 1 : 0;
}
