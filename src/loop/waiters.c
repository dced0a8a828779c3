/* SPDX-License-Identifier: MIT */
/* waiters.c - a line of tasks that wait for something, first come first served. */

#include "loop/waiters.h"

#include <gyre/error.h>

#include "base/clock.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"

void gy__waiter_join(gy_waiters *line, struct gy__waiter *w)
{
    w->task = gy__self();
    w->line = line;
    w->served = false;
    w->next = NULL;
    w->prev = line->last;
    if (line->last)
        line->last->next = w;
    else
        line->first = w;
    line->last = w;
}

void gy__waiter_leave(struct gy__waiter *w)
{
    gy_waiters *line = w->line;
    if (!line)
        return;
    if (w->prev)
        w->prev->next = w->next;
    else
        line->first = w->next;
    if (w->next)
        w->next->prev = w->prev;
    else
        line->last = w->prev;
    w->line = NULL;
}

void gy__waiter_serve(struct gy__waiter *w, int code)
{
    gy__waiter_leave(w);
    w->served = true;
    w->code = code;
    gy__wake(w->task, 0);
}

struct gy__waiter *gy__waiters_serve(gy_waiters *line, int code)
{
    struct gy__waiter *first = line->first;
    if (first)
        gy__waiter_serve(first, code);
    return first;
}

void gy__waiters_serve_all(gy_waiters *line, int code)
{
    while (line->first)
        gy__waiter_serve(line->first, code);
}

int64_t gy__wait_until(double seconds)
{
    if (seconds < 0)
        return INT64_MAX;
    int64_t now = gy__clock_now();
    int64_t ns = gy__seconds(seconds);
    return ns >= INT64_MAX - now ? INT64_MAX : now + ns;
}

int gy__waiters_wait_until(gy_waiters *line, struct gy__waiter *w, int64_t until, const char *what)
{
    int e;
    gy__waiter_join(line, w);
    /* Who was about to park may have been woken by its own preparations, and not for this. */
    do
        e = gy__park(what, until);
    while (!e && !w->served);
    gy__waiter_leave(w);
    return w->served ? w->code : e;
}

int gy__waiters_wait(gy_waiters *line, struct gy__waiter *w, double timeout, const char *what)
{
    w->served = false;
    if (timeout == 0)
        return GY_ETIMEDOUT;
    if (!gy__self())
        return GY_ENOTASK;
    return gy__waiters_wait_until(line, w, gy__wait_until(timeout), what);
}
