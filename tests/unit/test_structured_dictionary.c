/* SPDX-License-Identifier: Apache-2.0 */
/* Dictionaries of Structured Fields (RFC 9651 sections 3.2 and 4.2.2). */
#include "analyzer/structured_dictionary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Members as "key kind value;"; with "!" at the end where there is a fault. In memory of exactly the text's
 * size. */
static void expect(const char *text, const char *expected) {
    static const char kinds[] = {
        [STRUCTURED_TRUE] = '1',    [STRUCTURED_FALSE] = '0',  [STRUCTURED_INTEGER] = 'i',
        [STRUCTURED_DECIMAL] = 'd', [STRUCTURED_STRING] = 's', [STRUCTURED_TOKEN] = 't',
        [STRUCTURED_OTHER] = 'o'};
    size_t len = strlen(text), at = 0;
    char *copy = malloc(len ? len : 1), got[256] = "";
    assert_non_null(copy);
    memcpy(copy, text, len);
    struct slice rest = slice_make(copy, len);
    struct structured_member m;
    while (structured_member_next(&rest, &m)) {
        at += (size_t)snprintf(got + at, sizeof got - at, "%.*s %c %.*s;", (int)m.key.len, m.key.ptr,
                               kinds[m.kind], (int)m.value.len, m.value.ptr);
    }
    if (rest.ptr) {
        (void)snprintf(got + at, sizeof got - at, "!");
    }
    free(copy);
    if (strcmp(got, expected) != 0) {
        fail_msg("%s: %s, not %s", text, got, expected);
    }
}

static void rfc9651_section_3_2_members(void **state) {
    (void)state;
    expect("", "");
    expect("  ", "");
    expect("a", "a 1 ;");
    expect("a=?1, b=?0,c", "a 1 ?1;b 0 ?0;c 1 ;");
    expect("a=1 ,\tb=-999999999999999", "a i 1;b i -999999999999999;");
    expect("a=1.5, b=-123456789012.125", "a d 1.5;b d -123456789012.125;");
    expect("a=\"x\\\"y, z\\\\\", b=\"\"", "a s x\\\"y, z\\\\;b s ;");
    expect("a=Tok/en:*!, b=*", "a t Tok/en:*!;b t *;");
    expect("a=:YQ==:, b=::, c=@-5, d=%\"f%c3%bc\"", "a o :YQ==:;b o ::;c o -5;d o f%c3%bc;");
    expect("a=(x \"y\" 1;q  ?0), b=(), c=( x )", "a o (x \"y\" 1;q  ?0);b o ();c o ( x );");
    expect("a;x;y=1, *a_-.*9=2; z=\"s\"", "a 1 ;*a_-.*9 i 2;");
}

static void rfc9651_section_4_2_faults(void **state) {
    (void)state;
    static const char *const faults[] = {
        ",",
        "A=1",
        "1=a",
        "a=",
        "a= 1",
        "a =1",
        "a=1 b=2",
        "a=-",
        "a=1.",
        "a=.5",
        "a=1.2345",
        "a=1234567890123456",
        "a=1234567890123.1",
        "a=\"x",
        "a=\"\\x\"",
        "a=\"\\",
        "a=\"\x01\"",
        "a=\"\xc3\xa4\"",
        "a=?2",
        "a=?",
        "a=:YQ",
        "a=:!:",
        "a=@x",
        "a=@1.5",
        "a=@",
        "a=%\"%x\"",
        "a=%x",
        "a=(x",
        "a=(x,y)",
        "a=(x\"y\")",
        "a;",
        "a;X",
        "a;x=",
        "a=(b;)",
        "a=;",
        "a==1",
        "\xff",
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        expect(faults[i], "!");
    }
    expect("a,", "!");
    expect("a,,b", "a 1 ;!");
    expect("a=1,b=", "a i 1;!");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc9651_section_3_2_members),
        cmocka_unit_test(rfc9651_section_4_2_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
