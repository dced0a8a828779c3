/* SPDX-License-Identifier: MIT */
/* queue.c - handing things from task to task. */

#include <gyre/error.h>
#include <gyre/queue.h>

#include "base/alloc.h"
#include "loop/queue_order.h"
#include "loop/waiters.h"

/* Invariants between calls:
 *   Q1. While somebody waits to get, the queue is empty and nobody waits to put.
 *   Q2. While somebody waits to put, it is full. So nobody slips in before those who wait. */

static bool is_full(const gy_queue *q)
{
    return q->rendezvous || (q->max && q->count >= q->max);
}

static bool hand_over(gy_queue *q, void *item)
{
    struct gy__waiter *getter = q->getters.first;
    if (!getter)
        return false;
    getter->what = item;
    gy__waiter_serve(getter, 0);
    return true;
}

static int wait_for_room(gy_queue *q, void *item, double timeout)
{
    struct gy__waiter w;
    w.what = item;
    return gy__waiters_wait(&q->putters, &w, timeout, "room in a queue");
}

int gy_queue_put(gy_queue *q, void *item, double timeout)
{
    if (q->order == GY_PRIORITY && !q->compare)
        return GY_EINVAL;
    if (q->closed)
        return GY_ECLOSED;
    if (!hand_over(q, item)) {
        if (is_full(q))
            return wait_for_room(q, item, timeout);
        int e = gy__queue_reserve(q);
        if (e)
            return e;
        gy__queue_push(q, item);
    }
    q->unfinished++;
    return 0;
}

/* What the first of those who wait to put has brought: it counts as put. */
static void *take_from_putter(gy_queue *q)
{
    struct gy__waiter *putter = gy__waiters_serve(&q->putters, 0);
    q->unfinished++;
    return putter->what;
}

static int wait_for_item(gy_queue *q, void **item, double timeout)
{
    struct gy__waiter w;
    w.what = NULL;
    int e = gy__waiters_wait(&q->getters, &w, timeout, "an item of a queue");
    *item = w.what;
    return e;
}

int gy_queue_get(gy_queue *q, void **item, double timeout)
{
    if (q->count) {
        *item = gy__queue_pop(q);
        if (q->putters.first) /* there is room for one now, and memory: nothing grows */
            gy__queue_push(q, take_from_putter(q));
        return 0;
    }
    *item = NULL;
    if (q->putters.first) {
        *item = take_from_putter(q);
        return 0;
    }
    return q->closed ? GY_EOF : wait_for_item(q, item, timeout);
}

int gy_queue_peek(const gy_queue *q, void **item)
{
    *item = NULL;
    if (q->count)
        *item = gy__queue_top(q);
    else if (q->putters.first)
        *item = q->putters.first->what;
    else
        return GY_ENOTFOUND;
    return 0;
}

void gy_queue_close(gy_queue *q)
{
    q->closed = true;
    gy__waiters_serve_all(&q->putters, GY_ECLOSED);
    gy__waiters_serve_all(&q->getters, GY_EOF);
}

int gy_queue_task_done(gy_queue *q)
{
    if (!q->unfinished)
        return GY_EINVAL;
    if (--q->unfinished == 0)
        gy__waiters_serve_all(&q->joiners, 0);
    return 0;
}

int gy_queue_join(gy_queue *q, double timeout)
{
    struct gy__waiter w;
    return q->unfinished
               ? gy__waiters_wait(&q->joiners, &w, timeout, "a queue's items to be worked off")
               : 0;
}

size_t gy_queue_size(const gy_queue *q)
{
    return q->count;
}

bool gy_queue_is_empty(const gy_queue *q)
{
    return q->count == 0;
}

bool gy_queue_is_full(const gy_queue *q)
{
    return is_full(q);
}

void gy_queue_done(gy_queue *q)
{
    gy_queue_close(q);
    gy__waiters_serve_all(&q->joiners, GY_ECLOSED);
    gy__free(q->items);
    *q = (gy_queue){
        .max = q->max, .order = q->order, .compare = q->compare, .rendezvous = q->rendezvous};
}
