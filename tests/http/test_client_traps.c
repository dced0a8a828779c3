/* SPDX-License-Identifier: MIT */
/* test_client_traps.c - what a server, or the caller himself, may do at the wrong moment. */
#include "client_party.h"
#include "codec/coding.h"
#include "http/client.h"
#include "support/unix_name.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define GOOD GY_STR(OK "Content-Length: 1\r\n\r\na")

/* -- Bytes behind an answer ------------------------------------------------------------------------ */

/* Says [first], and after a while [then]: the second comes when nobody asks any more. */
struct late {
    const char *first, *then;
    int connections;
};

static int say_late(gy_stream *s, void *arg)
{
    struct late *x = arg;
    gy_str head;
    int e = 0;
    for (x->connections++; !e;) {
        e = gy_stream_read_until(s, "\r\n\r\n", 65536, &head);
        if (!e)
            e = gy_stream_write(s, x->first, strlen(x->first));
        if (!e && *x->then)
            e = gy_sleep(1);
        if (!e && *x->then)
            e = gy_stream_write(s, x->then, strlen(x->then));
    }
    return e;
}

static void is_kept(gy_test *t, const char *method, const char *first, const char *then, bool kept)
{
    char why[256];
    struct late x = {.first = first, .then = then};
    int fd = gy_listen(&(gy_listen_opts){.unix_path = unix_name("late")}, why, sizeof why);
    gy_tcp_server *s = gy_tcp_server_open(fd, NULL, say_late, &x);
    struct ask a = {.url = "http://late.test/",
                    .opts = {.proxy = unix_address("late"), .method = method}};
    for (int i = 0; i < 2; i++) {
        if (!GY_CHECK_INT(ask(t, &a), 0))
            gy_test_fail(t, "%s, %s: %s", first, then, a.res.why);
        GY_CHECK_INT(a.res.body.len, 0);
        gy_test_advance(t, 2);
    }
    if (!GY_CHECK_INT(x.connections, kept ? 1 : 2))
        gy_test_fail(t, "%s %s, then %s", method, first, then);
    gy_arena_done(&a.arena);
    gy_tcp_server_close(s, 0);
}

GY_TEST(what_comes_behind_an_answer_is_nobody_s)
{
    is_kept(t, "GET", OK "Content-Length: 0\r\n\r\n", "", true);
    is_kept(t, "GET", OK "Content-Length: 0\r\n\r\n", "x", false);
    is_kept(t, "GET", OK "Content-Length: 0\r\n\r\nx", "", false);
    is_kept(t, "GET", OK "Content-Length: 0\r\n\r\n", OK "Content-Length: 0\r\n\r\n", false);
    is_kept(t, "GET", OK "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "\r\n", false);
    is_kept(t, "HEAD", OK "Content-Length: 3\r\n\r\n", "", true);
    is_kept(t, "HEAD", OK "Content-Length: 3\r\n\r\n", "abc", false);
    is_kept(t, "HEAD", OK "Transfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n", false);
    is_kept(t, "GET", "HTTP/1.1 304 No\r\nContent-Length: 3\r\n\r\n", "", true);
    is_kept(t, "GET", "HTTP/1.1 304 No\r\nContent-Length: 3\r\n\r\n", "abc", false);
    is_kept(t, "GET", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "", false);
    is_kept(t, "GET", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n", "",
            true);
}

/* It has none (RFC 9110 15.3.5): what such a server sends next may well be one all the same. */
GY_TEST(a_204_that_announces_a_body_ends_the_connection)
{
    is_kept(t, "GET", "HTTP/1.1 204 No\r\n\r\n", "", true);
    is_kept(t, "GET", "HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", "", true);
    is_kept(t, "GET", "HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\n", "", false);
    is_kept(t, "GET", "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", "", false);
}

/* -- Expectations ---------------------------------------------------------------------------------- */

/* Takes the head, says [arg], and waits for the body whatever that was. */
static int promise_and_wait(gy_stream *s, void *arg)
{
    gy_str all;
    int e = gy_stream_read_until(s, "\r\n\r\n", 65536, &all);
    if (!e)
        e = gy_stream_write(s, arg, strlen(arg));
    if (!e)
        e = gy_stream_read_exact(s, 3, &all);
    return e ? e : gy_stream_write(s, OK "Content-Length: 2\r\n\r\nhi", strlen(OK) + 23);
}

GY_TEST(a_hint_is_not_the_word_that_is_waited_for)
{
    static char hint[] = "HTTP/1.1 103 Hint\r\nLink: </a>\r\n\r\n";
    char why[256];
    int fd = gy_listen(&(gy_listen_opts){.unix_path = unix_name("hint")}, why, sizeof why);
    gy_tcp_server *s = gy_tcp_server_open(fd, NULL, promise_and_wait, hint);
    struct ask a = {
        .url = "http://hint.test/",
        .opts = {.proxy = unix_address("hint"), .body = GY_STR("abc"), .expect_continue = true}};
    gy_test_clock_auto(t);
    if (!GY_CHECK_INT(ask(t, &a), 0))
        gy_test_fail(t, "%s", a.res.why);
    GY_CHECK_TEXT(a.res.body, "hi");
    gy_arena_done(&a.arena);
    gy_tcp_server_close(s, 0);
}

GY_TEST(nothing_is_expected_for_an_empty_body)
{
    struct party p = {.answers = {GOOD}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.body = GY_STR(""), .expect_continue = true}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK(!strstr(p.seen, "Expect"));
    GY_CHECK(strstr(p.seen, "\r\nContent-Length: 0\r\n"));
    gy_arena_done(&a.arena);
    party_close(&p);
}

/* -- Readers --------------------------------------------------------------------------------------- */

static ssize_t claim_more(void *arg, void *buf, size_t size)
{
    (void)buf;
    return (ssize_t)size + *(int *)arg;
}

GY_TEST(a_reader_that_claims_more_than_there_is_room_for)
{
    static const int64_t lengths[] = {0, 5, 1000 * 1000};
    for (int more = 1; more < 200; more += 99)
        for (size_t i = 0; i < 3; i++) {
            struct party p = {.answers = {GOOD}};
            party_open(&p);
            struct ask a = {
                .url = p.url,
                .opts = {.read_body = claim_more, .read_arg = &more, .body_length = lengths[i]}};
            GY_CHECK_INT(ask(t, &a), GY_EINVAL);
            GY_CHECK_TEXT(gy_str_of(a.res.why), "the body to send is longer than was said");
            gy_arena_done(&a.arena);
            party_close(&p);
        }
}

/* -- Proxies' credentials -------------------------------------------------------------------------- */

/* They are not for servers, however those are reached, and not lost when the proxy is asked for others. */
GY_TEST(what_is_for_the_proxy_goes_to_proxies)
{
    const gy_field own[] = {{GY_STR("Proxy-Authorization"), GY_STR("mine")}, {{0}, {0}}};
    struct party p = {.answers = {GOOD, GOOD}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.headers = own}};
    GY_CHECK_INT(ask(t, &a), 0);
    a.opts.proxy = p.proxy;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(p.connections, 2);
    GY_CHECK(!strstr(p.seen, "mine"));
    party_close(&p);

    struct party proxy = {.answers = {GY_STR("HTTP/1.1 302 Go\r\nLocation: http://two.test/\r\n"
                                             "Content-Length: 0\r\n\r\n"),
                                      GOOD}};
    char url[64];
    party_open(&proxy);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", proxy.port);
    a.url = "http://one.test/";
    a.opts.proxy = url;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.redirects, 1);
    GY_CHECK_GLOB(gy_str_n(proxy.seen, proxy.seen_len),
                  "GET http://one.test/ *\r\nProxy-Authorization: mine\r\n*"
                  "GET http://two.test/ *\r\nProxy-Authorization: mine\r\n*");
    gy_arena_done(&a.arena);
    party_close(&proxy);
}

/* -- Redirects ------------------------------------------------------------------------------------- */

GY_TEST(less_than_no_redirect_is_none)
{
    struct party p = {.answers = {GY_STR("HTTP/1.1 302 Go\r\nLocation: /b\r\n"
                                         "Content-Length: 0\r\n\r\n"),
                                  GOOD}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.max_redirects = -1}};
    GY_CHECK_INT(ask(t, &a), GY_EREDIRECT);
    gy_arena_done(&a.arena);
    party_close(&p);
}

/* A redirect is no answer: where none came behind it, there is none. */
GY_TEST(the_head_of_a_redirect_is_not_given_for_an_answer)
{
    struct party p = {.answers = {GY_STR("HTTP/1.1 302 Go\r\nLocation: /b\r\n"
                                         "Content-Length: 0\r\n\r\n"),
                                  GY_STR("")},
                      .after = {KEEP, CLOSE}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.method = "POST"}};
    p.answers[0] = (gy_str)GY_STR("HTTP/1.1 307 Go\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
    GY_CHECK_INT(ask(t, &a), GY_ECLOSED);
    GY_CHECK_INT(a.res.status, 0);
    GY_CHECK_INT(a.res.headers.count, 0);
    GY_CHECK_INT(a.res.reason.len, 0);
    gy_arena_done(&a.arena);
    party_close(&p);
}

/* -- Bombs ----------------------------------------------------------------------------------------- */

struct ticker {
    bool over;
    long turns, seen;
    size_t since, most; /* bytes between two turns */
};

static int tick(void *arg)
{
    struct ticker *k = arg;
    for (; !k->over; k->turns++)
        if (gy_yield())
            break;
    return 0;
}

static int weigh(void *arg, const void *data, size_t len)
{
    struct ticker *k = arg;
    (void)data;
    k->since = k->turns == k->seen ? k->since + len : len;
    k->seen = k->turns;
    k->most = k->since > k->most ? k->since : k->most;
    return 0;
}

/* A few bytes that became many would hold up everybody else. */
GY_TEST(while_much_is_decompressed_others_have_their_turns)
{
    enum { SIZE = 20 * 1000 * 1000, ROOM = 100 * 1000 };
    char *zeros = calloc(1, SIZE), *answer = calloc(1, ROOM);
    struct gy__encoder *e = gy__encoder_new(GY__CODING_GZIP, 0);
    size_t len = (size_t)snprintf(answer, ROOM, OK "Content-Encoding: gzip\r\n\r\n");
    gy_str in = gy_str_n(zeros, SIZE);
    for (ssize_t n; e && (n = gy__encode(e, &in, GY__FLUSH_END, answer + len, ROOM - len)) > 0;)
        len += (size_t)n;
    gy__encoder_free(e);
    struct party p = {.answers = {gy_str_n(answer, len)}, .after = {CLOSE}};
    struct ticker k = {.over = false};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.write_body = weigh, .write_arg = &k}};
    gy_task *ticker = gy_task_new(gy_test_loop(t), tick, &k, NULL);
    gy_task *task = gy_task_new(gy_test_loop(t), ask_in_task, &a, NULL);
    GY_CHECK_INT(gy_task_join(task), 0);
    k.over = true;
    gy_task_join(ticker);
    GY_CHECK_INT(a.result, e ? 0 : GY_ECODING);
    if (e) /* else a build without gzip */
        GY_CHECK(k.turns > 20 && k.most > 0 && k.most < 512 * 1024);
    gy_arena_done(&a.arena);
    party_close(&p);
    free(zeros);
    free(answer);
}

/* There and back again: who was left once is not told again; and who redirects may name somebody else. */
GY_TEST(credentials_do_not_come_back)
{
    char there[160], back[160];
    struct party a_party = {.next = 0}, b_party = {.next = 0};
    party_open(&a_party);
    party_open(&b_party);
    snprintf(there, sizeof there,
             "HTTP/1.1 307 Go\r\nLocation: http://x:y@127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n",
             b_party.port);
    snprintf(back, sizeof back,
             "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n",
             a_party.port);
    a_party.answers[0] = gy_str_of(there);
    a_party.answers[1] = (gy_str)GOOD;
    b_party.answers[0] = gy_str_of(back);
    char url[64];
    snprintf(url, sizeof url, "http://u:p@127.0.0.1:%d/", a_party.port);
    struct ask a = {.url = url, .opts = {.user_agent = "", .no_decompress = true}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.redirects, 2);
    GY_CHECK_GLOB(gy_str_n(a_party.seen, a_party.seen_len),
                  "GET / HTTP/1.1\r\nHost: *\r\nAuthorization: Basic dTpw\r\n\r\n"
                  "GET / HTTP/1.1\r\nHost: 127.0.0.1:*\r\n\r\n");
    GY_CHECK(!strstr(a_party.seen + 40, "eDp5") && strstr(b_party.seen, "Basic eDp5\r\n"));
    gy_arena_done(&a.arena);
    party_close(&a_party);
    party_close(&b_party);
}

/* -- Memory ---------------------------------------------------------------------------------------- */

static void with_cookies(gy_test *t, void *arg)
{
    struct party p = {.answers = {GY_STR(OK "Set-Cookie: e=f\r\nContent-Length: 1\r\n\r\na")}};
    gy_arena arena = {0};
    (void)arg;
    party_open(&p);
    gy_cookie_jar *jar = gy_cookie_jar_new();
    if (jar && gy_cookie_jar_set(jar, p.url, "c=d") == 0) {
        struct ask a = {.url = p.url, .opts = {.cookies = jar}};
        /* Better no answer than that of somebody else. */
        if (ask(t, &a) == 0 && a.res.status) {
            GY_CHECK(strstr(p.seen, "\r\nCookie: c=d\r\n"));
            gy_test_calm(t);
            GY_CHECK_TEXT(gy_cookie_jar_get(&arena, jar, p.url), "c=d; e=f");
        }
        gy_arena_done(&a.arena);
    }
    gy_arena_done(&arena);
    gy_cookie_jar_free(jar);
    if (p.server)
        party_close(&p);
}

GY_TEST(no_memory_does_not_mean_no_cookies)
{
    GY_CHECK(gy_test_sweep_alloc(t, with_cookies, NULL) > 5);
}

/* -- Drops ----------------------------------------------------------------------------------------- */

/* Says [arg] a byte at a time, and takes its time. */
static int drip(gy_stream *s, void *arg)
{
    const char *text = arg;
    gy_str head;
    int e = gy_stream_read_until(s, "\r\n\r\n", 65536, &head);
    for (; !e; text += text[1] != '\0') {
        e = gy_stream_write(s, text, 1);
        if (!e)
            e = gy_sleep(9);
    }
    return e;
}

static void takes(gy_test *t, char *text, gy_fetch_opts opts, double seconds)
{
    char why[256];
    int fd = gy_listen(&(gy_listen_opts){.unix_path = unix_name("drip")}, why, sizeof why);
    gy_tcp_server *s = gy_tcp_server_open(fd, NULL, drip, text);
    struct ask a = {.url = "http://drip.test/", .opts = opts};
    a.opts.proxy = unix_address("drip");
    GY_CHECK_INT(ask(t, &a), GY_ETIMEDOUT);
    if (!GY_CHECK(a.res.times.total > seconds - 0.1 && a.res.times.total < seconds + 0.5))
        gy_test_fail(t, "%s: %g", text, a.res.times.total);
    gy_arena_done(&a.arena);
    gy_tcp_server_close(s, 0);
}

/* That something comes is no reason to wait for longer than was said. */
GY_TEST(drops_do_not_renew_the_time)
{
    static char interim[] = "HTTP/1.1 103 Hint\r\n\r\n", head[] = OK "A: bbbbbbbbbbbbbbbbbbbbbbb",
                body[] = OK "\r\nbbbbbbbbbbbbbbbbbbbbbbbbb",
                chunks[] = OK "Transfer-Encoding: chunked\r\n\r\n1\r\nb\r\n1\r\nb\r\n1\r\nb";
    gy_test_clock_auto(t);
    takes(t, head, (gy_fetch_opts){0}, 20);
    takes(t, interim, (gy_fetch_opts){.timeout = 150}, 150);
    takes(t, head, (gy_fetch_opts){.first_byte_timeout = 10, .timeout = 100}, 100);
    takes(t, body, (gy_fetch_opts){.timeout = 300}, 300);
    takes(t, chunks, (gy_fetch_opts){.timeout = 500}, 500);
    takes(t, body, (gy_fetch_opts){.body = GY_STR("abc"), .expect_continue = true, .timeout = 50},
          50);
}

/* -- Callbacks that do what they like -------------------------------------------------------------- */

enum deed { FETCH, FREE, CANCEL, DEEDS };

struct meddler {
    enum deed deed;
    gy_client *client;
    const char *url;
    int done, result;
};

static int meddle(struct meddler *m)
{
    gy_arena arena = {0};
    gy_response res;
    gy_fetch_opts opts = {.client = m->client};
    if (m->done++)
        return 0;
    if (m->deed == FETCH)
        m->result = gy_fetch(&arena, m->url, &opts, &res);
    else if (m->deed == FREE)
        gy_client_free(m->client);
    else
        gy_task_cancel(gy_task_self());
    gy_arena_done(&arena);
    return 0;
}

static int on_head(void *arg, int status, const gy_headers *headers)
{
    (void)status, (void)headers;
    return meddle(arg);
}

static int on_body(void *arg, const void *data, size_t len)
{
    (void)data, (void)len;
    return meddle(arg);
}

static ssize_t on_read(void *arg, void *buf, size_t size)
{
    struct meddler *m = arg;
    (void)size;
    if (m->done)
        return 0;
    memcpy(buf, "abc", 3);
    meddle(m);
    return 3;
}

GY_TEST(callbacks_may_fetch_free_the_client_or_cancel_themselves)
{
    static const gy_str answers[] = {
        GOOD, GY_STR(OK "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
        GY_STR("HTTP/1.1 103 Hint\r\n\r\n" OK "Content-Length: 1\r\n\r\na")};
    static const int codes[] = {0, GY_ESHUTDOWN, GY_ECANCELED};
    for (int i = 0; i < 9 * DEEDS; i++) {
        struct party p = {.answers = {answers[i / 3 % 3], answers[i / 3 % 3]}};
        party_open(&p);
        struct meddler m = {
            .deed = (enum deed)(i / 9), .client = gy_client_new(NULL), .url = p.url};
        struct ask a = {.url = p.url,
                        .opts = {.client = m.client, .head_arg = &m, .write_arg = &m}};
        a.opts.on_head = i % 3 == 0 ? on_head : NULL;
        a.opts.write_body = i % 3 == 1 ? on_body : NULL;
        a.opts.read_body = i % 3 == 2 ? on_read : NULL;
        a.opts.read_arg = &m;
        int e = ask(t, &a);
        /* What has come already is given. */
        if (!GY_CHECK(e == codes[m.deed] || (e == 0 && a.res.status == 200)))
            gy_test_fail(t, "%d: %d, %s", i, e, a.res.why);
        GY_CHECK(m.done > 0);
        GY_CHECK_INT(m.result, 0);
        if (m.deed != FREE)
            gy_client_free(m.client);
        gy_arena_done(&a.arena);
        party_close(&p);
    }
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
