/* SPDX-License-Identifier: MIT */
/* pool_turns.c - whose job has a process of a pool: as many as it may have, then first come first
 * served. */

#include <gyre/error.h>

#include "loop/pool_processes.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"

/* A turn that is free goes to the first in the queue, with an idle process or the right to make one.
 * Under the lock. */
static void give_turn(gy_pool *p, struct gy__process *idle)
{
    gy_list *first = gy_list_first(&p->queue);
    if (first) {
        struct gy__job *j = gy_of(first, struct gy__job, link);
        gy__job_take_back(p, j);
        j->process = idle;
        j->state = GY__JOB_RUNNING;
        gy__job_finish(j);
        return;
    }
    p->busy--;
    if (!idle) {
        p->workers--;
        return;
    }
    gy_list_del(&idle->link);
    gy_list_add_front(&p->idle, &idle->link);
}

/* Gives true when it has a turn at once; else it is queued, or [e] says why not. Under the lock. */
static bool take_turn(gy_pool *p, struct gy__job *j, int *e)
{
    gy_list *first = gy_list_first(&p->idle);
    *e = p->closed ? GY_ESHUTDOWN : 0;
    if (*e)
        return false;
    if (first) {
        gy_list_del(first);
        gy_list_add(&p->leased, first);
        j->process = gy_of(first, struct gy__process, link);
    } else if (p->workers < p->limit) {
        p->workers++;
    } else if (p->queue_limit && p->queued >= p->queue_limit) {
        *e = GY_EBUSY;
        return false;
    } else {
        p->queued++;
        gy_list_add(&p->queue, &j->link);
        return false;
    }
    p->busy++;
    return true;
}

static int wait_for_turn(gy_pool *p, struct gy__job *j)
{
    int e;
    do
        e = gy__park("a process of a pool", j->until);
    while (!e && !j->done);
    if (e && !j->done) {
        pthread_mutex_lock(&p->lock);
        bool queued = gy__job_take_back(p, j);
        pthread_mutex_unlock(&p->lock);
        if (queued)
            return e;
    }
    while (!j->done)
        gy__park_masked("a process of a pool");
    if (j->state == GY__JOB_FINISHED)
        return j->result;
    if (!e)
        return 0;
    pthread_mutex_lock(&p->lock);
    give_turn(p, j->process);
    pthread_mutex_unlock(&p->lock);
    return e;
}

int gy__turn_begin(gy_pool *p, struct gy__job *j, unsigned *epoch)
{
    int e;
    pthread_mutex_lock(&p->lock);
    bool mine = take_turn(p, j, &e);
    *epoch = p->epochs;
    pthread_mutex_unlock(&p->lock);
    return mine || e ? e : wait_for_turn(p, j);
}

void gy__turn_end(gy_pool *p, struct gy__process *process, unsigned epoch, bool returned)
{
    pthread_mutex_lock(&p->lock);
    p->done += returned;
    if (process && p->epochs != epoch) {
        gy__process_forget(process);
        process = NULL;
    }
    give_turn(p, process);
    pthread_mutex_unlock(&p->lock);
}
