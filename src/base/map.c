/* SPDX-License-Identifier: MIT */
/* map.c - a hash map with strings for keys, seeded against chosen collisions. */
#include "base/map.h"

#include "base/alloc.h"
#include "base/random.h"
#include "base/siphash.h"

#include <gyre/error.h>

enum { SMALLEST = 16 };

void gy__map_done(struct gy__map *m)
{
    gy__free(m->slots);
    *m = (struct gy__map){0};
}

/* The slot that holds [key], or the empty one where it would go. The map is never full. */
static struct gy__map_slot *probe(const struct gy__map *m, gy_str key, uint64_t hash)
{
    size_t mask = m->cap - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct gy__map_slot *s = &m->slots[i];
        if (!s->full || (s->hash == hash && gy_str_eq(s->key, key)))
            return s;
    }
}

static int rehash(struct gy__map *m, size_t cap)
{
    struct gy__map bigger = {.len = m->len, .cap = cap, .seed = {m->seed[0], m->seed[1]}};
    if (cap > SIZE_MAX / sizeof *bigger.slots)
        return GY_ENOMEM;
    bigger.slots = gy__zalloc(cap * sizeof *bigger.slots);
    if (!bigger.slots)
        return GY_ENOMEM;
    for (size_t i = 0; i < m->cap; i++) {
        if (m->slots[i].full)
            *probe(&bigger, m->slots[i].key, m->slots[i].hash) = m->slots[i];
    }
    gy__free(m->slots);
    *m = bigger;
    return 0;
}

static int make_room(struct gy__map *m)
{
    if (m->cap)
        return m->len < m->cap / 4 * 3 ? 0 : rehash(m, m->cap * 2);
    int e = gy__random(m->seed, sizeof m->seed);
    return e ? e : rehash(m, SMALLEST);
}

int gy__map_insert(struct gy__map *m, gy_str key, void *value, void **old)
{
    int e = make_room(m);
    if (e)
        return e;
    uint64_t hash = gy__siphash(key.ptr, key.len, m->seed);
    struct gy__map_slot *s = probe(m, key, hash);
    if (old)
        *old = s->full ? s->value : NULL;
    if (!s->full) {
        *s = (struct gy__map_slot){.key = key, .hash = hash, .full = true};
        m->len++;
    }
    s->value = value;
    return 0;
}

static struct gy__map_slot *find_slot(const struct gy__map *m, gy_str key)
{
    if (!m->len)
        return NULL;
    struct gy__map_slot *s = probe(m, key, gy__siphash(key.ptr, key.len, m->seed));
    return s->full ? s : NULL;
}

void *gy__map_find(const struct gy__map *m, gy_str key)
{
    struct gy__map_slot *s = find_slot(m, key);
    return s ? s->value : NULL;
}

/* Close the gap at [hole]: every element behind it that may lie there moves up, until one lies
 * where it belongs or the run ends. So no tombstones are needed. */
static void close_gap(struct gy__map *m, size_t hole)
{
    size_t mask = m->cap - 1;
    for (size_t i = (hole + 1) & mask; m->slots[i].full; i = (i + 1) & mask) {
        size_t home = m->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole].full = false;
}

void *gy__map_remove(struct gy__map *m, gy_str key)
{
    struct gy__map_slot *s = find_slot(m, key);
    if (!s)
        return NULL;
    void *value = s->value;
    close_gap(m, (size_t)(s - m->slots));
    m->len--;
    return value;
}

bool gy__map_each(const struct gy__map *m, size_t *at, gy_str *key, void **value)
{
    for (; *at < m->cap; ++*at) {
        const struct gy__map_slot *s = &m->slots[*at];
        if (s->full) {
            *key = s->key;
            *value = s->value;
            ++*at;
            return true;
        }
    }
    return false;
}
