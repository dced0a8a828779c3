/* SPDX-License-Identifier: MIT */
/* sweep.h - run something again and again, each time with another allocation failing or another
 * wait cancelled. */
#ifndef GYRE_TESTS_SUPPORT_SWEEP_H
#define GYRE_TESTS_SUPPORT_SWEEP_H

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct sweep {
    long before_failure;
    bool failed;
};

static inline int sweep_may_allocate(void *arg)
{
    struct sweep *s = arg;
    if (s->before_failure-- != 0)
        return 1;
    s->failed = true;
    return 0;
}

/* Call body(arg), which gives 0 or a negative code, until no allocation fails any more: first with
 * the first one failing, then the second, and so on. A failed allocation must come out as a
 * failure, and nothing may stay allocated. */
static inline void sweep_allocations(int (*body)(void *arg), void *arg)
{
    atomic_store(&gy__alloc_counting, true);
    for (long n = 0; n < 10000; n++) {
        struct sweep s = {.before_failure = n};
        long live = gy__alloc_live();
        gy__alloc_set_hook(sweep_may_allocate, &s);
        int result = body(arg);
        gy__alloc_set_hook(NULL, NULL);
        assert_int_equal(gy__alloc_live(), live);
        if (!s.failed) {
            assert_int_equal(result, 0);
            assert_true(n > 0);
            return;
        }
        assert_true(result < 0);
    }
    fail_msg("allocations without end");
}

/* The same for body(arg) that runs as the first task of a loop, in fake time. Only that a failure
 * leaves nothing behind is asked: a task may well do without what it did not get. */
void sweep_task_allocations(int (*body)(void *arg), void *arg);

/* Run body(arg) as the first task of a loop in fake time; then again with the first wait of any task
 * cancelled - the task that waits is, as by gy_task_cancel -, then with the second, and so on until
 * there is no such wait any more. Every run has to end, and to leave neither memory nor descriptors
 * behind; the one without a cancellation has to give 0. Gives the number of waits. */
long sweep_waits(int (*body)(void *arg), void *arg);

/* Open descriptors of the process. */
int count_descriptors(void);

#endif
