/* SPDX-License-Identifier: MIT */
/* Responses: whole, in pieces, without a body, wrong; and connections that are taken over. */
#include "support/http_site.h"

#include "http/exchange.h"

#include <gyre/error.h>
#include <gyre/net.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET(path_) "GET " path_ " HTTP/1.1\r\nHost: a\r\n\r\n"
#define HEAD(path_) "HEAD " path_ " HTTP/1.1\r\nHost: a\r\n\r\n"

GY_TEST(head_is_get_without_the_body)
{
    static const char *const paths[] = {"/", "/big/100000", "/length/30", "/stream/30"};
    static const char *const lengths[] = {"6", "100000", "30000", NULL};
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    for (int i = 0; i < 4; i++) {
        gy_test_send(c, gy_strf(gy_test_arena(t), HEAD("%s") GET("/"), paths[i]));
        gy_test_response res = gy_test_answer_to_head(c);
        GY_CHECK_INT(res.status, 200);
        if (lengths[i])
            GY_CHECK_TEXT(gy_test_header(&res, "Content-Length"), lengths[i]);
        else
            GY_CHECK_TEXT(gy_test_header(&res, "Transfer-Encoding"), "chunked");
        GY_CHECK_TEXT(gy_test_answer(c).body, "hello\n");
    }
    GY_CHECK(!gy_test_closed(c));
    site_close(&s);
}

GY_TEST(some_statuses_have_no_body)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c,
                      GET("/status/204") GET("/status/304") GET("/status/404") GET("/status/999"));
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_INT(res.status, 204);
    GY_CHECK(!gy_test_header(&res, "Content-Length").ptr);
    res = gy_test_answer(c);
    GY_CHECK_INT(res.status, 304);
    GY_CHECK(!gy_test_header(&res, "Content-Length").ptr);
    res = gy_test_answer(c);
    GY_CHECK_INT(res.status, 404);
    GY_CHECK_TEXT(res.body, "body\n");
    GY_CHECK_INT(gy_test_answer(c).status, 999);
    GY_CHECK_INT(gy_test_received(c).len, 0);
    site_close(&s);
}

GY_TEST(a_stream_comes_in_chunks_or_until_the_end)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/stream/50") GET("/length/50") GET("/stream/0") GET("/length/0"));
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_TEXT(gy_test_header(&res, "Transfer-Encoding"), "chunked");
    GY_CHECK(!gy_test_header(&res, "Content-Length").ptr);
    GY_CHECK_INT(res.body.len, 50 * SITE_PIECE);
    res = gy_test_answer(c);
    GY_CHECK_TEXT(gy_test_header(&res, "Content-Length"), "50000");
    GY_CHECK_INT(res.body.len, 50 * SITE_PIECE);
    GY_CHECK_INT(gy_test_answer(c).status, 200);
    res = gy_test_answer(c);
    GY_CHECK_TEXT(gy_test_header(&res, "Content-Length"), "0");
    GY_CHECK(!gy_test_closed(c));
    gy_test_leave(c);

    c = gy_test_connect(t, s.server);
    gy_test_send_text(c, "GET /stream/50 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    res = gy_test_answer(c);
    GY_CHECK(!gy_test_header(&res, "Transfer-Encoding").ptr);
    GY_CHECK_TEXT(gy_test_header(&res, "Connection"), "close");
    GY_CHECK_INT(res.body.len, 50 * SITE_PIECE);
    GY_CHECK(gy_test_closed(c));
    site_close(&s);
}

static int show(gy_exchange *x, void *arg)
{
    const gy_headers *h = gy_exchange_headers(x);
    char body[20];
    (void)arg;
    ssize_t n = gy_exchange_read(x, body, sizeof body);
    gy_str got = gy_strf(gy_exchange_arena(x), "%.*s %.*s %s %zu %.*s",
                         GY_FMT(gy_exchange_method(x)), GY_FMT(gy_exchange_target(x)),
                         gy_headers_get(h, "x-thing").ptr, h->count, (int)(n > 0 ? n : 0), body);
    n = gy_exchange_read(x, body, sizeof body);
    return n ? -EIO : gy_exchange_respond(x, 200, NULL, got);
}

GY_TEST(an_exchange_shows_what_came_and_adds_what_an_answer_needs)
{
    gy_http_server *server = gy_http_server_new(gy_test_loop(t), NULL, show, NULL);
    gy_test_client *c = gy_test_connect(t, server);
    gy_test_send_text(c, "BREW /pot%20?a=b HTTP/1.1\r\nHost: a\r\nX-Thing: y\r\n"
                         "Content-Length: 3\r\n\r\nabc");
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_TEXT(res.body, "BREW /pot%20?a=b y 3 abc");
    GY_CHECK_TEXT(gy_test_header(&res, "Content-Length"), "24");
    GY_CHECK_TEXT(gy_test_header(&res, "Date"), "Sun, 06 Nov 1994 08:49:37 GMT");
    GY_CHECK_GLOB(gy_test_header(&res, "Server"), "gyre/*");
    GY_CHECK(!gy_test_header(&res, "Connection").ptr);
    GY_CHECK_INT(res.headers.count, 3);
    gy_test_send_text(c, "GET / HTTP/1.1\r\nHost: a\r\nX-Thing: y\r\nConnection: close\r\n\r\n");
    res = gy_test_answer(c);
    GY_CHECK_TEXT(res.body, "GET / y 3 ");
    GY_CHECK_TEXT(gy_test_header(&res, "Connection"), "close");
    GY_CHECK(gy_test_closed(c));
    gy_http_server_free(server);
}

static int answer_nobody(gy_exchange *x, void *arg)
{
    static char large[100000];
    int *codes = arg;
    codes[0] = gy_sleep(1e9);
    codes[1] = gy_exchange_respond(x, 200, NULL, gy_str_n(large, sizeof large));
    codes[2] = gy_exchange_respond(x, 200, NULL, gy_str_of(""));
    return codes[1];
}

GY_TEST(who_answers_a_client_that_has_left_is_told)
{
    int codes[3] = {0};
    gy_http_server *server = gy_http_server_new(gy_test_loop(t), NULL, answer_nobody, codes);
    gy_test_client *c = gy_test_connect(t, server);
    gy_test_send_text(c, GET("/"));
    gy_test_leave(c);
    GY_CHECK_INT(codes[0], GY_ECLOSED);
    GY_CHECK_INT(codes[1], GY_ECLOSED);
    GY_CHECK_INT(codes[2], GY_EFINISHED);
    gy_http_server_free(server);
}

GY_TEST(what_was_flushed_has_left)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect_narrow(t, s.server, 100000);
    gy_test_send_text(c, GET("/stream/40"));
    GY_CHECK_INT(gy_test_answer(c).body.len, 40 * SITE_PIECE);
    site_close(&s);
}

GY_TEST(a_body_of_the_wrong_length_closes_the_connection)
{
    struct site s;
    site_begin(&s, t, NULL);
    for (int i = 0; i < 2; i++) {
        gy_test_client *c = gy_test_connect(t, s.server);
        gy_test_send_text(c, i ? GET("/long") : GET("/short"));
        GY_CHECK_INT(s.code, GY_EINVAL);
        GY_CHECK(gy_test_closed(c));
        gy_str got = gy_test_received(c);
        GY_CHECK_GLOB(got, i ? "*\r\n\r\n" : "*\r\n\r\n123456789");
        gy_test_leave(c);
    }
    site_close(&s);
}

/* -- What an application may not say ------------------------------------------------------------- */

enum { TRIES = 12 };

struct bad {
    int codes[TRIES];
    int count;
};

static void try(struct bad *b, int code)
{
    b->codes[b->count++] = code;
}

static int say_bad_things(gy_exchange *x, void *arg)
{
    struct bad *b = arg;
    static const gy_field length = {GY_STR("Content-Length"), GY_STR("7")};
    static const gy_field coding = {GY_STR("Transfer-Encoding"), GY_STR("chunked")};
    static const gy_field not_a_number = {GY_STR("Content-Length"), GY_STR("+6")};
    gy_str body = GY_STR("123456");
    try(b, gy__exchange_respond(x, 200, NULL, &length, 1, body));
    try(b, gy__exchange_respond(x, 200, NULL, &not_a_number, 1, body));
    try(b, gy__exchange_respond(x, 200, NULL, &coding, 1, body));
    try(b, gy__exchange_respond(x, 200, "a\r\nb", NULL, 0, body));
    try(b, gy__exchange_respond(x, 99, NULL, NULL, 0, body));
    try(b, gy__exchange_respond(x, 103, NULL, NULL, 0, body));
    static const gy_field twice[] = {{GY_STR("Content-Length"), GY_STR("5")},
                                     {GY_STR("content-length"), GY_STR("6")}};
    try(b, gy__exchange_respond(x, 200, NULL, twice, 2, body));
    try(b, gy__exchange_begin(x, 200, NULL, &length, 1, -1));
    try(b, gy_exchange_end(x, NULL));
    try(b, gy_exchange_write(x, "x", 1));
    try(b, gy__exchange_respond(x, 200, "Fine", NULL, 0, body));
    try(b, gy__exchange_respond(x, 200, NULL, NULL, 0, body));
    return 0;
}

GY_TEST(what_would_break_the_framing_is_refused_and_nothing_is_sent)
{
    struct bad b = {.count = 0};
    gy_http_server *server = gy_http_server_new(gy_test_loop(t), NULL, say_bad_things, &b);
    gy_test_client *c = gy_test_connect(t, server);
    gy_test_send_text(c, GET("/"));
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_TEXT(res.reason, "Fine");
    GY_CHECK_TEXT(res.body, "123456");
    GY_CHECK_INT(b.count, TRIES);
    for (int i = 0; i < TRIES; i++)
        GY_CHECK(i == TRIES - 2 ? b.codes[i] == 0 : b.codes[i] < 0);
    GY_CHECK_INT(b.codes[TRIES - 1], GY_EFINISHED);
    GY_CHECK_INT(gy_test_received(c).len, 0);
    GY_CHECK(!gy_test_closed(c));
    gy_http_server_free(server);
}

static int large_head(gy_exchange *x, void *arg)
{
    static char value[16001], body[16001];
    (void)arg;
    memset(value, 'v', 16000);
    memset(body, 'b', 16000);
    gy_field field = {GY_STR("X-Large"), {value, 16000}};
    return gy__exchange_respond(x, 200, NULL, &field, 1, gy_str_n(body, 16000));
}

GY_TEST(a_large_head_and_a_body)
{
    gy_http_server *server = gy_http_server_new(gy_test_loop(t), NULL, large_head, NULL);
    gy_test_client *c = gy_test_connect(t, server);
    gy_test_send_text(c, GET("/"));
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_INT(res.status, 200);
    GY_CHECK_INT(res.body.len, 16000);
    GY_CHECK_INT(gy_test_header(&res, "X-Large").len, 16000);
    gy_http_server_free(server);
}

/* -- Taking over --------------------------------------------------------------------------------- */

GY_TEST(a_connection_is_taken_over_with_what_was_read_ahead)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/") GET("/detach") "ahead");
    GY_CHECK_TEXT(gy_test_answer(c).body, "hello\n");
    GY_CHECK_TEXT(gy_test_take(c), "ahead");
    gy_test_send_text(c, GET("/"));
    GY_CHECK_TEXT(gy_test_take(c), GET("/"));
    gy_test_shut(c);
    GY_CHECK(gy_test_closed(c));
    GY_CHECK_INT(s.code, GY_EOF);
    GY_CHECK_INT(s.ended, 2);
    site_close(&s);
}

GY_TEST(a_taken_connection_is_closed_when_the_handler_returns)
{
    struct site s;
    site_begin(&s, t, NULL);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/detached") GET("/"));
    GY_CHECK_TEXT(gy_test_received(c), "bye");
    GY_CHECK(gy_test_closed(c));
    gy_http_stats stats;
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.open, 0);
    site_close(&s);
}

static int take_over_wrongly(gy_exchange *x, void *arg)
{
    int *taken = arg;
    if (gy_str_eq(gy_exchange_target(x), gy_str_of("/late"))) {
        int e = gy_exchange_respond(x, 200, NULL, gy_str_of("answered"));
        *taken = gy_exchange_detach(x) != NULL;
        return e;
    }
    gy_stream *s = gy_exchange_detach(x);
    *taken = (s != NULL) + 2 * (gy_exchange_detach(x) != NULL);
    GY_CHECK_INT(gy_exchange_respond(x, 200, NULL, gy_str_of("answered")), GY_EFINISHED);
    GY_CHECK_INT(gy_exchange_begin(x, 200, NULL, -1), GY_EFINISHED);
    GY_CHECK_INT(gy_exchange_write(x, "x", 1), GY_EFINISHED);
    GY_CHECK_INT(gy_exchange_end(x, NULL), GY_EFINISHED);
    GY_CHECK_INT(gy__exchange_flush(x), 0);
    return s ? gy_stream_write(s, "mine", 4) : GY_ENOMEM;
}

GY_TEST(a_connection_is_taken_over_once_and_instead_of_an_answer)
{
    int taken = -1;
    gy_http_server *server = gy_http_server_new(gy_test_loop(t), NULL, take_over_wrongly, &taken);
    gy_test_client *c = gy_test_connect(t, server);
    gy_test_send_text(c, GET("/late"));
    GY_CHECK_TEXT(gy_test_answer(c).body, "answered");
    GY_CHECK_INT(taken, 0);
    gy_test_send_text(c, GET("/"));
    GY_CHECK_TEXT(gy_test_take(c), "mine");
    GY_CHECK_INT(taken, 1);
    GY_CHECK(gy_test_closed(c));
    gy_http_server_free(server);
}

GY_TEST(sockets_are_taken_over_as_well)
{
    struct site s;
    char why[200];
    site_begin(&s, t, NULL);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    int port = gy_local_port(fd);
    GY_CHECK_INT(gy_http_server_listen(s.server, fd), 0);
    gy_test_client *c = gy_test_connect_port(t, port);
    gy_test_send_text(c, GET("/detach") "ahead");
    GY_CHECK_TEXT(gy_test_take(c), "ahead");
    gy_test_send_text(c, "more");
    GY_CHECK_TEXT(gy_test_take(c), "more");
    gy_test_leave(c);
    GY_CHECK_INT(s.ended, 1);
    site_close(&s);
}

/* -- Over sockets -------------------------------------------------------------------------------- */

GY_TEST(over_a_socket_all_is_the_same)
{
    struct site s;
    char why[200];
    site_begin(&s, t, NULL);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    int port = gy_local_port(fd);
    GY_CHECK_INT(gy_http_server_listen(s.server, fd), 0);
    gy_test_client *c = gy_test_connect_port(t, port);
    gy_test_send_text(c, GET("/") GET("/big/3000000") GET("/stream/2000") GET("/"));
    GY_CHECK_INT(gy_test_answer(c).body.len, 6);
    GY_CHECK_INT(gy_test_answer(c).body.len, 3000000);
    GY_CHECK_INT(gy_test_answer(c).body.len, 2000 * SITE_PIECE);
    GY_CHECK_INT(gy_test_answer(c).body.len, 6);
    gy_test_send_text(c, GET("/forever"));
    GY_CHECK_INT(s.ended, 4);
    gy_test_leave(c);
    GY_CHECK_INT(s.ended, 5);
    GY_CHECK_INT(s.code, GY_ECLOSED);
    site_close(&s);
}

static ssize_t ask_raw(gy_test *t, int fd, const char *request, char *out, size_t size)
{
    GY_CHECK_INT(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    gy_test_settle(t);
    ssize_t n = recv(fd, out, size - 1, MSG_DONTWAIT);
    out[n > 0 ? n : 0] = '\0';
    return n;
}

GY_TEST(a_socket_that_is_there_already_is_served)
{
    struct site s;
    int ends[2];
    char got[1000];
    site_begin(&s, t, NULL);
    GY_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    gy_stream *stream = gy_stream_open(ends[1], NULL);
    GY_CHECK(stream && gy_http_server_serve(s.server, stream) == 0);
    for (int i = 0; i < 3; i++) {
        GY_CHECK(ask_raw(t, ends[0], GET("/"), got, sizeof got) > 0);
        GY_CHECK_GLOB(gy_str_of(got), "HTTP/1.1 200 OK\r\n*\r\n\r\nhello\n");
    }
    GY_CHECK(ask_raw(t, ends[0], GET("/detach") "ahead", got, sizeof got) > 0);
    GY_CHECK_TEXT(gy_str_of(got), "ahead");
    close(ends[0]);
    gy_test_settle(t);
    GY_CHECK_INT(s.ended, 4);
    gy_http_stats stats;
    gy_http_server_stats(s.server, &stats);
    GY_CHECK_INT(stats.open, 0);
    GY_CHECK_INT(stats.requests, 4);
    site_close(&s);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
