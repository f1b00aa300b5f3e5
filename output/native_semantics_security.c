/* SPDX-License-Identifier: Apache-2.0 */
#include "output/native_semantics_parts.h"

static void write_text(struct native *native, struct writer *w, const char *key, struct slice text) {
    if (text.len) {
        writer_key(w, key);
        native_write_shown(native, w, text);
    }
}

static void write_hsts(struct writer *w, const struct semantics_security *s) {
    if (!s->hsts.present) {
        return;
    }
    WRITER_KEY(w, "hsts");
    writer_begin_object(w);
    if (s->hsts.valid) {
        WRITER_KEY(w, "max_age");
        writer_unsigned(w, s->hsts.max_age);
        WRITER_KEY(w, "include_subdomains");
        writer_bool(w, s->hsts.include_subdomains);
        WRITER_KEY(w, "preload");
        writer_bool(w, s->hsts.preload);
    } else {
        WRITER_RAW(w, "\"malformed\":true");
    }
    if (s->hsts_in_cleartext) {
        WRITER_RAW(w, "\"in_cleartext\":true");
    }
    writer_end_object(w);
}

static void write_csp(struct native *native, struct writer *w, const char *key,
                      const struct content_security *csp) {
    if (csp->policies == 0) {
        return;
    }
    writer_key(w, key);
    writer_begin_object(w);
    WRITER_KEY(w, "policies");
    writer_unsigned(w, csp->policies);
    WRITER_KEY(w, "directives");
    writer_begin_array(w);
    for (uint32_t i = 0; i < csp->directive_count && i < CSP_DIRECTIVES_KEPT; i++) {
        native_write_shown(native, w, csp->directives[i]);
    }
    writer_end_array(w);
    if (csp->directive_count > CSP_DIRECTIVES_KEPT) {
        WRITER_KEY(w, "directives_dropped");
        writer_unsigned(w, csp->directive_count - CSP_DIRECTIVES_KEPT);
    }
    if (csp->unsafe_inline) {
        WRITER_RAW(w, "\"unsafe_inline\":true");
    }
    if (csp->unsafe_eval) {
        WRITER_RAW(w, "\"unsafe_eval\":true");
    }
    writer_end_object(w);
}

static void write_frame_options(struct writer *w, enum frame_options options) {
    static const char *const names[] = {[FRAME_ABSENT] = NULL,
                                        [FRAME_DENY] = "deny",
                                        [FRAME_SAMEORIGIN] = "sameorigin",
                                        [FRAME_OTHER] = "invalid"};
    if (names[options]) {
        WRITER_KEY(w, "frame_options");
        writer_text(w, names[options]);
    }
}

static void write_missing(struct writer *w, uint32_t missing) {
    if (missing == 0) {
        return;
    }
    WRITER_KEY(w, "missing");
    writer_begin_array(w);
    for (unsigned bit = 0; bit < SECURITY_MISSING; bit++) {
        if (missing >> bit & 1) {
            writer_text(w, security_missing_name(bit));
        }
    }
    writer_end_array(w);
}

void native_write_semantics_security(struct native *native, struct writer *w,
                                     const struct semantics_security *s) {
    bool any = s->hsts.present || s->csp.policies || s->csp_report_only.policies || s->frame_options ||
               s->nosniff || s->referrer_policy.len || s->permissions_policy || s->opener_policy.len ||
               s->embedder_policy.len || s->resource_policy.len || s->xss_protection.len || s->missing;
    if (!any) {
        return;
    }
    WRITER_KEY(w, "security");
    writer_begin_object(w);
    write_hsts(w, s);
    write_csp(native, w, "csp", &s->csp);
    write_csp(native, w, "csp_report_only", &s->csp_report_only);
    write_frame_options(w, s->frame_options);
    if (s->nosniff) {
        WRITER_RAW(w, "\"nosniff\":true");
    }
    write_text(native, w, "referrer_policy", s->referrer_policy);
    if (s->permissions_policy) {
        WRITER_RAW(w, "\"permissions_policy\":true");
    }
    write_text(native, w, "opener_policy", s->opener_policy);
    write_text(native, w, "embedder_policy", s->embedder_policy);
    write_text(native, w, "resource_policy", s->resource_policy);
    write_text(native, w, "xss_protection", s->xss_protection);
    write_missing(w, s->missing);
    writer_end_object(w);
}
