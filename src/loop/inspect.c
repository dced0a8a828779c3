/* SPDX-License-Identifier: MIT */
/* inspect.c - the tree of a loop's tasks. */

#include "loop/inspect.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/state.h"
#include "loop/task.h"

struct node {
    const gy_task *task;
    struct node *parent, *child, *last_child, *next; /* next: of the same parent */
};

struct tree {
    struct node *nodes, **by_id;
    size_t count;
    struct node root;
};

static const char *const states[] = {"new", "ready", "running", "waiting", "ended"};

gy_task_info gy__task_info(const gy_task *t, size_t depth, struct gy__backtrace *at)
{
    at->count = 0;
    if (t == t->loop->current)
        gy__backtrace_here(at);
    else if (t->fiber)
        gy__backtrace_fiber(at, t->fiber);
    return (gy_task_info){
        .id = t->id,
        .parent = t->parent,
        .name = gy_task_name(t),
        .state = states[t->state],
        .waits_for = t->state == GY__TASK_PARKED ? t->waits_for : NULL,
        .age = (double)(gy__clock_now() - t->began) / GY__NS_PER_S,
        .depth = depth,
        .frame_count = at->count,
        .frames = at->frames,
    };
}

static int compare(const void *a, const void *b)
{
    uint64_t x = (*(struct node *const *)a)->task->id, y = (*(struct node *const *)b)->task->id;
    return (x > y) - (x < y);
}

static struct node *find(const struct tree *t, uint64_t id)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (t->by_id[middle]->task->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->count && t->by_id[low]->task->id == id ? t->by_id[low] : NULL;
}

static void hang(struct node *under, struct node *n)
{
    n->parent = under;
    if (under->last_child)
        under->last_child->next = n;
    else
        under->child = n;
    under->last_child = n;
}

/* False when memory is short. Children keep the order in which they were started; whose parent has
 * ended stands at the top. */
static bool plant(struct tree *t, const gy_loop *loop)
{
    size_t i = 0;
    gy_list_each (it, &loop->tasks)
        t->count++;
    t->nodes = gy__zalloc(t->count * sizeof *t->nodes);
    t->by_id = gy__alloc(t->count * sizeof(struct node *));
    if (!t->nodes || !t->by_id)
        return false;
    gy_list_each (it, &loop->tasks) {
        t->nodes[i].task = gy_of(it, gy_task, all);
        t->by_id[i] = &t->nodes[i];
        i++;
    }
    qsort(t->by_id, t->count, sizeof(struct node *), compare);
    for (i = 0; i < t->count; i++) {
        struct node *n = &t->nodes[i];
        struct node *parent = n->task->parent ? find(t, n->task->parent) : NULL;
        hang(parent && parent < n ? parent : &t->root, n);
    }
    return true;
}

static void visit_one(const gy_task *t, size_t depth, gy_task_visit *visit, void *arg)
{
    struct gy__backtrace at;
    gy_task_info info = gy__task_info(t, depth, &at);
    visit(arg, &info);
}

static void climb(const struct tree *t, gy_task_visit *visit, void *arg)
{
    size_t depth = 0;
    for (const struct node *n = t->root.child; n;) {
        visit_one(n->task, depth, visit, arg);
        if (n->child) {
            n = n->child;
            depth++;
            continue;
        }
        while (n != &t->root && !n->next) {
            n = n->parent;
            depth--;
        }
        n = n->next;
    }
}

/* The list has them as they were started, so parents come first there too. */
void gy_tasks_each(gy_loop *loop, gy_task_visit *visit, void *arg)
{
    struct tree t = {.nodes = NULL};
    if (plant(&t, loop))
        climb(&t, visit, arg);
    else
        gy_list_each (it, &loop->tasks)
            visit_one(gy_of(it, gy_task, all), 0, visit, arg);
    gy__free(t.nodes);
    gy__free(t.by_id);
}
