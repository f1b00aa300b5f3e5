/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/show.h"

#include <stdio.h>
#include <string.h>

static void clean(char *line) {
    for (char *at = line; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            *at = '?';
        }
    }
}

/* The line fills its room. Of a character of several bytes (UTF-8) nothing is left when the last is gone. */
static void mark_cut(char *line, size_t room) {
    static const char mark[] = "...";
    size_t at = room - sizeof mark;
    while (at > 0 && ((unsigned char)line[at] & 0xc0) == 0x80) {
        at--;
    }
    memcpy(line + at, mark, sizeof mark);
}

struct shown show(const char *text) {
    struct shown shown;
    size_t len = strnlen(text, sizeof shown.text), most = sizeof shown.text - 1;
    memcpy(shown.text, text, len < most ? len : most);
    shown.text[len < most ? len : most] = '\0';
    if (len > most) {
        mark_cut(shown.text, sizeof shown.text);
    }
    clean(shown.text);
    return shown;
}

void show_line(char *line, size_t room, const char *format, va_list arguments) {
    if (vsnprintf(line, room, format, arguments) >= (int)room) {
        mark_cut(line, room);
    }
    clean(line);
}
