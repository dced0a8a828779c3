/* SPDX-License-Identifier: MIT */
/* task.h - tasks: functions that wait in plain calls while others run. */
#ifndef GYRE_TASK_H
#define GYRE_TASK_H

#include <gyre/export.h>
#include <gyre/future.h>
#include <gyre/list.h>
#include <gyre/loop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
    double delay;      /* seconds before it begins; one that is cancelled before never does */
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

/* A value that belongs to a task and is inherited by the tasks it starts, each of which may set its
 * own. The address of the gy_local, usually static, is the key. */
typedef struct gy_local {
    void (*free_value)(void *value); /* once no task has it any more; NULL does nothing */
} gy_local;

/* Calls fn(arg) every [interval] seconds, as a task. A call that takes longer than that makes it skip
 * those it missed; two never overlap. Set the first five members, start it. */
typedef struct gy_periodic {
    double interval; /* seconds between the starts of two calls */
    double jitter;   /* each interval is longer or shorter by up to this part of it, at random */
    gy_task_fn *fn;  /* a negative result is logged, and it goes on */
    void *arg;
    const char *name;
    /* private */
    gy_loop *loop;
    gy_timer timer;
    int64_t due;
    struct gy__periodic_call *call; /* the one under way */
} gy_periodic;

/* For gy_map: item [index] of what [arg] is. */
typedef int gy_map_fn(void *arg, size_t index);

GY_BEGIN_DECLS

/* Start fn(arg) as a task of its own on this thread's loop: it begins in the next turn. Nobody
 * waits for it; a negative result is logged. 0, GY_ENOMEM, or GY_ENOTASK when this thread has no
 * loop. [opts] may be NULL. */
GY_API GY_CHECKED int gy_spawn(gy_task_fn *fn, void *arg, const gy_task_opts *opts);

/* The same on [loop], on whose thread this is, and gives a task that must be joined. NULL when out of
 * memory. */
GY_API GY_CHECKED gy_task *gy_task_new(gy_loop *loop, gy_task_fn *fn, void *arg,
                                       const gy_task_opts *opts);

/* Wait for it to end, take its result and free it: once. GY_EINVAL for oneself and for NULL. A cancelled
 * caller still waits to the end, after cancelling [t]: nothing is left behind. Outside a task it turns the
 * loop meanwhile. */
GY_API GY_SUSPENDS int gy_task_join(gy_task *t);

/* Its current wait, and all later ones, return GY_ECANCELED. Harmless when it has ended. */
GY_API void gy_task_cancel(gy_task *t);

/* What tells when it has ended, with its result, for gy_wait_any and the like: valid until it is
 * joined. */
GY_API gy_future *gy_task_future(gy_task *t);

/* The running task, or NULL outside of one. */
GY_API gy_task *gy_task_self(void);
GY_API const char *gy_task_name(const gy_task *t);

/* Unique in the process, from 1; 0 for NULL. */
GY_API uint64_t gy_task_id(const gy_task *t);

/* 0, or the code with which this task's waits refuse. */
GY_API int gy_task_cancelled(void);

/* While a task is shielded its waits take no notice of cancellation and of deadlines around them, only
 * of their own timeouts: for cleaning up that has to wait. Gives what was so before, to set it back:
 *     bool was = gy_task_shield(true);
 *     gy_stream_write_str(s, goodbye);
 *     gy_task_shield(was); */
GY_API bool gy_task_shield(bool on);

/* Who is told when a task that gy_spawn started, or a periodic call, has failed: on the loop's stack, must
 * not suspend. NULL restores the line in the log. For all loops: decide it before they run. */
typedef void gy_failure_fn(void *arg, const gy_task *t, int code);
GY_API void gy_on_failure(gy_failure_fn *fn, void *arg);

/* Set or get the current task's value. The task takes [value], also on failure: GY_ENOMEM, or GY_ENOTASK
 * outside a task. Get gives NULL where none was set. */
GY_API GY_CHECKED int gy_local_set(gy_local *key, void *value);
GY_API void *gy_local_get(const gy_local *key);

/* Lines that this task logs from here on, and the tasks it starts, carry [id] (copied; NULL: none
 * more), such as a request's. 0, GY_ENOMEM or GY_ENOTASK. */
GY_API GY_CHECKED int gy_task_set_log_id(const char *id);
GY_API const char *gy_task_log_id(void);

/* Run fn(arg) as the first task of a new loop, turn until all is done, and give its result. */
GY_API int gy_run(gy_task_fn *fn, void *arg);

/* The same; when [seconds] have passed its waits end with GY_ETIMEDOUT. */
GY_API int gy_run_within(double seconds, gy_task_fn *fn, void *arg);

/* Let [seconds] pass. 0, GY_ETIMEDOUT when a deadline around it passed, or a cancellation. Outside
 * a task it blocks the thread. */
GY_API GY_SUSPENDS int gy_sleep(double seconds);

/* Let the others run once. */
GY_API GY_SUSPENDS int gy_yield(void);

/* Wait until [fd] can be read (GY_READABLE) or written (GY_WRITABLE), at most [timeout] seconds
 * (negative: no limit). Gives what is ready, or a negative code: GY_EBUSY when a stream or another
 * wait has it. The descriptor should not block, and must stay open meanwhile. Outside a task it blocks
 * the thread. */
GY_API GY_SUSPENDS GY_CHECKED int gy_wait_fd(int fd, int events, double timeout);

/* Start a child. A failure to start is remembered and comes out of gy_group_wait, which makes
 * checking optional. Waits only when the group has a limit. Inside a task only. */
GY_API GY_SUSPENDS int gy_group_spawn(gy_group *g, gy_task_fn *fn, void *arg);

/* Wait for all children. 0, or the first failure; GY_ETIMEDOUT when the group's time ran out. The
 * group is then empty and may be used again. */
GY_API GY_SUSPENDS GY_CHECKED int gy_group_wait(gy_group *g);
GY_API void gy_group_cancel(gy_group *g);

/* Call fn(arg, 0) ... fn(arg, count - 1), at most [limit] at the same time (0: no limit), in that many
 * tasks which share the items. The first that fails keeps the rest from beginning and cancels those under
 * way; its result is given. Inside a task only. */
GY_API GY_SUSPENDS GY_CHECKED int gy_map(size_t count, size_t limit, gy_map_fn *fn, void *arg);

/* The first call comes after one interval. GY_EINVAL when the interval is not positive, the jitter not
 * within 0 and 1, or there is no [fn]; GY_EBUSY when it has started; GY_ENOTASK when this thread has no
 * loop. Until the stop it keeps gy_run and gy_loop_run_idle turning. After it no call begins; one under
 * way goes on, beside those of a new start too, and [p] may go away all the same. */
GY_API GY_CHECKED int gy_periodic_start(gy_periodic *p);
GY_API void gy_periodic_stop(gy_periodic *p);
GY_API bool gy_periodic_is_running(const gy_periodic *p);

/* Begin and end a deadline, in the same task, properly nested. One of GY_FOREVER, and one outside of a
 * task, never passes. The end gives true when it passed:
 *     gy_deadline d;
 *     gy_deadline_begin(&d, 2.0);
 *     int e = slow_thing();
 *     if (gy_deadline_end(&d)) ... */
GY_API void gy_deadline_begin(gy_deadline *d, double seconds);
GY_API bool gy_deadline_end(gy_deadline *d);

GY_END_DECLS

#endif
