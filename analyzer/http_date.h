/* SPDX-License-Identifier: Apache-2.0 */
/* Dates in fields (RFC 9110 section 5.6.7): the preferred form and the two obsolete ones. Pure functions. */
#ifndef HARK_ANALYZER_HTTP_DATE_H
#define HARK_ANALYZER_HTTP_DATE_H

#include "capture/slice.h"

/* Seconds since 1970. False where the text is none of the three forms, written exactly, or no such day or
 * time exists; then *seconds is untouched. The year of an RFC 850 date has two digits: it is the one that is
 * not more than 50 years ahead of `now`, in seconds. A name of a weekday that is not the date's is let pass.
 */
bool http_date_read(struct slice text, int64_t now, int64_t *seconds);
/* Of a text that http_date_read took: is it written in one of the two old forms, which senders must not use?
 */
static inline bool http_date_is_obsolete(struct slice text) {
    const size_t fixdate = sizeof "Sun, 06 Nov 1994 08:49:37 GMT" - 1;
    return text.len != fixdate; /* neither old form ever has that length */
}
/* ... and is its weekday that of `seconds`? */
bool http_date_weekday_fits(struct slice text, int64_t seconds);

enum { HTTP_DATE_TEXT_BYTES = 20 };
/* 1994-11-06T08:49:37Z (RFC 3339), without a NUL, of seconds that http_date_read gave. A leap second is the
 * next minute's first. */
void http_date_text(int64_t seconds, char text[HTTP_DATE_TEXT_BYTES]);

#endif
