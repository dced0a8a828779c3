/* SPDX-License-Identifier: MIT */
/* Cookie jars: whose cookies are kept, and who gets them. */
#include "base/clock.h"
#include "codec/cookie.h"
#include "codec/public_suffix.h"
#include "http/cookie_jar.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <stdio.h>

static int64_t now = 1000000000;

static int64_t now_ns(void *arg)
{
    (void)arg;
    return now * GY__NS_PER_S;
}

static const struct gy__clock_source fake = {now_ns, now_ns, NULL};

static int begin(void **state)
{
    gy__clock_set(&fake);
    *state = gy_cookie_jar_new();
    return *state ? 0 : -1;
}

static int end(void **state)
{
    gy_cookie_jar_free(*state);
    gy__clock_set(NULL);
    return 0;
}

static void set(void **jar, const char *url, const char *field)
{
    if (gy_cookie_jar_set(*jar, url, field))
        fail_msg("refused: %s for %s", field, url);
}

static void refuse(void **jar, const char *url, const char *field)
{
    if (gy_cookie_jar_set(*jar, url, field) != GY_EINVAL)
        fail_msg("taken: %s for %s", field, url);
}

static void gets(void **jar, const char *url, const char *expected)
{
    gy_arena a = {0};
    assert_string_equal(gy_cookie_jar_get(&a, *jar, url).ptr, expected);
    gy_arena_done(&a);
}

static void whose_they_are(void **jar)
{
    gets(jar, "http://example.org/", "");
    set(jar, "http://example.org/", "host=1");
    set(jar, "http://www.example.org/", "domain=2; Domain=Example.ORG");
    gets(jar, "http://example.org/", "host=1; domain=2");
    gets(jar, "http://EXAMPLE.org:8080/x?y", "host=1; domain=2");
    gets(jar, "http://www.example.org/", "domain=2");
    gets(jar, "http://a.b.example.org/", "domain=2");
    gets(jar, "http://notexample.org/", "");
    gets(jar, "http://org/", "");
    gets(jar, "ftp:nonsense", "");
    refuse(jar, "http://example.org/", "a=1; Domain=www.example.org");
    refuse(jar, "http://example.org/", "a=1; Domain=example.com");
    refuse(jar, "http://notexample.org/", "a=1; Domain=example.org");
    refuse(jar, "http://example.org/", "a=1; Domain=org");
    refuse(jar, "http://example.org/", "a=1; Domain=..example.org");
    assert_int_equal(gy_cookie_jar_set(*jar, "nonsense", "a=1"), GY_EURL);
}

static void public_suffixes(void **jar)
{
    set(jar, "http://localhost/", "a=1; Domain=localhost");
    gets(jar, "http://localhost/", "a=1");
    gets(jar, "http://x.localhost/", "");
    if (!gy__public_suffix("co.uk"))
        skip();
    refuse(jar, "http://example.co.uk/", "a=1; Domain=co.uk");
    refuse(jar, "http://x.github.io/", "a=1; Domain=github.io");
    set(jar, "http://github.io/", "a=1; Domain=github.io");
    gets(jar, "http://x.github.io/", "");
    gets(jar, "http://github.io/", "a=1");
}

/* A name with its last dot is another host, and has no more rights. */
static void last_dots(void **jar)
{
    refuse(jar, "http://evil.org./", "a=1; Domain=org.");
    refuse(jar, "http://evil.org./", "a=1; Domain=org");
    refuse(jar, "http://evil.org./", "a=1; Domain=evil.org");
    refuse(jar, "http://evil.org/", "a=1; Domain=evil.org.");
    set(jar, "http://www.evil.org./", "a=1; Domain=evil.org.");
    gets(jar, "http://evil.org./", "a=1");
    gets(jar, "http://evil.org/", "");
    if (gy__public_suffix("co.uk"))
        refuse(jar, "http://evil.co.uk./", "a=1; Domain=co.uk.");
}

static void addresses(void **jar)
{
    set(jar, "http://127.0.0.1/", "a=1; Domain=127.0.0.1");
    refuse(jar, "http://127.0.0.1/", "a=1; Domain=0.0.1");
    gets(jar, "http://127.0.0.1:99/", "a=1");
    gets(jar, "http://1.127.0.0/", "");
    set(jar, "http://[::1]/", "b=1");
    gets(jar, "http://[0::1]/", "b=1");
}

static void paths(void **jar)
{
    set(jar, "http://a.org/x/y/z", "default=1");
    set(jar, "http://a.org/x/y/z", "named=2; Path=/x");
    set(jar, "http://a.org/x/y/z", "slash=3; Path=/x/");
    set(jar, "http://a.org/x", "root=4");
    gets(jar, "http://a.org/x/y/z/w", "default=1; slash=3; named=2; root=4");
    gets(jar, "http://a.org/x/y?z", "default=1; slash=3; named=2; root=4");
    gets(jar, "http://a.org/x/ya", "slash=3; named=2; root=4");
    gets(jar, "http://a.org/x", "named=2; root=4");
    gets(jar, "http://a.org/xy", "root=4");
    gets(jar, "http://a.org/x/../y", "root=4");
}

static void secrets(void **jar)
{
    refuse(jar, "http://a.org/", "a=1; Secure");
    set(jar, "https://a.org/", "a=1; Secure");
    gets(jar, "http://a.org/", "");
    gets(jar, "https://a.org/", "a=1");
    gets(jar, "wss://a.org/", "a=1");
    refuse(jar, "http://a.org/", "a=2");
    refuse(jar, "http://a.org/", "a=; Max-Age=0");
    refuse(jar, "http://b.a.org/", "a=2; Domain=a.org");
    set(jar, "https://a.org/", "a=3");
    gets(jar, "http://a.org/", "a=3");
    refuse(jar, "http://a.org/", "b=1; SameSite=None");
    set(jar, "http://a.org/", "b=1; SameSite=Lax");
}

static void prefixes(void **jar)
{
    refuse(jar, "http://a.org/", "__Secure-a=1");
    refuse(jar, "https://a.org/", "__Secure-a=1");
    refuse(jar, "https://a.org/", "__SECURE-a=1");
    set(jar, "https://a.org/", "__Secure-a=1; Secure; Domain=a.org");
    refuse(jar, "https://a.org/", "__Host-a=1; Secure; Path=/; Domain=a.org");
    refuse(jar, "https://a.org/", "__Host-a=1; Secure; Path=/x");
    refuse(jar, "https://a.org/", "__host-a=1; Path=/");
    refuse(jar, "https://a.org/x/y", "__Host-a=1; Secure");
    refuse(jar, "https://a.org/", "__Host-a=1; Secure");
    refuse(jar, "https://a.org/", "__Host-a=1; Secure; Path=x");
    set(jar, "https://a.org/", "__Host-a=1; Secure; Path=/");
    refuse(jar, "https://a.org/", "=__Host-a=1");
    refuse(jar, "https://a.org/", "__Secure-a");
    gets(jar, "https://a.org/", "__Secure-a=1; __Host-a=1");
}

static void time_goes_by(void **jar)
{
    set(jar, "http://a.org/", "a=1; Max-Age=60");
    set(jar, "http://a.org/", "b=1");
    now += 59;
    gets(jar, "http://a.org/", "a=1; b=1");
    now += 1;
    gets(jar, "http://a.org/", "b=1");
    set(jar, "http://a.org/", "b=; Max-Age=0");
    gets(jar, "http://a.org/", "");
    set(jar, "http://a.org/", "never=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    gets(jar, "http://a.org/", "");
}

static void replaced(void **jar)
{
    set(jar, "http://a.org/", "a=1");
    set(jar, "http://a.org/", "b=1");
    set(jar, "http://a.org/", "nameless");
    set(jar, "http://a.org/", "a=2");
    set(jar, "http://a.org/", "a=3; Path=/x");
    gets(jar, "http://a.org/", "a=2; b=1; nameless");
    gets(jar, "http://a.org/x", "a=3; a=2; b=1; nameless");
    refuse(jar, "http://a.org/", "a=1\r\nX: y");
}

static size_t count(void **jar, const char *url)
{
    gy_arena a = {0};
    size_t n = 0;
    gy_str part, field = gy_cookie_jar_get(&a, *jar, url);
    while (field.len && gy_str_cut(&field, ';', &part))
        n++;
    gy_arena_done(&a);
    return n;
}

static void limits(void **jar)
{
    char field[5000], url[60];
    for (int i = 0; i < GY__JAR_DOMAIN_MAX; i++) {
        snprintf(field, sizeof field, "c%d=1", i);
        set(jar, "http://a.org/", field);
    }
    assert_int_equal(count(jar, "http://a.org/"), GY__JAR_DOMAIN_MAX);
    set(jar, "http://a.org/", "c0=2");
    set(jar, "http://a.org/", "one_more=1");
    assert_int_equal(count(jar, "http://a.org/"), GY__JAR_DOMAIN_MAX);
    for (int i = 0; i < GY__JAR_MAX; i++) {
        snprintf(url, sizeof url, "http://h%d.org/", i);
        set(jar, url, "a=1");
    }
    assert_int_equal(count(jar, "http://a.org/"), 0);
    gets(jar, "http://h0.org/", "a=1");
    set(jar, "http://new.org/", "a=1"); /* h0 was used since */
    gets(jar, "http://h0.org/", "a=1");
    gets(jar, "http://h1.org/", "");
    memset(field, 'x', sizeof field);
    field[4000] = '\0';
    for (int i = 0; i < 3; i++) {
        field[0] = (char)('a' + i);
        field[1] = '=';
        set(jar, "http://big.org/", field);
    }
    assert_int_equal(count(jar, "http://big.org/"), 2);
}

/* Whoever can only speak in plain text does not drive out what was set in secret. */
static void secrets_stay_longest(void **jar)
{
    char field[60];
    set(jar, "https://a.org/", "secret=1; Secure");
    for (int i = 0; i < 2 * GY__JAR_DOMAIN_MAX; i++) {
        snprintf(field, sizeof field, "c%d=1", i);
        set(jar, "http://a.org/", field);
    }
    assert_int_equal(count(jar, "https://a.org/"), GY__JAR_DOMAIN_MAX);
    assert_int_equal(count(jar, "http://a.org/"), GY__JAR_DOMAIN_MAX - 1);
    for (int i = 0; i < 2 * GY__JAR_DOMAIN_MAX; i++) {
        snprintf(field, sizeof field, "s%d=1; Secure", i);
        set(jar, "https://a.org/", field);
    }
    gets(jar, "http://a.org/", "");
    set(jar, "http://a.org/", "plain=1"); /* if there is nothing else, secrets go */
    gets(jar, "http://a.org/", "plain=1");
    assert_int_equal(count(jar, "https://a.org/"), GY__JAR_DOMAIN_MAX);
}

/* What a server can make the jar hold is bounded, and the URL is often the server's too. */
static void long_paths(void **jar)
{
    char url[3000], field[2000];
    snprintf(url, sizeof url, "http://a.org/%0*d/", GY__COOKIE_ATTRIBUTE_MAX - 1, 0);
    set(jar, url, "a=1");
    gets(jar, url, "a=1");
    snprintf(url, sizeof url, "http://a.org/%0*d/", GY__COOKIE_ATTRIBUTE_MAX, 0);
    refuse(jar, url, "b=1");
    set(jar, url, "b=1; Path=/");
    snprintf(field, sizeof field, "c=1; Path=/%0*d", GY__COOKIE_ATTRIBUTE_MAX, 0);
    set(jar, "http://b.org/x/y", field); /* as if it had not been said */
    gets(jar, "http://b.org/x/z", "c=1");
    gets(jar, "http://b.org/", "");
}

static int use_it_all(void *arg)
{
    (void)arg;
    gy_arena a = {0};
    gy_cookie_jar *jar = gy_cookie_jar_new();
    int e = jar ? 0 : GY_ENOMEM;
    for (int i = 0; i < 30 && !e; i++) {
        char url[60];
        snprintf(url, sizeof url, "http://h%d.a.org/%d", i / 10, i);
        e = gy_cookie_jar_set(jar, url, i % 2 ? "a=1" : "b=1; Domain=a.org");
    }
    if (!e && !gy_cookie_jar_get(&a, jar, "http://h1.a.org/1").ptr)
        e = GY_ENOMEM;
    gy_arena_done(&a);
    gy_cookie_jar_free(jar);
    return e;
}

static void every_allocation_may_fail(void **jar)
{
    (void)jar;
    sweep_allocations(use_it_all, NULL);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whose_they_are),
        TEST(public_suffixes),
        TEST(last_dots),
        TEST(addresses),
        TEST(paths),
        TEST(secrets),
        TEST(prefixes),
        TEST(time_goes_by),
        TEST(replaced),
        TEST(limits),
        TEST(long_paths),
        TEST(secrets_stay_longest),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
