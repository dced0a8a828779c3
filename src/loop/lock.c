/* SPDX-License-Identifier: MIT */
/* lock.c - a lock that a task holds across its waits. */

#include <gyre/error.h>
#include <gyre/locks.h>
#include <gyre/log.h>

#include "loop/state.h"
#include "loop/waiters.h"

int gy_lock_acquire(gy_lock *l, double timeout)
{
    gy_task *self = gy__self();
    if (!self)
        return GY_ENOTASK;
    if (!l->owner) {
        l->owner = self;
        l->depth = 1;
        return 0;
    }
    if (l->owner != self) {
        struct gy__waiter w;
        return gy__waiters_wait(&l->waiters, &w, timeout, "lock");
    }
    if (!l->recursive)
        return -EDEADLK;
    l->depth++;
    return 0;
}

void gy_lock_release(gy_lock *l)
{
    gy_task *self = gy__self();
    if (!self || l->owner != self) {
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "task \"%s\" releases a lock that it does not have",
               gy_task_name(self));
        return;
    }
    if (--l->depth > 0)
        return;
    struct gy__waiter *next = gy__waiters_serve(&l->waiters, 0);
    l->owner = next ? next->task : NULL;
    l->depth = 1;
}
