/* SPDX-License-Identifier: MIT */
/* group.c - children that cannot outlive their parent's wait. */

#include <gyre/error.h>
#include <gyre/task.h>

#include "base/alloc.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"

struct child {
    gy_task task;
    gy_list sibling; /* in the group */
    gy_group *group;
};

static struct child *child_of(gy_list *sibling)
{
    return gy_of(sibling, struct child, sibling);
}

static void cancel_children(gy_group *g, int code)
{
    g->cancelled = true;
    gy_list_each (it, &g->children)
        gy__task_cancel_with(&child_of(it)->task, code);
}

static void fail(gy_group *g, int error)
{
    if (!g->error)
        g->error = error;
    if (!g->cancelled)
        cancel_children(g, GY_ECANCELED);
}

static void end_child(gy_task *t)
{
    struct child *c = gy_of(t, struct child, task);
    gy_group *g = c->group;
    gy_list_del(&c->sibling);
    g->running--;
    if (t->result < 0)
        fail(g, t->result);
    for (gy_task *w = g->waiter; w; w = w->next_waiter)
        gy__wake(w, 0);
    gy__free(c);
}

static void time_is_up(void *arg)
{
    fail(arg, GY_ETIMEDOUT);
}

static bool lies_on_stack_of(const gy_group *g, const gy_task *t)
{
    return (uintptr_t)g - (uintptr_t)t->fiber->stack.low < t->fiber->stack.size;
}

static void start(gy_group *g, gy_task *parent)
{
    g->started = true;
    g->owner = lies_on_stack_of(g, parent) ? parent : NULL;
    if (g->owner)
        g->owner->groups++;
    gy_list_init(&g->children);
    if (g->timeout > 0)
        gy_timer_set(parent->loop, &g->timer, g->timeout, time_is_up, g);
}

/* Several may wait: a child that is given its group starts siblings, and the limit holds for it
 * too. */
static void add_waiter(gy_group *g, gy_task *t)
{
    t->next_waiter = g->waiter;
    g->waiter = t;
}

static void remove_waiter(gy_group *g, gy_task *t)
{
    gy_task **at = &g->waiter;
    while (*at != t)
        at = &(*at)->next_waiter;
    *at = t->next_waiter;
    t->next_waiter = NULL;
}

/* Wait until at most [most] children are left; when the waiting task is cancelled, cancel them and
 * wait no longer. */
static void wait_until(gy_group *g, gy_task *self, size_t most)
{
    int e = 0;
    add_waiter(g, self);
    while (g->running > most && !e)
        e = gy__park("group", INT64_MAX);
    remove_waiter(g, self);
    if (e && g->running > most)
        fail(g, e);
}

/* To the last child, whatever happens to the waiting task. */
static void wait_to_the_end(gy_group *g, gy_task *self)
{
    add_waiter(g, self);
    while (g->running > 0)
        gy__park_masked("group");
    remove_waiter(g, self);
}

int gy_group_spawn(gy_group *g, gy_task_fn *fn, void *arg)
{
    gy_task *self = gy__self();
    if (!self)
        return GY_ENOTASK;
    if (!g->started)
        start(g, self);
    if (g->limit && g->running >= g->limit)
        wait_until(g, self, g->limit - 1);
    if (g->error)
        return g->error;
    struct child *c = gy__alloc(sizeof *c);
    if (!c) {
        fail(g, GY_ENOMEM);
        return GY_ENOMEM;
    }
    gy__task_init(&c->task, self->loop, fn, arg, g->name ? g->name : self->name);
    c->task.stack_size = g->stack_size;
    c->task.on_end = end_child;
    c->group = g;
    gy_list_add(&g->children, &c->sibling);
    g->running++;
    gy__task_start(&c->task);
    return 0;
}

int gy_group_wait(gy_group *g)
{
    gy_task *self = gy__self();
    if (!self)
        return GY_ENOTASK;
    if (!g->started)
        return 0;
    wait_until(g, self, 0);
    wait_to_the_end(g, self);
    gy_timer_cancel(self->loop, &g->timer);
    int e = g->error;
    if (g->owner)
        g->owner->groups--;
    g->owner = NULL;
    g->started = g->cancelled = false;
    g->error = 0;
    return e;
}

void gy_group_cancel(gy_group *g)
{
    if (g->started)
        fail(g, GY_ECANCELED);
}
