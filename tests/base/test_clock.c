/* SPDX-License-Identifier: MIT */
/* Clocks, the real ones and a test's own; the HTTP date. */
#include "base/clock.h"
#include "support/sweep.h"

#include <string.h>
#include <time.h>

static int64_t own_now(void *arg)
{
    return *(int64_t *)arg;
}

static int64_t own_wall(void *arg)
{
    return *(int64_t *)arg + 5 * (int64_t)GY__NS_PER_S;
}

static void real_clocks(void **state)
{
    (void)state;
    int64_t a = gy__clock_now(), b = gy__clock_now();
    assert_true(a > 0 && b >= a);
    assert_true(gy__clock_coarse() > 0);
    assert_true(gy__clock_wall() > 1700000000);
    int64_t apart = gy__clock_wall_ns() / GY__NS_PER_S - gy__clock_wall();
    assert_true(apart >= 0);
}

static void a_clock_of_our_own(void **state)
{
    (void)state;
    int64_t time = 1500000000;
    struct gy__clock_source source = {.now_ns = own_now, .wall_ns = own_wall, .arg = &time};
    gy__clock_set(&source);
    assert_int_equal(gy__clock_now(), 1500000000);
    assert_int_equal(gy__clock_coarse(), 1500000000);
    assert_int_equal(gy__clock_wall(), 6);
    assert_int_equal(gy__clock_wall_ns(), 6500000000);
    gy__clock_set(NULL);
    assert_true(gy__clock_wall() > 1700000000);
}

static void dates(void **state)
{
    (void)state;
    char out[30];
    assert_string_equal(gy__clock_date(784111777, out), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_string_equal(gy__clock_date(0, out), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_string_equal(gy__clock_date(-1, out), "Wed, 31 Dec 1969 23:59:59 GMT");
    assert_string_equal(gy__clock_date(951782400, out), "Tue, 29 Feb 2000 00:00:00 GMT");
    assert_string_equal(gy__clock_date(4107542399, out), "Sun, 28 Feb 2100 23:59:59 GMT");
    assert_string_equal(gy__clock_date(4107542400, out), "Mon, 01 Mar 2100 00:00:00 GMT");
    assert_string_equal(gy__clock_date(INT64_MAX, out), "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_string_equal(gy__clock_date(INT64_MIN, out), "Sat, 01 Jan 0000 00:00:00 GMT");
}

/* Against the C library's calendar, a little more than a day at a time. */
static void every_day(void **state)
{
    (void)state;
    char out[30], expected[64];
    for (int64_t t = -62167219200; t < 253402300799; t += 86400 * 3 + 12345) {
        time_t clock = (time_t)t;
        struct tm tm;
        gmtime_r(&clock, &tm);
        strftime(expected, sizeof expected, "%a, %d %b ", &tm);
        size_t n = strlen(expected);
        assert_memory_equal(gy__clock_date(t, out), expected, n);
        assert_int_equal((out[12] - '0') * 1000 + (out[13] - '0') * 100 + (out[14] - '0') * 10 +
                             (out[15] - '0'),
                         tm.tm_year + 1900);
        strftime(expected, sizeof expected, " %H:%M:%S GMT", &tm);
        assert_string_equal(out + 16, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_clocks),
        cmocka_unit_test(a_clock_of_our_own),
        cmocka_unit_test(dates),
        cmocka_unit_test(every_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
