/* SPDX-License-Identifier: Apache-2.0 */
/* dialogue [--accept] CASE...: replays each case whole and at every chunk size; says where the first
 * difference is. With --accept the case's expectations are written anew from the whole replay. */
#include "tests/dialogue/dialogue.h"

#include <stdio.h>
#include <stdlib.h>

/* Of longer cases only the small chunks and those near the whole are tried. */
enum { ALL_SIZES = 2048, SMALL_SIZES = 128, NEAR_WHOLE = 32 };

static size_t longest_part(const struct dialogue *d) {
    size_t longest = 1;
    const struct speech *speeches[] = {&d->requests, &d->responses};
    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; i < speeches[s]->count; i++) {
            size_t len = speeches[s]->parts[i].bytes.len;
            longest = len > longest ? len : longest;
        }
    }
    return longest;
}

static struct slice take_line(struct slice *text) {
    size_t end = slice_find(*text, '\n');
    struct slice line = slice_first(*text, end);
    *text = slice_after(*text, end + 1);
    return line;
}

static void print_line(char mark, struct slice line) {
    fprintf(stderr, "  %c %.*s\n", mark, (int)line.len, (const char *)line.ptr);
}

/* Equal lines at both ends frame what differs. */
static void print_difference(struct slice expected, struct slice got) {
    while (expected.len && got.len) {
        struct slice rest_expected = expected, rest_got = got;
        struct slice line = take_line(&rest_expected);
        if (!slice_equal(line, take_line(&rest_got))) {
            break;
        }
        print_line(' ', line);
        expected = rest_expected;
        got = rest_got;
    }
    while (expected.len) {
        print_line('-', take_line(&expected));
    }
    while (got.len) {
        print_line('+', take_line(&got));
    }
}

static bool is_as_expected(const struct dialogue *d, const char *side, size_t chunk,
                           const struct buf *expected, const struct buf *got) {
    if (slice_equal(buf_slice(expected), buf_slice(got))) {
        return true;
    }
    fprintf(stderr, "%s: %s in chunks of %zu\n", d->path, side, chunk);
    print_difference(buf_slice(expected), buf_slice(got));
    return false;
}

static bool replay_and_compare(const struct dialogue *d, size_t chunk) {
    struct buf requests, responses;
    buf_init(&requests, DIALOGUE_BYTES);
    buf_init(&responses, DIALOGUE_BYTES);
    dialogue_replay(d, chunk, &requests, &responses);
    bool good = is_as_expected(d, "requests", chunk, &d->requests.expected, &requests);
    good = is_as_expected(d, "responses", chunk, &d->responses.expected, &responses) && good;
    buf_fini(&requests);
    buf_fini(&responses);
    return good;
}

static bool run(const struct dialogue *d) {
    size_t longest = longest_part(d);
    if (!replay_and_compare(d, longest)) {
        return false;
    }
    for (size_t chunk = 1; chunk < longest; chunk++) {
        bool left_out = longest > ALL_SIZES && chunk > SMALL_SIZES && chunk + NEAR_WHOLE < longest;
        if (!left_out && !replay_and_compare(d, chunk)) {
            return false;
        }
    }
    return true;
}

static bool accept_case(struct dialogue *d) {
    struct buf requests, responses;
    buf_init(&requests, DIALOGUE_BYTES);
    buf_init(&responses, DIALOGUE_BYTES);
    dialogue_replay(d, longest_part(d), &requests, &responses);
    FILE *file = fopen(d->path, "w");
    if (!file) {
        perror(d->path);
        return false;
    }
    fprintf(file, "%.*s", (int)d->input.len, (const char *)d->input.ptr);
    fprintf(file, "=== requests\n%.*s", (int)requests.len, requests.len ? (const char *)requests.ptr : "");
    fprintf(file, "=== responses\n%.*s", (int)responses.len,
            responses.len ? (const char *)responses.ptr : "");
    buf_fini(&requests);
    buf_fini(&responses);
    return fclose(file) == 0;
}

int main(int argc, char **argv) {
    bool accept = argc > 1 && strcmp(argv[1], "--accept") == 0;
    int first = accept ? 2 : 1;
    int failed = 0;
    for (int i = first; i < argc; i++) {
        struct dialogue *d = malloc(sizeof(*d));
        if (!d) {
            return 1;
        }
        bool read = dialogue_read(d, argv[i]);
        failed += accept ? !accept_case(d) : !(read && run(d));
        dialogue_free(d);
        free(d);
    }
    printf("%d dialogues, %d failed\n", argc - first, failed);
    return failed || argc == first;
}
