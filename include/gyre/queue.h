/* SPDX-License-Identifier: MIT */
/* queue.h - handing things from task to task. */
#ifndef GYRE_QUEUE_H
#define GYRE_QUEUE_H

#include <gyre/export.h>
#include <gyre/future.h>
#include <stdbool.h>
#include <stddef.h>

enum gy_queue_order {
    GY_FIFO,    /* first in, first out */
    GY_LIFO,    /* last in, first out */
    GY_PRIORITY /* least first, by [compare]; equal ones first in, first out */
};

/* A queue of pointers in the caller's storage. {0} is a first-in-first-out queue without a bound:
 *     gy_queue q = {.max = 100};
 * For the tasks of one loop; it never looks at what the pointers point to, but for [compare]. The
 * settings stay as they are while it is in use. It keeps the memory of its largest size until
 * gy_queue_done. */
typedef struct gy_queue {
    size_t max; /* a put waits while so many are in it; 0 is no bound */
    enum gy_queue_order order;
    int (*compare)(const void *a,
                   const void *b); /* for GY_PRIORITY: negative when [a] goes first */
    bool rendezvous;               /* holds nothing: a put waits for its get */
    /* private */
    bool closed;
    void **items;     /* a ring, a stack or a heap */
    uint64_t *orders; /* of a heap: when each came */
    size_t head, count, capacity;
    uint64_t next_order;
    size_t unfinished;
    gy_waiters putters, getters, joiners;
} gy_queue;

GY_BEGIN_DECLS

/* Put or get, waiting at most [timeout] seconds (GY_FOREVER: no limit; 0: not at all) for room or for
 * an item; who waited longest is served first, and what was handed over counts even when the time ran
 * out or the task was cancelled in the same moment. 0; GY_ETIMEDOUT; GY_ENOMEM (put); the cancellation;
 * after gy_queue_close GY_ECLOSED for a put and, once it is empty, GY_EOF for a get. What need not
 * wait succeeds in a cancelled task and outside of tasks too; else GY_ENOTASK. A put gives GY_EINVAL
 * when it is a priority queue without [compare]. Without a result of 0, nothing was put, and [item] of
 * a get is set to NULL. */
GY_API GY_SUSPENDS GY_CHECKED int gy_queue_put(gy_queue *q, void *item, double timeout);
GY_API GY_SUSPENDS GY_CHECKED int gy_queue_get(gy_queue *q, void **item, double timeout);

/* What a get would give, left in the queue. 0 or GY_ENOTFOUND, and then NULL. */
GY_API GY_CHECKED int gy_queue_peek(const gy_queue *q, void **item);

/* No more is put, and those who wait to put get GY_ECLOSED; what is there can be got. */
GY_API void gy_queue_close(gy_queue *q);

/* Each item that was got is told to be worked off; gy_queue_join waits until all that were put are.
 * 0, or as for gy_queue_get; GY_ECLOSED by gy_queue_done. */
GY_API GY_CHECKED int gy_queue_task_done(gy_queue *q); /* GY_EINVAL: more often than put */
GY_API GY_SUSPENDS GY_CHECKED int gy_queue_join(gy_queue *q, double timeout);

/* A rendezvous is always empty and always full. */
GY_API size_t gy_queue_size(const gy_queue *q);
GY_API bool gy_queue_is_empty(const gy_queue *q);
GY_API bool gy_queue_is_full(const gy_queue *q);

/* Close it and give its memory back; what is in it is dropped. Those who still wait get GY_ECLOSED or,
 * for an item, GY_EOF; they do not touch it any more. It is then as {0} with its settings. */
GY_API void gy_queue_done(gy_queue *q);

GY_END_DECLS

#endif
