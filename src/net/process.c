/* SPDX-License-Identifier: MIT */
/* process.c - another program as a child, with streams to it. */

#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <gyre/process.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cpu.h"
#include "loop/child.h"

struct gy_process {
    struct gy__child *child;
    gy_stream *streams[3];
    int pid;
};

/* -- Its three descriptors ----------------------------------------------------------------------- */

/* What a start needs, and what of it has to be closed after. */
struct plumbing {
    int fds[3];       /* the child's */
    bool ours[3];     /* opened for it */
    gy_stream **back; /* three */
};

static int lay_null(struct plumbing *l, int i)
{
    l->fds[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
    l->ours[i] = l->fds[i] >= 0;
    return l->ours[i] ? 0 : -errno;
}

static int lay_pipe(struct plumbing *l, int i)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    l->fds[i] = ends[i ? 1 : 0];
    l->ours[i] = true;
    l->back[i] = i ? gy_pipe_open(ends[0], -1, NULL) : gy_pipe_open(-1, ends[1], NULL);
    return l->back[i] ? 0 : -errno;
}

static int lay(struct plumbing *l, int i, int kind)
{
    if (kind == GY_STDIO_PIPE)
        return lay_pipe(l, i);
    /* A program that finds one of its three closed takes the next file it opens for it. */
    if (kind == GY_STDIO_NULL || (kind == GY_STDIO_INHERIT && fcntl(i, F_GETFD) < 0))
        return lay_null(l, i);
    if (kind == GY_STDIO_STDOUT && i == STDERR_FILENO)
        l->fds[i] = l->fds[STDOUT_FILENO];
    else if (kind == GY_STDIO_INHERIT)
        l->fds[i] = i;
    else if (kind > 0)
        l->fds[i] = kind;
    else
        return GY_EINVAL;
    return 0;
}

static void lift(struct plumbing *l)
{
    for (int i = 0; i < 3; i++)
        if (l->ours[i])
            close(l->fds[i]);
}

/* -- Opening and closing ------------------------------------------------------------------------- */

static void explain(const gy_process_opts *opts, enum gy__spawn_step step, int e, char *why,
                    size_t size)
{
    const char *program = opts->argv && opts->argv[0] ? opts->argv[0] : "";
    if (!why || !size)
        return;
    if (e == GY_EINVAL && !*program)
        snprintf(why, size, "no program was named");
    else if (step == GY__SPAWN_CWD)
        snprintf(why, size, "cannot start \"%s\" in \"%s\": %s", program, opts->cwd,
                 gy_strerror(e));
    else if (step == GY__SPAWN_EXEC && e == -ENOENT && !strchr(program, '/'))
        snprintf(why, size, "cannot start \"%s\": there is no such program along PATH", program);
    else if (step == GY__SPAWN_FDS)
        snprintf(why, size, "cannot start \"%s\": its descriptors: %s", program, gy_strerror(e));
    else
        snprintf(why, size, "cannot start \"%s\": %s", program, gy_strerror(e));
}

static void close_streams(void *arg)
{
    gy_process *p = arg;
    for (int i = 0; i < 3; i++) {
        gy_stream *s = p->streams[i];
        p->streams[i] = NULL;
        gy_stream_close(s);
    }
}

static int start(gy_process *p, const gy_process_opts *opts, enum gy__spawn_step *step)
{
    gy_loop *loop = gy_loop_current();
    const int kinds[3] = {opts->in, opts->out, opts->err};
    struct plumbing l = {.back = p->streams};
    int e = !loop ? GY_ENOTASK : !opts->argv || !opts->argv[0] ? GY_EINVAL : 0;
    for (int i = 0; i < 3 && !e; i++)
        e = lay(&l, i, kinds[i]);
    struct gy__spawn s = {.argv = opts->argv,
                          .env = opts->env,
                          .cwd = opts->cwd,
                          .fds = {l.fds[0], l.fds[1], l.fds[2]},
                          .own_group = !opts->shared_group,
                          .outlive = opts->outlive};
    if (!e)
        e = gy__child_start(loop, &s, &p->child, step);
    lift(&l);
    return e;
}

int gy_process_open(const gy_process_opts *opts, gy_process **out, char *why, size_t size)
{
    enum gy__spawn_step step = GY__SPAWN_PREPARE;
    gy_process *p = gy__zalloc(sizeof *p);
    int e = p ? start(p, opts, &step) : GY_ENOMEM;
    if (e) {
        explain(opts, step, e, why, size);
        gy_process_close(p);
        return e;
    }
    p->pid = p->child->pid;
    p->child->on_loop_end = close_streams;
    p->child->arg = p;
    *out = p;
    return 0;
}

void gy_process_close(gy_process *p)
{
    if (!p)
        return;
    close_streams(p);
    if (p->child)
        gy__child_release(p->child);
    gy__free(p);
}

/* -- While it lives ------------------------------------------------------------------------------ */

gy_stream *gy_process_in(gy_process *p)
{
    return p->streams[0];
}

gy_stream *gy_process_out(gy_process *p)
{
    return p->streams[1];
}

gy_stream *gy_process_err(gy_process *p)
{
    return p->streams[2];
}

int gy_process_id(const gy_process *p)
{
    return p->pid;
}

int gy_process_wait(gy_process *p, double timeout, gy_exit *how)
{
    struct gy__child_end end;
    int e = gy__child_wait(p->child, timeout, &end);
    if (!e && how)
        *how = (gy_exit){end.status, end.signo, end.dumped_core};
    return e;
}

int gy_process_signal(gy_process *p, int signo)
{
    return gy__child_signal(p->child, signo, false);
}

int gy_process_signal_group(gy_process *p, int signo)
{
    return gy__child_signal(p->child, signo, true);
}

void gy_exit_text(const gy_exit *how, char *out, size_t size)
{
    const char *name = how->signo > 0 ? sigabbrev_np(how->signo) : NULL;
    const char *core = how->dumped_core ? " (core dumped)" : "";
    if (how->status >= 0)
        snprintf(out, size, "exited with status %d", how->status);
    else if (name)
        snprintf(out, size, "killed by SIG%s%s", name, core);
    else if (how->signo > 0)
        snprintf(out, size, "killed by signal %d%s", how->signo, core);
    else
        snprintf(out, size, "ended, and nobody knows how");
}

int gy_cpu_count(void)
{
    return gy__cpu_count();
}
