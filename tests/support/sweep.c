/* SPDX-License-Identifier: MIT */
/* sweep.c - the sweeps of the testing kit, for tests that bring a loop of their own. */
#include "support/sweep.h"

#include "support/fake_clock.h"
#include "testing/test.h"

#include <stdio.h>

int count_descriptors(void)
{
    return gy__open_descriptors();
}

struct scenario {
    int (*body)(void *arg);
    void *arg;
    char first_failure[1000];
};

static void note_failure(void *arg, const char *text)
{
    struct scenario *s = arg;
    if (!s->first_failure[0])
        snprintf(s->first_failure, sizeof s->first_failure, "%s", text);
}

static void run_once(gy_test *t, void *arg)
{
    struct scenario *s = arg;
    int result = run_in_fake_time(s->body, s->arg);
    if (!gy_test_disturbed(t))
        GY_CHECK_INT(result, 0);
}

typedef long sweep_fn(gy_test *t, gy_test_scenario *scenario, void *arg);

static long run_sweep(sweep_fn *sweep, int (*body)(void *arg), void *arg)
{
    struct scenario s = {.body = body, .arg = arg};
    gy_test *t = gy_test_begin("sweep", note_failure, &s);
    assert_non_null(t);
    long runs = sweep(t, run_once, &s);
    gy_test_end(t);
    if (s.first_failure[0])
        fail_msg("%s", s.first_failure);
    return runs;
}

long sweep_waits(int (*body)(void *arg), void *arg)
{
    return run_sweep(gy_test_sweep_cancel, body, arg);
}

void sweep_task_allocations(int (*body)(void *arg), void *arg)
{
    run_sweep(gy_test_sweep_alloc, body, arg);
}
