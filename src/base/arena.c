/* SPDX-License-Identifier: MIT */
/* arena.c - memory that is given back all at once. */
#include "base/alloc.h"

#include <gyre/arena.h>
#include <gyre/error.h>
#include <stdio.h>

enum { FIRST_BLOCK = 4 << 10, LARGEST_BLOCK = 64 << 10 };

struct gy_arena_block {
    struct gy_arena_block *next;
    size_t following; /* how large the ordinary block after this one is to be */
};

struct gy_arena_defer {
    struct gy_arena_defer *next;
    void (*fn)(void *);
    void *p;
};

_Static_assert(sizeof(struct gy_arena_block) % 16 == 0, "blocks start aligned for any type");

static inline char *aligned(char *p, size_t align)
{
    return (char *)(((uintptr_t)p + (align - 1)) & ~(uintptr_t)(align - 1));
}

static inline void start_over(gy_arena *a)
{
    a->at = a->first;
    a->end = a->first ? a->first + a->first_size : NULL;
}

void gy_arena_init(gy_arena *a, void *mem, size_t size)
{
    *a = (gy_arena){.first = mem, .first_size = mem ? size : 0};
    start_over(a);
}

static void run_defers(gy_arena *a)
{
    /* A clean-up may itself defer another one. */
    while (a->defers) {
        struct gy_arena_defer *d = a->defers;
        a->defers = d->next;
        d->fn(d->p);
    }
}

static void free_blocks(gy_arena *a)
{
    struct gy_arena_block *b = a->blocks;
    while (b) {
        struct gy_arena_block *next = b->next;
        gy__free(b);
        b = next;
    }
    a->blocks = NULL;
    a->used = 0;
}

void gy_arena_reset(gy_arena *a)
{
    if (a->defers)
        run_defers(a);
    if (a->blocks)
        free_blocks(a);
    start_over(a);
}

void gy_arena_done(gy_arena *a)
{
    gy_arena_reset(a);
    *a = (gy_arena){.limit = a->limit};
}

static bool within_limit(const gy_arena *a, size_t size)
{
    return a->limit == 0 || (a->used <= a->limit && size <= a->limit - a->used);
}

static struct gy_arena_block *take(gy_arena *a, size_t size)
{
    struct gy_arena_block *b = within_limit(a, size) ? gy__alloc(size) : NULL;
    if (b)
        a->used += size;
    return b;
}

/* A block of its own, behind the current one, which stays current. */
static void *grow_own(gy_arena *a, size_t need, size_t align)
{
    struct gy_arena_block *b = take(a, need);
    if (!b)
        return NULL;
    struct gy_arena_block **where = a->blocks ? &a->blocks->next : &a->blocks;
    b->following = FIRST_BLOCK;
    b->next = *where;
    *where = b;
    return aligned((char *)(b + 1), align);
}

void *gy_arena_grow(gy_arena *a, size_t size, size_t align)
{
    char *p = a->at ? aligned(a->at, align) : NULL;
    if (p && p <= a->end && size <= (size_t)(a->end - p)) {
        a->at = p + size;
        return p;
    }
    size_t need = sizeof(struct gy_arena_block) + (align > 16 ? align : 0);
    if (size > PTRDIFF_MAX - need)
        return NULL;
    need += size;
    size_t whole = a->blocks ? a->blocks->following : FIRST_BLOCK;
    while (whole < need && whole < LARGEST_BLOCK)
        whole *= 2;
    if (need > LARGEST_BLOCK / 2 || !within_limit(a, whole))
        return grow_own(a, need, align);

    struct gy_arena_block *b = take(a, whole);
    if (!b)
        return NULL;
    b->next = a->blocks;
    b->following = whole < LARGEST_BLOCK ? whole * 2 : LARGEST_BLOCK;
    a->blocks = b;
    p = aligned((char *)(b + 1), align);
    a->at = p + size;
    a->end = (char *)b + whole;
    return p;
}

void *gy_zalloc(gy_arena *a, size_t size)
{
    void *p = gy_alloc(a, size);
    return p ? memset(p, 0, size) : NULL;
}

gy_str gy_str_copy(gy_arena *a, gy_str s)
{
    char *p = s.len < SIZE_MAX ? gy_alloc(a, s.len + 1) : NULL;
    if (!p)
        return gy_str_n(NULL, 0);
    if (s.len)
        memcpy(p, s.ptr, s.len);
    p[s.len] = '\0';
    return gy_str_n(p, s.len);
}

gy_str gy_str_concat(gy_arena *a, const gy_str *pieces, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len >= SIZE_MAX - len)
            return gy_str_n(NULL, 0);
        len += pieces[i].len;
    }
    char *p = gy_alloc(a, len + 1), *at = p;
    if (!p)
        return gy_str_n(NULL, 0);
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len)
            memcpy(at, pieces[i].ptr, pieces[i].len);
        at += pieces[i].len;
    }
    *at = '\0';
    return gy_str_n(p, len);
}

char *gy_strdup(gy_arena *a, const char *text)
{
    size_t size = strlen(text) + 1;
    char *p = gy_alloc(a, size);
    return p ? memcpy(p, text, size) : NULL;
}

gy_str gy_vstrf(gy_arena *a, const char *fmt, va_list ap)
{
    /* First into the rest of the block, which mostly is enough. */
    size_t room = a->at ? (size_t)(a->end - a->at) : 0;
    char *p = a->at;
    va_list again;

    va_copy(again, ap);
    int n = vsnprintf(p, room, fmt, ap);
    if (n < 0) {
        p = NULL;
    } else if ((size_t)n < room) {
        a->at += n + 1;
    } else {
        p = gy_alloc(a, (size_t)n + 1);
        if (p)
            vsnprintf(p, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    return gy_str_n(p, p ? (size_t)n : 0);
}

gy_str gy_strf(gy_arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    gy_str s = gy_vstrf(a, fmt, ap);
    va_end(ap);
    return s;
}

int gy_defer(gy_arena *a, void (*fn)(void *), void *p)
{
    struct gy_arena_defer *d = gy_alloc(a, sizeof *d);
    if (!d) {
        fn(p);
        return GY_ENOMEM;
    }
    *d = (struct gy_arena_defer){.next = a->defers, .fn = fn, .p = p};
    a->defers = d;
    return 0;
}
