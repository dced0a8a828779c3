/* SPDX-License-Identifier: MIT */
/* test_client_hostile.c - servers that break the rules, or say nothing: each its own code. */
#include "client_party.h"

#include "codec/coding.h"
#include "support/unix_name.h"

#include <gyre/tls.h>
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
    int fd = gy_listen(&(gy_listen_opts){.unix_path = unix_name("pieces")}, why, sizeof why);
    gy_tcp_server *s = gy_tcp_server_open(fd, NULL, say_in_pieces, text);
    struct ask a = {.url = "http://pieces.test", .opts = {.proxy = unix_address("pieces")}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_TEXT(a.res.body, "abc");
    gy_arena_done(&a.arena);
    gy_tcp_server_close(s, 0);
}

/* -- Without an end ------------------------------------------------------------------------------ */

struct endless {
    const char *first, *again;
    long said;
};

static int say_for_ever(gy_stream *s, void *arg)
{
    struct endless *x = arg;
    gy_str head;
    int e = gy_stream_read_until(s, "\r\n\r\n", 65536, &head);
    if (!e)
        e = gy_stream_write(s, x->first, strlen(x->first));
    for (; !e; x->said++)
        e = gy_stream_write(s, x->again, strlen(x->again));
    return 0;
}

static int take_none(void *arg, const void *data, size_t len)
{
    (void)data;
    *(size_t *)arg += len;
    return 0;
}

static void ends(gy_test *t, const char *first, const char *again, bool streamed, int code)
{
    char why[256], url[64];
    size_t taken = 0;
    struct endless x = {.first = first, .again = again};
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", gy_local_port(fd));
    gy_tcp_server *s = gy_tcp_server_open(fd, NULL, say_for_ever, &x);
    struct ask a = {.url = url, .opts = {.max_body = 30000}};
    if (streamed) {
        a.opts.write_body = take_none;
        a.opts.write_arg = &taken;
    }
    if (!GY_CHECK_INT(ask(t, &a), code))
        gy_test_fail(t, "%s, again and again %s: %s", first, again, a.res.why);
    GY_CHECK(a.res.why[0] && taken <= 30000 && a.res.body.len <= 30000);
    gy_arena_done(&a.arena);
    gy_tcp_server_close(s, 0);
}

GY_TEST(what_has_no_end_is_ended)
{
    static const struct {
        const char *first, *again;
    } cases[] = {
        {"HTTP/1.1 200 ", "OK"},
        {"", "HTTP/1.1 103 Hint\r\n\r\n"},
        {"", "HTTP/1.1 100 Continue\r\n\r\n"},
        {OK, "A: b\r\n"},
        {OK "A: b", "bbbbbbbbbbbbbbbbbbbbbbb"},
        {OK "A", "bbbbbbbbbbbbbbbbbbbbbbbb"},
        {OK "\r\n", "bbbbbbbbbbbbbbbbbbbbbbbbb"},
        {OK "Content-Length: 30001\r\n\r\n", "b"},
        {OK "Transfer-Encoding: chunked\r\n\r\n", "1\r\nb\r\n"},
        {OK "Transfer-Encoding: chunked\r\n\r\n", "1;a=b\r\nb\r\n"},
        {OK "Transfer-Encoding: chunked\r\n\r\n1;a=\"", "bbbbbbbbbbbbbbbbbbbb"},
        {OK "Transfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n"},
        {OK "Transfer-Encoding: chunked\r\n\r\n0\r\nA: ", "bbbbbbbbbbbbbbbbbbbbbb"},
    };
    for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++)
        ends(t, cases[i / 2].first, cases[i / 2].again, i % 2, GY_ETOOBIG);
    ends(t, OK "Transfer-Encoding: chunked\r\n\r\n", "0", false, GY_EPROTO);
}

/* The body of a redirect is nobody's; it does not hold up who follows. */
GY_TEST(the_endless_body_of_a_redirect_is_left)
{
    static const char *const starts[] = {
        "HTTP/1.1 302 Go\r\nLocation: %s\r\n\r\n",
        "HTTP/1.1 302 Go\r\nLocation: %s\r\nContent-Length: 9999999999\r\n\r\n",
        "HTTP/1.1 302 Go\r\nLocation: %s\r\nTransfer-Encoding: chunked\r\n\r\n"};
    for (size_t i = 0; i < 3; i++) {
        char why[256], url[64], first[256];
        struct party p = {.answers = {GY_STR(OK "Content-Length: 2\r\n\r\nhi")}};
        party_open(&p);
        snprintf(first, sizeof first, starts[i], p.url);
        struct endless x = {.first = first, .again = "1\r\nb\r\n"};
        int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
        snprintf(url, sizeof url, "http://127.0.0.1:%d/", gy_local_port(fd));
        gy_tcp_server *s = gy_tcp_server_open(fd, NULL, say_for_ever, &x);
        struct ask a = {.url = url};
        GY_CHECK_INT(ask(t, &a), 0);
        GY_CHECK_TEXT(a.res.body, "hi");
        gy_arena_done(&a.arena);
        gy_tcp_server_close(s, 0);
        party_close(&p);
    }
}

/* -- Small, and large once it is decompressed ---------------------------------------------------- */

static void explodes(gy_test *t, enum gy__coding coding, bool streamed)
{
    static char zeros[1 << 20], small[64 * 1024], head[256], all[sizeof small + sizeof head];
    struct gy__encoder *e = gy__encoder_new(coding, 0);
    size_t len = 0, taken = 0;
    if (!e)
        return; /* a build without it */
    for (int i = 0; i < 11; i++) {
        gy_str in = gy_str_n(zeros, i < 10 ? sizeof zeros : 0);
        enum gy__flush flush = i < 10 ? GY__FLUSH_NONE : GY__FLUSH_END;
        for (ssize_t n; (n = gy__encode(e, &in, flush, small + len, sizeof small - len)) > 0;)
            len += (size_t)n;
    }
    gy__encoder_free(e);
    int n = snprintf(head, sizeof head, OK "Content-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
                     gy__coding_name(coding), len);
    memcpy(all, head, (size_t)n);
    memcpy(all + n, small, len);
    struct party p = {.answers = {gy_str_n(all, (size_t)n + len)}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.max_body = 100 * 1000}};
    if (streamed) {
        a.opts.write_body = take_none;
        a.opts.write_arg = &taken;
    }
    GY_CHECK(len < 100 * 1000);
    GY_CHECK_INT(ask(t, &a), GY_ETOOBIG);
    GY_CHECK_GLOB(gy_str_of(a.res.why), "the body from * is longer than 100000 bytes");
    GY_CHECK(a.res.body.len <= 100 * 1000 && taken <= 100 * 1000);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(a_bomb_is_too_big)
{
    static const enum gy__coding codings[] = {GY__CODING_GZIP, GY__CODING_DEFLATE, GY__CODING_BR,
                                              GY__CODING_ZSTD};
    for (size_t i = 0; i < 8; i++)
        explodes(t, codings[i / 2], i % 2);
}

GY_TEST(codings_of_codings_have_a_limit)
{
    static const char head[] =
        OK "Content-Encoding: gzip, gzip, gzip, gzip\r\nContent-Length: 1\r\n\r\na";
    fails(t, head, sizeof head - 1, STALL, GY_ECODING);
}

/* -- Silence ------------------------------------------------------------------------------------- */

/* Takes the connection and nothing more. */
static int be_silent(gy_stream *s, void *arg)
{
    (void)arg, (void)s;
    return gy_sleep(1000);
}

static ssize_t read_for_ever(void *arg, void *buf, size_t size)
{
    (void)arg;
    memset(buf, 'x', size);
    return (ssize_t)size;
}

/* With the kernel's buffers full, a body does not go on; nor does a handshake without a word. */
GY_TEST(a_server_that_does_nothing_times_out)
{
    char why[256];
    int fd = gy_listen(&(gy_listen_opts){.unix_path = unix_name("silent")}, why, sizeof why);
    gy_tcp_server *s = gy_tcp_server_open(fd, NULL, be_silent, NULL);
    gy_test_clock_auto(t);
    struct ask a = {.url = "http://silent.test/",
                    .opts = {.proxy = unix_address("silent"),
                             .read_body = read_for_ever,
                             .timeout = 7,
                             .client = gy_client_new(NULL)}};
    GY_CHECK_INT(ask(t, &a), GY_ETIMEDOUT);
    GY_CHECK(a.res.times.total > 6.9 && a.res.times.total < 7.5 && a.res.why[0]);
    a.url = "https://silent.test/";
    a.opts.read_body = NULL;
    a.opts.connect_timeout = 3;
    struct gy_tls *tls = gy_tls_client_new(NULL, NULL, 0);
    GY_CHECK_INT(ask(t, &a), tls ? GY_ETIMEDOUT : GY_ETLS);
    GY_CHECK(!tls || (a.res.times.total > 2.9 && a.res.times.total < 3.5));
    GY_CHECK(a.res.why[0]);
    gy_tls_free(tls);
    gy_arena_done(&a.arena);
    gy_client_free(a.opts.client);
    gy_tcp_server_close(s, 0);
}

/* -- Redirects ----------------------------------------------------------------------------------- */

static ssize_t read_little(void *arg, void *buf, size_t size)
{
    int *calls = arg;
    (void)size;
    memcpy(buf, "abc", 3);
    return (*calls)++ ? 0 : 3;
}

GY_TEST(redirects_that_lead_nowhere_are_refused)
{
    static const struct {
        const char *location;
        int code;
    } cases[] = {
        {"ftp://127.0.0.1/", GY_EURL},
        {"file:///etc/passwd", GY_EURL},
        {"http://", GY_EURL},
        {"http://a b/", GY_EURL},
        {"//user@evil@other/", GY_EURL},
        {"http://127.0.0.1:0/", GY_EURL},
        {"http://127.0.0.1:1/", -ECONNREFUSED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char answer[256];
        snprintf(answer, sizeof answer,
                 "HTTP/1.1 302 Go\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", cases[i].location);
        struct party p = {.answers = {gy_str_of(answer)}};
        party_open(&p);
        struct ask a = {.url = p.url};
        if (!GY_CHECK_INT(ask(t, &a), cases[i].code))
            gy_test_fail(t, "%s: %s", cases[i].location, a.res.why);
        GY_CHECK(a.res.why[0]);
        gy_arena_done(&a.arena);
        party_close(&p);
    }
}

GY_TEST(a_streamed_body_is_not_redirected)
{
    for (int i = 0; i < 2; i++) {
        int calls = 0;
        struct party p = {.answers = {GY_STR("HTTP/1.1 307 Go\r\nLocation: /b\r\n"
                                             "Content-Length: 0\r\n\r\n"),
                                      GY_STR(OK "Content-Length: 0\r\n\r\n")}};
        party_open(&p);
        struct ask a = {
            .url = p.url,
            .opts = {.read_body = read_little, .read_arg = &calls, .expect_continue = i}};
        /* Held back, it can be sent elsewhere. The second server sends no 100 either, but an answer. */
        GY_CHECK_INT(ask(t, &a), i ? 0 : GY_EREDIRECT);
        GY_CHECK_INT(calls, i ? 0 : 2);
        if (!i)
            GY_CHECK_GLOB(gy_str_of(a.res.why), "* redirects a body that cannot be sent again");
        gy_arena_done(&a.arena);
        party_close(&p);
    }
}

/* -- Broken connections -------------------------------------------------------------------------- */

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
