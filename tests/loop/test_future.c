/* SPDX-License-Identifier: MIT */
/* Futures: set once, waited for by any number of tasks, told to callbacks. */
#include "support/crew.h"

struct waiter {
    const char *name;
    gy_future *f;
    double timeout;
    int got;
    double when;
};

static int wait_for_it(void *arg)
{
    struct waiter *w = arg;
    w->got = gy_future_wait(w->f, w->timeout);
    w->when = at();
    note(w->name);
    return 0;
}

static void set_once(void **state)
{
    (void)state;
    int value = 3;
    gy_future f = {0};
    assert_int_equal(gy_future_wait(&f, 0), GY_ETIMEDOUT);
    assert_int_equal(gy_future_wait(&f, 1), GY_ENOTASK);
    assert_true(gy_future_set(&f, -8, &value));
    assert_false(gy_future_set(&f, 0, NULL));
    assert_true(f.done && f.result == -8 && f.value == &value);
    assert_int_equal(gy_future_wait(&f, GY_FOREVER), -8);
    assert_int_equal(gy_future_wait(&f, 0), -8);
}

IN_FAKE_TIME(all_who_wait_get_the_result)
{
    gy_future f = {0};
    struct waiter w[3] = {{"a", &f, GY_FOREVER, 0, 0}, {"b", &f, 1, 0, 0}, {"c", &f, 5, 0, 0}};
    gy_group g = {0};
    for (int i = 0; i < 3; i++)
        gy_group_spawn(&g, wait_for_it, &w[i]);
    gy_sleep(2);
    assert_notes("b");
    assert_int_equal(w[1].got, GY_ETIMEDOUT);
    assert_true(w[1].when == 1);
    gy_future_set(&f, 42, NULL);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_notes("bac");
    assert_true(w[0].got == 42 && w[2].got == 42);
    return 0;
}

IN_FAKE_TIME(a_wait_may_be_cancelled)
{
    gy_future f = {0};
    struct waiter w[2] = {{"a", &f, GY_FOREVER, 0, 0}, {"b", &f, GY_FOREVER, 0, 0}};
    gy_task *t[2] = {start(wait_for_it, &w[0]), start(wait_for_it, &w[1])};
    settle();
    gy_task_cancel(t[0]);
    settle();
    assert_int_equal(w[0].got, GY_ECANCELED);
    gy_task_cancel(t[1]);
    gy_future_set(&f, 5, NULL); /* in the same moment: it counts */
    gy_task_join(t[0]);
    gy_task_join(t[1]);
    assert_int_equal(w[1].got, 5);
    return 0;
}

static int nap(void *arg)
{
    int e = gy_sleep(*(double *)arg);
    return e ? e : 77;
}

IN_FAKE_TIME(a_task_has_one)
{
    double seconds = 1;
    gy_task *t = start(nap, &seconds);
    struct waiter w[2] = {{"a", gy_task_future(t), 0.5, 0, 0},
                          {"b", gy_task_future(t), GY_FOREVER, 0, 0}};
    gy_group g = {0};
    gy_group_spawn(&g, wait_for_it, &w[0]);
    gy_group_spawn(&g, wait_for_it, &w[1]);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_int_equal(w[0].got, GY_ETIMEDOUT);
    assert_int_equal(w[1].got, 77);
    assert_int_equal(gy_future_wait(gy_task_future(t), 0), 77);
    return gy_task_join(t) - 77;
}

/* Who is told first frees it before the others have run. */
IN_FAKE_TIME(who_waits_takes_the_result_along)
{
    double seconds = 1;
    gy_task *t = start(nap, &seconds);
    struct waiter w = {"a", gy_task_future(t), GY_FOREVER, 0, 0};
    gy_task *late = gy_task_new(gy_loop_current(), wait_for_it, &w, &(gy_task_opts){.delay = 0.5});
    assert_non_null(late);
    assert_int_equal(gy_task_join(t), 77);
    assert_notes("");
    gy_task_join(late);
    assert_int_equal(w.got, 77);
    return 0;
}

struct told {
    gy_future_link link;
    const char *name;
    gy_future *also_set, *from;
    struct told *forget;
};

static void tell(void *arg, gy_future *f)
{
    struct told *t = arg;
    assert_true(f->done);
    note(t->name);
    if (t->also_set)
        gy_future_set(t->also_set, f->result, f->value);
    if (t->forget)
        gy_future_forget(t->from, &t->forget->link);
    memset(t, 0xff, sizeof *t); /* nobody looks at it any more */
}

static struct told *told(struct told *t, gy_future *f, const char *name)
{
    *t = (struct told){.link = {.fn = tell, .arg = t}, .name = name};
    gy_future_then(f, &t->link);
    return t;
}

static void callbacks_are_called_in_order(void **state)
{
    (void)state;
    gy_future f = {0}, g = {0};
    struct told t[5], late;
    told(&t[0], &f, "a");
    told(&t[1], &f, "b")->also_set = &g;
    told(&t[2], &g, "c");
    told(&t[3], &f, "d");
    assert_notes("");
    gy_future_set(&f, 9, &f);
    assert_notes("abcd");
    assert_true(g.done && g.result == 9 && g.value == &f);
    told(&late, &f, "e");
    assert_notes("abcde");
    assert_null(f.links);
    assert_null(f.last_link);
}

static void callbacks_are_forgotten(void **state)
{
    (void)state;
    gy_future f = {0};
    struct told t[6];
    const char *names[6] = {"a", "b", "c", "d", "e", "f"};
    for (int i = 0; i < 6; i++)
        told(&t[i], &f, names[i]);
    gy_future_forget(&f, &t[0].link);
    gy_future_forget(&f, &t[2].link);
    gy_future_forget(&f, &t[2].link);
    gy_future_forget(&f, &t[5].link);
    t[1].forget = &t[3];
    t[1].from = &f;
    gy_future_set(&f, 0, NULL);
    assert_notes("be");
    told(&t[0], &f, "x");
    struct told one;
    gy_future alone = {0};
    told(&one, &alone, "y");
    gy_future_forget(&alone, &one.link);
    told(&one, &alone, "z");
    gy_future_set(&alone, 0, NULL);
    assert_notes("bexz");
}

static int set_later(void *arg)
{
    gy_sleep(2);
    gy_future_set(arg, 0, NULL);
    return 0;
}

static int scenario(void *arg)
{
    (void)arg;
    gy_future f = {0};
    struct told t;
    struct waiter w[2] = {{"a", &f, GY_FOREVER, 0, 0}, {"b", &f, 1, 0, 0}};
    gy_group g = {0};
    crew_reset(NULL);
    told(&t, &f, "c");
    gy_group_spawn(&g, wait_for_it, &w[0]);
    gy_group_spawn(&g, wait_for_it, &w[1]);
    gy_group_spawn(&g, set_later, &f);
    int e = gy_group_wait(&g);
    assert_null(f.waiters.first);
    return e;
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(scenario, NULL) >= 4);
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
        CREW_TEST(set_once),
        CREW_TEST(all_who_wait_get_the_result),
        CREW_TEST(a_wait_may_be_cancelled),
        CREW_TEST(a_task_has_one),
        CREW_TEST(who_waits_takes_the_result_along),
        CREW_TEST(callbacks_are_called_in_order),
        CREW_TEST(callbacks_are_forgotten),
        CREW_TEST(cancelled_anywhere),
        CREW_TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
