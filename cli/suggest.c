/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the option whose name is the fewest keystrokes away from an unknown one. */
#include "cli/options.h"

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

const char *options_suggest(const char *name) {
    size_t len = strlen(name);
    if (len < 2 || len > LONGEST_NAME) {
        return NULL;
    }
    const char *best = NULL;
    size_t best_distance = len / 3 + 1; /* a third of the letters may be wrong */
    for (size_t i = 0; i < option_table_length; i++) {
        const char *known = option_table[i].name;
        size_t d = strncmp(known, name, len) == 0 ? 1 : distance(name, known);
        if (d <= best_distance && (!best || d < best_distance)) {
            best = known;
            best_distance = d;
        }
    }
    return best;
}
