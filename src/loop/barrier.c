/* SPDX-License-Identifier: MIT */
/* barrier.c - tasks that wait for each other. */

#include <gyre/error.h>
#include <gyre/locks.h>

#include "loop/state.h"
#include "loop/waiters.h"

/* All who wait go on with [code]; the next who comes is the first again. */
static void let_go(gy_barrier *b, int code)
{
    b->waiting = 0;
    gy__waiters_serve_all(&b->waiters, code);
}

int gy_barrier_wait(gy_barrier *b, double timeout)
{
    struct gy__waiter w;
    if (b->broken)
        return GY_EBROKEN;
    if (b->waiting + 1 >= b->parties) {
        let_go(b, 1);
        return 0;
    }
    if (!gy__self())
        return GY_ENOTASK;
    b->waiting++;
    int e = gy__waiters_wait(&b->waiters, &w, timeout, "barrier");
    if (!w.served) {
        b->broken = true;
        let_go(b, GY_EBROKEN);
    }
    return e;
}

void gy_barrier_reset(gy_barrier *b)
{
    b->broken = false;
    let_go(b, GY_EBROKEN);
}
