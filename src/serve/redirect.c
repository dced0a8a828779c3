/* SPDX-License-Identifier: MIT */
/* redirect.c - a plain port that sends everybody to https. */
#include "serve/redirect.h"

#include <gyre/error.h>
#include <stdio.h>

#include "web/app.h"

enum { HTTPS = 443 };

/* The host of "host:port" or "[address]:port". */
static gy_str without_port(gy_str authority)
{
    for (size_t i = authority.len; i-- > 0 && authority.ptr[i] != ']';)
        if (authority.ptr[i] == ':')
            return gy_str_n(authority.ptr, i);
    return authority;
}

/* A client may forget the body of what was moved by 301, and ask with GET; by 308 it must not. */
static int go(gy_request *r)
{
    const struct gy__redirect *to = r->app->context;
    gy_str host = without_port(r->host);
    char port[16] = "";
    if (host.len == 0)
        return gy_fail(r, 400, "no Host to go to");
    if (to->port != HTTPS)
        snprintf(port, sizeof port, ":%d", to->port);
    gy_str url = gy_strf(r->arena, "https://%.*s%s%.*s%s%.*s", GY_FMT(host), port, GY_FMT(r->path),
                         r->query.ptr ? "?" : "", GY_FMT(r->query));
    if (!url.ptr)
        return GY_ENOMEM;
    bool safe = r->verb == GY_METHOD_GET || r->verb == GY_METHOD_HEAD;
    return gy_redirect_with(r, url.ptr, safe ? 301 : 308);
}

static const gy_handler everybody = {.get = go,
                                     .head = go,
                                     .post = go,
                                     .put = go,
                                     .del = go,
                                     .patch = go,
                                     .options = go,
                                     .any = go,
                                     .stream_body = true};

static const gy_route routes[] = {GY_ROUTE("/{path:rest}", &everybody), GY_END};

int gy__redirect_open(struct gy__redirect *r, const gy_serve_opts *opts, int port, char *why,
                      size_t size)
{
    *r = (struct gy__redirect){.app = {.routes = routes, .name = "redirect", .context = r},
                               .port = port};
    if (opts->redirect_port == 0)
        return 0;
    if (port == 0) {
        snprintf(why, size, "there is no port of https to redirect to");
        return GY_EINVAL;
    }
    r->compiled = gy__app_new(&r->app);
    if (!r->compiled) {
        snprintf(why, size, "out of memory");
        return GY_ENOMEM;
    }
    gy_serve_opts plain = {
        .address = opts->address, .port = opts->redirect_port, .backlog = opts->backlog};
    int e = gy__listeners_open(&r->listeners, &plain, why, size);
    if (e)
        gy__redirect_close(r);
    return e;
}

void gy__redirect_close(struct gy__redirect *r)
{
    gy__listeners_close(&r->listeners);
    if (r->compiled)
        gy__app_free(r->compiled);
    r->compiled = NULL;
}
