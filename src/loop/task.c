/* SPDX-License-Identifier: MIT */
/* task.c - tasks: start, run, end, cancel, join. */

#include "loop/task.h"

#include <assert.h>
#include <gyre/error.h>
#include <gyre/log.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "loop/state.h"
#include "loop/wait.h"

/* Unique in the process; each thread takes many at once. */
static uint64_t next_id(void)
{
    enum { BLOCK = 1 << 20 };
    static atomic_ullong blocks;
    static _Thread_local uint64_t last;
    if (last % BLOCK == 0)
        last = atomic_fetch_add_explicit(&blocks, 1, memory_order_relaxed) * BLOCK;
    return ++last;
}

void gy__task_init(gy_task *t, gy_loop *loop, gy_task_fn *fn, void *arg, const char *name)
{
    gy_task *parent = loop->current;
    *t = (gy_task){
        .loop = loop, .fn = fn, .arg = arg, .name = name, .id = next_id(), .began = loop->now};
    if (parent) {
        t->parent = parent->id;
        t->locals = gy__locals_share(parent->locals);
    }
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

uint64_t gy_task_id(const gy_task *t)
{
    return t ? t->id : 0;
}

gy_future *gy_task_future(gy_task *t)
{
    return &t->ended;
}

bool gy_task_shield(bool on)
{
    gy_task *t = gy__self();
    bool was = t && t->masked;
    if (t)
        t->masked = on;
    return was;
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
    if (t->locals) {
        gy__locals_drop(t->locals);
        t->locals = NULL;
    }
    gy_future_set(&t->ended, t->result, NULL);
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
    gy__beat(&loop->beat);
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

/* A task that is to begin later: its timer wakes it, as one that waits. */
struct delayed {
    gy_task task;
    gy_timer timer;
};

static void begin_delayed(void *arg)
{
    gy_task *t = arg;
    if (t->cancel) /* earlier in this turn: it has ended before its time */
        return;
    t->delayed = false;
    gy__wake(t, 0);
}

static void delay(gy_task *t, double seconds)
{
    struct delayed *d = gy_of(t, struct delayed, task);
    t->delayed = true;
    t->state = GY__TASK_PARKED;
    t->waits_for = "its time to begin";
    t->loop->task_count++;
    gy_timer_set(t->loop, &d->timer, seconds, begin_delayed, t);
}

/* Gives 0 when it has a stack to begin on; else it has ended before it began: for want of one, or
 * cancelled before its time. */
static int begin(gy_task *t)
{
    if (t->delayed) {
        gy_timer_cancel(t->loop, &gy_of(t, struct delayed, task)->timer);
        t->result = t->cancel;
    } else if ((t->fiber = gy__fiber_take(&t->loop->fibers, t->stack_size))) {
        t->fiber->task = t;
        return 0;
    } else {
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "no stack for task \"%s\": out of memory or mappings",
               gy_task_name(t));
        t->result = t->cancel ? t->cancel : GY_ENOMEM;
    }
    depart(t);
    return GY_ECANCELED;
}

void gy__tasks_run(gy_loop *loop)
{
    loop->look = false;
    while (!gy_list_empty(&loop->round) && !loop->look) {
        gy_task *t = gy_of(loop->round.next, gy_task, link);
        gy_list_del(&t->link);
        if (t->fiber || begin(t) == 0)
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
    bool later = opts && opts->delay > 0;
    void *memory = later ? gy__zalloc(sizeof(struct delayed)) : gy__alloc(sizeof(gy_task));
    gy_task *t = memory; /* the first member of both */
    if (!t)
        return NULL;
    gy__task_init(t, loop, fn, arg, opts ? opts->name : NULL);
    t->stack_size = opts ? opts->stack_size : 0;
    if (later)
        delay(t, opts->delay);
    else
        gy__task_start(t);
    return t;
}

static void log_failure(void *arg, const gy_task *t, int code)
{
    (void)arg;
    gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "task \"%s\" failed: %s", gy_task_name(t),
           gy_strerror(code));
}

static gy_failure_fn *on_failure = log_failure;
static void *on_failure_arg;

void gy_on_failure(gy_failure_fn *fn, void *arg)
{
    on_failure = fn ? fn : log_failure;
    on_failure_arg = arg;
}

void gy__task_report(const gy_task *t)
{
    if (t->result < 0 && t->result != GY_ECANCELED && t->result != t->cancel)
        on_failure(on_failure_arg, t, t->result);
}

static void end_detached(gy_task *t)
{
    gy__task_report(t);
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
    if (!t || t == self)
        return GY_EINVAL;
    if (self) {
        int e = gy_future_wait(&t->ended, GY_FOREVER);
        if (!t->ended.done)
            gy__task_cancel_with(t, e);
        bool was = gy_task_shield(true);
        while (!t->ended.done)
            gy_future_wait(&t->ended, GY_FOREVER);
        gy_task_shield(was);
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
