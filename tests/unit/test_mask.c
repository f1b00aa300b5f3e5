/* SPDX-License-Identifier: Apache-2.0 */
/* Masking: SECRET stands for what must never be seen, and must never be in a result. */
#include "output/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { ROOM = 1 << 16 };

/* Hides the known credentials. */
static struct mask *known(void) {
    static struct mask mask = {.secrets = true};
    return &mask;
}

static bool contains(struct slice text, const char *word) {
    return text.len >= strlen(word) && memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

/* The input in exact memory, so that ASan sees a read past its end. */
static struct slice exact(const char *text) {
    size_t len = strlen(text);
    uint8_t *bytes = malloc(len ? len : 1);
    assert_non_null(bytes);
    memcpy(bytes, text, len);
    return slice_make(bytes, len);
}

static void assert_text(struct slice got, const char *expected, const char *input) {
    if (!slice_is(got, expected)) {
        print_error("of %s: got %.*s, not %s\n", input, (int)got.len, (const char *)got.ptr, expected);
    }
    assert_true(slice_is(got, expected));
    assert_false(contains(got, "SECRET"));
}

static void assert_masks(struct slice (*mask)(struct mask *, struct slice, struct buf *), const char *input,
                         const char *expected) {
    struct buf scratch;
    buf_init(&scratch, ROOM);
    struct slice in = exact(input);
    assert_text(mask(known(), in, &scratch), expected, input);
    free((void *)(uintptr_t)in.ptr);
    buf_fini(&scratch);
}

static void assert_field(const char *name, const char *value, const char *expected) {
    struct buf scratch;
    buf_init(&scratch, ROOM);
    struct slice n = exact(name), v = exact(value);
    assert_text(mask_field(known(), n, v, &scratch), expected, value);
    free((void *)(uintptr_t)n.ptr);
    free((void *)(uintptr_t)v.ptr);
    buf_fini(&scratch);
}

struct example {
    const char *input, *expected;
};

static void test_targets_and_urls(void **state) {
    (void)state;
    static const struct example examples[] = {
        {"", ""},
        {"/", "/"},
        {"*", "*"},
        {"?", "?"},
        {"/?&&=", "/?&&="},
        {"/a?token=SECRET&b=1", "/a?token=***&b=1"},
        {"/a?b=1&Access_Token=SECRET", "/a?b=1&Access_Token=***"},
        {"/a?token=", "/a?token="},
        {"/a?x=1;token=SECRET;SECRET&y=2", "/a?x=1;token=***&y=2"},
        {"/a?user[password]=SECRET&user.token=SECRET&j_password=SECRET",
         "/a?user[password]=***&user.token=***&j_password=***"},
        {"/a?%74oken=SECRET&%70%61%73%73%77%64=SECRET", "/a?%74oken=***&%70%61%73%73%77%64=***"},
        {"/a?user%5Bpassword%5D=SECRET", "/a?user%5Bpassword%5D=***"},
        {"/a?code=SECRET&state=xyz", "/a?code=***&state=xyz"},
        {"/a?key=SECRET", "/a?key=***"},
        {"/a?keys=all&tokens=3&page=2&q=password", "/a?keys=all&tokens=3&page=2&q=password"},
        {"/a;jsessionid=SECRET?x=1", "/a;jsessionid=***?x=1"},
        {"/a;JSESSIONID=SECRET", "/a;JSESSIONID=***"},
        {"/a&token=SECRET", "/a&token=***"},
        {"/cb#access_token=SECRET&token_type=bearer", "/cb#access_token=***&token_type=bearer"},
        {"/a?b=c#id_token=SECRET", "/a?b=c#id_token=***"},
        {"/s3/k?X-Amz-Algorithm=A&X-Amz-Credential=SECRET&X-Amz-Signature=SECRET&X-Amz-Security-Token=SECRET",
         "/s3/k?X-Amz-Algorithm=A&X-Amz-Credential=***&X-Amz-Signature=***&X-Amz-Security-Token=***"},
        {"/b?AWSAccessKeyId=SECRET&Signature=SECRET&Expires=1",
         "/b?AWSAccessKeyId=***&Signature=***&Expires=1"},
        {"/b?sv=1&sig=SECRET", "/b?sv=1&sig=***"},
        {"/b?X-Goog-Signature=SECRET", "/b?X-Goog-Signature=***"},
        {"/b?hmac-signature=SECRET SECRET&c=d", "/b?hmac-signature=***&c=d"},
        {"http://user:SECRET@host:8080/p?q", "http://***@host:8080/p?q"},
        {"HTTP://SECRET@host/", "HTTP://***@host/"},
        {"http://u:p@SECRET@host/", "http://***@host/"},
        {"http://u:p/SECRET@host/x?y=1", "http://***@host/x?y=1"},
        {"http://u:p?SECRET@host/", "http://***@host/"},
        {"http://u:p#SECRET@host/", "http://***@host/"},
        {"http://u:my SECRET@host/", "http://***@host/"},
        {"http://u:\tSECRET@host/", "http://***@host/"},
        {"http://u\t:SECRET@host/", "http://***@host/"},
        {"http://u: SECRET SECRET@host/", "http://***@host/"},
        {"http://\vSECRET@host/", "http://***@host/"},
        {"http:/u:SECRET@host", "http:/***@host"},
        {"http:u:SECRET@host", "***@host"},
        {"http:\\\\u:SECRET@host", "http:\\\\***@host"},
        {"//u:SECRET@host/", "//***@host/"},
        {"u:SECRET@host:443", "***@host:443"},
        {"SECRET@host", "***@host"},
        {"host:443", "host:443"},
        {"[::1]:443", "[::1]:443"},
        {"http://[::1]:80/@x", "http://[::1]:80/@x"},
        {"/users/bob@example.com?a=b", "/users/bob@example.com?a=b"},
        {"http://host/users/bob@example.com", "http://host/users/bob@example.com"},
        {"http://host:8080/users/bob@example.com", "http://host:8080/users/bob@example.com"},
        {"/p?next=http://u:SECRET@h/&x=1", "/p?next=http://***@h/&x=1"},
        {"/proxy/http://u:SECRET@h/x", "/proxy/http://***@h/x"},
        {"/p?r=http%3A%2F%2Fu%3ASECRET%40h%2F&x=1", "/p?r=***&x=1"},
        {"/p?r=https%253A%252F%252Fx%253Ftoken%253DSECRET&z=2", "/p?r=***&z=2"},
        {"/p?r=a%26password%3DSECRET", "/p?r=***"},
        {"/p?token%3DSECRET", "/p?***"},
        {"/x?a=%zz%&b=%41%4", "/x?a=%zz%&b=%41%4"},
        {"/p?q=%E4%BD%A0%3D1&r=%C3%A4", "/p?q=%E4%BD%A0%3D1&r=%C3%A4"},
        {"http://u%3ASECRET%40h/x?y", "http://***/x?y"},
        {"http%3A//u:SECRET@h/x?y", "http%3A/***?y"},
        {"http://h?token=SECRET", "http://h?token=***"},
        {"http://h/p%3Bjsessionid%3DSECRET?x=1", "http://h/***?x=1"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        assert_masks(mask_url, examples[i].input, examples[i].expected);
    }
}

static void test_parts_of_urls(void **state) {
    (void)state;
    assert_masks(mask_query, "token=SECRET&a=b", "token=***&a=b");
    assert_masks(mask_query, "", "");
    assert_masks(mask_query, "a=b", "a=b");
    assert_masks(mask_path, "/a;sid=SECRET", "/a;sid=***");
    assert_masks(mask_path, "/a/b@c", "/a/b@c");
    assert_int_equal(mask_userinfo_end(known(), slice_of("http://u:p@h/")), strlen("http://u:p@"));
    assert_int_equal(mask_userinfo_end(known(), slice_of("u:p/w@h/")), strlen("u:p/w@"));
    assert_int_equal(mask_userinfo_end(known(), slice_of("http://h/a@b")), 0);
    assert_int_equal(mask_userinfo_end(known(), slice_of("/a@b")), 0);
    assert_int_equal(mask_userinfo_end(known(), slice_of("")), 0);
}

static void test_credentials(void **state) {
    (void)state;
    assert_field("Authorization", "Basic SECRET", "Basic ***");
    assert_field("authorization", "bearer SECRET", "bearer ***");
    assert_field("Proxy-Authorization", "Digest username=\"SECRET\", response=\"SECRET\"", "Digest ***");
    assert_field("Authorization", "AWS4-HMAC-SHA256 Credential=SECRET, Signature=SECRET",
                 "AWS4-HMAC-SHA256 ***");
    assert_field("Authorization", "SECRET", "***");
    assert_field("Authorization", "SECRETPART SECRET", "***");
    assert_field("Authorization", "", "");
    assert_field("X-Forwarded-Authorization", "Basic SECRET", "Basic ***");
    assert_field("X-Whatever", "Bearer SECRET", "Bearer ***");
    assert_field("WWW-Authenticate", "Basic realm=\"x\"", "Basic realm=\"x\"");
    assert_field("WWW-Authenticate", "NTLM SECRET", "NTLM ***");
    assert_field("Proxy-Authenticate", "Negotiate SECRET", "Negotiate ***");
    assert_field("Authentication-Info", "rspauth=\"SECRET\"", "***");
    static const char *const secrets[] = {"X-Api-Key",
                                          "X-Auth-Token",
                                          "X-Amz-Security-Token",
                                          "X-Vault-Token",
                                          "Private-Token",
                                          "API-Key",
                                          "apikey",
                                          "X-CSRF-Token",
                                          "X-XSRF-TOKEN",
                                          "X-Access-Token",
                                          "DPoP",
                                          "X-Session-Id",
                                          "Ocp-Apim-Subscription-Key",
                                          "X-Hub-Signature-256",
                                          "X-Goog-Iap-Jwt-Assertion",
                                          "X-Amzn-Oidc-Data",
                                          "X-Auth-Key",
                                          "Token",
                                          "X_API_KEY",
                                          "X-Auth",
                                          "X-Session",
                                          "X-JWT",
                                          "X-Csrf",
                                          "X-OTP",
                                          "X-GitHub-OTP",
                                          "X-WSSE",
                                          "X-Registry-Auth",
                                          "X-Registry-Config",
                                          "X-Functions-Key",
                                          "X-Amz-Server-Side-Encryption-Customer-Key"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        assert_field(secrets[i], "SECRET", "***");
    }
    assert_field("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_field("Idempotency-Key", "8e03978e", "8e03978e");
    assert_field("Sec-WebSocket-Protocol", "base64url.bearer.authorization.k8s.io.SECRET, chat", "***");
    assert_field("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.SECRET", "***");
    assert_field("Sec-WebSocket-Protocol", "graphql-ws, eyJhbGciOiJIUzI1NiJ9.eyJzdWI.x", "graphql-ws, ***");
    assert_field("Sec-WebSocket-Protocol", "aws-appsync-event-ws, header-eyJhb", "aws-appsync-event-ws, ***");
    assert_field("Sec-WebSocket-Protocol", "d41d8cd98f00b204, chat", "***, chat");
    assert_field("Sec-WebSocket-Protocol", "xkqjzwvbnmprtyusd,chat", "***,chat");
    static const char *const protocols[] = {
        "chat, superchat",   "graphql-transport-ws",   "mqttv3.1, mqtt",
        "v12.stomp",         "wamp.2.msgpack.batched", "ocpp2.0.1",
        "v4.channel.k8s.io", "MBWS.huawei.com",        "actioncable-v1-json, actioncable-unsupported"};
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        assert_field("Sec-WebSocket-Protocol", protocols[i], protocols[i]);
    }
}

static void test_cookies(void **state) {
    (void)state;
    assert_field("Cookie", "a=SECRET; b=SECRET;c=\"SECRET\"; d=", "a=***; b=***;c=***; d=");
    assert_field("Cookie", "SECRET", "***");
    assert_field("Cookie", "a=SECRET=SECRET", "a=***");
    assert_field("Cookie", "a=\"x;SECRET\"", "a=***;***");
    assert_field("Set-Cookie",
                 "sid=SECRET; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly; SameSite=Lax",
                 "sid=***; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly; SameSite=Lax");
    assert_field("Set-Cookie", "a=1; Path=/, b=SECRET; Secure", "a=***; Path=***; Secure");
    assert_field("Set-Cookie", "a=1; HttpOnly, b=SECRET", "a=***; HttpOnly, b=***");
    assert_field("Set-Cookie", "SECRET", "***");
    assert_field("Set-Cookie", "a=1; Path=/ Authorization: Basic SECRET; Secure", "a=***; Path=***; Secure");
    assert_field("Set-Cookie", "a=1; Path=/\rCookie:SECRET", "a=***; Path=***");
    assert_field("Set-Cookie", "a=1; Domain=h:80; Path=/a:b ; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
                 "a=***; Domain=h:80; Path=/a:b ; Expires=Wed, 21 Oct 2026 07:28:00 GMT");
    assert_field("X-Original-Cookie", "a=SECRET; b=SECRET", "a=***; b=***");
    assert_field("X-Set-Cookie", "a=SECRET; Path=/", "a=***; Path=/");
    assert_field("Set-Cookie2", "a=SECRET; Version=1", "a=***; Version=1");
}

static void test_other_fields(void **state) {
    (void)state;
    assert_field("Referer", "https://u:SECRET@x/?api_key=SECRET&ok=1", "https://***@x/?api_key=***&ok=1");
    assert_field("Location", "/cb?code=SECRET&state=1", "/cb?code=***&state=1");
    assert_field("Content-Location", "/a;sid=SECRET", "/a;sid=***");
    assert_field("Referer", "http://u:\tSECRET@h/", "http://***@h/");
    assert_field("Destination", "http://u:SECRET@dav/x", "http://***@dav/x");
    assert_field("Origin", "http://u:SECRET@o", "http://***@o");
    assert_field("Host", "u:SECRET@h:80", "***@h:80");
    assert_field("Link", "<https://u:SECRET@x/?token=SECRET&b=1>; rel=\"next\"",
                 "<https://***@x/?token=***&b=1>; rel=\"next\"");
    assert_field("Refresh", "0; url=http://x/?password=SECRET", "0; url=http://x/?password=***");
    assert_field("X-Forwarded-Uri", "/x?sig=SECRET", "/x?sig=***");
    assert_field("X-Original-URL", "/x?secret=SECRET SECRET", "/x?secret=***");
    assert_field("X-Debug", "user=bob, password=SECRET, a=b", "user=bob, password=***, a=b");
    assert_field("X-Debug", "password=\"SECRET, SECRET\"; a=b", "password=***; a=b");
    assert_field("X-Debug", "http%3A%2F%2Fu%3ASECRET%40h", "***");
    assert_field("Forwarded", "for=192.0.2.1;host=u:SECRET@h;proto=http",
                 "for=192.0.2.1;host=***@h;proto=http");
    assert_field("Forwarded", "for=\"192.0.2.1:80\";host=\"u:SECRET;,SECRET@h\", for=x",
                 "for=\"192.0.2.1:80\";host=\"***@h\", for=x");
    assert_field("Forwarded", "host=\"u:SECRET@h", "host=\"***@h");
    assert_field("Forwarded", "a=b=u:SECRET@h=u:SECRET@i, c=mailto:d=u:SECRET@h",
                 "a=***@i, c=mailto:d=***@h");
    assert_field("X-Text", "a=http://b@c=u:SECRET@h", "a=http://***@h");
    assert_field("X-Text", "a=mailto:b=c@d=e:f, g=h", "a=mailto:b=c@d=e:f, g=h");
    assert_field("Alt-Svc", "h3=\"u:SECRET@h:443\"; ma=60", "h3=\"***@h:443\"; ma=60");
    assert_field("X-Contact", "admin=mailto:bob@example.com, by=bob@example.com, at=12:30",
                 "admin=mailto:bob@example.com, by=bob@example.com, at=12:30");
    assert_field("User-Agent", "Mozilla/5.0 (X11; a=b) bob@example.com",
                 "Mozilla/5.0 (X11; a=b) bob@example.com");
    assert_field("Accept", "text/html;q=0.9,*/*;q=0.8", "text/html;q=0.9,*/*;q=0.8");
    assert_field("Cache-Control", "max-age=0", "max-age=0");
    assert_field("From", "bob@example.com", "bob@example.com");
    assert_field("Content-Type", "multipart/form-data; boundary=----x",
                 "multipart/form-data; boundary=----x");
}

/* Folding, a bare CR and JSON put names of secrets into other fields' values. */
static void test_names_before_colons(void **state) {
    (void)state;
    assert_field("Host", "a.example Authorization: Bearer SECRET", "a.example Authorization:***");
    assert_field("Host", "a.example Authorization: Bearer S?SECRET/SECRET", "a.example Authorization:***");
    assert_field("X-Text", "y\rCookie: a=SECRET; b=SECRET", "y\rCookie:***");
    assert_field("X-Text", "y, set-cookie:a=SECRET, SECRET", "y, set-cookie:***");
    assert_field("X-Text", "y Proxy-Authorization : SECRET", "y Proxy-Authorization :***");
    assert_field("X-Text", "y X-Api-Key: SECRET", "y X-Api-Key:***");
    assert_field("X-Data", "{\"password\":\"SECRET\",\"a\":1}", "{\"password\":***,\"a\":1}");
    assert_field("X-Data", "{\"token\" : \"a\\\"SECRET\"}", "{\"token\" : ***}");
    assert_field("X-Data", "{'pin':SECRET}", "{'pin':***");
    assert_field("Referer", "http://h/?q={\"token\":\"SECRET\"}&b=1", "http://h/?q={\"token\":***}&b=1");
    assert_field("Referer", "http://h/?q=%7B%22token%22%3A%22SECRET%22%7D&b=1", "http://h/?q=***&b=1");
    assert_field("X-Text", "urn:ietf:params:oauth:grant-type:x", "urn:ietf:params:oauth:grant-type:x");
    assert_field("Date", "Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT");
    assert_field("User-Agent", "Mozilla/5.0 (rv:109.0)", "Mozilla/5.0 (rv:109.0)");
}

/* White space and control octets separate: around a name and inside it, behind a scheme. */
static void test_blanks_that_are_no_spaces(void **state) {
    (void)state;
    static const char blanks[] = {' ', '\t', '\v', '\x01', '\x1f', '\x7f', '\n', '\r'};
    static const struct {
        const char *name, *value, *expected; /* "~" stands for the blank; a field without name for a target */
    } examples[] = {
        {"X-Foo", "Bearer~SECRET", "Bearer~***"},
        {"X-Foo", "basic~~SECRET SECRET", "basic~***"},
        {"X-Foo", "Negotiate~SECRET", "Negotiate~***"},
        {"X-Foo", "NTLM~SECRET", "NTLM~***"},
        {"X-Foo", "~NTLM~SECRET", "~NTLM~***"},
        {"Referer", "Bearer~SECRET", "Bearer~***"},
        {"Location", "~Basic~SECRET", "~Basic~***"},
        {"WWW-Authenticate", "NTLM~SECRET", "NTLM~***"},
        {"Authorization", "Digest~username=\"SECRET\"", "Digest~***"},
        {"Referer", "http://h/?token~=SECRET&b=1", "http://h/?token~=***&b=1"},
        {"Referer", "http://h/?to~ken=SECRET#pin~=SECRET", "http://h/?to~ken=***"},
        {"Referer", "http://h/;sid~=SECRET?b=1", "http://h/;sid~=***?b=1"},
        {"X-Foo", "password~=SECRET", "password~=***"},
        {"X-Foo", "a=1, password ~=~SECRET, b=2", "a=1, password ~=***, b=2"},
        {"X-Foo", "password=~\"SECRET, SECRET\"; b=2", "password=***; b=2"},
        {"X-Foo", "\"password\"~=~\"SECRET\"; b=2", "\"password\"~=***; b=2"},
        {"X-Foo", "{\"token\"~:~\"SECRET\",\"a\":1}", "{\"token\"~:~***,\"a\":1}"},
        {"X-Foo", "a Authorization~:SECRET", "a Authorization~:***"},
        {"X-Foo", "a token:~SECRET", "a token:***"},
        {"X-Foo", "a~token=SECRET", "a~token=***"},
        {"X-Foo", "a~pin: SECRET", "a~pin:***"},
        {"Forwarded", "host=~u:SECRET@h", "host=~***@h"},
        {NULL, "/?token~=SECRET&b=1", "/?token~=***&b=1"},
        {NULL, "/?b=1&to~ken~=SECRET", "/?b=1&to~ken~=***"},
        {NULL, "/a?b~=1&c~d=2", "/a?b~=1&c~d=2"},
        {NULL, "/a;sid~=SECRET", "/a;sid~=***"},
        {NULL, "/?u=token~%3DSECRET&b=1", "/?u=***&b=1"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        for (size_t k = 0; k < sizeof blanks; k++) {
            char value[80], expected[80];
            (void)snprintf(value, sizeof value, "%s", examples[i].value);
            (void)snprintf(expected, sizeof expected, "%s", examples[i].expected);
            for (char *at = value; (at = strchr(at, '~')) != NULL;) {
                *at = blanks[k];
            }
            for (char *at = expected; (at = strchr(at, '~')) != NULL;) {
                *at = blanks[k];
            }
            if (examples[i].name) {
                assert_field(examples[i].name, value, expected);
            } else {
                assert_masks(mask_url, value, expected);
            }
        }
    }
}

static void test_what_else_separates(void **state) {
    (void)state;
    assert_field("X-Foo", "Bearer:SECRET", "Bearer:***");
    assert_field("X-Foo", "bearer: SECRET", "bearer:***");
    assert_field("X-Foo", "Basic%20SECRET", "Basic***");
    assert_field("X-Foo", "Basic\xc2\xa0SECRET", "Basic***");
    assert_field("X-Foo", "pass\x01word=SECRET", "pass\x01word=***");
    assert_field("X-Foo", "password\xc2\xa0=SECRET", "password\xc2\xa0=***");
    assert_field("X-Foo", "a password=\xa0\"SECRET, SECRET\"; b=2", "a password=***; b=2");
    assert_field("X-Foo", "a token:\xa0SECRET", "a token:***");
    assert_field("X-Foo", "{\"token\"\x80:\x80\"SECRET\"}", "{\"token\"\x80:***}");
    assert_field("X-Foo", "{\"pass\x01word\":\"SECRET\"}", "{\"pass\x01word\":***}");
    assert_field("X-Foo", "y Auth\x01orization: SECRET", "y Auth\x01orization:***");
    assert_field("X-Foo", "y X-Hub-Signature-256: SECRET", "y X-Hub-Signature-256:***");
    assert_field("X-Foo", "y token[0]: SECRET", "y token[0]:***");
    assert_field("X-Foo", "y Cookie2:1SECRET", "y Cookie2:***");
    assert_field("X-Foo", "y Authorization:/SECRET", "y Authorization:***");
    static const char *const open[] = {"Bearer",      "Bearers of news", "basic-auth",  "Basic/1.0 (x)",
                                       "Basic, NTLM", "ntlmv2\tx",       "a\tb=c\td=e", "key\tword=1",
                                       "a\x01=b",     "to ken=1",        "12:30:00",    "::1",
                                       "a token",     "urn:x:auth:y",    "pin\tboard=7"};
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        assert_field("X-Foo", open[i], open[i]);
    }
    assert_field("Host", "basic:8080", "basic:8080");
    assert_field("Location", "Basic%20Training", "Basic%20Training");
}

/* The quick look that finds nothing suspicious agrees with the long one, which "@" in front asks for. */
static void test_both_looks_agree(void **state) {
    (void)state;
    static const char *const words[] = {"token", "cookie2", "Cookie", "pin", "1",  "22",   ":",
                                        "::",    "/",       "//",     " ",   "\t", "\x01", "\"",
                                        "]",     "-",       ".",      "x",   "e2", "\x80", "authorization",
                                        "256",   "'",       "Basic",  "a"};
    uint32_t seed = 11;
    unsigned hidden = 0;
    for (unsigned round = 0; round < 200000; round++) {
        char text[160] = "@ ";
        size_t len = 2;
        for (unsigned i = 0; i < 2 + round % 8; i++) {
            seed = seed * 1664525 + 1013904223;
            len += (size_t)snprintf(text + len, sizeof text - len, "%s",
                                    words[(seed >> 16) % (sizeof words / sizeof words[0])]);
        }
        struct buf quick, slow;
        buf_init(&quick, ROOM);
        buf_init(&slow, ROOM);
        const struct slice both = slice_of(text), alone = slice_after(both, 2);
        bool by_long = mask_field(known(), slice_of("X"), both, &slow).ptr != both.ptr;
        bool by_quick = mask_field(known(), slice_of("X"), alone, &quick).ptr != alone.ptr;
        if (by_long && !by_quick) {
            print_error("only the long look hides something of: %s\n", text + 2);
        }
        assert_false(by_long && !by_quick);
        hidden += by_long;
        buf_fini(&quick);
        buf_fini(&slow);
    }
    assert_true(hidden > 1000);
}

static void test_broken_names(void **state) {
    (void)state;
    assert_masks(mask_field_name, "Authorization Basic SECRET", "Authorization ***");
    assert_masks(mask_field_name, "Cookie=SECRET", "Cookie***");
    assert_masks(mask_field_name, "GET /?token=SECRET HTTP/1.1", "***");
    assert_masks(mask_field_name, "http://u:SECRET@h/", "***");
    assert_masks(mask_field_name, "http://u:HIDDEN@h/", "http://***@h/");
    assert_masks(mask_field_name, "GET /a b?x=http://u:p@h", "GET /a b?x=http://***@h");
    assert_masks(mask_field_name, "Content-Length", "Content-Length");
    assert_masks(mask_field_name, "Content Length", "Content Length");
    assert_masks(mask_field_name, "", "");
    assert_field("Authorization ", "Basic SECRET", "***");
    assert_field("\x01"
                 "Authorization",
                 "Basic SECRET", "***");
    assert_field("Cook\x01ie", "a=SECRET", "***");
    assert_field(" Cookie", "a=SECRET", "***");
}

static void test_secret_names(void **state) {
    (void)state;
    static const char *const secret[] = {
        "assertion",
        "auth",
        "authcode",
        "authkey",
        "authorization",
        "authorization_code",
        "AWSAccessKeyId",
        "bearer",
        "code",
        "code_verifier",
        "cred",
        "credential",
        "credentials",
        "creds",
        "crumb",
        "csrf",
        "dpop",
        "hdnea",
        "hdntl",
        "hdnts",
        "hmac",
        "jwt",
        "key",
        "mfa_code",
        "oauth_verifier",
        "oidcdata",
        "otp",
        "otp_code",
        "pass",
        "passcode",
        "passwort",
        "PHPSESSID",
        "pin",
        "pw",
        "SAMLart",
        "SAMLRequest",
        "SAMLResponse",
        "secret_id",
        "sess",
        "session",
        "session_key",
        "sid",
        "sig",
        "ticket",
        "totp",
        "userpass",
        "wresult",
        "xsrf",
        "access_token",
        "accessToken",
        "refresh-token",
        "id_token",
        "client_secret",
        "clientSecret",
        "passwd",
        "new_password",
        "passphrase",
        "api_key",
        "apikey",
        "access_key",
        "private_key",
        "signing_key",
        "sessionid",
        "ASP.NET_SessionId",
        "ASPSESSIONIDQQXX",
        "JSESSIONID",
        "connect.sid",
        "_csrf",
        "authenticity_token",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "client_assertion",
        "db_pwd",
        "shared_key",
        "authinfo",
        "tokens[token]",
        "password[]",
        "password2",
        "token[0]",
        "password_confirmation",
        "passwordConfirm",
        "device_code",
        "user_code",
        "session_state",
        "id_token_hint",
        "appsecret_proof",
        "sign",
    };
    static const char *const open[] = {
        "",       "a",         "q",       "page",   "keys", "monkey", "country_code", "hotkey", "design",
        "tokens", "passenger", "sidebar", "assign", "lang", "id",     "user",         "state"};
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        if (!mask_is_secret_parameter(slice_of(secret[i]))) {
            print_error("%s\n", secret[i]);
        }
        assert_true(mask_is_secret_parameter(slice_of(secret[i])));
    }
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        if (mask_is_secret_parameter(slice_of(open[i]))) {
            print_error("%s\n", open[i]);
        }
        assert_false(mask_is_secret_parameter(slice_of(open[i])));
    }
}

static void test_long_names_and_values(void **state) {
    (void)state;
    char name[300], url[700];
    memset(name, 'x', sizeof name);
    memcpy(name + sizeof name - 13, "access_token", 13); /* with its NUL */
    assert_true(mask_is_secret_parameter(slice_of(name)));
    (void)snprintf(url, sizeof url, "/?%s=SECRET&b=1", name);
    struct buf scratch;
    buf_init(&scratch, ROOM);
    struct slice masked = mask_url(known(), slice_of(url), &scratch);
    assert_false(contains(masked, "SECRET"));
    assert_true(contains(masked, "access_token=***&b=1"));
    buf_fini(&scratch);
}

/* Time grows with the length alone, whatever stands in the text: a head may be 256 KiB of it. */
static void test_hostile_texts_take_no_longer(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "x://a:b/", "%78%3a//a:b/", "x://@", "a=", "a=mailto:", "a=x://", "\"a\":", "%41&", "token=\""};
    enum { BYTES = 1 << 18 };
    uint8_t *bytes = malloc(BYTES);
    assert_non_null(bytes);
    struct buf scratch;
    buf_init(&scratch, 4 * BYTES);
    clock_t start = clock();
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        size_t len = strlen(pieces[i]);
        for (size_t at = 0; at < BYTES; at++) {
            bytes[at] = (uint8_t)pieces[i][at % len];
        }
        bytes[BYTES - 1] = '@';
        (void)mask_url(known(), slice_make(bytes, BYTES), &scratch);
        (void)mask_query(known(), slice_make(bytes, BYTES), &scratch);
        (void)mask_field(known(), slice_of("X-Text"), slice_make(bytes, BYTES), &scratch);
    }
    assert_true(clock() - start < 3 * CLOCKS_PER_SEC);
    buf_fini(&scratch);
    free(bytes);
}

static void test_without_room_only_the_mark_is_left(void **state) {
    (void)state;
    for (size_t cap = 0; cap < 24; cap++) {
        struct buf scratch;
        buf_init(&scratch, cap);
        struct slice masked = mask_url(known(), slice_of("/abcdefgh?token=SECRET&c=d"), &scratch);
        assert_false(contains(masked, "SECRET"));
        assert_true(slice_is(masked, cap < 23 ? "***" : "/abcdefgh?token=***&c=d"));
        masked =
            mask_field(known(), slice_of("Authorization"), slice_of("Basic SECRETSECRETSECRET"), &scratch);
        assert_false(contains(masked, "SECRET"));
        masked = mask_url(known(), slice_of("/?u=%74oken%3DSECRET"), &scratch);
        assert_false(contains(masked, "SECRET"));
        buf_fini(&scratch);
    }
}

/* Whatever stands around it: a secret parameter's value and a userinfo stay hidden. */
static void test_secrets_amid_random_bytes(void **state) {
    (void)state;
    static const char alphabet[] = "abc/?&;=#%:@ .[]\\\"<>-_0\xFF";
    uint32_t seed = 7;
    for (unsigned round = 0; round < 100000; round++) {
        char text[64];
        size_t before = round % 12, after = round / 12 % 12, len = 0;
        for (size_t i = 0; i < before + after; i++) {
            seed = seed * 1664525 + 1013904223;
            text[len++] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
            if (i + 1 == before || (before == 0 && i == 0)) {
                const char *pair = "&token=SECRET";
                memcpy(text + len, pair, strlen(pair));
                len += strlen(pair);
            }
        }
        struct buf scratch;
        buf_init(&scratch, ROOM);
        uint8_t *bytes = malloc(len + 1);
        assert_non_null(bytes);
        memcpy(bytes, text, len);
        struct slice masked = mask_url(known(), slice_make(bytes, len), &scratch);
        if (contains(masked, "SECRET")) {
            print_error("%.*s -> %.*s\n", (int)len, text, (int)masked.len, (const char *)masked.ptr);
        }
        assert_false(contains(masked, "SECRET"));
        masked = mask_field(known(), slice_of("Location"), slice_make(bytes, len), &scratch);
        assert_false(contains(masked, "SECRET"));
        masked = mask_field(known(), slice_of("X-Text"), slice_make(bytes, len), &scratch);
        assert_false(contains(masked, "SECRET"));
        free(bytes);
        buf_fini(&scratch);
    }
}

static struct mask *mask_with(bool secrets, bool hash, const char *header, const char *query,
                              const char *key) {
    const struct mask_options options = {.secrets = secrets,
                                         .hash_secrets = hash,
                                         .headers = {&header, header != NULL},
                                         .queries = {&query, query != NULL},
                                         .key = slice_of(key)};
    assert_true(mask_options_any(&options));
    struct mask *mask = mask_new(&options, ROOM, NULL);
    assert_non_null(mask);
    return mask;
}

enum { HASH_TEXT = 3 + 2 * MASK_HASH_BYTES };

/* The mark and hash that a field's value has instead of SECRET. */
static void hash_of(struct mask *mask, const char *name, const char *value, char hash[HASH_TEXT + 1]) {
    struct buf scratch;
    buf_init(&scratch, ROOM);
    struct slice shown = mask_field(mask, slice_of(name), slice_of(value), &scratch);
    assert_false(contains(shown, "SECRET"));
    const uint8_t *at = memmem(shown.ptr, shown.len, MASK_MARK, 3);
    assert_non_null(at);
    size_t len = 3;
    while (at + len < shown.ptr + shown.len && strchr("0123456789abcdef", at[len]) && at[len]) {
        len++;
    }
    if (len != HASH_TEXT) {
        print_error("%s: %s became %.*s\n", name, value, (int)shown.len, (const char *)shown.ptr);
    }
    assert_int_equal(len, HASH_TEXT);
    memcpy(hash, at, HASH_TEXT);
    hash[HASH_TEXT] = '\0';
    buf_fini(&scratch);
}

static void test_equal_secrets_have_equal_hashes(void **state) {
    (void)state;
    static const struct {
        const char *name, *value;
    } places[] = {
        {"Authorization", "Bearer SECRET+1"},
        {"X-Api-Key", "SECRET+1"},
        {"Cookie", "a=SECRET+1"},
        {"Cookie", "other= SECRET+1 ; "},
        {"Cookie", "sid=\"SECRET+1\""},
        {"Set-Cookie", "sid=SECRET%2b1; Path=/; HttpOnly"},
        {"Location", "http://h/?access_token=SECRET%2B1&x=1"},
        {"Referer", "http://SECRET%2B1@h/"},
        {"Link", "<http://h/?token=SECRET%2B1>; rel=next"},
        {"X-Text", "{\"token\": \"SECRET+1\"}"},
        {"X-Text", "password=SECRET+1"},
    };
    struct mask *mask = mask_with(true, true, NULL, NULL, "a key");
    struct mask *other = mask_with(true, true, NULL, NULL, "another key");
    char first[HASH_TEXT + 1], hash[HASH_TEXT + 1];
    hash_of(mask, places[0].name, places[0].value, first);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        hash_of(mask, places[i].name, places[i].value, hash);
        if (strcmp(hash, first) != 0) {
            print_error("another hash for %s: %s\n", places[i].name, places[i].value);
        }
        assert_string_equal(hash, first);
    }
    hash_of(mask, "X-Api-Key", "SECRET+2", hash);
    assert_string_not_equal(hash, first);
    hash_of(other, places[0].name, places[0].value, hash);
    assert_string_not_equal(hash, first);
    mask_free(mask);
    mask_free(other);
}

static void test_hash_is_what_it_is_said_to_be(void **state) {
    (void)state;
    struct mask *mask = mask_with(true, true, NULL, NULL, "0123456789abcdef");
    char hash[HASH_TEXT + 1];
    hash_of(mask, "X-Api-Key", "SECRET", hash);
    assert_string_equal(hash, "***47e2dc283612a8a7867c4c6eb6006443");
    mask_free(mask);
}

static void test_hashes_without_room(void **state) {
    (void)state;
    struct mask *mask = mask_with(true, true, NULL, NULL, "a key");
    for (size_t cap = 0; cap < 80; cap++) {
        struct buf scratch;
        buf_init(&scratch, cap);
        struct slice shown = mask_url(mask, slice_of("/abcdefgh?token=SECRET%20SECRET&c=d"), &scratch);
        assert_false(contains(shown, "SECRET"));
        assert_true(scratch.failed ? slice_is(shown, "***")
                                   : shown.len == strlen("/abcdefgh?token=&c=d") + HASH_TEXT);
        buf_fini(&scratch);
    }
    mask_free(mask);
}

struct field_example {
    const char *name, *value, *expected;
};

static void assert_fields(struct mask *mask, const struct field_example *examples, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct buf scratch;
        buf_init(&scratch, ROOM);
        struct slice name = exact(examples[i].name), value = exact(examples[i].value);
        assert_text(mask_field(mask, name, value, &scratch), examples[i].expected, examples[i].value);
        free((void *)(uintptr_t)name.ptr);
        free((void *)(uintptr_t)value.ptr);
        buf_fini(&scratch);
    }
}

static void test_fields_and_parameters_of_the_users_choice(void **state) {
    (void)state;
    static const struct field_example examples[] = {
        {"X-Customer", "SECRET and SECRET", "***"},
        {"x_customer", "SECRET", "***"},
        {"X-Customer-Id", "7", "7"},
        {"X-Customer", "", ""},
        {"X-Text", "a\tX-Customer: SECRET", "a\tX-Customer:***"},
        {"X-Customer SECRET", "", ""},
        {"Location", "/a?phone=SECRET&b=1", "/a?phone=***&b=1"},
        {"Location", "http://h/p;phone=SECRET?user[Phone]=SECRET&fb%3Aphone=SECRET",
         "http://h/p;phone=***?user[Phone]=***&fb%3Aphone=***"},
        {"X-Text", "phone=SECRET, b=1", "phone=***, b=1"},
        {"X-Text", "phone\t=SECRET, ph\x01one=SECRET, b=1", "phone\t=***, ph\x01one=***, b=1"},
        {"Location", "/a?ph\tone\v=SECRET&b=1", "/a?ph\tone\v=***&b=1"},
        {"X-Text", "{\"phone\": \"SECRET\"}", "{\"phone\": ***}"},
        {"Location", "/a?u=http%3A%2F%2Fh%2F%3Fphone%3DSECRET&c=1", "/a?u=***&c=1"},
        {"Location", "/a?phones=1&telephone=2", "/a?phones=1&telephone=2"},
    };
    struct mask *mask = mask_with(true, false, "X-Customer", "phone", "");
    assert_fields(mask, examples, sizeof examples / sizeof examples[0]);
    assert_true(mask_redacts_header(mask, slice_of("x-customer")));
    assert_false(mask_redacts_header(mask, slice_of("Host")));
    struct buf scratch;
    buf_init(&scratch, ROOM);
    assert_text(mask_field_name(mask, slice_of("X-Customer SECRET"), &scratch), "X-Customer ***",
                "a line without colon");
    assert_text(mask_field(mask, slice_of("Authorization"), slice_of("Basic SECRET"), &scratch), "Basic ***",
                "a credential");
    buf_fini(&scratch);
    mask_free(mask);
}

/* With --secrets=keep what the user named is hidden, and nothing else. */
static void test_nothing_but_the_users_choice(void **state) {
    (void)state;
    static const struct field_example examples[] = {
        {"X-Customer", "SECRET", "***"},
        {"Authorization", "Basic abc", "Basic abc"},
        {"Authorization", "Bearer phone=SECRET", "Bearer phone=***"},
        {"Cookie", "a=b; c=d", "a=b; c=d"},
        {"Set-Cookie", "token=b; Path=/", "token=b; Path=/"},
        {"WWW-Authenticate", "NTLM abc", "NTLM abc"},
        {"Sec-WebSocket-Protocol", "bearer.abc", "bearer.abc"},
        {"Location", "http://u:p@h/a?token=b&phone=SECRET", "http://u:p@h/a?token=b&phone=***"},
        {"X-Api-Key", "abc", "abc"},
        {"X-Text", "Bearer abc password=b Authorization: c", "Bearer abc password=b Authorization: c"},
    };
    struct mask *mask = mask_with(false, false, "X-Customer", "phone", "");
    assert_fields(mask, examples, sizeof examples / sizeof examples[0]);
    assert_int_equal(mask_userinfo_end(mask, slice_of("http://u:p@h/")), 0);
    struct buf scratch;
    buf_init(&scratch, ROOM);
    assert_text(mask_userinfo(mask, slice_of("u:p"), &scratch), "u:p", "a userinfo");
    assert_text(mask_field_name(mask, slice_of("Authorization Basic abc"), &scratch),
                "Authorization Basic abc", "a line");
    buf_fini(&scratch);
    mask_free(mask);
    const struct mask_options none = {.secrets = false};
    assert_false(mask_options_any(&none));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_secrets_have_equal_hashes),
        cmocka_unit_test(test_hash_is_what_it_is_said_to_be),
        cmocka_unit_test(test_hashes_without_room),
        cmocka_unit_test(test_fields_and_parameters_of_the_users_choice),
        cmocka_unit_test(test_nothing_but_the_users_choice),
        cmocka_unit_test(test_targets_and_urls),
        cmocka_unit_test(test_parts_of_urls),
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_other_fields),
        cmocka_unit_test(test_names_before_colons),
        cmocka_unit_test(test_blanks_that_are_no_spaces),
        cmocka_unit_test(test_what_else_separates),
        cmocka_unit_test(test_both_looks_agree),
        cmocka_unit_test(test_broken_names),
        cmocka_unit_test(test_secret_names),
        cmocka_unit_test(test_long_names_and_values),
        cmocka_unit_test(test_hostile_texts_take_no_longer),
        cmocka_unit_test(test_without_room_only_the_mark_is_left),
        cmocka_unit_test(test_secrets_amid_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
