/* SPDX-License-Identifier: MIT */
/* Pools of threads: names, limits, copies, replies, and their end. */
#include "loop/instrument.h"
#include "loop/pool.h"
#include "support/sweep.h"

#include <errno.h>
#include <gyre/error.h>
#include <gyre/offload.h>
#include <math.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef GY__TSAN
enum { THREADS_AFTER_FORK = 0 }; /* its runtime has none */
#else
enum { THREADS_AFTER_FORK = 1 };
#endif

static int add_one(void *arg)
{
    return *(int *)arg + 1;
}

/* -- Options -------------------------------------------------------------------------------------- */

static void options_that_make_no_sense(void **state)
{
    (void)state;
    errno = 0;
    assert_null(gy_pool_new(&(gy_pool_opts){.size = 1025}));
    assert_int_equal(errno, EINVAL);
    assert_null(gy_pool_new(&(gy_pool_opts){.idle_time = NAN}));
    assert_null(gy_pool_new(&(gy_pool_opts){.kind = (enum gy_pool_kind)3}));
    gy_pool_free(NULL);
}

static void pools_are_found_by_name(void **state)
{
    (void)state;
    char name[] = "reports";
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.name = name});
    assert_non_null(p);
    name[0] = 'x'; /* it was copied */
    assert_ptr_equal(gy_pool_find("reports"), p);
    gy_pool_free(p);
    assert_null(gy_pool_find("reports"));
    assert_ptr_equal(gy_pool_find("processes"), gy_process_pool());
    assert_non_null(gy_pool_find("threads"));
}

static int refused(void *arg)
{
    gy_str reply;
    assert_int_equal(gy_offload(add_one, arg, &(gy_offload_opts){.reply = &reply}), GY_EINVAL);
    assert_int_equal(gy_offload(add_one, NULL, &(gy_offload_opts){.size = 1}), GY_EINVAL);
    assert_int_equal(gy_job_reply("x", 1), GY_EINVAL);
    return 0;
}

static void calls_that_make_no_sense(void **state)
{
    (void)state;
    int n = 1;
    assert_int_equal(gy_run(refused, &n), 0);
}

static int give_name(void *arg)
{
    return pthread_getname_np(pthread_self(), arg, 16);
}

static int ask_name(void *arg)
{
    char name[16] = "";
    gy_offload_opts o = {.pool = arg};
    assert_int_equal(gy_offload(give_name, name, &o), 0);
    assert_string_equal(name, "a-long-name-for");
    return 0;
}

static void threads_have_the_name(void **state)
{
    (void)state;
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.name = "a-long-name-for-a-thread", .size = 1});
    assert_int_equal(gy_run(ask_name, p), 0);
    gy_pool_free(p);
}

static int signals_blocked(void *arg)
{
    sigset_t set;
    (void)arg;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    return sigismember(&set, SIGTERM) && sigismember(&set, SIGINT) && sigismember(&set, SIGCHLD);
}

static int ask_signals(void *arg)
{
    return gy_offload(signals_blocked, arg, NULL);
}

static void threads_take_no_signals(void **state)
{
    (void)state;
    assert_int_equal(gy_run(ask_signals, NULL), 1);
}

/* -- In the caller -------------------------------------------------------------------------------- */

static int reply_twice(void *arg)
{
    int e = gy_job_reply("hello ", 6);
    return e ? e : gy_job_reply(arg, strlen(arg));
}

static int same_thread(void *arg)
{
    *(pthread_t *)arg = pthread_self();
    return 3;
}

static int offload_inline(void *arg)
{
    pthread_t thread = 0;
    gy_arena arena = {0};
    gy_str reply;
    gy_offload_opts o = {.pool = arg, .arena = &arena, .reply = &reply};
    assert_int_equal(gy_offload(same_thread, &thread, &o), 3);
    assert_true(pthread_equal(thread, pthread_self()));
    assert_int_equal(reply.len, 0);
    assert_int_equal(gy_offload(reply_twice, "world", &o), 0);
    assert_string_equal(reply.ptr, "hello world");
    gy_arena_done(&arena);
    return 0;
}

static void an_inline_pool_is_a_call(void **state)
{
    (void)state;
    gy_pool_stats s;
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.kind = GY_POOL_INLINE});
    assert_int_equal(gy_run(offload_inline, p), 0);
    gy_pool_stats_get(p, &s);
    assert_int_equal(s.done, 2);
    assert_int_equal(s.workers, 0);
    gy_pool_free(p);
}

/* -- Replies and copies --------------------------------------------------------------------------- */

static int reply_many(void *arg)
{
    int e = 0;
    for (int i = 0; i < *(int *)arg && !e; i++)
        e = gy_job_reply("0123456789", 10);
    return e;
}

static int offload_replies(void *arg)
{
    gy_arena arena = {0};
    gy_str reply;
    gy_offload_opts o = {.pool = arg, .arena = &arena, .reply = &reply};
    int n = 0;
    assert_int_equal(gy_offload(reply_many, &n, &o), 0);
    assert_int_equal(reply.len, 0);
    assert_string_equal(reply.ptr, "");
    n = 100000;
    assert_int_equal(gy_offload(reply_many, &n, &o), 0);
    assert_int_equal(reply.len, 1000000);
    assert_memory_equal(reply.ptr + 999990, "0123456789", 11);
    o.reply = NULL; /* nobody asks for them */
    assert_int_equal(gy_offload(reply_many, &n, &o), 0);
    gy_arena_done(&arena);
    return 0;
}

static void replies_of_any_size(void **state)
{
    (void)state;
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.size = 1});
    assert_int_equal(gy_run(offload_replies, p), 0);
    gy_pool_free(p);
}

struct sum {
    int a, b, sum;
    const void *at;
};

static int add_up(void *arg)
{
    struct sum *s = arg;
    s->sum = s->a + s->b;
    s->at = s;
    return -7;
}

static int offload_copy(void *arg)
{
    struct sum s = {.a = 3, .b = 4};
    assert_int_equal(gy_offload(add_up, &s, &(gy_offload_opts){.pool = arg, .size = sizeof s}), -7);
    assert_int_equal(s.sum, 7);
    assert_ptr_not_equal(s.at, &s);
    return 0;
}

static void a_copy_is_copied_back(void **state)
{
    (void)state;
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.size = 1});
    assert_int_equal(gy_run(offload_copy, p), 0);
    gy_pool_free(p);
}

/* -- Jobs at gates -------------------------------------------------------------------------------- */

static struct gate {
    sem_t begun, go;
    atomic_int ran;
} gate;

static void gate_open(void)
{
    sem_init(&gate.begun, 0, 0);
    sem_init(&gate.go, 0, 0);
    atomic_store(&gate.ran, 0);
}

static void gate_close(void)
{
    sem_destroy(&gate.begun);
    sem_destroy(&gate.go);
}

static int at_gate(void *arg)
{
    int *n = arg;
    sem_post(&gate.begun);
    while (sem_wait(&gate.go))
        ;
    *n += 1;
    atomic_fetch_add(&gate.ran, 1);
    return gy_job_reply("late", 4);
}

static void wait_begun(void)
{
    while (sem_trywait(&gate.begun))
        assert_int_equal(gy_sleep(0.001), 0);
}

struct case_ {
    gy_pool *pool;
    int n, result;
    size_t size;
    double timeout;
};

static int offload_at_gate(void *arg)
{
    struct case_ *c = arg;
    gy_offload_opts o = {.pool = c->pool, .size = c->size, .timeout = c->timeout};
    return c->result = gy_offload(at_gate, &c->n, &o);
}

static gy_task *start(struct case_ *c)
{
    gy_task *t = gy_task_new(gy_loop_current(), offload_at_gate, c, NULL);
    assert_non_null(t);
    return t;
}

/* With a time that is long enough for the job to begin, however slow the machine is. */
static gy_task *start_within(struct case_ *c)
{
    for (c->timeout = 0.005;; c->timeout *= 2) {
        gy_task *t = start(c);
        while (!gy_task_future(t)->done) {
            if (sem_trywait(&gate.begun) == 0)
                return t;
            gy_sleep(0.001);
        }
        assert_int_equal(gy_task_join(t), GY_ETIMEDOUT);
        if (sem_trywait(&gate.begun) == 0) /* its copy is at the gate */
            sem_post(&gate.go);
    }
}

static int leave_copy_behind(void *arg)
{
    struct case_ c = {.pool = arg, .size = sizeof c.n};
    gy_task *t = start(&c);
    wait_begun();
    gy_task_cancel(t);
    assert_int_equal(gy_task_join(t), GY_ECANCELED); /* while the job is at its gate */
    assert_int_equal(atomic_load(&gate.ran), 0);
    sem_post(&gate.go);
    return 0;
}

static void with_a_copy_the_caller_may_leave(void **state)
{
    (void)state;
    gate_open();
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.size = 1});
    assert_int_equal(gy_run(leave_copy_behind, p), 0);
    gy_pool_free(p); /* waits for it */
    assert_int_equal(atomic_load(&gate.ran), 1);
    gate_close();
}

static int run_out_of_time(void *arg)
{
    struct case_ c = {.pool = arg, .size = sizeof c.n};
    struct case_ queued = {.pool = arg, .timeout = 0.001};
    gy_task *t = start_within(&c);
    gy_task *behind = start(&queued);
    assert_int_equal(gy_task_join(t), GY_ETIMEDOUT);
    assert_int_equal(gy_task_join(behind), GY_ETIMEDOUT);
    assert_int_equal(queued.n, 0);
    sem_post(&gate.go);
    return 0;
}

static void time_runs_out_in_the_queue_and_in_the_job(void **state)
{
    (void)state;
    gate_open();
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.size = 1});
    assert_int_equal(gy_run(run_out_of_time, p), 0);
    gy_pool_free(p);
    assert_true(atomic_load(&gate.ran) >= 1);
    gate_close();
}

/* Without a copy the job may be using the caller's stack: it has its result then. */
static int wait_past_the_time(void *arg)
{
    struct case_ c = {.pool = arg};
    gy_task *t = start_within(&c);
    gy_sleep(2 * c.timeout);
    sem_post(&gate.go);
    assert_int_equal(gy_task_join(t), 0);
    assert_int_equal(c.n, 1);
    return 0;
}

static void without_a_copy_it_is_waited_for(void **state)
{
    (void)state;
    gate_open();
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.size = 1});
    assert_int_equal(gy_run(wait_past_the_time, p), 0);
    gy_pool_free(p);
    gate_close();
}

/* -- Limits --------------------------------------------------------------------------------------- */

static int fill_up(void *arg)
{
    gy_pool *p = arg;
    struct case_ c[5] = {{.pool = p}, {.pool = p}, {.pool = p}, {.pool = p}, {.pool = p}};
    gy_task *t[5];
    gy_pool_stats s;
    for (int i = 0; i < 4; i++)
        t[i] = start(&c[i]);
    wait_begun();
    wait_begun();
    gy_pool_stats_get(p, &s);
    assert_int_equal(s.workers, 2);
    assert_int_equal(s.busy, 2);
    assert_int_equal(s.queued, 2);
    t[4] = start(&c[4]);
    assert_int_equal(gy_task_join(t[4]), GY_EBUSY);
    for (int i = 0; i < 4; i++)
        sem_post(&gate.go);
    for (int i = 0; i < 4; i++)
        assert_int_equal(gy_task_join(t[i]), 0);
    gy_pool_stats_get(p, &s);
    assert_int_equal(s.done, 4);
    assert_int_equal(s.queued, 0);
    return 0;
}

static void a_full_queue_is_busy(void **state)
{
    (void)state;
    gate_open();
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.size = 2, .queue_limit = 2});
    assert_int_equal(gy_run(fill_up, p), 0);
    gy_pool_free(p);
    gate_close();
}

static int wait_until_none(void *arg)
{
    int n = 1;
    gy_pool_stats s = {.workers = 1};
    gy_offload_opts o = {.pool = arg};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gy_offload(add_one, &n, &o), 2);
        do {
            gy_sleep(0.001);
            gy_pool_stats_get(arg, &s);
        } while (s.workers > 0);
    }
    return 0;
}

static void idle_threads_end_and_come_again(void **state)
{
    (void)state;
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.size = 4, .idle_time = 0.002});
    assert_int_equal(gy_run(wait_until_none, p), 0);
    gy_pool_free(p);
}

/* Threads come and go while jobs come and go: none is lost between the two. */
static int more_or_less_idle(void *arg)
{
    int n = 1;
    gy_offload_opts o = {.pool = arg};
    for (int i = 0; i < 300; i++) {
        assert_int_equal(gy_offload(add_one, &n, &o), 2);
        if (i % 3 == 0)
            gy_sleep(0.0001);
    }
    return 0;
}

static void a_job_meets_a_thread_that_ends(void **state)
{
    (void)state;
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.size = 4, .idle_time = 0.0001});
    assert_int_equal(gy_run(more_or_less_idle, p), 0);
    gy_pool_free(p);
}

/* -- The end -------------------------------------------------------------------------------------- */

static void *free_pool(void *arg)
{
    gy_pool_free(arg);
    return NULL;
}

static int free_under_way(void *arg)
{
    gy_pool *p = arg;
    struct case_ c[3] = {{.pool = p}, {.pool = p}, {.pool = p}};
    gy_task *t[3];
    pthread_t other;
    int n = 1;
    for (int i = 0; i < 3; i++)
        t[i] = start(&c[i]);
    wait_begun();
    assert_int_equal(pthread_create(&other, NULL, free_pool, p), 0);
    assert_int_equal(gy_task_join(t[1]), GY_ESHUTDOWN);
    assert_int_equal(gy_task_join(t[2]), GY_ESHUTDOWN);
    /* The first one's task still holds it. */
    assert_int_equal(gy_offload(add_one, &n, &(gy_offload_opts){.pool = p}), GY_ESHUTDOWN);
    sem_post(&gate.go);
    assert_int_equal(gy_task_join(t[0]), 0);
    pthread_join(other, NULL);
    return 0;
}

static void freed_with_jobs_waiting_and_running(void **state)
{
    (void)state;
    gate_open();
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.size = 1});
    assert_int_equal(gy_run(free_under_way, p), 0);
    assert_int_equal(atomic_load(&gate.ran), 1);
    gate_close();
}

static int offload_add(void *arg)
{
    int n = 1;
    return gy_offload(add_one, &n, &(gy_offload_opts){.pool = arg});
}

/* The letters of the pool's end and the cancellation meet: nothing looks at the pool any more. */
static int cancel_after_free(void *arg)
{
    struct case_ c = {.pool = arg};
    gy_task *t[3];
    gy_task *first = start(&c);
    wait_begun();
    for (int i = 0; i < 3; i++)
        t[i] = gy_task_new(gy_loop_current(), offload_add, arg, NULL);
    gy_yield();
    sem_post(&gate.go);
    gy_pool_free(arg);
    gy_task_cancel(first);
    assert_int_equal(gy_task_join(first), 0);
    for (int i = 0; i < 3; i++) {
        gy_task_cancel(t[i]);
        int e = gy_task_join(t[i]);
        assert_true(e == GY_ESHUTDOWN || e == 2);
    }
    return 0;
}

static void cancelled_when_the_pool_is_gone(void **state)
{
    (void)state;
    gate_open();
    assert_int_equal(gy_run(cancel_after_free, gy_pool_new(&(gy_pool_opts){.size = 1})), 0);
    gate_close();
}

static int use_always(void *arg)
{
    int n = 1;
    assert_int_equal(gy_offload(add_one, &n, NULL), 2);
    gy_pool_free(arg);
    assert_int_equal(gy_offload(add_one, &n, NULL), 2);
    return 0;
}

static void the_one_that_is_always_there_begins_anew(void **state)
{
    (void)state;
    assert_int_equal(gy_run(use_always, gy_pool_find("threads")), 0);
}

/* -- Several loops, forks ------------------------------------------------------------------------- */

enum { LOOPS = 4, JOBS = 2000 };

static int offload_one(void *arg, size_t i)
{
    int n = (int)i;
    return gy_offload(add_one, &n, &(gy_offload_opts){.pool = arg}) == n + 1 ? 0 : -1;
}

static int offload_many(void *arg)
{
    return gy_map(JOBS, 20, offload_one, arg);
}

static void *run_loop(void *arg)
{
    return gy_run(offload_many, arg) ? "failed" : NULL;
}

static void several_loops_share_a_pool(void **state)
{
    (void)state;
    gy_pool_stats s;
    pthread_t threads[LOOPS];
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.size = 3});
    for (int i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_loop, p), 0);
    for (int i = 0; i < LOOPS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    gy_pool_stats_get(p, &s);
    assert_int_equal(s.done, LOOPS * JOBS);
    assert_int_equal(s.busy, 0);
    gy_pool_free(p);
}

static int in_the_child(void *arg)
{
    gy_pool_stats s;
    int n = 6;
    gy_pool_stats_get(arg, &s);
    if (s.workers || s.busy || s.queued)
        return 1;
    return gy_offload(add_one, &n, &(gy_offload_opts){.pool = arg});
}

/* One job runs and one waits while the task forks. */
static int fork_under_way(void *arg)
{
    struct case_ c[2] = {{.pool = arg}, {.pool = arg}};
    gy_task *t[2] = {start(&c[0]), start(&c[1])};
    int status = 0;
    wait_begun();
    pid_t child = fork();
    if (child == 0) {
        int result = gy_run(in_the_child, arg);
        gy_pool_free(arg);
        _exit(result);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    sem_post(&gate.go);
    sem_post(&gate.go);
    assert_int_equal(gy_task_join(t[0]), 0);
    assert_int_equal(gy_task_join(t[1]), 0);
    return 0;
}

static void forked_with_jobs_waiting_and_running(void **state)
{
    (void)state;
    if (!THREADS_AFTER_FORK)
        skip();
    gate_open();
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.size = 1});
    assert_int_equal(gy_run(fork_under_way, p), 0);
    gy_pool_free(p);
    gate_close();
}

/* -- Sweeps --------------------------------------------------------------------------------------- */

static int offload_a_copy(void *arg)
{
    gy_pool *p = arg;
    gy_arena arena = {0};
    struct sum s = {.a = 1, .b = 2};
    gy_str reply;
    int e = gy_offload(add_up, &s, &(gy_offload_opts){.pool = p, .size = sizeof s});
    if (e == -7)
        e = gy_offload(reply_twice, "you",
                       &(gy_offload_opts){.pool = p, .arena = &arena, .reply = &reply});
    if (!e)
        assert_string_equal(reply.ptr, "hello you");
    gy_arena_done(&arena);
    return e;
}

static int all_of_it(void *arg)
{
    gy_group g = {0};
    (void)arg;
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.size = 2});
    if (!p)
        return GY_ENOMEM;
    for (int i = 0; i < 3; i++)
        gy_group_spawn(&g, offload_a_copy, p);
    int e = gy_group_wait(&g);
    gy_pool_free(p);
    return e;
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(all_of_it, NULL) >= 6);
}

/* One after the other: what lets an allocation fail counts on one thread at a time. */
static int one_by_one(void *arg)
{
    (void)arg;
    gy_pool *p = gy_pool_new(&(gy_pool_opts){.size = 1});
    if (!p)
        return GY_ENOMEM;
    int e = offload_a_copy(p);
    if (!e)
        e = offload_a_copy(p);
    gy_pool_free(p);
    return e;
}

static void without_memory(void **state)
{
    (void)state;
    sweep_task_allocations(one_by_one, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_that_make_no_sense),
        cmocka_unit_test(pools_are_found_by_name),
        cmocka_unit_test(calls_that_make_no_sense),
        cmocka_unit_test(threads_have_the_name),
        cmocka_unit_test(threads_take_no_signals),
        cmocka_unit_test(an_inline_pool_is_a_call),
        cmocka_unit_test(replies_of_any_size),
        cmocka_unit_test(a_copy_is_copied_back),
        cmocka_unit_test(with_a_copy_the_caller_may_leave),
        cmocka_unit_test(time_runs_out_in_the_queue_and_in_the_job),
        cmocka_unit_test(without_a_copy_it_is_waited_for),
        cmocka_unit_test(a_full_queue_is_busy),
        cmocka_unit_test(idle_threads_end_and_come_again),
        cmocka_unit_test(a_job_meets_a_thread_that_ends),
        cmocka_unit_test(freed_with_jobs_waiting_and_running),
        cmocka_unit_test(cancelled_when_the_pool_is_gone),
        cmocka_unit_test(the_one_that_is_always_there_begins_anew),
        cmocka_unit_test(several_loops_share_a_pool),
        cmocka_unit_test(forked_with_jobs_waiting_and_running),
        cmocka_unit_test(cancelled_anywhere),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
