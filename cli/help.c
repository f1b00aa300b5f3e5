/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include "cli/options.h"

#include <openssl/crypto.h>
#include <pcap/pcap.h>
#include <string.h>
#ifdef HARK_WITH_ZLIB
#include <zlib.h>
#endif
#ifdef HARK_WITH_ZSTD
#include <zstd.h>
#endif
#ifdef HARK_WITH_SECCOMP
#include <seccomp.h>
#endif

enum { HELP_COLUMN = 31 };

static const char introduction[] =
    "Usage: hark -r FILE [OPTION...] [FILTER]\n"
    "       hark -i IFACE [OPTION...] [FILTER]\n"
    "\n"
    "Listens to HTTP without taking part, and writes one JSON record for each\n"
    "transaction to standard output. FILTER is an expression of pcap-filter(7).\n";

static const char conclusion[] =
    "\n"
    "Times are numbers with us, ms, s, m, h or d (without unit: seconds), sizes numbers\n"
    "with K, M or G. After -- everything is filter.\n"
    "\n"
    "Exit status: 0 done, also after Ctrl-C; 1 a file, device or disk failed: at the\n"
    "start nothing is written, later what was readable; 2 a wrong option or filter.\n"
    "\n"
    "Examples:\n"
    "  hark -r capture.pcap\n"
    "  hark -i eth0 --format text 'tcp port 80 or (vlan and tcp port 80)'\n"
    "  tcpdump -U -w - | hark -r - -q | jq .url.full\n";

/* Help of several lines keeps its column. */
static void print_help_text(const char *help, FILE *out) {
    for (; *help; help++) {
        fputc(*help, out);
        if (*help == '\n') {
            fprintf(out, "%*s", HELP_COLUMN, "");
        }
    }
}

static void print_option(const struct option_info *info, FILE *out) {
    char left[64];
    char letter[] = {'-', info->letter, ',', '\0'};
    snprintf(left, sizeof(left), "  %-3s --%s%s%s", info->letter ? letter : "", info->name,
             info->argument ? "=" : "", info->argument ? info->argument : "");
    fprintf(out, "%-*s", HELP_COLUMN, left);
    print_help_text(info->help, out);
    if (info->initial && strcmp(info->initial, "0") != 0) {
        fprintf(out, " [%s]", info->initial);
    }
    fputc('\n', out);
}

void help_print(FILE *out) {
    fputs(introduction, out);
    for (unsigned group = 0; group < OPTION_GROUPS; group++) {
        fprintf(out, "\n%s:\n", option_group_title((enum option_group)group));
        for (size_t i = 0; i < option_table_length; i++) {
            if ((unsigned)option_table[i].group == group) {
                print_option(&option_table[i], out);
            }
        }
    }
    fputs(conclusion, out);
}

void help_print_version(FILE *out) {
    fprintf(out, "hark %s\n%s\n", HARK_VERSION, pcap_lib_version());
    fprintf(out, "%s\n", OpenSSL_version(OPENSSL_VERSION));
#ifdef HARK_WITH_ZLIB
    fprintf(out, "zlib version %s\n", zlibVersion());
#endif
#ifdef HARK_WITH_ZSTD
    fprintf(out, "zstd version %s\n", ZSTD_versionString());
#endif
#ifdef HARK_WITH_CAPNG
    fprintf(out, "libcap-ng version %s\n", HARK_WITH_CAPNG);
#endif
#ifdef HARK_WITH_SECCOMP
    const struct scmp_version *seccomp = seccomp_version();
    fprintf(out, "libseccomp version %u.%u.%u\n", seccomp->major, seccomp->minor, seccomp->micro);
#endif
}
