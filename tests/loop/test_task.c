/* SPDX-License-Identifier: MIT */
/* Tasks: start, run, end, cancel, join. */
#include "loop/state.h"
#include "loop/task.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <gyre/log.h>
#include <string.h>

enum { MANY_PARKED = 20000 / (GY__STACK_SCALE * GY__STACK_SCALE) };

/* What the tasks did, a letter each. */
static char trace[64];

static void note(char what)
{
    size_t n = strlen(trace);
    assert_true(n + 1 < sizeof trace);
    trace[n] = what;
    trace[n + 1] = '\0';
}

static int begin_trace(void **state)
{
    (void)state;
    trace[0] = '\0';
    return 0;
}

static int give_seven(void *arg)
{
    (void)arg;
    note('7');
    return 7;
}

static int note_arg(void *arg)
{
    note(*(const char *)arg);
    return 0;
}

/* A task that waits for long, and what came of it. */
struct sleeper {
    gy_task *task;
    int first, second, seen;
};

static int sleep_long(void *arg)
{
    struct sleeper *s = arg;
    note('s');
    s->first = gy_sleep(3600);
    s->seen = gy_task_cancelled();
    s->second = gy_sleep(3600);
    note('e');
    return s->first;
}

static gy_task *start(gy_task_fn *fn, void *arg)
{
    gy_task *t = gy_task_new(gy_loop_current(), fn, arg, NULL);
    assert_non_null(t);
    return t;
}

static int spawn_and_sleep(void *arg)
{
    (void)arg;
    assert_int_equal(gy_spawn(note_arg, "a", NULL), 0);
    assert_int_equal(gy_spawn(note_arg, "b", NULL), 0);
    note('p');
    assert_int_equal(gy_yield(), 0);
    note('q');
    return 0;
}

static void a_spawned_task_begins_in_the_next_turn(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(spawn_and_sleep, NULL), 0);
    assert_string_equal(trace, "pabq");
}

static void spawn_needs_a_loop(void **state)
{
    (void)state;
    assert_null(gy_loop_current());
    assert_int_equal(gy_spawn(give_seven, NULL, NULL), GY_ENOTASK);
}

static int join_seven(void *arg)
{
    (void)arg;
    gy_task *t = start(give_seven, NULL);
    assert_int_equal(gy_task_join(t), 7);
    t = start(give_seven, NULL);
    gy_yield();
    gy_yield();
    return gy_task_join(t);
}

static void join_takes_the_result(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(join_seven, NULL), 7);
    assert_string_equal(trace, "77");
}

static int join_itself(void *arg)
{
    (void)arg;
    return gy_task_join(gy_task_self());
}

static void a_task_cannot_join_itself(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(join_itself, NULL), GY_EINVAL);
}

static int yield_some(void *arg)
{
    for (int i = 0; i < *(int *)arg; i++)
        gy_yield();
    return 11;
}

static void join_outside_a_task_turns_the_loop(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    int turns = 20;
    gy_task *t = gy_task_new(loop, yield_some, &turns, NULL);
    assert_non_null(t);
    assert_int_equal(gy_task_join(t), 11);
    gy_loop_free(loop);
}

static int join_slow(void *arg)
{
    struct sleeper *s = arg;
    return gy_task_join(s->task);
}

static int stubborn(void *arg)
{
    struct sleeper *s = arg;
    s->first = gy_sleep(100);
    note('c');
    gy_yield(); /* refused: it goes on at once */
    note('d');
    return 5;
}

static int cancel_a_joiner(void *arg)
{
    (void)arg;
    struct sleeper s = {.first = 1};
    s.task = start(stubborn, &s);
    gy_task *joiner = start(join_slow, &s);
    gy_sleep(1);
    gy_task_cancel(joiner);
    assert_int_equal(gy_task_join(joiner), 5);
    assert_int_equal(s.first, GY_ECANCELED);
    return 0;
}

static void a_cancelled_joiner_cancels_and_waits_on(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(cancel_a_joiner, NULL), 0);
    assert_string_equal(trace, "cd");
}

static int cancel_one_that_is_parked(void *arg)
{
    (void)arg;
    struct sleeper s = {.first = 1};
    gy_task *t = start(sleep_long, &s);
    gy_sleep(1);
    note('c');
    gy_task_cancel(t);
    gy_task_cancel(t);
    assert_int_equal(gy_task_join(t), GY_ECANCELED);
    assert_int_equal(s.seen, GY_ECANCELED);
    assert_int_equal(s.second, GY_ECANCELED);
    return 0;
}

static void a_parked_task_is_cancelled_in_its_wait(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(cancel_one_that_is_parked, NULL), 0);
    assert_string_equal(trace, "sce");
}

static int cancel_before_the_first_run(void *arg)
{
    (void)arg;
    struct sleeper s = {.first = 1};
    gy_task *t = start(sleep_long, &s);
    gy_task_cancel(t);
    assert_int_equal(gy_task_join(t), GY_ECANCELED);
    assert_int_equal(s.second, GY_ECANCELED);
    return 0;
}

static void a_new_task_runs_and_its_waits_refuse(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(cancel_before_the_first_run, NULL), 0);
    assert_string_equal(trace, "se");
}

static int yield_once(void *arg)
{
    int *result = arg;
    *result = gy_yield();
    note('y');
    return 0;
}

static int cancel_one_that_is_ready(void *arg)
{
    (void)arg;
    int result = 1;
    gy_task *t = start(yield_once, &result);
    gy_yield();
    assert_int_equal(t->state, GY__TASK_READY);
    gy_task_cancel(t);
    gy_task_join(t);
    return result;
}

static void a_ready_task_learns_it_when_it_goes_on(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(cancel_one_that_is_ready, NULL), GY_ECANCELED);
}

static int cancel_one_that_has_ended(void *arg)
{
    (void)arg;
    gy_task *t = start(give_seven, NULL);
    gy_sleep(1);
    gy_task_cancel(t);
    return gy_task_join(t);
}

static void an_ended_task_does_not_mind(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(cancel_one_that_has_ended, NULL), 7);
}

static int cancel_myself(void *arg)
{
    (void)arg;
    assert_int_equal(gy_task_cancelled(), 0);
    gy_task_cancel(gy_task_self());
    assert_int_equal(gy_task_cancelled(), GY_ECANCELED);
    assert_int_equal(gy_yield(), GY_ECANCELED);
    assert_int_equal(gy_sleep(0), GY_ECANCELED);
    return gy_sleep(1);
}

static void a_task_may_cancel_itself(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(cancel_myself, NULL), GY_ECANCELED);
    assert_int_equal(gy_task_cancelled(), 0);
}

static int look_at_names(void *arg)
{
    (void)arg;
    assert_string_equal(gy_task_name(gy_task_self()), "main");
    gy_task *t = gy_task_new(gy_loop_current(), give_seven, NULL, &(gy_task_opts){.name = "seven"});
    assert_string_equal(gy_task_name(t), "seven");
    gy_task_join(t);
    t = start(give_seven, NULL);
    assert_string_equal(gy_task_name(t), "task");
    gy_task_join(t);
    return 0;
}

static void names(void **state)
{
    (void)state;
    assert_null(gy_task_self());
    assert_string_equal(gy_task_name(NULL), "task");
    assert_int_equal(run_in_fake_time(look_at_names, NULL), 0);
}

static char logged[256];

static void catch_log(void *arg, enum gy_log_channel channel, enum gy_log_level level,
                      const char *line, size_t n)
{
    (void)arg;
    (void)channel;
    (void)level;
    n = n < sizeof logged - 1 ? n : sizeof logged - 1;
    memcpy(logged, line, n);
    logged[n] = '\0';
}

static int fail_with(void *arg)
{
    return *(int *)arg;
}

static int spawn_failing(void *arg)
{
    assert_int_equal(gy_spawn(fail_with, arg, &(gy_task_opts){.name = "bad egg"}), 0);
    return gy_sleep(1);
}

static void a_failure_nobody_waits_for_is_logged(void **state)
{
    (void)state;
    int code = GY_EPROTO;
    gy_log_set_sink(catch_log, NULL);
    logged[0] = '\0';
    assert_int_equal(run_in_fake_time(spawn_failing, &code), 0);
    assert_non_null(strstr(logged, "bad egg"));
    assert_non_null(strstr(logged, "malformed message"));
    logged[0] = '\0';
    code = GY_ECANCELED;
    assert_int_equal(run_in_fake_time(spawn_failing, &code), 0);
    assert_string_equal(logged, "");
    gy_log_set_sink(NULL, NULL);
}

static int too_large_a_stack(void *arg)
{
    (void)arg;
    gy_task_opts huge = {.name = "huge", .stack_size = (size_t)1 << 50};
    gy_task *t = gy_task_new(gy_loop_current(), give_seven, NULL, &huge);
    assert_non_null(t);
    return gy_task_join(t);
}

static void without_a_stack_a_task_fails(void **state)
{
    (void)state;
    gy_log_set_sink(catch_log, NULL);
    assert_int_equal(run_in_fake_time(too_large_a_stack, NULL), GY_ENOMEM);
    assert_non_null(strstr(logged, "huge"));
    gy_log_set_sink(NULL, NULL);
    assert_string_equal(trace, "");
}

static int count_woken;

static int park(void *arg)
{
    int e = gy_sleep(*(double *)arg);
    count_woken++;
    return e;
}

static int park_many(void *arg)
{
    (void)arg;
    static gy_task *all[MANY_PARKED];
    double seconds = 60;
    for (int i = 0; i < MANY_PARKED; i++)
        all[i] = start(park, &seconds);
    gy_sleep(30);
    assert_int_equal(count_woken, 0);
    for (int i = 0; i < MANY_PARKED; i += 2)
        gy_task_cancel(all[i]);
    for (int i = 0; i < MANY_PARKED; i++)
        assert_int_equal(gy_task_join(all[i]), i % 2 ? 0 : GY_ECANCELED);
    return 0;
}

static void twenty_thousand_at_once(void **state)
{
    (void)state;
    count_woken = 0;
    assert_int_equal(run_in_fake_time(park_many, NULL), 0);
    assert_int_equal(count_woken, MANY_PARKED);
}

static void a_freed_loop_ends_its_tasks(void **state)
{
    (void)state;
    struct sleeper s = {.first = 1};
    gy_loop *loop = gy_loop_new();
    gy_task *t = gy_task_new(loop, sleep_long, &s, NULL);
    gy_task *never_ran = gy_task_new(loop, give_seven, NULL, NULL);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    gy_loop_free(loop);
    assert_int_equal(s.first, GY_ESHUTDOWN);
    assert_int_equal(gy_task_join(t), GY_ESHUTDOWN);
    assert_int_equal(gy_task_join(never_ran), 7);
}

static int run_inside(void *arg)
{
    gy_loop *mine = gy_loop_current();
    int result = gy_run(join_seven, arg);
    assert_ptr_equal(gy_loop_current(), mine);
    assert_int_equal(gy_yield(), 0);
    return result;
}

static void a_task_may_run_another_loop(void **state)
{
    (void)state;
    assert_int_equal(gy_run(run_inside, NULL), 7);
}

static const int no_time = 0, some_time = 2;

static int yield_for(void *arg)
{
    for (int i = 0; i < *(const int *)arg; i++)
        if (gy_yield())
            return gy_task_cancelled();
    return 0;
}

static int sleep_and_join(void *arg)
{
    gy_task *t = gy_task_new(gy_loop_current(), yield_for, arg, NULL);
    if (!t)
        return GY_ENOMEM;
    int e = gy_sleep(1);
    int result = gy_task_join(t);
    return e ? e : result;
}

static int start_and_join_three(void *arg)
{
    (void)arg;
    int e = 0;
    for (int i = 0; i < 3 && !e; i++) {
        gy_task *t = gy_task_new(gy_loop_current(), sleep_and_join, (void *)&some_time, NULL);
        if (!t)
            return GY_ENOMEM;
        e = gy_task_join(t);
        if (!e)
            e = gy_spawn(yield_for, (void *)&no_time, NULL);
        if (!e)
            e = gy_yield();
    }
    return e;
}

static void no_memory(void **state)
{
    (void)state;
    gy_log_set_level(GY_LOG_OFF);
    sweep_task_allocations(start_and_join_three, NULL);
    gy_log_set_level(GY_LOG_INFO);
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(start_and_join_three, NULL) >= 15);
}

#define TEST(test_) cmocka_unit_test_setup(test_, begin_trace)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_spawned_task_begins_in_the_next_turn),
        TEST(spawn_needs_a_loop),
        TEST(join_takes_the_result),
        TEST(a_task_cannot_join_itself),
        TEST(join_outside_a_task_turns_the_loop),
        TEST(a_cancelled_joiner_cancels_and_waits_on),
        TEST(a_parked_task_is_cancelled_in_its_wait),
        TEST(a_new_task_runs_and_its_waits_refuse),
        TEST(a_ready_task_learns_it_when_it_goes_on),
        TEST(an_ended_task_does_not_mind),
        TEST(a_task_may_cancel_itself),
        TEST(names),
        TEST(a_failure_nobody_waits_for_is_logged),
        TEST(without_a_stack_a_task_fails),
        TEST(twenty_thousand_at_once),
        TEST(a_freed_loop_ends_its_tasks),
        TEST(a_task_may_run_another_loop),
        TEST(no_memory),
        TEST(cancelled_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
