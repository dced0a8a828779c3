/* SPDX-License-Identifier: MIT */
/* Conditions: notified, or not, and with the lock again in any case. */
#include "support/crew.h"

#include <gyre/testing.h>

static gy_cond cond;
static gy_lock lock;

struct waiter {
    const char *name;
    double timeout;
    bool unlocked; /* waits without the lock */
    int got;
    double when;
    bool had_lock;
};

static int wait_for_it(void *arg)
{
    struct waiter *w = arg;
    if (!w->unlocked && gy_lock_acquire(&lock, GY_FOREVER))
        return 0;
    w->got = gy_cond_wait(&cond, w->unlocked ? NULL : &lock, w->timeout);
    w->when = at();
    w->had_lock = lock.owner == gy_task_self();
    if (!w->got)
        note(w->name);
    if (!w->unlocked)
        gy_lock_release(&lock);
    return 0;
}

static void begin(struct waiter *w, gy_task **t, int n)
{
    for (int i = 0; i < n; i++) {
        if (w[i].timeout == 0)
            w[i].timeout = GY_FOREVER;
        t[i] = start(wait_for_it, &w[i]);
    }
    settle();
}

static int end(gy_task **t, int n)
{
    for (int i = 0; i < n; i++)
        gy_task_join(t[i]);
    assert_null(cond.waiters.first);
    assert_null(lock.owner);
    assert_null(lock.waiters.first);
    return 0;
}

IN_FAKE_TIME(notify_wakes_those_who_have_waited_longest)
{
    struct waiter w[5] = {
        {.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}, {.name = "e"}};
    gy_task *t[5];
    begin(w, t, 5);
    assert_null(lock.owner);
    gy_cond_notify(&cond, 0);
    settle();
    assert_notes("");
    gy_cond_notify(&cond, 1);
    settle();
    assert_notes("a");
    gy_cond_notify(&cond, 2);
    settle();
    assert_notes("abc");
    gy_cond_notify_all(&cond);
    settle();
    assert_notes("abcde");
    gy_cond_notify(&cond, 100);
    for (int i = 0; i < 5; i++)
        assert_true(w[i].had_lock);
    return end(t, 5);
}

/* It tells those who wait, nobody who comes later. */
IN_FAKE_TIME(a_notify_to_nobody_is_not_kept)
{
    gy_cond_notify_all(&cond);
    assert_int_equal(gy_cond_wait(&cond, NULL, 1), GY_ETIMEDOUT);
    assert_true(at() == 1);
    return 0;
}

IN_FAKE_TIME(the_lock_is_not_needed)
{
    struct waiter w[2] = {{.name = "a", .unlocked = true}, {.name = "b", .unlocked = true}};
    gy_task *t[2];
    begin(w, t, 2);
    gy_cond_notify(&cond, 1);
    settle();
    assert_notes("a");
    gy_cond_notify(&cond, 1);
    return end(t, 2);
}

IN_FAKE_TIME(what_it_refuses)
{
    assert_int_equal(gy_cond_wait(&cond, &lock, 1), GY_EINVAL);
    assert_int_equal(gy_cond_wait(&cond, NULL, 0), GY_ETIMEDOUT);
    assert_int_equal(gy_lock_acquire(&lock, 0), 0);
    assert_int_equal(gy_cond_wait(&cond, &lock, 0), GY_ETIMEDOUT);
    gy_task_cancel(gy_task_self());
    assert_int_equal(gy_cond_wait(&cond, &lock, 1), GY_ECANCELED);
    assert_ptr_equal(lock.owner, gy_task_self());
    gy_lock_release(&lock);
    return 0;
}

static void only_inside_a_task(void **state)
{
    (void)state;
    assert_int_equal(gy_cond_wait(&cond, NULL, 1), GY_ENOTASK);
    assert_int_equal(gy_cond_wait(&cond, &lock, 1), GY_ENOTASK);
}

IN_FAKE_TIME(a_timeout_waits_for_the_lock)
{
    struct waiter w[1] = {{.name = "a", .timeout = 1}};
    gy_task *t[1];
    begin(w, t, 1);
    assert_int_equal(gy_lock_acquire(&lock, 0), 0);
    gy_sleep(3);
    assert_true(w[0].when == 0);
    gy_lock_release(&lock);
    end(t, 1);
    assert_int_equal(w[0].got, GY_ETIMEDOUT);
    assert_true(w[0].had_lock && w[0].when == 3);
    return 0;
}

IN_FAKE_TIME(who_is_cancelled_has_the_lock_again)
{
    struct waiter w[2] = {{.name = "a"}, {.name = "b"}};
    gy_task *t[2];
    begin(w, t, 2);
    assert_int_equal(gy_lock_acquire(&lock, 0), 0);
    gy_task_cancel(t[0]);
    gy_sleep(2);
    gy_task_cancel(t[0]);
    gy_sleep(1);
    assert_true(w[0].when == 0);
    gy_lock_release(&lock);
    settle();
    assert_int_equal(w[0].got, GY_ECANCELED);
    assert_true(w[0].had_lock && w[0].when == 3);
    gy_cond_notify(&cond, 1);
    settle();
    assert_notes("b");
    return end(t, 2);
}

/* All of it is given back while one waits, and taken again. */
IN_FAKE_TIME(a_recursive_lock_is_released_whole)
{
    lock = (gy_lock){.recursive = true};
    assert_int_equal(gy_lock_acquire(&lock, 0), 0);
    assert_int_equal(gy_lock_acquire(&lock, 0), 0);
    struct waiter w[1] = {{.name = "a"}};
    gy_task *t[1] = {start(wait_for_it, &w[0])};
    w[0].timeout = GY_FOREVER;
    assert_int_equal(gy_cond_wait(&cond, &lock, 1), GY_ETIMEDOUT);
    assert_ptr_equal(lock.owner, gy_task_self());
    gy_lock_release(&lock);
    assert_ptr_equal(lock.owner, gy_task_self());
    gy_lock_release(&lock);
    assert_null(lock.owner);
    gy_cond_notify_all(&cond);
    end(t, 1);
    lock = (gy_lock){0};
    return 0;
}

static void notify_one(void *arg)
{
    (void)arg;
    gy_cond_notify(&cond, 1);
}

/* It finds one that has just been cancelled, or whose time has just run out, and that has not run
 * since: that one was told then, and says so. */
IN_FAKE_TIME(no_notify_is_lost)
{
    for (int cancel = 0; cancel < 2; cancel++) {
        struct waiter w[2] = {{.name = "a", .timeout = cancel ? 0 : 1}, {.name = "b"}};
        gy_task *t[2];
        gy_timer timer = {.state = 0};
        crew_reset(NULL);
        begin(w, t, 2);
        if (cancel) {
            gy_task_cancel(t[0]);
            gy_cond_notify(&cond, 1);
        } else {
            gy_timer_set(gy_loop_current(), &timer, 1, notify_one, NULL); /* just after its own */
        }
        gy_sleep(2);
        assert_int_equal(w[0].got, 0);
        assert_notes("a");
        gy_cond_notify(&cond, 1);
        end(t, 2);
    }
    return 0;
}

static int ready, taken;

static int take_one(void *arg)
{
    double *timeout = arg;
    if (gy_lock_acquire(&lock, GY_FOREVER))
        return 0;
    int e = 0;
    while (!ready && !e)
        e = gy_cond_wait(&cond, &lock, *timeout);
    assert_ptr_equal(lock.owner, gy_task_self());
    if (ready) {
        ready--;
        taken++;
    }
    gy_lock_release(&lock);
    return 0;
}

static int give_two(void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++) {
        gy_sleep(1);
        if (gy_lock_acquire(&lock, GY_FOREVER))
            continue;
        ready++;
        gy_cond_notify(&cond, 1);
        gy_yield();
        gy_lock_release(&lock);
    }
    gy_cond_notify_all(&cond);
    return 0;
}

static int scenario(void *arg)
{
    (void)arg;
    double timeouts[3] = {10, 20, 2};
    gy_group g = {0};
    ready = taken = 0;
    for (int i = 0; i < 3; i++)
        gy_group_spawn(&g, take_one, &timeouts[i]);
    gy_group_spawn(&g, give_two, NULL);
    int e = gy_group_wait(&g);
    assert_null(cond.waiters.first);
    assert_null(lock.owner);
    assert_true(e || gy_test_disturbed(gy_test_current()) || (ready == 0 && taken == 2));
    return e;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(notify_wakes_those_who_have_waited_longest),
        CREW_TEST(a_notify_to_nobody_is_not_kept),
        CREW_TEST(the_lock_is_not_needed),
        CREW_TEST(what_it_refuses),
        CREW_TEST(only_inside_a_task),
        CREW_TEST(a_timeout_waits_for_the_lock),
        CREW_TEST(who_is_cancelled_has_the_lock_again),
        CREW_TEST(a_recursive_lock_is_released_whole),
        CREW_TEST(no_notify_is_lost),
        CREW_TEST(cancelled_anywhere),
        CREW_TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
