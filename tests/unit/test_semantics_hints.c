/* SPDX-License-Identifier: Apache-2.0 */
/* Link (RFC 8288) and Priority (RFC 9218), well formed and not. */
#include "analyzer/semantics_hints.h"

#include "part_sample.h"

static const struct head no_head = {.index = {.list = &no_head.list}};

static struct semantics_hints read_link(struct head *h, const char *value) {
    struct semantics_hints hints;
    head_init(h);
    head_add(h, "link", value);
    semantics_hints_read(&hints, &no_head.index, &h->index);
    return hints;
}

static void test_rfc8288_3_links(void **state) {
    (void)state;
    struct head h;
    struct semantics_hints hints = read_link(
        &h, "</a,b;c>; title=\"x, y\"; rel=\"preload next\" ,<http://a.example/>;REL=last;rel=no, <>");
    assert_int_equal(hints.link_count, 3);
    assert_false(hints.links_malformed);
    assert_slice(hints.links[0].target, "/a,b;c");
    assert_slice(hints.links[0].relation, "preload next");
    assert_slice(hints.links[1].target, "http://a.example/");
    assert_slice(hints.links[1].relation, "last");
    assert_slice(hints.links[2].target, "");
    assert_slice(hints.links[2].relation, "");
    head_fini(&h);
}

static void test_links_that_can_not_be_read(void **state) {
    (void)state;
    static const struct {
        const char *value;
        uint32_t count;
    } cases[] = {{"/a; rel=x", 0}, {"<a", 0}, {"<a> rel=x", 1}, {"<a>; rel=x, b", 1}, {"x<a>", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct head h;
        struct semantics_hints hints = read_link(&h, cases[i].value);
        if (!hints.links_malformed || hints.link_count != cases[i].count) {
            fail_msg("%s: %u links", cases[i].value, hints.link_count);
        }
        head_fini(&h);
    }
    struct head h;
    struct semantics_hints hints =
        read_link(&h, ",<a>;rel=x,, <b> ; rel=y,"); /* empty members are passed over */
    assert_int_equal(hints.link_count, 2);
    assert_false(hints.links_malformed);
    head_fini(&h);
    hints = read_link(&h, "");
    assert_int_equal(hints.link_count, 0);
    assert_false(hints.links_malformed);
    head_fini(&h);
}

static void test_more_links_than_are_kept(void **state) {
    (void)state;
    struct head h;
    struct part p;
    struct semantics_hints hints =
        read_link(&h, "<1>,<2>,<3>,<4>,<5>,<6>,<7>,<8>,<9>,<http://a:b@c/?token=d>");
    assert_int_equal(hints.link_count, 10);
    part_init(&p, true);
    native_write_semantics_hints(&p.native, &p.w, &hints);
    assert_non_null(memmem(p.out.ptr, p.out.len, "\"links_dropped\":2", 17));
    part_end(&p);
    head_fini(&h);
    hints = read_link(&h, "<http://me:secret@c/?token=hidden>; rel=next");
    part_init(&p, true);
    native_write_semantics_hints(&p.native, &p.w, &hints);
    assert_null(memmem(p.out.ptr, p.out.len, "secret", 6));
    assert_null(memmem(p.out.ptr, p.out.len, "hidden", 6));
    part_end(&p);
    head_fini(&h);
}

static void test_rfc9218_4_priority(void **state) {
    (void)state;
    static const struct {
        const char *value;
        unsigned urgency;
        bool incremental, malformed;
    } cases[] = {
        {"", 3, false, false},         {"u=0", 0, false, false},    {"u=7, i", 7, true, false},
        {"i=?0,u=5", 5, false, false}, {"i=?1", 3, true, false},    {"x=1, u=2;a=b", 2, false, false},
        {"u=1, u=2", 2, false, false}, {"u=8", 3, false, true},     {"u=-1", 3, false, true},
        {"u", 3, false, true},         {"u=\"1\"", 3, false, true}, {"i=yes, u=1", 1, false, true},
        {"u=9, i", 3, true, true},     {"U=1", 3, false, true},     {"u=1;;", 3, false, true},
        {"u=1,", 3, false, true},      {"u=1.0", 3, false, true},   {"u=2, u=x", 3, false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct head h;
        struct semantics_hints hints;
        head_init(&h);
        head_add(&h, "Priority", cases[i].value);
        semantics_hints_read(&hints, &h.index, &no_head.index);
        const struct priority *p = &hints.request;
        if (!p->present || p->urgency != cases[i].urgency || p->incremental != cases[i].incremental ||
            p->malformed != cases[i].malformed) {
            fail_msg("%s: %u %d %d", cases[i].value, p->urgency, p->incremental, p->malformed);
        }
        assert_false(hints.response.present);
        head_fini(&h);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc8288_3_links),
        cmocka_unit_test(test_links_that_can_not_be_read),
        cmocka_unit_test(test_more_links_than_are_kept),
        cmocka_unit_test(test_rfc9218_4_priority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
