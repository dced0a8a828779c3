/* SPDX-License-Identifier: MIT */
/* kin.c - the other programs that belong to the lab: servers for each way, and an upstream. */

#include "lab.h"
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

const struct way ways[] = {
    {"task", "task", false},       {"thread", "thread", false},   {"process", "process", false},
    {"block-one", "block", false}, {"block-many", "block", true}, {NULL, NULL, false},
};

const struct way *way_find(gy_str name)
{
    for (const struct way *w = ways; w->name; w++)
        if (gy_str_eq(name, gy_str_of(w->name)))
            return w;
    return NULL;
}

gy_str way_label(gy_arena *a, const struct way *w)
{
    if (strcmp(w->route, "block") != 0)
        return gy_str_of(w->name);
    return w->many ? gy_strf(a, "block, %d workers", settings.many) : gy_str_of("block, 1 worker");
}

/* -- A server that is a child -------------------------------------------------------------------- */

struct kin {
    const char *name;
    gy_process *process; /* NULL: not running */
    int port;
    gy_lock starting;
};

static struct kin one = {.name = "lab with 1 worker"}, many = {.name = "lab with several workers"},
                  upstream = {.name = "upstream"};

const char *kin_path(gy_arena *a, const char *name)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return NULL;
    while (name && n > 0 && self[n - 1] != '/')
        n--;
    return gy_strf(a, "%.*s%s", (int)n, self, name ? name : "").ptr;
}

/* Ours without the options in it, which are given to a child by name. */
static const char *const *plain_environment(gy_arena *a)
{
    size_t n = 0, all = 0;
    while (environ[all])
        all++;
    const char **env = gy_alloc(a, (all + 1) * sizeof *env);
    for (size_t i = 0; env && i < all; i++)
        if (strncmp(environ[i], "GYRE_", 5) != 0)
            env[n++] = environ[i];
    if (env)
        env[n] = NULL;
    return env;
}

/* What it writes goes on to where ours goes; when it ends it is forgotten. */
static int read_on(void *arg)
{
    struct kin *k = arg;
    gy_process *mine = k->process;
    gy_str line;
    while (gy_stream_read_until(gy_process_err(mine), "\n", 4096, &line) == 0)
        fprintf(stderr, "%s: %.*s", k->name, GY_FMT(line));
    if (k->process == mine) {
        gy_process_close(mine);
        k->process = NULL;
    }
    return 0;
}

/* Its first lines, up to the one that tells where it listens. */
static int read_port(struct kin *k, char *why, size_t size)
{
    gy_str line;
    gy_deadline limit;
    const char *at = NULL;
    gy_deadline_begin(&limit, 30);
    int e = 0;
    while (!e && !at) {
        e = gy_stream_read_until(gy_process_err(k->process), "\n", 4096, &line);
        if (!e && !(at = strstr(line.ptr, "http://127.0.0.1:")))
            fprintf(stderr, "%s: %.*s", k->name, GY_FMT(line));
    }
    gy_deadline_end(&limit);
    if (e)
        snprintf(why, size, "the %s does not start: %s", k->name, gy_strerror(e));
    else if (sscanf(at, "http://127.0.0.1:%d", &k->port) != 1)
        e = GY_EPROTO;
    return e;
}

static int start(struct kin *k, const char *const *argv, char *why, size_t size)
{
    gy_arena a = {0};
    const gy_process_opts opts = {
        .argv = argv, .env = plain_environment(&a), .in = GY_STDIO_NULL, .err = GY_STDIO_PIPE};
    int e = gy_process_open(&opts, &k->process, why, size);
    gy_arena_done(&a);
    if (e) {
        k->process = NULL;
        return e;
    }
    e = read_port(k, why, size);
    if (!e)
        e = gy_spawn(read_on, k, &(gy_task_opts){.name = k->name});
    if (e) {
        gy_process_close(k->process);
        k->process = NULL;
    }
    return e;
}

static int start_server(struct kin *k, char *why, size_t size)
{
    gy_arena a = {0};
    const struct settings *s = &settings;
    const char *argv[] = {
        kin_path(&a, NULL),
        "--port=0",
        "--address=127.0.0.1",
        "--watchdog=0",
        "--grace=1",
        "--log-level=warning",
        gy_strf(&a, "--workers=%d", k == &many ? s->many : 1).ptr,
        gy_strf(&a, "--upstream=%s", s->upstream).ptr,
        gy_strf(&a, "--delay=%.6fs", s->delay).ptr,
        gy_strf(&a, "--lookup=%.6fs", s->lookup).ptr,
        gy_strf(&a, "--burn=%.6fs", s->burn).ptr,
        gy_strf(&a, "--threads=%d", s->threads).ptr,
        gy_strf(&a, "--processes=%d", s->processes).ptr,
        NULL,
    };
    int e = 0;
    for (size_t i = 0; i + 1 < sizeof argv / sizeof *argv; i++)
        e = argv[i] ? e : GY_ENOMEM;
    if (!e)
        e = start(k, argv, why, size);
    gy_arena_done(&a);
    return e;
}

/* -- The servers of the ways --------------------------------------------------------------------- */

static struct kin *server_of(const struct way *w)
{
    return w->many ? &many : &one;
}

int way_url(gy_arena *a, const char *work, const struct way *w, gy_str *url, char *why, size_t size)
{
    struct kin *k = server_of(w);
    int e = gy_lock_acquire(&k->starting, GY_FOREVER);
    if (!e) {
        if (!k->process)
            e = start_server(k, why, size);
        gy_lock_release(&k->starting);
    }
    if (e)
        return e;
    *url = gy_strf(a, "http://127.0.0.1:%d/%s/%s", k->port, work, w->route);
    return url->ptr ? 0 : GY_ENOMEM;
}

void way_renew(const struct way *w)
{
    struct kin *k = server_of(w);
    gy_process *p = k->process;
    k->process = NULL;
    gy_process_close(p);
}

/* -- The upstream -------------------------------------------------------------------------------- */

static bool somebody_listens(const char *address)
{
    gy_stream *s;
    if (gy_connect(address, &(gy_connect_opts){.timeout = 2}, &s))
        return false;
    gy_stream_close(s);
    return true;
}

void upstream_start(void)
{
    gy_arena a = {0};
    char why[200] = "";
    const char *argv[] = {kin_path(&a, "upstream"),
                          "--port=9000",
                          "--address=127.0.0.1",
                          "--log-level=warning",
                          gy_strf(&a, "--lookup=%.6fs", settings.lookup).ptr,
                          NULL};
    if (argv[0] && argv[4] && !somebody_listens("127.0.0.1:9000") &&
        start(&upstream, argv, why, sizeof why))
        gy_warning("no upstream: %s", why);
    gy_arena_done(&a);
}

/* -- The end ------------------------------------------------------------------------------------- */

static void end(struct kin *k)
{
    gy_process *p = k->process;
    k->process = NULL; /* now nobody else closes it */
    if (!p)
        return;
    gy_process_signal(p, SIGTERM);
    if (gy_process_wait(p, 2, NULL))
        gy_warning("the %s does not end by itself", k->name);
    gy_process_close(p);
}

void kin_stop(void)
{
    end(&one);
    end(&many);
    end(&upstream);
}
