/* SPDX-License-Identifier: MIT */
/* resolver_cache.c - what names stood for a short time ago, and which did not exist. */
#include "net/resolver_cache.h"

#include <string.h>

#include "base/alloc.h"

void gy__resolver_cache_init(struct gy__resolver_cache *c, size_t max)
{
    *c = (struct gy__resolver_cache){.max = max};
    gy_list_init(&c->used);
}

static void drop(struct gy__resolver_cache *c, struct gy__answer *a)
{
    gy__map_remove(&c->answers, gy_str_of(a->key));
    gy_list_del(&a->link);
    gy__free(a);
}

const struct gy__answer *gy__resolver_cache_find(struct gy__resolver_cache *c, const char *key,
                                                 int64_t now)
{
    struct gy__answer *a = gy__map_find(&c->answers, gy_str_of(key));
    if (!a)
        return NULL;
    if (now >= a->until) {
        drop(c, a);
        return NULL;
    }
    gy_list_del(&a->link);
    gy_list_add(&c->used, &a->link);
    return a;
}

/* The addresses, and behind them the key. */
static struct gy__answer *answer_new(const char *key, const struct gy__inet *ips, size_t count)
{
    size_t room = count * sizeof *ips, len = strlen(key) + 1;
    struct gy__answer *a = gy__alloc(sizeof *a + room + len);
    if (!a)
        return NULL;
    char *copy = (char *)a + sizeof *a + room;
    memcpy(copy, key, len);
    if (count)
        memcpy(a->ips, ips, room);
    a->key = copy;
    a->count = count;
    return a;
}

void gy__resolver_cache_put(struct gy__resolver_cache *c, const char *key,
                            const struct gy__inet *ips, size_t count, int64_t until)
{
    struct gy__answer *old = gy__map_find(&c->answers, gy_str_of(key));
    if (old)
        drop(c, old);
    struct gy__answer *a = c->max ? answer_new(key, ips, count) : NULL;
    if (!a)
        return;
    if (c->answers.len >= c->max)
        drop(c, gy_of(gy_list_first(&c->used), struct gy__answer, link));
    if (gy__map_insert(&c->answers, gy_str_of(a->key), a, NULL)) {
        gy__free(a);
        return;
    }
    a->until = until;
    gy_list_add(&c->used, &a->link);
}

void gy__resolver_cache_flush(struct gy__resolver_cache *c)
{
    gy_list_each_safe (it, &c->used)
        gy__free(gy_of(it, struct gy__answer, link));
    gy_list_init(&c->used);
    gy__map_done(&c->answers);
}
