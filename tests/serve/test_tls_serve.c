/* SPDX-License-Identifier: MIT */
/* test_tls_serve.c - a server of HTTPS that runs out of memory while it starts says so and ends. */
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
#include "support/certificates.h"

enum { NEVER_REACHED = 42, ALLOCATIONS_MOST = 3000 };

static struct certificate own;
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

static int renew_and_stop(const gy_app *app)
{
    (void)app;
    return kill(getpid(), SIGUSR1) || kill(getpid(), SIGTERM);
}

static const gy_route routes[] = {GY_GET("/", hello), GY_END};
static const gy_app app = {.routes = routes, .name = "test", .on_start = renew_and_stop};

static _Noreturn void start_in_child(long fail_at, int out)
{
    gy_tls_certificate list[2] = {certificate_of(&own)};
    const gy_tls_opts tls = {.certificates = list};
    char program[] = "test", address[] = "--address=127.0.0.1", port[] = "--port=0";
    char *argv[] = {program, address, port, NULL};
    gy_serve_opts opts = {.tls = &tls, .redirect_port = GY_PORT_ANY};
    dup2(out, STDERR_FILENO);
    countdown = fail_at;
    gy__alloc_set_hook(may, NULL);
    int status = gy_main_with(&app, &opts, 3, argv);
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

static int begin_all(void **state)
{
    (void)state;
    own = certificate_make((struct certificate_wish){.name = "own", .names = "DNS:localhost"});
    return 0;
}

static int end_all(void **state)
{
    (void)state;
    certificate_free(&own);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}
