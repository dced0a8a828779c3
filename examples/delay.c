/* SPDX-License-Identifier: MIT */
/* delay.c - three ways to let a second pass, and what each does to everybody else. */

#include <gyre.h>
#include <time.h>

/* A sleep in the C library stops the thread, and with it the loop and all other requests. */
static int sleep_blocking(void *arg)
{
    double seconds = *(const double *)arg;
    struct timespec t = {.tv_sec = (time_t)seconds};
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    while (nanosleep(&t, &t))
        ;
    return 0;
}

static int slept(gy_request *r, int e)
{
    return e ? e : gy_writef(r, "slept %s s\n", gy_path(r, "seconds"));
}

/* Done wrong: one at a time, and /now hangs too. */
static int blocking(gy_request *r)
{
    double seconds = gy_path_double(r, "seconds");
    return slept(r, sleep_blocking(&seconds));
}

/* Done right: the task sleeps, the loop goes on. Ten thousand of these take one second together. */
static int task(gy_request *r)
{
    return slept(r, gy_sleep(gy_path_double(r, "seconds")));
}

/* For code that can only block: as many at once as the pool has threads. */
static int thread(gy_request *r)
{
    double seconds = gy_path_double(r, "seconds");
    return slept(r, gy_offload(sleep_blocking, &seconds, NULL));
}

static int now(gy_request *r)
{
    return gy_write(r, "now\n");
}

const gy_route delay_routes[] = {
    GY_GET("/blocking/{seconds:float}", blocking),
    GY_GET("/task/{seconds:float}", task),
    GY_GET("/thread/{seconds:float}", thread),
    GY_GET("/now", now),
    GY_END,
};

static int threads;

static int set_threads(const gy_app *app)
{
    (void)app;
    return threads > 0 ? gy_offload_threads((unsigned)threads) : 0;
}

const gy_app delay_app = {.routes = delay_routes, .name = "delay", .on_start = set_threads};

static const gy_option options[] = {
    GY_OPT_INT("threads", &threads, "threads in the pool; 0 is 4 more than CPUs", .max = 1024),
    GY_OPT_END,
};

int main(int argc, char **argv)
{
    return gy_main_with(&delay_app, &(gy_serve_opts){.options = options}, argc, argv);
}
