/* SPDX-License-Identifier: MIT */
/* future.c - a result that is not there yet. */

#include <gyre/future.h>

#include "loop/state.h"
#include "loop/waiters.h"

bool gy_future_set(gy_future *f, int result, void *value)
{
    static _Thread_local uint64_t order;
    if (f->done)
        return false;
    f->done = true;
    f->result = result;
    f->value = value;
    f->order = ++order;
    gy__waiters_serve_all(&f->waiters, 0);
    while (f->links) {
        gy_future_link *link = f->links;
        f->links = link->next;
        link->fn(link->arg, f);
    }
    return true;
}

int gy_future_wait(gy_future *f, double timeout)
{
    struct gy__waiter w;
    int e = f->done ? 0 : gy__waiters_wait(&f->waiters, &w, timeout, "future");
    return e ? e : f->result;
}
