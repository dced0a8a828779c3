/* SPDX-License-Identifier: MIT */
/* inspect.h - the tree of a loop's tasks. */
#ifndef GYRE_LOOP_INSPECT_H
#define GYRE_LOOP_INSPECT_H

#include <gyre/inspect.h>

#include "loop/backtrace.h"

/* What is known of one task, with its backtrace in [at]. */
gy_task_info gy__task_info(const gy_task *t, size_t depth, struct gy__backtrace *at);

#endif
