/* SPDX-License-Identifier: MIT */
/* Views: compare, cut, trim. */
#include "support/sweep.h"

#include <gyre/str.h>

static gy_str S(const char *text)
{
    return gy_str_of(text);
}

static void compares(void **state)
{
    (void)state;
    assert_true(gy_str_eq(S(""), gy_str_n(NULL, 0)));
    assert_true(gy_str_eq(S("abc"), S("abc")));
    assert_false(gy_str_eq(S("abc"), S("abC")));
    assert_true(gy_str_ieq(S("Content-LENGTH"), S("content-length")));
    assert_false(gy_str_ieq(S("[a"), S("{a"))); /* 0x20 apart, but no letters */
    assert_false(gy_str_ieq(S("@"), S("`")));
    assert_false(gy_str_ieq(S("\xc4"), S("\xe4")));
    assert_false(gy_str_ieq(S("a"), S("ab")));
    assert_true(gy_str_starts(S("gyre"), S("gy")));
    assert_true(gy_str_starts(S("gyre"), S("")));
    assert_false(gy_str_starts(S("g"), S("gy")));
    assert_true(gy_str_ends(S("gyre"), S("re")));
    assert_true(gy_str_ends(gy_str_n(NULL, 0), S("")));
    assert_false(gy_str_ends(S("e"), S("re")));
}

static void trims(void **state)
{
    (void)state;
    assert_true(gy_str_eq(gy_str_trim(S(" \t a b\t ")), S("a b")));
    assert_true(gy_str_eq(gy_str_trim(S(" \t ")), S("")));
    assert_true(gy_str_eq(gy_str_trim(S("\na\r")), S("\na\r")));
    assert_int_equal(gy_str_trim(gy_str_n(NULL, 0)).len, 0);
}

static void finds(void **state)
{
    (void)state;
    assert_int_equal(gy_str_find(S("abc"), 'c'), 2);
    assert_true(gy_str_find(S("abc"), 'd') == SIZE_MAX);
    assert_true(gy_str_find(gy_str_n(NULL, 0), 'd') == SIZE_MAX);
    assert_int_equal(gy_str_find(gy_str_n("a\0b", 3), '\0'), 1);
}

static void cuts(void **state)
{
    (void)state;
    const char *const expected[] = {"a", "", "bc", ""};
    size_t n = 0;
    for (gy_str part, rest = S("a,,bc,"); gy_str_cut(&rest, ',', &part); n++) {
        assert_true(n < 4);
        assert_true(gy_str_eq(part, S(expected[n])));
    }
    assert_int_equal(n, 4);
    gy_str part, rest = S("");
    assert_true(gy_str_cut(&rest, ',', &part));
    assert_int_equal(part.len, 0);
    assert_null(rest.ptr);
    assert_false(gy_str_cut(&rest, ',', &part));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares),
        cmocka_unit_test(trims),
        cmocka_unit_test(finds),
        cmocka_unit_test(cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
