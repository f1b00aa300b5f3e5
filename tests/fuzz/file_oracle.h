/* SPDX-License-Identifier: Apache-2.0 */
/* libpcap as the oracle of hark's reader of capture files: what libpcap reads, hark must read as well, frame
 * for frame. Where hark means to read otherwise, that has its reason here:
 *
 *   link type, snapshot length, byte order   that change within a pcapng file end it for libpcap
 *   version                                  hark takes any minor version of pcapng
 *   snapshot length                          libpcap cuts a longer pcap record to the file's, and takes a
 * longer pcapng packet for damage: hark gives what is there first section                            libpcap
 * looks neither at its header's second length nor at whether it is in fours, and wants an interface in it
 *   size                                     libpcap bounds blocks by the link type; hark holds to 16 MiB
 *   times                                    beyond FRAME_TIME_MOST_NS, before 1970, and of clocks finer
 * than 2^-34 s, where libpcap's numbers wrap packets of the host's byte order         (USB, NFLOG, CAN in
 * cooked captures) are given as they are
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
    uint64_t frames;      /* that are the same */
    char text[512];
};

/* Takes over `file`. */
enum file_oracle_verdict file_oracle_compare(struct file_oracle *, FILE *file);

#endif
