/* SPDX-License-Identifier: MIT */
/* fake_clock.h - time that passes only when a test says so, or when a loop has nothing else to do. */
#ifndef GYRE_TESTS_SUPPORT_FAKE_CLOCK_H
#define GYRE_TESTS_SUPPORT_FAKE_CLOCK_H

#include <gyre/loop.h>
#include <gyre/task.h>
#include <stdint.h>

/* Every clock of the process stands still from here; at 1000 s. */
void fake_clock_start(void);
void fake_clock_stop(void);

int64_t fake_clock_now(void);
void fake_clock_forward(double seconds);

/* On this loop, time jumps to the next timer whenever only time is waited for. */
void fake_clock_drive(gy_loop *loop);

/* As gy_run, in fake time: gives what fn gave. */
int run_in_fake_time(gy_task_fn *fn, void *arg);

#endif
