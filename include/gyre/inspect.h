/* SPDX-License-Identifier: MIT */
/* inspect.h - looking at a running program: its tasks, and what holds a loop up. */
#ifndef GYRE_INSPECT_H
#define GYRE_INSPECT_H

#include <gyre/export.h>
#include <gyre/loop.h>
#include <gyre/task.h>
#include <stdint.h>
#include <stdio.h>

typedef struct gy_task_info {
    uint64_t id, parent;   /* the parent is who started it, which may have ended; 0: none */
    const char *name;      /* of a task that answers a request, the route */
    const char *state;     /* "new", "ready", "running", "waiting" */
    const char *waits_for; /* "sleep", "read", "lock" ...; NULL unless it waits */
    double age;            /* seconds since it, or its request, began */
    size_t depth;          /* below how many others in the tree */
    int frame_count;       /* 0 before it has begun, and where tasks are switched by ucontext */
    void *const *frames;   /* where it is, innermost first, for gy_symbol */
} gy_task_info;

typedef void gy_task_visit(void *arg, const gy_task_info *info);

GY_BEGIN_DECLS

/* Call visit(arg, info) for each task of [loop], each followed by its children. It must not suspend
 * and start or end no task. What [info] points to is valid until it returns. When memory is short
 * parents still come before their children, all with a depth of 0. On the loop's thread, in a task or
 * not. */
GY_API void gy_tasks_each(gy_loop *loop, gy_task_visit *visit, void *arg);

/* The same as text, with backtraces that name functions, and lines where the program has debug
 * information. */
GY_API void gy_tasks_print(gy_loop *loop, FILE *out);

/* Print them to standard error whenever the process gets [signo], once the loop comes round; 0 takes
 * it back. 0, GY_EINVAL, or GY_EBUSY when the signal has another use here. */
GY_API GY_CHECKED int gy_tasks_on_signal(gy_loop *loop, int signo);

/* The name of the code at [address], "function+12 (file.c:34)" as far as it is known, always
 * NUL-terminated. From any thread, but not from a signal handler. The first one in a file reads its
 * debug information, which takes a while, memory that stays, and up to 100 KiB of stack. */
GY_API void gy_symbol(const void *address, char *out, size_t size);

/* From now on a thread of its own watches the loops of this process: when one has not come round for
 * [threshold] seconds because a task or a callback holds it, a warning with the task's name, for how
 * long and its backtrace is logged, and again each time that has doubled; and a line when it goes on. 0
 * ends it. 0, GY_ENOMEM, GY_EINVAL, or GY_EBUSY when the program uses SIGRTMAX - 1 itself.
 *
 * A thread that holds a loop up gets that signal with each of these warnings, to tell where it is. Its
 * system call is restarted; those of which signal(7) says that they never are, such as nanosleep and
 * poll, end with EINTR in it. A process that forks is watched again once it makes a loop. Outside of
 * any task. */
GY_API GY_CHECKED int gy_watchdog(double threshold);

GY_END_DECLS

#endif
