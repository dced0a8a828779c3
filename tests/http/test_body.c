/* SPDX-License-Identifier: MIT */
/* Request bodies: whole and in pieces, chunked, expected, unread, too large. */
#include "support/http_site.h"

#include <gyre/error.h>
#include <gyre/net.h>
#include <stdio.h>

#define GET(path_) "GET " path_ " HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST(path_, field_) "POST " path_ " HTTP/1.1\r\nHost: a\r\n" field_ "\r\n\r\n"
#define CHUNKED "Transfer-Encoding: chunked"

/* [len] bytes x, behind a head for [target] that says so. */
static gy_str big_post(gy_test *t, const char *target, size_t len)
{
    gy_str head =
        gy_strf(gy_test_arena(t), "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
                target, len);
    char *all = gy_alloc(gy_test_arena(t), head.len + len);
    memcpy(all, head.ptr, head.len);
    memset(all + head.len, 'x', len);
    return gy_str_n(all, head.len + len);
}

GY_TEST(a_body_comes_back_however_it_is_cut)
{
    static const char *const requests[] = {
        POST("/echo", "Content-Length: 26") "abcdefghijklmnopqrstuvwxyz",
        POST("/pieces", "Content-Length: 26") "abcdefghijklmnopqrstuvwxyz",
        POST("/echo", CHUNKED) "1\r\na\r\n19;x=\"y\"\r\nbcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
        POST("/pieces", CHUNKED) "1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX: y\r\n\r\n"};
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        gy_str bytes = gy_str_of(requests[i]);
        for (size_t cut = 0; cut <= bytes.len; cut++) {
            gy_test_send_cut(c, bytes, cut);
            gy_test_response res = gy_test_answer(c);
            if (!GY_CHECK_INT(res.status, 200) ||
                !GY_CHECK_TEXT(res.body, "abcdefghijklmnopqrstuvwxyz"))
                break;
        }
    }
    GY_CHECK(!gy_test_closed(c));
    site_close(&s);
}

GY_TEST(bodies_of_all_sizes_come_back)
{
    static const size_t sizes[] = {1,     1000,  4095,  4096,   16384,
                                   17000, 20000, 65536, 100000, 3000000};
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        gy_test_send(c, big_post(t, "/echo", sizes[i]));
        gy_test_response res = gy_test_answer(c);
        GY_CHECK_INT(res.status, 200);
        GY_CHECK_INT(res.body.len, sizes[i]);
        GY_CHECK(res.body.len && res.body.ptr[0] == 'x' && res.body.ptr[res.body.len - 1] == 'x');
    }
    site_close(&s);
}

GY_TEST(a_body_behind_many_pipelined_requests_finds_room)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    char all[40000];
    size_t len = 0;
    int many = 0;
    for (; len < 17500; many++)
        len += (size_t)snprintf(all + len, sizeof all - len, "%s", GET("/"));
    len +=
        (size_t)snprintf(all + len, sizeof all - len, "%s", POST("/echo", "Content-Length: 5000"));
    memset(all + len, 'y', 5000);
    gy_test_send(c, gy_str_n(all, len + 5000));
    for (int i = 0; i < many; i++)
        GY_CHECK_TEXT(gy_test_answer(c).body, "hello\n");
    GY_CHECK_INT(gy_test_answer(c).body.len, 5000);
    site_close(&s);
}

GY_TEST(chunks_and_trailers_go_both_ways)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_str bytes =
        gy_str_of(POST("/trailers", CHUNKED "\r\nTrailer: X-Sum") "3\r\nabc\r\n0\r\n"
                                                                  "X-Sum: 6\r\nY: z\r\n\r\n");
    for (size_t cut = 0; cut < bytes.len; cut++) {
        gy_test_send_cut(c, bytes, cut);
        gy_test_response res = gy_test_answer(c);
        GY_CHECK_TEXT(res.body, "abc");
        GY_CHECK_TEXT(gy_headers_get(&res.trailers, "x-sum"), "6");
        GY_CHECK_TEXT(gy_headers_get(&res.trailers, "y"), "z");
    }
    site_close(&s);
}

GY_TEST(a_client_that_expects_100_is_asked_when_the_body_is_read)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, POST("/echo", "Expect: 100-continue\r\nContent-Length: 4"));
    GY_CHECK_TEXT(gy_test_take(c), "HTTP/1.1 100 Continue\r\n\r\n");
    gy_test_send_text(c, "body");
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_TEXT(res.body, "body");
    GY_CHECK(!gy_test_closed(c));
    /* Its bytes are there already: no need to ask. */
    gy_test_send_text(c, POST("/echo", "Expect: 100-continue\r\nContent-Length: 4") "body");
    GY_CHECK_INT(gy_test_answer(c).status, 200);
    site_close(&s);
}

GY_TEST(a_100_follows_the_answers_before_it)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/") POST("/pieces", "Expect: 100-continue\r\n" CHUNKED));
    GY_CHECK_TEXT(gy_test_answer(c).body, "hello\n");
    GY_CHECK_INT(gy_test_answer(c).status, 100);
    gy_test_send_text(c, "1\r\nx\r\n0\r\n\r\n");
    GY_CHECK_TEXT(gy_test_answer(c).body, "x");
    site_close(&s);
}

GY_TEST(a_client_that_expects_100_may_be_refused_first)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.max_body = 10});
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, POST("/echo", "Expect: 100-continue\r\nContent-Length: 11"));
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_INT(res.status, 413);
    GY_CHECK_TEXT(gy_test_header(&res, "Connection"), "close");
    gy_test_leave(c);
    /* Nobody reads it: nobody asks for it, and what comes next may be the body or a request. */
    c = gy_test_connect(t, s.server);
    gy_test_send_text(c, POST("/ignore", "Expect: 100-continue\r\nContent-Length: 4"));
    res = gy_test_answer(c);
    GY_CHECK_INT(res.status, 200);
    GY_CHECK_TEXT(gy_test_header(&res, "Connection"), "close");
    site_close(&s);
}

GY_TEST(http_1_0_is_never_asked_to_continue)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c,
                      "POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    GY_CHECK_INT(gy_test_received(c).len, 0);
    gy_test_send_text(c, "body");
    GY_CHECK_TEXT(gy_test_answer(c).body, "body");
    site_close(&s);
}

GY_TEST(a_small_unread_body_is_read_away_and_the_connection_kept)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_str post = big_post(t, "/ignore", 1000);
    gy_test_send(c, gy_str_n(post.ptr, post.len - 500));
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_TEXT(res.body, "ignored\n");
    GY_CHECK(!gy_test_header(&res, "Connection").ptr);
    gy_test_send(c, gy_str_n(post.ptr, 500));
    gy_test_send_text(c, GET("/"));
    GY_CHECK_TEXT(gy_test_answer(c).body, "hello\n");
    site_close(&s);
}

GY_TEST(a_large_unread_body_ends_the_connection_so_that_the_answer_can_be_read)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_str post = big_post(t, "/ignore", 1000000);
    gy_test_send(c, gy_str_n(post.ptr, 5000));
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_TEXT(res.body, "ignored\n");
    GY_CHECK_TEXT(gy_test_header(&res, "Connection"), "close");
    GY_CHECK(gy_test_closed(c)); /* its sending half */
    gy_http_stats stats;
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.open, 1);
    gy_test_send(c, gy_str_n(post.ptr + 5000, post.len - 5000));
    gy_test_advance(t, 10);
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.open, 0);
    GY_CHECK_INT(s.began, 1);
    site_close(&s);
}

/* Over a socket a close with unread input would be a reset, which destroys what the client has not
 * read yet. */
GY_TEST(the_answer_survives_what_is_still_being_sent)
{
    static const char *const targets[] = {"/ignore", "/echo"};
    struct site s;
    char why[200];
    site_begin(&s, t, &(gy_http_opts){.max_body = 1000});
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    int port = gy_local_port(fd);
    GY_CHECK_INT(gy_http_server_listen(s.server, fd), 0);
    for (int i = 0; i < 2; i++) {
        gy_test_client *c = gy_test_connect_port(t, port);
        gy_test_pause(c);
        gy_test_send(c, big_post(t, targets[i], 3000000));
        gy_test_resume(c);
        gy_test_response res = gy_test_answer(c);
        GY_CHECK_INT(res.status, i ? 413 : 200);
        GY_CHECK_TEXT(gy_test_header(&res, "Connection"), "close");
        GY_CHECK(gy_test_wait_closed(c));
        gy_test_leave(c);
    }
    gy_test_expect_log(t, "414 refused*");
    gy_test_client *c = gy_test_connect_port(t, port);
    char *target = gy_zalloc(gy_test_arena(t), 1000000);
    memset(target, 'x', 1000000);
    gy_test_pause(c);
    gy_test_send_text(c, "GET /");
    gy_test_send(c, gy_str_n(target, 1000000));
    gy_test_resume(c);
    GY_CHECK_INT(gy_test_answer(c).status, 414);
    site_close(&s);
}

GY_TEST(who_sends_for_ever_is_not_listened_to_for_ever)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_str post = big_post(t, "/ignore", 1000000);
    gy_test_send(c, gy_str_n(post.ptr, 5000));
    for (int i = 0; i < 6; i++) {
        gy_test_advance(t, 1);
        gy_test_send_text(c, "xxxx");
    }
    gy_http_stats stats;
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.open, 0);
    site_close(&s);
}

GY_TEST(an_unread_chunked_body_ends_the_connection)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, POST("/ignore", CHUNKED) "5\r\nabcde\r\n");
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_INT(res.status, 200);
    GY_CHECK_TEXT(gy_test_header(&res, "Connection"), "close");
    gy_test_shut(c);
    gy_http_stats stats;
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.open, 0);
    site_close(&s);
}

static void refused(struct site *s, const char *bytes, int status, int code)
{
    gy_test_client *c = gy_test_connect(s->test, s->server);
    s->code = 0;
    gy_test_send_text(c, bytes);
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_INT(res.status, status);
    GY_CHECK_TEXT(gy_test_header(&res, "Connection"), "close");
    GY_CHECK(gy_test_closed(c));
    GY_CHECK_INT(s->code, code);
    gy_test_leave(c);
}

GY_TEST(bodies_past_the_limit_are_413)
{
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.max_body = 10});
    refused(&s, POST("/pieces", "Content-Length: 11") "abcdefghijk", 413, GY_ETOOBIG);
    refused(&s, POST("/pieces", CHUNKED) "6\r\nabcdef\r\n5\r\nghijk\r\n0\r\n\r\n", 413, GY_ETOOBIG);
    refused(&s, POST("/echo", CHUNKED) "6\r\nabcdef\r\n5\r\nghijk\r\n0\r\n\r\n", 413, 0);
    refused(&s, POST("/echo", "Content-Length: 99999999999999") "abc", 413, 0);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, POST("/echo", "Content-Length: 10") "abcdefghij");
    GY_CHECK_INT(gy_test_answer(c).status, 200);
    gy_test_send_text(c, POST("/pieces", CHUNKED) "a\r\nabcdefghij\r\n0\r\n\r\n");
    GY_CHECK_INT(gy_test_answer(c).status, 200);
    site_close(&s);
}

GY_TEST(malformed_chunks_are_400)
{
    struct site s;
    site_begin(&s, t, NULL);
    refused(&s, POST("/pieces", CHUNKED) "-5\r\nabcde\r\n", 400, GY_EPROTO);
    refused(&s, POST("/pieces", CHUNKED) "5\r\nabcdeXX0\r\n\r\n", 400, GY_EPROTO);
    refused(&s, POST("/echo", CHUNKED) "zz\r\n", 400, 0);
    refused(&s, POST("/echo", CHUNKED) "fffffffffffffffff\r\n", 413, 0);
    site_close(&s);
}

GY_TEST(a_body_that_is_cut_short_is_no_body)
{
    struct site s;
    site_begin(&s, t, NULL);
    for (int i = 0; i < 2; i++) {
        gy_test_client *c = gy_test_connect(t, s.server);
        s.code = 0;
        gy_test_send_text(c, i ? POST("/pieces", CHUNKED) "5\r\nab"
                               : POST("/pieces", "Content-Length: 5") "ab");
        gy_test_shut(c);
        GY_CHECK_INT(s.code, GY_ECLOSED);
        GY_CHECK(gy_test_wait_closed(c));
        gy_test_leave(c);
    }
    site_close(&s);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
