/* SPDX-License-Identifier: MIT */
/* Barriers: all or none, again and again. */
#include "support/crew.h"

static gy_barrier barrier;

struct party {
    const char *name;
    double after, timeout;
    int got;
    double when;
};

static int meet(void *arg)
{
    struct party *p = arg;
    if (p->after > 0 && gy_sleep(p->after))
        return 0;
    p->got = gy_barrier_wait(&barrier, p->timeout);
    p->when = at();
    if (p->got >= 0)
        note(p->name);
    return 0;
}

static void begin(struct party *p, gy_task **t, int n)
{
    for (int i = 0; i < n; i++) {
        if (p[i].timeout == 0)
            p[i].timeout = GY_FOREVER;
        t[i] = start(meet, &p[i]);
    }
}

static int end(gy_task **t, int n)
{
    for (int i = 0; i < n; i++)
        gy_task_join(t[i]);
    assert_null(barrier.waiters.first);
    assert_int_equal(barrier.waiting, 0);
    return 0;
}

static void outside_a_task(void **state)
{
    (void)state;
    barrier = (gy_barrier){.parties = 1};
    assert_int_equal(gy_barrier_wait(&barrier, GY_FOREVER), 0);
    barrier = (gy_barrier){0};
    assert_int_equal(gy_barrier_wait(&barrier, GY_FOREVER), 0);
    barrier = (gy_barrier){.parties = 2};
    assert_int_equal(gy_barrier_wait(&barrier, GY_FOREVER), GY_ENOTASK);
    assert_false(barrier.broken);
}

IN_FAKE_TIME(all_go_on_when_the_last_one_comes)
{
    struct party p[3] = {{.name = "a"}, {.name = "b", .after = 2}, {.name = "c", .after = 1}};
    gy_task *t[3];
    barrier = (gy_barrier){.parties = 3};
    begin(p, t, 3);
    end(t, 3);
    assert_notes("bac");
    assert_int_equal(p[1].got, 0);
    assert_int_equal(p[0].got, 1);
    assert_int_equal(p[2].got, 1);
    assert_true(p[0].when == 2 && p[2].when == 2);
    return 0;
}

enum { ROUNDS = 20, PARTIES = 4 };

static int round_of[PARTIES], last_ones;

static int go_round(void *arg)
{
    int *mine = arg;
    for (int i = 0; i < ROUNDS; i++) {
        if ((mine - round_of + i) % 3 == 0)
            gy_sleep(0.5 * (double)(mine - round_of));
        *mine = i;
        int got = gy_barrier_wait(&barrier, GY_FOREVER);
        assert_true(got == 0 || got == 1);
        last_ones += got == 0;
        for (int k = 0; k < PARTIES; k++)
            assert_true(round_of[k] == i || round_of[k] == i + 1);
    }
    return 0;
}

/* Nobody is a round ahead of another, and each round has one last one. */
IN_FAKE_TIME(again_and_again)
{
    gy_group g = {0};
    barrier = (gy_barrier){.parties = PARTIES};
    for (int i = 0; i < PARTIES; i++)
        gy_group_spawn(&g, go_round, &round_of[i]);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_int_equal(last_ones, ROUNDS);
    assert_int_equal(barrier.waiting, 0);
    return 0;
}

IN_FAKE_TIME(one_that_times_out_breaks_it)
{
    struct party p[4] = {{.name = "a"},
                         {.name = "b", .timeout = 1},
                         {.name = "c", .timeout = 3},
                         {.name = "d", .after = 2}};
    gy_task *t[4];
    barrier = (gy_barrier){.parties = 4};
    begin(p, t, 4);
    end(t, 4);
    assert_int_equal(p[1].got, GY_ETIMEDOUT);
    assert_int_equal(p[0].got, GY_EBROKEN);
    assert_int_equal(p[2].got, GY_EBROKEN);
    assert_true(p[0].when == 1 && p[2].when == 1);
    assert_int_equal(p[3].got, GY_EBROKEN);
    assert_true(barrier.broken);
    gy_barrier_reset(&barrier);
    assert_false(barrier.broken);
    for (int i = 0; i < 4; i++)
        p[i].timeout = p[i].after = 0;
    begin(p, t, 4);
    end(t, 4);
    assert_notes("dabc");
    return 0;
}

IN_FAKE_TIME(one_that_is_cancelled_breaks_it)
{
    struct party p[2] = {{.name = "a"}, {.name = "b"}};
    gy_task *t[2];
    barrier = (gy_barrier){.parties = 3};
    begin(p, t, 2);
    settle();
    gy_task_cancel(t[0]);
    end(t, 2);
    assert_int_equal(p[0].got, GY_ECANCELED);
    assert_int_equal(p[1].got, GY_EBROKEN);
    assert_int_equal(gy_barrier_wait(&barrier, 0), GY_EBROKEN);
    gy_barrier_reset(&barrier);
    assert_int_equal(gy_barrier_wait(&barrier, 0), GY_ETIMEDOUT);
    assert_true(barrier.broken);
    return 0;
}

IN_FAKE_TIME(a_reset_breaks_it_for_those_who_wait)
{
    struct party p[3] = {{.name = "a"}, {.name = "b", .timeout = 1}, {.name = "c"}};
    gy_task *t[3];
    barrier = (gy_barrier){.parties = 3};
    begin(p, t, 2);
    settle();
    gy_barrier_reset(&barrier);
    assert_false(barrier.broken);
    end(t, 2);
    assert_int_equal(p[0].got, GY_EBROKEN);
    assert_int_equal(p[1].got, GY_EBROKEN);
    /* What comes after it is another generation, whoever of the one before runs later. */
    begin(p, t, 2);
    settle();
    gy_task_cancel(t[0]);
    gy_barrier_reset(&barrier);
    assert_false(barrier.broken);
    end(t, 2);
    assert_false(barrier.broken);
    begin(p, t, 3);
    end(t, 3);
    assert_notes("cab");
    return 0;
}

/* The last one comes in the turn in which another one's time runs out, or it is cancelled. */
IN_FAKE_TIME(what_was_served_counts)
{
    struct party p[2] = {{.name = "a", .after = 1}, {.name = "b", .timeout = 1}};
    gy_task *t[2];
    barrier = (gy_barrier){.parties = 2};
    begin(p, t, 2);
    end(t, 2);
    assert_int_equal(p[0].got, 0);
    assert_int_equal(p[1].got, 1);
    p[0].after = 0;
    begin(&p[1], &t[1], 1);
    settle();
    gy_task_cancel(t[1]);
    assert_int_equal(gy_barrier_wait(&barrier, GY_FOREVER), 0);
    gy_task_join(t[1]);
    assert_int_equal(p[1].got, 1);
    assert_false(barrier.broken);
    return 0;
}

static int scenario(void *arg)
{
    (void)arg;
    struct party p[3] = {{.name = "a", .timeout = 10},
                         {.name = "b", .after = 2, .timeout = 10},
                         {.name = "c", .after = 1, .timeout = 10}};
    gy_group g = {0};
    barrier = (gy_barrier){.parties = 3};
    crew_reset(NULL);
    for (int i = 0; i < 3; i++)
        gy_group_spawn(&g, meet, &p[i]);
    int e = gy_group_wait(&g);
    assert_null(barrier.waiters.first);
    assert_int_equal(barrier.waiting, 0);
    assert_true(strlen(crew_notes) == 3 || strlen(crew_notes) == 0);
    return e;
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(scenario, NULL) >= 5);
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
        CREW_TEST(outside_a_task),
        CREW_TEST(all_go_on_when_the_last_one_comes),
        CREW_TEST(again_and_again),
        CREW_TEST(one_that_times_out_breaks_it),
        CREW_TEST(one_that_is_cancelled_breaks_it),
        CREW_TEST(a_reset_breaks_it_for_those_who_wait),
        CREW_TEST(what_was_served_counts),
        CREW_TEST(cancelled_anywhere),
        CREW_TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
