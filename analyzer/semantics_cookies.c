/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_cookies.h"

#include "analyzer/cookie_date.h"
#include "analyzer/cookie_piece.h"
#include "analyzer/h1_syntax.h"

const char *same_site_name(enum same_site same_site) {
    static const char *const names[] = {[SAME_SITE_STRICT] = "Strict",
                                        [SAME_SITE_LAX] = "Lax",
                                        [SAME_SITE_NONE] = "None",
                                        [SAME_SITE_OTHER] = NULL};
    return names[same_site];
}

const char *cookie_oddity_name(unsigned bit) {
    static const char *const names[COOKIE_ODDITIES] = {
        "nameless",
        "name_syntax",
        "expires_syntax",
        "max_age_syntax",
        "foreign_domain",
        "prefix_broken",
        "same_site_none_insecure",
        "partitioned_insecure",
        "secure_in_cleartext",
    };
    return names[bit];
}

/* Both without white space around. */
struct piece {
    struct slice name, value; /* without "=" all is the name */
    bool is_pair;
};

/* Up to the next semicolon; cookies know no quoted strings. */
static bool next_piece(struct slice *rest, struct piece *piece) {
    if (rest->ptr == NULL) {
        return false;
    }
    size_t equals, end = cookie_piece_end(*rest, &equals);
    piece->is_pair = equals < end;
    piece->name = slice_trim(slice_first(*rest, equals));
    piece->value =
        piece->is_pair ? slice_trim(slice_make(rest->ptr + equals + 1, end - equals - 1)) : slice_make("", 0);
    *rest = end < rest->len ? slice_after(*rest, end + 1) : slice_make(NULL, 0);
    return true;
}

static void read_sent(struct semantics_cookies *c, struct slice value) {
    struct piece piece;
    while (next_piece(&value, &piece)) {
        if (piece.name.len == 0 && !piece.is_pair) {
            continue;
        }
        c->sent_count++;
        if (!piece.is_pair || piece.name.len == 0) {
            c->sent_nameless++;
        } else if (c->names_kept < COOKIES_KEPT) {
            c->sent[c->names_kept++] = piece.name;
        }
    }
}

static bool is_subdomain(struct slice host, struct slice domain) {
    if (host.len <= domain.len) {
        return slice_equal_nocase(host, domain);
    }
    size_t at = host.len - domain.len;
    return host.ptr[at - 1] == '.' && slice_equal_nocase(slice_after(host, at), domain) &&
           !h1_is(host.ptr[host.len - 1], H1_DIGIT); /* an address has none (5.1.3) */
}

static void take_max_age(struct set_cookie *c, struct slice value) {
    bool negative = value.len > 0 && value.ptr[0] == '-';
    int64_t number = 0;
    for (size_t i = negative; i < value.len; i++) {
        if (!h1_is(value.ptr[i], H1_DIGIT)) {
            c->oddities |= COOKIE_ODD_MAX_AGE;
            return;
        }
        int64_t digit = value.ptr[i] - '0';
        number = number > (INT64_MAX - digit) / 10 ? INT64_MAX : number * 10 + digit;
    }
    if (value.len == (size_t)negative) {
        c->oddities |= COOKIE_ODD_MAX_AGE;
        return;
    }
    c->has_max_age = true;
    c->max_age = negative ? -number : number;
}

static enum same_site same_site_of(struct slice value) {
    for (unsigned i = SAME_SITE_STRICT; i <= SAME_SITE_NONE; i++) {
        if (slice_is_nocase(value, same_site_name((enum same_site)i))) {
            return (enum same_site)i;
        }
    }
    return SAME_SITE_OTHER;
}

/* Of an attribute given twice the last counts (5.3). */
static void take_attribute(struct set_cookie *c, struct slice name, struct slice value) {
    switch (name.len) {
    case 4:
        if (slice_is_nocase(name, "path")) {
            c->path = value.len && value.ptr[0] == '/' ? value : slice_make(NULL, 0);
        }
        break;
    case 6:
        if (slice_is_nocase(name, "domain")) {
            c->domain = value.len && value.ptr[0] == '.' ? slice_after(value, 1) : value;
        } else if (slice_is_nocase(name, "secure")) {
            c->secure = true;
        }
        break;
    case 7:
        if (slice_is_nocase(name, "max-age")) {
            take_max_age(c, value);
        } else if (slice_is_nocase(name, "expires")) {
            bool valid = cookie_date_read(value, &c->expires);
            c->has_expires = c->has_expires || valid;
            c->oddities |= valid ? 0 : COOKIE_ODD_EXPIRES;
        }
        break;
    case 8:
        if (slice_is_nocase(name, "httponly")) {
            c->http_only = true;
        } else if (slice_is_nocase(name, "samesite")) {
            c->same_site = same_site_of(value);
        }
        break;
    case 11:
        c->partitioned = c->partitioned || slice_is_nocase(name, "partitioned");
        break;
    default:
        break;
    }
}

static void judge(struct set_cookie *c, const struct cookie_scene *scene) {
    bool host_prefix = slice_is_nocase(slice_first(c->name, 7), "__Host-"),
         secure_prefix = slice_is_nocase(slice_first(c->name, 9), "__Secure-");
    if ((host_prefix && (!c->secure || c->domain.len || !slice_is(c->path, "/"))) ||
        (secure_prefix && !c->secure)) {
        c->oddities |= COOKIE_ODD_PREFIX;
    }
    if (c->same_site == SAME_SITE_NONE && !c->secure) {
        c->oddities |= COOKIE_ODD_SAME_SITE;
    }
    if (c->partitioned && !c->secure) {
        c->oddities |= COOKIE_ODD_PARTITION;
    }
    if (c->secure && scene->cleartext) {
        c->oddities |= COOKIE_ODD_CLEARTEXT;
    }
    if (c->domain.len && scene->host.len && !is_subdomain(scene->host, c->domain)) {
        c->oddities |= COOKIE_ODD_DOMAIN;
    }
    if (c->has_max_age) {
        c->lifetime = c->max_age > 0 ? COOKIE_PERSISTENT : COOKIE_REMOVED;
    } else if (c->has_expires) {
        c->lifetime = c->expires > scene->now ? COOKIE_PERSISTENT : COOKIE_REMOVED;
    }
}

static void read_set(struct set_cookie *c, struct slice value, const struct cookie_scene *scene) {
    struct piece piece;
    *c = (struct set_cookie){.oddities = 0};
    if (value.len == 0) {
        c->oddities = COOKIE_ODD_NAMELESS;
        return;
    }
    (void)next_piece(&value, &piece);
    if (!piece.is_pair || piece.name.len == 0) {
        c->oddities |= COOKIE_ODD_NAMELESS; /* what stands there is the value */
    } else {
        c->name = piece.name;
        c->oddities |= h1_is_token(c->name) ? 0 : COOKIE_ODD_NAME;
    }
    while (next_piece(&value, &piece)) {
        take_attribute(c, piece.name, piece.value);
    }
    judge(c, scene);
}

void semantics_cookies_read(struct semantics_cookies *c, const struct field_index *request,
                            const struct field_index *response, const struct cookie_scene *scene) {
    c->sent_count = c->sent_nameless = c->names_kept = c->set_count = 0;
    const struct header *field = field_index_find(request, FIELD_NAME_COOKIE);
    for (; field; field = field_index_next(request, FIELD_NAME_COOKIE, field)) {
        read_sent(c, field->value);
    }
    field = field_index_find(response, FIELD_NAME_SET_COOKIE);
    for (; field; field = field_index_next(response, FIELD_NAME_SET_COOKIE, field)) {
        if (c->set_count++ < COOKIES_KEPT) {
            read_set(&c->set[c->set_count - 1], field->value, scene);
        }
    }
}
