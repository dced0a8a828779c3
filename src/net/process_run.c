/* SPDX-License-Identifier: MIT */
/* process_run.c - another program from its start to its end: input in, output out. */

#include <gyre/error.h>
#include <gyre/process.h>
#include <gyre/task.h>
#include <signal.h>

#include "base/alloc.h"
#include "base/buf.h"

#define MAX_OUTPUT ((size_t)100 * 1024 * 1024)

enum { PIECE = 64 * 1024 };

/* Seconds for those that a program leaves behind, and that hold its pipes, to close them. What has been
 * written is read in any case. */
static const double linger = 0.5;

struct run {
    gy_process *process;
    gy_str input;
    struct gy__buf out, err;
    bool draining; /* it has ended: only what is in the pipes is still wanted */
    int error;     /* the first of those that feed it and read from it */
};

/* Nobody reads what a program writes any more: it must not wait for that for ever. */
static int fail(struct run *r, int e)
{
    if (r->draining && (e == GY_ECANCELED || e == GY_ETIMEDOUT))
        return 0;
    if (!r->error)
        r->error = e;
    gy_process_signal_group(r->process, SIGKILL);
    return e;
}

static int feed(void *arg)
{
    struct run *r = arg;
    gy_stream *s = gy_process_in(r->process);
    int e = gy_stream_write_str(s, r->input);
    if (!e)
        e = gy_stream_shutdown(s);
    /* It may leave as much unread as it likes. */
    return e && e != GY_ECLOSED ? fail(r, e) : 0;
}

static int collect(struct run *r, gy_stream *s, struct gy__buf *b)
{
    gy_str some;
    int e;
    while (!(e = gy_stream_read(s, PIECE, &some)))
        if ((e = gy__buf_add(b, some.ptr, some.len)))
            break;
    return e == GY_EOF ? 0 : fail(r, e);
}

static int collect_out(void *arg)
{
    struct run *r = arg;
    return collect(r, gy_process_out(r->process), &r->out);
}

static int collect_err(void *arg)
{
    struct run *r = arg;
    return collect(r, gy_process_err(r->process), &r->err);
}

/* To the end, come what may: nothing of it is left when this returns. */
static void put_an_end_to(struct run *r)
{
    bool was = gy_task_shield(true);
    gy_process_signal_group(r->process, SIGKILL);
    gy_process_signal(r->process, SIGKILL);
    (void)!gy_process_wait(r->process, GY_FOREVER, NULL);
    gy_task_shield(was);
}

static int start_pumps(struct run *r, gy_group *g)
{
    int e = gy_process_in(r->process) ? gy_group_spawn(g, feed, r) : 0;
    if (!e && gy_process_out(r->process))
        e = gy_group_spawn(g, collect_out, r);
    if (!e && gy_process_err(r->process))
        e = gy_group_spawn(g, collect_err, r);
    return e;
}

/* Also waits for the tasks of [g]. */
static int drain(struct run *r, gy_group *g)
{
    gy_deadline d;
    r->draining = true;
    gy_deadline_begin(&d, linger);
    int e = gy_group_wait(g);
    bool over = gy_deadline_end(&d);
    /* Whoever is at the pipes still has had its time; a caller that is cancelled wants nothing. */
    if (r->error)
        return r->error;
    return over || !e ? gy_task_cancelled() : e;
}

static int run(struct run *r, double timeout, gy_exit *how)
{
    gy_group g = {.name = "process"};
    int e = start_pumps(r, &g);
    if (!e)
        e = gy_process_wait(r->process, timeout > 0 ? timeout : GY_FOREVER, how);
    if (!e)
        return drain(r, &g);
    put_an_end_to(r);
    gy_group_cancel(&g);
    (void)!gy_group_wait(&g);
    return e;
}

/* 0 and what is in [b], which goes over to the arena. */
static int hand_over(gy_arena *arena, struct gy__buf *b, gy_str *out)
{
    struct gy__buf taken = *b;
    gy__buf_init(b, 0);
    *out = gy__buf_str(&taken);
    return taken.data ? gy_defer(arena, gy__free, taken.data) : 0;
}

/* What is nothing else becomes a pipe; no input is an input that has ended. */
static int plan(gy_process_opts *o, gy_str input)
{
    if (input.len && o->in != GY_STDIO_INHERIT && o->in != GY_STDIO_PIPE)
        return GY_EINVAL;
    if (o->in == GY_STDIO_INHERIT || o->in == GY_STDIO_PIPE)
        o->in = input.len ? GY_STDIO_PIPE : GY_STDIO_NULL;
    if (o->out == GY_STDIO_INHERIT)
        o->out = GY_STDIO_PIPE;
    if (o->err == GY_STDIO_INHERIT)
        o->err = GY_STDIO_PIPE;
    return 0;
}

int gy_process_run(gy_arena *arena, const gy_process_opts *opts, gy_str input, gy_run_result *out)
{
    gy_process_opts o = *opts;
    size_t max = o.max_output ? o.max_output : MAX_OUTPUT;
    const gy_str nothing = gy_str_n("", 0);
    struct run r = {.input = input};
    *out = (gy_run_result){.out = nothing, .err = nothing};
    if (!gy_task_self())
        return GY_ENOTASK;
    int e = gy_task_cancelled();
    if (!e)
        e = plan(&o, input);
    if (!e)
        e = gy_process_open(&o, &r.process, NULL, 0);
    if (e)
        return e;
    gy__buf_init(&r.out, max);
    gy__buf_init(&r.err, max);
    e = run(&r, o.timeout, &out->exit);
    gy_process_close(r.process);
    if (!e)
        e = hand_over(arena, &r.out, &out->out);
    if (!e)
        e = hand_over(arena, &r.err, &out->err);
    gy__buf_done(&r.out);
    gy__buf_done(&r.err);
    if (e)
        out->out = out->err = nothing;
    return e;
}
