/* SPDX-License-Identifier: MIT */
/* flow.c - bodies larger than any memory, down and up through gy_fetch and through a handler that passes
 * them on: bytes a second, and how much memory the two had before, at most and after.
 *
 *     flow [GB]          1 without it; three processes, ended with this one
 */
#include <gyre.h>
#include <gyre/client.h>
#include <gyre/net.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024 };
#define MUCH (SIZE_MAX / 2)

static char block[BLOCK];
static int64_t bytes = 1000000000;
static char upstream[64]; /* whom the handler asks */

/* -- The origin ---------------------------------------------------------------------------------- */

static int down(gy_request *r)
{
    int e = gy_set_headerf(r, "Content-Length", "%lld", (long long)bytes);
    for (int64_t left = bytes; left > 0 && !e; left -= BLOCK) {
        e = gy_write_n(r, block, left < BLOCK ? (size_t)left : BLOCK);
        if (!e)
            e = gy_flush(r);
    }
    return e;
}

static int up(gy_request *r)
{
    static char buf[BLOCK];
    int64_t all = 0;
    ssize_t n;
    gy_set_max_body(r, MUCH);
    while ((n = gy_body_read(r, buf, sizeof buf)) > 0)
        all += n;
    return n ? (int)n : gy_writef(r, "%lld", (long long)all);
}

static const gy_route origin[] = {GY_GET("/flow", down), GY_PUT("/flow", up, .stream_body = true),
                                  GY_END};

/* -- The handler between ------------------------------------------------------------------------- */

static ssize_t pass_up(void *arg, void *buf, size_t size)
{
    return gy_body_read(arg, buf, size);
}

static int pass_down(void *arg, const void *data, size_t len)
{
    int e = gy_write_n(arg, data, len);
    return e ? e : gy_flush(arg);
}

static int pass_on(gy_request *r)
{
    gy_response from;
    bool with_body = gy_str_eq(r->method, gy_str_of("PUT"));
    gy_set_max_body(r, MUCH);
    int e = gy_fetch(r->arena, upstream,
                     &(gy_fetch_opts){.method = r->method.ptr,
                                      .read_body = with_body ? pass_up : NULL,
                                      .read_arg = r,
                                      .write_body = pass_down,
                                      .write_arg = r,
                                      .max_body = MUCH,
                                      .timeout = -1,
                                      .proxy = ""},
                     &from);
    return e && !gy_head_is_sent(r) ? gy_fail(r, 502, "%s", from.why) : e;
}

static const gy_route between[] = {GY_ANY("/flow", pass_on, .stream_body = true), GY_END};

/* -- Processes ----------------------------------------------------------------------------------- */

struct server {
    const gy_route *routes;
    int fd;
};

static int serve(void *arg)
{
    const struct server *s = arg;
    static gy_app app;
    static const gy_http_opts opts = {.body_stall = 60, .write_timeout = 60};
    app = (gy_app){.routes = s->routes, .name = "flow"};
    gy_http_server *http = gy_app_server_new(gy_loop_current(), &app, &opts);
    int e = http ? gy_http_server_listen(http, s->fd) : GY_ENOMEM;
    return e ? e : gy_sleep(1e8);
}

static void quiet(void *arg, enum gy_log_channel c, enum gy_log_level l, const char *text, size_t n)
{
    (void)arg, (void)c;
    if (l >= GY_LOG_WARNING)
        fprintf(stderr, "%.*s\n", (int)n, text);
}

/* Gives its process and port. */
static pid_t start(const gy_route *routes, int *port)
{
    char why[256];
    struct server s = {routes,
                       gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why)};
    if (s.fd < 0) {
        fprintf(stderr, "flow: %s\n", why);
        exit(1);
    }
    *port = gy_local_port(s.fd);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(gy_run(serve, &s) ? 1 : 0);
    }
    close(s.fd);
    return pid;
}

/* KiB, by the name of a line of /proc/PID/status. */
static long memory(pid_t pid, const char *name)
{
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtol(line + strlen(name), NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

/* From now on VmHWM is of what comes. */
static void forget_most(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/clear_refs", (int)pid);
    FILE *f = fopen(path, "w");
    if (f) {
        fputs("5", f);
        fclose(f);
    }
}

/* -- Measuring ----------------------------------------------------------------------------------- */

struct run {
    const char *name, *url;
    bool up, ahead; /* [ahead]: only to have all there that stays */
    int64_t left, came;
    pid_t between; /* 0: nobody is */
};

static ssize_t give(void *arg, void *buf, size_t size)
{
    struct run *r = arg;
    size_t n = r->left < (int64_t)size ? (size_t)r->left : size;
    memset(buf, 'x', n);
    r->left -= (int64_t)n;
    return (ssize_t)n;
}

static int take(void *arg, const void *data, size_t len)
{
    struct run *r = arg;
    (void)data;
    r->came += (int64_t)len;
    return r->ahead && r->came > 10000000 ? -ECANCELED : 0;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int transfer(struct run *r, gy_response *res)
{
    gy_arena arena = {0};
    r->left = r->ahead ? 10000000 : bytes;
    r->came = 0;
    int e = gy_fetch(&arena, r->url,
                     &(gy_fetch_opts){.method = r->up ? "PUT" : "GET",
                                      .read_body = r->up ? give : NULL,
                                      .read_arg = r,
                                      .body_length = r->up ? r->left : 0,
                                      .write_body = r->up ? NULL : take,
                                      .write_arg = r,
                                      .max_body = MUCH,
                                      .timeout = -1,
                                      .proxy = ""},
                     res);
    if (!e && r->up)
        r->came = strtoll(res->body.ptr, NULL, 10);
    gy_arena_done(&arena);
    return e;
}

static int measure(void *arg)
{
    struct run *r = arg;
    gy_response res;
    pid_t who[2] = {getpid(), r->between};
    long before[2], most[2], after[2];
    r->ahead = true;
    (void)transfer(r, &res);
    r->ahead = false;
    for (int i = 0; i < 2; i++) {
        forget_most(who[i]);
        before[i] = memory(who[i], "VmRSS:");
    }
    double from = now();
    int e = transfer(r, &res);
    double seconds = now() - from;
    for (int i = 0; i < 2; i++) {
        most[i] = memory(who[i], "VmHWM:");
        after[i] = memory(who[i], "VmRSS:");
    }
    if (e || r->came != bytes) {
        fprintf(stderr, "flow: %s: %lld of %lld bytes: %s\n", r->name, (long long)r->came,
                (long long)bytes, res.why);
        return -EIO;
    }
    printf("%-24s %8.2f %8.2f   %7ld %7ld %7ld", r->name, seconds, (double)bytes / 1e9 / seconds,
           before[0], most[0], after[0]);
    if (r->between)
        printf("   %7ld %7ld %7ld", before[1], most[1], after[1]);
    printf("\n");
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    char direct[64], through[64];
    int port, failed = 0;
    if (argc > 1)
        bytes = (int64_t)(strtod(argv[1], NULL) * 1e9);
    gy_log_set_sink(quiet, NULL);
    pid_t first = start(origin, &port);
    snprintf(direct, sizeof direct, "http://127.0.0.1:%d/flow", port);
    snprintf(upstream, sizeof upstream, "%s", direct);
    pid_t second = start(between, &port);
    snprintf(through, sizeof through, "http://127.0.0.1:%d/flow", port);
    struct run runs[] = {
        {.name = "down", .url = direct},
        {.name = "up", .url = direct, .up = true},
        {.name = "down through a handler", .url = through, .between = second},
        {.name = "up through a handler", .url = through, .between = second, .up = true},
    };
    printf("%.3g GB each              seconds     GB/s   KiB of the client          "
           "KiB of the handler\n%-42s   %7s %7s %7s   %7s %7s %7s\n",
           (double)bytes / 1e9, "", "before", "most", "after", "before", "most", "after");
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++)
        failed |= gy_run(measure, &runs[i]) != 0;
    kill(first, SIGKILL);
    kill(second, SIGKILL);
    while (wait(NULL) > 0)
        ;
    return failed;
}
