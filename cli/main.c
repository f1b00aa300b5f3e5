/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"
#include "cli/run.h"

#include <malloc.h>

enum {
    LARGE_BLOCK_BYTES = 512 * 1024,
    TOP_BYTES = 1024 * 1024,
};

/* What was needed for a burst goes back to the system: by itself the C library keeps blocks of the size that
 * was freed last, up to 32 MiB, in each thread's heap. */
static void keep_no_memory(void) {
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, TOP_BYTES);
}

static enum exit_status act(const struct options *options) {
    if (options->help) {
        help_print(stdout);
        return EXIT_DONE;
    }
    if (options->version) {
        help_print_version(stdout);
        return EXIT_DONE;
    }
    return options->list_interfaces ? run_list_interfaces() : run(options);
}

int main(int argc, char **argv) {
    struct options options;
    char message[OPTIONS_MESSAGE_BYTES];
    keep_no_memory();
    if (!options_parse(&options, argc, argv, message)) {
        fprintf(stderr, "hark: %s\n", message);
        return options.no_memory ? EXIT_FAILED : EXIT_USAGE;
    }
    enum exit_status status = act(&options);
    options_fini(&options);
    /* An earlier write may have failed, too: the help is longer than the buffer. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == EXIT_DONE) {
        perror("hark: standard output");
        return EXIT_FAILED;
    }
    return (int)status;
}
