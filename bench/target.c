/* SPDX-License-Identifier: MIT */
/* target.c - heavy routes and short limits, for bench/run and tests/torture to aim at. */
#include <gyre.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int hello(gy_request *r)
{
    return gy_write(r, "Hello, world\n");
}

static int pid(gy_request *r)
{
    return gy_writef(r, "%d\n", (int)getpid());
}

static int nap(gy_request *r)
{
    int e = gy_sleep(gy_path_double(r, "seconds"));
    return e ? e : gy_write(r, "slept\n");
}

/* So much CPU time of this thread. */
static int spin(gy_request *r)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    int64_t end = t.tv_sec * 1000000000 + t.tv_nsec + gy_path_int(r, "us") * 1000, now;
    do {
        for (volatile int i = 0; i < 1000; i++)
            ;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        now = t.tv_sec * 1000000000 + t.tv_nsec;
    } while (now < end);
    return gy_write(r, "spun\n");
}

/* More than the sockets of a reader that does not read can hold. */
static int big(gy_request *r)
{
    char piece[16 << 10];
    memset(piece, 'x', sizeof piece);
    int e = 0;
    for (int i = 0; i < 1024 && !e; i++) {
        gy_write_n(r, piece, sizeof piece);
        e = gy_flush(r);
    }
    return e;
}

static const char *upstream = "http://127.0.0.1:9000/";

/* What somebody else says. */
static int fetch(gy_request *r)
{
    gy_response from;
    int e = gy_fetch(r->arena, upstream, NULL, &from);
    if (e)
        return gy_fail(r, 502, "%s", from.why);
    gy_set_status(r, from.status);
    return gy_write_n(r, from.body.ptr, from.body.len);
}

static const gy_route routes[] = {
    GY_GET("/", hello),
    GY_GET("/pid", pid),
    GY_GET("/sleep/{seconds:float}", nap),
    GY_GET("/spin/{us:int}", spin),
    GY_GET("/big", big),
    GY_GET("/fetch", fetch),
    GY_END,
};

int main(int argc, char **argv)
{
    static const gy_app app = {.routes = routes, .name = "target"};
    static const gy_http_opts http = {.head_timeout = 2, .write_timeout = 2, .body_stall = 2};
    static const gy_option options[] = {
        {.name = "upstream",
         .kind = GY_OPTION_TEXT,
         .value = &upstream,
         .help = "whom /fetch asks",
         .meta = "URL"},
        {0},
    };
    return gy_main_with(&app, &(gy_serve_opts){.http = &http, .options = options}, argc, argv);
}
