/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/conformance_redirect.h"

#include "analyzer/method.h"

/* A fragment is the client's own. */
static struct slice without_fragment(struct slice uri) {
    return slice_first(uri, slice_find(uri, '#'));
}

static bool is_same_authority(const struct target *a, const struct target *b) {
    return slice_equal_nocase(a->scheme, b->scheme) && slice_equal_nocase(a->domain, b->domain) &&
           a->port == b->port;
}

/* `longer` is `base` with the end of `base` once more behind it, from one of its `divider`s on. */
static bool repeats_end(struct slice base, struct slice longer, uint8_t divider) {
    if (longer.len <= base.len || !slice_equal(slice_first(longer, base.len), base)) {
        return false;
    }
    struct slice again = slice_after(longer, base.len);
    bool divided = again.ptr[0] == divider || (base.len && base.ptr[base.len - 1] == divider);
    if (divided && again.ptr[0] == divider && again.len == base.len + 1) {
        return slice_equal(slice_after(again, 1), base); /* a query has no divider before it */
    }
    return divided && again.len <= base.len && slice_equal(slice_after(base, base.len - again.len), again);
}

/* In linear time, whatever the text is made of. */
static unsigned count_of(struct slice text, struct slice wanted) {
    unsigned count = 0;
    const uint8_t *at = text.len ? memmem(text.ptr, text.len, wanted.ptr, wanted.len) : NULL;
    for (; at; count++) {
        text = slice_after(text, (size_t)(at - text.ptr) + wanted.len);
        at = text.len ? memmem(text.ptr, text.len, wanted.ptr, wanted.len) : NULL;
    }
    return count;
}

/* "/login?next=/login" to "/login?next=/login%3Fnext=/login": the page asks for itself once more. */
static bool nests_itself(const struct target *from, const struct target *to) {
    enum { SHORTEST = 3 }; /* what is shorter stands in a query by chance */
    size_t at = from->path.len;
    while (at > 0 && from->path.ptr[at - 1] != '/') {
        at--;
    }
    struct slice name = slice_after(from->path, at);
    if (name.len < SHORTEST || to->query.len <= from->query.len) {
        return false;
    }
    unsigned before = count_of(from->query, name);
    return before > 0 && count_of(to->query, name) > before;
}

enum redirect redirect_judge(struct slice method, const struct target *from, struct slice location) {
    struct target to;
    struct slice uri = without_fragment(location);
    bool absolute = slice_find(uri, ':') < slice_find(uri, '/');
    bool path = uri.len && uri.ptr[0] == '/' && !slice_starts_with(uri, "//");
    if (from->domain.len == 0 || from->path.len == 0 || !(absolute || path)) {
        return REDIRECT_AWAY;
    }
    target_parse(&to, slice_of("GET"), uri, slice_make("", 0), false);
    if (absolute && (to.form != TARGET_ABSOLUTE || !is_same_authority(from, &to))) {
        return REDIRECT_AWAY;
    }
    bool same_path = slice_equal(from->path, to.path);
    if (same_path && from->has_query == to.has_query && slice_equal(from->query, to.query)) {
        return method_reads(method) ? REDIRECT_SAME : REDIRECT_AWAY;
    }
    bool grows = (same_path && from->has_query &&
                  (repeats_end(from->query, to.query, '&') || nests_itself(from, &to))) ||
                 repeats_end(from->path, to.path, '/');
    return grows ? REDIRECT_GROWING : REDIRECT_AWAY;
}
