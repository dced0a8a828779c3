/* SPDX-License-Identifier: MIT */
/* pool_processes.h - a pool of processes as its program sees it. */
#ifndef GYRE_LOOP_POOL_PROCESSES_H
#define GYRE_LOOP_POOL_PROCESSES_H

#include "loop/pool.h"

/* One of them, for as long as this end of its socket is open. A task that has it is alone with it. */
struct gy__process {
    gy_list link; /* in pool.idle or pool.leased */
    int fd;
    int file; /* of a large argument, while the job is under way: a forked child closes it too */
};

/* Wait until the job may have a process: at once, or in the order of the queue. 0, and j->process is
 * one or NULL: then the caller is to make one; or a negative code. Each turn has an end, with the
 * process to be used again or NULL. [epoch] is that of the pool when the turn was asked for. */
int gy__turn_begin(gy_pool *p, struct gy__job *j, unsigned *epoch);
void gy__turn_end(gy_pool *p, struct gy__process *process, unsigned epoch, bool returned);

/* 0 or a negative code. */
int gy__process_make(gy_pool *p, unsigned epoch, int64_t until, struct gy__process **out);

/* Close it, which kills it, and free it: under the lock, and without. */
void gy__process_forget(struct gy__process *process);
void gy__process_drop(gy_pool *p, struct gy__process *process, bool died);

#endif
