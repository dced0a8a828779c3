/* SPDX-License-Identifier: MIT */
/* sweep.c - run tasks again and again, each time with another allocation failing or another wait
 * cancelled. */
#include "support/sweep.h"

#include "loop/wait.h"
#include "support/fake_clock.h"

#include <dirent.h>
#include <gyre/task.h>

enum { MOST = 100000 };

int count_descriptors(void)
{
    DIR *all = opendir("/proc/self/fd");
    int n = -1; /* the one of the directory itself */
    assert_non_null(all);
    while (readdir(all))
        n++;
    closedir(all);
    return n - 2; /* . and .. */
}

/* Things that are made once for a process or a thread must not count as left behind. */
static void settle(void)
{
    atomic_store(&gy__alloc_counting, true);
    gy_loop *loop = gy_loop_new();
    assert_non_null(loop);
    gy_loop_free(loop);
}

static long waits;
static long cancel_at; /* -1: never */

static void on_wait(gy_task *t, const char *what)
{
    (void)what;
    if (waits++ == cancel_at)
        gy_task_cancel(t);
}

static int run_once(int (*body)(void *arg), void *arg, long at)
{
    long live = gy__alloc_live();
    int descriptors = count_descriptors();
    waits = 0;
    cancel_at = at;
    gy__wait_hook = on_wait;
    int result = run_in_fake_time(body, arg);
    gy__wait_hook = NULL;
    if (gy__alloc_live() != live)
        fail_msg("cancelled at wait %ld: %ld allocations left", at, gy__alloc_live() - live);
    if (count_descriptors() != descriptors)
        fail_msg("cancelled at wait %ld: descriptors left open", at);
    return result;
}

long sweep_waits(int (*body)(void *arg), void *arg)
{
    settle();
    assert_int_equal(run_once(body, arg, -1), 0);
    long all = waits;
    for (long n = 0; n < MOST; n++) {
        run_once(body, arg, n);
        if (waits <= n)
            return all;
    }
    fail_msg("waits without end");
    return all;
}

void sweep_task_allocations(int (*body)(void *arg), void *arg)
{
    settle();
    for (long n = 0; n < MOST; n++) {
        struct sweep s = {.before_failure = n};
        long live = gy__alloc_live();
        int descriptors = count_descriptors();
        gy__alloc_set_hook(sweep_may_allocate, &s);
        int result = run_in_fake_time(body, arg);
        gy__alloc_set_hook(NULL, NULL);
        if (gy__alloc_live() != live)
            fail_msg("failing at allocation %ld: %ld left", n, gy__alloc_live() - live);
        assert_int_equal(count_descriptors(), descriptors);
        if (!s.failed) {
            assert_int_equal(result, 0);
            return;
        }
    }
    fail_msg("allocations without end");
}
