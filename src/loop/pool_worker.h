/* SPDX-License-Identifier: MIT */
/* pool_worker.h - one process of a pool. */
#ifndef GYRE_LOOP_POOL_WORKER_H
#define GYRE_LOOP_POOL_WORKER_H

#include <stdint.h>

#include "loop/pool_wire.h"

/* Do the jobs that come over [fd], until its other end is closed or nothing came for [idle_ns]
 * (negative: no limit). [spare] is a descriptor that was its own in the program. */
_Noreturn void gy__pool_work(int fd, int spare, int64_t idle_ns);

/* Standard input, output and error stay too. */
void gy__close_all_but(int fd);

#endif
