/* SPDX-License-Identifier: MIT */
/* Requests on a connection, one after another: keep-alive, pipelining, closing, leaving. */
#include "support/http_site.h"

#include "net/stream.h"

#include <gyre/error.h>
#include <stdio.h>

#define GET(path_) "GET " path_ " HTTP/1.1\r\nHost: a\r\n\r\n"
#define CLOSE "Connection: close"

GY_TEST(a_request_is_answered_and_the_connection_kept)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    for (int i = 0; i < 3; i++) {
        gy_test_send_text(c, GET("/"));
        gy_test_response res = gy_test_answer(c);
        GY_CHECK_INT(res.status, 200);
        GY_CHECK_TEXT(res.body, "hello\n");
        GY_CHECK_TEXT(gy_test_header(&res, "Content-Length"), "6");
        GY_CHECK_TEXT(gy_test_header(&res, "Content-Type"), "text/plain");
        GY_CHECK_TEXT(gy_test_header(&res, "Date"), "Sun, 06 Nov 1994 08:49:37 GMT");
        GY_CHECK_GLOB(gy_test_header(&res, "Server"), "gyre/*");
        GY_CHECK(!gy_test_header(&res, "Connection").ptr);
        GY_CHECK(!gy_test_closed(c));
    }
    gy_http_stats stats;
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.connections, 1);
    GY_CHECK_INT(stats.requests, 3);
    GY_CHECK_INT(stats.open, 1);
    GY_CHECK_INT(stats.active, 0);
    site_close(&s);
}

GY_TEST(the_date_follows_the_clock)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/"));
    gy_test_answer(c);
    gy_test_advance(t, 1.5);
    gy_test_send_text(c, GET("/"));
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_TEXT(gy_test_header(&res, "Date"), "Sun, 06 Nov 1994 08:49:38 GMT");
    site_close(&s);
}

static void ask_and_see_closed(struct site *s, const char *request, const char *connection)
{
    gy_test_client *c = gy_test_connect(s->test, s->server);
    gy_test_send_text(c, request);
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_INT(res.status, 200);
    if (connection)
        GY_CHECK_TEXT(gy_test_header(&res, "Connection"), connection);
    else
        GY_CHECK(!gy_test_header(&res, "Connection").ptr);
    GY_CHECK_INT(gy_test_closed(c), connection && strcmp(connection, "close") == 0);
    gy_test_leave(c);
}

GY_TEST(who_closes_the_connection)
{
    struct site s;
    site_begin(&s, t, NULL);
    ask_and_see_closed(&s, GET("/"), NULL);
    ask_and_see_closed(&s, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "close");
    ask_and_see_closed(&s, "GET / HTTP/1.0\r\n\r\n", "close");
    ask_and_see_closed(&s, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive");
    ask_and_see_closed(&s, "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "close");
    site_close(&s);
    site_begin(&s, t, &(gy_http_opts){.no_keep_alive = true});
    ask_and_see_closed(&s, GET("/"), "close");
    ask_and_see_closed(&s, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "close");
    site_close(&s);
}

GY_TEST(a_handler_may_ask_for_the_close)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/close"));
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_INT(res.status, 200);
    int closes = 0;
    gy_headers_each(f, &res.headers) closes += gy_str_ieq(f->name, gy_str_of("connection"));
    GY_CHECK_INT(closes, 1);
    GY_CHECK(gy_test_closed(c));
    site_close(&s);
}

GY_TEST(pipelined_requests_are_answered_in_order)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(
        c, GET("/") "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst" GET(
               "/none") "POST /pieces HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                        "chunked\r\n\r\n6\r\nsecond\r\n0\r\n\r\n" GET("/status/204") GET("/"));
    GY_CHECK_TEXT(gy_test_answer(c).body, "hello\n");
    GY_CHECK_TEXT(gy_test_answer(c).body, "first");
    GY_CHECK_INT(gy_test_answer(c).status, 404);
    GY_CHECK_TEXT(gy_test_answer(c).body, "second");
    GY_CHECK_INT(gy_test_answer(c).status, 204);
    GY_CHECK_TEXT(gy_test_answer(c).body, "hello\n");
    GY_CHECK_INT(gy_test_received(c).len, 0);
    site_close(&s);
}

GY_TEST(many_pipelined_requests_fill_all_buffers)
{
    enum { MANY = 3000 };
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    static char all[MANY * sizeof GET("/")];
    size_t len = 0;
    for (int i = 0; i < MANY; i++)
        len += (size_t)snprintf(all + len, sizeof all - len, GET("/"));
    gy_test_send(c, gy_str_n(all, len));
    GY_CHECK_INT(s.ended, MANY);
    gy_str got = gy_test_received(c);
    int answers = 0;
    for (const char *at = got.ptr;
         (at = memmem(at, (size_t)(got.ptr + got.len - at), "\r\n\r\nhello\n", 10)); at += 10)
        answers++;
    GY_CHECK_INT(answers, MANY);
    site_close(&s);
}

GY_TEST(a_fast_answer_leaves_before_the_next_handler_waits)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/") GET("/sleep/10"));
    GY_CHECK_TEXT(gy_test_answer(c).body, "hello\n");
    GY_CHECK_INT(s.ended, 1);
    gy_test_advance(t, 10);
    GY_CHECK_TEXT(gy_test_answer(c).body, "slept\n");
    site_close(&s);
}

GY_TEST(answers_before_a_bad_request_are_sent_and_nothing_after_it_is_run)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_expect_log(t, "400 refused a request from memory: ");
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/") "BAD\r\n\r\n" GET("/"));
    GY_CHECK_TEXT(gy_test_answer(c).body, "hello\n");
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_INT(res.status, 400);
    GY_CHECK_TEXT(gy_test_header(&res, "Connection"), "close");
    GY_CHECK_INT(gy_test_received(c).len, 0);
    GY_CHECK(gy_test_closed(c));
    GY_CHECK_INT(s.began, 1);
    site_close(&s);
}

GY_TEST(nothing_after_a_close_is_run)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" GET("/"));
    GY_CHECK_TEXT(gy_test_answer(c).body, "hello\n");
    GY_CHECK(gy_test_closed(c));
    GY_CHECK_INT(gy_test_received(c).len, 0);
    GY_CHECK_INT(s.began, 1);
    site_close(&s);
}

GY_TEST(a_client_that_ends_its_half_gets_its_answers)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/") GET("/echo"));
    gy_test_shut(c);
    GY_CHECK_TEXT(gy_test_answer(c).body, "hello\n");
    GY_CHECK_INT(gy_test_answer(c).status, 200);
    GY_CHECK(gy_test_wait_closed(c));
    site_close(&s);
}

GY_TEST(a_client_that_leaves_ends_the_wait_of_its_handler)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/forever"));
    GY_CHECK_INT(s.began, 1);
    gy_test_leave(c);
    GY_CHECK_INT(s.ended, 1);
    GY_CHECK_INT(s.code, GY_ECLOSED);
    gy_http_stats stats;
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.open, 0);
    site_close(&s);
}

/* Whether it has closed or only finished sending shows when something is sent to it. */
GY_TEST(a_client_that_ends_its_half_is_answered_after_a_wait)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/sleep/5"));
    gy_test_shut(c);
    GY_CHECK_INT(s.ended, 0);
    gy_test_advance(t, 6);
    GY_CHECK_GLOB(gy_test_received(c), "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK*slept*");
    GY_CHECK(gy_test_wait_closed(c));
    GY_CHECK_INT(s.code, 0);
    site_close(&s);
}

GY_TEST(a_client_of_http_1_0_gets_no_interim_response)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, "GET /sleep/5 HTTP/1.0\r\n\r\n");
    gy_test_shut(c);
    gy_test_advance(t, 6);
    GY_CHECK_GLOB(gy_test_received(c), "HTTP/1.1 200 OK*slept*");
    GY_CHECK(gy_test_wait_closed(c));
    site_close(&s);
}

GY_TEST(an_end_in_the_middle_of_a_head_is_refused)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_expect_log(t, "400 refused*within the head");
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, "GET / HTTP/1.1\r\nHo");
    gy_test_shut(c);
    GY_CHECK_INT(gy_test_answer(c).status, 400);
    GY_CHECK(gy_test_wait_closed(c));
    site_close(&s);
}

GY_TEST(a_connection_without_a_request_ends_silently)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_shut(c);
    GY_CHECK(gy_test_wait_closed(c));
    GY_CHECK_INT(gy_test_received(c).len, 0);
    gy_test_leave(gy_test_connect(t, s.server));
    site_close(&s);
}

GY_TEST(a_handler_that_gives_no_answer_is_a_500)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/nothing") GET("/broken") GET("/"));
    GY_CHECK_INT(gy_test_answer(c).status, 500);
    GY_CHECK_INT(gy_test_answer(c).status, 500);
    GY_CHECK_INT(gy_test_answer(c).status, 200);
    site_close(&s);
}

GY_TEST(a_handler_without_memory_is_a_503)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/memory") GET("/"));
    GY_CHECK_INT(gy_test_answer(c).status, 503);
    GY_CHECK_INT(gy_test_answer(c).status, 200);
    site_close(&s);
}

GY_TEST(a_request_that_comes_while_answers_wait_for_a_slow_reader_is_seen)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect_narrow(t, s.server, 300);
    gy_test_pause(c);
    gy_test_send_text(c, GET("/") GET("/") GET("/") GET("/"));
    GY_CHECK_INT(s.ended, 4);
    gy_test_send_text(c, GET("/"));
    GY_CHECK_INT(s.ended, 4);
    gy_test_resume(c);
    GY_CHECK_INT(s.ended, 5);
    for (int i = 0; i < 5; i++)
        GY_CHECK_INT(gy_test_answer(c).status, 200);
    site_close(&s);
}

/* -- Streams that are served --------------------------------------------------------------------- */

static gy_test_client *serve_with_ahead(struct site *s, gy_str ahead, int *result)
{
    gy_stream *peer;
    gy_test_client *c = gy_test_connect_stream(s->test, 0, &peer);
    gy_str none;
    struct gy__transport *transport = gy__stream_take(peer, &none);
    *result = gy_http_server_serve(s->server, gy__stream_new(transport, ahead, NULL));
    gy_test_settle(s->test);
    return c;
}

GY_TEST(what_was_read_from_a_stream_already_comes_first)
{
    struct site s;
    int result;
    site_begin(&s, t, NULL);
    gy_test_client *c = serve_with_ahead(&s, (gy_str)GY_STR("GET / HTTP/1.1\r\nHo"), &result);
    GY_CHECK_INT(result, 0);
    gy_test_send_text(c, "st: a\r\n\r\n");
    GY_CHECK_TEXT(gy_test_answer(c).body, "hello\n");
    gy_test_leave(c);

    static char much[60000];
    int n = 0;
    for (; n < 1500; n++)
        memcpy(much + n * (int)strlen(GET("/")), GET("/"), strlen(GET("/")));
    c = serve_with_ahead(&s, gy_str_n(much, 1500 * strlen(GET("/"))), &result);
    GY_CHECK_INT(result, 0);
    GY_CHECK_INT(s.ended, 1501);
    gy_test_leave(c);

    static char too_much[200000];
    c = serve_with_ahead(&s, gy_str_n(too_much, sizeof too_much), &result);
    GY_CHECK_INT(result, GY_ETOOBIG);
    GY_CHECK(gy_test_closed(c));
    gy_http_stats stats;
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.open, 0);
    GY_CHECK_INT(stats.active, 0);
    gy_http_server_drain(s.server, 1, NULL, NULL);
    c = serve_with_ahead(&s, (gy_str)GY_STR(""), &result);
    GY_CHECK_INT(result, GY_ESHUTDOWN);
    site_close(&s);
}

GY_TEST(half_an_answer_closes_the_connection)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/half") GET("/"));
    GY_CHECK(gy_test_wait_closed(c));
    gy_str got = gy_test_received(c);
    GY_CHECK_GLOB(got, "HTTP/1.1 200 OK*half*");
    GY_CHECK(!memmem(got.ptr, got.len, "0\r\n\r\n", 5));
    GY_CHECK_INT(s.began, 1);
    site_close(&s);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
