/* SPDX-License-Identifier: MIT */
/* test_serve.c - a server that runs out of memory while it starts says so and ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gyre.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "support/unix_name.h"

enum { NEVER_REACHED = 42, ALLOCATIONS_MOST = 2000 };

static long countdown;
static bool reached;

static int may(void *arg)
{
    (void)arg;
    if (--countdown == 0)
        reached = true;
    return countdown != 0;
}

static int hello(gy_request *r)
{
    return gy_write(r, "hello\n");
}

/* It has started: that is enough. */
static int stop_at_once(const gy_app *app)
{
    (void)app;
    return kill(getpid(), SIGTERM);
}

static const gy_route routes[] = {GY_GET("/", hello), GY_GET("/{id:int}/{rest:rest}", hello),
                                  GY_END};
static const gy_app app = {.routes = routes, .name = "test", .on_start = stop_at_once};

static _Noreturn void start_in_child(long fail_at, int out)
{
    static bool flag;
    static const gy_option options[] = {GY_OPT_BOOL("flag", &flag, "a flag"), GY_OPT_END};
    char program[] = "test";
    char *argv[] = {program, NULL};
    dup2(out, STDERR_FILENO);
    countdown = fail_at;
    gy__alloc_set_hook(may, NULL);
    int status = gy_main_with(
        &app, &(gy_serve_opts){.unix_path = unix_name("serve"), .options = options}, 1, argv);
    gy__alloc_set_hook(NULL, NULL);
    if (gy__alloc_live() != 0)
        dprintf(STDERR_FILENO, "LEAK of %ld\n", gy__alloc_live());
    _exit(status == 0 && !reached ? NEVER_REACHED : status);
}

/* The child's exit status; what it said is in [said]. */
static int start(long fail_at, char *said, size_t size)
{
    int ends[2], how;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0)
        start_in_child(fail_at, ends[1]);
    assert_true(pid > 0);
    close(ends[1]);
    size_t len = 0;
    for (ssize_t n; len + 1 < size && (n = read(ends[0], said + len, size - 1 - len)) > 0;)
        len += (size_t)n;
    said[len] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(pid, &how, 0), pid);
    if (!WIFEXITED(how))
        fail_msg("allocation %ld: killed by signal %d: %s", fail_at, WTERMSIG(how), said);
    return WEXITSTATUS(how);
}

/* Where the failure can be survived, it is. */
static void test_each_allocation_fails_once(void **state)
{
    (void)state;
    char said[4096];
    long n = 1;
    int failures = 0;
    for (; n < ALLOCATIONS_MOST; n++) {
        int status = start(n, said, sizeof said);
        if (strstr(said, "LEAK"))
            fail_msg("allocation %ld: %s", n, said);
        if (status == NEVER_REACHED)
            break;
        if (status != 0 && (status != 1 || !strstr(said, "memory")))
            fail_msg("allocation %ld: status %d: %s", n, status, said);
        failures += status;
    }
    assert_true(n > 3 && n < ALLOCATIONS_MOST);
    assert_true(failures > 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
