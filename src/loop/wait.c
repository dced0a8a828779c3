/* SPDX-License-Identifier: MIT */
/* wait.c - the one place where a task suspends. */

#include "loop/wait.h"

#include <gyre/error.h>

#include "loop/state.h"
#include "loop/task.h"

void (*gy__wait_hook)(gy_task *t, const char *what);

void gy__wake(gy_task *t, int code)
{
    if (t->state != GY__TASK_PARKED)
        return;
    t->state = GY__TASK_READY;
    t->wake = code;
    gy_list_add(&t->loop->ready, &t->link);
}

static void leave(gy_task *t, const char *what)
{
    t->waits_for = what;
    if (__builtin_expect(gy__wait_hook != NULL, 0))
        gy__wait_hook(t, what);
    gy__fiber_leave(&t->loop->fibers, t->fiber);
}

static void suspend(gy_task *t, const char *what)
{
    t->state = GY__TASK_PARKED;
    leave(t, what);
}

static void time_is_up(void *arg)
{
    gy__wake(arg, GY_ETIMEDOUT);
}

/* What is done before a wait may wake the task already, or cancel it: then it does not suspend. True
 * when t->wake has the code. */
static bool is_woken_before(gy_task *t)
{
    if (!t->on_park)
        return false;
    t->state = GY__TASK_PARKED;
    t->on_park(t);
    bool woken = t->state == GY__TASK_READY;
    if (woken)
        gy_list_del(&t->link);
    t->state = GY__TASK_RUNNING;
    return woken;
}

int gy__park(const char *what, int64_t deadline)
{
    gy_task *t = gy__self();
    if (!t)
        return GY_ENOTASK;
    int refusal = gy__task_refusal(t);
    if (refusal)
        return refusal;
    if (is_woken_before(t))
        return t->wake;
    if (deadline == INT64_MAX) {
        suspend(t, what);
        return t->wake;
    }
    gy_timer timer = {.state = 0};
    gy__timer_at(t->loop, &timer, deadline, time_is_up, t);
    suspend(t, what);
    gy_timer_cancel(t->loop, &timer);
    return t->wake;
}

void gy__park_masked(const char *what)
{
    gy_task *t = gy__self();
    bool was = t->masked;
    t->masked = true;
    if (!is_woken_before(t))
        suspend(t, what);
    t->masked = was;
}

int gy__park_ready(void)
{
    gy_task *t = gy__self();
    int refusal = gy__task_refusal(t);
    if (refusal)
        return refusal;
    t->state = GY__TASK_READY;
    t->wake = 0;
    gy_list_add(&t->loop->ready, &t->link);
    leave(t, "its turn");
    return gy__task_refusal(t);
}

int gy__park_polled(void)
{
    gy_task *t = gy__self();
    if (!t)
        return 0;
    t->loop->look = true;
    return gy__park_ready();
}
