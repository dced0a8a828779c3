/* SPDX-License-Identifier: MIT */
/* await.c - a callback of somebody else's turned into a wait. */

#include <gyre/error.h>
#include <gyre/future.h>

#include "loop/mailbox.h"
#include "loop/state.h"
#include "loop/wait.h"

/* Lies on the stack of the task, which goes on only when [done] was seen, on its own thread: so whoever
 * sets that, or sends the letter that will, looks at nothing of it afterwards. */
struct gy_waker {
    gy_loop *loop;
    gy_task *task;
    const void *thread; /* whose loop it is */
    int result;
    bool done;    /* written and read on that thread */
    bool waiting; /* [task] waits for this, and not inside of start for something else */
    struct gy__mail mail;
};

/* Different on each thread. */
static const void *this_thread(void)
{
    return &gy__loop_tls;
}

static void arrive(void *arg)
{
    struct gy_waker *w = arg;
    w->done = true;
    if (w->waiting)
        gy__wake(w->task, 0);
}

void gy_wake(gy_waker *w, int result)
{
    w->result = result;
    /* On its own thread, but not inside of a turn, the loop might not look soon: then by mail too, which
     * rings. Only its own thread may look at more of the loop than the mailbox. */
    if (w->thread == this_thread() && (w->loop->current || w->loop->running))
        arrive(w);
    else
        gy__mail_send(w->loop, &w->mail);
}

int gy_await(gy_await_start *start, gy_await_stop *stop, void *arg)
{
    gy_task *self = gy__self();
    int e = self ? gy_task_cancelled() : GY_ENOTASK;
    if (e)
        return e;
    gy_waker w = {.loop = gy__loop_tls, .task = self, .thread = this_thread()};
    w.mail = (struct gy__mail){.fn = arrive, .arg = &w};
    if ((e = start(&w, arg)))
        return e;
    w.waiting = true;
    while (!w.done && !e)
        e = gy__park("callback", INT64_MAX);
    if (w.done)
        return w.result;
    w.waiting = false;
    if (stop && stop(&w, arg))
        return e;
    w.waiting = true;
    while (!w.done)
        gy__park_masked("callback");
    return e;
}
