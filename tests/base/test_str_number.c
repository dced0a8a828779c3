/* SPDX-License-Identifier: MIT */
/* Views: numbers in decimal. */
#include "support/sweep.h"

#include <errno.h>
#include <float.h>
#include <gyre/error.h>
#include <gyre/str.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void unsigned_numbers(void **state)
{
    (void)state;
    uint64_t v = 7;
    assert_int_equal(gy_str_uint(gy_str_of("0"), &v), 0);
    assert_true(v == 0);
    assert_int_equal(gy_str_uint(gy_str_of("18446744073709551615"), &v), 0);
    assert_true(v == UINT64_MAX);
    assert_int_equal(gy_str_uint(gy_str_of("18446744073709551616"), &v), -ERANGE);
    assert_int_equal(gy_str_uint(gy_str_of("99999999999999999999999999"), &v), -ERANGE);
    assert_int_equal(gy_str_uint(gy_str_of("99999999999999999999999999x"), &v), GY_EINVAL);
    assert_true(v == UINT64_MAX);
    assert_int_equal(gy_str_uint(gy_str_of("007"), &v), 0);
    assert_true(v == 7);
    const char *const bad[] = {"", "+1", "-1", " 1", "1 ", "1.0", "0x1", "a", "1_0", "\xd9\xa1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(gy_str_uint(gy_str_of(bad[i]), &v), GY_EINVAL);
    assert_int_equal(gy_str_uint(gy_str_n("12\0", 3), &v), GY_EINVAL);
    assert_int_equal(gy_str_uint(gy_str_n("123", 2), &v), 0);
    assert_true(v == 12);
}

static void signed_numbers(void **state)
{
    (void)state;
    int64_t v = 7;
    assert_int_equal(gy_str_int(gy_str_of("-9223372036854775808"), &v), 0);
    assert_true(v == INT64_MIN);
    assert_int_equal(gy_str_int(gy_str_of("9223372036854775807"), &v), 0);
    assert_true(v == INT64_MAX);
    assert_int_equal(gy_str_int(gy_str_of("9223372036854775808"), &v), -ERANGE);
    assert_int_equal(gy_str_int(gy_str_of("-9223372036854775809"), &v), -ERANGE);
    assert_int_equal(gy_str_int(gy_str_of("-0"), &v), 0);
    assert_true(v == 0);
    const char *const bad[] = {"", "-", "--1", "+1", "- 1", "1-"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(gy_str_int(gy_str_of(bad[i]), &v), GY_EINVAL);
}

static void check_double(const char *text, double expected)
{
    double v = 42;
    assert_int_equal(gy_str_double(gy_str_of(text), &v), 0);
    if (memcmp(&v, &expected, sizeof v) != 0)
        fail_msg("%s read as %a instead of %a", text, v, expected);
}

static void fractions(void **state)
{
    (void)state;
    check_double("0", 0.0);
    check_double("-0", -0.0);
    check_double("-1.5", -1.5);
    check_double("2e3", 2000.0);
    check_double("2E+3", 2000.0);
    check_double("2e-3", 0.002);
    check_double(".5", 0.5);
    check_double("5.", 5.0);
    check_double("0.1", 0.1);
    check_double("1e22", 1e22);
    check_double("1e23", 1e23);
    check_double("123456789012345678", 123456789012345678.0);
    check_double("1.7976931348623157e308", DBL_MAX);
    check_double("1.7976931348623158e308", DBL_MAX);
    check_double("5e-324", 5e-324);
    check_double("2.4703282292062328e-324", 5e-324);
    check_double("2.4703282292062327e-324", 0.0);
    check_double("2.2250738585072011e-308", 2.2250738585072011e-308);
    check_double("1e-999999999999999999999999", 0.0);
    check_double("0e999999999999999999999999", 0.0);
    check_double("9007199254740993", 9007199254740992.0);
    check_double("9007199254740993.00000000000000000000000000000000000001", 9007199254740994.0);
}

static void what_is_no_fraction(void **state)
{
    (void)state;
    double v = 42;
    const char *const bad[] = {"",   "-",   ".",   "-.",  "e5",  "1e",  "1e+",  "1e-",   "+1", " 1",
                               "1 ", "1,5", "0x1", "inf", "nan", "NaN", "1e5.", "1.2.3", "--1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(gy_str_double(gy_str_of(bad[i]), &v), GY_EINVAL);
    assert_int_equal(gy_str_double(gy_str_of("1e309"), &v), -ERANGE);
    assert_int_equal(gy_str_double(gy_str_of("-1.7976931348623159e308"), &v), -ERANGE);
    assert_int_equal(gy_str_double(gy_str_of("1e999999999999999999999999"), &v), -ERANGE);
    assert_true(v == 42);
}

static void very_long_fractions(void **state)
{
    (void)state;
    static char text[4000];
    double v;
    /* 1, then a half unit in the last place, then a tail that decides the rounding at the end. */
    memset(text, '0', sizeof text);
    const char *half = "1.00000000000000011102230246251565404236316680908203125";
    memcpy(text, half, strlen(half));
    assert_int_equal(gy_str_double(gy_str_n(text, sizeof text), &v), 0);
    assert_true(v == 1.0);
    text[sizeof text - 1] = '1';
    assert_int_equal(gy_str_double(gy_str_n(text, sizeof text), &v), 0);
    assert_true(v == 1.0 + DBL_EPSILON);
    memset(text, '0', sizeof text);
    text[1] = '.';
    memcpy(text + sizeof text - 6, "1e3994", 6);
    assert_int_equal(gy_str_double(gy_str_n(text, sizeof text), &v), 0);
    assert_true(v == 10.0);
    memset(text, '9', sizeof text);
    memcpy(text + sizeof text - 6, "e-3994", 6);
    assert_int_equal(gy_str_double(gy_str_n(text, sizeof text), &v), 0);
    assert_true(v == 1.0);
}

/* Against the C library, which rounds correctly. */
static void many_fractions(void **state)
{
    (void)state;
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        double d, back;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        memcpy(&d, &x, sizeof d);
        if (!isfinite(d))
            continue;
        if (i % 2)
            d = (double)(int64_t)x / 1e12;
        snprintf(text, sizeof text, "%.*g", i % 20 + 1, d);
        double expected = strtod(text, NULL);
        if (!isfinite(expected))
            continue;
        assert_int_equal(gy_str_double(gy_str_of(text), &back), 0);
        if (memcmp(&back, &expected, sizeof back) != 0)
            fail_msg("%s read as %a instead of %a", text, back, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsigned_numbers),    cmocka_unit_test(signed_numbers),
        cmocka_unit_test(fractions),           cmocka_unit_test(what_is_no_fraction),
        cmocka_unit_test(very_long_fractions), cmocka_unit_test(many_fractions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
