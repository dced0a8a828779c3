/* SPDX-License-Identifier: MIT */
/* Readers and writers: many or one, neither starves. */
#include "support/crew.h"

static gy_rwlock lock;

struct user {
    const char *name;
    bool writes;
    double timeout, hold;
    int got;
    double when;
};

static int inside_reading, inside_writing;

static int use(void *arg)
{
    struct user *u = arg;
    u->got = u->writes ? gy_rwlock_write(&lock, u->timeout) : gy_rwlock_read(&lock, u->timeout);
    u->when = at();
    if (u->got)
        return 0;
    note(u->name);
    int *inside = u->writes ? &inside_writing : &inside_reading;
    ++*inside;
    assert_true(inside_writing <= 1 && !(inside_writing && inside_reading));
    if (u->hold > 0)
        gy_sleep(u->hold);
    --*inside;
    gy_rwlock_release(&lock);
    return 0;
}

static bool is_free(void)
{
    return !lock.waiters.first && !lock.writing && lock.readers == 0;
}

/* Each begins to wait after the one before. */
static int use_all(struct user *u, int n)
{
    gy_group g = {0};
    for (int i = 0; i < n; i++) {
        if (u[i].timeout == 0)
            u[i].timeout = GY_FOREVER;
        gy_group_spawn(&g, use, &u[i]);
    }
    int e = gy_group_wait(&g);
    assert_true(is_free());
    return e;
}

static void a_free_one_is_taken_at_once(void **state)
{
    (void)state;
    assert_int_equal(gy_rwlock_read(&lock, GY_FOREVER), 0);
    assert_int_equal(gy_rwlock_read(&lock, 0), 0);
    assert_int_equal(gy_rwlock_write(&lock, 0), GY_ETIMEDOUT);
    assert_int_equal(gy_rwlock_write(&lock, GY_FOREVER), GY_ENOTASK);
    gy_rwlock_release(&lock);
    gy_rwlock_release(&lock);
    assert_int_equal(gy_rwlock_write(&lock, GY_FOREVER), 0);
    assert_int_equal(gy_rwlock_write(&lock, 0), GY_ETIMEDOUT);
    assert_int_equal(gy_rwlock_read(&lock, 0), GY_ETIMEDOUT);
    assert_int_equal(gy_rwlock_read(&lock, 1), GY_ENOTASK);
    gy_rwlock_release(&lock);
    crew_log_begin();
    gy_rwlock_release(&lock);
    assert_int_equal(crew_log_end(), 1);
    assert_true(is_free());
}

IN_FAKE_TIME(readers_read_together)
{
    struct user u[3] = {
        {.name = "a", .hold = 1}, {.name = "b", .hold = 1}, {.name = "c", .hold = 1}};
    assert_int_equal(use_all(u, 3), 0);
    assert_true(at() == 1);
    return 0;
}

/* r1 reads; W waits; r2, r3 come later and wait behind it, then go together, before the next writer. */
IN_FAKE_TIME(neither_starves)
{
    struct user u[6] = {{.name = "a", .hold = 2},
                        {.name = "W", .hold = 1, .writes = true},
                        {.name = "b", .hold = 1},
                        {.name = "c", .hold = 1},
                        {.name = "X", .hold = 1, .writes = true},
                        {.name = "d", .hold = 1}};
    assert_int_equal(use_all(u, 6), 0);
    assert_notes("aWbcXd");
    assert_true(u[1].when == 2 && u[2].when == 3 && u[3].when == 3 && u[4].when == 4);
    assert_true(u[5].when == 5 && at() == 6);
    return 0;
}

IN_FAKE_TIME(a_waiting_writer_lets_no_reader_try)
{
    struct user w = {.name = "W", .writes = true, .timeout = GY_FOREVER};
    assert_int_equal(gy_rwlock_read(&lock, 0), 0);
    gy_task *t = start(use, &w);
    settle();
    assert_int_equal(gy_rwlock_read(&lock, 0), GY_ETIMEDOUT);
    gy_rwlock_release(&lock);
    assert_int_equal(gy_rwlock_read(&lock, 0), GY_ETIMEDOUT); /* it is the writer's at once */
    assert_int_equal(gy_rwlock_read(&lock, 5), 0);
    assert_notes("W");
    gy_rwlock_release(&lock);
    return gy_task_join(t);
}

/* The readers behind a writer that no longer waits need not wait either. */
IN_FAKE_TIME(a_writer_that_gives_up_lets_the_readers_in)
{
    struct user u[4] = {{.name = "a", .hold = 10},
                        {.name = "W", .writes = true, .timeout = 1},
                        {.name = "b", .hold = 1},
                        {.name = "c", .hold = 1}};
    assert_int_equal(use_all(u, 4), 0);
    assert_int_equal(u[1].got, GY_ETIMEDOUT);
    assert_true(u[2].when == 1 && u[3].when == 1);
    assert_notes("abc");
    return 0;
}

IN_FAKE_TIME(a_cancelled_writer_as_well)
{
    struct user w = {.name = "W", .writes = true, .timeout = GY_FOREVER};
    struct user r = {.name = "r", .timeout = GY_FOREVER};
    assert_int_equal(gy_rwlock_read(&lock, 0), 0);
    gy_task *t = start(use, &w), *u = start(use, &r);
    settle();
    gy_task_cancel(t);
    settle();
    assert_int_equal(w.got, GY_ECANCELED);
    assert_notes("r");
    gy_rwlock_release(&lock);
    gy_task_join(t);
    return gy_task_join(u);
}

/* The writer's time runs out in the turn in which the reader leaves: it has it nevertheless. */
IN_FAKE_TIME(what_was_served_counts)
{
    struct user u[3] = {
        {.name = "a", .hold = 1}, {.name = "W", .writes = true, .timeout = 1}, {.name = "b"}};
    assert_int_equal(use_all(u, 3), 0);
    assert_int_equal(u[1].got, 0);
    assert_notes("aWb");
    return 0;
}

static int scenario(void *arg)
{
    (void)arg;
    inside_reading = inside_writing = 0;
    crew_notes[0] = '\0';
    struct user u[6] = {{.name = "a", .hold = 2},
                        {.name = "W", .hold = 1, .writes = true},
                        {.name = "b", .hold = 1},
                        {.name = "c", .hold = 1, .timeout = 0.5},
                        {.name = "X", .writes = true, .timeout = 1},
                        {.name = "d", .hold = 1}};
    return use_all(u, 6);
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(scenario, NULL) >= 9);
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
        CREW_TEST(readers_read_together),
        CREW_TEST(neither_starves),
        CREW_TEST(a_waiting_writer_lets_no_reader_try),
        CREW_TEST(a_writer_that_gives_up_lets_the_readers_in),
        CREW_TEST(a_cancelled_writer_as_well),
        CREW_TEST(what_was_served_counts),
        CREW_TEST(cancelled_anywhere),
        CREW_TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
