/* SPDX-License-Identifier: Apache-2.0 */
/* A tool of the build, not installed: prints what is made from the option table and from the registry of
 * notes. */
#include "analyzer/notes.h"
#include "cli/help.h"

#include <string.h>

static void print_notes(FILE *out) {
    fputs(
        "# Notes\n\n"
        "What a record\'s `notes` may say: `id`, how severe it is, the section that speaks of it, and its "
        "meaning. This page is made from the registry in\n"
        "`analyzer/notes.c` (`cmake --build build/release --target document`).\n\n"
        "How programs differ was tried on those that Debian 12 has; [framing.md](framing.md) has every case, "
        "server and version. A note's\n`detail` repeats the sentence. The detail of `framing_ambiguous` says "
        "for the message at hand where it ends to hark, and where to others.\n\n"
        "| id | severity | section | meaning | how programs differ |\n|---|---|---|---|---|\n",
        out);
    for (unsigned id = 0; id < NOTE_IDS; id++) {
        const struct note_info *info = note_info((enum note_id)id);
        fprintf(out, "| `%s` | %s | %s | %s | %s |\n", info->name, note_severity_name(info->severity),
                info->section, info->meaning, info->differ);
    }
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "manual") == 0) {
        help_print_manual(stdout);
    } else if (argc == 2 && strcmp(argv[1], "bash") == 0) {
        help_print_bash_completion(stdout);
    } else if (argc == 2 && strcmp(argv[1], "notes") == 0) {
        print_notes(stdout);
    } else {
        fputs("usage: hark_document manual | bash | notes\n", stderr);
        return 2;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
