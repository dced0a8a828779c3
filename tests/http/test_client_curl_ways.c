/* SPDX-License-Identifier: MIT */
/* test_client_curl_ways.c - where a fetch by libcurl goes: redirects, names, proxies, addresses. */
#include "client_curl.h"
#include "codec/digest_hash.h"

#include <gyre/resolver.h>

/* -- Redirects ----------------------------------------------------------------------------------- */

static void redirects(gy_test *t, int status, const char *method, const char *then)
{
    char answer[128];
    snprintf(answer, sizeof answer,
             "HTTP/1.1 %d Go\r\nLocation: b?c\r\nContent-Length: 4\r\n\r\n%s", status,
             *method == 'H' ? "" : "gone");
    struct scene s = {.p = {.answers = {gy_str_of(answer), SAY(OK "Content-Length: 0\r\n\r\n")}},
                      .a = {.opts = {.method = method,
                                     .user = "u",
                                     .password = "p",
                                     .user_agent = "",
                                     .no_decompress = true}}};
    if (*method == 'P')
        s.a.opts.body = (gy_str)GY_STR("xyz");
    open_scene(&s);
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_INT(s.a.res.status, 200);
    GY_CHECK_INT(s.a.res.redirects, 1);
    GY_CHECK_INT(s.p.connections, 1);
    GY_CHECK_GLOB(gy_str_of(s.a.res.url), "http://127.0.0.1:*/b?c");
    GY_CHECK_GLOB(seen(&s), then);
    close_scene(&s);
}

GY_TEST(redirects_are_followed_as_browsers_do)
{
    const char *get = "P*xyzGET /b?c HTTP/1.1\r\nHost: *\r\nAuthorization: Basic *\r\n\r\n";
    redirects(t, 301, "POST", get);
    redirects(t, 303, "PUT", get);
    redirects(t, 307, "POST", "P*xyzPOST /b?c *xyz");
    redirects(t, 302, "PUT", "P*xyzPUT /b?c *xyz");
    redirects(t, 303, "HEAD", "HEAD *HEAD /b?c *");
}

GY_TEST(redirects_come_to_an_end)
{
    struct scene s = {0};
    for (size_t i = 0; i < 16; i++)
        s.p.answers[i] = gy_str_of("HTTP/1.1 302 Go\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
    open_scene(&s);
    GY_CHECK_INT(ask(t, &s.a), GY_EREDIRECT);
    GY_CHECK_INT(s.p.next, 6);
    s.a.opts.no_redirects = true;
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_INT(s.a.res.status, 302);
    close_scene(&s);
}

GY_TEST(credentials_stay_with_their_server)
{
    char answer[128];
    const gy_field headers[] = {{GY_STR("Authorization"), GY_STR("mine")},
                                {GY_STR("Cookie"), GY_STR("a=b")},
                                {GY_STR("X-Kept"), GY_STR("1")},
                                {{0}, {0}}};
    struct party to = {.answers = {SAY(OK "Content-Length: 0\r\n\r\n")}};
    party_open(&to);
    snprintf(answer, sizeof answer,
             "HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:%d/x\r\nContent-Length: 0\r\n\r\n",
             to.port);
    struct scene s = {.p = {.answers = {gy_str_of(answer)}},
                      .a = {.opts = {.headers = headers,
                                     .user = "u",
                                     .password = "p",
                                     .user_agent = "",
                                     .no_decompress = true}}};
    open_scene(&s);
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_GLOB(seen(&s), "*\r\nAuthorization: mine\r\n*");
    GY_CHECK_GLOB(gy_str_n(to.seen, to.seen_len),
                  "GET /x HTTP/1.1\r\nHost: 127.0.0.1:*\r\nX-Kept: 1\r\n\r\n");
    close_scene(&s);
    party_close(&to);
}

GY_TEST(cookies_are_kept_on_the_way)
{
    struct scene s = {
        .p = {.answers = {SAY("HTTP/1.1 302 Go\r\nLocation: /b\r\nSet-Cookie: a=1; Path=/\r\n"
                              "Content-Length: 0\r\n\r\n"),
                          SAY(OK "Content-Length: 0\r\n\r\n")}},
        .a = {.opts = {.cookies = gy_cookie_jar_new()}}};
    open_scene(&s);
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_GLOB(seen(&s), "GET /a *\r\n\r\nGET /b *\r\nCookie: a=1\r\n*");
    gy_cookie_jar_free(s.a.opts.cookies);
    close_scene(&s);
}

GY_TEST(a_challenge_is_answered)
{
    char hash[GY__DIGEST_HEX];
    if (gy__digest_hash(GY__DIGEST_MD5, NULL, 0, hash))
        return; /* a build without hashes */
    struct scene s = {
        .p = {.answers =
                  {SAY("HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", "
                       "qop=\"auth\"\r\nContent-Length: 2\r\n\r\nno"),
                   SAY(OK "Content-Length: 0\r\n\r\n")}},
        .a = {.opts = {.auth = GY_AUTH_DIGEST, .user = "u", .password = "p"}}};
    open_scene(&s);
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_INT(s.a.res.status, 200);
    GY_CHECK_GLOB(seen(&s), "GET /a *\r\n\r\nGET /a *\r\nAuthorization: Digest username=\"u\"*");
    close_scene(&s);
}

/* -- Elsewhere ----------------------------------------------------------------------------------- */

GY_TEST(nobody_there_is_told_as_such)
{
    struct scene s = {0};
    open_scene(&s);
    party_close(&s.p);
    GY_CHECK_INT(ask(t, &s.a), -ECONNREFUSED);
    GY_CHECK_GLOB(gy_str_of(s.a.res.why), "cannot connect to 127.0.0.1:*: *refused*");
    s.a.url = "http://nowhere.invalid/";
    s.a.opts.family = AF_INET;
    gy_resolver *r = gy_resolver_new(&(gy_resolver_opts){
        .table = (const gy_resolver_entry[]){{"nowhere.invalid", "127.0.0.1:1"}, {NULL, NULL}}});
    s.a.opts.client->opts.resolver = r;
    GY_CHECK_INT(ask(t, &s.a), -ECONNREFUSED);
    s.a.opts.family = AF_INET6;
    GY_CHECK_INT(ask(t, &s.a), GY_ENOTFOUND);
    gy_resolver_free(r);
    gy_client_free(s.a.opts.client);
    gy_arena_done(&s.a.arena);
}

GY_TEST(names_are_those_of_the_resolver)
{
    struct scene s = {
        .p = {.answers = {SAY(OK "Content-Length: 0\r\n\r\n"), SAY(OK "Content-Length: 0\r\n\r\n"),
                          SAY(OK "Content-Length: 0\r\n\r\n")}},
        .a = {.url = "http://Db.Example:5432/"}};
    char to[32], url[64];
    open_scene(&s);
    snprintf(to, sizeof to, "127.0.0.1:%d", s.p.port);
    snprintf(url, sizeof url, "http://same.example:%d/", s.p.port);
    const gy_resolver_entry table[] = {
        {"db.example", to}, {"10.1.2.3", to}, {"same.example", "127.0.0.1"}, {NULL, NULL}};
    gy_resolver *r = gy_resolver_new(&(gy_resolver_opts){.table = table});
    s.a.opts.client->opts.resolver = r;
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_GLOB(seen(&s), "GET / HTTP/1.1\r\nHost: db.example:5432\r\n*");
    GY_CHECK(s.a.res.times.dns >= 0);
    s.a.url = "http://10.1.2.3/";
    GY_CHECK_INT(ask(t, &s.a), 0);
    s.a.url = url;
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_GLOB(seen(&s), "*Host: 10.1.2.3\r\n*Host: same.example:*");
    close_scene(&s);
    gy_resolver_free(r);
}

GY_TEST(a_proxy_is_asked_instead)
{
    struct scene s = {.p = {.answers = {SAY(OK "Content-Length: 2\r\n\r\nhi"),
                                        SAY("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")}},
                      .a = {.url = "http://far.example/x"}};
    char proxy[64];
    open_scene(&s);
    snprintf(proxy, sizeof proxy, "http://me:a%%20b@127.0.0.1:%d", s.p.port);
    s.a.opts.proxy = proxy;
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_GLOB(seen(&s), "GET http://far.example/x HTTP/1.1\r\nHost: far.example\r\n"
                            "Proxy-Authorization: Basic bWU6YSBi\r\n*");
    GY_CHECK(!strstr(strstr(s.p.seen, "Proxy-A") + 1, "Proxy-A"));
    s.a.url = "https://far.example/x";
    GY_CHECK_INT(ask(t, &s.a), GY_EPROXY);
    GY_CHECK_GLOB(seen(&s), "*CONNECT far.example:443 HTTP/1.1\r\n*"
                            "Proxy-Authorization: Basic bWU6YSBi\r\n*");
    s.a.opts.proxy = "ftp://127.0.0.1";
    GY_CHECK_INT(ask(t, &s.a), GY_EINVAL);
    close_scene(&s);
}

GY_TEST(connections_begin_where_they_are_told_to)
{
    struct scene s = {.p = {.answers = {SAY(OK "Content-Length: 0\r\n\r\n"),
                                        SAY(OK "Content-Length: 0\r\n\r\n")}},
                      .a = {.opts = {.source_address = "127.0.0.9", .family = AF_INET}}};
    open_scene(&s);
    GY_CHECK_INT(ask(t, &s.a), 0);
    s.a.opts.source_address = "lo";
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK(!s.a.res.reused);
    s.a.opts.source_address = "192.0.2.1";
    GY_CHECK(ask(t, &s.a) < 0);
    GY_CHECK(s.a.res.why[0]);
    close_scene(&s);
}

static int count_heads(void *arg, int status, const gy_headers *headers)
{
    int *sum = arg;
    (void)headers;
    *sum = *sum * 1000 + status;
    return gy_yield();
}

static int set_referer(void *arg, void *easy)
{
    (void)arg;
    return gy__libcurl.easy_setopt(easy, CURLOPT_REFERER, "http://before/") ? GY_EINVAL : 0;
}

static int set_nothing(void *arg, void *easy)
{
    (void)arg, (void)easy;
    return -EPERM;
}

static int set_digest(void *arg, void *easy)
{
    (void)arg;
    if (gy__libcurl.easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_DIGEST))
        return GY_EINVAL;
    return gy__libcurl.easy_setopt(easy, CURLOPT_USERPWD, "u:p") ? GY_EINVAL : 0;
}

GY_TEST(the_handle_is_the_callers_too)
{
    int heads = 0;
    struct scene s = {
        .p = {.answers =
                  {SAY(OK "Content-Length: 0\r\n\r\n"),
                   SAY("HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", "
                       "qop=\"auth\"\r\nContent-Length: 2\r\n\r\nno"),
                   SAY(OK "Content-Length: 3\r\n\r\nyes")}},
        .a = {.opts = {.prepare_curl = set_referer}}};
    open_scene(&s);
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_GLOB(seen(&s), "*\r\nReferer: http://before/\r\n*");
    s.a.opts.prepare_curl = set_nothing;
    GY_CHECK_INT(ask(t, &s.a), -EPERM);
    GY_CHECK_INT(s.p.next, 1);
    gy_client *curl = s.a.opts.client;
    s.a.opts.client = NULL;
    GY_CHECK_INT(ask(t, &s.a), GY_EINVAL);
    s.a.opts.client = curl;
    s.a.opts.prepare_curl = set_digest;
    s.a.opts.on_head = count_heads;
    s.a.opts.head_arg = &heads;
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_INT(heads, 401200);
    GY_CHECK_INT(s.a.res.status, 200);
    GY_CHECK_TEXT(s.a.res.body, "yes");
    close_scene(&s);
}

GY_TEST(outside_of_a_task_it_blocks)
{
    struct scene s = {.p = {.answers = {SAY(OK "Content-Length: 2\r\n\r\nhi")}}};
    open_scene(&s);
    GY_CHECK_INT(gy_fetch(&s.a.arena, s.a.url, &s.a.opts, &s.a.res), 0);
    GY_CHECK_TEXT(s.a.res.body, "hi");
    close_scene(&s);
}

int main(int argc, char **argv)
{
    return curl_main(argc, argv);
}
