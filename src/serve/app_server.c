/* SPDX-License-Identifier: MIT */
/* app_server.c - a compiled application on an HTTP server. */
#include "serve/app_server.h"

#include <gyre/serve.h>

#include "http/exchange.h"
#include "web/app.h"

gy_http_server *gy__app_server_new(gy_loop *loop, struct gy__app *app, const gy_http_opts *opts)
{
    return gy_http_server_new(loop, opts, gy__web_request, app);
}

static void free_app(void *app)
{
    gy__app_free(app);
}

gy_http_server *gy_app_server_new(gy_loop *loop, const gy_app *app, const gy_http_opts *opts)
{
    struct gy__app *compiled = gy__app_new(app);
    gy_http_server *s = compiled ? gy__app_server_new(loop, compiled, opts) : NULL;
    if (s)
        gy__http_server_on_free(s, free_app, compiled);
    else if (compiled)
        gy__app_free(compiled);
    return s;
}
