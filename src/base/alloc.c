/* SPDX-License-Identifier: MIT */
/* alloc.c - the one door to the allocator, which tests can make fail. */
#include "base/alloc.h"

#include <stdbool.h>
#include <stdlib.h>

typedef int may_fn(void *arg);

atomic_bool gy__alloc_counting;

static _Atomic(may_fn *) hook;
static _Atomic(void *) hook_arg;
static atomic_long live;

static inline bool counting(void)
{
    return __builtin_expect(atomic_load_explicit(&gy__alloc_counting, memory_order_relaxed), 0);
}

static bool may_allocate(void)
{
    may_fn *may = atomic_load_explicit(&hook, memory_order_acquire);
    return !may || may(atomic_load_explicit(&hook_arg, memory_order_relaxed));
}

static void *counted(void *p)
{
    if (p)
        atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
    return p;
}

void *gy__alloc(size_t size)
{
    size += !size;
    if (counting())
        return may_allocate() ? counted(malloc(size)) : NULL;
    return malloc(size);
}

void *gy__zalloc(size_t size)
{
    size += !size;
    if (counting())
        return may_allocate() ? counted(calloc(1, size)) : NULL;
    return calloc(1, size);
}

void *gy__realloc(void *p, size_t size)
{
    size += !size;
    if (!counting())
        return realloc(p, size);
    if (!may_allocate())
        return NULL;
    return p ? realloc(p, size) : counted(malloc(size));
}

void gy__free(void *p)
{
    if (counting() && p)
        atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
    free(p);
}

void gy__alloc_set_hook(int (*may)(void *arg), void *arg)
{
    /* The old hook must never see the new argument. */
    atomic_store_explicit(&hook, NULL, memory_order_release);
    atomic_store_explicit(&hook_arg, arg, memory_order_release);
    atomic_store_explicit(&hook, may, memory_order_release);
    if (may)
        atomic_store_explicit(&gy__alloc_counting, true, memory_order_relaxed);
}

long gy__alloc_live(void)
{
    return atomic_load_explicit(&live, memory_order_relaxed);
}
