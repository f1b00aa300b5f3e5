/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_authentication.h"

#include "analyzer/base64.h"
#include "analyzer/field_value.h"
#include "analyzer/h1_syntax.h"
#include "analyzer/jwt.h"
#include "analyzer/ntlm.h"

static const char *const scheme_names[AUTH_SCHEMES] = {
    [AUTH_BASIC] = "Basic",         [AUTH_BEARER] = "Bearer", [AUTH_DIGEST] = "Digest",
    [AUTH_NEGOTIATE] = "Negotiate", [AUTH_NTLM] = "NTLM",
};

const char *auth_scheme_name(enum auth_scheme scheme) {
    return scheme_names[scheme];
}

static enum auth_scheme scheme_of(struct slice text) {
    for (unsigned i = AUTH_BASIC; i < AUTH_SCHEMES; i++) {
        if (slice_is_nocase(text, scheme_names[i])) {
            return (enum auth_scheme)i;
        }
    }
    return AUTH_OTHER;
}

static void add_to_user(struct credentials *c, uint8_t byte) {
    if (c->user_len < AUTH_USER_BYTES) {
        c->user_text[c->user_len++] = byte;
    } else {
        c->user_cut = true;
    }
}

/* What clients of APIs send for a password when the name is the key. */
static bool is_filler(struct slice base64, size_t at, size_t len) {
    static const char *const fillers[] = {"", "x", "-", "_", "x-oauth-basic", "api_token", "unused", "none"};
    uint8_t text[16];
    if (len > sizeof text) {
        return false;
    }
    base64_read(base64, at, text, len);
    for (size_t i = 0; i < sizeof fillers / sizeof fillers[0]; i++) {
        if (slice_is_nocase(slice_make(text, len), fillers[i])) {
            return true;
        }
    }
    return false;
}

/* user-id ":" password in base64 (RFC 7617 section 2). Without a colon it may be the secret alone. */
static void read_basic(struct credentials *c, struct slice base64) {
    size_t bytes, at = 0;
    uint8_t byte = 0;
    c->malformed = base64.len == 0 || !base64_measure(base64, &bytes);
    while (!c->malformed) {
        c->malformed = at == bytes;
        if (c->malformed) {
            break;
        }
        base64_read(base64, at++, &byte, 1);
        if (byte == ':') {
            c->has_user = c->user_len > 0;
            c->user_is_secret = c->has_user && is_filler(base64, at, bytes - at);
            return;
        }
        add_to_user(c, byte);
    }
    c->user_len = 0;
    c->user_cut = false;
}

static int hex_value(uint8_t c) {
    if (!h1_is(c, H1_HEX)) {
        return -1;
    }
    return h1_is(c, H1_DIGIT) ? c - '0' : ascii_lower(c) - 'a' + 10;
}

/* username*=UTF-8''J%C3%A4s%C3%B8n (RFC 7616 section 3.4, RFC 8187). */
static void take_extended_user(struct credentials *c, struct slice value) {
    value = slice_after(value, slice_find(value, '\'') + 1);
    value = slice_after(value, slice_find(value, '\'') + 1);
    for (size_t i = 0; i < value.len; i++) {
        int high = value.len - i > 2 ? hex_value(value.ptr[i + 1]) : -1;
        int low = value.len - i > 2 ? hex_value(value.ptr[i + 2]) : -1;
        if (value.ptr[i] == '%' && high >= 0 && low >= 0) {
            add_to_user(c, (uint8_t)(high << 4 | low));
            i += 2;
        } else {
            add_to_user(c, value.ptr[i]);
        }
    }
}

static void take_quoted_user(struct credentials *c, struct slice value) {
    for (size_t i = 0; i < value.len; i++) {
        i += value.ptr[i] == '\\' && i + 1 < value.len;
        add_to_user(c, value.ptr[i]);
    }
}

static void take_digest_parameter(struct credentials *c, const struct field_parameter *p, bool *response) {
    if (slice_is_nocase(p->name, "username") && !c->has_user) {
        take_quoted_user(c, p->value);
        c->has_user = true;
    } else if (slice_is_nocase(p->name, "username*") && !c->has_user) {
        take_extended_user(c, p->value);
        c->has_user = true;
    } else if (slice_is_nocase(p->name, "realm")) {
        c->realm = p->value;
    } else if (slice_is_nocase(p->name, "algorithm")) {
        c->algorithm = p->value;
    } else if (slice_is_nocase(p->name, "qop")) {
        c->qop = p->value;
    } else if (slice_is_nocase(p->name, "userhash")) {
        c->user_hashed = slice_is_nocase(p->value, "true");
    } else if (slice_is_nocase(p->name, "response")) {
        *response = p->value.len > 0;
    }
}

static void read_digest(struct credentials *c, struct slice rest) {
    struct field_parameter p;
    bool response = false;
    while (field_parameter_next(&rest, ',', &p)) {
        take_digest_parameter(c, &p, &response);
    }
    c->malformed = !c->has_user || !response;
    c->has_user = c->has_user && c->user_len > 0;
}

/* b64token (RFC 6750 section 2.1). */
static bool is_token68(struct slice s) {
    size_t len = s.len;
    while (len && s.ptr[len - 1] == '=') {
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        uint8_t c = s.ptr[i], lower = ascii_lower(c);
        if (!(lower >= 'a' && lower <= 'z') && !h1_is(c, H1_DIGIT) && (c == '\0' || !strchr("-._~+/", c))) {
            return false;
        }
    }
    return len > 0;
}

/* A token says nothing to who does not issue or take it (RFC 6750), but JSON Web Tokens may be read by
 * everybody. */
static void read_bearer(struct credentials *c, struct slice token) {
    size_t len;
    c->malformed = !is_token68(token);
    if (!c->malformed && jwt_read_subject(token, c->user_text, AUTH_USER_BYTES, &len, &c->user_cut)) {
        c->has_user = c->user_is_claim = true;
        c->user_len = (uint8_t)len;
    }
}

static void read_ntlm(struct credentials *c, struct slice base64, size_t bytes, size_t offset) {
    struct ntlm_user user;
    c->mechanism = AUTH_BY_NTLM;
    c->ntlm_message = ntlm_message_type(base64, bytes, offset);
    if (ntlm_read_user(base64, bytes, offset, c->user_text, AUTH_USER_BYTES, &user)) {
        c->has_user = user.len > 0;
        c->user_len = (uint8_t)user.len;
        c->user_cut = user.cut;
    }
}

/* Where the bytes stand, or `in.len`. */
static size_t find_bytes(struct slice in, const char *bytes, size_t len) {
    for (size_t i = 0; i + len <= in.len; i++) {
        if (memcmp(in.ptr + i, bytes, len) == 0) {
            return i;
        }
    }
    return in.len;
}

/* A GSS-API token (RFC 4559 section 4): SPNEGO around, or the mechanism's own. The mechanism's first message,
 * or its object identifier, stands near the front. */
static void read_negotiate(struct credentials *c, struct slice base64) {
    static const char ntlm[] = "NTLMSSP"; /* with its NUL */
    static const char kerberos[] = "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
    static const char kerberos_old[] = "\x2a\x86\x48\x82\xf7\x12\x01\x02\x02";
    uint8_t front[128];
    size_t bytes;
    c->malformed = base64.len == 0 || !base64_measure(base64, &bytes);
    if (c->malformed) {
        return;
    }
    struct slice seen = slice_make(front, bytes < sizeof front ? bytes : sizeof front);
    base64_read(base64, 0, front, seen.len);
    size_t at = find_bytes(seen, ntlm, sizeof ntlm);
    if (at < seen.len) {
        read_ntlm(c, base64, bytes, at);
    } else if (find_bytes(seen, kerberos, sizeof kerberos - 1) < seen.len ||
               find_bytes(seen, kerberos_old, sizeof kerberos_old - 1) < seen.len) {
        c->mechanism = AUTH_BY_KERBEROS;
    }
}

static void read_credentials(struct credentials *c, const struct field_index *index, enum field_name name) {
    if (!field_index_has(index, name)) {
        c->scheme = AUTH_NONE;
        return;
    }
    *c = (struct credentials){.scheme = AUTH_NONE};
    struct slice value = field_index_value(index, name), rest;
    size_t space = slice_find(value, ' '), bytes;
    c->repeated = field_index_repeats(index, name);
    c->scheme_text = slice_first(value, space);
    c->scheme = scheme_of(c->scheme_text);
    rest = slice_trim(slice_after(value, space));
    switch (c->scheme) {
    case AUTH_BASIC:
        read_basic(c, rest);
        return;
    case AUTH_BEARER:
        read_bearer(c, rest);
        return;
    case AUTH_DIGEST:
        read_digest(c, rest);
        return;
    case AUTH_NEGOTIATE:
        read_negotiate(c, rest);
        return;
    case AUTH_NTLM:
        if (base64_measure(rest, &bytes)) {
            read_ntlm(c, rest, bytes, 0);
        }
        c->malformed = c->ntlm_message == 0;
        return;
    case AUTH_OTHER:
        c->malformed = c->scheme_text.len == 0;
        return;
    case AUTH_NONE:
    case AUTH_SCHEMES:
        return;
    }
}

static void take_challenge_parameter(struct challenge *c, struct field_parameter p) {
    if (slice_is_nocase(p.name, "realm")) {
        c->realm = p.value;
    } else if (slice_is_nocase(p.name, "error")) {
        c->error = p.value;
    } else if (slice_is_nocase(p.name, "scope")) {
        c->scope = p.value;
    } else if (slice_is_nocase(p.name, "algorithm")) {
        c->algorithm = p.value;
    } else if (slice_is_nocase(p.name, "stale")) {
        c->stale = slice_is_nocase(p.value, "true");
    }
}

/* Does a member of the list open a challenge, rather than give the one at hand a parameter (RFC 9110 section
 * 11.6.1)? Then *parameter is what stands behind the scheme. */
static bool opens_challenge(struct slice member, struct slice *scheme, struct slice *parameter) {
    size_t end = 0;
    while (end < member.len && h1_is(member.ptr[end], H1_TOKEN)) {
        end++;
    }
    *scheme = slice_first(member, end);
    *parameter = slice_trim(slice_after(member, end));
    bool apart = end == member.len || h1_is(member.ptr[end], H1_OWS);
    return end > 0 && apart && (parameter->len == 0 || parameter->ptr[0] != '=');
}

static void read_challenges(struct challenges *c, const struct field_index *index, enum field_name name) {
    c->count = 0;
    if (!field_index_has(index, name)) {
        return;
    }
    struct field_list list = field_list_of(index, name);
    struct slice member, scheme, parameter;
    struct challenge beyond = {0}, *current = &beyond; /* takes what no challenge that is kept asks for */
    while (field_list_next(&list, &member)) {
        if (opens_challenge(member, &scheme, &parameter)) {
            current = c->count < AUTH_CHALLENGES ? &c->items[c->count] : &beyond;
            c->count++;
            *current = (struct challenge){.scheme = scheme_of(scheme), .scheme_text = scheme};
            member = parameter;
        }
        take_challenge_parameter(current, field_parameter_of(member));
    }
}

void semantics_authentication_read(struct semantics_authentication *a, const struct field_index *request,
                                   const struct field_index *response) {
    read_credentials(&a->user, request, FIELD_NAME_AUTHORIZATION);
    read_credentials(&a->proxy_user, request, FIELD_NAME_PROXY_AUTHORIZATION);
    read_challenges(&a->challenges, response, FIELD_NAME_WWW_AUTHENTICATE);
    read_challenges(&a->proxy_challenges, response, FIELD_NAME_PROXY_AUTHENTICATE);
}
