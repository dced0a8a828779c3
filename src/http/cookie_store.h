/* SPDX-License-Identifier: MIT */
/* cookie_store.h - cookies by domain, of which only so many are kept. */
#ifndef GYRE_HTTP_COOKIE_STORE_H
#define GYRE_HTTP_COOKIE_STORE_H

#include "base/alloc.h"
#include "base/map.h"

#include <gyre/str.h>

struct gy__kept_cookie {
    gy_str name, value, path, domain;
    int64_t expires;        /* seconds since 1970; INT64_MAX: when the jar goes */
    uint64_t created, used; /* counts, not times; set by the store */
    bool secure, host_only;
};

/* {0} is empty. */
struct gy__cookie_store {
    struct gy__map places; /* by domain */
    size_t count;
    uint64_t now; /* counts what happens */
};

void gy__cookie_store_done(struct gy__cookie_store *s);

/* Keep a copy, which replaces the one of the same name, domain and path but keeps its age. Makes room
 * by dropping what has expired, else what was unused for longest, of a domain first what is not Secure.
 * 0 or GY_ENOMEM; then nothing has changed but that. */
GY_CHECKED int gy__cookie_store_put(struct gy__cookie_store *s, const struct gy__kept_cookie *k,
                                    int64_t now);

/* Remove the one of the same name, domain and path, if it is there. */
void gy__cookie_store_remove(struct gy__cookie_store *s, const struct gy__kept_cookie *k);

static inline void gy__cookie_store_touch(struct gy__cookie_store *s, struct gy__kept_cookie *k)
{
    k->used = ++s->now;
}

/* How many cookies are exactly of [domain]. */
size_t gy__cookie_store_count(const struct gy__cookie_store *s, gy_str domain);

/* Walks over all, or over those that are exactly of [domain]; nothing may be put meanwhile. */
struct gy__cookie_walk {
    struct gy__cookie_store *store;
    gy_str domain; /* ptr NULL: all */
    void *place;
    size_t at, place_at;
};
struct gy__kept_cookie *gy__cookie_store_next(struct gy__cookie_walk *w);

/* "a.b.c" becomes "b.c", then "c", then false. */
static inline bool gy__cookie_parent(gy_str *domain)
{
    size_t dot = gy_str_find(*domain, '.');
    if (dot == SIZE_MAX)
        return false;
    *domain = gy_str_n(domain->ptr + dot + 1, domain->len - dot - 1);
    return true;
}

#endif
