/* SPDX-License-Identifier: MIT */
/* test_client_proxy.c - http URLs through a proxy: whole URLs in the request, one connection for all. */
#include "client_proxies.h"
#include "http/client.h"

#define GOOD GY_STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

static const char *proxy_url(gy_test *t, const struct proxy *p, const char *before)
{
    return gy_strf(gy_test_arena(t), "%s127.0.0.1:%d", before, p->port).ptr;
}

GY_TEST(the_proxy_is_told_the_whole_url)
{
    struct proxy p = {.credentials = "Basic bWU6czpj"};
    proxy_open(&p, proxy_serve_http);
    struct ask a = {.url = "http://one.test/a?b=c#d",
                    .opts = {.proxy = proxy_url(t, &p, "http://me:s%3Ac@"), .user_agent = ""}};
    a.opts.no_decompress = true;
    if (!GY_CHECK_INT(ask(t, &a), 0))
        gy_test_fail(t, "%s", a.res.why);
    GY_CHECK_TEXT(a.res.body, "GET http://one.test/a?b=c HTTP/1.1");
    GY_CHECK_TEXT(proxy_seen(&p), "GET http://one.test/a?b=c HTTP/1.1\r\nHost: one.test\r\n"
                                  "Proxy-Authorization: Basic bWU6czpj\r\n\r\n");
    GY_CHECK(a.res.times.dns < 0 && a.res.times.queue < 0 && a.res.times.connect >= 0);
    /* Whichever server is asked, the connection is the same. */
    a.url = "http://two.test:81/";
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_TEXT(a.res.body, "GET http://two.test:81/ HTTP/1.1");
    GY_CHECK(a.res.reused);
    GY_CHECK_INT(p.connections, 1);
    GY_CHECK(a.res.times.connect < 0);
    gy_arena_done(&a.arena);
    proxy_close(&p);
}

/* Of whoever asks as somebody else, or over another proxy, it is not. */
GY_TEST(connections_to_a_proxy_belong_to_a_user)
{
    struct proxy p = {.user = NULL};
    proxy_open(&p, proxy_serve_http);
    const char *urls[] = {"http://a:1@", "http://b:1@", "http://", ""};
    for (size_t i = 0; i < 4; i++) {
        struct ask a = {.url = "http://one.test/", .opts = {.proxy = proxy_url(t, &p, urls[i])}};
        GY_CHECK_INT(ask(t, &a), 0);
        GY_CHECK_INT(a.res.reused, 0);
        gy_arena_done(&a.arena);
    }
    GY_CHECK_INT(p.connections, 4);
    proxy_close(&p);
}

GY_TEST(that_the_proxy_knows_nobody_is_an_answer)
{
    struct proxy p = {.credentials = "Basic x"};
    proxy_open(&p, proxy_serve_http);
    struct ask a = {.url = "http://one.test/", .opts = {.proxy = proxy_url(t, &p, "http://")}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 407);
    gy_arena_done(&a.arena);
    proxy_close(&p);
}

GY_TEST(what_is_no_proxy_is_refused)
{
    static const struct {
        const char *proxy, *why;
    } cases[] = {
        {"socks4://127.0.0.1:1", "the proxy that was asked for is of the kind socks4: *"},
        {"ftp://127.0.0.1:1", "the proxy that was asked for is of the kind ftp: *"},
        {"http://me:secret@", "the proxy that was asked for is no URL of a proxy"},
        {"http://me:secret@ho st:1", "the proxy that was asked for is no URL of a proxy"},
        {"://", "the proxy that was asked for is no URL of a proxy"},
        {"http://a:99999", "the proxy that was asked for is no URL of a proxy"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ask a = {.url = "http://127.0.0.1:1/", .opts = {.proxy = cases[i].proxy}};
        GY_CHECK_INT(ask(t, &a), GY_EINVAL);
        GY_CHECK_GLOB(gy_str_of(a.res.why), cases[i].why);
        GY_CHECK(!strstr(a.res.why, "secret"));
        gy_arena_done(&a.arena);
    }
}

GY_TEST(a_proxy_that_is_not_there_is_named)
{
    struct ask a = {.url = "http://one.test/", .opts = {.proxy = "http://u:secret@127.0.0.1:1"}};
    GY_CHECK_INT(ask(t, &a), -ECONNREFUSED);
    GY_CHECK_TEXT(gy_str_of(a.res.why),
                  "cannot connect to the proxy 127.0.0.1:1: Connection refused");
    a.opts.proxy = "socks5h://127.0.0.1:1";
    GY_CHECK_INT(ask(t, &a), -ECONNREFUSED);
    GY_CHECK_GLOB(gy_str_of(a.res.why), "cannot connect to the proxy 127.0.0.1:1: *");
    gy_arena_done(&a.arena);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
