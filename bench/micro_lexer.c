/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of four kinds, many behind each other: as browsers and a site's server write them, and as services
 * do. */
#include "bench/micro.h"
#include "bench/pico.h"
#include "bench/way.h"

#include "analyzer/framing.h"
#include "analyzer/h1.h"

#include <stdio.h>

enum { HEADS = 64, HEAD_ROOM = 1024 };

static const char *const web_request[] = {
    "GET /static/js/checkout-summary-and-totals.bundle-4f2a.js?v=9c01d2e3f4 HTTP/1.1",
    "Host: static.shop.example.test",
    "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Encoding: gzip, deflate",
    "Accept-Language: en-GB,en;q=0.9,de;q=0.7",
    "Referer: http://www.shop.example.test/html/3/basket-and-offers-of-the-week-01c3.html",
    "Sec-Fetch-Mode: no-cors",
    "Sec-Fetch-Site: same-origin",
    "Connection: keep-alive",
    "Cookie: theme=dark; sid=",
    NULL};
static const char *const web_response[] = {"HTTP/1.1 200 OK",
                                           "Server: nginx",
                                           "Date: Fri, 20 Nov 2026 16:12:45 GMT",
                                           "Content-Type: application/javascript",
                                           "Content-Length: 0",
                                           "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT",
                                           "Connection: keep-alive",
                                           "ETag: \"6553f100-2ca7\"",
                                           "Cache-Control: public, max-age=86400, stale-while-revalidate=600",
                                           "Vary: Accept-Encoding, Origin",
                                           "Strict-Transport-Security: max-age=31536000; includeSubDomains",
                                           "X-Content-Type-Options: nosniff",
                                           "Set-Cookie: Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; sid=",
                                           NULL};
static const char *const small_request[] = {"GET /items/338.json HTTP/1.1", "Host: api.example.test",
                                            "User-Agent: inventory/3.1", "Accept: ", NULL};
static const char *const small_response[] = {"HTTP/1.1 200 OK",
                                             "Server: nginx",
                                             "Date: Fri, 20 Nov 2026 16:12:45 GMT",
                                             "Content-Type: application/json",
                                             "Content-Length: 0",
                                             "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT",
                                             "Connection: keep-alive",
                                             "ETag: ",
                                             NULL};

struct heads {
    enum h1_role role;
    struct limits limits;
    struct h1 h1;
    struct pico pico;
    size_t len;
    uint8_t bytes[HEADS * HEAD_ROOM];
};

/* `size` bytes: the last field's value is filled up with letters that differ from head to head. */
static void add_head(struct heads *heads, const char *const *lines, size_t size, unsigned number) {
    size_t start = heads->len;
    for (; *lines; lines++) {
        size_t len = strlen(*lines);
        memcpy(heads->bytes + heads->len, *lines, len);
        heads->len += len;
        if (lines[1]) {
            memcpy(heads->bytes + heads->len, "\r\n", 2);
            heads->len += 2;
        }
    }
    if (heads->len - start + 4 > size) {
        bench_die("a head of %zu bytes does not fit into %zu", heads->len - start + 4, size);
    }
    for (unsigned i = number; heads->len - start < size - 4; i++) {
        heads->bytes[heads->len++] = (uint8_t)('a' + i * 7 % 26);
    }
    memcpy(heads->bytes + heads->len, "\r\n\r\n", 4);
    heads->len += 4;
}

static void lex(void *context) {
    struct heads *heads = context;
    struct slice in = slice_make(heads->bytes, heads->len);
    struct framing_fields fields = {0};
    struct h1_event event;
    enum h1_event_type type;
    uint64_t seen = 0;
    h1_restart(&heads->h1, heads->role, 0);
    while ((type = h1_next(&heads->h1, &in, &event)) != H1_NEED_MORE) {
        if (type == H1_HEADER) {
            framing_line(&fields, &event);
            seen += event.value.len;
        } else if (type == H1_HEADERS_END) {
            h1_begin_body(&heads->h1, (struct h1_framing){.kind = H1_BODY_NONE});
            fields = (struct framing_fields){0};
        } else if (type == H1_BAD) {
            bench_die("the lexer does not read the head");
        }
    }
    micro_keep(seen);
}

static void find_lines(void *context) {
    struct heads *heads = context;
    struct slice rest = slice_make(heads->bytes, heads->len);
    uint64_t seen = 0;
    while (rest.len) {
        size_t line = slice_find(rest, '\n');
        seen += line;
        rest = slice_after(rest, line + 1);
    }
    micro_keep(seen);
}

static void parse_by_pico(void *context) {
    struct heads *heads = context;
    int (*parse)(const struct pico *, const char *, size_t) =
        heads->role == H1_REQUEST ? pico_request : pico_response;
    for (size_t at = 0; at < heads->len;) {
        int len = parse(&heads->pico, (const char *)heads->bytes + at, heads->len - at);
        if (len <= 0) {
            bench_die("picohttpparser does not read the head");
        }
        at += (size_t)len;
    }
}

void micro_lexer(void) {
    static const struct {
        const char *name;
        enum h1_role role;
        const char *const *lines;
        size_t size;
    } kinds[] = {{"lexer, browser's request, 737 bytes", H1_REQUEST, web_request, 737},
                 {"lexer, site's response, 557 bytes", H1_RESPONSE, web_response, 557},
                 {"lexer, service's request, 117 bytes", H1_REQUEST, small_request, 117},
                 {"lexer, service's response, 235 bytes", H1_RESPONSE, small_response, 235}};
    static struct heads heads;
    bool pico = pico_load(&heads.pico);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        heads.role = kinds[i].role;
        heads.limits = limits_default();
        heads.len = 0;
        for (unsigned n = 0; n < HEADS; n++) {
            add_head(&heads, kinds[i].lines, kinds[i].size, n);
        }
        h1_init(&heads.h1, heads.role, &heads.limits, 0);
        double ns = micro_time(lex, &heads, HEADS);
        double limit = micro_time(find_lines, &heads, HEADS);
        micro_print(kinds[i].name, ns, limit, "memchr for each line");
        if (pico) {
            micro_print("the same head by picohttpparser", micro_time(parse_by_pico, &heads, HEADS), limit,
                        "memchr for each line");
        }
        h1_fini(&heads.h1);
    }
}
