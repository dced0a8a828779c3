/* SPDX-License-Identifier: MIT */
/* The mailbox: what other threads post arrives, in order, with few wake-ups. */
#include "loop/mailbox.h"
#include "loop/state.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <pthread.h>

enum { SENDERS = 4, POSTS = 50000 };

struct letter {
    struct sender *from;
    long number;
};

static struct sender {
    pthread_t thread;
    gy_loop *loop;
    struct letter letters[POSTS];
    long next; /* the number that must arrive next */
} senders[SENDERS];

static long arrived;

static void arrive(void *arg)
{
    struct letter *l = arg;
    assert_int_equal(l->number, l->from->next);
    l->from->next++;
    if (++arrived == (long)SENDERS * POSTS)
        gy_loop_stop(gy_loop_current());
}

static void *post_all(void *arg)
{
    struct sender *s = arg;
    for (long i = 0; i < POSTS; i++) {
        s->letters[i] = (struct letter){.from = s, .number = i};
        if (gy_loop_post(s->loop, arrive, &s->letters[i]))
            return "failed";
    }
    return NULL;
}

static void many_threads_in_order(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    assert_non_null(loop);
    arrived = 0;
    for (int i = 0; i < SENDERS; i++) {
        senders[i].loop = loop;
        senders[i].next = 0;
        assert_int_equal(pthread_create(&senders[i].thread, NULL, post_all, &senders[i]), 0);
    }
    assert_int_equal(gy_loop_run(loop), 0);
    for (int i = 0; i < SENDERS; i++) {
        void *failed = "not joined";
        pthread_join(senders[i].thread, &failed);
        assert_null(failed);
        assert_int_equal(senders[i].next, POSTS);
    }
    assert_true(atomic_load(&loop->mailbox.rings) <= (unsigned long)SENDERS * POSTS + 1);
    gy_loop_free(loop);
}

static void count(void *arg)
{
    ++*(int *)arg;
}

static void a_burst_rings_once(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    int n = 0;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(gy_loop_post(loop, count, &n), 0);
    assert_int_equal(atomic_load(&loop->mailbox.rings), 1);
    assert_int_equal(n, 0);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_int_equal(n, 1000);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_int_equal(n, 1000);
    gy_loop_free(loop);
}

struct chain {
    gy_loop *loop;
    int n, turns;
};

static void post_again(void *arg)
{
    struct chain *c = arg;
    if (++c->n < 10)
        assert_int_equal(gy_loop_post(c->loop, post_again, c), 0);
}

static void call_again(void *arg)
{
    struct chain *c = arg;
    if (++c->n < 10)
        assert_int_equal(gy_loop_call(c->loop, call_again, c), 0);
}

static void what_a_callback_posts_has_the_next_turn(void **state)
{
    (void)state;
    struct chain c = {.loop = gy_loop_new()};
    assert_int_equal(gy_loop_post(c.loop, post_again, &c), 0);
    for (int i = 1; i <= 10; i++) {
        assert_int_equal(gy_loop_turn(c.loop, 0), 0);
        assert_int_equal(c.n, i);
    }
    c.n = 0;
    assert_int_equal(gy_loop_call(c.loop, call_again, &c), 0);
    for (int i = 1; i <= 10; i++) {
        assert_int_equal(gy_loop_turn(c.loop, -1), 0);
        assert_int_equal(c.n, i);
    }
    gy_loop_free(c.loop);
}

struct inside {
    gy_loop *loop;
    int n;
};

static void turn_inside(void *arg)
{
    struct inside *i = arg;
    assert_int_equal(gy_loop_turn(i->loop, 0), 0);
    assert_int_equal(i->n, 2);
}

static void a_callback_may_turn_the_loop(void **state)
{
    (void)state;
    struct inside i = {.loop = gy_loop_new()};
    assert_int_equal(gy_loop_post(i.loop, turn_inside, &i), 0);
    assert_int_equal(gy_loop_post(i.loop, count, &i.n), 0);
    assert_int_equal(gy_loop_call(i.loop, count, &i.n), 0);
    assert_int_equal(gy_loop_turn(i.loop, 0), 0);
    assert_int_equal(i.n, 2);
    gy_loop_free(i.loop);
}

static void what_was_posted_still_runs_when_the_loop_is_freed(void **state)
{
    (void)state;
    struct chain c = {.loop = gy_loop_new()};
    int n = 0;
    assert_int_equal(gy_loop_post(c.loop, count, &n), 0);
    assert_int_equal(gy_loop_call(c.loop, count, &n), 0);
    gy_loop_free(c.loop);
    assert_int_equal(n, 2);
}

static int refused;

static void post_for_ever(void *arg)
{
    refused = gy_loop_post(arg, post_for_ever, arg);
    assert_int_equal(gy_loop_call(arg, post_for_ever, arg), refused);
}

static void a_loop_that_closes_takes_no_more(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    long live = gy__alloc_live();
    assert_int_equal(gy_loop_post(loop, post_for_ever, loop), 0);
    gy_loop_free(loop);
    assert_int_equal(refused, GY_ESHUTDOWN);
    assert_true(gy__alloc_live() < live);
}

static int post_and_run(void *arg)
{
    int n = 0;
    (void)arg;
    gy_loop *loop = gy_loop_new();
    if (!loop)
        return GY_ENOMEM;
    int e = gy_loop_post(loop, count, &n);
    int f = gy_loop_call(loop, count, &n);
    int g = gy_loop_run_idle(loop);
    gy_loop_free(loop);
    assert_int_equal(n, (e == 0) + (f == 0));
    return e ? e : f ? f : g;
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    atomic_store(&gy__alloc_counting, true);
    assert_int_equal(post_and_run(NULL), 0);
    sweep_allocations(post_and_run, NULL);
}

/* The letter ends the loop while its sender may still be ringing. */
static void stop(void *arg)
{
    gy_loop_stop(arg);
}

static void *post_stop(void *arg)
{
    return gy_loop_post(arg, stop, arg) ? arg : NULL;
}

static void *stop_at_once(void *arg)
{
    gy_loop_stop(arg);
    return NULL;
}

static void a_loop_may_be_freed_as_soon_as_the_letter_is_here(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        pthread_t thread;
        void *failed;
        gy_loop *loop = gy_loop_new();
        assert_non_null(loop);
        assert_int_equal(pthread_create(&thread, NULL, i % 2 ? post_stop : stop_at_once, loop), 0);
        assert_int_equal(gy_loop_run(loop), 0);
        gy_loop_free(loop);
        pthread_join(thread, &failed);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_threads_in_order),
        cmocka_unit_test(a_burst_rings_once),
        cmocka_unit_test(what_a_callback_posts_has_the_next_turn),
        cmocka_unit_test(a_callback_may_turn_the_loop),
        cmocka_unit_test(what_was_posted_still_runs_when_the_loop_is_freed),
        cmocka_unit_test(a_loop_that_closes_takes_no_more),
        cmocka_unit_test(without_memory_it_says_so),
        cmocka_unit_test(a_loop_may_be_freed_as_soon_as_the_letter_is_here),
    };
    atomic_store(&gy__alloc_counting, true);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
