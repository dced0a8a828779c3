/* SPDX-License-Identifier: MIT */
/* local.c - values that belong to tasks and are inherited by those they start. */

#include "loop/local.h"

#include <gyre/error.h>
#include <gyre/task.h>

#include "base/alloc.h"
#include "loop/state.h"
#include "loop/task.h"

struct value {
    size_t users; /* tables */
    gy_local *key;
    void *value;
};

/* One of several users may not change it: who sets a value gets a table of its own. So it never has
 * more rows than there are keys, however often a task sets values and starts others. */
struct gy__locals {
    size_t users; /* tasks */
    size_t count;
    struct value *values[];
};

struct gy__locals *gy__locals_share(struct gy__locals *l)
{
    if (l)
        l->users++;
    return l;
}

static void free_value(const gy_local *key, void *value)
{
    if (key->free_value && value)
        key->free_value(value);
}

static void drop_value(struct value *v)
{
    if (--v->users > 0)
        return;
    free_value(v->key, v->value);
    gy__free(v);
}

void gy__locals_drop(struct gy__locals *l)
{
    if (!l || --l->users > 0)
        return;
    for (size_t i = 0; i < l->count; i++)
        drop_value(l->values[i]);
    gy__free(l);
}

static size_t find(const struct gy__locals *l, const gy_local *key)
{
    size_t i = 0;
    while (l && i < l->count && l->values[i]->key != key)
        i++;
    return i;
}

/* A table as [old], with [value] at place [i]. */
static struct gy__locals *with(const struct gy__locals *old, size_t i, gy_local *key, void *value)
{
    size_t n = old ? old->count : 0;
    size_t count = i < n ? n : i + 1;
    struct value *v = gy__alloc(sizeof *v);
    struct gy__locals *l = gy__alloc(sizeof *l + count * sizeof l->values[0]);
    if (!v || !l) {
        gy__free(v);
        gy__free(l);
        return NULL;
    }
    *v = (struct value){.users = 1, .key = key, .value = value};
    l->users = 1;
    l->count = count;
    for (size_t j = 0; j < n; j++)
        if (j != i)
            (l->values[j] = old->values[j])->users++;
    l->values[i] = v;
    return l;
}

static int set(gy_task *t, gy_local *key, void *value)
{
    struct gy__locals *old = t->locals;
    size_t i = find(old, key);
    if (old && i < old->count && old->values[i]->value == value)
        return 0;
    if (old && i < old->count && old->users == 1 && old->values[i]->users == 1) {
        void *before = old->values[i]->value;
        old->values[i]->value = value;
        free_value(key, before);
        return 0;
    }
    struct gy__locals *l = with(old, i, key, value);
    if (!l)
        return GY_ENOMEM;
    t->locals = l;
    gy__locals_drop(old);
    return 0;
}

int gy_local_set(gy_local *key, void *value)
{
    gy_task *t = gy__self();
    int e = t ? set(t, key, value) : GY_ENOTASK;
    if (e)
        free_value(key, value);
    return e;
}

void *gy_local_get(const gy_local *key)
{
    gy_task *t = gy__self();
    struct gy__locals *l = t ? t->locals : NULL;
    size_t i = find(l, key);
    return l && i < l->count ? l->values[i]->value : NULL;
}
