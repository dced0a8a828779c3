/* SPDX-License-Identifier: MIT */
/* offload.c - blocking work on a pool of threads. */

#include <gyre/error.h>
#include <gyre/offload.h>
#include <gyre/task.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "loop/mailbox.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"

/* Lies on the stack of the task that waits for it. */
struct job {
    gy_list link; /* in pool.queue */
    gy_task_fn *fn;
    void *arg;
    int result;
    bool done; /* written and read on the loop's thread */
    gy_task *task;
    struct gy__mail back;
};

enum { THREADS_MAX = 1024 };

/* One lock, held for a few instructions and never while a job runs or the loop waits. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t work;
    gy_list queue;
    unsigned queued, busy; /* jobs that wait, and that run */
    unsigned threads, waiting, limit;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .work = PTHREAD_COND_INITIALIZER,
          .queue = GY_LIST_INIT(pool.queue)};

static void come_back(void *arg)
{
    struct job *j = arg;
    j->done = true;
    gy__wake(j->task, 0);
}

/* The next job, or NULL when there are more threads than there should be. Under the lock. */
static struct job *next_job(void)
{
    while (pool.threads <= pool.limit) {
        gy_list *first = gy_list_first(&pool.queue);
        if (first) {
            gy_list_del(first);
            pool.queued--;
            return gy_of(first, struct job, link);
        }
        pool.waiting++;
        pthread_cond_wait(&pool.work, &pool.lock);
        pool.waiting--;
    }
    return NULL;
}

static void *work(void *unused)
{
    (void)unused;
    struct job *j;
    pthread_mutex_lock(&pool.lock);
    while ((j = next_job())) {
        pool.busy++;
        pthread_mutex_unlock(&pool.lock);
        j->result = j->fn(j->arg);
        /* Free before the result is out: whoever gets it and comes again finds this thread. */
        pthread_mutex_lock(&pool.lock);
        pool.busy--;
        pthread_mutex_unlock(&pool.lock);
        gy__mail_send(j->task->loop, &j->back);
        pthread_mutex_lock(&pool.lock);
    }
    pool.threads--;
    pthread_mutex_unlock(&pool.lock);
    return NULL;
}

/* Threads take no signals: those are for the loop's thread. */
static int start_thread(void)
{
    sigset_t all, before;
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int e = pthread_create(&thread, &attr, work, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return e ? GY_ENOMEM : 0;
}

static unsigned default_limit(void)
{
    cpu_set_t set;
    int cpus = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    return cpus > 32 ? 36 : 4 + (unsigned)cpus;
}

/* A fork keeps the pool's memory but none of its threads. */
static void child_after_fork(void)
{
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.work, NULL);
    gy_list_init(&pool.queue);
    pool.queued = pool.busy = pool.threads = pool.waiting = 0;
}

static void before_fork(void)
{
    pthread_mutex_lock(&pool.lock);
}

static void parent_after_fork(void)
{
    pthread_mutex_unlock(&pool.lock);
}

static void watch_forks(void)
{
    pthread_atfork(before_fork, parent_after_fork, child_after_fork);
}

int gy_offload_threads(unsigned count)
{
    if (count == 0 || count > THREADS_MAX)
        return GY_EINVAL;
    pthread_mutex_lock(&pool.lock);
    pool.limit = count;
    pthread_cond_broadcast(&pool.work);
    pthread_mutex_unlock(&pool.lock);
    return 0;
}

static int enqueue(struct job *j)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int e = 0;
    pthread_once(&once, watch_forks);
    pthread_mutex_lock(&pool.lock);
    if (!pool.limit)
        pool.limit = default_limit();
    if (pool.queued + pool.busy >= pool.threads && pool.threads < pool.limit) {
        e = start_thread();
        pool.threads += e == 0;
    }
    if (e == 0 || pool.threads > 0) {
        e = 0;
        pool.queued++;
        gy_list_add(&pool.queue, &j->link);
    }
    bool wake = e == 0 && pool.waiting > 0;
    pthread_mutex_unlock(&pool.lock);
    /* Only now: who is woken under the lock runs into it. */
    if (wake)
        pthread_cond_signal(&pool.work);
    return e;
}

/* True when the job had not begun and is now out of the queue. */
static bool take_back(struct job *j)
{
    pthread_mutex_lock(&pool.lock);
    bool queued = !gy_list_empty(&j->link);
    pool.queued -= queued;
    gy_list_del(&j->link);
    pthread_mutex_unlock(&pool.lock);
    return queued;
}

int gy_offload(gy_task_fn *fn, void *arg, const gy_offload_opts *opts)
{
    (void)opts;
    gy_task *self = gy__self();
    if (!self)
        return fn(arg);
    if (gy__task_refusal(self))
        return gy__task_refusal(self);
    struct job j = {.fn = fn, .arg = arg, .task = self};
    j.back = (struct gy__mail){.fn = come_back, .arg = &j};
    gy_list_init(&j.link);
    int e = enqueue(&j);
    if (e)
        return e;
    e = gy__park("offload", INT64_MAX);
    if (e && !j.done && take_back(&j))
        return e;
    while (!j.done)
        gy__park_masked("offload");
    return j.result;
}
