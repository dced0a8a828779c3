/* SPDX-License-Identifier: MIT */
/* Connections that begin with a PROXY header. */
#include "http/exchange.h"

#include <gyre/error.h>
#include <gyre/http_server.h>
#include <gyre/net.h>
#include <gyre/testing.h>
#include <stdio.h>
#include <string.h>

#define ASK "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define VERSION_1 "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n"
#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static const gy_http_opts proxied = {.proxy_protocol = true};

static int say_who(gy_exchange *x, void *arg)
{
    (void)arg;
    return gy_exchange_respond(x, 200, NULL, gy_str_of(gy__exchange_remote_ip(x)));
}

static gy_http_server *serve(gy_test *t, const gy_http_opts *opts)
{
    return gy_http_server_new(gy_test_loop(t), opts, say_who, NULL);
}

/* What it answers to these bytes and one request behind them, cut at every place. */
static void check_answer(gy_test *t, gy_str header, const char *want)
{
    char bytes[400];
    memcpy(bytes, header.ptr, header.len);
    memcpy(bytes + header.len, ASK, sizeof ASK - 1);
    gy_str all = gy_str_n(bytes, header.len + sizeof ASK - 1);
    gy_http_server *s = serve(t, &proxied);
    for (size_t cut = 0; cut < all.len; cut++) {
        gy_test_client *c = gy_test_connect(t, s);
        gy_test_send_cut(c, all, cut);
        GY_CHECK_TEXT(gy_test_answer(c).body, want);
        gy_test_send_text(c, ASK); /* one header is for all requests */
        GY_CHECK_TEXT(gy_test_answer(c).body, want);
        gy_test_leave(c);
    }
    gy_http_server_free(s);
}

GY_TEST(the_client_is_whom_the_header_names)
{
    char local[16 + 216] = SIGNATURE "\x21\x31\0\xd8/run/client";
    check_answer(t, (gy_str)GY_STR(VERSION_1), "192.0.2.1");
    check_answer(t, (gy_str)GY_STR("PROXY TCP6 2001:db8::1 ::1 1 2\r\n"), "2001:db8::1");
    check_answer(t, (gy_str)GY_STR("PROXY UNKNOWN\r\n"), "memory");
    check_answer(t, (gy_str)GY_STR(SIGNATURE "\x21\x11\0\x0c\x0a\0\0\1\x0a\0\0\2\x12\x34\0\x50"),
                 "10.0.0.1");
    check_answer(t, (gy_str)GY_STR(SIGNATURE "\x20\0\0\0"), "memory");
    check_answer(t, gy_str_n(local, sizeof local), "unix");
}

/* Nothing but a close, a line in the log and a count. */
static void check_refused(gy_test *t, gy_http_server *s, const char *bytes)
{
    gy_http_stats before, after;
    gy_http_server_stats(s, &before);
    gy_test_client *c = gy_test_connect(t, s);
    gy_test_send_text(c, bytes);
    GY_CHECK(gy_test_wait_closed(c));
    GY_CHECK_TEXT(gy_test_received(c), "");
    gy_test_leave(c);
    gy_http_server_stats(s, &after);
    GY_CHECK_INT(after.not_proxied - before.not_proxied, 1);
    GY_CHECK_INT(after.requests - before.requests, 0);
}

GY_TEST(who_sends_none_is_closed)
{
    gy_http_server *s = serve(t, &proxied);
    gy_test_allow_log(t, "was closed: it did not begin with a PROXY header");
    check_refused(t, s, ASK);
    check_refused(t, s, "PROXY TCP4 1.2.3.4\r\n" ASK);
    check_refused(t, s, "\r\n\r\nGET / HTTP/1.1\r\n");
    GY_CHECK_GLOB(gy_test_logged(t), "*PROXY*PROXY*PROXY*");
    gy_http_server_free(s);
}

GY_TEST(who_stops_within_it_is_closed_in_time)
{
    gy_http_server *s = serve(t, &proxied);
    gy_test_client *c = gy_test_connect(t, s);
    gy_test_expect_log(t, "was closed: its PROXY header did not come in time");
    gy_test_send_text(c, "PROXY TCP4 1.2.");
    gy_test_advance(t, 59);
    GY_CHECK(!gy_test_closed(c));
    gy_test_advance(t, 2);
    GY_CHECK(gy_test_closed(c));
    gy_test_leave(c);
    c = gy_test_connect(t, s); /* or leaves */
    gy_test_send_text(c, "PROXY TCP4 1.2.");
    gy_test_shut(c);
    GY_CHECK(gy_test_wait_closed(c));
    gy_test_leave(c);
    gy_http_server_free(s);
}

/* -- Over sockets -------------------------------------------------------------------------------- */

static gy_test_client *connect_to(gy_test *t, gy_http_server *s)
{
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, NULL, 0);
    int port = gy_local_port(fd);
    GY_CHECK_INT(gy_http_server_listen(s, fd), 0);
    return gy_test_connect_port(t, port);
}

GY_TEST(only_trusted_proxies_may_connect)
{
    static const char *const near[] = {"127.0.0.0/8", NULL}, *const far[] = {"192.0.2.0/24", NULL};
    gy_http_opts opts = proxied;
    opts.trusted = far;
    gy_http_server *s = serve(t, &opts);
    gy_test_expect_log(t, "a connection from 127.0.0.1 was closed: it is no trusted proxy");
    gy_test_client *c = connect_to(t, s);
    gy_test_send_text(c, VERSION_1 ASK);
    GY_CHECK(gy_test_wait_closed(c));
    gy_test_leave(c);
    gy_http_server_free(s);

    opts.trusted = near;
    s = serve(t, &opts);
    c = connect_to(t, s);
    gy_test_send_text(c, VERSION_1 ASK);
    GY_CHECK_TEXT(gy_test_answer(c).body, "192.0.2.1");
    gy_test_leave(c);
    gy_http_server_free(s);
}

/* What the announced client says about others is believed only when it is a proxy too. */
GY_TEST(the_fields_of_a_request_come_second)
{
    static const char *const near[] = {"127.0.0.0/8", NULL};
    gy_http_opts opts = {.proxy_protocol = true, .xheaders = true, .trusted = near};
    gy_http_server *s = serve(t, &opts);
    gy_test_client *c = connect_to(t, s);
    gy_test_send_text(c, VERSION_1 "GET / HTTP/1.1\r\nHost: a\r\nX-Real-Ip: 6.6.6.6\r\n\r\n");
    GY_CHECK_TEXT(gy_test_answer(c).body, "192.0.2.1");
    gy_test_leave(c);
    gy_http_server_free(s);
}

/* -- A server of streams ------------------------------------------------------------------------- */

static int say_peer(gy_stream *stream, void *arg)
{
    char peer[GY_ADDRESS_MAX];
    (void)arg;
    int e = gy_stream_peer(stream, peer);
    return e ? e : gy_stream_write_str(stream, gy_str_of(peer));
}

GY_TEST(a_tcp_server_can_ask_for_it_too)
{
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, NULL, 0);
    int port = gy_local_port(fd);
    gy_tcp_server *s =
        gy_tcp_server_open(fd, &(gy_tcp_server_opts){.proxy_protocol = true}, say_peer, NULL);
    gy_test_client *c = gy_test_connect_port(t, port);
    gy_test_send_text(c, VERSION_1);
    GY_CHECK(gy_test_wait_closed(c));
    GY_CHECK_TEXT(gy_test_received(c), "192.0.2.1:56324");
    gy_test_leave(c);

    gy_test_expect_log(t, "a connection was closed: it did not begin with a PROXY header");
    c = gy_test_connect_port(t, port);
    gy_test_send_text(c, "hello");
    GY_CHECK(gy_test_wait_closed(c));
    GY_CHECK_TEXT(gy_test_received(c), "");
    gy_test_leave(c);
    gy_tcp_server_close(s, 0);
}

/* Any stream, in any handler: the bytes behind the header are the next read's. */
static int read_what_follows(void *arg)
{
    gy_stream *stream = arg;
    gy_proxied said;
    gy_str line;
    char peer[GY_ADDRESS_MAX];
    GY_CHECK_INT(gy_proxy_read(stream, 5, &said), 0);
    GY_CHECK(!said.local);
    GY_CHECK_TEXT(gy_str_of(said.source), "192.0.2.1:56324");
    GY_CHECK_TEXT(gy_str_of(said.destination), "198.51.100.7:443");
    GY_CHECK_INT(gy_stream_peer(stream, peer), 0);
    GY_CHECK_TEXT(gy_str_of(peer), "192.0.2.1:56324");
    GY_CHECK_INT(gy_stream_read_until(stream, "\n", 100, &line), 0);
    GY_CHECK_TEXT(line, "hello\n");
    GY_CHECK_INT(gy_proxy_read(stream, 5, &said), GY_ETIMEDOUT);
    gy_stream_close(stream);
    return 0;
}

GY_TEST(any_stream_may_begin_with_one)
{
    gy_str bytes = GY_STR(VERSION_1 "hello\n");
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        gy_stream *stream;
        gy_test_client *c = gy_test_connect_stream(t, 0, &stream);
        gy_task *task = gy_task_new(gy_test_loop(t), read_what_follows, stream, NULL);
        gy_test_send_cut(c, bytes, cut);
        gy_test_advance(t, 6);
        GY_CHECK_INT(gy_task_join(task), 0);
        gy_test_leave(c);
    }
}

/* -- Sweeps -------------------------------------------------------------------------------------- */

static void once(gy_test *t, void *arg)
{
    (void)arg;
    gy_http_server *s = serve(t, &proxied);
    gy_test_client *c = s ? gy_test_connect(t, s) : NULL;
    if (c) {
        gy_test_send_cut(c, (gy_str)GY_STR(VERSION_1 ASK), 20);
        if (!gy_test_disturbed(t))
            GY_CHECK_TEXT(gy_test_answer(c).body, "192.0.2.1");
        gy_test_leave(c);
    }
    gy_http_server_free(s);
}

GY_TEST(nothing_is_left_whatever_fails)
{
    GY_CHECK(gy_test_sweep_alloc(t, once, NULL) > 3);
    GY_CHECK(gy_test_sweep_cancel(t, once, NULL) > 0);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
