/* SPDX-License-Identifier: MIT */
/* worker.c - one process that serves, from its loop to its drain. */
#include <errno.h>
#include <gyre/error.h>
#include <gyre/loop.h>
#include <gyre/task.h>
#include <gyre/version.h>
#include <signal.h>
#include <unistd.h>

#include "base/log_output.h"
#include "serve/app_server.h"
#include "serve/inspecting.h"
#include "serve/securing.h"
#include "serve/serving.h"

struct worker {
    struct gy__serving *serving;
    gy_loop *loop;
    gy_http_server *server, *redirect;
    struct gy__securing securing;
    gy_task *starting; /* while on_start runs */
    int draining;      /* servers */
    bool started, stopping;
};

static const int stop_signals[] = {SIGTERM, SIGINT, SIGHUP};
enum { STOP_SIGNALS = sizeof stop_signals / sizeof *stop_signals };

/* -- Starting ------------------------------------------------------------------------------------ */

static void note_failure(struct worker *w, int code, bool on_start)
{
    struct gy__start *start = w->serving->start;
    int none = 0;
    if (atomic_compare_exchange_strong(&start->error, &none, code ? code : -1))
        atomic_store(&start->error_is_on_start, on_start);
}

static int call_on_start(void *arg)
{
    struct worker *w = arg;
    return w->serving->app->on_start(w->serving->app);
}

static int call_on_stop(void *arg)
{
    struct worker *w = arg;
    w->serving->app->on_stop(w->serving->app);
    return 0;
}

/* Both run in a task, so that they may connect to what the application needs. */
static int run_on_start(struct worker *w)
{
    w->starting = gy_task_new(w->loop, call_on_start, w, &(gy_task_opts){.name = "on_start"});
    int e = w->starting ? gy_task_join(w->starting) : GY_ENOMEM;
    w->starting = NULL;
    return e;
}

static void run_on_stop(struct worker *w)
{
    gy_task *t = gy_task_new(w->loop, call_on_stop, w, &(gy_task_opts){.name = "on_stop"});
    if (t)
        gy_task_join(t);
}

static int open_server(struct worker *w, struct gy__app *app, const gy_http_opts *opts,
                       struct gy__listeners *l, gy_http_server **out)
{
    *out = gy__app_server_new(w->loop, app, opts);
    if (!*out)
        return GY_ENOMEM;
    l->given = true;
    int e = 0;
    for (int i = 0; i < l->count; i++) {
        if (e)
            close(l->fds[i]);
        else
            e = gy_http_server_listen(*out, l->fds[i]);
    }
    return e;
}

static int open_servers(struct worker *w)
{
    struct gy__serving *s = w->serving;
    struct gy__redirect *r = &s->redirect;
    gy_http_opts plain = s->http;
    plain.tls = NULL;
    int e = open_server(w, s->compiled, &s->http, &s->listeners, &w->server);
    if (!e && r->compiled)
        e = open_server(w, r->compiled, &plain, &r->listeners, &w->redirect);
    return e;
}

/* The first worker that comes to serve says so, for all of them: at any level but off, for nothing
 * else tells which port was chosen. */
static void announce(const struct gy__serving *s)
{
    if (atomic_fetch_add(&s->start->ready, 1) > 0)
        return;
    if (s->under_master)
        gy__log_always(GY_LOG_GENERAL, GY_LOG_INFO, "gyre %s serving %s on %s (pid %d, %d workers)",
                       gy_version(), s->name, s->listeners.url, (int)getppid(), s->workers);
    else
        gy__log_always(GY_LOG_GENERAL, GY_LOG_INFO, "gyre %s serving %s on %s (pid %d)",
                       gy_version(), s->name, s->listeners.url, (int)getpid());
    if (s->redirect.compiled)
        gy__log_always(GY_LOG_GENERAL, GY_LOG_INFO, "%s sends clients there",
                       s->redirect.listeners.url);
}

/* -- Stopping ------------------------------------------------------------------------------------ */

static void drained(void *arg)
{
    struct worker *w = arg;
    if (--w->draining == 0)
        gy_loop_stop(w->loop);
}

static void drain(struct worker *w)
{
    double grace = w->serving->opts.grace;
    w->draining = w->redirect ? 2 : 1;
    if (w->redirect)
        gy_http_server_drain(w->redirect, grace, drained, w);
    gy_http_server_drain(w->server, grace, drained, w);
}

/* The second signal does what it does to any program. */
static void restore_signals(struct worker *w)
{
    const struct sigaction dfl = {.sa_handler = SIG_DFL};
    for (size_t i = 0; i < STOP_SIGNALS; i++) {
        if (gy_loop_on_signal(w->loop, stop_signals[i], NULL, NULL) == 0)
            sigaction(stop_signals[i], &dfl, NULL);
    }
}

static void on_stop_signal(void *arg)
{
    struct worker *w = arg;
    if (w->stopping)
        return;
    w->stopping = true;
    if (!w->serving->under_master) {
        gy__serving_log_stop(w->serving);
        restore_signals(w);
    }
    gy__serving_hide(w->serving);
    if (w->starting)
        gy_task_cancel(w->starting);
    else
        drain(w);
}

static void on_renewal_signal(void *arg)
{
    struct worker *w = arg;
    gy__serving_renew(w->serving);
}

static void ignore(void *arg)
{
    (void)arg;
}

/* Under a master, SIGTERM comes from it, and perhaps from whoever stops all of the processes at
 * once; SIGHUP says that it has read the certificates again, and does no harm when it comes from
 * elsewhere; SIGINT is for the master to understand. It is caught rather than ignored, for what is
 * ignored stays so in programs that the application starts. */
static int watch_signals(struct worker *w)
{
    const struct gy__serving *s = w->serving;
    bool stops = s->hangup == GY__HANGUP_STOPS && !s->under_master;
    int e = gy_loop_on_signal(w->loop, SIGTERM, on_stop_signal, w);
    if (!e)
        e = gy_loop_on_signal(w->loop, SIGINT, s->under_master ? ignore : on_stop_signal, w);
    if (!e && s->hangup != GY__HANGUP_IS_NOTHING)
        e = gy_loop_on_signal(w->loop, SIGHUP, stops ? on_stop_signal : on_renewal_signal, w);
    if (!e && s->renewable)
        e = gy_loop_on_signal(w->loop, SIGUSR1, on_renewal_signal, w);
    sigset_t all;
    sigemptyset(&all);
    if (s->renewable)
        sigaddset(&all, SIGUSR1);
    for (size_t i = 0; i < STOP_SIGNALS; i++)
        sigaddset(&all, stop_signals[i]);
    pthread_sigmask(SIG_UNBLOCK, &all, NULL);
    return e;
}

/* -- A worker's life ----------------------------------------------------------------------------- */

/* 0, or why not; [on_start] when it was that which failed. */
static int start(struct worker *w, bool *on_start)
{
    int e = watch_signals(w);
    *on_start = !e && w->serving->app->on_start;
    if (*on_start)
        e = run_on_start(w);
    if (e)
        return e;
    w->started = true;
    *on_start = false;
    return w->stopping ? 0 : open_servers(w);
}

static int serve(struct worker *w)
{
    announce(w->serving);
    int e = gy_loop_run(w->loop);
    if (!e)
        return GY__EXIT_DRAINED;
    gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "the event loop failed: %s", gy_strerror(e));
    return GY__EXIT_FAILED;
}

int gy__worker_run(struct gy__serving *s)
{
    struct worker w = {.serving = s, .loop = gy_loop_new()};
    if (!w.loop) {
        note_failure(&w, -errno, false);
        return GY__EXIT_NO_START;
    }
    gy__inspecting_begin(s, w.loop);
    gy__securing_begin(&w.securing, s, w.loop);
    bool on_start;
    int e = start(&w, &on_start), status = GY__EXIT_DRAINED;
    if (e && !w.stopping) {
        note_failure(&w, e, on_start);
        status = GY__EXIT_NO_START;
    }
    if (!e && !w.stopping)
        status = serve(&w);
    if (w.started && s->app->on_stop)
        run_on_stop(&w);
    gy_http_server_free(w.redirect);
    gy_http_server_free(w.server);
    gy__securing_end(&w.securing);
    gy__inspecting_end(s, w.loop);
    gy_loop_free(w.loop);
    return status;
}
