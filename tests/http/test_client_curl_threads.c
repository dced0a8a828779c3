/* SPDX-License-Identifier: MIT */
/* test_client_curl_threads.c - loops of several threads, each with a client by libcurl. */
#include "client_curl.h"

#include <gyre/task.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { THREADS = 4, ROUNDS = 20 };

static int ask_often(void *arg)
{
    int *failures = arg;
    struct party p = {.answers = {SAY(OK "Content-Length: 2\r\n\r\nhi")}};
    gy_client *c = curl_new();
    if (!c)
        return errno == ENOTSUP ? 0 : -errno;
    party_open(&p);
    for (int i = 0; i < ROUNDS; i++) {
        struct ask a = {.url = p.url, .opts = {.client = c}};
        p.next = 0;
        (void)ask_in_task(&a);
        *failures += a.result != 0 || a.res.reused != (i > 0);
        gy_arena_done(&a.arena);
    }
    gy_client_free(c);
    party_close(&p);
    return 0;
}

static void *run_thread(void *failures)
{
    return gy_run(ask_often, failures) ? NULL : failures;
}

static void each_thread_has_its_own(void **state)
{
    pthread_t threads[THREADS];
    int failures[THREADS] = {0};
    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_thread, &failures[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &failures[i]);
        assert_int_equal(failures[i], 0);
    }
}

/* Before anybody has loaded it: all at once. */
int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_thread_has_its_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
