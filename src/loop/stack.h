/* SPDX-License-Identifier: MIT */
/* stack.h - guarded stacks, mapped many at a time. */
#ifndef GYRE_LOOP_STACK_H
#define GYRE_LOOP_STACK_H

#include <stdbool.h>
#include <stddef.h>

/* Below [low] lies a guard: a stack that overflows hits it, even with a large frame. */
struct gy__stack {
    char *low;
    size_t size;
};

/* A slab of [count] stacks of [size] usable bytes each (a multiple of the page size), one mapping.
 * NULL when the address space or the number of mappings is exhausted. */
void *gy__stack_slab_map(size_t size, size_t count);
void gy__stack_slab_unmap(void *slab, size_t size, size_t count);

/* The stack [i] of a slab. */
struct gy__stack gy__stack_of(void *slab, size_t size, size_t i);

size_t gy__page_size(void);
size_t gy__guard_size(void);

/* The address space that a slab takes. */
size_t gy__stack_slab_bytes(size_t size, size_t count);

/* Give the pages below the top [keep] bytes back to the kernel; the addresses stay. */
void gy__stack_trim(struct gy__stack s, size_t keep);

/* Whether the page [depth] bytes below the top was ever touched since it was given back. */
bool gy__stack_reached(struct gy__stack s, size_t depth);

/* Catch SIGSEGV and SIGBUS once for the process, so that an overflow is reported with the task's
 * name; and give this thread an alternate stack for the handler. */
void gy__overflow_watch(void);

#endif
