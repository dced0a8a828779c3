/* SPDX-License-Identifier: MIT */
/* arena.h - memory that is given back all at once. */
#ifndef GYRE_ARENA_H
#define GYRE_ARENA_H

#include <gyre/export.h>
#include <gyre/str.h>
#include <stdarg.h>
#include <stddef.h>

/* A bump allocator with clean-ups. {0} is a valid, empty arena. A function that takes an arena as
 * its first argument leaves its result there: it lives until the arena is reset.
 *
 * Not for use by two threads at once. */
typedef struct gy_arena {
    char *at;                      /* next free byte of the current block */
    char *end;                     /* one past its last */
    struct gy_arena_block *blocks; /* newest first; the caller's first block is not among them */
    struct gy_arena_defer *defers; /* newest first */
    char *first;                   /* the caller's block, or NULL */
    size_t first_size;
    size_t used;  /* bytes taken from the allocator, for the limit */
    size_t limit; /* refuse to take more than this; 0 is no limit */
} gy_arena;

GY_BEGIN_DECLS

/* Start with [size] bytes at [mem] before anything is taken from the allocator. Borrows [mem] until
 * gy_arena_done. */
GY_API void gy_arena_init(gy_arena *a, void *mem, size_t size);

/* Run the clean-ups, newest first, and give everything back. The arena is then empty and usable. */
GY_API void gy_arena_reset(gy_arena *a);
GY_API void gy_arena_done(gy_arena *a);

/* The slow half of gy_alloc: a new block. */
GY_API void *gy_arena_grow(gy_arena *a, size_t size, size_t align);

/* [size] bytes, aligned for any type; NULL when memory or the arena's limit is exhausted. Not
 * zeroed. gy_zalloc zeroes. */
static inline void *gy_alloc(gy_arena *a, size_t size)
{
    char *p = (char *)(((uintptr_t)a->at + 15) & ~(uintptr_t)15);
    if (a->at && p <= a->end && size <= (size_t)(a->end - p)) {
        a->at = p + size;
        return p;
    }
    return gy_arena_grow(a, size, 16);
}

GY_API void *gy_zalloc(gy_arena *a, size_t size);

/* Copies, NUL-terminated; _concat: of all pieces, one behind the other. {NULL, 0} (or NULL) when memory is
 * exhausted. */
GY_API gy_str gy_str_copy(gy_arena *a, gy_str s);
GY_API char *gy_strdup(gy_arena *a, const char *text);
GY_API gy_str gy_str_concat(gy_arena *a, const gy_str *pieces, size_t count);

/* A formatted text in the arena; ptr NULL when memory is exhausted. */
GY_API gy_str gy_strf(gy_arena *a, const char *fmt, ...) GY_PRINTF(2, 3);
GY_API gy_str gy_vstrf(gy_arena *a, const char *fmt, va_list ap) GY_PRINTF(2, 0);

/* Call fn(p) when the arena is reset. 0, or GY_ENOMEM (then fn was called at once). */
GY_API int gy_defer(gy_arena *a, void (*fn)(void *), void *p);

GY_END_DECLS

#endif
