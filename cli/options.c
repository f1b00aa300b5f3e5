/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "analyzer/h1_syntax.h"
#include "capture/show.h"
#include "capture/source.h"
#include "capture/source_fanout.h"
#include "cli/omit.h"
#include "cli/save_rule.h"
#include "cli/units.h"
#include "output/redaction.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEE_HELP "(hark --help lists all)"

struct parser {
    struct options *options;
    char *const *arguments; /* after argv[0] */
    int count;
    int next;
    char *message; /* of OPTIONS_MESSAGE_BYTES */
};

__attribute__((format(printf, 2, 3))) static bool fail(const struct parser *parser, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    show_line(parser->message, OPTIONS_MESSAGE_BYTES, format, arguments);
    va_end(arguments);
    return false;
}

static void *value_of(struct options *options, const struct option_info *info) {
    return (char *)options + info->offset;
}

static const struct option_info *find_name(const char *name, size_t len) {
    for (size_t i = 0; i < option_table_length; i++) {
        if (strlen(option_table[i].name) == len && memcmp(option_table[i].name, name, len) == 0) {
            return &option_table[i];
        }
    }
    return NULL;
}

static const struct option_info *find_letter(char letter) {
    for (size_t i = 0; i < option_table_length; i++) {
        if (option_table[i].letter == letter && letter != '\0') {
            return &option_table[i];
        }
    }
    return NULL;
}

/* "-j" or "--jobs", as the user wrote it. */
struct spelling {
    char text[64];
};

static struct spelling spell(const struct option_info *info, bool is_long) {
    struct spelling spelling;
    if (is_long) {
        snprintf(spelling.text, sizeof(spelling.text), "--%s", info->name);
    } else {
        snprintf(spelling.text, sizeof(spelling.text), "-%c", info->letter);
    }
    return spelling;
}

static bool set_choice(const struct parser *parser, const struct option_info *info, const char *spelling,
                       const char *text) {
    char all[128] = "";
    for (unsigned i = 0; info->choices[i]; i++) {
        if (strcmp(info->choices[i], text) == 0) {
            *(unsigned *)value_of(parser->options, info) = i;
            return true;
        }
        size_t len = strlen(all);
        snprintf(all + len, sizeof(all) - len, "%s%s", i ? ", " : "", info->choices[i]);
    }
    return fail(parser, "option '%s': '%s' is not one of %s", spelling, show(text).text, all);
}

static bool set_number(const struct parser *parser, const struct option_info *info, const char *spelling,
                       const char *text) {
    uint64_t value = 0;
    bool valid = false;
    const char *what = "";
    char low[UNITS_TEXT_BYTES], high[UNITS_TEXT_BYTES];
    if (info->kind == OPTION_SIZE) {
        valid = units_parse_size(text, &value);
        what = "size such as 512K, 64M or 1G";
        units_size_text(info->minimum, low);
        units_size_text(info->maximum, high);
    } else if (info->kind == OPTION_DURATION) {
        valid = units_parse_duration(text, &value);
        what = "time such as 500ms, 1s or 2m";
        units_duration_text(info->minimum, low);
        units_duration_text(info->maximum, high);
    } else {
        valid = units_parse_count(text, &value);
        what = "whole number";
        snprintf(low, sizeof(low), "%" PRIu64, info->minimum);
        snprintf(high, sizeof(high), "%" PRIu64, info->maximum);
    }
    if (!valid || value < info->minimum || value > info->maximum) {
        return fail(parser, "option '%s': '%s' is not a %s, from %s to %s", spelling, show(text).text, what,
                    low, high);
    }
    *(uint64_t *)value_of(parser->options, info) = value;
    return true;
}

static bool set_text(const struct parser *parser, const struct option_info *info, const char *spelling,
                     const char *text) {
    const char **value = value_of(parser->options, info);
    if (*value) {
        return fail(parser, "option '%s' is given twice, '%s' and '%s'; give it once", spelling,
                    show(*value).text, show(text).text);
    }
    *value = text;
    return true;
}

static void add_text(struct text_list *list, const char *text) {
    list->items[list->count++] = text;
}

static bool set_value(const struct parser *parser, const struct option_info *info, const char *spelling,
                      const char *text) {
    if (*text == '\0') {
        return fail(parser, "option '%s' has an empty %s", spelling, info->argument);
    }
    switch (info->kind) {
    case OPTION_FLAG:
        break; /* has no value */
    case OPTION_TEXT:
        return set_text(parser, info, spelling, text);
    case OPTION_TEXT_LIST:
        add_text(value_of(parser->options, info), text);
        return true;
    case OPTION_COUNT:
    case OPTION_SIZE:
    case OPTION_DURATION:
        return set_number(parser, info, spelling, text);
    case OPTION_CHOICE:
        return set_choice(parser, info, spelling, text);
    }
    return true;
}

/* The option's value: what is attached to it, or the next argument. */
static bool take_value(struct parser *parser, const struct option_info *info, const char *spelling,
                       const char *attached) {
    if (attached) {
        return set_value(parser, info, spelling, attached);
    }
    if (parser->next == parser->count) {
        return fail(parser, "option '%s' needs a value: %s %s " SEE_HELP, spelling, spelling, info->argument);
    }
    return set_value(parser, info, spelling, parser->arguments[parser->next++]);
}

/* Those that others may leave without effect. */
static void note_option(const struct parser *parser, const struct option_info *info) {
    struct options *options = parser->options;
    if (info->live_only && !options->live_option) {
        options->live_option = info;
    }
    if (info->save_only && !options->save_option) {
        options->save_option = info;
    }
}

static bool parse_long(struct parser *parser, const char *text) {
    size_t len = strcspn(text, "=");
    const char *attached = text[len] == '=' ? text + len + 1 : NULL;
    const struct option_info *info = find_name(text, len);
    if (!info) {
        char name[SHOWN_BYTES + 1];
        snprintf(name, sizeof(name), "%.*s", (int)len, text);
        const char *meant = options_suggest(name);
        struct shown shown = show(name);
        return meant
                   ? fail(parser, "unknown option '--%s'; did you mean '--%s'? " SEE_HELP, shown.text, meant)
                   : fail(parser, "unknown option '--%s' " SEE_HELP, shown.text);
    }
    struct spelling spelling = spell(info, true);
    note_option(parser, info);
    if (info->kind != OPTION_FLAG) {
        return take_value(parser, info, spelling.text, attached);
    }
    if (attached) {
        return fail(parser, "option '%s' takes no value, but was given '%s'", spelling.text,
                    show(attached).text);
    }
    *(bool *)value_of(parser->options, info) = true;
    return true;
}

/* A cluster such as -pqc5: flags, the last one may have a value. */
static bool parse_short(struct parser *parser, const char *letters) {
    for (; *letters; letters++) {
        const struct option_info *info = find_letter(*letters);
        if (!info) {
            return fail(parser, "unknown option '-%c' " SEE_HELP, *letters);
        }
        note_option(parser, info);
        if (info->kind != OPTION_FLAG) {
            return take_value(parser, info, spell(info, false).text, letters[1] ? letters + 1 : NULL);
        }
        *(bool *)value_of(parser->options, info) = true;
    }
    return true;
}

static void add_filter_word(struct options *options, const char *word) {
    size_t len = strlen(options->filter);
    if (len > 0) {
        options->filter[len++] = ' ';
    }
    memcpy(options->filter + len, word, strlen(word) + 1);
}

static bool parse_arguments(struct parser *parser) {
    struct options *options = parser->options;
    bool only_filter = false;
    while (parser->next < parser->count && !options->help && !options->version) {
        const char *argument = parser->arguments[parser->next++];
        if (only_filter || argument[0] != '-' || argument[1] == '\0') {
            add_filter_word(options, argument);
        } else if (strcmp(argument, "--") == 0) {
            only_filter = true;
        } else if (!(argument[1] == '-' ? parse_long(parser, argument + 2)
                                        : parse_short(parser, argument + 1))) {
            return false;
        }
    }
    return true;
}

static bool is_field_name(struct slice name) {
    for (size_t i = 0; i < name.len; i++) {
        if (!h1_is(name.ptr[i], H1_TOKEN)) {
            return false;
        }
    }
    return redaction_takes(name);
}

static bool check_redactions(const struct parser *parser) {
    const struct text_list *headers = &parser->options->redacted_headers,
                           *queries = &parser->options->redacted_queries;
    for (uint64_t i = 0; i < headers->count; i++) {
        if (!is_field_name(slice_of(headers->items[i]))) {
            return fail(parser, "option '--redact-header': '%s' is no field's name",
                        show(headers->items[i]).text);
        }
    }
    for (uint64_t i = 0; i < queries->count; i++) {
        if (!redaction_takes(slice_of(queries->items[i]))) {
            return fail(parser, "option '--redact-query': '%s' is no parameter's name",
                        show(queries->items[i]).text);
        }
    }
    return true;
}

/* What hides by a key needs one. */
static bool check_key(const struct parser *parser) {
    const struct options *options = parser->options;
    if (options->secrets == SECRETS_HASH && !options->key) {
        return fail(parser, "--secrets=hash needs a key: --secrets-key FILE " SEE_HELP);
    }
    if (options->anonymize_addresses && !options->key) {
        return fail(parser, "--anonymize-ip needs a key: --secrets-key FILE " SEE_HELP);
    }
    return true;
}

bool options_output_is_file(const struct options *options) {
    return options->output && strcmp(options->output, "-") != 0;
}

bool options_rotate(const struct options *options) {
    return options->rotate_bytes > 0 || options->rotate_interval_ns > 0;
}

/* Rotation wants files whose names can follow each other. */
static bool check_rotation(const struct parser *parser) {
    const struct options *options = parser->options;
    if (!options_rotate(options)) {
        return options->rotate_keep == 0 ||
               fail(parser, "--rotate-keep needs --rotate-size or --rotate-interval " SEE_HELP);
    }
    if (!options_output_is_file(options)) {
        return fail(parser, "rotation needs a file: -o FILE " SEE_HELP);
    }
    const char *slash = strrchr(options->output, '/'), *percent = strchr(options->output, '%');
    if (slash && percent && percent < slash) {
        return fail(parser, "option '-o': '%s': only the file's name may hold %%, not its directory",
                    show(options->output).text);
    }
    return true;
}

/* Frames that came twice would count as copies. */
static bool check_interfaces(const struct parser *parser) {
    struct options *options = parser->options;
    const struct text_list *list = &options->interfaces;
    options->interface = list->count ? list->items[0] : NULL;
    if (list->count > SOURCE_INTERFACES_MOST) {
        return fail(parser, "option '-i' is given %" PRIu64 " times; %d interfaces can be captured at once",
                    list->count, SOURCE_INTERFACES_MOST);
    }
    for (uint64_t i = 0; i < list->count; i++) {
        for (uint64_t k = 0; k < i; k++) {
            if (strcmp(list->items[i], list->items[k]) == 0) {
                return fail(parser, "interface '%s' is given twice; give it once", show(list->items[i]).text);
            }
        }
        if (list->count > 1 && strcmp(list->items[i], "any") == 0) {
            return fail(parser, "-i any captures from all interfaces; leave the others out");
        }
    }
    return true;
}

static bool check_save(const struct parser *parser) {
    const struct options *options = parser->options;
    struct save_rule rule = {.all = false};
    if (!options->write && options->save_option) {
        return fail(parser, "--%s needs a file to save packets to: -w FILE " SEE_HELP,
                    options->save_option->name);
    }
    for (uint64_t i = 0; i < options->save.count; i++) {
        if (!save_rule_add(&rule, options->save.items[i])) {
            return fail(parser,
                        "option '--save': '%s' is not one of all, failures, slow, or several of them "
                        "with commas between them",
                        show(options->save.items[i]).text);
        }
    }
    return true;
}

static bool check_omit(const struct parser *parser) {
    uint64_t parts;
    if (parser->options->omit.count > 0 && parser->options->format != FORMAT_NDJSON) {
        return fail(parser, "--omit leaves parts out of JSON records; --format=text has none of them");
    }
    return omit_read(parser->options, &parts, parser->message);
}

/* Each reader is a whole hark with its part of the limits. */
static bool check_fanout(const struct parser *parser) {
    const struct options *options = parser->options;
    uint64_t least = options->fanout * LIMITS_MEMORY_LEAST;
    char memory[UNITS_TEXT_BYTES];
    if (options->fanout == 1) {
        return true;
    }
    if (options->interfaces.count != 1) {
        return fail(parser, "--fanout shares out the packets of one live interface: give one -i and no -r");
    }
    if (options->jobs != 1) {
        return fail(parser, "--fanout and -j exclude each other: several readers, or one with N workers");
    }
    if (options->frame_count) {
        return fail(parser, "--fanout and -c exclude each other: the readers count for themselves");
    }
    if (options->write) {
        return fail(parser, "--fanout and -w exclude each other: packets are saved by one reader, with -j N");
    }
    if (options->memory < least) {
        units_size_text(least, memory);
        return fail(parser, "--fanout=%" PRIu64 " shares the memory out: --max-memory must be %s at least",
                    options->fanout, memory);
    }
    return true;
}

enum { BUFFER_STEP_BYTES = 128 * 1024, SAVE_RING_SHARE = 64, SAVE_RING_BYTES = 1 << 20 };

/* The kernel's capture buffers are mapped, and so part of what the process takes: --max-memory bounds them
 * too. */
static void fit_buffers(struct options *options) {
    uint64_t interfaces = options->interfaces.count;
    if (interfaces == 0) {
        return;
    }
    uint64_t beside =
        LIMITS_MEMORY_BESIDE_BUFFERS * options->fanout + (options->write ? options_save_memory(options) : 0);
    uint64_t least = LIMITS_MEMORY_LEAST - LIMITS_MEMORY_BESIDE_BUFFERS;
    uint64_t rings = options->fanout > 1 ? options->fanout * SOURCE_FANOUT_RING_LEAST : 0;
    uint64_t half = options->memory / 2, rest = options->memory > beside ? options->memory - beside : 0;
    rest = rest > least ? rest : least; /* if that's not there, -w is refused */
    uint64_t most = (half < rest ? half : rest) / interfaces;
    most -= most % BUFFER_STEP_BYTES;
    options->buffer_bytes = options->buffer_bytes > rings ? options->buffer_bytes : rings;
    if (options->buffer_bytes > most) {
        options->buffer_bytes = most;
        options->buffer_is_cut = true;
    }
}

/* What the options say together. */
static bool check_options(const struct parser *parser) {
    const struct options *options = parser->options;
    if (options->help || options->version || options->list_interfaces) {
        return true;
    }
    if (!check_interfaces(parser) || !check_fanout(parser) || !check_redactions(parser) ||
        !check_key(parser) || !check_rotation(parser) || !check_save(parser) || !check_omit(parser)) {
        return false;
    }
    fit_buffers(parser->options);
    if (options->paths.count > 0 && options->interface) {
        return fail(parser, "-r %s and -i %s exclude each other: read files, or capture from an interface",
                    show(options->paths.items[0]).text, show(options->interface).text);
    }
    if (options->paths.count > 0 || options->interface) {
        return true;
    }
    if (options->filter[0] != '\0' && access(options->filter, F_OK) == 0) {
        struct shown file = show(options->filter);
        return fail(parser, "'%s' is a file; to read it, write: hark -r %s", file.text, file.text);
    }
    return fail(parser,
                "nothing to read: give a capture file (-r FILE) or an interface (-i IFACE) " SEE_HELP);
}

/* Room for all that there can be of a repeated option. */
static bool allocate_list(struct text_list *list, int argc) {
    list->items = calloc((size_t)(argc > 0 ? argc : 1), sizeof(*list->items));
    return list->items != NULL;
}

/* Room for all lists and filter words there can be; false without memory. */
static bool allocate(struct options *options, int argc, char *const *argv) {
    size_t bytes = 1;
    for (int i = 1; i < argc; i++) {
        bytes += strlen(argv[i]) + 1;
    }
    options->filter = calloc(bytes, 1);
    bool lists = true;
    for (size_t i = 0; i < option_table_length; i++) {
        if (option_table[i].kind == OPTION_TEXT_LIST) {
            lists = allocate_list(value_of(options, &option_table[i]), argc) && lists;
        }
    }
    return options->filter && lists;
}

bool options_parse(struct options *options, int argc, char *const *argv,
                   char message[OPTIONS_MESSAGE_BYTES]) {
    *options = (struct options){0};
    struct parser parser = {options, argv + (argc > 0), argc > 0 ? argc - 1 : 0, 0, message};
    options->no_memory = !allocate(options, argc, argv);
    bool ok = options->no_memory ? fail(&parser, "out of memory") : true;
    for (size_t i = 0; ok && i < option_table_length; i++) {
        const struct option_info *info = &option_table[i];
        ok = !info->initial || set_value(&parser, info, info->name, info->initial);
    }
    ok = ok && parse_arguments(&parser) && check_options(&parser);
    if (!ok) {
        options_fini(options);
        return false;
    }
    if (options->filter[0] == '\0') {
        free(options->filter);
        options->filter = NULL;
    }
    return true;
}

void options_fini(struct options *options) {
    free(options->filter);
    options->filter = NULL;
    for (size_t i = 0; i < option_table_length; i++) {
        if (option_table[i].kind == OPTION_TEXT_LIST) {
            struct text_list *list = value_of(options, &option_table[i]);
            free(list->items);
            *list = (struct text_list){0};
        }
    }
}

uint64_t options_memory(const struct options *options) {
    return options->memory - options->interfaces.count * options->buffer_bytes;
}

uint64_t options_save_memory(const struct options *options) {
    return options->save_buffer_bytes + options->save_buffer_bytes / SAVE_RING_SHARE + SAVE_RING_BYTES;
}

struct limits options_limits(const struct options *options) {
    struct limits limits = limits_default();
    limits.skew_ns = (int64_t)options->skew_ns;
    limits.hold_time_ns = (int64_t)options->hold_time_ns;
    limits.flow_idle_ns = (int64_t)options->flow_timeout_ns;
    limits.flows = options->flows;
    limits_set_memory(&limits, options_memory(options));
    return limits;
}
