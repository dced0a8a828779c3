/* SPDX-License-Identifier: MIT */
/* locks.h - what tasks wait for among themselves: locks, events, semaphores and their kin. */
#ifndef GYRE_LOCKS_H
#define GYRE_LOCKS_H

#include <gyre/future.h>
#include <gyre/task.h>

/* All of these lie in the caller's storage, are valid as {0} and need no end; they must stay while
 * somebody waits. They are for the tasks of one loop, not for threads, and hold across waits.
 *
 * Waiting is first come first served: who is woken has what it waited for, and nobody slips in
 * between. A [timeout] is in seconds, GY_FOREVER for no limit, 0 to try; it ends with GY_ETIMEDOUT.
 * A call that need not wait succeeds in a cancelled task too, one that must gives the cancellation.
 * Only inside of a task may a call wait: elsewhere it gives GY_ENOTASK. */

typedef struct gy_lock {
    bool recursive; /* its owner may take it again, and releases it as often */
    /* private */
    gy_waiters waiters;
    gy_task *owner;
    unsigned depth;
} gy_lock;

/* Many readers or one writer; a writer that waits lets no further readers in. */
typedef struct gy_rwlock {
    /* private */
    gy_waiters waiters;
    size_t readers;
    bool writing;
} gy_rwlock;

/* Tells those who wait that something may have changed. */
typedef struct gy_cond {
    gy_waiters waiters;
} gy_cond;

/* Stays set until it is cleared; all who wait go on. */
typedef struct gy_event {
    bool set;
    gy_waiters waiters;
} gy_event;

/* [value] may be taken at the same time: gy_sem s = {.value = 3}. */
typedef struct gy_sem {
    size_t value;
    size_t bound; /* a release past this is GY_EINVAL; 0 is no bound */
    gy_waiters waiters;
} gy_sem;

/* [parties] tasks wait for each other, again and again: gy_barrier b = {.parties = 4}. */
typedef struct gy_barrier {
    size_t parties;
    bool broken;
    /* private */
    size_t waiting;
    gy_waiters waiters;
} gy_barrier;

/* Something that is done by the first who needs it. */
typedef struct gy_once {
    bool done;
    bool running;
    /* private */
    gy_task *runner;
    gy_waiters waiters;
} gy_once;

GY_BEGIN_DECLS

/* 0; -EDEADLK when the task has it already and it is not recursive. Inside a task only. */
GY_API GY_SUSPENDS GY_CHECKED int gy_lock_acquire(gy_lock *l, double timeout);
/* By its owner (from others it is logged, and nothing changes): it goes to the next in the line, who runs
 * in the next round. */
GY_API void gy_lock_release(gy_lock *l);

GY_API GY_SUSPENDS GY_CHECKED int gy_rwlock_read(gy_rwlock *l, double timeout);
GY_API GY_SUSPENDS GY_CHECKED int gy_rwlock_write(gy_rwlock *l, double timeout);
GY_API void gy_rwlock_release(gy_rwlock *l); /* what one has, reading or writing */

/* Wait for a notify. [l], unless it is NULL, is released meanwhile and taken again before this returns,
 * whatever it returns; GY_EINVAL when the task does not have it. */
GY_API GY_SUSPENDS GY_CHECKED int gy_cond_wait(gy_cond *c, gy_lock *l, double timeout);
GY_API void gy_cond_notify(gy_cond *c, size_t n); /* the [n] who have waited longest */
GY_API void gy_cond_notify_all(gy_cond *c);

GY_API GY_SUSPENDS GY_CHECKED int gy_event_wait(gy_event *e, double timeout);
GY_API void gy_event_set(gy_event *e);
GY_API void gy_event_clear(gy_event *e);

GY_API GY_SUSPENDS GY_CHECKED int gy_sem_acquire(gy_sem *s, double timeout);
GY_API int gy_sem_release(gy_sem *s);

/* Wait until all parties do: 0 for the one that came last, else 1. One that gives up (timeout,
 * cancellation) breaks it: the others, and all who come before gy_barrier_reset, get GY_EBROKEN. */
GY_API GY_SUSPENDS GY_CHECKED int gy_barrier_wait(gy_barrier *b, double timeout);
GY_API void gy_barrier_reset(gy_barrier *b); /* those who wait get GY_EBROKEN; it is whole again */

/* Run fn(arg) unless that has been done; who comes meanwhile waits for it. 0 once it is done, or what it
 * gave when that is negative: then it is not done, and the next in the line tries. The cancellation of
 * one who waits; -EDEADLK inside of [fn] itself. */
GY_API GY_SUSPENDS GY_CHECKED int gy_once_run(gy_once *o, gy_task_fn *fn, void *arg);

GY_END_DECLS

#endif
