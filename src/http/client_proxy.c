/* SPDX-License-Identifier: MIT */
/* client_proxy.c - which proxy a request goes through. */

#include <gyre/error.h>
#include <string.h>

#include "http/client.h"

enum { SOCKS_PORT = 1080 };

static const struct kind {
    const char *scheme;
    enum gy__way way;
    bool secure, resolves;
} kinds[] = {{"http", GY__WAY_HTTP, false, false},
             {"https", GY__WAY_HTTP, true, false},
             {"socks5", GY__WAY_SOCKS, false, false},
             {"socks5h", GY__WAY_SOCKS, false, true}};

static const struct kind *find_kind(gy_str scheme)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (gy_str_eq(scheme, gy_str_of(kinds[i].scheme)))
            return &kinds[i];
    return NULL;
}

/* The text is not shown: there may be a password in it. */
static int parse(struct gy__fetch *f, const char *text, const char *whose)
{
    struct gy__proxy *via = &f->via;
    gy_str url = gy_str_of(text);
    /* In the environment the scheme is often left out. */
    if (!strstr(text, "://") && !(url = gy_strf(f->arena, "http://%s", text)).ptr)
        return GY_ENOMEM;
    int e = gy__url_parse(f->arena, url, &via->url);
    if (e == GY_ENOMEM)
        return e;
    if (e)
        return gy__fetch_fail(f, GY_EINVAL, "%s is no URL of a proxy", whose);
    const struct kind *kind = find_kind(via->url.scheme);
    if (!kind)
        return gy__fetch_fail(f, GY_EINVAL,
                              "%s is of the kind %.20s: http, https, socks5, socks5h and unix can "
                              "be used",
                              whose, via->url.scheme.ptr);
    via->way = kind->way;
    via->secure = kind->secure;
    via->resolves = kind->resolves;
    via->text = text;
    if (via->way == GY__WAY_SOCKS && !via->url.port)
        via->url.port = SOCKS_PORT;
    return 0;
}

int gy__proxy_pick(struct gy__fetch *f)
{
    const char *text = f->o.proxy, *whose = "the proxy that was asked for";
    f->via.way = GY__WAY_DIRECT;
    f->via.secure = false;
    f->via.text = "";
    if (!text && f->client->env) {
        text = gy__proxy_env_find(f->client->env, &f->url);
        whose = "the proxy that the environment names";
    }
    if (!text || !*text)
        return 0;
    if (strncmp(text, "unix:", 5) != 0)
        return parse(f, text, whose);
    f->via.way = GY__WAY_UNIX;
    f->via.text = text;
    return 0;
}

int gy__proxy_put_credentials(struct gy__fetch *f)
{
    const struct gy__url *proxy = &f->via.url;
    if (f->via.way != GY__WAY_HTTP || !proxy->user.ptr ||
        gy__fetch_has_header(f, "Proxy-Authorization"))
        return 0;
    return gy__fetch_put_basic(f, "Proxy-Authorization", proxy->user, proxy->password);
}
