/* SPDX-License-Identifier: MIT */
/* URLs taken apart, and references followed. */
#include "codec/url.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <stdio.h>

#define COUNT(table_) (sizeof(table_) / sizeof(table_)[0])

static const char *shown(gy_str s)
{
    static char text[8][300];
    static unsigned next;
    char *p = text[next++ % 8];
    snprintf(p, sizeof text[0], "%.*s", s.ptr ? (int)s.len : 1, s.ptr ? s.ptr : "-");
    return p;
}

/* Written as "scheme|user|password|host|port|authority|target|path|fragment". */
static void check(const char *text, const char *expected)
{
    gy_arena a = {0};
    struct gy__url u;
    char seen[600];
    if (gy__url_parse(&a, gy_str_of(text), &u) != 0)
        fail_msg("refused: %s", text);
    snprintf(seen, sizeof seen, "%s|%s|%s|%s|%u|%s|%s|%s|%s", shown(u.scheme), shown(u.user),
             shown(u.password), shown(u.host), (unsigned)u.port, shown(u.authority),
             shown(u.target), shown(u.path), shown(u.fragment));
    assert_string_equal(seen, expected);
    assert_int_equal(u.target.ptr[u.target.len], 0);
    assert_int_equal(u.host.ptr[u.host.len], 0);
    gy_arena_done(&a);
}

static void whole_urls(void **state)
{
    (void)state;
    check("http://a", "http|-|-|a|80|a|/|/|-");
    check("HTTP://Example.ORG/Path", "http|-|-|example.org|80|example.org|/Path|/Path|-");
    check("https://a:443/", "https|-|-|a|443|a|/|/|-");
    check("https://a:80/", "https|-|-|a|80|a:80|/|/|-");
    check("http://a:/", "http|-|-|a|80|a|/|/|-");
    check("http://a:0080", "http|-|-|a|80|a|/|/|-");
    check("http://a?b", "http|-|-|a|80|a|/?b|/|-");
    check("http://a#b", "http|-|-|a|80|a|/|/|b");
    check("http://a?#", "http|-|-|a|80|a|/?|/|");
    check("http://a/b?c?d#e#f", "http|-|-|a|80|a|/b?c?d|/b|e%23f");
    check("http://u:p@a:8080/", "http|u|p|a|8080|a:8080|/|/|-");
    check("http://u@a/", "http|u|-|a|80|a|/|/|-");
    check("http://:p@a/", "http||p|a|80|a|/|/|-");
    check("http://@a/", "http||-|a|80|a|/|/|-");
    check("http://u%40x:p%3a:q@a", "http|u@x|p::q|a|80|a|/|/|-");
    check("ws://a/", "ws|-|-|a|80|a|/|/|-");
    check("wss://a:80/", "wss|-|-|a|80|a:80|/|/|-");
    check("socks5://a", "socks5|-|-|a|1080|a|/|/|-");
    check("x+y-1.2://a:7", "x+y-1.2|-|-|a|7|a:7|/|/|-");
    check("x://a", "x|-|-|a|0|a|/|/|-");
    check("http://xn--mnchen-3ya.de./", "http|-|-|xn--mnchen-3ya.de.|80|xn--mnchen-3ya.de.|/|/|-");
    check("http://a_b-c.d/", "http|-|-|a_b-c.d|80|a_b-c.d|/|/|-");
    check("http://127.0.0.1:1/", "http|-|-|127.0.0.1|1|127.0.0.1:1|/|/|-");
    check("http://[::1]/", "http|-|-|::1|80|[::1]|/|/|-");
    check("http://[2001:DB8:0:0::1]:8443", "http|-|-|2001:db8::1|8443|[2001:db8::1]:8443|/|/|-");
    check("http://[::ffff:1.2.3.4]", "http|-|-|::ffff:1.2.3.4|80|[::ffff:1.2.3.4]|/|/|-");
    check("http://4.a/", "http|-|-|4.a|80|4.a|/|/|-");
}

static void what_is_encoded(void **state)
{
    (void)state;
    check("http://a/b c", "http|-|-|a|80|a|/b%20c|/b%20c|-");
    check("http://a/%7e%zz%4", "http|-|-|a|80|a|/%7e%25zz%254|/%7e%25zz%254|-");
    check("http://a/\xc3\xa4?\xff", "http|-|-|a|80|a|/%C3%A4?%FF|/%C3%A4|-");
    check("http://a/\\\"<>^`{|}[]", "http|-|-|a|80|a|/%5C%22%3C%3E%5E%60%7B%7C%7D%5B%5D|"
                                    "/%5C%22%3C%3E%5E%60%7B%7C%7D%5B%5D|-");
    check("http://a/!$&'()*+,;=:@-._~", "http|-|-|a|80|a|/!$&'()*+,;=:@-._~|/!$&'()*+,;=:@-._~|-");
    check("http://a/?b c#d e", "http|-|-|a|80|a|/?b%20c|/|d%20e");
    check("http://a//b//", "http|-|-|a|80|a|//b//|//b//|-");
}

static void dot_segments(void **state)
{
    (void)state;
    static const char *cases[][2] = {{"/a/b/c/./../../g", "/a/g"},
                                     {"/./a/.", "/a/"},
                                     {"/..", "/"},
                                     {"/../../a", "/a"},
                                     {"/a/../..", "/"},
                                     {"/a/%2e%2E/b", "/b"},
                                     {"/a/.%2e", "/"},
                                     {"/a/%2e/", "/a/"},
                                     {"/...", "/..."},
                                     {"/a../.b", "/a../.b"},
                                     {"/a//../b", "/a/b"},
                                     {"/a/..//b", "//b"},
                                     {"/a?/../b", "/a?/../b"},
                                     {"/%2e%2e%2f", "/%2e%2e%2f"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        gy_arena a = {0};
        struct gy__url u;
        char text[100];
        snprintf(text, sizeof text, "http://h%s", cases[i][0]);
        assert_int_equal(gy__url_parse(&a, gy_str_of(text), &u), 0);
        assert_string_equal(u.target.ptr, cases[i][1]);
        gy_arena_done(&a);
    }
}

static void what_is_no_url(void **state)
{
    (void)state;
    static const char *bad[] = {"",
                                "a",
                                "/a",
                                "//a",
                                "http",
                                "http:",
                                "http:/",
                                "http:/a",
                                "http:a",
                                "http://",
                                "http:///a",
                                "http://?",
                                "http://:80",
                                "http://u@",
                                "://a",
                                "1http://a",
                                " http://a",
                                "ht tp://a",
                                "http\xc3\xa4://a",
                                "http://a b/",
                                "http://a\r\nX: y/",
                                "http://a/\r\nX: y",
                                "http://a/\x01",
                                "http://a/\x7f",
                                "http://a/#\n",
                                "http://a@b@c/",
                                "http://a\\@b/",
                                "http://a\\b/",
                                "http://u%zz@a/",
                                "http://u%00@a/",
                                "http://u%0d%0a@a/",
                                "http://u v@a/",
                                "http://\xc3\xa4.de/",
                                "http://a%41/",
                                "http://a%2fb/",
                                "http://a..b/",
                                "http://.a/",
                                "http://./",
                                "http://../",
                                "http://a../",
                                "http://a*b/",
                                "http://a:b/",
                                "http://a:-1/",
                                "http://a:+1/",
                                "http://a:0/",
                                "http://a:65536/",
                                "http://a:99999999999999999999/",
                                "http://a:1:2/",
                                "http://::1/",
                                "http://[::1/",
                                "http://[::1]x/",
                                "http://[::1]8/",
                                "http://x[::1]/",
                                "http://[]/",
                                "http://[1.2.3.4]/",
                                "http://[fe80::1%25lo]/",
                                "http://[fe80::1%lo]/",
                                "http://[v1.a]/",
                                "http://127.1/",
                                "http://2130706433/",
                                "http://0x7f000001/",
                                "http://0x7F.1/",
                                "http://0177.0.0.1/",
                                "http://1.2.3.4.5/",
                                "http://256.1.1.1/",
                                "http://1.2.3.4./",
                                "http://a.1/",
                                "http://a.0x/",
                                "mailto:a@b",
                                "javascript://%0aalert(1)"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        gy_arena a = {0};
        struct gy__url u;
        if (gy__url_parse(&a, gy_str_of(bad[i]), &u) != GY_EURL)
            fail_msg("taken: %s", bad[i]);
        gy_arena_done(&a);
    }
    gy_arena a = {0};
    struct gy__url u;
    assert_int_equal(gy__url_parse(&a, gy_str_n(NULL, 0), &u), GY_EURL);
    assert_int_equal(gy__url_parse(&a, gy_str_n("http://a/\0b", 11), &u), GY_EURL);
    assert_int_equal(gy__url_parse(&a, gy_str_n("http://a\0b", 10), &u), GY_EURL);
    assert_int_equal(gy__url_parse(&a, gy_str_n("http://abc", 8), &u), 0);
    assert_string_equal(u.host.ptr, "a");
    gy_arena_done(&a);
}

static void long_names(void **state)
{
    (void)state;
    gy_arena a = {0};
    struct gy__url u;
    char text[400];
    for (int n = 63; n <= 64; n++) {
        snprintf(text, sizeof text, "http://%.*s.x/", n,
                 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
        assert_int_equal(gy__url_parse(&a, gy_str_of(text), &u), n == 63 ? 0 : GY_EURL);
    }
    memcpy(text, "http://", 7);
    for (int i = 0; i < 254; i++)
        text[7 + i] = i % 2 ? '.' : 'a';
    text[7 + 253] = '\0';
    assert_int_equal(gy__url_parse(&a, gy_str_of(text), &u), 0);
    text[7 + 253] = 'a';
    text[7 + 254] = '\0';
    assert_int_equal(gy__url_parse(&a, gy_str_of(text), &u), GY_EURL);
    gy_arena_done(&a);
}

static void references(void **state)
{
    (void)state;
    static const char *cases[][2] = {/* RFC 3986 section 5.4 */
                                     {"http://g", "http://g/"},
                                     {"g", "http://a/b/c/g"},
                                     {"./g", "http://a/b/c/g"},
                                     {"g/", "http://a/b/c/g/"},
                                     {"/g", "http://a/g"},
                                     {"//g", "http://g/"},
                                     {"?y", "http://a/b/c/d;p?y"},
                                     {"g?y", "http://a/b/c/g?y"},
                                     {"#s", "http://a/b/c/d;p?q#s"},
                                     {"g#s", "http://a/b/c/g#s"},
                                     {"g?y#s", "http://a/b/c/g?y#s"},
                                     {";x", "http://a/b/c/;x"},
                                     {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
                                     {"g;x=1/../y", "http://a/b/c/y"},
                                     {"", "http://a/b/c/d;p?q"},
                                     {".", "http://a/b/c/"},
                                     {"..", "http://a/b/"},
                                     {"../..", "http://a/"},
                                     {"../../../g", "http://a/g"},
                                     {"/../g", "http://a/g"},
                                     {"g.", "http://a/b/c/g."},
                                     {"..g", "http://a/b/c/..g"},
                                     {"g?y/../x", "http://a/b/c/g?y/../x"},
                                     /* and others */
                                     {"?", "http://a/b/c/d;p?"},
                                     {"//G:8080?x", "http://g:8080/?x"},
                                     {"HTTPS://G", "https://g/"},
                                     {"/\\evil", "http://a/%5Cevil"},
                                     {"\\\\evil", "http://a/b/c/%5C%5Cevil"},
                                     {"/a b\xff", "http://a/a%20b%FF"},
                                     {"./a:b", "http://a/b/c/a:b"},
                                     {"1a:b", "http://a/b/c/1a:b"}};
    gy_arena a = {0};
    struct gy__url base, u;
    assert_int_equal(gy__url_parse(&a, gy_str_of("http://a/b/c/d;p?q"), &base), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (gy__url_join(&a, &base, gy_str_of(cases[i][0]), &u) != 0)
            fail_msg("refused: %s", cases[i][0]);
        assert_string_equal(gy__url_text(&a, &u).ptr, cases[i][1]);
    }
    static const char *bad[] = {"//",  "///x",    "//a b",   "http:g",  "javascript:alert(1)",
                                "a:b", "/a\r\nb", "//u@v@w", "https://"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (gy__url_join(&a, &base, gy_str_of(bad[i]), &u) != GY_EURL)
            fail_msg("taken: %s", bad[i]);
    }
    gy_arena_done(&a);
}

static void what_a_redirect_keeps(void **state)
{
    (void)state;
    gy_arena a = {0};
    struct gy__url base, u;
    assert_int_equal(gy__url_parse(&a, gy_str_of("http://u:p@a/x#f"), &base), 0);
    assert_int_equal(gy__url_join(&a, &base, gy_str_of("y"), &u), 0);
    assert_string_equal(u.user.ptr, "u");
    assert_string_equal(u.fragment.ptr, "f");
    assert_true(gy__url_same_origin(&base, &u));
    assert_int_equal(gy__url_join(&a, &base, gy_str_of("//a:80/#g"), &u), 0);
    assert_null(u.user.ptr);
    assert_string_equal(u.fragment.ptr, "g");
    assert_true(gy__url_same_origin(&base, &u));
    assert_string_equal(gy__url_text(&a, &base).ptr, "http://a/x#f");
    static const char *others[] = {"https://a/x", "http://a:81/", "http://b/", "//a.",
                                   "https://a:80/"};
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_int_equal(gy__url_join(&a, &base, gy_str_of(others[i]), &u), 0);
        assert_false(gy__url_same_origin(&base, &u));
        assert_string_equal(u.fragment.ptr, "f");
    }
    assert_int_equal(gy__url_join(&a, &base, gy_str_of("z"), &base), 0);
    assert_string_equal(base.target.ptr, "/z");
    gy_arena_done(&a);
}

static int use_it_all(void *arg)
{
    (void)arg;
    static char text[70000];
    static const char start[] = "http://user:password@example.org:8080/";
    gy_arena a = {0};
    struct gy__url u, next;
    memset(text, ' ', sizeof text);
    memcpy(text, start, sizeof start - 1);
    text[30000] = '?';
    text[60000] = '#';
    int e = gy__url_parse(&a, gy_str_n(text, sizeof text), &u);
    if (!e)
        e = gy__url_join(&a, &u, gy_str_n(text + 20000, 50000), &next);
    if (!e && !gy__url_text(&a, &next).ptr)
        e = GY_ENOMEM;
    gy_arena_done(&a);
    return e;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(use_it_all, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_urls),
        cmocka_unit_test(what_is_encoded),
        cmocka_unit_test(dot_segments),
        cmocka_unit_test(what_is_no_url),
        cmocka_unit_test(long_names),
        cmocka_unit_test(references),
        cmocka_unit_test(what_a_redirect_keeps),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
