/* SPDX-License-Identifier: Apache-2.0 */
/* libpcap as the oracle of hark's reader of capture files: what libpcap reads, hark must read as well, frame
 * for frame. Where hark means to read otherwise, that has its reason here:
 *
 * - A link type, snapshot length or byte order that changes within a pcapng file ends it for libpcap.
 * - hark takes any minor version of pcapng, and a file without an interface for an empty one.
 * - libpcap cuts a longer pcap record to the file's snapshot length, and takes a longer pcapng packet for
 *   damage: hark gives what is there.
 * - Of the first section's header libpcap does not check the second length, nor that it is in fours; of
 *   sections without an interface before the first that has one it checks nothing, not even their byte order.
 * - libpcap bounds blocks by the link type; hark holds to 16 MiB.
 * - Times beyond FRAME_TIME_MOST_NS, before 1970, and of clocks finer than 2^-34 s, where libpcap's numbers
 *   wrap; and fractions of a second that are negative as signed numbers, of which hark makes none.
 * - What packets have in the host's byte order (USB, NFLOG, CAN in cooked captures) is given as it is.
 *
 * One thread. */
#ifndef HARK_TESTS_FILE_ORACLE_H
#define HARK_TESTS_FILE_ORACLE_H

#include "capture/source.h"

#include <stdio.h>

enum file_oracle_verdict {
    ORACLE_SAME,
    ORACLE_EXPLAINED, /* hark read on where libpcap ended, or did not open; the text says why */
    ORACLE_DIFFERENT, /* the text says what */
};

struct file_oracle {
    /* hark's side: the next frame; SOURCE_END or SOURCE_DAMAGED at the end. */
    enum source_status (*next)(void *context, struct frame *);
    void *context;
    bool is_pcapng;
    bool loose_fractions; /* a clock of the file is too fine for libpcap */
    bool beyond_libpcap;  /* the file came to what libpcap does not understand: what it says counts no more */
    uint64_t frames;      /* that are the same */
    char text[512];
};

/* Takes over `file`. */
enum file_oracle_verdict file_oracle_compare(struct file_oracle *, FILE *file);

#endif
