/* SPDX-License-Identifier: MIT */
/* test_client.c - what a fetch sends and gives, by server scripts and against gyre's own server. */
#include "client_party.h"

#include "codec/coding.h"
#include "loop/state.h"
#include "support/unix_name.h"

#define OK "HTTP/1.1 200 OK\r\n"
/* "hello" six times, as gzip. */
#define HELLO                                                                                      \
    "\037\213\010\000\000\000\000\000\002\003\313\110\315\311\311\127"                             \
    "\310\300\107\002\000\127\067\142\205\043\000\000\000"

#define SAY(text_)                                                                                 \
    {                                                                                              \
        "" text_, sizeof(text_) - 1                                                                \
    }

/* -- What is sent -------------------------------------------------------------------------------- */

static void sends(gy_test *t, gy_fetch_opts opts, const char *path, const char *want)
{
    struct party p = {.answers = {SAY(OK "Content-Length: 2\r\n\r\nhi")}};
    char url[256];
    party_open(&p);
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", p.port, path);
    struct ask a = {.url = url, .opts = opts};
    opts.user_agent = "";
    a.opts.user_agent = "";
    a.opts.no_decompress = true;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_TEXT(a.res.body, "hi");
    GY_CHECK_GLOB(gy_str_n(p.seen, p.seen_len), want);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(a_get_is_short)
{
    sends(t, (gy_fetch_opts){0}, "/x?y=1#z", "GET /x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:*\r\n\r\n");
}

GY_TEST(a_body_is_a_post)
{
    sends(t, (gy_fetch_opts){.body = GY_STR("abc")}, "/",
          "POST / HTTP/1.1\r\nHost: 127.0.0.1:*\r\nContent-Length: 3\r\n\r\nabc");
    sends(t, (gy_fetch_opts){.method = "POST"}, "/",
          "POST / HTTP/1.1\r\nHost: 127.0.0.1:*\r\nContent-Length: 0\r\n\r\n");
    sends(t, (gy_fetch_opts){.method = "DELETE"}, "/",
          "DELETE / HTTP/1.1\r\nHost: 127.0.0.1:*\r\n\r\n");
}

GY_TEST(a_form_is_encoded)
{
    const gy_field form[] = {{GY_STR("a"), GY_STR("1 2&3")}, {GY_STR("b"), GY_STR("")}, {{0}, {0}}};
    sends(t, (gy_fetch_opts){.form = form}, "/",
          "POST / HTTP/1.1\r\n*Content-Type: application/x-www-form-urlencoded\r\n"
          "Content-Length: 12\r\n\r\na=1+2%263&b=");
}

GY_TEST(headers_and_credentials_are_sent)
{
    const gy_field headers[] = {
        {GY_STR("X-One"), GY_STR("1")}, {GY_STR("Host"), GY_STR("elsewhere")}, {{0}, {0}}};
    sends(t, (gy_fetch_opts){.headers = headers, .user = "me", .password = "secret"}, "/",
          "GET / HTTP/1.1\r\nAuthorization: Basic bWU6c2VjcmV0\r\nX-One: 1\r\nHost: "
          "elsewhere\r\n\r\n");
    sends(t, (gy_fetch_opts){.auth = GY_AUTH_BEARER, .password = "tok"}, "/",
          "*\r\nAuthorization: Bearer tok\r\n*");
    sends(t, (gy_fetch_opts){.if_modified_since = 784111777}, "/",
          "*\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n*");
}

struct source {
    const char *text;
    size_t at;
};

static ssize_t read_source(void *arg, void *buf, size_t size)
{
    struct source *s = arg;
    size_t n = strlen(s->text + s->at);
    if (n > 4)
        n = 4;
    if (n > size)
        n = size;
    memcpy(buf, s->text + s->at, n);
    s->at += n;
    return (ssize_t)n;
}

GY_TEST(a_body_is_read_in_pieces)
{
    struct source chunked = {.text = "abcdef"}, counted = {.text = "abcdef"};
    sends(t, (gy_fetch_opts){.read_body = read_source, .read_arg = &chunked}, "/",
          "POST / *\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n");
    sends(t, (gy_fetch_opts){.read_body = read_source, .read_arg = &counted, .body_length = 6}, "/",
          "POST / *\r\nContent-Length: 6\r\n\r\nabcdef");
}

GY_TEST(what_breaks_a_request_is_refused)
{
    const gy_field split[] = {{GY_STR("A"), GY_STR("b\r\nC: d")}, {{0}, {0}}};
    const gy_field name[] = {{GY_STR("A b"), GY_STR("c")}, {{0}, {0}}};
    const gy_field colon[] = {{GY_STR("A: b\r\nC"), GY_STR("d")}, {{0}, {0}}};
    const gy_field nul[] = {{GY_STR("A"), GY_STR("b\0c")}, {{0}, {0}}};
    const gy_field lone[] = {{GY_STR("A"), GY_STR("b\rC: d")}, {{0}, {0}}};
    const gy_field host[] = {{GY_STR("Host"), GY_STR("a\r\nB: c")}, {{0}, {0}}};
    const gy_field none[] = {{{0}, {0}}};
    const gy_field framing[] = {{GY_STR("content-length"), GY_STR("3")}, {{0}, {0}}};
    const struct {
        const char *url;
        gy_fetch_opts opts;
        int code;
    } cases[] = {
        {"http://127.0.0.1:1/", {.method = "GET / HTTP/1.1\r\nX: y"}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.method = ""}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.method = "FOO"}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.method = "CONNECT"}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.headers = split}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.headers = name}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.headers = framing}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.user_agent = "a\nb"}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.method = "GET\t/"}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.method = "G:T", .any_method = true}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.headers = colon}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.headers = nul}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.headers = lone}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.headers = host}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.user = "a\r\nB: c", .password = "d"}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.user = "a", .password = "b\nc"}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.body = GY_STR("a"), .form = none}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.read_body = read_source, .body_length = -1}, GY_EINVAL},
        {"http://a\r\nb/", {0}, GY_EURL},
        {"http://127.0.0.1:1/\n", {0}, GY_EURL},
        {"http://127.0.0.1:1\r\nX: y/", {0}, GY_EURL},
        {"http://a%0d%0ab/", {0}, GY_EURL},
        {"http://a%0d%0ab@127.0.0.1/", {0}, GY_EURL},
        {"http://127.0.0.1:1/", {.method = "GET", .body = GY_STR("x")}, GY_EINVAL},
        {"http://127.0.0.1:1/", {.auth = GY_AUTH_BEARER, .password = "a\rb"}, GY_EINVAL},
        {"http://127.0.0.1:1/a\r\nb", {0}, GY_EURL},
        {"ftp://127.0.0.1:1/", {0}, GY_EURL},
        {"nonsense", {0}, GY_EURL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct party p = {0};
        party_open(&p);
        struct ask a = {.url = cases[i].url, .opts = cases[i].opts};
        char here[64];
        snprintf(here, sizeof here, "http://127.0.0.1:%d/", p.port);
        if (cases[i].code == GY_EINVAL)
            a.url = here;
        if (!GY_CHECK_INT(ask(t, &a), cases[i].code))
            gy_test_fail(t, "case %zu: %s", i, a.res.why);
        GY_CHECK(a.res.why[0]);
        GY_CHECK_INT(p.seen_len, 0);
        gy_arena_done(&a.arena);
        party_close(&p);
    }
}

GY_TEST(any_method_takes_all_that_breaks_nothing)
{
    sends(t, (gy_fetch_opts){.method = "BREW", .any_method = true}, "/",
          "BREW / HTTP/1.1\r\nHost: 127.0.0.1:*\r\n\r\n");
    sends(t, (gy_fetch_opts){.method = "GET", .body = GY_STR("x"), .any_method = true}, "/",
          "GET / HTTP/1.1\r\nHost: *\r\nContent-Length: 1\r\n\r\nx");
    sends(t, (gy_fetch_opts){.method = "OPTIONS", .body = GY_STR("x")}, "/",
          "OPTIONS / HTTP/1.1\r\nHost: *\r\nContent-Length: 1\r\n\r\nx");
}

/* What cannot break anything where it goes is coded, and comes out as one piece. */
GY_TEST(what_may_break_a_request_is_coded)
{
    const gy_field form[] = {{GY_STR("a\r\nB: c"), GY_STR("d&e=f\0g\n")}, {{0}, {0}}};
    sends(t, (gy_fetch_opts){.form = form}, "/",
          "POST / HTTP/1.1\r\nHost: *\r\nContent-Type: *\r\nContent-Length: "
          "30\r\n\r\na%0D%0AB%3A+c=d%26e%3Df%00g%0A");
    sends(t, (gy_fetch_opts){0}, "/a b?c\"d<e>", "GET /a%20b?c%22d%3Ce%3E HTTP/1.1\r\n*");
}

/* -- What is given ------------------------------------------------------------------------------- */

static int count_heads(void *arg, int status, const gy_headers *headers)
{
    int *sum = arg;
    *sum = *sum * 1000 + status + (int)headers->count * 0;
    return 0;
}

GY_TEST(interim_heads_are_passed_over)
{
    int heads = 0;
    struct party p = {.answers = {SAY("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" OK
                                      "Content-Length: 1\r\nX-A: b\r\n\r\nz")}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.on_head = count_heads, .head_arg = &heads}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(heads, 103200);
    GY_CHECK_INT(a.res.status, 200);
    GY_CHECK_TEXT(a.res.reason, "OK");
    GY_CHECK_TEXT(a.res.body, "z");
    GY_CHECK_TEXT(gy_headers_get(&a.res.headers, "x-a"), "b");
    GY_CHECK_TEXT(gy_str_of(a.res.url), p.url);
    GY_CHECK(a.res.times.total >= 0 && a.res.times.connect >= 0);
    gy_arena_done(&a.arena);
    party_close(&p);
}

static void gives(gy_test *t, const char *method, gy_str answer, const char *body,
                  size_t connections)
{
    struct party p = {.answers = {answer, SAY(OK "Content-Length: 4\r\n\r\nnext")}};
    if (!strstr(answer.ptr, "Length") && !strstr(answer.ptr, "chunked") && *method == 'G' &&
        !strstr(answer.ptr, " 204 "))
        p.after[0] = CLOSE;
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.method = method}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_TEXT(a.res.body, body);
    a.opts.method = NULL;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_TEXT(a.res.body, "next");
    GY_CHECK_INT(p.connections, connections);
    GY_CHECK_INT(a.res.reused, connections == 1);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(bodies_end_as_their_framing_says)
{
    gives(t, "GET", (gy_str)SAY(OK "Content-Length: 3\r\n\r\nabc"), "abc", 1);
    gives(t, "GET", (gy_str)SAY(OK "Content-Length: 0\r\n\r\n"), "", 1);
    gives(t, "GET",
          (gy_str)SAY(OK "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n"
                         "0\r\nT: u\r\n\r\n"),
          "abc", 1);
    gives(t, "GET", (gy_str)SAY(OK "\r\nuntil the end"), "until the end", 2);
    gives(t, "GET", (gy_str)SAY("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na"), "a", 2);
    gives(t, "GET", (gy_str)SAY(OK "Connection: close\r\nContent-Length: 1\r\n\r\na"), "a", 2);
    gives(t, "HEAD", (gy_str)SAY(OK "Content-Length: 3\r\n\r\n"), "", 1);
    gives(t, "GET", (gy_str)SAY("HTTP/1.1 204 No\r\n\r\n"), "", 1);
    gives(t, "GET", (gy_str)SAY("HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n"), "", 1);
    gives(t, "GET", (gy_str)SAY(OK "Content-Length: 3\r\n\r\nabcHTTP/1.1 200 Stolen\r\n\r\n"),
          "abc", 2);
}

static void decodes(gy_test *t, const char *coding, gy_str body, size_t max, int code)
{
    char answer[256], *at = answer;
    at += snprintf(answer, sizeof answer, OK "Content-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
                   coding, body.len);
    memcpy(at, body.ptr, body.len);
    struct party p = {.answers = {gy_str_n(answer, (size_t)(at - answer) + body.len)}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.max_body = max}};
    GY_CHECK_INT(ask(t, &a), code);
    if (code == 0)
        GY_CHECK_TEXT(a.res.body, "hello hello hello hello hello hello");
    else
        GY_CHECK(a.res.why[0]);
    GY_CHECK_GLOB(gy_str_n(p.seen, p.seen_len), "*\r\nAccept-Encoding: *gzip*");
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(the_version_is_told)
{
    struct party p = {.answers = {SAY("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
                                  SAY(OK "Content-Length: 0\r\n\r\n")}};
    party_open(&p);
    struct ask a = {.url = p.url};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.version, 10);
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.version, 11);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(bodies_are_decompressed)
{
    enum gy__coding gzip;
    if (gy__coding_find((gy_str)GY_STR("gzip"), &gzip))
        return; /* a build without it */
    gy_str hello = SAY(HELLO);
    decodes(t, "gzip", hello, 0, 0);
    decodes(t, "gzip", gy_str_n(hello.ptr, hello.len - 1), 0, GY_ECODING);
    decodes(t, "gzip", gy_str_n(hello.ptr + 1, hello.len - 1), 0, GY_ECODING);
    decodes(t, "unheard-of", hello, 0, GY_ECODING);
    decodes(t, "gzip", hello, 34, GY_ETOOBIG);
}

GY_TEST(every_coding_is_decompressed)
{
    static const enum gy__coding codings[] = {GY__CODING_GZIP, GY__CODING_DEFLATE, GY__CODING_BR,
                                              GY__CODING_ZSTD};
    for (size_t i = 0; i < 4; i++) {
        char coded[256];
        size_t len = 0;
        gy_str in = GY_STR("hello hello hello hello hello hello");
        struct gy__encoder *e = gy__encoder_new(codings[i], 0);
        if (!e)
            continue; /* a build without it */
        for (ssize_t n;
             (n = gy__encode(e, &in, GY__FLUSH_END, coded + len, sizeof coded - len)) > 0;)
            len += (size_t)n;
        gy__encoder_free(e);
        decodes(t, gy__coding_name(codings[i]), gy_str_n(coded, len), 0, 0);
        decodes(t, gy__coding_name(codings[i]), gy_str_n(coded, len), 34, GY_ETOOBIG);
        decodes(t, gy__coding_name(codings[i]), gy_str_n(coded, len - 1), 0, GY_ECODING);
    }
}

GY_TEST(no_decompress_gives_what_came)
{
    struct party p = {
        .answers = {SAY(OK "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc")}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.no_decompress = true}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_TEXT(a.res.body, "abc");
    GY_CHECK(!strstr(p.seen, "Accept-Encoding"));
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(expect_continue_waits_for_the_word)
{
    struct party p = {.answers = {SAY("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.body = GY_STR("abc"), .expect_continue = true}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 417);
    GY_CHECK_GLOB(gy_str_n(p.seen, p.seen_len), "*Expect: 100-continue\r\n*\r\n\r\n");
    gy_arena_done(&a.arena);
    party_close(&p);
}

/* Takes the head, waits for the body, and only then says something: or before it, [arg]. */
static int hold_back(gy_stream *s, void *arg)
{
    gy_str all;
    int e = gy_stream_read_until(s, "\r\n\r\n", 65536, &all);
    if (!e && arg)
        e = gy_stream_write(s, arg, strlen(arg));
    if (!e)
        e = gy_stream_read_exact(s, 3, &all);
    bool whole = !e && gy_str_eq(all, gy_str_of("abc"));
    return whole ? gy_stream_write_str(s, (gy_str)SAY(OK "Content-Length: 2\r\n\r\nhi")) : e;
}

GY_TEST(expect_continue_does_not_wait_for_ever)
{
    static char on[] = "HTTP/1.1 103 Hint\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
    gy_test_clock_auto(t);
    for (int i = 0; i < 2; i++) {
        char why[256];
        int fd = gy_listen(&(gy_listen_opts){.unix_path = unix_name("expect")}, why, sizeof why);
        gy_tcp_server *s = gy_tcp_server_open(fd, NULL, hold_back, i ? on : NULL);
        struct ask a = {.url = "http://expect.test/",
                        .opts = {.proxy = unix_address("expect"),
                                 .body = GY_STR("abc"),
                                 .expect_continue = true}};
        if (!GY_CHECK_INT(ask(t, &a), 0))
            gy_test_fail(t, "%s", a.res.why);
        GY_CHECK_TEXT(a.res.body, "hi");
        GY_CHECK(i ? a.res.times.total < 0.5 : a.res.times.total > 0.99);
        GY_CHECK(a.res.times.total < 1.5 && a.res.times.first_byte >= 0);
        gy_arena_done(&a.arena);
        gy_tcp_server_close(s, 0);
    }
}

/* -- Redirects ----------------------------------------------------------------------------------- */

static void redirects(gy_test *t, int status, const char *method, const char *then)
{
    char answer[128];
    snprintf(answer, sizeof answer,
             "HTTP/1.1 %d Go\r\nLocation: b?c\r\nContent-Length: 4\r\n\r\n%s", status,
             *method == 'H' ? "" : "gone");
    struct party p = {.answers = {gy_str_of(answer), SAY(OK "Content-Length: 0\r\n\r\n")}};
    party_open(&p);
    struct ask a = {.url = p.url,
                    .opts = {.method = method,
                             .user = "u",
                             .password = "p",
                             .user_agent = "",
                             .no_decompress = true}};
    if (*method == 'P')
        a.opts.body = (gy_str)GY_STR("xyz");
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 200);
    GY_CHECK_INT(a.res.redirects, 1);
    GY_CHECK_TEXT(a.res.body, "");
    GY_CHECK_INT(p.connections, 1);
    GY_CHECK_GLOB(gy_str_of(a.res.url), "http://127.0.0.1:*/b?c");
    GY_CHECK_GLOB(gy_str_n(p.seen, p.seen_len), then);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(redirects_are_followed_as_browsers_do)
{
    const char *get = "P*xyzGET /b?c HTTP/1.1\r\nHost: *\r\nAuthorization: Basic *\r\n\r\n";
    redirects(t, 301, "POST", get);
    redirects(t, 302, "POST", get);
    redirects(t, 303, "PUT", get);
    redirects(t, 307, "POST", "P*xyzPOST /b?c *xyz");
    redirects(t, 308, "POST", "P*xyzPOST /b?c *xyz");
    redirects(t, 302, "PUT", "P*xyzPUT /b?c *xyz");
    redirects(t, 303, "HEAD", "HEAD *HEAD /b?c *");
}

GY_TEST(credentials_stay_with_their_server)
{
    char answer[128];
    const gy_field headers[] = {{GY_STR("Authorization"), GY_STR("mine")},
                                {GY_STR("Cookie"), GY_STR("a=b")},
                                {GY_STR("Host"), GY_STR("first")},
                                {GY_STR("X-Kept"), GY_STR("1")},
                                {{0}, {0}}};
    struct party to = {.answers = {SAY(OK "Content-Length: 0\r\n\r\n")}};
    party_open(&to);
    snprintf(answer, sizeof answer,
             "HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:%d/x\r\nContent-Length: 0\r\n\r\n",
             to.port);
    struct party from = {.answers = {gy_str_of(answer)}};
    party_open(&from);
    struct ask a = {.url = from.url,
                    .opts = {.headers = headers,
                             .user = "u",
                             .password = "p",
                             .user_agent = "",
                             .no_decompress = true}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_GLOB(gy_str_n(from.seen, from.seen_len), "*\r\nAuthorization: mine\r\n*");
    GY_CHECK_GLOB(gy_str_n(to.seen, to.seen_len),
                  "GET /x HTTP/1.1\r\nHost: 127.0.0.1:*\r\nX-Kept: 1\r\n\r\n");
    gy_arena_done(&a.arena);
    party_close(&from);
    party_close(&to);
}

GY_TEST(cookies_are_kept_on_the_way)
{
    struct party p = {
        .answers = {SAY("HTTP/1.1 302 Go\r\nLocation: /b\r\nSet-Cookie: a=1; Path=/\r\n"
                        "Set-Cookie: =; Domain=\r\nContent-Length: 0\r\n\r\n"),
                    SAY(OK "Content-Length: 0\r\n\r\n")}};
    party_open(&p);
    struct ask a = {.url = p.url, .opts = {.cookies = gy_cookie_jar_new()}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_GLOB(gy_str_n(p.seen, p.seen_len), "GET /a *\r\n\r\nGET /b *\r\nCookie: a=1\r\n*");
    gy_cookie_jar_free(a.opts.cookies);
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(redirects_come_to_an_end)
{
    static const char loop[] = "HTTP/1.1 302 Go\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
    struct party p = {0};
    for (size_t i = 0; i < 16; i++)
        p.answers[i] = gy_str_of(loop);
    party_open(&p);
    struct ask a = {.url = p.url};
    GY_CHECK_INT(ask(t, &a), GY_EREDIRECT);
    GY_CHECK_INT(p.next, 6);
    a.opts.no_redirects = true;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.status, 302);
    gy_arena_done(&a.arena);
    party_close(&p);
}

/* -- Elsewhere ----------------------------------------------------------------------------------- */

enum { MUCH = 3 * 1000 * 1000 };

/* What it was sent comes back; of much, how much it was; and much of its own for GET. */
static int serve(gy_exchange *x, void *arg)
{
    static char buf[32 * 1024];
    char text[32] = "";
    size_t all = 0;
    ssize_t n;
    (void)arg;
    while ((n = gy_exchange_read(x, buf, sizeof buf)) > 0)
        if ((all += (size_t)n) < sizeof text)
            snprintf(text, sizeof text, "%.*s", (int)n, buf);
    if (n < 0)
        return (int)n;
    if (all >= sizeof text)
        snprintf(text, sizeof text, "%zu", all);
    if (all)
        return gy_exchange_respond(x, 200, NULL, gy_str_of(text));
    memset(buf, 'x', sizeof buf);
    int e = gy_exchange_begin(x, 200, NULL, -1);
    for (all = 0; all < MUCH && !e; all += 30000)
        e = gy_exchange_write(x, buf, 30000);
    return e ? e : gy_exchange_end(x, NULL);
}

struct flow {
    size_t left, came;
};

static ssize_t give_bytes(void *arg, void *buf, size_t size)
{
    struct flow *f = arg;
    size_t n = f->left < size ? f->left : size;
    memset(buf, 'x', n);
    f->left -= n;
    return (ssize_t)n;
}

static int take_bytes(void *arg, const void *data, size_t len)
{
    struct flow *f = arg;
    f->came += len;
    return memchr(data, 'y', len) ? GY_EPROTO : 0;
}

static gy_http_server *own_server(gy_test *t)
{
    char why[256];
    gy_http_server *s = gy_http_server_new(gy_test_loop(t), NULL, serve, NULL);
    int fd = gy_listen(&(gy_listen_opts){.unix_path = unix_name("client")}, why, sizeof why);
    GY_CHECK_INT(gy_http_server_listen(s, fd), 0);
    return s;
}

GY_TEST(own_server_over_a_unix_socket)
{
    gy_http_server *s = own_server(t);
    struct ask a = {.url = "http://somewhere/",
                    .opts = {.proxy = unix_address("client"), .body = GY_STR("hello")}};
    for (int i = 0; i < 3; i++) {
        GY_CHECK_INT(ask(t, &a), 0);
        GY_CHECK_TEXT(a.res.body, "hello");
        GY_CHECK_INT(a.res.reused, i > 0);
    }
    gy_arena_done(&a.arena);
    gy_http_server_free(s);
}

/* More than fits into any buffer on the way. */
GY_TEST(long_bodies_pass_both_ways)
{
    gy_http_server *s = own_server(t);
    struct flow flow = {.left = MUCH};
    struct ask a = {.url = "http://somewhere/",
                    .opts = {.proxy = unix_address("client"),
                             .method = "PUT",
                             .read_body = give_bytes,
                             .read_arg = &flow}};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_TEXT(a.res.body, "3000000");
    flow.left = MUCH;
    a.opts.body_length = MUCH;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_TEXT(a.res.body, "3000000");
    a.opts = (gy_fetch_opts){
        .proxy = unix_address("client"), .write_body = take_bytes, .write_arg = &flow};
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(flow.came, MUCH);
    GY_CHECK(a.res.reused);
    a.opts.write_body = NULL;
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK_INT(a.res.body.len, MUCH);
    a.opts.max_body = MUCH - 1;
    GY_CHECK_INT(ask(t, &a), GY_ETOOBIG);
    gy_arena_done(&a.arena);
    gy_http_server_free(s);
}

GY_TEST(outside_of_a_task_it_blocks)
{
    struct party p = {.answers = {SAY(OK "Content-Length: 2\r\n\r\nhi")}};
    party_open(&p);
    struct ask a = {.url = p.url};
    GY_CHECK_INT(gy_fetch(&a.arena, a.url, NULL, &a.res), 0);
    GY_CHECK_TEXT(a.res.body, "hi");
    gy_arena_done(&a.arena);
    party_close(&p);
}

/* Nor does a program go on for a connection that may be of use again. */
GY_TEST(an_idle_connection_holds_nothing_up)
{
    struct party p = {.answers = {SAY(OK "Content-Length: 2\r\n\r\nhi")}};
    party_open(&p);
    struct ask a = {.url = p.url};
    GY_CHECK_INT(ask(t, &a), 0);
    const gy_loop *loop = gy_test_loop(t);
    GY_CHECK_INT(loop->timers_aside, 1);
    GY_CHECK_INT(loop->timers.count, 1);
    gy_arena_done(&a.arena);
    party_close(&p);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
