/* SPDX-License-Identifier: MIT */
/* test_client_hostile.c - servers that break the rules, or say nothing: each its own code. */
#include "client_party.h"

#include <sys/socket.h>

#define OK "HTTP/1.1 200 OK\r\n"

static void fails(gy_test *t, const char *answer, size_t len, enum after after, int code)
{
    struct party p = {.answers = {gy_str_n(answer, len)}, .after = {after}};
    party_open(&p);
    if (code == GY_ETIMEDOUT)
        gy_test_clock_auto(t);
    struct ask a = {.url = p.url,
                    .opts = {.proxy = p.proxy, .max_body = 1000, .max_head = 2000, .timeout = 5}};
    if (!GY_CHECK_INT(ask(t, &a), code))
        gy_test_fail(t, "%.200s: %s", answer, a.res.why);
    GY_CHECK(a.res.why[0]);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(what_is_no_http_is_refused)
{
    static const char *const answers[] = {
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 101 Other\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        OK "Content-Length: 1, 2\r\n\r\nab",
        OK "Content-Length: -1\r\n\r\n",
        OK "Content-Length: +1\r\n\r\na",
        OK "Content-Length: 0x1\r\n\r\na",
        OK "Content-Length: 99999999999999999999\r\n\r\na",
        OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        OK "A: b\r\n folded\r\nContent-Length: 0\r\n\r\n",
        OK "A : b\r\nContent-Length: 0\r\n\r\n",
        OK " A: b\r\nContent-Length: 0\r\n\r\n",
        OK "A\r\nContent-Length: 0\r\n\r\n",
        OK "A: b\rc\r\nContent-Length: 0\r\n\r\n",
        OK "Transfer-Encoding: chunked\r\n\r\nx\r\n",
        OK "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        OK "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
        OK "Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
        OK "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
        OK "Transfer-Encoding: chunked\r\n\r\n00000000000000001\r\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        fails(t, answers[i], strlen(answers[i]), STALL, GY_EPROTO);
    fails(t, OK "A: b\0c\r\n\r\n", 27 - 1, STALL, GY_EPROTO);
}

GY_TEST(what_is_too_long_is_refused)
{
    static char head[4000], fields[8000], chunk[3000], interim[4000];
    static const char hint[] = "HTTP/1.1 103 Hint\r\nA: bbbbbbbbbbbbbbbbbb\r\n\r\n";
    size_t at = (size_t)snprintf(head, sizeof head, OK "A: ");
    memset(head + at, 'a', sizeof head - at);
    fails(t, head, sizeof head, STALL, GY_ETOOBIG);
    memset(head, '1', sizeof head);
    memcpy(head, "HTTP/1.1 200 ", 13);
    fails(t, head, sizeof head, STALL, GY_ETOOBIG);
    at = (size_t)snprintf(fields, sizeof fields, OK);
    while (at < 1900)
        at += (size_t)snprintf(fields + at, sizeof fields - at, "A:b\r\n");
    memcpy(fields + at, "\r\n", 2);
    fails(t, fields, at + 2, STALL, GY_ETOOBIG);
    for (at = 0; at + sizeof hint < sizeof interim; at += sizeof hint - 1)
        memcpy(interim + at, hint, sizeof hint - 1);
    fails(t, interim, at, STALL, GY_ETOOBIG);
    fails(t, OK "Content-Length: 1001\r\n\r\n", strlen(OK) + 24, STALL, GY_ETOOBIG);
    fails(t, OK "Transfer-Encoding: chunked\r\n\r\n3e9\r\n", strlen(OK) + 35, STALL, GY_ETOOBIG);
    fails(t, OK "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n", strlen(OK) + 48, STALL,
          GY_ETOOBIG);
    at = (size_t)snprintf(chunk, sizeof chunk, OK "\r\n");
    memset(chunk + at, 'a', sizeof chunk - at);
    fails(t, chunk, sizeof chunk, STALL, GY_ETOOBIG);
}

static const char chunked[] = OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
static const char counted[] = OK "Content-Length: 3\r\n\r\nabc";

GY_TEST(an_answer_cut_at_every_byte_is_none)
{
    for (size_t n = 0; n < sizeof chunked - 1; n++)
        fails(t, chunked, n, CLOSE, GY_ECLOSED);
    for (size_t n = 0; n < sizeof counted - 1; n++)
        fails(t, counted, n, CLOSE, GY_ECLOSED);
}

GY_TEST(an_answer_that_stops_at_any_byte_times_out)
{
    for (size_t n = 0; n < sizeof chunked - 1; n += 7)
        fails(t, chunked, n, STALL, GY_ETIMEDOUT);
    for (size_t n = 0; n < sizeof counted - 1; n++)
        fails(t, counted, n, STALL, GY_ETIMEDOUT);
}

static int say_in_pieces(gy_stream *s, void *arg)
{
    gy_str head, text = gy_str_of(arg);
    int e = gy_stream_read_until(s, "\r\n\r\n", 65536, &head);
    for (size_t i = 0; i < text.len && !e; i++) {
        e = gy_stream_write(s, text.ptr + i, 1);
        if (!e)
            e = gy_yield();
    }
    return e ? e : gy_stream_read(s, 1, &head);
}

GY_TEST(an_answer_byte_by_byte_is_whole)
{
    static char text[] = "HTTP/1.1 100 Go on\r\n\r\n" OK
                         "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\n";
    char why[256];
    int fd = gy_listen(&(gy_listen_opts){.unix_path = "@gyre-pieces"}, why, sizeof why);
    gy_tcp_server *s = gy_tcp_server_open(fd, NULL, say_in_pieces, text);
    struct ask a = {.url = "http://pieces.test", .opts = {.proxy = "unix:@gyre-pieces"}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_TEXT(a.res.body, "abc");
    gy_arena_done(&a.arena);
    gy_tcp_server_close(s, 0);
}

static int reset(gy_stream *s, void *arg)
{
    gy_str head;
    int e = gy_stream_read_until(s, "\r\n\r\n", 65536, &head);
    struct linger now = {.l_onoff = 1};
    if (!e && arg)
        e = gy_stream_write(s, arg, strlen(arg));
    setsockopt(gy_stream_fd(s), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    return e;
}

GY_TEST(a_reset_is_no_end)
{
    static char begun[] = OK "\r\nbegun";
    for (int i = 0; i < 2; i++) {
        char why[256], url[64];
        int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
        snprintf(url, sizeof url, "http://127.0.0.1:%d/", gy_local_port(fd));
        gy_tcp_server *s = gy_tcp_server_open(fd, NULL, reset, i ? begun : NULL);
        struct ask a = {.url = url};
        GY_CHECK_INT(ask(t, &a), GY_ECLOSED);
        gy_arena_done(&a.arena);
        gy_tcp_server_close(s, 0);
    }
}

GY_TEST(each_timeout_ends_its_own_part)
{
    struct party p = {.answers = {GY_STR("")}, .after = {STALL}};
    party_open(&p);
    gy_test_clock_auto(t);
    struct ask a = {.url = p.url, .opts = {.proxy = p.proxy, .first_byte_timeout = 2}};
    GY_CHECK_INT(ask(t, &a), GY_ETIMEDOUT);
    GY_CHECK(a.res.times.total > 1.9 && a.res.times.total < 2.5);
    p.next = 0;
    a.opts = (gy_fetch_opts){.proxy = p.proxy, .timeout = 3};
    GY_CHECK_INT(ask(t, &a), GY_ETIMEDOUT);
    GY_CHECK(a.res.times.total > 2.9 && a.res.times.total < 3.5);
    GY_CHECK_GLOB(gy_str_of(a.res.why), "*within 3 seconds*");
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(nobody_there_is_told_as_such)
{
    struct party p = {.port = 0};
    party_open(&p);
    party_close(&p);
    struct ask a = {.url = p.url};
    GY_CHECK_INT(ask(t, &a), -ECONNREFUSED);
    GY_CHECK_GLOB(gy_str_of(a.res.why), "cannot connect to 127.0.0.1:*");
    GY_CHECK_INT(a.res.status, 0);
    gy_arena_done(&a.arena);
}

static int refuse_head(void *arg, int status, const gy_headers *headers)
{
    (void)arg, (void)status, (void)headers;
    return -EACCES;
}

static int refuse_body(void *arg, const void *data, size_t len)
{
    (void)arg, (void)data, (void)len;
    return -ENOSPC;
}

GY_TEST(callbacks_may_give_up)
{
    struct party p = {.answers = {GY_STR(OK "Content-Length: 1\r\n\r\na"),
                                  GY_STR(OK "Content-Length: 1\r\n\r\na")}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.on_head = refuse_head}};
    GY_CHECK_INT(ask(t, &a), -EACCES);
    a.opts = (gy_fetch_opts){.write_body = refuse_body};
    GY_CHECK_INT(ask(t, &a), -ENOSPC);
    GY_CHECK_INT(p.connections, 2); /* neither was kept */
    gy_arena_done(&a.arena);
    party_close(&p);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
