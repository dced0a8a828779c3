/* SPDX-License-Identifier: MIT */
/* fiber.h - a stack with a context on it, used by one task after another. */
#ifndef GYRE_LOOP_FIBER_H
#define GYRE_LOOP_FIBER_H

#include <gyre/list.h>
#include <gyre/task.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/instrument.h"
#include "loop/stack.h"
#include "loop/switch.h"

/* Sizes are powers of two, 16 KiB to 1 GiB. */
enum {
    GY__STACK_DEFAULT = 256 * 1024,
    GY__STACK_SMALLEST = 16 * 1024,
    GY__FIBER_KINDS = 17,
};

/* Lies at the top of its own stack. */
struct gy__fiber {
    void *sp;
    gy_task *task; /* the one it runs, or is to run */
    struct gy__fiber *next;
    struct gy__stack stack;
    struct gy__instrument instrument;
    unsigned kind;
};

/* The fibers of one stack size. */
struct gy__fiber_kind {
    /* Newest first; those that nobody has needed for a while; those of which all but a page was given
     * back. */
    struct gy__fiber *idle, *rested, *cold;
    size_t idle_count, total;
    size_t least_idle; /* since the last gy__fibers_tidy: so many at the end have rested */
    void **slabs;
    size_t slab_count, slab_capacity, next_in_slab;
};

/* The fibers of a loop, and the thread's own context. */
struct gy__fibers {
    void *main_sp;
    struct gy__instrument main;
    struct gy__fiber_kind kinds[GY__FIBER_KINDS];
    unsigned releases;
    unsigned suspicion; /* so many of the next are looked at, for one of the last was deep */
    bool many_idle;     /* gy__fibers_tidy has something to do, at tidy_at */
    int64_t tidy_at;
};

void gy__fibers_init(struct gy__fibers *f);
void gy__fibers_done(struct gy__fibers *f);

/* One with at least [size] bytes of stack (0 is the default), ready to run gy__fiber_main. NULL when
 * no stack can be had. */
struct gy__fiber *gy__fiber_take(struct gy__fibers *f, size_t size);
void gy__fiber_release(struct gy__fibers *f, struct gy__fiber *fiber);

/* How often gy__fibers_tidy is to be called while many_idle. */
enum { GY__FIBERS_TIDY_NS = 1000000000 };

/* Give the memory of idle stacks back that nobody has needed since the last time, a few at once. */
void gy__fibers_tidy(struct gy__fibers *f);

/* Runs fiber->task, again and again: written with the tasks. */
void gy__fiber_main(void *fiber);

/* From the thread's own stack to a fiber's, and back. Inline, like all that lies on the way: after a
 * switch each return is foreseen wrongly, so there should be few. */
static inline void gy__fiber_enter(struct gy__fibers *f, struct gy__fiber *fiber)
{
    gy__instrument_here(&f->main);
    gy__instrument_leave(&f->main, &fiber->instrument);
    gy__context_switch(&f->main_sp, fiber->sp);
    gy__instrument_enter(&f->main, &fiber->instrument);
}

static inline void gy__fiber_leave(struct gy__fibers *f, struct gy__fiber *fiber)
{
    gy__instrument_leave(&fiber->instrument, &f->main);
    gy__context_switch(&fiber->sp, f->main_sp);
    gy__instrument_enter(&fiber->instrument, &f->main);
}

#endif
