/* SPDX-License-Identifier: MIT */
/* lab.c - every way to wait side by side: which one to choose, with figures of your own machine.
 *
 *     build/examples/lab/lab                    then look at http://127.0.0.1:8888/
 *     curl localhost:8888/delay/task            GET /WORK/WAY: hello delay fetch cluster burn,
 *     curl localhost:8888/delay/block           each as task, thread, process and block */

#include "lab.h"

struct settings settings = {
    .delay = 1, .lookup = 0.05, .burn = 0.01, .threads = 30, .processes = 0, .many = 4};

static int start(const gy_app *app)
{
    (void)app;
    if (!settings.upstream) {
        settings.upstream = "http://127.0.0.1:9000/";
        if (gy_process_number() <= 0)
            upstream_start();
    }
    return work_start();
}

static void stop(const gy_app *app)
{
    (void)app;
    run_stop();
    kin_stop();
    work_stop();
}

/* It is measured here, and so are others: no line for each request. */
static void say_nothing(gy_request *r)
{
    (void)r;
}

/* The reason is for whoever asked. */
static int write_error(gy_request *r)
{
    const char *why = gy_fail_reason(r);
    return gy_json(r, "{error: %s}", why ? why : gy_status_reason(gy_status(r)));
}

static const gy_handler all = {.write_error = write_error};

static const gy_route routes[] = {
    GY_MOUNT("", page_routes),
    GY_MOUNT("", work_routes),
    GY_END,
};

static const gy_app lab_app = {.routes = routes,
                               .name = "lab",
                               .base = &all,
                               .on_start = start,
                               .on_stop = stop,
                               .log_request = say_nothing};

static const gy_option options[] = {
    GY_OPT_TEXT("upstream", &settings.upstream,
                "who is asked by /fetch; without it the lab starts one on port 9000",
                .meta = "URL"),
    GY_OPT_TIME("delay", &settings.delay, "how long /delay takes", .max = 60),
    GY_OPT_TIME("lookup", &settings.lookup, "how long one of the 32 look-ups of /cluster takes",
                .max = 60),
    GY_OPT_TIME("burn", &settings.burn, "how much of the processor's time /burn takes", .max = 60),
    GY_OPT_INT("threads", &settings.threads, "threads in the pool", .min = 1, .max = 1024),
    GY_OPT_INT("processes", &settings.processes,
               "processes in the pool; 0 is one for each processor", .max = 1024),
    GY_OPT_INT("many", &settings.many, "workers of the page's server that blocks in several",
               .min = 2, .max = 64),
    GY_OPT_END,
};

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "load") == 0)
        return load_main(argc, argv);
    return gy_main_with(&lab_app, &(gy_serve_opts){.options = options, .grace = 2}, argc, argv);
}
