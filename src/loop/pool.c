/* SPDX-License-Identifier: MIT */
/* pool.c - pools: made, found, counted, forked and freed. */

#include "loop/pool.h"

#include <errno.h>
#include <gyre/error.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "loop/fork.h"
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"

enum { SIZE_MOST = 1024, IDLE_SECONDS = 5 };

static pthread_mutex_t pools_lock = PTHREAD_MUTEX_INITIALIZER;
static gy_list pools = GY_LIST_INIT(pools);

static gy_pool threads = {.name = "threads", .kind = GY_POOL_THREADS};
static gy_pool processes = {.name = "processes", .kind = GY_POOL_PROCESSES};

/* -- Forks ---------------------------------------------------------------------------------------- */

static void init_conditions(gy_pool *p)
{
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&p->work, &steady);
    pthread_cond_init(&p->gone, NULL);
    pthread_condattr_destroy(&steady);
}

static void before_fork(void)
{
    pthread_mutex_lock(&pools_lock);
    gy_list_each (it, &pools)
        pthread_mutex_lock(&gy_of(it, gy_pool, link)->lock);
}

static void parent_after_fork(void)
{
    gy_list_each (it, &pools)
        pthread_mutex_unlock(&gy_of(it, gy_pool, link)->lock);
    pthread_mutex_unlock(&pools_lock);
}

/* A child has the memory of a pool, but none of its threads, and the processes and the jobs are its
 * parent's: it begins with none. */
static void start_anew(gy_pool *p)
{
    init_conditions(p);
    gy_list_init(&p->queue);
    p->queued = 0;
    p->workers = p->busy = p->waiting = 0;
    p->closed = p->has_ended = p->starting = false;
    atomic_store(&p->users, 1);
    if (p->kind == GY_POOL_PROCESSES)
        gy__processes_forget(p);
    pthread_mutex_unlock(&p->lock);
}

static void child_after_fork(void)
{
    gy_list_each (it, &pools)
        start_anew(gy_of(it, gy_pool, link));
    pthread_mutex_unlock(&pools_lock);
}

/* -- Made and freed ------------------------------------------------------------------------------- */

static void init(gy_pool *p)
{
    pthread_mutex_init(&p->lock, NULL);
    init_conditions(p);
    gy_list_init(&p->queue);
    gy_list_init(&p->idle);
    gy_list_init(&p->leased);
    p->control = p->other_end = -1;
    atomic_init(&p->users, 1);
    pthread_mutex_lock(&pools_lock);
    gy_list_add(&pools, &p->link);
    pthread_mutex_unlock(&pools_lock);
}

static void begin(void)
{
    gy__forks_watch();
    threads.always = processes.always = true;
    threads.idle_ns = processes.idle_ns = (int64_t)IDLE_SECONDS * GY__NS_PER_S;
    init(&threads);
    init(&processes);
    pthread_atfork(before_fork, parent_after_fork, child_after_fork);
}

static void begin_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin);
}

static unsigned default_limit(enum gy_pool_kind kind)
{
    unsigned cpus = (unsigned)gy__cpu_count();
    if (kind == GY_POOL_PROCESSES)
        return cpus < SIZE_MOST ? cpus : SIZE_MOST;
    return cpus > 32 ? 36 : 4 + cpus;
}

static gy_pool *always(gy_pool *p)
{
    begin_once();
    pthread_mutex_lock(&p->lock);
    if (!p->limit)
        p->limit = default_limit(p->kind);
    pthread_mutex_unlock(&p->lock);
    return p;
}

gy_pool *gy__pool_threads(void)
{
    return always(&threads);
}

gy_pool *gy_process_pool(void)
{
    return always(&processes);
}

int gy_offload_threads(unsigned count)
{
    if (count == 0 || count > SIZE_MOST)
        return GY_EINVAL;
    begin_once();
    pthread_mutex_lock(&threads.lock);
    threads.limit = count;
    pthread_cond_broadcast(&threads.work);
    pthread_mutex_unlock(&threads.lock);
    return 0;
}

static bool makes_sense(const gy_pool_opts *o)
{
    return o->kind <= GY_POOL_INLINE && o->size <= SIZE_MOST && !isnan(o->idle_time);
}

gy_pool *gy_pool_new(const gy_pool_opts *opts)
{
    static const gy_pool_opts none;
    const gy_pool_opts *o = opts ? opts : &none;
    if (!makes_sense(o))
        return errno = EINVAL, NULL;
    begin_once();
    const char *name = o->name ? o->name : "pool";
    size_t len = strlen(name);
    gy_pool *p = gy__zalloc(sizeof *p + len + 1);
    if (!p)
        return errno = ENOMEM, NULL;
    p->name = memcpy(p + 1, name, len + 1);
    p->kind = o->kind;
    p->limit = o->size ? o->size : default_limit(o->kind);
    p->queue_limit = o->queue_limit;
    p->idle_ns = o->idle_time < 0    ? -1
                 : o->idle_time == 0 ? (int64_t)IDLE_SECONDS * GY__NS_PER_S
                                     : gy__seconds(o->idle_time < 1e9 ? o->idle_time : 1e9);
    init(p);
    return p;
}

/* Those that are always there are nobody's to free. */
static bool is_static(const gy_pool *p)
{
    return p == &threads || p == &processes;
}

void gy__pool_use(gy_pool *p)
{
    if (!is_static(p))
        atomic_fetch_add_explicit(&p->users, 1, memory_order_relaxed);
}

void gy__pool_leave(gy_pool *p)
{
    if (is_static(p) || atomic_fetch_sub_explicit(&p->users, 1, memory_order_acq_rel) != 1)
        return;
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->work);
    pthread_cond_destroy(&p->gone);
    gy__free(p);
}

/* Those that wait are told. Under the lock. */
static void refuse_queued(gy_pool *p)
{
    while (!gy_list_empty(&p->queue)) {
        struct gy__job *j = gy_of(p->queue.next, struct gy__job, link);
        gy__job_take_back(p, j);
        j->result = GY_ESHUTDOWN;
        j->state = GY__JOB_FINISHED;
        gy__job_finish(j);
    }
}

void gy_pool_free(gy_pool *p)
{
    if (!p)
        return;
    if (!p->always) {
        pthread_mutex_lock(&pools_lock);
        gy_list_del(&p->link);
        pthread_mutex_unlock(&pools_lock);
    }
    pthread_mutex_lock(&p->lock);
    p->closed = true;
    p->epochs++;
    refuse_queued(p);
    if (p->kind == GY_POOL_PROCESSES)
        gy__processes_close(p);
    else
        gy__threads_close(p);
    p->closed = !p->always;
    pthread_mutex_unlock(&p->lock);
    if (!p->always)
        gy__pool_leave(p);
}

/* -- Found and counted ---------------------------------------------------------------------------- */

gy_pool *gy_pool_find(const char *name)
{
    gy_pool *found = NULL;
    begin_once();
    pthread_mutex_lock(&pools_lock);
    gy_list_each (it, &pools) {
        gy_pool *p = gy_of(it, gy_pool, link);
        if (!found && strcmp(p->name, name) == 0)
            found = p;
    }
    pthread_mutex_unlock(&pools_lock);
    return found && found->always ? always(found) : found;
}

void gy_pool_stats_get(gy_pool *p, gy_pool_stats *out)
{
    pthread_mutex_lock(&p->lock);
    if (p->kind == GY_POOL_PROCESSES)
        gy__processes_sweep(p);
    *out = (gy_pool_stats){.workers = p->workers,
                           .busy = p->busy,
                           .queued = p->queued,
                           .done = p->done,
                           .died = p->died};
    pthread_mutex_unlock(&p->lock);
}

/* -- Jobs ----------------------------------------------------------------------------------------- */

static void come_back(void *arg)
{
    struct gy__job *j = arg;
    j->done = true;
    gy__wake(j->task, 0);
}

void gy__job_init(struct gy__job *j, gy_task_fn *fn, void *arg, int64_t until)
{
    *j = (struct gy__job){.fn = fn, .arg = arg, .task = gy__self(), .until = until};
    j->back = (struct gy__mail){.fn = come_back, .arg = j};
    gy_list_init(&j->link);
}

void gy__job_finish(struct gy__job *j)
{
    gy__mail_send(j->task->loop, &j->back);
}

bool gy__job_take_back(gy_pool *p, struct gy__job *j)
{
    bool queued = !gy_list_empty(&j->link);
    p->queued -= queued;
    gy_list_del(&j->link);
    return queued;
}
