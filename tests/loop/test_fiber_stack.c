/* SPDX-License-Identifier: MIT */
/* Stacks: sizes, guards, what an overflow says, and that deep ones are given back. */
#include "base/cpu.h"
#include "loop/fiber.h"
#include "loop/state.h"
#include "loop/task.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <gyre/offload.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KIB = 1024 };

/* Uses about [size] bytes of stack, all of it touched. Each call sees the frame above its own, or a
 * compiler might turn the recursion into a loop. */
static __attribute__((noinline)) unsigned descend(size_t size, const volatile unsigned char *above)
{
    volatile unsigned char frame[4 * KIB];
    for (size_t i = 0; i < sizeof frame; i += 256)
        frame[i] = (unsigned char)size;
    unsigned below = size > sizeof frame ? descend(size - sizeof frame, frame) : 0;
    return below + frame[256] + *above;
}

static int go_deep(void *arg)
{
    volatile unsigned char top = 0;
    return descend(*(size_t *)arg, &top) == 0;
}

static void as_much_as_was_asked_for(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 32 * KIB, 100 * KIB, 1024 * KIB, 3000 * KIB, 16384 * KIB};
    gy_loop *loop = gy_loop_new();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t whole = sizes[i] ? sizes[i] : (size_t)GY__STACK_DEFAULT;
        size_t use = whole / 4 * 3;
        gy_task_opts opts = {.stack_size = sizes[i]};
        gy_task *t = gy_task_new(loop, go_deep, &use, &opts);
        assert_non_null(t);
        assert_true(gy_task_join(t) >= 0);
    }
    gy_loop_free(loop);
}

static void any_number_of_sizes(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    size_t use = 4 * KIB;
    for (size_t size = 8 * KIB; size < 4096 * KIB; size += 37 * KIB) {
        gy_task *t = gy_task_new(loop, go_deep, &use, &(gy_task_opts){.stack_size = size});
        assert_non_null(t);
        assert_true(gy_task_join(t) >= 0);
    }
    gy_loop_free(loop);
}

static int count_cpus(void *arg)
{
    (void)arg;
    return gy__cpu_count() > 0 ? 0 : -1;
}

static int make_a_pool(void *arg)
{
    (void)arg;
    gy_pool *p = gy_pool_new(NULL);
    int e = p ? gy_offload(count_cpus, NULL, &(gy_offload_opts){.pool = p}) : -1;
    gy_pool_free(p);
    return e;
}

static void the_smallest_is_enough_for_what_is_asked_once(void **state)
{
    (void)state;
    static gy_task_fn *const fns[] = {count_cpus, make_a_pool};
    gy_loop *loop = gy_loop_new();
    for (size_t i = 0; i < 2; i++) {
        gy_task *t = gy_task_new(loop, fns[i], NULL, &(gy_task_opts){.stack_size = 1});
        assert_non_null(t);
        assert_int_equal(gy_task_join(t), 0);
    }
    gy_loop_free(loop);
}

static void fibers_are_used_again(void **state)
{
    (void)state;
    struct gy__fibers f;
    gy__fibers_init(&f);
    struct gy__fiber *a = gy__fiber_take(&f, 0), *b = gy__fiber_take(&f, 0);
    assert_non_null(a);
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    assert_int_equal((uintptr_t)a % 64, 0);
    assert_true((char *)a > a->stack.low && (char *)(a + 1) <= a->stack.low + a->stack.size);
    assert_int_equal(a->stack.size, GY__STACK_DEFAULT * GY__STACK_SCALE);
    gy__fiber_release(&f, a);
    assert_ptr_equal(gy__fiber_take(&f, 0), a);
    struct gy__fiber *large = gy__fiber_take(&f, 600 * KIB);
    assert_non_null(large);
    assert_true(large->stack.size >= 600 * KIB);
    assert_null(gy__fiber_take(&f, SIZE_MAX));
    gy__fiber_release(&f, a);
    gy__fiber_release(&f, b);
    gy__fiber_release(&f, large);
    gy__fibers_done(&f);
}

static size_t resident(struct gy__stack s)
{
    unsigned char in[8192];
    size_t page = gy__page_size(), n = 0;
    assert_true(s.size / page <= sizeof in);
    assert_int_equal(mincore(s.low, s.size, in), 0);
    for (size_t i = 0; i < s.size / page; i++)
        n += in[i] & 1;
    return n * page;
}

static void deep_stacks_are_given_back(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    size_t deep = GY__STACK_DEFAULT - 32 * KIB, shallow = 1;
    gy_task *t = gy_task_new(loop, go_deep, &deep, NULL);
    assert_true(gy_task_join(t) >= 0);
    struct gy__fiber *fiber = gy__fiber_take(&loop->fibers, 0);
    gy__fiber_release(&loop->fibers, fiber);
    size_t after_deep = resident(fiber->stack);
    for (int i = 0; i < 64; i++) {
        t = gy_task_new(loop, go_deep, &shallow, NULL);
        gy_task_join(t);
    }
    size_t now = resident(fiber->stack);
    assert_true(after_deep >= deep);
    assert_true(now < after_deep && now <= (size_t)GY__STACK_DEFAULT / 2);
    gy_loop_free(loop);
}

static int wait_then_go_deep(void *arg)
{
    gy_yield();
    return go_deep(arg);
}

/* After a burst of deep tasks, most of their memory goes as they end. */
static void a_burst_of_deep_stacks_is_given_back(void **state)
{
    (void)state;
    enum { BURST = 300 };
    gy_loop *loop = gy_loop_new();
    gy_task *all[BURST];
    size_t deep = GY__STACK_DEFAULT - 32 * KIB, kept = 0, fibers = 0;
    for (int i = 0; i < BURST; i++)
        all[i] = gy_task_new(loop, wait_then_go_deep, &deep, NULL);
    for (int i = 0; i < BURST; i++)
        assert_true(gy_task_join(all[i]) >= 0);
    for (unsigned k = 0; k < GY__FIBER_KINDS; k++) {
        for (struct gy__fiber *it = loop->fibers.kinds[k].idle; it; it = it->next) {
            kept += resident(it->stack);
            fibers++;
        }
    }
    assert_int_equal(fibers, BURST);
    assert_true(kept < fibers * deep / 2);
    gy_loop_free(loop);
}

/* Idle stacks that nobody has needed for a second keep a page, a few of them more. */
static void what_a_burst_has_left_is_given_back(void **state)
{
    (void)state;
    enum { BURST = 300, TOUCHED = 40 * KIB };
    gy_loop *loop = gy_loop_new();
    gy_task *all[BURST];
    size_t some = TOUCHED, warm = 0, cold = 0;
    for (int i = 0; i < BURST; i++)
        all[i] = gy_task_new(loop, wait_then_go_deep, &some, NULL);
    for (int i = 0; i < BURST; i++)
        assert_true(gy_task_join(all[i]) >= 0);
    assert_true(loop->fibers.many_idle);
    assert_true(gy_loop_timeout(loop) >= 0 && gy_loop_timeout(loop) <= 1); /* wakes up for it */
    for (int i = 0; i < 2; i++) /* those that were needed a second ago are kept once more */
        gy__fibers_tidy(&loop->fibers);
    assert_false(loop->fibers.many_idle);
    for (unsigned k = 0; k < GY__FIBER_KINDS; k++) {
        for (struct gy__fiber *it = loop->fibers.kinds[k].idle; it; it = it->next)
            warm++;
        for (struct gy__fiber *it = loop->fibers.kinds[k].cold; it; it = it->next, cold++)
            assert_true(resident(it->stack) <= 2 * gy__page_size());
    }
    assert_int_equal(warm + cold, BURST);
    assert_true(warm <= 64);
    all[0] = gy_task_new(loop, wait_then_go_deep, &some, NULL); /* and can be used again */
    assert_true(gy_task_join(all[0]) >= 0);
    gy_loop_free(loop);
}

/* More than are given back at once: the others wait, and are used again before those that are cold. */
static void a_large_burst_is_given_back_in_pieces(void **state)
{
    (void)state;
    enum { BURST = 3000, WARM = 64 };
    struct gy__fibers f;
    gy__fibers_init(&f);
    static struct gy__fiber *all[BURST];
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < BURST; i++)
            assert_non_null(all[i] = gy__fiber_take(&f, 1));
        for (int i = 0; i < BURST; i++)
            gy__fiber_release(&f, all[i]);
        struct gy__fiber_kind *k = &f.kinds[all[0]->kind];
        assert_int_equal(k->total, BURST);
        gy__fibers_tidy(&f);
        gy__fibers_tidy(&f);
        assert_int_equal(k->idle_count, WARM);
        assert_non_null(k->rested);
        assert_true(f.many_idle);
        struct gy__fiber *next = k->rested;
        for (int i = 0; i <= WARM; i++)
            all[i] = gy__fiber_take(&f, 1);
        assert_ptr_equal(all[WARM], next);
        for (int i = 0; i <= WARM; i++)
            gy__fiber_release(&f, all[i]);
        for (int i = 0; i < 5; i++)
            gy__fibers_tidy(&f);
        assert_null(k->rested);
        assert_false(f.many_idle);
    }
    gy__fibers_done(&f);
}

static void a_guard_lies_below(void **state)
{
    (void)state;
    size_t size = 64 * KIB;
    void *slab = gy__stack_slab_map(size, 3);
    int fds[2];
    assert_non_null(slab);
    assert_int_equal(pipe(fds), 0);
    for (size_t i = 0; i < 3; i++) {
        struct gy__stack s = gy__stack_of(slab, size, i);
        assert_int_equal(s.size, size);
        memset(s.low, 1, s.size);
        /* The kernel itself is refused there. */
        assert_int_equal(write(fds[1], s.low, 1), 1);
        assert_int_equal(write(fds[1], s.low - 1, 1), -1);
        assert_int_equal(write(fds[1], s.low - gy__guard_size(), 1), -1);
    }
    close(fds[0]);
    close(fds[1]);
    gy__stack_slab_unmap(slab, size, 3);
}

static int recurse(void *arg)
{
    volatile unsigned char frame[512];
    frame[0] = 1;
    return arg ? recurse(arg) + frame[0] : 0;
}

static int overflow(void *arg)
{
    (void)arg;
    gy_task_opts opts = {.name = "deep thought", .stack_size = 64 * KIB};
    gy_task *t = gy_task_new(gy_loop_current(), recurse, "x", &opts);
    return t ? gy_task_join(t) : -1;
}

/* What a child says that runs [fn] until it dies, and of what it dies. */
static int last_words(gy_task_fn *fn, char *words, size_t size)
{
    int fds[2], status = 0;
    size_t n = 0;
    ssize_t got;
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        dup2(fds[1], STDERR_FILENO);
        _exit(gy_run(fn, NULL) ? 1 : 0);
    }
    close(fds[1]);
    while (n < size - 1 && (got = read(fds[0], words + n, size - 1 - n)) > 0)
        n += (size_t)got;
    words[n] = '\0';
    close(fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void an_overflow_names_the_task(void **state)
{
    (void)state;
    char words[4096], size[64];
    int signo = last_words(overflow, words, sizeof words);
    (void)snprintf(size, sizeof size, "%d KiB", 64 * GY__STACK_SCALE);
    assert_non_null(strstr(words, "gyre: stack overflow in task \"deep thought\""));
    assert_non_null(strstr(words, size));
    /* A sanitizer may end the process by its own report. */
    assert_true(signo == SIGSEGV || signo == SIGBUS || GY__STACK_SCALE > 1);
}

static bool under_valgrind(void)
{
#ifdef RUNNING_ON_VALGRIND
    return RUNNING_ON_VALGRIND != 0;
#else
    return false;
#endif
}

static int fault_elsewhere(void *arg)
{
    volatile uintptr_t at = arg ? 1 : 64; /* not known to the compiler */
    const volatile int *nowhere = (const volatile int *)at;
    return *nowhere;
}

static int be_killed(void *arg)
{
    (void)arg;
    kill(getpid(), SIGSEGV);
    return gy_sleep(0.001);
}

static void other_faults_are_not_taken_for_one(void **state)
{
    (void)state;
    char words[4096];
    if (GY__STACK_SCALE > 1 || under_valgrind())
        skip(); /* those have the say */
    assert_int_equal(last_words(fault_elsewhere, words, sizeof words), SIGSEGV);
    assert_null(strstr(words, "gyre:"));
    assert_int_equal(last_words(be_killed, words, sizeof words), SIGSEGV);
    assert_null(strstr(words, "gyre:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_overflow_names_the_task),
        cmocka_unit_test(other_faults_are_not_taken_for_one),
        cmocka_unit_test(as_much_as_was_asked_for),
        cmocka_unit_test(any_number_of_sizes),
        cmocka_unit_test(the_smallest_is_enough_for_what_is_asked_once),
        cmocka_unit_test(fibers_are_used_again),
        cmocka_unit_test(deep_stacks_are_given_back),
        cmocka_unit_test(a_burst_of_deep_stacks_is_given_back),
        cmocka_unit_test(what_a_burst_has_left_is_given_back),
        cmocka_unit_test(a_large_burst_is_given_back_in_pieces),
        cmocka_unit_test(a_guard_lies_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
