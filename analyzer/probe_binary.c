/* SPDX-License-Identifier: Apache-2.0 */
/* TLS and HTTP/2 by their first bytes. A pattern is a list of byte ranges; what is shorter and fits so far
 * may still become it. */
#include "analyzer/probe.h"

struct range {
    uint8_t low, high;
};

enum match { MATCH_NO, MATCH_SO_FAR, MATCH_WHOLE };

static enum match match_ranges(struct slice s, const struct range *ranges, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (i == s.len) {
            return MATCH_SO_FAR;
        }
        if (s.ptr[i] < ranges[i].low || s.ptr[i] > ranges[i].high) {
            return MATCH_NO;
        }
    }
    return MATCH_WHOLE;
}

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

/* RFC 8446 section 5.1, 4: content type handshake, version 3.0 to 3.4, length, ClientHello or ServerHello or
 * HelloRequest. A hello is never longer than a record may be, 2^14. */
static enum match match_tls(struct slice s) {
    static const struct range header[] = {{0x16, 0x16}, {3, 3}, {0, 4}, {0, 0x40}, {0, 255}, {0, 2}, {0, 0}};
    return match_ranges(s, header, COUNT(header));
}

/* The hello of SSL 2.0 that announces 2.0 or, for compatibility, 3.x (RFC 5246 appendix E.2): two bytes
 * length with the top bit set, type, version, length of the cipher specs, of the session id, of the
 * challenge. */
static enum match match_sslv2(struct slice s) {
    static const struct range old[] = {{0x80, 255}, {0, 255}, {1, 1}, {0, 0}, {2, 2}};
    static const struct range compatible[] = {{0x80, 255}, {0, 255}, {1, 1}, {3, 3}, {0, 4}};
    static const struct range lengths[] = {{0, 4}, {0, 255}, {0, 0}, {0, 32}, {0, 0}, {16, 32}};
    enum match head = match_ranges(s, old, COUNT(old));
    if (head == MATCH_NO) {
        head = match_ranges(s, compatible, COUNT(compatible));
    }
    return head == MATCH_WHOLE ? match_ranges(slice_after(s, COUNT(old)), lengths, COUNT(lengths)) : head;
}

/* A SETTINGS frame on stream 0 without flags (RFC 9113 sections 4.1 and 6.5): its length is a multiple of 6.
 */
static enum match match_settings(struct slice s) {
    static const struct range header[] = {{0, 0}, {0, 0}, {0, 252}, {4, 4}, {0, 0},
                                          {0, 0}, {0, 0}, {0, 0},   {0, 0}};
    if (s.len > 2 && s.ptr[2] % 6 != 0) {
        return MATCH_NO;
    }
    return match_ranges(s, header, COUNT(header));
}

static enum match match_preface(struct slice s) {
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    size_t len = sizeof(preface) - 1;
    if (s.len == 0 || memcmp(s.ptr, preface, s.len < len ? s.len : len) != 0) {
        return s.len ? MATCH_NO : MATCH_SO_FAR;
    }
    return s.len < len ? MATCH_SO_FAR : MATCH_WHOLE;
}

enum probe_verdict probe_binary(struct slice s) {
    enum match tls = match_tls(s);
    enum match sslv2 = match_sslv2(s);
    if (tls == MATCH_WHOLE || sslv2 == MATCH_WHOLE) {
        return PROBE_TLS;
    }
    enum match settings = match_settings(s);
    enum match preface = match_preface(s);
    if (settings == MATCH_WHOLE || preface == MATCH_WHOLE) {
        return PROBE_HTTP2;
    }
    bool may =
        tls == MATCH_SO_FAR || sslv2 == MATCH_SO_FAR || settings == MATCH_SO_FAR || preface == MATCH_SO_FAR;
    return may ? PROBE_MORE : PROBE_UNKNOWN;
}
