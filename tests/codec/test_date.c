/* SPDX-License-Identifier: MIT */
/* HTTP dates read. */
#include "base/clock.h"
#include "codec/date.h"
#include "support/sweep.h"

#include <gyre/error.h>

enum { YEAR_2026 = 1767225600 };

static void check(const char *text, int64_t expected)
{
    int64_t t = -7;
    if (gy__date_parse(gy_str_of(text), YEAR_2026, &t) != 0 || t != expected)
        fail_msg("%s read as %lld", text, (long long)t);
}

static void the_three_forms(void **state)
{
    (void)state;
    check("Sun, 06 Nov 1994 08:49:37 GMT", 784111777);
    check("Sunday, 06-Nov-94 08:49:37 GMT", 784111777);
    check("Sun Nov  6 08:49:37 1994", 784111777);
    check("Thu, 01 Jan 1970 00:00:00 GMT", 0);
    check("Wed, 31 Dec 1969 23:59:59 GMT", -1);
    check("Wed Nov 16 08:49:37 1994", 784975777);
    check("Tue, 29 Feb 2000 00:00:00 GMT", 951782400);
    check("Sat, 31 Dec 2016 23:59:60 GMT", 1483228800);
    check("Fri, 31 Dec 9999 23:59:59 GMT", 253402300799);
    check("Sat, 01 Jan 0000 00:00:00 GMT", -62167219200);
}

static void years_of_two_digits(void **state)
{
    (void)state;
    int64_t t;
    check("Wednesday, 01-Jan-76 00:00:00 GMT", 3345062400); /* 2076: 50 years ahead */
    check("Saturday, 01-Jan-77 00:00:00 GMT", 220924800);   /* 1977 and not 2077 */
    assert_int_equal(gy__date_parse(gy_str_of("Sunday, 06-Nov-94 08:49:37 GMT"), INT64_MAX, &t),
                     GY_EINVAL);
    assert_int_equal(gy__date_parse(gy_str_of("Sunday, 06-Nov-94 08:49:37 GMT"), INT64_MIN, &t),
                     GY_EINVAL);
}

static void what_is_no_date(void **state)
{
    (void)state;
    const char *const bad[] = {
        "",
        "0",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Thu, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 1995 08:49:37 GMT",
        "Thu, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sundae, 06-Nov-94 08:49:37 GMT",
        "Sunday 06-Nov-94 08:49:37 GMT",
        "Sun Nov 06 08:49:37 1994 ",
        "Sun Nov   6 08:49:37 1994",
        "Sun Nov 6 08:49:37 1994",
        "784111777",
    };
    int64_t t = 7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (gy__date_parse(gy_str_of(bad[i]), YEAR_2026, &t) != GY_EINVAL)
            fail_msg("taken: %s", bad[i]);
    }
    assert_int_equal(t, 7);
    assert_int_equal(gy__date_parse(gy_str_n(NULL, 0), YEAR_2026, &t), GY_EINVAL);
}

static void reads_what_the_clock_writes(void **state)
{
    (void)state;
    char text[30];
    for (int64_t t = -62167219200; t < 253402300799; t += 86400 * 5 + 54321) {
        int64_t back;
        assert_int_equal(gy__date_parse(gy_str_of(gy__clock_date(t, text)), 0, &back), 0);
        assert_true(back == t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_forms),
        cmocka_unit_test(years_of_two_digits),
        cmocka_unit_test(what_is_no_date),
        cmocka_unit_test(reads_what_the_clock_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
