/* SPDX-License-Identifier: MIT */
/* Set-Cookie and Cookie fields. */
#include "codec/cookie.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <stdio.h>
#include <time.h>

#define COUNT(table_) (sizeof(table_) / sizeof(table_)[0])

enum { NOW = 1000000000 };

/* Written as "name=value domain path expires [S][H]same_site". */
static void check(const char *field, const char *expected)
{
    struct gy__cookie c;
    char seen[300], expires[30];
    if (gy__cookie_parse(gy_str_of(field), NOW, &c) != 0)
        fail_msg("refused: %s", field);
    snprintf(expires, sizeof expires, "%lld", (long long)(c.expires < 0 ? 0 : c.expires) - NOW);
    snprintf(seen, sizeof seen, "%.*s=%.*s|%.*s|%.*s|%s|%s%s%d", GY_FMT(c.name), GY_FMT(c.value),
             GY_FMT(c.domain), GY_FMT(c.path),
             c.expires == INT64_MAX   ? "-"
             : c.expires == INT64_MIN ? "gone"
                                      : expires,
             c.secure ? "S" : "", c.http_only ? "H" : "", (int)c.same_site);
    assert_string_equal(seen, expected);
}

static void fields(void **state)
{
    (void)state;
    check("a=b", "a=b|||-|0");
    check("  a =\tb ; ", "a=b|||-|0");
    check("a=b=c", "a=b=c|||-|0");
    check("a=\"b c\"", "a=\"b c\"|||-|0");
    check("a=", "a=|||-|0");
    check("=b", "=b|||-|0");
    check("b", "=b|||-|0");
    check("a=b; Domain=.X.org; PATH=/y; secure; HttpOnly; SameSite=Lax", "a=b|X.org|/y|-|SH2");
    check("a=b;domain=x;domain=y;path=/a;path=b", "a=b|y||-|0");
    check("a=b; Domain=; Path=", "a=b|||-|0");
    check("a=b; SameSite=strict; samesite=NONE", "a=b|||-|1");
    check("a=b; SameSite=what; unknown=1; ; =; x", "a=b|||-|0");
    check("a=b; Max-Age=60", "a=b|||60|0");
    check("a=b; Max-Age=0", "a=b|||gone|0");
    check("a=b; Max-Age=-60", "a=b|||gone|0");
    check("a=b; Max-Age=60x; Max-Age=; Max-Age=-; Max-Age=+6", "a=b|||-|0");
    check("a=b; Max-Age=99999999999999999999999999", "a=b|||34560000|0");
    check("a=b; Expires=Sun, 09 Sep 2001 01:47:40 GMT", "a=b|||60|0");
    check("a=b; Max-Age=5; Expires=Sun, 09 Sep 2001 01:47:40 GMT", "a=b|||5|0");
    check("a=b; Expires=Sun, 09 Sep 2001 01:47:40 GMT; Max-Age=5", "a=b|||5|0");
    check("a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT", "a=b|||34560000|0");
    check("a=b; Expires=Thu, 01-Jan-1970 00:00:01 GMT", "a=b|||-999999999|0");
    check("a=b; Expires=never", "a=b|||-|0");
}

static void what_is_no_cookie(void **state)
{
    (void)state;
    static const char *bad[] = {"",        ";",           "=",       " = ; a=b",     "; a=b",
                                "a=b\x01", "a=b\r\nX: y", "a\x7f=b", "a=b; path=/\n"};
    struct gy__cookie c;
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (gy__cookie_parse(gy_str_of(bad[i]), NOW, &c) != GY_EINVAL)
            fail_msg("taken: %s", bad[i]);
    }
    assert_int_equal(gy__cookie_parse(gy_str_n("a\0=b", 4), NOW, &c), GY_EINVAL);
    assert_int_equal(gy__cookie_parse(gy_str_n(NULL, 0), NOW, &c), GY_EINVAL);
    char text[5200];
    memset(text, 'x', sizeof text);
    text[10] = '=';
    assert_int_equal(gy__cookie_parse(gy_str_n(text, GY__COOKIE_MAX + 1), NOW, &c), 0);
    assert_int_equal(gy__cookie_parse(gy_str_n(text, GY__COOKIE_MAX + 2), NOW, &c), GY_EINVAL);
    memcpy(text + 20, ";path=/", 7);
    assert_int_equal(gy__cookie_parse(gy_str_n(text, 26 + GY__COOKIE_ATTRIBUTE_MAX), NOW, &c), 0);
    assert_int_equal(c.path.len, GY__COOKIE_ATTRIBUTE_MAX);
    assert_int_equal(gy__cookie_parse(gy_str_n(text, 27 + GY__COOKIE_ATTRIBUTE_MAX), NOW, &c), 0);
    assert_int_equal(c.path.len, 0);
}

static void pairs(void **state)
{
    (void)state;
    static const char *cases[][2] = {{"", ""},
                                     {"a=b", "[a|b]"},
                                     {"a=b; c=d", "[a|b][c|d]"},
                                     {" a = b ;c=d;", "[a|b][c|d]"},
                                     {"a=b;;x; =y; c=\"d e\"", "[a|b][c|\"d e\"]"},
                                     {"a=b=c; a=2, b=3", "[a|b=c][a|2, b=3]"},
                                     {"a=", "[a|]"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char seen[100] = "";
        gy_str name, value, rest = gy_str_of(cases[i][0]);
        while (gy__cookie_next(&rest, &name, &value)) {
            size_t n = strlen(seen);
            snprintf(seen + n, sizeof seen - n, "[%.*s|%.*s]", GY_FMT(name), GY_FMT(value));
        }
        assert_string_equal(seen, cases[i][1]);
    }
}

static void dates(void **state)
{
    (void)state;
    static const char *same[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                 "Sunday, 06-Nov-94 08:49:37 GMT",
                                 "Sun Nov  6 08:49:37 1994",
                                 "06-Nov-1994 8:49:37",
                                 "6 nov 94 08:49:37",
                                 "1994 November 6th 08:49:37 PST",
                                 "08:49:37/6/NOV/1994",
                                 "Mon, 6 Nov 1994 08:49:37.123"};
    int64_t t;
    for (size_t i = 0; i < COUNT(same); i++) {
        if (gy__cookie_date(gy_str_of(same[i]), &t) || t != 784111777)
            fail_msg("not read: %s", same[i]);
    }
    static const char *bad[] = {"",
                                "6 Nov 1994",
                                "06 1994 08:49:37",
                                "Nov 1994 08:49:37",
                                "32 Nov 1994 08:49:37",
                                "31 Nov 1994 08:49:37",
                                "29 Feb 2001 08:49:37",
                                "6 Nov 1600 08:49:37",
                                "6 Nov 1994 24:00:00",
                                "6 Nov 1994 08:60:00",
                                "6 Nov 1994 08:49:60",
                                "6 Nov 19945 08:49:37",
                                "6 Nov 1994 08:49",
                                "6 Nov 1994 008:49:37",
                                "0 Nov 1994 08:49:37"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (gy__cookie_date(gy_str_of(bad[i]), &t) != GY_EINVAL)
            fail_msg("taken: %s", bad[i]);
    }
}

/* Every third day from 1601 to 9999 against the C library. */
static void days(void **state)
{
    (void)state;
    int64_t step = 3 * 86400 + 7, t;
    for (int64_t at = INT64_C(-11644473600); at < INT64_C(253402300800); at += step) {
        char text[64];
        time_t given = (time_t)at;
        struct tm tm;
        assert_non_null(gmtime_r(&given, &tm));
        assert_true(strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
        if (gy__cookie_date(gy_str_of(text), &t) || t != at)
            fail_msg("not read: %s", text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields), cmocka_unit_test(what_is_no_cookie),
        cmocka_unit_test(pairs),  cmocka_unit_test(dates),
        cmocka_unit_test(days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
