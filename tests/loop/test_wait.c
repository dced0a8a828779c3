/* SPDX-License-Identifier: MIT */
/* Waiting: time, turns, and what masks or precedes a wait. */
#include "loop/state.h"
#include "loop/task.h"
#include "loop/wait.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <gyre/locks.h>
#include <string.h>

static char trace[16];

static void note(char what)
{
    size_t n = strlen(trace);
    assert_true(n + 1 < sizeof trace);
    trace[n] = what;
    trace[n + 1] = '\0';
}

static gy_task *start(gy_task_fn *fn, void *arg)
{
    gy_task *t = gy_task_new(gy_loop_current(), fn, arg, NULL);
    assert_non_null(t);
    return t;
}

static int measure_sleep(void *arg)
{
    (void)arg;
    int64_t before = fake_clock_now();
    assert_int_equal(gy_sleep(2.5), 0);
    assert_true(fake_clock_now() - before == 2500000000);
    before = fake_clock_now();
    assert_int_equal(gy_sleep(0), 0);
    assert_int_equal(gy_sleep(-1), 0);
    assert_true(fake_clock_now() == before);
    return 0;
}

static void sleep_lets_the_time_pass(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(measure_sleep, NULL), 0);
    assert_int_equal(gy_yield(), 0);
    assert_int_equal(gy_sleep(0), 0);
}

static int in_turns(void *arg)
{
    for (int i = 0; i < 3; i++) {
        note(*(const char *)arg);
        gy_yield();
    }
    return 0;
}

static int three_in_turns(void *arg)
{
    (void)arg;
    gy_task *t[3] = {start(in_turns, "a"), start(in_turns, "b"), start(in_turns, "c")};
    for (int i = 0; i < 3; i++)
        gy_task_join(t[i]);
    return 0;
}

static void yield_lets_the_others_run_once(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(three_in_turns, NULL), 0);
    assert_string_equal(trace, "abcabcabc");
}

static void park_and_tell(void *arg)
{
    gy_task_cancel(arg);
}

static int masked_wait(void *arg)
{
    gy_task *self = gy_task_self();
    (void)arg;
    assert_int_equal(gy_loop_call(gy_loop_current(), park_and_tell, self), 0);
    self->masked = true;
    assert_int_equal(gy_sleep(5), 0);
    assert_int_equal(gy_task_cancelled(), 0);
    self->masked = false;
    assert_int_equal(gy_task_cancelled(), GY_ECANCELED);
    return gy_sleep(5);
}

static void a_masked_task_waits_on(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(masked_wait, NULL), GY_ECANCELED);
}

static void cancel_on_park(gy_task *t)
{
    t->on_park = NULL;
    gy_task_cancel(t);
}

static int park_hooked(void *arg)
{
    (void)arg;
    gy_task_self()->on_park = cancel_on_park;
    return gy_sleep(3600);
}

static void what_is_done_before_a_wait_may_cancel(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(park_hooked, NULL), GY_ECANCELED);
}

static gy_event there;

static void set_on_park(gy_task *t)
{
    t->on_park = NULL;
    gy_event_set(&there);
}

static void wake_on_park(gy_task *t)
{
    t->on_park = NULL;
    gy__wake(t, 5);
    gy__wake(t, 6);
}

static int park_woken(void *arg)
{
    (void)arg;
    int64_t before = fake_clock_now();
    gy_task_self()->on_park = set_on_park;
    assert_int_equal(gy_event_wait(&there, 3600), 0);
    gy_task_self()->on_park = wake_on_park;
    assert_int_equal(gy__park("nothing", INT64_MAX), 5);
    gy_task_self()->on_park = wake_on_park;
    gy__park_masked("nothing");
    assert_true(fake_clock_now() == before);
    return gy_yield();
}

static void what_is_done_before_a_wait_may_end_it(void **state)
{
    (void)state;
    there.set = false;
    assert_int_equal(run_in_fake_time(park_woken, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sleep_lets_the_time_pass),
        cmocka_unit_test(yield_lets_the_others_run_once),
        cmocka_unit_test(a_masked_task_waits_on),
        cmocka_unit_test(what_is_done_before_a_wait_may_cancel),
        cmocka_unit_test(what_is_done_before_a_wait_may_end_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
