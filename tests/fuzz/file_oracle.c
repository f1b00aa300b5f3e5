/* SPDX-License-Identifier: Apache-2.0 */
#include "file_oracle.h"

#include "capture/limits.h"

#include <pcap/pcap.h>
#include <stdarg.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static enum file_oracle_verdict different(struct file_oracle *o,
                                                                                const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int used = snprintf(o->text, sizeof o->text, "frame %llu: ", (unsigned long long)o->frames + 1);
    (void)vsnprintf(o->text + used, sizeof o->text - (size_t)used, format, arguments);
    va_end(arguments);
    return o->beyond_libpcap ? ORACLE_EXPLAINED : ORACLE_DIFFERENT;
}

/* Of a pcap record libpcap reads unsigned numbers as signed ones. */
static bool same_time(const struct file_oracle *o, const struct timeval *stamp, int64_t time_ns) {
    enum { SAFE_SECONDS = 8900000 };
    int64_t seconds = o->is_pcapng ? stamp->tv_sec : (uint32_t)stamp->tv_sec;
    int64_t fraction = stamp->tv_usec;
    if (seconds < 0 || seconds > SAFE_SECONDS * INT64_C(1000)) {
        return time_ns == 0 || time_ns >= SAFE_SECONDS * INT64_C(1000) * NS_PER_SECOND;
    }
    if (o->is_pcapng && o->loose_fractions) {
        return time_ns / NS_PER_SECOND == seconds;
    }
    /* A fraction that is negative as a signed number is none for hark; libpcap takes it as it is, with a sign
     * or without by the file's byte order. */
    bool odd = fraction < 0 || fraction > INT32_MAX;
    if (odd && time_ns == seconds * NS_PER_SECOND) {
        return true;
    }
    return time_ns == seconds * NS_PER_SECOND + fraction;
}

/* The bytes that libpcap turns into this host's order. */
static bool has_host_order(int link_type) {
    return link_type == DLT_USB_LINUX || link_type == DLT_USB_LINUX_MMAPPED || link_type == DLT_NFLOG ||
           link_type == DLT_LINUX_SLL;
}

static enum file_oracle_verdict compare_frame(struct file_oracle *o, pcap_t *pcap,
                                              const struct pcap_pkthdr *header, const u_char *bytes,
                                              const struct frame *frame) {
    bool cut =
        !o->is_pcapng && frame->bytes.len > header->caplen && header->caplen == (u_int)pcap_snapshot(pcap);
    if (frame->bytes.len != header->caplen && !cut) {
        return different(o, "%zu captured bytes, libpcap %u", frame->bytes.len, header->caplen);
    }
    if (frame->link_type != pcap_datalink(pcap)) {
        return different(o, "link type %d, libpcap %d", frame->link_type, pcap_datalink(pcap));
    }
    uint32_t wire = header->len > frame->bytes.len ? header->len : (uint32_t)frame->bytes.len;
    bool isochronous = has_host_order(frame->link_type); /* libpcap computes a length of USB's */
    if (frame->wire_len != wire && !isochronous) {
        return different(o, "%u bytes on the wire, libpcap %u", frame->wire_len, wire);
    }
    if (!same_time(o, &header->ts, frame->time_ns)) {
        return different(o, "time %lld, libpcap %lld and %lld ns", (long long)frame->time_ns,
                         (long long)header->ts.tv_sec, (long long)header->ts.tv_usec);
    }
    bool swapped = pcap_is_swapped(pcap) && has_host_order(frame->link_type);
    if (!swapped && header->caplen && memcmp(frame->bytes.ptr, bytes, header->caplen) != 0) {
        return different(o, "other bytes");
    }
    o->frames++;
    return ORACLE_SAME;
}

/* Did libpcap end for a reason that is not hark's? */
static bool is_explained(const char *problem) {
    static const char *const known[] = {
        "different from the type of the first interface",
        "different from the snapshot length of the first interface",
        "sections with different byte orders",
        "bigger than snaplen of",
        "unsupported pcapng savefile version 1.",
        "has no Interface Description Blocks",
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strstr(problem, known[i])) {
            return true;
        }
    }
    return false;
}

/* libpcap has ended, with `problem` or ("") at the file's end. */
static enum file_oracle_verdict compare_end(struct file_oracle *o, const char *problem) {
    struct frame frame;
    enum source_status status = o->next(o->context, &frame);
    if (status == SOURCE_DAMAGED && *problem) {
        return ORACLE_SAME;
    }
    if (*problem && is_explained(problem)) {
        (void)snprintf(o->text, sizeof o->text, "%s", problem);
        return ORACLE_EXPLAINED;
    }
    if (status == SOURCE_FRAME) {
        return different(o, "libpcap ended: %s", *problem ? problem : "the end of the file");
    }
    if (status == SOURCE_DAMAGED || *problem) {
        return different(o, "hark %s, libpcap: %s",
                         status == SOURCE_DAMAGED ? "found damage" : "came to the end",
                         *problem ? problem : "the end of the file");
    }
    return ORACLE_SAME;
}

static enum file_oracle_verdict compare(struct file_oracle *o, pcap_t *pcap) {
    for (;;) {
        struct pcap_pkthdr *header = NULL;
        const u_char *bytes = NULL;
        struct frame frame;
        int result = pcap_next_ex(pcap, &header, &bytes);
        if (result != 1) {
            return compare_end(o, result == PCAP_ERROR_BREAK ? "" : pcap_geterr(pcap));
        }
        enum source_status status = o->next(o->context, &frame);
        if (status != SOURCE_FRAME) {
            return different(o, "libpcap reads it, hark %s",
                             status == SOURCE_DAMAGED ? "found damage" : "came to the end");
        }
        enum file_oracle_verdict verdict = compare_frame(o, pcap, header, bytes, &frame);
        if (verdict != ORACLE_SAME) {
            return verdict;
        }
    }
}

enum file_oracle_verdict file_oracle_compare(struct file_oracle *o, FILE *file) {
    char problem[PCAP_ERRBUF_SIZE] = "";
    o->frames = 0;
    o->text[0] = '\0';
    pcap_t *pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, problem);
    if (!pcap) {
        (void)fclose(file);
        return compare_end(o, problem);
    }
    enum file_oracle_verdict verdict = compare(o, pcap);
    pcap_close(pcap);
    return verdict;
}
