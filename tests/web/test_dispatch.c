/* SPDX-License-Identifier: MIT */
/* test_dispatch.c - the order of hooks, verbs, results and errors, over the real connection. */
#include "support/ask.h"

#include <gyre/error.h>
#include <gyre/task.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static char steps[256]; /* what ran, in order */

static void step(const char *name)
{
    size_t at = strlen(steps);
    snprintf(steps + at, sizeof steps - at, "%s ", name);
}

static int hello(gy_request *r)
{
    step("get");
    return gy_write(r, "Hello, world\n");
}

static int echo(gy_request *r)
{
    step("post");
    return gy_write_str(r, r->body);
}

static int prepare(gy_request *r)
{
    char body[64];
    snprintf(body, sizeof body, "prepare(%zu)", r->body.len);
    step(body);
    return 0;
}

static int finished(gy_request *r)
{
    assert_int_equal(gy_write(r, "late"), GY_EFINISHED);
    assert_true(gy_is_finished(r));
    step("on_finish");
    return 0;
}

static int turn_away(gy_request *r)
{
    step("prepare");
    return gy_redirect(r, "/login now\\x");
}

static int refuse(gy_request *r)
{
    step("prepare");
    gy_set_header(r, "WWW-Authenticate", "Basic");
    return gy_fail(r, 401, "nobody");
}

static int return_404(gy_request *r)
{
    gy_set_header(r, "Content-Type", "text/plain");
    gy_set_header(r, "ETag", "\"x\"");
    gy_set_header(r, "X-Kept", "yes");
    gy_write(r, "this goes away");
    return 404;
}

static int return_201(gy_request *r)
{
    gy_write(r, "made");
    return 201;
}

static int return_304(gy_request *r)
{
    gy_set_header(r, "ETag", "\"x\"");
    return 304;
}

static int return_failure(gy_request *r)
{
    (void)r;
    return GY_EINVAL;
}

static int return_nomem(gy_request *r)
{
    (void)r;
    return GY_ENOMEM;
}

static int return_nonsense(gy_request *r)
{
    (void)r;
    return 12345;
}

static int return_100(gy_request *r)
{
    (void)r;
    return 100;
}

static int fail_after_flush(gy_request *r)
{
    gy_write(r, "begun");
    assert_int_equal(gy_flush(r), 0);
    return 500;
}

static int error_page(gy_request *r)
{
    step("write_error");
    return gy_writef(r, "<h1>%d %s</h1>", gy_status(r), gy_fail_reason(r) ? gy_fail_reason(r) : "");
}

static int bad_error_page(gy_request *r)
{
    gy_write(r, "half");
    return GY_EINVAL;
}

static int use_self(gy_request *r)
{
    int *count = r->self;
    return gy_writef(r, "%d %s", *count, (const char *)r->arg);
}

static int count_in_self(gy_request *r)
{
    int *count = r->self;
    assert_int_equal(*count, 0);
    *count = 7;
    return 0;
}

static int bad_header(gy_request *r)
{
    assert_int_equal(gy_set_header(r, "X", "a\r\nSet-Cookie: b"), GY_EINVAL);
    assert_int_equal(gy_write(r, "x"), GY_EINVAL);
    return 0;
}

static int wrong_length(gy_request *r)
{
    gy_set_header(r, "Content-Length", "3");
    return gy_write(r, "four");
}

static int head_length(gy_request *r)
{
    return gy_set_header(r, "Content-Length", "12345");
}

static int any(gy_request *r)
{
    return gy_writef(r, "%s %d", r->method.ptr, (int)r->verb);
}

static int not_here(gy_request *r)
{
    return gy_writef(r, "no %s", r->path.ptr);
}

static const gy_handler logged_page = {
    .get = hello, .post = echo, .prepare = prepare, .on_finish = finished};
static const gy_handler with_page = {.get = return_404, .write_error = error_page};
static const gy_handler with_bad_page = {.get = return_404, .write_error = bad_error_page};
static const gy_handler guarded = {
    .get = hello, .post = echo, .prepare = refuse, .on_finish = finished};
static const gy_handler moved = {.get = hello, .prepare = turn_away, .on_finish = finished};
static const gy_handler selfish = {
    .get = use_self, .prepare = count_in_self, .self_size = sizeof(int)};
static const gy_handler small = {.post = echo, .max_body = 4};
static const gy_handler sized = {.post = echo, .get = hello, .require_length = true};
static const gy_handler headed = {.get = hello, .head = head_length};

static int tell_task(gy_request *r)
{
    return gy_write(r, gy_task_name(gy_task_self()));
}

static const gy_route nested[] = {GY_GET("/{n:int}", tell_task), GY_END};

static const gy_route routes[] = {
    GY_ROUTE("/", &logged_page),
    GY_ROUTE("/guarded", &guarded),
    GY_ROUTE("/moved", &moved),
    GY_ROUTE("/page", &with_page),
    GY_ROUTE("/bad-page", &with_bad_page),
    GY_ROUTE("/self", &selfish, .arg = "argument"),
    GY_MOUNT("/nested", nested),
    GY_ROUTE("/small", &small),
    GY_ROUTE("/headed", &headed),
    GY_ROUTE("/sized", &sized),
    GY_GET("/404", return_404),
    GY_GET("/201", return_201),
    GY_GET("/304", return_304),
    GY_GET("/failure", return_failure),
    GY_GET("/nomem", return_nomem),
    GY_GET("/nonsense", return_nonsense),
    GY_GET("/100", return_100),
    GY_GET("/late", fail_after_flush),
    GY_GET("/bad-header", bad_header),
    GY_GET("/wrong-length", wrong_length),
    GY_ANY("/any", any),
    GY_END,
};
static const gy_app app = {.routes = routes};
static const gy_app debug_app = {.routes = routes, .debug = true};
static const gy_handler none = {.any = not_here};
static const gy_app lost_app = {.routes = routes, .not_found = &none};
static const gy_handler base = {.write_error = error_page};
static const gy_app based_app = {.routes = routes, .base = &base};

static struct answer get(const gy_app *a, const char *path)
{
    steps[0] = '\0';
    return ask_get(a, path);
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no <%s> in <%s>", part, text);
}

static void lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("<%s> in <%s>", part, text);
}

static void hello_is_what_it_was_in_tornado(void **state)
{
    (void)state;
    struct answer a = get(&app, "/");
    assert_string_equal(a.text, "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\n"
                                "Content-Length: 13\r\nConnection: close\r\n\r\nHello, world\n");
    assert_string_equal(steps, "prepare(0) get on_finish ");
    has(a.logged, "access I 200 GET / (");
}

static void the_body_comes_before_prepare(void **state)
{
    (void)state;
    steps[0] = '\0';
    struct answer a = ask_verb(&app, "POST", "/", "abc");
    assert_string_equal(body_of(a), "abc");
    assert_string_equal(steps, "prepare(3) post on_finish ");
}

static void a_client_that_asks_is_answered_by_prepare(void **state)
{
    (void)state;
    steps[0] = '\0';
    struct answer a = ask(&app, "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                                "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
                                "abc");
    assert_string_equal(steps, "prepare(0) post on_finish ");
    assert_string_equal(body_of(a), "abc");
    steps[0] = '\0';
    a = ask(&app, "POST /guarded HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                  "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_int_equal(status_of(a), 401);
    lacks(a.text, "100 Continue");
}

static void prepare_may_end_it(void **state)
{
    (void)state;
    struct answer a = get(&app, "/moved");
    assert_string_equal(a.text, "HTTP/1.1 302 Found\r\nLocation: /login%20now%5Cx\r\n"
                                "Content-Length: 0\r\nConnection: close\r\n\r\n");
    assert_string_equal(steps, "prepare on_finish ");
    a = get(&app, "/guarded");
    assert_int_equal(status_of(a), 401);
    has(a.text, "WWW-Authenticate: Basic\r\n");
    has(a.logged, "general W 401 GET /guarded (");
    has(a.logged, "): nobody\n");
    lacks(a.text, "nobody");
    assert_string_equal(steps, "prepare on_finish ");
}

static void unknown_paths_are_404(void **state)
{
    (void)state;
    struct answer a = get(&app, "/nowhere");
    assert_string_equal(a.text,
                        "HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=UTF-8\r\n"
                        "Content-Length: 70\r\nConnection: close\r\n\r\n"
                        "<html><title>404: Not Found</title><body>404: Not Found</body></html>"
                        "\n");
    has(a.logged, "access W 404 GET /nowhere (");
    a = get(&lost_app, "/nowhere");
    assert_int_equal(status_of(a), 404);
    assert_string_equal(body_of(a), "no /nowhere");
    a = get(&based_app, "/nowhere");
    assert_string_equal(body_of(a), "<h1>404 </h1>");
    a = get(&app, "/%ff");
    assert_int_equal(status_of(a), 400);
}

static void verbs_nobody_has_are_405(void **state)
{
    (void)state;
    struct answer a = ask_verb(&app, "PUT", "/", "x");
    assert_int_equal(status_of(a), 405);
    has(a.text, "Allow: GET, HEAD, POST, OPTIONS\r\n");
    a = ask_verb(&app, "TRACE", "/", NULL);
    assert_int_equal(status_of(a), 405);
    a = ask_verb(&app, "BREW", "/", NULL);
    assert_int_equal(status_of(a), 501);
    a = ask_verb(&app, "BREW", "/any", NULL);
    assert_string_equal(body_of(a), "BREW 9");
    a = ask_verb(&app, "get", "/", NULL);
    assert_int_equal(status_of(a), 501);
}

static void options_and_head_come_by_themselves(void **state)
{
    (void)state;
    struct answer c = ask(&app, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\nConnection: close\r\n\r\n");
    assert_int_equal(status_of(c), 405);
    has(c.logged, "access W 405 CONNECT a:80 (");
    steps[0] = '\0';
    struct answer a = ask_verb(&app, "OPTIONS", "/", NULL);
    assert_string_equal(a.text, "HTTP/1.1 204 No Content\r\nAllow: GET, HEAD, POST, OPTIONS\r\n"
                                "Connection: close\r\n\r\n");
    assert_string_equal(steps, "prepare(0) on_finish ");
    a = ask_verb(&app, "OPTIONS", "*", NULL);
    assert_int_equal(status_of(a), 204);
    has(a.text, "Allow: GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS\r\n");
    a = ask_verb(&app, "OPTIONS", "/any", NULL);
    assert_int_equal(status_of(a), 200);
    steps[0] = '\0';
    a = ask_verb(&app, "HEAD", "/", NULL);
    assert_string_equal(a.text, "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\n"
                                "Content-Length: 13\r\nConnection: close\r\n\r\n");
    assert_string_equal(steps, "prepare(0) get on_finish ");
    a = ask_verb(&app, "HEAD", "/headed", NULL);
    has(a.text, "Content-Length: 12345\r\n");
    a = ask_verb(&app, "HEAD", "/nowhere", NULL);
    has(a.text, "Content-Length: 70\r\n");
    assert_string_equal(body_of(a), "");
}

static void a_result_is_a_status(void **state)
{
    (void)state;
    struct answer a = get(&app, "/404");
    assert_int_equal(status_of(a), 404);
    has(a.text, "Content-Type: text/html; charset=UTF-8\r\n");
    has(a.text, "X-Kept: yes\r\n");
    lacks(a.text, "ETag");
    lacks(a.text, "goes away");
    a = get(&app, "/201");
    assert_int_equal(status_of(a), 201);
    assert_string_equal(body_of(a), "made");
    a = get(&app, "/304");
    assert_string_equal(a.text,
                        "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nConnection: close\r\n\r\n");
    a = get(&app, "/nonsense");
    assert_int_equal(status_of(a), 500);
    has(a.logged, "app E 12345 GET /nonsense (");
    assert_int_equal(status_of(get(&app, "/100")), 500);
}

static void failures_are_logged_and_hidden(void **state)
{
    (void)state;
    struct answer a = get(&app, "/failure");
    assert_int_equal(status_of(a), 500);
    has(a.logged, "app E 500 GET /failure (");
    has(a.logged, "invalid argument\n");
    has(a.logged, "access E 500 GET /failure (");
    lacks(a.text, "invalid");
    a = get(&app, "/nomem");
    assert_int_equal(status_of(a), 503);
    a = get(&app, "/bad-header");
    assert_int_equal(status_of(a), 500);
    lacks(a.text, "Set-Cookie");
    a = get(&app, "/wrong-length");
    assert_int_equal(status_of(a), 500);
    has(a.text, "500: Internal Server Error");
    a = get(&debug_app, "/guarded");
    has(a.text, "<pre>nobody</pre>");
}

static void too_late_for_an_error_is_a_cut(void **state)
{
    (void)state;
    struct answer a = get(&app, "/late");
    assert_string_equal(body_of(a), "5\r\nbegun\r\n");
    has(a.logged, "failed after the head was sent");
}

static void write_error_writes_the_page(void **state)
{
    (void)state;
    struct answer a = get(&app, "/page");
    assert_int_equal(status_of(a), 404);
    assert_string_equal(body_of(a), "<h1>404 </h1>");
    a = get(&app, "/bad-page");
    assert_int_equal(status_of(a), 404);
    has(body_of(a), "404: Not Found");
    lacks(a.text, "half");
    has(a.logged, "write_error failed");
}

static void self_is_zeroed_and_arg_is_the_routes(void **state)
{
    (void)state;
    assert_string_equal(body_of(get(&app, "/self")), "7 argument");
}

static void reports_name_the_route(void **state)
{
    (void)state;
    assert_string_equal(body_of(get(&app, "/nested/7")), "/nested/{n:int}");
}

static void large_bodies_are_refused(void **state)
{
    (void)state;
    struct answer a = ask_verb(&app, "POST", "/small", "1234");
    assert_string_equal(body_of(a), "1234");
    a = ask_verb(&app, "POST", "/small", "12345");
    assert_int_equal(status_of(a), 413);
}

static void a_length_may_be_required(void **state)
{
    (void)state;
    assert_string_equal(body_of(ask_verb(&app, "POST", "/sized", "1234")), "1234");
    assert_int_equal(status_of(get(&app, "/sized")), 200);
    struct answer a = ask(&app, "POST /sized HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_int_equal(status_of(a), 411);
    a = ask(&app, "POST /sized HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_int_equal(status_of(a), 411);
    has(a.text, "Connection: close");
}

static void a_body_that_never_comes_is_no_answer(void **state)
{
    (void)state;
    steps[0] = '\0';
    struct answer a =
        ask_and_leave(&app, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nab");
    assert_int_equal(a.result, 0);
    assert_string_equal(steps, "on_finish ");
    lacks(a.logged, "general");
    lacks(a.logged, "app ");
}

static int logged_requests;

static void count_request(gy_request *r)
{
    assert_true(gy_is_finished(r));
    logged_requests += gy_status(r);
}

static void the_application_may_log(void **state)
{
    static const gy_app logging = {.routes = routes, .log_request = count_request};
    (void)state;
    logged_requests = 0;
    struct answer a = get(&logging, "/");
    assert_int_equal(logged_requests, 200);
    assert_string_equal(a.logged, "");
}

static void access_lines_can_be_off(void **state)
{
    (void)state;
    gy_log_set_level(GY_LOG_ERROR);
    struct answer a = get(&app, "/nowhere");
    gy_log_set_level(GY_LOG_INFO);
    assert_string_equal(a.logged, "");
}

static void a_wrong_table_is_no_application(void **state)
{
    const gy_route wrong[] = {GY_GET("x", hello), GY_END};
    (void)state;
    const gy_app broken = {.routes = wrong, .name = "broken"};
    struct answer a = ask_get(&broken, "/");
    assert_string_equal(a.logged,
                        "general E cannot serve broken: routes[0] \"x\": a pattern begins "
                        "with '/'\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_is_what_it_was_in_tornado),
        cmocka_unit_test(the_body_comes_before_prepare),
        cmocka_unit_test(a_client_that_asks_is_answered_by_prepare),
        cmocka_unit_test(prepare_may_end_it),
        cmocka_unit_test(unknown_paths_are_404),
        cmocka_unit_test(verbs_nobody_has_are_405),
        cmocka_unit_test(options_and_head_come_by_themselves),
        cmocka_unit_test(a_result_is_a_status),
        cmocka_unit_test(failures_are_logged_and_hidden),
        cmocka_unit_test(too_late_for_an_error_is_a_cut),
        cmocka_unit_test(write_error_writes_the_page),
        cmocka_unit_test(self_is_zeroed_and_arg_is_the_routes),
        cmocka_unit_test(reports_name_the_route),
        cmocka_unit_test(large_bodies_are_refused),
        cmocka_unit_test(a_length_may_be_required),
        cmocka_unit_test(a_body_that_never_comes_is_no_answer),
        cmocka_unit_test(the_application_may_log),
        cmocka_unit_test(access_lines_can_be_off),
        cmocka_unit_test(a_wrong_table_is_no_application),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
