/* SPDX-License-Identifier: MIT */
/* async.c - the first advice: wait in a task, with a library that knows how.
 *
 *     build/examples/lab/upstream &             somebody who takes 50 ms to answer
 *     curl localhost:8888/one                   50 ms
 *     curl localhost:8888/ten                   50 ms: ten questions at once */

#include <gyre.h>

enum { TEN = 10 };

static const char *upstream = "http://127.0.0.1:9000/lookup";

/* The handler is a task: it stops here until the answer has come, and the loop goes on. */
static int one(gy_request *r)
{
    gy_response res;
    int e = gy_fetch(r->arena, upstream, &(gy_fetch_opts){.timeout = 10}, &res);
    if (e == GY_ETIMEDOUT)
        return gy_fail(r, 504, "%s", res.why);
    if (e)
        return gy_fail(r, 502, "%s", res.why);
    return gy_json(r, "{status: %d, bytes: %zu, ms: %.1f}", res.status, res.body.len,
                   res.times.total * 1e3);
}

struct questions {
    gy_arena *arena;
    gy_response answers[TEN];
};

static int ask(void *arg, size_t i)
{
    struct questions *q = arg;
    return gy_fetch(q->arena, upstream, &(gy_fetch_opts){.timeout = 10}, &q->answers[i]);
}

/* All take the time of the slowest. The tasks of one loop take turns, so they can share the arena. */
static int ten(gy_request *r)
{
    struct questions *q = gy_zalloc(r->arena, sizeof *q);
    if (!q)
        return GY_ENOMEM;
    q->arena = r->arena;
    int e = gy_map(TEN, 0, ask, q);
    if (e)
        return gy_fail(r, 502, "%s", gy_strerror(e));
    size_t bytes = 0;
    for (int i = 0; i < TEN; i++)
        bytes += q->answers[i].body.len;
    return gy_json(r, "{answers: %d, bytes: %zu, ms: %.1f}", TEN, bytes, gy_request_time(r) * 1e3);
}

static int now(gy_request *r)
{
    return gy_write(r, "now\n");
}

static const gy_route routes[] = {
    GY_GET("/one", one),
    GY_GET("/ten", ten),
    GY_GET("/now", now),
    GY_END,
};

static const gy_app async_app = {.routes = routes, .name = "async"};

static const gy_option options[] = {
    GY_OPT_TEXT("upstream", &upstream, "who is asked", .meta = "URL"),
    GY_OPT_END,
};

int main(int argc, char **argv)
{
    return gy_main_with(&async_app, &(gy_serve_opts){.options = options}, argc, argv);
}
