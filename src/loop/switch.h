/* SPDX-License-Identifier: MIT */
/* switch.h - save the running context, take up another. */
#ifndef GYRE_LOOP_SWITCH_H
#define GYRE_LOOP_SWITCH_H

#include <stdbool.h>
#include <stddef.h>

/* A context that does not run is its stack pointer: what must be kept lies on its stack. The x87 and
 * SSE control words are not kept: a task that changes the rounding mode must restore it before it
 * waits. */
typedef void gy__context_entry(void *arg);

/* Make a context that will run entry(arg) on the stack [low, low + size), 16-byte aligned at both
 * ends. The entry must never return. Gives its stack pointer. */
void *gy__context_make(void *low, size_t size, gy__context_entry *entry, void *arg);

/* Save the running context's stack pointer in [save] and go on with [to]. Returns when somebody
 * switches back. */
void gy__context_switch(void **save, void *to);

/* Call fn(arg), on this stack, so that a backtrace taken in it goes on, after the frame of this
 * function, where the context [sp], which does not run, stopped. False where the switch is not our own
 * and tells nothing to unwinders: fn is not called then. */
bool gy__context_inspect(void *sp, void (*fn)(void *arg), void *arg);

#endif
