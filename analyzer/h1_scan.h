/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the bytes that end something in a field line, 64 bytes at once, in the widest registers that the
 * processor has. Pure functions. */
#ifndef HARK_ANALYZER_H1_SCAN_H
#define HARK_ANALYZER_H1_SCAN_H

#include <stddef.h>
#include <stdint.h>

enum { H1_SCAN_BYTES = 64 };

/* One bit a byte, the first byte's is the lowest. */
struct h1_marks {
    uint64_t controls;   /* 0x00-0x1f (CR, LF and HTAB too) and 0x7f */
    uint64_t separators; /* no tchar: can't be in a field name */
};

/* Of `count` times 64 bytes. */
void h1_scan(const uint8_t *bytes, size_t count, struct h1_marks *marks);
/* The same on any processor. */
void h1_scan_plainly(const uint8_t *bytes, size_t count, struct h1_marks *marks);

#endif
