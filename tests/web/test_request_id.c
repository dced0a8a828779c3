/* SPDX-License-Identifier: MIT */
/* test_request_id.c - requests have ids, in their answers and in what is logged of them. */
#include <gyre/error.h>
#include <gyre/task.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/ask.h"

static char of_child[200];

static int child(void *arg)
{
    (void)arg;
    const char *id = gy_task_log_id();
    strcpy(of_child, id ? id : "none");
    return 0;
}

/* The id; what its lines are marked with; and those of a task it starts. */
static int show(gy_request *r)
{
    gy_group g = {0};
    gy_group_spawn(&g, child, NULL);
    int e = gy_group_wait(&g);
    const char *mark = gy_task_log_id();
    return e ? e : gy_writef(r, "%s %s %s\n", gy_request_id(r), mark ? mark : "none", of_child);
}

static int only_mark(gy_request *r)
{
    return gy_writef(r, "%s\n", gy_task_log_id() ? gy_task_log_id() : "none");
}

static int fail_it(gy_request *r)
{
    return gy_fail(r, 500, "on purpose");
}

static const gy_route routes[] = {GY_GET("/", show), GY_GET("/mark", only_mark),
                                  GY_GET("/fail", fail_it), GY_END};
static const gy_app with = {.routes = routes, .request_ids = true};
static const gy_app without = {.routes = routes};

enum { DIGITS = 32 };

static bool is_made(const char *text)
{
    return strspn(text, "0123456789abcdef") >= DIGITS;
}

static const char *header_of(struct answer a)
{
    const char *field = strstr(a.text, "\r\nX-Request-Id: ");
    return field ? field + strlen("\r\nX-Request-Id: ") : NULL;
}

static void test_every_request_has_one(void **state)
{
    (void)state;
    char first[DIGITS + 1];
    struct answer a = ask_get(&with, "/");
    const char *id = header_of(a), *body = body_of(a);
    assert_non_null(id);
    assert_true(is_made(id));
    for (int i = 0; i < 3; i++) {
        assert_memory_equal(body, id, DIGITS);
        body += DIGITS + 1;
    }
    memcpy(first, id, DIGITS);
    a = ask_get(&with, "/");
    assert_memory_not_equal(header_of(a), first, DIGITS);
    assert_true(is_made(header_of(ask_get(&with, "/no-such-path"))));
    a = ask_get(&with, "/fail");
    assert_int_equal(status_of(a), 500);
    assert_true(is_made(header_of(a)));
}

static void test_only_who_asks(void **state)
{
    (void)state;
    struct answer a = ask_get(&without, "/");
    assert_null(header_of(a));
    assert_true(is_made(body_of(a)));
    assert_string_equal(body_of(a) + DIGITS, " none none\n");
    assert_string_equal(body_of(ask_get(&without, "/mark")), "none\n");
}

/* Two requests of one connection: each its own, and none is left for the next. */
static void test_keep_alive(void **state)
{
    (void)state;
    struct answer a = ask(&with, "GET /mark HTTP/1.1\r\nHost: x\r\n\r\n"
                                 "GET /mark HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const char *first = header_of(a);
    assert_non_null(first);
    const char *second = strstr(first, "X-Request-Id: ");
    assert_non_null(second);
    second += strlen("X-Request-Id: ");
    assert_memory_not_equal(first, second, DIGITS);
    const char *body = strstr(second, "\r\n\r\n");
    assert_non_null(body);
    assert_memory_equal(body + 4, second, DIGITS);
}

/* From somebody who is no proxy of ours, an id says nothing. */
static void test_those_of_clients_are_not_believed(void **state)
{
    (void)state;
    struct answer a = ask(&with, "GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\n"
                                 "Connection: close\r\n\r\n");
    assert_true(is_made(header_of(a)));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_request_has_one),
        cmocka_unit_test(test_only_who_asks),
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_those_of_clients_are_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
