/* SPDX-License-Identifier: Apache-2.0 */
/* Completion for bash: option names, the choices of those that have some, files and interfaces. */
#include "cli/help.h"

#include "cli/options.h"

static const char head[] =
    "# SPDX-License-Identifier: Apache-2.0\n"
    "# Made from the option table: do not edit.\n"
    "# bash completion for hark: source this file, or put it into\n"
    "# /usr/share/bash-completion/completions/hark\n"
    "_hark() {\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    COMPREPLY=()\n"
    "    # --option=value is split at the equals sign\n"
    "    if [[ $current == \"=\" ]]; then\n"
    "        current=\"\"\n"
    "    elif [[ $previous == \"=\" ]]; then\n"
    "        previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    case $previous in\n";

static void print_case(const struct option_info *info, FILE *out) {
    fputs("    ", out);
    if (info->letter) {
        fprintf(out, "-%c | ", info->letter);
    }
    fprintf(out, "--%s)\n", info->name);
    if (info->choices) {
        fputs("        mapfile -t COMPREPLY < <(compgen -W \"", out);
        for (size_t i = 0; info->choices[i]; i++) {
            fprintf(out, "%s%s", i ? " " : "", info->choices[i]);
        }
        fputs("\" -- \"$current\")\n", out);
    } else if (info->completion == COMPLETE_FILE) {
        fputs("        compopt -o filenames\n"
              "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n",
              out);
    } else if (info->completion == COMPLETE_INTERFACE) {
        fputs("        mapfile -t COMPREPLY < <(compgen -W \"$(hark -D 2>/dev/null | cut -f 1)\" -- "
              "\"$current\")\n",
              out);
    }
    fputs("        return\n        ;;\n", out);
}

void help_print_bash_completion(FILE *out) {
    fputs(head, out);
    for (size_t i = 0; i < option_table_length; i++) {
        if (option_table[i].argument) {
            print_case(&option_table[i], out);
        }
    }
    fputs("    esac\n    mapfile -t COMPREPLY < <(compgen -W \"", out);
    for (size_t i = 0; i < option_table_length; i++) {
        if (option_table[i].letter) {
            fprintf(out, "-%c ", option_table[i].letter);
        }
        fprintf(out, "--%s%s", option_table[i].name, i + 1 < option_table_length ? " " : "");
    }
    fputs("\" -- \"$current\")\n}\ncomplete -F _hark hark\n", out);
}
