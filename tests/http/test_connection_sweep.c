/* SPDX-License-Identifier: MIT */
/* Requests while one allocation fails, or one wait is cancelled: nothing is left behind, and the
 * next request is served. */
#include "support/http_site.h"

#include <gyre/error.h>

#define GET(path_) "GET " path_ " HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST(path_, field_) "POST " path_ " HTTP/1.1\r\nHost: a\r\n" field_ "\r\n\r\n"
#define CHUNKED "Transfer-Encoding: chunked"

/* What is sent, in parts between which time passes. */
struct scenario {
    const char *parts[4];
    int answers; /* when nothing goes wrong */
    size_t big;  /* bytes of a body behind the last part */
    bool narrow; /* little room, and a reader that pauses */
};

static void request(gy_test *t, void *arg)
{
    const struct scenario *sc = arg;
    struct site s;
    site_begin(&s, t, &(gy_http_opts){.max_body = 1 << 20});
    if (!s.server)
        return;
    gy_test_client *c = gy_test_connect_narrow(t, s.server, sc->narrow ? 2000 : 0);
    if (sc->narrow)
        gy_test_pause(c);
    for (int i = 0; i < 4 && sc->parts[i]; i++) {
        gy_test_send_text(c, sc->parts[i]);
        gy_test_advance(t, 1);
    }
    if (sc->big) {
        char *body = gy_zalloc(gy_test_arena(t), sc->big);
        if (body)
            gy_test_send(c, gy_str_n(body, sc->big));
    }
    gy_test_resume(c);
    gy_test_advance(t, 2);
    gy_test_clock_auto(t); /* a disturbed server lingers, and closes when its time has passed */
    for (int i = 0; i < sc->answers; i++) {
        gy_test_response res = gy_test_answer(c);
        if (!gy_test_disturbed(t))
            GY_CHECK_INT(res.status, 200);
        else if (!res.status)
            break;
    }
    gy_test_leave(c);
    gy_test_calm(t);
    c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/"));
    GY_CHECK_INT(gy_test_answer(c).status, 200);
    gy_test_leave(c);
    GY_CHECK_INT(s.began, s.ended);
    gy_http_stats stats;
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.open, 0);
    GY_CHECK_INT(stats.active, 0);
    site_close(&s);
}

static void both(gy_test *t, struct scenario sc, long allocations, long waits)
{
    long n = gy_test_sweep_alloc(t, request, &sc);
    if (n < allocations)
        gy_test_fail(t, "%ld allocations failed, not %ld", n, allocations);
    n = gy_test_sweep_cancel(t, request, &sc);
    if (n < waits)
        gy_test_fail(t, "%ld waits were cancelled, not %ld", n, waits);
}

GY_TEST(a_plain_request)
{
    both(t, (struct scenario){.parts = {GET("/")}, .answers = 1}, 3, 0);
}

GY_TEST(a_head_in_parts)
{
    both(t, (struct scenario){.parts = {"GET / HT", "TP/1.1\r\nHost", ": a\r\n\r\n"}, .answers = 1},
         3, 2);
}

GY_TEST(a_head_of_many_fields_and_a_large_one)
{
#define FIELDS "A: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n"
    both(t,
         (struct scenario){.parts = {"GET / HTTP/1.1\r\nHost: a\r\n" FIELDS FIELDS, FIELDS "\r\n"},
                           .answers = 1},
         4, 1);
}

GY_TEST(a_body_in_parts)
{
    both(t,
         (struct scenario){.parts = {POST("/echo", "Content-Length: 9"), "abc", "def", "ghi"},
                           .answers = 1},
         4, 3);
    both(t,
         (struct scenario){.parts = {POST("/pieces", "Content-Length: 9"), "abc", "def", "ghi"},
                           .answers = 1},
         3, 3);
}

GY_TEST(a_large_body)
{
    both(t,
         (struct scenario){
             .parts = {POST("/echo", "Content-Length: 200000")}, .answers = 1, .big = 200000},
         6, 2);
}

GY_TEST(a_body_that_is_asked_for)
{
    both(t,
         (struct scenario){
             .parts = {POST("/echo", "Expect: 100-continue\r\nContent-Length: 3"), "abc"},
             .answers = 0},
         4, 1);
}

GY_TEST(chunks_with_trailers)
{
    both(t,
         (struct scenario){.parts = {POST("/trailers", CHUNKED), "3\r\nab", "c\r\n0\r\nX: y\r\n",
                                     "Long-Trailer-Name: and its value\r\n\r\n"},
                           .answers = 1},
         5, 3);
}

GY_TEST(a_stream_to_a_slow_reader)
{
    both(t, (struct scenario){.parts = {GET("/stream/60")}, .answers = 1, .narrow = true}, 3, 5);
    both(t, (struct scenario){.parts = {GET("/big/60000")}, .answers = 1, .narrow = true}, 4, 5);
}

GY_TEST(pipelined_requests)
{
    both(t,
         (struct scenario){.parts = {GET("/") POST("/echo", "Content-Length: 2") "ab" GET("/late"),
                                     POST("/ignore", "Content-Length: 4") "cd", "ef" GET("/")},
                           .answers = 5},
         3, 2);
}

GY_TEST(a_connection_that_is_taken_over)
{
    both(t, (struct scenario){.parts = {GET("/detach") "ahead", "more"}, .answers = 0}, 4, 2);
}

GY_TEST(a_malformed_chunk_and_an_unread_body)
{
    both(t,
         (struct scenario){.parts = {GET("/") POST("/echo", CHUNKED) "zz\r\n", "zz"}, .answers = 1},
         4, 2);
    both(t, (struct scenario){.parts = {POST("/ignore", CHUNKED), "zz", "zz"}, .answers = 1}, 3, 1);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
