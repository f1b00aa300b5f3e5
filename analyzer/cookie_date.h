/* SPDX-License-Identifier: Apache-2.0 */
/* The date of a cookie's Expires attribute, read as browsers read it: in any order, with any delimiters (RFC
 * 6265 section 5.1.1). Pure functions. */
#ifndef HARK_ANALYZER_COOKIE_DATE_H
#define HARK_ANALYZER_COOKIE_DATE_H

#include "capture/slice.h"

/* Seconds since 1970, UTC; years 1601 to 9999. False where it is no date. */
bool cookie_date_read(struct slice, int64_t *seconds);

#endif
