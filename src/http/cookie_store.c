/* SPDX-License-Identifier: MIT */
/* cookie_store.c - cookies by domain, of which only so many are kept. */
#include "http/cookie_store.h"

#include "http/cookie_jar.h"

#include <gyre/error.h>

struct place {
    struct gy__kept_cookie **items;
    size_t len, cap;
    size_t name_len;
    char name[];
};

static struct place *find_place(const struct gy__cookie_store *s, gy_str domain)
{
    return gy__map_find(&s->places, domain);
}

static void free_place(struct place *p)
{
    for (size_t i = 0; i < p->len; i++)
        gy__free(p->items[i]);
    gy__free(p->items);
    gy__free(p);
}

void gy__cookie_store_done(struct gy__cookie_store *s)
{
    void *p;
    gy_str key;
    for (size_t at = 0; gy__map_each(&s->places, &at, &key, &p);)
        free_place(p);
    gy__map_done(&s->places);
    s->count = 0;
}

static void drop_if_empty(struct gy__cookie_store *s, struct place *p)
{
    if (p->len)
        return;
    gy__map_remove(&s->places, gy_str_n(p->name, p->name_len));
    free_place(p);
}

static void drop(struct gy__cookie_store *s, struct place *p, size_t i)
{
    gy__free(p->items[i]);
    p->items[i] = p->items[--p->len];
    s->count--;
}

/* The place of the same cookie, or p->len. */
static size_t find(const struct place *p, const struct gy__kept_cookie *k)
{
    size_t i = 0;
    while (i < p->len &&
           !(gy_str_eq(p->items[i]->name, k->name) && gy_str_eq(p->items[i]->path, k->path)))
        i++;
    return i;
}

void gy__cookie_store_remove(struct gy__cookie_store *s, const struct gy__kept_cookie *k)
{
    struct place *p = find_place(s, k->domain);
    size_t i = p ? find(p, k) : 0;
    if (!p || i == p->len)
        return;
    drop(s, p, i);
    drop_if_empty(s, p);
}

/* -- Room ---------------------------------------------------------------------------------------- */

/* Who can only speak in plain text does not drive out secrets. */
static bool goes_before(const struct gy__kept_cookie *a, const struct gy__kept_cookie *b)
{
    return a->secure == b->secure ? a->used < b->used : b->secure;
}

/* The one to go first: what has expired, else what is not Secure, else what was unused for longest. */
static size_t find_oldest(const struct place *p, int64_t now)
{
    size_t oldest = 0;
    for (size_t i = 0; i < p->len; i++) {
        if (p->items[i]->expires <= now)
            return i;
        if (goes_before(p->items[i], p->items[oldest]))
            oldest = i;
    }
    return oldest;
}

static void drop_oldest(struct gy__cookie_store *s, int64_t now)
{
    void *p;
    gy_str key;
    struct place *from = NULL;
    size_t which = 0;
    for (size_t at = 0; gy__map_each(&s->places, &at, &key, &p);) {
        size_t i = find_oldest(p, now);
        struct gy__kept_cookie *k = ((struct place *)p)->items[i];
        if (!from || k->expires <= now || k->used < from->items[which]->used) {
            from = p;
            which = i;
        }
        if (k->expires <= now)
            break;
    }
    if (from) {
        drop(s, from, which);
        drop_if_empty(s, from);
    }
}

static struct place *add_place(struct gy__cookie_store *s, gy_str domain)
{
    struct place *p = gy__zalloc(sizeof *p + domain.len + 1);
    if (!p)
        return NULL;
    memcpy(p->name, domain.ptr, domain.len);
    p->name_len = domain.len;
    if (gy__map_insert(&s->places, gy_str_n(p->name, p->name_len), p, NULL)) {
        gy__free(p);
        return NULL;
    }
    return p;
}

static int need_slot(struct place *p)
{
    if (p->len < p->cap)
        return 0;
    size_t cap = p->cap ? 2 * p->cap : 4;
    struct gy__kept_cookie **items = gy__realloc(p->items, cap * sizeof(p->items[0]));
    if (!items)
        return GY_ENOMEM;
    p->items = items;
    p->cap = cap;
    return 0;
}

/* -- Putting ------------------------------------------------------------------------------------- */

static gy_str copy_to(char **at, gy_str s)
{
    gy_str copy = gy_str_n(*at, s.len);
    memcpy(*at, s.ptr, s.len);
    (*at)[s.len] = '\0';
    *at += s.len + 1;
    return copy;
}

static struct gy__kept_cookie *copy(const struct gy__kept_cookie *k)
{
    size_t texts = k->name.len + k->value.len + k->path.len + k->domain.len + 4;
    struct gy__kept_cookie *c = gy__alloc(sizeof *c + texts);
    if (!c)
        return NULL;
    char *at = (char *)(c + 1);
    *c = *k;
    c->name = copy_to(&at, k->name);
    c->value = copy_to(&at, k->value);
    c->path = copy_to(&at, k->path);
    c->domain = copy_to(&at, k->domain);
    return c;
}

static int put(struct gy__cookie_store *s, struct gy__kept_cookie *c, int64_t now)
{
    struct place *p = find_place(s, c->domain);
    size_t i = p ? find(p, c) : 0;
    c->created = c->used = ++s->now;
    if (p && i < p->len) {
        c->created = p->items[i]->created;
        gy__free(p->items[i]);
        p->items[i] = c;
        return 0;
    }
    if (p && p->len >= GY__JAR_DOMAIN_MAX)
        drop(s, p, find_oldest(p, now));
    else if (s->count >= GY__JAR_MAX)
        drop_oldest(s, now);
    p = find_place(s, c->domain); /* it may have gone with its last cookie */
    if (!p)
        p = add_place(s, c->domain);
    if (!p)
        return GY_ENOMEM;
    if (need_slot(p)) {
        drop_if_empty(s, p);
        return GY_ENOMEM;
    }
    p->items[p->len++] = c;
    s->count++;
    return 0;
}

int gy__cookie_store_put(struct gy__cookie_store *s, const struct gy__kept_cookie *k, int64_t now)
{
    struct gy__kept_cookie *c = copy(k);
    int e = c ? put(s, c, now) : GY_ENOMEM;
    if (e)
        gy__free(c);
    return e;
}

/* -- Looking ------------------------------------------------------------------------------------- */

size_t gy__cookie_store_count(const struct gy__cookie_store *s, gy_str domain)
{
    const struct place *p = find_place(s, domain);
    return p ? p->len : 0;
}

static struct place *next_place(struct gy__cookie_walk *w)
{
    gy_str key;
    void *p;
    if (w->domain.ptr)
        return w->at++ == 0 ? find_place(w->store, w->domain) : NULL;
    return gy__map_each(&w->store->places, &w->at, &key, &p) ? p : NULL;
}

struct gy__kept_cookie *gy__cookie_store_next(struct gy__cookie_walk *w)
{
    struct place *p = w->place;
    while (!p || w->place_at == p->len) {
        p = next_place(w);
        if (!p)
            return NULL;
        w->place = p;
        w->place_at = 0;
    }
    return p->items[w->place_at++];
}
