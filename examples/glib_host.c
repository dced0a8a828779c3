/* SPDX-License-Identifier: MIT */
/* glib_host.c - gyre inside a GLib program: the GLib main loop waits, gyre serves HTTP. */

#include <glib-unix.h>
#include <gyre.h>
#include <stdio.h>
#include <stdlib.h>

/* -- A gyre loop as a source of a GLib loop ------------------------------------------------------ */

struct guest {
    GSource source;
    gy_loop *loop;
    gpointer fd;
};

static gboolean guest_prepare(GSource *source, gint *timeout)
{
    struct guest *g = (struct guest *)source;
    double seconds = gy_loop_timeout(g->loop);
    *timeout = seconds < 0 || seconds > 1e6 ? -1 : (gint)(seconds * 1000 + 0.999);
    return seconds == 0;
}

static gboolean guest_check(GSource *source)
{
    struct guest *g = (struct guest *)source;
    return g_source_query_unix_fd(source, g->fd) || gy_loop_timeout(g->loop) == 0;
}

static gboolean guest_dispatch(GSource *source, GSourceFunc fn, gpointer arg)
{
    struct guest *g = (struct guest *)source;
    (void)fn, (void)arg;
    return gy_loop_turn(g->loop, 0) == 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static GSourceFuncs guest_functions = {
    .prepare = guest_prepare, .check = guest_check, .dispatch = guest_dispatch};

static struct guest *guest_new(void)
{
    struct guest *g = (struct guest *)g_source_new(&guest_functions, sizeof *g);
    g->loop = gy_loop_new();
    if (!g->loop || gy_loop_fd(g->loop) < 0)
        return NULL;
    g->fd = g_source_add_unix_fd(&g->source, gy_loop_fd(g->loop), G_IO_IN);
    g_source_attach(&g->source, NULL);
    return g;
}

/* -- A program that GLib runs -------------------------------------------------------------------- */

static unsigned ticks; /* of GLib */

static gboolean tick(gpointer arg)
{
    (void)arg;
    ticks++;
    return G_SOURCE_CONTINUE;
}

static int say_ticks(gy_request *r)
{
    return gy_json(r, "{ticks: %u}", ticks);
}

static int nap(gy_request *r)
{
    int e = gy_sleep(gy_path_double(r, "seconds")); /* a task of gyre, on GLib's time */
    return e ? e : gy_json(r, "{slept: %s}", gy_path(r, "seconds"));
}

static const gy_route routes[] = {
    GY_GET("/", say_ticks),
    GY_GET("/sleep/{seconds:float}", nap),
    GY_END,
};

static const gy_app app = {.routes = routes, .name = "glib_host"};

static gboolean stop(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    char why[256];
    int fd = gy_listen(
        &(gy_listen_opts){.address = "127.0.0.1", .port = argc > 1 ? atoi(argv[1]) : 8888}, why,
        sizeof why);
    if (fd < 0)
        return fprintf(stderr, "glib_host: %s\n", why), 1;
    int port = gy_local_port(fd);
    struct guest *guest = guest_new();
    gy_http_server *server = guest ? gy_app_server_new(guest->loop, &app, NULL) : NULL;
    if (!server || gy_http_server_listen(server, fd))
        return fprintf(stderr, "glib_host: out of memory\n"), 1;

    GMainLoop *host = g_main_loop_new(NULL, FALSE);
    g_timeout_add(10, tick, NULL);
    g_unix_signal_add(SIGTERM, stop, host);
    g_unix_signal_add(SIGINT, stop, host);
    fprintf(stderr, "glib_host: listening on http://127.0.0.1:%d\n", port);
    g_main_loop_run(host);

    gy_loop *loop = guest->loop;
    g_source_destroy(&guest->source);
    g_source_unref(&guest->source);
    gy_http_server_free(server);
    gy_loop_free(loop);
    g_main_loop_unref(host);
    return 0;
}
