/* SPDX-License-Identifier: MIT */
/* task.c - tasks: start, run, end, cancel, join. */

#include "loop/task.h"

#include <assert.h>
#include <gyre/error.h>
#include <gyre/log.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "loop/state.h"
#include "loop/wait.h"

void gy__task_init(gy_task *t, gy_loop *loop, gy_task_fn *fn, void *arg, const char *name)
{
    *t = (gy_task){.loop = loop, .fn = fn, .arg = arg, .name = name};
    gy_list_init(&t->link);
    gy_list_add(&loop->tasks, &t->all);
}

gy_task *gy_task_self(void)
{
    return gy__self();
}

const char *gy_task_name(const gy_task *t)
{
    return t && t->name ? t->name : "task";
}

int gy_task_cancelled(void)
{
    gy_task *t = gy__self();
    return t ? gy__task_refusal(t) : 0;
}

/* The life of a fiber: one task after another. */
void gy__fiber_main(void *arg)
{
    struct gy__fiber *fiber = arg;
    struct gy__fibers *f = &fiber->task->loop->fibers;
    gy__instrument_enter(&fiber->instrument, &f->main);
    for (;;) {
        gy_task *t = fiber->task;
        t->result = t->fn(t->arg);
        t->state = GY__TASK_ENDED;
        gy__fiber_leave(f, fiber);
    }
}

/* Whoever waits for it goes on; nothing of it is left but, for its owner, the struct. */
static void depart(gy_task *t)
{
    t->state = GY__TASK_ENDED;
    gy_list_del(&t->all);
    if (!t->background)
        t->loop->task_count--;
    if (t->joiner)
        gy__wake(t->joiner, 0);
    if (t->on_end)
        t->on_end(t);
}

void gy__task_left_open(const gy_task *t)
{
    gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "task \"%s\" returned without %s: a way out is missing it",
           gy_task_name(t), t->deadline ? "gy_deadline_end" : "gy_group_wait");
    abort();
}

static void end(gy_task *t)
{
    gy__task_check_left(t);
    gy__fiber_release(&t->loop->fibers, t->fiber);
    t->fiber = NULL;
    depart(t);
}

static inline void run(gy_task *t)
{
    gy_loop *loop = t->loop;
    assert(t->fiber);
    t->state = GY__TASK_RUNNING;
    loop->current = t;
    gy__fiber_enter(&loop->fibers, t->fiber);
    loop->current = NULL;
    if (t->state == GY__TASK_ENDED)
        end(t);
}

int gy__task_start_now(gy_task *t)
{
    assert(!t->loop->current);
    t->fiber = gy__fiber_take(&t->loop->fibers, t->stack_size);
    if (!t->fiber) {
        gy_list_del(&t->all);
        return GY_ENOMEM;
    }
    t->fiber->task = t;
    if (!t->background)
        t->loop->task_count++;
    run(t);
    return 0;
}

void gy__task_start(gy_task *t)
{
    if (!t->background)
        t->loop->task_count++;
    gy_list_add(&t->loop->ready, &t->link);
}

/* A task for which no stack can be had has failed before it began. */
static void fail_to_begin(gy_task *t)
{
    gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "no stack for task \"%s\": out of memory or mappings",
           gy_task_name(t));
    t->result = t->cancel ? t->cancel : GY_ENOMEM;
    depart(t);
}

static bool has_a_stack(gy_task *t)
{
    t->fiber = gy__fiber_take(&t->loop->fibers, t->stack_size);
    if (!t->fiber)
        return false;
    t->fiber->task = t;
    return true;
}

void gy__tasks_run(gy_loop *loop)
{
    loop->look = false;
    while (!gy_list_empty(&loop->round) && !loop->look) {
        gy_task *t = gy_of(loop->round.next, gy_task, link);
        gy_list_del(&t->link);
        if (t->state == GY__TASK_NEW && !has_a_stack(t))
            fail_to_begin(t);
        else
            run(t);
    }
}

void gy__task_cancel_with(gy_task *t, int code)
{
    if (t->state == GY__TASK_ENDED)
        return;
    if (!t->cancel)
        t->cancel = code;
    if (!t->masked)
        gy__wake(t, t->cancel);
}

void gy_task_cancel(gy_task *t)
{
    gy__task_cancel_with(t, GY_ECANCELED);
}

gy_task *gy_task_new(gy_loop *loop, gy_task_fn *fn, void *arg, const gy_task_opts *opts)
{
    gy_task *t = gy__alloc(sizeof *t);
    if (!t)
        return NULL;
    gy__task_init(t, loop, fn, arg, opts ? opts->name : NULL);
    t->stack_size = opts ? opts->stack_size : 0;
    gy__task_start(t);
    return t;
}

static void end_detached(gy_task *t)
{
    if (t->result < 0 && t->result != GY_ECANCELED && t->result != t->cancel)
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "task \"%s\" failed: %s", gy_task_name(t),
               gy_strerror(t->result));
    gy__free(t);
}

int gy_spawn(gy_task_fn *fn, void *arg, const gy_task_opts *opts)
{
    gy_loop *loop = gy_loop_current();
    if (!loop)
        return GY_ENOTASK;
    gy_task *t = gy_task_new(loop, fn, arg, opts);
    if (!t)
        return GY_ENOMEM;
    t->on_end = end_detached;
    return 0;
}

int gy_task_join(gy_task *t)
{
    gy_task *self = gy__self();
    if (t == self)
        return GY_EINVAL;
    if (self) {
        t->joiner = self;
        if (t->state != GY__TASK_ENDED) {
            int e = gy__park("join", INT64_MAX);
            if (e)
                gy__task_cancel_with(t, e);
        }
        while (t->state != GY__TASK_ENDED)
            gy__park_masked("join");
    }
    while (t->state != GY__TASK_ENDED) {
        int e = gy_loop_turn(t->loop, -1);
        if (e)
            return e;
    }
    int result = t->result;
    gy__free(t);
    return result;
}
