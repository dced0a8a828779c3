/* SPDX-License-Identifier: MIT */
/* master.c - keeps the workers: starts them, replaces those that die, ends them. */
#include <errno.h>
#include <gyre/error.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "serve/backoff.h"
#include "serve/serving.h"

/* How much later than the workers themselves the master cuts off what is left. */
static const double patience = 1.0;

struct child {
    pid_t pid;        /* 0 while there is none */
    int64_t began;    /* ns */
    int64_t again_at; /* while there is none: when to start the next; ns */
    struct gy__backoff backoff;
};

struct master {
    struct gy__serving *serving;
    struct child *children;
    sigset_t watched; /* blocked: they are taken with sigtimedwait */
    sigset_t before;
    pid_t pid;
    bool stopping, killed;
    bool by_terminal; /* the last signal: its whole process group has got it */
    int64_t deadline; /* ns, when stopping: then the rest is killed */
    int64_t look_at;  /* ns: whether the files of TLS have changed */
    int status;
};

/* -- Starting workers ---------------------------------------------------------------------------- */

/* In the child: what is left of the master is its sockets and its settings. The signals that stop
 * stay blocked until the worker watches for them: none is lost, and none is deadly. */
static _Noreturn void become_worker(struct master *m, const struct child *c)
{
    struct gy__serving *s = m->serving;
    gy__process_number_set((int)(c - m->children));
    /* A worker without its master would hold the port, with nobody to end it. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != m->pid)
        _exit(GY__EXIT_FAILED);
    sigset_t mask = m->before;
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGHUP);
    sigaddset(&mask, SIGQUIT);
    if (s->renewable)
        sigaddset(&mask, SIGUSR1);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    s->under_master = true;
    s->listeners.file.path[0] = 0; /* it is the master's to remove */
    gy__free(m->children);
    int status = gy__worker_run(s);
    gy__serving_done(s);
    exit(status);
}

static int start_child(struct master *m, struct child *c)
{
    c->began = gy__clock_now();
    pid_t pid = fork();
    if (pid == 0)
        become_worker(m, c);
    if (pid < 0)
        return -errno;
    c->pid = pid;
    return 0;
}

static int start_all(struct master *m)
{
    fflush(NULL); /* or each worker would write out what is in the buffers */
    for (int i = 0; i < m->serving->workers; i++) {
        int e = start_child(m, &m->children[i]);
        if (e)
            return e;
    }
    return 0;
}

/* -- Stopping ------------------------------------------------------------------------------------ */

static void signal_all(const struct master *m, int signo)
{
    for (int i = 0; i < m->serving->workers; i++)
        if (m->children[i].pid)
            kill(m->children[i].pid, signo);
}

/* The sockets close here first: once the workers have closed theirs, nobody can queue up. */
static void stop(struct master *m, int status)
{
    m->stopping = true;
    m->status = status;
    m->deadline = gy__clock_now() + (int64_t)((m->serving->opts.grace + patience) * GY__NS_PER_S);
    gy__serving_hide(m->serving);
    gy__serving_close(m->serving);
    signal_all(m, SIGTERM);
}

static void kill_all(struct master *m)
{
    m->killed = true;
    signal_all(m, SIGKILL);
}

static void on_stop_signal(struct master *m, int signo)
{
    if (!m->stopping) {
        gy__serving_log_stop(m->serving);
        stop(m, GY__EXIT_DRAINED);
    } else if (!m->killed) {
        m->status = 128 + signo;
        kill_all(m);
    }
}

/* -- Renewing ------------------------------------------------------------------------------------ */

static void renew(struct master *m)
{
    gy__serving_renew(m->serving);
    signal_all(m, m->serving->hangup == GY__HANGUP_IS_NOTHING ? SIGUSR1 : SIGHUP);
}

static int64_t next_look(const struct master *m)
{
    const struct gy__serving *s = m->serving;
    if (!s->certificates.tls || s->opts.tls_check < 0)
        return INT64_MAX;
    return gy__clock_now() + (int64_t)(s->opts.tls_check * GY__NS_PER_S);
}

static void look(struct master *m)
{
    if (m->stopping || gy__clock_now() < m->look_at)
        return;
    if (gy__certificates_look(&m->serving->certificates))
        renew(m);
    m->look_at = next_look(m);
}

/* -- Deaths -------------------------------------------------------------------------------------- */

static void log_death(pid_t pid, int how, int64_t pause)
{
    char cause[64];
    if (WIFSIGNALED(how))
        snprintf(cause, sizeof cause, "was killed by %s", gy__signal_name(WTERMSIG(how)));
    else
        snprintf(cause, sizeof cause, "ended with status %d", WEXITSTATUS(how));
    enum gy_log_level level = how == 0 ? GY_LOG_INFO : GY_LOG_ERROR;
    if (pause > 0)
        gy_log(GY_LOG_GENERAL, level, "worker %d %s; the next starts in %.1f s", (int)pid, cause,
               (double)pause / GY__NS_PER_S);
    else
        gy_log(GY_LOG_GENERAL, level, "worker %d %s; starting another", (int)pid, cause);
}

static bool never_started(const struct master *m, int how)
{
    return WIFEXITED(how) && WEXITSTATUS(how) == GY__EXIT_NO_START &&
           atomic_load(&m->serving->start->ready) == 0;
}

static void on_death(struct master *m, struct child *c, int how)
{
    pid_t pid = c->pid;
    c->pid = 0;
    if (m->stopping)
        return;
    if (never_started(m, how)) {
        stop(m, GY__EXIT_FAILED);
        return;
    }
    int64_t now = gy__clock_now();
    int64_t pause = gy__backoff_next(&c->backoff, now - c->began);
    c->again_at = now + pause;
    log_death(pid, how, pause);
}

/* Only our own are waited for: the application may have children too. */
static void reap(struct master *m)
{
    for (int i = 0; i < m->serving->workers; i++) {
        struct child *c = &m->children[i];
        int how;
        if (c->pid && waitpid(c->pid, &how, WNOHANG) == c->pid)
            on_death(m, c, how);
    }
}

static void replace(struct master *m)
{
    for (int i = 0; i < m->serving->workers && !m->stopping; i++) {
        struct child *c = &m->children[i];
        int64_t now = gy__clock_now();
        if (c->pid || c->again_at > now)
            continue;
        int e = start_child(m, c);
        if (e) {
            c->again_at = now + gy__backoff_next(&c->backoff, 0);
            gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "cannot start a worker: %s", gy_strerror(e));
        }
    }
}

/* -- The master's life --------------------------------------------------------------------------- */

static bool any_left(const struct master *m)
{
    for (int i = 0; i < m->serving->workers; i++)
        if (m->children[i].pid)
            return true;
    return false;
}

/* The next time at which something is due, in ns; INT64_MAX for never. */
static int64_t next_due(const struct master *m)
{
    int64_t due = m->look_at;
    if (m->stopping)
        return m->killed ? INT64_MAX : m->deadline;
    for (int i = 0; i < m->serving->workers; i++)
        if (!m->children[i].pid && m->children[i].again_at < due)
            due = m->children[i].again_at;
    return due;
}

/* A signal that came, or 0 when [due] has passed or there was none. */
static int next_signal(struct master *m, int64_t due)
{
    int64_t ns = due == INT64_MAX ? INT64_MAX : due - gy__clock_now();
    if (ns < 0)
        ns = 0;
    struct timespec ts = {.tv_sec = (time_t)(ns / GY__NS_PER_S),
                          .tv_nsec = (long)(ns % GY__NS_PER_S)};
    siginfo_t info = {.si_code = SI_USER};
    int signo = sigtimedwait(&m->watched, &info, due == INT64_MAX ? NULL : &ts);
    m->by_terminal = info.si_code == SI_KERNEL;
    return signo;
}

static void supervise(struct master *m)
{
    while (!m->stopping || any_left(m)) {
        int signo = next_signal(m, next_due(m));
        if (signo == SIGTERM || signo == SIGINT ||
            (signo == SIGHUP && m->serving->hangup == GY__HANGUP_STOPS))
            on_stop_signal(m, signo);
        else if ((signo == SIGHUP || signo == SIGUSR1) && !m->stopping)
            renew(m);
        if (signo == SIGQUIT && !m->by_terminal)
            signal_all(m, SIGQUIT); /* each prints its tasks */
        look(m);
        reap(m);
        replace(m);
        if (m->stopping && !m->killed && gy__clock_now() >= m->deadline && any_left(m)) {
            gy_log(GY_LOG_GENERAL, GY_LOG_WARNING, "workers that did not end in time are killed");
            kill_all(m);
        }
    }
}

static void watch_signals(struct master *m)
{
    sigemptyset(&m->watched);
    sigaddset(&m->watched, SIGTERM);
    sigaddset(&m->watched, SIGINT);
    sigaddset(&m->watched, SIGQUIT);
    sigaddset(&m->watched, SIGCHLD);
    if (m->serving->hangup != GY__HANGUP_IS_NOTHING)
        sigaddset(&m->watched, SIGHUP);
    if (m->serving->renewable)
        sigaddset(&m->watched, SIGUSR1);
    sigprocmask(SIG_BLOCK, &m->watched, &m->before);
}

int gy__master_run(struct gy__serving *s)
{
    struct master m = {.serving = s, .pid = getpid()};
    m.children = gy__zalloc((size_t)s->workers * sizeof *m.children);
    if (!m.children) {
        atomic_store(&s->start->error, GY_ENOMEM);
        return GY__EXIT_NO_START;
    }
    m.look_at = next_look(&m);
    watch_signals(&m);
    int e = start_all(&m);
    if (e) {
        atomic_store(&s->start->error, e);
        stop(&m, GY__EXIT_FAILED);
    }
    supervise(&m);
    sigprocmask(SIG_SETMASK, &m.before, NULL);
    gy__free(m.children);
    return m.status == GY__EXIT_FAILED ? GY__EXIT_NO_START : m.status;
}
