/* SPDX-License-Identifier: MIT */
/* blocking.c - the fifth advice: block anyway, where it is rare and short, and with several workers.
 *
 *     build/examples/advice/blocking --workers 4
 *     curl localhost:8888/file                  one worker reads; the others serve */

#include <gyre.h>
#include <stdio.h>

static const char *path = "/etc/hostname";
static long served; /* by this process */

/* A small file that the kernel has in memory is there sooner than a thread could be woken. This stops
 * everybody in this process until it has come, so nobody may be able to ask for a large one. */
static int file_page(gy_request *r)
{
    char text[4096];
    FILE *f = fopen(path, "r");
    if (!f)
        return gy_fail(r, 404, "there is no such file");
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    return gy_json(r, "{bytes: %zu, served: %ld, worker: %d}", n, ++served, gy_process_number());
}

static int now(gy_request *r)
{
    return gy_json(r, "{served: %ld, worker: %d}", ++served, gy_process_number());
}

static const gy_route routes[] = {
    GY_GET("/file", file_page),
    GY_GET("/now", now),
    GY_END,
};

static const gy_app blocking_app = {.routes = routes, .name = "blocking"};

static const gy_option options[] = {
    GY_OPT_PATH("file", &path, "the file to read"),
    GY_OPT_END,
};

int main(int argc, char **argv)
{
    return gy_main_with(&blocking_app, &(gy_serve_opts){.options = options}, argc, argv);
}
