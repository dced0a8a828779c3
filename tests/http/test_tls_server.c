/* SPDX-License-Identifier: MIT */
/* test_tls_server.c - HTTP over TLS: what is asked, what is parked, what is no TLS. */
#include "http/connection.h"
#include "http/exchange.h"
#include "support/certificates.h"
#include "testing/test.h"

#include <gyre/error.h>
#include <gyre/net.h>
#include <gyre/task.h>
#include <gyre/testing.h>
#include <gyre/tls.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASK "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

static struct certificate own;

static int taken_end; /* how the last connection ended that was taken over */

struct site {
    gy_tls *server, *client;
    gy_http_server *http;
    char address[GY_ADDRESS_MAX];
    int port;
    size_t idle_active; /* tasks of connections that nothing is asked of */
    bool resumed;
    char alpn[20];
};

/* Send back what comes, as it would a protocol of its own. */
static int take_over(gy_exchange *x)
{
    gy_stream *s = gy_exchange_detach(x);
    gy_str some;
    int e = s ? 0 : GY_ENOMEM;
    while (!e)
        if ((e = gy_stream_read(s, 20000, &some)) == 0)
            e = gy_stream_write_str(s, some);
    taken_end = e;
    return 0;
}

static int say_who(gy_exchange *x)
{
    char text[100];
    gy_str pem = gy_exchange_certificate(x, true), der = gy_exchange_certificate(x, false);
    int n = snprintf(text, sizeof text, "%.*s %zu\n", pem.ptr ? 27 : 4, pem.ptr ? pem.ptr : "none",
                     der.len);
    return gy_exchange_respond(x, 200, NULL, gy_str_n(text, (size_t)n));
}

static int say_how(gy_exchange *x, void *arg)
{
    if (gy_str_eq(gy_exchange_target(x), gy_str_of("/take")))
        return take_over(x);
    if (gy_str_eq(gy_exchange_target(x), gy_str_of("/who")))
        return say_who(x);
    if (gy_str_eq(gy_exchange_target(x), gy_str_of("/forever")))
        return gy_sleep(1e6);
    if (gy_str_eq(gy_exchange_target(x), gy_str_of("/slow"))) {
        int e = gy_sleep(2);
        if (e)
            return e;
    }
    gy_tls_info info = {.version = "none"};
    char text[200], body[4096];
    size_t len = 0;
    ssize_t n;
    (void)arg;
    while ((n = gy_exchange_read(x, body, sizeof body)) > 0)
        len += (size_t)n;
    if (n < 0)
        return (int)n;
    bool tls = gy_exchange_tls(x, &info);
    n = snprintf(text, sizeof text, "%s %d %s %s %s %zu\n", gy__exchange_protocol(x), tls,
                 info.version, info.alpn ? info.alpn : "-",
                 info.server_name ? info.server_name : "-", len);
    return gy_exchange_respond(x, 200, NULL, gy_str_n(text, (size_t)n));
}

/* With [verify] both show the same certificate. */
static bool site_open_as(struct site *site, gy_test *t, gy_http_opts opts, bool verify)
{
    char why[200];
    static const char *const alpn[] = {"h2", "http/1.1", NULL};
    gy_tls_certificate list[2] = {certificate_of(&own)};
    gy_tls_opts both = {.certificates = list, .ca = gy_str_of(own.text), .verify_client = verify};
    *site = (struct site){.idle_active = 99};
    site->server = gy_tls_server_new(&both, why, sizeof why);
    both.alpn = alpn;
    both.certificates = verify ? list : NULL;
    site->client = gy_tls_client_new(&both, why, sizeof why);
    opts.tls = site->server;
    site->http = gy_http_server_new(gy_test_loop(t), &opts, say_how, NULL);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    int e = fd < 0 ? fd : gy_local_address(fd, site->address);
    site->port = gy_local_port(fd);
    if (!e && site->http)
        e = gy_http_server_listen(site->http, fd);
    else if (fd >= 0)
        close(fd);
    bool good = !e && site->server && site->client && site->http;
    return GY_CHECK(good || gy_test_disturbed(t)) && good;
}

static bool site_open(struct site *site, gy_test *t, gy_http_opts opts)
{
    return site_open_as(site, t, opts, false);
}

static void site_close(struct site *site)
{
    gy_http_server_free(site->http);
    gy_tls_free(site->server);
    gy_tls_free(site->client);
}

static int enter(struct site *site, const char *before, gy_stream **out)
{
    char why[200] = "";
    gy_tls_info info;
    int e = gy_connect(site->address, &(gy_connect_opts){.timeout = 5}, out);
    if (e)
        return e;
    if (before)
        e = gy_stream_write_str(*out, gy_str_of(before));
    if (!e)
        e = gy_stream_start_tls(*out, site->client, "localhost", 5, why, sizeof why);
    if (e)
        gy_stream_close(*out);
    else if (gy_stream_tls(*out, &info))
        snprintf(site->alpn, sizeof site->alpn, "%s", info.alpn);
    return e;
}

/* One answer: its body is the last line. */
static int check_answer(gy_stream *s, const char *want)
{
    gy_str head, body;
    int e = gy_stream_read_until(s, "\r\n\r\n", 1000, &head);
    if (!e)
        e = gy_stream_read_until(s, "\n", 1000, &body);
    if (!e && !gy_test_disturbed(gy_test_current()))
        GY_CHECK_TEXT(body, want);
    return e;
}

static int ask(void *arg)
{
    struct site *site = arg;
    gy_stream *s;
    int e = enter(site, NULL, &s);
    if (e)
        return e;
    for (int i = 0; i < 3 && !e; i++) {
        e = gy_stream_write_str(s, (gy_str)GY_STR(ASK));
        if (!e)
            e = check_answer(s, "https 1 TLSv1.3 http/1.1 localhost 0\n");
        if (!e)
            e = gy_sleep(1);
        site->idle_active = site->http->active;
    }
    gy_stream_close(s);
    return e;
}

GY_TEST(requests_are_answered_and_connections_parked)
{
    struct site site;
    gy_test_clock_auto(t);
    if (!site_open(&site, t, (gy_http_opts){.max_head = 0}))
        return;
    GY_CHECK_INT(gy_test_run(t, ask, &site), 0);
    GY_CHECK_INT(site.idle_active, 0);
    GY_CHECK_TEXT(gy_str_of(site.alpn), "http/1.1");
    site_close(&site);
}

/* Many requests in a record, a request in many records: what OpenSSL holds back is found. */
static int ask_many(void *arg)
{
    struct site *site = arg;
    enum { MANY = 300 };
    char all[MANY * (sizeof ASK - 1)];
    gy_stream *s;
    int e = enter(site, NULL, &s);
    if (e)
        return e;
    for (size_t i = 0; i < MANY; i++)
        memcpy(all + i * (sizeof ASK - 1), ASK, sizeof ASK - 1);
    e = gy_stream_write(s, all, sizeof all);
    for (size_t i = 0; i < MANY && !e; i++)
        e = check_answer(s, "https 1 TLSv1.3 http/1.1 localhost 0\n");
    for (size_t i = 0; i < sizeof ASK - 1 && !e; i++)
        e = gy_stream_write(s, &ASK[i], 1);
    if (!e)
        e = check_answer(s, "https 1 TLSv1.3 http/1.1 localhost 0\n");
    gy_stream_close(s);
    return e;
}

GY_TEST(records_and_requests_need_not_fit)
{
    struct site site;
    if (!site_open(&site, t, (gy_http_opts){.max_head = 0}))
        return;
    GY_CHECK_INT(gy_test_run(t, ask_many, &site), 0);
    site_close(&site);
}

static int upload(void *arg)
{
    enum { SIZE = 1000000 };
    gy_stream *s;
    int e = enter(arg, NULL, &s);
    if (e)
        return e;
    char *body = calloc(1, SIZE);
    e = gy_stream_write_str(
        s, (gy_str)GY_STR("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"));
    if (!e)
        e = gy_stream_write(s, body, SIZE);
    free(body);
    if (!e)
        e = check_answer(s, "https 1 TLSv1.3 http/1.1 localhost 1000000\n");
    gy_stream_close(s);
    return e;
}

GY_TEST(large_bodies_come_through)
{
    struct site site;
    if (!site_open(&site, t, (gy_http_opts){.max_head = 0}))
        return;
    GY_CHECK_INT(gy_test_run(t, upload, &site), 0);
    site_close(&site);
}

GY_TEST(plain_http_is_told_so)
{
    static const char *const asks[] = {ASK, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
                                       "PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n"};
    struct site site;
    if (!site_open(&site, t, (gy_http_opts){.max_head = 0}))
        return;
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        gy_test_client *c = gy_test_connect_port(t, site.port);
        gy_test_send_text(c, asks[i]);
        gy_test_response res = gy_test_answer(c);
        GY_CHECK_INT(res.status, 400);
        GY_CHECK_TEXT(res.body, "400: this port speaks TLS, ask it with https:\n");
        gy_test_leave(c);
    }
    gy_http_stats stats;
    gy_http_server_stats(site.http, &stats);
    GY_CHECK_INT(stats.bad_requests, 3);
    GY_CHECK_INT(stats.requests, 0);
    site_close(&site);
}

GY_TEST(what_is_neither_is_closed)
{
    struct site site;
    if (!site_open(&site, t, (gy_http_opts){.max_head = 0}))
        return;
    gy_test_client *c = gy_test_connect_port(t, site.port);
    gy_test_send_text(c, "neither one nor the other\r\n\r\n");
    gy_test_wait_closed(c);
    GY_CHECK(!memmem(gy_test_received(c).ptr, gy_test_received(c).len, "HTTP", 4));
    gy_test_leave(c);
    site_close(&site);
}

GY_TEST(who_says_nothing_has_no_task_and_is_closed_in_time)
{
    struct site site;
    if (!site_open(&site, t, (gy_http_opts){.head_timeout = 5}))
        return;
    gy_test_client *c = gy_test_connect_port(t, site.port);
    gy_test_settle(t);
    GY_CHECK_INT(site.http->open, 1);
    GY_CHECK_INT(site.http->active, 0);
    gy_test_advance(t, 6);
    GY_CHECK_INT(site.http->open, 0);
    gy_test_leave(c);
    /* Half a greeting is no better. */
    c = gy_test_connect_port(t, site.port);
    gy_test_send(c, (gy_str)GY_STR("\x16\x03\x01\x02"));
    GY_CHECK_INT(site.http->active, 1);
    gy_test_advance(t, 6);
    GY_CHECK_INT(site.http->open, 0);
    gy_test_leave(c);
    site_close(&site);
}

static int ask_by_proxy(void *arg)
{
    gy_stream *s;
    int e = enter(arg, "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n", &s);
    if (e)
        return e;
    e = gy_stream_write_str(s, (gy_str)GY_STR(ASK));
    if (!e)
        e = check_answer(s, "https 1 TLSv1.3 http/1.1 localhost 0\n");
    gy_stream_close(s);
    return e;
}

GY_TEST(a_proxy_says_who_comes_before_the_handshake)
{
    struct site site;
    if (!site_open(&site, t, (gy_http_opts){.proxy_protocol = true}))
        return;
    GY_CHECK_INT(gy_test_run(t, ask_by_proxy, &site), 0);
    site_close(&site);
}

/* -- Connections that are taken over ------------------------------------------------------------- */

#define ASK_FOR(target) "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"

static int converse(void *arg)
{
    enum { SIZE = 300000 };
    static char data[SIZE];
    gy_stream *s;
    gy_str back;
    int e = enter(arg, NULL, &s);
    if (e)
        return e;
    e = gy_stream_write_str(s, (gy_str)GY_STR(ASK_FOR("/take") "ahead"));
    if (!e && (e = gy_stream_read_exact(s, 5, &back)) == 0)
        GY_CHECK_TEXT(back, "ahead");
    memset(data, 'd', SIZE);
    if (!e)
        e = gy_stream_write(s, data, SIZE);
    if (!e && (e = gy_stream_read_exact(s, SIZE, &back)) == 0)
        GY_CHECK(memcmp(back.ptr, data, SIZE) == 0);
    if (!e)
        e = gy_stream_shutdown(s);
    if (!e && (e = gy_stream_read(s, 1, &back)) == GY_EOF)
        e = 0;
    gy_stream_close(s);
    return e;
}

GY_TEST(connections_are_taken_over_with_their_tls)
{
    struct site site;
    if (!site_open(&site, t, (gy_http_opts){.max_head = 0}))
        return;
    GY_CHECK_INT(gy_test_run(t, converse, &site), 0);
    gy_test_settle(t);
    GY_CHECK_INT(taken_end, GY_EOF);
    GY_CHECK_INT(site.http->open, 0);
    site_close(&site);
}

/* -- A server that drains ------------------------------------------------------------------------ */

struct visitor {
    struct site *site;
    const char *ask;
    bool answered;
    int end;
};

/* Ask, or nothing; then wait for the end. */
static int visit(void *arg)
{
    struct visitor *v = arg;
    gy_stream *s;
    gy_str head, body;
    int e = enter(v->site, NULL, &s);
    if (e)
        return e;
    if (v->ask)
        e = gy_stream_write_str(s, gy_str_of(v->ask));
    if (!e && v->ask && gy_stream_read_until(s, "\r\n\r\n", 1000, &head) == 0 &&
        gy_stream_read_until(s, "\n", 1000, &body) == 0)
        v->answered = true;
    v->end = gy_stream_read(s, 1, &body);
    gy_stream_close(s);
    return 0;
}

static void count(void *arg)
{
    ++*(int *)arg;
}

GY_TEST(a_drain_ends_connections_of_tls_politely)
{
    int done = 0;
    struct site site;
    if (!site_open(&site, t, (gy_http_opts){.max_head = 0}))
        return;
    struct visitor idle = {.site = &site, .ask = ASK_FOR("/")},
                   slow = {.site = &site, .ask = ASK_FOR("/slow")}, silent = {.site = &site};
    GY_CHECK_INT(gy_spawn(visit, &idle, NULL), 0);
    GY_CHECK_INT(gy_spawn(visit, &slow, NULL), 0);
    GY_CHECK_INT(gy_spawn(visit, &silent, NULL), 0);
    gy_test_client *dumb = gy_test_connect_port(t, site.port); /* and one without a handshake */
    gy_test_settle(t);
    GY_CHECK_INT(site.http->open, 4);
    GY_CHECK(idle.answered && !slow.answered);
    gy_http_server_drain(site.http, 10, count, &done);
    gy_test_advance(t, 1);
    GY_CHECK_INT(idle.end, GY_EOF); /* which was announced */
    GY_CHECK_INT(silent.end, GY_EOF);
    GY_CHECK(gy_test_closed(dumb));
    GY_CHECK(!slow.answered);
    GY_CHECK_INT(done, 0);
    gy_test_advance(t, 1.5);
    GY_CHECK(slow.answered);
    GY_CHECK_INT(slow.end, GY_EOF);
    GY_CHECK_INT(done, 1);
    gy_test_leave(dumb);
    site_close(&site);
}

GY_TEST(what_outlasts_the_grace_of_a_drain_is_cut_off)
{
    int done = 0;
    struct site site;
    if (!site_open(&site, t, (gy_http_opts){.max_head = 0}))
        return;
    struct visitor forever = {.site = &site, .ask = ASK_FOR("/forever")};
    gy_test_expect_log(t, "1 requests were cut off: their time to finish has run out");
    GY_CHECK_INT(gy_spawn(visit, &forever, NULL), 0);
    gy_test_settle(t);
    gy_http_server_drain(site.http, 3, count, &done);
    gy_test_advance(t, 4);
    GY_CHECK_INT(done, 1);
    GY_CHECK(!forever.answered);
    GY_CHECK(forever.end == GY_EOF || forever.end == GY_ECLOSED);
    site_close(&site);
}

/* -- Who asks ------------------------------------------------------------------------------------ */

static char who_want[100];

static int ask_who(void *arg)
{
    gy_stream *s;
    int e = enter(arg, NULL, &s);
    if (e)
        return e;
    e = gy_stream_write_str(s, (gy_str)GY_STR(ASK_FOR("/who")));
    if (!e)
        e = check_answer(s, who_want);
    gy_stream_close(s);
    return e;
}

GY_TEST(a_handler_has_the_certificate_of_the_client)
{
    struct site site;
    unsigned char *der = NULL;
    if (site_open(&site, t, (gy_http_opts){.max_head = 0})) {
        snprintf(who_want, sizeof who_want, "none 0\n");
        GY_CHECK_INT(gy_test_run(t, ask_who, &site), 0);
        site_close(&site);
    }
    snprintf(who_want, sizeof who_want, "-----BEGIN CERTIFICATE----- %d\n", i2d_X509(own.x, &der));
    OPENSSL_free(der);
    if (site_open_as(&site, t, (gy_http_opts){.max_head = 0}, true)) {
        GY_CHECK_INT(gy_test_run(t, ask_who, &site), 0);
        site_close(&site);
    }
}

static void ask_once(gy_test *t, void *arg)
{
    struct site site;
    (void)arg;
    gy_test_clock_auto(t);
    if (site_open(&site, t, (gy_http_opts){.max_head = 0})) {
        int e = gy_test_run(t, ask, &site);
        GY_CHECK(e == 0 || gy_test_disturbed(t));
    }
    site_close(&site);
}

GY_TEST(without_memory)
{
    GY_CHECK(gy_test_sweep_alloc(t, ask_once, NULL) > 20);
}

GY_TEST(cancelled_at_every_wait)
{
    GY_CHECK(gy_test_sweep_cancel(t, ask_once, NULL) > 4);
}

int main(int argc, char **argv)
{
    own = certificate_make((struct certificate_wish){.name = "one", .names = "DNS:localhost"});
    int failures = gy_test_main(argc, argv);
    certificate_free(&own);
    return failures;
}
