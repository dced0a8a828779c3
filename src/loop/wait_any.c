/* SPDX-License-Identifier: MIT */
/* wait_any.c - waiting for one or all of several futures. */

#include <gyre/error.h>
#include <gyre/future.h>
#include <limits.h>

#include "base/alloc.h"
#include "loop/state.h"
#include "loop/wait.h"
#include "loop/waiters.h"

/* For so many futures the places in their lines lie on the stack. */
enum { FEW = 8 };

/* The index of the one that was done first, or -1. Counts those that are there. */
static int first_done(gy_future *const futures[], size_t n, size_t *there)
{
    int first = -1;
    *there = 0;
    for (size_t i = 0; i < n; i++) {
        const gy_future *f = futures[i];
        if (!f)
            continue;
        ++*there;
        if (f->done && (first < 0 || f->order < futures[first]->order))
            first = (int)i;
    }
    return first;
}

static bool any_served(const struct gy__waiter *places, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (places[i].served)
            return true;
    return false;
}

/* One place for each future that is there, until one of them is served or the wait ends with a code,
 * which this gives. */
static int wait_in_all(gy_future *const futures[], size_t n, struct gy__waiter *places,
                       int64_t until)
{
    int e;
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (futures[i])
            gy__waiter_join(&futures[i]->waiters, &places[count++]);
    do
        e = gy__park("futures", until);
    while (!e && !any_served(places, count));
    for (size_t i = 0; i < count; i++)
        gy__waiter_leave(&places[i]);
    return e;
}

int gy_wait_any(gy_future *const futures[], size_t n, double timeout)
{
    struct gy__waiter few[FEW], *places = few;
    size_t there;
    if (n > INT_MAX)
        return GY_EINVAL;
    int first = first_done(futures, n, &there);
    if (first >= 0)
        return first;
    if (there == 0)
        return GY_ENOTFOUND;
    if (timeout == 0)
        return GY_ETIMEDOUT;
    if (!gy__self())
        return GY_ENOTASK;
    if (there > FEW && !(places = gy__alloc(there * sizeof *places)))
        return GY_ENOMEM;
    int e = wait_in_all(futures, n, places, gy__wait_until(timeout));
    if (places != few)
        gy__free(places);
    first = first_done(futures, n, &there);
    return first >= 0 ? first : e;
}

int gy_wait_all(gy_future *const futures[], size_t n, double timeout)
{
    struct gy__waiter w;
    int64_t until = INT64_MIN; /* the clock is read when the first is not done */
    int result = 0;
    for (size_t i = 0; i < n; i++) {
        gy_future *f = futures[i];
        if (!f || f->done)
            continue;
        if (timeout == 0)
            return GY_ETIMEDOUT;
        if (!gy__self())
            return GY_ENOTASK;
        if (until == INT64_MIN)
            until = gy__wait_until(timeout);
        int e = gy__waiters_wait_until(&f->waiters, &w, until, "futures");
        if (!w.served)
            return e;
    }
    for (size_t i = 0; i < n && result == 0; i++)
        if (futures[i] && futures[i]->result < 0)
            result = futures[i]->result;
    return result;
}
