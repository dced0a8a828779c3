/* SPDX-License-Identifier: MIT */
/* Tasks: those that begin later, shields, reports of failures, ids, limits on a run, their futures. */
#include "loop/state.h"
#include "loop/task.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include "base/clock.h"

#include <gyre/error.h>
#include <pthread.h>
#include <string.h>

static const gy_task_opts in_two_seconds = {.delay = 2, .name = "later"};

static int64_t begun_at;
static int begun;

static int note_begin(void *arg)
{
    begun++;
    begun_at = fake_clock_now();
    if (arg)
        *(int *)arg = gy_sleep(1);
    return 5;
}

static int reset(void **state)
{
    (void)state;
    begun = 0;
    begun_at = 0;
    return 0;
}

static gy_task *begin(gy_task_fn *fn, void *arg, const gy_task_opts *opts)
{
    gy_task *t = gy_task_new(gy_loop_current(), fn, arg, opts);
    assert_non_null(t);
    return t;
}

static int delayed(void *arg)
{
    (void)arg;
    int64_t before = fake_clock_now();
    gy_task *t = begin(note_begin, NULL, &in_two_seconds);
    assert_string_equal(gy_task_name(t), "later");
    assert_int_equal(gy_task_join(t), 5);
    assert_true(begun_at - before == 2000000000);

    assert_int_equal(gy_spawn(note_begin, NULL, &in_two_seconds), 0);
    gy_sleep(1.5);
    assert_int_equal(begun, 1);
    gy_sleep(1);
    assert_int_equal(begun, 2);

    static const double at_once[] = {0, -1};
    for (int i = 0; i < 2; i++) {
        before = fake_clock_now();
        assert_int_equal(gy_spawn(note_begin, NULL, &(gy_task_opts){.delay = at_once[i]}), 0);
        gy_yield();
        assert_int_equal(begun, 3 + i);
        assert_true(fake_clock_now() == before);
    }
    return 0;
}

static void a_task_may_begin_later(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(delayed, NULL), 0);
}

static int do_nothing(void *arg)
{
    (void)arg;
    return 0;
}

static void cancel_it(void *arg)
{
    gy_task_cancel(*(gy_task **)arg);
}

static int cancel_delayed(void *arg)
{
    (void)arg;
    int64_t before = fake_clock_now();
    gy_task *t = begin(note_begin, NULL, &in_two_seconds);
    gy_sleep(1);
    gy_task_cancel(t);
    gy_task_cancel(t);
    assert_int_equal(gy_task_join(t), GY_ECANCELED);
    assert_int_equal(begun, 0);
    assert_true(fake_clock_now() - before == 1000000000);

    /* Cancelled when its time has come: it begins, and its waits refuse. */
    int waited = 77;
    t = begin(note_begin, &waited, &in_two_seconds);
    gy_sleep(2); /* its timer is before this one */
    gy_task_cancel(t);
    assert_int_equal(gy_task_join(t), 5);
    assert_int_equal(begun, 1);

    /* By a timer that is due in the same turn, and was set before. */
    gy_timer cancels = {.state = 0};
    gy_timer_set(gy_loop_current(), &cancels, 2, cancel_it, &t);
    t = begin(note_begin, NULL, &in_two_seconds);
    assert_int_equal(gy_task_join(t), GY_ECANCELED);
    assert_int_equal(begun, 1);

    /* Before the first turn. */
    t = begin(note_begin, NULL, &in_two_seconds);
    gy_task_cancel(t);
    assert_int_equal(gy_task_join(t), GY_ECANCELED);
    assert_int_equal(begun, 1);
    return 0;
}

static void one_that_is_cancelled_before_never_begins(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(cancel_delayed, NULL), 0);
}

static void a_freed_loop_ends_one_that_has_not_begun(void **state)
{
    (void)state;
    fake_clock_start();
    gy_loop *loop = gy_loop_new();
    assert_non_null(loop);
    gy_task *t = begin(note_begin, NULL, &in_two_seconds);
    assert_int_equal(gy_spawn(note_begin, NULL, &in_two_seconds), 0);
    gy_task_cancel(t);
    assert_int_equal(gy_task_join(t), GY_ECANCELED);
    gy_loop_free(loop);
    fake_clock_stop();
    assert_int_equal(begun, 0);
}

/* gy_run_within and gy_loop_run_idle wait for it. */
static int leave_one_delayed(void *arg)
{
    (void)arg;
    return gy_spawn(note_begin, NULL, &in_two_seconds);
}

static void an_idle_loop_waits_for_it(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(leave_one_delayed, NULL), 0);
    assert_int_equal(begun, 1);
}

static int delay_and_wait(void *arg)
{
    gy_task *t = gy_task_new(gy_loop_current(), do_nothing, arg, &in_two_seconds);
    if (!t)
        return GY_ENOMEM;
    int e = gy_future_wait(gy_task_future(t), GY_FOREVER);
    if (e)
        gy_task_cancel(t);
    int f = gy_task_join(t);
    return e ? e : f;
}

static void delayed_and_cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(delay_and_wait, NULL) >= 1);
}

static void delayed_without_memory(void **state)
{
    (void)state;
    sweep_task_allocations(delay_and_wait, NULL);
}

/* What a task did behind a shield. */
struct shielded {
    int first, behind, timed, nested, after, seen;
    bool outer_was, inner_was;
};

static int clean_up(void *arg)
{
    struct shielded *s = arg;
    s->outer_was = gy_task_shield(true);
    s->inner_was = gy_task_shield(true);
    gy_task_shield(s->inner_was);
    s->seen = gy_task_cancelled();
    s->behind = gy_sleep(2);
    gy_future never = {0};
    s->timed = gy_future_wait(&never, 1);
    gy_task_shield(s->outer_was);
    s->after = gy_sleep(1);
    return 0;
}

static int sleep_then_clean_up(void *arg)
{
    struct shielded *s = arg;
    s->first = gy_sleep(100);
    return clean_up(s);
}

static int cancel_shielded(void *arg)
{
    (void)arg;
    /* Cancelled before the shield, and once more behind it. */
    struct shielded s = {.first = 77};
    int64_t before = fake_clock_now();
    gy_task *t = begin(sleep_then_clean_up, &s, NULL);
    gy_sleep(1);
    gy_task_cancel(t);
    gy_sleep(1);
    gy_task_cancel(t);
    assert_int_equal(gy_task_join(t), 0);
    assert_int_equal(s.first, GY_ECANCELED);
    assert_int_equal(s.seen, 0);
    assert_int_equal(s.behind, 0);
    assert_int_equal(s.timed, GY_ETIMEDOUT);
    assert_int_equal(s.after, GY_ECANCELED);
    assert_false(s.outer_was);
    assert_true(s.inner_was);
    assert_true(fake_clock_now() - before == 4000000000);

    /* Cancelled behind it for the first time: it learns so afterwards. */
    s = (struct shielded){.first = 77};
    t = begin(clean_up, &s, NULL);
    gy_sleep(1);
    gy_task_cancel(t);
    assert_int_equal(gy_task_join(t), 0);
    assert_int_equal(s.behind, 0);
    assert_int_equal(s.after, GY_ECANCELED);
    return 0;
}

static void a_shield_holds_off_cancellation(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(cancel_shielded, NULL), 0);
    assert_false(gy_task_shield(true)); /* no task, no shield */
    assert_false(gy_task_shield(false));
}

static int shield_from_deadlines(void *arg)
{
    (void)arg;
    gy_deadline outer, inner;
    struct shielded s = {.first = 0};
    gy_deadline_begin(&outer, 1);
    clean_up(&s);
    assert_int_equal(s.behind, 0);
    assert_int_equal(s.after, GY_ETIMEDOUT);
    bool was = gy_task_shield(true);
    gy_deadline_begin(&inner, 1);
    assert_int_equal(gy_sleep(3), 0); /* also from those inside */
    assert_true(gy_deadline_end(&inner));
    gy_task_shield(was);
    assert_int_equal(gy_yield(), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&outer));
    return gy_yield();
}

static void a_shield_holds_off_deadlines(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(shield_from_deadlines, NULL), 0);
}

static int group_behind_a_shield(void *arg)
{
    struct shielded *s = arg;
    gy_group g = {0};
    int waited = 77;
    gy_task_shield(true);
    gy_group_spawn(&g, note_begin, &waited);
    s->behind = gy_group_wait(&g);
    s->nested = waited;
    gy_task_shield(false);
    s->after = gy_yield();
    return 0;
}

static int children_of_a_shielded(void *arg)
{
    (void)arg;
    struct shielded s = {.behind = 77};
    gy_task *t = begin(group_behind_a_shield, &s, NULL);
    gy_sleep(0.5);
    gy_task_cancel(t);
    gy_task_join(t);
    assert_int_equal(s.behind, 0);
    assert_int_equal(s.nested, 0);
    assert_int_equal(s.after, GY_ECANCELED);
    return 0;
}

static void a_shield_covers_what_is_waited_for(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(children_of_a_shielded, NULL), 0);
}

/* Reports. */
static struct report {
    char name[20];
    int code, count;
    uint64_t id;
    bool inside; /* of a task */
} report;

static void note_report(void *arg, const gy_task *t, int code)
{
    struct report *r = arg;
    strncpy(r->name, gy_task_name(t), sizeof r->name - 1);
    r->code = code;
    r->id = gy_task_id(t);
    r->inside = gy_task_self() != NULL;
    r->count++;
}

static int give(void *arg)
{
    return *(int *)arg;
}

static int wait_long(void *arg)
{
    (void)arg;
    return gy_sleep(100);
}

static int fail_in_several_ways(void *arg)
{
    (void)arg;
    static int fails = GY_EPROTO, fine = 0, positive = 3;
    gy_task *t = begin(give, &fails, NULL);
    assert_int_equal(gy_task_join(t), GY_EPROTO); /* whoever joins it knows */
    assert_int_equal(gy_spawn(give, &fine, NULL), 0);
    assert_int_equal(gy_spawn(give, &positive, NULL), 0);
    gy_sleep(1);
    assert_int_equal(report.count, 0);
    assert_int_equal(gy_spawn(give, &fails, &(gy_task_opts){.name = "bad"}), 0);
    gy_sleep(1);
    assert_int_equal(report.count, 1);
    assert_string_equal(report.name, "bad");
    assert_int_equal(report.code, GY_EPROTO);
    assert_true(report.id > gy_task_id(gy_task_self()));
    assert_false(report.inside);
    assert_int_equal(gy_spawn(give, &fails, &(gy_task_opts){.name = "late", .delay = 3}), 0);
    gy_sleep(5);
    assert_int_equal(report.count, 2);
    assert_string_equal(report.name, "late");
    return gy_spawn(wait_long, NULL, NULL);
}

static void failures_are_reported(void **state)
{
    (void)state;
    report = (struct report){.count = 0};
    gy_on_failure(note_report, &report);
    fake_clock_start();
    gy_loop *loop = gy_loop_new();
    assert_non_null(loop);
    fake_clock_drive(loop);
    gy_task *t = begin(fail_in_several_ways, NULL, NULL);
    assert_int_equal(gy_task_join(t), 0);
    gy_loop_free(loop); /* what it cancels has not failed */
    fake_clock_stop();
    gy_on_failure(NULL, NULL);
    assert_int_equal(report.count, 2);
}

static int own_id(void *arg)
{
    *(uint64_t *)arg = gy_task_id(gy_task_self());
    return 0;
}

static int ids(void *arg)
{
    uint64_t self = gy_task_id(gy_task_self()), a = 0, b = 0;
    (void)arg;
    assert_true(self > 0);
    gy_task *first = begin(own_id, &a, NULL), *second = begin(own_id, &b, NULL);
    uint64_t first_id = gy_task_id(first), second_id = gy_task_id(second);
    assert_int_equal(first->parent, self);
    gy_task_join(first);
    gy_task_join(second);
    assert_int_equal(a, first_id);
    assert_int_equal(b, second_id);
    assert_true(self < a && a < b);
    return 0;
}

static void *ids_in_a_thread(void *arg)
{
    (void)arg;
    uint64_t *id = arg;
    return gy_run(own_id, id) ? arg : NULL;
}

static void every_task_has_an_id(void **state)
{
    (void)state;
    uint64_t seen[4] = {0};
    pthread_t threads[4];
    assert_int_equal(gy_task_id(NULL), 0);
    assert_int_equal(run_in_fake_time(ids, NULL), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ids_in_a_thread, &seen[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
        for (int j = 0; j < i; j++)
            assert_true(seen[i] != seen[j] && seen[i]);
    }
}

/* A run with a limit: on the real clock, and so with limits that are nothing or far away. */
static int two_waits(void *arg)
{
    int *waited = arg;
    waited[0] = gy_sleep(3600);
    waited[1] = gy_yield();
    return waited[0] ? waited[0] : 3;
}

static int yield_thrice(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++)
        if (gy_yield())
            return GY_ECANCELED;
    return 3;
}

static void a_run_may_have_a_limit(void **state)
{
    (void)state;
    int waited[2] = {77, 77};
    assert_int_equal(gy_run_within(0, two_waits, waited), GY_ETIMEDOUT);
    assert_int_equal(waited[0], GY_ETIMEDOUT);
    assert_int_equal(waited[1], GY_ETIMEDOUT);
    assert_int_equal(gy_run_within(3600, yield_thrice, NULL), 3);
    assert_int_equal(gy_run_within(GY_FOREVER, yield_thrice, NULL), 3);
    assert_int_equal(gy_run(yield_thrice, NULL), 3);
    assert_null(gy_loop_current());
}

static int run_within_no_time(void *arg)
{
    int waited[2];
    int e = gy_run_within(0, two_waits, waited);
    return e == GY_ETIMEDOUT ? *(int *)arg : e;
}

static void a_run_without_memory(void **state)
{
    (void)state;
    int fine = 0;
    sweep_allocations(run_within_no_time, &fine);
}

/* Their futures. */
static void note_done(void *arg, gy_future *f)
{
    assert_true(f->done);
    *(int *)arg = f->result;
}

static int watch_a_task(void *arg)
{
    (void)arg;
    int told = 77, waited = 77;
    gy_future_link link = {.fn = note_done, .arg = &told};
    gy_task *t = begin(note_begin, &waited, NULL);
    gy_future *f = gy_task_future(t);
    gy_future_then(f, &link);
    assert_int_equal(gy_future_wait(f, 0.5), GY_ETIMEDOUT);
    assert_false(f->done);
    assert_int_equal(told, 77);
    assert_int_equal(gy_future_wait(f, GY_FOREVER), 5);
    assert_int_equal(told, 5);
    assert_true(f->done);
    assert_int_equal(gy_future_wait(f, 0), 5);
    assert_int_equal(gy_task_join(t), 5);
    return 0;
}

static void a_task_has_a_future(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(watch_a_task, NULL), 0);
}

struct watcher {
    gy_task *task;
    int gave;
};

static int wait_for_future(void *arg)
{
    struct watcher *w = arg;
    w->gave = gy_future_wait(gy_task_future(w->task), GY_FOREVER);
    return 0;
}

static int watch_together(void *arg)
{
    (void)arg;
    int waited;
    gy_task *t = begin(note_begin, &waited, NULL), *watchers[3];
    struct watcher w[3];
    for (int i = 0; i < 3; i++) {
        w[i] = (struct watcher){t, 77};
        watchers[i] = begin(wait_for_future, &w[i], NULL);
    }
    gy_yield();
    gy_task_cancel(watchers[1]); /* whoever only looks on cancels nothing */
    for (int i = 0; i < 3; i++)
        gy_task_join(watchers[i]);
    assert_int_equal(w[0].gave, 5);
    assert_int_equal(w[1].gave, GY_ECANCELED);
    assert_int_equal(w[2].gave, 5);
    assert_int_equal(waited, 0);
    assert_int_equal(gy_task_join(t), 5);
    return 0;
}

static void several_may_wait_for_a_task(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(watch_together, NULL), 0);
}

/* One waits for its future, and another joins it, which frees it: who waited has the result. */
static int join_beside_a_watcher(void *arg)
{
    bool watcher_first = *(bool *)arg;
    int waited;
    struct watcher w = {.gave = 77};
    w.task = begin(note_begin, &waited, NULL);
    gy_task *watcher =
        begin(wait_for_future, &w, watcher_first ? NULL : &(gy_task_opts){.delay = 0.5});
    if (watcher_first)
        gy_yield();
    assert_int_equal(gy_task_join(w.task), 5);
    gy_task_join(watcher);
    assert_int_equal(w.gave, 5);
    return 0;
}

static void who_waited_has_the_result_of_a_joined_task(void **state)
{
    (void)state;
    bool first = true, second = false;
    assert_int_equal(run_in_fake_time(join_beside_a_watcher, &first), 0);
    assert_int_equal(run_in_fake_time(join_beside_a_watcher, &second), 0);
}

#define TEST(test_) cmocka_unit_test_setup(test_, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_task_may_begin_later),
        TEST(one_that_is_cancelled_before_never_begins),
        TEST(a_freed_loop_ends_one_that_has_not_begun),
        TEST(an_idle_loop_waits_for_it),
        TEST(delayed_and_cancelled_anywhere),
        TEST(delayed_without_memory),
        TEST(a_shield_holds_off_cancellation),
        TEST(a_shield_holds_off_deadlines),
        TEST(a_shield_covers_what_is_waited_for),
        TEST(failures_are_reported),
        TEST(every_task_has_an_id),
        TEST(a_run_may_have_a_limit),
        TEST(a_run_without_memory),
        TEST(a_task_has_a_future),
        TEST(several_may_wait_for_a_task),
        TEST(who_waited_has_the_result_of_a_joined_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
