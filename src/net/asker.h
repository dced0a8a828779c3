/* SPDX-License-Identifier: MIT */
/* asker.h - names asked of the engine: each once at a time, and what it said is kept for a while. */
#ifndef GYRE_NET_ASKER_H
#define GYRE_NET_ASKER_H

#include <gyre/resolver.h>

#include "net/resolver_cache.h"

/* The family's digit ('0', '4', '6') and the name, as it is asked for. */
enum { GY__KEY_ROOM = GY__HOST_ROOM + 1 };

/* Addresses to try, in this order. */
struct gy__targets {
    struct gy__inet *ips; /* the caller's */
    size_t max, count;
    int port;
};

void gy__targets_set(struct gy__targets *t, const struct gy__inet *ips, size_t count);

struct gy__asker {
    struct gy__resolver_cache cache;
    double keep, keep_miss; /* seconds */
    double timeout;
    gy_pool *pool;
    struct gy__ares *ares; /* NULL: the system is asked */
    gy_list flights;       /* look-ups under way */
    long waiting;          /* tasks, for them */
};

/* 0, or as gy_resolver_new; to be done in any case. */
int gy__asker_init(struct gy__asker *a, const gy_resolver_opts *opts);

/* Those who wait get GY_ESHUTDOWN. */
void gy__asker_done(struct gy__asker *a);

/* The addresses for [key], from memory or from the engine, until [until] (ns on the loop's clock). Outside
 * of a task it blocks, and there [a] may be NULL. 0, or as gy_resolve. */
GY_SUSPENDS GY_CHECKED int gy__asker_ask(struct gy__asker *a, const char *key, int64_t until,
                                         struct gy__targets *out);

#endif
