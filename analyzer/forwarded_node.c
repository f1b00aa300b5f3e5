/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/forwarded_node.h"

#include "analyzer/field_value.h"
#include "analyzer/h1_syntax.h"

#include <arpa/inet.h>

static bool read_address(struct slice text, struct forwarded_node *node) {
    char copy[ADDRESS_TEXT_BYTES];
    uint8_t v4[4];
    if (text.len == 0 || text.len >= sizeof copy || slice_find(text, '\0') < text.len) {
        return false;
    }
    *slice_put(text, (uint8_t *)copy) = '\0';
    if (inet_pton(AF_INET, copy, v4) == 1) {
        node->address = address_of_v4(v4);
        node->ip_version = 4;
    } else if (inet_pton(AF_INET6, copy, node->address.bytes) == 1) {
        node->ip_version = 6;
    } else {
        return false;
    }
    node->kind = NODE_ADDRESS;
    node->text = text;
    return true;
}

/* "_" 1*( ALPHA / DIGIT / "." / "_" / "-" ), which hides the port. */
static bool is_obfuscated_port(struct slice text) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i], lower = ascii_lower(c);
        if (!h1_is(c, H1_DIGIT) && !(lower >= 'a' && lower <= 'z') && c != '.' && c != '_' && c != '-') {
            return false;
        }
    }
    return text.len > 1 && text.ptr[0] == '_';
}

/* ":" 1*5DIGIT, ":" and a hidden port, or nothing. */
static bool read_port(struct slice text, struct forwarded_node *node) {
    enum { LONGEST = sizeof(":65535") - 1 };
    uint64_t port;
    if (text.len == 0 || (text.ptr[0] == ':' && is_obfuscated_port(slice_after(text, 1)))) {
        return true;
    }
    if (text.len > LONGEST || text.ptr[0] != ':' || !field_number(slice_after(text, 1), &port) ||
        port > UINT16_MAX) {
        return false;
    }
    node->has_port = true;
    node->port = (uint16_t)port;
    return true;
}

struct forwarded_node forwarded_node_read(struct slice text) {
    struct forwarded_node node = {.kind = NODE_ABSENT, .text = text};
    if (text.len == 0 || read_address(text, &node)) {
        return node;
    }
    size_t colon = slice_find(text, ':'), bracket = slice_find(text, ']');
    bool bracketed = text.ptr[0] == '[' && bracket < text.len;
    struct slice inside = bracketed ? slice_make(text.ptr + 1, bracket - 1) : slice_first(text, colon);
    struct slice behind = slice_after(text, bracketed ? bracket + 1 : colon);
    if (read_address(inside, &node)) {
        if ((node.ip_version == 6) == bracketed && read_port(behind, &node)) {
            return node;
        }
        node = (struct forwarded_node){.text = text};
    }
    node.kind = text.ptr[0] == '_'                   ? NODE_OBFUSCATED
                : slice_is_nocase(inside, "unknown") ? NODE_UNKNOWN
                                                     : NODE_OTHER;
    return node;
}
