/* SPDX-License-Identifier: MIT */
/* test_client_socks.c - through SOCKS 5 proxies: names of theirs and ours, users, refusals, and rules
 * broken. */
#include "client_proxies.h"

#include "net/lookup.h"

#define GOOD GY_STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

static const char *url_of(gy_test *t, const char *before, int port)
{
    return gy_strf(gy_test_arena(t), "%s:%d", before, port).ptr;
}

static void goes(gy_test *t, const char *kind, const char *host, const char *seen, bool dns)
{
    struct party server = {.answers = {GOOD, GOOD}};
    struct proxy p = {.user = "me", .password = "s:c"};
    party_open(&server);
    proxy_open(&p, proxy_serve_socks);
    gy_resolver_entry table[] = {{"table.test", "127.0.0.1"}, {NULL, NULL}};
    gy_resolver *r = gy_resolver_new(&(gy_resolver_opts){.table = table});
    gy_client *c = gy_client_new(&(gy_client_opts){.resolver = r});
    const char *before = gy_strf(gy_test_arena(t), "%s://me:s%%3Ac@127.0.0.1", kind).ptr;
    struct ask a = {.url = url_of(t, gy_strf(gy_test_arena(t), "http://%s", host).ptr, server.port),
                    .opts = {.proxy = url_of(t, before, p.port), .client = c}};
    for (int i = 0; i < 2; i++) {
        if (!GY_CHECK_INT(ask(t, &a), 0))
            gy_test_fail(t, "%s %s: %s", kind, host, a.res.why);
        GY_CHECK_TEXT(a.res.body, "hi");
        GY_CHECK_INT(a.res.reused, i);
        GY_CHECK_INT(a.res.times.dns >= 0, dns && !i);
    }
    GY_CHECK_TEXT(proxy_seen(&p), gy_strf(gy_test_arena(t), "%s:%d\n", seen, server.port).ptr);
    GY_CHECK_GLOB(gy_str_n(server.seen, server.seen_len), "GET / HTTP/1.1\r\n*");
    gy_arena_done(&a.arena);
    gy_client_free(c);
    gy_resolver_free(r);
    proxy_close(&p);
    party_close(&server);
}

GY_TEST(names_are_looked_up_here_or_there)
{
    goes(t, "socks5", "table.test", "127.0.0.1", true);
    goes(t, "socks5h", "far.test", "far.test", false);
    goes(t, "socks5h", "table.test", "table.test", false);
    goes(t, "socks5", "127.0.0.1", "127.0.0.1", false);
    goes(t, "socks5h", "127.0.0.1", "127.0.0.1", false);
}

GY_TEST(an_address_of_ipv6_is_passed_on)
{
    struct proxy p = {.user = NULL};
    proxy_open(&p, proxy_serve_socks);
    struct ask a = {.url = "http://[::1]:1/",
                    .opts = {.proxy = url_of(t, "socks5://127.0.0.1", p.port)}};
    int e = ask(t, &a);
    GY_CHECK(e == GY_EPROXY);
    GY_CHECK_TEXT(proxy_seen(&p), "[0::1]:1\n");
    gy_arena_done(&a.arena);
    proxy_close(&p);
}

static int nobody(void *query)
{
    struct gy__query *q = query;
    q->count = 0;
    return GY_ENOTFOUND;
}

GY_TEST(a_name_that_is_not_known_here)
{
    const struct gy__lookup_source before = gy__lookup_source;
    struct proxy p = {.user = NULL};
    proxy_open(&p, proxy_serve_socks);
    gy__lookup_source = (struct gy__lookup_source){.fn = nobody, .in_task = true};
    struct ask a = {.url = "http://nobody.test/",
                    .opts = {.proxy = url_of(t, "socks5://127.0.0.1", p.port)}};
    GY_CHECK_INT(ask(t, &a), GY_ENOTFOUND);
    GY_CHECK_TEXT(gy_str_of(a.res.why), "cannot look up nobody.test: not found");
    gy__lookup_source = before;
    gy_arena_done(&a.arena);
    proxy_close(&p);
}

GY_TEST(who_is_not_known_is_told)
{
    static const struct {
        const char *before, *why;
    } cases[] = {{"socks5://127.0.0.1", "the proxy 127.0.0.1:* wants a user and a password"},
                 {"socks5://me:no@127.0.0.1", "the proxy 127.0.0.1:* refuses the user me"}};
    for (size_t i = 0; i < 2; i++) {
        struct proxy p = {.user = "me", .password = "x"};
        proxy_open(&p, proxy_serve_socks);
        struct ask a = {.url = "http://127.0.0.1:1/",
                        .opts = {.proxy = url_of(t, cases[i].before, p.port)}};
        GY_CHECK_INT(ask(t, &a), GY_EPROXY);
        GY_CHECK_GLOB(gy_str_of(a.res.why), cases[i].why);
        gy_arena_done(&a.arena);
        proxy_close(&p);
    }
}

GY_TEST(what_does_not_fit_is_refused)
{
    char proxy[400] = "socks5://", *at = proxy + 9;
    memset(at, 'u', 300);
    snprintf(at + 300, 40, ":p@127.0.0.1:%d", 1);
    struct proxy p = {.user = NULL};
    proxy_open(&p, proxy_serve_socks);
    snprintf(at + 300, 40, ":p@127.0.0.1:%d", p.port);
    struct ask a = {.url = "http://127.0.0.1:1/", .opts = {.proxy = proxy}};
    GY_CHECK_INT(ask(t, &a), GY_EINVAL);
    gy_arena_done(&a.arena);
    proxy_close(&p);
}

/* -- Answers ------------------------------------------------------------------------------------- */

static void answers(gy_test *t, gy_str says, bool closes, int code, const char *why)
{
    struct proxy p = {.says = says, .closes = closes};
    proxy_open(&p, proxy_serve_socks);
    if (code == GY_ETIMEDOUT)
        gy_test_clock_auto(t);
    struct ask a = {.url = "http://one.test:81/",
                    .opts = {.proxy = url_of(t, "socks5h://u:p@127.0.0.1", p.port),
                             .connect_timeout = code == GY_ETIMEDOUT ? 2 : -1,
                             .timeout = -1}};
    if (!GY_CHECK_INT(ask(t, &a), code))
        gy_test_fail(t, "%zu bytes: %s", says.len, a.res.why);
    GY_CHECK_GLOB(gy_str_of(a.res.why), why);
    GY_CHECK(a.res.times.total < 3);
    gy_arena_done(&a.arena);
    proxy_close(&p);
}

GY_TEST(replies_have_names)
{
    static const char *const names[] = {"general failure",
                                        "not allowed by its rules",
                                        "the network is unreachable",
                                        "the host is unreachable",
                                        "the connection was refused",
                                        "the time to live has expired",
                                        "it cannot connect",
                                        "it does not know this kind of address",
                                        "for a reason that is not known"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char says[] = "\5\0\5\1\0\1\1\2\3\4\0\0";
        says[3] = (char)(i + 1);
        const char *why =
            gy_strf(gy_test_arena(t), "the proxy 127.0.0.1:* refuses one.test:81: %s", names[i])
                .ptr;
        answers(t, gy_str_n(says, 12), false, GY_EPROXY, why);
        answers(t, gy_str_n(says, 4), true, GY_EPROXY, why); /* and no more */
    }
}

GY_TEST(what_is_no_socks_is_refused)
{
    static const gy_str cases[] = {GY_STR("\4\0"),
                                   GY_STR("HTTP/1.1 400 Bad\r\n\r\n"),
                                   GY_STR("\5\1"),
                                   GY_STR("\5\3"),
                                   GY_STR("\5\2\5\0"),
                                   GY_STR("\5\0\4\0\0\1\1\2\3\4\0\0"),
                                   GY_STR("\5\0\5\0\0\2\1\2\3\4\0\0"),
                                   GY_STR("\5\0\5\0\0\0\1\2\3\4\0\0")};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        answers(t, cases[i], false, GY_EPROTO, "the proxy 127.0.0.1:* does not speak SOCKS 5");
    answers(t, (gy_str)GY_STR("\5\0\5\0\0\1\1\2\3\4\0\0HTTP/1.1 200 OK\r\n\r\n"), false, GY_EPROTO,
            "the proxy 127.0.0.1:* speaks before the server was asked");
}

static void stops(gy_test *t, gy_str whole)
{
    for (size_t cut = 0; cut < whole.len; cut++) {
        answers(t, gy_str_n(whole.ptr, cut), true, GY_ECLOSED,
                "the proxy 127.0.0.1:* closed the connection before it was passed on");
        answers(t, gy_str_n(whole.ptr, cut), false, GY_ETIMEDOUT,
                "*the proxy 127.0.0.1:*: timed out");
    }
    answers(t, whole, true, GY_ECLOSED, "*one.test:81*");
}

GY_TEST(a_proxy_that_stops_anywhere)
{
    stops(t, (gy_str)GY_STR("\5\2\1\0\5\0\0\1\1\2\3\4\0\120"));
    stops(t, (gy_str)GY_STR("\5\0\5\0\0\3\3abc\0\120"));
    stops(t, (gy_str)GY_STR("\5\0\5\0\0\4abcdefghijklmnop\0\120"));
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
