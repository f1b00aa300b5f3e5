/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/method.h"

struct method {
    size_t len;
    const char *name;
};

#define METHOD(text)                                                                                         \
    { sizeof(text) - 1, text }

/* The most used first, then the others by name. */
static const struct method methods[] = {
    METHOD("GET"),
    METHOD("POST"),
    METHOD("HEAD"),
    METHOD("PUT"),
    METHOD("OPTIONS"),
    METHOD("CONNECT"),
    METHOD("DELETE"),
    METHOD("PATCH"),
    METHOD("TRACE"),
    METHOD("PROPFIND"),
    METHOD("ACL"),
    METHOD("BAN"),
    METHOD("BASELINE-CONTROL"),
    METHOD("BCOPY"),
    METHOD("BDELETE"),
    METHOD("BIND"),
    METHOD("BITS_POST"),
    METHOD("BMOVE"),
    METHOD("BPROPFIND"),
    METHOD("BPROPPATCH"),
    METHOD("CCM_POST"),
    METHOD("CHECKIN"),
    METHOD("CHECKOUT"),
    METHOD("COPY"),
    METHOD("DEBUG"),
    METHOD("LABEL"),
    METHOD("LINK"),
    METHOD("LOCK"),
    METHOD("M-SEARCH"),
    METHOD("MERGE"),
    METHOD("MKACTIVITY"),
    METHOD("MKCALENDAR"),
    METHOD("MKCOL"),
    METHOD("MKREDIRECTREF"),
    METHOD("MKWORKSPACE"),
    METHOD("MOVE"),
    METHOD("NOTIFY"),
    METHOD("ORDERPATCH"),
    METHOD("POLL"),
    METHOD("PRI"),
    METHOD("PROPPATCH"),
    METHOD("PURGE"),
    METHOD("QUERY"),
    METHOD("REBIND"),
    METHOD("REPORT"),
    METHOD("RPC_IN_DATA"),
    METHOD("RPC_OUT_DATA"),
    METHOD("SEARCH"),
    METHOD("SOURCE"),
    METHOD("SUBSCRIBE"),
    METHOD("TRACK"),
    METHOD("UNBIND"),
    METHOD("UNCHECKOUT"),
    METHOD("UNLINK"),
    METHOD("UNLOCK"),
    METHOD("UNSUBSCRIBE"),
    METHOD("UPDATE"),
    METHOD("UPDATEREDIRECTREF"),
    METHOD("VERSION-CONTROL"),
    METHOD("X-MS-ENUMATTS"),
};

enum { METHODS = sizeof(methods) / sizeof(methods[0]) };

bool method_is_known(struct slice method) {
    for (size_t i = 0; i < METHODS; i++) {
        if (methods[i].len == method.len && memcmp(methods[i].name, method.ptr, method.len) == 0) {
            return true;
        }
    }
    return false;
}

bool method_is_ending(struct slice method) {
    static const char *const endings[] = {"BIND", "CHECKOUT", "LINK", "LOCK", "PATCH"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (slice_is(method, endings[i])) {
            return true;
        }
    }
    return false;
}

bool method_is_prefix(struct slice bytes) {
    for (size_t i = 0; i < METHODS; i++) {
        if (bytes.len <= methods[i].len &&
            (bytes.len == 0 || memcmp(methods[i].name, bytes.ptr, bytes.len) == 0)) {
            return true;
        }
    }
    return false;
}
