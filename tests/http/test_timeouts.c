/* SPDX-License-Identifier: MIT */
/* Clients that are too slow, each by the server's clock. */
#include "support/http_site.h"

#include <gyre/error.h>
#include <gyre/task.h>

#define GET(path_) "GET " path_ " HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST(length_) "POST /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: " length_ "\r\n\r\n"

GY_TEST(a_head_must_come_in_time_however_steadily_it_drips)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.head_timeout = 10});
    gy_test_expect_log(t, "408 refused a request from memory: the head was not received in time");
    gy_test_client *c = gy_test_connect(t, s.server);
    for (int i = 0; i < 9; i++) {
        gy_test_send_text(c, i ? "X" : "GET / HTTP/1.1\r\nHost: a\r\nX:");
        gy_test_advance(t, 1);
    }
    GY_CHECK_INT(gy_test_received(c).len, 0);
    gy_test_advance(t, 1.1);
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_INT(res.status, 408);
    GY_CHECK_TEXT(gy_test_header(&res, "Connection"), "close");
    GY_CHECK(gy_test_closed(c));
    gy_http_stats stats;
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.timeouts, 1);
    site_close(&s);
}

GY_TEST(a_head_that_comes_in_time_is_served)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.head_timeout = 10});
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_advance(t, 9); /* the time runs from its first byte */
    gy_test_send_text(c, "GET / HTTP/1.1\r\n");
    gy_test_advance(t, 9);
    gy_test_send_text(c, "Host: a\r\n\r\n");
    GY_CHECK_INT(gy_test_answer(c).status, 200);
    site_close(&s);
}

GY_TEST(who_never_asks_anything_is_closed_silently)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.head_timeout = 10, .idle_timeout = 100});
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_advance(t, 9);
    GY_CHECK(!gy_test_closed(c));
    gy_test_advance(t, 2);
    GY_CHECK(gy_test_closed(c));
    GY_CHECK_INT(gy_test_received(c).len, 0);
    site_close(&s);
}

GY_TEST(an_idle_connection_is_closed_silently_after_its_time)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.idle_timeout = 100});
    gy_test_client *c = gy_test_connect(t, s.server);
    for (int i = 0; i < 3; i++) {
        gy_test_send_text(c, GET("/"));
        GY_CHECK_INT(gy_test_answer(c).status, 200);
        gy_test_advance(t, 99);
        GY_CHECK(!gy_test_closed(c));
    }
    gy_test_advance(t, 1.1);
    GY_CHECK(gy_test_closed(c));
    GY_CHECK_INT(gy_test_received(c).len, 0);
    site_close(&s);
}

GY_TEST(the_idle_time_is_an_hour_by_default)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/"));
    GY_CHECK_INT(gy_test_answer(c).status, 200);
    gy_test_advance(t, 3599);
    GY_CHECK(!gy_test_closed(c));
    gy_test_advance(t, 2);
    GY_CHECK(gy_test_closed(c));
    site_close(&s);
}

GY_TEST(a_slow_handler_is_not_an_idle_connection)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.idle_timeout = 5, .head_timeout = 5});
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/sleep/100"));
    gy_test_advance(t, 100);
    GY_CHECK_TEXT(gy_test_answer(c).body, "slept\n");
    gy_test_advance(t, 4);
    GY_CHECK(!gy_test_closed(c));
    gy_test_advance(t, 10);
    GY_CHECK(gy_test_closed(c));
    site_close(&s);
}

static void slow_body(struct site *s, gy_test_client *c, int code)
{
    GY_CHECK_INT(s->code, code);
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_INT(res.status, 408);
    GY_CHECK_TEXT(gy_test_header(&res, "Connection"), "close");
    GY_CHECK(gy_test_closed(c));
}

GY_TEST(a_body_that_stalls_is_a_408)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.body_stall = 10});
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, POST("100") "abc");
    gy_test_advance(t, 9);
    gy_test_send_text(c, "d");
    gy_test_advance(t, 9);
    GY_CHECK_INT(s.code, 0);
    gy_test_advance(t, 1.1);
    slow_body(&s, c, GY_ETIMEDOUT);
    site_close(&s);
}

GY_TEST(a_whole_body_has_its_time)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.body_timeout = 20});
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, POST("100"));
    for (int i = 0; i < 19; i++) {
        gy_test_advance(t, 1);
        gy_test_send_text(c, "x");
    }
    GY_CHECK_INT(s.code, 0);
    gy_test_advance(t, 1.1);
    slow_body(&s, c, GY_ETIMEDOUT);
    site_close(&s);
}

GY_TEST(a_body_must_come_at_its_rate)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.min_body_rate = 3});
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, POST("100"));
    int i = 0;
    for (; i < 20 && !s.code; i++) {
        gy_test_advance(t, 1);
        gy_test_send_text(c, i < 5 ? "xxxx" : "x");
    }
    GY_CHECK(i > 5 && i < 15);
    slow_body(&s, c, GY_ETIMEDOUT);
    site_close(&s);
}

GY_TEST(an_unread_body_that_stalls_ends_the_connection)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.body_stall = 10});
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    GY_CHECK_INT(gy_test_answer(c).status, 200);
    GY_CHECK(!gy_test_closed(c));
    gy_test_advance(t, 20);
    GY_CHECK(gy_test_closed(c));
    GY_CHECK_INT(gy_test_received(c).len, 0);
    site_close(&s);
}

GY_TEST(who_does_not_read_is_cut_off)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.write_timeout = 10});
    gy_test_client *c = gy_test_connect_narrow(t, s.server, 2000);
    gy_test_pause(c);
    gy_test_send_text(c, GET("/stream/100"));
    GY_CHECK(s.pieces < 100);
    GY_CHECK_INT(s.ended, 0);
    gy_test_advance(t, 9);
    GY_CHECK_INT(s.ended, 0);
    gy_test_advance(t, 1.1);
    GY_CHECK_INT(s.ended, 1);
    GY_CHECK_INT(s.code, GY_ETIMEDOUT);
    gy_http_stats stats;
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.open, 0);
    site_close(&s);
}

GY_TEST(an_answer_that_was_cut_off_is_followed_by_nothing)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.write_timeout = 10});
    gy_test_client *c = gy_test_connect_narrow(t, s.server, 2000);
    gy_test_pause(c);
    gy_test_send_text(c, GET("/big/100000") GET("/"));
    gy_test_advance(t, 11);
    GY_CHECK_INT(s.code, GY_ETIMEDOUT);
    GY_CHECK_INT(s.began, 1);
    gy_test_resume(c);
    GY_CHECK(gy_test_closed(c));
    GY_CHECK(gy_test_received(c).len <= 2000);
    site_close(&s);
}

/* -- A handler with a deadline of its own -------------------------------------------------------- */

static int read_with_a_deadline(gy_exchange *x, void *arg)
{
    int *codes = arg;
    char buf[10];
    gy_deadline d;
    gy_deadline_begin(&d, 2);
    codes[0] = (int)gy_exchange_read(x, buf, sizeof buf);
    gy_deadline_end(&d);
    codes[1] = (int)gy_exchange_read(x, buf, sizeof buf);
    return gy_exchange_respond(x, 200, NULL, gy_str_n(buf, 3));
}

GY_TEST(a_deadline_of_the_handler_is_not_the_clients_fault)
{
    int codes[2] = {0, 0};
    gy_http_server *s = gy_http_server_new(gy_test_loop(t), NULL, read_with_a_deadline, codes);
    gy_test_client *c = gy_test_connect(t, s);
    gy_test_send_text(c, POST("3"));
    gy_test_advance(t, 3);
    GY_CHECK_INT(codes[0], GY_ETIMEDOUT);
    gy_test_send_text(c, "abc");
    GY_CHECK_INT(codes[1], 3);
    GY_CHECK_TEXT(gy_test_answer(c).body, "abc");
    GY_CHECK(!gy_test_closed(c));
    gy_http_server_free(s);
}

GY_TEST(who_reads_slowly_is_waited_for)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.write_timeout = 10});
    gy_test_client *c = gy_test_connect_narrow(t, s.server, 2000);
    gy_test_pause(c);
    gy_test_send_text(c, GET("/stream/100"));
    long before = s.pieces;
    GY_CHECK(before < 100);
    gy_test_advance(t, 9);
    GY_CHECK_INT(s.pieces, before);
    gy_test_resume(c);
    GY_CHECK_INT(gy_test_answer(c).body.len, 100 * SITE_PIECE);
    GY_CHECK_INT(s.pieces, 100);
    site_close(&s);
}

GY_TEST(a_large_answer_to_a_slow_reader_comes_whole)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect_narrow(t, s.server, 1000);
    gy_test_pause(c);
    gy_test_send_text(c, GET("/") GET("/big/300000") GET("/"));
    for (int i = 0; i < 10; i++)
        gy_test_advance(t, 5);
    gy_test_resume(c);
    GY_CHECK_INT(gy_test_answer(c).body.len, 6);
    GY_CHECK_INT(gy_test_answer(c).body.len, 300000);
    GY_CHECK_INT(gy_test_answer(c).body.len, 6);
    site_close(&s);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
