/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the names that are the fewest keystrokes away from an unknown one. */
#include "cli/suggest.h"

#include "cli/options.h"

#include <stdbool.h>
#include <string.h>

enum { LONGEST_NAME = 32 };

static size_t smallest(size_t a, size_t b, size_t c) {
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Insertions, deletions, replacements and swaps of neighbours that make `a` out of `b` (the optimal string
 * alignment distance). Both are at most LONGEST_NAME long. */
static size_t distance(const char *a, const char *b) {
    size_t rows[3][LONGEST_NAME + 1];
    size_t len = strlen(b);
    for (size_t j = 0; j <= len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; a[i - 1]; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            row[j] = smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                two_above[j - 2] + 1 < row[j]) {
                row[j] = two_above[j - 2] + 1;
            }
        }
    }
    return rows[strlen(a) % 3][len];
}

size_t suggest(const char *name, const char *(*known)(size_t), size_t count, const char **near, size_t most) {
    size_t len = strlen(name), found = 0;
    if (len < 2 || len > LONGEST_NAME) {
        return 0;
    }
    size_t least = len / 3 + 1; /* a third of the letters may be wrong */
    for (size_t i = 0; i < count; i++) {
        bool begun = strncmp(known(i), name, len) == 0;
        size_t d = begun ? known(i)[len] && known(i)[len + 1] : distance(name, known(i));
        if (d > least) {
            continue;
        }
        found = d < least ? 0 : found;
        least = d;
        if (found < most) {
            near[found++] = known(i);
        }
    }
    return found;
}

static const char *option_name(size_t i) {
    return option_table[i].name;
}

const char *options_suggest(const char *name) {
    const char *near = NULL;
    return suggest(name, option_name, option_table_length, &near, 1) ? near : NULL;
}
