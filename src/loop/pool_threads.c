/* SPDX-License-Identifier: MIT */
/* pool_threads.c - the threads of a pool. */

#include <errno.h>
#include <gyre/error.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "loop/fork.h"
#include "loop/pool.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"

/* Wait for a signal of the condition; false when nothing came for as long as a thread may idle. */
static bool wait_for_work(gy_pool *p)
{
    int e = 0;
    p->waiting++;
    if (p->idle_ns < 0) {
        pthread_cond_wait(&p->work, &p->lock);
    } else {
        int64_t ns = gy__clock_real() + p->idle_ns;
        struct timespec until = {.tv_sec = (time_t)(ns / GY__NS_PER_S),
                                 .tv_nsec = (long)(ns % GY__NS_PER_S)};
        e = pthread_cond_timedwait(&p->work, &p->lock, &until);
    }
    p->waiting--;
    return e != ETIMEDOUT;
}

/* The next job, or NULL when the thread is to end. Under the lock. */
static struct gy__job *next_job(gy_pool *p)
{
    bool waited_enough = false;
    while (!p->closed && p->workers <= p->limit) {
        gy_list *first = gy_list_first(&p->queue);
        if (first) {
            gy_list_del(first);
            p->queued--;
            return gy_of(first, struct gy__job, link);
        }
        if (waited_enough)
            return NULL;
        waited_enough = !wait_for_work(p);
    }
    return NULL;
}

/* A copy of the argument that nobody waits for goes with its job. */
static void drop(struct gy__job *j)
{
    gy__reply_done(&j->reply);
    gy__free(j);
}

/* Without the lock. */
static void run(gy_pool *p, struct gy__job *j)
{
    unsigned forks = gy__forks;
    gy__reply_begin(&j->reply);
    int result = j->fn(j->arg);
    gy__reply_begin(NULL);
    if (forks != gy__forks) /* the job forked, and its child came out of it: see gy_offload */
        _exit(1);

    /* Free before the result is out: whoever gets it and comes again finds this thread. */
    pthread_mutex_lock(&p->lock);
    bool left = j->state == GY__JOB_LEFT;
    j->result = result;
    j->state = GY__JOB_FINISHED;
    p->busy--;
    p->done++;
    pthread_mutex_unlock(&p->lock);
    if (left)
        drop(j);
    else
        gy__job_finish(j);
}

/* Under the lock. One that ends while the pool is closed is joined by the next, and the last by who
 * closes it: so all have ended then, and none has to be kept in a list. */
static void end(gy_pool *p)
{
    pthread_t before = p->ended;
    bool joins = p->closed && p->has_ended;
    if (p->closed) {
        p->ended = pthread_self();
        p->has_ended = true;
    } else {
        pthread_detach(pthread_self());
    }
    p->workers--;
    pthread_cond_broadcast(&p->gone);
    pthread_mutex_unlock(&p->lock);
    if (joins)
        pthread_join(before, NULL);
}

static void *work(void *arg)
{
    gy_pool *p = arg;
    struct gy__job *j;
    char name[16] = "";
    for (size_t i = 0; i + 1 < sizeof name && p->name[i]; i++)
        name[i] = p->name[i];
    pthread_setname_np(pthread_self(), name);
    pthread_mutex_lock(&p->lock);
    while ((j = next_job(p))) {
        p->busy++;
        j->state = GY__JOB_RUNNING;
        pthread_mutex_unlock(&p->lock);
        run(p, j);
        pthread_mutex_lock(&p->lock);
    }
    end(p);
    return NULL;
}

/* Threads take no signals: those are for the loop's thread. */
static int start_thread(gy_pool *p)
{
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int e = pthread_create(&thread, NULL, work, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return e ? GY_ENOMEM : 0;
}

/* 0, or why it cannot be queued. Under the lock. */
static int enqueue(gy_pool *p, struct gy__job *j)
{
    if (p->closed)
        return GY_ESHUTDOWN;
    if (p->queued + p->busy >= p->workers) {
        if (p->workers < p->limit) {
            int e = start_thread(p);
            p->workers += e == 0;
            if (e && !p->workers)
                return e;
        } else if (p->queue_limit && p->queued + p->busy - p->workers >= p->queue_limit) {
            return GY_EBUSY;
        }
    }
    p->queued++;
    gy_list_add(&p->queue, &j->link);
    return 0;
}

/* What becomes of a job whose caller waits no longer: gives true when it need not be waited for. */
static bool give_up(gy_pool *p, struct gy__job *j, bool *left)
{
    pthread_mutex_lock(&p->lock);
    bool queued = gy__job_take_back(p, j);
    *left = j->state == GY__JOB_RUNNING && j->own;
    if (*left)
        j->state = GY__JOB_LEFT;
    pthread_mutex_unlock(&p->lock);
    return queued || *left;
}

int gy__threads_run(gy_pool *p, struct gy__job *j, bool *left)
{
    *left = false;
    pthread_mutex_lock(&p->lock);
    int e = enqueue(p, j);
    bool wake = e == 0 && p->waiting > 0;
    pthread_mutex_unlock(&p->lock);
    /* Only now: who is woken under the lock runs into it. */
    if (wake)
        pthread_cond_signal(&p->work);
    if (e)
        return e;
    /* Who was about to park may have been woken by its own preparations, and not for this. */
    do
        e = gy__park("offload", j->until);
    while (!e && !j->done);
    if (e && !j->done && give_up(p, j, left))
        return e;
    while (!j->done)
        gy__park_masked("offload");
    return 0;
}

void gy__threads_close(gy_pool *p)
{
    pthread_cond_broadcast(&p->work);
    while (p->workers > 0)
        pthread_cond_wait(&p->gone, &p->lock);
    bool joins = p->has_ended;
    p->has_ended = false;
    pthread_mutex_unlock(&p->lock);
    if (joins)
        pthread_join(p->ended, NULL);
    pthread_mutex_lock(&p->lock);
}
