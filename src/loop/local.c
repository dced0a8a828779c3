/* SPDX-License-Identifier: MIT */
/* local.c - values that belong to tasks and are inherited by those they start. */

#include "loop/local.h"

#include <gyre/error.h>
#include <gyre/task.h>

#include "base/alloc.h"
#include "loop/state.h"
#include "loop/task.h"

/* A link never changes once another chain goes through it: who sets a value puts a link of its own in
 * front, which hides an older one of the same key. */
struct gy__local {
    struct gy__local *next;
    gy_local *key;
    void *value;
    unsigned users; /* tasks and links that point here */
};

struct gy__local *gy__locals_share(struct gy__local *chain)
{
    if (chain)
        chain->users++;
    return chain;
}

static void free_value(const gy_local *key, void *value)
{
    if (key->free_value && value)
        key->free_value(value);
}

void gy__locals_drop(struct gy__local *chain)
{
    while (chain && --chain->users == 0) {
        struct gy__local *next = chain->next;
        free_value(chain->key, chain->value);
        gy__free(chain);
        chain = next;
    }
}

int gy_local_set(gy_local *key, void *value)
{
    gy_task *t = gy__self();
    struct gy__local *top = t ? t->locals : NULL;
    if (!t) {
        free_value(key, value);
        return GY_ENOTASK;
    }
    if (top && top->key == key && top->users == 1) {
        void *old = top->value;
        top->value = value;
        free_value(key, old);
        return 0;
    }
    struct gy__local *l = gy__alloc(sizeof *l);
    if (!l) {
        free_value(key, value);
        return GY_ENOMEM;
    }
    *l = (struct gy__local){.next = top, .key = key, .value = value, .users = 1};
    t->locals = l;
    return 0;
}

void *gy_local_get(const gy_local *key)
{
    gy_task *t = gy__self();
    for (struct gy__local *l = t ? t->locals : NULL; l; l = l->next)
        if (l->key == key)
            return l->value;
    return NULL;
}
