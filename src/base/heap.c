/* SPDX-License-Identifier: MIT */
/* heap.c - a 4-ary heap of times whose elements know their place. */
#include "base/heap.h"

#include "base/alloc.h"

#include <assert.h>
#include <gyre/error.h>
#include <stdbool.h>

/* Four children: half the depth of two, and the four keys lie in two cache lines. */
enum { CHILDREN = 4, SMALLEST = 16 };

static inline bool before(const struct gy__heap_item *a, const struct gy__heap_item *b)
{
    return a->key != b->key ? a->key < b->key : a->seq < b->seq;
}

static inline void put(struct gy__heap *h, size_t at, struct gy__heap_item item)
{
    h->items[at] = item;
    *item.place = at;
}

static void sift_up(struct gy__heap *h, size_t at, struct gy__heap_item item)
{
    while (at > 0) {
        size_t parent = (at - 1) / CHILDREN;
        if (!before(&item, &h->items[parent]))
            break;
        put(h, at, h->items[parent]);
        at = parent;
    }
    put(h, at, item);
}

static void sift_down(struct gy__heap *h, size_t at, struct gy__heap_item item)
{
    for (;;) {
        size_t child = at * CHILDREN + 1, least = child;
        if (child >= h->len)
            break;
        size_t end = child + CHILDREN < h->len ? child + CHILDREN : h->len;
        while (++child < end) {
            if (before(&h->items[child], &h->items[least]))
                least = child;
        }
        if (!before(&h->items[least], &item))
            break;
        put(h, at, h->items[least]);
        at = least;
    }
    put(h, at, item);
}

static void sift(struct gy__heap *h, size_t at, struct gy__heap_item item)
{
    if (at > 0 && before(&item, &h->items[(at - 1) / CHILDREN]))
        sift_up(h, at, item);
    else
        sift_down(h, at, item);
}

void gy__heap_done(struct gy__heap *h)
{
    for (size_t i = 0; i < h->len; i++)
        *h->items[i].place = GY__HEAP_OUT;
    gy__free(h->items);
    *h = (struct gy__heap){0};
}

int gy__heap_reserve(struct gy__heap *h, size_t extra)
{
    if (extra <= h->cap - h->len)
        return 0;
    if (extra > SIZE_MAX / sizeof *h->items / 4 - h->len)
        return GY_ENOMEM;
    size_t cap = h->cap ? h->cap * 2 : SMALLEST;
    cap = cap < h->len + extra ? h->len + extra : cap;
    struct gy__heap_item *items = gy__realloc(h->items, cap * sizeof *items);
    if (!items)
        return GY_ENOMEM;
    h->items = items;
    h->cap = cap;
    return 0;
}

int gy__heap_push(struct gy__heap *h, int64_t key, size_t *place)
{
    int e = gy__heap_reserve(h, 1);
    if (e)
        return e;
    struct gy__heap_item item = {.key = key, .seq = h->seq++, .place = place};
    sift_up(h, h->len++, item);
    return 0;
}

void gy__heap_remove(struct gy__heap *h, size_t index)
{
    assert(index < h->len);
    *h->items[index].place = GY__HEAP_OUT;
    struct gy__heap_item last = h->items[--h->len];
    if (index < h->len)
        sift(h, index, last);
}

size_t *gy__heap_pop(struct gy__heap *h)
{
    if (!h->len)
        return NULL;
    size_t *place = h->items[0].place;
    gy__heap_remove(h, 0);
    return place;
}

void gy__heap_move(struct gy__heap *h, size_t index, int64_t key)
{
    assert(index < h->len);
    struct gy__heap_item item = h->items[index];
    item.key = key;
    item.seq = h->seq++;
    sift(h, index, item);
}
