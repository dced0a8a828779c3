/* SPDX-License-Identifier: MIT */
/* heap.h - a 4-ary heap of times whose elements know their place. */
#ifndef GYRE_BASE_HEAP_H
#define GYRE_BASE_HEAP_H

#include <gyre/export.h>
#include <stddef.h>
#include <stdint.h>

/* What an element's place reads while it is in no heap. */
#define GY__HEAP_OUT SIZE_MAX

struct gy__heap_item {
    int64_t key;
    uint64_t seq;  /* equal keys come out in the order they went in */
    size_t *place; /* in the element; the heap keeps it up to date. gy_of() leads to the element */
};

/* {0} is a valid, empty heap. */
struct gy__heap {
    struct gy__heap_item *items;
    size_t len, cap;
    uint64_t seq;
};

/* Forget all elements (each place reads GY__HEAP_OUT) and give the memory back. */
void gy__heap_done(struct gy__heap *h);

/* Make room for [extra] more, so that as many pushes cannot fail. 0 or GY_ENOMEM. */
GY_CHECKED int gy__heap_reserve(struct gy__heap *h, size_t extra);

/* Add an element that is in no heap. Borrows [place] until it is out again. 0 or GY_ENOMEM. */
GY_CHECKED int gy__heap_push(struct gy__heap *h, int64_t key, size_t *place);

/* The element with the least key, or NULL; valid until the heap changes. */
static inline const struct gy__heap_item *gy__heap_top(const struct gy__heap *h)
{
    return h->len ? h->items : NULL;
}

/* Take the least element out; gives its place pointer, or NULL when empty. */
size_t *gy__heap_pop(struct gy__heap *h);

/* Take out the element at [index], as its place reads. O(log n). */
void gy__heap_remove(struct gy__heap *h, size_t index);

/* Change the key of the element at [index]; it goes behind those that have the same. */
void gy__heap_move(struct gy__heap *h, size_t index, int64_t key);

#endif
