/* SPDX-License-Identifier: Apache-2.0 */
/* The man page, in roff's man macros. */
#include "cli/help.h"

#include "cli/options.h"

#include <string.h>

static const char head[] =
    ".\\\" SPDX-License-Identifier: Apache-2.0\n"
    ".\\\" Made from the option table: do not edit.\n"
    ".TH HARK 1 \"\" \"hark " HARK_VERSION "\" \"User commands\"\n"
    ".SH NAME\n"
    "hark \\- passive HTTP traffic analyzer\n"
    ".SH SYNOPSIS\n"
    ".B hark\n"
    ".BI \\-r \" FILE\"\n"
    ".RI [ OPTION ...]\n"
    ".RI [ FILTER ]\n"
    ".br\n"
    ".B hark\n"
    ".BI \\-i \" IFACE\"\n"
    ".RI [ OPTION ...]\n"
    ".RI [ FILTER ]\n"
    ".SH DESCRIPTION\n"
    ".B hark\n"
    "listens to HTTP that it takes no part in. It reads packets from a capture file or a network interface,\n"
    "puts the TCP streams in order, reads the HTTP/1 messages in them, pairs each response with its "
    "request,\n"
    "and writes one JSON object on one line for each transaction. Each record says how complete it is; what\n"
    "is missing is counted and named.\n"
    ".PP\n"
    "HTTP is recognised by its content, on any port. Packets may be wrapped in VLAN tags, MPLS, PPPoE, GRE,\n"
    "ERSPAN, IP in IP, VXLAN, GENEVE, GTP-U, Teredo or L2TP.\n"
    ".PP\n"
    ".I FILTER\n"
    "is an expression of\n"
    ".BR pcap\\-filter (7),\n"
    "made of all words that are no options. A filter such as\n"
    ".B port 80\n"
    "does not match packets with VLAN tags, packets inside tunnels and later fragments. Write\n"
    ".B port 80 or (vlan and port 80)\n"
    "for tagged packets, or leave the filter out.\n"
    ".PP\n"
    "Times are numbers with one of the units us, ms, s, m, h and d (without one, seconds), sizes are "
    "numbers\n"
    "with K, M or G (powers of 1024; without one, bytes). After\n"
    ".B \\-\\-\n"
    "everything is filter.\n"
    ".SH OPTIONS\n";

static const char tail[] =
    ".SH EXIT STATUS\n"
    ".TP\n"
    ".B 0\n"
    "Done, also when ended by SIGINT, SIGTERM or SIGHUP, or because the reader of the output went away. "
    "Open\n"
    "transactions are written, marked as unfinished.\n"
    ".TP\n"
    ".B 1\n"
    "A file, a permission, a device or the disk failed, or packets of an unsupported link type were met. "
    "A\n"
    "line on standard error says what happened and where. Where an input can't be read at the start, "
    "nothing\n"
    "is analyzed, though others could be; else what was readable was analyzed and written.\n"
    ".TP\n"
    ".B 2\n"
    "A wrong option or filter.\n"
    ".SH ENVIRONMENT\n"
    ".TP\n"
    ".B NO_COLOR\n"
    "When set and not empty, the text format is not coloured, unless \\fB\\-\\-color=always\\fR.\n"
    ".SH SIGNALS\n"
    "SIGINT and SIGTERM end the capture in good order. A second one of the same kind ends hark at once. "
    "SIGHUP "
    "does\n"
    "so too where there is no \\fB\\-o\\fR FILE; else the file is opened again under its name (or the next "
    "file "
    "of a\n"
    "rotation begun), so that one that was renamed is let go, and no line is lost or torn. SIGUSR1 prints "
    "the\n"
    "ledger as it stands to standard error.\n"
    ".SH EXAMPLES\n"
    "Records of a file, as JSON:\n"
    ".PP\n"
    ".RS\n"
    ".nf\n"
    "hark \\-r capture.pcap\n"
    ".fi\n"
    ".RE\n"
    ".PP\n"
    "Watch an interface:\n"
    ".PP\n"
    ".RS\n"
    ".nf\n"
    "hark \\-i eth0 \\-\\-format text\n"
    ".fi\n"
    ".RE\n"
    ".PP\n"
    "Rotated files, in order, as one capture:\n"
    ".PP\n"
    ".RS\n"
    ".nf\n"
    "hark \\-r day.pcap.gz \\-r night.pcap.gz \\-\\-stats \\-o records.ndjson\n"
    ".fi\n"
    ".RE\n"
    ".SH SEE ALSO\n"
    ".BR tcpdump (8),\n"
    ".BR pcap\\-filter (7),\n"
    ".BR pcap (3PCAP)\n";

/* Text so that roff prints it as it is. */
static void print_text(const char *text, FILE *out) {
    for (; *text; text++) {
        if (*text == '-') {
            fputs("\\-", out);
        } else if (*text == '\\') {
            fputs("\\e", out);
        } else {
            fputc(*text == '\n' ? ' ' : *text, out);
        }
    }
}

/* A sentence from the table's phrase: a capital first, a stop last. */
static void print_sentence(const char *help, FILE *out) {
    char first[] = {*help, '\0'};
    if (*help >= 'a' && *help <= 'z') {
        first[0] = (char)(*help - 'a' + 'A');
    }
    print_text(first, out);
    print_text(help + 1, out);
    fputs(".\n", out);
}

static void print_option(const struct option_info *info, FILE *out) {
    fputs(".TP\n", out);
    if (info->letter) {
        fprintf(out, "\\fB\\-%c\\fR%s%s%s, ", info->letter, info->argument ? " \\fI" : "",
                info->argument ? info->argument : "", info->argument ? "\\fR" : "");
    }
    fputs("\\fB\\-\\-", out);
    print_text(info->name, out);
    fputs("\\fR", out);
    if (info->argument) {
        fprintf(out, "=\\fI%s\\fR", info->argument);
    }
    fputc('\n', out);
    print_sentence(info->help, out);
    if (info->more[0] != '\0') {
        print_text(info->more, out);
        fputc('\n', out);
    }
    if (info->initial && strcmp(info->initial, "0") != 0) {
        fputs("Default: ", out);
        print_text(info->initial, out);
        fputs(".\n", out);
    }
}

void help_print_manual(FILE *out) {
    fputs(head, out);
    for (unsigned group = 0; group < OPTION_GROUPS; group++) {
        fprintf(out, ".SS %s\n", option_group_title((enum option_group)group));
        for (size_t i = 0; i < option_table_length; i++) {
            if ((unsigned)option_table[i].group == group) {
                print_option(&option_table[i], out);
            }
        }
    }
    fputs(tail, out);
}
