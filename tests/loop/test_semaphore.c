/* SPDX-License-Identifier: MIT */
/* Semaphores: so many at once, first come first served, with or without a bound. */
#include "support/crew.h"

static gy_sem sem;

struct user {
    const char *name;
    double timeout, hold;
    int got;
    double when;
};

static int inside, most;

static int use(void *arg)
{
    struct user *u = arg;
    u->got = gy_sem_acquire(&sem, u->timeout);
    u->when = at();
    if (u->got)
        return 0;
    note(u->name);
    most = ++inside > most ? inside : most;
    if (u->hold > 0)
        gy_sleep(u->hold);
    inside--;
    assert_int_equal(gy_sem_release(&sem), 0);
    return 0;
}

static int use_all(struct user *u, int n)
{
    gy_group g = {0};
    inside = most = 0;
    for (int i = 0; i < n; i++)
        gy_group_spawn(&g, use, &u[i]);
    int e = gy_group_wait(&g);
    assert_null(sem.waiters.first);
    return e;
}

static void outside_a_task(void **state)
{
    (void)state;
    sem = (gy_sem){.value = 2};
    assert_int_equal(gy_sem_acquire(&sem, 0), 0);
    assert_int_equal(gy_sem_acquire(&sem, GY_FOREVER), 0);
    assert_int_equal(gy_sem_acquire(&sem, 0), GY_ETIMEDOUT);
    assert_int_equal(gy_sem_acquire(&sem, 1), GY_ENOTASK);
    assert_int_equal(gy_sem_release(&sem), 0);
    assert_int_equal(sem.value, 1);
}

static void without_a_bound_it_grows(void **state)
{
    (void)state;
    sem = (gy_sem){.value = 0};
    for (int i = 0; i < 5; i++)
        assert_int_equal(gy_sem_release(&sem), 0);
    assert_int_equal(sem.value, 5);
}

static void a_release_past_the_bound(void **state)
{
    (void)state;
    sem = (gy_sem){.value = 1, .bound = 2};
    assert_int_equal(gy_sem_release(&sem), 0);
    assert_int_equal(gy_sem_release(&sem), GY_EINVAL);
    assert_int_equal(sem.value, 2);
    sem = (gy_sem){.value = SIZE_MAX};
    assert_int_equal(gy_sem_release(&sem), GY_EINVAL);
}

IN_FAKE_TIME(so_many_at_once)
{
    struct user u[5] = {{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}, {.name = "e"}};
    sem = (gy_sem){.value = 2, .bound = 2};
    for (int i = 0; i < 5; i++) {
        u[i].timeout = i % 2 ? GY_FOREVER : 100;
        u[i].hold = i + 1;
    }
    assert_int_equal(use_all(u, 5), 0);
    assert_notes("abcde");
    assert_true(u[2].when == 1 && u[3].when == 2 && u[4].when == 4);
    assert_int_equal(most, 2);
    assert_int_equal(sem.value, 2);
    return 0;
}

IN_FAKE_TIME(nobody_slips_in)
{
    struct user u = {.name = "a", .timeout = GY_FOREVER};
    sem = (gy_sem){.value = 0, .bound = 1};
    gy_task *t = start(use, &u);
    settle();
    assert_int_equal(gy_sem_release(&sem), 0);
    assert_int_equal(gy_sem_acquire(&sem, 0), GY_ETIMEDOUT);
    assert_int_equal(gy_task_join(t), 0);
    assert_int_equal(gy_sem_acquire(&sem, 0), 0);
    return 0;
}

/* The place is given back in the turn in which the time of who waits runs out, or it is cancelled. */
IN_FAKE_TIME(what_was_served_counts)
{
    struct user u[2] = {{.name = "a", .hold = 1}, {.name = "b", .timeout = 1}};
    sem = (gy_sem){.value = 1};
    assert_int_equal(use_all(u, 2), 0);
    assert_notes("ab");
    assert_int_equal(gy_sem_acquire(&sem, 0), 0);
    struct user c = {.name = "c", .timeout = GY_FOREVER};
    gy_task *t = start(use, &c);
    settle();
    gy_task_cancel(t);
    assert_int_equal(gy_sem_release(&sem), 0);
    gy_task_join(t);
    assert_notes("abc");
    assert_int_equal(sem.value, 1);
    return 0;
}

IN_FAKE_TIME(a_wait_may_time_out)
{
    struct user u[3] = {{.name = "a", .hold = 3}, {.name = "b", .timeout = 1}, {.name = "c"}};
    sem = (gy_sem){.value = 1};
    u[2].timeout = GY_FOREVER;
    assert_int_equal(use_all(u, 3), 0);
    assert_notes("ac");
    assert_true(u[1].got == GY_ETIMEDOUT && u[1].when == 1);
    return 0;
}

static int scenario(void *arg)
{
    (void)arg;
    struct user u[5] = {{.name = "a", .timeout = 100, .hold = 2},
                        {.name = "b", .timeout = 100, .hold = 1},
                        {.name = "c", .timeout = 1, .hold = 1},
                        {.name = "d", .timeout = 1, .hold = 1},
                        {.name = "e", .timeout = GY_FOREVER, .hold = 1}};
    sem = (gy_sem){.value = 2, .bound = 2};
    crew_reset(NULL);
    int e = use_all(u, 5);
    assert_true(most <= 2);
    assert_int_equal(sem.value, 2);
    return e;
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(scenario, NULL) >= 8);
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
        CREW_TEST(outside_a_task),           CREW_TEST(without_a_bound_it_grows),
        CREW_TEST(a_release_past_the_bound), CREW_TEST(so_many_at_once),
        CREW_TEST(nobody_slips_in),          CREW_TEST(what_was_served_counts),
        CREW_TEST(a_wait_may_time_out),      CREW_TEST(cancelled_anywhere),
        CREW_TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
