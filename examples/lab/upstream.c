/* SPDX-License-Identifier: MIT */
/* upstream.c - a small server for others to ask: at once, or after a while. */

#include <gyre.h>

static double lookup = 0.05;

static int at_once(gy_request *r)
{
    gy_set_header(r, "Content-Type", "text/plain; charset=UTF-8");
    return gy_write(r, "Hello from upstream\n");
}

static int look_up(gy_request *r)
{
    int e = gy_sleep(lookup);
    return e ? e : gy_json(r, "{found: %d}", 42);
}

static void say_nothing(gy_request *r)
{
    (void)r;
}

static const gy_route routes[] = {
    GY_GET("/", at_once),
    GY_GET("/lookup", look_up),
    GY_END,
};

static const gy_app upstream_app = {
    .routes = routes, .name = "upstream", .log_request = say_nothing};

static const gy_option options[] = {
    GY_OPT_TIME("lookup", &lookup, "how long /lookup takes", .max = 3600),
    GY_OPT_END,
};

int main(int argc, char **argv)
{
    return gy_main_with(&upstream_app, &(gy_serve_opts){.port = 9000, .options = options}, argc,
                        argv);
}
