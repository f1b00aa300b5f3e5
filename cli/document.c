/* SPDX-License-Identifier: Apache-2.0 */
/* A tool of the build, not installed: prints what is made from the option table. */
#include "cli/help.h"

#include <string.h>

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "manual") == 0) {
        help_print_manual(stdout);
    } else if (argc == 2 && strcmp(argv[1], "bash") == 0) {
        help_print_bash_completion(stdout);
    } else {
        fputs("usage: hark_document manual | bash\n", stderr);
        return 2;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
