/* SPDX-License-Identifier: MIT */
/* test_app_server.c - an application on a loop of one's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gyre.h>
#include <string.h>

#include "base/alloc.h"

static int hello(gy_request *r)
{
    return gy_write(r, "hello\n");
}

static const gy_route routes[] = {GY_GET("/", hello), GY_END};
static const gy_route wrong[] = {GY_GET("/{id:nosuchtype}", hello), GY_END};

static int lines;

static void count_lines(void *arg, enum gy_log_channel channel, enum gy_log_level level,
                        const char *text, size_t len)
{
    (void)arg, (void)channel, (void)text, (void)len;
    lines += level >= GY_LOG_WARNING;
}

/* Talks to it over a pair in memory, as a task of the same loop. */
static int client(void *arg)
{
    gy_str answer;
    int e = gy_stream_write_str(arg, gy_str_of("GET / HTTP/1.0\r\n\r\n"));
    if (!e)
        e = gy_stream_read_all(arg, 4096, &answer);
    if (!e && !gy_str_ends(answer, gy_str_of("\r\n\r\nhello\n")))
        e = GY_EPROTO;
    gy_stream_close(arg);
    return e;
}

static void test_serves(void **state)
{
    (void)state;
    gy__alloc_set_hook(NULL, NULL);
    long before = gy__alloc_live();
    gy_loop *loop = gy_loop_new();
    assert_non_null(loop);
    const gy_app app = {.routes = routes};
    gy_http_server *server = gy_app_server_new(loop, &app, NULL);
    assert_non_null(server);
    gy_stream *pair[2];
    assert_int_equal(gy_stream_pair(pair, 0), 0);
    assert_int_equal(gy_http_server_serve(server, pair[0]), 0);
    gy_task *t = gy_task_new(loop, client, pair[1], NULL);
    assert_non_null(t);
    assert_int_equal(gy_task_join(t), 0);
    gy_http_server_free(server);
    gy_loop_free(loop);
    assert_int_equal(gy__alloc_live(), before);
}

static void test_a_wrong_route(void **state)
{
    (void)state;
    gy__alloc_set_hook(NULL, NULL);
    long before = gy__alloc_live();
    gy_loop *loop = gy_loop_new();
    assert_non_null(loop);
    const gy_app app = {.routes = wrong};
    gy_log_set_sink(count_lines, NULL);
    lines = 0;
    assert_null(gy_app_server_new(loop, &app, NULL));
    gy_log_set_sink(NULL, NULL);
    assert_int_equal(lines, 1);
    gy_loop_free(loop);
    assert_int_equal(gy__alloc_live(), before);
}

int main(void)
{
    atomic_store(&gy__alloc_counting, true);
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serves),
        cmocka_unit_test(test_a_wrong_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
