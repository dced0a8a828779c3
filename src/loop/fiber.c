/* SPDX-License-Identifier: MIT */
/* fiber.c - a stack with a context on it, used by one task after another. */

#include "loop/fiber.h"

#include <stdint.h>

#include "base/alloc.h"
#include "loop/switch.h"

/* The idle ones kept warm, the depth that a warm stack may keep, and how often that is looked at:
 * giving pages back and touching them again costs more than a request. */
enum { SLAB = 32, WARM = 1024, WARM_DEPTH = 64 * 1024, LOOK_EVERY = 64 };

void gy__fibers_init(struct gy__fibers *f)
{
    *f = (struct gy__fibers){.main_sp = NULL};
    gy__instrument_thread(&f->main);
}

static size_t round_up(size_t size)
{
    size_t page = gy__page_size();
    if (size == 0)
        size = GY__STACK_DEFAULT;
    if (size < 16 * 1024)
        size = 16 * 1024;
    return (size + page - 1) & ~(page - 1);
}

/* The kind with just that size; else a free place; else the smallest that is large enough. */
static struct gy__fiber_kind *kind_for(struct gy__fibers *f, size_t size)
{
    struct gy__fiber_kind *best = NULL;
    for (unsigned i = 0; i < GY__FIBER_KINDS; i++) {
        struct gy__fiber_kind *k = &f->kinds[i];
        if (k->size == size)
            return k;
        if (k->size == 0) {
            k->size = size;
            return k;
        }
        if (k->size > size && (!best || k->size < best->size))
            best = k;
    }
    return best;
}

static void *slab_for_next(struct gy__fiber_kind *k)
{
    if (k->slab_count && k->next_in_slab < SLAB)
        return k->slabs[k->slab_count - 1];
    if (k->slab_count == k->slab_capacity) {
        size_t capacity = k->slab_capacity ? 2 * k->slab_capacity : 16;
        void **slabs = gy__realloc(k->slabs, capacity * sizeof *slabs);
        if (!slabs)
            return NULL;
        k->slabs = slabs;
        k->slab_capacity = capacity;
    }
    void *slab = gy__stack_slab_map(k->size, SLAB);
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

static struct gy__fiber *create(struct gy__fiber_kind *k)
{
    void *slab = slab_for_next(k);
    if (!slab)
        return NULL;
    size_t i = k->next_in_slab++;
    struct gy__stack stack = gy__stack_of(slab, k->size, i);
    /* The tops of stacks would all fall into the same cache sets: shift each a little. */
    size_t colour = (k->total % 16) * 64;
    uintptr_t at = ((uintptr_t)stack.low + stack.size - sizeof(struct gy__fiber) - colour) &
                   ~(uintptr_t)63;
    struct gy__fiber *fiber = (void *)at;
    *fiber = (struct gy__fiber){.stack = stack};
    gy__instrument_stack(&fiber->instrument, stack.low, stack.size);
    prepare(fiber);
    k->total++;
    return fiber;
}

struct gy__fiber *gy__fiber_take(struct gy__fibers *f, size_t size)
{
    struct gy__fiber_kind *k = &f->kinds[0];
    if (size != 0 || k->size != GY__STACK_DEFAULT) {
        k = kind_for(f, round_up(size));
        if (!k)
            return NULL;
    }
    struct gy__fiber *fiber = k->idle;
    if (fiber) {
        k->idle = fiber->next;
        k->idle_count--;
        return fiber;
    }
    fiber = create(k);
    if (fiber)
        fiber->kind = (unsigned)(k - f->kinds);
    return fiber;
}

void gy__fiber_release(struct gy__fibers *f, struct gy__fiber *fiber)
{
    struct gy__fiber_kind *k = &f->kinds[fiber->kind];
    size_t deep = (size_t)(fiber->stack.low + fiber->stack.size - (char *)fiber) + WARM_DEPTH;
    if (k->idle_count >= WARM)
        gy__stack_trim(fiber->stack, gy__page_size());
    else if (++f->releases % LOOK_EVERY == 0 && gy__stack_reached(fiber->stack, deep))
        gy__stack_trim(fiber->stack, WARM_DEPTH);
    fiber->task = NULL;
    fiber->next = k->idle;
    k->idle = fiber;
    k->idle_count++;
}

void gy__fibers_done(struct gy__fibers *f)
{
    for (unsigned i = 0; i < GY__FIBER_KINDS; i++) {
        struct gy__fiber_kind *k = &f->kinds[i];
        for (struct gy__fiber *it = k->idle; it; it = it->next)
            gy__instrument_forget(&it->instrument);
        for (size_t s = 0; s < k->slab_count; s++) {
            gy__instrument_unpoison(k->slabs[s], (k->size + gy__page_size()) * SLAB);
            gy__stack_slab_unmap(k->slabs[s], k->size, SLAB);
        }
        gy__free(k->slabs);
        *k = (struct gy__fiber_kind){.size = 0};
    }
}

void gy__fiber_enter(struct gy__fibers *f, struct gy__fiber *fiber)
{
    gy__instrument_leave(&f->main, &fiber->instrument);
    gy__context_switch(&f->main_sp, fiber->sp);
    gy__instrument_enter(&f->main, &fiber->instrument);
}

void gy__fiber_leave(struct gy__fibers *f, struct gy__fiber *fiber)
{
    gy__instrument_leave(&fiber->instrument, &f->main);
    gy__context_switch(&fiber->sp, f->main_sp);
    gy__instrument_enter(&fiber->instrument, &f->main);
}
