/* SPDX-License-Identifier: MIT */
/* semaphore.c - a number of places that tasks take and give back. */

#include <gyre/error.h>
#include <gyre/locks.h>

#include "loop/waiters.h"

int gy_sem_acquire(gy_sem *s, double timeout)
{
    struct gy__waiter w;
    if (s->value == 0)
        return gy__waiters_wait(&s->waiters, &w, timeout, "semaphore");
    s->value--;
    return 0;
}

int gy_sem_release(gy_sem *s)
{
    /* Who waits takes it at once: while there is one the value stays 0. */
    if (gy__waiters_serve(&s->waiters, 0))
        return 0;
    if (s->value >= (s->bound ? s->bound : SIZE_MAX))
        return GY_EINVAL;
    s->value++;
    return 0;
}
