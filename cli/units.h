/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as people write them on a command line: counts, sizes and durations. Strict: nothing but the number
 * and its unit is accepted, and what does not fit is an error. Pure functions. */
#ifndef HARK_CLI_UNITS_H
#define HARK_CLI_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits only. */
bool units_parse_count(const char *text, uint64_t *count);
/* Bytes: digits, then nothing, K, M or G (powers of 1024, either case). */
bool units_parse_size(const char *text, uint64_t *bytes);
/* ns: digits with an optional fraction, then us, ms, s, m, h or d; without a unit, seconds. Never negative.
 */
bool units_parse_duration(const char *text, uint64_t *ns);

enum { UNITS_TEXT_BYTES = 32 };
/* The shortest text that parses back to the same value. */
void units_size_text(uint64_t bytes, char text[UNITS_TEXT_BYTES]);
void units_duration_text(uint64_t ns, char text[UNITS_TEXT_BYTES]);
/* For people, rounded to three digits: "1.21 GB" (powers of 1000). */
void units_bytes_for_people(uint64_t bytes, char text[UNITS_TEXT_BYTES]);

#endif
