/* SPDX-License-Identifier: MIT */
/* test.c - a test from beginning to end, and how its loop turns. */

#include <gyre/error.h>
#include <stdio.h>

#include "base/alloc.h"
#include "loop/state.h"
#include "loop/task.h"
#include "testing/test.h"

/* Bounds of what a test may do without an end in sight. */
enum { ROUNDS_MOST = 200000, JUMPS_MOST = 200000, QUIET_MOST = 300, BEATS_OF_A_TURN = 2 };
#define QUIET 0.01 /* real seconds */

static gy_test *current;

gy_test *gy_test_current(void)
{
    return current;
}

/* What is made once for a process or a thread is not left behind by the first test. */
static void make_lasting_things(void)
{
    static bool made;
    if (made)
        return;
    made = true;
    atomic_store(&gy__alloc_counting, true);
    gy_loop_free(gy_loop_new());
}

gy_test *gy_test_begin(const char *name, void (*report)(void *arg, const char *text), void *arg)
{
    make_lasting_things();
    gy_test *t = gy__zalloc(sizeof *t);
    if (!t)
        return NULL;
    snprintf(t->name, sizeof t->name, "%s", name ? name : "test");
    t->report = report;
    t->report_arg = arg;
    t->outer = current;
    t->outer_loop = gy__loop_tls;
    t->disturbance.fail_at = t->disturbance.cancel_at = -1;
    gy_list_init(&t->apps);
    gy_list_init(&t->clients);
    gy__test_inventory(t);
    gy__test_clock_begin(t);
    gy__test_log_begin(t);
    t->loop = gy_loop_new();
    if (!t->loop) {
        gy__test_log_end(t);
        gy__test_clock_end(t);
        gy__free(t);
        return NULL;
    }
    gy__loop_tls = t->loop;
    current = t;
    gy__test_disturb(t);
    return t;
}

int gy_test_end(gy_test *t)
{
    gy_test_calm(t);
    gy_test_settle(t);
    gy__test_clients_leave(t);
    gy_test_settle(t);
    gy__test_apps_done(t);
    gy_test_settle(t);
    gy__test_compare_tasks(t);
    gy_loop_free(t->loop);
    gy__loop_tls = t->outer_loop;
    gy__test_log_end(t);
    gy__test_clock_end(t);
    t->expected = NULL;
    current = t->outer;
    gy__test_disturb(t->outer);
    gy_arena_done(&t->arena);
    gy__test_compare(t);
    int failures = t->failures;
    gy__free(t);
    return failures;
}

int gy_test_failures(const gy_test *t)
{
    return t->failures;
}

gy_loop *gy_test_loop(gy_test *t)
{
    return t->loop;
}

gy_arena *gy_test_arena(gy_test *t)
{
    return &t->arena;
}

/* -- Turning ------------------------------------------------------------------------------------- */

static bool pump(gy_test *t)
{
    gy__test_own(t);
    bool moved = gy__test_pump(t);
    gy__test_theirs(t);
    return moved;
}

static unsigned long long beats(const gy_test *t)
{
    return atomic_load_explicit(&t->loop->beat.count, memory_order_relaxed);
}

/* The code under test runs here. Did any? */
static bool turn(gy_test *t, double seconds)
{
    unsigned long long before = beats(t);
    int own = t->own;
    t->own = 0;
    int e = gy_loop_turn(t->loop, seconds);
    t->own = own;
    if (e)
        gy_test_fail(t, "the loop failed: %s", gy_strerror(e));
    return beats(t) - before > BEATS_OF_A_TURN;
}

void gy_test_settle(gy_test *t)
{
    int quiet = 0;
    for (int n = 0; quiet < 2; n++) {
        bool moved = pump(t);
        moved |= turn(t, 0);
        moved |= pump(t);
        quiet = moved || gy_loop_timeout(t->loop) == 0 ? 0 : quiet + 1;
        if (n == ROUNDS_MOST) {
            gy_test_fail(t, "the loop does not come to rest");
            return;
        }
    }
}

/* The nearest, so that time neither falls short of a deadline for long nor runs past it. */
static int64_t ns_of(double seconds)
{
    double ns = seconds * 1e9 + 0.5;
    return ns >= (double)INT64_MAX ? INT64_MAX : ns < 1 ? 1 : (int64_t)ns;
}

bool gy__test_wait(gy_test *t, bool (*done)(void *arg), void *arg, const char *what)
{
    int quiet = 0, jumps = 0;
    while (quiet < QUIET_MOST && jumps < JUMPS_MOST) {
        gy_test_settle(t);
        if (done(arg))
            return true;
        double s = gy_loop_timeout(t->loop);
        if (t->clock == GY__CLOCK_AUTO && s > 0) {
            gy__test_clock_forward(t, ns_of(s));
            jumps++;
            continue;
        }
        /* Nothing but a thread, another process or the kernel can go on with it. */
        turn(t, s > 0 && s < QUIET ? s : QUIET);
        quiet++;
    }
    if (!t->disturbance.sweep)
        gy_test_fail(t, "nothing happens any more, waiting for %s%s", what,
                     t->clock == GY__CLOCK_STILL && gy_loop_timeout(t->loop) > 0
                         ? " (time stands still: gy_test_clock_auto or gy_test_advance)"
                         : "");
    return false;
}

void gy_test_advance(gy_test *t, double seconds)
{
    int64_t left = seconds > 0 ? ns_of(seconds) : 0;
    gy_test_settle(t);
    for (int n = 0; left > 0 && n < JUMPS_MOST; n++) {
        double s = gy_loop_timeout(t->loop);
        int64_t step = s < 0 ? left : ns_of(s);
        step = step < left ? step : left;
        gy__test_clock_forward(t, step);
        left -= step;
        gy_test_settle(t);
    }
}

static bool task_has_ended(void *arg)
{
    return ((const gy_task *)arg)->state == GY__TASK_ENDED;
}

int gy_test_run(gy_test *t, gy_task_fn *fn, void *arg)
{
    gy__test_own(t);
    gy_task *task = gy_task_new(t->loop, fn, arg, &(gy_task_opts){.name = "test"});
    if (!task)
        gy_test_fail(t, "out of memory");
    else if (!gy__test_wait(t, task_has_ended, task, "the task"))
        gy_task_cancel(task);
    int result = task ? gy_task_join(task) : GY_ENOMEM;
    gy__test_theirs(t);
    return result;
}
