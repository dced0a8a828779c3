/* SPDX-License-Identifier: MIT */
/* Locks: one owner, first come first served, handed over. */
#include "support/crew.h"

static gy_lock lock;

struct worker {
    const char *name;
    double after, timeout, hold;
    int got;
    double when;
};

static int work(void *arg)
{
    struct worker *w = arg;
    if (w->after > 0)
        gy_sleep(w->after);
    w->got = gy_lock_acquire(&lock, w->timeout);
    w->when = at();
    if (w->got)
        return 0;
    note(w->name);
    if (w->hold > 0)
        gy_sleep(w->hold);
    gy_lock_release(&lock);
    return 0;
}

IN_FAKE_TIME(a_free_one_is_taken_at_once)
{
    assert_int_equal(gy_lock_acquire(&lock, 0), 0);
    assert_int_equal(gy_lock_acquire(&lock, GY_FOREVER), -EDEADLK);
    assert_int_equal(gy_lock_acquire(&lock, 0), -EDEADLK);
    gy_lock_release(&lock);
    assert_int_equal(gy_lock_acquire(&lock, GY_FOREVER), 0);
    gy_lock_release(&lock);
    return 0;
}

static void only_inside_a_task(void **state)
{
    (void)state;
    assert_int_equal(gy_lock_acquire(&lock, GY_FOREVER), GY_ENOTASK);
    assert_int_equal(gy_lock_acquire(&lock, 0), GY_ENOTASK);
    assert_null(lock.owner);
}

IN_FAKE_TIME(first_come_first_served)
{
    struct worker w[4] = {{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}};
    gy_group g = {0};
    assert_int_equal(gy_lock_acquire(&lock, 0), 0);
    for (int i = 0; i < 4; i++) {
        w[i].timeout = i % 2 ? 100 : GY_FOREVER;
        w[i].hold = 1;
        gy_group_spawn(&g, work, &w[i]);
    }
    settle();
    assert_notes("");
    gy_lock_release(&lock);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_notes("abcd");
    assert_true(w[3].when == 3 && at() == 4);
    assert_null(lock.owner);
    return 0;
}

/* Who releases it does not get it back before those who wait: it is theirs at once. */
IN_FAKE_TIME(nobody_slips_in)
{
    struct worker w = {.name = "a", .timeout = GY_FOREVER};
    assert_int_equal(gy_lock_acquire(&lock, 0), 0);
    gy_task *t = start(work, &w);
    settle();
    gy_lock_release(&lock);
    assert_ptr_equal(lock.owner, t);
    assert_int_equal(gy_lock_acquire(&lock, 0), GY_ETIMEDOUT);
    assert_notes("");
    assert_int_equal(gy_lock_acquire(&lock, GY_FOREVER), 0);
    assert_notes("a");
    gy_lock_release(&lock);
    return gy_task_join(t);
}

IN_FAKE_TIME(a_wait_may_time_out)
{
    struct worker w[2] = {{.name = "a", .timeout = 1.5}, {.name = "b", .timeout = 3}};
    gy_group g = {0};
    assert_int_equal(gy_lock_acquire(&lock, 0), 0);
    gy_group_spawn(&g, work, &w[0]);
    gy_group_spawn(&g, work, &w[1]);
    gy_sleep(2);
    gy_lock_release(&lock);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_int_equal(w[0].got, GY_ETIMEDOUT);
    assert_true(w[0].when == 1.5);
    assert_int_equal(w[1].got, 0);
    assert_true(w[1].when == 2);
    return 0;
}

IN_FAKE_TIME(a_recursive_one_is_released_as_often)
{
    struct worker w = {.name = "a", .timeout = GY_FOREVER};
    lock = (gy_lock){.recursive = true};
    for (int i = 0; i < 3; i++)
        assert_int_equal(gy_lock_acquire(&lock, i ? GY_FOREVER : 0), 0);
    gy_task *t = start(work, &w);
    for (int i = 0; i < 3; i++) {
        settle();
        assert_notes("");
        gy_lock_release(&lock);
    }
    settle();
    assert_notes("a");
    lock = (gy_lock){0};
    return gy_task_join(t);
}

/* Two timers of the same moment: the owner's, and that of the one who waits, in both orders. */
IN_FAKE_TIME(what_was_served_counts_although_the_time_ran_out)
{
    struct worker owner = {.name = "o", .hold = 1}, late = {.name = "l", .timeout = 1};
    gy_group g = {0};
    gy_group_spawn(&g, work, &owner);
    gy_group_spawn(&g, work, &late);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_int_equal(late.got, 0);
    assert_notes("ol");
    /* The other way round its time ran out before: and nothing stays behind. */
    assert_int_equal(gy_lock_acquire(&lock, 0), 0);
    gy_task *t = start(work, &late);
    gy_yield();
    gy_sleep(1);
    gy_lock_release(&lock);
    assert_int_equal(gy_task_join(t), 0);
    assert_int_equal(late.got, GY_ETIMEDOUT);
    assert_null(lock.owner);
    assert_null(lock.waiters.first);
    return 0;
}

static int take_and_wait(void *arg)
{
    int *got = arg;
    got[0] = gy_lock_acquire(&lock, GY_FOREVER);
    got[1] = gy_yield();
    if (!got[0])
        gy_lock_release(&lock);
    return 0;
}

IN_FAKE_TIME(what_was_served_counts_although_the_task_is_cancelled)
{
    for (int cancelled_first = 0; cancelled_first < 2; cancelled_first++) {
        int got[2] = {1, 1};
        assert_int_equal(gy_lock_acquire(&lock, 0), 0);
        gy_task *t = start(take_and_wait, got);
        settle();
        if (cancelled_first)
            gy_task_cancel(t);
        gy_lock_release(&lock);
        assert_ptr_equal(lock.owner, t);
        gy_task_cancel(t);
        assert_int_equal(gy_task_join(t), 0);
        assert_int_equal(got[0], 0);
        assert_int_equal(got[1], GY_ECANCELED);
        assert_null(lock.owner);
    }
    return 0;
}

IN_FAKE_TIME(who_is_cancelled_leaves_the_line)
{
    struct worker w[3] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    gy_task *t[3];
    assert_int_equal(gy_lock_acquire(&lock, 0), 0);
    for (int i = 0; i < 3; i++) {
        w[i].timeout = GY_FOREVER;
        t[i] = start(work, &w[i]);
    }
    settle();
    gy_task_cancel(t[1]);
    settle();
    assert_int_equal(w[1].got, GY_ECANCELED);
    gy_lock_release(&lock);
    for (int i = 0; i < 3; i++)
        gy_task_join(t[i]);
    assert_notes("ac");
    return 0;
}

static int try_cancelled(void *arg)
{
    (void)arg;
    gy_task_cancel(gy_task_self());
    assert_int_equal(gy_lock_acquire(&lock, GY_FOREVER), GY_ECANCELED);
    assert_int_equal(gy_lock_acquire(&lock, 5), GY_ECANCELED);
    assert_int_equal(gy_lock_acquire(&lock, 0), GY_ETIMEDOUT);
    lock.owner = NULL;
    assert_int_equal(gy_lock_acquire(&lock, GY_FOREVER), 0);
    gy_lock_release(&lock);
    return 0;
}

IN_FAKE_TIME(a_cancelled_task_gets_what_it_need_not_wait_for)
{
    assert_int_equal(gy_lock_acquire(&lock, 0), 0);
    return gy_task_join(start(try_cancelled, NULL));
}

static int release_it(void *arg)
{
    (void)arg;
    gy_lock_release(&lock);
    return 0;
}

IN_FAKE_TIME(a_release_by_others_is_logged_and_changes_nothing)
{
    crew_log_begin();
    gy_lock_release(&lock);
    assert_int_equal(gy_lock_acquire(&lock, 0), 0);
    gy_task_join(start(release_it, NULL));
    assert_int_equal(crew_log_end(), 2);
    assert_ptr_equal(lock.owner, gy_task_self());
    gy_lock_release(&lock);
    return 0;
}

/* A deadline around a block of code ends the waits of the children that it waits for. */
IN_FAKE_TIME(a_deadline_cancels_children_and_their_waits)
{
    struct worker w[2] = {{.name = "a", .timeout = GY_FOREVER}, {.name = "b", .timeout = 50}};
    gy_deadline d;
    gy_group g = {0};
    assert_int_equal(gy_lock_acquire(&lock, 0), 0);
    gy_deadline_begin(&d, 2);
    gy_group_spawn(&g, work, &w[0]);
    gy_group_spawn(&g, work, &w[1]);
    assert_int_equal(gy_group_wait(&g), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&d));
    assert_true(at() == 2);
    assert_int_equal(w[0].got, GY_ECANCELED);
    assert_int_equal(w[1].got, GY_ECANCELED);
    assert_null(lock.waiters.first);
    gy_lock_release(&lock);
    return gy_yield();
}

static int inside;

static int enter(void *arg)
{
    double *timeout = arg;
    if (gy_lock_acquire(&lock, *timeout))
        return 0;
    assert_int_equal(++inside, 1);
    gy_sleep(1);
    inside--;
    gy_lock_release(&lock);
    return 0;
}

static int scenario(void *arg)
{
    (void)arg;
    double timeouts[4] = {GY_FOREVER, GY_FOREVER, 1.5, GY_FOREVER};
    gy_group g = {0};
    for (int i = 0; i < 4; i++)
        gy_group_spawn(&g, enter, &timeouts[i]);
    int e = gy_group_wait(&g);
    assert_null(lock.owner);
    assert_null(lock.waiters.first);
    return e;
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(scenario, NULL) >= 7);
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
        CREW_TEST(a_free_one_is_taken_at_once),
        CREW_TEST(only_inside_a_task),
        CREW_TEST(first_come_first_served),
        CREW_TEST(nobody_slips_in),
        CREW_TEST(a_wait_may_time_out),
        CREW_TEST(a_recursive_one_is_released_as_often),
        CREW_TEST(what_was_served_counts_although_the_time_ran_out),
        CREW_TEST(what_was_served_counts_although_the_task_is_cancelled),
        CREW_TEST(who_is_cancelled_leaves_the_line),
        CREW_TEST(a_cancelled_task_gets_what_it_need_not_wait_for),
        CREW_TEST(a_release_by_others_is_logged_and_changes_nothing),
        CREW_TEST(a_deadline_cancels_children_and_their_waits),
        CREW_TEST(cancelled_anywhere),
        CREW_TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
