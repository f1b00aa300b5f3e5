/* SPDX-License-Identifier: Apache-2.0 */
#include "output/mask.h"
#include "output/native_semantics_parts.h"

/* A word that is not known as a scheme may be the secret, sent without one. */
static void write_scheme(struct native *native, struct writer *w, enum auth_scheme scheme,
                         struct slice text) {
    const char *name = auth_scheme_name(scheme);
    if (!text.len) {
        return; /* an empty field */
    }
    WRITER_KEY(w, "scheme");
    if (name) {
        writer_text(w, name);
    } else if ((native->mask && native->mask->secrets) && !secret_name_is_scheme(text)) {
        writer_text(w, MASK_MARK);
    } else {
        (void)writer_string(w, text);
    }
}

/* `"key": text`, unless it is empty. */
#define WRITE_SHOWN(native, w, key, text)                                                                    \
    do {                                                                                                     \
        if ((text).len) {                                                                                    \
            WRITER_KEY((w), key);                                                                            \
            native_write_shown((native), (w), (text));                                                       \
        }                                                                                                    \
    } while (0)

static void write_user(struct native *native, struct writer *w, const struct credentials *c) {
    writer_key(w, c->user_is_claim ? "subject" : "user");
    if (c->user_is_secret && (native->mask && native->mask->secrets)) {
        writer_text(w, MASK_MARK);
    } else {
        native_write_shown(native, w, credentials_user(c));
    }
    if (c->user_hashed) {
        WRITER_RAW(w, "\"user_hashed\":true");
    }
    if (c->user_cut) {
        WRITER_RAW(w, "\"user_cut\":true");
    }
}

static void write_credentials(struct native *native, struct writer *w, const struct credentials *c) {
    writer_begin_object(w);
    write_scheme(native, w, c->scheme, c->scheme_text);
    if (c->has_user) {
        write_user(native, w, c);
    }
    WRITE_SHOWN(native, w, "realm", c->realm);
    WRITE_SHOWN(native, w, "algorithm", c->algorithm);
    WRITE_SHOWN(native, w, "qop", c->qop);
    if (c->scheme == AUTH_NEGOTIATE && c->mechanism != AUTH_MECHANISM_UNKNOWN) {
        WRITER_KEY(w, "mechanism");
        writer_text(w, c->mechanism == AUTH_BY_NTLM ? "NTLM" : "Kerberos");
    }
    if (c->ntlm_message) {
        WRITER_KEY(w, "ntlm_message");
        writer_unsigned(w, c->ntlm_message);
    }
    if (c->malformed) {
        WRITER_RAW(w, "\"malformed\":true");
    }
    if (c->repeated) {
        WRITER_RAW(w, "\"repeated\":true");
    }
    writer_end_object(w);
}

static void write_challenges(struct native *native, struct writer *w, const struct challenges *list) {
    writer_begin_array(w);
    for (uint32_t i = 0; i < list->count && i < AUTH_CHALLENGES; i++) {
        const struct challenge *c = &list->items[i];
        writer_begin_object(w);
        write_scheme(native, w, c->scheme, c->scheme_text);
        WRITE_SHOWN(native, w, "realm", c->realm);
        WRITE_SHOWN(native, w, "algorithm", c->algorithm);
        WRITE_SHOWN(native, w, "error", c->error);
        WRITE_SHOWN(native, w, "scope", c->scope);
        if (c->stale) {
            WRITER_RAW(w, "\"stale\":true");
        }
        writer_end_object(w);
    }
    writer_end_array(w);
}

void native_write_semantics_authentication(struct native *native, struct writer *w,
                                           const struct semantics_authentication *a) {
    if (!a->user.scheme && !a->proxy_user.scheme && !a->challenges.count && !a->proxy_challenges.count) {
        return;
    }
    WRITER_KEY(w, "authentication");
    writer_begin_object(w);
    if (a->user.scheme) {
        WRITER_KEY(w, "credentials");
        write_credentials(native, w, &a->user);
    }
    if (a->proxy_user.scheme) {
        WRITER_KEY(w, "proxy_credentials");
        write_credentials(native, w, &a->proxy_user);
    }
    if (a->challenges.count) {
        WRITER_KEY(w, "challenges");
        write_challenges(native, w, &a->challenges);
    }
    if (a->proxy_challenges.count) {
        WRITER_KEY(w, "proxy_challenges");
        write_challenges(native, w, &a->proxy_challenges);
    }
    uint32_t kept = AUTH_CHALLENGES;
    uint32_t dropped = (a->challenges.count > kept ? a->challenges.count - kept : 0) +
                       (a->proxy_challenges.count > kept ? a->proxy_challenges.count - kept : 0);
    if (dropped) {
        WRITER_KEY(w, "challenges_dropped");
        writer_unsigned(w, dropped);
    }
    writer_end_object(w);
}
