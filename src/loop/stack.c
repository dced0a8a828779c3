/* SPDX-License-Identifier: MIT */
/* stack.c - guarded stacks, mapped many at a time. */

#include "loop/stack.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13: a guard that needs no mapping of its own */
#endif

enum { GUARD_PAGES = 4 };

size_t gy__page_size(void)
{
    static atomic_size_t known;
    size_t size = atomic_load_explicit(&known, memory_order_relaxed);
    if (!size) {
        size = (size_t)sysconf(_SC_PAGESIZE);
        atomic_store_explicit(&known, size, memory_order_relaxed);
    }
    return size;
}

size_t gy__guard_size(void)
{
    return GUARD_PAGES * gy__page_size();
}

size_t gy__stack_slab_bytes(size_t size, size_t count)
{
    return (size + gy__guard_size()) * count;
}

struct gy__stack gy__stack_of(void *slab, size_t size, size_t i)
{
    size_t guard = gy__guard_size();
    return (struct gy__stack){.low = (char *)slab + i * (size + guard) + guard, .size = size};
}

static int protect(char *low, size_t size)
{
    if (madvise(low, size, MADV_GUARD_INSTALL) == 0)
        return 0;
    return mprotect(low, size, PROT_NONE);
}

void *gy__stack_slab_map(size_t size, size_t count)
{
    size_t guard = gy__guard_size();
    size_t all = gy__stack_slab_bytes(size, count);
    void *slab = mmap(NULL, all, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (slab == MAP_FAILED)
        return NULL;
    /* A huge page under a stack would make the first touch of it cost 2 MiB. */
    madvise(slab, all, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < count; i++) {
        if (protect(gy__stack_of(slab, size, i).low - guard, guard)) {
            munmap(slab, all);
            return NULL;
        }
    }
    return slab;
}

void gy__stack_slab_unmap(void *slab, size_t size, size_t count)
{
    munmap(slab, gy__stack_slab_bytes(size, count));
}

void gy__stack_trim(struct gy__stack s, size_t keep)
{
    size_t page = gy__page_size();
    keep = (keep + page - 1) & ~(page - 1);
    if (keep < s.size)
        madvise(s.low, s.size - keep, MADV_DONTNEED);
}

bool gy__stack_reached(struct gy__stack s, size_t depth)
{
    unsigned char in = 0;
    if (depth >= s.size)
        return false;
    uintptr_t at = (uintptr_t)(s.low + s.size - depth) & ~(uintptr_t)(gy__page_size() - 1);
    return mincore((void *)at, 1, &in) == 0 && (in & 1);
}
