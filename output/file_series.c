/* SPDX-License-Identifier: Apache-2.0 */
#include "output/file_series.h"

#include "capture/limits.h"
#include "capture/show.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    NUMBER_DIGITS = 4,   /* at least: names sort up to there */
    TRIES_MOST = 100000, /* names that somebody else took meanwhile */
};

static bool is_dated(const struct file_series *series) {
    return strchr(series->given, '%') != NULL;
}

bool file_series_init(struct file_series *series, const char *path) {
    *series = (struct file_series){.directory = -1};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t folder = (size_t)(name - path);
    char directory[PATH_MAX] = ".";
    if (strlen(name) >= sizeof series->given || folder >= sizeof directory) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (*name == '\0') {
        errno = folder > 0 ? EISDIR : ENOENT;
        return false;
    }
    (void)snprintf(series->folder, sizeof series->folder, "%.*s", (int)folder, path);
    memcpy(series->given, name, strlen(name));
    if (folder > 0) {
        memcpy(directory, path, folder);
        directory[folder] = '\0';
    }
    series->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return series->directory >= 0;
}

void file_series_fini(struct file_series *series) {
    if (series->directory >= 0) {
        (void)close(series->directory);
        series->directory = -1;
    }
    free(series->kept);
    series->kept = NULL;
}

/* The number behind "given." when the name is one of a numbered series; 0 when it is not. */
static uint64_t number_of(const struct file_series *series, const char *name) {
    size_t len = strlen(series->given);
    if (strncmp(name, series->given, len) != 0 || name[len] != '.') {
        return 0;
    }
    const char *digits = name + len + 1;
    size_t count = strspn(digits, "0123456789");
    if (count < NUMBER_DIGITS || count > 18 || digits[count] != '\0') {
        return 0;
    }
    return strtoull(digits, NULL, 10);
}

/* The newest file is `name`: it is kept, and the oldest beyond those to keep is removed. */
static void keep_name(struct file_series *series, const char *name) {
    if (series->keep == 0) {
        return;
    }
    while (series->count >= series->keep) {
        (void)unlinkat(series->directory, series->kept[series->first], 0); /* somebody may have been faster */
        series->first = (series->first + 1) % series->keep;
        series->count--;
    }
    size_t at = (series->first + series->count++) % series->keep;
    (void)snprintf(series->kept[at], sizeof series->kept[at], "%s", name);
}

static int compare_numbers(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void number_name(const struct file_series *series, uint64_t number, char *name) {
    (void)snprintf(name, FILE_SERIES_NAME_BYTES, "%.*s.%0*" PRIu64, FILE_SERIES_NAME_BYTES - 24,
                   series->given, NUMBER_DIGITS, number);
}

/* The numbers that are there, in an owned array; NULL with errno, 0 where there are none. */
static uint64_t *list_numbers(const struct file_series *series, size_t *count) {
    *count = 0;
    int fd = openat(series->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (!directory) {
        int error = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        errno = error;
        return NULL;
    }
    size_t room = 64;
    uint64_t *numbers = malloc(room * sizeof *numbers);
    const struct dirent *entry;
    while (numbers && (entry = readdir(directory)) != NULL) {
        uint64_t number = number_of(series, entry->d_name);
        if (number == 0) {
            continue;
        }
        if (*count == room) {
            room *= 2;
            uint64_t *more = realloc(numbers, room * sizeof *numbers);
            if (!more) {
                free(numbers);
            }
            numbers = more;
        }
        if (numbers) {
            numbers[(*count)++] = number;
        }
    }
    (void)closedir(directory);
    return numbers;
}

static bool find_earlier(struct file_series *series) {
    size_t count;
    uint64_t *numbers = list_numbers(series, &count);
    if (!numbers) {
        return false;
    }
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    for (size_t i = 0; i < count; i++) {
        char name[FILE_SERIES_NAME_BYTES];
        number_name(series, numbers[i], name);
        keep_name(series, name);
        series->number = numbers[i];
    }
    free(numbers);
    return true;
}

bool file_series_start(struct file_series *series, size_t keep) {
    series->keep = keep;
    if (keep > 0) {
        series->kept = calloc(keep, sizeof *series->kept);
        if (!series->kept) {
            return false;
        }
    }
    if (strlen(series->given) >= FILE_SERIES_NAME_BYTES - 24) {
        errno = ENAMETOOLONG; /* with its suffix */
        return false;
    }
    if (faccessat(series->directory, ".", W_OK | X_OK, AT_EACCESS) != 0) {
        return false;
    }
    return is_dated(series) || find_earlier(series);
}

int file_series_open_given(const struct file_series *series, int flags) {
    int fd;
    do {
        fd = openat(series->directory, series->given, flags | O_CLOEXEC | O_NOCTTY, 0666);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

/* The name by its time, without a suffix. False when it is too long, or no name. */
static bool date_name(const struct file_series *series, int64_t time_ns, char *name) {
    time_t seconds = (time_t)(time_ns / NS_PER_SECOND - (time_ns % NS_PER_SECOND < 0));
    struct tm utc;
    if (!gmtime_r(&seconds, &utc) || strftime(name, FILE_SERIES_NAME_BYTES - 24, series->given, &utc) == 0 ||
        strchr(name, '/')) {
        errno = ENAMETOOLONG;
        return false;
    }
    return true;
}

static int create(const struct file_series *series, const char *name) {
    int fd;
    do {
        fd = openat(series->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

/* The next file takes the place of one that nothing was written to. */
static void forget_current(struct file_series *series) {
    (void)unlinkat(series->directory, series->current, 0);
    series->count -= series->count > 0;
}

int file_series_open_next(struct file_series *series, int64_t time_ns, bool unused) {
    char base[FILE_SERIES_NAME_BYTES] = "", name[FILE_SERIES_NAME_BYTES];
    bool dated = is_dated(series);
    if (dated && !date_name(series, time_ns, base)) {
        return -1;
    }
    uint64_t number = dated && strcmp(base, series->dated) != 0 ? 0 : series->number + 1;
    int fd = -1;
    for (unsigned tries = 0; tries < TRIES_MOST && fd < 0; tries++, number++) {
        if (!dated) {
            number_name(series, number, name);
        } else if (number == 0) {
            (void)snprintf(name, sizeof name, "%s", base);
        } else {
            (void)snprintf(name, sizeof name, "%.*s.%" PRIu64, FILE_SERIES_NAME_BYTES - 24, base, number);
        }
        fd = create(series, name);
        if (fd < 0 && errno != EEXIST) {
            return -1;
        }
    }
    if (fd >= 0) {
        if (unused) {
            forget_current(series);
        }
        series->number = number - 1;
        memcpy(series->dated, base, sizeof base);
        memcpy(series->current, name, sizeof name);
        keep_name(series, name);
    }
    return fd;
}

void file_series_shown(const struct file_series *series, char text[FILE_SERIES_SHOWN_BYTES]) {
    const char *name = *series->current ? series->current : series->given;
    char path[FILE_SERIES_SHOWN_BYTES + FILE_SERIES_NAME_BYTES];
    (void)snprintf(path, sizeof path, "%s%s", series->folder, name);
    (void)snprintf(text, FILE_SERIES_SHOWN_BYTES, "%s", show(path).text);
}
