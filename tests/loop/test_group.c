/* SPDX-License-Identifier: MIT */
/* Groups: children that cannot outlive their parent's wait. */
#include "loop/state.h"
#include "loop/task.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <gyre/log.h>
#include <string.h>

/* What a child is told, on its parent's stack, and what it did. */
struct job {
    double seconds;
    int give;
    int waited; /* what its wait gave */
    bool ended;
};

static int running, most_running;

static int work(void *arg)
{
    struct job *j = arg;
    most_running = ++running > most_running ? running : most_running;
    j->waited = gy_sleep(j->seconds);
    running--;
    j->ended = true;
    return j->waited ? j->waited : j->give;
}

static int reset(void **state)
{
    (void)state;
    running = most_running = 0;
    return 0;
}

static double since(int64_t before)
{
    return (double)(fake_clock_now() - before) / 1e9;
}

static int empty(void *arg)
{
    (void)arg;
    gy_group g = {0};
    assert_int_equal(gy_group_wait(&g), 0);
    gy_group_cancel(&g);
    return gy_group_wait(&g);
}

static void an_empty_one(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(empty, NULL), 0);
}

static void only_inside_a_task(void **state)
{
    (void)state;
    gy_group g = {0};
    struct job j = {0};
    assert_int_equal(gy_group_spawn(&g, work, &j), GY_ENOTASK);
    assert_int_equal(gy_group_wait(&g), GY_ENOTASK);
}

static int three_at_once(void *arg)
{
    (void)arg;
    gy_group g = {0};
    struct job j[3] = {{.seconds = 1}, {.seconds = 3, .give = 5}, {.seconds = 2}};
    int64_t before = fake_clock_now();
    for (int i = 0; i < 3; i++)
        assert_int_equal(gy_group_spawn(&g, work, &j[i]), 0);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_true(since(before) == 3);
    for (int i = 0; i < 3; i++)
        assert_true(j[i].ended);
    assert_int_equal(most_running, 3);
    return 0;
}

static void waits_for_all(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(three_at_once, NULL), 0);
}

static int one_fails(void *arg)
{
    (void)arg;
    gy_group g = {0};
    struct job j[4] = {{.seconds = 0.5},
                       {.seconds = 1, .give = -71},
                       {.seconds = 100},
                       {.seconds = 100, .give = -72}};
    int64_t before = fake_clock_now();
    for (int i = 0; i < 4; i++)
        gy_group_spawn(&g, work, &j[i]);
    assert_int_equal(gy_group_wait(&g), -71);
    assert_true(since(before) == 1);
    assert_int_equal(j[0].waited, 0);
    assert_int_equal(j[2].waited, GY_ECANCELED);
    assert_int_equal(j[3].waited, GY_ECANCELED);
    /* It is empty and may be used again. */
    struct job again = {.seconds = 1};
    assert_int_equal(gy_group_spawn(&g, work, &again), 0);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_int_equal(again.waited, 0);
    return 0;
}

static void the_first_failure_cancels_the_others(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(one_fails, NULL), 0);
}

static int too_slow(void *arg)
{
    (void)arg;
    gy_group g = {.timeout = 2};
    struct job j[2] = {{.seconds = 1}, {.seconds = 10}};
    int64_t before = fake_clock_now();
    gy_group_spawn(&g, work, &j[0]);
    gy_group_spawn(&g, work, &j[1]);
    assert_int_equal(gy_group_wait(&g), GY_ETIMEDOUT);
    assert_true(since(before) == 2);
    assert_int_equal(j[0].waited, 0);
    assert_int_equal(j[1].waited, GY_ECANCELED);
    /* In time the second time, and the timer does not stay. */
    gy_group_spawn(&g, work, &j[0]);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_true(gy_loop_timeout(gy_loop_current()) < 0);
    return 0;
}

static void a_timeout_cancels_all(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(too_slow, NULL), 0);
}

static int ten_by_three(void *arg)
{
    (void)arg;
    gy_group g = {.limit = 3};
    struct job j[10] = {{.seconds = 0}};
    int64_t before = fake_clock_now();
    for (int i = 0; i < 10; i++) {
        j[i].seconds = 1;
        assert_int_equal(gy_group_spawn(&g, work, &j[i]), 0);
    }
    assert_true(since(before) == 3);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_true(since(before) == 4);
    assert_int_equal(most_running, 3);
    return 0;
}

static void a_limit_makes_spawn_wait(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(ten_by_three, NULL), 0);
}

static int limit_and_failure(void *arg)
{
    (void)arg;
    gy_group g = {.limit = 1};
    struct job bad = {.seconds = 1, .give = -9}, never = {.seconds = 1, .waited = 77};
    assert_int_equal(gy_group_spawn(&g, work, &bad), 0);
    assert_int_equal(gy_group_spawn(&g, work, &never), -9);
    assert_int_equal(gy_group_wait(&g), -9);
    assert_int_equal(never.waited, 77);
    return 0;
}

static void after_a_failure_nothing_starts(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(limit_and_failure, NULL), 0);
}

struct outer {
    struct job jobs[2];
    size_t limit;
    int spawned, waited;
};

static int clean_up_slowly(void *arg)
{
    struct job *j = arg;
    gy_sleep(1000);
    gy_task *self = gy_task_self();
    self->masked = true;
    j->waited = gy_sleep(5);
    self->masked = false;
    j->ended = true;
    return 0;
}

static int parent(void *arg)
{
    struct outer *o = arg;
    gy_group g = {.limit = o->limit};
    gy_group_spawn(&g, clean_up_slowly, &o->jobs[0]);
    o->spawned = gy_group_spawn(&g, clean_up_slowly, &o->jobs[1]);
    o->waited = gy_group_wait(&g);
    assert_true(o->jobs[0].ended);
    return 3;
}

static int cancel_parent(void *arg)
{
    struct outer *o = arg;
    gy_task *t = gy_task_new(gy_loop_current(), parent, o, NULL);
    assert_non_null(t);
    gy_sleep(1);
    int64_t before = fake_clock_now();
    gy_task_cancel(t);
    int result = gy_task_join(t);
    assert_true(since(before) == 5);
    return result;
}

static void a_cancelled_parent_waits_for_its_children(void **state)
{
    (void)state;
    struct outer o = {.limit = 0};
    assert_int_equal(run_in_fake_time(cancel_parent, &o), 3);
    assert_int_equal(o.waited, GY_ECANCELED);
    assert_true(o.jobs[1].ended);
}

static int await_child(void *arg)
{
    gy_group g = {0};
    gy_group_spawn(&g, work, arg);
    return gy_group_wait(&g);
}

/* The last child has ended, and its parent has not run since. */
static int cancel_a_parent_too_late(void *arg)
{
    (void)arg;
    struct job j = {.seconds = 1};
    gy_task *t = gy_task_new(gy_loop_current(), await_child, &j, NULL);
    assert_non_null(t);
    gy_yield();
    gy_yield();
    gy_sleep(1); /* its timer was set before ours */
    assert_true(j.ended);
    gy_task_cancel(t);
    return gy_task_join(t);
}

static void a_parent_that_is_cancelled_when_all_have_ended(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(cancel_a_parent_too_late, NULL), 0);
}

static void cancelled_while_it_waits_for_a_place(void **state)
{
    (void)state;
    struct outer o = {.limit = 1};
    assert_int_equal(run_in_fake_time(cancel_parent, &o), 3);
    assert_int_equal(o.spawned, GY_ECANCELED);
    assert_int_equal(o.waited, GY_ECANCELED);
    assert_false(o.jobs[1].ended);
}

static int refuse(void *arg)
{
    (void)arg;
    return 0;
}

static int no_memory_for_a_child(void *arg)
{
    (void)arg;
    gy_group g = {0};
    struct job first = {.seconds = 100}, second = {.seconds = 1};
    assert_int_equal(gy_group_spawn(&g, work, &first), 0);
    gy_sleep(1);
    gy__alloc_set_hook(refuse, NULL);
    int e = gy_group_spawn(&g, work, &second);
    gy__alloc_set_hook(NULL, NULL);
    assert_int_equal(e, GY_ENOMEM);
    assert_int_equal(gy_group_wait(&g), GY_ENOMEM);
    assert_int_equal(first.waited, GY_ECANCELED);
    assert_false(second.ended);
    return 0;
}

static void a_failure_to_start_is_remembered(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(no_memory_for_a_child, NULL), 0);
}

static int cancel_group(void *arg)
{
    (void)arg;
    gy_group g = {0};
    struct job j = {.seconds = 100}, late = {.seconds = 1};
    gy_group_spawn(&g, work, &j);
    gy_sleep(1);
    gy_group_cancel(&g);
    gy_group_cancel(&g);
    assert_int_equal(gy_group_spawn(&g, work, &late), GY_ECANCELED);
    return gy_group_wait(&g);
}

static void cancelling_a_group(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(cancel_group, NULL), GY_ECANCELED);
}

static int nested(void *arg)
{
    struct job *j = arg;
    gy_group g = {.timeout = 50};
    gy_group_spawn(&g, work, &j[0]);
    gy_group_spawn(&g, work, &j[1]);
    return gy_group_wait(&g);
}

static int two_nested(void *arg)
{
    (void)arg;
    gy_group g = {0};
    struct job a[2] = {{.seconds = 30}, {.seconds = 40}};
    struct job b[2] = {{.seconds = 1}, {.seconds = 2, .give = -5}};
    gy_group_spawn(&g, nested, a);
    gy_group_spawn(&g, nested, b);
    assert_int_equal(gy_group_wait(&g), -5);
    assert_int_equal(a[0].waited, GY_ECANCELED);
    assert_int_equal(a[1].waited, GY_ECANCELED);
    assert_int_equal(running, 0);
    return 0;
}

static void groups_nest(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(two_nested, NULL), 0);
}

/* A child that is given its own group starts siblings; the limit holds for it too. */
struct tree {
    gy_group *group;
    struct job jobs[3];
};

static int start_siblings(void *arg)
{
    struct tree *t = arg;
    for (int i = 0; i < 3; i++)
        gy_group_spawn(t->group, work, &t->jobs[i]);
    return 0;
}

static int grow(void *arg)
{
    gy_group g = {.limit = 2};
    struct tree t = {.group = &g, .jobs = {{.seconds = 1}, {.seconds = 1}, {.seconds = 1}}};
    (void)arg;
    gy_group_spawn(&g, start_siblings, &t);
    assert_int_equal(gy_group_wait(&g), 0);
    for (int i = 0; i < 3; i++)
        assert_true(t.jobs[i].ended);
    return 0;
}

static void children_may_start_siblings(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(grow, NULL), 0);
    assert_int_equal(most_running, 1);
}

static int see_name(void *arg)
{
    return strcmp(gy_task_name(gy_task_self()), arg);
}

static int look_at_names(void *arg)
{
    (void)arg;
    gy_group named = {.name = "workers"}, unnamed = {0};
    gy_group_spawn(&named, see_name, "workers");
    gy_group_spawn(&unnamed, see_name, "main");
    int e = gy_group_wait(&named);
    return e | gy_group_wait(&unnamed);
}

static void children_have_the_name_of_the_group(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(look_at_names, NULL), 0);
}

/* For the sweeps: checks only what holds whatever is cancelled. */
static int scenario(void *arg)
{
    (void)arg;
    gy_group g = {.timeout = 20, .limit = 2};
    struct job inner[2] = {{.seconds = 3}, {.seconds = 4}}, outer[3] = {{.seconds = 1}};
    gy_deadline d;
    gy_deadline_begin(&d, 100);
    for (int i = 0; i < 3; i++)
        gy_group_spawn(&g, work, &outer[i]);
    gy_group_spawn(&g, nested, inner);
    int e = gy_group_wait(&g);
    assert_int_equal(running, 0);
    assert_false(gy_deadline_end(&d));
    int again = gy_yield();
    return e ? e : again;
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(scenario, NULL) >= 10);
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
        TEST(an_empty_one),
        TEST(only_inside_a_task),
        TEST(waits_for_all),
        TEST(the_first_failure_cancels_the_others),
        TEST(a_timeout_cancels_all),
        TEST(a_limit_makes_spawn_wait),
        TEST(after_a_failure_nothing_starts),
        TEST(a_cancelled_parent_waits_for_its_children),
        TEST(a_parent_that_is_cancelled_when_all_have_ended),
        TEST(cancelled_while_it_waits_for_a_place),
        TEST(a_failure_to_start_is_remembered),
        TEST(cancelling_a_group),
        TEST(groups_nest),
        TEST(children_may_start_siblings),
        TEST(children_have_the_name_of_the_group),
        TEST(cancelled_anywhere),
        TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
