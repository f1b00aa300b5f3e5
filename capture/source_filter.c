/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/source_filter.h"

#include <errno.h>
#include <stdio.h>

/* Largest snapshot length of libpcap; a filter's verdict does not depend on it. */
enum { FILTER_SNAPSHOT_BYTES = 262144 };

bool source_filter_is_blank(const char *expression) {
    return !expression || expression[strspn(expression, " \t\r\n")] == '\0';
}

void source_filter_init(struct source_filter *filter, const char *expression) {
    *filter = (struct source_filter){.expression = source_filter_is_blank(expression) ? NULL : expression,
                                     .chosen = FILTER_LINK_TYPES,
                                     .chosen_type = -1};
}

void source_filter_fini(struct source_filter *filter) {
    for (size_t i = 0; i < filter->count; i++) {
        if (filter->programs[i].fits) {
            pcap_freecode(&filter->programs[i].program);
        }
    }
    source_filter_init(filter, NULL);
}

static enum source_filter_status compile(const char *expression, int link_type, struct bpf_program *program,
                                         char *message, size_t message_bytes) {
    pcap_t *dead = pcap_open_dead(link_type, FILTER_SNAPSHOT_BYTES);
    /* libpcap has several words for missing memory; the allocator has one. */
    errno = 0;
    bool compiled = dead && pcap_compile(dead, program, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
    bool no_memory = !dead || errno == ENOMEM;
    if (!compiled) {
        (void)snprintf(message, message_bytes, "%s", no_memory ? "out of memory" : pcap_geterr(dead));
    }
    if (dead) {
        pcap_close(dead);
    }
    return compiled ? SOURCE_FILTER_READY : no_memory ? SOURCE_FILTER_NO_MEMORY : SOURCE_FILTER_WRONG;
}

static void choose(struct source_filter *filter, size_t program, int link_type) {
    filter->chosen = program;
    filter->chosen_type = link_type;
}

static bool fits_chosen(const struct source_filter *filter) {
    return filter->chosen < FILTER_LINK_TYPES && filter->programs[filter->chosen].fits;
}

bool source_filter_find(struct source_filter *filter, int link_type) {
    for (size_t i = 0; i < filter->count; i++) {
        if (filter->programs[i].link_type == link_type) {
            choose(filter, i, link_type);
            return true;
        }
    }
    if (filter->rest_refused) {
        choose(filter, FILTER_LINK_TYPES, link_type);
    }
    return filter->rest_refused;
}

enum source_filter_status source_filter_prepare(struct source_filter *filter, int link_type, char *message,
                                                size_t message_bytes) {
    if (source_filter_is_ready(filter, link_type)) {
        bool fits = !filter->expression || fits_chosen(filter);
        (void)snprintf(message, message_bytes, "%s", fits ? "" : "it does not fit");
        return fits ? SOURCE_FILTER_READY : SOURCE_FILTER_WRONG;
    }
    if (filter->count == FILTER_LINK_TYPES) {
        (void)snprintf(message, message_bytes, "more than %d link types", FILTER_LINK_TYPES);
        filter->rest_refused = true;
        choose(filter, FILTER_LINK_TYPES, link_type);
        return SOURCE_FILTER_WRONG;
    }
    size_t next = filter->count;
    enum source_filter_status status =
        compile(filter->expression, link_type, &filter->programs[next].program, message, message_bytes);
    if (status != SOURCE_FILTER_NO_MEMORY) {
        filter->programs[next].link_type = link_type;
        filter->programs[next].fits = status == SOURCE_FILTER_READY;
        filter->count++;
        choose(filter, next, link_type);
    }
    return status;
}

void source_filter_forget_misfits(struct source_filter *filter) {
    size_t kept = 0;
    for (size_t i = 0; i < filter->count; i++) {
        if (filter->programs[i].fits) {
            filter->programs[kept++] = filter->programs[i];
        }
    }
    filter->count = kept;
    filter->rest_refused = false;
    choose(filter, FILTER_LINK_TYPES, -1);
}

bool source_filter_fits_any(const struct source_filter *filter) {
    for (size_t i = 0; i < filter->count; i++) {
        if (filter->programs[i].fits) {
            return true;
        }
    }
    return false;
}

enum source_filter_status source_filter_plausible(const char *expression, char *message,
                                                  size_t message_bytes) {
    static const int usual[] = {DLT_EN10MB, DLT_IEEE802_11_RADIO, DLT_RAW, DLT_LINUX_SLL};
    if (source_filter_is_blank(expression)) {
        return SOURCE_FILTER_READY;
    }
    enum source_filter_status first = SOURCE_FILTER_WRONG;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        char other[PCAP_ERRBUF_SIZE];
        struct bpf_program program;
        /* Ethernet's message is the one that most will understand. */
        enum source_filter_status status =
            compile(expression, usual[i], &program, i ? other : message, i ? sizeof other : message_bytes);
        if (status == SOURCE_FILTER_READY) {
            pcap_freecode(&program);
            return status;
        }
        first = i ? first : status;
    }
    return first;
}

__attribute__((noinline)) bool source_filter_run(const struct source_filter *filter,
                                                 const struct frame *frame) {
    if (!fits_chosen(filter)) {
        return false;
    }
    struct pcap_pkthdr header = {.caplen = (bpf_u_int32)frame->bytes.len, .len = frame->wire_len};
    return pcap_offline_filter(&filter->programs[filter->chosen].program, &header, frame->bytes.ptr) != 0;
}

static bool is_one_of(struct slice word, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (slice_is(word, words[i])) {
            return true;
        }
    }
    return false;
}
#define IS_ONE_OF(word, words) is_one_of(word, words, sizeof(words) / sizeof((words)[0]))

static bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == ':' || c == '-';
}

bool source_filter_text_misses_tagged(const char *expression) {
    static const char *const tags[] = {"vlan", "mpls", "pppoes", "geneve"};
    static const char *const joints[] = {"and", "or", "not"};
    static const char *const links[] = {"ether", "wlan", "fddi", "tr", "ppp", "slip", "link"};
    static const char *const either[] = {"host", "src", "dst", "proto", "broadcast", "multicast", "gateway"};
    static const char *const above[] = {"ip",   "ip6",   "arp",  "rarp",      "tcp",        "udp",   "sctp",
                                        "icmp", "icmp6", "igmp", "pim",       "ah",         "esp",   "vrrp",
                                        "net",  "mask",  "port", "portrange", "protochain", "decnet"};
    if (source_filter_is_blank(expression)) {
        return false;
    }
    bool misses = false;
    bool of_link = false;
    for (const char *at = expression; *at;) {
        if (!is_word_byte(*at)) {
            of_link = of_link && !strchr("()&|!", *at);
            at++;
            continue;
        }
        const char *word_start = at;
        while (is_word_byte(*at)) {
            at++;
        }
        struct slice word = slice_make(word_start, (size_t)(at - word_start));
        if (IS_ONE_OF(word, tags)) {
            return false;
        }
        if (IS_ONE_OF(word, joints)) {
            of_link = false;
        } else if (IS_ONE_OF(word, links)) {
            of_link = true;
        }
        misses = misses || (!of_link && (IS_ONE_OF(word, above) || IS_ONE_OF(word, either)));
    }
    return misses;
}

/* Words of pcap-filter(7) that are no names, those most used; to take another for a name costs a little time.
 */
static bool is_filter_word(struct slice word) {
    static const char *const words[] = {
        "and",  "or",      "not",      "src",       "dst",       "host",  "net",   "mask",    "port",
        "tcp",  "udp",     "ip",       "ip6",       "arp",       "icmp",  "icmp6", "sctp",    "portrange",
        "vlan", "mpls",    "pppoes",   "geneve",    "ether",     "proto", "less",  "greater", "len",
        "link", "inbound", "outbound", "broadcast", "multicast", "gre",   "vxlan"};
    return IS_ONE_OF(word, words);
}

static bool is_filter_number(struct slice word) {
    for (size_t i = 0; i < word.len; i++) {
        if (!strchr("0123456789abcdefABCDEF.:xX", word.ptr[i])) {
            return false;
        }
    }
    return word.len && word.ptr[0] <= '9';
}

bool source_filter_text_has_names(const char *expression) {
    if (source_filter_is_blank(expression)) {
        return false;
    }
    for (const char *at = expression; *at;) {
        const char *word_start = at;
        while (is_word_byte(*at)) {
            at++;
        }
        struct slice word = slice_make(word_start, (size_t)(at - word_start));
        if (word.len && !is_filter_word(word) && !is_filter_number(word)) {
            return true;
        }
        at += word.len == 0;
    }
    return false;
}

void source_filter_look_up(struct source_filter *filter) {
    /* As link_begin takes them. */
    static const int decoded[] = {
        DLT_EN10MB,      DLT_LINUX_SLL,    DLT_LINUX_SLL2,   DLT_RAW,
        DLT_IPV4,        DLT_IPV6,         DLT_NULL,         DLT_LOOP,
        DLT_PPP,         DLT_PPP_SERIAL,   DLT_C_HDLC,       DLT_PPP_ETHER,
        DLT_PPP_PPPD,    DLT_PPP_WITH_DIR, DLT_IEEE802_11,   DLT_IEEE802_11_RADIO,
        DLT_NFLOG,       DLT_PPI,          DLT_PRISM_HEADER, DLT_IEEE802_11_RADIO_AVS,
        DLT_ATM_RFC1483, DLT_PKTAP,        DLT_MPLS};
    if (!source_filter_text_has_names(filter->expression)) {
        return;
    }
    for (size_t i = 0; i < sizeof decoded / sizeof decoded[0]; i++) {
        char problem[PCAP_ERRBUF_SIZE];
        (void)source_filter_prepare(filter, decoded[i], problem, sizeof problem);
    }
    source_filter_forget_misfits(filter); /* their frames ask again, and have a message */
}
