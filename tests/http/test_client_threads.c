/* SPDX-License-Identifier: MIT */
/* test_client_threads.c - fetches in several threads at once, each with a loop of its own meanwhile. */
#include "client_secure.h"

#include <gyre/offload.h>
#include <gyre/task.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define GOOD GY_STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

enum { THREADS = 4, EACH = 3 };

static int ask_often(void *arg)
{
    struct ask *a = arg;
    int e = 0;
    for (int i = 0; i < EACH && !e; i++) {
        gy_arena_reset(&a->arena);
        e = gy_fetch(&a->arena, a->url, &a->opts, &a->res);
    }
    return e;
}

static int offload(void *arg)
{
    struct ask *a = arg;
    a->result = gy_offload(ask_often, a, NULL);
    return 0;
}

/* A secure server here, and threads that ask it. */
static int ask_in_threads(void *client)
{
    struct secure x = {.p = {.next = 0}};
    struct ask all[THREADS];
    gy_group g = {.name = "threads"};
    secure_open(&x);
    for (int i = 0; i < THREADS * EACH; i++)
        x.p.answers[i] = (gy_str)GOOD;
    for (int i = 0; i < THREADS; i++) {
        all[i] = (struct ask){.url = x.url, .opts = {.tls = x.trust, .user = "u", .password = "p"}};
        all[i].opts.client = client ? gy_client_new(NULL) : NULL;
        gy_group_spawn(&g, offload, &all[i]);
    }
    int e = gy_group_wait(&g);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(all[i].result, client ? GY_EINVAL : 0);
        assert_string_equal(client ? all[i].res.why : all[i].res.body.ptr,
                            client ? "the client belongs to another loop" : "hi");
        gy_client_free(all[i].opts.client);
        gy_arena_done(&all[i].arena);
    }
    assert_int_equal(x.p.next, client ? 0 : THREADS * EACH);
    secure_close(&x);
    return e;
}

/* Nothing is shared but the settings of TLS. */
static void threads_fetch_at_once(void **state)
{
    (void)state;
    assert_int_equal(gy_run(ask_in_threads, NULL), 0);
}

static void a_client_is_its_loop_s(void **state)
{
    assert_int_equal(gy_run(ask_in_threads, state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_fetch_at_once),
                                       cmocka_unit_test(a_client_is_its_loop_s)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
