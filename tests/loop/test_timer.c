/* SPDX-License-Identifier: MIT */
/* Timers: order, far ones, and what callbacks may do. */
#include "loop/timer.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 2000, STEPS = 100000 };

static gy_loop *loop;

static int set_up(void **state)
{
    (void)state;
    fake_clock_start();
    loop = gy_loop_new();
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gy_loop_free(loop);
    fake_clock_stop();
    return 0;
}

static void turn(void)
{
    assert_int_equal(gy_loop_turn(loop, 0), 0);
}

/* The model: each timer's time and the number of its setting, -1 when it is not set. */
static struct model {
    gy_timer timer;
    int64_t at;
    int64_t order;
} all[MANY];

static size_t set_count;
static int64_t next_order, last_at, last_order;

static void fired(void *arg)
{
    struct model *m = arg;
    assert_true(m->order >= 0);
    assert_true(m->at <= fake_clock_now());
    assert_true(m->at > last_at || (m->at == last_at && m->order > last_order));
    assert_false(gy_timer_is_set(&m->timer));
    last_at = m->at;
    last_order = m->order;
    m->order = -1;
    set_count--;
}

static uint64_t seed;

static uint64_t draw(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Every distance from nothing to years, and equal times often. */
static int64_t draw_distance(void)
{
    int64_t d = (int64_t)(draw() >> (20 + draw() % 40));
    return draw() % 4 == 0 ? d / 5000000 * 5000000 : d;
}

static void set(struct model *m)
{
    m->at = fake_clock_now() + draw_distance();
    set_count += m->order < 0;
    m->order = next_order++;
    gy__timer_at(loop, &m->timer, m->at, fired, m);
    assert_true(gy_timer_is_set(&m->timer));
}

static void cancel(struct model *m)
{
    assert_int_equal(gy_timer_cancel(loop, &m->timer), m->order >= 0);
    set_count -= m->order >= 0;
    m->order = -1;
}

static void none_is_late(void)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < MANY; i++) {
        if (all[i].order < 0)
            continue;
        assert_true(all[i].at > fake_clock_now());
        next = all[i].at < next ? all[i].at : next;
    }
    double timeout = gy_loop_timeout(loop);
    if (next == INT64_MAX)
        assert_true(timeout < 0);
    else /* a bound: never later than the next, and never nothing */
        assert_true(timeout > 0 && timeout * 1e9 <= (double)(next - fake_clock_now()) + 1);
}

static void random_against_a_model(void **state)
{
    (void)state;
    seed = 88172645463325252u;
    last_at = 0;
    for (size_t i = 0; i < MANY; i++)
        all[i] = (struct model){.order = -1};
    for (int step = 0; step < STEPS; step++) {
        struct model *m = &all[draw() % MANY];
        if (draw() % 8 == 0)
            cancel(m);
        else
            set(m);
        if (draw() % 16 != 0)
            continue;
        fake_clock_forward((double)draw_distance() / 1e10);
        last_at = INT64_MIN;
        turn();
        if (step % 64 == 0)
            none_is_late();
    }
    assert_true(set_count > 0);
    for (int i = 0; set_count > 0; i++) {
        assert_true(i < 1000000);
        fake_clock_forward(gy_loop_timeout(loop));
        fake_clock_forward(1e-9);
        last_at = INT64_MIN;
        turn();
    }
    assert_true(gy_loop_timeout(loop) < 0);
}

static void count_up(void *arg)
{
    ++*(int *)arg;
}

static void fires_once_and_not_before(void **state)
{
    (void)state;
    int n = 0;
    gy_timer t = {0};
    assert_false(gy_timer_is_set(&t));
    assert_false(gy_timer_cancel(loop, &t));
    gy_timer_set(loop, &t, 1.5, count_up, &n);
    assert_true(gy_timer_is_set(&t));
    fake_clock_forward(1.4);
    turn();
    assert_int_equal(n, 0);
    fake_clock_forward(0.1);
    turn();
    assert_int_equal(n, 1);
    assert_false(gy_timer_is_set(&t));
    fake_clock_forward(10);
    turn();
    assert_int_equal(n, 1);
}

static void one_that_is_set_moves(void **state)
{
    (void)state;
    int n = 0, other = 0;
    gy_timer t = {0};
    gy_timer_set(loop, &t, 1, count_up, &other);
    gy_timer_set(loop, &t, 3, count_up, &n);
    fake_clock_forward(2);
    turn();
    assert_int_equal(n + other, 0);
    gy_timer_set(loop, &t, 0.5, count_up, &n);
    fake_clock_forward(0.5);
    turn();
    assert_int_equal(n, 1);
    fake_clock_forward(5);
    turn();
    assert_int_equal(n, 1);
    assert_int_equal(other, 0);
}

static void a_cancelled_one_does_not_fire(void **state)
{
    (void)state;
    int n = 0;
    gy_timer t = {0};
    gy_timer_set(loop, &t, 1, count_up, &n);
    assert_true(gy_timer_cancel(loop, &t));
    assert_false(gy_timer_cancel(loop, &t));
    fake_clock_forward(2);
    turn();
    assert_int_equal(n, 0);
    assert_true(gy_loop_timeout(loop) < 0);
}

static char order_of[8];

static void note(void *arg)
{
    strncat(order_of, arg, 1);
}

static void equal_times_in_the_order_of_setting(void **state)
{
    (void)state;
    gy_timer t[4] = {{.state = 0}};
    order_of[0] = '\0';
    gy_timer_set(loop, &t[2], 2, note, "d");
    gy_timer_set(loop, &t[0], 1, note, "a");
    gy_timer_set(loop, &t[3], 1, note, "b");
    gy_timer_set(loop, &t[1], 1, note, "c");
    fake_clock_forward(5);
    turn();
    assert_string_equal(order_of, "abcd");
}

static void far_ones_fire_when_their_time_has_come(void **state)
{
    (void)state;
    static const double far[] = {60, 3600, 86400, 30 * 86400.0, 365 * 86400.0, 250 * 365 * 86400.0};
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        int n = 0;
        gy_timer t = {0};
        gy_timer_set(loop, &t, far[i], count_up, &n);
        fake_clock_forward(far[i] / 2);
        turn();
        assert_true(gy_loop_timeout(loop) > 0);
        fake_clock_forward(far[i] / 2 - 0.25);
        turn();
        assert_int_equal(n, 0);
        fake_clock_forward(0.25);
        turn();
        assert_int_equal(n, 1);
        gy_loop_free(loop);
        fake_clock_stop();
        fake_clock_start();
        loop = gy_loop_new();
        assert_non_null(loop);
    }
}

static void never_is_never(void **state)
{
    (void)state;
    static const double never[] = {1e18, 1e300, INFINITY};
    int n = 0;
    gy_timer t[3] = {{.state = 0}};
    for (int i = 0; i < 3; i++)
        gy_timer_set(loop, &t[i], never[i], count_up, &n);
    for (int i = 0; i < 100; i++) {
        fake_clock_forward(86400 * 365);
        turn();
    }
    assert_int_equal(n, 0);
    assert_true(gy_loop_timeout(loop) > 0);
    for (int i = 0; i < 3; i++)
        assert_true(gy_timer_cancel(loop, &t[i]));
}

static void what_is_no_time_is_now(void **state)
{
    (void)state;
    static const double now[] = {0, -1, -INFINITY, NAN};
    gy_timer t[4] = {{.state = 0}};
    int n = 0;
    for (int i = 0; i < 4; i++)
        gy_timer_set(loop, &t[i], now[i], count_up, &n);
    assert_true(gy_loop_timeout(loop) == 0);
    turn();
    assert_int_equal(n, 4);
}

static void at_a_time_of_the_loops_clock(void **state)
{
    (void)state;
    int n = 0;
    gy_timer t[4] = {{.state = 0}};
    turn();
    double now = gy_loop_now(loop);
    gy_timer_set_at(loop, &t[0], now + 2, count_up, &n);
    gy_timer_set_at(loop, &t[1], now - 2, count_up, &n);
    gy_timer_set_at(loop, &t[2], -1, count_up, &n);
    gy_timer_set_at(loop, &t[3], INFINITY, count_up, &n);
    /* Whatever time it is by now. */
    fake_clock_forward(1.5);
    turn();
    assert_int_equal(n, 2);
    gy_timer_set_at(loop, &t[1], now + 2.5, count_up, &n);
    fake_clock_forward(0.5 + 1e-6);
    turn();
    assert_int_equal(n, 3);
    gy_timer_set_at(loop, &t[1], now + 2.1, count_up, &n);
    fake_clock_forward(0.1);
    turn();
    assert_int_equal(n, 4);
    fake_clock_forward(1e9);
    turn();
    assert_int_equal(n, 4);
    assert_true(gy_timer_cancel(loop, &t[3]));
}

struct again {
    gy_timer timer;
    int n;
};

static void set_again(void *arg)
{
    struct again *a = arg;
    if (++a->n < 100)
        gy_timer_set(loop, &a->timer, 0, set_again, a);
}

static void one_set_for_now_by_its_callback_waits_a_turn(void **state)
{
    (void)state;
    struct again a = {.n = 0};
    gy_timer_set(loop, &a.timer, 0, set_again, &a);
    turn();
    assert_int_equal(a.n, 1);
    turn();
    assert_int_equal(a.n, 2);
    while (a.n < 100)
        turn();
    assert_true(gy_loop_timeout(loop) < 0);
}

struct pair {
    gy_timer first, second;
    int n;
};

static void cancel_second(void *arg)
{
    struct pair *p = arg;
    assert_true(gy_timer_cancel(loop, &p->second));
    p->n++;
}

static void free_it(void *arg)
{
    struct again *a = arg;
    free(a);
}

static void a_callback_may_cancel_one_that_is_due(void **state)
{
    (void)state;
    struct pair p = {.n = 0};
    gy_timer_set(loop, &p.first, 1, cancel_second, &p);
    gy_timer_set(loop, &p.second, 1, cancel_second, &p);
    fake_clock_forward(1);
    turn();
    assert_int_equal(p.n, 1);
    turn();
    assert_int_equal(p.n, 1);
}

static void its_memory_may_go_when_it_fired(void **state)
{
    (void)state;
    struct again *a = calloc(1, sizeof *a);
    assert_non_null(a);
    gy_timer_set(loop, &a->timer, 1, free_it, a);
    fake_clock_forward(1);
    turn();
}

static void turn_inside(void *arg)
{
    struct pair *p = arg;
    turn();
    p->n++;
}

static void a_callback_may_turn_the_loop(void **state)
{
    (void)state;
    struct pair p = {.n = 0};
    int n = 0;
    gy_timer_set(loop, &p.first, 1, turn_inside, &p);
    gy_timer_set(loop, &p.second, 1, count_up, &n);
    fake_clock_forward(1);
    turn();
    assert_int_equal(p.n, 1);
    assert_int_equal(n, 1);
}

/* A clock that stands or jumps must not run anything early. */
static void a_clock_that_goes_back(void **state)
{
    (void)state;
    int n = 0;
    gy_timer t = {0}, u = {0};
    gy_timer_set(loop, &t, 1, count_up, &n);
    fake_clock_forward(-500);
    turn();
    assert_int_equal(n, 0);
    gy_timer_set(loop, &u, 1, count_up, &n);
    fake_clock_forward(2);
    turn();
    assert_int_equal(n, 1);
    fake_clock_forward(1000);
    turn();
    assert_int_equal(n, 2);
}

static void seconds_in_ns(void **state)
{
    (void)state;
    assert_true(gy__seconds(1.5) == 1500000000);
    assert_true(gy__seconds(-1) == 0);
    assert_true(gy__seconds(1e18) > 0);
    assert_true(gy__deadline_in(5, 0) == INT64_MAX);
    assert_true(gy__deadline_in(5, -1) == INT64_MAX);
    assert_true(gy__deadline_in(5, 1e-12) == 5);
    assert_true(gy__deadline_in(5, 1) == 1000000005);
    assert_true(gy__deadline_in(INT64_MAX / 2, 1e18) == INT64_MAX);
}

#define TEST(test_) cmocka_unit_test_setup_teardown(test_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(random_against_a_model),
        TEST(fires_once_and_not_before),
        TEST(one_that_is_set_moves),
        TEST(a_cancelled_one_does_not_fire),
        TEST(equal_times_in_the_order_of_setting),
        TEST(far_ones_fire_when_their_time_has_come),
        TEST(never_is_never),
        TEST(what_is_no_time_is_now),
        TEST(at_a_time_of_the_loops_clock),
        TEST(one_set_for_now_by_its_callback_waits_a_turn),
        TEST(a_callback_may_cancel_one_that_is_due),
        TEST(its_memory_may_go_when_it_fired),
        TEST(a_callback_may_turn_the_loop),
        TEST(a_clock_that_goes_back),
        TEST(seconds_in_ns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
