/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/contradiction.h"

#include "capture/show.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NO_STANDARD = -1 };

struct place {
    const char *path;
    int standard; /* the descriptor that "-" means; NO_STANDARD: it is a name like others */
};

/* What hark writes. */
struct output {
    struct place place;
    const char *what;
    const char *as; /* beside another use */
    const char *option;
};

static bool is_standard(const struct place *place) {
    return place->standard != NO_STANDARD && strcmp(place->path, "-") == 0;
}

static bool look(const struct place *place, struct stat *status) {
    return (is_standard(place) ? fstat(place->standard, status) : stat(place->path, status)) == 0;
}

/* The directory it is in, or would be made in, and its name there. */
static bool find_name(const struct place *place, struct stat *directory, char name[PATH_MAX]) {
    char copy[PATH_MAX];
    if (is_standard(place) || strlen(place->path) >= sizeof copy) {
        return false;
    }
    memcpy(copy, place->path, strlen(place->path) + 1);
    (void)snprintf(name, PATH_MAX, "%s", basename(copy));
    memcpy(copy, place->path, strlen(place->path) + 1);
    return stat(dirname(copy), directory) == 0;
}

/* A device such as /dev/null takes everything. */
static bool is_same(const struct place *a, const struct place *b) {
    struct stat one, other;
    char name[PATH_MAX], other_name[PATH_MAX];
    if (is_standard(a) && is_standard(b)) {
        return a->standard == b->standard;
    }
    if (look(a, &one) && look(b, &other)) {
        return one.st_dev == other.st_dev && one.st_ino == other.st_ino && !S_ISCHR(one.st_mode) &&
               !S_ISSOCK(one.st_mode); /* which has two directions */
    }
    return find_name(a, &one, name) && find_name(b, &other, other_name) && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino && strcmp(name, other_name) == 0;
}

static bool say(char message[CONTRADICTION_MESSAGE_BYTES], const struct place *read, const char *use,
                const struct output *output) {
    const struct place *place = is_standard(&output->place) ? read : &output->place;
    (void)snprintf(message, CONTRADICTION_MESSAGE_BYTES, "'%s' is %s and %s at once; give another file to %s",
                   show(place->path).text, use, output->as, output->option);
    return true;
}

/* Writing into a file that is being read would destroy it. */
static bool find_read(const struct options *options, const struct output *output,
                      char message[CONTRADICTION_MESSAGE_BYTES]) {
    const struct place key = {options->key, NO_STANDARD};
    for (uint64_t i = 0; i < options->paths.count; i++) {
        const struct place input = {options->paths.items[i], STDIN_FILENO};
        if (is_same(&input, &output->place)) {
            return say(message, &input, "input", output);
        }
    }
    return key.path && is_same(&key, &output->place) && say(message, &key, "key file", output);
}

static bool find_written(const struct output *one, const struct output *other,
                         char message[CONTRADICTION_MESSAGE_BYTES]) {
    if (!is_same(&one->place, &other->place)) {
        return false;
    }
    (void)snprintf(message, CONTRADICTION_MESSAGE_BYTES, "%s and %s both go to %s; give another file to %s",
                   one->what, other->what,
                   is_standard(&one->place) ? "standard output" : show(one->place.path).text, other->option);
    return true;
}

/* One file after another would be made beside a device or pipe, which gets nothing. */
static bool find_no_file(const struct options *options, char message[CONTRADICTION_MESSAGE_BYTES]) {
    struct stat status;
    if (!options_rotate(options) || stat(options->output, &status) != 0 || S_ISREG(status.st_mode) ||
        S_ISDIR(status.st_mode)) {
        return false;
    }
    (void)snprintf(message, CONTRADICTION_MESSAGE_BYTES,
                   "rotation needs a file, and '%s' is none; give one to -o", show(options->output).text);
    return true;
}

bool contradiction_find(const struct options *options, char message[CONTRADICTION_MESSAGE_BYTES]) {
    const struct output outputs[] = {
        {{options->output ? options->output : "-", STDOUT_FILENO}, "records", "output", "-o"},
        {{options->write, STDOUT_FILENO}, "packets", "output", "-w"},
        {{options->pid_file, NO_STANDARD}, "the process id", "pid file", "--pidfile"}};
    if (find_no_file(options, message)) {
        return true;
    }
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        const struct output *output = &outputs[i];
        if (!output->place.path) {
            continue;
        }
        if (find_read(options, output, message)) {
            return true;
        }
        for (size_t k = 0; k < i; k++) {
            if (outputs[k].place.path && find_written(&outputs[k], output, message)) {
                return true;
            }
        }
    }
    return false;
}
