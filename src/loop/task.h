/* SPDX-License-Identifier: MIT */
/* task.h - what a task consists of. */
#ifndef GYRE_LOOP_TASK_H
#define GYRE_LOOP_TASK_H

#include <gyre/error.h>
#include <gyre/list.h>
#include <gyre/task.h>
#include <stdbool.h>
#include <stdint.h>

#include "loop/local.h"

struct gy__fiber;

enum gy__task_state {
    GY__TASK_NEW,
    GY__TASK_READY,
    GY__TASK_RUNNING,
    GY__TASK_PARKED,
    GY__TASK_ENDED
};

struct gy_task {
    gy_list link; /* in loop->ready */
    gy_list all;  /* in loop->tasks */
    gy_loop *loop;
    struct gy__fiber *fiber; /* from its first run to its end */
    gy_task_fn *fn;
    void *arg;
    const char *name;
    const char *waits_for; /* while it is parked */
    size_t stack_size;
    uint64_t id, parent;       /* the parent: who started it */
    int64_t began;             /* ns; it, or the piece of work that it does */
    struct gy__locals *locals; /* its own reference */
    gy_future ended;
    gy_task *next_waiter;        /* among those that wait for the same group */
    gy_deadline *deadline;       /* the innermost */
    void (*on_end)(gy_task *t);  /* on the loop's stack; may free the task */
    void (*on_park)(gy_task *t); /* before it suspends; must not suspend itself */
    int wake;                    /* with what it was woken */
    int cancel;                  /* with what its waits refuse, 0 while they do not */
    unsigned expired; /* deadlines that have passed and not ended: its waits refuse too */
    unsigned groups;  /* on its stack, begun and not waited for */
    int result;
    uint8_t state;
    bool masked;     /* waits ignore cancellation */
    bool delayed;    /* has not begun, and a timer follows in memory: see struct gy__delayed */
    bool background; /* does not keep gy_loop_run_idle turning */
};

/* A task in the caller's storage, which must stay until on_end has run. It begins with
 * gy__task_start in the next round, or with gy__task_start_now at once. */
void gy__task_init(gy_task *t, gy_loop *loop, gy_task_fn *fn, void *arg, const char *name);
/* 0, or GY_ENOMEM when no stack can be had (on_end is then not run). Now: on the loop's own stack. */
int gy__task_start_now(gy_task *t);
void gy__task_start(gy_task *t);

/* Its current wait and all later ones end with [code]. */
void gy__task_cancel_with(gy_task *t, int code);

/* Let it pass now, however much of its time is left. On the loop's thread. */
void gy__deadline_pass(gy_deadline *d);

/* Tell of the failure of one that nobody waits for, unless it is that it was cancelled. */
void gy__task_report(const gy_task *t);

/* Between two pieces of work of one task: a cancellation, a shield and what was set for the last one are
 * not for the next. */
static inline void gy__task_renew(gy_task *t)
{
    struct gy__locals *locals = t->locals;
    t->cancel = 0;
    t->masked = false;
    if (__builtin_expect(locals != NULL, 0)) {
        t->locals = NULL;
        gy__locals_drop(locals);
    }
}

/* Whoever returns with a deadline or a group of its own still open has left a timer or children that
 * write to its stack, where something else lies by now. Nothing can be saved: say what is missing. */
_Noreturn void gy__task_left_open(const gy_task *t);

static inline void gy__task_check_left(const gy_task *t)
{
    if (__builtin_expect(t->deadline || t->groups, 0))
        gy__task_left_open(t);
}

/* With what a wait of [t] refuses, or 0. */
static inline int gy__task_refusal(const gy_task *t)
{
    if (!(t->cancel | (int)t->expired) || t->masked)
        return 0;
    return t->cancel ? t->cancel : GY_ETIMEDOUT;
}

/* Run the tasks of loop->round, each until it waits or ends; until one says that it took long. On the
 * loop's own stack. */
void gy__tasks_run(gy_loop *loop);

#endif
