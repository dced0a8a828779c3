/* SPDX-License-Identifier: MIT */
/* child.h - other programs that were started, and how they ended. */
#ifndef GYRE_LOOP_CHILD_H
#define GYRE_LOOP_CHILD_H

#include <gyre/future.h>
#include <gyre/list.h>
#include <gyre/loop.h>
#include <stdbool.h>

#include "loop/io.h"
#include "loop/spawn.h"

struct gy__child_end {
    int status; /* -1: see signo; with that 0 nobody knows, because another one waited for it */
    int signo;
    bool dumped_core;
};

struct gy__child {
    gy_list link;     /* in those of its loop */
    gy_loop *loop;    /* NULL once that is gone */
    struct gy__io io; /* the pidfd; -1 where there is none */
    gy_timer timer;   /* then it is asked now and then */
    pid_t pid;
    unsigned forks; /* it is the child of the process that has this number */
    bool own_group, outlive;
    bool ended, released;
    unsigned outside; /* waits outside of tasks that are under way */
    struct gy__child_end end;
    gy_waiters waiters; /* [what] is their struct gy__child_end */
    /* Called when the loop is freed before the child was released; may be NULL. */
    void (*on_loop_end)(void *arg);
    void *arg;
};

/* Start a program as a child of [loop]. 0, or a negative code with what it failed at. */
GY_CHECKED int gy__child_start(gy_loop *loop, const struct gy__spawn *s, struct gy__child **out,
                               enum gy__spawn_step *step);

/* Wait until it has ended. 0 and [end]; GY_ETIMEDOUT, GY_ECLOSED when it was released meanwhile, the
 * cancellation. Suspends inside a task, turns the loop outside. */
GY_CHECKED int gy__child_wait(struct gy__child *c, double timeout, struct gy__child_end *end);

/* Send a signal to it, or to all of its group. 0, GY_ENOTFOUND when it (all of them) has ended, -EPERM. */
int gy__child_signal(struct gy__child *c, int signo, bool group);

/* Let go of it: unless it may outlive us it is killed with its group. Freed once it has ended, when its
 * loop has seen that. */
void gy__child_release(struct gy__child *c);

/* For tests: do as where the kernel has no pidfds. */
extern bool gy__child_no_pidfd;

#endif
