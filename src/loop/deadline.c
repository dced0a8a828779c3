/* SPDX-License-Identifier: MIT */
/* deadline.c - a limit on the time of a block of code. */

#include <gyre/error.h>
#include <gyre/task.h>

#include "base/clock.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"

static void pass(void *arg)
{
    gy_deadline *d = arg;
    d->passed = true;
    d->task->expired++;
    if (!d->task->masked)
        gy__wake(d->task, GY_ETIMEDOUT);
}

void gy__deadline_pass(gy_deadline *d)
{
    if (!d->task || d->passed)
        return;
    gy_timer_cancel(d->task->loop, &d->timer);
    pass(d);
}

void gy_deadline_begin(gy_deadline *d, double seconds)
{
    gy_task *t = gy__self();
    *d = (gy_deadline){.task = t};
    if (!t)
        return;
    d->outer = t->deadline;
    t->deadline = d;
    if (!(seconds < 0))
        gy_timer_set(t->loop, &d->timer, seconds, pass, d);
}

bool gy_deadline_end(gy_deadline *d)
{
    gy_task *t = d->task;
    if (!t)
        return false;
    if (t->deadline != d) /* one within it was left open */
        gy__task_left_open(t);
    t->deadline = d->outer;
    if (d->passed)
        t->expired--;
    else if (gy_timer_cancel(t->loop, &d->timer))
        d->passed = gy__clock_now() >= d->timer.at; /* it passed while the task computed */
    return d->passed;
}
