/* SPDX-License-Identifier: MIT */
/* test_client_curl_proxy.c - fetches by libcurl through proxies: forwarded, tunnelled, and by SOCKS 5. */
#include "client_curl.h"
#include "client_proxies.h"
#include "client_secure.h"

#include <gyre/resolver.h>

#define GOOD GY_STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

static const char *url_of(gy_test *t, const char *before, int port)
{
    return gy_strf(gy_test_arena(t), "%s:%d", before, port).ptr;
}

/* -- HTTP ---------------------------------------------------------------------------------------- */

static void through(gy_test *t, bool secure_proxy)
{
    struct secure x = {.p = {.answers = {GOOD, GOOD, GOOD}}};
    secure_open(&x);
    struct proxy p = {.credentials = "Basic bWU6eA==", .tls = secure_proxy ? x.tls : NULL};
    proxy_open(&p, proxy_serve_http);
    const char *proxy =
        url_of(t, secure_proxy ? "https://me:x@127.0.0.1" : "http://me:x@127.0.0.1", p.port);
    struct ask a = {
        .url = x.url,
        .opts = {.proxy = proxy, .tls = x.trust, .user_agent = "me", .client = curl_new()}};
    for (int i = 0; i < 2; i++) {
        if (!GY_CHECK_INT(ask(t, &a), 0))
            gy_test_fail(t, "%s", a.res.why);
        GY_CHECK_TEXT(a.res.body, "hi");
        GY_CHECK_INT(a.res.reused, i);
    }
    GY_CHECK_INT(p.connections, 1);
    GY_CHECK_GLOB(proxy_seen(&p), gy_strf(gy_test_arena(t),
                                          "CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                                          "Proxy-Authorization: Basic bWU6eA==\r\n*"
                                          "User-Agent: me\r\n*",
                                          x.port, x.port)
                                      .ptr);
    GY_CHECK_GLOB(gy_str_n(x.p.seen, x.p.seen_len), "GET / HTTP/1.1\r\n*");
    GY_CHECK(!strstr(x.p.seen, "Proxy-"));
    a.url = url_of(t, "https://other.test", x.port);
    GY_CHECK_INT(ask(t, &a), GY_EPROXY);
    GY_CHECK_GLOB(gy_str_of(a.res.why), "the proxy 127.0.0.1:* refuses the tunnel: 502");
    gy_client_free(a.opts.client);
    gy_arena_done(&a.arena);
    proxy_close(&p);
    secure_close(&x);
}

/* Not for servers, however they are reached; and not lost when the proxy is asked for another one. */
GY_TEST(what_is_for_the_proxy_goes_to_proxies)
{
    const gy_field own[] = {{GY_STR("Proxy-Authorization"), GY_STR("mine")}, {{0}, {0}}};
    struct scene s = {.p = {.answers = {GOOD,
                                        GY_STR("HTTP/1.1 302 Go\r\nLocation: http://two.test/\r\n"
                                               "Content-Length: 0\r\n\r\n"),
                                        GOOD}}};
    open_scene(&s);
    s.a.opts.headers = own;
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK(!strstr(s.p.seen, "mine"));
    s.p.seen_len = 0;
    s.a.url = "http://one.test/";
    s.a.opts.proxy = url_of(t, "http://127.0.0.1", s.p.port);
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_INT(s.a.res.redirects, 1);
    GY_CHECK_GLOB(seen(&s), "GET http://one.test/ *\r\nProxy-Authorization: mine\r\n*"
                            "GET http://two.test/ *\r\nProxy-Authorization: mine\r\n*");
    close_scene(&s);
}

GY_TEST(https_goes_through_a_tunnel)
{
    through(t, false);
}

GY_TEST(https_goes_through_tls_in_tls)
{
    through(t, true);
}

GY_TEST(a_proxy_is_told_the_whole_url)
{
    struct proxy p = {.credentials = "Basic bWU6eA=="};
    proxy_open(&p, proxy_serve_http);
    gy_resolver_entry table[] = {{"proxy.test", "127.0.0.1"}, {NULL, NULL}};
    gy_resolver *r = gy_resolver_new(&(gy_resolver_opts){.table = table});
    struct ask a = {.url = "http://one.test/a?b=c",
                    .opts = {.proxy = url_of(t, "http://me:x@proxy.test", p.port)}};
    a.opts.client = gy_client_new(&(gy_client_opts){.engine = GY_ENGINE_CURL, .resolver = r});
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_TEXT(a.res.body, "GET http://one.test/a?b=c HTTP/1.1");
    a.opts.proxy = url_of(t, "proxy.test", p.port);
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 407);
    a.opts.proxy = "http://127.0.0.1:1";
    GY_CHECK_INT(ask(t, &a), -ECONNREFUSED);
    GY_CHECK_GLOB(gy_str_of(a.res.why), "cannot connect to the proxy 127.0.0.1:1: *refused*");
    gy_client_free(a.opts.client);
    gy_resolver_free(r);
    gy_arena_done(&a.arena);
    proxy_close(&p);
}

/* -- SOCKS --------------------------------------------------------------------------------------- */

static void goes(gy_test *t, const char *kind, const char *host, const char *seen)
{
    struct party server = {.answers = {GOOD, GOOD}};
    struct proxy p = {.user = "me", .password = "s:c"};
    party_open(&server);
    proxy_open(&p, proxy_serve_socks);
    gy_resolver_entry table[] = {{"table.test", "127.0.0.1"}, {NULL, NULL}};
    gy_resolver *r = gy_resolver_new(&(gy_resolver_opts){.table = table});
    const char *before = gy_strf(gy_test_arena(t), "%s://me:s%%3Ac@127.0.0.1", kind).ptr;
    struct ask a = {.url = url_of(t, gy_strf(gy_test_arena(t), "http://%s", host).ptr, server.port),
                    .opts = {.proxy = url_of(t, before, p.port)}};
    a.opts.client = gy_client_new(&(gy_client_opts){.engine = GY_ENGINE_CURL, .resolver = r});
    for (int i = 0; i < 2; i++) {
        if (!GY_CHECK_INT(ask(t, &a), 0))
            gy_test_fail(t, "%s %s: %s", kind, host, a.res.why);
        GY_CHECK_TEXT(a.res.body, "hi");
        GY_CHECK_INT(a.res.reused, i);
    }
    GY_CHECK_TEXT(proxy_seen(&p), gy_strf(gy_test_arena(t), "%s:%d\n", seen, server.port).ptr);
    gy_client_free(a.opts.client);
    gy_resolver_free(r);
    gy_arena_done(&a.arena);
    proxy_close(&p);
    party_close(&server);
}

GY_TEST(names_are_looked_up_here_or_there)
{
    goes(t, "socks5", "table.test", "127.0.0.1");
    goes(t, "socks5h", "far.test", "far.test");
    goes(t, "socks5", "127.0.0.1", "127.0.0.1");
}

GY_TEST(a_socks_proxy_may_refuse)
{
    struct proxy p = {.user = "me", .password = "else"};
    proxy_open(&p, proxy_serve_socks);
    struct ask a = {.url = "http://127.0.0.1:1/",
                    .opts = {.proxy = url_of(t, "socks5://me:x@127.0.0.1", p.port)}};
    a.opts.client = curl_new();
    GY_CHECK(ask(t, &a) < 0);
    p.password = "x";
    GY_CHECK_INT(ask(t, &a), GY_EPROXY);
    GY_CHECK_GLOB(gy_str_of(a.res.why), "*the proxy 127.0.0.1:*");
    gy_client_free(a.opts.client);
    gy_arena_done(&a.arena);
    proxy_close(&p);
}

int main(int argc, char **argv)
{
    return curl_main(argc, argv);
}
