/* SPDX-License-Identifier: MIT */
/* Strings and numbers as JSON. */
#include "codec/json_scalar.h"
#include "support/sweep.h"

#include <math.h>

static void check_n(const char *text, size_t len, const char *expected)
{
    struct gy__buf b;
    gy__buf_init(&b, 1000);
    assert_int_equal(gy__json_string(&b, gy_str_n(text, len)), 0);
    assert_string_equal(b.data, expected);
    gy__buf_done(&b);
}

static void check(const char *text, const char *expected)
{
    check_n(text, strlen(text), expected);
}

static void strings(void **state)
{
    (void)state;
    check("", "\"\"");
    check_n(NULL, 0, "\"\"");
    check("plain text of some length", "\"plain text of some length\"");
    check("\"\\", "\"\\\"\\\\\"");
    check("a/b </script> <//", "\"a/b <\\/script> <\\//\"");
    check("/<", "\"/<\"");
    check("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"");
    check_n("\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\"");
    check("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"");
    check("a\xff"
          "b",
          "\"a\xef\xbf\xbd"
          "b\"");
    check("\xc3", "\"\xef\xbf\xbd\"");
    check("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

/* Each byte at each place around the steps of the fast path. */
static void every_byte_at_every_place(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char alone[8] = {(char)c};
        struct gy__buf one;
        gy__buf_init(&one, 100);
        assert_int_equal(gy__json_string(&one, gy_str_n(alone, 1)), 0);
        for (size_t at = 0; at < 20; at++) {
            char text[20], expected[40];
            memset(text, 'x', sizeof text);
            text[at] = (char)c;
            memset(expected, 'x', sizeof expected);
            expected[0] = '"';
            memcpy(expected + 1 + at, one.data + 1, one.len - 2);
            size_t len = 1 + 19 + one.len - 2;
            expected[len++] = '"';
            expected[len] = '\0';
            if (at + 1 < sizeof text)
                expected[1 + at + one.len - 2] = 'x';
            check_n(text, sizeof text, expected);
        }
        gy__buf_done(&one);
    }
}

static void numbers(void **state)
{
    (void)state;
    struct gy__buf b;
    gy__buf_init(&b, 1000);
    assert_int_equal(gy__json_int(&b, -5), 0);
    assert_int_equal(gy__json_uint(&b, 6), 0);
    assert_int_equal(gy__json_double(&b, 0.5), 0);
    assert_int_equal(gy__json_double(&b, NAN), 0);
    assert_int_equal(gy__json_double(&b, -INFINITY), 0);
    assert_int_equal(gy__json_printf(&b, 2.0, 'f', 1), 0);
    assert_int_equal(gy__json_printf(&b, INFINITY, 'e', 1), 0);
    assert_string_equal(b.data, "-560.5nullnull2.0null");
    gy__buf_done(&b);
}

static void the_ceiling_holds(void **state)
{
    (void)state;
    struct gy__buf b;
    for (size_t max = 0; max < 12; max++) {
        gy__buf_init(&b, max);
        assert_int_equal(gy__json_string(&b, gy_str_of("ab\n</\xff")), GY_ETOOBIG);
        assert_true(b.len <= max);
        gy__buf_done(&b);
    }
    gy__buf_init(&b, 12);
    assert_int_equal(gy__json_string(&b, gy_str_of("ab\n</\xff")), 0);
    gy__buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),
        cmocka_unit_test(every_byte_at_every_place),
        cmocka_unit_test(numbers),
        cmocka_unit_test(the_ceiling_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
