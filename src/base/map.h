/* SPDX-License-Identifier: MIT */
/* map.h - a hash map with strings for keys, seeded against chosen collisions. */
#ifndef GYRE_BASE_MAP_H
#define GYRE_BASE_MAP_H

#include <gyre/str.h>

struct gy__map_slot {
    gy_str key;
    void *value;
    uint64_t hash;
    bool full;
};

/* {0} is a valid, empty map; it takes memory with the first insert. */
struct gy__map {
    struct gy__map_slot *slots;
    size_t len;
    size_t cap; /* 0 or a power of two */
    uint64_t seed[2];
};

/* Give the memory back, not keys or values; the map is then empty and usable. */
void gy__map_done(struct gy__map *m);

/* Set the value of [key], which replaces an older one: *old (when [old] is not NULL) is what was
 * there, or NULL. Borrows the key's bytes while it is in the map; replacing keeps the older key.
 * 0, GY_ENOMEM, or what gy__random says. */
GY_CHECKED int gy__map_insert(struct gy__map *m, gy_str key, void *value, void **old);

/* The value, or NULL when there is none. */
void *gy__map_find(const struct gy__map *m, gy_str key);

/* The same, and take it out. */
void *gy__map_remove(struct gy__map *m, gy_str key);

/* Walk in no particular order; the map must not change meanwhile.
 *     for (size_t at = 0; gy__map_each(m, &at, &key, &value);) ... */
bool gy__map_each(const struct gy__map *m, size_t *at, gy_str *key, void **value);

#endif
