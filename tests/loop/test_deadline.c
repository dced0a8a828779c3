/* SPDX-License-Identifier: MIT */
/* Deadlines: a limit on the time of a block of code. */
#include "loop/state.h"
#include "loop/task.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include <gyre/error.h>

static int in_time(void *arg)
{
    (void)arg;
    gy_deadline d;
    gy_deadline_begin(&d, 2);
    assert_int_equal(gy_sleep(1), 0);
    assert_false(gy_deadline_end(&d));
    assert_int_equal(gy_sleep(10), 0);
    return 0;
}

static void one_that_does_not_pass_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(in_time, NULL), 0);
}

static int too_late(void *arg)
{
    (void)arg;
    gy_deadline d;
    int64_t before = fake_clock_now();
    gy_deadline_begin(&d, 2);
    assert_int_equal(gy_sleep(1.5), 0);
    assert_int_equal(gy_sleep(1.5), GY_ETIMEDOUT);
    assert_true(fake_clock_now() - before == 2000000000);
    assert_int_equal(gy_task_cancelled(), GY_ETIMEDOUT);
    assert_int_equal(gy_sleep(1), GY_ETIMEDOUT);
    assert_int_equal(gy_yield(), GY_ETIMEDOUT);
    assert_true(fake_clock_now() - before == 2000000000);
    assert_true(gy_deadline_end(&d));
    assert_int_equal(gy_task_cancelled(), 0);
    return gy_sleep(1);
}

static void all_waits_end_once_it_has_passed(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(too_late, NULL), 0);
}

static int inner_passes(void *arg)
{
    (void)arg;
    gy_deadline outer, inner;
    gy_deadline_begin(&outer, 10);
    gy_deadline_begin(&inner, 1);
    assert_int_equal(gy_sleep(5), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&inner));
    assert_int_equal(gy_sleep(1), 0);
    assert_int_equal(gy_sleep(100), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&outer));
    return gy_yield();
}

static int outer_passes(void *arg)
{
    (void)arg;
    gy_deadline outer, inner;
    gy_deadline_begin(&outer, 1);
    gy_deadline_begin(&inner, 10);
    assert_int_equal(gy_sleep(5), GY_ETIMEDOUT);
    assert_false(gy_deadline_end(&inner));
    assert_int_equal(gy_sleep(1), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&outer));
    return gy_yield();
}

static int both_pass(void *arg)
{
    (void)arg;
    gy_deadline outer, inner;
    gy_deadline_begin(&outer, 1);
    gy_deadline_begin(&inner, 1);
    assert_int_equal(gy_sleep(5), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&inner));
    assert_int_equal(gy_task_cancelled(), GY_ETIMEDOUT);
    assert_int_equal(gy_sleep(1), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&outer));
    return gy_yield();
}

static void they_nest(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(inner_passes, NULL), 0);
    assert_int_equal(run_in_fake_time(outer_passes, NULL), 0);
    assert_int_equal(run_in_fake_time(both_pass, NULL), 0);
}

/* The task is not waiting when the time runs out. */
static int computes_for_long(void *arg)
{
    (void)arg;
    gy_deadline d;
    gy_deadline_begin(&d, 1);
    fake_clock_forward(2);
    assert_true(gy_deadline_end(&d));
    gy_deadline_begin(&d, 1);
    fake_clock_forward(2);
    assert_int_equal(gy_sleep(1), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&d));
    return gy_yield();
}

static void one_that_passes_while_the_task_computes(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(computes_for_long, NULL), 0);
}

static int waits_within(void *arg)
{
    gy_deadline d;
    int *seen = arg;
    gy_deadline_begin(&d, 1);
    seen[0] = gy_sleep(5);
    seen[1] = gy_sleep(5);
    seen[2] = gy_deadline_end(&d);
    seen[3] = gy_sleep(5);
    return 0;
}

static int cancel_within(void *arg)
{
    (void)arg;
    int seen[4];
    gy_task *t = gy_task_new(gy_loop_current(), waits_within, seen, NULL);
    assert_non_null(t);
    gy_sleep(0.5);
    gy_task_cancel(t);
    gy_task_join(t);
    assert_int_equal(seen[0], GY_ECANCELED);
    assert_false(seen[2]);
    assert_int_equal(seen[3], GY_ECANCELED);
    return 0;
}

static int pass_and_be_cancelled(void *arg)
{
    int *seen = arg;
    gy_deadline d;
    gy_deadline_begin(&d, 1);
    seen[0] = gy_sleep(5);
    gy_task_cancel(gy_task_self());
    seen[1] = gy_sleep(5);
    seen[2] = gy_deadline_end(&d);
    seen[3] = gy_sleep(5);
    return 0;
}

static void a_cancellation_outlasts_it(void **state)
{
    (void)state;
    int seen[4];
    assert_int_equal(run_in_fake_time(cancel_within, NULL), 0);
    assert_int_equal(run_in_fake_time(pass_and_be_cancelled, seen), 0);
    assert_int_equal(seen[0], GY_ETIMEDOUT);
    assert_int_equal(seen[1], GY_ECANCELED);
    assert_true(seen[2]);
    assert_int_equal(seen[3], GY_ECANCELED);
}

static int sleep_long(void *arg)
{
    return *(int *)arg = gy_sleep(100);
}

static int group_within(void *arg)
{
    (void)arg;
    int seen = 0;
    gy_deadline d;
    gy_group g = {0};
    gy_deadline_begin(&d, 2);
    gy_group_spawn(&g, sleep_long, &seen);
    assert_int_equal(gy_group_wait(&g), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&d));
    assert_int_equal(seen, GY_ECANCELED);
    return gy_yield();
}

static void it_ends_the_wait_for_a_group(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(group_within, NULL), 0);
}

static void outside_a_task_it_does_nothing(void **state)
{
    (void)state;
    gy_deadline d;
    gy_deadline_begin(&d, 0);
    assert_false(gy_deadline_end(&d));
}

static int without_a_limit(void *arg)
{
    (void)arg;
    gy_deadline outer, d;
    gy_deadline_begin(&d, GY_FOREVER);
    assert_int_equal(gy_sleep(1e6), 0);
    assert_int_equal(gy_task_cancelled(), 0);
    assert_false(gy_deadline_end(&d));
    gy_deadline_begin(&outer, 1);
    gy_deadline_begin(&d, -3.5);
    assert_int_equal(gy_sleep(5), GY_ETIMEDOUT);
    assert_false(gy_deadline_end(&d));
    assert_true(gy_deadline_end(&outer));
    gy_deadline_begin(&d, 0);
    assert_int_equal(gy_sleep(5), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&d));
    return gy_yield();
}

static void one_without_a_limit_never_passes(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(without_a_limit, NULL), 0);
}

static int scenario(void *arg)
{
    (void)arg;
    gy_deadline outer, inner;
    gy_deadline_begin(&outer, 10);
    int a = gy_sleep(1);
    gy_deadline_begin(&inner, 2);
    int b = gy_sleep(5);
    assert_int_not_equal(b, 0);
    gy_deadline_end(&inner);
    int c = gy_sleep(1);
    gy_deadline_end(&outer);
    int d = gy_sleep(20);
    assert_null(gy_task_self()->deadline);
    return a ? a : c ? c : d;
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_int_equal(sweep_waits(scenario, NULL), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_does_not_pass_changes_nothing),
        cmocka_unit_test(all_waits_end_once_it_has_passed),
        cmocka_unit_test(they_nest),
        cmocka_unit_test(one_that_passes_while_the_task_computes),
        cmocka_unit_test(a_cancellation_outlasts_it),
        cmocka_unit_test(it_ends_the_wait_for_a_group),
        cmocka_unit_test(outside_a_task_it_does_nothing),
        cmocka_unit_test(one_without_a_limit_never_passes),
        cmocka_unit_test(cancelled_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
