/* SPDX-License-Identifier: MIT */
/* parallel.c - one function over many items, some of them at the same time. */

#include <gyre/error.h>
#include <gyre/task.h>

#include "loop/state.h"
#include "loop/task.h"

struct map {
    gy_map_fn *fn;
    void *arg;
    size_t next, count;
};

/* An item is to find a task as new: nothing that was set or left by the one before. */
static void make_new(gy_task *self, struct gy__locals *inherited)
{
    gy__task_check_left(self);
    self->masked = false;
    if (self->locals != inherited) {
        struct gy__locals *set = self->locals;
        self->locals = gy__locals_share(inherited);
        gy__locals_drop(set);
    }
}

/* A task that takes one item after the other: those that are left need no memory. */
static int take_items(struct map *m, gy_task *self, struct gy__locals *inherited)
{
    while (m->next < m->count) {
        int e = gy__task_refusal(self);
        if (!e)
            e = m->fn(m->arg, m->next++);
        make_new(self, inherited);
        if (e < 0)
            return e; /* whereby the group cancels the others before they take another one */
    }
    return 0;
}

static int work(void *arg)
{
    gy_task *self = gy__self();
    struct gy__locals *inherited = gy__locals_share(self->locals);
    int e = take_items(arg, self, inherited);
    gy__locals_drop(inherited);
    return e;
}

int gy_map(size_t count, size_t limit, gy_map_fn *fn, void *arg)
{
    struct map m = {.fn = fn, .arg = arg, .count = count};
    size_t workers = limit && limit < count ? limit : count;
    gy_group g = {0};
    if (!gy__self())
        return GY_ENOTASK;
    for (size_t i = 0; i < workers; i++)
        if (gy_group_spawn(&g, work, &m))
            break;
    return gy_group_wait(&g);
}
