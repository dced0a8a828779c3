/* SPDX-License-Identifier: MIT */
/* Callbacks of others turned into waits: woken at once, later, by other threads; and ended early. */
#include "support/crew.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>

/* Something that calls back. */
struct call {
    double after; /* seconds; negative: never by itself; 0: inside of start */
    int result, start_fails;
    double start_sleeps;
    bool stop_ends, stop_wakes; /* what stop gives; it calls back itself */
    int starts, stops;
    gy_waker *waker;
    gy_timer timer;
};

static void call_back(void *arg)
{
    struct call *c = arg;
    gy_waker *w = c->waker;
    c->waker = NULL;
    assert_non_null(w);
    gy_wake(w, c->result);
}

static int begin(gy_waker *w, void *arg)
{
    struct call *c = arg;
    c->starts++;
    if (c->start_fails)
        return c->start_fails;
    c->waker = w;
    if (c->after == 0)
        call_back(c);
    else if (c->after > 0)
        gy_timer_set(gy_loop_current(), &c->timer, c->after, call_back, c);
    if (c->start_sleeps > 0)
        gy_sleep(c->start_sleeps);
    return 0;
}

static bool end(gy_waker *w, void *arg)
{
    struct call *c = arg;
    c->stops++;
    assert_ptr_equal(c->waker, w);
    if (c->stop_wakes)
        call_back(c);
    else if (c->stop_ends)
        gy_timer_cancel(gy_loop_current(), &c->timer);
    return c->stop_ends;
}

struct user {
    struct call *call;
    gy_await_stop *stop;
    int got;
    double when;
};

static int use(void *arg)
{
    struct user *u = arg;
    u->got = gy_await(begin, u->stop, u->call);
    u->when = at();
    return 0;
}

static void outside_a_task(void **state)
{
    (void)state;
    struct call c = {.result = 3};
    assert_int_equal(gy_await(begin, end, &c), GY_ENOTASK);
    assert_int_equal(c.starts, 0);
}

IN_FAKE_TIME(woken_inside_of_start)
{
    struct call c = {.result = 3}, negative = {.result = -3};
    assert_int_equal(gy_await(begin, end, &c), 3);
    assert_int_equal(gy_await(begin, NULL, &negative), -3);
    return 0;
}

IN_FAKE_TIME(woken_later)
{
    struct call c = {.after = 2, .result = 9};
    assert_int_equal(gy_await(begin, end, &c), 9);
    assert_true(at() == 2);
    assert_int_equal(c.starts, 1);
    assert_int_equal(c.stops, 0);
    return 0;
}

IN_FAKE_TIME(woken_by_a_task)
{
    struct call c = {.after = -1, .result = 11};
    struct user u = {.call = &c};
    gy_task *t = start(use, &u);
    gy_sleep(1);
    assert_int_equal(u.got, 0);
    call_back(&c);
    gy_task_join(t);
    assert_int_equal(u.got, 11);
    return 0;
}

/* The wait of start itself is not ended by that. */
IN_FAKE_TIME(woken_while_start_waits_for_something_else)
{
    struct call c = {.after = 1, .result = 4, .start_sleeps = 3};
    assert_int_equal(gy_await(begin, end, &c), 4);
    assert_true(at() == 3);
    return 0;
}

IN_FAKE_TIME(what_cannot_begin)
{
    struct call c = {.start_fails = -EIO};
    assert_int_equal(gy_await(begin, end, &c), -EIO);
    gy_task_cancel(gy_task_self());
    assert_int_equal(gy_await(begin, end, &c), GY_ECANCELED);
    assert_int_equal(c.starts, 1);
    assert_int_equal(c.stops, 0);
    return 0;
}

static void cancel_after_1(struct user *u)
{
    gy_task *t = start(use, u);
    double begun = at();
    gy_sleep(1);
    gy_task_cancel(t);
    gy_task_join(t);
    u->when -= begun;
}

IN_FAKE_TIME(cancelled_and_stopped)
{
    struct call c = {.after = 5, .stop_ends = true};
    struct user u = {.call = &c, .stop = end};
    cancel_after_1(&u);
    assert_int_equal(u.got, GY_ECANCELED);
    assert_true(u.when == 1);
    assert_int_equal(c.stops, 1);
    return 0;
}

IN_FAKE_TIME(cancelled_and_cannot_be_stopped)
{
    for (int with_stop = 0; with_stop < 2; with_stop++) {
        struct call c = {.after = 5, .result = 77};
        struct user u = {.call = &c, .stop = with_stop ? end : NULL};
        cancel_after_1(&u);
        assert_int_equal(u.got, GY_ECANCELED);
        assert_true(u.when == 5);
        assert_int_equal(c.stops, with_stop);
        assert_null(c.waker);
    }
    return 0;
}

IN_FAKE_TIME(stop_itself_calls_back)
{
    struct call c = {.after = -1, .result = 77, .stop_wakes = true};
    struct user u = {.call = &c, .stop = end};
    cancel_after_1(&u);
    assert_int_equal(u.got, GY_ECANCELED);
    assert_true(u.when == 1);
    return 0;
}

IN_FAKE_TIME(woken_and_cancelled_in_the_same_moment)
{
    for (int cancelled_first = 0; cancelled_first < 2; cancelled_first++) {
        struct call c = {.after = -1, .result = 8};
        struct user u = {.call = &c, .stop = end};
        gy_task *t = start(use, &u);
        settle();
        if (cancelled_first)
            gy_task_cancel(t);
        call_back(&c);
        gy_task_cancel(t);
        gy_task_join(t);
        assert_int_equal(u.got, 8);
        assert_int_equal(c.stops, 0);
    }
    return 0;
}

IN_FAKE_TIME(deadlines_around_it)
{
    struct call c = {.after = 5, .stop_ends = true}, late = {.after = 5}, quick = {.after = 0.5};
    gy_deadline outer, inner;
    gy_deadline_begin(&outer, 10);
    gy_deadline_begin(&inner, 1);
    assert_int_equal(gy_await(begin, end, &quick), 0);
    assert_int_equal(gy_await(begin, end, &c), GY_ETIMEDOUT);
    assert_true(at() == 1);
    assert_true(gy_deadline_end(&inner));
    gy_deadline_begin(&inner, 1);
    assert_int_equal(gy_await(begin, NULL, &late), GY_ETIMEDOUT);
    assert_true(at() == 6);
    assert_true(gy_deadline_end(&inner));
    assert_false(gy_deadline_end(&outer));
    return gy_yield();
}

/* A deadline that begins in start and ends when the call has come back. */
static int begin_with_deadline(gy_waker *w, void *arg)
{
    static gy_deadline d;
    struct call *c = arg;
    gy_deadline_begin(&d, 1);
    int e = begin(w, c);
    assert_false(gy_deadline_end(&d));
    return e;
}

IN_FAKE_TIME(a_deadline_inside_of_start)
{
    struct call c = {.after = 3, .result = 2};
    assert_int_equal(gy_await(begin_with_deadline, end, &c), 2);
    assert_true(at() == 3);
    return 0;
}

IN_FAKE_TIME(a_shielded_task_is_not_stopped)
{
    struct call c = {.after = 3, .result = 2};
    gy_task_cancel(gy_task_self());
    bool was = gy_task_shield(true);
    assert_int_equal(gy_await(begin, end, &c), 2);
    gy_task_shield(was);
    assert_int_equal(c.stops, 0);
    return 0;
}

/* A foreign loop's callback calls back while ours does not turn: its descriptor tells. */
static void woken_between_two_turns(void **state)
{
    (void)state;
    struct call c = {.after = -1, .result = 6};
    struct user u = {.call = &c};
    gy_loop *loop = gy_loop_new();
    assert_non_null(loop);
    gy_task *t = gy_task_new(loop, use, &u, NULL);
    assert_non_null(t);
    for (int i = 0; i < 5; i++)
        assert_int_equal(gy_loop_turn(loop, 0), 0);
    struct pollfd p = {.fd = gy_loop_fd(loop), .events = POLLIN};
    assert_int_equal(poll(&p, 1, 0), 0);
    call_back(&c);
    assert_int_equal(poll(&p, 1, 0), p.fd >= 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_int_equal(u.got, 6);
    assert_int_equal(gy_task_join(t), 0);
    gy_loop_free(loop);
}

/* -- Other threads ------------------------------------------------------------------------------- */

/* A library with a thread of its own: requests that it answers, and that can be taken back until it
 * has begun to. */
struct request {
    struct request *next;
    gy_waker *waker;
    int answer;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t more;
    pthread_t thread;
    struct request *first;
    bool end;
    int answered; /* under the lock */
} library = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

static void *answer_all(void *arg)
{
    pthread_mutex_lock(&library.lock);
    for (;;) {
        while (!library.first && !library.end)
            pthread_cond_wait(&library.more, &library.lock);
        struct request *r = library.first;
        if (!r)
            break;
        library.first = r->next;
        library.answered++;
        pthread_mutex_unlock(&library.lock);
        if (r->answer % 3 == 0)
            sched_yield();
        gy_wake(r->waker, r->answer);
        pthread_mutex_lock(&library.lock);
    }
    pthread_mutex_unlock(&library.lock);
    return arg;
}

static int open_library(void **state)
{
    library.end = false;
    library.answered = 0;
    crew_reset(state);
    return pthread_create(&library.thread, NULL, answer_all, NULL);
}

static int close_library(void **state)
{
    (void)state;
    pthread_mutex_lock(&library.lock);
    library.end = true;
    pthread_cond_signal(&library.more);
    pthread_mutex_unlock(&library.lock);
    return pthread_join(library.thread, NULL);
}

static int ask(gy_waker *w, void *arg)
{
    struct request *r = arg;
    r->waker = w;
    pthread_mutex_lock(&library.lock);
    r->next = library.first;
    library.first = r;
    pthread_cond_signal(&library.more);
    pthread_mutex_unlock(&library.lock);
    return 0;
}

static bool take_back(gy_waker *w, void *arg)
{
    struct request *r = arg;
    assert_ptr_equal(r->waker, w);
    pthread_mutex_lock(&library.lock);
    struct request **it = &library.first;
    while (*it && *it != r)
        it = &(*it)->next;
    bool found = *it != NULL;
    if (found)
        *it = r->next;
    pthread_mutex_unlock(&library.lock);
    return found;
}

enum { ASKS = 200, ASKERS = 5 };

static int ask_many(void *arg)
{
    int *from = arg;
    for (int i = 0; i < ASKS; i++) {
        struct request r = {.answer = *from + i};
        int got = gy_await(ask, take_back, &r);
        assert_int_equal(got, *from + i);
        memset(&r, 0xff, sizeof r); /* nobody looks at it any more */
    }
    return 0;
}

static int ask_in_parallel(void *arg)
{
    int from[ASKERS];
    gy_group g = {0};
    (void)arg;
    for (int i = 0; i < ASKERS; i++) {
        from[i] = i * 1000;
        gy_group_spawn(&g, ask_many, &from[i]);
    }
    return gy_group_wait(&g);
}

static void woken_by_another_thread(void **state)
{
    (void)state;
    assert_int_equal(gy_run(ask_in_parallel, NULL), 0);
    assert_int_equal(library.answered, ASKERS * ASKS);
}

struct asker {
    struct request r;
    bool stoppable;
    int got;
};

static int ask_one(void *arg)
{
    struct asker *a = arg;
    a->got = gy_await(ask, a->stoppable ? take_back : NULL, &a->r);
    return 0;
}

static int cancel_many(void *arg)
{
    int *taken_back = arg;
    for (int i = 0; i < ASKS; i++) {
        struct asker a = {.r = {.answer = i}, .stoppable = i % 4 != 0};
        gy_task *t = start(ask_one, &a);
        for (int k = 0; k < i % 5; k++)
            gy_yield();
        gy_task_cancel(t);
        gy_task_join(t);
        assert_true(a.got == i || a.got == GY_ECANCELED);
        *taken_back += a.got == GY_ECANCELED;
        memset(&a, 0xff, sizeof a);
    }
    return 0;
}

/* Whatever comes first, nobody looks at the request afterwards. */
static void cancelled_while_another_thread_answers(void **state)
{
    (void)state;
    int cancelled = 0;
    assert_int_equal(gy_run(cancel_many, &cancelled), 0);
    assert_true(cancelled > 0); /* those that are cancelled before they begin at least */
}

static int scenario(void *arg)
{
    (void)arg;
    struct call c[3] = {{.after = 1, .stop_ends = true}, {.after = 2}, {.after = 3}};
    struct user u[3] = {{&c[0], end, 0, 0}, {&c[1], end, 0, 0}, {&c[2], NULL, 0, 0}};
    gy_group g = {0};
    for (int i = 0; i < 3; i++)
        gy_group_spawn(&g, use, &u[i]);
    int e = gy_group_wait(&g);
    for (int i = 0; i < 3; i++)
        assert_false(gy_timer_is_set(&c[i].timer));
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

#define WITH_LIBRARY(test_) cmocka_unit_test_setup_teardown(test_, open_library, close_library)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(outside_a_task),
        CREW_TEST(woken_inside_of_start),
        CREW_TEST(woken_later),
        CREW_TEST(woken_by_a_task),
        CREW_TEST(woken_while_start_waits_for_something_else),
        CREW_TEST(what_cannot_begin),
        CREW_TEST(cancelled_and_stopped),
        CREW_TEST(cancelled_and_cannot_be_stopped),
        CREW_TEST(stop_itself_calls_back),
        CREW_TEST(woken_and_cancelled_in_the_same_moment),
        CREW_TEST(deadlines_around_it),
        CREW_TEST(a_deadline_inside_of_start),
        CREW_TEST(a_shielded_task_is_not_stopped),
        CREW_TEST(woken_between_two_turns),
        WITH_LIBRARY(woken_by_another_thread),
        WITH_LIBRARY(cancelled_while_another_thread_answers),
        CREW_TEST(cancelled_anywhere),
        CREW_TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
