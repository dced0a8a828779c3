/* SPDX-License-Identifier: MIT */
/* wait.c - the one place where a task suspends. */

#include "loop/wait.h"

#include <gyre/error.h>

#include "loop/state.h"
#include "loop/task.h"

void gy__wake(gy_task *t, int code)
{
    if (t->state != GY__TASK_PARKED)
        return;
    t->state = GY__TASK_READY;
    t->wake = code;
    gy_list_add(&t->loop->ready, &t->link);
}

static void suspend(gy_task *t, const char *what)
{
    gy_loop *loop = t->loop;
    if (t->on_park)
        t->on_park(t);
    t->state = GY__TASK_PARKED;
    t->waits_for = what;
    gy__fiber_leave(&loop->fibers, t->fiber);
}

static void time_is_up(void *arg)
{
    gy__wake(arg, GY_ETIMEDOUT);
}

int gy__park(const char *what, int64_t deadline)
{
    gy_task *t = gy_task_self();
    if (!t)
        return GY_ENOTASK;
    if (t->cancel && !t->masked)
        return t->cancel;
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
    gy_task *t = gy_task_self();
    bool was = t->masked;
    t->masked = true;
    suspend(t, what);
    t->masked = was;
}

int gy__park_ready(void)
{
    gy_task *t = gy_task_self();
    if (t->cancel && !t->masked)
        return t->cancel;
    t->state = GY__TASK_READY;
    t->waits_for = "its turn";
    t->wake = 0;
    gy_list_add(&t->loop->ready, &t->link);
    gy__fiber_leave(&t->loop->fibers, t->fiber);
    return t->masked ? 0 : t->cancel;
}
