/* SPDX-License-Identifier: MIT */
/* rwlock.c - a lock that many readers or one writer have. */

#include <gyre/locks.h>
#include <gyre/log.h>

#include "loop/waiters.h"

/* What one who waits wants: w->what is this, or NULL to read. */
static char to_write;

/* Let in who may come: the writer who is first, or the readers up to the next writer. */
static void advance(gy_rwlock *l)
{
    struct gy__waiter *first;
    while ((first = l->waiters.first) && !l->writing) {
        if (first->what == &to_write) {
            if (l->readers > 0)
                return;
            l->writing = true;
        } else {
            l->readers++;
        }
        gy__waiter_serve(first, 0);
    }
}

static int wait_in_line(gy_rwlock *l, void *what, double timeout)
{
    struct gy__waiter w = {.what = what};
    int e = gy__waiters_wait(&l->waiters, &w, timeout, what ? "rwlock to write" : "rwlock to read");
    if (!w.served)
        advance(l); /* a writer that gives up held up the readers behind it */
    return e;
}

int gy_rwlock_read(gy_rwlock *l, double timeout)
{
    if (l->writing || l->waiters.first)
        return wait_in_line(l, NULL, timeout);
    l->readers++;
    return 0;
}

int gy_rwlock_write(gy_rwlock *l, double timeout)
{
    if (l->writing || l->readers > 0)
        return wait_in_line(l, &to_write, timeout);
    l->writing = true;
    return 0;
}

void gy_rwlock_release(gy_rwlock *l)
{
    if (l->writing) {
        l->writing = false;
    } else if (l->readers > 0) {
        l->readers--;
    } else {
        gy_log(GY_LOG_GENERAL, GY_LOG_ERROR, "an rwlock is released that nobody has");
        return;
    }
    advance(l);
}
