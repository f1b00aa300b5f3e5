/* SPDX-License-Identifier: Apache-2.0 */
/* Authentication (RFC 9110 section 11, and a scheme's own RFC): schemes and users, well formed and not, and
 * that no secret is kept or written. */
#include "analyzer/semantics_authentication.h"

#include "analyzer/base64.h"
#include "part_sample.h"

/* NTLM messages: of type 1; of type 3 by CORP\jän😀, by D\bobä in an OEM code page, by bob without flags, with
 * a name beyond its end, without a name, with half a surrogate pair, and one inside SPNEGO. */
#define NTLM_1 "TlRMTVNTUAABAAAAB7IAAA=="
#define NTLM_3                                                                                               \
    "TlRMTVNTUAADAAAAAAAAAEAAAAAAAAAAQAAAAAgACABAAAAACgAKAEgAAAAAAAAAQAAAAAAAAABAAAAAAQAAAEMATwBSAFAAagDkAG" \
    "4A"                                                                                                     \
    "PdgA3g=="
#define NTLM_OEM                                                                                             \
    "TlRMTVNTUAADAAAAAAAAAEAAAAAAAAAAQAAAAAEAAQBAAAAABAAEAEEAAAAAAAAAQAAAAAAAAABAAAAAAgAAAERib2Lk"
#define NTLM_OLD "TlRMTVNTUAADAAAAAAAAADQAAAAAAAAANAAAAAAAAAA0AAAABgAGADQAAAAAAAAANAAAAGIAbwBiAA=="
#define NTLM_LIE                                                                                             \
    "TlRMTVNTUAADAAAAAAAAAEAAAAAAAAAAQAAAAAIAAgBAAAAABgAGAIgTAAAAAAAAQAAAAAAAAABAAAAAAQAAAEQAYgBvAGIA"
#define NTLM_ANON "TlRMTVNTUAADAAAAAAAAAEAAAAAAAAAAQAAAAAIAAgBAAAAAAAAAAEIAAAAAAAAAQAAAAAAAAABAAAAAAQAAAEQA"
#define NTLM_HALF                                                                                            \
    "TlRMTVNTUAADAAAAAAAAAEAAAAAAAAAAQAAAAAAAAABAAAAABgAGAEAAAAAAAAAAQAAAAAAAAABAAAAAAQAAAGEAPdhiAA=="
#define SPNEGO_NTLM                                                                                          \
    "oYGQMIGNooGKBIGHTlRMTVNTUAADAAAAAAAAAEAAAAAAAAAAQAAAAAgACABAAAAABgAGAEgAAAAAAAAAQAAAAAAAAABAAAAAAQAAAE" \
    "MA"                                                                                                     \
    "TwBSAFAAYgBvAGIA"
#define SPNEGO_KERBEROS                                                                                      \
    "YIIFAAYGKwYBBQUCoIIE9DCCBPCgGjAYBgkqhkiC9xIBAgIGCSqGSIb3EgECAnh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eH" \
    "h4"

static const struct head no_head = {.index = {.list = &no_head.list}};

static void test_base64_4648_4(void **state) {
    (void)state;
    static const struct {
        const char *text, *bytes; /* NULL: none */
    } cases[] = {
        {"", ""},
        {"Zg==", "f"},
        {"Zm8=", "fo"},
        {"Zm9v", "foo"},
        {"Zm9vYg", "foob"},
        {"Zm9vYmE", "fooba"},
        {"-_-_", "\xfb\xff\xbf"},
        {"+/+/", "\xfb\xff\xbf"},
        {"Z", NULL},
        {"Zm9vY", NULL},
        {"Zg=", NULL},
        {"Zg===", NULL},
        {"Zm9v=", NULL},
        {"Zm 9", NULL},
        {"Zm=9", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice text = head_copy(slice_of(cases[i].text));
        size_t bytes = 0;
        assert_int_equal(base64_measure(text, &bytes), cases[i].bytes != NULL);
        for (size_t from = 0; cases[i].bytes && from <= bytes; from++) {
            uint8_t read[8];
            base64_read(text, from, read, bytes - from);
            assert_slice(slice_make(read, bytes - from), cases[i].bytes + from);
        }
        free((void *)(uintptr_t)text.ptr);
    }
}

static struct semantics_authentication read_request(struct head *h, const char *value) {
    struct semantics_authentication a;
    head_init(h);
    head_add(h, "Authorization", value);
    semantics_authentication_read(&a, &h->index, &no_head.index);
    return a;
}

static void expect_user(const char *value, enum auth_scheme scheme, const char *user, bool malformed) {
    struct head h;
    struct semantics_authentication a = read_request(&h, value);
    if (a.user.scheme != scheme || a.user.has_user != (user != NULL) || a.user.malformed != malformed) {
        print_error("%s\n", value);
    }
    assert_int_equal(a.user.scheme, scheme);
    assert_int_equal(a.user.has_user, user != NULL);
    assert_int_equal(a.user.malformed, malformed);
    assert_slice(credentials_user(&a.user), user ? user : "");
    head_fini(&h);
}

static void test_basic_7617_2(void **state) {
    (void)state;
    expect_user("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", AUTH_BASIC, "Aladdin", false);
    expect_user("bAsIc   QWxhZGRpbjpvcGVuIHNlc2FtZQ", AUTH_BASIC, "Aladdin", false);
    expect_user("Basic YTpiOmM=", AUTH_BASIC, "a", false); /* a:b:c */
    expect_user("Basic OnB3", AUTH_BASIC, NULL, false);    /* no name */
    expect_user("Basic bm9jb2xvbg==", AUTH_BASIC, NULL, true);
    expect_user("Basic", AUTH_BASIC, NULL, true);
    expect_user("Basic ", AUTH_BASIC, NULL, true);
    expect_user("Basic Aladdin:open", AUTH_BASIC, NULL, true);
    expect_user("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=", AUTH_BASIC, NULL, true);
}

static void test_basic_whose_user_is_the_secret(void **state) {
    (void)state;
    struct head h;
    struct semantics_authentication a = read_request(&h, "Basic c2tfbGl2ZV9hYmM6");
    assert_true(a.user.user_is_secret);
    head_fini(&h);
    a = read_request(&h, "Basic Z2hwX3h5ejp4LW9hdXRoLWJhc2lj");
    assert_true(a.user.user_is_secret);
    head_fini(&h);
    a = read_request(&h, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_false(a.user.user_is_secret);
    head_fini(&h);
}

static void test_basic_long_name(void **state) {
    (void)state;
    char value[6 + 4 * 100 + 8 + 1] = "Basic ";
    struct head h;
    for (size_t i = 0; i < 100; i++) {
        memcpy(value + 6 + 4 * i, "dXV1", 4); /* uuu */
    }
    memcpy(value + 406, "OnB3", 5); /* :pw */
    struct semantics_authentication a = read_request(&h, value);
    assert_true(a.user.has_user && a.user.user_cut);
    assert_int_equal(a.user.user_len, AUTH_USER_BYTES);
    head_fini(&h);
    value[406] = '\0'; /* no colon: nothing of it is kept */
    a = read_request(&h, value);
    assert_true(a.user.malformed && !a.user.has_user && !a.user.user_cut);
    assert_int_equal(a.user.user_len, 0);
    head_fini(&h);
}

static void test_digest_7616_3_4(void **state) {
    (void)state;
    struct head h;
    struct semantics_authentication a =
        read_request(&h, "Digest username=\"Mu\\\"fasa\", realm=\"http-auth@example.org\", uri=\"/dir, x\", "
                         "algorithm=SHA-256, nonce=\"7ypf\", nc=00000001, cnonce=\"f2\", qop=auth, "
                         "response=\"753927fa\"");
    assert_slice(credentials_user(&a.user), "Mu\"fasa");
    assert_slice(a.user.realm, "http-auth@example.org");
    assert_slice(a.user.algorithm, "SHA-256");
    assert_slice(a.user.qop, "auth");
    assert_false(a.user.malformed || a.user.user_hashed);
    head_fini(&h);
    a = read_request(
        &h, "Digest username=\"488869477bf257147b804c45308cd62ac4e25eb717\", response=\"a\", userhash=true");
    assert_true(a.user.has_user && a.user.user_hashed);
    head_fini(&h);
    expect_user("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, response=\"a\"", AUTH_DIGEST,
                "J\xc3\xa4s\xc3\xb8n Doe", false);
    expect_user("Digest username*=UTF-8''a%4, response=\"a\"", AUTH_DIGEST, "a%4", false);
    expect_user("Digest username*=x, response=\"a\"", AUTH_DIGEST, NULL, false);
    expect_user("Digest username=\"a\"", AUTH_DIGEST, "a", true);
    expect_user("Digest username=\"a\\", AUTH_DIGEST, "a\\", true);
    expect_user("Digest response=\"a\"", AUTH_DIGEST, NULL, true);
    expect_user("Digest", AUTH_DIGEST, NULL, true);
    expect_user("Digest ,,=,", AUTH_DIGEST, NULL, true);
}

static void test_bearer_6750_2_1(void **state) {
    (void)state;
    expect_user("Bearer mF_9.B5f-4.1JqM", AUTH_BEARER, NULL, false);
    expect_user("Bearer a/b+c==", AUTH_BEARER, NULL, false);
    expect_user("Bearer", AUTH_BEARER, NULL, true);
    expect_user("Bearer ==", AUTH_BEARER, NULL, true);
    expect_user("Bearer a b", AUTH_BEARER, NULL, true);
    expect_user("Bearer a=b", AUTH_BEARER, NULL, true);
}

#define JWT_OF_BOB "e30.eyJzdWIiOiJib2IifQ.c2ln" /* {}.{"sub":"bob"}.sig */

static void test_bearer_that_is_a_jwt_7519_4_1_2(void **state) {
    (void)state;
    expect_user("Bearer " JWT_OF_BOB, AUTH_BEARER, "bob", false);
    expect_user("Bearer " JWT_OF_BOB ".a.b", AUTH_BEARER, NULL, false); /* encrypted: five parts */
    struct head h;
    struct semantics_authentication a = read_request(&h, "Bearer " JWT_OF_BOB);
    assert_true(a.user.user_is_claim);
    head_fini(&h);
    a = read_request(&h, "Basic YTpi");
    assert_false(a.user.user_is_claim);
    head_fini(&h);
}

static void test_ntlm(void **state) {
    (void)state;
    expect_user("NTLM " NTLM_1, AUTH_NTLM, NULL, false);
    expect_user("NTLM " NTLM_3, AUTH_NTLM, "CORP\\j\xc3\xa4n\xf0\x9f\x98\x80", false);
    expect_user("NTLM " NTLM_OEM, AUTH_NTLM, "D\\bob\xef\xbf\xbd", false);
    expect_user("NTLM " NTLM_OLD, AUTH_NTLM, "bob", false);
    expect_user("NTLM " NTLM_LIE, AUTH_NTLM, NULL, false);
    expect_user("NTLM " NTLM_ANON, AUTH_NTLM, NULL, false);
    expect_user("NTLM " NTLM_HALF, AUTH_NTLM,
                "a\xef\xbf\xbd"
                "b",
                false);
    expect_user("NTLM", AUTH_NTLM, NULL, true);
    expect_user("NTLM TlRMTVNTUAADAAAA", AUTH_NTLM, NULL, false); /* cut behind its type */
    expect_user("NTLM TlRMTVNTUAAE", AUTH_NTLM, NULL, true);
    expect_user("NTLM !", AUTH_NTLM, NULL, true);
    struct head h;
    struct semantics_authentication a = read_request(&h, "NTLM " NTLM_3);
    assert_int_equal(a.user.ntlm_message, 3);
    head_fini(&h);
}

static void test_negotiate_4559_4(void **state) {
    (void)state;
    struct head h;
    struct semantics_authentication a = read_request(&h, "Negotiate " SPNEGO_NTLM);
    assert_int_equal(a.user.mechanism, AUTH_BY_NTLM);
    assert_slice(credentials_user(&a.user), "CORP\\bob");
    head_fini(&h);
    a = read_request(&h, "Negotiate " SPNEGO_KERBEROS);
    assert_int_equal(a.user.mechanism, AUTH_BY_KERBEROS);
    assert_false(a.user.has_user || a.user.malformed);
    head_fini(&h);
    a = read_request(&h, "Negotiate oQAA");
    assert_int_equal(a.user.mechanism, AUTH_MECHANISM_UNKNOWN);
    head_fini(&h);
    expect_user("Negotiate " NTLM_1, AUTH_NEGOTIATE, NULL, false);
    expect_user("Negotiate", AUTH_NEGOTIATE, NULL, true);
    expect_user("Negotiate a b", AUTH_NEGOTIATE, NULL, true);
}

/* Every front of a message: nothing is read past it. */
static void test_cut_anywhere(void **state) {
    (void)state;
    static const char *const values[] = {
        "NTLM " NTLM_3, "Negotiate " SPNEGO_NTLM, "Negotiate " SPNEGO_KERBEROS,
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Digest username=\"a\\\"b\", username*=UTF-8''%41"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        for (size_t len = 0; len <= strlen(values[i]); len++) {
            struct head h;
            struct semantics_authentication a;
            head_init(&h);
            head_add_bytes(&h, "Authorization", slice_make(values[i], len));
            semantics_authentication_read(&a, &h.index, &no_head.index);
            assert_true(a.user.scheme != AUTH_NONE);
            head_fini(&h);
        }
    }
}

static void test_challenges_9110_11_6_1(void **state) {
    (void)state;
    struct head h;
    struct semantics_authentication a;
    head_init(&h);
    head_add(&h, "WWW-Authenticate",
             "Basic realm=\"simple, really\", Newauth realm = \"apps\", type=1, title=\"Login "
             "to \\\"apps\\\"\"");
    head_add(&h, "www-authenticate", "Negotiate");
    head_add(&h, "WWW-Authenticate", "NTLM " NTLM_1 ", Digest stale=TRUE, algorithm=MD5, realm=x");
    head_add(&h, "WWW-Authenticate", "Bearer error=\"invalid_token\",scope=\"a b\"");
    head_add(&h, "Proxy-Authenticate", ",, Basic");
    semantics_authentication_read(&a, &no_head.index, &h.index);
    const struct challenge *c = a.challenges.items;
    assert_int_equal(a.challenges.count, 6);
    assert_int_equal(c[0].scheme, AUTH_BASIC);
    assert_slice(c[0].realm, "simple, really");
    assert_int_equal(c[1].scheme, AUTH_OTHER);
    assert_slice(c[1].scheme_text, "Newauth");
    assert_slice(c[1].realm, "apps");
    assert_int_equal(c[2].scheme, AUTH_NEGOTIATE);
    assert_int_equal(c[3].scheme, AUTH_NTLM);
    assert_int_equal(c[3].realm.len, 0);
    assert_int_equal(c[4].scheme, AUTH_DIGEST);
    assert_true(c[4].stale);
    assert_slice(c[4].realm, "x");
    assert_slice(c[4].algorithm, "MD5");
    assert_slice(c[5].error, "invalid_token");
    assert_slice(c[5].scope, "a b");
    assert_int_equal(a.proxy_challenges.count, 1);
    head_fini(&h);
}

static void test_challenges_malformed(void **state) {
    (void)state;
    static const struct {
        const char *value;
        uint32_t count;
    } cases[] = {{"", 0},
                 {",", 0},
                 {"realm=\"a\"", 0},
                 {"\"x\"", 0},
                 {"=", 0},
                 {"Basic realm=\"a", 1},
                 {"Basic realm", 1},
                 {"a,b,c,d,e,f,g,h,i,j, realm=x", 10}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct head h;
        struct semantics_authentication a;
        head_init(&h);
        head_add(&h, "WWW-Authenticate", cases[i].value);
        semantics_authentication_read(&a, &no_head.index, &h.index);
        assert_int_equal(a.challenges.count, cases[i].count);
        head_fini(&h);
    }
}

static void expect_written(const struct head *request, const struct head *response, bool mask,
                           const char *expected) {
    struct part p;
    struct semantics_authentication a;
    semantics_authentication_read(&a, &request->index, &response->index);
    part_init(&p, mask);
    native_write_semantics_authentication(&p.native, &p.w, &a);
    part_expect(&p, expected);
}

static void expect_credentials(const char *value, bool mask, const char *expected) {
    struct head h;
    char whole[512];
    head_init(&h);
    head_add(&h, "Authorization", value);
    int len = snprintf(whole, sizeof whole, "{\"authentication\":{\"credentials\":{%s}}}", expected);
    assert_in_range(len, 0, sizeof whole - 1);
    expect_written(&h, &no_head, mask, whole);
    head_fini(&h);
}

static void test_written_without_secret(void **state) {
    (void)state;
    expect_written(&no_head, &no_head, true, "{}");
    expect_credentials("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true,
                       "\"scheme\":\"Basic\",\"user\":\"Aladdin\"");
    expect_credentials("Basic c2tfbGl2ZV9hYmM6", true, "\"scheme\":\"Basic\",\"user\":\"***\"");
    expect_credentials("Basic c2tfbGl2ZV9hYmM6", false, "\"scheme\":\"Basic\",\"user\":\"sk_live_abc\"");
    expect_credentials("Basic bm9jb2xvbg==", false, "\"scheme\":\"Basic\",\"malformed\":true");
    expect_credentials("bearer mF_9.B5f-4.1JqM", true, "\"scheme\":\"Bearer\"");
    expect_credentials("Bearer " JWT_OF_BOB, true, "\"scheme\":\"Bearer\",\"subject\":\"bob\"");
    expect_credentials("", true, "\"malformed\":true");
    expect_credentials("0123456789abcdef", true, "\"scheme\":\"***\"");
    expect_credentials("0123456789abcdef", false, "\"scheme\":\"0123456789abcdef\"");
    expect_credentials("AWS4-HMAC-SHA256 Credential=a, Signature=b", true, "\"scheme\":\"AWS4-HMAC-SHA256\"");
    expect_credentials("Digest username=\"a\",realm=\"r\",nonce=\"n\",response=\"secret\",userhash=true",
                       true, "\"scheme\":\"Digest\",\"user\":\"a\",\"user_hashed\":true,\"realm\":\"r\"");
    expect_credentials(
        "Negotiate " SPNEGO_NTLM, true,
        "\"scheme\":\"Negotiate\",\"user\":\"CORP\\\\bob\",\"mechanism\":\"NTLM\",\"ntlm_message\":3");
    expect_credentials("Negotiate " SPNEGO_KERBEROS, true,
                       "\"scheme\":\"Negotiate\",\"mechanism\":\"Kerberos\"");
}

static void test_written_challenges(void **state) {
    (void)state;
    struct head h, r;
    head_init(&h);
    head_init(&r);
    head_add(&h, "Proxy-Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    head_add(&h, "Proxy-Authorization", "Basic x");
    head_add(&r, "Proxy-Authenticate", "NTLM TlRMTVNTUAACAAAA");
    head_add(&r, "WWW-Authenticate", "Digest realm=\"a\xff\", stale=true, nonce=\"secret\"");
    expect_written(
        &h, &r, true,
        "{\"authentication\":{\"proxy_credentials\":{\"scheme\":\"Basic\",\"user\":\"Aladdin\",\"repeated\":"
        "true},\"challenges\":[{\"scheme\":\"Digest\",\"realm\":\"a\xef\xbf\xbd\",\"stale\":true}],"
        "\"proxy_challenges\":[{\"scheme\":\"NTLM\"}]}}");
    head_fini(&h);
    head_fini(&r);
    head_add(&r, "WWW-Authenticate", "Basic,Basic,Basic,Basic,Basic,Basic,Basic,Basic,Basic,Basic");
    expect_written(
        &h, &r, true,
        "{\"authentication\":{\"challenges\":[{\"scheme\":\"Basic\"},{\"scheme\":\"Basic\"},{\"scheme\":"
        "\"Basic\"},{\"scheme\":\"Basic\"},{\"scheme\":\"Basic\"},{\"scheme\":\"Basic\"},{\"scheme\":"
        "\"Basic\"},{\"scheme\":\"Basic\"}],\"challenges_dropped\":2}}");
    head_fini(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64_4648_4),
        cmocka_unit_test(test_basic_7617_2),
        cmocka_unit_test(test_basic_whose_user_is_the_secret),
        cmocka_unit_test(test_basic_long_name),
        cmocka_unit_test(test_digest_7616_3_4),
        cmocka_unit_test(test_bearer_6750_2_1),
        cmocka_unit_test(test_bearer_that_is_a_jwt_7519_4_1_2),
        cmocka_unit_test(test_ntlm),
        cmocka_unit_test(test_negotiate_4559_4),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_challenges_9110_11_6_1),
        cmocka_unit_test(test_challenges_malformed),
        cmocka_unit_test(test_written_without_secret),
        cmocka_unit_test(test_written_challenges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
