/* SPDX-License-Identifier: MIT */
/* web_bench.c - nanoseconds a look-up in routers of several shapes. */
#include <gyre/web.h>
#include <stdio.h>
#include <time.h>

#include "web/router.h"

enum { ROUNDS = 2000000, MANY = 1000 };

static int nothing(gy_request *r)
{
    (void)r;
    return 0;
}

static const gy_handler handler = {.get = nothing};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void measure(const char *what, const gy_route *routes, const char *text)
{
    gy_app app = {.routes = routes};
    struct gy__fault why;
    struct gy__router *router = gy__router_new(&app, &why);
    char memory[1024];
    gy_arena arena;
    struct gy__match m;
    gy_str path = gy_str_of(text), host = GY_STR("localhost:8888");
    if (!router) {
        fprintf(stderr, "%s\n", why.text);
        return;
    }
    gy_arena_init(&arena, memory, sizeof memory);
    int status = 0;
    double before = now();
    for (int i = 0; i < ROUNDS; i++) {
        status = gy__router_match(router, path, host, &arena, &m);
        gy_arena_reset(&arena);
    }
    printf("%-28s %6.1f ns  (%d)\n", what, (now() - before) / ROUNDS, status);
    gy_arena_done(&arena);
    gy__router_free(router);
}

static const gy_route hello[] = {GY_ROUTE("/", &handler), GY_END};
static const gy_route site[] = {
    GY_ROUTE("/", &handler),
    GY_ROUTE("/stories", &handler),
    GY_ROUTE("/story/{id:int}", &handler),
    GY_ROUTE("/story/{id:int}/comment/{comment:uint}", &handler),
    GY_ROUTE("/user/{name}", &handler),
    GY_ROUTE("/static/{path:rest}", &handler),
    GY_END,
};
static const gy_route regex[] = {GY_REGEX("/sleep/(\\d+)", &handler), GY_END};

int main(void)
{
    static char patterns[MANY][32];
    static gy_route many[MANY + 1];
    for (int i = 0; i < MANY; i++) {
        snprintf(patterns[i], sizeof patterns[i], "/resource%d/{id:int}", i);
        many[i] = (gy_route)GY_ROUTE(patterns[i], &handler);
    }
    measure("one row, /", hello, "/");
    measure("six rows, /", site, "/");
    measure("six rows, text", site, "/stories");
    measure("six rows, int", site, "/story/1234567");
    measure("six rows, two parts", site, "/story/1234567/comment/5");
    measure("six rows, str", site, "/user/someone");
    measure("six rows, rest", site, "/static/css/site.css");
    measure("six rows, escapes", site, "/user/some%20one");
    measure("six rows, none", site, "/favicon.ico");
    measure("1000 rows, the last", many, "/resource999/7");
    measure("regular expression", regex, "/sleep/10");
    return 0;
}
