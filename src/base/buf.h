/* SPDX-License-Identifier: MIT */
/* buf.h - a growing byte buffer, born with a ceiling. */
#ifndef GYRE_BASE_BUF_H
#define GYRE_BASE_BUF_H

#include <gyre/error.h>
#include <gyre/str.h>
#include <stdarg.h>

/* Bytes data[0..len). Beyond data[cap] lies one spare byte, so that a NUL may always be put at
 * data[len]. data is NULL until the first byte is wanted. */
struct gy__buf {
    char *data;
    size_t len;
    size_t cap; /* room taken; not counting the spare byte */
    size_t max; /* len never exceeds this */
};

/* An empty buffer that refuses to hold more than [max] bytes. Takes no memory yet. */
static inline void gy__buf_init(struct gy__buf *b, size_t max)
{
    *b = (struct gy__buf){.data = NULL, .max = max};
}

/* Give the memory back; the buffer is then empty and usable. */
void gy__buf_done(struct gy__buf *b);

/* The slow half of gy__buf_need. */
GY_CHECKED int gy__buf_grow(struct gy__buf *b, size_t extra);

/* Make room for [extra] more bytes (and a NUL) at data + len. 0, GY_ETOOBIG, GY_ENOMEM; on failure
 * nothing changes. Grows by doubling; views into the buffer are then stale. */
GY_CHECKED static inline int gy__buf_need(struct gy__buf *b, size_t extra)
{
    return b->data && extra <= b->cap - b->len ? 0 : gy__buf_grow(b, extra);
}

/* Append, and put a NUL behind. 0, GY_ETOOBIG, GY_ENOMEM; on failure nothing is appended. */
GY_CHECKED static inline int gy__buf_add(struct gy__buf *b, const void *bytes, size_t len)
{
    int e = gy__buf_need(b, len);
    if (e)
        return e;
    if (len)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
    return 0;
}

/* The same for a formatted text. */
GY_CHECKED int gy__buf_addf(struct gy__buf *b, const char *fmt, ...) GY_PRINTF(2, 3);
GY_CHECKED int gy__buf_vaddf(struct gy__buf *b, const char *fmt, va_list ap) GY_PRINTF(2, 0);

/* Drop the first [n] bytes ([n] at most len). Moves what remains to the front: costs a copy of
 * it, so drop whole batches, not single lines. Keeps the memory. */
void gy__buf_drop(struct gy__buf *b, size_t n);

/* Shorten to [len] bytes ([len] at most what it holds), as to take back what was appended. */
static inline void gy__buf_cut(struct gy__buf *b, size_t len)
{
    b->len = len;
    if (b->data)
        b->data[len] = '\0';
}

/* What is in it; valid until the buffer changes. */
static inline gy_str gy__buf_str(const struct gy__buf *b)
{
    return gy_str_n(b->data ? b->data : "", b->len);
}

#endif
