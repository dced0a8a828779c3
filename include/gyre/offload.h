/* SPDX-License-Identifier: MIT */
/* offload.h - blocking and computing beside the loop: pools of threads and of processes. */
#ifndef GYRE_OFFLOAD_H
#define GYRE_OFFLOAD_H

#include <gyre/arena.h>
#include <gyre/export.h>
#include <gyre/str.h>
#include <gyre/task.h>
#include <stddef.h>

/* Threads share the memory of the program, so what they do must be fit for threads. Processes share
 * nothing: a job that crashes, exits or hangs there is an error for its caller and for nobody else.
 *
 * The processes of a pool are children of a child that was made when the pool was first used in this
 * process: they know the program's functions and what its memory held then, and nothing that came
 * later (no library that was loaded since); they have standard input, output and error and no other
 * descriptor, the default action for each signal, and a process group of their own. One does job after
 * job, so a job finds what those before it have changed. They end with the pool, with the program
 * however that ends, and when they idle. What a job prints to stdout is written out when it returns;
 * exit() in a job runs what the job has registered with atexit, and nothing of the program's.
 *
 * A fork keeps a pool but none of its threads, processes and jobs: the child has the pool anew, the
 * parent goes on with it. This holds inside a task, and while jobs wait and run; pools of processes
 * that the parent uses are not touched by the child's end. A job may fork, but its child must not
 * come out of the job: it is ended there. */
enum gy_pool_kind {
    GY_POOL_THREADS,
    GY_POOL_PROCESSES,
    GY_POOL_INLINE /* runs jobs at once in the caller, for tests */
};

typedef struct gy_pool gy_pool;

typedef struct gy_pool_opts {
    const char *name; /* for reports, and of the threads or processes; copied. NULL is "pool" */
    enum gy_pool_kind kind;
    unsigned
        size; /* most that run at once, to 1024; 0 is 4 + the CPUs, at most 36, for threads, and
                      the CPUs for processes */
    size_t queue_limit; /* jobs that may wait: one more is GY_EBUSY; 0 is no limit */
    double
        idle_time; /* seconds after which one that had nothing to do ends; 0 is 5, negative never */
} gy_pool_opts;

typedef struct gy_offload_opts {
    gy_pool *pool; /* NULL is the pool of threads that is always there */
    /* Bytes of *arg. With 0 a job on a thread works on the caller's memory, and one in a process gets
     * the pointer as it is, good for what was there when the pool was first used. Otherwise it gets a
     * copy of so many bytes, aligned for any type, which is copied back when it has returned: on a
     * thread this lets the caller leave before the job is done. Pointers inside of it are of no use to
     * another process. Any number of bytes: large ones are copied piece by piece, while others run. */
    size_t size;
    double
        timeout; /* seconds until its result must be there, the wait for a turn included; 0: none */
    gy_arena *arena; /* with [reply]: where the bytes that the job gave with gy_job_reply are put */
    gy_str *reply;
} gy_offload_opts;

GY_BEGIN_DECLS

/* Run fn(arg) beside the loop and wait for what it returns; others go on meanwhile. The job sees
 * only its argument, never a request. [opts] may be NULL.
 *
 * The job's result (0 or negative), or GY_ENOMEM, GY_EBUSY (queue_limit), GY_ESHUTDOWN (the pool was
 * freed), GY_ETIMEDOUT, the cancellation, GY_EINVAL for options that make no sense; of a process that
 * died GY_EJOB..., for which gy_job_signal and gy_job_status tell more and gy_strerror names the
 * signal. A job that was given to a process that had ended by itself goes to another one.
 *
 * When the caller is cancelled or out of time: a job that has not begun never will; that of a process
 * is killed; that of a thread is left behind if it has a copy (size), else it is waited for, since it
 * may be using the caller's stack, and its result is given. Outside a task the job is run here, on the
 * caller's memory, if its pool is not of processes, else GY_ENOTASK.
 *
 * Several loops on several threads may use one pool. The first job of a pool of processes forks, which
 * takes the longer the more memory the program has. */
GY_API GY_SUSPENDS GY_CHECKED int gy_offload(gy_task_fn *fn, void *arg,
                                             const gy_offload_opts *opts);

/* Threads in the pool that is always there, from the next job on, 1 to 1024 (else GY_EINVAL); the
 * default is 4 + the number of CPUs, at most 36. */
GY_API GY_CHECKED int gy_offload_threads(unsigned count);

/* A pool of one's own. Threads and processes begin when they are needed. NULL when out of memory or
 * when an option makes no sense (errno tells). [opts] may be NULL. Any thread, as all that follows. */
GY_API gy_pool *gy_pool_new(const gy_pool_opts *opts);

/* Jobs that wait are not run (GY_ESHUTDOWN); processes are killed (GY_ESHUTDOWN too); threads end their
 * jobs, for which this waits, blocking. NULL is fine. Not inside of one of its jobs. One of those that
 * are always there stays, without its threads or processes, which begin anew when they are needed. */
GY_API void gy_pool_free(gy_pool *p);

/* A pool of processes that is always there, named "processes", one for each CPU. */
GY_API gy_pool *gy_process_pool(void);

/* The pool of this name, of those that are there the first; or NULL. That of gy_offload itself is
 * "threads". */
GY_API gy_pool *gy_pool_find(const char *name);

typedef struct gy_pool_stats {
    unsigned workers, busy; /* threads or processes, and those that have a job; inline: none */
    size_t queued;
    unsigned long long done, died; /* jobs that returned; processes whose job did not */
} gy_pool_stats;
GY_API void gy_pool_stats_get(gy_pool *p, gy_pool_stats *out);

/* In a job: bytes of any number for the caller's [reply], copied; several are joined. 0, GY_ENOMEM, or
 * GY_EINVAL outside of jobs. What nobody asked for is dropped. */
GY_API GY_CHECKED int gy_job_reply(const void *data, size_t len);

/* Of a result of gy_offload: the signal that killed the job's process, or 0; the status with which
 * it exited, or -1. */
GY_API int gy_job_signal(int result);
GY_API int gy_job_status(int result);

GY_END_DECLS

#endif
