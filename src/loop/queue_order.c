/* SPDX-License-Identifier: MIT */
/* queue_order.c - what a queue holds, and which of it comes next: a ring, a stack or a heap. */

#include "loop/queue_order.h"

#include <gyre/error.h>
#include <string.h>

#include "base/alloc.h"

enum { SMALLEST = 8 }; /* a power of two, as all capacities are */

static size_t slot(const gy_queue *q, size_t i)
{
    return (q->head + i) & (q->capacity - 1);
}

static bool is_heap(const gy_queue *q)
{
    return q->order == GY_PRIORITY;
}

/* The ring begins anew at the start of its new memory. */
static void move(gy_queue *q, void **items, size_t capacity)
{
    size_t first = q->capacity - q->head;
    if (first > q->count)
        first = q->count;
    if (first)
        memcpy(items, q->items + q->head, first * sizeof *items);
    if (q->count > first)
        memcpy(items + first, q->items, (q->count - first) * sizeof *items);
    q->head = 0;
    q->items = items;
    q->capacity = capacity;
}

int gy__queue_reserve(gy_queue *q)
{
    if (q->count < q->capacity)
        return 0;
    size_t capacity = q->capacity ? 2 * q->capacity : SMALLEST;
    size_t each = sizeof *q->items + (is_heap(q) ? sizeof *q->orders : 0);
    void **old = q->items;
    void **items = capacity <= SIZE_MAX / 2 / each ? gy__alloc(capacity * each) : NULL;
    if (!items)
        return GY_ENOMEM;
    if (is_heap(q)) { /* behind the items, in the same piece of memory */
        uint64_t *orders = (uint64_t *)(void *)(items + capacity);
        if (q->count)
            memcpy(orders, q->orders, q->count * sizeof *orders);
        q->orders = orders;
    }
    move(q, items, capacity);
    gy__free(old);
    return 0;
}

static bool goes_before(const gy_queue *q, const void *item, uint64_t order, size_t i)
{
    int c = q->compare(item, q->items[i]);
    return c < 0 || (c == 0 && order < q->orders[i]);
}

static void place(gy_queue *q, size_t i, void *item, uint64_t order)
{
    q->items[i] = item;
    q->orders[i] = order;
}

static void push_heap(gy_queue *q, void *item)
{
    uint64_t order = q->next_order++;
    size_t i = q->count;
    while (i > 0 && goes_before(q, item, order, (i - 1) / 2)) {
        size_t up = (i - 1) / 2;
        place(q, i, q->items[up], q->orders[up]);
        i = up;
    }
    place(q, i, item, order);
}

/* The last one goes down from the top to where it belongs, among the [n] that are left. */
static void pop_heap(gy_queue *q, size_t n)
{
    void *last = q->items[n];
    uint64_t order = q->orders[n];
    size_t i = 0;
    for (size_t down = 1; down < n; down = 2 * i + 1) {
        if (down + 1 < n && goes_before(q, q->items[down + 1], q->orders[down + 1], down))
            down++;
        if (goes_before(q, last, order, down))
            break;
        place(q, i, q->items[down], q->orders[down]);
        i = down;
    }
    place(q, i, last, order);
}

void gy__queue_push(gy_queue *q, void *item)
{
    if (is_heap(q))
        push_heap(q, item);
    else
        q->items[slot(q, q->count)] = item;
    q->count++;
}

void *gy__queue_top(const gy_queue *q)
{
    return q->items[q->order == GY_LIFO ? q->count - 1 : q->head];
}

void *gy__queue_pop(gy_queue *q)
{
    void *item = gy__queue_top(q);
    q->count--;
    if (is_heap(q))
        pop_heap(q, q->count);
    else if (q->order == GY_FIFO)
        q->head = slot(q, 1);
    return item;
}
