/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_security.h"

#include "analyzer/field_value.h"

const char *security_missing_name(unsigned bit) {
    static const char *const names[SECURITY_MISSING] = {
        "Strict-Transport-Security", "X-Content-Type-Options", "Content-Security-Policy",
        "X-Frame-Options",           "Referrer-Policy",        "Permissions-Policy",
    };
    return names[bit];
}

/* The first field counts alone (RFC 6797 section 8.1). */
static void read_hsts(struct strict_transport *hsts, const struct field_index *response) {
    struct slice rest = field_index_value(response, FIELD_NAME_STRICT_TRANSPORT_SECURITY);
    struct field_parameter p;
    unsigned ages = 0;
    *hsts =
        (struct strict_transport){.present = field_index_has(response, FIELD_NAME_STRICT_TRANSPORT_SECURITY)};
    while (field_parameter_next(&rest, ';', &p)) {
        if (slice_is_nocase(p.name, "max-age")) {
            hsts->valid = field_number(p.value, &hsts->max_age);
            ages++;
        } else if (slice_is_nocase(p.name, "includeSubDomains")) {
            hsts->include_subdomains = true;
        } else if (slice_is_nocase(p.name, "preload")) {
            hsts->preload = true;
        }
    }
    hsts->valid = hsts->valid && ages == 1;
}

/* Up to the next white space; `*rest` is what follows it. */
static struct slice take_word(struct slice *rest) {
    size_t end = 0;
    while (end < rest->len && rest->ptr[end] != ' ' && rest->ptr[end] != '\t') {
        end++;
    }
    struct slice word = slice_first(*rest, end);
    *rest = slice_trim(slice_after(*rest, end));
    return word;
}

/* What a policy says about scripts. */
struct script_sources {
    bool present, unsafe_inline, unsafe_eval;
    bool selective; /* a nonce, a hash, strict-dynamic */
};

struct policy {
    struct script_sources scripts, others; /* script-src, default-src */
};

static bool begins_nocase(struct slice s, const char *front) {
    struct slice wanted = slice_of(front);
    return slice_equal_nocase(slice_first(s, wanted.len), wanted);
}

/* Of a directive that stands in a policy twice the first counts (2.2.1). */
static void read_sources(struct script_sources *s, struct slice sources) {
    if (s->present) {
        return;
    }
    s->present = true;
    while (sources.len) {
        struct slice source = take_word(&sources);
        s->unsafe_inline |= slice_is_nocase(source, "'unsafe-inline'");
        s->unsafe_eval |= slice_is_nocase(source, "'unsafe-eval'");
        s->selective |= begins_nocase(source, "'nonce-") || begins_nocase(source, "'sha256-") ||
                        begins_nocase(source, "'sha384-") || begins_nocase(source, "'sha512-") ||
                        slice_is_nocase(source, "'strict-dynamic'");
    }
}

static void read_directive(struct content_security *csp, struct policy *policy, struct slice directive) {
    struct slice name = take_word(&directive);
    if (csp->directive_count < CSP_DIRECTIVES_KEPT) {
        csp->directives[csp->directive_count] = name;
    }
    csp->directive_count++;
    csp->frame_ancestors = csp->frame_ancestors || slice_is_nocase(name, "frame-ancestors");
    if (slice_is_nocase(name, "script-src")) {
        read_sources(&policy->scripts, directive);
    } else if (slice_is_nocase(name, "default-src")) {
        read_sources(&policy->others, directive);
    }
}

static void end_policy(struct content_security *csp, struct policy *policy) {
    const struct script_sources *s = policy->scripts.present ? &policy->scripts : &policy->others;
    csp->unsafe_inline = csp->unsafe_inline || (s->unsafe_inline && !s->selective);
    csp->unsafe_eval = csp->unsafe_eval || s->unsafe_eval;
    *policy = (struct policy){.scripts = {.present = false}};
}

/* Policies are parted by commas, directives by semicolons; there are no quoted strings (CSP level 3, section
 * 2.2). */
static void read_csp(struct content_security *csp, const struct field_index *response, enum field_name name) {
    struct policy policy = {.scripts = {.present = false}};
    csp->policies = csp->directive_count = 0;
    csp->frame_ancestors = csp->unsafe_inline = csp->unsafe_eval = false;
    const struct header *field = field_index_find(response, name);
    for (; field; field = field_index_next(response, name, field)) {
        struct slice value = field->value;
        bool in_policy = false;
        for (size_t from = 0, to; from < value.len; from = to + 1) {
            for (to = from; to < value.len && value.ptr[to] != ';' && value.ptr[to] != ','; to++) {
            }
            struct slice directive = slice_trim(slice_make(value.ptr + from, to - from));
            if (directive.len) {
                csp->policies += !in_policy;
                in_policy = true;
                read_directive(csp, &policy, directive);
            }
            in_policy = in_policy && to < value.len && value.ptr[to] == ';';
            if (!in_policy) {
                end_policy(csp, &policy);
            }
        }
        end_policy(csp, &policy);
    }
}

static enum frame_options frame_options_of(struct slice word) {
    return slice_is_nocase(word, "deny")         ? FRAME_DENY
           : slice_is_nocase(word, "sameorigin") ? FRAME_SAMEORIGIN
                                                 : FRAME_OTHER;
}

/* The words of all lines. Where they differ, one that is known (or was) is enough for browsers to forbid all
 * frames (HTML, "the X-Frame-Options header"). */
static enum frame_options read_frame_options(const struct field_index *response) {
    const struct header *field = field_index_find(response, FIELD_NAME_X_FRAME_OPTIONS);
    struct slice first = slice_make(NULL, 0), word;
    bool differ = false, known = false;
    if (!field) {
        return FRAME_ABSENT;
    }
    for (; field; field = field_index_next(response, FIELD_NAME_X_FRAME_OPTIONS, field)) {
        struct slice rest = field->value.len ? field->value : slice_make("", 0);
        while (field_piece_next(&rest, ',', &word)) {
            first = first.ptr ? first : word;
            differ = differ || !slice_equal_nocase(word, first);
            known = known || frame_options_of(word) != FRAME_OTHER || slice_is_nocase(word, "allowall");
        }
    }
    return !differ ? frame_options_of(first) : known ? FRAME_DENY : FRAME_OTHER;
}

/* Browsers take the last word that they know (Referrer Policy, section 8.1). */
static struct slice read_referrer_policy(const struct field_index *response) {
    static const char *const words[] = {
        "no-referrer",
        "no-referrer-when-downgrade",
        "same-origin",
        "origin",
        "strict-origin",
        "origin-when-cross-origin",
        "strict-origin-when-cross-origin",
        "unsafe-url",
    };
    struct field_list list = field_list_of(response, FIELD_NAME_REFERRER_POLICY);
    struct slice member, policy = slice_make(NULL, 0);
    while (field_list_next(&list, &member)) {
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            if (slice_is_nocase(member, words[i])) {
                policy = member;
            }
        }
    }
    return policy;
}

static struct slice front_of(const struct field_index *response, enum field_name name) {
    struct slice parameters;
    return field_front(field_index_value(response, name), &parameters);
}

static uint32_t find_missing(const struct semantics_security *s, const struct security_scene *scene) {
    uint32_t missing = 0;
    missing |= scene->content && !scene->cleartext && !s->hsts.present ? MISSING_HSTS : 0;
    missing |= scene->content && !s->nosniff ? MISSING_NOSNIFF : 0;
    if (scene->document) {
        bool framing =
            s->frame_options == FRAME_DENY || s->frame_options == FRAME_SAMEORIGIN || s->csp.frame_ancestors;
        missing |= s->csp.policies ? 0 : MISSING_CSP;
        missing |= framing ? 0 : MISSING_FRAMING;
        missing |= s->referrer_policy.len ? 0 : MISSING_REFERRER;
        missing |= s->permissions_policy ? 0 : MISSING_PERMISSIONS;
    }
    return missing;
}

void semantics_security_read(struct semantics_security *s, const struct field_index *response,
                             const struct security_scene *scene) {
    struct slice nosniff = field_index_value(response, FIELD_NAME_X_CONTENT_TYPE_OPTIONS), first;
    read_hsts(&s->hsts, response);
    s->hsts_in_cleartext = s->hsts.present && scene->cleartext;
    read_csp(&s->csp, response, FIELD_NAME_CONTENT_SECURITY_POLICY);
    read_csp(&s->csp_report_only, response, FIELD_NAME_CONTENT_SECURITY_POLICY_REPORT_ONLY);
    s->frame_options = read_frame_options(response);
    s->nosniff = field_piece_next(&nosniff, ',', &first) && slice_is_nocase(first, "nosniff");
    s->referrer_policy = read_referrer_policy(response);
    s->permissions_policy = field_index_has(response, FIELD_NAME_PERMISSIONS_POLICY);
    s->opener_policy = front_of(response, FIELD_NAME_CROSS_ORIGIN_OPENER_POLICY);
    s->embedder_policy = front_of(response, FIELD_NAME_CROSS_ORIGIN_EMBEDDER_POLICY);
    s->resource_policy = field_index_value(response, FIELD_NAME_CROSS_ORIGIN_RESOURCE_POLICY);
    s->xss_protection = front_of(response, FIELD_NAME_X_XSS_PROTECTION);
    s->missing = find_missing(s, scene);
}
