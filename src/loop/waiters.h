/* SPDX-License-Identifier: MIT */
/* waiters.h - a line of tasks that wait for something, first come first served. */
#ifndef GYRE_LOOP_WAITERS_H
#define GYRE_LOOP_WAITERS_H

#include <gyre/future.h>
#include <stdbool.h>
#include <stdint.h>

/* One place in a line, on the stack of the task that waits. */
struct gy__waiter {
    struct gy__waiter *next, *prev;
    gy_waiters *line; /* NULL: in none any more */
    struct gy_task *task;
    void *what; /* what it wants or was given: between the two sides */
    int code;   /* with which it was served */
    bool served;
};

/* Put the current task at the end of the line. */
void gy__waiter_join(gy_waiters *line, struct gy__waiter *w);

/* Take it out; nothing when it has been served or taken out. */
void gy__waiter_leave(struct gy__waiter *w);

/* Serve the first in the line with [code], or this one, and wake its task. What it was given it has, even
 * when its time ran out or it was cancelled in the same moment. The first: NULL when nobody waits. */
struct gy__waiter *gy__waiters_serve(gy_waiters *line, int code);
void gy__waiter_serve(struct gy__waiter *w, int code);
void gy__waiters_serve_all(gy_waiters *line, int code);

/* Wait in the line until served, at most [timeout] seconds (negative: no limit; 0: not at all). The
 * code with which it was served, GY_ETIMEDOUT, the cancellation, or GY_ENOTASK. Suspends unless
 * [timeout] is 0. [w] need only have what the two sides put there; w->served tells whether the code is
 * that of a server. */
int gy__waiters_wait(gy_waiters *line, struct gy__waiter *w, double timeout, const char *what);

/* The same inside a task, until a time of the loop's clock in ns (INT64_MAX: no limit). */
int gy__waiters_wait_until(gy_waiters *line, struct gy__waiter *w, int64_t until, const char *what);

/* When a wait of [seconds] that begins now ends, for gy__park: INT64_MAX for a negative one. */
int64_t gy__wait_until(double seconds);

#endif
