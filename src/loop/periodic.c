/* SPDX-License-Identifier: MIT */
/* periodic.c - calls that come again and again. */

#include <gyre/error.h>
#include <gyre/log.h>
#include <gyre/task.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "loop/state.h"
#include "loop/task.h"

/* One call, in a task of its own. It has what it needs of its periodic, which may go away. */
struct gy__periodic_call {
    gy_task task;
    gy_periodic *periodic; /* NULL: it was stopped */
    gy_task_fn *fn;
    void *arg;
};

static void begin_call(void *arg);

static int64_t add(int64_t a, int64_t b)
{
    return b > INT64_MAX - a ? INT64_MAX : a + b;
}

static int64_t interval_of(const gy_periodic *p)
{
    int64_t ns = gy__seconds(p->interval);
    return ns > 0 ? ns : 1;
}

/* Without random bytes there is no jitter. */
static int64_t draw_interval(const gy_periodic *p)
{
    uint32_t r;
    if (!(p->jitter > 0) || gy__random(&r, sizeof r))
        return interval_of(p);
    double by = p->jitter * (2 * ((double)r / UINT32_MAX) - 1);
    return gy__seconds((1 + by) * p->interval);
}

/* One interval after the last was due; what is past already is skipped, in whole intervals. */
static void set_next(gy_periodic *p, int64_t now)
{
    int64_t interval = interval_of(p);
    p->due = add(p->due, draw_interval(p));
    if (p->due <= now)
        p->due = add(p->due, ((now - p->due) / interval + 1) * interval);
    gy__timer_at(p->loop, &p->timer, p->due, begin_call, p);
}

static int run_call(void *arg)
{
    struct gy__periodic_call *c = arg;
    return c->periodic ? c->fn(c->arg) : 0; /* it may have been stopped just before it began */
}

static void end_call(gy_task *t)
{
    struct gy__periodic_call *c = gy_of(t, struct gy__periodic_call, task);
    gy_periodic *p = c->periodic;
    if (p) {
        p->call = NULL;
        if (t->cancel != GY_ESHUTDOWN) /* the loop is being freed */
            set_next(p, gy__clock_now());
    }
    gy__task_report(t);
    gy__free(c);
}

static void begin_call(void *arg)
{
    gy_periodic *p = arg;
    struct gy__periodic_call *c = gy__alloc(sizeof *c);
    if (!c) {
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "no call of \"%s\": out of memory",
               p->name ? p->name : "periodic");
        set_next(p, gy__clock_now());
        return;
    }
    gy__task_init(&c->task, p->loop, run_call, c, p->name ? p->name : "periodic");
    c->task.on_end = end_call;
    c->periodic = p;
    c->fn = p->fn;
    c->arg = p->arg;
    p->call = c;
    gy__task_start(&c->task);
}

bool gy_periodic_is_running(const gy_periodic *p)
{
    return p->call || gy_timer_is_set(&p->timer);
}

int gy_periodic_start(gy_periodic *p)
{
    gy_loop *loop = gy_loop_current();
    if (!(p->interval > 0) || !(p->jitter >= 0 && p->jitter <= 1) || !p->fn)
        return GY_EINVAL;
    if (gy_periodic_is_running(p))
        return GY_EBUSY;
    if (!loop)
        return GY_ENOTASK;
    p->loop = loop;
    p->due = gy__clock_now();
    set_next(p, p->due);
    return 0;
}

void gy_periodic_stop(gy_periodic *p)
{
    gy_timer_cancel(p->loop, &p->timer);
    if (p->call)
        p->call->periodic = NULL;
    p->call = NULL;
}
