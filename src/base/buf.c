/* SPDX-License-Identifier: MIT */
/* buf.c - a growing byte buffer, born with a ceiling. */
#include "base/buf.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdio.h>

enum { SMALLEST = 256 };

void gy__buf_done(struct gy__buf *b)
{
    gy__free(b->data);
    gy__buf_init(b, b->max);
}

int gy__buf_grow(struct gy__buf *b, size_t extra)
{
    if (extra > b->max - b->len)
        return GY_ETOOBIG;
    size_t need = b->len + extra;
    if (need >= PTRDIFF_MAX)
        return GY_ENOMEM;
    if (b->data && need <= b->cap)
        return 0;
    size_t cap = b->cap < PTRDIFF_MAX / 2 ? b->cap * 2 + 1 : need;
    cap = cap < SMALLEST - 1 ? SMALLEST - 1 : cap;
    cap = cap < need ? need : cap;
    cap = cap > b->max ? b->max : cap;
    char *data = gy__realloc(b->data, cap + 1);
    if (!data)
        return GY_ENOMEM;
    b->data = data;
    b->cap = cap;
    return 0;
}

int gy__buf_vaddf(struct gy__buf *b, const char *fmt, va_list ap)
{
    size_t room = b->data ? b->cap - b->len + 1 : 0;
    va_list again;

    va_copy(again, ap);
    int n = vsnprintf(b->data ? b->data + b->len : NULL, room, fmt, ap);
    int e = n < 0 ? GY_EINVAL : gy__buf_need(b, (size_t)n);
    if (!e && (size_t)n >= room)
        vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
    va_end(again);
    if (!e)
        b->len += (size_t)n;
    else if (b->data)
        b->data[b->len] = '\0';
    return e;
}

int gy__buf_addf(struct gy__buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int e = gy__buf_vaddf(b, fmt, ap);
    va_end(ap);
    return e;
}

void gy__buf_drop(struct gy__buf *b, size_t n)
{
    assert(n <= b->len);
    if (n == 0)
        return;
    b->len -= n;
    if (b->len)
        memmove(b->data, b->data + n, b->len);
    b->data[b->len] = '\0';
}
