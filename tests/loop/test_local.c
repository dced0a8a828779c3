/* SPDX-License-Identifier: MIT */
/* Values that belong to tasks, and the ids of log lines. */
#include "loop/state.h"
#include "loop/task.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include "base/log_line.h"

#include <gyre/error.h>
#include <stdlib.h>
#include <string.h>

static int freed;

static void free_counted(void *value)
{
    assert_int_equal(*(int *)value, 4711);
    *(int *)value = 0;
    free(value);
    freed++;
}

static gy_local one = {.free_value = free_counted}, two = {.free_value = free_counted}, plain;

static void *make(void)
{
    int *value = malloc(sizeof *value);
    assert_non_null(value);
    *value = 4711;
    return value;
}

static int reset(void **state)
{
    (void)state;
    freed = 0;
    return 0;
}

static int set_and_get(void *arg)
{
    (void)arg;
    assert_null(gy_local_get(&one));
    void *value = make();
    assert_int_equal(gy_local_set(&one, value), 0);
    assert_ptr_equal(gy_local_get(&one), value);
    assert_null(gy_local_get(&two));
    assert_int_equal(gy_local_set(&plain, &freed), 0);
    assert_ptr_equal(gy_local_get(&plain), &freed);
    assert_ptr_equal(gy_local_get(&one), value);
    value = make();
    assert_int_equal(gy_local_set(&one, value), 0);
    assert_int_equal(freed, 1);
    assert_ptr_equal(gy_local_get(&one), value);
    assert_int_equal(gy_local_set(&one, value), 0); /* what is there already stays */
    assert_int_equal(freed, 1);
    assert_int_equal(gy_local_set(&one, NULL), 0);
    assert_int_equal(freed, 2);
    assert_null(gy_local_get(&one));
    assert_ptr_equal(gy_local_get(&plain), &freed);
    assert_int_equal(gy_local_set(&two, make()), 0);
    return 0;
}

static void a_task_has_values(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(set_and_get, NULL), 0);
    assert_int_equal(freed, 3);
}

static void outside_of_tasks_there_are_none(void **state)
{
    (void)state;
    assert_int_equal(gy_local_set(&one, make()), GY_ENOTASK);
    assert_int_equal(freed, 1); /* it takes the value all the same */
    assert_null(gy_local_get(&one));
}

struct child {
    void *inherited;
    bool set;
};

static int be_child(void *arg)
{
    struct child *c = arg;
    assert_ptr_equal(gy_local_get(&one), c->inherited);
    if (c->set) {
        void *own = make();
        assert_int_equal(gy_local_set(&one, own), 0);
        assert_int_equal(gy_sleep(1), 0);
        assert_ptr_equal(gy_local_get(&one), own);
    }
    assert_int_equal(gy_sleep(1), 0);
    if (!c->set)
        assert_ptr_equal(gy_local_get(&one), c->inherited);
    return 0;
}

static int with_children(void *arg)
{
    (void)arg;
    void *first = make(), *second = make();
    struct child a = {first, false}, b = {first, true}, c = {second, false};
    gy_group g = {0};
    assert_int_equal(gy_local_set(&one, first), 0);
    assert_int_equal(gy_group_spawn(&g, be_child, &a), 0);
    assert_int_equal(gy_group_spawn(&g, be_child, &b), 0);
    /* What is set later is not theirs, and what they have stays. */
    assert_int_equal(gy_local_set(&plain, &g), 0);
    assert_int_equal(gy_local_set(&one, second), 0);
    assert_int_equal(gy_group_spawn(&g, be_child, &c), 0);
    assert_int_equal(gy_spawn(be_child, &c, NULL), 0);
    assert_int_equal(gy_sleep(0.5), 0);
    assert_ptr_equal(gy_local_get(&one), second);
    assert_int_equal(freed, 0);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_int_equal(freed, 2); /* that of [b], and the first */
    return 0;
}

static void children_inherit(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(with_children, NULL), 0);
    assert_int_equal(freed, 3);
}

static int sleep_a_little(void *arg)
{
    (void)arg;
    return gy_sleep(1);
}

/* A task that sets values and starts others for years has as many values as keys. */
static int long_lived(void *arg)
{
    (void)arg;
    atomic_store(&gy__alloc_counting, true);
    long most = 0, before = gy__alloc_live();
    gy_group g = {0};
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(gy_local_set(&one, make()), 0);
        assert_int_equal(gy_local_set(&two, make()), 0);
        assert_int_equal(gy_group_spawn(&g, sleep_a_little, NULL), 0);
        assert_int_equal(gy_sleep(0.4), 0);
        if (gy__alloc_live() - before > most)
            most = gy__alloc_live() - before;
    }
    assert_in_range(most, 1, 40);
    return gy_group_wait(&g);
}

static void values_that_are_hidden_do_not_pile_up(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(long_lived, NULL), 0);
    assert_int_equal(freed, 2000);
}

static int renewed(void *arg)
{
    (void)arg;
    assert_int_equal(gy_local_set(&one, make()), 0);
    gy_task_cancel(gy_task_self());
    gy_task_shield(true);
    gy__task_renew(gy_task_self());
    assert_int_equal(freed, 1);
    assert_null(gy_local_get(&one));
    assert_int_equal(gy_task_cancelled(), 0);
    assert_false(gy_task_shield(false));
    return 0;
}

static void the_next_piece_of_work_begins_without(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(renewed, NULL), 0);
}

static int logs(void *arg)
{
    (void)arg;
    assert_string_equal(gy_task_log_id(), "r-1");
    assert_non_null(gy__log_id); /* whom the log asks */
    assert_string_equal(gy__log_id(), "r-1");
    assert_int_equal(gy_task_set_log_id("r-1/child"), 0);
    assert_int_equal(gy_yield(), 0);
    assert_string_equal(gy_task_log_id(), "r-1/child");
    return 0;
}

static int log_ids(void *arg)
{
    (void)arg;
    char id[] = "r-1";
    gy_group g = {0};
    assert_null(gy_task_log_id());
    assert_int_equal(gy_task_set_log_id(NULL), 0);
    assert_int_equal(gy_task_set_log_id(id), 0);
    id[0] = 'x';
    assert_string_equal(gy_task_log_id(), "r-1");
    assert_int_equal(gy_group_spawn(&g, logs, NULL), 0);
    assert_int_equal(gy_yield(), 0);
    assert_int_equal(gy_task_set_log_id(NULL), 0);
    assert_null(gy_task_log_id());
    assert_int_equal(gy_task_set_log_id("r-2"), 0);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_string_equal(gy_task_log_id(), "r-2");
    return 0;
}

static void log_ids_are_inherited(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(log_ids, NULL), 0);
    assert_int_equal(gy_task_set_log_id("none"), GY_ENOTASK);
    assert_null(gy_task_log_id());
}

static int inherit(void *arg)
{
    (void)arg;
    int e = gy_local_set(&two, make());
    return e ? e : gy_sleep(1);
}

static int set_some(void *arg)
{
    gy_group g = {0};
    int e = gy_local_set(&one, make());
    if (!e)
        e = gy_task_set_log_id("id");
    gy_group_spawn(&g, inherit, arg);
    if (!e)
        e = gy_local_set(&one, make());
    int f = gy_group_wait(&g);
    return e ? e : f;
}

static void no_memory_anywhere(void **state)
{
    (void)state;
    sweep_task_allocations(set_some, NULL);
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(set_some, NULL) >= 2);
}

#define TEST(test_) cmocka_unit_test_setup(test_, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_task_has_values),
        TEST(outside_of_tasks_there_are_none),
        TEST(children_inherit),
        TEST(values_that_are_hidden_do_not_pile_up),
        TEST(the_next_piece_of_work_begins_without),
        TEST(log_ids_are_inherited),
        TEST(no_memory_anywhere),
        TEST(cancelled_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
