/* SPDX-License-Identifier: Apache-2.0 */
/* Has the kernel keep only the first bytes of a packet socket's frames, and all of them again, while the
 * socket is read. The socket's own filter (classic BPF, socket(7)) says how many bytes of a frame are kept:
 * a copy of it that says fewer takes its place. No frame is lost or judged by no filter in between, as with
 * pcap_setfilter(3PCAP), which throws away what waits. It needs no privilege. Embedded by value, zeroed at
 * first; one thread. */
#ifndef HARK_CAPTURE_SOURCE_CUT_H
#define HARK_CAPTURE_SOURCE_CUT_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What source_cut_program may add to a program. */
enum { SOURCE_CUT_ADDED = 3 };

struct source_cut {
    uint32_t bytes; /* that were kept at last; 0: frames were never cut */
    bool cutting;
    struct sock_filter *whole; /* owned: the socket's own filter while cutting; NULL: it has none */
    size_t whole_count;        /* instructions of it */
};

/* The same filter, but it keeps `bytes` of a frame at most, more than 0; into `cut`, which has room for
 * `count` + SOURCE_CUT_ADDED instructions. Returns how many it is; 0 when it would be longer than the kernel
 * takes, or has a return that the kernel does not know. */
size_t source_cut_program(const struct sock_filter *program, size_t count, uint32_t bytes,
                          struct sock_filter *cut);

/* From the next frame on. False, with errno, when the socket does not let itself be cut: all is as before. */
bool source_cut_begin(struct source_cut *, int fd, uint32_t bytes);
/* The socket's own filter is in force again. False, with errno: frames are still cut. */
bool source_cut_end(struct source_cut *, int fd);
void source_cut_fini(struct source_cut *);

/* Of a frame of which `caplen` bytes were kept, and without any cutting `whole` would have been: how many of
 * them were cut off here, be it by a cutting that is over (the frame waited). */
static inline uint32_t source_cut_off(const struct source_cut *cut, uint32_t caplen, uint32_t whole) {
    return cut->bytes && caplen >= cut->bytes && caplen < whole ? whole - caplen : 0;
}

#endif
