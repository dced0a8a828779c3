/* SPDX-License-Identifier: MIT */
/* A server that ends: what is under way is finished, what is idle closed, what lasts cut off. */
#include "support/http_site.h"

#include <errno.h>
#include <gyre/error.h>
#include <gyre/net.h>

#define GET(path_) "GET " path_ " HTTP/1.1\r\nHost: a\r\n\r\n"

static void count(void *arg)
{
    ++*(int *)arg;
}

GY_TEST(an_empty_server_is_done_at_once)
{
    struct site s;
    int done = 0;
    site_begin(&s, t, NULL);
    gy_http_server_drain(s.server, 10, count, &done);
    GY_CHECK_INT(done, 1);
    gy_http_server_drain(s.server, 10, count, &done);
    GY_CHECK_INT(done, 1);
    site_close(&s);
}

GY_TEST(idle_connections_are_closed_after_a_last_call)
{
    struct site s;
    int done = 0;
    site_begin(&s, t, NULL);
    gy_test_client *a = gy_test_connect(t, s.server);
    gy_test_client *b = gy_test_connect(t, s.server);
    gy_test_send_text(a, GET("/"));
    GY_CHECK_INT(gy_test_answer(a).status, 200);
    gy_http_server_drain(s.server, 10, count, &done);
    /* A request that was on its way is still answered. */
    gy_test_send_text(b, GET("/"));
    gy_test_response res = gy_test_answer(b);
    GY_CHECK_INT(res.status, 200);
    GY_CHECK_TEXT(gy_test_header(&res, "Connection"), "close");
    GY_CHECK(gy_test_closed(b));
    gy_test_advance(t, 1);
    GY_CHECK(gy_test_closed(a));
    GY_CHECK_INT(done, 1);
    site_close(&s);
}

GY_TEST(requests_in_flight_and_half_received_bodies_finish)
{
    struct site s;
    int done = 0;
    site_begin(&s, t, NULL);
    gy_test_client *a = gy_test_connect(t, s.server);
    gy_test_client *b = gy_test_connect(t, s.server);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(a, GET("/sleep/5"));
    gy_test_send_text(b, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    gy_test_send_text(c, "GET / HTTP/1.1\r\nHo");
    gy_http_server_drain(s.server, 10, count, &done);
    gy_test_advance(t, 4);
    GY_CHECK_INT(done, 0);
    gy_test_send_text(b, "defghij");
    gy_test_send_text(c, "st: a\r\n\r\n");
    GY_CHECK_TEXT(gy_test_answer(b).body, "abcdefghij");
    GY_CHECK_TEXT(gy_test_answer(c).body, "hello\n");
    gy_test_advance(t, 1);
    GY_CHECK_TEXT(gy_test_answer(a).body, "slept\n");
    GY_CHECK(gy_test_closed(a) && gy_test_closed(b) && gy_test_closed(c));
    GY_CHECK_INT(done, 1);
    site_close(&s);
}

GY_TEST(pipelined_requests_behind_a_drain_get_the_first_answer_only)
{
    struct site s;
    int done = 0;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/sleep/5") GET("/"));
    gy_http_server_drain(s.server, 10, count, &done);
    gy_test_advance(t, 5);
    GY_CHECK_TEXT(gy_test_answer(c).body, "slept\n");
    gy_test_leave(c);
    gy_test_advance(t, 5);
    GY_CHECK_INT(done, 1);
    site_close(&s);
}

GY_TEST(what_outlasts_the_grace_is_cut_off)
{
    struct site s;
    int done = 0;
    site_begin(&s, t, NULL);
    gy_test_expect_log(t, "2 requests were cut off: their time to finish has run out");
    gy_test_client *a = gy_test_connect(t, s.server);
    gy_test_client *b = gy_test_connect_narrow(t, s.server, 1000);
    gy_test_send_text(a, GET("/forever"));
    gy_test_pause(b);
    gy_test_send_text(b, GET("/stream/1000"));
    gy_http_server_drain(s.server, 10, count, &done);
    gy_test_advance(t, 9);
    GY_CHECK_INT(done, 0);
    GY_CHECK_INT(s.ended, 0);
    gy_test_advance(t, 1.1);
    GY_CHECK_INT(done, 1);
    GY_CHECK_INT(s.ended, 2);
    GY_CHECK_INT(s.code, GY_ESHUTDOWN);
    GY_CHECK(gy_test_closed(a));
    site_close(&s);
}

GY_TEST(without_grace_all_is_cut_off_in_the_next_turn)
{
    struct site s;
    int done = 0;
    site_begin(&s, t, NULL);
    gy_test_expect_log(t, "1 requests were cut off: their time to finish has run out");
    gy_test_client *a = gy_test_connect(t, s.server);
    gy_test_client *b = gy_test_connect(t, s.server);
    gy_test_send_text(a, GET("/forever"));
    gy_http_server_drain(s.server, 0, count, &done);
    GY_CHECK_INT(done, 0);
    gy_test_settle(t);
    GY_CHECK_INT(done, 1);
    GY_CHECK_INT(s.code, GY_ESHUTDOWN);
    GY_CHECK(gy_test_closed(a) && gy_test_closed(b));
    GY_CHECK_INT(gy_test_received(a).len, 0);
    site_close(&s);
}

static void free_it(void *arg)
{
    gy_http_server **s = arg;
    gy_http_server_free(*s);
    *s = NULL;
}

static int never(gy_exchange *x, void *arg)
{
    (void)x, (void)arg;
    return 0;
}

/* By the last call, and by the end of a grace that comes before it. */
GY_TEST(a_server_may_be_freed_when_it_is_done)
{
    static const double graces[] = {10, 0.1};
    for (size_t i = 0; i < sizeof graces / sizeof *graces; i++) {
        gy_http_server *s = gy_http_server_new(gy_test_loop(t), NULL, never, NULL);
        gy_test_client *a = gy_test_connect(t, s);
        gy_test_client *b = gy_test_connect(t, s);
        gy_http_server_drain(s, graces[i], free_it, &s);
        gy_test_advance(t, 1);
        GY_CHECK(s == NULL);
        GY_CHECK(gy_test_closed(a) && gy_test_closed(b));
    }
}

GY_TEST(a_connection_that_was_taken_over_has_its_grace_too)
{
    struct site s;
    int done = 0;
    site_begin(&s, t, NULL);
    gy_test_expect_log(t, "1 requests were cut off: their time to finish has run out");
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/detach"));
    gy_http_server_drain(s.server, 10, count, &done);
    gy_test_advance(t, 9);
    gy_test_send_text(c, "still there");
    GY_CHECK_TEXT(gy_test_take(c), "still there");
    GY_CHECK_INT(done, 0);
    gy_test_advance(t, 1.1);
    GY_CHECK_INT(done, 1);
    GY_CHECK_INT(s.code, GY_ESHUTDOWN);
    GY_CHECK(gy_test_closed(c));
    site_close(&s);
}

static int connect_to(void *arg)
{
    gy_stream *stream;
    int e = gy_connect(arg, &(gy_connect_opts){.timeout = 5}, &stream);
    if (!e)
        gy_stream_close(stream);
    return e;
}

GY_TEST(nobody_else_is_accepted)
{
    struct site s;
    int done = 0;
    char why[200], address[GY_ADDRESS_MAX];
    site_begin(&s, t, NULL);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    GY_CHECK_INT(gy_local_address(fd, address), 0);
    GY_CHECK_INT(gy_http_server_listen(s.server, fd), 0);
    GY_CHECK_INT(gy_test_run(t, connect_to, address), 0);
    gy_http_server_drain(s.server, 10, count, &done);
    gy_test_advance(t, 1);
    GY_CHECK_INT(done, 1);
    GY_CHECK_INT(gy_test_run(t, connect_to, address), -ECONNREFUSED);
    site_close(&s);
    gy_http_server_free(NULL);
}

GY_TEST(the_queue_of_a_listening_socket_is_served_to_its_end)
{
    struct site s;
    int done = 0;
    char why[200];
    site_begin(&s, t, NULL);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    int port = gy_local_port(fd);
    gy_test_client *c[5];
    for (int i = 0; i < 5; i++)
        c[i] = gy_test_connect_port(t, port); /* nobody has accepted them yet */
    GY_CHECK_INT(gy_http_server_listen(s.server, fd), 0);
    gy_http_server_drain(s.server, 10, count, &done);
    for (int i = 0; i < 5; i++) {
        gy_test_send_text(c[i], GET("/"));
        GY_CHECK_INT(gy_test_answer(c[i]).status, 200);
        GY_CHECK(gy_test_wait_closed(c[i]));
    }
    gy_test_advance(t, 0.2);
    GY_CHECK_INT(done, 1);
    site_close(&s);
}

GY_TEST(a_server_may_be_freed_with_requests_under_way)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *a = gy_test_connect(t, s.server);
    gy_test_client *b = gy_test_connect(t, s.server);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(a, GET("/forever"));
    gy_test_send_text(b, "GET /");
    gy_test_send_text(c, GET("/detach") "abc");
    GY_CHECK_TEXT(gy_test_take(c), "abc");
    site_close(&s);
    gy_test_settle(t);
    GY_CHECK_INT(s.ended, 2);
    GY_CHECK(gy_test_closed(a) && gy_test_closed(b) && gy_test_closed(c));
    GY_CHECK_INT(gy_test_received(b).len, 0);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
