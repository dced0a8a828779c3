/* SPDX-License-Identifier: MIT */
/* Calls that come again and again. */
#include "loop/state.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is called, when it was, and what it does. */
struct calls {
    gy_periodic p;
    double at[200]; /* seconds from the start */
    int n, begun, under_way, most;
    double takes[8]; /* the first calls: how long */
    int gives;
    int stop_at; /* the number of the call that stops it, from 1 */
    bool free_it;
    int waited;
    gy_task *task;
};

static double clock_at(void)
{
    return (double)(fake_clock_now() - 1000000000000) / 1e9;
}

static int call(void *arg)
{
    struct calls *c = arg;
    int n = c->n++, e = 0;
    assert_in_range(n, 0, 199);
    c->at[n] = clock_at();
    c->task = gy_task_self();
    c->most = ++c->under_way > c->most ? c->under_way : c->most;
    if (c->stop_at == n + 1)
        gy_periodic_stop(&c->p);
    if (c->free_it) {
        free(c);
        return 0;
    }
    if (n < 8 && c->takes[n] > 0)
        e = c->waited = gy_sleep(c->takes[n]);
    c->under_way--;
    return e ? e : c->gives;
}

static struct calls every(double interval)
{
    return (struct calls){.p = {.interval = interval, .fn = call, .name = "pulse"}};
}

static void start(struct calls *c)
{
    c->p.arg = c;
    assert_false(gy_periodic_is_running(&c->p));
    assert_int_equal(gy_periodic_start(&c->p), 0);
    assert_true(gy_periodic_is_running(&c->p));
}

static void expect_at(const struct calls *c, int n, const double *at)
{
    assert_int_equal(c->n, n);
    for (int i = 0; i < n; i++)
        assert_true(fabs(c->at[i] - at[i]) < 1e-6);
}

static int steady(void *arg)
{
    (void)arg;
    struct calls c = every(2);
    start(&c);
    assert_int_equal(gy_periodic_start(&c.p), GY_EBUSY);
    gy_sleep(9);
    expect_at(&c, 4, (double[]){2, 4, 6, 8});
    gy_periodic_stop(&c.p);
    gy_periodic_stop(&c.p);
    assert_false(gy_periodic_is_running(&c.p));
    gy_sleep(10);
    assert_int_equal(c.n, 4);
    start(&c);
    gy_sleep(3);
    gy_periodic_stop(&c.p);
    expect_at(&c, 5, (double[]){2, 4, 6, 8, 21});
    return 0;
}

static void it_calls_every_interval_until_stopped(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(steady, NULL), 0);
}

static int slow(void *arg)
{
    (void)arg;
    struct calls c = every(2);
    c.takes[0] = 5;   /* from 2 to 7: it misses 4 and 6 */
    c.takes[1] = 1.5; /* from 8 */
    c.takes[2] = 2;   /* from 10 to 12: exactly when the next is due, which is missed */
    start(&c);
    gy_sleep(17);
    gy_periodic_stop(&c.p);
    expect_at(&c, 5, (double[]){2, 8, 10, 14, 16});
    assert_int_equal(c.most, 1);
    return 0;
}

static void slow_calls_skip_and_do_not_overlap(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(slow, NULL), 0);
}

static int jump(void *arg)
{
    (void)arg;
    struct calls c = every(2);
    start(&c);
    gy_sleep(3);
    fake_clock_forward(20.5); /* 23.5: one call, and then as if nothing had been */
    gy_yield();
    gy_sleep(4);
    gy_periodic_stop(&c.p);
    expect_at(&c, 4, (double[]){2, 23.5, 24, 26});
    return 0;
}

static void after_a_jump_of_the_clock_it_goes_on(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(jump, NULL), 0);
}

static int jump_back(void *arg)
{
    (void)arg;
    struct calls c = every(2);
    c.takes[0] = 1;
    start(&c);
    gy_sleep(2.5); /* in its first call, which then goes on until 3 */
    fake_clock_forward(-2);
    gy_sleep(4.5); /* now 5 */
    gy_periodic_stop(&c.p);
    expect_at(&c, 2, (double[]){2, 4});
    return 0;
}

static void a_clock_that_goes_back_repeats_nothing(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(jump_back, NULL), 0);
}

static int jitter(void *arg)
{
    (void)arg;
    struct calls c = every(2);
    double least = 9, most = 0;
    c.p.jitter = 0.25;
    start(&c);
    gy_sleep(200);
    gy_periodic_stop(&c.p);
    for (int i = 0; i < c.n; i++) {
        double gap = c.at[i] - (i ? c.at[i - 1] : 0);
        least = gap < least ? gap : least;
        most = gap > most ? gap : most;
    }
    assert_in_range(c.n, 80, 134);
    assert_true(least >= 1.499 && most <= 2.501);
    assert_true(most - least > 0.01);
    return 0;
}

static void jitter_moves_each_interval(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(jitter, NULL), 0);
}

static int full_jitter(void *arg)
{
    (void)arg;
    struct calls c = every(2);
    c.p.jitter = 1;
    start(&c);
    gy_sleep(100);
    gy_periodic_stop(&c.p);
    assert_in_range(c.n, 20, 199);
    return 0;
}

static void an_interval_may_become_nothing(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(full_jitter, NULL), 0);
}

static int stop_inside(void *arg)
{
    (void)arg;
    struct calls c = every(1);
    c.stop_at = 3;
    c.takes[2] = 5;
    start(&c);
    gy_sleep(3.5);
    assert_false(gy_periodic_is_running(&c.p));
    gy_sleep(10);
    assert_int_equal(c.n, 3);
    assert_int_equal(c.waited, 0); /* the call itself went on */
    assert_int_equal(c.under_way, 0);
    return 0;
}

static void it_may_be_stopped_by_its_own_call(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(stop_inside, NULL), 0);
}

static int free_inside(void *arg)
{
    (void)arg;
    struct calls *c = malloc(sizeof *c);
    assert_non_null(c);
    *c = every(1);
    c->stop_at = 1;
    c->free_it = true;
    start(c);
    gy_sleep(5);
    return 0;
}

static int sleep_five(void *arg)
{
    int *waited = arg;
    *waited = gy_sleep(5);
    return 0;
}

static int free_while_called(void *arg)
{
    (void)arg;
    int waited = 77;
    gy_periodic *p = malloc(sizeof *p);
    assert_non_null(p);
    *p = (gy_periodic){.interval = 1, .fn = sleep_five, .arg = &waited};
    assert_int_equal(gy_periodic_start(p), 0);
    gy_sleep(2);
    gy_periodic_stop(p);
    free(p);
    gy_sleep(10);
    assert_int_equal(waited, 0);
    return 0;
}

static void its_storage_may_go_during_a_call(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(free_inside, NULL), 0);
    assert_int_equal(run_in_fake_time(free_while_called, NULL), 0);
}

static void stop_it(void *arg)
{
    gy_periodic_stop(arg);
}

static int stop_in_time(void *arg)
{
    (void)arg;
    struct calls c = every(1);
    gy_timer t = {0};
    start(&c);
    /* It fires in the same turn, after that of the periodic: its call has its task, and has not begun. */
    gy_timer_set(gy_loop_current(), &t, 1, stop_it, &c.p);
    gy_sleep(5);
    assert_int_equal(c.n, 0);
    assert_false(gy_periodic_is_running(&c.p));
    return 0;
}

static void after_a_stop_no_call_begins(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(stop_in_time, NULL), 0);
}

static int reported;

static void note_failure(void *arg, const gy_task *t, int code)
{
    (void)arg;
    assert_string_equal(gy_task_name(t), "pulse");
    assert_int_equal(code, GY_EPROTO);
    reported++;
}

static int failing(void *arg)
{
    (void)arg;
    struct calls c = every(1);
    c.gives = GY_EPROTO;
    c.takes[1] = 0.5;
    start(&c);
    gy_sleep(2.25);
    gy_task_cancel(c.task); /* one call only, and that is no failure */
    gy_sleep(2);
    gy_periodic_stop(&c.p);
    assert_int_equal(c.waited, GY_ECANCELED);
    assert_int_equal(c.n, 4);
    return 0;
}

static void it_goes_on_after_failures(void **state)
{
    (void)state;
    reported = 0;
    gy_on_failure(note_failure, NULL);
    assert_int_equal(run_in_fake_time(failing, NULL), 0);
    gy_on_failure(NULL, NULL);
    assert_int_equal(reported, 3);
}

static int refused(void *arg)
{
    (void)arg;
    static const double bad_intervals[] = {0, -1, NAN}, bad_jitters[] = {-0.1, 1.1, NAN};
    for (int i = 0; i < 3; i++) {
        struct calls c = every(bad_intervals[i]), d = every(1);
        assert_int_equal(gy_periodic_start(&c.p), GY_EINVAL);
        d.p.jitter = bad_jitters[i];
        assert_int_equal(gy_periodic_start(&d.p), GY_EINVAL);
        assert_false(gy_periodic_is_running(&d.p));
        gy_periodic_stop(&d.p);
    }
    gy_periodic none = {.interval = 1};
    assert_int_equal(gy_periodic_start(&none), GY_EINVAL);
    struct calls never = every(INFINITY), often = every(1e-12);
    start(&never);
    start(&often);
    for (int i = 0; i < 5; i++)
        gy_yield();
    gy_periodic_stop(&often.p);
    gy_sleep(1e6);
    assert_int_equal(never.n, 0);
    gy_periodic_stop(&never.p);
    return 0;
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(refused, NULL), 0);
    struct calls c = every(1);
    assert_int_equal(gy_periodic_start(&c.p), GY_ENOTASK);
}

static int take_some_turns(void *arg)
{
    (void)arg;
    gy_sleep(3600);
    gy_task_shield(true);
    for (int i = 0; i < 5; i++) {
        gy_yield();
        fake_clock_forward(10); /* more calls would be due */
    }
    return 0;
}

static void a_freed_loop_stops_it(void **state)
{
    (void)state;
    struct calls idle = every(1), busy = every(1);
    busy.takes[0] = 50;
    fake_clock_start();
    for (int i = 0; i < 2; i++) {
        gy_loop *loop = gy_loop_new();
        assert_non_null(loop);
        idle.n = busy.n = busy.waited = 0;
        start(&idle);
        start(&busy);
        assert_int_equal(gy_spawn(take_some_turns, NULL, NULL), 0);
        fake_clock_forward(1);
        assert_int_equal(gy_loop_turn(loop, 0), 0);
        assert_int_equal(busy.n, 1);
        assert_int_equal(idle.n, 1);
        gy_loop_free(loop);
        assert_int_equal(busy.waited, GY_ESHUTDOWN);
        assert_int_equal(busy.n, 1);
        assert_false(gy_periodic_is_running(&idle.p));
        assert_false(gy_periodic_is_running(&busy.p));
        gy_periodic_stop(&idle.p);
        gy_periodic_stop(&busy.p);
    }
    fake_clock_stop();
}

static int run_outside(void *arg)
{
    (void)arg;
    return gy_sleep(10.5);
}

/* The loop is the thread's: it can be started before there is a task. */
static void it_may_be_started_outside_of_tasks(void **state)
{
    (void)state;
    struct calls c = every(1);
    fake_clock_start();
    gy_loop *loop = gy_loop_new();
    assert_non_null(loop);
    fake_clock_drive(loop);
    start(&c);
    gy_task *t = gy_task_new(loop, run_outside, NULL, NULL);
    assert_non_null(t);
    assert_int_equal(gy_task_join(t), 0);
    gy_periodic_stop(&c.p);
    assert_int_equal(c.n, 10);
    gy_loop_free(loop);
    fake_clock_stop();
}

static int some_calls(void *arg)
{
    (void)arg;
    struct calls c = every(1);
    c.takes[0] = 0.5;
    c.takes[1] = 1.5;
    start(&c);
    int e = gy_sleep(5.5);
    gy_periodic_stop(&c.p);
    if (c.under_way) {
        bool was = gy_task_shield(true);
        gy_sleep(2); /* [c] must stay for the call */
        gy_task_shield(was);
    }
    return e;
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(some_calls, NULL) >= 3);
}

static void no_memory_anywhere(void **state)
{
    (void)state;
    sweep_task_allocations(some_calls, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_calls_every_interval_until_stopped),
        cmocka_unit_test(slow_calls_skip_and_do_not_overlap),
        cmocka_unit_test(after_a_jump_of_the_clock_it_goes_on),
        cmocka_unit_test(a_clock_that_goes_back_repeats_nothing),
        cmocka_unit_test(jitter_moves_each_interval),
        cmocka_unit_test(an_interval_may_become_nothing),
        cmocka_unit_test(it_may_be_stopped_by_its_own_call),
        cmocka_unit_test(its_storage_may_go_during_a_call),
        cmocka_unit_test(after_a_stop_no_call_begins),
        cmocka_unit_test(it_goes_on_after_failures),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(a_freed_loop_stops_it),
        cmocka_unit_test(it_may_be_started_outside_of_tasks),
        cmocka_unit_test(cancelled_anywhere),
        cmocka_unit_test(no_memory_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
