/* SPDX-License-Identifier: MIT */
/* switch.h - save the running context, take up another. */
#ifndef GYRE_LOOP_SWITCH_H
#define GYRE_LOOP_SWITCH_H

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

#endif
