/* SPDX-License-Identifier: Apache-2.0 */
#include "output/secret_names.h"

#include <stdlib.h>

/* A name without separators, in lower case; of a long one its end. */
struct plain_name {
    char text[64];
    size_t len;
    size_t last_part; /* where the part after the last '.' or '[' begins */
};

/* In ASCII order. */
static const char *const SECRET_NAMES[] = {
    "assertion",
    "auth",
    "authcode",
    "authkey",
    "authorizationcode",
    "awsaccesskeyid",
    "bearer",
    "code",
    "codeverifier",
    "cred",
    "credential",
    "credentials",
    "creds",
    "crumb",
    "csrf",
    "devicecode",
    "dpop",
    "hdnea",
    "hdntl",
    "hdnts",
    "hmac",
    "jwt",
    "key",
    "mfacode",
    "oauthverifier",
    "oidcdata",
    "otpcode",
    "pass",
    "passcode",
    "passwort",
    "phpsessid",
    "pin",
    "pw",
    "registryconfig",
    "samlart",
    "samlrequest",
    "samlresponse",
    "secretid",
    "sess",
    "session",
    "sessionkey",
    "sessionstate",
    "sid",
    "sig",
    "sign",
    "ticket",
    "usercode",
    "userpass",
    "wresult",
    "wsse",
    "xamzcredential",
    "xamznoidcdata",
    "xamzsignature",
    "xhubsignature",
    "xsrf",
};

/* Any name that ends so. */
struct ending {
    const char *text;
    size_t len;
};

#define ENDING(text)                                                                                         \
    { (text), sizeof(text) - 1 }
static const struct ending SECRET_ENDINGS[] = {
    ENDING("token"),
    ENDING("password"),
    ENDING("passwd"),
    ENDING("passphrase"),
    ENDING("secret"),
    ENDING("signature"),
    ENDING("sessionid"),
    ENDING("apikey"),
    ENDING("accesskey"),
    ENDING("privatekey"),
    ENDING("secretkey"),
    ENDING("signingkey"),
    ENDING("subscriptionkey"),
    ENDING("sharedkey"),
    ENDING("credential"),
    ENDING("authkey"),
    ENDING("authinfo"),
    ENDING("jwtassertion"),
    ENDING("pwd"),
    ENDING("clientassertion"),
    ENDING("authorization"),
    ENDING("cookie"),
    ENDING("otp"),
    ENDING("passwordconfirm"),
    ENDING("passwordconfirmation"),
    ENDING("secretproof"),
    ENDING("tokenhint"),
};
#undef ENDING

struct named_kind {
    const char *name;
    enum field_kind kind;
};

/* Plain names, in ASCII order. */
static const struct named_kind FIELD_KINDS[] = {
    {"accesscontrolalloworigin", FIELD_URL},
    {"authenticationinfo", FIELD_SECRET},
    {"authorization", FIELD_CREDENTIALS},
    {"contentlocation", FIELD_URL},
    {"cookie", FIELD_COOKIE},
    {"cookie2", FIELD_COOKIE},
    {"destination", FIELD_URL},
    {"host", FIELD_URL},
    {"location", FIELD_URL},
    {"origin", FIELD_URL},
    {"proxyauthenticate", FIELD_CHALLENGE},
    {"proxyauthenticationinfo", FIELD_SECRET},
    {"proxyauthorization", FIELD_CREDENTIALS},
    {"referer", FIELD_URL},
    {"referrer", FIELD_URL},
    {"requesturi", FIELD_URL},
    {"secwebsocketprotocol", FIELD_PROTOCOLS},
    {"setcookie", FIELD_SET_COOKIE},
    {"setcookie2", FIELD_SET_COOKIE},
    {"wwwauthenticate", FIELD_CHALLENGE},
    {"xaccelredirect", FIELD_URL},
    {"xforwardedhost", FIELD_URL},
    {"xforwardeduri", FIELD_URL},
    {"xforwardedurl", FIELD_URL},
    {"xoriginaluri", FIELD_URL},
    {"xoriginalurl", FIELD_URL},
    {"xrequesturi", FIELD_URL},
    {"xrewriteurl", FIELD_URL},
};

/* Schemes of RFC 9110's registry and of the big services, lower case, in ASCII order. */
static const char *const SCHEMES[] = {
    "apikey",
    "aws",
    "aws4-ecdsa-p256-sha256",
    "aws4-hmac-sha256",
    "basic",
    "bearer",
    "concealed",
    "digest",
    "dpop",
    "gnap",
    "hawk",
    "hmac",
    "hoba",
    "jwt",
    "key",
    "mac",
    "mutual",
    "negotiate",
    "ntlm",
    "oauth",
    "privatetoken",
    "scram-sha-1",
    "scram-sha-256",
    "sharedkey",
    "sharedkeylite",
    "signature",
    "ssws",
    "token",
    "vapid",
    "wsse",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define L(letter)    (1u << ((letter) - 'a'))

/* The last two letters of every name above that is no FIELD_URL: by the last but one, the set of the last
 * ones. Names that end in anything but two letters are always possible. */
static const uint32_t ENDINGS['z' - 'a' + 1] = {
    ['a' - 'a'] = L('c') | L('l'),
    ['d' - 'a'] = L('e') | L('s'),
    ['e' - 'a'] = L('a') | L('d') | L('n') | L('r') | L('t') | L('y'),
    ['f' - 'a'] = L('o'),
    ['g' - 'a'] = L('n'),
    ['i' - 'a'] = L('d') | L('e') | L('g') | L('n'),
    ['l' - 'a'] = L('s') | L('t'),
    ['m' - 'a'] = L('b'),
    ['n' - 'a'] = L('t'),
    ['o' - 'a'] = L('f') | L('l') | L('n') | L('p'),
    ['p' - 'a'] = L('w'),
    ['r' - 'a'] = L('d') | L('e') | L('f') | L('m') | L('t'),
    ['s' - 'a'] = L('e') | L('s') | L('t'),
    ['t' - 'a'] = L('a') | L('e') | L('h') | L('l') | L('p') | L('s'),
    ['w' - 'a'] = L('d') | L('t'),
};

static bool is_lower(uint8_t c) {
    return c >= 'a' && c <= 'z';
}

/* Fields of nearly every message, whose names only end like a secret's. */
static bool is_common(struct slice name) {
    switch (name.len) {
    case 4:
        return slice_is_nocase(name, "Date");
    case 10:
        return slice_is_nocase(name, "Connection");
    case 13:
        return slice_is_nocase(name, "Cache-Control") || slice_is_nocase(name, "Last-Modified");
    case 14:
        return slice_is_nocase(name, "Content-Length") || slice_is_nocase(name, "Sec-Fetch-Mode") ||
               slice_is_nocase(name, "Sec-Fetch-Site");
    default:
        return false;
    }
}

bool secret_name_possible(struct slice name) {
    if (name.len < 2) {
        return false;
    }
    uint8_t last = ascii_lower(name.ptr[name.len - 1]), before = ascii_lower(name.ptr[name.len - 2]);
    return !is_lower(last) || !is_lower(before) ||
           ((ENDINGS[before - 'a'] >> (last - 'a') & 1) && !is_common(name));
}

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void plain_add(struct plain_name *plain, uint8_t byte) {
    if (byte == '.' || byte == '[') {
        plain->last_part = plain->len;
        return;
    }
    byte = ascii_lower(byte);
    if (!is_lower(byte) && !(byte >= '0' && byte <= '9')) {
        return;
    }
    if (plain->len == sizeof plain->text) { /* forget the first half */
        size_t half = sizeof plain->text / 2;
        memcpy(plain->text, plain->text + half, half);
        plain->len = half;
        plain->last_part = plain->last_part > half ? plain->last_part - half : 0;
    }
    plain->text[plain->len++] = (char)byte;
}

static struct plain_name plain_of(struct slice name) {
    struct plain_name plain = {.len = 0};
    for (size_t i = 0; i < name.len; i++) {
        uint8_t byte = name.ptr[i];
        if (byte == '%' && name.len - i > 2 && hex_value(name.ptr[i + 1]) >= 0 &&
            hex_value(name.ptr[i + 2]) >= 0) {
            byte = (uint8_t)(hex_value(name.ptr[i + 1]) << 4 | hex_value(name.ptr[i + 2]));
            i += 2;
        }
        plain_add(&plain, byte);
    }
    return plain;
}

static int compare(struct slice name, const char *entry) {
    size_t len = strlen(entry);
    int order = memcmp(name.ptr, entry, name.len < len ? name.len : len);
    return order ? order : (name.len > len) - (name.len < len);
}

static int compare_text(const void *name, const void *entry) {
    return compare(*(const struct slice *)name, *(const char *const *)entry);
}

static int compare_kind(const void *name, const void *entry) {
    return compare(*(const struct slice *)name, ((const struct named_kind *)entry)->name);
}

static bool ends_with(struct slice name, const char *ending) {
    size_t len = strlen(ending);
    return name.len >= len && memcmp(name.ptr + name.len - len, ending, len) == 0;
}

static bool has_secret_ending(struct slice name) {
    for (size_t i = 0; i < COUNT(SECRET_ENDINGS); i++) {
        const struct ending *ending = &SECRET_ENDINGS[i];
        if (name.len >= ending->len && name.ptr[name.len - 1] == (uint8_t)ending->text[ending->len - 1] &&
            memcmp(name.ptr + name.len - ending->len, ending->text, ending->len) == 0) {
            return true;
        }
    }
    return false;
}

static bool plain_is_secret(struct slice name) {
    while (name.len && name.ptr[name.len - 1] >= '0' && name.ptr[name.len - 1] <= '9') {
        name.len--; /* password2, token[0] */
    }
    return bsearch(&name, SECRET_NAMES, COUNT(SECRET_NAMES), sizeof SECRET_NAMES[0], compare_text) ||
           has_secret_ending(name) || (name.len > 12 && memcmp(name.ptr, "aspsessionid", 12) == 0);
}

bool secret_name_is_parameter(struct slice name) {
    /* ASP's session cookies and parameters have a random tail */
    if (!secret_name_possible(name) && !(name.len > 12 && ascii_lower(name.ptr[0]) == 'a')) {
        return false;
    }
    struct plain_name plain = plain_of(name);
    return plain_is_secret(slice_make(plain.text, plain.len)) ||
           (plain.last_part > 0 &&
            plain_is_secret(slice_make(plain.text + plain.last_part, plain.len - plain.last_part)));
}

/* Fields whose name ends in "key" carry keys, but for these. */
static bool is_key_field(struct slice name) {
    return ends_with(name, "key") && !ends_with(name, "websocketkey") && !ends_with(name, "idempotencykey") &&
           !ends_with(name, "surrogatekey") && !ends_with(name, "cachekey");
}

enum field_kind secret_name_field_kind(struct slice name) {
    struct plain_name plain = plain_of(name);
    struct slice text = slice_make(plain.text, plain.len);
    bool extension =
        name.len > 2 && ascii_lower(name.ptr[0]) == 'x' && (name.ptr[1] == '-' || name.ptr[1] == '_');
    const struct named_kind *known =
        bsearch(&text, FIELD_KINDS, COUNT(FIELD_KINDS), sizeof FIELD_KINDS[0], compare_kind);
    if (known) {
        return known->kind;
    }
    if (ends_with(text, "authorization")) {
        return FIELD_CREDENTIALS;
    }
    if (ends_with(text, "cookie")) {
        return ends_with(text, "setcookie") ? FIELD_SET_COOKIE : FIELD_COOKIE;
    }
    bool secret = plain_is_secret(text) || (extension && plain_is_secret(slice_after(text, 1))) ||
                  is_key_field(text) || ends_with(text, "auth");
    return secret ? FIELD_SECRET : FIELD_OTHER;
}

bool secret_name_is_scheme(struct slice scheme) {
    char lower[32];
    if (scheme.len > sizeof lower) {
        return false;
    }
    for (size_t i = 0; i < scheme.len; i++) {
        lower[i] = (char)ascii_lower(scheme.ptr[i]);
    }
    struct slice text = slice_make(lower, scheme.len);
    return bsearch(&text, SCHEMES, COUNT(SCHEMES), sizeof SCHEMES[0], compare_text) != NULL;
}
