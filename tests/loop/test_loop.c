/* SPDX-License-Identifier: MIT */
/* The loop: turns, stopping, living inside another loop, its end, and forks. */
#include "loop/state.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include <errno.h>
#include <gyre/error.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void count(void *arg)
{
    ++*(int *)arg;
}

static void stop(void *arg)
{
    gy_loop_stop(arg);
}

static void makes_itself_current(void **state)
{
    (void)state;
    assert_null(gy_loop_current());
    gy_loop *loop = gy_loop_new();
    assert_ptr_equal(gy_loop_current(), loop);
    gy_loop *other = gy_loop_new();
    assert_ptr_equal(gy_loop_current(), loop);
    gy_loop_free(other);
    assert_ptr_equal(gy_loop_current(), loop);
    gy_loop_free(loop);
    assert_null(gy_loop_current());
    gy_loop_free(NULL);
}

struct seen {
    gy_loop *outer, *inner;
};

static void see_inner(void *arg)
{
    struct seen *s = arg;
    assert_ptr_equal(gy_loop_current(), s->inner);
    assert_int_equal(gy_loop_turn(s->inner, 0), 0);
    assert_ptr_equal(gy_loop_current(), s->inner);
}

static void turn_inner(void *arg)
{
    struct seen *s = arg;
    assert_ptr_equal(gy_loop_current(), s->outer);
    assert_int_equal(gy_loop_call(s->inner, see_inner, s), 0);
    assert_int_equal(gy_loop_turn(s->inner, 0), 0);
    assert_ptr_equal(gy_loop_current(), s->outer);
}

static void the_current_one_is_the_one_that_turns(void **state)
{
    (void)state;
    struct seen s = {.outer = gy_loop_new(), .inner = gy_loop_new()};
    assert_int_equal(gy_loop_call(s.outer, turn_inner, &s), 0);
    assert_int_equal(gy_loop_turn(s.outer, 0), 0);
    gy_loop_free(s.inner);
    gy_loop_free(s.outer);
}

static void stop_ends_run(void **state)
{
    (void)state;
    int n = 0;
    gy_timer t = {0};
    gy_loop *loop = gy_loop_new();
    gy_timer_set(loop, &t, 0, stop, loop);
    assert_int_equal(gy_loop_run(loop), 0);
    /* One that came before the run ends it at once, and only that one. */
    gy_loop_stop(loop);
    assert_int_equal(gy_loop_run(loop), 0);
    assert_int_equal(gy_loop_call(loop, count, &n), 0);
    assert_int_equal(gy_loop_call(loop, stop, loop), 0);
    assert_int_equal(gy_loop_run(loop), 0);
    assert_int_equal(n, 1);
    gy_loop_free(loop);
}

static void *stop_from_a_thread(void *arg)
{
    gy_loop_stop(arg);
    return NULL;
}

static void stop_from_another_thread(void **state)
{
    (void)state;
    pthread_t thread;
    gy_loop *loop = gy_loop_new();
    assert_int_equal(pthread_create(&thread, NULL, stop_from_a_thread, loop), 0);
    assert_int_equal(gy_loop_run(loop), 0);
    pthread_join(thread, NULL);
    gy_loop_free(loop);
}

/* Two tasks that keep each other ready must keep neither a stop nor a timer from its turn. */
static int spin(void *arg)
{
    int e;
    (void)arg;
    while (!(e = gy_yield()))
        ;
    return e;
}

static void tasks_that_are_always_ready_do_not_starve_it(void **state)
{
    (void)state;
    gy_timer t = {0};
    int fds[2];
    gy_loop *loop = gy_loop_new();
    gy_task *a = gy_task_new(loop, spin, NULL, NULL), *b = gy_task_new(loop, spin, NULL, NULL);
    assert_int_equal(pipe(fds), 0);
    gy_timer_set(loop, &t, 0.002, stop, loop);
    assert_int_equal(gy_loop_run(loop), 0);
    assert_int_equal(gy_loop_post(loop, stop, loop), 0);
    assert_int_equal(gy_loop_run(loop), 0);
    gy_task_cancel(a);
    gy_task_cancel(b);
    assert_int_equal(gy_task_join(a), GY_ECANCELED);
    assert_int_equal(gy_task_join(b), GY_ECANCELED);
    gy_loop_free(loop);
    close(fds[0]);
    close(fds[1]);
}

static int sleep_a_while(void *arg)
{
    (void)arg;
    return gy_sleep(10);
}

static void run_idle_ends_when_nothing_is_left(void **state)
{
    (void)state;
    int n = 0;
    gy_timer t = {0};
    fake_clock_start();
    gy_loop *loop = gy_loop_new();
    fake_clock_drive(loop);
    assert_int_equal(gy_loop_run_idle(loop), 0);
    gy_task *task = gy_task_new(loop, sleep_a_while, NULL, NULL);
    gy_timer_set(loop, &t, 20, count, &n);
    double before = gy_loop_now(loop);
    assert_int_equal(gy_loop_run_idle(loop), 0);
    assert_true(gy_loop_now(loop) >= before + 20);
    assert_int_equal(n, 1);
    assert_int_equal(gy_task_join(task), 0);
    gy_loop_free(loop);
    fake_clock_stop();
}

static int turn_within(void *arg)
{
    assert_int_equal(gy_loop_turn(arg, 0), GY_EBUSY);
    assert_int_equal(gy_loop_run(arg), GY_EBUSY);
    assert_int_equal(gy_loop_run_idle(arg), GY_EBUSY);
    return 4;
}

static void run_within(void *arg)
{
    assert_int_equal(gy_loop_run(arg), GY_EBUSY);
    gy_loop_stop(arg);
}

static void it_does_not_run_inside_itself(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    gy_task *t = gy_task_new(loop, turn_within, loop, NULL);
    assert_int_equal(gy_task_join(t), 4);
    assert_int_equal(gy_loop_call(loop, run_within, loop), 0);
    assert_int_equal(gy_loop_run(loop), 0);
    gy_loop_free(loop);
}

static int six(void *arg)
{
    gy_yield();
    *(int *)arg += 1;
    return 6;
}

static void join_within(void *arg)
{
    int n = 0;
    gy_task *t = gy_task_new(arg, six, &n, NULL);
    assert_int_equal(gy_task_join(t), 6);
    assert_int_equal(n, 1);
    gy_loop_stop(arg);
}

static void a_callback_may_join_a_task(void **state)
{
    (void)state;
    gy_timer t = {0};
    gy_loop *loop = gy_loop_new();
    gy_timer_set(loop, &t, 0, join_within, loop);
    assert_int_equal(gy_loop_run(loop), 0);
    gy_loop_free(loop);
}

static bool readable(gy_loop *loop)
{
    struct pollfd p = {.fd = gy_loop_fd(loop), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static int wait_for_byte(void *arg)
{
    int fd = *(int *)arg;
    char c;
    int e = gy_wait_fd(fd, GY_READABLE, 5);
    return e < 0 ? e : (int)read(fd, &c, 1);
}

static void lives_inside_a_poll_loop(void **state)
{
    (void)state;
    int fds[2], n = 0;
    gy_timer t = {0};
    fake_clock_start();
    gy_loop *loop = gy_loop_new();
    if (strcmp(gy_loop_poller(loop), "poll") == 0) {
        assert_int_equal(gy_loop_fd(loop), -1);
        gy_loop_free(loop);
        fake_clock_stop();
        skip();
    }
    assert_int_equal(pipe2(fds, 0), 0);
    assert_false(readable(loop));
    assert_true(gy_loop_timeout(loop) < 0);

    gy_task *task = gy_task_new(loop, wait_for_byte, &fds[0], NULL);
    assert_true(gy_loop_timeout(loop) == 0);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    double timeout = gy_loop_timeout(loop);
    assert_true(timeout > 0 && timeout <= 5);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_true(readable(loop));
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_int_equal(gy_task_join(task), 1);
    assert_false(readable(loop));

    assert_int_equal(gy_loop_post(loop, count, &n), 0);
    assert_true(readable(loop));
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_int_equal(n, 1);
    assert_false(readable(loop));

    gy_timer_set(loop, &t, 2, count, &n);
    while ((timeout = gy_loop_timeout(loop)) > 0) {
        assert_true(timeout <= 2);
        fake_clock_forward(timeout + 1e-9);
        assert_int_equal(gy_loop_turn(loop, 0), 0);
    }
    assert_int_equal(n, 2);
    gy_loop_free(loop);
    fake_clock_stop();
    close(fds[0]);
    close(fds[1]);
}

static void now_is_the_start_of_the_turn(void **state)
{
    (void)state;
    fake_clock_start();
    gy_loop *loop = gy_loop_new();
    double at = gy_loop_now(loop);
    fake_clock_forward(3);
    assert_true(gy_loop_now(loop) == at);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_true(gy_loop_now(loop) == at + 3);
    gy_loop_free(loop);
    fake_clock_stop();
}

static void calls_run_in_the_next_turn_in_order(void **state)
{
    (void)state;
    int n = 0;
    gy_loop *loop = gy_loop_new();
    for (int i = 0; i < 3; i++)
        assert_int_equal(gy_loop_call(loop, count, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(gy_loop_turn(loop, -1), 0);
    assert_int_equal(n, 3);
    gy_loop_free(loop);
}

static int end_in_steps(void *arg)
{
    (void)arg;
    gy_group g = {0};
    gy_group_spawn(&g, sleep_a_while, NULL);
    gy_group_spawn(&g, sleep_a_while, NULL);
    int e = gy_group_wait(&g);
    /* Cleaning up may even start something. */
    assert_int_equal(gy_spawn(sleep_a_while, NULL, NULL), 0);
    return e;
}

static void freeing_it_ends_its_tasks(void **state)
{
    (void)state;
    atomic_store(&gy__alloc_counting, true);
    long live = gy__alloc_live();
    int descriptors = count_descriptors();
    gy_loop *loop = gy_loop_new();
    assert_int_equal(gy_spawn(end_in_steps, NULL, NULL), 0);
    assert_int_equal(gy_spawn(sleep_a_while, NULL, NULL), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_int_equal(gy_spawn(sleep_a_while, NULL, NULL), 0);
    gy_loop_free(loop);
    assert_int_equal(gy__alloc_live(), live);
    assert_int_equal(count_descriptors(), descriptors);
}

static int make_one(void *arg)
{
    (void)arg;
    gy_loop *loop = gy_loop_new();
    if (!loop)
        return -errno;
    gy_loop_free(loop);
    return 0;
}

static void no_memory(void **state)
{
    (void)state;
    assert_int_equal(make_one(NULL), 0);
    sweep_allocations(make_one, NULL);
}

static void no_descriptors(void **state)
{
    (void)state;
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int descriptors = count_descriptors();
    int next = dup(0);
    close(next);
    gy_loop *loop = gy_loop_new();
    int needs = gy_loop_fd(loop) < 0 ? 1 : 2;
    gy_loop_free(loop);
    for (int spare = 0; spare < needs; spare++) {
        none = (struct rlimit){(rlim_t)(next + spare), before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        int e = make_one(NULL);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(e, -EMFILE);
        assert_int_equal(count_descriptors(), descriptors);
    }
}

static int three(void *arg)
{
    (void)arg;
    return gy_yield() ? 1 : 3;
}

static void run_gives_the_result(void **state)
{
    (void)state;
    assert_int_equal(gy_run(three, NULL), 3);
    assert_null(gy_loop_current());
}

/* The child does what a program may do that forks and goes on: it must not touch what the parent's
 * loop waits for. */
static int in_the_child(gy_loop *parents)
{
    if (gy_loop_current() || gy_loop_turn(parents, 0) != GY_EINVAL)
        return 1;
    gy_loop_free(parents);
    return gy_run(three, NULL);
}

static void a_child_leaves_the_parents_loop_alone(void **state)
{
    (void)state;
    int n = 0, status = 0;
    gy_loop *loop = gy_loop_new();
    pid_t child = fork();
    if (child == 0)
        _exit(in_the_child(loop));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_int_equal(gy_loop_post(loop, count, &n), 0);
    assert_int_equal(gy_loop_turn(loop, 1), 0);
    assert_int_equal(n, 1);
    gy_loop_free(loop);
}

static int fork_in_a_task(void *arg)
{
    int status = 0;
    (void)arg;
    gy_loop *mine = gy_loop_current();
    pid_t child = fork();
    if (child == 0) {
        bool alone = !gy_task_self() && !gy_yield() && gy_run(three, NULL) == 3;
        gy_loop_free(mine);
        _exit(!alone);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return gy_yield() ? 1 : 8;
}

static void a_task_may_fork(void **state)
{
    (void)state;
    assert_int_equal(gy_run(fork_in_a_task, NULL), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_itself_current),
        cmocka_unit_test(the_current_one_is_the_one_that_turns),
        cmocka_unit_test(stop_ends_run),
        cmocka_unit_test(stop_from_another_thread),
        cmocka_unit_test(tasks_that_are_always_ready_do_not_starve_it),
        cmocka_unit_test(run_idle_ends_when_nothing_is_left),
        cmocka_unit_test(it_does_not_run_inside_itself),
        cmocka_unit_test(a_callback_may_join_a_task),
        cmocka_unit_test(lives_inside_a_poll_loop),
        cmocka_unit_test(now_is_the_start_of_the_turn),
        cmocka_unit_test(calls_run_in_the_next_turn_in_order),
        cmocka_unit_test(freeing_it_ends_its_tasks),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(no_descriptors),
        cmocka_unit_test(run_gives_the_result),
        cmocka_unit_test(a_child_leaves_the_parents_loop_alone),
        cmocka_unit_test(a_task_may_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
