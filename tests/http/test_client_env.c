/* SPDX-License-Identifier: MIT */
/* test_client_env.c - the proxies that the environment names, and who is asked without one. */
#include "base/alloc.h"
#include "client_proxies.h"
#include "http/client.h"

static bool without(gy_test *t, const char *list, const char *text)
{
    struct gy__url url;
    GY_CHECK_INT(gy__url_parse(gy_test_arena(t), gy_str_of(text), &url), 0);
    return gy__no_proxy_has(gy_str_of(list), &url);
}

GY_TEST(no_proxy_is_a_list)
{
    static const struct {
        const char *list, *url;
        bool has;
    } cases[] = {
        {"", "http://a.test/", false},
        {"*", "http://a.test/", true},
        {"a.test", "http://a.test/", true},
        {"A.Test", "http://a.test/", true},
        {"a.test.", "http://a.test/", true},
        {"a.test", "http://a.test./", true},
        {"a.test", "http://x.a.test/", true},
        {".a.test", "http://x.a.test/", true},
        {".a.test", "http://a.test/", true},
        {"*.a.test", "http://x.a.test/", true},
        {"a.test", "http://xa.test/", false},
        {".a.test", "http://xa.test/", false},
        {"x.a.test", "http://a.test/", false},
        {"test", "http://a.test/", true},
        {".", "http://a.test/", false},
        {"b.test,a.test", "http://a.test/", true},
        {"b.test, a.test", "http://a.test/", true},
        {" b.test a.test ", "http://a.test/", true},
        {",,,", "http://a.test/", false},
        {"a.test:80", "http://a.test/", true},
        {"a.test:443", "https://a.test/", true},
        {"a.test:81", "http://a.test/", false},
        {"a.test:", "http://a.test/", false},
        {"a.test:x", "http://a.test/", false},
        {"10.1.2.3", "http://10.1.2.3/", true},
        {"10.1.2.3:80", "http://10.1.2.3/", true},
        {"10.1.2.3:81", "http://10.1.2.3/", false},
        {"10.0.0.0/8", "http://10.1.2.3/", true},
        {"10.9.9.9/8", "http://10.1.2.3/", true},
        {"10.0.0.0/16", "http://10.1.2.3/", false},
        {"10.0.0.0/33", "http://10.1.2.3/", false},
        {"10.0.0.0/", "http://10.1.2.3/", false},
        {"0.0.0.0/0", "http://10.1.2.3/", true},
        {"1.2.3", "http://10.1.2.3/", false},
        {"3", "http://10.1.2.3/", false},
        {"10.0.0.0/8", "http://ten.test/", false},
        {"fd00::/8", "http://[fd12::1]/", true},
        {"fd00::/8", "http://[fe80::1]/", false},
        {"::1", "http://[::1]/", true},
        {"0:0::1", "http://[::1]/", true},
        {"[::1]", "http://[::1]:81/", true},
        {"[::1]:81", "http://[::1]:81/", true},
        {"[::1]:82", "http://[::1]:81/", false},
        {"[::1", "http://[::1]:81/", false},
        {"::1/128", "http://[::1]/", true},
        {"127.0.0.1", "http://localhost/", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (!GY_CHECK_INT(without(t, cases[i].list, cases[i].url), cases[i].has))
            gy_test_fail(t, "'%s' and %s", cases[i].list, cases[i].url);
}

static void clear(void)
{
    party_without_proxies();
    unsetenv("HTTP_PROXY");
}

/* Which proxy [url] goes to, with "NAME=value" set. */
static gy_str found(gy_test *t, const char *const *vars, const char *text)
{
    struct gy__url url;
    struct gy__proxy_env *env;
    for (; *vars; vars++) {
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(*vars, "="), *vars);
        setenv(name, strchr(*vars, '=') + 1, 1);
    }
    GY_CHECK_INT(gy__proxy_env_new(&env), 0);
    clear();
    GY_CHECK_INT(gy__url_parse(gy_test_arena(t), gy_str_of(text), &url), 0);
    const char *proxy = env ? gy__proxy_env_find(env, &url) : NULL;
    gy_str copy = gy_strf(gy_test_arena(t), "%s", proxy ? proxy : "none");
    gy__free(env);
    return copy;
}

GY_TEST(each_kind_of_url_has_its_variables)
{
    static const struct {
        const char *vars[4];
        const char *http, *https;
    } cases[] = {
        {{NULL}, "none", "none"},
        {{"http_proxy=a"}, "a", "none"},
        {{"HTTP_PROXY=a"}, "none", "none"},
        {{"https_proxy=a"}, "none", "a"},
        {{"HTTPS_PROXY=a"}, "none", "a"},
        {{"https_proxy=a", "HTTPS_PROXY=b"}, "none", "a"},
        {{"all_proxy=a"}, "a", "a"},
        {{"ALL_PROXY=a"}, "a", "a"},
        {{"ALL_PROXY=a", "http_proxy=b", "https_proxy=c"}, "b", "c"},
        {{"http_proxy=", "all_proxy=a"}, "a", "a"},
        {{"http_proxy=a", "REQUEST_METHOD=GET"}, "none", "none"},
        {{"http_proxy=a", "no_proxy=b.test"}, "a", "none"},
        {{"http_proxy=a", "no_proxy=a.test"}, "none", "none"},
        {{"all_proxy=a", "NO_PROXY=.test"}, "none", "none"},
        {{"all_proxy=a", "no_proxy=:443"}, "a", "a"},
        {{"all_proxy=a", "no_proxy=a.test:443"}, "a", "none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        GY_CHECK_TEXT(found(t, cases[i].vars, "http://a.test/"), cases[i].http);
        GY_CHECK_TEXT(found(t, cases[i].vars, "https://a.test/"), cases[i].https);
    }
}

/* -- All the way --------------------------------------------------------------------------------- */

static void set_url(const char *name, const char *fmt, int port)
{
    char value[64];
    snprintf(value, sizeof value, fmt, port);
    setenv(name, value, 1);
}

GY_TEST(a_fetch_goes_where_the_environment_says)
{
    struct proxy p = {.user = NULL};
    proxy_open(&p, proxy_serve_http);
    set_url("http_proxy", "127.0.0.1:%d", p.port); /* without a scheme */
    gy_client *c = gy_client_new(NULL);
    clear();
    struct ask a = {.url = "http://one.test/", .opts = {.client = c}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_TEXT(a.res.body, "GET http://one.test/ HTTP/1.1");
    /* Unless the fetch says otherwise. */
    a.url = "http://127.0.0.1:1/";
    a.opts.proxy = "";
    GY_CHECK_INT(ask(t, &a), -ECONNREFUSED);
    GY_CHECK_TEXT(gy_str_of(a.res.why), "cannot connect to 127.0.0.1:1: Connection refused");
    gy_arena_done(&a.arena);
    gy_client_free(c);
    proxy_close(&p);
}

GY_TEST(a_malformed_one_is_told)
{
    setenv("http_proxy", "http://u:secret@/", 1);
    gy_client *c = gy_client_new(NULL);
    clear();
    struct ask a = {.url = "http://one.test/", .opts = {.client = c}};
    GY_CHECK_INT(ask(t, &a), GY_EINVAL);
    GY_CHECK_TEXT(gy_str_of(a.res.why),
                  "the proxy that the environment names is no URL of a proxy");
    gy_arena_done(&a.arena);
    gy_client_free(c);
}

/* From one that goes through the proxy to one that does not, and to one with another. */
GY_TEST(redirects_pick_the_proxy_anew)
{
    char moved[256], back[256];
    struct party direct = {.answers = {{NULL, 0}}};
    party_open(&direct);
    struct proxy p = {.credentials = "Basic bWU6eA=="};
    proxy_open(&p, proxy_serve_http);
    snprintf(moved, sizeof moved,
             "HTTP/1.1 302 Found\r\nLocation: http://one.test/\r\nContent-Length: 0\r\n\r\n");
    direct.answers[0] = gy_str_of(moved);
    set_url("http_proxy", "http://me:x@127.0.0.1:%d", p.port);
    snprintf(back, sizeof back, "127.0.0.1:%d", direct.port);
    setenv("no_proxy", back, 1);
    gy_client *c = gy_client_new(NULL);
    clear();
    struct ask a = {.url = direct.url, .opts = {.client = c}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_TEXT(a.res.body, "GET http://one.test/ HTTP/1.1");
    GY_CHECK(!strstr(direct.seen, "Proxy-"));
    GY_CHECK_GLOB(gy_str_n(direct.seen, direct.seen_len), "GET /a HTTP/1.1\r\n*");
    gy_arena_done(&a.arena);
    gy_client_free(c);
    proxy_close(&p);
    party_close(&direct);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
