/* SPDX-License-Identifier: MIT */
/* test_client_curl.c - what a fetch by libcurl sends and gives, by server scripts. */
#include "client_curl.h"

/* "hello" six times, as gzip. */
#define HELLO                                                                                      \
    "\037\213\010\000\000\000\000\000\002\003\313\110\315\311\311\127"                             \
    "\310\300\107\002\000\127\067\142\205\043\000\000\000"

/* -- What is sent -------------------------------------------------------------------------------- */

static void sends(gy_test *t, gy_fetch_opts opts, const char *path, const char *want)
{
    struct scene s = {.p = {.answers = {SAY(OK "Content-Length: 2\r\n\r\nhi")}},
                      .a = {.opts = opts}};
    char url[256];
    s.a.opts.user_agent = "";
    s.a.opts.no_decompress = true;
    s.a.url = url;
    open_scene(&s);
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", s.p.port, path);
    if (!GY_CHECK_INT(ask(t, &s.a), 0))
        gy_test_fail(t, "%s", s.a.res.why);
    GY_CHECK_TEXT(s.a.res.body, "hi");
    GY_CHECK_GLOB(seen(&s), want);
    close_scene(&s);
}

GY_TEST(a_get_is_short)
{
    sends(t, (gy_fetch_opts){0}, "/x?y=1#z", "GET /x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:*\r\n\r\n");
    sends(t, (gy_fetch_opts){0}, "/[x]{1-3}", "GET /%5Bx%5D%7B1-3%7D HTTP/1.1\r\n*");
}

GY_TEST(a_body_is_a_post)
{
    sends(t, (gy_fetch_opts){.body = GY_STR("abc")}, "/",
          "POST / HTTP/1.1\r\nHost: 127.0.0.1:*\r\nContent-Length: 3\r\n\r\nabc");
    sends(t, (gy_fetch_opts){.method = "POST"}, "/",
          "POST / HTTP/1.1\r\nHost: 127.0.0.1:*\r\nContent-Length: 0\r\n\r\n");
    sends(t, (gy_fetch_opts){.method = "DELETE"}, "/",
          "DELETE / HTTP/1.1\r\nHost: 127.0.0.1:*\r\n\r\n");
    sends(t, (gy_fetch_opts){.method = "FETCH", .body = GY_STR("abc"), .any_method = true}, "/",
          "FETCH / HTTP/1.1\r\nHost: 127.0.0.1:*\r\nContent-Length: 3\r\n\r\nabc");
}

GY_TEST(forms_are_encoded)
{
    const gy_field form[] = {{GY_STR("a"), GY_STR("1 2&3")}, {GY_STR("b"), GY_STR("")}, {{0}, {0}}};
    const gy_form_part parts[] = {{.name = "n", .value = GY_STR("v")}, {.name = NULL}};
    sends(t, (gy_fetch_opts){.form = form}, "/",
          "POST / HTTP/1.1\r\n*Content-Type: application/x-www-form-urlencoded\r\n"
          "Content-Length: 12\r\n\r\na=1+2%263&b=");
    sends(t, (gy_fetch_opts){.parts = parts}, "/",
          "POST / *Content-Type: multipart/form-data; boundary=*\r\n\r\n--*\r\n"
          "Content-Disposition: form-data; name=\"n\"\r\n\r\nv\r\n--*--\r\n");
}

GY_TEST(headers_and_credentials_are_sent)
{
    const gy_field headers[] = {{GY_STR("X-One"), GY_STR("1")},
                                {GY_STR("X-None"), GY_STR("")},
                                {GY_STR("Host"), GY_STR("elsewhere")},
                                {{0}, {0}}};
    sends(t, (gy_fetch_opts){.headers = headers, .user = "me", .password = "secret"}, "/",
          "GET / HTTP/1.1\r\nHost: elsewhere\r\nAuthorization: Basic bWU6c2VjcmV0\r\n"
          "X-One: 1\r\nX-None:\r\n\r\n");
    sends(t, (gy_fetch_opts){.auth = GY_AUTH_BEARER, .password = "tok"}, "/",
          "*\r\nAuthorization: Bearer tok\r\n*");
    sends(t, (gy_fetch_opts){.if_modified_since = 784111777}, "/",
          "*\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n*");
}

struct source {
    const char *text;
    size_t at;
};

/* Four bytes at a time, after a while. */
static ssize_t read_source(void *arg, void *buf, size_t size)
{
    struct source *s = arg;
    size_t n = strlen(s->text + s->at);
    int e = gy_yield();
    if (e)
        return e;
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

GY_TEST(a_reader_keeps_its_word)
{
    struct source shorter = {.text = "abc"}, longer = {.text = "abcdef"};
    struct scene s = {.a = {.opts = {.read_body = read_source, .read_arg = &shorter}}};
    s.a.opts.body_length = 6;
    open_scene(&s);
    GY_CHECK_INT(ask(t, &s.a), GY_EINVAL);
    GY_CHECK_GLOB(gy_str_of(s.a.res.why), "*shorter*");
    s.a.opts.read_arg = &longer;
    s.a.opts.body_length = 3;
    s.p.answers[s.p.next] = gy_str_of(OK "Content-Length: 0\r\n\r\n");
    GY_CHECK_INT(ask(t, &s.a), 0); /* it is never asked for more */
    GY_CHECK_GLOB(seen(&s), "*\r\n\r\nabc");
    close_scene(&s);
}

GY_TEST(what_breaks_a_request_is_refused)
{
    const gy_field split[] = {{GY_STR("A"), GY_STR("b\r\nC: d")}, {{0}, {0}}};
    const struct {
        const char *url;
        gy_fetch_opts opts;
        int code;
    } cases[] = {
        {NULL, {.method = "GET / HTTP/1.1\r\nX: y"}, GY_EINVAL},
        {NULL, {.method = "HEAD", .body = GY_STR("x"), .any_method = true}, GY_EINVAL},
        {NULL, {.headers = split}, GY_EINVAL},
        {NULL, {.user_agent = "a\nb"}, GY_EINVAL},
        {"http://127.0.0.1:1/a\r\nb", {0}, GY_EURL},
        {"ftp://127.0.0.1:1/", {0}, GY_EURL},
        {"file:///etc/hostname", {0}, GY_EURL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s = {.a = {.url = cases[i].url, .opts = cases[i].opts}};
        open_scene(&s);
        if (!GY_CHECK_INT(ask(t, &s.a), cases[i].code))
            gy_test_fail(t, "case %zu: %s", i, s.a.res.why);
        GY_CHECK(s.a.res.why[0]);
        GY_CHECK_INT(s.p.seen_len, 0);
        close_scene(&s);
    }
}

GY_TEST(an_expectation_may_be_refused)
{
    struct scene s = {.p = {.answers = {SAY("HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno")}},
                      .a = {.opts = {.body = GY_STR("abc"), .expect_continue = true}}};
    open_scene(&s);
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_INT(s.a.res.status, 417);
    GY_CHECK_GLOB(seen(&s), "*Expect: 100-continue\r\n*\r\n\r\n");
    GY_CHECK_INT(s.p.next, 1);
    close_scene(&s);
}

GY_TEST(an_expectation_may_be_met)
{
    struct scene s = {
        .p = {.answers = {SAY("HTTP/1.1 100 Go\r\n\r\n"), SAY(OK "Content-Length: 0\r\n"
                                                                 "\r\n")}},
        .a = {.opts = {.body = GY_STR("abc\r\n\r\n"), .expect_continue = true}}};
    open_scene(&s);
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_INT(s.a.res.status, 200);
    GY_CHECK_GLOB(seen(&s), "*\r\n\r\nabc\r\n\r\n");
    close_scene(&s);
}

/* -- What is given ------------------------------------------------------------------------------- */

static int count_heads(void *arg, int status, const gy_headers *headers)
{
    int *sum = arg;
    (void)headers;
    *sum = *sum * 1000 + status;
    return gy_yield();
}

GY_TEST(each_head_is_shown)
{
    int heads = 0;
    struct scene s = {.p = {.answers = {SAY("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" OK
                                            "Content-Length: 1\r\nX-A: b\r\n\r\nz")}},
                      .a = {.opts = {.on_head = count_heads, .head_arg = &heads}}};
    open_scene(&s);
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_INT(heads, 103200);
    GY_CHECK_INT(s.a.res.status, 200);
    GY_CHECK_INT(s.a.res.version, 11);
    GY_CHECK_TEXT(s.a.res.reason, "OK");
    GY_CHECK_TEXT(s.a.res.body, "z");
    GY_CHECK_TEXT(gy_headers_get(&s.a.res.headers, "x-a"), "b");
    GY_CHECK_INT(s.a.res.headers.count, 2);
    GY_CHECK_TEXT(gy_str_of(s.a.res.url), s.p.url);
    GY_CHECK(s.a.res.times.total >= 0 && s.a.res.times.connect >= 0);
    GY_CHECK(s.a.res.times.tls < 0);
    close_scene(&s);
}

static void gives(gy_test *t, const char *method, gy_str answer, const char *body,
                  size_t connections)
{
    struct scene s = {.p = {.answers = {answer, SAY(OK "Content-Length: 4\r\n\r\nnext")}},
                      .a = {.opts = {.method = method}}};
    if (!strstr(answer.ptr, "Length") && !strstr(answer.ptr, "chunked") && *method == 'G')
        s.p.after[0] = CLOSE;
    open_scene(&s);
    if (!GY_CHECK_INT(ask(t, &s.a), 0))
        gy_test_fail(t, "%s: %s", answer.ptr, s.a.res.why);
    GY_CHECK_TEXT(s.a.res.body, body);
    s.a.opts.method = NULL;
    GY_CHECK_INT(ask(t, &s.a), 0);
    GY_CHECK_TEXT(s.a.res.body, "next");
    GY_CHECK_INT(s.p.connections, connections);
    GY_CHECK_INT(s.a.res.reused, connections == 1);
    close_scene(&s);
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
    gives(t, "GET", (gy_str)SAY("HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n"), "", 1);
}

static void decodes(gy_test *t, const char *coding, gy_str body, size_t max, int code)
{
    char answer[256], *at = answer;
    at += snprintf(answer, sizeof answer, OK "Content-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
                   coding, body.len);
    memcpy(at, body.ptr, body.len);
    struct scene s = {.p = {.answers = {gy_str_n(answer, (size_t)(at - answer) + body.len)}},
                      .a = {.opts = {.max_body = max}}};
    open_scene(&s);
    GY_CHECK_INT(ask(t, &s.a), code);
    if (code == 0)
        GY_CHECK_TEXT(s.a.res.body, "hello hello hello hello hello hello");
    else
        GY_CHECK(s.a.res.why[0]);
    GY_CHECK_GLOB(seen(&s), "*\r\nAccept-Encoding: *gzip*");
    close_scene(&s);
}

GY_TEST(bodies_are_decompressed)
{
    gy_str hello = SAY(HELLO);
    decodes(t, "gzip", hello, 0, 0);
    decodes(t, "gzip", gy_str_n(hello.ptr, hello.len - 1), 0, GY_ECODING);
    decodes(t, "unheard-of", hello, 0, GY_ECODING);
    decodes(t, "gzip", hello, 34, GY_ETOOBIG);
}

static void fails(gy_test *t, const char *answer, gy_fetch_opts opts, int code, const char *why)
{
    struct scene s = {.p = {.answers = {gy_str_of(answer)}, .after = {CLOSE}}, .a = {.opts = opts}};
    open_scene(&s);
    if (!GY_CHECK_INT(ask(t, &s.a), code))
        gy_test_fail(t, "%.40s: %s", answer, s.a.res.why);
    GY_CHECK_GLOB(gy_str_of(s.a.res.why), why);
    close_scene(&s);
}

GY_TEST(what_is_no_whole_answer_fails)
{
    char many[4096] = OK;
    for (int i = 0; i < 40; i++)
        strncat(many, "X-Header: of thirty-two bytes\r\n", sizeof many - strlen(many) - 1);
    gy_fetch_opts short_head = {.max_head = 1000}, short_body = {.max_body = 3};
    fails(t, "", (gy_fetch_opts){0}, GY_ECLOSED, "127.0.0.1:* gives no whole answer: Empty*");
    fails(t, OK "Content-Length: 5\r\n\r\nabc", (gy_fetch_opts){0}, GY_ECLOSED,
          "*no whole answer*");
    fails(t, OK "Transfer-Encoding: chunked\r\n\r\n5\r\nabc", (gy_fetch_opts){0}, GY_ECLOSED,
          "*no whole answer*");
    fails(t, OK "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", (gy_fetch_opts){0}, GY_EPROTO, "*");
    fails(t, "SSH-2.0-OpenSSH\r\n\r\n", (gy_fetch_opts){0}, GY_EPROTO, "*");
    /* Ends of lines that libcurl would take. */
    fails(t, "HTTP/1.1 200 OK\r\n\n", (gy_fetch_opts){0}, GY_EPROTO, "*");
    fails(t, "HTTP/1.1 200 OK\n\n", (gy_fetch_opts){0}, GY_EPROTO, "*");
    fails(t, OK "A: b\r\n\nContent-Length: 0\r\n\r\n", (gy_fetch_opts){0}, GY_EPROTO, "*");
    fails(t, OK "A: b\n\r\n", (gy_fetch_opts){0}, GY_EPROTO, "*");
    fails(t, OK "A: b\n\n", (gy_fetch_opts){0}, GY_EPROTO, "*");
    fails(t, OK "A b: c\r\n\r\n", (gy_fetch_opts){0}, GY_EPROTO, "*no proper answer*");
    fails(t, many, short_head, GY_ETOOBIG, "the head from * longer than 1000 bytes");
    fails(t, OK "Content-Length: 5\r\n\r\nabcde", short_body, GY_ETOOBIG, "*longer than 3 bytes");
    fails(t, OK "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", short_body, GY_ETOOBIG,
          "*longer than 3 bytes");
}

static int refuse(void *arg, const void *data, size_t len)
{
    (void)arg, (void)data, (void)len;
    return -ENOSPC;
}

static int refuse_head(void *arg, int status, const gy_headers *headers)
{
    (void)arg, (void)status, (void)headers;
    return -EACCES;
}

GY_TEST(callbacks_may_give_up)
{
    const char *answer = OK "Content-Length: 1\r\n\r\na";
    fails(t, answer, (gy_fetch_opts){.write_body = refuse}, -ENOSPC, "the body was refused");
    fails(t, answer, (gy_fetch_opts){.on_head = refuse_head}, -EACCES, "the head was refused");
}

int main(int argc, char **argv)
{
    return curl_main(argc, argv);
}
