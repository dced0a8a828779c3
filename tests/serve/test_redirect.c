/* SPDX-License-Identifier: MIT */
/* test_redirect.c - where a plain port sends its clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <gyre/error.h>
#include <stdio.h>
#include <string.h>

#include "serve/redirect.h"
#include "support/ask.h"

static struct gy__redirect redirect;
static char why[256];

static void open_for(int port)
{
    const gy_serve_opts opts = {.redirect_port = GY_PORT_ANY, .address = "127.0.0.1"};
    assert_int_equal(gy__redirect_open(&redirect, &opts, port, why, sizeof why), 0);
    assert_memory_equal(redirect.listeners.url, "http://127.0.0.1:", 17);
}

static void sends(const char *first_line, const char *host, int status, const char *where)
{
    char request[300], line[300];
    snprintf(request, sizeof request, "%s\r\n%s%s%sConnection: close\r\n\r\n", first_line,
             host ? "Host: " : "", host ? host : "", host ? "\r\n" : "");
    struct answer a = ask(&redirect.app, request);
    assert_int_equal(status_of(a), status);
    snprintf(line, sizeof line, "Location: %s\r\n", where ? where : "");
    if (where && !strstr(a.text, line))
        fail_msg("%s is not in\n%s", line, a.text);
    assert_true(where || !strstr(a.text, "Location"));
}

static void test_where(void **state)
{
    (void)state;
    open_for(8443);
    sends("GET / HTTP/1.1", "a.example", 301, "https://a.example:8443/");
    sends("HEAD /x HTTP/1.1", "a.example:80", 301, "https://a.example:8443/x");
    sends("GET /x?y=1&z=%20 HTTP/1.1", "[::1]:8080", 301, "https://[::1]:8443/x?y=1&z=%20");
    sends("GET /? HTTP/1.1", "[::1]", 301, "https://[::1]:8443/?");
    sends("GET http://b.example:99/p HTTP/1.1", "a.example", 301, "https://b.example:8443/p");
    sends("GET //b.example/ HTTP/1.1", "a.example", 301, "https://a.example:8443//b.example/");
    sends("GET /\\b HTTP/1.1", "a.example", 301, "https://a.example:8443/%5Cb");
    sends("GET / HTTP/1.0", "a.example", 301, "https://a.example:8443/");
    gy__redirect_close(&redirect);

    open_for(443);
    sends("GET /x HTTP/1.1", "a.example:80", 301, "https://a.example/x");
    gy__redirect_close(&redirect);
}

static void test_other_methods(void **state)
{
    (void)state;
    static const char *const lines[] = {"POST /x HTTP/1.1\r\nContent-Length: 0",
                                        "PUT /x HTTP/1.1",
                                        "DELETE /x HTTP/1.1",
                                        "PATCH /x HTTP/1.1",
                                        "OPTIONS /x HTTP/1.1",
                                        "PROPFIND /x HTTP/1.1"};
    open_for(8443);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        sends(lines[i], "a.example", 308, "https://a.example:8443/x");
    gy__redirect_close(&redirect);
}

static void test_nowhere(void **state)
{
    (void)state;
    open_for(8443);
    sends("GET / HTTP/1.0", NULL, 400, NULL);
    sends("OPTIONS * HTTP/1.1", "a.example", 204, NULL);
    sends("GET /%ff HTTP/1.1", "a.example", 400, NULL);
    static const char *const hosts[] = {"a/x", "a@b",  "a b", "[::1", "[::1]x", "a:1:2", "a:b",
                                        ":80", "a\\b", "a?b", "a#b",  "<a>",    "a\"b",  ""};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        sends("GET / HTTP/1.1", hosts[i], 400, NULL);
    gy__redirect_close(&redirect);
}

static void test_none(void **state)
{
    (void)state;
    gy_serve_opts opts = {.redirect_port = 0};
    assert_int_equal(gy__redirect_open(&redirect, &opts, 8443, why, sizeof why), 0);
    assert_null(redirect.compiled);
    gy__redirect_close(&redirect);

    opts.redirect_port = GY_PORT_ANY;
    assert_int_equal(gy__redirect_open(&redirect, &opts, 0, why, sizeof why), GY_EINVAL);
    assert_string_equal(why, "there is no port of https to redirect to");

    opts.address = "127.0.0.1";
    open_for(8443);
    opts.redirect_port = gy_local_port(redirect.listeners.fds[0]);
    struct gy__redirect second;
    assert_int_equal(gy__redirect_open(&second, &opts, 8443, why, sizeof why), -EADDRINUSE);
    assert_null(second.compiled);
    gy__redirect_close(&redirect);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where),
        cmocka_unit_test(test_other_methods),
        cmocka_unit_test(test_nowhere),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
