/* SPDX-License-Identifier: MIT */
/* Waiting for one or all of several futures. */
#include "support/crew.h"

#include "base/alloc.h"

enum { MANY = 20 };

/* Sets a future after so many seconds. */
struct setter {
    gy_future *f;
    double after;
    int result;
};

static int set_it(void *arg)
{
    struct setter *s = arg;
    int e = gy_sleep(s->after);
    gy_future_set(s->f, e ? e : s->result, NULL);
    return 0;
}

static int refuse(void *arg)
{
    (void)arg;
    return 0;
}

static void without_waiting(void **state)
{
    (void)state;
    gy_future f[3] = {{0}};
    gy_future *fs[5] = {NULL, &f[0], &f[1], NULL, &f[2]}, *none[2] = {NULL, NULL};
    assert_int_equal(gy_wait_any(NULL, 0, GY_FOREVER), GY_ENOTFOUND);
    assert_int_equal(gy_wait_any(none, 2, GY_FOREVER), GY_ENOTFOUND);
    assert_int_equal(gy_wait_any(fs, 5, 0), GY_ETIMEDOUT);
    assert_int_equal(gy_wait_any(fs, 5, 1), GY_ENOTASK);
    assert_int_equal(gy_wait_all(NULL, 0, GY_FOREVER), 0);
    assert_int_equal(gy_wait_all(none, 2, GY_FOREVER), 0);
    assert_int_equal(gy_wait_all(fs, 5, 0), GY_ETIMEDOUT);
    assert_int_equal(gy_wait_all(fs, 5, 1), GY_ENOTASK);
    gy_future_set(&f[2], 0, NULL);
    gy_future_set(&f[0], -3, NULL);
    gy_future_set(&f[1], -2, NULL);
    assert_int_equal(gy_wait_all(fs, 5, 0), -3);
    /* In the order in which they were done. */
    const int order[3] = {4, 1, 2};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gy_wait_any(fs, 5, GY_FOREVER), order[i]);
        fs[order[i]] = NULL;
    }
    assert_int_equal(gy_wait_any(fs, 5, GY_FOREVER), GY_ENOTFOUND);
}

static int as_they_come(int n)
{
    gy_future f[MANY] = {{0}}, *fs[MANY + 1];
    struct setter s[MANY];
    gy_group g = {0};
    for (int i = 0; i < n; i++) {
        fs[i] = &f[i];
        s[i] = (struct setter){.f = &f[i], .after = (i * 7 % n) + 1, .result = i};
        gy_group_spawn(&g, set_it, &s[i]);
    }
    fs[n] = NULL;
    int i, count = 0;
    double begun = at(), last = begun;
    while ((i = gy_wait_any(fs, (size_t)n + 1, GY_FOREVER)) >= 0) {
        assert_int_equal(f[i].result, i);
        assert_true(at() == begun + s[i].after && at() > last);
        last = at();
        fs[i] = NULL;
        count++;
    }
    assert_int_equal(i, GY_ENOTFOUND);
    assert_int_equal(count, n);
    return gy_group_wait(&g);
}

IN_FAKE_TIME(results_as_they_come)
{
    assert_int_equal(as_they_come(3), 0);
    assert_int_equal(as_they_come(8), 0);
    assert_int_equal(as_they_come(9), 0);
    return as_they_come(MANY);
}

IN_FAKE_TIME(the_same_one_twice)
{
    gy_future f = {0}, other = {0};
    gy_future *fs[4] = {NULL, &f, &other, &f};
    struct setter s = {.f = &f, .after = 1};
    gy_group g = {0};
    gy_group_spawn(&g, set_it, &s);
    assert_int_equal(gy_wait_any(fs, 4, 5), 1);
    fs[1] = NULL;
    assert_int_equal(gy_wait_any(fs, 4, 5), 3);
    fs[3] = NULL;
    assert_int_equal(gy_wait_any(fs, 4, 5), GY_ETIMEDOUT);
    assert_true(at() == 6);
    assert_null(other.waiters.first);
    return gy_group_wait(&g);
}

static gy_future pair[2];

static void set_both(void *arg)
{
    (void)arg;
    gy_future_set(&pair[1], 0, NULL);
    gy_future_set(&pair[0], 0, NULL);
}

/* Both are done before the task runs: it is the first of them, whatever their places, and even when
 * its time runs out in that turn. */
IN_FAKE_TIME(two_in_the_same_moment)
{
    gy_future *fs[2] = {&pair[0], &pair[1]};
    gy_timer timer = {.state = 0};
    gy_timer_set(gy_loop_current(), &timer, 1, set_both, NULL);
    assert_int_equal(gy_wait_any(fs, 2, 1), 1);
    assert_true(at() == 1);
    return 0;
}

static int nap(void *arg)
{
    int e = gy_sleep(*(double *)arg);
    return e ? e : 7;
}

IN_FAKE_TIME(tasks_as_they_end)
{
    double seconds[3] = {3, 1, 2};
    gy_task *t[3];
    gy_future *fs[3];
    int i, n = 0;
    const int order[3] = {1, 2, 0};
    for (i = 0; i < 3; i++) {
        t[i] = start(nap, &seconds[i]);
        fs[i] = gy_task_future(t[i]);
    }
    while ((i = gy_wait_any(fs, 3, GY_FOREVER)) >= 0) {
        assert_int_equal(i, order[n++]);
        assert_int_equal(fs[i]->result, 7);
        assert_int_equal(gy_task_join(t[i]), 7);
        fs[i] = NULL;
    }
    assert_int_equal(n, 3);
    assert_true(at() == 3);
    return 0;
}

/* As with_timeout over several: those that are left are cancelled, and joined. */
IN_FAKE_TIME(the_first_wins_and_the_rest_is_cancelled)
{
    double seconds[3] = {30, 1, 20};
    gy_task *t[3];
    gy_future *fs[3];
    for (int i = 0; i < 3; i++) {
        t[i] = start(nap, &seconds[i]);
        fs[i] = gy_task_future(t[i]);
    }
    assert_int_equal(gy_wait_any(fs, 3, GY_FOREVER), 1);
    gy_task_cancel(t[0]);
    gy_task_cancel(t[2]);
    assert_int_equal(gy_task_join(t[0]), GY_ECANCELED);
    assert_int_equal(gy_task_join(t[1]), 7);
    assert_int_equal(gy_task_join(t[2]), GY_ECANCELED);
    assert_true(at() == 1);
    return 0;
}

struct any {
    gy_future **fs;
    size_t n;
    double timeout;
    bool all;
    int got;
};

static int wait_any(void *arg)
{
    struct any *a = arg;
    a->got = a->all ? gy_wait_all(a->fs, a->n, a->timeout) : gy_wait_any(a->fs, a->n, a->timeout);
    return 0;
}

IN_FAKE_TIME(a_wait_may_be_cancelled)
{
    for (int all = 0; all < 2; all++) {
        gy_future f[MANY] = {{0}}, *fs[MANY];
        for (int i = 0; i < MANY; i++)
            fs[i] = &f[i];
        struct any a[3] = {{fs, 4, GY_FOREVER, all, 1}, {fs, MANY, 9, all, 1}, {fs, 2, 9, all, 1}};
        gy_task *t[3];
        for (int i = 0; i < 3; i++)
            t[i] = start(wait_any, &a[i]);
        settle();
        gy_task_cancel(t[0]);
        gy_task_cancel(t[1]);
        gy_task_join(t[0]);
        gy_task_join(t[1]);
        assert_int_equal(a[0].got, GY_ECANCELED);
        assert_int_equal(a[1].got, GY_ECANCELED);
        /* Done in the same moment: that counts. */
        gy_task_cancel(t[2]);
        gy_future_set(&f[1], 0, NULL);
        gy_future_set(&f[0], 0, NULL);
        gy_task_join(t[2]);
        assert_int_equal(a[2].got, all ? 0 : 1);
        for (int i = 0; i < MANY; i++)
            assert_null(f[i].waiters.first);
    }
    return 0;
}

IN_FAKE_TIME(many_places_need_memory)
{
    gy_future f[9] = {{0}}, *fs[10] = {NULL};
    for (int i = 0; i < 9; i++)
        fs[i + 1] = &f[i];
    gy__alloc_set_hook(refuse, NULL);
    int nine = gy_wait_any(fs, 10, 1), eight = gy_wait_any(fs, 9, 1);
    gy__alloc_set_hook(NULL, NULL);
    assert_int_equal(nine, GY_ENOMEM);
    assert_int_equal(eight, GY_ETIMEDOUT);
    return 0;
}

IN_FAKE_TIME(all_of_them)
{
    gy_future f[4] = {{0}}, *fs[5] = {&f[0], NULL, &f[1], &f[2], &f[3]};
    struct setter s[4];
    gy_group g = {0};
    for (int i = 0; i < 4; i++) {
        s[i] = (struct setter){.f = &f[i], .after = 4 - i, .result = i % 2 ? -i : i};
        gy_group_spawn(&g, set_it, &s[i]);
    }
    assert_int_equal(gy_wait_all(fs, 5, 0.5), GY_ETIMEDOUT);
    assert_true(at() == 0.5);
    assert_int_equal(gy_wait_all(fs, 5, 2), GY_ETIMEDOUT);
    assert_true(at() == 2.5); /* one limit for all together */
    assert_int_equal(gy_wait_all(fs, 5, GY_FOREVER), -1);
    assert_true(at() == 4);
    return gy_group_wait(&g);
}

static int scenario(void *arg)
{
    (void)arg;
    gy_future f[MANY] = {{0}}, *fs[MANY];
    struct setter s[MANY];
    struct any a[3] = {{fs, MANY, 30, false, 0}, {fs, MANY, 30, true, 0}, {fs, 3, 0.5, false, 0}};
    gy_group setters = {0}, waiting = {0};
    for (int i = 0; i < MANY; i++)
        fs[i] = &f[i];
    for (int i = 0; i < 3; i++)
        gy_group_spawn(&waiting, wait_any, &a[i]);
    for (int i = 0; i < MANY; i++) {
        s[i] = (struct setter){.f = &f[i], .after = i + 1};
        gy_group_spawn(&setters, set_it, &s[i]);
    }
    int e = gy_group_wait(&setters), e2 = gy_group_wait(&waiting);
    for (int i = 0; i < MANY; i++)
        assert_null(f[i].waiters.first);
    return e ? e : e2;
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(scenario, NULL) >= 2 * MANY);
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
        CREW_TEST(without_waiting),
        CREW_TEST(results_as_they_come),
        CREW_TEST(the_same_one_twice),
        CREW_TEST(two_in_the_same_moment),
        CREW_TEST(tasks_as_they_end),
        CREW_TEST(the_first_wins_and_the_rest_is_cancelled),
        CREW_TEST(a_wait_may_be_cancelled),
        CREW_TEST(many_places_need_memory),
        CREW_TEST(all_of_them),
        CREW_TEST(cancelled_anywhere),
        CREW_TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
