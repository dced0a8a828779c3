/* SPDX-License-Identifier: MIT */
/* Heads that are too large, connections that are too many, and what is short: descriptors, memory. */
#include "support/http_site.h"

#include <gyre/error.h>
#include <gyre/net.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

#define GET(path_) "GET " path_ " HTTP/1.1\r\nHost: a\r\n\r\n"

static int listening(struct site *s)
{
    char why[200];
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    int port = gy_local_port(fd);
    GY_CHECK(fd >= 0 && gy_http_server_listen(s->server, fd) == 0);
    return port;
}

/* A head of [fields] fields of [size] bytes. */
static gy_str head_of(gy_test *t, const char *target, int fields, size_t size)
{
    gy_arena *a = gy_test_arena(t);
    char *all = gy_alloc(a, strlen(target) + 100 + (size_t)fields * (size + 20));
    char *value = gy_zalloc(a, size + 1);
    memset(value, 'v', size);
    char *at = all + sprintf(all, "GET %s HTTP/1.1\r\nHost: a\r\n", target);
    for (int i = 0; i < fields; i++)
        at += sprintf(at, "X-%d: %s\r\n", i, value);
    at += sprintf(at, "\r\n");
    return gy_str_n(all, (size_t)(at - all));
}

static void answers(struct site *s, gy_str bytes, int status)
{
    gy_test_client *c = gy_test_connect(s->test, s->server);
    gy_test_send(c, bytes);
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_INT(res.status, status);
    GY_CHECK_INT(gy_test_closed(c), status != 200);
    gy_test_leave(c);
}

GY_TEST(heads_up_to_the_limit_pass)
{
    struct site s;
    site_begin(&s, t, NULL);
    answers(&s, head_of(t, "/", 1, 60000), 200);
    answers(&s, head_of(t, "/", 20, 3000), 200);
    answers(&s, head_of(t, "/", 99, 10), 200);
    answers(&s, head_of(t, "/", 99, 600), 200);
    site_close(&s);
}

GY_TEST(larger_heads_are_refused)
{
    struct site s;
    site_begin(&s, t, NULL);
    for (int i = 0; i < 3; i++)
        gy_test_expect_log(t, "431 refused a request from memory:");
    gy_test_expect_log(t, "414 refused a request from memory:");
    answers(&s, head_of(t, "/", 1, 66000), 431);
    answers(&s, head_of(t, "/", 1, 600000), 431);
    answers(&s, head_of(t, "/", 100, 10), 431);
    char *target = gy_zalloc(gy_test_arena(t), 70001);
    memset(target, '/', 70000);
    answers(&s, head_of(t, target, 0, 0), 414);
    gy_http_stats stats;
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.bad_requests, 4);
    GY_CHECK_INT(stats.too_large, 4);
    site_close(&s);
}

GY_TEST(a_small_limit_holds_exactly)
{
    struct site s;
    gy_str head = head_of(t, "/", 2, 50);
    site_begin(&s, t, &(gy_http_opts){.max_head = head.len, .max_fields = 3});
    answers(&s, head, 200);
    site_close(&s);
    gy_test_expect_log(t, "431 refused");
    site_begin(&s, t, &(gy_http_opts){.max_head = head.len - 1});
    answers(&s, head, 431);
    site_close(&s);
    gy_test_expect_log(t, "431 refused");
    site_begin(&s, t, &(gy_http_opts){.max_fields = 2});
    answers(&s, head, 431);
    site_close(&s);
}

GY_TEST(bodies_whose_end_nobody_knows_are_411)
{
    struct site s;
    static const char *const without[] = {
        "POST /echo HTTP/1.0\r\n\r\n",
        "PUT /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\nabc",
    };
    site_begin(&s, t, NULL);
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        gy_test_expect_log(t, "411 refused*a body without Content-Length");
        answers(&s, gy_str_of(without[i]), 411);
    }
    answers(&s, gy_str_of("POST /echo HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    site_close(&s);
}

GY_TEST(a_length_may_be_required)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.require_length = true});
    gy_test_expect_log(t, "411 refused*");
    answers(&s, gy_str_of("POST /echo HTTP/1.1\r\nHost: a\r\n\r\n"), 411);
    gy_test_expect_log(t, "411 refused*");
    answers(&s, gy_str_of("PATCH /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
            411);
    answers(&s, gy_str_of("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"), 200);
    answers(&s, gy_str_of("DELETE /echo HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    site_close(&s);
}

GY_TEST(no_more_connections_than_allowed)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.max_connections = 2});
    int port = listening(&s);
    gy_test_client *a = gy_test_connect_port(t, port);
    gy_test_client *b = gy_test_connect_port(t, port);
    gy_test_client *c = gy_test_connect_port(t, port);
    gy_test_send_text(a, GET("/"));
    gy_test_send_text(b, GET("/"));
    gy_test_send_text(c, GET("/"));
    GY_CHECK_INT(gy_test_answer(a).status, 200);
    GY_CHECK_INT(gy_test_answer(b).status, 200);
    GY_CHECK_INT(s.began, 2);
    gy_http_stats stats;
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.open, 2);
    gy_test_leave(a);
    GY_CHECK_INT(gy_test_answer(c).status, 200);
    site_close(&s);
}

GY_TEST(the_limit_holds_over_all_listening_sockets)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.max_connections = 1});
    int first = listening(&s), second = listening(&s);
    gy_test_client *a = gy_test_connect_port(t, first);
    gy_test_client *b = gy_test_connect_port(t, second);
    gy_test_send_text(a, GET("/"));
    gy_test_send_text(b, GET("/"));
    GY_CHECK_INT(gy_test_answer(a).status, 200);
    GY_CHECK_INT(s.began, 1);
    gy_test_leave(a);
    GY_CHECK_INT(gy_test_answer(b).status, 200);
    site_close(&s);
}

GY_TEST(without_descriptors_it_waits_and_goes_on)
{
    struct site s;
    struct rlimit old, low;
    if (RUNNING_ON_VALGRIND) /* which takes and closes what is beyond a limit */
        return;
    site_begin(&s, t, NULL);
    gy_test_expect_log(t, "cannot accept: Too many open files*");
    int port = listening(&s);
    gy_test_client *a = gy_test_connect_port(t, port);
    GY_CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
    /* Only the client's own socket can still be had. */
    int next = dup(0);
    close(next);
    low = (struct rlimit){.rlim_cur = (rlim_t)next + 1, .rlim_max = old.rlim_max};
    GY_CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0);
    gy_test_client *b = gy_test_connect_port(t, port);
    gy_test_send_text(b, GET("/"));
    gy_test_advance(t, 1);
    GY_CHECK_INT(gy_test_received(b).len, 0);
    gy_test_leave(a);
    gy_test_advance(t, 1);
    GY_CHECK_INT(gy_test_answer(b).status, 200);
    GY_CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
    site_close(&s);
}

GY_TEST(a_request_without_memory_is_a_503_and_the_next_is_served)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_expect_log(t, "503 a request was refused: out of memory");
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_fail_alloc(t, 0);
    gy_test_send_text(c, GET("/"));
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_INT(res.status, 503);
    GY_CHECK(gy_test_closed(c));
    answers(&s, gy_str_of(GET("/")), 200);
    site_close(&s);
}

GY_TEST(bad_options_make_no_server)
{
    struct site s = {.test = t};
    gy_test_expect_log(t, "\"nonsense\" is no trusted proxy");
    GY_CHECK(!gy_http_server_new(
        gy_test_loop(t), &(gy_http_opts){.trusted = (const char *const[]){"nonsense", NULL}}, NULL,
        &s));
    gy_test_expect_log(t, "the server's name must be");
    GY_CHECK(
        !gy_http_server_new(gy_test_loop(t), &(gy_http_opts){.server_name = "a\r\nb"}, NULL, &s));
}

static size_t connections_after_a_turn(gy_test *t, const gy_http_opts *opts)
{
    struct site s;
    char why[200];
    gy_http_stats stats;
    site_begin(&s, t, opts);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    int port = gy_local_port(fd);
    for (int i = 0; i < 4; i++)
        gy_test_connect_port(t, port);
    GY_CHECK_INT(gy_http_server_listen(s.server, fd), 0);
    GY_CHECK_INT(gy_loop_turn(gy_test_loop(t), 0), 0);
    gy_http_server_stats(s.server, &stats);
    size_t after_one = stats.open;
    for (int i = 0; i < 4; i++)
        GY_CHECK_INT(gy_loop_turn(gy_test_loop(t), 0), 0);
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.open, 4);
    site_close(&s);
    return after_one;
}

GY_TEST(connections_are_taken_off_the_queue_in_batches)
{
    GY_CHECK_INT(connections_after_a_turn(t, NULL), 4);
    GY_CHECK_INT(connections_after_a_turn(t, &(gy_http_opts){.accept_batch = 1}), 1);
    GY_CHECK_INT(connections_after_a_turn(t, &(gy_http_opts){.accept_batch = 3}), 3);
}

static int use_much_stack(gy_exchange *x, void *arg)
{
    volatile char much[512 * 1024];
    (void)arg;
    for (size_t i = 0; i < sizeof much; i += 1024)
        much[i] = 'm';
    return gy_exchange_respond(x, 200, NULL, gy_str_n((const char *)(uintptr_t)much, 1));
}

GY_TEST(handlers_may_be_given_a_larger_stack)
{
    gy_http_opts opts = {.stack_size = (size_t)1024 * 1024, .server_name = "copied"};
    gy_http_server *server = gy_http_server_new(gy_test_loop(t), &opts, use_much_stack, NULL);
    opts = (gy_http_opts){.server_name = "not borrowed"};
    gy_test_client *c = gy_test_connect(t, server);
    gy_test_send_text(c, GET("/"));
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_TEXT(res.body, "m");
    GY_CHECK_TEXT(gy_test_header(&res, "Server"), "copied");
    gy_http_server_free(server);
}

GY_TEST(the_server_may_be_named_or_not)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.server_name = "me"});
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/"));
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_TEXT(gy_test_header(&res, "Server"), "me");
    site_close(&s);
    site_begin(&s, t, &(gy_http_opts){.server_name = ""});
    c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/"));
    res = gy_test_answer(c);
    GY_CHECK(!gy_test_header(&res, "Server").ptr);
    site_close(&s);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
