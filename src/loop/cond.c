/* SPDX-License-Identifier: MIT */
/* cond.c - being told that something may have changed. */

#include <assert.h>
#include <gyre/error.h>
#include <gyre/locks.h>

#include "loop/state.h"
#include "loop/waiters.h"

/* Whatever happens to the task: who called with the lock has it when the call returns. */
static void take_again(gy_lock *l, unsigned depth)
{
    bool was = gy_task_shield(true);
    int e = gy_lock_acquire(l, GY_FOREVER);
    assert(e == 0);
    (void)e;
    gy_task_shield(was);
    l->depth = depth;
}

int gy_cond_wait(gy_cond *c, gy_lock *l, double timeout)
{
    gy_task *self = gy__self();
    struct gy__waiter w;
    unsigned depth = 0;
    if (l && (!self || l->owner != self))
        return self ? GY_EINVAL : GY_ENOTASK;
    if (timeout == 0)
        return GY_ETIMEDOUT;
    int e = gy_task_cancelled();
    if (e)
        return e;
    if (l) {
        depth = l->depth;
        l->depth = 1;
        gy_lock_release(l);
    }
    e = gy__waiters_wait(&c->waiters, &w, timeout, "condition");
    if (l)
        take_again(l, depth);
    return e;
}

void gy_cond_notify(gy_cond *c, size_t n)
{
    while (n-- > 0 && gy__waiters_serve(&c->waiters, 0))
        ;
}

void gy_cond_notify_all(gy_cond *c)
{
    gy__waiters_serve_all(&c->waiters, 0);
}
