/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"
#include "cli/run.h"

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
    if (!options_parse(&options, argc, argv, message)) {
        fprintf(stderr, "hark: %s\n", message);
        return options.no_memory ? EXIT_FAILED : EXIT_USAGE;
    }
    enum exit_status status = act(&options);
    options_fini(&options);
    if (fflush(stdout) != 0 && status == EXIT_DONE) {
        perror("hark: standard output");
        return EXIT_FAILED;
    }
    return (int)status;
}
