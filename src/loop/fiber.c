/* SPDX-License-Identifier: MIT */
/* fiber.c - a stack with a context on it, used by one task after another. */

#include "loop/fiber.h"

#include <stdint.h>

#include "base/alloc.h"
#include "loop/switch.h"

enum {
    SLAB = 32,                    /* at most so many stacks in one mapping, */
    SLAB_BYTES = 8 * 1024 * 1024, /* and at most so much address space, unless for one stack */
    /* The depth that an idle stack may keep; how often one is looked at, which is a system call, and how
     * many of the next after a deep one. */
    WARM_DEPTH = 64 * 1024,
    LOOK_EVERY = 64,
    SUSPICION = 64,
    /* The idle stacks that are kept even when nobody needs them, and how many others are given back at
     * once: a millisecond or two. */
    WARM = 64,
    TIDY_MOST = 1024,
};

void gy__fibers_init(struct gy__fibers *f)
{
    *f = (struct gy__fibers){.main_sp = NULL};
    gy__instrument_thread(&f->main);
}

static size_t size_of_kind(size_t kind)
{
    return (size_t)GY__STACK_SMALLEST << kind;
}

/* The smallest kind with at least [size] bytes; GY__FIBER_KINDS when there is none. */
static size_t kind_for(size_t size)
{
    size_t kind = 0;
    if (size == 0)
        size = GY__STACK_DEFAULT;
    if (size > size_of_kind(GY__FIBER_KINDS - 1) / GY__STACK_SCALE)
        return GY__FIBER_KINDS;
    while (size_of_kind(kind) < size * GY__STACK_SCALE)
        kind++;
    return kind;
}

static size_t slab_count_for(size_t size)
{
    size_t n = SLAB_BYTES / size;
    return n > SLAB ? SLAB : n > 0 ? n : 1;
}

static void *slab_for_next(struct gy__fiber_kind *k, size_t size)
{
    size_t in_slab = slab_count_for(size);
    if (k->slab_count && k->next_in_slab < in_slab)
        return k->slabs[k->slab_count - 1];
    if (k->slab_count == k->slab_capacity) {
        size_t capacity = k->slab_capacity ? 2 * k->slab_capacity : 16;
        void **slabs = gy__realloc(k->slabs, capacity * sizeof *slabs);
        if (!slabs)
            return NULL;
        k->slabs = slabs;
        k->slab_capacity = capacity;
    }
    void *slab = gy__stack_slab_map(size, in_slab);
    if (!slab)
        return NULL;
    k->slabs[k->slab_count++] = slab;
    k->next_in_slab = 0;
    return slab;
}

static void prepare(struct gy__fiber *fiber)
{
    size_t below = (size_t)((char *)fiber - fiber->stack.low);
    fiber->sp = gy__context_make(fiber->stack.low, below & ~(size_t)15, gy__fiber_main, fiber);
}

static struct gy__fiber *create(struct gy__fiber_kind *k, unsigned kind)
{
    size_t size = size_of_kind(kind);
    void *slab = slab_for_next(k, size);
    if (!slab)
        return NULL;
    struct gy__stack stack = gy__stack_of(slab, size, k->next_in_slab++);
    /* The tops of stacks would all fall into the same cache sets: shift each a little. */
    size_t colour = (k->total % 8) * 64;
    uintptr_t at =
        ((uintptr_t)stack.low + stack.size - sizeof(struct gy__fiber) - colour) & ~(uintptr_t)63;
    struct gy__fiber *fiber = (void *)at;
    *fiber = (struct gy__fiber){.stack = stack, .kind = kind};
    gy__instrument_stack(&fiber->instrument, stack.low, stack.size);
    prepare(fiber);
    k->total++;
    return fiber;
}

struct gy__fiber *gy__fiber_take(struct gy__fibers *f, size_t size)
{
    size_t kind = kind_for(size);
    if (kind == GY__FIBER_KINDS)
        return NULL;
    struct gy__fiber_kind *k = &f->kinds[kind];
    struct gy__fiber *fiber = k->idle;
    if (!fiber) {
        struct gy__fiber **rest = k->rested ? &k->rested : &k->cold;
        fiber = *rest;
        if (!fiber)
            return create(k, (unsigned)kind);
        *rest = fiber->next;
        return fiber;
    }
    k->idle = fiber->next;
    if (--k->idle_count < k->least_idle)
        k->least_idle = k->idle_count;
    return fiber;
}

/* What an idle fiber needs of its stack: itself and the frames in which it rests. */
static size_t resting_depth(const struct gy__fiber *fiber)
{
    size_t below_frames = 512;
    return (size_t)(fiber->stack.low + fiber->stack.size - (char *)fiber->sp) + below_frames;
}

/* Of stacks that went deep once many would keep a lot: one in a while is looked at, and where one is,
 * there are more. */
static void look(struct gy__fibers *f, const struct gy__fiber *fiber)
{
    size_t keep = resting_depth(fiber) + WARM_DEPTH;
    if (f->suspicion)
        f->suspicion--;
    if (!gy__stack_reached(fiber->stack, keep + gy__page_size()))
        return;
    gy__stack_trim(fiber->stack, keep);
    f->suspicion = SUSPICION;
}

void gy__fiber_release(struct gy__fibers *f, struct gy__fiber *fiber)
{
    struct gy__fiber_kind *k = &f->kinds[fiber->kind];
    if (++f->releases % LOOK_EVERY == 0 || f->suspicion)
        look(f, fiber);
    fiber->task = NULL;
    fiber->next = k->idle;
    k->idle = fiber;
    if (++k->idle_count > WARM)
        f->many_idle = true;
}

/* Those at the end of the list that have rested, but for the ones that are kept: the way there leads past
 * those that were used, which are few after a burst. */
static void set_rested_apart(struct gy__fiber_kind *k)
{
    if (k->least_idle <= WARM)
        return;
    size_t rested = k->least_idle - WARM;
    struct gy__fiber **at = &k->idle;
    for (size_t before = k->idle_count - rested; before > 0; before--)
        at = &(*at)->next;
    k->rested = *at;
    *at = NULL;
    k->idle_count -= rested;
}

static void tidy(struct gy__fiber_kind *k)
{
    if (!k->rested)
        set_rested_apart(k);
    for (int n = 0; n < TIDY_MOST && k->rested; n++) {
        struct gy__fiber *it = k->rested;
        k->rested = it->next;
        gy__stack_trim(it->stack, resting_depth(it));
        it->next = k->cold;
        k->cold = it;
    }
    k->least_idle = k->idle_count;
}

void gy__fibers_tidy(struct gy__fibers *f)
{
    f->many_idle = false;
    for (unsigned i = 0; i < GY__FIBER_KINDS; i++) {
        tidy(&f->kinds[i]);
        f->many_idle |= f->kinds[i].rested || f->kinds[i].idle_count > WARM;
    }
}

static void forget(struct gy__fiber *list)
{
    for (struct gy__fiber *it = list; it; it = it->next)
        gy__instrument_forget(&it->instrument);
}

void gy__fibers_done(struct gy__fibers *f)
{
    for (unsigned i = 0; i < GY__FIBER_KINDS; i++) {
        struct gy__fiber_kind *k = &f->kinds[i];
        size_t size = size_of_kind(i);
        size_t in_slab = slab_count_for(size);
        forget(k->idle);
        forget(k->rested);
        forget(k->cold);
        for (size_t s = 0; s < k->slab_count; s++) {
            gy__instrument_unpoison(k->slabs[s], gy__stack_slab_bytes(size, in_slab));
            gy__stack_slab_unmap(k->slabs[s], size, in_slab);
        }
        gy__free(k->slabs);
        *k = (struct gy__fiber_kind){.idle = NULL};
    }
}
