/* SPDX-License-Identifier: MIT */
/* disturb.c - allocations that fail and waits that are cancelled, one in each run of a scenario. */

#include <stdio.h>

#include "base/alloc.h"
#include "loop/wait.h"
#include "testing/test.h"

enum { RUNS_MOST = 100000 };

static int may_allocate(void *arg)
{
    gy_test *t = arg;
    struct gy__disturbance *d = &t->disturbance;
    if (t->own || d->fail_at < 0 || d->fail_at-- != 0)
        return 1;
    d->happened = true;
    return 0;
}

static void on_wait(gy_task *task, const char *what)
{
    gy_test *t = gy_test_current();
    (void)what;
    if (!t)
        return;
    struct gy__disturbance *d = &t->disturbance;
    d->waits++;
    if (d->cancel_at < 0 || d->cancel_at-- != 0)
        return;
    d->happened = true;
    gy_task_cancel(task);
}

void gy__test_disturb(gy_test *t)
{
    gy__alloc_set_hook(t ? may_allocate : NULL, t);
    gy__wait_hook = t ? on_wait : NULL;
}

void gy_test_fail_alloc(gy_test *t, long n)
{
    t->disturbance.fail_at = n;
    t->disturbance.happened = false;
}

bool gy_test_disturbed(const gy_test *t)
{
    return t->disturbance.sweep;
}

void gy_test_calm(gy_test *t)
{
    t->disturbance.fail_at = t->disturbance.cancel_at = -1;
}

static void pass_on(void *arg, const char *text)
{
    gy_test_fail(arg, "%s", text);
}

/* One run. 1 when it was disturbed, 0 when there was nothing left to disturb, -1 when it failed. */
static int run(gy_test *t, gy_test_scenario *scenario, void *arg, struct gy__disturbance d)
{
    char name[300];
    snprintf(name, sizeof name, "%s [%s %ld]", t->name,
             d.fail_at >= 0     ? "allocation"
             : d.cancel_at >= 0 ? "wait"
                                : "undisturbed",
             d.fail_at >= 0 ? d.fail_at : d.cancel_at);
    gy__test_own(t);
    gy_test *inner = gy_test_begin(name, pass_on, t);
    gy__test_theirs(t);
    if (!inner) {
        gy_test_fail(t, "out of memory");
        return -1;
    }
    inner->clock = t->clock;
    inner->disturbance = d;
    scenario(inner, arg);
    gy_test_calm(inner);
    bool happened = inner->disturbance.happened;
    return gy_test_end(inner) ? -1 : happened;
}

static long sweep(gy_test *t, gy_test_scenario *scenario, void *arg, bool alloc)
{
    struct gy__disturbance d = {.fail_at = -1, .cancel_at = -1};
    long n = 0;
    int more = run(t, scenario, arg, d);
    d.sweep = true;
    for (more = more == 0; more == 1 && n < RUNS_MOST; n += more == 1) {
        *(alloc ? &d.fail_at : &d.cancel_at) = n;
        more = run(t, scenario, arg, d);
    }
    if (n == RUNS_MOST)
        gy_test_fail(t, "the scenario has no end");
    return n;
}

long gy_test_sweep_alloc(gy_test *t, gy_test_scenario *scenario, void *arg)
{
    return sweep(t, scenario, arg, true);
}

long gy_test_sweep_cancel(gy_test *t, gy_test_scenario *scenario, void *arg)
{
    return sweep(t, scenario, arg, false);
}
