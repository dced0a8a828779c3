/* SPDX-License-Identifier: MIT */
/* Numbers as text. */
#include "codec/number.h"
#include "support/sweep.h"

#include <float.h>
#include <gyre/str.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void check_double(double v, const char *expected)
{
    char text[GY__NUMBER_ROOM + 1];
    text[gy__number_shortest(text, v)] = '\0';
    assert_string_equal(text, expected);
}

static void integers(void **state)
{
    (void)state;
    char text[GY__NUMBER_ROOM + 1];
    text[gy__number_uint(text, UINT64_MAX)] = '\0';
    assert_string_equal(text, "18446744073709551615");
    text[gy__number_uint(text, 0)] = '\0';
    assert_string_equal(text, "0");
    text[gy__number_int(text, INT64_MIN)] = '\0';
    assert_string_equal(text, "-9223372036854775808");
    text[gy__number_int(text, INT64_MAX)] = '\0';
    assert_string_equal(text, "9223372036854775807");
    text[gy__number_int(text, -10)] = '\0';
    assert_string_equal(text, "-10");
}

static void shortest(void **state)
{
    (void)state;
    check_double(0.0, "0");
    check_double(-0.0, "-0");
    check_double(7.0, "7");
    check_double(-1.5, "-1.5");
    check_double(0.1, "0.1");
    check_double(0.1 + 0.2, "0.30000000000000004");
    check_double(1.0 / 3, "0.3333333333333333");
    check_double(123456.789, "123456.789");
    check_double(0.00001, "0.00001");
    check_double(1e15, "1000000000000000");
    check_double(9007199254740991.0, "9007199254740991");
    check_double(1e300, "1e+300");
    check_double(5e-324, "5e-324");
    check_double(DBL_MIN, "2.2250738585072014e-308");
    check_double(DBL_MAX, "1.7976931348623157e+308");
    check_double(ldexp(1, -44), "5.684341886080802e-14"); /* 16 digits, but not the nearest 16 */
    check_double(99.99, "99.99");
    check_double(3.14159, "3.14159");
}

/* Whether fewer digits than [text] has would have done; by brute force. */
static bool fewer_would_do(double v, const char *text)
{
    int digits = 0;
    bool leading = true;
    for (const char *p = text; *p && *p != 'e'; p++) {
        leading = leading && (*p == '0' || *p == '.' || *p == '-');
        digits += !leading && *p != '.';
    }
    char fewer[64];
    snprintf(fewer, sizeof fewer, "%.*e", digits - 2, v);
    return digits > 1 && strtod(fewer, NULL) == v;
}

static void every_kind_reads_back(void **state)
{
    (void)state;
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 100000; i++) {
        char text[GY__NUMBER_ROOM + 1];
        double v, back;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        memcpy(&v, &x, sizeof v);
        if (i % 4 == 1)
            v = (double)(int64_t)(x >> 30) / 1000;
        else if (i % 4 == 2)
            v = (double)(x >> 11) / 9007199254740992.0;
        else if (i % 4 == 3)
            v = ldexp(1, (int)(x % 2098) - 1074);
        if (!isfinite(v))
            continue;
        size_t n = gy__number_shortest(text, v);
        assert_true(n <= GY__NUMBER_ROOM - 4);
        text[n] = '\0';
        assert_int_equal(gy_str_double(gy_str_n(text, n), &back), 0);
        if (memcmp(&back, &v, sizeof v) != 0)
            fail_msg("%a written as %s", v, text);
        bool whole = strspn(text, "-0123456789") == n;
        if (!whole && fewer_would_do(v, text))
            fail_msg("%a written as %s, which is too long", v, text);
    }
}

static void check_printf(double v, char conversion, int precision, const char *expected)
{
    char text[GY__NUMBER_PRINTF_ROOM];
    text[gy__number_printf(text, v, conversion, precision)] = '\0';
    assert_string_equal(text, expected);
}

static void as_printf(void **state)
{
    (void)state;
    check_printf(1.005, 'f', 2, "1.00");
    check_printf(-2.5, 'f', 0, "-2");
    check_printf(1234.5, 'e', 3, "1.234e+03");
    check_printf(1234.5, 'g', 2, "1.2e+03");
    check_printf(0.5, 'f', -3, "0");
    char text[GY__NUMBER_PRINTF_ROOM];
    assert_int_equal(gy__number_printf(text, -DBL_MAX, 'f', 1000000), 1 + 309 + 1 + 40);
}

/* A radix that is not a point, where such a locale is installed. */
static void in_any_locale(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8", "de_DE"};
    bool found = false;
    for (size_t i = 0; i < 4; i++) {
        if (!setlocale(LC_NUMERIC, names[i]))
            continue;
        double v;
        found = true;
        check_printf(1.5, 'f', 2, "1.50");
        check_double(0.1 + 0.2, "0.30000000000000004");
        assert_int_equal(gy_str_double(gy_str_of("0.30000000000000004"), &v), 0);
        assert_true(v == 0.1 + 0.2);
    }
    setlocale(LC_NUMERIC, "C");
    if (!found)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(shortest),
        cmocka_unit_test(every_kind_reads_back),
        cmocka_unit_test(as_printf),
        cmocka_unit_test(in_any_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
