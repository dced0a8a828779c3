/* SPDX-License-Identifier: MIT */
/* Requests that are refused: counted by reason, a line of the log for each, nothing of theirs in it. */
#include "support/http_site.h"

#include <string.h>

#define GET(path_) "GET " path_ " HTTP/1.1\r\nHost: a\r\n\r\n"

struct refusal {
    const char *request; /* NULL: nothing more than the beginning of one, and time */
    int status;
};

static const struct refusal refusals[] = {
    {"rubbish\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x1b[31m\x07\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: \x1b]0;owned\x07\r\n\r\n", 400},
    {"GET /\x1b[2J HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /\n200 refused HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX:\x7f\r\n\r\n", 400},
    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
    {"GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", 431},
    {NULL, 408},
};
enum { REFUSALS = sizeof refusals / sizeof refusals[0] };

static const gy_http_opts opts = {.max_head = 1000, .max_fields = 4, .head_timeout = 10};

static void refuse(struct site *s, const struct refusal *r)
{
    gy_test_client *c = gy_test_connect(s->test, s->server);
    gy_test_send_text(c, r->request ? r->request : "GET / HTTP/1.1\r\nHo");
    if (!r->request)
        gy_test_advance(s->test, 10);
    gy_test_response res = gy_test_answer(c);
    GY_CHECK_INT(res.status, r->status);
    GY_CHECK_TEXT(gy_test_header(&res, "Connection"), "close");
    GY_CHECK(gy_test_closed(c));
    GY_CHECK(!gy_test_received(c).len);
    gy_test_leave(c);
}

GY_TEST(each_is_counted_once_by_its_reason)
{
    struct site s;
    gy_http_stats was = {0}, is;
    site_begin(&s, t, &opts);
    for (int i = 0; i < REFUSALS; i++) {
        int status = refusals[i].status;
        refuse(&s, &refusals[i]);
        gy_http_server_stats(s.server, &is);
        GY_CHECK_INT(is.bad_requests, was.bad_requests + 1);
        GY_CHECK_INT(is.timeouts - was.timeouts, status == 408);
        GY_CHECK_INT(is.too_large - was.too_large, status == 431);
        GY_CHECK_INT(is.bad_syntax - was.bad_syntax, status == 400 || status == 505);
        GY_CHECK_INT(is.connections, was.connections + 1);
        was = is;
    }
    char target[1100] = "GET /";
    memset(target + 5, 'x', sizeof target - 6);
    refuse(&s, &(struct refusal){target, 414});
    gy_http_server_stats(s.server, &is);
    GY_CHECK_INT(is.too_large, was.too_large + 1);
    GY_CHECK_INT(is.requests, 0);
    GY_CHECK_INT(s.began, 0);
    GY_CHECK_INT(is.open, 0);
    site_close(&s);
}

GY_TEST(what_was_served_is_not_counted)
{
    struct site s;
    gy_http_stats is;
    site_begin(&s, t, &opts);
    gy_test_client *c = gy_test_connect(t, s.server);
    gy_test_send_text(c, GET("/") GET("/status/400") GET("/nothing") "rubbish\r\n\r\n" GET("/"));
    static const int statuses[] = {200, 400, 500, 400};
    for (int i = 0; i < 4; i++)
        GY_CHECK_INT(gy_test_answer(c).status, statuses[i]);
    gy_test_leave(c);
    gy_test_shut(c = gy_test_connect(t, s.server)); /* one that asks nothing */
    gy_test_leave(c);
    gy_http_server_stats(s.server, &is);
    GY_CHECK_INT(is.requests, 3);
    GY_CHECK_INT(is.bad_requests, 1);
    GY_CHECK_INT(is.bad_syntax, 1);
    GY_CHECK_INT(is.timeouts + is.too_large, 0);
    GY_CHECK_INT(is.connections, 2);
    site_close(&s);
}

/* -- The log ------------------------------------------------------------------------------------- */

/* The lines from [from] on are as many as that, and plain text. */
static void plain_lines(gy_str logged, size_t from, int lines)
{
    for (size_t i = from; i < logged.len; i++) {
        unsigned char byte = (unsigned char)logged.ptr[i];
        lines -= byte == '\n';
        GY_CHECK(byte == '\n' || (byte >= ' ' && byte < 0x7f));
    }
    GY_CHECK_INT(lines, 0);
}

GY_TEST(each_is_a_line_of_the_log)
{
    struct site s;
    site_begin(&s, t, &opts);
    for (int i = 0; i < REFUSALS; i++) {
        size_t from = gy_test_logged(t).len;
        refuse(&s, &refusals[i]);
        gy_str logged = gy_test_logged(t);
        gy_str line = gy_str_n(logged.ptr + from, logged.len - from);
        plain_lines(logged, from, 1);
        GY_CHECK_GLOB(line, gy_strf(gy_test_arena(t), "*%d refused a request from memory: ?*\n",
                                    refusals[i].status)
                                .ptr);
        GY_CHECK(!memmem(line.ptr, line.len, "owned", 5));
    }
    site_close(&s);
}

static int fine(gy_request *r)
{
    return gy_write(r, "fine");
}

static const gy_route routes[] = {GY_GET("/", fine), GY_END};
static const gy_app app = {.routes = routes};

GY_TEST(above_too_a_request_is_one_line_without_control_characters)
{
    static const char *const requests[] = {
        "GET /\x1b[2J HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%1b[2J%0a200%20GET HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /\x80\x9b\xff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /?\x9b[31m HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "B\x1bW / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "BREW / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-Real-Ip: \x1b[31m\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-Real-Ip: 200 GET\r\nConnection: close\r\n\r\n",
    };
    gy_test_http(t, &(gy_http_opts){.xheaders = true});
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        size_t from = gy_test_logged(t).len;
        gy_test_raw(t, &app, gy_str_of(requests[i]));
        plain_lines(gy_test_logged(t), from, 1);
    }
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
