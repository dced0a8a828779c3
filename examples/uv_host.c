/* SPDX-License-Identifier: MIT */
/* uv_host.c - gyre inside a libuv program: libuv waits, gyre serves HTTP and runs its tasks. */

#include <gyre.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

/* -- A gyre loop as handles of a libuv loop ------------------------------------------------------ */

struct guest {
    gy_loop *loop;
    uv_poll_t poll;     /* readable when the guest has something to do */
    uv_timer_t timer;   /* when its next timer is due */
    uv_prepare_t sleep; /* before libuv waits: for how long it may */
    uv_check_t wake;    /* after it waited: a turn */
};

static void woken(uv_poll_t *poll, int status, int events)
{
    (void)poll, (void)status, (void)events; /* the turn is taken below */
}

static void due(uv_timer_t *timer)
{
    (void)timer;
}

static void before_wait(uv_prepare_t *prepare)
{
    struct guest *g = prepare->data;
    double seconds = gy_loop_timeout(g->loop);
    uv_timer_stop(&g->timer);
    if (seconds >= 0)
        uv_timer_start(&g->timer, due, (uint64_t)(seconds * 1000 + 0.999), 0);
}

static void after_wait(uv_check_t *check)
{
    struct guest *g = check->data;
    if (gy_loop_turn(g->loop, 0))
        uv_stop(check->loop);
}

static int guest_start(struct guest *g, uv_loop_t *host)
{
    g->loop = gy_loop_new();
    if (!g->loop || gy_loop_fd(g->loop) < 0)
        return GY_ENOMEM;
    g->sleep.data = g->wake.data = g;
    uv_timer_init(host, &g->timer);
    uv_prepare_init(host, &g->sleep);
    uv_check_init(host, &g->wake);
    uv_prepare_start(&g->sleep, before_wait);
    uv_check_start(&g->wake, after_wait);
    return uv_poll_init(host, &g->poll, gy_loop_fd(g->loop)) ||
           uv_poll_start(&g->poll, UV_READABLE, woken);
}

/* Its handles must be closed before its descriptor is. */
static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    uv_close(handle, NULL);
}

/* -- A program that libuv runs ------------------------------------------------------------------- */

static unsigned ticks; /* of libuv */

static void tick(uv_timer_t *timer)
{
    (void)timer;
    ticks++;
}

static int say_ticks(gy_request *r)
{
    return gy_json(r, "{ticks: %u}", ticks);
}

static int nap(gy_request *r)
{
    int e = gy_sleep(gy_path_double(r, "seconds")); /* a task of gyre, on libuv's time */
    return e ? e : gy_json(r, "{slept: %s}", gy_path(r, "seconds"));
}

static const gy_route routes[] = {
    GY_GET("/", say_ticks),
    GY_GET("/sleep/{seconds:float}", nap),
    GY_END,
};

static const gy_app app = {.routes = routes, .name = "uv_host"};

static void stop(uv_signal_t *handle, int signo)
{
    (void)signo;
    uv_stop(handle->loop);
}

static int run(int port)
{
    char why[256];
    struct guest guest;
    uv_loop_t *host = uv_default_loop();
    uv_timer_t ticker;
    uv_signal_t term, interrupt;
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1", .port = port}, why, sizeof why);
    if (fd < 0)
        return fprintf(stderr, "uv_host: %s\n", why), 1;
    port = gy_local_port(fd);
    if (guest_start(&guest, host))
        return fprintf(stderr, "uv_host: no loop\n"), 1;
    gy_http_server *server = gy_app_server_new(guest.loop, &app, NULL);
    if (!server || gy_http_server_listen(server, fd))
        return fprintf(stderr, "uv_host: no server\n"), 1;

    uv_timer_init(host, &ticker);
    uv_timer_start(&ticker, tick, 10, 10);
    uv_signal_init(host, &term);
    uv_signal_init(host, &interrupt);
    uv_signal_start(&term, stop, SIGTERM);
    uv_signal_start(&interrupt, stop, SIGINT);
    fprintf(stderr, "uv_host: listening on http://127.0.0.1:%d\n", port);
    uv_run(host, UV_RUN_DEFAULT);

    uv_walk(host, close_handle, NULL);
    uv_run(host, UV_RUN_DEFAULT);
    gy_http_server_free(server);
    gy_loop_free(guest.loop);
    return uv_loop_close(host) ? 1 : 0;
}

int main(int argc, char **argv)
{
    return run(argc > 1 ? atoi(argv[1]) : 8888);
}
