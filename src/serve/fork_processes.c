/* SPDX-License-Identifier: MIT */
/* fork_processes.c - this program several times, for those who bring a loop of their own. */
#include <errno.h>
#include <gyre/error.h>
#include <gyre/loop.h>
#include <gyre/process.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "serve/serving.h"

static int process_number = -1;

int gy_process_number(void)
{
    return process_number;
}

void gy__process_number_set(int number)
{
    process_number = number;
}

struct family {
    pid_t *pids; /* by number; 0 while there is none */
    int count, left, restarts;
    sigset_t watched; /* blocked: they are taken with sigwaitinfo */
    sigset_t before;
    struct sigaction on_child; /* as it was */
    pid_t parent;
    bool stopping;
    int error;
};

/* What a parent is to be told of must not be ignored, or there would be nothing to wait for. */
static void watch_signals(struct family *f)
{
    const struct sigaction tell = {.sa_handler = SIG_DFL};
    sigemptyset(&f->watched);
    sigaddset(&f->watched, SIGTERM);
    sigaddset(&f->watched, SIGINT);
    sigaddset(&f->watched, SIGCHLD);
    sigprocmask(SIG_BLOCK, &f->watched, &f->before);
    sigaction(SIGCHLD, &tell, &f->on_child);
}

static void forget_signals(const struct family *f)
{
    sigaction(SIGCHLD, &f->on_child, NULL);
    sigprocmask(SIG_SETMASK, &f->before, NULL);
}

static void signal_all(const struct family *f, int signo)
{
    for (int i = 0; i < f->count; i++)
        if (f->pids[i])
            kill(f->pids[i], signo);
}

static void stop(struct family *f, int error)
{
    f->stopping = true;
    if (!f->error)
        f->error = error;
    signal_all(f, SIGTERM);
}

/* In the child 1: it goes its own way. Without its parent it would go on with nobody to end it. */
static int start(struct family *f, int number)
{
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid > 0) {
        f->pids[number] = pid;
        f->left++;
        return 0;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != f->parent)
        _exit(EXIT_FAILURE);
    process_number = number;
    return 1;
}

/* As for a start, for one that has ended. */
static int replace(struct family *f, int number, int how)
{
    char cause[64];
    if (f->stopping || how == 0)
        return 0;
    if (WIFSIGNALED(how))
        snprintf(cause, sizeof cause, "was killed by %s", gy__signal_name(WTERMSIG(how)));
    else
        snprintf(cause, sizeof cause, "ended with status %d", WEXITSTATUS(how));
    bool again = f->restarts > 0;
    gy_log(GY_LOG_GENERAL, GY_LOG_WARNING, "process %d %s; %s", number, cause,
           again ? "starting another" : "too often: giving up");
    if (!again) {
        stop(f, GY_EBROKEN);
        return 0;
    }
    f->restarts--;
    int e = start(f, number);
    if (e < 0) {
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "cannot start process %d: %s", number, gy_strerror(e));
        stop(f, e);
    }
    return e;
}

/* Only our own are waited for: the program may have children too. 1 in a child. */
static int reap(struct family *f)
{
    for (int i = 0; i < f->count; i++) {
        int how;
        if (!f->pids[i] || waitpid(f->pids[i], &how, WNOHANG) != f->pids[i])
            continue;
        f->pids[i] = 0;
        f->left--;
        if (replace(f, i, how) == 1)
            return 1;
    }
    return 0;
}

/* 1 in a child; 0 in the parent, once all have ended. */
static int live(struct family *f)
{
    for (int i = 0; i < f->count && !f->stopping; i++) {
        int e = start(f, i);
        if (e == 1)
            return 1;
        if (e < 0)
            stop(f, e);
    }
    while (f->left > 0) {
        int signo = sigwaitinfo(&f->watched, NULL);
        if (signo == SIGTERM || signo == SIGINT) {
            f->stopping = true;
            signal_all(f, signo);
        }
        if (reap(f) == 1)
            return 1;
    }
    return 0;
}

int gy_fork_processes(int count, int max_restarts)
{
    struct family f = {.count = count ? count : gy_cpu_count(),
                       .restarts = max_restarts < 0 ? 100 : max_restarts,
                       .parent = getpid()};
    if (count < 0)
        return GY_EINVAL;
    if (gy_loop_current())
        return GY_EBUSY;
    f.pids = gy__zalloc((size_t)f.count * sizeof *f.pids);
    if (!f.pids)
        return GY_ENOMEM;
    fflush(NULL); /* or each would write out what is in the buffers */
    watch_signals(&f);
    bool child = live(&f) == 1;
    forget_signals(&f);
    gy__free(f.pids);
    if (child)
        return process_number;
    return f.error ? f.error : GY_PARENT;
}
