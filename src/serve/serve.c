/* SPDX-License-Identifier: MIT */
/* serve.c - gy_serve: the steps of running an application, in their order. */
#include <errno.h>
#include <gyre/error.h>
#include <gyre/process.h>
#include <gyre/task.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log_output.h"
#include "serve/limits.h"
#include "serve/run.h"
#include "serve/serving.h"
#include "web/app.h"

static int complain(const struct gy__serving *s, const char *why)
{
    fprintf(stderr, "%s: %s\n", s->name, why);
    return GY__EXIT_FAILED;
}

static void set_defaults(struct gy__serving *s, const gy_serve_opts *opts)
{
    if (opts)
        s->opts = *opts;
    if (s->opts.grace <= 0)
        s->opts.grace = GY__DEFAULT_GRACE;
    if (s->opts.watchdog == 0)
        s->opts.watchdog = GY__DEFAULT_WATCHDOG;
    s->workers = s->opts.workers == GY_PER_CPU ? gy_cpu_count() : s->opts.workers;
    if (s->workers < 1)
        s->workers = 1;
    if (s->opts.http)
        s->http = *s->opts.http;
    if (s->workers > 1 && s->http.accept_batch == 0)
        s->http.accept_batch = 1; /* who has least to do takes most */
    s->name = s->app->name ? s->app->name : program_invocation_short_name;
    struct sigaction hangup;
    s->ignore_hangup = sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN;
}

/* 0 or the exit status; what was wrong has been said. */
static int prepare(struct gy__serving *s, const char *hint)
{
    if (gy_task_self())
        return complain(s, "gy_serve must not be called inside of a task");
    s->compiled = gy__app_new(s->app);
    if (!s->compiled)
        return GY__EXIT_FAILED;
    s->compiled->request_ids |= s->opts.request_ids;
    void *shared =
        mmap(NULL, sizeof *s->start, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return complain(s, "out of memory");
    s->start = shared;

    char why[512];
    int e = gy__listeners_open(&s->listeners, &s->opts, why, sizeof why);
    if (!e)
        return 0;
    if (e == -EADDRINUSE && hint)
        strncat(why, hint, sizeof why - strlen(why) - 1);
    return complain(s, why);
}

/* In the log, and on standard error unless the log is seen there: whoever started it looks there. */
void gy__serving_log_failure(const struct gy__serving *s)
{
    char text[256];
    int e = atomic_load(&s->start->error);
    if (!atomic_load(&s->start->error_is_on_start))
        snprintf(text, sizeof text, "%s", gy_strerror(e));
    else if (e < 0)
        snprintf(text, sizeof text, "on_start failed: %s", gy_strerror(e));
    else
        snprintf(text, sizeof text, "on_start gave %d", e);
    gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "%s cannot start: %s", s->name, text);
    if (!gy__log_is_seen(GY_LOG_GENERAL, GY_LOG_ERROR))
        fprintf(stderr, "%s cannot start: %s\n", s->name, text);
}

void gy__serving_log_stop(const struct gy__serving *s)
{
    gy_log(GY_LOG_GENERAL, GY_LOG_INFO, "%s is stopping; requests in flight have %g s to finish",
           s->name, s->opts.grace);
}

void gy__serving_done(struct gy__serving *s)
{
    gy__listeners_hide(&s->listeners);
    gy__listeners_close(&s->listeners);
    if (s->compiled)
        gy__app_free(s->compiled);
    if (s->start)
        munmap(s->start, sizeof *s->start);
}

const char *gy__signal_name(int signo)
{
    static _Thread_local char text[24];
    const char *name = sigabbrev_np(signo);
    if (name)
        snprintf(text, sizeof text, "SIG%s", name);
    else
        snprintf(text, sizeof text, "signal %d", signo);
    return text;
}

int gy__serve(const gy_app *app, const gy_serve_opts *opts, const char *hint)
{
    struct gy__serving s = {.app = app};
    set_defaults(&s, opts);
    int status = prepare(&s, hint);
    if (!status) {
        struct sigaction ignore = {.sa_handler = SIG_IGN}, pipe;
        sigaction(SIGPIPE, &ignore, &pipe);
        gy__limits_raise_files();
        status = s.workers > 1 ? gy__master_run(&s) : gy__worker_run(&s);
        sigaction(SIGPIPE, &pipe, NULL);
    }
    if (status == GY__EXIT_NO_START) {
        gy__serving_log_failure(&s);
        status = GY__EXIT_FAILED;
    }
    gy__serving_done(&s);
    return status;
}

int gy_serve(const gy_app *app, const gy_serve_opts *opts)
{
    return gy__serve(app, opts, NULL);
}
