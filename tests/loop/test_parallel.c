/* SPDX-License-Identifier: MIT */
/* One function over many items, and what a pool of tasks does, by groups. */
#include "loop/state.h"
#include "loop/task.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <string.h>

enum { ITEMS = 20 };

struct work {
    int done[ITEMS], begun, running, most;
    int waited[ITEMS];
    size_t fails; /* the number of the one that does, from 1 */
};

static int sleep_and_note(void *arg, size_t i)
{
    struct work *w = arg;
    assert_in_range(i, 0, ITEMS - 1);
    w->begun++;
    w->most = ++w->running > w->most ? w->running : w->most;
    w->waited[i] = gy_sleep(1 + (double)(i % 3));
    w->running--;
    w->done[i]++;
    if (w->fails == i + 1)
        return -71;
    return w->waited[i];
}

static int map_all(void *arg)
{
    size_t limit = *(size_t *)arg;
    struct work w = {.begun = 0};
    int64_t before = fake_clock_now();
    assert_int_equal(gy_map(ITEMS, limit, sleep_and_note, &w), 0);
    for (int i = 0; i < ITEMS; i++)
        assert_int_equal(w.done[i], 1);
    assert_int_equal(w.most, limit && limit < ITEMS ? limit : ITEMS);
    assert_int_equal(w.running, 0);
    if (limit == 1)
        assert_true(fake_clock_now() - before == 39LL * 1000000000);
    if (limit == 0)
        assert_true(fake_clock_now() - before == 3LL * 1000000000);
    return 0;
}

static void every_item_once_and_so_many_at_a_time(void **state)
{
    (void)state;
    static const size_t limits[] = {0, 1, 2, 7, ITEMS, 1000};
    for (int i = 0; i < 6; i++) {
        size_t limit = limits[i];
        assert_int_equal(run_in_fake_time(map_all, &limit), 0);
    }
}

static int map_none(void *arg)
{
    (void)arg;
    assert_int_equal(gy_map(0, 0, sleep_and_note, NULL), 0);
    assert_int_equal(gy_map(0, 3, sleep_and_note, NULL), 0);
    return 0;
}

static void no_items(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(map_none, NULL), 0);
    assert_int_equal(gy_map(0, 0, sleep_and_note, NULL), GY_ENOTASK);
    assert_int_equal(gy_map(5, 0, sleep_and_note, NULL), GY_ENOTASK);
}

static int map_fails(void *arg)
{
    (void)arg;
    struct work w = {.fails = 5};
    /* 0 1 2 3 begin; 0 ends at 1 s and 4 begins; it fails at 3 s, with three under way. */
    assert_int_equal(gy_map(ITEMS, 4, sleep_and_note, &w), -71);
    int cancelled = 0;
    for (int i = 0; i < ITEMS; i++)
        cancelled += w.waited[i] == GY_ECANCELED;
    assert_int_equal(w.done[4], 1);
    assert_int_equal(w.running, 0);
    assert_int_equal(cancelled, 3);
    assert_in_range(w.begun, 8, 9);
    return 0;
}

static void the_first_failure_ends_it(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(map_fails, NULL), 0);
}

struct cancelled_map {
    struct work w;
    int gave;
};

static int map_long(void *arg)
{
    struct cancelled_map *c = arg;
    c->gave = gy_map(ITEMS, 3, sleep_and_note, &c->w);
    return 0;
}

static int cancel_map(void *arg)
{
    (void)arg;
    struct cancelled_map c = {.gave = 77};
    gy_task *t = gy_task_new(gy_loop_current(), map_long, &c, NULL);
    assert_non_null(t);
    gy_sleep(1.5);
    gy_task_cancel(t);
    gy_task_join(t);
    assert_int_equal(c.gave, GY_ECANCELED);
    assert_int_equal(c.w.begun, 4);
    assert_int_equal(c.w.running, 0);

    gy_deadline d;
    struct work w = {.begun = 0};
    gy_deadline_begin(&d, 1.5);
    assert_int_equal(gy_map(ITEMS, 3, sleep_and_note, &w), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&d));
    assert_int_equal(w.begun, 4);

    memset(&w, 0, sizeof w);
    gy_task_cancel(gy_task_self());
    assert_int_equal(gy_map(ITEMS, 0, sleep_and_note, &w), GY_ECANCELED);
    assert_int_equal(w.begun, 0);
    return 0;
}

static void a_cancelled_caller_cancels_all(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(cancel_map, NULL), 0);
}

static gy_local mark;

static int needs_a_new_task(void *arg, size_t i)
{
    assert_ptr_equal(gy_local_get(&mark), arg);
    assert_false(gy_task_shield(true));
    assert_int_equal(gy_local_set(&mark, &mark), 0);
    (void)i;
    return gy_yield();
}

static int map_afresh(void *arg)
{
    (void)arg;
    int here;
    assert_int_equal(gy_map(6, 2, needs_a_new_task, NULL), 0);
    assert_int_equal(gy_local_set(&mark, &here), 0);
    return gy_map(6, 2, needs_a_new_task, &here);
}

static void each_item_finds_a_task_as_new(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(map_afresh, NULL), 0);
}

static int nothing(void *arg, size_t i)
{
    (void)arg;
    (void)i;
    return 0;
}

static int map_many(void *arg)
{
    struct sweep s = {.before_failure = 3};
    gy__alloc_set_hook(sweep_may_allocate, &s);
    int e = gy_map(1000000, 3, nothing, arg);
    gy__alloc_set_hook(NULL, NULL);
    assert_false(s.failed);
    return e;
}

static void an_item_needs_no_memory(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(map_many, NULL), 0);
}

static int map_some(void *arg)
{
    (void)arg;
    struct work w = {.begun = 0};
    return gy_map(5, 2, sleep_and_note, &w);
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(map_some, NULL) >= 5);
}

static void no_memory_anywhere(void **state)
{
    (void)state;
    sweep_task_allocations(map_some, NULL);
}

/* What a pool of greenlets does, in these terms. */
struct job {
    double seconds;
    int give, waited;
};

static int work(void *arg)
{
    struct job *j = arg;
    j->waited = gy_sleep(j->seconds);
    return j->waited ? j->waited : j->give;
}

/* Pool(2): spawn waits for a place, free_count, wait_available, join. */
static int pool(void *arg)
{
    (void)arg;
    gy_group g = {.limit = 2};
    struct job j[4] = {{.seconds = 1}, {.seconds = 2}, {.seconds = 2}, {.seconds = 1}};
    int64_t before = fake_clock_now();
    assert_int_equal(gy_group_spawn(&g, work, &j[0]), 0);
    assert_int_equal(g.limit - g.running, 1);
    assert_int_equal(gy_group_spawn(&g, work, &j[1]), 0);
    assert_int_equal(g.limit - g.running, 0);
    assert_int_equal(gy_group_spawn(&g, work, &j[2]), 0);
    assert_true(fake_clock_now() - before == 1000000000);
    assert_int_equal(gy_group_spawn(&g, work, &j[3]), 0);
    assert_true(fake_clock_now() - before == 2000000000);
    assert_int_equal(gy_group_wait(&g), 0);
    assert_true(fake_clock_now() - before == 3000000000);
    assert_int_equal(g.running, 0);
    return 0;
}

static void a_pool_is_a_group_with_a_limit(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(pool, NULL), 0);
}

static int kill_all(void *arg)
{
    (void)arg;
    gy_group g = {.limit = 3};
    struct job j[3] = {{.seconds = 100}, {.seconds = 100}, {.seconds = 100}};
    for (int i = 0; i < 3; i++)
        assert_int_equal(gy_group_spawn(&g, work, &j[i]), 0);
    gy_sleep(1);
    gy_group_cancel(&g);
    assert_int_equal(gy_group_wait(&g), GY_ECANCELED);
    for (int i = 0; i < 3; i++)
        assert_int_equal(j[i].waited, GY_ECANCELED);
    return 0;
}

static void kill_is_cancel(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(kill_all, NULL), 0);
}

/* apply_async, get, killone: a task that is joined. imap_unordered: results as they come. */
static int as_they_come(void *arg)
{
    (void)arg;
    enum { N = 4 };
    static const double seconds[N] = {3, 1, 4, 2};
    struct job j[N];
    gy_task *tasks[N];
    gy_future *ended[N];
    int order[N], n = 0, i;
    for (i = 0; i < N; i++) {
        j[i] = (struct job){.seconds = seconds[i], .give = 10 + i};
        tasks[i] = gy_task_new(gy_loop_current(), work, &j[i], NULL);
        assert_non_null(tasks[i]);
        ended[i] = gy_task_future(tasks[i]);
    }
    gy_yield();
    gy_task_cancel(tasks[2]);
    while ((i = gy_wait_any(ended, N, GY_FOREVER)) >= 0) {
        order[n++] = i;
        assert_int_equal(ended[i]->result, i == 2 ? GY_ECANCELED : 10 + i);
        ended[i] = NULL;
    }
    assert_int_equal(i, GY_ENOTFOUND);
    assert_int_equal(n, N);
    assert_memory_equal(order, ((int[]){2, 1, 3, 0}), sizeof order);
    for (i = 0; i < N; i++)
        assert_int_equal(gy_task_join(tasks[i]), i == 2 ? GY_ECANCELED : 10 + i);
    return 0;
}

static void results_are_taken_as_they_come(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(as_they_come, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_once_and_so_many_at_a_time),
        cmocka_unit_test(no_items),
        cmocka_unit_test(the_first_failure_ends_it),
        cmocka_unit_test(a_cancelled_caller_cancels_all),
        cmocka_unit_test(each_item_finds_a_task_as_new),
        cmocka_unit_test(an_item_needs_no_memory),
        cmocka_unit_test(cancelled_anywhere),
        cmocka_unit_test(no_memory_anywhere),
        cmocka_unit_test(a_pool_is_a_group_with_a_limit),
        cmocka_unit_test(kill_is_cancel),
        cmocka_unit_test(results_are_taken_as_they_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
