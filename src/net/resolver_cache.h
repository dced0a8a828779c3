/* SPDX-License-Identifier: MIT */
/* resolver_cache.h - what names stood for a short time ago, and which did not exist. */
#ifndef GYRE_NET_RESOLVER_CACHE_H
#define GYRE_NET_RESOLVER_CACHE_H

#include <gyre/list.h>

#include "base/map.h"
#include "net/addr.h"

struct gy__answer {
    gy_list link; /* in the order of their use */
    int64_t until;
    size_t count; /* 0: there is no such name */
    const char *key;
    struct gy__inet ips[];
};

struct gy__resolver_cache {
    struct gy__map answers;
    gy_list used; /* the longest unused first */
    size_t max;
};

/* Room for [max] answers; with 0 it keeps none. */
void gy__resolver_cache_init(struct gy__resolver_cache *c, size_t max);

/* What is known of [key] at the time [now] (ns), or NULL. Valid until the next put or flush. */
const struct gy__answer *gy__resolver_cache_find(struct gy__resolver_cache *c, const char *key,
                                                 int64_t now);

/* Keep it until [until], in the place of what was known; what was unused the longest makes room. Without
 * memory it is not kept. */
void gy__resolver_cache_put(struct gy__resolver_cache *c, const char *key,
                            const struct gy__inet *ips, size_t count, int64_t until);

/* Forget all; it is then empty and usable. */
void gy__resolver_cache_flush(struct gy__resolver_cache *c);

#endif
