/* SPDX-License-Identifier: MIT */
/* Signals in floods while tasks run on the smallest stacks: handlers run elsewhere, and nothing breaks. */
#include <gyre/error.h>
#include <gyre/loop.h>
#include <gyre/task.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop/instrument.h"

enum {
    SMALLEST = 16 * 1024,
    TASKS = 50,
    FRAME = 256,
    DEPTH = 30,    /* frames of that size: more than half of such a stack */
    SIGNALS = 5000 /* handled, at least, before the tasks may end */
};

/* What the flood consists of: one signal becomes a callback of the loop, the other has a handler of the
 * program's own, with a frame that no small stack has room for. */
enum { ON_LOOP = SIGUSR1, OWN = SIGUSR2 };

/* ThreadSanitizer calls handlers when it pleases, on the stack that is current then: it has to have room. */
#ifdef GY__TSAN
static const bool on_alternate_stack = false;
enum { HANDLERS_FRAME = 1024 };
#else
static const bool on_alternate_stack = true;
enum { HANDLERS_FRAME = 24 * 1024 };
#endif

static atomic_int handled, called_back, on_a_task;
static atomic_bool over;
static uintptr_t lowest, highest; /* where the tasks' frames lie */
static pthread_t loops_thread;

static void on_own(int signo, siginfo_t *info, void *context)
{
    volatile unsigned char big[HANDLERS_FRAME];
    (void)signo;
    (void)info;
    (void)context;
    for (size_t i = 0; i < sizeof big; i += 64)
        big[i] = 0xee;
    /* A handler on a task's stack would have a frame among those, or just below. */
    uintptr_t here = (uintptr_t)big;
    if (gy_task_self() && here > lowest - sizeof big - SMALLEST && here < highest)
        atomic_fetch_add(&on_a_task, 1);
    atomic_fetch_add(&handled, 1);
}

static void on_loop(void *arg)
{
    (void)arg;
    atomic_fetch_add(&called_back, 1);
}

static void *flood(void *arg)
{
    (void)arg;
    while (!atomic_load(&over)) {
        int before = atomic_load(&handled);
        pthread_kill(loops_thread, OWN);
        pthread_kill(loops_thread, ON_LOOP);
        /* ThreadSanitizer keeps them for later; with more on the way the tasks hardly get to run. */
        while (!on_alternate_stack && !atomic_load(&over) && atomic_load(&handled) == before)
            sched_yield();
    }
    return NULL;
}

/* Where the stack is deepest the task sends both itself, besides those that come at any point. */
static unsigned at_the_bottom(void)
{
    raise(OWN);
    raise(ON_LOOP);
    return gy_yield() != 0;
}

/* Each frame keeps a pattern of its own while deeper ones come and go, and suspend. */
static __attribute__((noinline)) unsigned deep(unsigned seed, int depth)
{
    volatile unsigned char frame[FRAME];
    unsigned wrong = 0;
    memset((void *)(uintptr_t)frame, (int)(seed + (unsigned)depth), sizeof frame);
    if ((uintptr_t)frame < lowest)
        lowest = (uintptr_t)frame;
    if ((uintptr_t)(frame + sizeof frame) > highest)
        highest = (uintptr_t)(frame + sizeof frame);
    if (depth > 0)
        wrong = deep(seed, depth - 1);
    else
        wrong = at_the_bottom();
    for (size_t i = 0; i < sizeof frame; i++)
        wrong += frame[i] != (unsigned char)(seed + (unsigned)depth);
    return wrong;
}

static int go_deep(void *arg)
{
    unsigned wrong = 0;
    while (!atomic_load(&over) && !wrong)
        wrong += deep((unsigned)(uintptr_t)arg, DEPTH);
    return (int)wrong;
}

/* Ends the flood when enough has come. */
static int watch(void *arg)
{
    (void)arg;
    while (atomic_load(&handled) < SIGNALS || atomic_load(&called_back) < 100)
        gy_yield();
    atomic_store(&over, true);
    return 0;
}

static void tasks_on_small_stacks_do_not_notice_them(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    gy_task *tasks[TASKS + 1];
    struct sigaction own = {.sa_sigaction = on_own, .sa_flags = SA_SIGINFO | SA_ONSTACK}, before;
    pthread_t thread;
    lowest = UINTPTR_MAX;
    highest = 0;
    loops_thread = pthread_self();
    sigaction(OWN, &own, &before);
    assert_int_equal(gy_loop_on_signal(loop, ON_LOOP, on_loop, NULL), 0);
    for (uintptr_t i = 0; i < TASKS; i++)
        tasks[i] = gy_task_new(loop, go_deep, (void *)i,
                               &(gy_task_opts){.name = "deep", .stack_size = SMALLEST});
    tasks[TASKS] = gy_task_new(loop, watch, NULL, &(gy_task_opts){.stack_size = SMALLEST});
    assert_int_equal(pthread_create(&thread, NULL, flood, NULL), 0);
    assert_int_equal(gy_loop_run_idle(loop), 0);
    pthread_join(thread, NULL);
    for (int i = 0; i <= TASKS; i++)
        assert_int_equal(gy_task_join(tasks[i]), 0);
    assert_true(atomic_load(&handled) >= SIGNALS);
    assert_true(atomic_load(&called_back) >= 100);
    if (on_alternate_stack)
        assert_int_equal(atomic_load(&on_a_task), 0);
    gy_loop_free(loop);
    sigaction(OWN, &before, NULL);
}

/* The alternate stack belongs to the thread: a second loop's thread has one, too. */
static void *run_elsewhere(void *arg)
{
    stack_t stack;
    gy_loop *loop = gy_loop_new();
    sigaltstack(NULL, &stack);
    *(bool *)arg = loop && !(stack.ss_flags & SS_DISABLE) && stack.ss_size >= 32 * 1024;
    gy_loop_free(loop);
    return NULL;
}

static void every_thread_with_a_loop_has_a_stack_for_them(void **state)
{
    (void)state;
    bool had = false;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_elsewhere, &had), 0);
    pthread_join(thread, NULL);
    assert_true(had);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_on_small_stacks_do_not_notice_them),
        cmocka_unit_test(every_thread_with_a_loop_has_a_stack_for_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
