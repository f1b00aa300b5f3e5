/* SPDX-License-Identifier: Apache-2.0 */
/* Messages are one line each, whatever users wrote: control characters become question marks, and what is
 * too long ends with "..." where it is cut. Pure. */
#ifndef HARK_CAPTURE_SHOW_H
#define HARK_CAPTURE_SHOW_H

#include <stdarg.h>
#include <stddef.h>

enum { SHOWN_BYTES = 192 }; /* of one argument: two of them leave room for what is said about them */

struct shown {
    char text[SHOWN_BYTES];
};

/* A name or another argument, for a message. Leaves errno as it is. */
struct shown show(const char *text);
/* A whole line of at most `room` bytes (8 at least) with its NUL. */
__attribute__((format(printf, 3, 0))) void show_line(char *line, size_t room, const char *format, va_list);

#endif
