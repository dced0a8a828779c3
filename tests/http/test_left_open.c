/* SPDX-License-Identifier: MIT */
/* A function that returns with a deadline or a group of its own still open: the program says what is
 * missing and aborts, before a timer or a child writes to a stack that is another's by then. */
#include <gyre/error.h>
#include <gyre/http_server.h>
#include <gyre/task.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int child(void *arg)
{
    (void)arg;
    return gy_sleep(1);
}

static int leave_a_deadline(void *arg)
{
    (void)arg;
    gy_deadline d;
    gy_deadline_begin(&d, 1);
    return 0;
}

static int leave_a_group(void *arg)
{
    (void)arg;
    gy_group g = {0};
    return gy_group_spawn(&g, child, NULL);
}

/* One that outlives the function may be waited for elsewhere. */
static int hand_a_group_over(void *arg)
{
    return gy_group_spawn(arg, child, NULL);
}

static int wait_for_it(void *arg)
{
    return gy_group_wait(arg);
}

static int in_an_exchange(gy_exchange *x, void *arg)
{
    (void)x;
    gy_task_fn **fn = arg;
    return (*fn)(NULL);
}

static int ask(void *arg)
{
    gy_str out;
    int e = gy_stream_write_str(arg, gy_str_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    return e ? e : gy_stream_read(arg, 100, &out);
}

static void as_a_task(gy_task_fn *fn)
{
    gy_run(fn, NULL);
}

static void as_a_handler(gy_task_fn *fn)
{
    gy_stream *ends[2];
    gy_loop *loop = gy_loop_new();
    gy_http_server *s = gy_http_server_new(loop, NULL, in_an_exchange, &fn);
    if (gy_stream_pair(ends, 0) || gy_http_server_serve(s, ends[0]) || gy_spawn(ask, ends[1], NULL))
        return;
    (void)!gy_loop_run_idle(loop);
}

/* The signal that ends a process which runs [fn] so, and what it says. */
static int last_words(void (*as)(gy_task_fn *fn), gy_task_fn *fn, char *words, size_t size)
{
    int out[2], how;
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        signal(SIGABRT, SIG_DFL);
        dup2(out[1], STDERR_FILENO);
        as(fn);
        _exit(0);
    }
    close(out[1]);
    size_t len = 0;
    ssize_t n;
    while (len + 1 < size && (n = read(out[0], words + len, size - 1 - len)) > 0)
        len += (size_t)n;
    words[len] = '\0';
    close(out[0]);
    assert_int_equal(waitpid(pid, &how, 0), pid);
    return WIFSIGNALED(how) ? WTERMSIG(how) : 0;
}

static void it_is_said(void **state)
{
    (void)state;
    void (*const ways[])(gy_task_fn *) = {as_a_task, as_a_handler};
    char words[1000];
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        assert_int_equal(last_words(ways[i], leave_a_deadline, words, sizeof words), SIGABRT);
        assert_non_null(strstr(words, i ? "\"http\"" : "\"main\""));
        assert_non_null(strstr(words, "without gy_deadline_end"));
        assert_int_equal(last_words(ways[i], leave_a_group, words, sizeof words), SIGABRT);
        assert_non_null(strstr(words, "without gy_group_wait"));
    }
}

static void a_group_elsewhere_may_be_handed_over(void **state)
{
    (void)state;
    static gy_group g;
    gy_loop *loop = gy_loop_new();
    gy_task *a = gy_task_new(loop, hand_a_group_over, &g, NULL);
    assert_int_equal(gy_task_join(a), 0);
    gy_task *b = gy_task_new(loop, wait_for_it, &g, NULL);
    gy_task_cancel(b);
    assert_int_equal(gy_task_join(b), GY_ECANCELED);
    gy_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_said),
        cmocka_unit_test(a_group_elsewhere_may_be_handed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
