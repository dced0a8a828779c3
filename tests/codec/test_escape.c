/* SPDX-License-Identifier: MIT */
/* Text made safe inside HTML. */
#include "codec/escape.h"
#include "support/sweep.h"

static void check(const char *text, const char *expected)
{
    struct gy__buf b;
    gy__buf_init(&b, 1000);
    assert_int_equal(gy__html_escape(&b, gy_str_of(text)), 0);
    assert_string_equal(gy__buf_str(&b).ptr, expected);
    gy__buf_done(&b);
}

static void escapes(void **state)
{
    (void)state;
    check("", "");
    check("plain", "plain");
    check("<a href=\"x\" title='y'>&amp;</a>",
          "&lt;a href=&quot;x&quot; title=&#x27;y&#x27;&gt;&amp;amp;&lt;/a&gt;");
    check("&", "&amp;");
    check("a&b", "a&amp;b");
    check("\xc3\xa4\xff", "\xc3\xa4\xff");
}

static void nothing_stays_of_a_failed_one(void **state)
{
    (void)state;
    struct gy__buf b;
    gy__buf_init(&b, 10);
    assert_int_equal(gy__buf_add(&b, "ab", 2), 0);
    assert_int_equal(gy__html_escape(&b, gy_str_of("x<yz<")), GY_ETOOBIG);
    assert_string_equal(b.data, "ab");
    assert_int_equal(gy__html_escape(&b, gy_str_of("x<yzw")), 0);
    assert_string_equal(b.data, "abx&lt;yzw");
    gy__buf_done(&b);
    gy__buf_init(&b, 10);
    assert_int_equal(gy__html_escape(&b, gy_str_n(NULL, 0)), 0);
    assert_int_equal(b.len, 0);
    gy__buf_done(&b);
}

static int use_it_all(void *arg)
{
    (void)arg;
    static char text[1000];
    struct gy__buf b;
    gy__buf_init(&b, 10000);
    memset(text, '<', sizeof text);
    int e = gy__html_escape(&b, gy_str_n(text, sizeof text));
    assert_int_equal(b.len, e ? 0 : 4000);
    gy__buf_done(&b);
    return e;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(use_it_all, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes),
        cmocka_unit_test(nothing_stays_of_a_failed_one),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
