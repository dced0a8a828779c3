/* SPDX-License-Identifier: MIT */
/* Names and texts of error codes. */
#include "support/sweep.h"

#include <gyre/error.h>
#include <gyre/version.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static void texts(void **state)
{
    (void)state;
    assert_string_equal(gy_strerror(0), "no error");
    assert_string_equal(gy_strerror(GY_ECLOSED), "the other side has gone");
    assert_string_equal(gy_strerror(-ETIMEDOUT), "timed out");
    assert_string_equal(gy_strerror(-ECONNRESET), "Connection reset by peer");
    assert_string_equal(gy_strerror(-9999), "unknown error -9999");
    assert_string_equal(gy_strerror(5), "unknown error 5");
    assert_string_equal(gy_strerror(INT_MIN), "unknown error -2147483648");
    assert_non_null(gy_strerror(INT_MAX));
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(gy_error_name(GY_EOF), "GY_EOF");
    assert_string_equal(gy_error_name(-ECANCELED), "GY_ECANCELED");
    assert_string_equal(gy_error_name(-ECONNRESET), "ECONNRESET");
    assert_string_equal(gy_error_name(-9999), "E?");
    assert_string_equal(gy_error_name(INT_MIN), "E?");
    assert_string_equal(gy_error_name(1), "E?");
}

static void codes_are_distinct_and_negative(void **state)
{
    (void)state;
#define CODE(name_, value_, text_) GY_##name_,
    const int codes[] = {GY_ERROR_LIST(CODE)};
    size_t n = sizeof codes / sizeof codes[0];
    for (size_t i = 0; i < n; i++) {
        assert_true(codes[i] < 0);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(codes[i], codes[j]);
    }
}

static void the_library_is_the_one_compiled_against(void **state)
{
    (void)state;
    int major, minor, patch;
    assert_string_equal(gy_version(), GY_VERSION);
    assert_int_equal(sscanf(GY_VERSION, "%d.%d.%d", &major, &minor, &patch), 3);
    assert_int_equal(GY_VERSION_NUMBER, major << 16 | minor << 8 | patch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(names),
        cmocka_unit_test(codes_are_distinct_and_negative),
        cmocka_unit_test(the_library_is_the_one_compiled_against),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
