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

/* The HTTP Status Code Registry; 306 and 418 are registered as unused. */
enum { NAMES_IN_A_CLASS = 52 };
static const char *const status_names[5][NAMES_IN_A_CLASS] = {
    [0][0] = "Continue",
    [0][1] = "Switching Protocols",
    [0][2] = "Processing",
    [0][3] = "Early Hints",
    [0][4] = "Upload Resumption Supported",
    [1][0] = "OK",
    [1][1] = "Created",
    [1][2] = "Accepted",
    [1][3] = "Non-Authoritative Information",
    [1][4] = "No Content",
    [1][5] = "Reset Content",
    [1][6] = "Partial Content",
    [1][7] = "Multi-Status",
    [1][8] = "Already Reported",
    [1][26] = "IM Used",
    [2][0] = "Multiple Choices",
    [2][1] = "Moved Permanently",
    [2][2] = "Found",
    [2][3] = "See Other",
    [2][4] = "Not Modified",
    [2][5] = "Use Proxy",
    [2][7] = "Temporary Redirect",
    [2][8] = "Permanent Redirect",
    [3][0] = "Bad Request",
    [3][1] = "Unauthorized",
    [3][2] = "Payment Required",
    [3][3] = "Forbidden",
    [3][4] = "Not Found",
    [3][5] = "Method Not Allowed",
    [3][6] = "Not Acceptable",
    [3][7] = "Proxy Authentication Required",
    [3][8] = "Request Timeout",
    [3][9] = "Conflict",
    [3][10] = "Gone",
    [3][11] = "Length Required",
    [3][12] = "Precondition Failed",
    [3][13] = "Content Too Large",
    [3][14] = "URI Too Long",
    [3][15] = "Unsupported Media Type",
    [3][16] = "Range Not Satisfiable",
    [3][17] = "Expectation Failed",
    [3][21] = "Misdirected Request",
    [3][22] = "Unprocessable Content",
    [3][23] = "Locked",
    [3][24] = "Failed Dependency",
    [3][25] = "Too Early",
    [3][26] = "Upgrade Required",
    [3][28] = "Precondition Required",
    [3][29] = "Too Many Requests",
    [3][31] = "Request Header Fields Too Large",
    [3][51] = "Unavailable For Legal Reasons",
    [4][0] = "Internal Server Error",
    [4][1] = "Not Implemented",
    [4][2] = "Bad Gateway",
    [4][3] = "Service Unavailable",
    [4][4] = "Gateway Timeout",
    [4][5] = "HTTP Version Not Supported",
    [4][6] = "Variant Also Negotiates",
    [4][7] = "Insufficient Storage",
    [4][8] = "Loop Detected",
    [4][10] = "Not Extended",
    [4][11] = "Network Authentication Required",
};

const char *status_name(unsigned status) {
    if (status < 100 || status > 599 || status % 100 >= NAMES_IN_A_CLASS) {
        return NULL;
    }
    return status_names[status / 100 - 1][status % 100];
}
