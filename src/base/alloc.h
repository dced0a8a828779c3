/* SPDX-License-Identifier: MIT */
/* alloc.h - the one door to the allocator, which tests can make fail. */
#ifndef GYRE_BASE_ALLOC_H
#define GYRE_BASE_ALLOC_H

#include <stdatomic.h>
#include <stddef.h>

/* As malloc, calloc, realloc and free; a size of 0 counts as 1. NULL when memory is exhausted or
 * the test hook says so. */
void *gy__alloc(size_t size);
void *gy__zalloc(size_t size);
void *gy__realloc(void *p, size_t size);
void gy__free(void *p);

/* Set this before the first allocation to have gy__alloc_live count; off, it costs one branch. */
extern atomic_bool gy__alloc_counting;

/* Asked before each allocation when set; false makes it fail. Thread-safe hooks only. For tests.
 * Setting a hook starts the counting; NULL removes the hook and leaves the counting on. */
void gy__alloc_set_hook(int (*may)(void *arg), void *arg);

/* Allocations made and not yet freed since the counting began, over all threads; for leak
 * checks. */
long gy__alloc_live(void);

#endif
