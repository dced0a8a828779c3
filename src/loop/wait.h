/* SPDX-License-Identifier: MIT */
/* wait.h - the one place where a task suspends. */
#ifndef GYRE_LOOP_WAIT_H
#define GYRE_LOOP_WAIT_H

#include <gyre/task.h>
#include <stdint.h>

/* How to wait for anything:
 *   1. leave a pointer to the current task where the thing will be looked for (an io's reader, a
 *      group's waiter, a job's task ...);
 *   2. gy__park: it gives the code of the first to call gy__wake, or GY_ETIMEDOUT, or the
 *      cancellation;
 *   3. take the pointer back.
 * What comes second finds the task no longer parked and does nothing. */

/* Suspend the current task until it is woken, at most until [deadline] (ns on the loop's clock,
 * INT64_MAX: no limit). [what] is shown in reports. A cancelled task does not suspend. Outside a task
 * GY_ENOTASK. */
int gy__park(const char *what, int64_t deadline);

/* The same, whatever cancels the task: for work that must be waited for to its end. */
void gy__park_masked(const char *what);

/* Let everything else that is ready go first, then go on. 0 or the cancellation. */
int gy__park_ready(void);

/* The same for a task that has held the loop for long: not only those that are ready go first, but also
 * what the poller brings. Outside a task 0. */
int gy__park_polled(void);

/* For tests: when set, called each time a task has stopped to wait, on its stack; it may wake or
 * cancel it. */
extern void (*gy__wait_hook)(gy_task *t, const char *what);

/* End the wait of [t] with [code]. Harmless when it does not wait. On the loop's thread. */
void gy__wake(gy_task *t, int code);

#endif
