/* SPDX-License-Identifier: Apache-2.0 */
/* Field lines as most are: whole in the chunk, of usual characters, ended by CRLF, not folded. One look at
 * the bytes, 64 at once in the widest registers that the processor has, tells where all of them have their
 * colons and ends. Pure functions. */
#ifndef HARK_ANALYZER_H1_SCAN_H
#define HARK_ANALYZER_H1_SCAN_H

#include "analyzer/h1.h"

enum { H1_SCAN_BYTES = 64 };

/* One bit a byte, the first byte's is the lowest. */
struct h1_marks {
    uint64_t controls;   /* 0x00-0x1f (CR, LF and HTAB too) and 0x7f */
    uint64_t separators; /* no tchar: can't be in a field name */
};

/* Of H1_SCAN_BYTES bytes. */
struct h1_marks h1_scan(const uint8_t *bytes);
/* The same on any processor. */
struct h1_marks h1_scan_plainly(const uint8_t *bytes);

/* Finds up to `most` plain field lines at the front of `in`, in which the byte after each must lie, too;
 * returns how many, and in *taken their length. A name of more than H1_SCAN_BYTES is not plain. */
size_t h1_find_fields(struct slice in, struct h1_field *fields, size_t most, size_t *taken);
/* The same on any processor. */
size_t h1_find_fields_plainly(struct slice in, struct h1_field *fields, size_t most, size_t *taken);

#endif
