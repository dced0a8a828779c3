/* SPDX-License-Identifier: MIT */
/* serve.c - gy_serve: the steps of running an application, in their order. */
#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <gyre/process.h>
#include <gyre/task.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
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

static sighandler_t disposition(int signo)
{
    struct sigaction now;
    return sigaction(signo, NULL, &now) == 0 ? now.sa_handler : SIG_ERR;
}

/* Nobody handles it, and nobody has it blocked to take it in another way. */
static bool is_free(int signo)
{
    sigset_t blocked;
    return disposition(signo) == SIG_DFL && pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0 &&
           !sigismember(&blocked, signo);
}

/* Asked at the start: when a terminal has gone, nobody can tell any more that there was one. */
static enum gy__hangup purpose_of_hangup(void)
{
    if (disposition(SIGHUP) == SIG_IGN)
        return GY__HANGUP_IS_NOTHING;
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return GY__HANGUP_RENEWS;
    close(fd);
    return GY__HANGUP_STOPS;
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
    if (s->opts.tls_check == 0)
        s->opts.tls_check = GY__DEFAULT_TLS_CHECK;
    if (s->opts.ticket_rotation == 0)
        s->opts.ticket_rotation = GY__DEFAULT_TICKET_ROTATION;
    s->hangup = purpose_of_hangup();
    s->renewable = is_free(SIGUSR1);
}

/* 0, or a negative code with a sentence. */
static int open_all(struct gy__serving *s, const char **hint, char *why, size_t size)
{
    double rotation = s->opts.ticket_rotation > 0 ? s->opts.ticket_rotation : 0;
    int e = gy__certificates_open(&s->certificates, s->opts.tls, (int64_t)(rotation * GY__NS_PER_S),
                                  why, size);
    if (e)
        return e;
    if (s->certificates.tls)
        s->http.tls = s->certificates.tls;
    s->opts.http = &s->http;
    e = gy__listeners_open(&s->listeners, &s->opts, why, size);
    if (e)
        return e;
    if (*hint)
        *hint = " with --redirect-port";
    int port = s->http.tls && !s->opts.unix_path ? gy_local_port(s->listeners.fds[0]) : 0;
    return gy__redirect_open(&s->redirect, &s->opts, port, why, size);
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
    int e = open_all(s, &hint, why, sizeof why);
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

void gy__serving_hide(struct gy__serving *s)
{
    gy__listeners_hide(&s->listeners);
    gy__listeners_hide(&s->redirect.listeners);
}

void gy__serving_close(struct gy__serving *s)
{
    gy__listeners_close(&s->listeners);
    gy__listeners_close(&s->redirect.listeners);
}

void gy__serving_renew(struct gy__serving *s)
{
    struct gy__certificates *c = &s->certificates;
    unsigned of_master = atomic_load(&s->start->renewals);
    gy_log_reopen();
    if (!c->tls || (s->under_master && c->renewals == of_master))
        return;
    bool renewed = gy__certificates_renew(c);
    if (s->under_master)
        c->renewals = of_master;
    if (!renewed || s->under_master)
        return;
    atomic_store(&s->start->renewals, c->renewals);
    gy_log(GY_LOG_GENERAL, GY_LOG_INFO, "the certificates were read again");
}

void gy__serving_done(struct gy__serving *s)
{
    gy__serving_hide(s);
    gy__serving_close(s);
    gy__redirect_close(&s->redirect);
    gy__certificates_close(&s->certificates);
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
