/* SPDX-License-Identifier: MIT */
/* Something that is done by the first who needs it. */
#include "support/crew.h"

static gy_once once;
static int runs, running;

/* What the n-th run gives. */
static int results[8];

static int reset(void **state)
{
    once = (gy_once){0};
    runs = running = 0;
    memset(results, 0, sizeof results);
    return crew_reset(state);
}

static int make(void *arg)
{
    int n = runs++;
    (void)arg;
    assert_int_equal(++running, 1);
    int e = gy_sleep(1);
    running--;
    return e ? e : results[n];
}

struct user {
    const char *name;
    int got;
    double when;
};

static int need(void *arg)
{
    struct user *u = arg;
    u->got = gy_once_run(&once, make, NULL);
    u->when = at();
    note(u->name);
    return 0;
}

static void begin(struct user *u, gy_task **t, int n)
{
    for (int i = 0; i < n; i++)
        t[i] = start(need, &u[i]);
    settle();
}

static int end(gy_task **t, int n)
{
    for (int i = 0; i < n; i++)
        gy_task_join(t[i]);
    assert_false(once.running);
    assert_null(once.waiters.first);
    return 0;
}

static int give(void *arg)
{
    runs++;
    return *(int *)arg;
}

static void outside_a_task(void **state)
{
    (void)state;
    int fail = -5, fine = 7;
    assert_int_equal(gy_once_run(&once, give, &fail), -5);
    assert_false(once.done || once.running);
    assert_int_equal(gy_once_run(&once, give, &fine), 0);
    assert_true(once.done);
    assert_int_equal(gy_once_run(&once, give, &fail), 0);
    assert_int_equal(runs, 2);
}

IN_FAKE_TIME(one_does_it_and_all_wait_for_it)
{
    struct user u[3] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    gy_task *t[3];
    begin(u, t, 3);
    assert_true(once.running);
    end(t, 3);
    assert_int_equal(runs, 1);
    assert_true(at() == 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(u[i].got, 0);
    assert_int_equal(gy_once_run(&once, make, NULL), 0);
    assert_int_equal(runs, 1);
    return 0;
}

IN_FAKE_TIME(after_a_failure_the_next_one_tries)
{
    struct user u[4] = {{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}};
    gy_task *t[4];
    results[0] = -11;
    results[1] = -12;
    begin(u, t, 4);
    end(t, 4);
    assert_int_equal(u[0].got, -11);
    assert_int_equal(u[1].got, -12);
    assert_int_equal(u[2].got, 0);
    assert_int_equal(u[3].got, 0);
    assert_true(u[0].when == 1 && u[1].when == 2 && u[3].when == 3);
    assert_int_equal(runs, 3);
    return 0;
}

IN_FAKE_TIME(when_all_have_failed_it_can_be_tried_again)
{
    results[0] = -11;
    assert_int_equal(gy_once_run(&once, make, NULL), -11);
    assert_false(once.running);
    return gy_once_run(&once, make, NULL);
}

IN_FAKE_TIME(the_first_is_cancelled)
{
    struct user u[3] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    gy_task *t[3];
    begin(u, t, 3);
    gy_sleep(0.5);
    gy_task_cancel(t[0]);
    end(t, 3);
    assert_int_equal(u[0].got, GY_ECANCELED);
    assert_int_equal(u[1].got, 0);
    assert_int_equal(u[2].got, 0);
    assert_true(at() == 1.5);
    assert_int_equal(runs, 2);
    return 0;
}

/* It is one's turn and it is cancelled, in both orders: its run fails, and it is the next one's. */
IN_FAKE_TIME(the_next_is_cancelled_when_it_is_its_turn)
{
    for (int first = 0; first < 2; first++) {
        struct user u[3] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
        gy_task *t[3];
        reset(NULL);
        begin(u, t, 3);
        gy_task_cancel(t[first]);
        gy_task_cancel(t[!first]);
        end(t, 3);
        assert_int_equal(u[0].got, GY_ECANCELED);
        assert_int_equal(u[1].got, GY_ECANCELED);
        assert_int_equal(u[2].got, 0);
        assert_true(once.done);
    }
    return 0;
}

IN_FAKE_TIME(one_who_waits_is_cancelled)
{
    struct user u[3] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    gy_task *t[3];
    begin(u, t, 3);
    gy_task_cancel(t[1]);
    settle();
    assert_int_equal(u[1].got, GY_ECANCELED);
    end(t, 3);
    assert_int_equal(runs, 1);
    assert_int_equal(u[2].got, 0);
    return 0;
}

/* It is the next one's turn, which has not run yet: who comes now waits behind it. */
IN_FAKE_TIME(nobody_slips_in)
{
    struct user u[2] = {{.name = "a"}, {.name = "b"}};
    gy_task *t[2];
    int fail = -4, fine = 0;
    begin(u, t, 2);
    gy_task_cancel(t[0]);
    gy_yield();
    assert_true(once.running && !once.runner);
    assert_int_equal(gy_once_run(&once, give, &fail), 0);
    assert_int_equal(gy_once_run(&once, give, &fine), 0);
    end(t, 2);
    assert_int_equal(runs, 2);
    assert_int_equal(u[1].got, 0);
    return 0;
}

static int run_within(void *arg)
{
    (void)arg;
    assert_int_equal(gy_once_run(&once, run_within, NULL), -EDEADLK);
    return gy_yield();
}

IN_FAKE_TIME(inside_of_itself)
{
    return gy_once_run(&once, run_within, NULL);
}

static int scenario(void *arg)
{
    (void)arg;
    struct user u[4] = {{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}};
    gy_group g = {0};
    reset(NULL);
    results[0] = -7;
    for (int i = 0; i < 4; i++)
        gy_group_spawn(&g, need, &u[i]);
    int e = gy_group_wait(&g);
    assert_false(once.running);
    assert_null(once.waiters.first);
    assert_int_equal(running, 0);
    return e;
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(scenario, NULL) >= 6);
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    gy_log_set_level(GY_LOG_OFF);
    sweep_task_allocations(scenario, NULL);
    gy_log_set_level(GY_LOG_INFO);
}

#define TEST(test_) cmocka_unit_test_setup(test_, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(outside_a_task),
        TEST(one_does_it_and_all_wait_for_it),
        TEST(after_a_failure_the_next_one_tries),
        TEST(when_all_have_failed_it_can_be_tried_again),
        TEST(the_first_is_cancelled),
        TEST(the_next_is_cancelled_when_it_is_its_turn),
        TEST(one_who_waits_is_cancelled),
        TEST(nobody_slips_in),
        TEST(inside_of_itself),
        TEST(cancelled_anywhere),
        TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
