/* SPDX-License-Identifier: MIT */
/* once.c - something that is done by the first who needs it. */

#include <gyre/error.h>
#include <gyre/locks.h>

#include "loop/state.h"
#include "loop/waiters.h"

/* With what one who waits is served: it is done, or it is now the one that runs. */
enum { DONE = 0, YOUR_TURN = 1 };

static int run(gy_once *o, gy_task_fn *fn, void *arg)
{
    o->running = true;
    o->runner = gy__self();
    int e = fn(arg);
    o->runner = NULL;
    if (e >= 0) {
        o->done = true;
        o->running = false;
        gy__waiters_serve_all(&o->waiters, DONE);
        return 0;
    }
    /* It stays as running when there is a next: nobody slips in before that one. */
    o->running = gy__waiters_serve(&o->waiters, YOUR_TURN) != NULL;
    return e;
}

int gy_once_run(gy_once *o, gy_task_fn *fn, void *arg)
{
    struct gy__waiter w;
    if (o->done)
        return 0;
    if (o->running) {
        if (o->runner && o->runner == gy__self())
            return -EDEADLK;
        int e = gy__waiters_wait(&o->waiters, &w, GY_FOREVER, "once");
        if (e != YOUR_TURN)
            return e;
    }
    return run(o, fn, arg);
}
