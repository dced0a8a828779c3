/* SPDX-License-Identifier: MIT */
/* state.h - what a loop consists of, for the files of this floor. */
#ifndef GYRE_LOOP_STATE_H
#define GYRE_LOOP_STATE_H

#include <gyre/list.h>
#include <gyre/loop.h>
#include <gyre/task.h>
#include <stdatomic.h>

#include "loop/fiber.h"
#include "loop/io.h"
#include "loop/mailbox.h"
#include "loop/poller.h"
#include "loop/timer.h"
#include "loop/watchdog.h"

/* Something that belongs to a loop and ends with it. */
struct gy__loop_end {
    struct gy__loop_end *next;
    void (*fn)(struct gy__loop_end *e);
};

struct gy_loop {
    int64_t now; /* ns, read when the poller returned */
    gy_task *current;
    struct gy__beat beat;
    gy_list ready;  /* tasks that go on in the next round */
    gy_list round;  /* those of this round; here, so that a callback may turn the loop */
    bool look;      /* a task took long: ask the poller before the next one runs */
    gy_list fired;  /* memory transports whose readiness changed outside the poller */
    gy_list firing; /* those of this turn */
    struct gy__fibers fibers;
    struct gy__timers timers;
    size_t timers_aside; /* of these, the ones that gy_loop_run_idle does not wait for */
    struct gy__poller poller;
    struct gy__mailbox mailbox;
    struct gy__mail *calls, **calls_end; /* gy_loop_call, and what the mailbox brought */
    size_t call_count;
    gy_list tasks;             /* all that have not ended */
    size_t task_count;         /* of these, the ones that keep gy_loop_run_idle turning */
    struct gy__loop_end *ends; /* called when it is freed and has no task any more */
    atomic_bool stop;
    atomic_bool closing; /* takes no more calls and posts */
    bool running;
    unsigned turns; /* under way, one inside of the other */
    struct gy__watched watched;
    int tasks_signo;                /* prints the tasks; 0: none */
    struct gy__file_watches *files; /* NULL while no file is watched */
    /* Asked instead of waiting when only time is waited for: a test's clock moves on by [ns]. */
    bool (*idle)(void *arg, int64_t ns);
    void *idle_arg;
};

/* The loop of this thread. The model makes the access one instruction. */
extern _Thread_local gy_loop *gy__loop_tls __attribute__((tls_model("initial-exec")));

/* As gy_task_self, without a call. */
static inline gy_task *gy__self(void)
{
    gy_loop *loop = gy__loop_tls;
    return loop ? loop->current : NULL;
}

/* For tests: see gy_loop.idle. */
void gy__loop_set_idle(gy_loop *loop, bool (*idle)(void *arg, int64_t ns), void *arg);

#endif
