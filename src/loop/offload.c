/* SPDX-License-Identifier: MIT */
/* offload.c - gy_offload: blocking and computing beside the loop. */

#include <gyre/error.h>
#include <gyre/offload.h>
#include <string.h>

#include "base/alloc.h"
#include "loop/pool.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/waiters.h"

/* Where this is: in tests, and outside of tasks. */
static int call(gy_task_fn *fn, void *arg, const gy_offload_opts *o)
{
    struct gy__reply r = {.wanted = o->reply != NULL};
    struct gy__reply *around = gy__reply_begin(&r);
    int result = fn(arg);
    gy__reply_begin(around);
    if (o->reply && gy__reply_give(&r, o->arena, o->reply))
        result = GY_ENOMEM;
    gy__reply_done(&r);
    return result;
}

static int call_in_pool(gy_pool *p, gy_task_fn *fn, void *arg, const gy_offload_opts *o)
{
    int result = call(fn, arg, o);
    pthread_mutex_lock(&p->lock);
    p->done++;
    pthread_mutex_unlock(&p->lock);
    return result;
}

/* With a copy of the argument behind it, which is aligned for any type. NULL when out of memory. */
static struct gy__job *with_copy(gy_task_fn *fn, const void *arg, size_t size, int64_t until)
{
    enum { ALIGN = 16, HEAD = (sizeof(struct gy__job) + ALIGN - 1) / ALIGN * ALIGN };
    char *block = size > SIZE_MAX - HEAD ? NULL : gy__alloc(HEAD + size);
    struct gy__job *j = (void *)block;
    if (!j)
        return NULL;
    gy__job_init(j, fn, block + HEAD, until);
    j->own = true;
    memcpy(j->arg, arg, size);
    return j;
}

static int collect(struct gy__job *j, void *arg, const gy_offload_opts *o)
{
    int result = j->result;
    if (j->own)
        memcpy(arg, j->arg, o->size);
    if (o->reply && gy__reply_give(&j->reply, o->arena, o->reply))
        result = GY_ENOMEM;
    return result;
}

static int on_threads(gy_pool *p, gy_task_fn *fn, void *arg, const gy_offload_opts *o)
{
    struct gy__job here, *j = &here;
    int64_t until = gy__wait_until(o->timeout > 0 ? o->timeout : GY_FOREVER);
    bool left;
    if (o->size)
        j = with_copy(fn, arg, o->size, until);
    else
        gy__job_init(j, fn, arg, until);
    if (!j)
        return GY_ENOMEM;
    j->reply.wanted = o->reply != NULL;
    int e = gy__threads_run(p, j, &left);
    if (left)
        return e;
    if (!e)
        e = collect(j, arg, o);
    gy__reply_done(&j->reply);
    if (j != &here)
        gy__free(j);
    return e;
}

int gy_offload(gy_task_fn *fn, void *arg, const gy_offload_opts *opts)
{
    static const gy_offload_opts none;
    const gy_offload_opts *o = opts ? opts : &none;
    gy_task *self = gy__self();
    gy_pool *p = o->pool ? o->pool : gy__pool_threads();
    if ((o->reply && !o->arena) || (o->size && !arg))
        return GY_EINVAL;
    if (o->reply)
        *o->reply = gy_str_n("", 0);
    if (!self)
        return p->kind == GY_POOL_PROCESSES ? GY_ENOTASK : call(fn, arg, o);
    if (gy__task_refusal(self))
        return gy__task_refusal(self);
    gy__pool_use(p);
    int result = p->kind == GY_POOL_THREADS     ? on_threads(p, fn, arg, o)
                 : p->kind == GY_POOL_PROCESSES ? gy__processes_run(p, fn, arg, o)
                                                : call_in_pool(p, fn, arg, o);
    gy__pool_leave(p);
    return result;
}
