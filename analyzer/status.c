/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/status.h"

enum { SENT, LOG_ONLY };

/* 306 and 418 are registered as unused, 510 as obsoleted. 419, 420, 430, 509, 530 and others of programs have
 * had several meanings; the best known one is here. nginx sends 400 for what it calls 494 to 497, and nothing
 * for 444 and 499. */
static const struct status statuses[] = {
    {100, STATUS_REGISTERED, SENT, "Continue", "RFC 9110 section 15.2.1"},
    {101, STATUS_REGISTERED, SENT, "Switching Protocols", "RFC 9110 section 15.2.2"},
    {102, STATUS_REGISTERED, SENT, "Processing", "RFC 2518 section 10.1"},
    {103, STATUS_REGISTERED, SENT, "Early Hints", "RFC 8297 section 2"},
    {104, STATUS_REGISTERED, SENT, "Upload Resumption Supported", "draft-ietf-httpbis-resumable-upload"},
    {200, STATUS_REGISTERED, SENT, "OK", "RFC 9110 section 15.3.1"},
    {201, STATUS_REGISTERED, SENT, "Created", "RFC 9110 section 15.3.2"},
    {202, STATUS_REGISTERED, SENT, "Accepted", "RFC 9110 section 15.3.3"},
    {203, STATUS_REGISTERED, SENT, "Non-Authoritative Information", "RFC 9110 section 15.3.4"},
    {204, STATUS_REGISTERED, SENT, "No Content", "RFC 9110 section 15.3.5"},
    {205, STATUS_REGISTERED, SENT, "Reset Content", "RFC 9110 section 15.3.6"},
    {206, STATUS_REGISTERED, SENT, "Partial Content", "RFC 9110 section 15.3.7"},
    {207, STATUS_REGISTERED, SENT, "Multi-Status", "RFC 4918 section 11.1"},
    {208, STATUS_REGISTERED, SENT, "Already Reported", "RFC 5842 section 7.1"},
    {218, STATUS_VENDOR, SENT, "This is fine", "Apache"},
    {226, STATUS_REGISTERED, SENT, "IM Used", "RFC 3229 section 10.4.1"},
    {300, STATUS_REGISTERED, SENT, "Multiple Choices", "RFC 9110 section 15.4.1"},
    {301, STATUS_REGISTERED, SENT, "Moved Permanently", "RFC 9110 section 15.4.2"},
    {302, STATUS_REGISTERED, SENT, "Found", "RFC 9110 section 15.4.3"},
    {303, STATUS_REGISTERED, SENT, "See Other", "RFC 9110 section 15.4.4"},
    {304, STATUS_REGISTERED, SENT, "Not Modified", "RFC 9110 section 15.4.5"},
    {305, STATUS_REGISTERED, SENT, "Use Proxy", "RFC 9110 section 15.4.6"},
    {306, STATUS_HISTORIC, SENT, "Switch Proxy", "RFC 9110 section 15.4.7"},
    {307, STATUS_REGISTERED, SENT, "Temporary Redirect", "RFC 9110 section 15.4.8"},
    {308, STATUS_REGISTERED, SENT, "Permanent Redirect", "RFC 9110 section 15.4.9"},
    {400, STATUS_REGISTERED, SENT, "Bad Request", "RFC 9110 section 15.5.1"},
    {401, STATUS_REGISTERED, SENT, "Unauthorized", "RFC 9110 section 15.5.2"},
    {402, STATUS_REGISTERED, SENT, "Payment Required", "RFC 9110 section 15.5.3"},
    {403, STATUS_REGISTERED, SENT, "Forbidden", "RFC 9110 section 15.5.4"},
    {404, STATUS_REGISTERED, SENT, "Not Found", "RFC 9110 section 15.5.5"},
    {405, STATUS_REGISTERED, SENT, "Method Not Allowed", "RFC 9110 section 15.5.6"},
    {406, STATUS_REGISTERED, SENT, "Not Acceptable", "RFC 9110 section 15.5.7"},
    {407, STATUS_REGISTERED, SENT, "Proxy Authentication Required", "RFC 9110 section 15.5.8"},
    {408, STATUS_REGISTERED, SENT, "Request Timeout", "RFC 9110 section 15.5.9"},
    {409, STATUS_REGISTERED, SENT, "Conflict", "RFC 9110 section 15.5.10"},
    {410, STATUS_REGISTERED, SENT, "Gone", "RFC 9110 section 15.5.11"},
    {411, STATUS_REGISTERED, SENT, "Length Required", "RFC 9110 section 15.5.12"},
    {412, STATUS_REGISTERED, SENT, "Precondition Failed", "RFC 9110 section 15.5.13"},
    {413, STATUS_REGISTERED, SENT, "Content Too Large", "RFC 9110 section 15.5.14"},
    {414, STATUS_REGISTERED, SENT, "URI Too Long", "RFC 9110 section 15.5.15"},
    {415, STATUS_REGISTERED, SENT, "Unsupported Media Type", "RFC 9110 section 15.5.16"},
    {416, STATUS_REGISTERED, SENT, "Range Not Satisfiable", "RFC 9110 section 15.5.17"},
    {417, STATUS_REGISTERED, SENT, "Expectation Failed", "RFC 9110 section 15.5.18"},
    {418, STATUS_HISTORIC, SENT, "I'm a teapot", "RFC 2324 section 2.3.2"},
    {419, STATUS_VENDOR, SENT, "Page Expired", "Laravel"},
    {420, STATUS_VENDOR, SENT, "Enhance Your Calm", "Twitter"},
    {421, STATUS_REGISTERED, SENT, "Misdirected Request", "RFC 9110 section 15.5.20"},
    {422, STATUS_REGISTERED, SENT, "Unprocessable Content", "RFC 9110 section 15.5.21"},
    {423, STATUS_REGISTERED, SENT, "Locked", "RFC 4918 section 11.3"},
    {424, STATUS_REGISTERED, SENT, "Failed Dependency", "RFC 4918 section 11.4"},
    {425, STATUS_REGISTERED, SENT, "Too Early", "RFC 8470 section 5.2"},
    {426, STATUS_REGISTERED, SENT, "Upgrade Required", "RFC 9110 section 15.5.22"},
    {428, STATUS_REGISTERED, SENT, "Precondition Required", "RFC 6585 section 3"},
    {429, STATUS_REGISTERED, SENT, "Too Many Requests", "RFC 6585 section 4"},
    {430, STATUS_VENDOR, SENT, "Security Rejection", "Shopify"},
    {431, STATUS_REGISTERED, SENT, "Request Header Fields Too Large", "RFC 6585 section 5"},
    {440, STATUS_VENDOR, SENT, "Login Time-out", "Microsoft IIS"},
    {444, STATUS_VENDOR, LOG_ONLY, "No Response", "nginx"},
    {449, STATUS_VENDOR, SENT, "Retry With", "Microsoft IIS"},
    {450, STATUS_VENDOR, SENT, "Blocked by Windows Parental Controls", "Microsoft"},
    {451, STATUS_REGISTERED, SENT, "Unavailable For Legal Reasons", "RFC 7725 section 3"},
    {460, STATUS_VENDOR, LOG_ONLY, "Client Closed Connection", "AWS Elastic Load Balancing"},
    {463, STATUS_VENDOR, SENT, "Too Many Forwarded Addresses", "AWS Elastic Load Balancing"},
    {494, STATUS_VENDOR, LOG_ONLY, "Request Header Too Large", "nginx"},
    {495, STATUS_VENDOR, LOG_ONLY, "SSL Certificate Error", "nginx"},
    {496, STATUS_VENDOR, LOG_ONLY, "SSL Certificate Required", "nginx"},
    {497, STATUS_VENDOR, LOG_ONLY, "HTTP Request Sent to HTTPS Port", "nginx"},
    {498, STATUS_VENDOR, SENT, "Invalid Token", "Esri ArcGIS Server"},
    {499, STATUS_VENDOR, LOG_ONLY, "Client Closed Request", "nginx"},
    {500, STATUS_REGISTERED, SENT, "Internal Server Error", "RFC 9110 section 15.6.1"},
    {501, STATUS_REGISTERED, SENT, "Not Implemented", "RFC 9110 section 15.6.2"},
    {502, STATUS_REGISTERED, SENT, "Bad Gateway", "RFC 9110 section 15.6.3"},
    {503, STATUS_REGISTERED, SENT, "Service Unavailable", "RFC 9110 section 15.6.4"},
    {504, STATUS_REGISTERED, SENT, "Gateway Timeout", "RFC 9110 section 15.6.5"},
    {505, STATUS_REGISTERED, SENT, "HTTP Version Not Supported", "RFC 9110 section 15.6.6"},
    {506, STATUS_REGISTERED, SENT, "Variant Also Negotiates", "RFC 2295 section 8.1"},
    {507, STATUS_REGISTERED, SENT, "Insufficient Storage", "RFC 4918 section 11.5"},
    {508, STATUS_REGISTERED, SENT, "Loop Detected", "RFC 5842 section 7.2"},
    {509, STATUS_VENDOR, SENT, "Bandwidth Limit Exceeded", "Apache, cPanel"},
    {510, STATUS_HISTORIC, SENT, "Not Extended", "RFC 2774 section 7"},
    {511, STATUS_REGISTERED, SENT, "Network Authentication Required", "RFC 6585 section 6"},
    {520, STATUS_VENDOR, SENT, "Web Server Returned an Unknown Error", "Cloudflare"},
    {521, STATUS_VENDOR, SENT, "Web Server Is Down", "Cloudflare"},
    {522, STATUS_VENDOR, SENT, "Connection Timed Out", "Cloudflare"},
    {523, STATUS_VENDOR, SENT, "Origin Is Unreachable", "Cloudflare"},
    {524, STATUS_VENDOR, SENT, "A Timeout Occurred", "Cloudflare"},
    {525, STATUS_VENDOR, SENT, "SSL Handshake Failed", "Cloudflare"},
    {526, STATUS_VENDOR, SENT, "Invalid SSL Certificate", "Cloudflare"},
    {527, STATUS_VENDOR, SENT, "Railgun Error", "Cloudflare"},
    {529, STATUS_VENDOR, SENT, "Site Is Overloaded", "Qualys"},
    {530, STATUS_VENDOR, SENT, "Site Is Frozen", "Pantheon; Cloudflare beside an error of its own"},
    {561, STATUS_VENDOR, SENT, "Unauthorized", "AWS Elastic Load Balancing"},
    {598, STATUS_VENDOR, SENT, "Network Read Timeout Error", "proxies, by custom"},
    {599, STATUS_VENDOR, SENT, "Network Connect Timeout Error", "proxies, by custom"},
};

enum { STATUSES = sizeof statuses / sizeof *statuses };

enum status_class status_class_of(unsigned code) {
    return code >= 100 && code <= 599 ? (enum status_class)(code / 100) : STATUS_INVALID;
}

const char *status_class_name(enum status_class class) {
    static const char *const names[] = {
        [STATUS_INVALID] = "invalid",           [STATUS_INFORMATIONAL] = "informational",
        [STATUS_SUCCESSFUL] = "successful",     [STATUS_REDIRECTION] = "redirection",
        [STATUS_CLIENT_ERROR] = "client_error", [STATUS_SERVER_ERROR] = "server_error",
    };
    return names[class];
}

const char *status_origin_name(enum status_origin origin) {
    static const char *const names[] = {
        [STATUS_REGISTERED] = "registered", [STATUS_HISTORIC] = "historic", [STATUS_VENDOR] = "vendor"};
    return names[origin];
}

const struct status *status_find(unsigned code) {
    size_t low = 0, high = STATUSES;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (statuses[middle].code < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < STATUSES && statuses[low].code == code ? &statuses[low] : NULL;
}

const char *status_name(unsigned code) {
    const struct status *status = status_find(code);
    return status ? status->name : NULL;
}

const struct status *status_all(size_t *count) {
    *count = STATUSES;
    return statuses;
}

bool status_is_heuristically_cacheable(unsigned code) {
    switch (code) {
    case 200:
    case 203:
    case 204:
    case 206:
    case 300:
    case 301:
    case 308:
    case 404:
    case 405:
    case 410:
    case 414:
    case 501:
        return true;
    default:
        return false;
    }
}
