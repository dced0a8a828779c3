/* SPDX-License-Identifier: MIT */
/* testbed.c - few routes with exact answers, for conformance, abuse and load programs. */

#include "testbed.h"
#include <string.h>

/* -- / ------------------------------------------------------------------------------------------- */

static int hello(gy_request *r)
{
    gy_set_header(r, "Content-Type", "text/plain");
    return gy_write(r, "Hello, world");
}

/* By itself gyre answers OPTIONS. */
static int no_options(gy_request *r)
{
    gy_set_header(r, "Allow", "GET, HEAD");
    return 405;
}

static const gy_handler root = {.get = hello, .options = no_options};

/* -- For load ------------------------------------------------------------------------------------ */

static int nap(gy_request *r)
{
    int e = gy_sleep(gy_path_double(r, "seconds"));
    return e ? e : gy_write(r, "slept\n");
}

static int second(gy_request *r)
{
    int e = gy_sleep(1.0);
    return e ? e : hello(r);
}

static int look_up(void *arg)
{
    (void)arg;
    return gy_sleep(0.05);
}

static int fan(gy_request *r)
{
    gy_group all = {.timeout = 5.0};
    for (int i = 0; i < 32; i++)
        gy_group_spawn(&all, look_up, NULL);
    int e = gy_group_wait(&all);
    return e ? e : hello(r);
}

/* -- Responses of every kind --------------------------------------------------------------------- */

static int text(gy_request *r)
{
    gy_set_header(r, "Content-Type", "text/plain");
    for (int i = 0; i < 1000; i++)
        gy_write(r, "All work and no play.\n");
    return 0;
}

static int stream(gy_request *r)
{
    gy_set_header(r, "Content-Type", "text/plain");
    for (int i = 0; i < 10; i++) {
        gy_writef(r, "chunk %d\n", i);
        int e = gy_flush(r);
        if (e)
            return e;
    }
    return 0;
}

static int status(gy_request *r)
{
    long n = gy_path_int(r, "n");
    return n == 204 || n == 304 ? gy_set_status(r, (int)n) : 404;
}

static const gy_handler statuses = {.get = status, .post = status};

static int boom(gy_request *r)
{
    return gy_fail(r, GY_EINVAL, "boom-secret");
}

/* gy_redirect refuses a line end within the target, and gy_need_arg removes outer ones: here those are
 * no better. */
static int redirect(gy_request *r)
{
    const char *to;
    int e = gy_need_arg(r, "to", &to);
    if (e)
        return e;
    const char *query = r->query.ptr ? r->query.ptr : ""; /* it may come in the body */
    if (strcasestr(query, "%0d") || strcasestr(query, "%0a"))
        return 400;
    return gy_redirect(r, to) == GY_EINVAL ? 400 : 0;
}

static const gy_route routes[] = {
    GY_ROUTE("/", &root),
    GY_ANY("/echo", testbed_echo),
    GY_POST("/upload", testbed_upload),
    GY_GET("/sleep/{seconds:float}", nap),
    GY_GET("/text", text),
    GY_GET("/stream", stream),
    GY_ROUTE("/status/{n:int}", &statuses),
    GY_GET("/boom", boom),
    GY_GET("/redirect", redirect),
    GY_GET("/async", second),
    GY_GET("/fan", fan),
    GY_END,
};

static const gy_app app = {.routes = routes, .name = "testbed"};

/* Accepted so that one command line serves every version; their routes do not stand yet. */
static const char *folder, *secret, *upstream = "http://127.0.0.1:9000/";

static const gy_option options[] = {
    GY_OPT_TEXT("static", &folder, "the folder of /static/"),
    GY_OPT_TEXT("cookie-secret", &secret, "the key of signed cookies"),
    GY_OPT_TEXT("upstream", &upstream, "what /fetch asks"),
    GY_OPT_END,
};

int main(int argc, char **argv)
{
    static const gy_http_opts limits = {
        .max_head = 64 * 1024,
        .max_body = 8 * 1024 * 1024,
        .head_timeout = 5,
        .idle_timeout = 5,
        .body_stall = 5,
    };
    return gy_main_with(&app, &(gy_serve_opts){.http = &limits, .options = options}, argc, argv);
}
