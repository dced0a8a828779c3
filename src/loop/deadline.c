/* SPDX-License-Identifier: MIT */
/* deadline.c - a limit on the time of a block of code. */

#include <gyre/error.h>
#include <gyre/task.h>

#include "loop/state.h"
#include "loop/task.h"

static void pass(void *arg)
{
    gy_deadline *d = arg;
    d->passed = true;
    gy__task_cancel_with(d->task, GY_ETIMEDOUT);
}

void gy_deadline_begin(gy_deadline *d, double seconds)
{
    gy_task *t = gy_task_self();
    *d = (gy_deadline){.task = t};
    if (!t)
        return;
    d->outer = t->deadline;
    t->deadline = d;
    gy_timer_set(t->loop, &d->timer, seconds, pass, d);
}

bool gy_deadline_end(gy_deadline *d)
{
    gy_task *t = d->task;
    if (!t)
        return false;
    gy_timer_cancel(t->loop, &d->timer);
    t->deadline = d->outer;
    if (!d->passed || t->cancel != GY_ETIMEDOUT)
        return d->passed;
    /* The task is free again, unless a deadline around this one has passed as well. */
    t->cancel = 0;
    for (gy_deadline *o = d->outer; o; o = o->outer)
        if (o->passed)
            t->cancel = GY_ETIMEDOUT;
    return true;
}
