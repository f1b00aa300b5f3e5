/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/ntlm.h"

#include "analyzer/base64.h"

enum {
    SIGNATURE_BYTES = 8,
    TYPE_AT = 8,
    DOMAIN_AT = 28,
    USER_AT = 36,
    FLAGS_AT = 60,
    FRONT_BYTES = 64, /* of a message of type 3, with its flags, which old clients leave out */
    SHORT_FRONT_BYTES = 52,
    NEGOTIATE_UNICODE = 1,
};

static unsigned get16(const uint8_t *from) {
    return (unsigned)from[0] | (unsigned)from[1] << 8;
}

static uint32_t get32(const uint8_t *from) {
    return get16(from) | (uint32_t)get16(from + 2) << 16;
}

unsigned ntlm_message_type(struct slice base64, size_t bytes, size_t offset) {
    uint8_t front[SIGNATURE_BYTES + 4];
    if (bytes < sizeof front || offset > bytes - sizeof front) {
        return 0;
    }
    base64_read(base64, offset, front, sizeof front);
    uint32_t type = get32(front + TYPE_AT);
    return memcmp(front, "NTLMSSP", SIGNATURE_BYTES) == 0 && type <= 3 ? type : 0;
}

/* Text of a message that is being turned into UTF-8. */
struct ntlm_text {
    struct slice base64;
    size_t at, left; /* bytes */
    bool unicode;    /* UTF-16, else an OEM code page, of which only ASCII is known */
};

static unsigned next_unit(struct ntlm_text *t) {
    uint8_t unit[2] = {0};
    size_t size = t->unicode ? 2 : 1;
    base64_read(t->base64, t->at, unit, size);
    t->at += size;
    t->left -= size;
    return get16(unit);
}

static uint32_t next_code_point(struct ntlm_text *t) {
    enum { UNKNOWN = 0xfffd };
    uint32_t unit = next_unit(t);
    if (!t->unicode) {
        return unit < 0x80 ? unit : UNKNOWN;
    }
    if (unit < 0xd800 || unit > 0xdfff) {
        return unit;
    }
    if (unit > 0xdbff || t->left < 2) {
        return UNKNOWN;
    }
    struct ntlm_text before = *t;
    uint32_t low = next_unit(t);
    if (low < 0xdc00 || low > 0xdfff) {
        *t = before;
        return UNKNOWN;
    }
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

static size_t put_utf8(uint32_t c, uint8_t to[4]) {
    if (c < 0x80) {
        to[0] = (uint8_t)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--, c >>= 6) {
        to[i] = (uint8_t)(0x80 | (c & 0x3f));
    }
    to[0] = (uint8_t)(lead[len] | c);
    return len;
}

static void copy(struct ntlm_text t, uint8_t *text, size_t room, struct ntlm_user *user) {
    size_t size = t.unicode ? 2 : 1;
    while (t.left >= size && !user->cut) {
        uint8_t bytes[4];
        size_t len = put_utf8(next_code_point(&t), bytes);
        user->cut = len > room - user->len;
        if (!user->cut) {
            memcpy(text + user->len, bytes, len);
            user->len += len;
        }
    }
}

/* What the length and offset at `field` point to; false where it lies outside. */
static bool locate(const uint8_t *front, size_t at, struct ntlm_text *t, size_t bytes, size_t offset) {
    uint32_t len = get16(front + at), where = get32(front + at + 4);
    t->left = len;
    t->at = offset + where;
    return where <= bytes - offset && len <= bytes - offset - where;
}

bool ntlm_read_user(struct slice base64, size_t bytes, size_t offset, uint8_t *text, size_t room,
                    struct ntlm_user *user) {
    uint8_t front[FRONT_BYTES] = {0};
    *user = (struct ntlm_user){0};
    if (ntlm_message_type(base64, bytes, offset) != 3 || bytes - offset < SHORT_FRONT_BYTES) {
        return false;
    }
    size_t here = bytes - offset < FRONT_BYTES ? bytes - offset : FRONT_BYTES;
    base64_read(base64, offset, front, here);
    struct ntlm_text domain = {.base64 = base64}, name = {.base64 = base64};
    if (!locate(front, DOMAIN_AT, &domain, bytes, offset) || !locate(front, USER_AT, &name, bytes, offset) ||
        name.left == 0) {
        return false; /* no name: the anonymous user */
    }
    bool has_flags = here == FRONT_BYTES && name.at - offset >= FRONT_BYTES &&
                     (domain.left == 0 || domain.at - offset >= FRONT_BYTES);
    name.unicode = domain.unicode = !has_flags || get32(front + FLAGS_AT) & NEGOTIATE_UNICODE;
    copy(domain, text, room, user);
    if (user->len && !user->cut) {
        user->cut = user->len == room;
        if (!user->cut) {
            text[user->len++] = '\\';
        }
    }
    copy(name, text, room, user);
    return true;
}
