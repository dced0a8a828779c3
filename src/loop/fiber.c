/* SPDX-License-Identifier: MIT */
/* fiber.c - a stack with a context on it, used by one task after another. */

#include "loop/fiber.h"

#include <stdint.h>

#include "base/alloc.h"
#include "loop/switch.h"

enum {
    SLAB = 32,                    /* at most so many stacks in one mapping, */
    SLAB_BYTES = 8 * 1024 * 1024, /* and at most so much address space, unless for one stack */
    /* The idle ones kept warm, the depth that a warm stack may keep, and how often a few idle ones
     * are looked at: giving pages back and touching them again costs more than a request. */
    WARM = 1024,
    WARM_DEPTH = 64 * 1024,
    FEW = 64,
    LOOK_EVERY = 64,
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
    if (!fiber)
        return create(k, (unsigned)kind);
    k->idle = fiber->next;
    k->idle_count--;
    return fiber;
}

/* What an idle fiber needs of its stack: itself and the frames in which it rests. */
static size_t resting_depth(const struct gy__fiber *fiber)
{
    size_t below_frames = 512;
    return (size_t)(fiber->stack.low + fiber->stack.size - (char *)fiber->sp) + below_frames;
}

/* Many idle stacks that each went deep once would keep a lot: then each is looked at. */
static void give_back(struct gy__fibers *f, const struct gy__fiber_kind *k,
                      const struct gy__fiber *fiber)
{
    size_t keep = resting_depth(fiber);
    if (k->idle_count >= WARM)
        gy__stack_trim(fiber->stack, keep);
    else if ((k->idle_count >= FEW || ++f->releases % LOOK_EVERY == 0) &&
             gy__stack_reached(fiber->stack, keep + WARM_DEPTH + gy__page_size()))
        gy__stack_trim(fiber->stack, keep + WARM_DEPTH);
}

void gy__fiber_release(struct gy__fibers *f, struct gy__fiber *fiber)
{
    struct gy__fiber_kind *k = &f->kinds[fiber->kind];
    give_back(f, k, fiber);
    fiber->task = NULL;
    fiber->next = k->idle;
    k->idle = fiber;
    k->idle_count++;
}

void gy__fibers_done(struct gy__fibers *f)
{
    for (unsigned i = 0; i < GY__FIBER_KINDS; i++) {
        struct gy__fiber_kind *k = &f->kinds[i];
        size_t size = size_of_kind(i);
        size_t in_slab = slab_count_for(size);
        for (struct gy__fiber *it = k->idle; it; it = it->next)
            gy__instrument_forget(&it->instrument);
        for (size_t s = 0; s < k->slab_count; s++) {
            gy__instrument_unpoison(k->slabs[s], gy__stack_slab_bytes(size, in_slab));
            gy__stack_slab_unmap(k->slabs[s], size, in_slab);
        }
        gy__free(k->slabs);
        *k = (struct gy__fiber_kind){.idle = NULL};
    }
}
