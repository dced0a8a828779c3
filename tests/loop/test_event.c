/* SPDX-License-Identifier: MIT */
/* Events: all who wait go on, and who comes while it is set does not wait. */
#include "support/crew.h"

static gy_event event;

struct waiter {
    const char *name;
    double timeout;
    int got;
    double when;
};

static int wait_for_it(void *arg)
{
    struct waiter *w = arg;
    w->got = gy_event_wait(&event, w->timeout);
    w->when = at();
    if (!w->got)
        note(w->name);
    return 0;
}

static void outside_a_task(void **state)
{
    (void)state;
    assert_int_equal(gy_event_wait(&event, 1), GY_ENOTASK);
    assert_int_equal(gy_event_wait(&event, 0), GY_ETIMEDOUT);
    gy_event_set(&event);
    assert_true(event.set);
    assert_int_equal(gy_event_wait(&event, GY_FOREVER), 0);
    gy_event_set(&event);
    gy_event_clear(&event);
    assert_false(event.set);
}

IN_FAKE_TIME(all_go_on)
{
    struct waiter w[3] = {{.name = "a", .timeout = GY_FOREVER},
                          {.name = "b", .timeout = 1},
                          {.name = "c", .timeout = 5}};
    gy_group g = {0};
    for (int i = 0; i < 3; i++)
        gy_group_spawn(&g, wait_for_it, &w[i]);
    gy_sleep(2);
    assert_notes("");
    assert_int_equal(w[1].got, GY_ETIMEDOUT);
    assert_true(w[1].when == 1);
    gy_event_set(&event);
    assert_int_equal(gy_event_wait(&event, GY_FOREVER), 0);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_notes("ac");
    gy_event_clear(&event);
    return 0;
}

/* A pulse: those who waited go on, although it is not set any more when they run. */
IN_FAKE_TIME(set_and_cleared_at_once)
{
    struct waiter w[2] = {{.name = "a", .timeout = GY_FOREVER}, {.name = "b", .timeout = 1}};
    gy_group g = {0};
    gy_group_spawn(&g, wait_for_it, &w[0]);
    settle();
    gy_event_set(&event);
    gy_event_clear(&event);
    gy_group_spawn(&g, wait_for_it, &w[1]);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_notes("a");
    assert_int_equal(w[1].got, GY_ETIMEDOUT);
    return 0;
}

IN_FAKE_TIME(cancelled_and_set_in_the_same_moment)
{
    struct waiter w[2] = {{.name = "a", .timeout = GY_FOREVER},
                          {.name = "b", .timeout = GY_FOREVER}};
    gy_task *t[2] = {start(wait_for_it, &w[0]), start(wait_for_it, &w[1])};
    settle();
    gy_task_cancel(t[0]);
    settle();
    gy_task_cancel(t[1]);
    gy_event_set(&event);
    gy_task_join(t[0]);
    gy_task_join(t[1]);
    assert_int_equal(w[0].got, GY_ECANCELED);
    assert_int_equal(w[1].got, 0);
    gy_event_clear(&event);
    return 0;
}

static void set_it(void *arg)
{
    gy_event_set(arg);
}

static int scenario(void *arg)
{
    (void)arg;
    gy_timer timer = {.state = 0};
    gy_loop *loop = gy_loop_current();
    struct waiter w[3] = {{.name = "a", .timeout = GY_FOREVER},
                          {.name = "b", .timeout = 1},
                          {.name = "c", .timeout = 2}};
    gy_group g = {0};
    crew_reset(NULL);
    gy_timer_set(loop, &timer, 2, set_it, &event);
    for (int i = 0; i < 3; i++)
        gy_group_spawn(&g, wait_for_it, &w[i]);
    int e = gy_group_wait(&g);
    gy_timer_cancel(loop, &timer);
    assert_null(event.waiters.first);
    gy_event_clear(&event);
    return e;
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_int_equal(sweep_waits(scenario, NULL), 5);
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    gy_log_set_level(GY_LOG_OFF);
    sweep_task_allocations(scenario, NULL);
    gy_log_set_level(GY_LOG_INFO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(outside_a_task),          CREW_TEST(all_go_on),
        CREW_TEST(set_and_cleared_at_once), CREW_TEST(cancelled_and_set_in_the_same_moment),
        CREW_TEST(cancelled_anywhere),      CREW_TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
