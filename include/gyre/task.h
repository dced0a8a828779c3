/* SPDX-License-Identifier: MIT */
/* task.h - tasks: functions that wait in plain calls while others run. */
#ifndef GYRE_TASK_H
#define GYRE_TASK_H

#include <gyre/export.h>
#include <gyre/list.h>
#include <gyre/loop.h>
#include <stdbool.h>
#include <stddef.h>

/* A task has a stack of its own and runs on the loop that started it. It goes on until it waits:
 * every prototype marked GY_SUSPENDS may let others run.
 *
 * Each wait ends in one of three ways: done, GY_ETIMEDOUT, or cancelled (GY_ECANCELED, or
 * GY_ECLOSED when the client of a request has left). A cancelled task's later waits refuse at once
 * with the same code until it returns, so the code after a wait is where things are cleaned up. */
typedef struct gy_task gy_task;

/* 0 done; negative a failure. */
typedef int gy_task_fn(void *arg);

typedef struct gy_task_opts {
    const char *name;  /* for reports; borrows it until the task ends */
    size_t stack_size; /* bytes, rounded up to a power of two; 0 is 256 KiB of address space */
} gy_task_opts;

/* Children that cannot outlive their parent's wait. {0} is valid, and so is { .timeout = 2.0 }.
 * Because gy_group_wait does not return before the last child has, arguments may point into the
 * parent's stack. The first child that fails cancels the others.
 *
 * Every way out after the first gy_group_spawn goes through gy_group_wait. A task or handler that
 * returns without has children that write to what is no more: the program then says so and aborts. */
typedef struct gy_group {
    double timeout;    /* seconds from the first spawn for all together; 0 is no limit */
    size_t limit;      /* at most so many at once: gy_group_spawn waits; 0 is no limit */
    size_t stack_size; /* for the children; 0 is the default */
    const char *name;
    /* private */
    gy_list children;
    struct gy_task *waiter;
    struct gy_task *owner; /* on whose stack it lies, until it was waited for */
    gy_timer timer;
    size_t running;
    int error;
    bool started, cancelled;
} gy_group;

/* A limit on the time of a block of code: while it stands, waits of this task end with
 * GY_ETIMEDOUT once it has passed. Deadlines nest; the nearest rules. Every way out goes through
 * gy_deadline_end: a task or handler that returns without has the program say so and abort. */
typedef struct gy_deadline {
    gy_timer timer;
    struct gy_task *task;
    struct gy_deadline *outer;
    bool passed;
} gy_deadline;

GY_BEGIN_DECLS

/* Start fn(arg) as a task of its own on this thread's loop: it begins in the next turn. Nobody
 * waits for it; a negative result is logged. 0, GY_ENOMEM, or GY_ENOTASK when this thread has no
 * loop. [opts] may be NULL. */
GY_API GY_CHECKED int gy_spawn(gy_task_fn *fn, void *arg, const gy_task_opts *opts);

/* The same on [loop], on whose thread this is, and gives a task that must be joined. NULL when out of
 * memory. */
GY_API GY_CHECKED gy_task *gy_task_new(gy_loop *loop, gy_task_fn *fn, void *arg,
                                       const gy_task_opts *opts);

/* Wait for it to end, take its result and free it: once. GY_EINVAL for oneself. A cancelled caller still
 * waits to the end, after cancelling [t]: nothing is left behind. Outside a task it turns the loop
 * meanwhile. */
GY_API GY_SUSPENDS int gy_task_join(gy_task *t);

/* Its current wait, and all later ones, return GY_ECANCELED. Harmless when it has ended. */
GY_API void gy_task_cancel(gy_task *t);

/* The running task, or NULL outside of one. */
GY_API gy_task *gy_task_self(void);
GY_API const char *gy_task_name(const gy_task *t);

/* 0, or the code with which this task's waits refuse. */
GY_API int gy_task_cancelled(void);

/* Run fn(arg) as the first task of a new loop, turn until all is done, and give its result. */
GY_API int gy_run(gy_task_fn *fn, void *arg);

/* Let [seconds] pass. 0, GY_ETIMEDOUT when a deadline around it passed, or a cancellation. Outside
 * a task it blocks the thread. */
GY_API GY_SUSPENDS int gy_sleep(double seconds);

/* Let the others run once. */
GY_API GY_SUSPENDS int gy_yield(void);

/* Wait until [fd] can be read (GY_READABLE) or written (GY_WRITABLE), at most [timeout] seconds
 * (negative: no limit). Gives what is ready, or a negative code: GY_EBUSY when a stream or another
 * wait has it. The descriptor should not block, and must stay open meanwhile. Outside a task it blocks
 * the thread. */
enum { GY_READABLE = 1, GY_WRITABLE = 2 };
GY_API GY_SUSPENDS GY_CHECKED int gy_wait_fd(int fd, int events, double timeout);

/* Start a child. A failure to start is remembered and comes out of gy_group_wait, which makes
 * checking optional. Waits only when the group has a limit. Inside a task only. */
GY_API GY_SUSPENDS int gy_group_spawn(gy_group *g, gy_task_fn *fn, void *arg);

/* Wait for all children. 0, or the first failure; GY_ETIMEDOUT when the group's time ran out. The
 * group is then empty and may be used again. */
GY_API GY_SUSPENDS GY_CHECKED int gy_group_wait(gy_group *g);
GY_API void gy_group_cancel(gy_group *g);

/* Begin and end a deadline, in the same task, properly nested. Outside a task it never passes. The
 * end gives true when it passed:
 *     gy_deadline d;
 *     gy_deadline_begin(&d, 2.0);
 *     int e = slow_thing();
 *     if (gy_deadline_end(&d)) ... */
GY_API void gy_deadline_begin(gy_deadline *d, double seconds);
GY_API bool gy_deadline_end(gy_deadline *d);

/* Run fn(arg) on a thread of the pool and wait for its result; the loop goes on meanwhile. The job
 * sees only its argument, never a request. Once it runs it cannot be cancelled: a cancelled caller
 * waits until it is done, since the job may be using the caller's stack; one that has not begun is
 * taken back. The job's result, or GY_ENOMEM, or the cancellation. Outside a task the job runs
 * here. */
GY_API GY_SUSPENDS GY_CHECKED int gy_offload(gy_task_fn *fn, void *arg);

/* Threads in the pool, from the next job on, 1 to 1024 (else GY_EINVAL); the default is 4 + the
 * number of CPUs, at most 36. */
GY_API GY_CHECKED int gy_offload_threads(unsigned count);

GY_END_DECLS

#endif
