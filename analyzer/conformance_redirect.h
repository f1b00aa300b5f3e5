/* SPDX-License-Identifier: Apache-2.0 */
/* Does a redirection lead anywhere (RFC 9110 section 15.4)? Pure function. */
#ifndef HARK_ANALYZER_CONFORMANCE_REDIRECT_H
#define HARK_ANALYZER_CONFORMANCE_REDIRECT_H

#include "analyzer/target.h"

enum redirect {
    REDIRECT_AWAY,    /* to another place, or one that can't be told */
    REDIRECT_SAME,    /* a GET or HEAD is sent to where it was sent */
    REDIRECT_GROWING, /* to the same place with the end of its own path or query once more behind it */
};

/* `location`: the field's value, absolute or a path; a reference relative to the path is REDIRECT_AWAY. */
enum redirect redirect_judge(struct slice method, const struct target *, struct slice location);

#endif
