/* SPDX-License-Identifier: MIT */
/* A fork with a loop that lives, outside of its tasks and inside: what the child may do, and that the
 * parent notices nothing. */
#include <gyre/error.h>
#include <gyre/loop.h>
#include <gyre/offload.h>
#include <gyre/task.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "loop/fork.h"
#include "loop/instrument.h"
#include "loop/io.h"
#include "support/sweep.h"

/* ThreadSanitizer follows neither threads nor tasks into a child of a program that has either. */
#ifdef GY__TSAN
static const bool skipped = true;
#else
static const bool skipped = false;
#endif

static int status_of(pid_t child)
{
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    if (!WIFEXITED(how))
        fail_msg("killed by signal %d", WTERMSIG(how));
    return WEXITSTATUS(how);
}

/* -- What works in a child ------------------------------------------------------------------------ */

static int add_one(void *arg)
{
    return gy_sleep(0.001) ? -1 : ++*(int *)arg;
}

static int on_a_thread(void *arg)
{
    return ++*(int *)arg;
}

static int use_everything(void *arg)
{
    gy_group g = {.timeout = 60};
    int n = 0, ends[2];
    (void)arg;
    gy_group_spawn(&g, add_one, &n);
    if (gy_group_wait(&g) || n != 1 || gy_offload(on_a_thread, &n, NULL) != 2)
        return 1;
    if (pipe(ends) || write(ends[1], "x", 1) != 1 || gy_wait_fd(ends[0], GY_READABLE, 60) < 0)
        return 2;
    return 0;
}

static void come(void *arg)
{
    ++*(int *)arg;
}

/* 0 when all of it does. */
static int use_a_loop_of_its_own(void)
{
    int signals = 0, posts = 0;
    if (gy_loop_current() || gy_task_self())
        return 10;
    gy_loop *loop = gy_loop_new();
    if (!loop || gy_loop_current() != loop)
        return 11;
    if (gy_loop_on_signal(loop, SIGUSR1, come, &signals) || gy_loop_post(loop, come, &posts))
        return 12;
    raise(SIGUSR1);
    while (!signals || !posts)
        if (gy_loop_turn(loop, 60))
            return 13;
    gy_loop_free(loop);
    return gy_run(use_everything, NULL);
}

/* -- Outside of a task ---------------------------------------------------------------------------- */

/* A task of the parent's that waits at a pipe while the fork happens. */
struct waiting {
    int ends[2];
    gy_task *task;
};

static int wait_at_a_pipe(void *arg)
{
    struct waiting *w = arg;
    return gy_wait_fd(w->ends[0], GY_READABLE, 60);
}

static void begin_waiting(struct waiting *w, gy_loop *loop)
{
    assert_int_equal(pipe(w->ends), 0);
    w->task = gy_task_new(loop, wait_at_a_pipe, w, NULL);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
}

static void end_waiting(struct waiting *w)
{
    assert_int_equal(write(w->ends[1], "x", 1), 1);
    assert_int_equal(gy_task_join(w->task), GY_READABLE);
    close(w->ends[0]);
    close(w->ends[1]);
}

static void a_child_may_have_a_loop_of_its_own(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    struct waiting w;
    begin_waiting(&w, loop);
    pid_t child = fork();
    if (child == 0)
        _exit(use_a_loop_of_its_own());
    assert_int_equal(status_of(child), 0);
    end_waiting(&w);
    gy_loop_free(loop);
}

static void or_free_the_parents_first(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    struct waiting w;
    begin_waiting(&w, loop);
    pid_t child = fork();
    if (child == 0) {
        gy_loop_free(loop);
        _exit(use_a_loop_of_its_own());
    }
    assert_int_equal(status_of(child), 0);
    end_waiting(&w);
    gy_loop_free(loop);
}

static void the_parents_loop_refuses_to_turn_in_it(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    pid_t child = fork();
    if (child == 0) {
        if (gy_loop_turn(loop, 0) != GY_EINVAL || gy_loop_run(loop) != GY_EINVAL)
            _exit(1);
        _exit(gy_loop_run_idle(loop) == GY_EINVAL && !gy_loop_current() ? 0 : 2);
    }
    assert_int_equal(status_of(child), 0);
    gy_loop_free(loop);
}

/* What the child does to what it inherited reaches nobody. */
static void what_a_child_closes_is_still_watched_by_the_parent(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    struct gy__io io;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    gy__io_init(&io, ends[0]);
    io.ready = 0;
    assert_int_equal(gy__io_watch(loop, &io), 0);
    pid_t child = fork();
    if (child == 0) {
        gy__io_unwatch(loop, &io);
        close(ends[0]);
        close(ends[1]);
        _exit(0);
    }
    assert_int_equal(status_of(child), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(gy_loop_turn(loop, 60), 0);
    assert_true(io.ready & GY__IN);
    gy__io_unwatch(loop, &io);
    close(ends[0]);
    close(ends[1]);
    gy_loop_free(loop);
}

static void children_of_children_as_well(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    unsigned forks = gy__forks;
    pid_t child = fork();
    if (child == 0) {
        gy_loop *mine = gy_loop_new();
        pid_t grandchild = fork();
        if (grandchild == 0) {
            int e = gy_loop_turn(mine, 0) == GY_EINVAL && gy__forks == forks + 2
                        ? use_a_loop_of_its_own()
                        : 1;
            gy_loop_free(mine);
            gy_loop_free(loop);
            _exit(e);
        }
        int e = status_of(grandchild);
        e = e ? 50 + e : gy_loop_turn(mine, 0) ? 2 : 0;
        gy_loop_free(mine);
        gy_loop_free(loop);
        _exit(e);
    }
    assert_int_equal(status_of(child), 0);
    gy_loop_free(loop);
}

static void it_draws_other_random_bytes(void **state)
{
    (void)state;
    unsigned char mine[16], theirs[16];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(gy__random(mine, sizeof mine), 0); /* whatever there may be is seeded now */
    pid_t child = fork();
    if (child == 0)
        _exit(gy__random(mine, sizeof mine) || write(ends[1], mine, sizeof mine) < 0);
    assert_int_equal(status_of(child), 0);
    assert_int_equal(read(ends[0], theirs, sizeof theirs), sizeof theirs);
    assert_int_equal(gy__random(mine, sizeof mine), 0);
    assert_memory_not_equal(mine, theirs, sizeof mine);
    close(ends[0]);
    close(ends[1]);
}

/* -- Inside of a task ----------------------------------------------------------------------------- */

static int fork_with_a_pool(void *arg)
{
    int n = 0;
    struct waiting *w = arg;
    if (gy_offload(on_a_thread, &n, NULL) !=
        1) /* now there are threads, of which a child has none */
        return -1;
    pid_t child = fork();
    if (child == 0)
        _exit(use_a_loop_of_its_own());
    if (status_of(child) || gy_offload(on_a_thread, &n, NULL) != 2)
        return -2;
    return write(w->ends[1], "x", 1) == 1 ? 0 : -3;
}

static void a_task_may_fork_with_a_pool_that_runs(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    struct waiting w;
    begin_waiting(&w, loop);
    assert_int_equal(gy_task_join(gy_task_new(loop, fork_with_a_pool, &w, NULL)), 0);
    assert_int_equal(gy_task_join(w.task), GY_READABLE);
    close(w.ends[0]);
    close(w.ends[1]);
    gy_loop_free(loop);
}

static pid_t forked;

static int fork_and_return(void *arg)
{
    (void)arg;
    forked = fork();
    return 0;
}

/* A child that leaves the task comes out of the loop, which does not turn any more. */
static void who_returns_from_the_task_comes_out_of_the_loop(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    struct waiting w;
    begin_waiting(&w, loop);
    assert_int_equal(gy_spawn(fork_and_return, NULL, NULL), 0);
    int e = gy_loop_turn(loop, 0);
    if (forked == 0) {
        if (e || gy_loop_turn(loop, 0) != GY_EINVAL || gy_loop_run(loop) != GY_EINVAL)
            _exit(1);
        gy_loop_free(loop);
        _exit(use_a_loop_of_its_own());
    }
    assert_int_equal(e, 0);
    assert_int_equal(status_of(forked), 0);
    end_waiting(&w);
    gy_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_may_have_a_loop_of_its_own),
        cmocka_unit_test(or_free_the_parents_first),
        cmocka_unit_test(the_parents_loop_refuses_to_turn_in_it),
        cmocka_unit_test(what_a_child_closes_is_still_watched_by_the_parent),
        cmocka_unit_test(children_of_children_as_well),
        cmocka_unit_test(it_draws_other_random_bytes),
        cmocka_unit_test(a_task_may_fork_with_a_pool_that_runs),
        cmocka_unit_test(who_returns_from_the_task_comes_out_of_the_loop),
    };
    return skipped ? 77 : cmocka_run_group_tests(tests, NULL, NULL);
}
