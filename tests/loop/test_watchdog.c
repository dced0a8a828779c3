/* SPDX-License-Identifier: MIT */
/* test_watchdog.c - what holds a loop up is told, from outside of its thread. */
#include "loop/watchdog.h"

#include <dirent.h>
#include <errno.h>
#include <gyre/error.h>
#include <gyre/future.h>
#include <gyre/inspect.h>
#include <gyre/log.h>
#include <gyre/task.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "loop/instrument.h"

/* Under this tool a signal is handled when the thread calls something, and a loop stays with the thread
 * that made it. */
#ifdef GY__TSAN
static const bool signals_come_late = true;
#else
static const bool signals_come_late = false;
#endif

/* Every test here holds a loop until the line of that has come, so none depends on how fast anything
 * is. */
static const double soon = 0.02;

/* -- What was logged ----------------------------------------------------------------------------- */

enum { LINES = 16, LINE = 4096 };

static struct {
    pthread_mutex_t lock;
    char lines[LINES][LINE];
    int count;
    atomic_int held, went_on;
    _Atomic(gy_loop *) tell; /* told of what went on by a post to this one */
    gy_future future;
    int pipe[2]; /* gets a byte for each warning of a hold */
} logged = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void on_went_on(void *arg)
{
    (void)arg;
    gy_future_set(&logged.future, 0, NULL);
}

static void sink(void *arg, enum gy_log_channel channel, enum gy_log_level level, const char *text,
                 size_t len)
{
    (void)arg;
    (void)channel;
    (void)len;
    if (level != GY_LOG_WARNING)
        return;
    pthread_mutex_lock(&logged.lock);
    if (logged.count < LINES)
        snprintf(logged.lines[logged.count++], LINE, "%s", text);
    pthread_mutex_unlock(&logged.lock);
    if (strstr(text, "has held its loop")) {
        atomic_fetch_add(&logged.held, 1);
        assert_int_equal(write(logged.pipe[1], "!", 1), 1);
    } else if (atomic_fetch_add(&logged.went_on, 1) == 0 && logged.tell) {
        assert_int_equal(gy_loop_post(logged.tell, on_went_on, NULL), 0);
    }
}

/* The number of the line from [from] on that has [text]. */
static int line_with(const char *text, int from)
{
    int found = -1;
    pthread_mutex_lock(&logged.lock);
    for (int i = from; i < logged.count && found < 0; i++)
        if (strstr(logged.lines[i], text))
            found = i;
    pthread_mutex_unlock(&logged.lock);
    return found;
}

static void expect_line(const char *text)
{
    if (line_with(text, 0) >= 0)
        return;
    for (int i = 0; i < logged.count; i++)
        print_message("%s\n", logged.lines[i]);
    fail_msg("no line has \"%s\"", text);
}

static int set_up(void **state)
{
    (void)state;
    logged.count = 0;
    logged.tell = NULL;
    atomic_store(&logged.held, 0);
    atomic_store(&logged.went_on, 0);
    logged.future = (gy_future){0};
    gy_log_set_sink(sink, NULL);
    return pipe(logged.pipe) || gy_watchdog(soon);
}

static int tear_down(void **state)
{
    (void)state;
    int e = gy_watchdog(0);
    gy_log_set_sink(NULL, NULL);
    close(logged.pipe[0]);
    close(logged.pipe[1]);
    return e;
}

/* -- What holds ---------------------------------------------------------------------------------- */

__attribute__((noinline)) static void dig_until_told(int times)
{
    while (atomic_load(&logged.held) < times)
        ;
}

/* The signal ends the sleep, before its line is out; then the next one does. */
__attribute__((noinline)) static int doze_until_told(void)
{
    int interrupted = 0;
    struct timespec hour = {.tv_sec = 3600};
    while (atomic_load(&logged.held) == 0)
        if (nanosleep(&hour, NULL) && errno == EINTR)
            interrupted++;
    return interrupted;
}

static int wait_until_it_is_told_that_it_went_on(void)
{
    return gy_future_wait(&logged.future, GY_FOREVER);
}

static int dig(void *arg)
{
    logged.tell = gy_loop_current();
    dig_until_told(arg ? *(int *)arg : 1);
    return wait_until_it_is_told_that_it_went_on();
}

static int doze(void *arg)
{
    logged.tell = gy_loop_current();
    *(int *)arg = doze_until_told();
    return wait_until_it_is_told_that_it_went_on();
}

static int read_until_told(void *arg)
{
    logged.tell = gy_loop_current();
    *(ssize_t *)arg = read(logged.pipe[0], &(char){0}, 1);
    return wait_until_it_is_told_that_it_went_on();
}

static int as_task(const char *name, gy_task_fn *fn, void *arg)
{
    gy_loop *loop = gy_loop_new();
    gy_task *t = gy_task_new(loop, fn, arg, &(gy_task_opts){.name = name, .stack_size = 1});
    assert_non_null(t);
    int e = gy_task_join(t);
    gy_loop_free(loop);
    return e;
}

/* Whether static functions of this program have names: that needs a library. */
static bool have_names(void)
{
    char name[200];
    gy_symbol((const void *)(uintptr_t)have_names, name, sizeof name);
    return strstr(name, "have_names") != NULL;
}

/* -- Tests --------------------------------------------------------------------------------------- */

static void a_busy_loop_is_told(void **state)
{
    (void)state;
    assert_int_equal(as_task("digger", dig, NULL), 0);
    expect_line("\"digger\", which began ");
    expect_line("the loop goes on: task ");
    if (have_names())
        expect_line("dig_until_told+");
}

static void a_blocking_sleep_is_told(void **state)
{
    (void)state;
    int interrupted = 0;
    assert_int_equal(as_task("dozer", doze, &interrupted), 0);
    assert_true(interrupted > 0);
    expect_line("\"dozer\"");
    if (have_names())
        expect_line("doze_until_told+");
}

static void a_read_is_not_disturbed(void **state)
{
    (void)state;
    ssize_t n = 0;
    if (signals_come_late)
        skip();
    assert_int_equal(as_task("reader", read_until_told, &n), 0);
    assert_int_equal(n, 1);
    expect_line("\"reader\"");
    if (have_names())
        expect_line("read_until_told+");
}

static void a_longer_hold_is_told_again(void **state)
{
    (void)state;
    int times = 3;
    double before = 0, lasted = 0;
    assert_int_equal(as_task("digger", dig, &times), 0);
    for (int i = 0; i < 3; i++) {
        const char *at = strstr(logged.lines[i], "held its loop for ");
        assert_non_null(at);
        lasted = strtod(at + sizeof "held its loop for", NULL);
        assert_true(lasted > before);
        before = lasted;
    }
    int end = line_with("the loop goes on: task ", 3);
    assert_true(end >= 3);
    lasted = strtod(strstr(logged.lines[end], "held it for ") + sizeof "held it for", NULL);
    assert_true(lasted >= before);
}

static void hold_in_a_callback(void *arg)
{
    dig_until_told(1);
    __asm__ volatile("" : : "r"(arg) : "memory"); /* or it would not be in the backtrace */
}

static int wait_only(void *arg)
{
    (void)arg;
    return wait_until_it_is_told_that_it_went_on();
}

static void a_callback_is_told(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    gy_timer timer = {0};
    logged.tell = loop;
    gy_timer_set(loop, &timer, 0, hold_in_a_callback, NULL);
    gy_task *t = gy_task_new(loop, wait_only, NULL, NULL);
    assert_int_equal(gy_task_join(t), 0);
    gy_loop_free(loop);
    expect_line("a callback has held its loop for ");
    if (have_names())
        expect_line("hold_in_a_callback+");
}

static void hold_in_a_watch(void *arg, int fd, int events)
{
    (void)events;
    (void)fd;
    dig_until_told(1);
    gy_watch_free(*(gy_watch **)arg);
}

static void a_callback_of_the_poller_is_told(void **state)
{
    (void)state;
    int fds[2];
    gy_watch *w;
    assert_int_equal(pipe(fds), 0);
    gy_loop *loop = gy_loop_new();
    logged.tell = loop;
    w = gy_watch_new(loop, fds[1], GY_WRITABLE, hold_in_a_watch, &w);
    assert_non_null(w);
    gy_task *t = gy_task_new(loop, wait_only, NULL, NULL);
    assert_int_equal(gy_task_join(t), 0);
    gy_loop_free(loop);
    close(fds[0]);
    close(fds[1]);
    expect_line("a callback has held its loop for ");
}

static void *run_on_thread(void *arg)
{
    gy_loop *loop = arg;
    gy_task *t = gy_task_new(loop, dig, NULL, &(gy_task_opts){.name = "guest", .stack_size = 1});
    return gy_task_join(t) == 0 ? arg : NULL;
}

static void a_loop_is_asked_on_the_thread_that_turns_it(void **state)
{
    (void)state;
    pthread_t thread;
    void *result = NULL;
    if (signals_come_late)
        skip();
    gy_loop *loop = gy_loop_new();
    pthread_create(&thread, NULL, run_on_thread, loop);
    pthread_join(thread, &result);
    assert_ptr_equal(result, loop);
    gy_loop_free(loop);
    expect_line("\"guest\"");
    if (have_names())
        expect_line("dig_until_told+");
}

static void *run_deaf(void *arg)
{
    sigset_t deaf;
    sigemptyset(&deaf);
    sigaddset(&deaf, SIGRTMAX - 1);
    pthread_sigmask(SIG_BLOCK, &deaf, NULL);
    return as_task("deaf", dig, NULL) == 0 ? arg : NULL;
}

static void a_thread_that_does_not_answer_is_told(void **state)
{
    (void)state;
    pthread_t thread;
    void *result = NULL;
    pthread_create(&thread, NULL, run_deaf, &logged);
    pthread_join(thread, &result);
    assert_ptr_equal(result, &logged);
    expect_line("something on thread ");
    expect_line("it does not tell where");
}

static int turn_much(void *arg)
{
    (void)arg;
    for (int i = 0; i < 200; i++)
        gy_yield();
    return 0;
}

static void *come_and_go(void *arg)
{
    for (int i = 0; i < 50; i++)
        if (gy_run(turn_much, NULL))
            return NULL;
    return arg;
}

static void loops_come_and_go_on_several_threads(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    assert_int_equal(gy_watchdog(1e-6), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, come_and_go, &logged);
    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, &logged);
    }
}

static int count_threads(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/task");
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void it_can_be_ended_and_begun_again(void **state)
{
    (void)state;
    int with = count_threads();
    assert_int_equal(gy_watchdog(0), 0);
    assert_int_equal(count_threads(), with - 1);
    assert_int_equal(gy_watchdog(0), 0);
    assert_int_equal(gy_watchdog(-1), GY_EINVAL);
    assert_int_equal(gy_watchdog(NAN), GY_EINVAL);
    assert_int_equal(gy_watchdog(soon), 0);
    assert_int_equal(gy_watchdog(soon), 0);
    assert_int_equal(count_threads(), with);
    a_busy_loop_is_told(state);
}

/* -- In processes of their own ------------------------------------------------------------------- */

static int in_child(int (*fn)(void))
{
    int how = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(fn());
    waitpid(pid, &how, 0);
    return how;
}

static int dig_in_child(void)
{
    int e = as_task("child", dig, NULL);
    return e || line_with("\"child\"", 0) < 0 || gy_watchdog(0);
}

static int only_live(void)
{
    return gy_watchdog(0) || count_threads() != 1;
}

static void a_child_is_watched_once_it_makes_a_loop(void **state)
{
    (void)state;
    if (signals_come_late)
        skip(); /* nor are threads started in the child of a process with several */
    assert_int_equal(in_child(only_live), 0);
    gy_loop *parents = gy_loop_new(); /* the child leaves this one alone */
    assert_int_equal(in_child(dig_in_child), 0);
    gy_loop_free(parents);
}

static void ignore(int signo)
{
    (void)signo;
}

static int refuse_in_child(void)
{
    struct sigaction other = {.sa_handler = ignore};
    sigaction(SIGRTMAX - 1, &other, NULL);
    return gy_watchdog(1) != GY_EBUSY;
}

static void the_signal_may_be_taken(void **state)
{
    (void)state;
    assert_int_equal(in_child(refuse_in_child), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signal_may_be_taken),
        cmocka_unit_test_setup_teardown(a_busy_loop_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_blocking_sleep_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_read_is_not_disturbed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_longer_hold_is_told_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_callback_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_callback_of_the_poller_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_loop_is_asked_on_the_thread_that_turns_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_thread_that_does_not_answer_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loops_come_and_go_on_several_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_can_be_ended_and_begun_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_child_is_watched_once_it_makes_a_loop, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
