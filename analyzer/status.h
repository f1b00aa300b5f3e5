/* SPDX-License-Identifier: Apache-2.0 */
/* What a status code means (RFC 9110 section 15): one table of the registered codes, of those that were
 * specified once, and of those that programs made up. Constant data; any thread. */
#ifndef HARK_ANALYZER_STATUS_H
#define HARK_ANALYZER_STATUS_H

#include <stdbool.h>
#include <stddef.h>

enum status_class {
    STATUS_INVALID, /* no code from 100 to 599: a client takes it for a 5xx (RFC 9110 section 15) */
    STATUS_INFORMATIONAL,
    STATUS_SUCCESSFUL,
    STATUS_REDIRECTION,
    STATUS_CLIENT_ERROR,
    STATUS_SERVER_ERROR,
};
enum status_class status_class_of(unsigned code);
const char *status_class_name(enum status_class); /* "invalid", "informational", ... with underscores */

enum status_origin {
    STATUS_REGISTERED, /* in the HTTP Status Code Registry, for use */
    STATUS_HISTORIC,   /* specified once; the registry has it as unused or obsoleted */
    STATUS_VENDOR,     /* what one program means by it; another may mean something else */
};
const char *status_origin_name(enum status_origin); /* "registered", "historic", "vendor" */

struct status {
    unsigned code;
    enum status_origin origin;
    bool log_only;      /* whoever made it up never sends it: it stands in logs or configurations alone */
    const char *name;   /* "Not Found" */
    const char *source; /* the RFC and its section, or who made it up */
};

/* NULL for a code that nobody is known to have given a meaning: it is treated as the x00 of its class. */
const struct status *status_find(unsigned code);
/* Its name, or NULL. */
const char *status_name(unsigned code);
/* All of them, by code. */
const struct status *status_all(size_t *count);
/* A cache may store it without explicit permission (RFC 9110 section 15.1). */
bool status_is_heuristically_cacheable(unsigned code);

#endif
