/* SPDX-License-Identifier: MIT */
/* backtrace.h - where a thread, or a task that does not run, is in the code. */
#ifndef GYRE_LOOP_BACKTRACE_H
#define GYRE_LOOP_BACKTRACE_H

#include <stdbool.h>

struct gy__fiber;

enum { GY__FRAMES = 48 };

/* Addresses in the code, innermost first: each lies inside of the call that has not returned. Where
 * the task begins the rest is left out. */
struct gy__backtrace {
    int count;
    void *frames[GY__FRAMES];
};

/* Make the first backtrace here, because it may need what a signal handler must not do. */
void gy__backtrace_prepare(void);

/* Of the caller. */
void gy__backtrace_here(struct gy__backtrace *b);

/* In a signal handler, on whatever stack: of what the signal interrupted. */
void gy__backtrace_interrupted(struct gy__backtrace *b);

/* Of a fiber that does not run; its stack is not touched. None with the ucontext switch. */
void gy__backtrace_fiber(struct gy__backtrace *b, const struct gy__fiber *fiber);

#endif
