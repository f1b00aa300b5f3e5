/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fanout.h"
#include "cli/help.h"
#include "cli/omit.h"
#include "cli/options.h"
#include "cli/units.h"
#include "output/omission.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_ARGUMENTS = 32 };

static struct options options;
static char message[OPTIONS_MESSAGE_BYTES];

/* Parses a line whose words are separated by single spaces; "\x01" stands for a space inside a word. */
static bool parse(const char *line) {
    static char copy[512];
    static char *arguments[MOST_ARGUMENTS];
    assert_true(strlen(line) < sizeof(copy));
    memcpy(copy, line, strlen(line) + 1);
    int count = 0;
    arguments[count++] = (char *)"hark";
    for (char *word = copy; word && *word;) {
        char *space = strchr(word, ' ');
        if (space) {
            *space = '\0';
        }
        for (char *at = word; *at; at++) {
            *at = *at == '\x01' ? ' ' : *at;
        }
        assert_true(count < MOST_ARGUMENTS);
        arguments[count++] = word;
        word = space ? space + 1 : NULL;
    }
    message[0] = '\0';
    return options_parse(&options, count, arguments, message);
}

static void must_parse(const char *line) {
    if (!parse(line)) {
        fail_msg("%s: %s", line, message);
    }
}

/* Every piece must be in the message. */
static void must_fail(const char *line, const char *const *pieces) {
    if (parse(line)) {
        options_fini(&options);
        fail_msg("%s: was accepted", line);
    }
    assert_null(strchr(message, '\n'));
    for (; *pieces; pieces++) {
        if (!strstr(message, *pieces)) {
            fail_msg("%s: '%s' lacks '%s'", line, message, *pieces);
        }
    }
}
#define FAILS(line, ...) must_fail(line, (const char *const[]){__VA_ARGS__, NULL})

static const struct option_info *info_of(const char *name) {
    for (size_t i = 0; i < option_table_length; i++) {
        if (strcmp(option_table[i].name, name) == 0) {
            return &option_table[i];
        }
    }
    fail_msg("no option '%s'", name);
    return NULL;
}

static void test_defaults(void **state) {
    (void)state;
    must_parse("-r a.pcap");
    assert_int_equal(options.paths.count, 1);
    assert_string_equal(options.paths.items[0], "a.pcap");
    assert_null(options.interface);
    assert_null(options.filter);
    assert_null(options.output);
    assert_int_equal(options.buffer_bytes, 64 << 20);
    assert_int_equal(options.frame_count, 0);
    assert_int_equal(options.snapshot_length, 0);
    assert_int_equal(options.jobs, 1);
    assert_int_equal(options.flush_interval_ns, NS_PER_SECOND);
    assert_int_equal(options.format, FORMAT_NDJSON);
    assert_int_equal(options.secrets, SECRETS_MASK);
    assert_int_equal(options.checksums, CHECKSUMS_IGNORE);
    assert_int_equal(options.colour, COLOUR_AUTO);
    assert_false(options.quiet || options.stats || options.no_promiscuous || options.separate_vlans);
    assert_null(options.live_option);
    /* The table's defaults and those of the caps are the same. */
    struct limits limits = options_limits(&options);
    struct limits initial = limits_default();
    assert_int_equal(limits.skew_ns, initial.skew_ns);
    assert_int_equal(limits.hold_time_ns, initial.hold_time_ns);
    assert_int_equal(limits.flow_idle_ns, initial.flow_idle_ns);
    assert_int_equal(limits.flows, initial.flows);
    assert_int_equal(limits.record_bytes, initial.record_bytes);
    options_fini(&options);
}

static void test_every_option(void **state) {
    (void)state;
    must_parse(
        "-i eth0 -s 96 -B 1M -p -c 17 -j 8 -o out.ndjson --format text --secrets keep --checksums verify "
        "--separate-vlans");
    assert_string_equal(options.interface, "eth0");
    assert_int_equal(options.interfaces.count, 1);
    assert_int_equal(options.snapshot_length, 96);
    assert_int_equal(options.buffer_bytes, 1 << 20);
    assert_true(options.no_promiscuous);
    assert_int_equal(options.frame_count, 17);
    assert_int_equal(options.jobs, 8);
    assert_string_equal(options.output, "out.ndjson");
    assert_int_equal(options.format, FORMAT_TEXT);
    assert_int_equal(options.secrets, SECRETS_KEEP);
    assert_int_equal(options.checksums, CHECKSUMS_VERIFY);
    assert_true(options.separate_vlans);
    assert_string_equal(options.live_option->name, "buffer-size");
    options_fini(&options);

    must_parse("--read=- --skew=250ms --hold-time=5s --flow-timeout=2m --flush-interval=0 --max-flows=1000 "
               "--color=never -q --stats");
    assert_string_equal(options.paths.items[0], "-");
    struct limits limits = options_limits(&options);
    assert_int_equal(limits.skew_ns, 250 * NS_PER_MILLISECOND);
    assert_int_equal(limits.hold_time_ns, 5 * NS_PER_SECOND);
    assert_int_equal(limits.flow_idle_ns, 120 * NS_PER_SECOND);
    assert_int_equal(limits.flows, 1000);
    assert_int_equal(options.flush_interval_ns, 0);
    assert_int_equal(options.colour, COLOUR_NEVER);
    assert_true(options.quiet);
    assert_true(options.stats);
    options_fini(&options);

    must_parse("-i eth0 -o %Y.log --rotate-size=1M --rotate-interval=1h --rotate-keep=7 --stats-interval=10 "
               "--pidfile=p");
    assert_int_equal(options.rotate_bytes, 1 << 20);
    assert_int_equal(options.rotate_interval_ns, 3600 * NS_PER_SECOND);
    assert_int_equal(options.rotate_keep, 7);
    assert_int_equal(options.stats_interval_ns, 10 * NS_PER_SECOND);
    assert_string_equal(options.pid_file, "p");
    assert_true(options_rotate(&options) && options_output_is_file(&options));
    options_fini(&options);
}

/* Each option of the table is taken in its long form, with "=" and with a space, and in its short form. */
static void test_every_spelling(void **state) {
    (void)state;
    for (size_t i = 0; i < option_table_length; i++) {
        const struct option_info *info = &option_table[i];
        bool saves = info->save_only;
        bool omits = info->offset == offsetof(struct options, omit);
        char least[32];
        uint64_t unit = info->kind == OPTION_DURATION ? (uint64_t)NS_PER_SECOND : 1;
        snprintf(least, sizeof(least), "%llu", (unsigned long long)((info->minimum + unit - 1) / unit));
        const char *value = info->choices       ? info->choices[1]
                            : info->initial     ? info->initial
                            : info->minimum > 0 ? least
                            : saves             ? "slow,failures"
                            : omits             ? "url,tcp.client"
                                                : "x";
        char line[128];
        bool is_source = info->offset == offsetof(struct options, paths) ||
                         info->offset == offsetof(struct options, interfaces);
        bool needs_key = info->offset == offsetof(struct options, secrets) ||
                         info->offset == offsetof(struct options, anonymize_addresses);
        bool rotates = strncmp(info->name, "rotate-", 7) == 0;
        const char *source = is_source   ? ""
                             : needs_key ? " -r a --secrets-key k"
                             : rotates   ? " -r a -o b --rotate-interval 1h"
                             : saves     ? " -r a -w f"
                                         : " -r a";
        if (info->kind == OPTION_FLAG) {
            snprintf(line, sizeof(line), "--%s%s", info->name, source);
            must_parse(line);
            assert_true(*((const char *)&options + info->offset));
        } else {
            snprintf(line, sizeof(line), "--%s=%s%s", info->name, value, source);
            must_parse(line);
            options_fini(&options);
            snprintf(line, sizeof(line), "--%s %s%s", info->name, value, source);
            must_parse(line);
        }
        options_fini(&options);
        if (info->letter) {
            snprintf(line, sizeof(line), "-%c%s%s", info->letter, info->kind == OPTION_FLAG ? "" : value,
                     source);
            must_parse(line);
            options_fini(&options);
        }
    }
}

static void test_table_is_sound(void **state) {
    (void)state;
    for (size_t i = 0; i < option_table_length; i++) {
        const struct option_info *info = &option_table[i];
        assert_true(info->help[0] && info->more);
        assert_true(strchr(".\n", info->help[strlen(info->help) - 1]) == NULL);
        assert_int_equal(info->argument == NULL, info->kind == OPTION_FLAG);
        assert_int_equal(info->choices != NULL, info->kind == OPTION_CHOICE);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(info->name, option_table[j].name);
            assert_true(!info->letter || info->letter != option_table[j].letter);
            assert_true(info->offset != option_table[j].offset);
        }
    }
}

static void test_filter_words(void **state) {
    (void)state;
    must_parse("-r f tcp port 80 -q and host 10.0.0.1");
    assert_string_equal(options.filter, "tcp port 80 and host 10.0.0.1");
    assert_true(options.quiet);
    options_fini(&options);
    must_parse("port 80 -r f");
    assert_string_equal(options.filter, "port 80");
    options_fini(&options);
    must_parse("-r f -- -q - port 80");
    assert_string_equal(options.filter, "-q - port 80");
    assert_false(options.quiet);
    options_fini(&options);
    must_parse("-r f tcp[12] - 4 > 1\x01or\x01udp");
    assert_string_equal(options.filter, "tcp[12] - 4 > 1 or udp");
    options_fini(&options);
}

static void test_repeats_and_clusters(void **state) {
    (void)state;
    must_parse("-r a -r b -rc --read d");
    assert_int_equal(options.paths.count, 4);
    assert_string_equal(options.paths.items[0], "a");
    assert_string_equal(options.paths.items[2], "c");
    assert_string_equal(options.paths.items[3], "d");
    options_fini(&options);
    must_parse("-qpc5 -i any");
    assert_true(options.quiet && options.no_promiscuous);
    assert_int_equal(options.frame_count, 5);
    options_fini(&options);
    must_parse("-r a -j 2 -j 4"); /* the last one counts */
    assert_int_equal(options.jobs, 4);
    options_fini(&options);
}

static void test_fanout(void **state) {
    (void)state;
    must_parse("-i a --fanout 8");
    assert_int_equal(options.fanout, 8);
    struct limits whole = options_limits(&options), part = fanout_limits(&options, 8);
    assert_int_equal(part.flows, whole.flows / 8);
    assert_true(part.memory <= whole.memory / 8 && part.memory > 0);
    assert_int_equal(part.fragment_bytes, whole.fragment_bytes / 8);
    assert_int_equal(part.fragment_datagrams, whole.fragment_datagrams / 8);
    assert_int_equal(part.skew_ns, whole.skew_ns);
    /* One reader has all. */
    struct limits one = fanout_limits(&options, 1);
    assert_memory_equal(&one, &whole, sizeof one);
    options_fini(&options);
}

static void test_several_interfaces(void **state) {
    (void)state;
    must_parse("-i b --interface=a -i c");
    assert_int_equal(options.interfaces.count, 3);
    assert_string_equal(options.interface, "b");
    assert_string_equal(options.interfaces.items[0], "b");
    assert_string_equal(options.interfaces.items[1], "a");
    assert_string_equal(options.interfaces.items[2], "c");
    options_fini(&options);
}

static void test_help_needs_nothing_else(void **state) {
    (void)state;
    must_parse("-h --no-such-option");
    assert_true(options.help);
    options_fini(&options);
    must_parse("-V -r a -i b");
    assert_true(options.version);
    options_fini(&options);
    must_parse("-D");
    assert_true(options.list_interfaces);
    options_fini(&options);
}

static void test_what_to_save(void **state) {
    (void)state;
    must_parse("-r a -w f --save=slow,failures --save all --save-slower 20ms --save-buffer 2M");
    assert_string_equal(options.write, "f");
    assert_int_equal(options.save.count, 2);
    assert_int_equal(options.save_slower_ns, 20 * NS_PER_MILLISECOND);
    assert_int_equal(options.save_buffer_bytes, 2 << 20);
    options_fini(&options);
    must_parse("-r a -w f");
    assert_int_equal(options.save_slower_ns, 0);
    options_fini(&options);
    FAILS("-r a --save=all", "--save", "-w FILE");
    FAILS("-r a --save-slower=1s", "--save-slower", "-w FILE");
    FAILS("-r a --save-from=connection", "--save-from", "-w FILE");
    FAILS("-r a --save-buffer=64M --save=all", "--save-buffer", "-w FILE");
    FAILS("-r a -w f --save=failures,fast", "failures,fast", "all, failures, slow");
    FAILS("-r a -w f --save=slow,", "slow,");
    FAILS("-r a -w f --save-slower=0", "--save-slower");
    FAILS("-r a -w f -w g", "-w", "twice");
}

static void test_errors(void **state) {
    (void)state;
    FAILS("", "nothing to read", "-r FILE", "-i IFACE", "--help");
    FAILS("port 80", "nothing to read");
    FAILS("-r a -i b", "-r a", "-i b", "exclude each other");
    FAILS("-r a --fromat text", "unknown option '--fromat'", "did you mean '--format'?", "--help");
    FAILS("-r a --flow=1s", "unknown option '--flow'", "did you mean '--flow-timeout'?");
    FAILS("-r a --xyzzyx", "unknown option '--xyzzyx' (");
    FAILS("-r a -x", "unknown option '-x'", "--help");
    FAILS("-qx -r a", "unknown option '-x'");
    FAILS("-r", "option '-r' needs a value", "-r FILE");
    FAILS("-r a --output", "option '--output' needs a value", "--output FILE");
    FAILS("-r a --output=", "option '--output' has an empty FILE");
    FAILS("-r a --stats=yes", "option '--stats' takes no value", "'yes'");
    FAILS("-i a -i b -i a", "interface 'a' is given twice");
    FAILS("-r a --fanout 2", "live interface");
    FAILS("-i a -i b --fanout 2", "one -i");
    FAILS("-i a --fanout 2 -j 2", "--fanout and -j exclude each other");
    FAILS("-i a --fanout 2 -c 5", "--fanout and -c exclude each other");
    FAILS("-i a --fanout 2 -w f", "--fanout and -w exclude each other");
    FAILS("-i a --fanout 9", "--fanout=9 shares the memory out", "1152M");
    FAILS("-i a --fanout 0", "from 1 to 64");
    FAILS("-i a -i any", "-i any captures from all interfaces");
    FAILS("-ia -ib -ic -id -ie -if -ig -ih -ii -ij -ik -il -im -in -io -ip -iq",
          "given 17 times; 16 interfaces");
    FAILS("-r a -o b -o c", "option '-o' is given twice", "'b' and 'c'");
}

static void test_bad_values(void **state) {
    (void)state;
    FAILS("-r a -j many", "option '-j'", "'many' is not a whole number, from 0 to 64");
    FAILS("-r a -j 65", "'65'", "from 0 to 64");
    FAILS("-r a -j -1", "'-1'", "from 0 to 64");
    FAILS("-r a -j +1", "'+1'");
    FAILS("-r a -j 1x", "'1x'");
    FAILS("-r a -c 0", "option '-c'", "from 1 to");
    FAILS("-r a -c 99999999999999999999", "'99999999999999999999'");
    FAILS("-r a -s 262145", "option '-s'", "from 0 to 262144");
    FAILS("-i a -B 1T", "option '-B'", "'1T' is not a size such as 512K, 64M or 1G, from 64K to 2047M");
    FAILS("-i a -B 2G", "'2G'", "from 64K to 2047M");
    FAILS("-i a -B 1KB", "'1KB'");
    FAILS("-r a --skew 5parsecs", "option '--skew'",
          "'5parsecs' is not a time such as 500ms, 1s or 2m, from 0s to 1h");
    FAILS("-r a --skew -1s", "'-1s'");
    FAILS("-r a --skew 2h", "'2h'");
    FAILS("-r a --hold-time 25h", "'25h'", "1d");
    FAILS("-r a --flow-timeout 0", "option '--flow-timeout'", "from 1s to 30d");
    FAILS("-i a --flush-interval 61m", "option '--flush-interval'");
    FAILS("-r a --max-flows 63", "option '--max-flows'", "from 64 to");
    FAILS("-r a --format json", "option '--format'", "'json' is not one of ndjson, text");
    FAILS("-r a --secrets show", "'show' is not one of mask, hash, keep");
    FAILS("-r a --checksums yes", "'yes' is not one of ignore, verify");
    FAILS("-r a --color sometimes", "'sometimes' is not one of auto, always, never");
}

static void test_what_to_hide(void **state) {
    (void)state;
    must_parse("-r a --secrets=hash --secrets-key k --redact-header X-A --redact-header=x_b --redact-query "
               "user[phone] --anonymize-ip");
    assert_true(options.anonymize_addresses);
    assert_int_equal(options.secrets, SECRETS_HASH);
    assert_string_equal(options.key, "k");
    assert_int_equal(options.redacted_headers.count, 2);
    assert_string_equal(options.redacted_headers.items[0], "X-A");
    assert_string_equal(options.redacted_headers.items[1], "x_b");
    assert_int_equal(options.redacted_queries.count, 1);
    assert_string_equal(options.redacted_queries.items[0], "user[phone]");
    options_fini(&options);
    FAILS("-r a --rotate-keep 3", "--rotate-size or --rotate-interval");
    FAILS("-r a --rotate-size 1M", "-o FILE");
    FAILS("-r a -o - --rotate-interval 1h", "-o FILE");
    FAILS("-r a -o %Y/%m --rotate-interval 1h", "'%Y/%m'", "not its directory");
    FAILS("-r a -o b --rotate-size 1K", "4K");
    FAILS("-r a --secrets=hash", "--secrets=hash needs a key", "--secrets-key FILE");
    FAILS("-r a --anonymize-ip", "--anonymize-ip needs a key", "--secrets-key FILE");
    FAILS("-r a --secrets-key", "option '--secrets-key' needs a value");
    FAILS("-r a --secrets-key=k --secrets-key=l", "option '--secrets-key' is given twice, 'k' and 'l'");
    FAILS("-r a --redact-header X-A:", "option '--redact-header': 'X-A:' is no field's name");
    FAILS("-r a --redact-header --", "'--' is no field's name");
    FAILS("-r a --redact-header=", "option '--redact-header' has an empty NAME");
    FAILS("-r a --redact-query []", "option '--redact-query': '[]' is no parameter's name");
}

static void test_forgotten_r(void **state) {
    (void)state;
    char path[] = "hark-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "hark -r %s", path);
    FAILS(path, "is a file", wanted);
    remove(path);
}

static uint64_t bits(const enum omission_part *parts, size_t count) {
    uint64_t set = 0;
    for (size_t i = 0; i < count; i++) {
        set |= UINT64_C(1) << parts[i];
    }
    return set;
}

static void test_what_to_omit(void **state) {
    (void)state;
    uint64_t set = 1;
    must_parse("-r a");
    assert_true(omit_read(&options, &set, message));
    assert_true(set == 0);
    options_fini(&options);
    must_parse("-r a --omit=tcp.client,url --omit http.request.headers --omit url");
    assert_true(omit_read(&options, &set, message));
    const enum omission_part some[] = {OMIT_TCP_CLIENT, OMIT_URL, OMIT_URL_FULL, OMIT_REQUEST_HEADERS};
    assert_true(set == bits(some, sizeof some / sizeof some[0]));
    options_fini(&options);
    must_parse("-r a --omit=semantics"); /* and all that is within it */
    assert_true(omit_read(&options, &set, message));
    assert_true(omission_has(set, OMIT_SEMANTICS) && omission_has(set, OMIT_STATUS) &&
                omission_has(set, OMIT_TRACE) && !omission_has(set, OMIT_RESPONSE_FRAMES));
    options_fini(&options);
}

static void test_what_cannot_be_omitted(void **state) {
    (void)state;
    static const struct {
        const char *line, *pieces[4];
    } cases[] = {
        {"-r a --omit=semantic", {"'semantic' is no part", "did you mean 'semantics'?"}},
        {"-r a --omit=tcp,semantics.cach",
         {"'semantics.cach'", "'semantics.caching' or 'semantics.cached'?"}},
        {"-r a --omit=cookies", {"'cookies'", "did you mean 'semantics.cookies'?"}},
        {"-r a --omit=headers", {"'http.request.headers' or 'http.response.headers'?"}},
        {"-r a --omit=capture", {"'capture.request' or 'capture.response'?"}},
        {"-r a --omit=capture.complete", {"'capture.complete' stays in every record", "hark(1)"}},
        {"-r a --omit=notes", {"'notes' stays in every record"}},
        {"-r a --omit=event.id", {"'event.id' stays in every record"}},
        {"-r a --omit=hark", {"'hark' stays in every record"}},
        {"-r a --omit=@timestamp", {"'@timestamp' stays in every record"}},
        {"-r a --omit=pairing", {"'pairing' stays in every record"}},
        {"-r a --omit=xyzzy", {"'xyzzy' is no part that can be left out; hark(1)"}},
        {"-r a --omit=url,", {"'' is no part"}},
        {"-r a --omit=URL", {"'URL' is no part"}},
        {"-r a --omit=", {"--omit"}},
        {"-r a --omit", {"--omit"}},
        {"-r a --format=text --omit=url", {"--omit", "--format=text"}},
        {"-r a --omit=url --format text", {"--omit", "--format=text"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        must_fail(cases[i].line, cases[i].pieces);
    }
}

/* The manual lists the parts, and the records name them as the options do. */
static void test_names_of_parts(void **state) {
    (void)state;
    char text[OMISSION_TEXT_BYTES];
    uint64_t all = 0;
    const char *manual = NULL;
    for (size_t i = 0; i < option_table_length; i++) {
        manual = strcmp(option_table[i].name, "omit") == 0 ? option_table[i].more : manual;
    }
    assert_non_null(manual);
    for (size_t i = 0; i < OMISSION_PARTS; i++) {
        const char *name = omission_name(i);
        uint64_t set = 0;
        char listed[64];
        assert_true(omission_add(&set, slice_of(name)) && omission_has(set, (enum omission_part)i));
        assert_false(omission_is_kept(slice_of(name)));
        omission_text(set, text);
        assert_string_equal(text, name); /* not what is within it */
        snprintf(listed, sizeof listed, " %s%c", name, i + 1 < OMISSION_PARTS ? ',' : '.');
        if (!strstr(manual, listed)) {
            fail_msg("the manual does not list '%s'", name);
        }
        all |= set;
    }
    omission_text(all, text);
    assert_string_equal(text, "network, client, server, url, http.request.referrer, http.request.headers, "
                              "http.request.trailers, http.response.headers, http.response.trailers, "
                              "http.response.interim, user_agent, timing, tcp, capture.request, "
                              "capture.response, semantics");
    omission_text(0, text);
    assert_string_equal(text, "");
}

static void test_suggestions(void **state) {
    (void)state;
    assert_string_equal(options_suggest("stat"), "stats");
    assert_string_equal(options_suggest("colour"), "color");
    assert_string_equal(options_suggest("jbos"), "jobs");
    assert_string_equal(options_suggest("max-flow"), "max-flows");
    assert_string_equal(options_suggest("flush-intervall"), "flush-interval");
    assert_null(options_suggest("x"));
    assert_null(options_suggest("bogus-option"));
    assert_null(options_suggest("a-name-that-is-longer-than-any-option-there-is"));
}

/* The text that a help function prints; to be freed. */
static char *printed(void (*print)(FILE *)) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    print(out);
    fclose(out);
    assert_true(len > 0 && text[len - 1] == '\n');
    char *copy = strdup(text); /* gcc 12 takes the stream's own variable for one that dangles */
    assert_non_null(copy);
    free(text);
    return copy;
}

static void test_help_lists_all(void **state) {
    (void)state;
    char *help = printed(help_print);
    for (size_t i = 0; i < option_table_length; i++) {
        const struct option_info *info = &option_table[i];
        char wanted[80];
        char letter[] = {'-', info->letter, ',', '\0'};
        snprintf(wanted, sizeof(wanted), "\n  %-3s --%s%s%s", info->letter ? letter : "", info->name,
                 info->argument ? "=" : "", info->argument ? info->argument : "");
        if (!strstr(help, wanted)) {
            fail_msg("--help lacks '%s'", wanted);
        }
        for (size_t j = 0; info->choices && info->choices[j]; j++) {
            const char *line = strstr(help, wanted);
            assert_true(line && strstr(line, info->choices[j]));
        }
    }
    for (const char *line = help; *line; line = strchr(line, '\n') + 1) {
        if (strchr(line, '\n') - line > 100) {
            fail_msg("longer than 100 columns: %.100s", line);
        }
    }
    free(help);
}

static void test_manual_and_completion_list_all(void **state) {
    (void)state;
    char *manual = printed(help_print_manual);
    char *completion = printed(help_print_bash_completion);
    for (size_t i = 0; i < option_table_length; i++) {
        const struct option_info *info = &option_table[i];
        char wanted[80] = "\\fB\\-\\-";
        size_t len = strlen(wanted);
        for (const char *at = info->name; *at; at++) {
            len += (size_t)snprintf(wanted + len, sizeof(wanted) - len, *at == '-' ? "\\-" : "%c", *at);
        }
        assert_non_null(strstr(manual, wanted));
        snprintf(wanted, sizeof(wanted), "--%s", info->name);
        assert_non_null(strstr(completion, wanted));
    }
    /* A control line inside running text would vanish from the page. */
    assert_null(strstr(manual, "\n'"));
    free(manual);
    free(completion);
}

static void test_version(void **state) {
    (void)state;
    char *version = printed(help_print_version);
    assert_non_null(strstr(version, "hark " HARK_VERSION "\n"));
    assert_non_null(strstr(version, "libpcap version 1."));
    free(version);
}

struct value {
    const char *text;
    bool valid;
    uint64_t value;
};

static void test_durations(void **state) {
    (void)state;
    static const struct value cases[] = {
        {"0", true, 0},
        {"1", true, 1000000000},
        {"1.5", true, 1500000000},
        {"1.5s", true, 1500000000},
        {"500ms", true, 500000000},
        {"0.25ms", true, 250000},
        {"7us", true, 7000},
        {"1.000000001s", true, 1000000001},
        {"2m", true, 120000000000},
        {"1.5h", true, 5400000000000},
        {"1d", true, 86400000000000},
        {"106751d", true, 106751 * UINT64_C(86400000000000)},
        {"106752d", false, 0},
        {"18446744073709551616", false, 0},
        {"", false, 0},
        {"s", false, 0},
        {".5s", false, 0},
        {"1.s", false, 0},
        {"1.0000000001s", false, 0},
        {"1 s", false, 0},
        {" 1s", false, 0},
        {"1S", false, 0},
        {"1ns", false, 0},
        {"-1s", false, 0},
        {"+1s", false, 0},
        {"1e3", false, 0},
        {"0x10", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t ns = 0;
        if (units_parse_duration(cases[i].text, &ns) != cases[i].valid || ns != cases[i].value) {
            fail_msg("'%s': %llu", cases[i].text, (unsigned long long)ns);
        }
    }
}

static void test_sizes(void **state) {
    (void)state;
    static const struct value cases[] = {
        {"0", true, 0},       {"4096", true, 4096},    {"64K", true, 65536},
        {"64k", true, 65536}, {"64M", true, 64 << 20}, {"2G", true, UINT64_C(2) << 30},
        {"2GB", false, 0},    {"2T", false, 0},        {"1.5M", false, 0},
        {"", false, 0},       {"M", false, 0},         {"17179869184G", false, 0},
        {"64 M", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t bytes = 0;
        if (units_parse_size(cases[i].text, &bytes) != cases[i].valid || bytes != cases[i].value) {
            fail_msg("'%s': %llu", cases[i].text, (unsigned long long)bytes);
        }
    }
}

static void test_texts_parse_back(void **state) {
    (void)state;
    static const uint64_t values[] = {
        0, 1000, 1500, 1000000, 90000000000, 3600000000000, 86400000000000, 1234567890000, 61000000000};
    char text[UNITS_TEXT_BYTES];
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        uint64_t back = 1;
        units_duration_text(values[i], text);
        assert_true(units_parse_duration(text, &back));
        assert_int_equal(back, values[i]);
        units_size_text(values[i], text);
        assert_true(units_parse_size(text, &back));
        assert_int_equal(back, values[i]);
    }
    units_bytes_for_people(0, text);
    assert_string_equal(text, "0 B");
    units_bytes_for_people(999, text);
    assert_string_equal(text, "999 B");
    units_bytes_for_people(1000, text);
    assert_string_equal(text, "1.00 kB");
    units_bytes_for_people(999999, text);
    assert_string_equal(text, "1.00 MB");
    units_bytes_for_people(12345678, text);
    assert_string_equal(text, "12.3 MB");
    units_bytes_for_people(UINT64_MAX, text);
    assert_string_equal(text, "18.4 EB");
}

static void test_overload(void **state) {
    (void)state;
    must_parse("-i a");
    assert_int_equal(options.overload, OVERLOAD_SHED);
    assert_int_equal(options.overload_lag_ns, NS_PER_SECOND);
    options_fini(&options);
    must_parse("-i a --overload=none --overload-lag=250ms");
    assert_int_equal(options.overload, OVERLOAD_IGNORE);
    assert_int_equal(options.overload_lag_ns, 250 * NS_PER_MILLISECOND);
    options_fini(&options);
    must_parse("-i a --overload=connections");
    assert_int_equal(options.overload, OVERLOAD_CONNECTIONS);
    options_fini(&options);
    FAILS("-i a --overload=drop", "option '--overload'");
    FAILS("-i a --overload-lag 9ms", "option '--overload-lag'");
    must_parse("-r a --overload=shed");
    assert_string_equal(options.live_option->name, "overload");
    options_fini(&options);
}

static void test_buffers_are_part_of_memory(void **state) {
    (void)state;
    const uint64_t mib = UINT64_C(1) << 20;
    const struct {
        const char *line;
        uint64_t buffer, memory;
        bool is_cut;
    } cases[] = {
        {"-i a", 64 * mib, 960 * mib, false},
        {"-i a -i b", 64 * mib, 896 * mib, false},
        {"-i a -B 512M", 512 * mib, 512 * mib, false},
        {"-i a -B 513M", 512 * mib, 512 * mib, true},
        {"-i a -i b -B 512M", 256 * mib, 512 * mib, true},
        {"-i a --max-memory=128M", 32 * mib, 96 * mib, true},
        {"-i a -B 3M --max-memory=128M", 3 * mib, 125 * mib, false},
        {"-i a -i b -i c --max-memory=128M", 10 * mib + 640 * 1024, 96 * mib + 128 * 1024, true},
        {"-r a -B 3M --max-memory=128M", 3 * mib, 128 * mib, false},
        {"-i a --fanout=4", 64 * mib, 960 * mib, false},
        {"-i a --fanout=4 -B 1M", 4 * mib, 1020 * mib, false}, /* each ring has its least */
        {"-i a --fanout=4 -B 513M --max-memory=1G", 512 * mib, 512 * mib, true},
        {"-i a --fanout=4 -B 200M --max-memory=512M", 128 * mib, 384 * mib, true},
        {"-i a -w f -B 99M --save-buffer=64M --max-memory=258M", 96 * mib, 162 * mib, true},
        {"-i a -w f -B 99M --save-buffer=64M --max-memory=200M", 38 * mib, 162 * mib, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        must_parse(cases[i].line);
        assert_int_equal(options.buffer_bytes, cases[i].buffer);
        assert_int_equal(options_memory(&options), cases[i].memory);
        assert_int_equal(options.buffer_is_cut, cases[i].is_cut);
        options_fini(&options);
    }
}

static void test_live_options_are_marked(void **state) {
    (void)state;
    assert_true(info_of("buffer-size")->live_only);
    assert_true(info_of("no-promiscuous-mode")->live_only);
    assert_false(info_of("flush-interval")->live_only); /* a pipe obeys it as well */
    must_parse("-r a -p -B 1M");
    assert_string_equal(options.live_option->name, "no-promiscuous-mode");
    options_fini(&options);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_option),
        cmocka_unit_test(test_every_spelling),
        cmocka_unit_test(test_what_to_save),
        cmocka_unit_test(test_table_is_sound),
        cmocka_unit_test(test_filter_words),
        cmocka_unit_test(test_repeats_and_clusters),
        cmocka_unit_test(test_fanout),
        cmocka_unit_test(test_several_interfaces),
        cmocka_unit_test(test_help_needs_nothing_else),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_what_to_hide),
        cmocka_unit_test(test_forgotten_r),
        cmocka_unit_test(test_suggestions),
        cmocka_unit_test(test_what_to_omit),
        cmocka_unit_test(test_what_cannot_be_omitted),
        cmocka_unit_test(test_names_of_parts),
        cmocka_unit_test(test_help_lists_all),
        cmocka_unit_test(test_manual_and_completion_list_all),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_texts_parse_back),
        cmocka_unit_test(test_overload),
        cmocka_unit_test(test_live_options_are_marked),
        cmocka_unit_test(test_buffers_are_part_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
