/* SPDX-License-Identifier: MIT */
/* future.c - a result that is not there yet. */

#include <gyre/future.h>

#include "loop/state.h"
#include "loop/waiters.h"

static void unlink_from(gy_future *f, gy_future_link *link)
{
    if (link->prev)
        link->prev->next = link->next;
    else
        f->links = link->next;
    if (link->next)
        link->next->prev = link->prev;
    else
        f->last_link = link->prev;
    link->next = link->prev = NULL;
}

bool gy_future_set(gy_future *f, int result, void *value)
{
    static _Thread_local uint64_t order;
    if (f->done)
        return false;
    f->done = true;
    f->result = result;
    f->value = value;
    f->order = ++order;
    /* They take the result along: one of them may free the future before the next one runs. */
    gy__waiters_serve_all(&f->waiters, result);
    while (f->links) {
        gy_future_link *link = f->links;
        unlink_from(f, link);
        link->fn(link->arg, f);
    }
    return true;
}

int gy_future_wait(gy_future *f, double timeout)
{
    struct gy__waiter w;
    return f->done ? f->result : gy__waiters_wait(&f->waiters, &w, timeout, "future");
}

void gy_future_then(gy_future *f, gy_future_link *link)
{
    link->next = link->prev = NULL;
    if (f->done) {
        link->fn(link->arg, f);
        return;
    }
    link->prev = f->last_link;
    if (f->last_link)
        f->last_link->next = link;
    else
        f->links = link;
    f->last_link = link;
}

void gy_future_forget(gy_future *f, gy_future_link *link)
{
    if (link->prev || f->links == link)
        unlink_from(f, link);
}
