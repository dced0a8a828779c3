/* SPDX-License-Identifier: MIT */
/* Blocking work on the pool of threads. */
#include "loop/instrument.h"
#include "loop/state.h"
#include "loop/task.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <gyre/offload.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef GY__TSAN
enum { THREADS_AFTER_FORK = 0 }; /* its runtime has none */
#else
enum { THREADS_AFTER_FORK = 1 };
#endif

enum { JOBS = 10000, THREADS = 4 };

static int add_one(void *arg)
{
    return *(int *)arg + 1;
}

static int offload_one(void *arg)
{
    return gy_offload(add_one, arg, NULL);
}

static int give_loop(void *arg)
{
    *(gy_loop **)arg = gy_loop_current();
    return gy_task_self() == NULL;
}

static int look_at_loop(void *arg)
{
    gy_loop *there = gy_loop_current();
    (void)arg;
    assert_int_equal(gy_offload(give_loop, &there, NULL), 1);
    assert_null(there);
    return 0;
}

static void gives_the_result(void **state)
{
    (void)state;
    int n = 41;
    assert_int_equal(gy_run(offload_one, &n), 42);
    n = -31;
    assert_int_equal(gy_run(offload_one, &n), -30);
    assert_int_equal(gy_run(look_at_loop, NULL), 0);
}

static void outside_a_task_it_is_a_call(void **state)
{
    (void)state;
    int n = 1;
    assert_int_equal(gy_offload(add_one, &n, NULL), 2);
}

static void how_many_threads(void **state)
{
    (void)state;
    assert_int_equal(gy_offload_threads(0), GY_EINVAL);
    assert_int_equal(gy_offload_threads(1000000), GY_EINVAL);
    assert_int_equal(gy_offload_threads(THREADS), 0);
}

static atomic_int done, at_once, most_at_once;

static int count_job(void *arg)
{
    (void)arg;
    int now = atomic_fetch_add(&at_once, 1) + 1;
    int most = atomic_load(&most_at_once);
    while (now > most && !atomic_compare_exchange_weak(&most_at_once, &most, now))
        ;
    atomic_fetch_add(&done, 1);
    atomic_fetch_sub(&at_once, 1);
    return 0;
}

static int offload_count(void *arg)
{
    return gy_offload(count_job, arg, NULL);
}

static int offload_many(void *arg)
{
    (void)arg;
    gy_group g = {.limit = 100};
    for (int i = 0; i < JOBS; i++)
        gy_group_spawn(&g, offload_count, NULL);
    return gy_group_wait(&g);
}

static void ten_thousand_jobs(void **state)
{
    (void)state;
    atomic_store(&done, 0);
    assert_int_equal(gy_run(offload_many, NULL), 0);
    assert_int_equal(atomic_load(&done), JOBS);
    assert_true(atomic_load(&most_at_once) <= THREADS);
}

/* A job that runs until it is told to end. */
struct gate {
    sem_t begun, go;
    int result;
    bool other_ran;
};

static int wait_at_gate(void *arg)
{
    struct gate *g = arg;
    sem_post(&g->begun);
    while (sem_wait(&g->go))
        ;
    return 5;
}

static int offload_gate(void *arg)
{
    struct gate *g = arg;
    g->result = gy_offload(wait_at_gate, g, NULL);
    return gy_task_cancelled();
}

static int all_at_once(void *arg)
{
    struct gate *gates = arg;
    gy_group g = {0};
    for (int i = 0; i < THREADS; i++)
        gy_group_spawn(&g, offload_gate, &gates[i]);
    /* None ends before all have begun: so each has a thread of its own. */
    for (int i = 0; i < THREADS; i++)
        while (sem_trywait(&gates[i].begun))
            gy_sleep(0.001);
    for (int i = 0; i < THREADS; i++)
        sem_post(&gates[i].go);
    return gy_group_wait(&g);
}

static void open_gates(struct gate *gates, int n)
{
    for (int i = 0; i < n; i++) {
        gates[i] = (struct gate){.result = 0};
        sem_init(&gates[i].begun, 0, 0);
        sem_init(&gates[i].go, 0, 0);
    }
}

static void close_gates(struct gate *gates, int n)
{
    for (int i = 0; i < n; i++) {
        sem_destroy(&gates[i].begun);
        sem_destroy(&gates[i].go);
    }
}

static void jobs_run_side_by_side(void **state)
{
    (void)state;
    struct gate gates[THREADS];
    for (int round = 0; round < 20; round++) {
        open_gates(gates, THREADS);
        assert_int_equal(gy_run(all_at_once, gates), 0);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(gates[i].result, 5);
        close_gates(gates, THREADS);
    }
}

static int never(void *arg)
{
    ((struct gate *)arg)->other_ran = true;
    return 0;
}

static int offload_never(void *arg)
{
    return gy_offload(never, arg, NULL);
}

/* All threads are busy at their gates: what comes now is queued. */
static int cancel_queued_and_running(void *arg)
{
    struct gate *gates = arg;
    gy_task *busy[THREADS];
    for (int i = 0; i < THREADS; i++)
        busy[i] = gy_task_new(gy_loop_current(), offload_gate, &gates[i], NULL);
    for (int i = 0; i < THREADS; i++)
        while (sem_trywait(&gates[i].begun))
            gy_sleep(0.001);
    gy_task *queued = gy_task_new(gy_loop_current(), offload_never, &gates[0], NULL);
    gy_yield();
    gy_task_cancel(queued);
    assert_int_equal(gy_task_join(queued), GY_ECANCELED);

    gy_task_cancel(busy[0]);
    for (int i = 0; i < 10; i++)
        gy_yield();
    assert_int_equal(busy[0]->state, GY__TASK_PARKED); /* the job may be using its stack */
    for (int i = 0; i < THREADS; i++)
        sem_post(&gates[i].go);
    assert_int_equal(gy_task_join(busy[0]), GY_ECANCELED);
    for (int i = 1; i < THREADS; i++)
        assert_int_equal(gy_task_join(busy[i]), 0);
    return 0;
}

static void cancelled_while_queued_and_while_running(void **state)
{
    (void)state;
    struct gate gates[THREADS];
    open_gates(gates, THREADS);
    assert_int_equal(gy_run(cancel_queued_and_running, gates), 0);
    assert_int_equal(gates[0].result, 5);
    assert_false(gates[0].other_ran);
    close_gates(gates, THREADS);
}

static int cancelled_before(void *arg)
{
    struct gate g = {.other_ran = false};
    (void)arg;
    gy_task_cancel(gy_task_self());
    assert_int_equal(gy_offload(never, &g, NULL), GY_ECANCELED);
    assert_false(g.other_ran);
    return 0;
}

static void a_cancelled_task_starts_none(void **state)
{
    (void)state;
    assert_int_equal(gy_run(cancelled_before, NULL), 0);
}

static int offload_some(void *arg)
{
    int n = 1;
    for (int i = 0; i < 5 && n > 0; i++)
        n = gy_offload(add_one, &n, NULL);
    (void)arg;
    return n == 6 ? 0 : n;
}

static int offload_in_a_group(void *arg)
{
    gy_group g = {.limit = 2};
    for (int i = 0; i < 3; i++)
        gy_group_spawn(&g, offload_some, arg);
    return gy_group_wait(&g);
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(offload_in_a_group, NULL) >= 16);
}

/* The loop may go as soon as the result is here, while the thread is still on its way back. */
static void a_loop_may_be_freed_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 500; i++)
        assert_int_equal(gy_run(offload_one, &i), i + 1);
}

static int in_the_child(void)
{
    int n = 6;
    return gy_run(offload_one, &n);
}

static int fork_within(void *arg)
{
    int n = 1, status = 0;
    (void)arg;
    assert_int_equal(gy_offload(add_one, &n, NULL), 2);
    pid_t child = fork();
    if (child == 0) {
        /* Not this loop's process: no task, no loop, and a pool of its own. */
        bool alone = !gy_task_self() && !gy_loop_current();
        _exit(alone ? in_the_child() : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    return gy_offload(add_one, &n, NULL);
}

static void a_child_has_a_pool_of_its_own(void **state)
{
    (void)state;
    if (!THREADS_AFTER_FORK)
        skip();
    assert_int_equal(gy_run(fork_within, NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_result),
        cmocka_unit_test(outside_a_task_it_is_a_call),
        cmocka_unit_test(how_many_threads),
        cmocka_unit_test(ten_thousand_jobs),
        cmocka_unit_test(jobs_run_side_by_side),
        cmocka_unit_test(cancelled_while_queued_and_while_running),
        cmocka_unit_test(a_cancelled_task_starts_none),
        cmocka_unit_test(cancelled_anywhere),
        cmocka_unit_test(a_loop_may_be_freed_at_once),
        cmocka_unit_test(a_child_has_a_pool_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
