/* SPDX-License-Identifier: MIT */
/* test_client_contract.c - what gyre/client.h promises in passing. */
#include "client_party.h"
#include "codec/coding.h"

#include <errno.h>
#include <gyre/version.h>
#include <pthread.h>

#define OK "HTTP/1.1 200 OK\r\n"
#define GOOD GY_STR(OK "Content-Length: 1\r\n\r\na")

/* -- Methods, headers, bodies ---------------------------------------------------------------------- */

GY_TEST(who_brings_a_body_and_who_does_not)
{
    static const struct {
        const char *method;
        bool may, should;
    } cases[] = {
        {"GET", false, false},   {"HEAD", false, false},   {"DELETE", false, false},
        {"TRACE", false, false}, {"OPTIONS", true, false}, {"POST", true, true},
        {"PUT", true, true},     {"PATCH", true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct party p = {.answers = {GOOD, GOOD, GOOD}, .after = {CLOSE, CLOSE, CLOSE}};
        party_open(&p);
        struct ask a = {.url = p.url, .opts = {.method = cases[i].method}};
        GY_CHECK_INT(ask(t, &a), 0);
        if (!GY_CHECK_INT(strstr(p.seen, "Content-Length: 0\r\n") != NULL, cases[i].should))
            gy_test_fail(t, "%s", cases[i].method);
        a.opts.body = (gy_str)GY_STR("abc");
        if (!GY_CHECK_INT(ask(t, &a), cases[i].may ? 0 : GY_EINVAL))
            gy_test_fail(t, "%s: %s", cases[i].method, a.res.why);
        GY_CHECK(cases[i].may || strstr(a.res.why, "has no body"));
        a.opts.any_method = true;
        GY_CHECK_INT(ask(t, &a), 0);
        GY_CHECK(strstr(p.seen, "Content-Length: 3\r\n"));
        gy_arena_done(&a.arena);
        party_close(&p);
    }
}

GY_TEST(what_frames_a_message_is_not_for_headers)
{
    static const char *const names[] = {
        "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection",
        "Expect",         "Upgrade",           "TE",         "Trailer",    "cOnTeNt-LeNgTh"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const gy_field headers[] = {
            {GY_STR("X"), GY_STR("y")}, {gy_str_of(names[i]), GY_STR("1")}, {{0}, {0}}};
        struct ask a = {.url = "http://127.0.0.1:1/", .opts = {.headers = headers}};
        GY_CHECK_INT(ask(t, &a), GY_EINVAL);
        GY_CHECK(strstr(a.res.why, names[i]));
        gy_arena_done(&a.arena);
    }
    /* The boundary is ours. */
    const gy_field type[] = {{GY_STR("content-type"), GY_STR("multipart/form-data")}, {{0}, {0}}};
    const gy_form_part parts[] = {{.name = "a", .value = GY_STR("b")}, {.name = NULL}};
    struct ask a = {.url = "http://127.0.0.1:1/", .opts = {.headers = type, .parts = parts}};
    GY_CHECK_INT(ask(t, &a), GY_EINVAL);
    GY_CHECK(strstr(a.res.why, "content-type"));
    gy_arena_done(&a.arena);
}

static ssize_t give_up(void *arg, void *buf, size_t size)
{
    (void)buf, (void)size;
    return *(int *)arg;
}

GY_TEST(a_reader_may_give_up)
{
    int code = -EIO;
    struct party p = {.answers = {GOOD}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.read_body = give_up, .read_arg = &code}};
    GY_CHECK_INT(ask(t, &a), -EIO);
    GY_CHECK_TEXT(gy_str_of(a.res.why), "the body to send was given up");
    code = 0;
    a.opts.body_length = 3;
    GY_CHECK_INT(ask(t, &a), GY_EINVAL);
    GY_CHECK_TEXT(gy_str_of(a.res.why), "the body to send is shorter than was said");
    gy_arena_done(&a.arena);
    party_close(&p);
}

struct once {
    int calls, pieces;
};

static ssize_t read_pieces(void *arg, void *buf, size_t size)
{
    struct once *o = arg;
    (void)size;
    memcpy(buf, "abc", 3);
    return o->calls++ < o->pieces ? 3 : 0;
}

/* A kept connection died: what a reader has given is not given again, by whichever method. */
GY_TEST(a_body_that_was_read_is_not_tried_again)
{
    struct party p = {.answers = {GOOD, GY_STR("")}, .after = {KEEP, CLOSE}};
    struct once o = {.pieces = 2};
    party_open(&p);
    struct ask a = {.url = p.url};
    GY_CHECK_INT(ask(t, &a), 0);
    a.opts = (gy_fetch_opts){.method = "PUT", .read_body = read_pieces, .read_arg = &o};
    GY_CHECK_INT(ask(t, &a), GY_ECLOSED);
    GY_CHECK(a.res.reused);
    GY_CHECK_INT(o.calls, 3);
    GY_CHECK_INT(p.connections, 1);
    gy_arena_done(&a.arena);
    party_close(&p);
}

/* -- Who is asked ---------------------------------------------------------------------------------- */

GY_TEST(the_user_of_the_url_wins)
{
    struct party p = {.answers = {GOOD, GOOD, GOOD}};
    char url[64];
    party_open(&p);
    struct ask a = {.url = url, .opts = {.user = "u", .password = "p"}};
    snprintf(url, sizeof url, "http://me:s%%3A@127.0.0.1:%d/", p.port);
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_GLOB(gy_str_n(p.seen, p.seen_len), "*Authorization: Basic bWU6czo=\r\n*");
    GY_CHECK(!strstr(a.res.url, "me")); /* and is nobody's business */
    a.opts.auth = GY_AUTH_BEARER;
    p.seen_len = 0;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_GLOB(gy_str_n(p.seen, p.seen_len), "*Authorization: Basic bWU6czo=\r\n*");
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(user_agents)
{
    struct party p = {.answers = {GOOD, GOOD}};
    party_open(&p);
    struct ask a = {.url = p.url};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK(strstr(p.seen, "\r\nUser-Agent: gyre/" GY_VERSION "\r\n"));
    p.seen_len = 0;
    memset(p.seen, 0, sizeof p.seen);
    a.opts.user_agent = "";
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK(!strstr(p.seen, "User-Agent"));
    gy_arena_done(&a.arena);
    party_close(&p);
}

static int count(const char *text, const char *what)
{
    int n = 0;
    while ((text = strstr(text, what)))
        text++, n++;
    return n;
}

/* What would be sent by itself is not sent twice. */
GY_TEST(headers_win)
{
    static const char *const names[] = {"Host",          "User-Agent",        "Accept-Encoding",
                                        "Authorization", "If-Modified-Since", "Cookie",
                                        "Content-Type"};
    const gy_field form[] = {{GY_STR("a"), GY_STR("b")}, {{0}, {0}}};
    gy_cookie_jar *jar = gy_cookie_jar_new();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        enum gy__coding gzip; /* a build without codings asks for none */
        if (i == 2 && gy__coding_find((gy_str)GY_STR("gzip"), &gzip))
            continue;
        const gy_field own[] = {{gy_str_of(names[i]), GY_STR("mine")}, {{0}, {0}}};
        struct party p = {.answers = {GOOD, GOOD}};
        party_open(&p);
        GY_CHECK_INT(gy_cookie_jar_set(jar, p.url, "c=d"), 0);
        struct ask a = {.url = p.url,
                        .opts = {.form = form,
                                 .user = "u",
                                 .password = "p",
                                 .cookies = jar,
                                 .if_modified_since = 784111777}};
        GY_CHECK_INT(ask(t, &a), 0);
        GY_CHECK_INT(count(p.seen, gy_strf(gy_test_arena(t), "\r\n%s: ", names[i]).ptr), 1);
        GY_CHECK(!strstr(p.seen, "mine"));
        a.opts.headers = own;
        p.seen_len = 0;
        memset(p.seen, 0, sizeof p.seen);
        GY_CHECK_INT(ask(t, &a), 0);
        if (!GY_CHECK_INT(count(p.seen, gy_strf(gy_test_arena(t), "\r\n%s: ", names[i]).ptr), 1))
            gy_test_fail(t, "%s", p.seen);
        GY_CHECK(strstr(p.seen, gy_strf(gy_test_arena(t), "\r\n%s: mine\r\n", names[i]).ptr));
        gy_arena_done(&a.arena);
        party_close(&p);
    }
    gy_cookie_jar_free(jar);
}

/* -- What is given --------------------------------------------------------------------------------- */

GY_TEST(an_answer_whose_body_failed_is_there_as_far_as_it_came)
{
    struct party p = {.answers = {GY_STR("HTTP/1.1 503 Not Now\r\nX-A: b\r\nContent-Length: 10\r\n"
                                         "\r\nfour")},
                      .after = {CLOSE}};
    party_open(&p);
    struct ask a = {.url = p.url};
    GY_CHECK_INT(ask(t, &a), GY_ECLOSED);
    GY_CHECK_INT(a.res.status, 503);
    GY_CHECK_INT(a.res.version, 11);
    GY_CHECK_TEXT(a.res.reason, "Not Now");
    GY_CHECK_TEXT(gy_headers_get(&a.res.headers, "x-a"), "b");
    GY_CHECK_TEXT(a.res.body, "four");
    GY_CHECK_TEXT(gy_str_of(a.res.url), p.url);
    gy_arena_done(&a.arena);
    party_close(&p);
}

/* Where a fetch has come to, also when it came to nothing there. */
GY_TEST(the_url_is_that_of_the_last_question)
{
    struct party p = {.answers = {GY_STR("HTTP/1.1 302 Go\r\nLocation: /b#c\r\n"
                                         "Content-Length: 0\r\n\r\n"),
                                  GY_STR("")},
                      .after = {KEEP, CLOSE}};
    char want[80];
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.method = "POST"}};
    snprintf(want, sizeof want, "http://127.0.0.1:%d/b#c", p.port);
    p.answers[2] = (gy_str)GY_STR(""); /* of the second try */
    p.after[2] = CLOSE;
    GY_CHECK_INT(ask(t, &a), GY_ECLOSED);
    GY_CHECK_INT(a.res.redirects, 1);
    if (GY_CHECK(a.res.url))
        GY_CHECK_TEXT(gy_str_of(a.res.url), want);
    GY_CHECK(a.res.body.ptr && a.res.body.len == 0);
    a.url = "nonsense";
    GY_CHECK_INT(ask(t, &a), GY_EURL);
    GY_CHECK(!a.res.url);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(times_are_those_of_the_last_request)
{
    struct party p = {.answers = {GY_STR("HTTP/1.1 302 Go\r\nLocation: /b\r\n"
                                         "Content-Length: 0\r\n\r\n"),
                                  GOOD}};
    party_open(&p);
    struct ask a = {.url = p.url};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK(a.res.reused && p.connections == 1);
    GY_CHECK(a.res.times.connect < 0 && a.res.times.dns < 0 && a.res.times.tls < 0);
    GY_CHECK(a.res.times.queue < 0);
    GY_CHECK(a.res.times.first_byte >= 0 && a.res.times.total >= a.res.times.first_byte);
    gy_arena_done(&a.arena);
    party_close(&p);
}

static int take(void *arg, const void *data, size_t len)
{
    gy_str *all = arg;
    all->ptr = data;
    all->len += len;
    return 0;
}

GY_TEST(a_writer_has_the_body_instead)
{
    gy_str all = {NULL, 0};
    struct party p = {.answers = {GY_STR(OK "Content-Length: 5\r\n\r\nhello")}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.write_body = take, .write_arg = &all}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(all.len, 5);
    GY_CHECK_TEXT(a.res.body, "");
    gy_arena_done(&a.arena);
    party_close(&p);
}

/* -- Limits ---------------------------------------------------------------------------------------- */

/* 64 KiB of a head are enough, and not a byte more. */
GY_TEST(heads_have_a_limit_of_their_own)
{
    static char head[64 * 1024 + 2];
    for (int more = 0; more < 2; more++) {
        size_t len = 64 * 1024 + (size_t)more, at;
        at = (size_t)snprintf(head, sizeof head, OK "Content-Length: 0\r\nA: ");
        memset(head + at, 'a', len - at);
        memcpy(head + len - 4, "\r\n\r\n", 4);
        struct party p = {.answers = {gy_str_n(head, len)}};
        party_open(&p);
        struct ask a = {.url = p.url};
        if (!GY_CHECK_INT(ask(t, &a), more ? GY_ETOOBIG : 0))
            gy_test_fail(t, "%s", a.res.why);
        gy_arena_done(&a.arena);
        party_close(&p);
    }
}

GY_TEST(less_than_no_time_is_no_limit)
{
    struct party p = {.answers = {GY_STR("")}, .after = {STALL}};
    party_open(&p);
    gy_test_clock_auto(t);
    struct ask a = {
        .url = p.url,
        .opts = {.proxy = p.proxy, .timeout = 40, .connect_timeout = -1, .first_byte_timeout = -1}};
    GY_CHECK_INT(ask(t, &a), GY_ETIMEDOUT);
    GY_CHECK(a.res.times.total > 39 && a.res.times.first_byte < 0);
    GY_CHECK(a.res.times.connect >= 0); /* that far it came */
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(heads_have_a_hundred_fields)
{
    static char head[4096];
    for (int more = 0; more < 2; more++) {
        size_t at = (size_t)snprintf(head, sizeof head, OK "Content-Length: 0\r\n");
        for (int i = 0; i < 99 + more; i++)
            at += (size_t)snprintf(head + at, sizeof head - at, "A: %d\r\n", i);
        at += (size_t)snprintf(head + at, sizeof head - at, "\r\n");
        struct party p = {.answers = {gy_str_n(head, at)}};
        party_open(&p);
        struct ask a = {.url = p.url};
        GY_CHECK_INT(ask(t, &a), more ? GY_ETOOBIG : 0);
        GY_CHECK_INT(a.res.headers.count, more ? 0 : 100);
        gy_arena_done(&a.arena);
        party_close(&p);
    }
}

/* -- Clients --------------------------------------------------------------------------------------- */

static int refuse(void *arg, int status, const gy_headers *headers)
{
    (void)headers;
    return *(int *)arg == status ? -EPERM : 0;
}

/* All that a fetch leaves at zero, and nothing that it says. */
GY_TEST(every_default_counts)
{
    const gy_field headers[] = {{GY_STR("X-A"), GY_STR("b")}, {{0}, {0}}};
    int status = 299;
    gy_cookie_jar *jar = gy_cookie_jar_new();
    struct party p = {
        .answers = {GOOD, GOOD, GY_STR("HTTP/1.1 299 Odd\r\n\r\n"),
                    GY_STR("HTTP/1.1 302 Go\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
                    GY_STR(OK "Content-Length: 101\r\n\r\n"),
                    GY_STR(OK "A: 0123456789012345678901234567890123456789012345678901"
                              "23456789012345678901234567890\r\n\r\n")}};
    party_open(&p);
    GY_CHECK_INT(gy_cookie_jar_set(jar, p.url, "c=d"), 0);
    gy_client *c = gy_client_new(&(gy_client_opts){.defaults = {.method = "BREW",
                                                                .any_method = true,
                                                                .headers = headers,
                                                                .body = GY_STR("abc"),
                                                                .on_head = refuse,
                                                                .head_arg = &status,
                                                                .no_redirects = true,
                                                                .no_decompress = true,
                                                                .if_modified_since = 784111777,
                                                                .user_agent = "mine",
                                                                .user = "u",
                                                                .password = "p",
                                                                .cookies = jar,
                                                                .max_body = 100,
                                                                .max_head = 100}});
    struct ask a = {.url = p.url, .opts = {.client = c}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_GLOB(gy_str_n(p.seen, p.seen_len),
                  "BREW /a HTTP/1.1\r\nHost: *\r\nUser-Agent: mine\r\nAuthorization: Basic dTpw\r\n"
                  "Cookie: c=d\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-A: b\r\n"
                  "Content-Length: 3\r\n\r\nabc");
    p.seen_len = 0;
    a.opts.method = "PUT";
    a.opts.user_agent = "his";
    a.opts.body = (gy_str)GY_STR("other");
    a.opts.password = "x";
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_GLOB(gy_str_n(p.seen, p.seen_len),
                  "PUT *\r\nUser-Agent: his\r\nAuthorization: Basic Ong=\r\n*\r\n\r\nother");
    GY_CHECK_INT(ask(t, &a), -EPERM);
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 302);
    GY_CHECK_INT(ask(t, &a), GY_ETOOBIG);
    GY_CHECK_INT(ask(t, &a), GY_ETOOBIG);
    GY_CHECK(strstr(a.res.why, "head too long"));
    gy_client_free(c);

    const gy_fetch_opts others[] = {{.max_redirects = 1, .family = AF_INET6},
                                    {.source_address = "not-here"},
                                    {.proxy = "ftp://nowhere"},
                                    {.proxy = p.proxy, .timeout = 3}};
    p.answers[p.next] = (gy_str)GY_STR("");
    p.after[p.next] = STALL;
    gy_test_clock_auto(t);
    static const int codes[] = {GY_ENOTFOUND, GY_EINVAL, GY_EINVAL, GY_ETIMEDOUT};
    for (size_t i = 0; i < 4; i++) {
        c = gy_client_new(&(gy_client_opts){.defaults = others[i]});
        a.opts = (gy_fetch_opts){.client = c};
        if (!GY_CHECK_INT(ask(t, &a), codes[i]))
            gy_test_fail(t, "%zu: %s", i, a.res.why);
        gy_client_free(c);
    }
    gy_arena_done(&a.arena);
    gy_cookie_jar_free(jar);
    party_close(&p);
}

static void *make_without_a_loop(void *arg)
{
    errno = 0;
    *(gy_client **)arg = gy_client_new(NULL);
    return (void *)(intptr_t)errno;
}

GY_TEST(a_client_has_a_loop)
{
    pthread_t thread;
    gy_client *c = (gy_client *)t;
    void *e = NULL;
    GY_CHECK_INT(pthread_create(&thread, NULL, make_without_a_loop, &c), 0);
    pthread_join(thread, &e);
    GY_CHECK(!c);
    GY_CHECK_INT((intptr_t)e, EINVAL);
    gy_client_free(NULL);
    gy_cookie_jar_free(NULL);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
