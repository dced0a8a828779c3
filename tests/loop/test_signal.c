/* SPDX-License-Identifier: MIT */
/* Signals as callbacks on a loop. */
#include "support/sweep.h"

#include <gyre/error.h>
#include <gyre/loop.h>
#include <gyre/task.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static gy_loop *loop;
static int came;

static int set_up(void **state)
{
    (void)state;
    came = 0;
    loop = gy_loop_new();
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gy_loop_free(loop);
    return 0;
}

static void count(void *arg)
{
    (void)arg;
    came++;
}

static void count_and_stop(void *arg)
{
    came++;
    gy_loop_stop(arg);
}

static void (*action_of(int signo))(int)
{
    struct sigaction now;
    assert_int_equal(sigaction(signo, NULL, &now), 0);
    return now.sa_handler;
}

static void runs_on_the_loop(void **state)
{
    (void)state;
    assert_int_equal(gy_loop_on_signal(loop, SIGUSR1, count_and_stop, loop), 0);
    raise(SIGUSR1);
    assert_int_equal(came, 0);
    assert_int_equal(gy_loop_run(loop), 0);
    assert_int_equal(came, 1);
    raise(SIGUSR1);
    assert_int_equal(gy_loop_run(loop), 0);
    assert_int_equal(came, 2);
}

static void taken_back_it_does_what_it_did_before(void **state)
{
    (void)state;
    signal(SIGUSR1, SIG_IGN);
    assert_int_equal(gy_loop_on_signal(loop, SIGUSR1, count, NULL), 0);
    assert_true(action_of(SIGUSR1) != SIG_IGN);
    raise(SIGUSR1);
    assert_int_equal(gy_loop_on_signal(loop, SIGUSR1, NULL, NULL), 0);
    assert_true(action_of(SIGUSR1) == SIG_IGN);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_int_equal(came, 0);
    assert_int_equal(gy_loop_on_signal(loop, SIGUSR1, NULL, NULL), 0);
    signal(SIGUSR1, SIG_DFL);
}

static void a_new_callback_replaces_the_old(void **state)
{
    (void)state;
    int other = 0;
    assert_int_equal(gy_loop_on_signal(loop, SIGUSR2, count_and_stop, &other), 0);
    assert_int_equal(gy_loop_on_signal(loop, SIGUSR2, count, NULL), 0);
    raise(SIGUSR2);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_int_equal(came, 1);
}

static void one_loop_per_signal(void **state)
{
    (void)state;
    gy_loop *other = gy_loop_new();
    assert_int_equal(gy_loop_on_signal(loop, SIGUSR1, count, NULL), 0);
    assert_int_equal(gy_loop_on_signal(other, SIGUSR1, count, NULL), GY_EBUSY);
    assert_int_equal(gy_loop_on_signal(other, SIGUSR1, NULL, NULL), 0);
    raise(SIGUSR1);
    assert_int_equal(gy_loop_turn(other, 0), 0);
    assert_int_equal(came, 0);
    gy_loop_free(other);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_int_equal(came, 1);
}

static void a_freed_loop_gives_its_signals_back(void **state)
{
    (void)state;
    gy_loop *other = gy_loop_new();
    assert_int_equal(gy_loop_on_signal(other, SIGHUP, count, NULL), 0);
    gy_loop_free(other);
    assert_true(action_of(SIGHUP) == SIG_DFL);
    assert_int_equal(gy_loop_on_signal(loop, SIGHUP, count, NULL), 0);
}

static void what_is_no_signal(void **state)
{
    (void)state;
    assert_int_equal(gy_loop_on_signal(loop, 0, count, NULL), GY_EINVAL);
    assert_int_equal(gy_loop_on_signal(loop, -3, count, NULL), GY_EINVAL);
    assert_int_equal(gy_loop_on_signal(loop, 1000, count, NULL), GY_EINVAL);
    assert_int_equal(gy_loop_on_signal(loop, SIGKILL, count, NULL), GY_EINVAL);
    assert_int_equal(gy_loop_on_signal(loop, SIGKILL, count, NULL), GY_EINVAL);
}

static void *kill_from_a_thread(void *arg)
{
    (void)arg;
    kill(getpid(), SIGUSR1);
    return NULL;
}

static int wait_long(void *arg)
{
    (void)arg;
    return gy_sleep(3600);
}

static void it_wakes_a_loop_that_waits(void **state)
{
    (void)state;
    pthread_t thread;
    gy_task *t = gy_task_new(loop, wait_long, NULL, NULL);
    assert_int_equal(gy_loop_on_signal(loop, SIGUSR1, count_and_stop, loop), 0);
    assert_int_equal(pthread_create(&thread, NULL, kill_from_a_thread, NULL), 0);
    assert_int_equal(gy_loop_run(loop), 0);
    assert_int_equal(came, 1);
    pthread_join(thread, NULL);
    gy_task_cancel(t);
    assert_int_equal(gy_task_join(t), GY_ECANCELED);
}

static gy_loop *handlers_loop;

static void stop_from_a_handler(int signo)
{
    (void)signo;
    gy_loop_stop(handlers_loop);
}

static void stop_may_be_called_in_a_handler(void **state)
{
    (void)state;
    handlers_loop = loop;
    signal(SIGUSR2, stop_from_a_handler);
    raise(SIGUSR2);
    assert_int_equal(gy_loop_run(loop), 0);
    signal(SIGUSR2, SIG_DFL);
}

static void in_a_child_they_do_what_they_did_before(void **state)
{
    (void)state;
    assert_int_equal(gy_loop_on_signal(loop, SIGTERM, count, NULL), 0);
    pid_t child = fork();
    if (child == 0) {
        raise(SIGTERM);
        _exit(3);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    raise(SIGTERM);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_int_equal(came, 1);
}

#define TEST(test_) cmocka_unit_test_setup_teardown(test_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_on_the_loop),
        TEST(taken_back_it_does_what_it_did_before),
        TEST(a_new_callback_replaces_the_old),
        TEST(one_loop_per_signal),
        TEST(a_freed_loop_gives_its_signals_back),
        TEST(what_is_no_signal),
        TEST(it_wakes_a_loop_that_waits),
        TEST(stop_may_be_called_in_a_handler),
        TEST(in_a_child_they_do_what_they_did_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
