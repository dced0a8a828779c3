/* SPDX-License-Identifier: MIT */
/* One program as several processes: numbers, restarts, signals handed on, the parent's end. */
#include <errno.h>
#include <gyre/error.h>
#include <gyre/log.h>
#include <gyre/loop.h>
#include <gyre/process.h>
#include <gyre/serve.h>
#include <gyre/task.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"

enum { MOST = 8 };

/* What the processes write. */
static struct shared {
    atomic_int began[MOST]; /* by number */
    atomic_int all;
    atomic_int pids[MOST];
    atomic_int signals[MOST];
    unsigned char random[MOST][16];
} * shared;

static int set_up(void **state)
{
    (void)state;
    if (!shared)
        shared =
            mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return -1;
    memset(shared, 0, sizeof *shared);
    gy_log_set_level(GY_LOG_OFF);
    return 0;
}

static bool has_children(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/* What gy_fork_processes gave the parent; in a child the life is run, which gives its exit status. */
static int fork_into(int count, int max_restarts, int (*life)(int number))
{
    int n = gy_fork_processes(count, max_restarts);
    if (n >= 0 && n < GY_PARENT) {
        atomic_fetch_add(&shared->all, 1);
        if (gy_process_number() != n || n >= MOST)
            _exit(100);
        atomic_fetch_add(&shared->began[n], 1);
        atomic_store(&shared->pids[n], getpid());
        _exit(life(n));
    }
    assert_false(has_children());
    assert_int_equal(gy_process_number(), -1);
    return n;
}

static int end_well(int number)
{
    if (gy__random(shared->random[number], 16))
        return 1;
    return 0;
}

static void each_has_a_number_and_the_parent_comes_back(void **state)
{
    (void)state;
    assert_int_equal(fork_into(4, -1, end_well), GY_PARENT);
    assert_int_equal(atomic_load(&shared->all), 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(atomic_load(&shared->began[i]), 1);
}

static void none_draws_the_random_bytes_of_another(void **state)
{
    (void)state;
    unsigned char mine[16];
    assert_int_equal(gy__random(mine, 16), 0);
    assert_int_equal(fork_into(4, -1, end_well), GY_PARENT);
    assert_int_equal(gy__random(shared->random[4], 16), 0);
    for (int i = 0; i < 5; i++) {
        assert_memory_not_equal(shared->random[i], mine, 16);
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(shared->random[i], shared->random[k], 16);
    }
}

static void by_itself_it_is_one_for_each_cpu(void **state)
{
    (void)state;
    int count = gy_cpu_count();
    if (count > MOST)
        skip();
    assert_int_equal(fork_into(0, -1, end_well), GY_PARENT);
    assert_int_equal(atomic_load(&shared->all), count);
}

/* Number 1 dies three times, in two ways. */
static int die_at_first(int number)
{
    if (number != 1)
        return 0;
    switch (atomic_load(&shared->began[1])) {
    case 1:
        return 7;
    case 2:
    case 3:
        raise(SIGKILL);
    }
    return 0;
}

static void one_that_dies_comes_again_under_its_number(void **state)
{
    (void)state;
    assert_int_equal(fork_into(3, -1, die_at_first), GY_PARENT);
    assert_int_equal(atomic_load(&shared->began[0]), 1);
    assert_int_equal(atomic_load(&shared->began[1]), 4);
    assert_int_equal(atomic_load(&shared->began[2]), 1);
    set_up(NULL);
    assert_int_equal(fork_into(3, 3, die_at_first), GY_PARENT);
    assert_int_equal(atomic_load(&shared->all), 6);
}

/* Until a signal comes. */
static int stay(int number)
{
    sigset_t set;
    int signo;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    atomic_fetch_add(&shared->began[MOST - 1], 1); /* ready */
    sigwait(&set, &signo);
    atomic_store(&shared->signals[number], signo);
    return 0;
}

static int die_once_the_others_are_there(int number)
{
    if (number > 0)
        return stay(number);
    while (atomic_load(&shared->began[MOST - 1]) < 2)
        sched_yield();
    return 1;
}

static void too_many_deaths_are_an_end_for_all(void **state)
{
    (void)state;
    assert_int_equal(fork_into(3, 2, die_once_the_others_are_there), GY_EBROKEN);
    assert_int_equal(atomic_load(&shared->began[0]), 3);
    assert_int_equal(atomic_load(&shared->signals[1]), SIGTERM);
    assert_int_equal(atomic_load(&shared->signals[2]), SIGTERM);
    set_up(NULL);
    assert_int_equal(fork_into(3, 0, die_once_the_others_are_there), GY_EBROKEN);
    assert_int_equal(atomic_load(&shared->began[0]), 1);
}

/* Another process sends the parent a signal once all are there. */
static void hand_on(int signo, int status_in_between)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int n = gy_fork_processes(3, -1);
        if (n < 0 || n == GY_PARENT)
            _exit(n == GY_PARENT && !has_children() ? 50 : 51);
        int e = stay(n);
        _exit(e ? e : status_in_between);
    }
    while (atomic_load(&shared->began[MOST - 1]) < 3)
        sched_yield();
    assert_int_equal(kill(pid, signo), 0);
    int how;
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 50);
    for (int i = 0; i < 3; i++)
        assert_int_equal(atomic_load(&shared->signals[i]), signo);
}

static void signals_are_handed_on_and_nobody_is_replaced_then(void **state)
{
    (void)state;
    hand_on(SIGTERM, 0);
    set_up(NULL);
    hand_on(SIGINT, 3);
    assert_int_equal(atomic_load(&shared->began[MOST - 1]), 3);
}

static void children_end_with_their_parent(void **state)
{
    (void)state;
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        int n = gy_fork_processes(2, -1);
        _exit(n >= 0 && n < GY_PARENT ? stay(n) : 1);
    }
    close(ends[1]);
    while (atomic_load(&shared->began[MOST - 1]) < 2)
        sched_yield();
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(read(ends[0], &byte, 1), 0); /* nobody has it open any more */
    close(ends[0]);
    assert_int_equal(atomic_load(&shared->signals[0]), SIGTERM);
    assert_int_equal(atomic_load(&shared->signals[1]), SIGTERM);
}

static int sleep_in_a_loop(void *arg)
{
    return gy_sleep(0.001) ? 1 : *(int *)arg;
}

static int run_a_loop(int number)
{
    int n = number;
    return gy_run(sleep_in_a_loop, &n) == number ? 0 : 1;
}

static void each_may_have_a_loop(void **state)
{
    (void)state;
    assert_int_equal(fork_into(3, 0, run_a_loop), GY_PARENT);
}

static void the_signals_of_the_program_are_left_as_they_were(void **state)
{
    (void)state;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before, now;
    sigset_t mask;
    sigaction(SIGCHLD, &ignore, &before);
    assert_int_equal(fork_into(2, 0, end_well), GY_PARENT);
    sigaction(SIGCHLD, &before, &now);
    assert_true(now.sa_handler == SIG_IGN);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGTERM), 0);
    assert_int_equal(sigismember(&mask, SIGCHLD), 0);
}

/* The program's own children are not waited for. */
static void strangers_are_left_alone(void **state)
{
    (void)state;
    pid_t mine = fork();
    if (mine == 0)
        _exit(9);
    int n = gy_fork_processes(2, 0), how;
    if (n >= 0 && n < GY_PARENT)
        _exit(0);
    assert_int_equal(n, GY_PARENT);
    assert_int_equal(waitpid(mine, &how, 0), mine);
    assert_int_equal(WEXITSTATUS(how), 9);
}

static void it_is_refused_where_it_makes_no_sense(void **state)
{
    (void)state;
    assert_int_equal(gy_fork_processes(-1, 0), GY_EINVAL);
    gy_loop *loop = gy_loop_new();
    assert_int_equal(gy_fork_processes(2, 0), GY_EBUSY);
    gy_loop_free(loop);
}

/* -- Workers -------------------------------------------------------------------------------------- */

static int note_number(const gy_app *app)
{
    (void)app;
    int n = gy_process_number();
    if (n < 0 || n >= 3)
        return -1;
    atomic_store(&shared->pids[n], getpid());
    atomic_fetch_add(&shared->began[n], 1);
    return 0;
}

static void wait_for(atomic_int *at, int count)
{
    while (atomic_load(at) < count)
        sched_yield();
}

static void workers_of_a_server_have_numbers_too(void **state)
{
    (void)state;
    static const gy_route routes[] = {GY_END};
    static const gy_app app = {.name = "numbers", .routes = routes, .on_start = note_number};
    pid_t pid = fork();
    if (pid == 0)
        _exit(gy_serve(&app, &(gy_serve_opts){.port = GY_PORT_ANY, .workers = 3}));
    for (int i = 0; i < 3; i++)
        wait_for(&shared->began[i], 1);
    kill((pid_t)atomic_load(&shared->pids[1]), SIGKILL);
    wait_for(&shared->began[1], 2);
    kill(pid, SIGTERM);
    int how;
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_int_equal(how, 0);
    assert_int_equal(atomic_load(&shared->began[0]), 1);
    assert_int_equal(atomic_load(&shared->began[1]), 2);
    assert_int_equal(atomic_load(&shared->began[2]), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_has_a_number_and_the_parent_comes_back, set_up),
        cmocka_unit_test_setup(none_draws_the_random_bytes_of_another, set_up),
        cmocka_unit_test_setup(by_itself_it_is_one_for_each_cpu, set_up),
        cmocka_unit_test_setup(one_that_dies_comes_again_under_its_number, set_up),
        cmocka_unit_test_setup(too_many_deaths_are_an_end_for_all, set_up),
        cmocka_unit_test_setup(signals_are_handed_on_and_nobody_is_replaced_then, set_up),
        cmocka_unit_test_setup(children_end_with_their_parent, set_up),
        cmocka_unit_test_setup(each_may_have_a_loop, set_up),
        cmocka_unit_test_setup(the_signals_of_the_program_are_left_as_they_were, set_up),
        cmocka_unit_test_setup(strangers_are_left_alone, set_up),
        cmocka_unit_test_setup(it_is_refused_where_it_makes_no_sense, set_up),
        cmocka_unit_test_setup(workers_of_a_server_have_numbers_too, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
