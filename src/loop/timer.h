/* SPDX-License-Identifier: MIT */
/* timer.h - deadlines: a wheel of lists for the far ones, a sorted list for the near. */
#ifndef GYRE_LOOP_TIMER_H
#define GYRE_LOOP_TIMER_H

#include <gyre/loop.h>
#include <stdint.h>

enum { GY__WHEEL_BITS = 8, GY__WHEEL_SLOTS = 256, GY__WHEEL_LEVELS = 6 };

/* Setting and cancelling cost the same however many are set, and take no memory.
 *
 * Invariants:
 *   T1. A tick is 2^20 ns. Timers of ticks up to [tick] are in [due], sorted by (at, order), or in
 *       [near], in any order, until the next look at them.
 *   T2. A timer on level l differs from [tick] in digit l (base 256) and in no higher one, and its
 *       digit is the larger.
 *   T3. Bit s of occupied[l], 64 to a word, is set exactly when slot s of level l is not empty. */
struct gy__timers {
    int64_t tick;
    uint64_t order;
    gy_list due, near;
    uint64_t occupied[GY__WHEEL_LEVELS][GY__WHEEL_SLOTS / 64];
    gy_list slots[GY__WHEEL_LEVELS][GY__WHEEL_SLOTS];
    size_t count;
};

void gy__timers_init(struct gy__timers *w, int64_t now);

/* Those that are set do not fire and are not set any more: their owners may still cancel them. */
void gy__timers_done(struct gy__timers *w);

/* At an absolute time in ns. Moves one that is set. */
void gy__timer_at(gy_loop *loop, gy_timer *t, int64_t at, gy_callback *fn, void *arg);

/* Run those whose time has come at [now]. */
void gy__timers_run(gy_loop *loop, int64_t now);

/* How long to wait at most, in ns from [now]: 0 when one is due, -1 when none is set. A bound, not
 * the exact time: a wait that ends early sorts the next ones in and asks again. */
int64_t gy__timers_timeout(struct gy__timers *w, int64_t now);

/* Seconds to ns; what is too large becomes a time far away, what is negative or not a number 0. */
int64_t gy__seconds(double s);

/* now + seconds as ns, INT64_MAX when that is no limit (seconds <= 0). */
int64_t gy__deadline_in(int64_t now, double seconds);

#endif
