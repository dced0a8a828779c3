/* SPDX-License-Identifier: MIT */
/* event.c - something that has happened, until it is cleared. */

#include <gyre/locks.h>

#include "loop/waiters.h"

int gy_event_wait(gy_event *e, double timeout)
{
    struct gy__waiter w;
    return e->set ? 0 : gy__waiters_wait(&e->waiters, &w, timeout, "event");
}

void gy_event_set(gy_event *e)
{
    e->set = true;
    gy__waiters_serve_all(&e->waiters, 0);
}

void gy_event_clear(gy_event *e)
{
    e->set = false;
}
