/* SPDX-License-Identifier: MIT */
/* test_backoff.c - pauses grow while workers die young. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "serve/backoff.h"

static const int64_t ms = GY__NS_PER_MS;
static const int64_t second = GY__NS_PER_S;

static void test_doubles_up_to_30_s(void **state)
{
    (void)state;
    static const int pauses[] = {100,  200,   400,   800,   1600,  3200,
                                 6400, 12800, 25600, 30000, 30000, 30000};
    struct gy__backoff b = {0};
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++)
        assert_int_equal(gy__backoff_next(&b, second - 1), pauses[i] * ms);
}

static void test_a_healthy_life_resets(void **state)
{
    (void)state;
    struct gy__backoff b = {0};
    assert_int_equal(gy__backoff_next(&b, second), 0);
    assert_int_equal(gy__backoff_next(&b, 0), 100 * ms);
    assert_int_equal(gy__backoff_next(&b, 0), 200 * ms);
    assert_int_equal(gy__backoff_next(&b, second), 0);
    assert_int_equal(gy__backoff_next(&b, 0), 100 * ms);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles_up_to_30_s),
        cmocka_unit_test(test_a_healthy_life_resets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
