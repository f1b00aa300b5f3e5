/* SPDX-License-Identifier: Apache-2.0 */
/* What is made from the option table for people and shells. Pure output. */
#ifndef HARK_CLI_HELP_H
#define HARK_CLI_HELP_H

#include <stdio.h>

/* --help */
void help_print(FILE *);
/* --version: hark and the libraries in it */
void help_print_version(FILE *);
/* docs/hark.1, for man(1) */
void help_print_manual(FILE *);
/* scripts/completions/hark.bash */
void help_print_bash_completion(FILE *);

#endif
