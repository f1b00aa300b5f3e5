/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/omit.h"

#include "capture/show.h"
#include "cli/suggest.h"
#include "output/omission.h"

#include <stdio.h>
#include <string.h>

enum { NEAR = 4, NAME_BYTES = SHOWN_BYTES + 1 };

/* Parts whose own key it is, within whatever object. */
static size_t find_key(const char *key, const char *near[NEAR]) {
    size_t found = 0;
    for (size_t i = 0; i < OMISSION_PARTS && found < NEAR; i++) {
        const char *dot = strrchr(omission_name(i), '.');
        if (dot && strcmp(dot + 1, key) == 0) {
            near[found++] = omission_name(i);
        }
    }
    return found;
}

/* The name is one of those that a comma parts, and has no NUL behind it. */
static void refuse(struct slice name, char message[OPTIONS_MESSAGE_BYTES]) {
    const char *near[NEAR];
    char text[NAME_BYTES], list[OPTIONS_MESSAGE_BYTES / 2] = "";
    size_t len = name.len < NAME_BYTES - 1 ? name.len : NAME_BYTES - 1;
    memcpy(text, name.ptr, len);
    text[len] = '\0';
    bool kept = omission_is_kept(name);
    size_t count = kept ? 0 : suggest(text, omission_name, OMISSION_PARTS, near, NEAR);
    count = count || kept ? count : find_key(text, near);
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s'%s'", i ? " or " : "did you mean ", near[i]);
    }
    if (count) {
        (void)snprintf(message, OPTIONS_MESSAGE_BYTES,
                       "option '--omit': '%s' is no part that can be left out; %s?", show(text).text, list);
    } else {
        (void)snprintf(message, OPTIONS_MESSAGE_BYTES, "option '--omit': '%s' %s; hark(1) lists the parts",
                       show(text).text, kept ? "stays in every record" : "is no part that can be left out");
    }
}

bool omit_read(const struct options *options, uint64_t *set, char message[OPTIONS_MESSAGE_BYTES]) {
    *set = 0;
    for (uint64_t i = 0; i < options->omit.count; i++) {
        const char *text = options->omit.items[i];
        for (;;) {
            struct slice name = slice_make(text, strcspn(text, ","));
            if (!omission_add(set, name)) {
                refuse(name, message);
                return false;
            }
            if (text[name.len] == '\0') {
                break;
            }
            text += name.len + 1;
        }
    }
    return true;
}
