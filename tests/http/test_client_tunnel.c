/* SPDX-License-Identifier: MIT */
/* test_client_tunnel.c - https through proxies: CONNECT, SOCKS, TLS in TLS, and proxies that break the
 * rules. */
#include "client_proxies.h"
#include "client_secure.h"
#include "codec/utf8.h"

#define GOOD GY_STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

static const char *url_of(gy_test *t, const char *before, int port)
{
    return gy_strf(gy_test_arena(t), "%s:%d", before, port).ptr;
}

static void through(gy_test *t, bool secure_proxy)
{
    struct secure x = {.p = {.answers = {GOOD, GOOD, GOOD}}};
    secure_open(&x);
    struct proxy p = {.credentials = "Basic bWU6eA==", .tls = secure_proxy ? x.tls : NULL};
    proxy_open(&p, proxy_serve_http);
    const char *proxy =
        url_of(t, secure_proxy ? "https://me:x@127.0.0.1" : "http://me:x@127.0.0.1", p.port);
    struct ask a = {.url = x.url, .opts = {.proxy = proxy, .tls = x.trust, .user_agent = "me"}};
    for (int i = 0; i < 2; i++) {
        if (!GY_CHECK_INT(ask(t, &a), 0))
            gy_test_fail(t, "%s", a.res.why);
        GY_CHECK_TEXT(a.res.body, "hi");
        GY_CHECK_INT(a.res.reused, i);
        GY_CHECK(i || (a.res.times.connect >= 0 && a.res.times.tls >= a.res.times.connect));
    }
    GY_CHECK_INT(p.connections, 1);
    GY_CHECK_TEXT(proxy_seen(&p),
                  gy_strf(gy_test_arena(t),
                          "CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: "
                          "me\r\nProxy-Authorization: Basic bWU6eA==\r\n\r\n",
                          x.port, x.port)
                      .ptr);
    GY_CHECK_GLOB(gy_str_n(x.p.seen, x.p.seen_len), "GET / HTTP/1.1\r\n*");
    GY_CHECK(!strstr(x.p.seen, "Proxy-"));
    /* Another server has a tunnel of its own. */
    a.url = url_of(t, "https://other.test", x.port);

    GY_CHECK_INT(ask(t, &a), GY_EPROXY);
    GY_CHECK_GLOB(gy_str_of(a.res.why),
                  "the proxy 127.0.0.1:* refuses the tunnel: 502 Bad Gateway");
    GY_CHECK_INT(p.connections, 2);
    gy_arena_done(&a.arena);
    proxy_close(&p);
    secure_close(&x);
}

GY_TEST(https_goes_through_a_tunnel)
{
    through(t, false);
}

GY_TEST(https_goes_through_tls_in_tls)
{
    through(t, true);
}

enum { BIG = 3 * 1000 * 1000 };

static int echo_big(gy_stream *s, void *arg)
{
    char head[128];
    gy_str body;
    (void)arg;
    int e = gy_stream_read_until(s, "\r\n\r\n", 65536, &body);
    if (!e)
        e = gy_stream_read_exact(s, BIG, &body);
    if (e)
        return e;
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", BIG);
    e = gy_stream_write(s, head, strlen(head));
    return e ? e : gy_stream_write_str(s, body);
}

GY_TEST(much_goes_through_tls_in_tls)
{
    char why[256];
    struct secure x = {.tls = NULL};
    secure_open(&x);
    struct proxy p = {.tls = x.tls};
    proxy_open(&p, proxy_serve_http);
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    int port = gy_local_port(fd);
    gy_tcp_server *s = gy_tcp_server_open(fd, &(gy_tcp_server_opts){.tls = x.tls}, echo_big, NULL);
    char *body = malloc(BIG);
    for (size_t i = 0; i < BIG; i++)
        body[i] = (char)(i * 31 >> 3);
    struct ask a = {.url = url_of(t, "https://127.0.0.1", port),
                    .opts = {.proxy = url_of(t, "https://127.0.0.1", p.port),
                             .tls = x.trust,
                             .body = {body, BIG}}};
    if (!GY_CHECK_INT(ask(t, &a), 0))
        gy_test_fail(t, "%s", a.res.why);
    GY_CHECK(a.res.body.len == BIG && memcmp(a.res.body.ptr, body, BIG) == 0);
    free(body);
    gy_arena_done(&a.arena);
    gy_tcp_server_close(s, 0);
    proxy_close(&p);
    secure_close(&x);
}

GY_TEST(the_proxy_itself_over_tls)
{
    struct secure x = {.tls = NULL};
    secure_open(&x);
    struct proxy p = {.tls = x.tls};
    proxy_open(&p, proxy_serve_http);
    struct ask a = {.url = "http://one.test/",
                    .opts = {.proxy = url_of(t, "https://localhost", p.port),
                             .tls = x.trust,
                             .family = AF_INET}};
    for (int i = 0; i < 2; i++) {
        if (!GY_CHECK_INT(ask(t, &a), 0))
            gy_test_fail(t, "%s", a.res.why);
        GY_CHECK_TEXT(a.res.body, "GET http://one.test/ HTTP/1.1");
        GY_CHECK_INT(a.res.reused, i);
        GY_CHECK(i ? a.res.times.tls < 0 : a.res.times.tls >= 0 && a.res.times.dns >= 0);
    }
    a.opts.tls = NULL;
    GY_CHECK_INT(ask(t, &a), GY_ETLS);
    GY_CHECK_GLOB(gy_str_of(a.res.why), "no secure connection to localhost:*");
    gy_arena_done(&a.arena);
    proxy_close(&p);
    secure_close(&x);
}

GY_TEST(https_goes_through_socks)
{
    struct secure x = {.p = {.answers = {GOOD, GOOD}}};
    struct proxy p = {.user = NULL};
    secure_open(&x);
    proxy_open(&p, proxy_serve_socks);
    struct ask a = {.url = url_of(t, "https://far.test", x.port),
                    .opts = {.proxy = url_of(t, "socks5h://127.0.0.1", p.port), .tls = x.trust}};
    for (int i = 0; i < 2; i++) {
        if (!GY_CHECK_INT(ask(t, &a), 0))
            gy_test_fail(t, "%s", a.res.why);
        GY_CHECK_INT(a.res.reused, i);
    }
    gy_arena_done(&a.arena);
    proxy_close(&p);
    secure_close(&x);
}

/* Before each turn of the loop: whatever a fetch has just got, it gets no further. */
GY_TEST(freeing_the_client_ends_a_fetch_at_any_moment)
{
    int rounds = 1;
    for (bool done = false; !done; rounds++) {
        struct secure s = {.p = {.answers = {GOOD}}};
        struct proxy p = {.user = NULL};
        secure_open(&s);
        proxy_open(&p, proxy_serve_http);
        struct ask a = {.url = s.url,
                        .opts = {.proxy = url_of(t, "http://127.0.0.1", p.port),
                                 .tls = s.trust,
                                 .client = gy_client_new(NULL),
                                 .timeout = -1}};
        gy_task *task = gy_task_new(gy_test_loop(t), ask_in_task, &a, NULL);
        const gy_future *ended = gy_task_future(task);
        for (int i = 0; i < rounds && !ended->done; i++)
            GY_CHECK(gy_loop_turn(gy_test_loop(t), 1) >= 0);
        done = ended->done;
        gy_client_free(a.opts.client);
        gy_task_join(task);
        GY_CHECK_INT(a.result, done ? 0 : GY_ESHUTDOWN);
        gy_arena_done(&a.arena);
        proxy_close(&p);
        secure_close(&s);
    }
    GY_CHECK(rounds > 5);
}

/* -- Refusals ------------------------------------------------------------------------------------ */

static void answers(gy_test *t, gy_str says, bool closes, int code, const char *why)
{
    struct proxy p = {.says = says, .closes = closes};
    proxy_open(&p, proxy_serve_http);
    if (code == GY_ETIMEDOUT)
        gy_test_clock_auto(t);
    struct ask a = {.url = "https://one.test/",
                    .opts = {.proxy = url_of(t, "http://127.0.0.1", p.port),
                             .max_head = 1000,
                             .connect_timeout = code == GY_ETIMEDOUT ? 2 : -1,
                             .timeout = -1}};
    if (!GY_CHECK_INT(ask(t, &a), code))
        gy_test_fail(t, "%.*s", GY_FMT(says));
    GY_CHECK_GLOB(gy_str_of(a.res.why), why);
    GY_CHECK(gy__utf8_valid(a.res.why, strlen(a.res.why)));
    GY_CHECK(a.res.times.total < 3);
    GY_CHECK_INT(a.res.status, 0);
    gy_arena_done(&a.arena);
    proxy_close(&p);
}

GY_TEST(a_proxy_that_refuses_is_quoted)
{
    answers(t, (gy_str)GY_STR("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), true,
            GY_EPROXY,
            "the proxy 127.0.0.1:* refuses the tunnel: 407 Proxy Authentication Required");
    answers(t, (gy_str)GY_STR("HTTP/1.0 403\r\nContent-Length: 100\r\n\r\n"), false, GY_EPROXY,
            "the proxy 127.0.0.1:* refuses the tunnel: 403");
    answers(t, (gy_str)GY_STR("HTTP/1.1 302 Found\r\nLocation: https://evil.test/\r\n\r\n"), false,
            GY_EPROXY, "* refuses the tunnel: 302 Found");
    answers(t, (gy_str)GY_STR("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\n\r\n"), false,
            GY_EPROXY, "* refuses the tunnel: 503 No");
    /* Terminals may take some of what is no control character in a head for one. */
    answers(t, (gy_str)GY_STR("HTTP/1.1 503 \xc3\xa4 \233\061m\xff \xc2\x9b\r\n\r\n"), false,
            GY_EPROXY, "* refuses the tunnel: 503 \xc3\xa4 ?1m? ??");
}

GY_TEST(what_is_no_answer_to_connect_is_refused)
{
    static const char *const no_http[] = {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n",
                                          "HTTP/1.1 20 OK\r\n\r\n", "\26\3\1\0\5hello\r\n\r\n",
                                          "HTTP/1.1 200 OK\r\n A: b\r\n\r\n"};
    for (size_t i = 0; i < sizeof no_http / sizeof no_http[0]; i++)
        answers(t, gy_str_of(no_http[i]), false, GY_EPROTO,
                "the proxy 127.0.0.1:* gives no proper answer: *");
    answers(t, (gy_str)GY_STR("HTTP/1.1 101 Other\r\nUpgrade: x\r\n\r\n"), false, GY_EPROTO,
            "the proxy 127.0.0.1:* changes to another protocol unasked");
    answers(t, (gy_str)GY_STR("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), false, GY_EPROTO,
            "the proxy 127.0.0.1:* speaks before the server was asked");
}

GY_TEST(an_endless_answer_to_connect_ends)
{
    static char head[5000], hints[5000];
    size_t at = (size_t)snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nA: ");
    memset(head + at, 'a', sizeof head - at);
    answers(t, gy_str_n(head, sizeof head), false, GY_ETOOBIG, "the proxy 127.0.0.1:*");
    for (at = 0; at + 26 < sizeof hints; at += 25)
        memcpy(hints + at, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    answers(t, gy_str_n(hints, at), false, GY_ETOOBIG, "the proxy 127.0.0.1:*");
}

GY_TEST(a_proxy_that_stops_anywhere)
{
    static const char yes[] = "HTTP/1.1 200 OK\r\nVia: me\r\n\r\n";
    for (size_t cut = 0; cut < sizeof yes - 1; cut++) {
        answers(t, gy_str_n(yes, cut), true, GY_ECLOSED,
                "the proxy 127.0.0.1:* closed the connection without a tunnel");
        answers(t, gy_str_n(yes, cut), false, GY_ETIMEDOUT, "*the proxy 127.0.0.1:*: timed out");
    }
    /* A tunnel to nobody. */
    answers(t, gy_str_n(yes, sizeof yes - 1), true, GY_ECLOSED,
            "no secure connection to one.test: *");
    answers(t, gy_str_n(yes, sizeof yes - 1), false, GY_ETIMEDOUT, "*: *");
}

GY_TEST(credentials_of_the_proxy_stay_with_it)
{
    const gy_field headers[] = {{GY_STR("proxy-authorization"), GY_STR("Basic own")}, {{0}, {0}}};
    struct secure x = {.p = {.answers = {GOOD}}};
    secure_open(&x);
    struct proxy p = {.credentials = "Basic own"};
    proxy_open(&p, proxy_serve_http);
    struct ask a = {.url = x.url,
                    .opts = {.proxy = url_of(t, "http://127.0.0.1", p.port),
                             .tls = x.trust,
                             .headers = headers}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK(!strstr(x.p.seen, "own"));
    gy_arena_done(&a.arena);
    proxy_close(&p);
    secure_close(&x);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
