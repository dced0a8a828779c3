/* SPDX-License-Identifier: MIT */
/* Queues: order, waiting, handing over, closing. */
#include "loop/state.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <gyre/queue.h>
#include <stdlib.h>
#include <string.h>

static int numbers[1000]; /* items: by their places, and what they are compared by */

static void *item(int n)
{
    return &numbers[n];
}

static int number(const void *p)
{
    return p ? (int)((const int *)p - numbers) : -1;
}

/* By tens: those of one are equal. */
static int compare_tens(const void *a, const void *b)
{
    return number(a) / 10 - number(b) / 10;
}

static void put(gy_queue *q, int n)
{
    assert_int_equal(gy_queue_put(q, item(n), 0), 0);
}

static void expect(gy_queue *q, int n)
{
    void *top = q, *got = q;
    assert_int_equal(gy_queue_peek(q, &top), 0);
    assert_int_equal(gy_queue_get(q, &got, 0), 0);
    assert_int_equal(number(got), n);
    assert_ptr_equal(top, got);
}

static void expect_empty(gy_queue *q, int code)
{
    void *got = q;
    assert_true(gy_queue_is_empty(q));
    assert_int_equal(gy_queue_size(q), 0);
    assert_int_equal(gy_queue_get(q, &got, 0), code);
    assert_null(got);
    got = q;
    assert_int_equal(gy_queue_peek(q, &got), GY_ENOTFOUND);
    assert_null(got);
}

static void first_in_first_out(void **state)
{
    (void)state;
    gy_queue q = {0};
    expect_empty(&q, GY_ETIMEDOUT);
    for (int i = 0; i < 5; i++)
        put(&q, i);
    assert_int_equal(gy_queue_size(&q), 5);
    assert_false(gy_queue_is_empty(&q));
    assert_false(gy_queue_is_full(&q));
    for (int i = 0; i < 5; i++)
        expect(&q, i);
    expect_empty(&q, GY_ETIMEDOUT);
    gy_queue_done(&q);
}

/* It grows wherever in the ring it begins. */
static void a_ring_grows_from_everywhere(void **state)
{
    (void)state;
    for (int ahead = 0; ahead < 20; ahead++) {
        gy_queue q = {0};
        int in = 0, out = 0;
        for (int i = 0; i < ahead; i++) {
            put(&q, in++);
            expect(&q, out++);
        }
        while (in < 300)
            put(&q, in++);
        assert_int_equal(gy_queue_size(&q), 300 - ahead);
        while (out < 300)
            expect(&q, out++);
        gy_queue_done(&q);
    }
}

static void last_in_first_out(void **state)
{
    (void)state;
    gy_queue q = {.order = GY_LIFO};
    for (int i = 0; i < 20; i++)
        put(&q, i);
    expect(&q, 19);
    put(&q, 50);
    expect(&q, 50);
    for (int i = 18; i >= 0; i--)
        expect(&q, i);
    expect_empty(&q, GY_ETIMEDOUT);
    gy_queue_done(&q);
}

static void the_least_first_and_equal_ones_in_order(void **state)
{
    (void)state;
    gy_queue q = {.order = GY_PRIORITY, .compare = compare_tens};
    static const int in[] = {35, 12, 33, 11, 90, 13, 34, 5, 10, 31};
    static const int out[] = {5, 12, 11, 13, 10, 35, 33, 34, 31, 90};
    for (int i = 0; i < 10; i++)
        put(&q, in[i]);
    for (int i = 0; i < 10; i++)
        expect(&q, out[i]);
    for (int i = 999; i >= 0; i--)
        put(&q, i);
    for (int i = 0; i < 1000; i++)
        expect(&q, i / 10 * 10 + 9 - i % 10);
    expect_empty(&q, GY_ETIMEDOUT);
    gy_queue_done(&q);
}

static void a_priority_queue_needs_a_comparison(void **state)
{
    (void)state;
    gy_queue q = {.order = GY_PRIORITY};
    assert_int_equal(gy_queue_put(&q, item(1), 0), GY_EINVAL);
    expect_empty(&q, GY_ETIMEDOUT);
    gy_queue_done(&q);
}

static void nothing_may_be_put_as_well(void **state)
{
    (void)state;
    gy_queue q = {0};
    void *got = &q;
    assert_int_equal(gy_queue_put(&q, NULL, 0), 0);
    assert_int_equal(gy_queue_size(&q), 1);
    assert_int_equal(gy_queue_peek(&q, &got), 0);
    got = &q;
    assert_int_equal(gy_queue_get(&q, &got, 0), 0);
    assert_null(got);
    gy_queue_done(&q);
}

static void only_what_need_not_wait_works_outside_of_tasks(void **state)
{
    (void)state;
    gy_queue q = {.max = 1};
    void *got;
    assert_int_equal(gy_queue_get(&q, &got, GY_FOREVER), GY_ENOTASK);
    assert_int_equal(gy_queue_put(&q, item(1), GY_FOREVER), 0);
    assert_true(gy_queue_is_full(&q));
    assert_int_equal(gy_queue_put(&q, item(2), GY_FOREVER), GY_ENOTASK);
    assert_int_equal(gy_queue_put(&q, item(2), 0), GY_ETIMEDOUT);
    assert_int_equal(gy_queue_join(&q, GY_FOREVER), GY_ENOTASK);
    assert_int_equal(gy_queue_join(&q, 0), GY_ETIMEDOUT);
    assert_int_equal(gy_queue_get(&q, &got, GY_FOREVER), 0);
    assert_int_equal(number(got), 1);
    gy_queue_done(&q);
}

/* One put, get or join in a task of its own, and what came of it. */
struct op {
    gy_queue *q;
    gy_task *task;
    bool get, join, ended;
    int n, code;
    double timeout;
};

static int operate(void *arg)
{
    struct op *o = arg;
    void *got = arg;
    if (o->join) {
        o->code = gy_queue_join(o->q, o->timeout);
    } else if (o->get) {
        o->code = gy_queue_get(o->q, &got, o->timeout);
        o->n = number(got);
    } else {
        o->code = gy_queue_put(o->q, item(o->n), o->timeout);
    }
    o->ended = true;
    return 0;
}

static void begin(struct op *o)
{
    o->ended = false;
    o->code = 77;
    o->task = gy_task_new(gy_loop_current(), operate, o, NULL);
    assert_non_null(o->task);
}

static void begin_all(struct op *o, int n)
{
    for (int i = 0; i < n; i++)
        begin(&o[i]);
    gy_yield();
}

static void join_all(struct op *o, int n)
{
    for (int i = 0; i < n; i++)
        gy_task_join(o[i].task);
}

static int putters_wait(void *arg)
{
    (void)arg;
    gy_queue q = {.max = 2};
    struct op o[5];
    for (int i = 0; i < 5; i++)
        o[i] = (struct op){.q = &q, .n = i, .timeout = GY_FOREVER};
    begin_all(o, 5);
    assert_int_equal(gy_queue_size(&q), 2);
    assert_true(gy_queue_is_full(&q));
    assert_true(o[1].ended && !o[2].ended);
    expect(&q, 0);
    assert_int_equal(gy_queue_size(&q), 2); /* the first that waited has the room */
    assert_int_equal(gy_queue_put(&q, item(9), 0), GY_ETIMEDOUT);
    gy_yield();
    assert_true(o[2].ended && !o[3].ended);
    for (int i = 1; i < 5; i++)
        expect(&q, i);
    expect_empty(&q, GY_ETIMEDOUT);
    join_all(o, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(o[i].code, 0);
    gy_queue_done(&q);
    return 0;
}

static void a_put_waits_for_room_in_order(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(putters_wait, NULL), 0);
}

static int getters_wait(void *arg)
{
    (void)arg;
    gy_queue q = {.order = GY_LIFO};
    struct op o[3];
    for (int i = 0; i < 3; i++)
        o[i] = (struct op){.q = &q, .get = true, .timeout = GY_FOREVER};
    begin_all(o, 3);
    put(&q, 5);
    put(&q, 6);
    expect_empty(&q, GY_ETIMEDOUT); /* they have it: nobody slips in */
    put(&q, 7);
    put(&q, 8);
    assert_int_equal(gy_queue_size(&q), 1);
    join_all(o, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(o[i].code, 0);
        assert_int_equal(o[i].n, 5 + i);
    }
    gy_queue_done(&q);
    return 0;
}

static void who_waited_longest_is_served_first(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(getters_wait, NULL), 0);
}

static int time_runs_out(void *arg)
{
    (void)arg;
    gy_queue q = {.max = 1};
    void *got = &q;
    int64_t before = fake_clock_now();
    assert_int_equal(gy_queue_get(&q, &got, 2), GY_ETIMEDOUT);
    assert_null(got);
    assert_true(fake_clock_now() - before == 2000000000);
    put(&q, 1);
    assert_int_equal(gy_queue_put(&q, item(2), 3), GY_ETIMEDOUT);
    assert_int_equal(gy_queue_join(&q, 5), GY_ETIMEDOUT);
    assert_true(fake_clock_now() - before == 10000000000);
    expect(&q, 1);
    expect_empty(&q, GY_ETIMEDOUT); /* what was not put in time is not there */
    put(&q, 3);
    expect(&q, 3);
    gy_deadline d;
    gy_deadline_begin(&d, 1);
    assert_int_equal(gy_queue_get(&q, &got, GY_FOREVER), GY_ETIMEDOUT);
    assert_true(gy_deadline_end(&d));
    gy_queue_done(&q);
    return 0;
}

static void waits_have_their_time(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(time_runs_out, NULL), 0);
}

/* In the moment of its cancellation it is served, before or after. */
static int served_and_cancelled(void *arg)
{
    bool served_first = *(bool *)arg;
    gy_queue q = {.max = 1};
    struct op o[2];
    for (int i = 0; i < 2; i++)
        o[i] = (struct op){.q = &q, .get = true, .timeout = GY_FOREVER};
    begin_all(o, 2);
    if (served_first)
        put(&q, 1);
    gy_task_cancel(o[0].task);
    if (!served_first)
        put(&q, 1);
    put(&q, 2);
    join_all(o, 2);
    assert_int_equal(o[0].code, 0);
    assert_int_equal(o[0].n, 1);
    assert_int_equal(o[1].code, 0);
    assert_int_equal(o[1].n, 2);

    put(&q, 3);
    for (int i = 0; i < 2; i++)
        o[i] = (struct op){.q = &q, .n = 4 + i, .timeout = GY_FOREVER};
    begin_all(o, 2);
    if (served_first)
        expect(&q, 3);
    gy_task_cancel(o[0].task);
    if (!served_first)
        expect(&q, 3);
    join_all(o, 1);
    assert_int_equal(o[0].code, 0);
    expect(&q, 4);
    join_all(o + 1, 1);
    expect(&q, 5);
    gy_queue_done(&q);
    return 0;
}

static void what_was_handed_over_counts_though_cancelled(void **state)
{
    (void)state;
    bool yes = true, no = false;
    assert_int_equal(run_in_fake_time(served_and_cancelled, &yes), 0);
    assert_int_equal(run_in_fake_time(served_and_cancelled, &no), 0);
}

static int cancelled_while_waiting(void *arg)
{
    (void)arg;
    gy_queue q = {.max = 1};
    struct op o[3];
    for (int i = 0; i < 3; i++)
        o[i] = (struct op){.q = &q, .get = true, .timeout = GY_FOREVER};
    begin_all(o, 3);
    gy_task_cancel(o[1].task);
    gy_task_join(o[1].task);
    assert_int_equal(o[1].code, GY_ECANCELED);
    assert_int_equal(o[1].n, -1);
    put(&q, 1);
    put(&q, 2);
    gy_task_join(o[0].task);
    gy_task_join(o[2].task);
    assert_int_equal(o[0].n, 1);
    assert_int_equal(o[2].n, 2);

    for (int i = 0; i < 3; i++)
        o[i] = (struct op){.q = &q, .n = i, .timeout = GY_FOREVER};
    begin_all(o, 3);
    gy_task_cancel(o[1].task);
    gy_task_join(o[1].task);
    assert_int_equal(o[1].code, GY_ECANCELED);
    expect(&q, 0);
    expect(&q, 2);
    expect_empty(&q, GY_ETIMEDOUT);
    gy_task_join(o[0].task);
    gy_task_join(o[2].task);
    gy_queue_done(&q);
    return 0;
}

static void who_is_cancelled_leaves_the_line(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(cancelled_while_waiting, NULL), 0);
}

static int in_a_cancelled_task(void *arg)
{
    gy_queue *q = arg;
    void *got;
    gy_task_cancel(gy_task_self());
    assert_int_equal(gy_queue_get(q, &got, GY_FOREVER), GY_ECANCELED);
    assert_int_equal(gy_queue_put(q, item(1), GY_FOREVER), 0);
    assert_int_equal(gy_queue_put(q, item(2), GY_FOREVER), GY_ECANCELED);
    assert_int_equal(gy_queue_join(q, GY_FOREVER), GY_ECANCELED);
    assert_int_equal(gy_queue_get(q, &got, GY_FOREVER), 0);
    assert_int_equal(gy_queue_task_done(q), 0);
    assert_int_equal(gy_queue_join(q, GY_FOREVER), 0);
    gy_queue_done(q);
    return 0;
}

static void a_cancelled_task_has_what_is_there(void **state)
{
    (void)state;
    gy_queue q = {.max = 1};
    assert_int_equal(run_in_fake_time(in_a_cancelled_task, &q), 0);
}

static int meet(void *arg)
{
    (void)arg;
    gy_queue q = {.rendezvous = true};
    void *got;
    assert_true(gy_queue_is_empty(&q) && gy_queue_is_full(&q));
    assert_int_equal(gy_queue_put(&q, item(1), 0), GY_ETIMEDOUT);
    expect_empty(&q, GY_ETIMEDOUT);
    struct op o[2] = {{.q = &q, .n = 1, .timeout = GY_FOREVER},
                      {.q = &q, .n = 2, .timeout = GY_FOREVER}};
    begin_all(o, 2);
    assert_false(o[0].ended);
    assert_int_equal(gy_queue_size(&q), 0);
    expect(&q, 1);
    assert_false(o[0].ended);
    gy_yield();
    assert_true(o[0].ended && !o[1].ended);
    expect(&q, 2);
    join_all(o, 2);
    expect_empty(&q, GY_ETIMEDOUT);
    for (int i = 0; i < 2; i++)
        o[i] = (struct op){.q = &q, .get = true, .timeout = GY_FOREVER};
    begin_all(o, 2);
    put(&q, 3);
    put(&q, 4);
    assert_int_equal(gy_queue_put(&q, item(5), 0), GY_ETIMEDOUT);
    join_all(o, 2);
    assert_int_equal(o[0].n, 3);
    assert_int_equal(o[1].n, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(gy_queue_task_done(&q), 0);
    assert_int_equal(gy_queue_task_done(&q), GY_EINVAL);
    assert_int_equal(gy_queue_get(&q, &got, 1), GY_ETIMEDOUT);
    assert_null(q.items); /* it has never needed memory */
    gy_queue_done(&q);
    return 0;
}

static void at_a_rendezvous_both_wait(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(meet, NULL), 0);
}

static int close_it(void *arg)
{
    (void)arg;
    gy_queue q = {.max = 2};
    struct op o[3];
    for (int i = 0; i < 3; i++)
        o[i] = (struct op){.q = &q, .n = i, .timeout = GY_FOREVER};
    begin_all(o, 3);
    gy_queue_close(&q);
    gy_queue_close(&q);
    join_all(o, 3);
    assert_int_equal(o[1].code, 0);
    assert_int_equal(o[2].code, GY_ECLOSED);
    assert_int_equal(gy_queue_put(&q, item(7), GY_FOREVER), GY_ECLOSED);
    expect(&q, 0);
    assert_int_equal(gy_queue_put(&q, item(7), 0), GY_ECLOSED);
    expect(&q, 1);
    expect_empty(&q, GY_EOF);
    gy_queue_done(&q);

    for (int i = 0; i < 3; i++)
        o[i] = (struct op){.q = &q, .get = true, .timeout = GY_FOREVER};
    begin_all(o, 3);
    put(&q, 4);
    gy_queue_close(&q);
    join_all(o, 3);
    assert_int_equal(o[0].n, 4);
    assert_int_equal(o[1].code, GY_EOF);
    assert_int_equal(o[2].code, GY_EOF);
    gy_queue_done(&q);
    return 0;
}

static void a_closed_one_can_be_emptied(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(close_it, NULL), 0);
}

static int work_off(void *arg)
{
    (void)arg;
    gy_queue q = {.max = 2};
    void *got;
    assert_int_equal(gy_queue_join(&q, GY_FOREVER), 0);
    assert_int_equal(gy_queue_task_done(&q), GY_EINVAL);
    struct op o[3] = {{.q = &q, .join = true, .timeout = GY_FOREVER},
                      {.q = &q, .n = 3, .timeout = GY_FOREVER},
                      {.q = &q, .join = true, .timeout = 1}};
    put(&q, 1);
    put(&q, 2);
    begin_all(o, 3);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(gy_queue_get(&q, &got, GY_FOREVER), 0);
        gy_yield();
        gy_yield();
        assert_false(o[0].ended);
    }
    gy_sleep(2);
    assert_int_equal(o[2].code, GY_ETIMEDOUT);
    for (int i = 1; i <= 3; i++) {
        assert_false(o[0].ended);
        assert_int_equal(gy_queue_task_done(&q), 0);
        gy_yield();
    }
    join_all(o, 3);
    assert_int_equal(o[0].code, 0);
    assert_int_equal(gy_queue_task_done(&q), GY_EINVAL);
    gy_queue_done(&q);
    return 0;
}

static void join_waits_until_all_is_worked_off(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(work_off, NULL), 0);
}

static int done_with_waiters(void *arg)
{
    (void)arg;
    gy_queue *q = calloc(1, sizeof *q);
    assert_non_null(q);
    *q = (gy_queue){.max = 1, .order = GY_LIFO};
    struct op o[4] = {{.q = q, .n = 1, .timeout = GY_FOREVER},
                      {.q = q, .n = 2, .timeout = GY_FOREVER},
                      {.q = q, .join = true, .timeout = GY_FOREVER}};
    begin_all(o, 3);
    gy_queue_done(q);
    assert_int_equal(q->max, 1);
    assert_int_equal(q->order, GY_LIFO);
    put(q, 5);
    expect(q, 5);
    gy_queue_done(q);
    o[3] = (struct op){.q = q, .get = true, .timeout = GY_FOREVER};
    begin_all(o + 3, 1);
    gy_queue_done(q);
    free(q);
    join_all(o, 4);
    assert_int_equal(o[0].code, 0);
    assert_int_equal(o[1].code, GY_ECLOSED);
    assert_int_equal(o[2].code, GY_ECLOSED);
    assert_int_equal(o[3].code, GY_EOF);
    return 0;
}

static void done_lets_those_go_who_wait(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(done_with_waiters, NULL), 0);
}

static int no_more(void *arg)
{
    (void)arg;
    return 0;
}

static void without_memory_nothing_changes(void **state)
{
    (void)state;
    for (int order = GY_FIFO; order <= GY_PRIORITY; order++) {
        gy_queue q = {.order = (enum gy_queue_order)order, .compare = compare_tens};
        int failures = 0;
        for (int n = 0; n < 300; n++) {
            gy__alloc_set_hook(no_more, NULL);
            int e = gy_queue_put(&q, item(n), 0);
            gy__alloc_set_hook(NULL, NULL);
            assert_int_equal(gy_queue_size(&q), e ? n : n + 1);
            if (!e)
                continue;
            assert_int_equal(e, GY_ENOMEM);
            failures++;
            put(&q, n);
        }
        assert_int_equal(failures, 7); /* 0, 8, 16 ... 256 */
        for (int i = 0; i < 300; i++)
            expect(&q, order == GY_LIFO ? 299 - i : i);
        gy_queue_done(&q);
    }
}

static int produce(void *arg)
{
    int e = 0;
    for (int i = 0; i < 10 && !e; i++)
        e = gy_queue_put(arg, item(i), GY_FOREVER);
    gy_queue_close(arg);
    return e;
}

static int consume(void *arg)
{
    void *got;
    int e;
    while ((e = gy_queue_get(arg, &got, GY_FOREVER)) == 0) {
        assert_int_equal(gy_queue_task_done(arg), 0);
        if ((e = gy_yield()))
            break;
    }
    return e == GY_EOF ? 0 : e;
}

static int one_produces_two_consume(void *arg)
{
    gy_queue q = *(gy_queue *)arg;
    gy_group g = {0};
    gy_group_spawn(&g, consume, &q);
    gy_group_spawn(&g, produce, &q);
    gy_group_spawn(&g, consume, &q);
    int e = gy_group_wait(&g);
    if (!e)
        e = gy_queue_join(&q, GY_FOREVER);
    gy_queue_done(&q);
    return e;
}

static const gy_queue kinds[] = {
    {0},
    {.max = 1},
    {.max = 3},
    {.order = GY_LIFO},
    {.max = 3, .order = GY_LIFO},
    {.order = GY_PRIORITY, .compare = compare_tens},
    {.max = 1, .order = GY_PRIORITY, .compare = compare_tens},
    {.max = 3, .order = GY_PRIORITY, .compare = compare_tens},
    {.rendezvous = true},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void cancelled_anywhere(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        gy_queue q = kinds[i];
        assert_true(sweep_waits(one_produces_two_consume, &q) > 10);
    }
}

static void no_memory_anywhere(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        gy_queue q = kinds[i];
        sweep_task_allocations(one_produces_two_consume, &q);
    }
}

/* A queue beside a plain model of it. Operations run in tasks of their own; between two rounds in
 * which these run, the test starts some, cancels some, and puts and gets by itself. */
enum { AGENTS = 12, STEPS = 3000 };

enum stage { IDLE, NEW, WAITING, SERVED, CANCELLED };

struct agent {
    struct op op;
    enum stage stage;
    bool cancelled; /* before it began */
    int64_t until;
    int code, n; /* what the model says comes out */
};

static struct model {
    gy_queue q;
    struct agent agents[AGENTS];
    struct agent *putters[AGENTS], *getters[AGENTS]; /* lines */
    int putter_count, getter_count;
    int items[STEPS * 8], count; /* in the order they came */
    struct agent *events[AGENTS * 2];
    int event_count;
    int next; /* the number of the next item */
    long in, out;
} m;

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % below;
}

static struct agent *leave_line(struct agent **line, int *n, const struct agent *who)
{
    int i = 0;
    while (i < *n && line[i] != who)
        i++;
    assert_true(i < *n);
    struct agent *a = line[i];
    memmove(&line[i], &line[i + 1], (size_t)(*n - i - 1) * sizeof *line);
    --*n;
    return a;
}

static bool model_is_full(void)
{
    return m.q.rendezvous || (m.q.max && (size_t)m.count >= m.q.max);
}

static void serve(struct agent *a, int code, int n)
{
    a->stage = SERVED;
    a->code = code;
    a->n = n;
}

/* Gives false when it has to wait. */
static bool model_put(int n)
{
    if (m.getter_count)
        serve(leave_line(m.getters, &m.getter_count, m.getters[0]), 0, n);
    else if (model_is_full())
        return false;
    else
        m.items[m.count++] = n;
    m.in++;
    return true;
}

static int model_take(void)
{
    int at = 0;
    if (m.q.order == GY_LIFO)
        at = m.count - 1;
    for (int i = 1; m.q.order == GY_PRIORITY && i < m.count; i++)
        if (m.items[i] / 10 < m.items[at] / 10)
            at = i;
    int n = m.items[at];
    memmove(&m.items[at], &m.items[at + 1], (size_t)(m.count - at - 1) * sizeof m.items[0]);
    m.count--;
    return n;
}

/* Gives -1 when it has to wait. */
static int model_get(void)
{
    int n = m.count ? model_take() : -1;
    if (m.putter_count && (n >= 0 || m.q.rendezvous)) {
        struct agent *a = leave_line(m.putters, &m.putter_count, m.putters[0]);
        serve(a, 0, a->op.n);
        m.in++;
        if (n >= 0)
            m.items[m.count++] = a->op.n;
        else
            n = a->op.n;
    }
    return n;
}

/* An agent runs for the first time. */
static void model_begin(struct agent *a)
{
    bool get = a->op.get;
    int n = get ? model_get() : (model_put(a->op.n) ? a->op.n : -1);
    if (n >= 0) {
        serve(a, 0, n);
    } else if (a->op.timeout == 0) {
        serve(a, GY_ETIMEDOUT, get ? -1 : a->op.n);
    } else if (a->cancelled) {
        serve(a, GY_ECANCELED, get ? -1 : a->op.n);
    } else {
        a->stage = WAITING;
        a->until =
            a->op.timeout < 0 ? INT64_MAX : fake_clock_now() + (int64_t)(a->op.timeout * 1e9);
        if (get)
            m.getters[m.getter_count++] = a;
        else
            m.putters[m.putter_count++] = a;
    }
}

static void model_give_up(struct agent *a, int code)
{
    if (a->op.get)
        leave_line(m.getters, &m.getter_count, a);
    else
        leave_line(m.putters, &m.putter_count, a);
    serve(a, code, a->op.get ? -1 : a->op.n);
}

/* What has happened to the agents since the last round, in order. */
static void model_round(void)
{
    for (int i = 0; i < m.event_count; i++) {
        struct agent *a = m.events[i];
        if (a->stage == NEW)
            model_begin(a);
        else if (a->stage == CANCELLED)
            model_give_up(a, GY_ECANCELED);
    }
    m.event_count = 0;
}

static void compare_with_model(void)
{
    assert_int_equal(gy_queue_size(&m.q), m.count);
    assert_int_equal(gy_queue_is_full(&m.q), model_is_full());
    for (int i = 0; i < AGENTS; i++) {
        struct agent *a = &m.agents[i];
        if (a->stage == WAITING)
            assert_false(a->op.ended);
        if (a->stage != SERVED)
            continue;
        assert_true(a->op.ended);
        assert_int_equal(a->op.code, a->code);
        assert_int_equal(a->op.n, a->n);
        m.out += a->op.get && !a->code;
        gy_task_join(a->op.task);
        a->stage = IDLE;
    }
}

static void settle(void)
{
    gy_yield(); /* new ones begin, cancelled ones leave; whom they serve goes on after that */
    gy_yield();
    model_round();
    compare_with_model();
}

static int next_number(void)
{
    m.next = (m.next + 7) % 1000;
    return m.next;
}

static void begin_one(struct agent *a)
{
    static const double timeouts[] = {GY_FOREVER, GY_FOREVER, 0, 1.5, 3.5};
    a->op =
        (struct op){.q = &m.q, .get = draw(2), .n = next_number(), .timeout = timeouts[draw(5)]};
    a->stage = NEW;
    a->cancelled = false;
    begin(&a->op);
    m.events[m.event_count++] = a;
}

static void cancel_one(struct agent *a)
{
    gy_task_cancel(a->op.task);
    if (a->stage == NEW)
        a->cancelled = true;
    if (a->stage == WAITING) {
        a->stage = CANCELLED; /* still in its line */
        m.events[m.event_count++] = a;
    }
}

static void put_or_get_here(void)
{
    void *got;
    int n = next_number();
    if (draw(2)) {
        assert_int_equal(gy_queue_put(&m.q, item(n), 0), model_put(n) ? 0 : GY_ETIMEDOUT);
        return;
    }
    n = model_get();
    m.out += n >= 0;
    assert_int_equal(gy_queue_get(&m.q, &got, 0), n < 0 ? GY_ETIMEDOUT : 0);
    assert_int_equal(number(got), n);
}

static void let_time_pass(void)
{
    settle();
    gy_sleep(1);
    for (int i = 0; i < AGENTS; i++)
        if (m.agents[i].stage == WAITING && m.agents[i].until <= fake_clock_now())
            model_give_up(&m.agents[i], GY_ETIMEDOUT);
    settle();
}

static void step(void)
{
    struct agent *a = &m.agents[draw(AGENTS)];
    uint64_t what = draw(100);
    if (what < 15)
        put_or_get_here();
    else if (what < 20)
        let_time_pass();
    else if (what < 45)
        settle();
    else if (a->stage == IDLE)
        begin_one(a);
    else if (what < 65)
        cancel_one(a);
}

static int random_steps(void *arg)
{
    m = (struct model){.q = *(const gy_queue *)arg};
    for (int i = 0; i < STEPS; i++)
        step();
    settle();
    for (int i = 0; i < AGENTS; i++)
        if (m.agents[i].stage == WAITING)
            cancel_one(&m.agents[i]);
    settle();
    int n;
    while ((n = model_get()) >= 0) {
        expect(&m.q, n);
        m.out++;
    }
    assert_int_equal(m.in, m.out);
    assert_true(m.in > STEPS / 20);
    expect_empty(&m.q, GY_ETIMEDOUT);
    for (long i = 0; i < m.in; i++)
        assert_int_equal(gy_queue_task_done(&m.q), 0);
    assert_int_equal(gy_queue_task_done(&m.q), GY_EINVAL);
    gy_queue_done(&m.q);
    return 0;
}

static void random_against_a_model(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        for (uint64_t run = 1; run <= 5; run++) {
            gy_queue q = kinds[i];
            seed = 88172645463325252u * run;
            assert_int_equal(run_in_fake_time(random_steps, &q), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out),
        cmocka_unit_test(a_ring_grows_from_everywhere),
        cmocka_unit_test(last_in_first_out),
        cmocka_unit_test(the_least_first_and_equal_ones_in_order),
        cmocka_unit_test(a_priority_queue_needs_a_comparison),
        cmocka_unit_test(nothing_may_be_put_as_well),
        cmocka_unit_test(only_what_need_not_wait_works_outside_of_tasks),
        cmocka_unit_test(a_put_waits_for_room_in_order),
        cmocka_unit_test(who_waited_longest_is_served_first),
        cmocka_unit_test(waits_have_their_time),
        cmocka_unit_test(what_was_handed_over_counts_though_cancelled),
        cmocka_unit_test(who_is_cancelled_leaves_the_line),
        cmocka_unit_test(a_cancelled_task_has_what_is_there),
        cmocka_unit_test(at_a_rendezvous_both_wait),
        cmocka_unit_test(a_closed_one_can_be_emptied),
        cmocka_unit_test(join_waits_until_all_is_worked_off),
        cmocka_unit_test(done_lets_those_go_who_wait),
        cmocka_unit_test(without_memory_nothing_changes),
        cmocka_unit_test(cancelled_anywhere),
        cmocka_unit_test(no_memory_anywhere),
        cmocka_unit_test(random_against_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
