/* SPDX-License-Identifier: MIT */
/* watchdog.h - the beat of a loop, and the thread that watches it from outside. */
#ifndef GYRE_LOOP_WATCHDOG_H
#define GYRE_LOOP_WATCHDOG_H

#include <gyre/list.h>
#include <gyre/loop.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "loop/hold.h"

/* Written by the loop's thread only, and read by others: on the hot path it must cost next to nothing.
 * The loop is away, that is in the poller or not being turned, while both are equal. */
struct gy__beat {
    atomic_ullong count; /* grows with each task that goes on, each event and each turn */
    atomic_ullong away;
};

static inline void gy__beat(struct gy__beat *b)
{
    unsigned long long n = atomic_load_explicit(&b->count, memory_order_relaxed);
    atomic_store_explicit(&b->count, n + 1, memory_order_relaxed);
}

static inline void gy__beat_away(struct gy__beat *b)
{
    unsigned long long n = atomic_load_explicit(&b->count, memory_order_relaxed);
    atomic_store_explicit(&b->away, n, memory_order_relaxed);
}

/* A loop among those that are watched. */
struct gy__watched {
    gy_list link;
    const void *turned_by; /* a mark of the thread; the loop's own */
    atomic_int tid;        /* of that thread */
    struct gy__hold hold;  /* the watching thread's */
    char holder[160];      /* who was told to hold it; the same */
};

/* Each loop is known to the watchdog, whether there is one or not. */
void gy__watched_add(gy_loop *loop);
void gy__watched_remove(gy_loop *loop);

/* The loop is turned by another thread than last time, or for the first time. */
void gy__watched_moved(gy_loop *loop);

#endif
