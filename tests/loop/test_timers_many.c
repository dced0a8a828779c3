/* SPDX-License-Identifier: MIT */
/* A million timers: they fire in order, however they were set. */
#include "loop/state.h"
#include "loop/timer.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include "base/clock.h"

#include <stdlib.h>

enum { MANY = 1000000, IN_A_TICK = 100000 };

static gy_timer *timers;
static gy_loop *loop;
static long fired;
static const gy_timer *last;

static int set_up(void **state)
{
    (void)state;
    fake_clock_start();
    loop = gy_loop_new();
    timers = calloc(MANY, sizeof *timers);
    fired = 0;
    last = NULL;
    return loop && timers ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gy_loop_free(loop);
    free(timers);
    fake_clock_stop();
    return 0;
}

static void in_order(void *arg)
{
    const gy_timer *t = arg;
    bool late = t->at > fake_clock_now();
    bool wrong = last && (t->at < last->at || (t->at == last->at && t->order < last->order));
    if (late || wrong)
        fail_msg("%ld fired and the next is %s", fired, late ? "early" : "out of order");
    last = t;
    fired++;
}

static uint64_t draw(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    return x ^= x << 17;
}

static void set_all(int64_t spread_ns)
{
    for (int i = 0; i < MANY; i++) {
        int64_t at = fake_clock_now() + (int64_t)(draw() % (uint64_t)spread_ns);
        gy__timer_at(loop, &timers[i], at, in_order, &timers[i]);
    }
}

static void cancel_half(void)
{
    for (int i = 0; i < MANY; i += 2)
        assert_true(gy_timer_cancel(loop, &timers[i]));
}

static void run_all(void)
{
    for (long turns = 0; loop->timers.count; turns++) {
        assert_true(turns < 2000000);
        fake_clock_forward(gy_loop_timeout(loop));
        fake_clock_forward(1e-3);
        assert_int_equal(gy_loop_turn(loop, 0), 0);
    }
    assert_true(gy_loop_timeout(loop) < 0);
}

static void over_a_minute(void **state)
{
    (void)state;
    set_all(60LL * GY__NS_PER_S);
    cancel_half();
    run_all();
    assert_int_equal(fired, MANY / 2);
}

/* All of one millisecond: set when it is far, when it is near, and when it has come. */
static void within_a_millisecond(void **state)
{
    (void)state;
    static const double ahead[] = {100, 0.05, 0};
    for (int i = 0; i < 3; i++) {
        fake_clock_forward(ahead[i]);
        int64_t then = fake_clock_now();
        fake_clock_forward(-ahead[i]);
        for (int k = 0; k < IN_A_TICK; k++)
            gy__timer_at(loop, &timers[k], then + (int64_t)(draw() % GY__NS_PER_MS), in_order,
                         &timers[k]);
        fired = 0;
        last = NULL;
        run_all();
        assert_int_equal(fired, IN_A_TICK);
    }
}

static void all_at_once(void **state)
{
    (void)state;
    set_all(1);
    cancel_half();
    fake_clock_forward(1);
    run_all();
    assert_int_equal(fired, MANY / 2);
}

/* What is set when its loop is freed does not fire, and may still be cancelled. */
static void a_freed_loop_lets_them_go(void **state)
{
    (void)state;
    gy_loop *other = gy_loop_new();
    assert_non_null(other);
    for (int i = 0; i < 1000; i++)
        gy__timer_at(other, &timers[i], fake_clock_now() + (int64_t)(draw() >> (i % 62 + 2)),
                     in_order, &timers[i]);
    gy_loop_free(other);
    for (int i = 0; i < 1000; i++) {
        assert_false(gy_timer_is_set(&timers[i]));
        assert_false(gy_timer_cancel(other, &timers[i]));
    }
    gy__timer_at(loop, &timers[0], fake_clock_now(), in_order, &timers[0]);
    run_all();
    assert_int_equal(fired, 1);
}

#define TEST(test_) cmocka_unit_test_setup_teardown(test_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(over_a_minute),
        TEST(within_a_millisecond),
        TEST(all_at_once),
        TEST(a_freed_loop_lets_them_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
