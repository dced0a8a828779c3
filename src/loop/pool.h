/* SPDX-License-Identifier: MIT */
/* pool.h - what a pool consists of: one queue and one lock, whoever does the work. */
#ifndef GYRE_LOOP_POOL_H
#define GYRE_LOOP_POOL_H

#include <gyre/list.h>
#include <gyre/offload.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "loop/job.h"
#include "loop/mailbox.h"

struct gy__process;

/* The lock is held for a few instructions, and for the making of a thread or process; never while a
 * job runs or a loop waits. */
struct gy_pool {
    gy_list link; /* in the list of all pools */
    const char *name;
    enum gy_pool_kind kind;
    bool always;       /* is never freed */
    bool closed;       /* takes no more jobs */
    unsigned epochs;   /* how often it was closed: a pool that is always there opens again */
    atomic_uint users; /* calls of gy_offload that refer to it, and gy_pool_new's */
    unsigned limit;    /* most workers; 0: not yet decided */
    size_t queue_limit;
    int64_t idle_ns; /* negative: no limit */

    pthread_mutex_t lock;
    pthread_cond_t work; /* there is a job for a thread, or none may go on */
    pthread_cond_t gone; /* a thread ended; a server began */
    gy_list queue;
    size_t queued;
    unsigned workers, busy, waiting;
    unsigned long long done, died;

    pthread_t ended; /* the thread that ended last while the pool was being closed */
    bool has_ended;

    gy_list idle, leased; /* processes: those that wait for a job are served newest first */
    int control;          /* what the server is asked with; -1: there is none */
    int other_end;        /* the server's end, until it has it */
    pid_t server;
    bool starting;
};

enum gy__job_state {
    GY__JOB_QUEUED,
    GY__JOB_RUNNING,  /* or, of processes: it has its turn */
    GY__JOB_FINISHED, /* the letter is on its way */
    GY__JOB_LEFT      /* nobody waits for it any more: the thread frees it */
};

/* Lies on the stack of the task that waits for it, unless it has a copy of its argument. All but the
 * first lines is under the pool's lock until it is finished. */
struct gy__job {
    gy_task_fn *fn;
    void *arg;
    gy_task *task;
    struct gy__mail back;
    int64_t until; /* ns on the loop's clock */
    bool done;     /* the letter has come: written and read on the loop's thread */
    bool own;      /* allocated, with a copy behind it */
    gy_list link;  /* in pool.queue */
    uint8_t state;
    int result;
    struct gy__process *process; /* the one that it was handed; NULL: it is to make one */
    struct gy__reply reply;
};

/* -- Every pool (pool.c) -------------------------------------------------------------------------- */

gy_pool *gy__pool_threads(void); /* the one that is always there */

/* From the first to the second the pool's memory stays. */
void gy__pool_use(gy_pool *p);
void gy__pool_leave(gy_pool *p);

/* Prepare a job of the current task, in the caller's storage. */
void gy__job_init(struct gy__job *j, gy_task_fn *fn, void *arg, int64_t until);

/* The letter to its task. After this the job may be gone. */
void gy__job_finish(struct gy__job *j);

/* Under the lock: out of the queue, if it is in it. */
bool gy__job_take_back(gy_pool *p, struct gy__job *j);

/* -- Threads (pool_threads.c) --------------------------------------------------------------------- */

/* Put it in the queue and wait. 0: it is done, or will not be (result tells), and is the caller's.
 * Else it was given up with this code; [left]: it is the thread's now. */
int gy__threads_run(gy_pool *p, struct gy__job *j, bool *left);

/* Let the threads end. Under the lock, which is given up meanwhile. */
void gy__threads_close(gy_pool *p);

/* -- Processes (pool_processes.c) ----------------------------------------------------------------- */

int gy__processes_run(gy_pool *p, gy_task_fn *fn, void *arg, const gy_offload_opts *opts);
void gy__processes_close(gy_pool *p);  /* as gy__threads_close */
void gy__processes_sweep(gy_pool *p);  /* under the lock: forget idle ones that ended */
void gy__processes_forget(gy_pool *p); /* in a child: close what belongs to the parent */

/* -- The server of a pool of processes (pool_server.c) --------------------------------------------- */

/* In a child: serve what comes over [control] until it ends. */
_Noreturn void gy__pool_serve(int control, const char *name, int64_t idle_ns);

#endif
